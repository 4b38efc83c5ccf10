"""Acts about a child at a school: begin, who is contact there, and every way in which it ends.

What takes something away is a stop (`stops`); the rows and entries are `writing`.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.acting import FamilyActs
from consent_service.families.listing import is_listed, reading_contacts
from consent_service.families.model import (
    EndReason,
    Relationship,
    SchoolConfirmation,
    check_confirmation,
    check_other_parent,
)
from consent_service.families.reading import (
    CONFLICT,
    active_listings,
    has_conflict,
    lock_family,
    read_contacts,
    read_relationship,
    read_relationships,
    read_safety,
)
from consent_service.families.tables import children
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import (
    FamilyId,
    PersonId,
    RelationshipId,
    SchoolId,
    StaffId,
    TenantId,
)
from consent_service.identity.model import Counsellor, SchoolStaff, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.model import StaffMember
from consent_service.organisations.service import require


class SchoolActs(FamilyActs):
    """Relationships and contact lists."""

    async def start_relationship(
        self,
        actor: Counsellor,
        child: PersonId,
        confirmed: SchoolConfirmation,
        *,
        contacts: Collection[StaffId] = (),
    ) -> RelationshipId:
        """The child goes to this school; code, street and phone were confirmed with the parent (S49).

        `contacts` are those who will be listed next (`list_contact`), refused here before anything begins.

        Raises:
            InputError: the school is not known or is another one, safety was never assessed, the other
                parent is known at the school and that was not talked over, or a contact is related to the
                family (S16).
            ConflictError: the child is at this school already, or the guidance has ended.
            NotFoundError: no such child in this shelter.
        """
        family = await self._family_of_child(actor.tenant, child)
        school = await self._organisations.school_by_code(actor.tenant, confirmed.establishment_code)
        problems = list(check_confirmation(confirmed, school))
        async with self._acting(actor, Action.START_RELATIONSHIP, family) as conn:
            safety = await read_safety(conn, actor.tenant, family=family)
            if safety.level == "not_assessed":
                problems.append(Problem("establishment_code", "safety_first"))
            problems += check_other_parent(confirmed, safety)
            if await has_conflict(conn, actor.tenant, family, contacts):
                problems.append(Problem("contacts", "contact_has_conflict"))
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

        Who stands in for another reads only while that one cannot (`listing`).

        Raises:
            InputError: the person does not work at that school or is related to the family (S16), or whom he
                stands in for is not a contact on this list.
            ConflictError: the relationship has ended, or he is on the list already.
        """
        found = await self.relationship(actor.tenant, relationship)
        async with self._acting(actor, Action.LIST_CONTACT, found.family) as conn:
            listed = await self._at_school(conn, found, member)
            if listed is None:
                raise InputError([Problem("staff", "contact_not_at_school")])
            await self._require_whom(conn, found, deputy_for)
            if await has_conflict(conn, actor.tenant, found.family, [member]):
                raise InputError([Problem("staff", "contact_has_conflict")])
            await self._require_not_listed(conn, found, member)
            await self._writer.list_contact(
                conn, found, member, role=listed.role, deputy_for=deputy_for, who=by(actor)
            )

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

    async def declare_conflict(
        self, actor: SchoolStaff | Counsellor, relationship: RelationshipId, member: StaffId
    ) -> None:
        """Who is related to the family loses access at once, and the deputy is contact instead (S16).

        At every child of the family, whichever was spoken of, and for good. A member of school staff says it
        of himself only.

        Raises:
            NotAllowedError: not on the list, of somebody else, or not with this family.
            NotFoundError: no such relationship here.
        """
        found = await self.relationship(actor.tenant, relationship)
        await self._may_at_school(actor, Action.DECLARE_CONFLICT, found, member)
        subject: dict[str, str] = {
            "family": found.family,
            "relationship": relationship,
            "staff": member,
            "reason": CONFLICT,
        }

        async def act() -> None:
            async with self._database.transaction() as conn:
                await lock_family(conn, actor.tenant, found.family)
                await self._writer.declare_conflict(
                    conn, actor.tenant, found.family, member, at=relationship, who=by(actor)
                )

        await self._stops.carry_out("contact_removal", actor.tenant, subject, act)

    async def disown(self, actor: SchoolStaff, relationship: RelationshipId) -> None:
        """The contact says this is no pupil of the school: everything is closed at once (S12).

        Raises:
            NotAllowedError: not on the active contact list.
            NotFoundError: no such relationship here.
        """
        found = await self.relationship(actor.tenant, relationship)
        await self._may_at_school(actor, Action.DISOWN_PUPIL, found, actor.staff)
        reason: EndReason = "not_our_pupil"
        subject: dict[str, str] = {"relationship": relationship, "reason": reason, "staff": actor.staff}

        async def act() -> None:
            async with self._database.transaction() as conn:
                await lock_family(conn, actor.tenant, found.family)
                await self._writer.disown(conn, found, actor.staff, who=by(actor))

        await self._stops.carry_out("relationship_end", actor.tenant, subject, act)

    async def move_to_successor(
        self, actor: Counsellor, relationship: RelationshipId, succession: str
    ) -> None:
        """One child's relationship goes on with the school that took over, under the same consents (S32).

        Only by a documented succession. Nothing is released until there is an agreement with the
        succeeding school and somebody of its own on the contact list.

        Raises:
            InputError: no such succession of this school.
            ConflictError: the relationship has ended, or the child is at that school already.
            NotFoundError: no such relationship here.
        """
        found = await self.relationship(actor.tenant, relationship)
        async with self._acting(actor, Action.MOVE_TO_SUCCESSOR, found.family) as conn:
            current = await read_relationship(conn, actor.tenant, relationship)
            if current is None or current.ended_at is not None:
                raise ConflictError("this relationship has ended")
            known = await self._organisations.successions_of(conn, actor.tenant, current.school)
            documented = next((one for one in known if one.succession == succession), None)
            if documented is None:
                raise InputError([Problem("succession", "succession_unknown")])
            await self._require_not_there(
                conn, actor.tenant, current.family, current.child, documented.successor
            )
            await self._writer.move_to_successor(conn, current, documented, who=by(actor))

    # --- parts -------------------------------------------------------------------------------

    async def _may_at_school(
        self, actor: SchoolStaff | Counsellor, action: Action, found: Relationship, member: StaffId
    ) -> None:
        """Asked before a stop is journalled; of school staff nobody speaks for somebody else."""
        async with self._database.reading() as conn:
            if isinstance(actor, Counsellor):
                await self._require(conn, actor, action, found.family)
                return
            now = self._clock.now()
            if action is Action.DECLARE_CONFLICT:  # also of whom nobody confirmed, or who does not read now
                listed = await active_listings(conn, actor.tenant, found.relationship, now)
            else:
                lists = await read_contacts(conn, actor.tenant, [found.relationship])
                listed = reading_contacts(lists[found.relationship], self._school_terms, now)
        own = actor.staff == member and member in listed and found.is_active(now)
        facts = Circumstances(tenant=found.tenant, school=found.school, active_contact=own)
        require(actor, action, facts)

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

    async def _require_whom(self, conn: AsyncConnection, found: Relationship, whom: StaffId | None) -> None:
        """One stands in for a contact who is on the list, not for somebody who stands in too."""
        if whom is None:
            return
        now = self._clock.now()
        lists = await read_contacts(conn, found.tenant, [found.relationship])
        mains = {c.staff for c in lists[found.relationship] if c.deputy_for is None and is_listed(c, now)}
        if whom not in mains:
            raise InputError([Problem("deputy_for", "contact_to_replace")])

    async def _require_not_listed(self, conn: AsyncConnection, found: Relationship, member: StaffId) -> None:
        now = self._clock.now()
        current = await read_relationships(conn, found.tenant, family=found.family)
        if not any(r.relationship == found.relationship and r.ended_at is None for r in current):
            raise ConflictError("this relationship has ended")
        lists = await read_contacts(conn, found.tenant, [found.relationship])
        for contact in lists[found.relationship]:
            if contact.staff == member and is_listed(contact, now):
                raise ConflictError("this person is on the contact list already")
