"""Reading invariants: the core that goes with the software, and a folder's own."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

import cedarpy
import pytest

from consent_service.information.model import Catalogue
from consent_service.policy import proofs
from consent_service.policy.bundle import Bundle, BundleError
from consent_service.policy.proofs.invariants import MAX_INVARIANTS, own_invariants
from consent_service.policy.proofs.proving import Proof, prove
from consent_service.policy.rules import load_rules
from tests.policy.questions import POLICIES

OWN = """
@id("never.teacher_writes")
@nl("Een leraar schrijft niets over opvang.")
@en("A teacher writes nothing about the shelter.")
forbid (principal is SchoolReader, action == Action::"share", resource)
when { principal.role == Role::"teacher" && resource.type.is_gate };
"""


@pytest.fixture
def schema(bundle: Bundle) -> cedarpy.Schema:
    return bundle.schema


def problems_of(folder: Path, schema: cedarpy.Schema) -> list[str]:
    with pytest.raises(BundleError) as caught:
        own_invariants(folder, schema)
    return [problem.code for problem in caught.value.problems]


def write(folder: Path, text: str, name: str = "invariants/ours.cedar") -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_folder_need_not_have_any(tmp_path: Path, schema: cedarpy.Schema) -> None:
    assert own_invariants(tmp_path, schema) == ()


def test_a_folder_s_own_is_proved_beside_the_core_and_decides_nothing(
    proposal: Path, bundle: Bundle, catalogue: Catalogue
) -> None:
    rules = load_rules(write(proposal, OWN))
    assert rules.bundle.source == bundle.source
    assert rules.bundle.hash != bundle.hash
    own = own_invariants(proposal, rules.bundle.schema)
    assert "never.teacher_writes" in [one.id for one in own]
    by_id = {proof.invariant: proof for proof in prove(rules.bundle, catalogue, own=own)}
    proof = by_id["never.teacher_writes"]
    assert proof.state == "proved"
    assert proof.says["nl"] == "Een leraar schrijft niets over opvang."


@pytest.mark.parametrize(
    "old, new, codes",
    [
        ("forbid", "permit", ["invariant_permits"]),
        ("never.teacher_writes", "ours.teacher_writes", ["id_form"]),
        ("never.teacher_writes", "never.Teacher", ["id_form"]),
        ('@nl("Een leraar schrijft niets over opvang.")\n', "", ["annotation_missing"]),
        ('@en("A', '@why("x")\n@en("A', ["annotation_unknown"]),
        ('@id("never.teacher_writes")\n', "", ["id_form"]),
        ("is_gate", "is_gait", ["invalid"]),
        ("when {", "when {{", ["malformed"]),
        ("principal is SchoolReader", "principal == ?principal", ["template"]),
        ("never.teacher_writes", "never.location", ["duplicate_id"]),
        ("Een leraar", "Een\u00a0leraar", ["not_plain"]),
    ],
)
def test_each_mistake_is_named(
    tmp_path: Path, schema: cedarpy.Schema, old: str, new: str, codes: list[str]
) -> None:
    assert old in OWN
    assert problems_of(write(tmp_path, OWN.replace(old, new)), schema) == codes


def test_our_own_hold_and_one_is_broken_by_one_more_reader(proposal: Path) -> None:
    assert {proof.state for proof in own_proofs(proposal)} == {"proved"}
    path = proposal / "information_types.toml"
    text = path.read_text(encoding="utf-8")
    one_more = 'readers = ["contact", "meldcode_officer", "teacher"]'
    path.write_text(text.replace('readers = ["contact", "meldcode_officer"]', one_more, 1), encoding="utf-8")
    (proof,) = [proof for proof in own_proofs(proposal) if proof.state != "proved"]
    assert proof.invariant == "never.violence_beyond_two_roles"
    assert proof.counterexample is not None
    assert proof.counterexample.question.reader.role == "teacher"


def own_proofs(folder: Path) -> tuple[Proof, ...]:
    rules = load_rules(folder)
    own = own_invariants(folder, rules.bundle.schema)
    return prove(rules.bundle, rules.catalogue, own=own)[-len(own) :]


def test_the_core_goes_with_the_software(tmp_path: Path) -> None:
    """A wheel without it would prove nothing."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=POLICIES.parent, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read("consent_service/policy/proofs/core.cedar")
    assert packed == (files(proofs) / "core.cedar").read_bytes()


def test_two_of_one_id_are_found_across_files(tmp_path: Path, schema: cedarpy.Schema) -> None:
    write(tmp_path, OWN, "invariants/again.cedar")
    assert problems_of(write(tmp_path, OWN), schema) == ["duplicate_id"]


def test_there_are_not_too_many(tmp_path: Path, schema: cedarpy.Schema) -> None:
    many = "".join(OWN.replace("teacher_writes", f"n{number}") for number in range(MAX_INVARIANTS + 1))
    assert problems_of(write(tmp_path, many), schema) == ["too_many"]


def test_only_cedar_files_right_in_the_folder_are_read(tmp_path: Path, schema: cedarpy.Schema) -> None:
    write(tmp_path, "x", "invariants/readme.txt")
    write(tmp_path, OWN, "invariants/deeper/ours.cedar")
    assert set(problems_of(tmp_path, schema)) == {"misplaced"}


def test_a_file_that_is_no_text_is_a_problem(tmp_path: Path, schema: cedarpy.Schema) -> None:
    write(tmp_path, "")
    (tmp_path / "invariants" / "ours.cedar").write_bytes(b"\xff\xfe")
    assert problems_of(tmp_path, schema) == ["unreadable"]
