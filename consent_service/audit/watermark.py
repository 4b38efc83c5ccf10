"""Who keeps the log waiting: the oldest open transaction, and an alarm that names it.

Entries get their place below the watermark only: once every older transaction of the whole PostgreSQL
server has ended, in whichever database. Transactions of this service are short (`foundation.database`);
somebody else's may not be. SQLite has one writer, and no watermark.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.database import TRANSACTION_SECONDS

ALARM_AFTER: Final = timedelta(seconds=TRANSACTION_SECONDS)
"""No transaction of this service lasts longer: what holds an entry up longer is something else."""
_SHOWN: Final = 64
_report = structlog.get_logger(__name__)

# Every transaction with a number locks that number, and everybody may read pg_locks; what pg_stat_activity
# says of other users' sessions needs pg_read_all_stats. A prepared transaction has no process.
_HOLDER: Final = text(
    "SELECT l.pid, a.application_name, p.gid,"
    " extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared))::float AS seconds"
    " FROM pg_locks l"
    " LEFT JOIN pg_stat_activity a ON a.pid = l.pid"
    " LEFT JOIN pg_prepared_xacts p ON p.transaction = l.transactionid"
    " WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted"
    " AND l.transactionid::text::bigint ="
    " mod(pg_snapshot_xmin(pg_current_snapshot())::text::bigint, 4294967296)"
)


class Blocker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The transaction that holds the watermark; `pid` is None for a prepared one, which has no process.

    `seconds` is how long it has been open, None where this database user may not know.
    """

    pid: int | None
    seconds: float | None
    application: str


async def blocker(conn: AsyncConnection) -> Blocker | None:
    """The oldest open transaction of the server; None when there is none, and always on SQLite."""
    if conn.dialect.name == "sqlite":
        return None
    row = (await conn.execute(_HOLDER)).first()
    if row is None:
        return None
    named = row.application_name or ("prepared transaction" if row.gid else "")
    return Blocker(row.pid, row.seconds, _shown(named))


class WatermarkAlarm:
    """Says in the log of the process who holds the watermark: once for each, and once when it is free."""

    def __init__(self) -> None:
        self._told: Blocker | None = None

    @property
    def is_on(self) -> bool:
        """Whether somebody holds entries up for too long."""
        return self._told is not None

    def tell(self, found: Blocker | None, waited: timedelta) -> None:
        """`found` has kept an entry waiting for so long; None: nobody does."""
        before, self._told = self._told, found
        if found is not None and (before is None or before.pid != found.pid):
            _report.error(
                "audit.watermark.held",
                pid=found.pid,
                open_seconds=None if found.seconds is None else round(found.seconds),
                application=found.application,
                waited_seconds=round(waited.total_seconds()),
            )
        elif found is None and before is not None:
            _report.info("audit.watermark.free", pid=before.pid)


def _shown(name: str) -> str:
    """A client chooses its name: printable ASCII only, and not much of it."""
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in name)[:_SHOWN]
