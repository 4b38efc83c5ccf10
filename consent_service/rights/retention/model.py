"""From which moment something may no longer be kept, and what a hold, a run and a preview are. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, Literal, assert_never

import msgspec

from consent_service.consent.model import add_months
from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import FamilyId, PersonId, StaffId, TypeKey
from consent_service.information.model import AfterGuidance, InformationType

HoldGround = Literal["claim", "needed_by_person", "authority", "complaint"]
"""A claim in court (AVG 17(3)(e)); the person needs it for one (18(1)(c)); an authority asked for it in an
inquiry (17(3)(b)); a complaint that is being handled (17(3)(e))."""
GROUNDS: Final[tuple[HoldGround, ...]] = ("claim", "needed_by_person", "authority", "complaint")
LONGEST_HOLD_MONTHS: Final = 12
"""Somebody looks again at least once a year."""
HoldProblem = Literal["retention.review_past", "retention.review_far"]


class Own(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="own"):
    """So long after its own moment, by the calendar of the Netherlands: months first, then days."""

    months: int = 0
    days: int = 0


class OfCatalogue(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="of_catalogue"
):
    """By the period of its information type."""


class WithFamily(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="with_family"
):
    """With the family, so long after the end of its guidance."""

    months: int


class AfterSchool(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="after_school"
):
    """Once the work with the school ended, and no record that its longest period still keeps is left."""


class WithStaff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="with_staff"):
    """With the member of staff, so long after leaving."""

    months: int


class WhileUsed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="while_used"):
    """As long as it is in use; what ends it takes it away."""


class OfLog(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="of_log"):
    """Entries of the log, at least so long; a coordinator then lets them go (`pruning`)."""

    months: int


class Always(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="always"):
    """It is of nobody, and something rests on it."""


Period = Own | OfCatalogue | WithFamily | AfterSchool | WithStaff | WhileUsed | OfLog | Always


class NewHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keep everything about this family, or this child, by its id; until when somebody looks again."""

    subject: str
    ground: HoldGround
    review_on: date


class Hold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One hold; `family` is empty once it was lifted."""

    hold: str
    family: FamilyId | None
    child: PersonId | None
    ground: HoldGround
    review_on: date
    placed_by: StaffId
    placed_at: datetime
    lifted_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """It still keeps things from going."""
        return self.lifted_at is None


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The periods as two coordinators stand behind them; one proposes, another approves."""

    schedule: str
    periods: str
    proposed_by: StaffId
    proposed_at: datetime
    approved_by: StaffId | None = None
    approved_at: datetime | None = None


class Done(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is gone: records, keys of children at schools, families, members of staff, other rows.

    `failed`: how much could not be done, and is tried again the next day.
    """

    records: int = 0
    keys: int = 0
    families: int = 0
    staff: int = 0
    rows: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """How many things went."""
        return self.records + self.keys + self.families + self.staff + self.rows

    def plus(self, more: Done) -> Done:
        """Both together."""
        both = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(more), strict=True)
        return Done(*(one + other for one, other in both))


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One look at everything: how much was expected when it began, and what is done so far."""

    run: str
    asked_by: StaffId | None
    started_at: datetime
    ended_at: datetime | None
    expected: int
    done: Done


class Past(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many are past their period: these go with the next run, those are held."""

    going: int = 0
    held: int = 0


class RetentionPreview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is past its period now. Families wait where no two coordinators stand behind the periods."""

    records: dict[TypeKey, Past]
    keys: Past
    families: Past
    staff: Past
    tables: dict[str, Past]

    @property
    def going(self) -> int:
        """Everything that goes with the next run, where families and staff may go."""
        parts = (*self.records.values(), self.keys, self.families, self.staff, *self.tables.values())
        return sum(one.going for one in parts)


def record_due(
    kind: InformationType | None, expires_at: datetime | None, guidance_ended: datetime | None
) -> datetime | None:
    """When a record is past its period; None: not as long as guidance goes on.

    What has no day of its own goes so many months after guidance as its type says, else at its end: a type
    that is kept until it changes, and one that is in no catalogue any more. For a child at a school guidance
    ends when the work with that school does: from then on nobody reads it.
    """
    if expires_at is not None or guidance_ended is None:
        return expires_at
    months = kind.retention.months if kind and isinstance(kind.retention, AfterGuidance) else 0
    return months_after(guidance_ended, months) if months else guidance_ended


def months_after(moment: datetime, months: int) -> datetime:
    """The beginning of the same day so many months later; of the last of a month that is shorter."""
    return local_midnight(add_months(local_date(moment), months))


def last_day_past(today: date, months: int) -> date:
    """The newest day of which the same day so many months later has come."""
    found = add_months(today, -months)
    while add_months(following := found + timedelta(days=1), months) <= today:
        found = following
    return found


def past_before(period: Own, now: datetime) -> datetime:
    """Whatever is of before this moment is past its period."""
    if period.months:
        return local_midnight(last_day_past(local_date(now), period.months) + timedelta(days=1))
    return now - timedelta(days=period.days)


def is_past(period: Own, moment: datetime, now: datetime) -> bool:
    """Whether what is of this moment is past its period; the same as `past_before` says."""
    if period.months:
        return months_after(moment, period.months) <= now
    return moment < now - timedelta(days=period.days)


def check_hold(new: NewHold, today: date) -> list[Problem]:
    """What is wrong with the day on which somebody looks again."""
    if new.review_on <= today:
        return [Problem("review_on", "retention.review_past")]
    if new.review_on > add_months(today, LONGEST_HOLD_MONTHS):
        return [Problem("review_on", "retention.review_far")]
    return []


def period_code(period: Period) -> str:
    """A short name of a period, for the hash of a schedule."""
    match period:
        case Own(months=months, days=days):
            return f"own_{months}_{days}"
        case WithFamily(months=months) | WithStaff(months=months) | OfLog(months=months):
            return f"{type(period).__name__}_{months}"
        case OfCatalogue() | AfterSchool() | WhileUsed() | Always():
            return type(period).__name__
        case _:
            assert_never(period)
