"""Records as values: sealed as they lie in the database, opened as a Permit allows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import assert_never

import msgspec

from consent_service.consent.model import add_months, school_year_end
from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.ids import EntryId, PersonId, RecordId, RelationshipId, StaffId, TypeKey
from consent_service.information.model import (
    AfterDate,
    AfterGuidance,
    Direction,
    ForMonths,
    ForSchoolDays,
    ForSchoolYear,
    InformationType,
    UntilChanged,
)


class SealedRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest version of one record, sealed."""

    record: RecordId
    relationship: RelationshipId
    information_type: TypeKey
    direction: Direction
    version: int
    author: StaffId
    about: PersonId | None
    approved_by: StaffId | None
    written_at: datetime
    expires_at: datetime | None
    envelope: bytes


class WrittenRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That something was written, by whom and when; never what."""

    record: RecordId
    relationship: RelationshipId
    information_type: TypeKey
    author: StaffId
    approved_by: StaffId | None
    written_at: datetime
    expires_at: datetime | None


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plaintext of one record: the fields of its information type, by name."""

    fields: dict[str, str]


class OpenedRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record whose fields a Permit allowed to be opened."""

    record: RecordId
    information_type: TypeKey
    direction: Direction
    version: int
    author: StaffId
    written_at: datetime
    fields: dict[str, str]
    expires_at: datetime | None = None


class Shared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Written, logged and committed. `needs_approval`: a second person must approve it first."""

    record: RecordId
    version: int
    entry: EntryId
    needs_approval: bool


class ShareRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Not written; `code` is the policy's reason, the attempt is logged (S17)."""

    information_type: TypeKey
    code: str
    entry: EntryId


def expires(kind: InformationType, fields: dict[str, str], written: datetime) -> datetime | None:
    """The moment (local midnight) from which a record may no longer be kept; None: by end of guidance.

    School days are counted Monday to Friday; holidays only make the period shorter in school days. Whoever
    knows the school's calendar says until when itself (`Along`).
    """
    day = local_date(written)
    retention = kind.retention
    match retention:
        case AfterGuidance() | UntilChanged():
            return None
        case ForMonths(months=months):
            return local_midnight(add_months(day, months))
        case ForSchoolDays(days=days):
            return local_midnight(_weekdays_later(day, days))
        case ForSchoolYear():
            return local_midnight(school_year_end(day))
        case AfterDate(field=field, months=months):
            start = fields.get(field)
            counted = max(day, date.fromisoformat(start)) if start else day
            return local_midnight(add_months(counted, months))
        case _:
            assert_never(retention)


def _weekdays_later(day: date, days: int) -> date:
    """The day after `days` weekdays, the first of which is `day` or the next weekday."""
    while days > 0:
        if day.weekday() < 5:
            days -= 1
        day += timedelta(days=1)
    return day
