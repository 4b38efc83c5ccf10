"""Writing families: each act's rows, its raised version and its entry, inside the caller's transaction.

Whether the actor may act, and whether what was entered is right, the caller (`service`, `stops`) has
asked. Nothing here opens a transaction.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import AuditLog
from consent_service.families.attesting import SchoolTerms
from consent_service.families.identity_data import seal_identity
from consent_service.families.model import (
    NewAuthority,
    NewGuardian,
    PersonIdentity,
    Relationship,
)
from consent_service.families.reading import (
    bodies_of,
    child_ids,
    read_relationship,
    read_relationships,
)
from consent_service.families.searching import tag_for_writing
from consent_service.families.tables import (
    authority_facts,
    children,
    families,
    guardians,
    relationship_contacts,
    relationships,
)
from consent_service.families.tables_starting import first_contacts
from consent_service.families.writing_contacts import ContactWriter
from consent_service.foundation.clock import Clock, local_date, strictly_after
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import (
    FamilyId,
    PersonId,
    RelationshipId,
    SchoolId,
    StaffId,
    TenantId,
    new_id,
)
from consent_service.identity.model import Counsellor, by
from consent_service.keyring.service import KeyRing
from consent_service.organisations.model import Succession
from consent_service.organisations.relationship_state import (
    move_state,
    open_state,
    raise_family,
)


class FamilyWriter(ContactWriter):
    """Rows and entries of families."""

    def __init__(self, *, ring: KeyRing, log: AuditLog, clock: Clock, terms: SchoolTerms) -> None:
        super().__init__(log=log, clock=clock, terms=terms)
        self._ring = ring

    # --- who is who --------------------------------------------------------------------------

    async def add_family(self, conn: AsyncConnection, actor: Counsellor, family: FamilyId) -> None:
        """An empty family; its entry follows when it has a child to be about."""
        await conn.execute(
            insert(families).values(tenant=actor.tenant, family=family, created_at=self._clock.now())
        )

    async def add_child(
        self, conn: AsyncConnection, actor: Counsellor, family: FamilyId, identity: PersonIdentity
    ) -> PersonId:
        """A child with a key of its own; an organisation never has authority over it by itself."""
        child = PersonId(new_id())
        key = await self._ring.create_person_key(conn, actor.tenant, child)
        tag = await tag_for_writing(conn, self._ring, actor.tenant, identity, newcomers=1)
        await conn.execute(
            insert(children).values(
                tenant=actor.tenant,
                child=child,
                family=family,
                **tag.columns(),
                sealed_identity=seal_identity(self._ring, key, identity),
                created_at=self._clock.now(),
            )
        )
        await self._log.append(
            conn,
            tenant=actor.tenant,
            event=events.ChildRegistered(family, child),
            by=by(actor),
            subject=child,
        )
        for body in sorted(await bodies_of(conn, actor.tenant, family)):
            nothing = NewAuthority("none", "statement", local_date(self._clock.now()))
            await self.record_authority(conn, actor, child=child, guardian=body, fact=nothing)
        await raise_family(conn, actor.tenant, family, self._clock.now())
        return child

    async def add_guardian(
        self, conn: AsyncConnection, actor: Counsellor, family: FamilyId, new: NewGuardian
    ) -> PersonId:
        """A guardian with a key of one's own; known authority is recorded over every child there is."""
        guardian = PersonId(new_id())
        key = await self._ring.create_person_key(conn, actor.tenant, guardian)
        await conn.execute(
            insert(guardians).values(
                tenant=actor.tenant,
                guardian=guardian,
                family=family,
                sealed_identity=seal_identity(self._ring, key, new.identity),
                created_at=self._clock.now(),
                body=new.body,
            )
        )
        await self._log.append(
            conn,
            tenant=actor.tenant,
            event=events.GuardianRegistered(family, guardian),
            by=by(actor),
            subject=guardian,
        )
        if new.authority is not None and new.source is not None:
            since = new.seen_on or local_date(self._clock.now())
            fact = NewAuthority(new.authority, new.source, since, seen_on=new.seen_on)
            for child in await child_ids(conn, actor.tenant, family):
                await self.record_authority(conn, actor, child=child, guardian=guardian, fact=fact)
        await raise_family(conn, actor.tenant, family, self._clock.now())
        return guardian

    async def change_identity(
        self, conn: AsyncConnection, actor: Counsellor, family: FamilyId, person: PersonId, to: PersonIdentity
    ) -> None:
        """Seal anew who a child or guardian of this family is.

        Raises:
            NotFoundError: nobody with this id in this family.
        """
        values: dict[str, object] = {}
        table, column = guardians, guardians.c.guardian
        if person in await child_ids(conn, actor.tenant, family):
            table, column = children, children.c.child
            values |= (await tag_for_writing(conn, self._ring, actor.tenant, to)).columns()
        keys = await self._ring.person_keys(conn, actor.tenant, [person])
        if person not in keys:
            raise NotFoundError("person")
        changed = await conn.execute(
            update(table)
            .where(table.c.tenant == actor.tenant, table.c.family == family, column == person)
            .values(sealed_identity=seal_identity(self._ring, keys[person], to), **values)
        )
        if changed.rowcount != 1:
            raise NotFoundError("person")
        await raise_family(conn, actor.tenant, family, self._clock.now())
        event = events.IdentityChanged(person)
        await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=person)

    async def end_family(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        family: FamilyId,
        reason: str,
        *,
        who: By,
        begun_until: datetime,
        late: bool = False,
    ) -> None:
        """Every relationship begun by then ends, and with them the guidance."""
        for found in await read_relationships(conn, tenant, family=family):
            if found.started_at <= begun_until:
                since = begun_until if late else None
                await self.end_relationship(conn, found, reason, who=who, late_since=since)
        await conn.execute(
            update(families)
            .where(families.c.tenant == tenant, families.c.family == family)
            .where(families.c.ended_at.is_(None))
            .values(ended_at=self._clock.now())
        )

    # --- authority ---------------------------------------------------------------------------

    async def record_authority(
        self,
        conn: AsyncConnection,
        actor: Counsellor,
        *,
        child: PersonId,
        guardian: PersonId,
        fact: NewAuthority,
    ) -> None:
        """One dated fact; earlier ones stay."""
        newest = select(func.max(authority_facts.c.recorded_at)).where(
            authority_facts.c.tenant == actor.tenant, authority_facts.c.child == child
        )
        moment = strictly_after(self._clock.now(), (await conn.execute(newest)).scalar_one())
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
                recorded_at=moment,
                seen_on=fact.seen_on,
                jointly=fact.jointly,
            )
        )
        event = events.AuthorityRecorded(
            child, guardian, fact.kind, fact.source, fact.valid_from, fact.valid_until
        )
        await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=guardian)

    # --- relationships and contacts ----------------------------------------------------------

    async def start_relationship(
        self,
        conn: AsyncConnection,
        actor: Counsellor,
        *,
        child: PersonId,
        family: FamilyId,
        school: SchoolId,
    ) -> RelationshipId:
        """One child at one school, with a key and a version of its own."""
        now = self._clock.now()
        relationship = RelationshipId(new_id())
        await conn.execute(
            insert(relationships).values(
                tenant=actor.tenant,
                relationship=relationship,
                child=child,
                family=family,
                school=school,
                started_at=now,
            )
        )
        await self._ring.create_relationship_key(conn, actor.tenant, relationship)
        await open_state(conn, actor.tenant, relationship, school=school, family=family, at=now)
        await self._log.append(
            conn,
            tenant=actor.tenant,
            event=events.RelationshipStarted(relationship, child, school),
            by=by(actor),
            subject=child,
            relationship=relationship,
        )
        return relationship

    async def end_relationship(
        self,
        conn: AsyncConnection,
        found: Relationship,
        reason: str,
        *,
        who: By,
        late_since: datetime | None = None,
    ) -> None:
        """End it, and let its key seal nothing any more; a second time changes nothing."""
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
        if ended.rowcount == 1:
            await self._ring.retire_relationship_key(conn, found.tenant, found.relationship)
            event = events.RelationshipEnded(found.relationship, reason)
            await self._note(conn, found, event, who, late_since)

    async def disown(
        self,
        conn: AsyncConnection,
        found: Relationship,
        member: StaffId,
        *,
        who: By,
        late_since: datetime | None = None,
    ) -> None:
        """The school's contact says it is no pupil of theirs: it ends, somebody weighs the breach (S12).

        So does the start with this school (`process.signals.states`), whatever it came to.
        """
        current = await read_relationship(conn, found.tenant, found.relationship)
        if current is None or current.ended_at is not None:
            return
        begun = first_contacts.c
        await conn.execute(
            update(first_contacts)
            .where(begun.tenant == found.tenant, begun.relationship == found.relationship)
            .values(state="closed")
        )
        await self.end_relationship(conn, found, "not_our_pupil", who=who, late_since=late_since)
        await self._note(conn, found, events.PupilDisowned(found.relationship, member), who, late_since)

    async def move_to_successor(
        self, conn: AsyncConnection, found: Relationship, succession: Succession, *, who: By
    ) -> None:
        """Go on with the succeeding school under the same consents; its own people are still to be listed.

        The key is wrapped anew under the newest key of the tenant (S32).
        """
        now = self._clock.now()
        here = relationship_contacts.c
        await conn.execute(
            update(relationships)
            .where(relationships.c.tenant == found.tenant, relationships.c.relationship == found.relationship)
            .values(school=succession.successor)
        )
        await conn.execute(
            update(relationship_contacts)
            .where(here.tenant == found.tenant, here.relationship == found.relationship)
            .where(here.ends_at.is_(None) | (here.ends_at > now))
            .values(ends_at=now)
        )
        await move_state(conn, found.tenant, found.relationship, succession.successor)
        await self._ring.rewrap_relationship_key(conn, found.tenant, found.relationship)
        event = events.RelationshipSucceeded(
            found.relationship, succession.succession, succession.school, succession.successor
        )
        await self._note(conn, found, event, who, None)
