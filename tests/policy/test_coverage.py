from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import load_bundle
from consent_service.policy.coverage import check_bundle, load_cases, run_cases
from consent_service.policy.reasons import PolicyProblem

IMPOSSIBLE = """
@id("consent.impossible") @legal_basis("x") @reason("objection")
forbid (principal, action, resource)
when { context.basis == Basis::"consent" }
when { resource.yes > 1 && resource.yes < 1 };
"""


def found(proposal: Path, catalogue: Catalogue) -> set[tuple[str, str]]:
    problems: list[PolicyProblem] = []
    table = load_cases(proposal, problems=problems)
    problems += run_cases(load_bundle(proposal, catalogue=catalogue), table, catalogue=catalogue)
    return {(problem.where, problem.code) for problem in problems}


def spoil(proposal: Path, file: str, old: str, new: str) -> None:
    path = proposal / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_policy_that_can_never_apply_is_found(proposal: Path, catalogue: Catalogue) -> None:
    (proposal / "consent" / "impossible.cedar").write_text(IMPOSSIBLE)
    assert found(proposal, catalogue) == {("consent.impossible", "not_covered")}


def test_a_rule_that_was_weakened_fails_its_cases(proposal: Path, catalogue: Catalogue) -> None:
    spoil(proposal, "consent/stops.cedar", "resource.objecting > 0", "resource.objecting > 1")
    assert ("tests/ordinary.toml the other holder objects", "case_failed") in found(proposal, catalogue)


def test_a_case_decided_by_another_policy_than_it_says_fails(proposal: Path, catalogue: Catalogue) -> None:
    spoil(proposal, "tests/ordinary.toml", 'by = ["consent.objection"]', 'by = ["consent.gate"]')
    assert ("tests/ordinary.toml the other holder objects", "case_failed") in found(proposal, catalogue)


@pytest.mark.parametrize(
    "old, new",
    [
        ('base = "school_reads"', 'base = "nobody_reads"'),
        ('type = "support_advice"', 'type = "horoscope"'),
        ("change = { objecting = 1 }", "change = { objects = 1 }"),
        ("change = { objecting = 1 }", 'change = { age = "forty" }'),
        ("change = { objecting = 1 }", 'change = { objecting = "one" }'),
    ],
)
def test_a_case_that_makes_no_sense_is_told(proposal: Path, catalogue: Catalogue, old: str, new: str) -> None:
    spoil(proposal, "tests/ordinary.toml", old, new)
    assert ("tests/ordinary.toml the other holder objects", "case_malformed") in found(proposal, catalogue)


def test_a_base_that_lacks_a_fact_is_told(proposal: Path, catalogue: Catalogue) -> None:
    spoil(proposal, "tests/bases.toml", 'action = "release"\n', "")
    assert ("tests/ordinary.toml the other holder objects", "case_malformed") in found(proposal, catalogue)


def test_files_that_cannot_be_read_are_told(proposal: Path, catalogue: Catalogue) -> None:
    (proposal / "tests" / "bases.toml").write_text("[bases")
    (proposal / "tests" / "ordinary.toml").write_text('rule = "x"')
    problems = {(problem.where, problem.code) for problem in check_bundle(proposal, catalogue=catalogue)}
    assert {("bases.toml", "malformed"), ("ordinary.toml", "malformed")} <= problems


def test_policies_that_do_not_load_are_told_before_any_case_runs(
    proposal: Path, catalogue: Catalogue
) -> None:
    (proposal / "schema.cedarschema").write_text("entity ;")
    assert {problem.code for problem in check_bundle(proposal, catalogue=catalogue)} == {"malformed"}
