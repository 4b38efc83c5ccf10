"""Which files of a folder are read, and which are refused before they are opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import BundleError, load_bundle
from consent_service.policy.reasons import PolicyProblem
from consent_service.policy.rules import load_rules
from consent_service.policy.sources import (
    MAX_FILES,
    MAX_FOLDER_BYTES,
    MAX_TABLE_BYTES,
    folder_problems,
    read_own,
    read_schema,
    read_sources,
)
from tests.policy.questions import POLICIES


def found(folder: Path) -> set[tuple[str, str]]:
    return {(problem.where, problem.code) for problem in folder_problems(folder)}


def test_our_own_folder_is_taken() -> None:
    assert found(POLICIES) == set()


@pytest.mark.parametrize("target", ["/etc/hostname", "../../secret.toml", "/"])
def test_a_link_that_leads_out_of_the_folder_is_not_followed(proposal: Path, target: str) -> None:
    (proposal.parent / "secret.toml").write_text("secret")
    (proposal / "tests" / "link.toml").symlink_to(target)
    assert found(proposal) == {("tests/link.toml", "outside")}
    with pytest.raises(BundleError):
        load_rules(proposal)


def test_a_folder_that_is_a_link_out_is_not_walked(proposal: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (proposal / "more").symlink_to(tmp_path / "elsewhere")
    assert found(proposal) == {("more", "outside")}


def test_a_link_within_the_folder_is_taken(proposal: Path) -> None:
    """As a volume of Kubernetes lays files out."""
    moved = proposal / "..data.cedar"
    (proposal / "consent" / "stops.cedar").rename(moved)
    (proposal / "consent" / "stops.cedar").symlink_to(moved)
    assert found(proposal) == set()


def test_a_link_to_nothing_is_told(proposal: Path) -> None:
    (proposal / "link.toml").symlink_to(proposal / "gone.toml")
    assert found(proposal) == {("link.toml", "unreadable")}


def test_what_would_never_end_is_not_opened(proposal: Path) -> None:
    os.mkfifo(proposal / "reasons" / "fr.toml")
    assert found(proposal) == {("reasons/fr.toml", "unreadable")}


def test_a_file_larger_than_anybody_reviews_is_not_opened(proposal: Path) -> None:
    (proposal / "tests" / "huge.toml").write_bytes(b"#" * (MAX_TABLE_BYTES + 1))
    assert found(proposal) == {("tests/huge.toml", "too_large")}


def test_a_folder_that_is_too_large_is_told_once(proposal: Path) -> None:
    for number in range(MAX_FOLDER_BYTES // MAX_TABLE_BYTES + 1):
        (proposal / "tests" / f"{number}.toml").write_bytes(b"#" * MAX_TABLE_BYTES)
    assert found(proposal) == {("policies", "too_large")}


def test_more_files_than_anybody_reviews_are_told(proposal: Path) -> None:
    for number in range(MAX_FILES):
        (proposal / "tests" / f"{number}.toml").touch()
    assert found(proposal) == {("policies", "too_large")}


def test_a_file_that_belongs_to_no_rules_is_not_looked_at(proposal: Path) -> None:
    (proposal / "notes.bin").write_bytes(b"\xff" * (MAX_TABLE_BYTES + 1))
    assert found(proposal) == set()


def test_what_has_to_be_proved_is_no_policy(proposal: Path) -> None:
    (proposal / "invariants").mkdir(exist_ok=True)
    (proposal / "invariants" / "own.cedar").write_text("not read here")
    assert "invariants/own.cedar" not in {one.where for one in read_sources(read_own(proposal, []), [])}


def test_of_a_file_that_is_too_large_no_more_is_read(proposal: Path) -> None:
    (proposal / "schema.cedarschema").write_bytes(b" " * 10_000_000)
    problems: list[PolicyProblem] = []
    own = read_own(proposal, problems)
    assert len(own["schema.cedarschema"]) == MAX_TABLE_BYTES + 1
    assert [(one.where, one.code) for one in problems] == [("schema.cedarschema", "too_large")]
    read_schema(own, problems)
    assert len(problems) == 2


def test_a_file_that_cannot_be_read_is_told_and_not_left_out_of_the_hash(
    proposal: Path, catalogue: Catalogue
) -> None:
    (proposal / "tests" / "folder.toml").mkdir()
    with pytest.raises(BundleError, match=r"tests/folder\.toml: unreadable: IsADirectoryError"):
        load_bundle(proposal, catalogue=catalogue)


@pytest.mark.parametrize("file", ["causes.toml", "schema.cedarschema"])
def test_a_file_that_is_missing_is_told_once(proposal: Path, catalogue: Catalogue, file: str) -> None:
    (proposal / file).unlink()
    with pytest.raises(BundleError) as raised:
        load_bundle(proposal, catalogue=catalogue)
    assert [(one.where, one.code) for one in raised.value.problems if one.code == "unreadable"] == [
        (file, "unreadable")
    ]


def test_a_table_nested_too_deep_for_the_reader_is_refused(proposal: Path, catalogue: Catalogue) -> None:
    (proposal / "causes.toml").write_text("causes = " + "[" * 50_000)
    with pytest.raises(BundleError, match=r"causes\.toml: malformed"):
        load_rules(proposal)
