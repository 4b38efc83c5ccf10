"""The ready questions to the log, and which entries answer each. Pure.

What an entry says is metadata: who opened which types for which purpose, never what stood in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, get_args

import msgspec

from consent_service.foundation.clock import AMSTERDAM, local_midnight
from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import PersonId, StaffId

QuestionKind = Literal[
    "who_saw", "what_opened", "safety_releases", "emergencies", "outside_hours", "refusals"
]
"""Who saw something of this person; what did this member of staff open; what was given about a family that
was in danger, or not assessed; every emergency; what was opened at night or in a weekend; every refusal."""
Period = Literal["week", "month", "days"]
QUESTIONS: Final[tuple[QuestionKind, ...]] = get_args(QuestionKind)
PERIODS: Final[tuple[Period, ...]] = get_args(Period)
LOOKS_BACK: Final[Mapping[Period, timedelta]] = {"week": timedelta(days=7), "month": timedelta(days=31)}
WORK_BEGINS: Final = time(7)
WORK_ENDS: Final = time(19)
_SATURDAY: Final = 5

OPENING: Final = frozenset(
    {
        "information.released.v1",
        "identity.viewed.v1",
        "first_contact.read.v1",
        "signal.read.v1",
        "signal.called.v1",
        "call.made.v1",
        "statutory_text.read.v1",
        "person.sought.v1",
        "question.asked.v1",
    }
)
"""Somebody saw, or was told, something about a person; also an officer who looked for whom it is about."""
_SEARCHES: Final = frozenset(
    {
        "family.searched.v1",
        "substitute.access.v1",
        "information.previewed.v1",
        "log.viewed.v1",
        "log.exported.v1",
    }
)
TYPES: Final[Mapping[QuestionKind, frozenset[str]]] = {
    "who_saw": OPENING,
    "what_opened": OPENING | _SEARCHES,
    "safety_releases": frozenset({"information.released.v1", "call.made.v1"}),
    "emergencies": frozenset({"break_glass.asked.v1", "break_glass.moved.v1", "break_glass.read.v1"}),
    "outside_hours": OPENING | _SEARCHES,
    "refusals": frozenset(
        {
            "release.refused.v1",
            "first_contact.refused.v1",
            "exit.refused.v1",
            "record.share_refused.v1",
            "meeting.refused.v1",
        }
    ),
}


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question with its choices; `until` is included. `case` is the number of the case it is asked for."""

    question: QuestionKind
    since: date
    until: date
    person: PersonId | None = None
    staff: StaffId | None = None
    case: str = ""

    @property
    def begins(self) -> datetime:
        """The first instant that counts."""
        return local_midnight(self.since)

    @property
    def ends(self) -> datetime:
        """The first instant that counts no more."""
        return local_midnight(self.until + timedelta(days=1))


def days_of(period: Period, today: date, since: date | None, until: date | None) -> tuple[date, date]:
    """From when until when; both included. Only "days" uses the two that are given."""
    if period == "days":
        return since or today, until or today
    return today - LOOKS_BACK[period], today


def problems_of(asked: Asked, today: date) -> tuple[Problem, ...]:
    """Everything that keeps this question from being asked."""
    found = []
    if asked.question == "who_saw" and asked.person is None:
        found.append(Problem("person", "form.missing"))
    if asked.question == "what_opened" and asked.staff is None:
        found.append(Problem("staff", "form.choose"))
    if asked.since > today:
        found.append(Problem("from", "form.date_in_future"))
    if asked.until > today:
        found.append(Problem("until", "form.date_in_future"))
    if asked.until < asked.since:
        found.append(Problem("until", "form.order_of_days"))
    return tuple(found)


def is_outside_hours(at: datetime) -> bool:
    """In a weekend, or on another day before seven or from seven in the evening on, in the Netherlands."""
    here = at.astimezone(AMSTERDAM)
    return here.weekday() >= _SATURDAY or not WORK_BEGINS <= here.time() < WORK_ENDS
