"""Which events give somebody something to do."""

from __future__ import annotations

from datetime import date
from typing import get_args

import msgspec
import pytest

from consent_service.audit.events import (
    ConflictDeclared,
    ConsentGiven,
    ConsentLater,
    ConsentObjected,
    ConsentOpinion,
    ConsentRefused,
    ConsentResumed,
    ConsentSuspended,
    ConsentWithdrawn,
    DutyArose,
    Event,
    IntakeFinished,
    InvitationEnded,
    MarkerRequested,
    PageRefused,
    PatternSeen,
    PupilDisowned,
    RecordShared,
    ReminderDue,
    SubstituteAccess,
    WrongInformationReported,
)
from consent_service.foundation.ids import (
    DecisionId,
    EntryId,
    FamilyId,
    PersonId,
    RecordId,
    RelationshipId,
    StaffId,
    TypeKey,
)
from consent_service.process.model import (
    ONCE,
    TITLES,
    NewTask,
    Settled,
    TaskKind,
    settled_by,
    tasks_from,
)

RELATIONSHIP, FAMILY = RelationshipId("r"), FamilyId("f")
SUPPORT, SAMIRA, DAY = TypeKey("support_advice"), PersonId("samira"), date(2026, 9, 1)
SPOKEN = (DecisionId("d"), RELATIONSHIP, SUPPORT, "both", "", "", "", "nl", "page")


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
    found = tasks_from(event, second_approver=frozenset({"current_domestic_violence"}), day=DAY)
    assert found == (() if expected is None else (expected,))


@pytest.mark.parametrize(
    "event, expected",
    [
        (
            ConsentSuspended(*SPOKEN, concerns=DecisionId("x")),  # type: ignore[arg-type]
            NewTask("ask_again", "counsellor", None, RELATIONSHIP, SUPPORT, SAMIRA),
        ),
        (ConsentResumed(*SPOKEN, concerns=DecisionId("x")), None),  # type: ignore[arg-type]
        (ConsentWithdrawn(*SPOKEN), None),  # type: ignore[arg-type]
        (
            WrongInformationReported(RELATIONSHIP, SUPPORT, SAMIRA),
            NewTask("look_into_wrong", "counsellor", None, RELATIONSHIP, SUPPORT, SAMIRA),
        ),
        (
            MarkerRequested("m", FAMILY, SAMIRA),
            NewTask("marker_to_approve", "approver", FAMILY, person=SAMIRA),
        ),
        (
            PupilDisowned(RELATIONSHIP, StaffId("s")),
            NewTask("breach_to_assess", "privacy_coordinator", relationship=RELATIONSHIP),
        ),
        (
            ConflictDeclared(RELATIONSHIP, StaffId("s"), deputies=0),
            NewTask("contact_needed", "counsellor", relationship=RELATIONSHIP),
        ),
        (ConflictDeclared(RELATIONSHIP, StaffId("s"), deputies=1), None),
        (
            PageRefused(SAMIRA, "many_tries", FAMILY),
            NewTask("code_in_other_hands", "counsellor", FAMILY, person=SAMIRA),
        ),
        (PageRefused(SAMIRA, "pin"), None),
        (
            InvitationEnded(StaffId("s"), "declined", StaffId("b")),
            NewTask("invitation_declined", "counsellor", person=PersonId("b")),
        ),
        (
            InvitationEnded(StaffId("s"), "declined"),
            NewTask("invitation_declined", "privacy_coordinator"),
        ),
        (InvitationEnded(StaffId("s"), "revoked"), None),
        (PatternSeen("always_yes", "team", 40), NewTask("pattern_to_look_at", "privacy_coordinator")),
        (
            ReminderDue("consent_ends", DAY, FAMILY, RELATIONSHIP, SUPPORT, SAMIRA),
            NewTask("consent_ends", "counsellor", FAMILY, RELATIONSHIP, SUPPORT, SAMIRA, DAY),
        ),
        (
            ReminderDue("safety_review", DAY, FAMILY),
            NewTask("safety_review", "counsellor", FAMILY, due_on=DAY),
        ),
        (
            DutyArose(RELATIONSHIP, "officer_review", EntryId("e"), SUPPORT),
            NewTask(
                "release_to_review",
                "privacy_coordinator",
                relationship=RELATIONSHIP,
                information_type=SUPPORT,
                due_on=date(2026, 9, 2),
            ),
        ),
        (DutyArose(RELATIONSHIP, "of_a_later_service", EntryId("e"), SUPPORT), None),
        (ReminderDue("of_a_later_service", DAY, FAMILY), None),
        (ReminderDue("second_approval", DAY, FAMILY), None),
    ],
)
def test_what_is_asked_names_the_type_the_person_and_the_day(event: Event, expected: NewTask | None) -> None:
    found = tasks_from(event, second_approver=frozenset(), day=DAY, subject=SAMIRA)
    assert found == (() if expected is None else (expected,))


@pytest.mark.parametrize(
    "said",
    [
        ConsentGiven(*SPOKEN),  # type: ignore[arg-type]
        ConsentRefused(*SPOKEN),  # type: ignore[arg-type]
        ConsentLater(*SPOKEN),  # type: ignore[arg-type]
        ConsentWithdrawn(*SPOKEN),  # type: ignore[arg-type]
    ],
)
def test_whoever_answered_need_not_be_asked_again(said: Event) -> None:
    (settled,) = settled_by(said, subject=SAMIRA)
    assert (settled.relationship, settled.information_type, settled.person) == (RELATIONSHIP, SUPPORT, SAMIRA)
    assert settled.kinds == {"ask_again", "consent_ends", "consent_ended", "oral_unconfirmed", "oral_ended"}


@pytest.mark.parametrize("said", [ConsentGiven, ConsentLater])
def test_saying_it_aloud_once_more_leaves_open_that_it_must_be_confirmed(said: type[ConsentGiven]) -> None:
    (settled,) = settled_by(msgspec.structs.replace(said(*SPOKEN), method="oral"), subject=SAMIRA)  # type: ignore[arg-type]
    assert settled.kinds == {"ask_again", "consent_ends", "consent_ended"}


def test_a_no_that_was_said_aloud_needs_no_confirming() -> None:
    refused = msgspec.structs.replace(ConsentRefused(*SPOKEN), method="oral")  # type: ignore[arg-type]
    (settled,) = settled_by(refused, subject=SAMIRA)
    assert settled.kinds > {"oral_unconfirmed", "oral_ended"}


def test_what_did_not_stand_is_no_task_and_settles_none() -> None:
    suspended = ConsentSuspended(*SPOKEN, concerns=DecisionId("x"), standing=False)  # type: ignore[arg-type]
    resumed = ConsentResumed(*SPOKEN, concerns=DecisionId("x"), standing=False)  # type: ignore[arg-type]
    assert tasks_from(suspended, second_approver=frozenset(), day=DAY, subject=SAMIRA) == ()
    assert settled_by(resumed, subject=SAMIRA) == ()


def test_an_objection_a_shared_record_and_a_reminder_settle_nothing() -> None:
    for event in (
        ConsentObjected(*SPOKEN),  # type: ignore[arg-type]
        shared("support_advice"),
        ReminderDue("consent_ends", DAY, FAMILY, RELATIONSHIP, SUPPORT, SAMIRA),
    ):
        assert settled_by(event, subject=SAMIRA) == ()


def test_what_ended_ends_the_reminder_that_it_was_near() -> None:
    (settled,) = settled_by(ReminderDue("consent_ended", DAY, FAMILY, RELATIONSHIP, SUPPORT, SAMIRA))
    assert settled == Settled(
        frozenset({"consent_ends", "oral_unconfirmed"}), None, RELATIONSHIP, SUPPORT, SAMIRA
    )


def test_every_kind_of_task_says_what_to_do() -> None:
    assert TITLES.keys() == _kinds(TaskKind)
    assert TITLES.keys() > ONCE
    assert all(title.endswith(".") for title in TITLES.values())
    assert max(len(sentence.split()) for title in TITLES.values() for sentence in title.split(". ")) <= 12


def _kinds(alias: object) -> set[str]:
    """The codes of a literal, also one put together of others."""
    found = get_args(alias)
    return {kind for one in found for kind in ([one] if isinstance(one, str) else _kinds(one))}
