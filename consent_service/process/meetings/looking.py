"""Who sees what: the counsellor everything, a contact that a meeting is there, a guardian her own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import FamilyId, RelationshipId, TenantId
from consent_service.foundation.notifier import CalendarPart
from consent_service.identity.model import Counsellor, GuardianActor, PersonActor, SchoolStaff, person_of
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import require
from consent_service.process.meetings.acting import SHARED_AS, MeetingParts
from consent_service.process.meetings.icalendar import Appointment, Method, calendar
from consent_service.process.meetings.model import (
    AFTER,
    MINUTES,
    PLANNED,
    Meeting,
    MeetingView,
    OwnMeeting,
    SchoolLine,
    is_told,
)
from consent_service.process.meetings.rows import (
    meetings_of,
    read_agreements,
    read_meeting,
    read_meetings,
    read_participants,
    read_remarks,
)
from consent_service.process.meetings.sealing import open_meeting
from consent_service.process.meetings.tables import meeting_agreements, meetings
from consent_service.release.exits import ExitPermit

_SHOWN_TO_SCHOOL = frozenset({"proposed", "planned", "moved", "held", "agreed", "copied", "cancelled"})


class Looking(MeetingParts):
    """Reading."""

    async def of_family(self, actor: Counsellor, family: FamilyId) -> tuple[Meeting, ...]:
        """The meetings of one family, newest first.

        Raises:
            NotAllowedError: not with this family.
        """
        async with self._database.reading() as conn:
            await self._require_with(conn, actor, family)
            return await read_meetings(conn, actor.tenant, meetings.c.family == family)

    async def view(self, actor: Counsellor, meeting: str) -> MeetingView:
        """One meeting with everything opened.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such meeting.
        """
        async with self._database.reading() as conn:
            about = await read_meeting(conn, actor.tenant, meeting)
            if about is None:
                raise NotFoundError("meeting")
            await self._require_with(conn, actor, about.family)
            key = await self._ring.person_key(conn, actor.tenant, about.child)
            guardians, contacts = await read_participants(conn, actor.tenant, meeting)
            return MeetingView(
                meeting=about,
                content=open_meeting(self._ring, key, meeting, about.sealed),
                guardians=guardians,
                contacts=contacts,
                agreements=await read_agreements(conn, self._ring, actor.tenant, about),
                remarks=await read_remarks(conn, self._ring, actor.tenant, meeting),
                invitable=await self._invitable(conn, about),
            )

    async def at_school(
        self, actor: SchoolStaff, relationships: Sequence[RelationshipId]
    ) -> tuple[SchoolLine, ...]:
        """What this contact may know of meetings about these children; each child passes the exit door (S45).

        Only meetings in which the contact takes part, or that this contact proposed. Never one that waits
        for a second person.
        """
        require(actor, Action.LIST_OWN_CHILDREN, Circumstances(tenant=actor.tenant, school=actor.school))
        found: list[SchoolLine] = []
        for relationship in relationships:
            permit = await self._release.may_tell_contact(
                None, actor.tenant, actor.staff, relationship, "page", actor=actor
            )
            if permit is not None:
                found += await self._lines(actor, permit)
        return tuple(found)

    async def agreed_at_school(self, actor: SchoolStaff, relationship: RelationshipId) -> tuple[date, ...]:
        """The days by which the school would have done what it agreed to and what is still open.

        Only where this contact may read now what was agreed there: the words are asked as any information is.

        Raises:
            UnavailableError: database or keys are away, or a stop is not replayed.
        """
        require(actor, Action.LIST_OWN_CHILDREN, Circumstances(tenant=actor.tenant, school=actor.school))
        if SHARED_AS not in await self._release.readable_types(actor, relationship, filled=True):
            return ()
        agreed, about = meeting_agreements.c, meetings.c
        query = (
            select(agreed.due_on)
            .join(meetings, (about.tenant == agreed.tenant) & (about.meeting == agreed.meeting))
            .where(agreed.tenant == actor.tenant, about.relationship == relationship)
            .where(about.record.is_not(None), about.state.in_(sorted(AFTER)))
            .where(agreed.owner == "school", agreed.state == "open")
            .order_by(agreed.due_on)
        )
        async with self._database.reading() as conn:
            return tuple((await conn.execute(query)).scalars())

    async def own(self, actor: PersonActor) -> tuple[OwnMeeting, ...]:
        """The meetings that somebody of the family may know of, newest first, by a permit of the exit door.

        A guardian: in which she takes part, about children she decides over today; see S46 for when none.
        A child that decides alone: every one about itself.

        Raises:
            NotAllowedError: not one's own page.
            NotFoundError: nobody with this id in this family.
        """
        me = person_of(actor)
        require(
            actor,
            Action.SEE_OWN_PAGE,
            Circumstances(tenant=actor.tenant, family=actor.family, person=me),
        )
        async with self._database.transaction() as conn:
            permit = await self._release.permit_for_guardian(conn, actor.tenant, me, "page", actor=actor)
            if permit is None:
                return ()
            children = await self._families.own_children(conn, actor)
            wanted = [meetings.c.family == actor.family, meetings.c.child.in_(sorted(children))]
            if isinstance(actor, GuardianActor):
                wanted.append(meetings.c.meeting.in_(await meetings_of(conn, actor.tenant, me)))
            found = await read_meetings(conn, actor.tenant, *wanted)
            return tuple([await self._own_meeting(conn, actor, one) for one in found if is_told(one)])

    async def calendar_file(
        self, conn: AsyncConnection, permit: ExitPermit, meeting: str
    ) -> CalendarPart | None:
        """The appointment as it stands now, for whom the exit door gave a permit; None: nothing to send."""
        about = await read_meeting(conn, permit.tenant, meeting)
        if not self._organizer or about is None or about.starts_at is None:
            return None
        if about.relationship != permit.relationship or about.state not in (*PLANNED, "cancelled"):
            return None
        if about.state in PLANNED and await self._is_over(conn, about):
            return None
        method: Method = "CANCEL" if about.state == "cancelled" else "PUBLISH"
        appointment = Appointment(
            uid=about.uid,
            sequence=about.sequence,
            starts_at=about.starts_at,
            minutes=MINUTES,
            stamp=about.changed_at,
            method=method,
            organizer=self._organizer,
        )
        return CalendarPart(method, calendar(appointment))

    # --- parts -------------------------------------------------------------------------------

    async def _require_with(self, conn: AsyncConnection, actor: Counsellor, family: FamilyId) -> None:
        with_them = await self._organisations.is_assigned(conn, actor, family)
        facts = Circumstances(tenant=actor.tenant, family=family, assigned=with_them)
        require(actor, Action.RUN_MEETING, facts)

    async def _lines(self, actor: SchoolStaff, permit: ExitPermit) -> list[SchoolLine]:
        async with self._database.reading() as conn:
            found = await read_meetings(
                conn,
                actor.tenant,
                meetings.c.relationship == permit.relationship,
                meetings.c.state.in_(sorted(_SHOWN_TO_SCHOOL)),
            )
            mine = set(await meetings_of(conn, actor.tenant, actor.staff))
        return [
            SchoolLine(one.meeting, one.relationship, one.state, one.starts_at)
            for one in found
            if one.meeting in mine or one.proposed_by == actor.staff
        ]

    async def _own_meeting(self, conn: AsyncConnection, actor: PersonActor, about: Meeting) -> OwnMeeting:
        tenant: TenantId = actor.tenant
        key = await self._ring.person_key(conn, tenant, about.child)
        agreed = await read_agreements(conn, self._ring, tenant, about) if about.state in AFTER else ()
        return OwnMeeting(
            meeting=about.meeting,
            child=about.child,
            state=about.state,
            starts_at=about.starts_at,
            agenda=open_meeting(self._ring, key, about.meeting, about.sealed).agenda,
            agreements=agreed,
            remarks=await read_remarks(conn, self._ring, tenant, about.meeting, of=person_of(actor)),
        )
