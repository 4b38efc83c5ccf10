"""Events of retention (AVG 5(1)(e)): what went because its period was over, and what is held instead.

None of them names a family: a hold says whom it is about in its own row, as long as it stands.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import RecordId, RelationshipId, TypeKey


class RecordExpired(Happening, frozen=True, tag="record.expired.v1"):
    """The period of its type was over: it was destroyed. `digest` commits to what is left of the type."""

    relationship: RelationshipId
    record: RecordId
    version: int
    information_type: TypeKey
    digest: Code = ""


class RetentionRan(Happening, frozen=True, tag="retention.ran.v1"):
    """A run ended: how many records, keys of a child at a school, families, members of staff and other rows
    went, and how much could not be done."""

    run: Code
    records: int
    keys: int
    families: int
    staff: int
    rows: int
    failed: int = 0


class RetentionHeld(Happening, frozen=True, tag="retention.held.v1"):
    """Something is kept although its period is over (AVG 17(3)), or no longer."""

    hold: Code
    act: Literal["placed", "lifted"]
    ground: Code
    review_on: date


class RetentionScheduled(Happening, frozen=True, tag="retention.scheduled.v1"):
    """A coordinator proposed the periods as they are, or another one stands behind them too."""

    schedule: Code
    act: Literal["proposed", "approved"]
    periods: Code


RetentionEvent = RecordExpired | RetentionRan | RetentionHeld | RetentionScheduled
