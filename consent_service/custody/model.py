"""How far a destruction has come. Pure; the sentences are `wording`.

A key is dead in three stages: `live_dead` when its row is deleted, so that nothing running can use it;
`path_dead` when every key above it was replaced and destroyed, so that an old copy of the data opens with
no living key; `backup_dead` when the last backup of keys that held the old path is gone (docs/KEYS.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal, TypeVar

import msgspec

from consent_service.audit.happenings.keys import Attempt
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import StaffId, TenantId

_Moment = TypeVar("_Moment", date, datetime)
Stage = Literal["live_dead", "path_dead", "backup_dead"]
NIGHT = timedelta(days=1)
"""The keys above a destroyed one are replaced in the night that follows."""


class Doomed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What cannot be read any more: a child at one school, or a child as a whole."""

    kind: Literal["relationship", "child"]
    id: str


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a privacy coordinator decided and an operator carries out."""

    tenant: TenantId
    coordinator: StaffId
    doomed: Doomed


class DestroyedKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One destroyed key: when it died here, above, and in backups."""

    destroyed_at: datetime
    path_dead_at: datetime | None = None
    backups_until: date | None = None
    backups_dead_at: datetime | None = None


class DestructionReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The stages of all keys together: each is reached when the last key has reached it.

    `path_expected_on` is the day by which the path should be dead, None where nothing says that it will be;
    `overdue` says that this day is over and it is not. `backups_until` is known once the path is dead.
    """

    doomed: Doomed
    keys: int
    live_dead_at: datetime
    path_expected_on: date | None
    path_dead_at: datetime | None = None
    overdue: bool = False
    backups_until: date | None = None
    backups_dead_at: datetime | None = None

    @property
    def stage(self) -> Stage:
        """The furthest stage that was reached."""
        if self.backups_dead_at is not None:
            return "backup_dead"
        return "live_dead" if self.path_dead_at is None else "path_dead"


class Destruction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of asking for one. `journalled`: accepted, carried out as soon as everything is up.

    `attempt` is what came of opening something sealed right afterwards, by the ordinary doors.
    """

    doomed: Doomed
    stage: Literal["journalled"] | Stage
    attempt: Attempt = "not_tried"
    report: DestructionReport | None = None


def report_of(
    doomed: Doomed, keys: Iterable[DestroyedKey], *, now: datetime, promised: bool
) -> DestructionReport | None:
    """The report over these keys; None when none was destroyed.

    `promised` says that the next night will see to the path; else no day is named that has not passed.
    """
    found = tuple(keys)
    if not found:
        return None
    live = max(key.destroyed_at for key in found)
    path = _last(key.path_dead_at for key in found)
    gone = None if path is None else _last(key.backups_dead_at for key in found)
    expected = local_date(live + NIGHT)
    overdue = path is None and expected < local_date(now)
    return DestructionReport(
        doomed=doomed,
        keys=len(found),
        live_dead_at=live,
        path_dead_at=path,
        path_expected_on=expected if promised or overdue or path is not None else None,
        overdue=overdue,
        backups_until=None if path is None else _last(key.backups_until for key in found),
        backups_dead_at=gone,
    )


def _last(moments: Iterable[_Moment | None]) -> _Moment | None:
    """The last of them, None as long as one is missing."""
    found = tuple(moments)
    known = [moment for moment in found if moment is not None]
    return max(known) if len(known) == len(found) else None
