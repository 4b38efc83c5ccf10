"""A bundle: its hash names every text that was proposed, its LOCK what was reviewed."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_service.information.catalogue import load_catalogue
from consent_service.information.model import Catalogue
from consent_service.policy import bundle as bundle_module
from consent_service.policy.bundle import LOCK_FILE, Bundle, load_bundle, lock, lock_problems, with_policies
from consent_service.policy.decision import decide
from consent_service.policy.rules import load_rules
from consent_service.policy.sources import comes_with_software
from consent_service.policy.stored import files_of
from tests.policies_folder import copied_policies
from tests.policy.planting import GOOD, NEVER, codes, plant
from tests.policy.questions import NOW, POLICIES, question

OWN = sorted(name for name in files_of(POLICIES) if not comes_with_software(name))


@pytest.mark.parametrize("file", OWN)
def test_the_hash_counts_every_letter_of_every_file_that_can_be_proposed(
    proposal: Path, catalogue: Catalogue, bundle: Bundle, file: str
) -> None:
    """Comments too: two officers stand behind exactly these texts, and nothing else is kept under it."""
    with (proposal / file).open("a") as text:
        text.write("// why\n" if "cedar" in file else "# why\n")
    assert load_bundle(proposal, catalogue=catalogue).hash != bundle.hash


def test_the_hash_counts_the_catalogue_which_files_there_are_and_how_they_are_called(
    proposal: Path, catalogue: Catalogue, bundle: Bundle
) -> None:
    hashes = {bundle.hash}
    hashes.add(load_bundle(proposal, catalogue=msgspec.structs.replace(catalogue, hash="other")).hash)
    (proposal / "invariants" / "roles.cedar").rename(proposal / "invariants" / "readers.cedar")
    hashes.add(load_bundle(proposal, catalogue=catalogue).hash)
    (proposal / "invariants" / "readers.cedar").unlink()
    hashes.add(load_bundle(proposal, catalogue=catalogue).hash)
    assert len(hashes) == 4


def test_the_hash_does_not_count_what_comes_with_the_software(
    proposal: Path, catalogue: Catalogue, bundle: Bundle
) -> None:
    """Those of the release are in use, whatever is in force; of the catalogue it counts what it says."""
    for name in ("information_types.toml", "terms.toml", "texts/nl.toml", "words/nl.toml"):
        with (proposal / name).open("a") as text:
            text.write("# why\n")
    (proposal / "README.md").write_text("other")
    assert load_bundle(proposal, catalogue=load_catalogue(proposal)).hash == bundle.hash


def test_the_hash_counts_the_engine_and_its_own_form(
    monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue, bundle: Bundle
) -> None:
    hashes = {bundle.hash}
    with monkeypatch.context() as other:
        other.setattr(bundle_module, "version", lambda name: f"{name} 0.0")
        hashes.add(load_bundle(POLICIES, catalogue=catalogue).hash)
    monkeypatch.setattr(bundle_module, "HASH_FORM", 1)
    hashes.add(load_bundle(POLICIES, catalogue=catalogue).hash)
    assert len(hashes) == 3


def test_the_hash_is_the_same_in_another_process(bundle: Bundle) -> None:
    script = (
        "from pathlib import Path; from consent_service.information.catalogue import load_catalogue as c;"
        "from consent_service.policy.bundle import load_bundle as b;"
        f"p = Path({str(POLICIES)!r}); print(b(p, catalogue=c(p)).hash)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=POLICIES.parent,
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == bundle.hash


def test_a_permit_names_the_bundle_that_decided(bundle: Bundle) -> None:
    permit = decide(bundle, question(), now=NOW).permit
    assert permit is not None
    assert permit.bundle == bundle.hash
    assert repr(bundle) == f"Bundle({bundle.hash})"


def test_a_tampered_lock_is_told(proposal: Path, bundle: Bundle) -> None:
    path = proposal / LOCK_FILE
    path.write_text(path.read_text().replace(bundle.hash, "0" * 64))
    assert codes(lock_problems(proposal, bundle)) == {"lock_differs"}


@pytest.mark.parametrize("content", [None, ""])
def test_a_lock_that_is_missing_or_empty_is_told(proposal: Path, bundle: Bundle, content: str | None) -> None:
    (proposal / LOCK_FILE).unlink()
    if content is not None:
        (proposal / LOCK_FILE).write_text(content)
    assert codes(lock_problems(proposal, bundle)) == {"lock_differs"}


def test_a_policy_changed_after_the_lock_is_told_until_it_is_locked_again(
    proposal: Path, catalogue: Catalogue
) -> None:
    stops = proposal / "consent" / "stops.cedar"
    stops.write_text(stops.read_text().replace("AVG 7(1)", "AVG 7"))
    changed = load_bundle(proposal, catalogue=catalogue)
    assert codes(lock_problems(proposal, changed)) == {"lock_differs"}
    lock(proposal, changed)
    assert lock_problems(proposal, changed) == ()


def test_an_id_names_the_same_policy_wherever_it_stands(proposal: Path, catalogue: Catalogue) -> None:
    plant(proposal, GOOD + NEVER, where="consent/a_first.cedar")
    refused = decide(load_bundle(proposal, catalogue=catalogue), question(purpose="attendance"), now=NOW)
    assert refused.refusals[0].determining == ("access.purpose",)


def test_other_policies_on_the_same_facts_have_no_hash(bundle: Bundle) -> None:
    keyed = {key: policy for key, policy in bundle.source.items() if policy.effect == "forbid"}
    without = with_policies(bundle, keyed)
    assert (without.hash, without.notes.keys()) == ("", keyed.keys())
    assert decide(without, question(), now=NOW).permit is None


def test_every_file_is_read_once(proposal: Path) -> None:
    """What is parsed is what is hashed and shown, so a file that changes meanwhile changes nothing."""
    opened: list[str] = []
    listening = True  # a hook cannot be taken away again

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if listening and event == "open" and str(arguments[0]).startswith(str(proposal)):
            opened.append(str(arguments[0]))

    sys.addaudithook(note)
    rules = load_rules(proposal)
    listening = False
    assert len(opened) > 10
    assert sorted(opened) == sorted(set(opened))
    (proposal / "consent" / "stops.cedar").write_text("changed while it runs")
    assert decide(rules.bundle, question(), now=NOW).bundle == rules.bundle.hash


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(), backwards=st.booleans())
def test_the_hash_knows_no_order_of_files_on_disk(
    tmp_path_factory: pytest.TempPathFactory, bundle: Bundle, seed: int, backwards: bool
) -> None:
    folder = tmp_path_factory.mktemp("policies")
    files = list(files_of(POLICIES).items())
    random.Random(seed).shuffle(files)  # noqa: S311 - any order will do
    for name, text in reversed(files) if backwards else files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    assert load_rules(folder).bundle.hash == bundle.hash


@settings(max_examples=25, deadline=None)
@given(file=st.sampled_from(OWN), data=st.data())
def test_no_letter_is_added_to_a_file_under_the_same_hash(
    tmp_path_factory: pytest.TempPathFactory, bundle: Bundle, file: str, data: st.DataObject
) -> None:
    """White space at the end of any line: it decides nothing and is no problem to anybody."""
    folder = copied_policies(tmp_path_factory.mktemp("letter") / "policies")
    lines = (folder / file).read_text().split("\n")
    ends = [place for place, line in enumerate(lines) if '"""' not in line]
    lines[data.draw(st.sampled_from(ends))] += " "
    (folder / file).write_text("\n".join(lines))
    assert load_rules(folder).bundle.hash != bundle.hash


def test_the_same_policies_have_another_hash_with_another_meaning(proposal: Path, bundle: Bundle) -> None:
    path = proposal / "consent" / "yes.cedar"
    path.write_text(path.read_text().replace("resource.yes >= 1", "resource.yes >= 2", 1))
    assert load_bundle(proposal, catalogue=load_catalogue(proposal)).hash != bundle.hash
