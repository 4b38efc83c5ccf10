"""Reads what the documents are made of. Of people only who is FG here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.custody.backup_rows import backups_not_dropped
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import INSTALLATION, SchoolId, StaffId, TenantId
from consent_service.identity.providers import all_providers
from consent_service.keyring.tables import key_epochs
from consent_service.organisations.looking import OrganisationRegister, school_in, tenant_in
from consent_service.organisations.model import Agreement, School, is_valid_on
from consent_service.organisations.tables import agreements, staff
from consent_service.rights.accountability.facts import Facts, Fixed


async def read_facts(
    conn: AsyncConnection, organisations: OrganisationRegister, tenant: TenantId, fixed: Fixed, at: datetime
) -> Facts:
    """Read what is known now.

    Raises:
        NotFoundError: no such shelter.
    """
    working = await _working(conn, tenant)
    officers = [StaffId(one) for one, kind in working if kind == "fg"]
    epochs = (
        select(func.count())
        .select_from(key_epochs)
        .where(key_epochs.c.tenant == INSTALLATION, key_epochs.c.state == "destroyed")
    )
    return Facts(
        tenant=await tenant_in(conn, tenant),
        schools=await _schools(conn, organisations, tenant, at),
        officers=tuple(sorted(one.name for one in await organisations.staff_members(conn, tenant, officers))),
        coordinators=sum(kind == "privacy_coordinator" for _, kind in working),
        login_providers=sum(not one.disabled for one in await all_providers(conn)),
        epochs=(await conn.execute(epochs)).scalar_one(),
        key_backups=len(await backups_not_dropped(conn)),
        configured=fixed.configured,
        catalogue=fixed.catalogue,
        labels=fixed.labels,
        base_uri=fixed.base_uri,
        at=at,
    )


async def _working(conn: AsyncConnection, tenant: TenantId) -> list[tuple[str, str]]:
    """Who works at the shelter now, by id and kind; without names."""
    query = select(staff.c.staff, staff.c.kind).where(
        staff.c.tenant == tenant, staff.c.school.is_(None), staff.c.ended_at.is_(None)
    )
    return [(row.staff, row.kind) for row in await conn.execute(query)]


async def _schools(
    conn: AsyncConnection, organisations: OrganisationRegister, tenant: TenantId, at: datetime
) -> tuple[tuple[School, Agreement], ...]:
    """Schools with an agreement that is valid today, by name."""
    query = select(agreements.c.school).where(agreements.c.tenant == tenant).distinct()
    found: list[tuple[School, Agreement]] = []
    for key in (await conn.execute(query)).scalars().all():
        school = await school_in(conn, tenant, SchoolId(key))
        valid = [
            one
            for one in await organisations.agreements_with(conn, tenant, SchoolId(key))
            if is_valid_on(one, local_date(at), at)
        ]
        if school is not None and valid:
            found.append((school, valid[-1]))
    return tuple(sorted(found, key=lambda one: (one[0].name, one[0].school)))
