"""The door to organisations: register them, sign and end agreements, add and end staff, assign.

Who may call what is asked of `identity.permissions` first; every act writes its entry in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock, local_date
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
from consent_service.identity.establishment import normalised_establishment_code
from consent_service.identity.invitations import Invited
from consent_service.identity.model import Actor, by
from consent_service.identity.permissions import Action, Circumstances, Denied, may
from consent_service.identity.service import IdentityService
from consent_service.keyring.service import KeyRing
from consent_service.organisations.identity_data import seal_name
from consent_service.organisations.looking import (
    OrganisationRegister,
    school_in,
    school_of,
    school_with_code,
    tenant_in,
    working_in,
)
from consent_service.organisations.model import (
    AssignmentKind,
    NewStaff,
    NewSuccession,
    SchoolDetails,
    SubstituteReason,
    check_school,
    check_staff,
    check_succession,
    check_tenant,
    is_team,
    overlaps,
    pack_days,
)
from consent_service.organisations.relationship_state import raise_family, raise_school
from consent_service.organisations.tables import (
    agreements,
    assignments,
    school_successions,
    schools,
    staff,
    tenants,
)

Leaving = Callable[[AsyncConnection, Actor, TenantId, StaffId], Awaitable[None]]
"""Ends what a package above keeps of a member of staff who left, within that transaction."""


def require(actor: Actor, action: Action, facts: Circumstances) -> None:
    """Go on only when the permission table allows it.

    Raises:
        NotAllowedError: it does not.
    """
    answer = may(actor, action, facts)
    if isinstance(answer, Denied):
        raise NotAllowedError(f"{action}: {answer.code}")


class OrganisationService(OrganisationRegister):
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
        super().__init__(database=database, ring=ring, clock=clock)
        self._log = log
        self._identity = identity
        self._log_host = log_host
        self._leaving: list[Leaving] = []

    def when_leaving(self, end: Leaving) -> None:
        """From now on this too is ended in the transaction in which somebody leaves."""
        self._leaving.append(end)

    async def register_tenant(self, actor: Actor, *, name: str, neutral_name: str, phone: str) -> TenantId:
        """A new shelter with its own keys and its own log.

        Raises:
            InputError: every problem at once.
            NotAllowedError: only the operator registers shelters.
        """
        require(actor, Action.REGISTER_TENANT, Circumstances())
        problems = check_tenant(name=name, neutral_name=neutral_name, phone=phone)
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

    async def register_school(self, actor: Actor, tenant: TenantId, details: SchoolDetails) -> SchoolId:
        """A school the shelter may have an agreement with.

        Raises:
            InputError: every problem at once, also an establishment code that is taken.
            NotFoundError: no such shelter.
        """
        require(actor, Action.REGISTER_SCHOOL, Circumstances(tenant=tenant))
        problems = check_school(details)
        if problems:
            raise InputError(problems)
        school = SchoolId(new_id())
        code = normalised_establishment_code(details.establishment_code)
        async with self._database.transaction() as conn:
            await tenant_in(conn, tenant)
            if await school_with_code(conn, tenant, code) is not None:
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
            InputError: it would end before it begins, overlaps one in force, or the school is not known.
        """
        require(actor, Action.REGISTER_AGREEMENT, Circumstances(tenant=tenant, school=school))
        if valid_until is not None and valid_until < valid_from:
            raise InputError([Problem("valid_until", "ends_before_start")])
        agreement = AgreementId(new_id())
        async with self._database.transaction() as conn:
            if await school_in(conn, tenant, school) is None:
                raise InputError([Problem("school", "school_unknown")])
            for earlier in await self.agreements_with(conn, tenant, school):
                if overlaps(earlier, valid_from, valid_until):
                    raise InputError([Problem("valid_from", "agreement_overlaps")])
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

    async def record_succession(self, actor: Actor, tenant: TenantId, new: NewSuccession) -> str:
        """A school goes on as another one; nothing is transferred by it, each child is a decision (S32).

        Raises:
            InputError: every problem at once.
            NotFoundError: no such shelter.
        """
        require(actor, Action.RECORD_SUCCESSION, Circumstances(tenant=tenant, school=new.school))
        problems = list(check_succession(new, day=local_date(self._clock.now())))
        succession = new_id()
        async with self._database.transaction() as conn:
            await tenant_in(conn, tenant)
            for field, school in (("school", new.school), ("successor", new.successor)):
                if await school_in(conn, tenant, school) is None:
                    problems.append(Problem(field, "school_unknown"))
            known = await self.successions_of(conn, tenant, new.school)
            if any(one.successor == new.successor for one in known):
                problems.append(Problem("successor", "succession_known"))
            if problems:
                raise InputError(problems)
            await conn.execute(
                insert(school_successions).values(
                    tenant=tenant,
                    succession=succession,
                    school=new.school,
                    successor=new.successor,
                    document=new.document,
                    decided_on=new.decided_on,
                    recorded_at=self._clock.now(),
                )
            )
            event = events.SchoolSucceeded(succession, new.school, new.successor, new.decided_on)
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=None)
        return succession

    async def add_staff(self, actor: Actor, tenant: TenantId, new: NewStaff) -> StaffId:
        """A member of staff with a sealed name; logging in is linked separately by `identity`.

        Raises:
            InputError: every problem at once.
            NotFoundError: no such shelter.
        """
        require(actor, Action.REGISTER_STAFF, Circumstances(tenant=tenant))
        problems = check_staff(new)
        if problems:
            raise InputError(problems)
        member = StaffId(new_id())
        person = PersonId(member)
        async with self._database.transaction() as conn:
            await tenant_in(conn, tenant)
            if new.school is not None and await school_in(conn, tenant, new.school) is None:
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
                    team=new.team or None,
                    sealed_name=seal_name(self._ring, key, new.name.strip()),
                    created_at=self._clock.now(),
                )
            )
            event = events.StaffAdded(staff=member, role=new.role or new.kind)
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=person)
        return member

    async def place_staff(self, actor: Actor, tenant: TenantId, member: StaffId, team: str) -> None:
        """From now on the member works in this team; in none when it is empty.

        Raises:
            InputError: not the code of a team, or somebody of a school.
            NotFoundError: nobody with this id works here.
        """
        require(actor, Action.REGISTER_STAFF, Circumstances(tenant=tenant))
        if team and not is_team(team):
            raise InputError([Problem("team", "team_form")])
        async with self._database.transaction() as conn:
            placed = await conn.execute(
                update(staff)
                .where(staff.c.tenant == tenant, staff.c.staff == member, staff.c.school.is_(None))
                .where(staff.c.ended_at.is_(None))
                .values(team=team or None)
            )
            if placed.rowcount != 1:
                raise NotFoundError("staff")
            event = events.StaffPlaced(staff=member, team=team)
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=PersonId(member))

    async def end_staff(self, actor: Actor, tenant: TenantId, member: StaffId) -> None:
        """The member left: sessions, contact lists and assignments no longer count from now on (S15).

        A privacy coordinator says so of people of schools only, whichever lists they stand on.

        Raises:
            NotAllowedError: a privacy coordinator, of somebody of the shelter.
            NotFoundError: nobody with this id works here.
        """
        now = self._clock.now()
        async with self._database.transaction() as conn:
            school = await school_of(conn, tenant, member)
            require(actor, Action.END_STAFF, Circumstances(tenant=tenant, school=school))
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
            await self._end_assignments(conn, tenant, member, now)
            for end in self._leaving:
                await end(conn, actor, tenant, member)
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

    async def invite_staff(self, actor: Actor, tenant: TenantId, member: StaffId) -> Invited:
        """A code with which this member of staff links a login; an earlier code ends.

        Raises:
            InputError: nobody with this id works here now, or who does logs in already.
            NotAllowedError: not for this actor to invite (`identity.invitations`).
        """
        async with self._database.transaction() as conn:
            found = await working_in(conn, tenant, member)
            if found is None:
                require(actor, Action.INVITE_STAFF, Circumstances(tenant=tenant, invited="school_staff"))
                raise InputError([Problem("staff", "identity.invitation_staff")])
            who, establishment = found
            return await self._identity.invitations.invite_in(conn, actor, who, establishment=establishment)

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
        now = self._clock.now()
        await conn.execute(
            insert(assignments).values(
                tenant=tenant,
                assignment=new_id(),
                staff=member,
                family=family,
                kind=kind,
                reason=reason,
                starts_at=now,
                ends_at=ends_at,
            )
        )
        await raise_family(conn, tenant, family, now)
        event = (
            events.AssignmentStarted(staff=member, family=family)
            if reason is None
            else events.SubstituteAccess(family=family, reason=reason)
        )
        await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=PersonId(member))

    async def _end_assignments(
        self, conn: AsyncConnection, tenant: TenantId, member: StaffId, now: datetime
    ) -> None:
        ended = await conn.execute(
            update(assignments)
            .where(assignments.c.tenant == tenant, assignments.c.staff == member)
            .where(assignments.c.ends_at.is_(None) | (assignments.c.ends_at > now))
            .values(ends_at=now)
            .returning(assignments.c.family)
        )
        for family in sorted(set(ended.scalars())):
            await raise_family(conn, tenant, family, now)
