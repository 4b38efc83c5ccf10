"""The whole check of a folder: every part tells what it finds, and nothing proposed can end the service."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consent_service.policy import candidate as candidate_module
from consent_service.policy import checking as checking_module
from consent_service.policy.checking import CheckReport, check_candidate, inspect
from consent_service.policy.coverage import Case, wrong
from consent_service.policy.decision import judge
from consent_service.policy.mutation import MutationReport, mutate
from consent_service.policy.rules import load_rules
from tests.policy.planting import GOOD, NEVER, codes, plant
from tests.policy.questions import POLICIES


def spoil(proposal: Path, file: str, old: str, new: str) -> None:
    path = proposal / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def looked_at(folder: Path, *, mutation: bool = False, locked: bool = False) -> CheckReport:
    return inspect(folder, mutation=mutation, locked=locked)


def test_our_own_policies_pass_in_the_other_process() -> None:
    report = check_candidate(POLICIES, locked=True)
    assert report.passed
    assert (report.problems, report.notices, report.mutation) == ((), (), None)
    assert report.coverage is not None
    assert report.coverage.cases > 150
    assert len(report.proofs) >= 5
    assert report == looked_at(POLICIES, locked=True)


def test_a_proposal_is_told_all_its_problems(proposal: Path) -> None:
    plant(proposal, GOOD + NEVER[:-3])
    plant(proposal, "permit (", where="share/planted.cedar")
    report = check_candidate(proposal)
    assert [(problem.where, problem.code) for problem in report.problems] == [
        ("consent/planted.cedar:2", "malformed"),
        ("share/planted.cedar:1", "malformed"),
    ]
    assert (report.coverage, report.proofs, report.passed) == (None, (), False)


def test_a_weaker_rule_about_secret_addresses_is_refused_with_a_case_to_read(proposal: Path) -> None:
    spoil(proposal, "safety/location.cedar", "context.secret_address || ", "")
    report = check_candidate(proposal)
    (refuted,) = report.unproved
    assert (refuted.invariant, refuted.state) == ("never.secret_address", "refuted")
    found = refuted.counterexample
    assert found is not None
    assert found.question.relationship.secret_address
    assert found.question.types[0].key == "postal_address"
    assert not report.passed
    case = msgspec.toml.decode(found.case, type=dict[str, tuple[Case, ...]])["cases"][0]
    rules = load_rules(proposal)
    answer = judge(rules.bundle, found.question, preview=found.preview)[0]
    assert not wrong(case, answer)


def test_an_invariant_that_a_folder_adds_is_proved_too(proposal: Path) -> None:
    (proposal / "invariants").mkdir(exist_ok=True)
    (proposal / "invariants" / "own.cedar").write_text(
        '@id("never.at_all") @nl("Nooit.") @en("Never.") forbid (principal, action, resource);\n'
    )
    assert [proof.invariant for proof in looked_at(proposal).unproved] == ["never.at_all"]
    (proposal / "invariants" / "own.cedar").write_text("permit (principal, action, resource);\n")
    assert "invariant_permits" in codes(looked_at(proposal).problems)


def test_an_invariant_in_force_is_proved_of_rules_that_left_it_out(proposal: Path) -> None:
    """Rules cannot weaken themselves by dropping what must hold of them."""
    for file in proposal.glob("invariants/*.cedar"):
        file.unlink()
    bare = looked_at(proposal)
    held = inspect(proposal, mutation=False, locked=False, standing=POLICIES)
    assert {one.invariant for one in bare.proofs} < {one.invariant for one in held.proofs}
    assert {one.invariant for one in held.proofs} == {one.invariant for one in looked_at(POLICIES).proofs}


def test_a_catalogue_that_cannot_be_used_is_a_problem(proposal: Path) -> None:
    (proposal / "information_types.toml").write_text('stray = "x"\n')
    assert codes(looked_at(proposal).problems) == {"catalogue"}


def test_a_table_nested_too_deep_is_a_problem(proposal: Path) -> None:
    (proposal / "information_types.toml").write_text("types = " + "[" * 50_000)
    assert codes(looked_at(proposal).problems) == {"catalogue"}


@pytest.mark.parametrize(
    "file, code",
    [
        ("information_types.toml", "catalogue"),
        ("terms.toml", "catalogue"),
        ("causes.toml", "malformed"),
        ("reasons/nl.toml", "malformed"),
        ("words/nl.toml", "malformed"),
        ("tests/share.toml", "not_plain"),
        ("schema.cedarschema", "not_plain"),
        ("consent/yes.cedar", "not_plain"),
    ],
)
def test_a_mark_of_byte_order_and_text_that_is_none_are_problems(
    proposal: Path, file: str, code: str
) -> None:
    path = proposal / file
    raw = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + raw)
    assert code in codes(looked_at(proposal).problems)
    path.write_bytes(raw + b"\xff")
    found = looked_at(proposal).problems
    assert {"catalogue", "malformed", "unreadable"} & codes(found)
    assert not check_candidate(proposal).passed


def test_words_that_are_missing_are_a_problem(proposal: Path) -> None:
    for path in (proposal / "words").glob("*.toml"):
        path.unlink()
    assert codes(looked_at(proposal).problems) == {"language_missing"}


@pytest.mark.parametrize(
    "condition, found",
    [
        ("resource.yes > 1 && resource.yes < 1", {"not_covered", "impossible"}),
        (
            'resource.voice == Voice::"alone" && resource.voice == Voice::"heard"',
            {"not_covered", "impossible"},
        ),
        ("resource.yes > 99", {"not_covered"}),
        ("resource.yes * resource.yes > 9000", {"product_refused"}),  # more than the solver is asked
    ],
)
def test_a_policy_that_can_never_hold_is_told_so(proposal: Path, condition: str, found: set[str]) -> None:
    plant(proposal, GOOD + NEVER.replace("resource.yes > 99", condition))
    report = looked_at(proposal)
    assert codes(report.problems) == found
    assert {problem.where for problem in report.problems} == {"consent/planted.cedar:1 consent.extra"}


def test_what_is_never_used_is_told(proposal: Path) -> None:
    spoil(proposal, "schema.cedarschema", "entity Level enum", 'entity Mood enum ["x"];\nentity Level enum')
    report = looked_at(proposal)
    assert "schema_unused" in codes(report.problems)
    assert {(notice.code, notice.detail) for notice in report.notices} == {("name_unused", 'Mood::"x"')}


def test_a_change_that_was_not_reviewed_is_told_when_that_is_asked(proposal: Path) -> None:
    spoil(proposal, "consent/stops.cedar", "AVG 7(1)", "AVG 7")
    assert looked_at(proposal).passed
    assert codes(looked_at(proposal, locked=True).problems) == {"lock_differs"}


def test_the_mutants_are_judged_when_that_is_asked(proposal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _keep_one_policy(monkeypatch)
    report = looked_at(proposal, mutation=True)
    assert report.mutation is not None
    assert report.mutation.score == 1.0


def _keep_one_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them take ten seconds, in `test_mutation`; here only whether it is done."""

    def few(*given: Any, **named: Any) -> MutationReport:
        return mutate(*given, **named, among={"consent.meanwhile"})

    monkeypatch.setattr(checking_module, "mutate", few)


def test_while_a_case_comes_out_wrong_no_mutant_is_judged(proposal: Path) -> None:
    spoil(proposal, "tests/access.toml", 'expect = "no_agreement"', 'expect = "permit"')
    report = looked_at(proposal, mutation=True)
    assert (report.mutation, codes(report.problems)) == (None, {"case_failed"})


def test_cases_that_notice_too_little_do_not_pass() -> None:
    assert CheckReport((), mutation=MutationReport(10, 9, 0, ())).passed
    assert not CheckReport((), mutation=MutationReport(10, 8, 0, ())).passed


def test_the_whole_check_asks_for_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = _instead(monkeypatch, tmp_path, f'echo "$@" > {tmp_path}/asked; exit 3')
    report = check_candidate(POLICIES, mutation=True, locked=True)
    assert [problem.detail for problem in report.problems] == ["3"]
    assert (tmp_path / "asked").read_text().split()[2:] == [str(POLICIES), "mutation", "locked"]
    assert asked.exists()


@pytest.mark.parametrize(
    "does, detail",
    [
        ("kill -SEGV $$", "-11"),
        ("kill -KILL $$", "-9"),
        ("echo fine", "DecodeError"),
        ("echo '[]'", "ValidationError"),
        ("echo 'a line'; echo 'MemoryError' >&2; exit 1", "1 MemoryError"),
        ("true", "DecodeError"),
    ],
)
def test_a_checker_that_dies_or_babbles_has_found_a_problem(
    proposal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, does: str, detail: str
) -> None:
    """Were the depth not limited, the parser would take the checker with it: here something else does."""
    _instead(monkeypatch, tmp_path, does)
    (problem,) = check_candidate(proposal).problems
    assert (problem.where, problem.code, problem.detail) == ("policies", "checker_failed", detail)


def _instead(monkeypatch: pytest.MonkeyPatch, folder: Path, does: str) -> Path:
    """Something else instead of the interpreter."""
    script = folder / "instead"
    script.write_text(f"#!/bin/sh\n{does}\n")
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))
    return script


def test_a_checker_that_takes_too_long_has_found_a_problem(
    proposal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking_module, "CANDIDATE_SECONDS", 0.001)
    (problem,) = check_candidate(proposal).problems
    assert (problem.code, problem.detail) == ("checker_failed", "TimeoutExpired")


def test_a_proposal_that_needs_too_much_memory_is_a_problem(
    proposal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limited = f"from consent_service.policy import candidate as c; c.limit_itself(memory={2**26}); c.main"
    run = f'exec {sys.executable} -c "import sys; {limited}(sys.argv[1:])" {proposal}'
    assert candidate_module.MEMORY_BYTES > 2**26
    _instead(monkeypatch, tmp_path, run)
    assert codes(check_candidate(proposal).problems) == {"checker_failed"}
