"""Writing contact lists: who is put on one or taken off, confirmed, away, or moves up for who is related.

As in `writing`: the caller has asked whether the actor may, and holds the transaction.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import AuditLog
from consent_service.families.attesting import SchoolTerms
from consent_service.families.listing import is_standing
from consent_service.families.model import Relationship
from consent_service.families.reading import CONFLICT, PROMOTED, read_contacts, read_relationships
from consent_service.families.tables import contact_absences, contact_attestations, relationship_contacts
from consent_service.families.writing_safety import SafetyWriter
from consent_service.foundation.clock import Clock
from consent_service.foundation.ids import FamilyId, RelationshipId, StaffId, TenantId, new_id
from consent_service.organisations.relationship_state import raise_relationship
from consent_service.organisations.tables import staff


class ContactWriter(SafetyWriter):
    """Rows and entries of contact lists."""

    def __init__(self, *, log: AuditLog, clock: Clock, terms: SchoolTerms) -> None:
        super().__init__(log=log, clock=clock)
        self._terms = terms

    async def list_contact(
        self,
        conn: AsyncConnection,
        found: Relationship,
        member: StaffId,
        *,
        role: str | None,
        deputy_for: StaffId | None,
        who: By,
        confirmed_at: datetime | None = None,
        late_since: datetime | None = None,
    ) -> None:
        """Put the member of staff on the contact list; confirmed now, unless another moment is given."""
        await conn.execute(
            insert(relationship_contacts).values(
                tenant=found.tenant,
                relationship=found.relationship,
                listing=new_id(),
                staff=member,
                deputy_for=deputy_for,
                starts_at=self._clock.now(),
                confirmed_at=confirmed_at,
            )
        )
        event = events.ContactListed(
            found.relationship, member, role or "contact", deputy=deputy_for is not None
        )
        await self._note(conn, found, event, who, late_since)

    async def remove_contact(
        self,
        conn: AsyncConnection,
        found: Relationship,
        member: StaffId,
        *,
        who: By,
        listed_until: datetime | None,
        late_since: datetime | None = None,
        reason: str | None = None,
    ) -> bool:
        """End every listing begun by `listed_until`: a late removal spares who was listed again since.

        Without that moment it ends every listing there is.

        Returns whether there was one.
        """
        listing = relationship_contacts.c
        begun = true() if listed_until is None else listing.starts_at <= listed_until
        removed = await conn.execute(
            update(relationship_contacts)
            .where(listing.tenant == found.tenant, listing.relationship == found.relationship)
            .where(listing.staff == member, listing.ends_at.is_(None), begun)
            .values(ends_at=self._clock.now(), end_reason=reason)
        )
        if removed.rowcount:
            event = events.ContactRemoved(found.relationship, member)
            await self._note(conn, found, event, who, late_since)
        return bool(removed.rowcount)

    async def declare_conflict(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        family: FamilyId,
        member: StaffId,
        *,
        at: RelationshipId,
        who: By,
        late_since: datetime | None = None,
    ) -> None:
        """Who is related to the family leaves its lists for good, and the deputies are contact instead (S16).

        The lists of all its children that go on, also those begun after it was said (`late_since`), and the
        one `at` which it was said: nobody stops being related.
        """
        for one in await read_relationships(conn, tenant, family=family):
            if one.ended_at is None or one.relationship == at:
                await self._declare_at(conn, one, member, who=who, late_since=late_since)

    async def _declare_at(
        self,
        conn: AsyncConnection,
        found: Relationship,
        member: StaffId,
        *,
        who: By,
        late_since: datetime | None,
    ) -> None:
        removed = await self.remove_contact(
            conn, found, member, who=who, listed_until=None, late_since=late_since, reason=CONFLICT
        )
        if removed:
            deputies = await self._promote(conn, found, member, who=who, late_since=late_since)
            event = events.ConflictDeclared(found.relationship, member, deputies)
            await self._note(conn, found, event, who, late_since)

    async def attest_contact(
        self, conn: AsyncConnection, found: Relationship, member: StaffId, *, who: By
    ) -> None:
        """It was said for this term that this member of staff still is a contact of the child."""
        await conn.execute(
            insert(contact_attestations).values(
                tenant=found.tenant,
                attestation=new_id(),
                relationship=found.relationship,
                staff=member,
                attested_at=self._clock.now(),
                by_kind=who.kind,
                attested_by=who.id,
            )
        )
        await self._note(conn, found, events.ContactAttested(found.relationship, member), who, None)

    async def note_absence(
        self, conn: AsyncConnection, found: Relationship, member: StaffId, until: date | None, *, who: By
    ) -> None:
        """A contact is away up to and with this day; back when there is none."""
        await conn.execute(
            insert(contact_absences).values(
                tenant=found.tenant,
                absence=new_id(),
                relationship=found.relationship,
                staff=member,
                noted_at=self._clock.now(),
                until=until,
            )
        )
        await self._note(conn, found, events.ContactAway(found.relationship, member, until), who, None)

    async def _promote(
        self,
        conn: AsyncConnection,
        found: Relationship,
        member: StaffId,
        *,
        who: By,
        late_since: datetime | None,
    ) -> int:
        """Who stood in for this one is contact from now on, as far as confirmed; how many those are.

        The confirmation goes along: to be promoted is not to be confirmed anew.
        """
        now = self._clock.now()
        lists = await read_contacts(conn, found.tenant, [found.relationship])
        deputies = [
            one
            for one in lists[found.relationship]
            if one.deputy_for == member and is_standing(one, self._terms, now)
        ]
        listing = relationship_contacts.c
        for one in deputies:
            await conn.execute(
                update(relationship_contacts)
                .where(listing.tenant == found.tenant, listing.relationship == found.relationship)
                .where(listing.staff == one.staff, listing.ends_at.is_(None))
                .values(ends_at=now, end_reason=PROMOTED)
            )
            await self.list_contact(
                conn,
                found,
                one.staff,
                role=await self._role(conn, found, one.staff),
                deputy_for=None,
                who=who,
                confirmed_at=one.confirmed_at,
                late_since=late_since,
            )
        return len(deputies)

    async def _role(self, conn: AsyncConnection, found: Relationship, member: StaffId) -> str | None:
        query = select(staff.c.role).where(staff.c.tenant == found.tenant, staff.c.staff == member)
        role: str | None = (await conn.execute(query)).scalar_one()
        return role

    async def _note(
        self,
        conn: AsyncConnection,
        found: Relationship,
        event: events.FamilyEvent | events.WhoEvent,
        who: By,
        late_since: datetime | None,
    ) -> None:
        """Raise the version of one relationship and write the entry about its child, erased or not."""
        await raise_relationship(conn, found.tenant, found.relationship, self._clock.now())
        await self._log.append(
            conn,
            tenant=found.tenant,
            event=event,
            by=who,
            subject=await self._log.living(conn, found.tenant, found.child),
            relationship=found.relationship,
            late_since=late_since,
        )
