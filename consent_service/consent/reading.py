"""Rows of the ledger as structs. Used by the services and, for its joined read, by `release.read`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.model import EVERYTHING, Decision
from consent_service.consent.tables import consent_ledger
from consent_service.foundation.ids import DecisionId, PersonId, RelationshipId, TenantId, TypeKey


async def read_decisions(
    conn: AsyncConnection, tenant: TenantId, relationships: Iterable[RelationshipId]
) -> tuple[Decision, ...]:
    """Everything the ledger holds about these relationships, in the order it was recorded."""
    query = (
        select(consent_ledger)
        .where(
            consent_ledger.c.tenant == tenant,
            consent_ledger.c.relationship.in_(sorted(set(relationships))),
        )
        .order_by(consent_ledger.c.recorded_at, consent_ledger.c.decision)
    )
    return tuple(decision_from(row) for row in await conn.execute(query))


async def has_stops(conn: AsyncConnection) -> bool:
    """Whether any stop ever reached the ledger, of whatever tenant."""
    query = select(consent_ledger.c.decision).where(consent_ledger.c.stop.is_not(None)).limit(1)
    return (await conn.execute(query)).first() is not None


def decision_from(row: Row[Any]) -> Decision:
    """A row of the ledger as a struct."""
    return Decision(
        decision=DecisionId(row.decision),
        relationship=RelationshipId(row.relationship),
        information_type=TypeKey(row.information_type),
        person=PersonId(row.person),
        capacity=row.capacity,
        kind=row.kind,
        decided_at=row.decided_at,
        recorded_at=row.recorded_at,
        valid_until=row.valid_until,
        concerns=None if row.concerns is None else DecisionId(row.concerns),
        text_version=row.text_version,
        method=row.method,
    )


async def talked_about(
    conn: AsyncConnection, tenant: TenantId, rows: Sequence[Decision]
) -> frozenset[tuple[RelationshipId, TypeKey]]:
    """What somebody said something about; a no to everything at once names no question."""
    query = select(consent_ledger.c.decision).where(
        consent_ledger.c.tenant == tenant,
        consent_ledger.c.relationship.in_(sorted({row.relationship for row in rows})),
        consent_ledger.c.reason == EVERYTHING,
    )
    at_once = frozenset((await conn.execute(query)).scalars())
    return frozenset((row.relationship, row.information_type) for row in rows if row.decision not in at_once)
