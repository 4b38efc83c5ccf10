"""Which events give somebody something to do."""

from __future__ import annotations

import pytest

from consent_service.audit.events import (
    ConsentGiven,
    ConsentObjected,
    ConsentOpinion,
    Event,
    IntakeFinished,
    RecordShared,
    SubstituteAccess,
)
from consent_service.foundation.ids import DecisionId, FamilyId, PersonId, RecordId, RelationshipId, TypeKey
from consent_service.process.model import ONCE, TITLES, NewTask, tasks_from

RELATIONSHIP, FAMILY = RelationshipId("r"), FamilyId("f")
SPOKEN = (DecisionId("d"), RELATIONSHIP, TypeKey("support_advice"), "both", "", "", "", "nl", "page")


def shared(key: str) -> RecordShared:
    return RecordShared(RELATIONSHIP, RecordId("x"), 1, TypeKey(key), "s2c", "0" * 64)


@pytest.mark.parametrize(
    "event, expected",
    [
        (
            ConsentObjected(*SPOKEN),  # type: ignore[arg-type]
            NewTask("objection_to_judge", "privacy_coordinator", relationship=RELATIONSHIP),
        ),
        (
            ConsentOpinion(*SPOKEN, opinion="no"),  # type: ignore[arg-type]
            NewTask("talk_with_child", "counsellor", relationship=RELATIONSHIP),
        ),
        (ConsentOpinion(*SPOKEN, opinion="yes"), None),  # type: ignore[arg-type]
        (ConsentGiven(*SPOKEN), None),  # type: ignore[arg-type]
        (
            IntakeFinished(FAMILY, PersonId("p"), outcome="not_now"),
            NewTask("intake_again", "counsellor", family=FAMILY),
        ),
        (IntakeFinished(FAMILY, PersonId("p"), outcome="signed"), None),
        (
            SubstituteAccess(FAMILY, "night_duty"),
            NewTask("substitute_review", "privacy_coordinator", family=FAMILY),
        ),
        (
            shared("current_domestic_violence"),
            NewTask("second_approval", "approver", relationship=RELATIONSHIP),
        ),
        (shared("support_advice"), None),
    ],
)
def test_an_event_asks_for_this_and_nothing_else(event: Event, expected: NewTask | None) -> None:
    found = tasks_from(event, second_approver=frozenset({"current_domestic_violence"}))
    assert found == (() if expected is None else (expected,))


def test_every_kind_of_task_says_what_to_do() -> None:
    assert set(TITLES) > ONCE
    assert all(title.endswith(".") for title in TITLES.values())
