"""Who puts a tenant's entries in order, where several processes could.

Leading only keeps processes from doing the same work. That no two of them ever make two histories is not
left to a lock: the primary keys of the sequence and of the checkpoints refuse the second (`sequencer`).
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Protocol

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.tables import audit_leases
from consent_service.foundation.database import TRANSACTION_SECONDS
from consent_service.foundation.ids import TenantId
from consent_service.foundation.settings import SequencerLock

LEASE: Final = timedelta(seconds=TRANSACTION_SECONDS)
"""How long nobody else leads after the last sign of life; then no batch of the one before runs any more."""
_RENEWED_BEFORE: Final = LEASE / 2


class Lead(Protocol):
    """How one sequencer finds out whether it leads."""

    async def takes(self, conn: AsyncConnection, tenant: TenantId, now: datetime) -> bool:
        """Whether this one puts the tenant's entries in order in the transaction of `conn`.

        Raises:
            sqlalchemy.exc.IntegrityError: another one was first to do so.
        """
        ...

    async def lets_go(self, conn: AsyncConnection, now: datetime) -> None:
        """Let somebody else lead at once, for all tenants."""
        ...


class TransactionLock:
    """Whoever gets PostgreSQL's advisory lock leads until its commit; on SQLite the one writer does."""

    async def takes(self, conn: AsyncConnection, tenant: TenantId, now: datetime) -> bool:  # noqa: ARG002
        if conn.dialect.name == "sqlite":
            return True
        digest = sha256(b"audit-sequencer/" + tenant.encode()).digest()
        number = int.from_bytes(digest[:8], "big", signed=True)
        return bool((await conn.execute(select(func.pg_try_advisory_xact_lock(number)))).scalar_one())

    async def lets_go(self, conn: AsyncConnection, now: datetime) -> None:
        """The lock ended with its transaction."""


class Lease:
    """A row names who leads and until when: for databases and poolers without advisory locks.

    A leader renews it when half of it is over, so that most batches only read it. Clocks of two machines
    that differ may let two lead for a while; then one of them is refused by the primary keys.
    """

    def __init__(self) -> None:
        self.holder: Final = secrets.token_hex(16)

    async def takes(self, conn: AsyncConnection, tenant: TenantId, now: datetime) -> bool:
        query = select(audit_leases.c.holder, audit_leases.c.until).where(audit_leases.c.tenant == tenant)
        row = (await conn.execute(query)).first()
        mine = {"holder": self.holder, "until": now + LEASE}
        if row is None:
            await conn.execute(insert(audit_leases).values(tenant=tenant, **mine))
            return True
        if row.until > now + (_RENEWED_BEFORE if row.holder == self.holder else timedelta()):
            return bool(row.holder == self.holder)
        as_read = (
            audit_leases.c.tenant == tenant,
            audit_leases.c.holder == row.holder,
            audit_leases.c.until == row.until,
        )
        return (await conn.execute(update(audit_leases).where(*as_read).values(**mine))).rowcount == 1

    async def lets_go(self, conn: AsyncConnection, now: datetime) -> None:
        own = update(audit_leases).where(audit_leases.c.holder == self.holder)
        await conn.execute(own.values(until=now))


def lead_by(lock: SequencerLock) -> Lead:
    """How processes agree under this setting."""
    return Lease() if lock == "lease" else TransactionLock()
