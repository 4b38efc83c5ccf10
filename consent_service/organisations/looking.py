"""Reading organisations: shelters, schools, agreements, staff, and which families a counsellor is with.

What changes them is `service`, which stands on this and is the only door.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import AgreementId, FamilyId, SchoolId, StaffId, TenantId
from consent_service.identity.establishment import normalised_establishment_code
from consent_service.identity.model import Counsellor, StaffActor
from consent_service.keyring.service import KeyRing
from consent_service.organisations.identity_data import open_name
from consent_service.organisations.model import (
    Agreement,
    School,
    StaffMember,
    Succession,
    Tenant,
    acting_as,
    unpack_days,
)
from consent_service.organisations.tables import (
    agreements,
    assignments,
    school_successions,
    schools,
    staff,
    tenants,
)


class OrganisationRegister:
    """What is known of shelters, schools, agreements, staff and assignments."""

    def __init__(self, *, database: Database, ring: KeyRing, clock: Clock) -> None:
        self._database = database
        self._ring = ring
        self._clock = clock

    async def is_assigned(self, conn: AsyncConnection, counsellor: Counsellor, family: FamilyId) -> bool:
        """Whether the counsellor is with the family now, regularly or standing in."""
        query = (
            select(assignments.c.assignment)
            .where(self._assigned_now(counsellor), assignments.c.family == family)
            .limit(1)
        )
        return (await conn.execute(query)).first() is not None

    async def families_of(self, conn: AsyncConnection, counsellor: Counsellor) -> tuple[FamilyId, ...]:
        """The families the counsellor is with now, oldest first."""
        query = (
            select(assignments.c.family)
            .where(self._assigned_now(counsellor))
            .order_by(assignments.c.starts_at, assignments.c.family)
        )
        rows = (await conn.execute(query)).scalars()
        return tuple(dict.fromkeys(FamilyId(family) for family in rows))

    async def stands_in_for(self, conn: AsyncConnection, counsellor: Counsellor) -> frozenset[FamilyId]:
        """The families the counsellor is with now only as a substitute."""
        query = select(assignments.c.family, assignments.c.kind).where(self._assigned_now(counsellor))
        kinds: dict[FamilyId, set[str]] = {}
        for row in await conn.execute(query):
            kinds.setdefault(FamilyId(row.family), set()).add(row.kind)
        return frozenset(family for family, found in kinds.items() if found == {"substitute"})

    async def tenant(self, tenant: TenantId) -> Tenant:
        """The shelter.

        Raises:
            NotFoundError: no such shelter.
        """
        async with self._database.reading() as conn:
            return await tenant_in(conn, tenant)

    async def tenants(self) -> tuple[Tenant, ...]:
        """Every shelter of the installation, oldest first."""
        async with self._database.reading() as conn:
            rows = (await conn.execute(select(tenants).order_by(tenants.c.tenant))).all()
        return tuple(_tenant_from(row) for row in rows)

    async def schools(self, tenant: TenantId) -> tuple[School, ...]:
        """The schools of a shelter, by name."""
        query = select(schools).where(schools.c.tenant == tenant).order_by(schools.c.name)
        async with self._database.reading() as conn:
            return tuple(_school_from(row) for row in await conn.execute(query))

    async def school(self, tenant: TenantId, school: SchoolId) -> School:
        """The school.

        Raises:
            NotFoundError: no such school with this shelter.
        """
        async with self._database.reading() as conn:
            found = await school_in(conn, tenant, school)
        if found is None:
            raise NotFoundError("school")
        return found

    async def school_by_code(self, tenant: TenantId, entered: str) -> School | None:
        """The school with this establishment code, however it was typed."""
        async with self._database.reading() as conn:
            return await school_with_code(conn, tenant, normalised_establishment_code(entered))

    async def agreements_with(
        self, conn: AsyncConnection, tenant: TenantId, school: SchoolId
    ) -> tuple[Agreement, ...]:
        """All agreements with a school, also those that ended, oldest first."""
        query = (
            select(agreements)
            .where(agreements.c.tenant == tenant, agreements.c.school == school)
            .order_by(agreements.c.agreement)
        )
        return tuple(_agreement_from(row) for row in await conn.execute(query))

    async def successions_of(
        self, conn: AsyncConnection, tenant: TenantId, school: SchoolId
    ) -> tuple[Succession, ...]:
        """As which schools this one goes on, oldest first."""
        query = (
            select(school_successions)
            .where(school_successions.c.tenant == tenant, school_successions.c.school == school)
            .order_by(school_successions.c.succession)
        )
        return tuple(
            Succession(
                row.succession, SchoolId(row.school), SchoolId(row.successor), row.document, row.decided_on
            )
            for row in await conn.execute(query)
        )

    async def teams(self, conn: AsyncConnection, tenant: TenantId) -> dict[StaffId, str]:
        """In which team each counsellor works or worked, by code; without names."""
        query = select(staff.c.staff, staff.c.team).where(
            staff.c.tenant == tenant, staff.c.kind == "counsellor"
        )
        return {StaffId(row.staff): row.team or "" for row in await conn.execute(query)}

    async def staff_members(
        self, conn: AsyncConnection, tenant: TenantId, members: Iterable[StaffId] | None = None
    ) -> tuple[StaffMember, ...]:
        """Members of staff with opened names; all of the tenant when `members` is not given."""
        query = select(staff).where(staff.c.tenant == tenant).order_by(staff.c.staff)
        if members is not None:
            query = query.where(staff.c.staff.in_(sorted(set(members))))
        rows = (await conn.execute(query)).all()
        keys = await self._ring.person_keys(conn, tenant, [row.staff for row in rows])
        return tuple(
            _member_from(row, open_name(self._ring, keys[row.staff], row.sealed_name))
            for row in rows
            if row.staff in keys
        )

    async def staff_of_school(
        self, conn: AsyncConnection, tenant: TenantId, school: SchoolId
    ) -> tuple[StaffMember, ...]:
        """Who works at a school now, as far as this shelter knows."""
        query = select(staff.c.staff).where(
            staff.c.tenant == tenant, staff.c.school == school, staff.c.ended_at.is_(None)
        )
        members = [StaffId(member) for member in (await conn.execute(query)).scalars()]
        return await self.staff_members(conn, tenant, members)

    def _assigned_now(self, counsellor: Counsellor) -> ColumnElement[bool]:
        now = self._clock.now()
        return and_(
            assignments.c.tenant == counsellor.tenant,
            assignments.c.staff == counsellor.staff,
            assignments.c.starts_at <= now,
            assignments.c.ends_at.is_(None) | (assignments.c.ends_at > now),
        )


async def tenant_in(conn: AsyncConnection, tenant: TenantId) -> Tenant:
    """The shelter, within the caller's transaction.

    Raises:
        NotFoundError: no such shelter.
    """
    row = (await conn.execute(select(tenants).where(tenants.c.tenant == tenant))).first()
    if row is None:
        raise NotFoundError("tenant")
    return _tenant_from(row)


async def school_in(conn: AsyncConnection, tenant: TenantId, school: SchoolId) -> School | None:
    """One school of the shelter, within the caller's transaction."""
    query = select(schools).where(schools.c.tenant == tenant, schools.c.school == school)
    row = (await conn.execute(query)).first()
    return None if row is None else _school_from(row)


async def school_of(conn: AsyncConnection, tenant: TenantId, member: StaffId) -> SchoolId | None:
    """Of which school this member of staff is or was; None for the shelter's own people and for nobody."""
    query = select(staff.c.school).where(staff.c.tenant == tenant, staff.c.staff == member)
    school: str | None = (await conn.execute(query)).scalar_one_or_none()
    return None if school is None else SchoolId(school)


async def school_with_code(conn: AsyncConnection, tenant: TenantId, code: str) -> School | None:
    """The school with a normalised establishment code, within the caller's transaction."""
    query = select(schools).where(schools.c.tenant == tenant, schools.c.establishment_code == code)
    row = (await conn.execute(query)).first()
    return None if row is None else _school_from(row)


async def working_in(
    conn: AsyncConnection, tenant: TenantId, member: StaffId
) -> tuple[StaffActor, str] | None:
    """Who this member is after logging in, and the code of the school; None for who does not work here now.

    Whoever ends the member waits until the caller's transaction is over.
    """
    query = (
        select(staff, schools.c.establishment_code)
        .outerjoin(schools, (schools.c.tenant == staff.c.tenant) & (schools.c.school == staff.c.school))
        .where(staff.c.tenant == tenant, staff.c.staff == member, staff.c.ended_at.is_(None))
    )
    row = (await conn.execute(query.with_for_update(of=staff))).first()
    if row is None:
        return None
    return acting_as(_member_from(row, "")), row.establishment_code or ""


def _tenant_from(row: Row[Any]) -> Tenant:
    return Tenant(TenantId(row.tenant), row.name, row.neutral_name, row.phone)


def _agreement_from(row: Row[Any]) -> Agreement:
    return Agreement(
        TenantId(row.tenant),
        AgreementId(row.agreement),
        SchoolId(row.school),
        row.valid_from,
        row.valid_until,
        row.ended_at,
    )


def _school_from(row: Row[Any]) -> School:
    return School(
        TenantId(row.tenant),
        SchoolId(row.school),
        row.establishment_code,
        row.name,
        row.street,
        row.town,
        row.phone,
    )


def _member_from(row: Row[Any], name: str) -> StaffMember:
    return StaffMember(
        tenant=TenantId(row.tenant),
        staff=StaffId(row.staff),
        kind=row.kind,
        name=name,
        school=None if row.school is None else SchoolId(row.school),
        role=row.role,
        working_days=unpack_days(row.working_days),
        ended_at=row.ended_at,
        team=row.team or "",
    )
