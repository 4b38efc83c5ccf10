"""Whether the database goes on counting its transactions where it left off.

Entries get their place in the order of the transactions they were written in. PostgreSQL counts those per
server: data that went through `pg_dump` into another one meets numbers that begin anew, and what is
written then would never get a place. What to do about it stands in keys/README.md.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.expression import literal_column

from consent_service.audit.tables import audit_entries, audit_logs
from consent_service.foundation.errors import ConfigurationError

_NEXT = literal_column("pg_snapshot_xmax(pg_current_snapshot())::text::bigint", BigInteger)


async def require_numbers_go_on(conn: AsyncConnection) -> None:
    """Refuse a database that holds entries of transactions it has not had; SQLite has no such numbers.

    Raises:
        ConfigurationError: that is so.
    """
    if conn.dialect.name == "sqlite":
        return
    for tenant in (await conn.execute(select(audit_logs.c.tenant).distinct())).scalars().all():
        newest = select(func.max(audit_entries.c.xid)).where(audit_entries.c.tenant == tenant)
        if (await conn.execute(select(newest.scalar_subquery() >= _NEXT))).scalar_one():
            raise ConfigurationError(
                "database: its transaction numbers began anew, so that entries of the log would get no "
                "place; see 'Moving to another PostgreSQL server' in keys/README.md"
            )
