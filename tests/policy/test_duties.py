"""A duty that a permit lays on whoever opens: carried out, or there is no permit."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from consent_service.policy.bundle import Bundle, with_policies
from consent_service.policy.decision import Duty, Permit, PermitForgedError, Refusal, decide, judge, preview
from consent_service.policy.facts import Question
from consent_service.policy.lint import KNOWN_OBLIGATIONS, PolicyJson
from consent_service.release.judging import CARRIED_OUT
from tests.policy.questions import NOW, question, relationship_facts, type_facts

REVIEW = frozenset({"officer_review"})


def in_need(**changes: object) -> Question:
    """Two persons decided that a life may depend on what the school asks for."""
    about = relationship_facts(break_glass_persons=2, break_glass_running=True)
    return replace(question(basis="vital_interest", relationship=about), **changes)


def obliging(bundle: Bundle, identifier: str, duties: str) -> Bundle:
    """The same policies, one of which asks for something."""
    policy: PolicyJson = bundle.source[identifier]
    annotations = {**policy.annotations, "obligations": duties}
    return with_policies(bundle, {**bundle.source, identifier: replace(policy, annotations=annotations)})


def test_a_door_that_carries_the_duty_out_gets_a_permit_that_names_it(bundle: Bundle) -> None:
    permit = decide(bundle, in_need(), now=NOW, duties=REVIEW).permit
    assert permit is not None
    assert permit.duties == (Duty(question().types[0].key, "officer_review"),)


@pytest.mark.parametrize("duties", [frozenset[str](), frozenset({"telephone_the_family"})])
def test_a_door_that_does_not_carry_it_out_opens_nothing_and_says_why(
    bundle: Bundle, duties: frozenset[str]
) -> None:
    decided = decide(bundle, in_need(), now=NOW, duties=duties)
    assert decided.permit is None
    (refusal,) = decided.refusals
    assert (refusal.code, refusal.error, refusal.forbidden) == ("duty_not_possible", False, False)
    assert preview(bundle, in_need(), now=NOW, duties=duties).refusals == decided.refusals


def test_what_the_policies_answered_is_kept_whatever_the_door_can_do(bundle: Bundle) -> None:
    """So that the same decision can be made again, by any door."""
    assert decide(bundle, in_need(), now=NOW).answers == judge(bundle, in_need(), preview=False)


def test_of_several_types_only_those_with_a_duty_are_refused(bundle: Bundle) -> None:
    planted = obliging(bundle, "consent.provisional", "officer_review")
    asked = question(type_facts(authority_known=False), type_facts("care_signal"))
    decided = decide(planted, asked, now=NOW)
    assert decided.permit is not None
    assert (decided.permit.types, decided.permit.duties) == (frozenset({"care_signal"}), ())
    assert decided.refusals == (Refusal(asked.types[0].key, "duty_not_possible"),)


def test_where_two_permits_say_yes_the_duties_of_both_hold(bundle: Bundle) -> None:
    planted = obliging(bundle, "consent.emergency", "officer_review")
    asked = question(type_facts(emergency=True))
    (answer,) = judge(planted, asked, preview=False)
    assert answer.determining == ("consent.emergency", "consent.ordinary")
    assert getattr(answer, "obligations", None) == ("officer_review",)
    assert decide(planted, asked, now=NOW).permit is None
    assert decide(planted, asked, now=NOW, duties=REVIEW).permit is not None


def test_the_emergency_part_without_a_duty_is_given_when_the_whole_asks_one(bundle: Bundle) -> None:
    planted = obliging(bundle, "consent.all_holders", "officer_review")
    whole = type_facts("child_health", level="A9", yes=2)
    permit = decide(planted, question(whole, replace(whole, emergency=True)), now=NOW).permit
    assert permit is not None
    assert (permit.types, permit.emergency, permit.duties) == (
        frozenset({"child_health"}),
        frozenset({"child_health"}),
        (),
    )


def test_a_permit_cannot_be_freed_of_its_duty(bundle: Bundle) -> None:
    permit = decide(bundle, in_need(), now=NOW, duties=REVIEW).permit
    assert isinstance(permit, Permit)
    with pytest.raises(PermitForgedError):
        replace(permit, duties=())


def test_break_glass_about_a_type_with_an_emergency_part_is_about_one_thing(bundle: Bundle) -> None:
    whole = type_facts("child_health", level="A9", yes=0)
    asked = in_need(types=(whole, replace(whole, emergency=True)))
    assert [answer.code for answer in judge(bundle, asked, preview=False)] == ["vital_interest"] * 2


def test_the_exit_carries_out_every_duty_that_a_policy_may_ask() -> None:
    assert CARRIED_OUT == KNOWN_OBLIGATIONS
