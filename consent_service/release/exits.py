"""Permits for what leaves otherwise than as a page of shared information: mail, calendar files, lists.

    1. who is it, and is it somebody of ours     3. append the entry; for a school under the guard
    2. decide now, by the rules of a page        4. only now there is a permit

What puts bytes on a wire takes an `ExitPermit`; one is built here and nowhere else (S45, tests/architecture).
A refusal is None, and an entry of its own: who is told nothing learns nothing, not even why.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.details import Attachment
from consent_service.audit.log import OFFICER
from consent_service.families.model import is_left_out, is_shown, protected_of, safety_of
from consent_service.families.reading import (
    lock_family,
    read_assessments,
    read_markers,
    read_relationship,
)
from consent_service.families.tables import children, guardians
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import ConflictError, NotFoundError, StopsPendingError
from consent_service.foundation.ids import (
    INSTALLATION,
    EntryId,
    FamilyId,
    PersonId,
    RelationshipId,
    StaffId,
    TenantId,
    TypeKey,
)
from consent_service.identity.model import (
    Actor,
    ChildActor,
    Counsellor,
    Fg,
    GuardianActor,
    PrivacyCoordinator,
    SchoolStaff,
    StaffActor,
    System,
    by,
    person_of,
)
from consent_service.identity.page_factors import factor_of
from consent_service.identity.permissions import Action, Circumstances, Denied, may
from consent_service.organisations.looking import working_in
from consent_service.organisations.service import require
from consent_service.policy.facts import Reader
from consent_service.policy.recorded import recorded, to_bytes
from consent_service.release.door import TRIES, Door
from consent_service.release.entries import NEVER_LISTED, NOTHING_THERE, guard
from consent_service.release.judging import Judged, readings
from consent_service.release.read import Situation, was_ever_listed
from consent_service.release.starting import NOT_SENT, is_confirmed, may_hear

ExitKind = Literal["mail", "text_message", "calendar_file", "inbox", "page", "csv", "print"]
NOT_WORKING: Final = "not_working_here"
NOT_SHOWN: Final = "not_shown"
NO_CHANNEL: Final = "no_safe_channel"
_THAT_IT_WAITS: Final = frozenset({"mail", "text_message", "inbox"})
"""What says that something waits, and never about whom."""
_OUTSIDE: Final = frozenset({"mail", "text_message", "calendar_file"})
"""Ways to somebody of a family that need a channel which that person called safe."""


class ExitPermit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something may leave now, this way, to this recipient; `entry` says so in the log.

    For the moment it was given: it is used at once and never kept.
    """

    kind: ExitKind
    tenant: TenantId
    recipient: str
    entry: EntryId
    relationship: RelationshipId | None = None
    family: FamilyId | None = None


class _Leaving(msgspec.Struct, frozen=True):
    """What is asked of the door: what goes which way, to whom, about what."""

    kind: ExitKind
    tenant: TenantId
    recipient: str
    actor: Actor
    relationship: RelationshipId | None = None
    family: FamilyId | None = None


class Exits(Door):
    """Who may be told now, by which way."""

    async def may_tell_contact(
        self,
        conn: AsyncConnection | None,
        tenant: TenantId,
        staff: StaffId,
        relationship: RelationshipId,
        exit_: ExitKind,
        *,
        actor: Actor | None = None,
    ) -> ExitPermit | None:
        """Whether somebody of a school may know of this child now: the gate decides (`children_of_contact`).

        Args:
            conn: the caller's transaction, in which the entry stands; None: one of its own.
            actor: whose act it is; the service itself when left out.

        Returns:
            None when nothing may leave: no contact (any more), withdrawn, ended, erased, gone.

        Raises:
            ConflictError: the situation keeps changing; try again.
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        leaving = _Leaving(exit_, tenant, staff, actor or System(), relationship=relationship)
        async with self._joined(conn) as inside:
            await self._require_living_log(inside, tenant)
            member = await working_in(inside, tenant, staff)
            if member is None or not isinstance(member[0], SchoolStaff):
                return await self._refuse(inside, leaving, NOT_WORKING)
            if not await was_ever_listed(inside, tenant, relationship, staff):
                return await self._refuse(inside, leaving, NEVER_LISTED)
            for _ in range(TRIES):
                self._refuse_while_stopping(tenant, relationship)
                done, permit = await self._told_at_school(inside, leaving, member[0], relationship)
                if done:
                    return permit
        raise ConflictError("the situation keeps changing")

    async def permit_for_member(
        self,
        conn: AsyncConnection | None,
        tenant: TenantId,
        staff: StaffId,
        exit_: ExitKind,
        *,
        relationship: RelationshipId | None = None,
        family: FamilyId | None = None,
        actor: Actor | None = None,
    ) -> ExitPermit | None:
        """Whether a member of staff may be told now: a counsellor who is with the family, an officer here.

        Somebody of a school is asked of `may_tell_contact` where it is about a child; what is about the
        school itself may be told who works there.

        Raises:
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        async with self._joined(conn) as inside:
            member = await working_in(inside, tenant, staff)
            who = None if member is None else member[0]
            if isinstance(who, SchoolStaff) and relationship is not None:
                return await self.may_tell_contact(inside, tenant, staff, relationship, exit_, actor=actor)
            await self._require_living_log(inside, tenant)
            about = await self._family_of(inside, tenant, relationship) or family
            leaving = _Leaving(exit_, tenant, staff, actor or System(), relationship, about)
            code = await self._why_not_member(inside, who, leaving)
            if code is not None:
                return await self._refuse(inside, leaving, code)
            return await self._permit(inside, leaving)

    async def permit_for_guardian(
        self,
        conn: AsyncConnection | None,
        tenant: TenantId,
        person: PersonId,
        exit_: ExitKind,
        *,
        relationship: RelationshipId | None = None,
        actor: Actor | None = None,
    ) -> ExitPermit | None:
        """Whether a guardian or a young person with an own page may be told now.

        Outside the service only by the channel that this person called safe for the own page. Until danger
        is ruled out nobody is told whom the own page does not show to (S46, decision 0027).

        Raises:
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        self._refuse_while_any_stop(tenant)
        async with self._joined(conn) as inside:
            await self._require_living_log(inside, tenant)
            family = await _family_of_person(inside, tenant, person)
            leaving = _Leaving(exit_, tenant, person, actor or System(), relationship, family)
            code = await self._why_not_person(inside, person, leaving)
            if code is not None:
                return await self._refuse(inside, leaving, code)
            return await self._permit(inside, leaving)

    async def permit_by_hand(
        self,
        conn: AsyncConnection,
        person: PersonId,
        *,
        actor: PrivacyCoordinator,
    ) -> ExitPermit | None:
        """Whether something on paper may be given to this person by a coordinator who weighed it (S21, S46).

        For whom the own page does not show to; never by another way than on paper.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        self._refuse_while_any_stop(actor.tenant)
        await self._require_living_log(conn, actor.tenant)
        family = await _family_of_person(conn, actor.tenant, person)
        leaving = _Leaving("print", actor.tenant, person, actor, None, family)
        if family is None or await self._log.living(conn, actor.tenant, person) is None:
            return await self._refuse(conn, leaving, NOTHING_THERE)
        return await self._permit(conn, leaving)

    async def known_to(
        self, reader: Actor, matters: Collection[tuple[RelationshipId | None, FamilyId | None]]
    ) -> frozenset[tuple[RelationshipId | None, FamilyId | None]]:
        """Of which matters (child at a school, or family) this reader may know that they are, for a number.

        Nothing is shown, so nothing is logged; what may not be known is not counted either (S45).

        Raises:
            UnavailableError: database or keys are away.
        """
        known = set()
        async with self._database.reading() as conn:
            for about in matters:
                if await self._is_known_to(conn, reader, *about):
                    known.add(about)
        return frozenset(known)

    async def readable_types(
        self, actor: SchoolStaff, relationship: RelationshipId, *, filled: bool = False
    ) -> frozenset[TypeKey]:
        """The types this contact may be given now, for one purpose or another; nothing is opened.

        For pages that tell that something is there or was done. None of a child that may not be known.
        `filled`: only those of which there is something to give.

        Raises:
            UnavailableError: database or keys are away, or a stop is not replayed.
        """
        self._refuse_while_stopping(actor.tenant, relationship)
        async with self._database.reading() as conn:
            if not await self._is_known_at_school(conn, actor, relationship):
                return frozenset()
            situation = await self._situation(conn, actor.tenant, relationship)
            rules = await self._policies.in_force(situation.active_bundle)
        reader = Reader("school", actor.staff, actor.role)
        answers = tuple(readings(situation, rules, reader, now=self._clock.now()))
        if filled:
            return frozenset(record.information_type for one in answers for record in one.to_open)
        return frozenset(key for one in answers if one.permit is not None for key in one.permit.types)

    # --- who may be told ---------------------------------------------------------------------

    async def _told_at_school(
        self, conn: AsyncConnection, leaving: _Leaving, member: SchoolStaff, relationship: RelationshipId
    ) -> tuple[bool, ExitPermit | None]:
        """Whether it was decided, and the permit; not decided: somebody acted in between."""
        try:
            situation = await self._situation(conn, leaving.tenant, relationship)
        except NotFoundError:
            return True, await self._refuse(conn, leaving, NOTHING_THERE)
        about = situation.known.relationship
        if not self._is_begun(situation, leaving.kind):
            return True, await self._refuse(conn, leaving, NOT_SENT, subject=about.child)
        facts = Circumstances(tenant=about.tenant, school=about.school, way="s2c")
        denied = may(member, Action.ASK_RELEASE, facts)
        if isinstance(denied, Denied):
            return True, await self._refuse(conn, leaving, denied.code, subject=about.child)
        reader = Reader("school", member.staff, member.role)
        answer = await self._at_the_gate(await self._renewed(situation, conn), reader)
        if answer.permit is None:
            code = next((refusal.code for refusal in answer.refusals), NOTHING_THERE)
            return True, await self._refuse(conn, leaving, code, subject=about.child)
        permit = await self._permit(conn, leaving, answer)
        return permit is not None, permit

    def _is_begun(self, situation: Situation, kind: ExitKind) -> bool:
        """Before the pupil was confirmed only that something waits may leave, and not before it was sent."""
        return is_confirmed(situation) or (kind in _THAT_IT_WAITS and may_hear(situation, self._clock.now()))

    async def _is_known_to(
        self,
        conn: AsyncConnection,
        reader: Actor,
        relationship: RelationshipId | None,
        family: FamilyId | None,
    ) -> bool:
        match reader:
            case GuardianActor() | ChildActor():
                return await self._is_shown(conn, reader.tenant, reader.family, person_of(reader))
            case SchoolStaff() if relationship is not None:
                return await self._is_known_at_school(conn, reader, relationship)
            case Counsellor() | SchoolStaff() | PrivacyCoordinator() | Fg():
                about = await self._family_of(conn, reader.tenant, relationship) or family
                leaving = _Leaving("inbox", reader.tenant, reader.staff, reader, relationship, about)
                return await self._why_not_member(conn, reader, leaving) is None
            case _:
                return False

    async def _is_known_at_school(
        self, conn: AsyncConnection, reader: SchoolStaff, relationship: RelationshipId
    ) -> bool:
        if not await was_ever_listed(conn, reader.tenant, relationship, reader.staff):
            return False
        try:
            situation = await self._situation(conn, reader.tenant, relationship)
        except NotFoundError:
            return False
        if situation.known.relationship.school != reader.school or not self._is_begun(situation, "inbox"):
            return False
        answer = await self._at_the_gate(situation, Reader("school", reader.staff, reader.role))
        return answer.permit is not None

    async def _why_not_member(
        self, conn: AsyncConnection, who: StaffActor | None, leaving: _Leaving
    ) -> str | None:
        if who is None:
            return NOT_WORKING
        if leaving.relationship is not None and leaving.family is None:
            return NOTHING_THERE
        if leaving.family is None:
            return None
        if isinstance(who, SchoolStaff):
            return NEVER_LISTED
        if isinstance(who, Counsellor) and not await self._organisations.is_assigned(
            conn, who, leaving.family
        ):
            return "not_assigned"
        return None

    async def _why_not_person(self, conn: AsyncConnection, person: PersonId, leaving: _Leaving) -> str | None:
        tenant, family = leaving.tenant, leaving.family
        if family is None or await self._log.living(conn, tenant, person) is None:
            return NOTHING_THERE
        await lock_family(conn, tenant, family)
        if leaving.relationship is not None:
            about = await read_relationship(conn, tenant, leaving.relationship)
            if about is None or about.family != family:
                return NOTHING_THERE
        if not await self._is_shown(conn, tenant, family, person):
            return NOT_SHOWN
        if leaving.kind in _OUTSIDE:
            factor = await factor_of(conn, tenant, person)
            if factor is None or factor.kind == "pin":
                return NO_CHANNEL
        return None

    async def _is_shown(
        self, conn: AsyncConnection, tenant: TenantId, family: FamilyId, person: PersonId
    ) -> bool:
        """A child is told of itself; of the guardians whoever the own page shows to."""
        query = select(guardians.c.guardian).where(guardians.c.tenant == tenant, guardians.c.family == family)
        everyone = [PersonId(one) for one in (await conn.execute(query)).scalars()]
        if person not in everyone:
            return True
        assessed = await read_assessments(conn, tenant, family=family)
        level, day = safety_of(assessed).level, local_date(self._clock.now())
        markers = await read_markers(conn, tenant, family=family)
        shown = is_shown(person, guardians=everyone, safety=level, protected=protected_of(assessed))
        return shown and not is_left_out(person, markers, day, safety=level)

    async def _family_of(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId | None
    ) -> FamilyId | None:
        found = None if relationship is None else await read_relationship(conn, tenant, relationship)
        return None if found is None else found.family

    def _refuse_while_any_stop(self, tenant: TenantId) -> None:
        if any(stop.tenant in (tenant, INSTALLATION) for stop in self._journal.pending()):
            raise StopsPendingError("a stop is being carried out")

    # --- entries -----------------------------------------------------------------------------

    async def _permit(
        self, conn: AsyncConnection, leaving: _Leaving, answer: Judged | None = None
    ) -> ExitPermit | None:
        """None when what decided does not stand any more. The decision is recorded with its entry."""
        about = None if answer is None else answer.situation.known.relationship
        entry = await self._log.append(
            conn,
            tenant=leaving.tenant,
            event=events.ExitPermitted(leaving.kind, leaving.recipient, leaving.relationship, leaving.family),
            by=by(leaving.actor),
            subject=about.child if about is not None else await self._subject(conn, leaving),
            tagged_for=OFFICER,
            relationship=leaving.relationship,
            bundle="" if answer is None else answer.rules.bundle.hash,
            guard=None if answer is None else guard(answer, self._clock.now()),
            attachment=None
            if answer is None or about is None
            else Attachment(about.child, to_bytes(recorded(answer.decision))),
        )
        if entry is None:
            return None
        return ExitPermit(
            leaving.kind, leaving.tenant, leaving.recipient, entry, leaving.relationship, leaving.family
        )

    async def _refuse(
        self, conn: AsyncConnection, leaving: _Leaving, code: str, *, subject: PersonId | None = None
    ) -> ExitPermit | None:
        """That nothing leaves, and why, for the officer only: causes may be another person's choice."""
        event = events.ExitRefused(
            leaving.kind, leaving.recipient, code, leaving.relationship, leaving.family
        )
        await self._log.append(
            conn,
            tenant=leaving.tenant,
            event=event,
            by=by(leaving.actor),
            subject=subject or await self._subject(conn, leaving),
            tagged_for=OFFICER,
            relationship=leaving.relationship,
        )
        return None

    async def _subject(self, conn: AsyncConnection, leaving: _Leaving) -> PersonId | None:
        """The one it would have gone to, as long as there is such a person."""
        return await self._log.living(conn, leaving.tenant, PersonId(leaving.recipient))


async def _family_of_person(conn: AsyncConnection, tenant: TenantId, person: PersonId) -> FamilyId | None:
    """Of which family this guardian or child is."""
    for table, column in ((guardians, guardians.c.guardian), (children, children.c.child)):
        query = select(table.c.family).where(table.c.tenant == tenant, column == person)
        found: str | None = (await conn.execute(query)).scalar_one_or_none()
        if found is not None:
            return FamilyId(found)
    return None
