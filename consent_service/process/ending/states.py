"""What can happen to a planned end of the work with one school, and what was entered of it. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, Literal

import msgspec

from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import FamilyId, RelationshipId
from consent_service.process.states import START, StateTable, Step

PlannedReason = Literal["moved_out", "changed_school"]
OtherHolder = Literal["only_holder", "agrees", "not_heard"]
EndState = Literal["waiting", "planned", "aftercare", "ended", "cancelled"]
REASONS: Final[tuple[PlannedReason, ...]] = ("moved_out", "changed_school")
OTHER_HOLDERS: Final[tuple[OtherHolder, ...]] = ("only_holder", "agrees", "not_heard")
OPEN: Final[frozenset[str]] = frozenset({"waiting", "planned", "aftercare"})
LONGEST_AFTERCARE: Final = timedelta(days=366)
FURTHEST: Final = timedelta(days=366)
_COUNSELLOR: Final = ("counsellor",)
_SYSTEM: Final = ("system",)

ENDING: Final = StateTable(
    "ending",
    (
        Step("plan", START, "planned", _COUNSELLOR),
        Step("warn", START, "waiting", _COUNSELLOR, when="another school, another holder not heard (S39)"),
        Step("hear_holder", "waiting", "planned", _COUNSELLOR, when="the other holder agrees"),
        Step("cancel", "waiting", "cancelled", _COUNSELLOR),
        Step("end", "waiting", "ended", _SYSTEM, when="the work with the school ended otherwise"),
        Step("cancel", "planned", "cancelled", _COUNSELLOR),
        Step("begin_aftercare", "planned", "aftercare", _SYSTEM, when="the last day of guidance is over"),
        Step("end", "planned", "ended", _SYSTEM, when="that day is over, or it ended otherwise"),
        Step("end", "aftercare", "ended", _SYSTEM, when="its last day is over, or it ended otherwise"),
    ),
)


class NewEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last day of guidance, the last day of aftercare if there is any, and whether all were heard."""

    reason: PlannedReason
    ends_on: date
    aftercare_until: date | None = None
    other_holder: OtherHolder = "not_heard"


class EndPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A planned end as it stands."""

    plan: str
    relationship: RelationshipId
    family: FamilyId
    reason: PlannedReason
    ends_on: date
    aftercare_until: date | None
    state: EndState


def check_end(new: NewEnd, *, today: date) -> tuple[Problem, ...]:
    """Everything that is wrong with the days, at once."""
    problems = []
    if not today <= new.ends_on <= today + FURTHEST:
        problems.append(Problem("ends_on", "ending.day"))
    until = new.aftercare_until
    if until is not None and not new.ends_on < until <= new.ends_on + LONGEST_AFTERCARE:
        problems.append(Problem("aftercare_until", "ending.aftercare"))
    return tuple(problems)


def waits(new: NewEnd, holders: int) -> bool:
    """Whether another holder of authority has to be heard first, as all are when a child leaves a school."""
    return new.reason == "changed_school" and holders > 1 and new.other_holder != "agrees"
