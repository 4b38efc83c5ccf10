"""Three-way meetings as values, and what is wrong with what somebody entered. Pure."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal, get_args

import msgspec

from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import FamilyId, PersonId, RecordId, RelationshipId, StaffId, TenantId
from consent_service.information.detection import looks_like_bsn, names_somebody

MeetingState = Literal[
    "awaiting_approval", "proposed", "planned", "moved", "held", "agreed", "copied", "closed", "cancelled"
]
Trigger = Literal["violence", "absence", "concerns", "routine"]
SchoolTrigger = Literal["absence", "concerns", "routine"]
Place = Literal["school", "phone_or_video", "elsewhere"]
Owner = Literal["parents", "child", "school", "shelter"]
Outcome = Literal["done", "not_done"]
NotDone = Literal["no_time", "not_needed", "not_possible", "later", "other"]
Warning_ = Literal["clash", "holiday", "no_holidays_known", "no_consent"]
TRIGGERS: Final[tuple[Trigger, ...]] = get_args(Trigger)
SCHOOL_TRIGGERS: Final[tuple[SchoolTrigger, ...]] = get_args(SchoolTrigger)
PLACES: Final[tuple[Place, ...]] = get_args(Place)
OWNERS: Final[tuple[Owner, ...]] = get_args(Owner)
NOT_DONE: Final[tuple[NotDone, ...]] = get_args(NotDone)
TO_COME: Final[frozenset[MeetingState]] = frozenset({"awaiting_approval", "proposed", "planned", "moved"})
"""Not held yet: what ends when consent does."""
PLANNED: Final[frozenset[MeetingState]] = frozenset({"planned", "moved"})
AFTER: Final[frozenset[MeetingState]] = frozenset({"agreed", "copied", "closed"})
MINUTES: Final = 60
MOST_WORDS: Final = 800
MOST_AGREEMENTS: Final = 8


class MeetingContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stays at the shelter, sealed under the child's own key; `trigger` is told to no school."""

    trigger: Trigger
    agenda: str = ""
    interpreter: str = ""
    """The language of the interpreter; empty: none is needed."""
    place: Place = "school"
    child_present: bool = False


class Preparation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is talked about, and with whom."""

    agenda: str
    guardians: tuple[PersonId, ...]
    contacts: tuple[StaffId, ...]
    interpreter: str = ""
    place: Place = "school"
    child_present: bool = False


class NewAgreement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that somebody will have done by a day."""

    words: str
    owner: Owner
    due_on: date | None


class Agreement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An agreement with its words opened, for who may read them."""

    agreement: str
    words: str
    owner: Owner
    due_on: date
    state: Literal["open", "done", "not_done"]
    reason: NotDone | None


class Remark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a guardian, or a child that decides alone, says of the agreements; `for_school`: the school may
    read it too.
    """

    guardian: PersonId
    words: str
    for_school: bool
    at: datetime


class Meeting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One meeting about one child at one school, as it stands in the database."""

    tenant: TenantId
    meeting: str
    relationship: RelationshipId
    family: FamilyId
    child: PersonId
    state: MeetingState
    proposed_by: StaffId
    led_by: StaffId | None
    starts_at: datetime | None
    sequence: int
    uid: str
    together: str
    record: RecordId | None
    changed_at: datetime
    sealed: bytes


class MeetingView(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A meeting with everything opened, for the counsellor who is with the family."""

    meeting: Meeting
    content: MeetingContent
    guardians: tuple[PersonId, ...]
    contacts: tuple[StaffId, ...]
    agreements: tuple[Agreement, ...]
    remarks: tuple[Remark, ...]
    invitable: tuple[PersonId, ...]
    """Who of the family may be invited: its guardians, or the child itself where it decides alone."""


class SchoolLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a contact may know of a meeting to come: that it is there and when."""

    meeting: str
    relationship: RelationshipId
    state: MeetingState
    starts_at: datetime | None


class OwnMeeting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A meeting as somebody of the family sees it: never another's remarks, never the trigger."""

    meeting: str
    child: PersonId
    state: MeetingState
    starts_at: datetime | None
    agenda: str
    agreements: tuple[Agreement, ...]
    remarks: tuple[Remark, ...]


class WaitingMeeting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proposal that waits for a second person; without any name."""

    meeting: str
    proposed_by: StaffId
    proposed_at: datetime


class MeetingRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No meeting: `code` is the reason of the policies. Logged."""

    code: str


class Warned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing was planned yet: look at these first, then plan again saying that they were seen."""

    warnings: tuple[Warning_, ...]


def is_told(one: Meeting) -> bool:
    """Nobody outside the shelter is told of what waits for a second person (A10)."""
    return one.state != "awaiting_approval"


def check_words(field: str, words: str, others: tuple[str, ...], *, required: bool) -> list[Problem]:
    """Too long, a BSN (UAVG 46), or about two children at once (S30)."""
    if required and not words.strip():
        return [Problem(field, "required")]
    problems = []
    if len(words) > MOST_WORDS:
        problems.append(Problem(field, "content.too_long", {"max": str(MOST_WORDS), "now": str(len(words))}))
    if looks_like_bsn(words):
        problems.append(Problem(field, "meeting_bsn"))
    if names_somebody(words, others):
        problems.append(Problem(field, "content.names_other_child"))
    return problems


def check_agreements(
    agreements: tuple[NewAgreement, ...], others: tuple[str, ...], *, held_on: date
) -> list[Problem]:
    """Every problem at once; `held_on` is the day of the meeting, before which nothing can be due."""
    if not agreements:
        return [Problem("agreements", "meeting_no_agreement")]
    problems = [Problem("agreements", "meeting_many_agreements")] if len(agreements) > MOST_AGREEMENTS else []
    for number, one in enumerate(agreements, start=1):
        problems += check_words(f"words_{number}", one.words, others, required=True)
        if one.due_on is None:
            problems.append(Problem(f"due_on_{number}", "required"))
        elif one.due_on < held_on:
            problems.append(Problem(f"due_on_{number}", "meeting_due_before"))
    return problems
