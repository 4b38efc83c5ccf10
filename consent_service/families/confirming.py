"""Acts by which a contact list stays true: confirmed every school term, who is away, who steps off.

A contact speaks of the own listing only, and only while reading: who may not see a child is not asked about
it by name (docs/decisions/0049). The counsellor speaks for the whole list.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.listing import asked_contacts, is_listed
from consent_service.families.model import Contact, Relationship
from consent_service.families.reading import lock_family, read_contacts, read_relationship
from consent_service.families.schools import SchoolActs
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import RelationshipId, StaffId
from consent_service.identity.model import Counsellor, SchoolStaff, by
from consent_service.identity.permissions import Action

LONGEST_AWAY = timedelta(days=92)
"""Who is away longer is taken off the list, and put on it again after that."""


class ConfirmingActs(SchoolActs):
    """Confirming, being away, stepping off."""

    async def attest_contacts(
        self, actor: SchoolStaff | Counsellor, relationship: RelationshipId, members: Collection[StaffId]
    ) -> None:
        """These still are contacts of the child; who was confirmed for this term already, stays so.

        Raises:
            NotAllowedError: not with this family; of school staff: somebody else, or not reading now.
            NotFoundError: no such relationship here.
        """
        found = await self.relationship(actor.tenant, relationship)
        for member in members:
            await self._may_at_school(actor, Action.ATTEST_CONTACT, found, member)
        async with self._database.transaction() as conn:
            asked = asked_contacts(await self._listed(conn, found), self._school_terms, self._clock.now())
            for member in dict.fromkeys(one.staff for one in asked if one.staff in members):
                await self._writer.attest_contact(conn, found, member, who=by(actor))

    async def step_off(self, actor: SchoolStaff, relationship: RelationshipId) -> None:
        """This member of staff is no contact of the child any more; holds at once, and is a stop.

        Raises:
            NotAllowedError: not reading now.
            NotFoundError: no such relationship here.
        """
        found = await self.relationship(actor.tenant, relationship)
        await self._may_at_school(actor, Action.ATTEST_CONTACT, found, actor.staff)
        subject: dict[str, str] = {"relationship": relationship, "staff": actor.staff}

        async def act() -> None:
            async with self._database.transaction() as conn:
                await lock_family(conn, actor.tenant, found.family)
                await self._writer.remove_contact(
                    conn, found, actor.staff, who=by(actor), listed_until=self._clock.now()
                )

        await self._stops.carry_out("contact_removal", actor.tenant, subject, act)

    async def say_away(
        self,
        actor: SchoolStaff | Counsellor,
        relationship: RelationshipId,
        member: StaffId,
        until: date | None,
    ) -> None:
        """This contact is away up to and with that day, so that the deputy reads; without a day: is back.

        Raises:
            InputError: the day has passed or is too far away, or this is no contact on the list.
            NotAllowedError: not with this family; of school staff: somebody else, or not reading now.
            NotFoundError: no such relationship here.
        """
        found = await self.relationship(actor.tenant, relationship)
        await self._may_at_school(actor, Action.ATTEST_CONTACT, found, member)
        today = local_date(self._clock.now())
        if until is not None and not today <= until <= today + LONGEST_AWAY:
            raise InputError([Problem("until", "contact_away_until")])
        async with self._database.transaction() as conn:
            listed = {one.staff: one for one in await self._listed(conn, found)}
            if member not in listed:
                raise InputError([Problem("staff", "contact_not_listed")])
            if listed[member].away_until != until:
                await self._writer.note_absence(conn, found, member, until, who=by(actor))

    async def _listed(self, conn: AsyncConnection, found: Relationship) -> tuple[Contact, ...]:
        """The listings that stand, with the family's row taken; none when the relationship has ended."""
        await lock_family(conn, found.tenant, found.family)
        current = await read_relationship(conn, found.tenant, found.relationship)
        if current is None or current.ended_at is not None:
            return ()
        lists = await read_contacts(conn, found.tenant, [found.relationship])
        return tuple(one for one in lists[found.relationship] if is_listed(one, self._clock.now()))
