"""The door to families: register, change, assess safety, record authority, start and end relationships.

Every act asks the permission table, raises the version row of what it touches and writes its entry,
all in one transaction (`writing`). Acts that take something away (safety flag, contact removed,
relationship ended) are stops: they stand in the stop journal first and hold even when the database is
away (`stops`). Looking, without changing anything, is `looking`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.families.looking import FamilyRegister
from consent_service.families.model import (
    Ages,
    EndReason,
    NewAuthority,
    NewFamily,
    NewGuardian,
    PersonIdentity,
    Relationship,
    SafetyAssessment,
    SchoolConfirmation,
    check_authority,
    check_confirmation,
    check_family,
    check_guardian,
    check_identity,
    check_safety,
)
from consent_service.families.reading import (
    child_ids,
    guardian_ids,
    lock_family,
    read_contacts,
    read_relationships,
    read_safety,
)
from consent_service.families.stops import FamilyStops
from consent_service.families.tables import children
from consent_service.families.writing import FamilyWriter
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import (
    FamilyId,
    PersonId,
    RelationshipId,
    SchoolId,
    StaffId,
    TenantId,
    new_id,
)
from consent_service.foundation.stop_journal import Stop, StopJournal
from consent_service.identity.model import Counsellor, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.model import StaffMember, SubstituteReason
from consent_service.organisations.relationship_state import raise_family
from consent_service.organisations.service import OrganisationService, require

SUBSTITUTE_PERIOD = timedelta(hours=12)
"""How long standing in for a colleague lasts before a reason is asked again."""


class FamilyService(FamilyRegister):
    """Children, guardians, authority, safety, relationships and their contact lists."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        journal: StopJournal,
        organisations: OrganisationService,
        ages: Ages,
    ) -> None:
        super().__init__(
            database=database, ring=ring, log=log, clock=clock, organisations=organisations, ages=ages
        )
        self._writer = FamilyWriter(ring=ring, log=log, clock=clock)
        self._stops = FamilyStops(database=database, clock=clock, journal=journal, writer=self._writer)

    # --- who is who --------------------------------------------------------------------------

    async def register_family(self, actor: Counsellor, new: NewFamily) -> FamilyId:
        """A family with its guardians and children; the counsellor who registers it is assigned.

        Raises:
            InputError: every problem at once.
        """
        require(actor, Action.REGISTER_FAMILY, Circumstances(tenant=actor.tenant))
        problems = check_family(new, day=local_date(self._clock.now()))
        if problems:
            raise InputError(problems)
        family = FamilyId(new_id())
        async with self._database.transaction() as conn:
            await self._writer.add_family(conn, actor, family)
            eldest, *_ = [await self._writer.add_child(conn, actor, family, child) for child in new.children]
            for guardian in new.guardians:
                await self._writer.add_guardian(conn, actor, family, guardian)
            await self._organisations.assign_in(
                conn, actor, tenant=actor.tenant, member=actor.staff, family=family
            )
            event = events.FamilyRegistered(family)
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=eldest)
        return family

    async def add_child(self, actor: Counsellor, family: FamilyId, identity: PersonIdentity) -> PersonId:
        """Another child of the family; who decides about it is still to be recorded.

        Raises:
            InputError: every problem at once.
        """
        problems = check_identity(identity, "child_0_", day=local_date(self._clock.now()), child=True)
        async with self._acting(actor, Action.REGISTER_CHILD, family) as conn:
            if problems:
                raise InputError(problems)
            return await self._writer.add_child(conn, actor, family, identity)

    async def add_guardian(self, actor: Counsellor, family: FamilyId, new: NewGuardian) -> PersonId:
        """Another guardian of the family; two with one name stay two persons (S41).

        Raises:
            InputError: every problem at once.
        """
        problems = check_guardian(new, "guardian_0_", day=local_date(self._clock.now()))
        async with self._acting(actor, Action.REGISTER_GUARDIAN, family) as conn:
            if problems:
                raise InputError(problems)
            return await self._writer.add_guardian(conn, actor, family, new)

    async def change_identity(
        self, actor: Counsellor, family: FamilyId, person: PersonId, identity: PersonIdentity
    ) -> None:
        """Correct who a child or guardian is said to be.

        Raises:
            InputError: every problem at once.
            NotFoundError: nobody with this id in this family.
        """
        async with self._acting(actor, Action.CHANGE_FAMILY, family) as conn:
            is_child = person in await child_ids(conn, actor.tenant, family)
            problems = check_identity(identity, "", day=local_date(self._clock.now()), child=is_child)
            if problems:
                raise InputError(problems)
            await self._writer.change_identity(conn, actor, family, person, identity)

    async def end_family(self, actor: Counsellor, family: FamilyId, reason: EndReason) -> None:
        """The guidance ends, and every relationship with it, at once (S27)."""
        await self._may(actor, Action.CHANGE_FAMILY, family)
        subject: dict[str, str] = {"family": family, "reason": reason}

        async def act() -> None:
            async with self._acting(actor, Action.CHANGE_FAMILY, family) as conn:
                await self._writer.end_family(
                    conn, actor.tenant, family, reason, who=by(actor), begun_until=self._clock.now()
                )

        await self._stops.carry_out("relationship_end", actor.tenant, subject, act)

    # --- authority and safety ----------------------------------------------------------------

    async def record_authority(
        self,
        actor: Counsellor,
        family: FamilyId,
        *,
        child: PersonId,
        guardian: PersonId,
        fact: NewAuthority,
    ) -> None:
        """What was seen of a guardian's authority over a child, from when to when.

        Raises:
            InputError: the period ends before it begins, or one of the two is not in this family.
        """
        problems = list(check_authority(fact))
        async with self._acting(actor, Action.RECORD_AUTHORITY, family) as conn:
            if guardian not in await guardian_ids(conn, actor.tenant, family):
                problems.append(Problem("guardian", "guardian_unknown"))
            if child not in await child_ids(conn, actor.tenant, family):
                problems.append(Problem("child", "child_unknown"))
            if problems:
                raise InputError(problems)
            await self._writer.record_authority(conn, actor, child=child, guardian=guardian, fact=fact)
            await raise_family(conn, actor.tenant, family, self._clock.now())

    async def assess_safety(self, actor: Counsellor, family: FamilyId, assessment: SafetyAssessment) -> None:
        """The *Veiligheid* step. Raising the flag is a stop; it holds at once.

        Raises:
            InputError: the review date is missing or past.
        """
        await self._may(actor, Action.RECORD_SAFETY, family)
        problems = check_safety(assessment, day=local_date(self._clock.now()))
        if problems:
            raise InputError(problems)

        async def act() -> None:
            async with self._acting(actor, Action.RECORD_SAFETY, family) as conn:
                await self._writer.write_safety(
                    conn, actor.tenant, family, assessment, who=by(actor), assessor=actor.staff
                )

        if assessment.level == "no_known_danger" and not assessment.secret_address:
            await act()
            return
        subject = {"family": family, "assessor": actor.staff, "level": assessment.level}
        await self._stops.carry_out("safety_flag", actor.tenant, subject, act)

    # --- relationships and contacts ----------------------------------------------------------

    async def start_relationship(
        self, actor: Counsellor, child: PersonId, confirmed: SchoolConfirmation
    ) -> RelationshipId:
        """The child goes to this school; code, street and phone were confirmed with the parent (S49).

        Raises:
            InputError: the school is not known or is another one, or safety was never assessed.
            ConflictError: the child is at this school already, or the guidance has ended.
            NotFoundError: no such child in this shelter.
        """
        family = await self._family_of_child(actor.tenant, child)
        school = await self._organisations.school_by_code(actor.tenant, confirmed.establishment_code)
        problems = list(check_confirmation(confirmed, school))
        async with self._acting(actor, Action.START_RELATIONSHIP, family) as conn:
            if (await read_safety(conn, actor.tenant, family=family)).level == "not_assessed":
                problems.append(Problem("establishment_code", "safety_first"))
            if problems or school is None:
                raise InputError(problems)
            await self._require_not_there(conn, actor.tenant, family, child, school.school)
            return await self._writer.start_relationship(
                conn, actor, child=child, family=family, school=school.school
            )

    async def end_relationship(
        self, actor: Counsellor, relationship: RelationshipId, reason: EndReason
    ) -> None:
        """Nothing is shared with this school any more, from now on (S11, S27).

        Raises:
            NotFoundError: no such relationship here.
        """
        found = await self.relationship(actor.tenant, relationship)
        await self._may(actor, Action.END_RELATIONSHIP, found.family)
        subject: dict[str, str] = {"relationship": relationship, "reason": reason}

        async def act() -> None:
            async with self._acting(actor, Action.END_RELATIONSHIP, found.family) as conn:
                await self._writer.end_relationship(conn, found, reason, who=by(actor))

        await self._stops.carry_out("relationship_end", actor.tenant, subject, act)

    async def list_contact(
        self,
        actor: Counsellor,
        relationship: RelationshipId,
        member: StaffId,
        *,
        deputy_for: StaffId | None = None,
    ) -> None:
        """Put a member of the school's staff on the contact list; only the list gives access.

        Raises:
            InputError: the person, or whom he stands in for, does not work at that school.
            ConflictError: the relationship has ended, or he is on the list already.
        """
        found = await self.relationship(actor.tenant, relationship)
        async with self._acting(actor, Action.LIST_CONTACT, found.family) as conn:
            listed = await self._at_school(conn, found, member)
            if listed is None or (
                deputy_for is not None and await self._at_school(conn, found, deputy_for) is None
            ):
                raise InputError([Problem("staff", "contact_not_at_school")])
            await self._require_not_listed(conn, found, member)
            await self._writer.list_contact(conn, found, listed, deputy_for=deputy_for, who=by(actor))

    async def remove_contact(self, actor: Counsellor, relationship: RelationshipId, member: StaffId) -> None:
        """Take somebody off the contact list; the next thing he asks is refused.

        Raises:
            NotFoundError: no such relationship here.
        """
        found = await self.relationship(actor.tenant, relationship)
        await self._may(actor, Action.REMOVE_CONTACT, found.family)
        subject: dict[str, str] = {"relationship": relationship, "staff": member}

        async def act() -> None:
            async with self._acting(actor, Action.REMOVE_CONTACT, found.family) as conn:
                await self._writer.remove_contact(
                    conn, found, member, who=by(actor), listed_until=self._clock.now()
                )

        await self._stops.carry_out("contact_removal", actor.tenant, subject, act)

    async def stand_in(self, actor: Counsellor, family: FamilyId, reason: SubstituteReason) -> None:
        """Access to a colleague's family for twelve hours, with a reason that is logged first.

        Raises:
            NotFoundError: no such family in this shelter.
        """
        require(actor, Action.STAND_IN, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            await lock_family(conn, actor.tenant, family)
            await self._organisations.assign_in(
                conn,
                actor,
                tenant=actor.tenant,
                member=actor.staff,
                family=family,
                kind="substitute",
                reason=reason,
                ends_at=self._clock.now() + SUBSTITUTE_PERIOD,
            )

    async def replay(self, stop: Stop) -> bool:
        """Carry out a journalled stop that did not reach the ledger; True when it is one of ours.

        Replaying what already took effect changes nothing.
        """
        return await self._stops.replay(stop)

    # --- parts -------------------------------------------------------------------------------

    @asynccontextmanager
    async def _acting(
        self, actor: Counsellor, action: Action, family: FamilyId
    ) -> AsyncIterator[AsyncConnection]:
        """A transaction in which the counsellor may act on the family, and nobody else does meanwhile."""
        async with self._database.transaction() as conn:
            await self._require(conn, actor, action, family)
            await lock_family(conn, actor.tenant, family)
            yield conn

    async def _may(self, actor: Counsellor, action: Action, family: FamilyId) -> None:
        """Asked before a stop is journalled: what may not be done must not stand there."""
        async with self._database.reading() as conn:
            await self._require(conn, actor, action, family)

    async def _family_of_child(self, tenant: TenantId, child: PersonId) -> FamilyId:
        query = select(children.c.family).where(children.c.tenant == tenant, children.c.child == child)
        async with self._database.reading() as conn:
            family = (await conn.execute(query)).scalar_one_or_none()
        if family is None:
            raise NotFoundError("child")
        return FamilyId(family)

    async def _require_not_there(
        self, conn: AsyncConnection, tenant: TenantId, family: FamilyId, child: PersonId, school: SchoolId
    ) -> None:
        if await lock_family(conn, tenant, family) is not None:
            raise ConflictError("the guidance of this family has ended")
        for other in await read_relationships(conn, tenant, family=family):
            if other.child == child and other.school == school and other.ended_at is None:
                raise ConflictError("this child is already at this school")

    async def _at_school(
        self, conn: AsyncConnection, found: Relationship, member: StaffId
    ) -> StaffMember | None:
        """The member of staff, if he works at the school of this relationship now."""
        for listed in await self._organisations.staff_members(conn, found.tenant, [member]):
            if listed.school == found.school and listed.ended_at is None:
                return listed
        return None

    async def _require_not_listed(self, conn: AsyncConnection, found: Relationship, member: StaffId) -> None:
        now = self._clock.now()
        current = await read_relationships(conn, found.tenant, family=found.family)
        if not any(r.relationship == found.relationship and r.ended_at is None for r in current):
            raise ConflictError("this relationship has ended")
        lists = await read_contacts(conn, found.tenant, [found.relationship])
        for contact in lists[found.relationship]:
            if contact.staff == member and (contact.ends_at is None or now < contact.ends_at):
                raise ConflictError("this person is on the contact list already")
