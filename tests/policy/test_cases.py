"""The cases that stand beside the policies, one test each."""

from __future__ import annotations

import pytest

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, lock_problems
from consent_service.policy.coverage import AskedCase, Case, judged, load_cases, question_of, run_cases
from consent_service.policy.decision import DUTY_NOT_POSSIBLE
from consent_service.policy.reasons import BUILT_IN
from tests.policy.questions import POLICIES

TABLE = load_cases(POLICIES, problems=[])


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{name}: {case.name}")
        for name, file in TABLE.files.items()
        for case in file.cases
    ],
)
def test_a_case_comes_out_as_the_policies_say(case: Case, bundle: Bundle, catalogue: Catalogue) -> None:
    asked = AskedCase(case.name, case, question_of(TABLE, case, catalogue=catalogue))
    assert not judged(bundle, asked).wrong


def test_each_policy_decides_at_least_one_case_alone(bundle: Bundle, catalogue: Catalogue) -> None:
    assert run_cases(bundle, TABLE, catalogue=catalogue)[1] == ()


def test_each_cause_that_a_policy_can_give_comes_out_of_a_case(bundle: Bundle) -> None:
    expected = {case.expect for file in TABLE.files.values() for case in file.cases}
    causes = {note.reason for note in bundle.notes.values() if note.effect == "forbid"}
    causes |= {code for note in bundle.notes.values() for code in note.unmet if code != "-"}
    assert causes <= expected


def test_every_code_is_given_by_a_policy_or_by_the_decision_itself(bundle: Bundle) -> None:
    given = {note.reason for note in bundle.notes.values()}
    given |= {code for note in bundle.notes.values() for code in note.unmet}
    given |= BUILT_IN | {DUTY_NOT_POSSIBLE}
    listed = {cause.code for cause in bundle.causes.causes} | set(bundle.causes.grounds)
    assert listed == given - {"-"}


def test_the_locked_hash_is_that_of_the_policies(bundle: Bundle) -> None:
    assert lock_problems(POLICIES, bundle) == ()
