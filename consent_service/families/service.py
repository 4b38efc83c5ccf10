"""The door to families: register, change, assess safety, record authority, start and end relationships.

Every act asks the permission table, raises the version row of what it touches and writes its entry,
all in one transaction. Acts that take something away (safety flag, contact removed, relationship
ended) are stops: they stand in the stop journal first and hold even when the database is away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.identity_data import seal_identity
from consent_service.families.model import (
    Child,
    EndReason,
    FamilyView,
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
    check_identity,
    check_safety,
)
from consent_service.families.reading import (
    open_children,
    read_authority,
    read_children,
    read_contacts,
    read_guardians,
    read_relationship,
    read_relationships,
    read_safety,
    relationship_from,
)
from consent_service.families.tables import (
    authority_facts,
    children,
    families,
    guardians,
    relationship_contacts,
    relationships,
    safety_assessments,
)
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    NotFoundError,
    Problem,
    UnavailableError,
)
from consent_service.foundation.ids import (
    FamilyId,
    PersonId,
    RelationshipId,
    SchoolId,
    StaffId,
    TenantId,
    new_id,
)
from consent_service.foundation.stop_journal import Stop, StopJournal, StopKind
from consent_service.identity.model import Actor, Counsellor, GuardianActor, System, by, tenant_of
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.blind_index import normalised_name, search_tag
from consent_service.keyring.service import KeyRing
from consent_service.organisations.model import SubstituteReason
from consent_service.organisations.relationship_state import open_state, raise_family, raise_relationship
from consent_service.organisations.service import OrganisationService, require
from consent_service.organisations.tables import staff

SUBSTITUTE_PERIOD = timedelta(hours=12)
"""How long standing in for a colleague lasts before a reason is asked again."""
SEARCHES_PER_HOUR = 60
"""How often one counsellor may search; a blind index must not become a register."""


class FamilyService:
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
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._journal = journal
        self._organisations = organisations
        self._searches: dict[StaffId, list[datetime]] = {}

    # --- who is who --------------------------------------------------------------------------

    async def register_family(self, actor: Counsellor, new: NewFamily) -> FamilyId:
        """A family with its guardians and children; the counsellor who registers it is assigned.

        Raises:
            InputError: every problem at once.
        """
        require(actor, Action.REGISTER_FAMILY, Circumstances(tenant=actor.tenant))
        now = self._clock.now()
        problems = check_family(new, day=local_date(now))
        if problems:
            raise InputError(problems)
        family = FamilyId(new_id())
        async with self._database.transaction() as conn:
            await conn.execute(
                insert(families).values(tenant=actor.tenant, family=family, created_at=now)
            )
            added = [await self._add_child(conn, actor, family, child) for child in new.children]
            for guardian in new.guardians:
                await self._add_guardian(conn, actor, family, guardian, over=added)
            await self._organisations.assign_in(
                conn, actor, tenant=actor.tenant, member=actor.staff, family=family
            )
            await self._log.append(
                conn,
                tenant=actor.tenant,
                event=events.FamilyRegistered(family),
                by=by(actor),
                subject=added[0],
            )
        return family

    async def add_child(self, actor: Counsellor, family: FamilyId, identity: PersonIdentity) -> PersonId:
        """Another child of the family.

        Raises:
            InputError: every problem at once.
        """
        problems = check_identity(identity, "child_0_", day=local_date(self._clock.now()), child=True)
        if problems:
            raise InputError(problems)
        async with self._acting(actor, Action.REGISTER_CHILD, family) as conn:
            child = await self._add_child(conn, actor, family, identity)
            await raise_family(conn, actor.tenant, family, self._clock.now())
        return child

    async def add_guardian(self, actor: Counsellor, family: FamilyId, new: NewGuardian) -> PersonId:
        """Another guardian of the family; two with one name stay two persons (S41).

        Raises:
            InputError: every problem at once.
        """
        problems = check_identity(
            new.identity, "guardian_0_", day=local_date(self._clock.now()), child=False
        )
        if problems:
            raise InputError(problems)
        async with self._acting(actor, Action.REGISTER_GUARDIAN, family) as conn:
            over = await self._child_ids(conn, actor.tenant, family)
            guardian = await self._add_guardian(conn, actor, family, new, over=over)
            await raise_family(conn, actor.tenant, family, self._clock.now())
        return guardian

    async def change_identity(
        self, actor: Counsellor, family: FamilyId, person: PersonId, identity: PersonIdentity
    ) -> None:
        """Correct who a child or guardian is said to be.

        Raises:
            InputError: every problem at once.
            NotFoundError: nobody with this id in this family.
        """
        async with self._acting(actor, Action.CHANGE_FAMILY, family) as conn:
            is_child = person in await self._child_ids(conn, actor.tenant, family)
            problems = check_identity(
                identity, "", day=local_date(self._clock.now()), child=is_child
            )
            if problems:
                raise InputError(problems)
            key = await self._ring.person_key(conn, actor.tenant, person)
            sealed = seal_identity(self._ring, key, identity)
            table, column = (children, children.c.child) if is_child else (guardians, guardians.c.guardian)
            values: dict[str, object] = {"sealed_identity": sealed}
            if is_child:
                values["search_tag"] = await self._search_tag(conn, actor.tenant, identity)
            changed = await conn.execute(
                update(table)
                .where(table.c.tenant == actor.tenant, table.c.family == family, column == person)
                .values(**values)
            )
            if changed.rowcount != 1:
                raise NotFoundError("person")
            await raise_family(conn, actor.tenant, family, self._clock.now())
            event = events.IdentityChanged(person)
            await self._log.append(
                conn, tenant=actor.tenant, event=event, by=by(actor), subject=person
            )

    async def end_family(self, actor: Counsellor, family: FamilyId, reason: EndReason) -> None:
        """The guidance ends: every relationship ends with it (S27)."""
        async with self._reading(actor, Action.CHANGE_FAMILY, family) as conn:
            found = await read_relationships(conn, actor.tenant, family=family)
        for relationship in found:
            if relationship.ended_at is None:
                await self.end_relationship(actor, relationship.relationship, reason)
        async with self._acting(actor, Action.CHANGE_FAMILY, family) as conn:
            await conn.execute(
                update(families)
                .where(families.c.tenant == actor.tenant, families.c.family == family)
                .values(ended_at=self._clock.now())
            )

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
        problems = check_authority(fact)
        if problems:
            raise InputError(problems)
        async with self._acting(actor, Action.RECORD_AUTHORITY, family) as conn:
            await self._require_members(conn, actor.tenant, family, child, guardian)
            await self._record_authority(conn, actor, child=child, guardian=guardian, fact=fact)
            await raise_family(conn, actor.tenant, family, self._clock.now())

    async def assess_safety(
        self, actor: Counsellor, family: FamilyId, assessment: SafetyAssessment
    ) -> None:
        """The *Veiligheid* step. Raising the flag is a stop; it holds at once.

        Raises:
            InputError: the review date is missing or past.
        """
        problems = check_safety(assessment, day=local_date(self._clock.now()))
        if problems:
            raise InputError(problems)
        stops = assessment.level != "no_known_danger" or assessment.secret_address
        async with self._reading(actor, Action.RECORD_SAFETY, family):
            pass

        async def act() -> None:
            async with self._acting(actor, Action.RECORD_SAFETY, family) as conn:
                await self._write_safety(conn, actor, family, assessment, assessor=actor.staff)

        if stops:
            subject = {"family": family, "assessor": actor.staff, "level": assessment.level}
            await self._stopping("safety_flag", actor.tenant, subject, act)
        else:
            await act()

    # --- relationships and contacts ----------------------------------------------------------

    async def start_relationship(
        self, actor: Counsellor, child: PersonId, confirmed: SchoolConfirmation
    ) -> RelationshipId:
        """The child goes to this school; code, street and phone were confirmed with the parent (S49).

        Raises:
            InputError: the school is not known or is another one, or safety was never assessed.
            ConflictError: the child has an active relationship with this school.
        """
        school = await self._organisations.school_by_code(actor.tenant, confirmed.establishment_code)
        problems = check_confirmation(confirmed, school)
        if problems or school is None:
            raise InputError(problems)
        family = await self._family_of_child(actor.tenant, child)
        now = self._clock.now()
        relationship = RelationshipId(new_id())
        async with self._acting(actor, Action.START_RELATIONSHIP, family) as conn:
            if (await read_safety(conn, actor.tenant, family=family)).level == "not_assessed":
                raise InputError([Problem("establishment_code", "safety_first")])
            for other in await read_relationships(conn, actor.tenant, family=family):
                if other.child == child and other.school == school.school and other.is_active(now):
                    raise ConflictError("this child is already at this school")
            await conn.execute(
                insert(relationships).values(
                    tenant=actor.tenant,
                    relationship=relationship,
                    child=child,
                    family=family,
                    school=school.school,
                    started_at=now,
                )
            )
            await self._ring.create_relationship_key(conn, actor.tenant, relationship)
            await open_state(
                conn, actor.tenant, relationship, school=school.school, family=family, at=now
            )
            await self._log.append(
                conn,
                tenant=actor.tenant,
                event=events.RelationshipStarted(relationship, child, school.school),
                by=by(actor),
                subject=child,
                relationship=relationship,
            )
        return relationship

    async def end_relationship(
        self, actor: Counsellor, relationship: RelationshipId, reason: EndReason
    ) -> None:
        """Nothing is shared with this school any more, from now on (S11, S27).

        Raises:
            NotFoundError: no such relationship here.
        """
        found = await self._relationship(actor.tenant, relationship)
        async with self._reading(actor, Action.END_RELATIONSHIP, found.family):
            pass
        subject: dict[str, str] = {"relationship": relationship, "reason": reason}

        async def act() -> None:
            async with self._acting(actor, Action.END_RELATIONSHIP, found.family) as conn:
                await self._end_relationship(conn, actor, found, reason)

        await self._stopping("relationship_end", actor.tenant, subject, act)

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
            InputError: the person does not work at that school.
        """
        found = await self._relationship(actor.tenant, relationship)
        async with self._acting(actor, Action.LIST_CONTACT, found.family) as conn:
            (listed,) = await self._organisations.staff_members(conn, actor.tenant, [member]) or (None,)
            if listed is None or listed.school != found.school or listed.ended_at is not None:
                raise InputError([Problem("staff", "contact_not_at_school")])
            await conn.execute(
                insert(relationship_contacts).values(
                    tenant=actor.tenant,
                    relationship=relationship,
                    listing=new_id(),
                    staff=member,
                    deputy_for=deputy_for,
                    starts_at=self._clock.now(),
                )
            )
            await raise_relationship(conn, actor.tenant, relationship, self._clock.now())
            await self._log.append(
                conn,
                tenant=actor.tenant,
                event=events.ContactListed(
                    relationship, member, listed.role or "contact", deputy=deputy_for is not None
                ),
                by=by(actor),
                subject=found.child,
                relationship=relationship,
            )

    async def remove_contact(
        self, actor: Counsellor, relationship: RelationshipId, member: StaffId
    ) -> None:
        """Take somebody off the contact list; the next thing he asks is refused."""
        found = await self._relationship(actor.tenant, relationship)
        async with self._reading(actor, Action.REMOVE_CONTACT, found.family):
            pass
        subject: dict[str, str] = {"relationship": relationship, "staff": member}

        async def act() -> None:
            async with self._acting(actor, Action.REMOVE_CONTACT, found.family) as conn:
                await self._remove_contact(conn, actor, found, member)

        await self._stopping("contact_removal", actor.tenant, subject, act)

    # --- looking -----------------------------------------------------------------------------

    async def stand_in(self, actor: Counsellor, family: FamilyId, reason: SubstituteReason) -> None:
        """Access to a colleague's family for twelve hours, with a reason that is logged first.

        Raises:
            NotFoundError: no such family in this shelter.
        """
        require(actor, Action.STAND_IN, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            if not await self._exists(conn, actor.tenant, family):
                raise NotFoundError("family")
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

    async def search(
        self, actor: Counsellor, *, names: str, birth_date: date | None
    ) -> tuple[Child, ...]:
        """Children with exactly this full name and birth date, in this shelter; each search is logged.

        Raises:
            InputError: a name or date is missing, or too many searches this hour.
        """
        require(actor, Action.SEARCH_FAMILY, Circumstances(tenant=actor.tenant))
        problems = [Problem("names", "required")] if not names.strip() else []
        if birth_date is None:
            raise InputError([*problems, Problem("birth_date", "required")])
        if problems:
            raise InputError(problems)
        self._count_search(actor.staff)
        async with self._database.transaction() as conn:
            index_key = await self._ring.tenant_key(conn, actor.tenant, "index")
            tag = search_tag(self._ring, index_key, names=names, birth_date=birth_date)
            query = select(children).where(
                children.c.tenant == actor.tenant, children.c.search_tag == tag
            )
            candidates = await open_children(
                conn, self._ring, actor.tenant, (await conn.execute(query)).all()
            )
            wanted = normalised_name(names)
            found = tuple(
                child
                for child in candidates
                if child.identity.birth_date == birth_date
                and normalised_name(child.identity.full_name) == wanted
            )
            await self._log.append(
                conn,
                tenant=actor.tenant,
                event=events.FamilySearched(results=len(found)),
                by=by(actor),
                subject=PersonId(actor.staff),
            )
        return found

    async def families_of(self, actor: Counsellor) -> tuple[FamilyView, ...]:
        """The families this counsellor is with now."""
        async with self._database.reading() as conn:
            mine = await self._organisations.families_of(conn, actor)
            return tuple([await self._view(conn, actor.tenant, family) for family in mine])

    async def view(self, actor: Counsellor, family: FamilyId) -> FamilyView:
        """One family with opened names.

        Raises:
            NotAllowedError: the counsellor is not with this family.
        """
        async with self._reading(actor, Action.VIEW_FAMILY, family) as conn:
            if not await self._exists(conn, actor.tenant, family):
                raise NotFoundError("family")
            return await self._view(conn, actor.tenant, family)

    async def own_family(self, actor: GuardianActor) -> FamilyView:
        """The children of a guardian and the guardian; never the other guardian's data (S44)."""
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=actor.guardian)
        require(actor, Action.SEE_OWN_PAGE, facts)
        async with self._database.reading() as conn:
            whole = await self._view(conn, actor.tenant, actor.family)
        own = tuple(g for g in whole.guardians if g.guardian == actor.guardian)
        return FamilyView(
            tenant=whole.tenant,
            family=whole.family,
            children=whole.children,
            guardians=own,
            relationships=whole.relationships,
            authority=tuple(f for f in whole.authority if f.guardian == actor.guardian),
            safety=whole.safety,
            contacts=whole.contacts,
            ended_at=whole.ended_at,
        )

    async def relationship(self, tenant: TenantId, relationship: RelationshipId) -> Relationship:
        """One child at one school.

        Raises:
            NotFoundError: not in this tenant.
        """
        return await self._relationship(tenant, relationship)

    # --- replaying stops ---------------------------------------------------------------------

    async def replay(self, stop: Stop) -> bool:
        """Carry out a journalled stop that did not reach the ledger; True when it is one of ours.

        Replaying what already took effect changes nothing.
        """
        tenant = TenantId(stop.tenant)
        if stop.kind == "safety_flag":
            await self._replay_safety_flag(tenant, stop)
        elif stop.kind == "relationship_end":
            await self._replay_relationship_end(tenant, stop)
        elif stop.kind == "contact_removal":
            await self._replay_contact_removal(tenant, stop)
        else:
            return False
        return True

    async def _replay_safety_flag(self, tenant: TenantId, stop: Stop) -> None:
        family = FamilyId(stop.subject["family"])
        danger = SafetyAssessment("danger", True, False, None, None)
        async with self._database.transaction() as conn:
            newest = await conn.execute(
                select(safety_assessments.c.assessment)
                .where(safety_assessments.c.tenant == tenant, safety_assessments.c.family == family)
                .where(safety_assessments.c.recorded_at >= stop.at)
                .limit(1)
            )
            if newest.first() is None and await self._exists(conn, tenant, family):
                assessor = StaffId(stop.subject["assessor"])
                await self._write_safety(conn, System(), family, danger, assessor=assessor, stop=stop)

    async def _replay_relationship_end(self, tenant: TenantId, stop: Stop) -> None:
        async with self._database.transaction() as conn:
            found = await read_relationship(conn, tenant, RelationshipId(stop.subject["relationship"]))
            if found is not None and found.ended_at is None:
                await self._end_relationship(conn, System(), found, stop.subject["reason"], stop=stop)

    async def _replay_contact_removal(self, tenant: TenantId, stop: Stop) -> None:
        async with self._database.transaction() as conn:
            found = await read_relationship(conn, tenant, RelationshipId(stop.subject["relationship"]))
            if found is not None:
                member = StaffId(stop.subject["staff"])
                await self._remove_contact(conn, System(), found, member, stop=stop)

    # --- parts -------------------------------------------------------------------------------

    @asynccontextmanager
    async def _acting(
        self, actor: Counsellor, action: Action, family: FamilyId
    ) -> AsyncIterator[AsyncConnection]:
        """A transaction in which the counsellor was found to be allowed to act on the family."""
        async with self._database.transaction() as conn:
            await self._require(conn, actor, action, family)
            yield conn

    @asynccontextmanager
    async def _reading(
        self, actor: Counsellor, action: Action, family: FamilyId
    ) -> AsyncIterator[AsyncConnection]:
        async with self._database.reading() as conn:
            await self._require(conn, actor, action, family)
            yield conn

    async def _require(
        self, conn: AsyncConnection, actor: Counsellor, action: Action, family: FamilyId
    ) -> None:
        assigned = await self._organisations.is_assigned(conn, actor, family)
        facts = Circumstances(tenant=tenant_of(actor), family=family, assigned=assigned)
        require(actor, action, facts)

    async def _stopping(
        self,
        kind: StopKind,
        tenant: TenantId,
        subject: dict[str, str],
        act: Callable[[], Awaitable[None]],
    ) -> None:
        """Journal first, then act. When the database is away the journal alone makes it hold."""
        stop = self._journal.accept(kind, tenant=tenant, at=self._clock.now(), subject=subject)
        try:
            await act()
        except UnavailableError:
            return
        self._journal.mark_done(stop.id)

    async def _add_child(
        self, conn: AsyncConnection, actor: Actor, family: FamilyId, identity: PersonIdentity
    ) -> PersonId:
        tenant = tenant_of(actor)
        if tenant is None:
            raise NotFoundError("tenant")
        child = PersonId(new_id())
        key = await self._ring.create_person_key(conn, tenant, child)
        await conn.execute(
            insert(children).values(
                tenant=tenant,
                child=child,
                family=family,
                search_tag=await self._search_tag(conn, tenant, identity),
                sealed_identity=seal_identity(self._ring, key, identity),
                created_at=self._clock.now(),
            )
        )
        event = events.ChildRegistered(family, child)
        await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=child)
        return child

    async def _add_guardian(
        self,
        conn: AsyncConnection,
        actor: Counsellor,
        family: FamilyId,
        new: NewGuardian,
        *,
        over: list[PersonId],
    ) -> PersonId:
        guardian = PersonId(new_id())
        key = await self._ring.create_person_key(conn, actor.tenant, guardian)
        await conn.execute(
            insert(guardians).values(
                tenant=actor.tenant,
                guardian=guardian,
                family=family,
                sealed_identity=seal_identity(self._ring, key, new.identity),
                created_at=self._clock.now(),
            )
        )
        event = events.GuardianRegistered(family, guardian)
        await self._log.append(
            conn, tenant=actor.tenant, event=event, by=by(actor), subject=guardian
        )
        if new.authority is not None and new.source is not None:
            since = new.seen_on or local_date(self._clock.now())
            fact = NewAuthority(new.authority, new.source, since)
            for child in over:
                await self._record_authority(conn, actor, child=child, guardian=guardian, fact=fact)
        return guardian

    async def _record_authority(
        self,
        conn: AsyncConnection,
        actor: Counsellor,
        *,
        child: PersonId,
        guardian: PersonId,
        fact: NewAuthority,
    ) -> None:
        await conn.execute(
            insert(authority_facts).values(
                tenant=actor.tenant,
                fact=new_id(),
                child=child,
                guardian=guardian,
                kind=fact.kind,
                source=fact.source,
                seen_by=actor.staff,
                valid_from=fact.valid_from,
                valid_until=fact.valid_until,
                recorded_at=self._clock.now(),
            )
        )
        event = events.AuthorityRecorded(
            child, guardian, fact.kind, fact.source, fact.valid_from, fact.valid_until
        )
        await self._log.append(
            conn, tenant=actor.tenant, event=event, by=by(actor), subject=guardian
        )

    async def _write_safety(
        self,
        conn: AsyncConnection,
        actor: Counsellor | System,
        family: FamilyId,
        assessment: SafetyAssessment,
        *,
        assessor: StaffId,
        stop: Stop | None = None,
    ) -> None:
        """Insert the assessment. The entry carries the officer's tag: no other guardian may find it."""
        row = (
            await conn.execute(
                select(families.c.tenant, children.c.child)
                .join(
                    children,
                    (children.c.tenant == families.c.tenant) & (children.c.family == families.c.family),
                )
                .where(families.c.family == family)
                .order_by(children.c.child)
                .limit(1)
            )
        ).one()
        tenant = TenantId(row.tenant)
        now = self._clock.now()
        await conn.execute(
            insert(safety_assessments).values(
                tenant=tenant,
                assessment=new_id(),
                family=family,
                level=assessment.level,
                secret_address=assessment.secret_address,
                other_parent_at_school=assessment.other_parent_at_school,
                court_order_until=assessment.court_order_until,
                review_on=assessment.review_on,
                assessor=assessor,
                recorded_at=now,
            )
        )
        await raise_family(conn, tenant, family, now)
        await self._log.append(
            conn,
            tenant=tenant,
            event=events.SafetyAssessed(
                family, assessment.level, assessment.secret_address, assessment.review_on
            ),
            by=by(actor),
            subject=PersonId(row.child),
            tagged_for=OFFICER,
            late_since=None if stop is None else stop.at,
        )

    async def _end_relationship(
        self,
        conn: AsyncConnection,
        actor: Counsellor | System,
        found: Relationship,
        reason: str,
        *,
        stop: Stop | None = None,
    ) -> None:
        now = self._clock.now()
        ended = await conn.execute(
            update(relationships)
            .where(
                relationships.c.tenant == found.tenant,
                relationships.c.relationship == found.relationship,
                relationships.c.ended_at.is_(None),
            )
            .values(ended_at=now, end_reason=reason)
        )
        if ended.rowcount != 1:
            return
        await raise_relationship(conn, found.tenant, found.relationship, now)
        await self._log.append(
            conn,
            tenant=found.tenant,
            event=events.RelationshipEnded(found.relationship, reason),
            by=by(actor),
            subject=found.child,
            relationship=found.relationship,
            late_since=None if stop is None else stop.at,
        )

    async def _remove_contact(
        self,
        conn: AsyncConnection,
        actor: Counsellor | System,
        found: Relationship,
        member: StaffId,
        *,
        stop: Stop | None = None,
    ) -> None:
        now = self._clock.now()
        removed = await conn.execute(
            update(relationship_contacts)
            .where(
                relationship_contacts.c.tenant == found.tenant,
                relationship_contacts.c.relationship == found.relationship,
                relationship_contacts.c.staff == member,
                relationship_contacts.c.ends_at.is_(None),
            )
            .values(ends_at=now)
        )
        if removed.rowcount == 0:
            return
        await raise_relationship(conn, found.tenant, found.relationship, now)
        await self._log.append(
            conn,
            tenant=found.tenant,
            event=events.ContactRemoved(found.relationship, member),
            by=by(actor),
            subject=found.child,
            relationship=found.relationship,
            late_since=None if stop is None else stop.at,
        )

    async def _search_tag(
        self, conn: AsyncConnection, tenant: TenantId, identity: PersonIdentity
    ) -> int:
        if identity.birth_date is None:
            raise InputError([Problem("birth_date", "required")])
        index_key = await self._ring.tenant_key(conn, tenant, "index")
        return search_tag(
            self._ring, index_key, names=identity.full_name, birth_date=identity.birth_date
        )

    def _count_search(self, member: StaffId) -> None:
        hour_ago = self._clock.now() - timedelta(hours=1)
        recent = [at for at in self._searches.get(member, []) if at > hour_ago]
        if len(recent) >= SEARCHES_PER_HOUR:
            raise InputError([Problem("names", "too_many_searches")])
        self._searches[member] = [*recent, self._clock.now()]

    async def _view(self, conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> FamilyView:
        kids = await read_children(conn, self._ring, tenant, family=family)
        found = await read_relationships(conn, tenant, family=family)
        ended = await conn.execute(
            select(families.c.ended_at).where(
                families.c.tenant == tenant, families.c.family == family
            )
        )
        return FamilyView(
            tenant=tenant,
            family=family,
            children=kids,
            guardians=await read_guardians(conn, self._ring, tenant, family=family),
            relationships=found,
            authority=await read_authority(conn, tenant, persons=[kid.child for kid in kids]),
            safety=await read_safety(conn, tenant, family=family),
            contacts=await read_contacts(conn, tenant, [r.relationship for r in found]),
            ended_at=ended.scalar_one_or_none(),
        )

    async def _exists(self, conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> bool:
        query = select(families.c.family).where(
            families.c.tenant == tenant, families.c.family == family
        )
        return (await conn.execute(query)).first() is not None

    async def _child_ids(
        self, conn: AsyncConnection, tenant: TenantId, family: FamilyId
    ) -> list[PersonId]:
        query = select(children.c.child).where(
            children.c.tenant == tenant, children.c.family == family
        )
        return [PersonId(child) for child in (await conn.execute(query)).scalars()]

    async def _family_of_child(self, tenant: TenantId, child: PersonId) -> FamilyId:
        query = select(children.c.family).where(
            children.c.tenant == tenant, children.c.child == child
        )
        async with self._database.reading() as conn:
            family = (await conn.execute(query)).scalar_one_or_none()
        if family is None:
            raise NotFoundError("child")
        return FamilyId(family)

    async def _require_members(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        family: FamilyId,
        child: PersonId,
        guardian: PersonId,
    ) -> None:
        query = select(guardians.c.guardian).where(
            guardians.c.tenant == tenant, guardians.c.family == family
        )
        known = set((await conn.execute(query)).scalars())
        problems = [] if guardian in known else [Problem("guardian", "guardian_unknown")]
        if child not in await self._child_ids(conn, tenant, family):
            problems.append(Problem("child", "child_unknown"))
        if problems:
            raise InputError(problems)

    async def _relationship(self, tenant: TenantId, relationship: RelationshipId) -> Relationship:
        async with self._database.reading() as conn:
            found = await read_relationship(conn, tenant, relationship)
        if found is None:
            raise NotFoundError("relationship")
        return found

    async def school_children(
        self, tenant: TenantId, member: StaffId, school: SchoolId
    ) -> tuple[Relationship, ...]:
        """The active relationships on whose contact list this member of staff stands now."""
        now = self._clock.now()
        query = (
            select(relationships)
            .join(
                relationship_contacts,
                (relationship_contacts.c.tenant == relationships.c.tenant)
                & (relationship_contacts.c.relationship == relationships.c.relationship),
            )
            .join(
                staff,
                (staff.c.tenant == relationship_contacts.c.tenant)
                & (staff.c.staff == relationship_contacts.c.staff),
            )
            .where(relationships.c.tenant == tenant, relationships.c.school == school)
            .where(relationships.c.ended_at.is_(None), staff.c.ended_at.is_(None))
            .where(relationship_contacts.c.staff == member, relationship_contacts.c.starts_at <= now)
            .where(
                relationship_contacts.c.ends_at.is_(None) | (relationship_contacts.c.ends_at > now)
            )
            .order_by(relationships.c.started_at, relationships.c.relationship)
        )
        async with self._database.reading() as conn:
            return tuple(
                dict.fromkeys(relationship_from(row) for row in await conn.execute(query))
            )
