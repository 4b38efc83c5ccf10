from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, load_bundle
from consent_service.policy.coverage import Coverage, load_cases, run_cases
from consent_service.policy.reasons import PolicyProblem
from tests.policy.questions import POLICIES

IMPOSSIBLE = """
@id("consent.impossible") @legal_basis("x") @reason("objection")
forbid (principal, action, resource)
when { context.basis == Basis::"consent" }
when { resource.yes > 1 && resource.yes < 1 };
"""


def run(proposal: Path, catalogue: Catalogue) -> tuple[Coverage, set[tuple[str, str]]]:
    problems: list[PolicyProblem] = []
    table = load_cases(proposal, problems=problems)
    coverage, wrong = run_cases(load_bundle(proposal, catalogue=catalogue), table, catalogue=catalogue)
    return coverage, {(problem.where, problem.code) for problem in (*problems, *wrong)}


def found(proposal: Path, catalogue: Catalogue) -> set[tuple[str, str]]:
    return run(proposal, catalogue)[1]


def spoil(proposal: Path, file: str, old: str, new: str) -> None:
    path = proposal / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_policy_that_can_never_apply_is_found(proposal: Path, catalogue: Catalogue) -> None:
    (proposal / "consent" / "impossible.cedar").write_text(IMPOSSIBLE)
    place = "consent/impossible.cedar:2 consent.impossible"
    assert found(proposal, catalogue) == {(place, "not_covered")}


def test_a_rule_that_was_weakened_fails_its_cases(proposal: Path, catalogue: Catalogue) -> None:
    spoil(proposal, "consent/stops.cedar", "resource.objecting > 0", "resource.objecting > 1")
    assert ("tests/ordinary.toml:4 the other holder objects", "case_failed") in found(proposal, catalogue)


def test_a_duty_that_is_gone_fails_the_case_that_asks_for_it(proposal: Path, catalogue: Catalogue) -> None:
    spoil(proposal, "break_glass/vital_interest.cedar", '@obligations("officer_review")\n', "")
    failed = {where for where, code in found(proposal, catalogue) if code == "case_failed"}
    assert failed == {"tests/break_glass.toml:4 two persons, one thing, running"}


def test_a_case_decided_by_another_policy_than_it_says_fails(proposal: Path, catalogue: Catalogue) -> None:
    spoil(proposal, "tests/ordinary.toml", 'by = ["consent.objection"]', 'by = ["consent.gate"]')
    assert ("tests/ordinary.toml:4 the other holder objects", "case_failed") in found(proposal, catalogue)


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
    assert ("tests/ordinary.toml:4 the other holder objects", "case_malformed") in found(proposal, catalogue)


def test_a_base_that_lacks_a_fact_is_told(proposal: Path, catalogue: Catalogue) -> None:
    spoil(proposal, "tests/bases.toml", 'action = "release"\n', "")
    assert ("tests/ordinary.toml:4 the other holder objects", "case_malformed") in found(proposal, catalogue)


def test_files_that_cannot_be_read_are_told(proposal: Path, catalogue: Catalogue) -> None:
    (proposal / "tests" / "bases.toml").write_text("\n= 3\n")
    (proposal / "tests" / "ordinary.toml").write_text('rule = "x"')
    problems = found(proposal, catalogue)
    assert {("tests/bases.toml:2", "malformed"), ("tests/ordinary.toml", "malformed")} <= problems


def test_a_folder_without_bases_is_told(proposal: Path, catalogue: Catalogue) -> None:
    (proposal / "tests" / "bases.toml").unlink()
    assert ("tests/bases.toml", "unreadable") in found(proposal, catalogue)


def test_a_type_that_no_case_gives_is_told(proposal: Path, catalogue: Catalogue) -> None:
    (proposal / "tests" / "types.toml").unlink()
    coverage, problems = run(proposal, catalogue)
    assert problems == {("information_types.toml", "type_unused")}
    unused = {kind.type for kind in coverage.types if not kind.given}
    assert {"authority", "child_voice"} <= unused


def test_a_condition_that_no_case_names_is_told(proposal: Path, catalogue: Catalogue) -> None:
    old = 'also = ["authority"]\nexpect = "one_thing_only"\nby = []'
    new = 'expect = "permit"\nby = ["break_glass.vital_interest"]'
    spoil(proposal, "tests/break_glass.toml", old, new)
    coverage, problems = run(proposal, catalogue)
    place = "break_glass/vital_interest.cedar:4 break_glass.vital_interest"
    assert problems == {(place, "condition_not_covered")}
    missing = [condition.code for condition in coverage.conditions if not condition.cases]
    assert missing == ["one_thing_only"]


def test_a_case_that_comes_out_wrong_covers_nothing(proposal: Path, catalogue: Catalogue) -> None:
    spoil(proposal, "tests/access.toml", 'expect = "no_agreement"', 'expect = "permit"')
    before, _ = run(proposal.with_name("policies"), catalogue)
    spoil(proposal, "tests/access.toml", 'expect = "permit"', 'expect = "no_agreement"')
    after, problems = run(proposal, catalogue)
    assert problems == set()
    assert _alone(after, "access.agreement") == _alone(before, "access.agreement") + 1


def _alone(coverage: Coverage, policy: str) -> int:
    return next(one.alone for one in coverage.policies if one.policy == policy)


def test_several_types_asked_at_once_are_judged_by_the_one_it_is_about(
    proposal: Path, catalogue: Catalogue
) -> None:
    spoil(proposal, "tests/break_glass.toml", 'also = ["authority"]', 'also = ["horoscope"]')
    assert ("tests/break_glass.toml:28 two things at once", "case_malformed") in found(proposal, catalogue)


def test_a_case_whose_name_is_not_written_plainly_is_told_without_its_line(
    proposal: Path, catalogue: Catalogue
) -> None:
    (proposal / "tests" / "extra.toml").write_text(
        'rule = "x"\ncases = [{ name = "in a row", base = "none", type = "authority", expect = "permit" }]\n'
    )
    assert found(proposal, catalogue) == {("tests/extra.toml in a row", "case_malformed")}


def test_our_own_cases_touch_everything(bundle: Bundle, catalogue: Catalogue) -> None:
    table = load_cases(POLICIES, problems=[])
    coverage, problems = run_cases(bundle, table, catalogue=catalogue)
    assert problems == ()
    assert coverage.cases == sum(len(file.cases) for file in table.files.values())
    assert {one.policy for one in coverage.policies} == bundle.notes.keys()
    assert {one.type for one in coverage.types} == catalogue.types.keys()


def test_every_case_says_which_policies_decide_it() -> None:
    table = load_cases(POLICIES, problems=[])
    assert [case.name for file in table.files.values() for case in file.cases if case.by is None] == []


def test_no_two_cases_of_a_file_have_one_name() -> None:
    table = load_cases(POLICIES, problems=[])
    names = [(name, case.name) for name, file in table.files.items() for case in file.cases]
    assert len(set(names)) == len(names)
