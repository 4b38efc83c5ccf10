"""A meeting is proposed: by the counsellor or a contact of the school; for violence now by two people."""

from __future__ import annotations

from uuid import uuid4

import msgspec
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER
from consent_service.families.model import Relationship
from consent_service.families.reading import read_relationship
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import RelationshipId, StaffId, new_id
from consent_service.identity.model import Counsellor, SchoolStaff, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import require
from consent_service.policy.facts import Reader
from consent_service.policy.projection import Known, active_contacts
from consent_service.process.meetings.acting import MeetingParts
from consent_service.process.meetings.model import (
    SCHOOL_TRIGGERS,
    Meeting,
    MeetingContent,
    MeetingRefused,
    SchoolTrigger,
    Trigger,
    WaitingMeeting,
)
from consent_service.process.meetings.rows import read_meeting, read_meetings
from consent_service.process.meetings.sealing import seal_meeting
from consent_service.process.meetings.states import MEETING
from consent_service.process.meetings.tables import meetings
from consent_service.process.states import START
from consent_service.records.reading import read_known

Proposer = Counsellor | SchoolStaff


class Proposing(MeetingParts):
    """Propose, approve."""

    async def propose(
        self, actor: Counsellor, relationship: RelationshipId, trigger: Trigger, *, beside: str = ""
    ) -> str | MeetingRefused:
        """A counsellor proposes a meeting; of violence now a second person decides before anything is sent.

        `beside`: a meeting of a brother or sister that is held at the same moment; each keeps its own agenda
        and agreements, and only the shelter knows of both (S30).

        Returns:
            The id of the meeting, or the reason of the policies. The attempt is logged.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such relationship, or the child was erased.
            InputError: `beside` is no meeting to come of this family.
        """
        return await self._propose(actor, relationship, trigger, beside)

    async def propose_from_school(
        self, actor: SchoolStaff, relationship: RelationshipId, trigger: SchoolTrigger
    ) -> str | MeetingRefused:
        """A contact of the school proposes one; never for violence, which a school is not told by us.

        Raises:
            NotAllowedError: not an active contact.
            NotFoundError: no such child for this contact.
            InputError: no such trigger for a school.
        """
        if trigger not in SCHOOL_TRIGGERS:
            raise InputError([Problem("trigger", "required")])
        permit = await self._release.may_tell_contact(
            None, actor.tenant, actor.staff, relationship, "page", actor=actor
        )
        if permit is None:
            raise NotFoundError("relationship")
        return await self._propose(actor, relationship, trigger, "")

    async def approve(self, actor: Counsellor, meeting: str) -> None:
        """A second person agrees that a meeting is called because of violence now.

        Raises:
            InputError: one cannot approve one's own proposal.
            NotFoundError: no such meeting.
            ConflictError: it does not wait.
        """
        async with self._database.transaction() as conn:
            require(actor, Action.APPROVE_MEETING, Circumstances(tenant=actor.tenant))
            found = await read_meeting(conn, actor.tenant, meeting)
            if found is None:
                raise NotFoundError("meeting")
            about = await self._taken(conn, found)
            if about.proposed_by == actor.staff:
                raise InputError([Problem("meeting", "approve_own")])
            await self._step(conn, actor, about, "approve")

    async def awaiting_approval(self, actor: Counsellor) -> tuple[WaitingMeeting, ...]:
        """What colleagues proposed that waits for a second person, oldest first; no names."""
        require(actor, Action.APPROVE_MEETING, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            waiting = await read_meetings(
                conn,
                actor.tenant,
                meetings.c.state == "awaiting_approval",
                meetings.c.proposed_by != actor.staff,
            )
        lines = (WaitingMeeting(one.meeting, one.proposed_by, one.changed_at) for one in waiting)
        return tuple(sorted(lines, key=lambda line: line.proposed_at))

    # --- parts -------------------------------------------------------------------------------

    async def _propose(
        self, actor: Proposer, relationship: RelationshipId, trigger: Trigger, beside: str
    ) -> str | MeetingRefused:
        async with self._database.transaction() as conn:
            about = await read_relationship(conn, actor.tenant, relationship)
            if about is None:
                raise NotFoundError("relationship")
            known, _ = await read_known(conn, self._ring, self._organisations, about)
            await self._require_proposer(conn, actor, known)
            rules = await self._policies.active_rules(conn, actor.tenant)
            code = self._why_not(rules, known, _reader(actor))
            if code is not None:
                return await self._refused(conn, actor, about, code)
            together = await self._together(conn, about, beside)
            return await self._open(conn, actor, about, trigger, together or new_id())

    async def _require_proposer(self, conn: AsyncConnection, actor: Proposer, known: Known) -> None:
        about = known.relationship
        terms = self._policies.proposal.catalogue.terms
        if isinstance(actor, Counsellor):
            with_them = await self._organisations.is_assigned(conn, actor, about.family)
            facts = Circumstances(tenant=actor.tenant, family=about.family, assigned=with_them)
        else:
            listed = actor.staff in active_contacts(known, terms, self._clock.now())
            facts = Circumstances(tenant=actor.tenant, school=about.school, active_contact=listed)
        require(actor, Action.PROPOSE_MEETING, facts)

    async def _together(self, conn: AsyncConnection, about: Relationship, beside: str) -> str | None:
        if not beside:
            return None
        other = await read_meeting(conn, about.tenant, beside)
        if other is None or other.family != about.family or other.child == about.child:
            raise InputError([Problem("beside", "meeting_beside")])
        return other.together

    async def _open(
        self, conn: AsyncConnection, actor: Proposer, about: Relationship, trigger: Trigger, together: str
    ) -> str:
        act = "propose_urgent" if trigger == "violence" else "propose"
        meeting, now = new_id(), self._clock.now()
        key = await self._ring.sealing_person_key(conn, about.tenant, about.child)
        sealed = seal_meeting(self._ring, key, meeting, MeetingContent(trigger))
        row = Meeting(
            tenant=about.tenant,
            meeting=meeting,
            relationship=about.relationship,
            family=about.family,
            child=about.child,
            state="awaiting_approval" if trigger == "violence" else "proposed",
            proposed_by=StaffId(actor.staff),
            led_by=None,
            starts_at=None,
            sequence=0,
            uid=new_uid(),
            together=together,
            record=None,
            changed_at=now,
            sealed=sealed,
        )
        values = msgspec.structs.asdict(row)
        values["sealed_content"] = values.pop("sealed")
        await conn.execute(insert(meetings).values(**values, proposed_at=now))
        await self._tell(conn, actor, row, act, MEETING.after(START, act))
        return meeting

    async def _refused(
        self, conn: AsyncConnection, actor: Proposer, about: Relationship, code: str
    ) -> MeetingRefused:
        await self._log.append(
            conn,
            tenant=about.tenant,
            event=events.MeetingRefused(about.relationship, code),
            by=by(actor),
            subject=about.child,
            tagged_for=OFFICER,
            relationship=about.relationship,
        )
        return MeetingRefused(code)


def _reader(actor: Proposer) -> Reader:
    if isinstance(actor, Counsellor):
        return Reader("shelter", actor.staff, "counsellor")
    return Reader("school", actor.staff, actor.role)


def new_uid() -> str:
    """Random, and nothing else: an id with a time in it would tell when a meeting was proposed (RFC 7986)."""
    return str(uuid4())
