"""How people were asked: by whom, at which device, how fast. Ids and numbers, for who looks at patterns.

What was answered about which child is in it and goes no further than `rights.patterns`, which counts.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.model import Method
from consent_service.consent.states import DecisionKind
from consent_service.consent.tables import consent_ledger, sittings
from consent_service.foundation.ids import PersonId, RelationshipId, StaffId, TenantId, TypeKey


class AskedAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row of the ledger as a way of asking; `counsellor` held the sitting or typed the answer in."""

    relationship: RelationshipId
    information_type: TypeKey
    person: PersonId
    kind: DecisionKind
    method: Method
    recorded_at: datetime
    text_hash: str = ""
    sitting: str | None = None
    counsellor: StaffId | None = None
    device: str | None = None
    seconds_shown: int | None = None
    valid_until: datetime | None = None


class SignedSitting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One conversation that was signed, at a device."""

    sitting: str
    counsellor: StaffId
    device: str
    signed_at: datetime


async def read_asked(conn: AsyncConnection, tenant: TenantId, since: datetime) -> tuple[AskedAnswer, ...]:
    """Every answer since then, in the order of the ledger."""
    ledger = consent_ledger.c
    held = (sittings.c.tenant == ledger.tenant) & (sittings.c.sitting == ledger.sitting)
    query = (
        select(consent_ledger, func.coalesce(ledger.entered_by, sittings.c.counsellor).label("asked_by"))
        .join_from(consent_ledger, sittings, held, isouter=True)
        .where(ledger.tenant == tenant, ledger.recorded_at >= since)
        .order_by(ledger.recorded_at, ledger.decision)
    )
    return tuple(
        AskedAnswer(
            relationship=RelationshipId(row.relationship),
            information_type=TypeKey(row.information_type),
            person=PersonId(row.person),
            kind=row.kind,
            method=row.method,
            recorded_at=row.recorded_at,
            text_hash=row.text_hash,
            sitting=row.sitting,
            counsellor=None if row.asked_by is None else StaffId(row.asked_by),
            device=row.device,
            seconds_shown=row.seconds_shown,
            valid_until=row.valid_until,
        )
        for row in await conn.execute(query)
    )


async def read_signed(conn: AsyncConnection, tenant: TenantId, since: datetime) -> tuple[SignedSitting, ...]:
    """Every conversation that was signed since then at a known device, in order of time."""
    query = (
        select(sittings)
        .where(sittings.c.tenant == tenant, sittings.c.outcome == "signed")
        .where(sittings.c.finished_at >= since, sittings.c.device.is_not(None))
        .order_by(sittings.c.finished_at, sittings.c.sitting)
    )
    return tuple(
        SignedSitting(row.sitting, StaffId(row.counsellor), row.device, row.finished_at)
        for row in await conn.execute(query)
    )
