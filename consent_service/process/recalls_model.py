"""How a recall stands, on which grounds a school may keep something, and when an answer is late. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final, Literal

import msgspec

from consent_service.foundation.ids import FamilyId, RelationshipId, TypeKey
from consent_service.process.states import START, StateTable, Step

RecallAnswer = Literal["done", "kept"]
RecallCause = Literal["unsafe", "withdrawn", "wrongly_shared", "copied_into_file", "rectified"]
"""Why it was asked. Of these a school is told the last one only: that lies in what it did itself (S38)."""
KeptReason = Literal[
    "nothing_found", "pupil_file", "own_action", "legal_duty", "legal_claim", "talk_first", "must_keep"
]
KEPT_REASONS: Final[tuple[KeptReason, ...]] = (
    "nothing_found",
    "pupil_file",
    "own_action",
    "legal_duty",
    "legal_claim",
    "talk_first",
)
"""What a school can say now: it has nothing; its own statutory pupil file, what it did itself, a duty in law
(AVG 17(3)(b)), a claim in law (AVG 17(3)(e)); or it wants to talk first. `must_keep` is from before."""
RecallState = Literal["open", "talking", "removed", "not_found", "kept"]
WORKING_DAYS: Final = 3
"""How long a school has to answer before the counsellor is asked to call."""
OFFICER_WORKING_DAYS: Final = 10
"""And before the privacy coordinator is."""

_SCHOOL: Final = ("school contact",)
_ANSWERS: Final = {"remove": "removed", "find_nothing": "not_found", "keep": "kept", "talk": "talking"}
RECALL: Final = StateTable(
    "recall",
    (
        Step(
            "issue",
            START,
            "open",
            ("system", "counsellor", "privacy coordinator"),
            when="danger, withdrawn, erased, put right, shared wrongly, or copied into a file",
        ),
        *(
            Step(act, frm, to, _SCHOOL, when="with a ground in law" if act == "keep" else "")
            for frm in ("open", "talking", "kept", "not_found")
            for act, to in _ANSWERS.items()
        ),
    ),
)
_NO_GROUND: Final = {"nothing_found": "not_found", "talk_first": "talking"}


class RecallNotice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a school is asked to remove; never whose it is.

    `from_file`: it also stands in a file of the school that may go to another school (S38).
    """

    recall: str
    reference: str
    information_type: TypeKey
    received_on: date
    answer: RecallAnswer | None
    from_file: bool = False
    state: RecallState = "open"


class Overdue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recall that nobody answered in time; `due_on` was the last day. `long`: also for the officer."""

    recall: str
    relationship: RelationshipId
    family: FamilyId
    information_type: TypeKey
    due_on: date
    long: bool = False


class OfficerRecall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recall as officers see it: codes and dates. `cause` is "erased" for what names nobody any more.

    `matter`: the erasure or the request it came from; empty when it came from neither.
    """

    recall: str
    reference: str
    school: str
    information_type: TypeKey
    cause: str
    issued_at: datetime
    state: RecallState
    ground: str
    late: bool
    matter: str = ""
    answered_at: datetime | None = None


def state_of(answer: str | None, reason: str | None) -> RecallState:
    """How a recall stands after the answer that counts."""
    if answer is None:
        return "open"
    if answer == "done":
        return "removed"
    return "kept" if reason not in _NO_GROUND else ("not_found" if reason == "nothing_found" else "talking")


def act_of(answer: RecallAnswer, reason: KeptReason | None) -> str:
    """The act of the state table that an answer is."""
    if answer == "done":
        return "remove"
    return {"nothing_found": "find_nothing", "talk_first": "talk"}.get(reason or "", "keep")


def last_day_to_answer(issued_on: date, working_days: int = WORKING_DAYS) -> date:
    """So many working days (Monday to Friday) after the day on which the school was asked."""
    day, left = issued_on, working_days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def open_notices(notices: Iterable[RecallNotice]) -> tuple[RecallNotice, ...]:
    """Those that still ask for an answer."""
    return tuple(one for one in notices if one.answer is None)
