"""The door to organisations: register them, sign and end agreements, add and end staff, assign.

Who may call what is asked of `identity.permissions` first; every act writes its entry in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError, Problem
from consent_service.foundation.ids import (
    AgreementId,
    FamilyId,
    PersonId,
    SchoolId,
    StaffId,
    TenantId,
    new_id,
)
from consent_service.identity.model import Actor, Counsellor, by
from consent_service.identity.permissions import Action, Circumstances, Denied, may
from consent_service.identity.service import IdentityService
from consent_service.keyring.service import KeyRing
from consent_service.organisations.identity_data import open_name, seal_name
from consent_service.organisations.model import (
    Agreement,
    AssignmentKind,
    NewStaff,
    School,
    SchoolDetails,
    StaffMember,
    SubstituteReason,
    Tenant,
    check_school,
    check_staff,
    is_phone,
    normalised_establishment_code,
    pack_days,
    unpack_days,
)
from consent_service.organisations.relationship_state import raise_school
from consent_service.organisations.tables import agreements, assignments, schools, staff, tenants


def require(actor: Actor, action: Action, facts: Circumstances) -> None:
    """Go on only when the permission table allows it.

    Raises:
        NotAllowedError: it does not.
    """
    answer = may(actor, action, facts)
    if isinstance(answer, Denied):
        raise NotAllowedError(f"{action}: {answer.code}")


class OrganisationService:
    """Shelters, schools, agreements, staff and assignments."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        identity: IdentityService,
        log_host: str,
    ) -> None:
        self._database = database
        self._identity = identity
        self._log_host = log_host
        self._ring = ring
        self._log = log
        self._clock = clock

    async def register_tenant(
        self, actor: Actor, *, name: str, neutral_name: str, phone: str
    ) -> TenantId:
        """A new shelter with its own keys and its own log.

        Raises:
            InputError: a name is missing or the phone number is none.
            NotAllowedError: only the operator registers shelters.
        """
        require(actor, Action.REGISTER_TENANT, Circumstances())
        problems = [
            Problem(field, "required")
            for field, value in (("name", name), ("neutral_name", neutral_name))
            if not value.strip()
        ]
        if not is_phone(phone):
            problems.append(Problem("phone", "phone_form"))
        if problems:
            raise InputError(problems)
        tenant = TenantId(new_id())
        async with self._database.transaction() as conn:
            await self._ring.create_tenant(conn, tenant)
            await self._log.open(conn, tenant=tenant, host=self._log_host)
            await conn.execute(
                insert(tenants).values(
                    tenant=tenant,
                    name=name.strip(),
                    neutral_name=neutral_name.strip(),
                    phone=phone.strip(),
                    created_at=self._clock.now(),
                )
            )
            await self._log.append(
                conn, tenant=tenant, event=events.TenantRegistered(tenant), by=by(actor), subject=None
            )
        return tenant

    async def register_school(
        self, actor: Actor, tenant: TenantId, details: SchoolDetails
    ) -> SchoolId:
        """A school the shelter may have an agreement with.

        Raises:
            InputError: every problem at once, also an establishment code that is taken.
        """
        require(actor, Action.REGISTER_SCHOOL, Circumstances(tenant=tenant))
        problems = check_school(details)
        if problems:
            raise InputError(problems)
        school = SchoolId(new_id())
        code = normalised_establishment_code(details.establishment_code)
        async with self._database.transaction() as conn:
            if await _school_by_code(conn, tenant, code) is not None:
                raise InputError([Problem("establishment_code", "establishment_code_taken")])
            await conn.execute(
                insert(schools).values(
                    tenant=tenant,
                    school=school,
                    establishment_code=code,
                    name=details.name.strip(),
                    street=details.street.strip(),
                    town=details.town.strip(),
                    phone=details.phone.strip(),
                    created_at=self._clock.now(),
                )
            )
            event = events.SchoolRegistered(school=school)
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=None)
        return school

    async def sign_agreement(
        self,
        actor: Actor,
        tenant: TenantId,
        school: SchoolId,
        *,
        valid_from: date,
        valid_until: date | None,
    ) -> AgreementId:
        """The convenant with a school; without a valid one nothing is released to it.

        Raises:
            InputError: it would end before it begins, or the school is not known.
        """
        require(actor, Action.REGISTER_AGREEMENT, Circumstances(tenant=tenant, school=school))
        if valid_until is not None and valid_until < valid_from:
            raise InputError([Problem("valid_until", "ends_before_start")])
        agreement = AgreementId(new_id())
        async with self._database.transaction() as conn:
            if await self._school(conn, tenant, school) is None:
                raise InputError([Problem("school", "school_unknown")])
            await conn.execute(
                insert(agreements).values(
                    tenant=tenant,
                    agreement=agreement,
                    school=school,
                    valid_from=valid_from,
                    valid_until=valid_until,
                    created_at=self._clock.now(),
                )
            )
            await raise_school(conn, tenant, school, self._clock.now())
            event = events.AgreementSigned(agreement, school, valid_from, valid_until)
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=None)
        return agreement

    async def end_agreement(self, actor: Actor, tenant: TenantId, agreement: AgreementId) -> None:
        """From now on nothing is released to the school under this agreement.

        Raises:
            NotFoundError: no such agreement in force.
        """
        require(actor, Action.END_AGREEMENT, Circumstances(tenant=tenant))
        now = self._clock.now()
        async with self._database.transaction() as conn:
            ended = await conn.execute(
                update(agreements)
                .where(agreements.c.tenant == tenant, agreements.c.agreement == agreement)
                .where(agreements.c.ended_at.is_(None))
                .values(ended_at=now)
                .returning(agreements.c.school)
            )
            school = ended.scalar_one_or_none()
            if school is None:
                raise NotFoundError("agreement")
            await raise_school(conn, tenant, SchoolId(school), now)
            event = events.AgreementEnded(agreement=agreement, school=SchoolId(school))
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=None)

    async def add_staff(self, actor: Actor, tenant: TenantId, new: NewStaff) -> StaffId:
        """A member of staff with a sealed name; logging in is linked separately by `identity`.

        Raises:
            InputError: every problem at once.
        """
        require(actor, Action.REGISTER_STAFF, Circumstances(tenant=tenant))
        problems = check_staff(new)
        if problems:
            raise InputError(problems)
        member = StaffId(new_id())
        person = PersonId(member)
        async with self._database.transaction() as conn:
            if new.school is not None and await self._school(conn, tenant, new.school) is None:
                raise InputError([Problem("school", "school_unknown")])
            key = await self._ring.create_person_key(conn, tenant, person)
            await conn.execute(
                insert(staff).values(
                    tenant=tenant,
                    staff=member,
                    kind=new.kind,
                    school=new.school,
                    role=new.role,
                    working_days=pack_days(new.working_days),
                    sealed_name=seal_name(self._ring, key, new.name.strip()),
                    created_at=self._clock.now(),
                )
            )
            event = events.StaffAdded(staff=member, role=new.role or new.kind)
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=person)
        return member

    async def end_staff(self, actor: Actor, tenant: TenantId, member: StaffId) -> None:
        """The member left: contact lists and assignments no longer count from this moment (S15).

        Raises:
            NotFoundError: nobody with this id works here.
        """
        require(actor, Action.END_STAFF, Circumstances(tenant=tenant))
        now = self._clock.now()
        async with self._database.transaction() as conn:
            row = (
                await conn.execute(
                    update(staff)
                    .where(staff.c.tenant == tenant, staff.c.staff == member)
                    .where(staff.c.ended_at.is_(None))
                    .values(ended_at=now)
                    .returning(staff.c.school)
                )
            ).first()
            if row is None:
                raise NotFoundError("staff")
            await conn.execute(
                update(assignments)
                .where(assignments.c.tenant == tenant, assignments.c.staff == member)
                .where(assignments.c.ends_at.is_(None) | (assignments.c.ends_at > now))
                .values(ends_at=now)
            )
            await self._identity.unlink_staff_in(conn, actor, tenant, member)
            if row.school is not None:
                await raise_school(conn, tenant, row.school, now)
            await self._log.append(
                conn,
                tenant=tenant,
                event=events.StaffEnded(staff=member),
                by=by(actor),
                subject=PersonId(member),
            )

    async def assign_in(
        self,
        conn: AsyncConnection,
        actor: Actor,
        *,
        tenant: TenantId,
        member: StaffId,
        family: FamilyId,
        kind: AssignmentKind = "regular",
        reason: SubstituteReason | None = None,
        ends_at: datetime | None = None,
    ) -> None:
        """Put a counsellor with a family, inside the caller's transaction (the caller has asked `may`)."""
        await conn.execute(
            insert(assignments).values(
                tenant=tenant,
                assignment=new_id(),
                staff=member,
                family=family,
                kind=kind,
                reason=reason,
                starts_at=self._clock.now(),
                ends_at=ends_at,
            )
        )
        event = (
            events.AssignmentStarted(staff=member, family=family)
            if reason is None
            else events.SubstituteAccess(family=family, reason=reason)
        )
        await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=PersonId(member))

    async def is_assigned(
        self, conn: AsyncConnection, counsellor: Counsellor, family: FamilyId
    ) -> bool:
        """Whether the counsellor is with the family now, regularly or standing in."""
        now = self._clock.now()
        query = (
            select(assignments.c.assignment)
            .where(assignments.c.tenant == counsellor.tenant)
            .where(assignments.c.staff == counsellor.staff, assignments.c.family == family)
            .where(assignments.c.starts_at <= now)
            .where(assignments.c.ends_at.is_(None) | (assignments.c.ends_at > now))
            .limit(1)
        )
        return (await conn.execute(query)).first() is not None

    async def families_of(self, conn: AsyncConnection, counsellor: Counsellor) -> tuple[FamilyId, ...]:
        """The families the counsellor is with now, oldest first."""
        now = self._clock.now()
        query = (
            select(assignments.c.family)
            .where(assignments.c.tenant == counsellor.tenant, assignments.c.staff == counsellor.staff)
            .where(assignments.c.starts_at <= now)
            .where(assignments.c.ends_at.is_(None) | (assignments.c.ends_at > now))
            .order_by(assignments.c.starts_at, assignments.c.family)
        )
        rows = (await conn.execute(query)).scalars()
        return tuple(dict.fromkeys(FamilyId(family) for family in rows))

    async def tenant(self, tenant: TenantId) -> Tenant:
        """The shelter.

        Raises:
            NotFoundError: no such shelter.
        """
        async with self._database.reading() as conn:
            row = (await conn.execute(select(tenants).where(tenants.c.tenant == tenant))).first()
        if row is None:
            raise NotFoundError("tenant")
        return Tenant(TenantId(row.tenant), row.name, row.neutral_name, row.phone)

    async def tenants(self) -> tuple[Tenant, ...]:
        """Every shelter of the installation, oldest first."""
        async with self._database.reading() as conn:
            rows = (await conn.execute(select(tenants).order_by(tenants.c.tenant))).all()
        return tuple(
            Tenant(TenantId(row.tenant), row.name, row.neutral_name, row.phone) for row in rows
        )

    async def schools(self, tenant: TenantId) -> tuple[School, ...]:
        """The schools of a shelter, by name."""
        query = select(schools).where(schools.c.tenant == tenant).order_by(schools.c.name)
        async with self._database.reading() as conn:
            return tuple(_school_from(row) for row in await conn.execute(query))

    async def school_by_code(self, tenant: TenantId, entered: str) -> School | None:
        """The school with this establishment code, however it was typed."""
        async with self._database.reading() as conn:
            return await _school_by_code(conn, tenant, normalised_establishment_code(entered))

    async def agreements_with(
        self, conn: AsyncConnection, tenant: TenantId, school: SchoolId
    ) -> tuple[Agreement, ...]:
        """All agreements with a school, also those that ended."""
        query = select(agreements).where(
            agreements.c.tenant == tenant, agreements.c.school == school
        )
        return tuple(
            Agreement(
                TenantId(row.tenant),
                AgreementId(row.agreement),
                SchoolId(row.school),
                row.valid_from,
                row.valid_until,
                row.ended_at,
            )
            for row in await conn.execute(query)
        )

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

    async def _school(self, conn: AsyncConnection, tenant: TenantId, school: SchoolId) -> School | None:
        query = select(schools).where(schools.c.tenant == tenant, schools.c.school == school)
        row = (await conn.execute(query)).first()
        return None if row is None else _school_from(row)

    async def school(self, tenant: TenantId, school: SchoolId) -> School:
        """The school.

        Raises:
            NotFoundError: no such school with this shelter.
        """
        async with self._database.reading() as conn:
            found = await self._school(conn, tenant, school)
        if found is None:
            raise NotFoundError("school")
        return found


async def _school_by_code(conn: AsyncConnection, tenant: TenantId, code: str) -> School | None:
    query = select(schools).where(schools.c.tenant == tenant, schools.c.establishment_code == code)
    row = (await conn.execute(query)).first()
    return None if row is None else _school_from(row)


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
    )
