"""What came of it: held, agreed, remarked on, told to the school, followed up, closed."""

from __future__ import annotations

from datetime import date
from typing import Literal

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import PersonId, new_id
from consent_service.identity.model import Counsellor, GuardianActor, PersonActor, by, person_of
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import require
from consent_service.process.meetings.acting import SHARED_AS, MeetingParts
from consent_service.process.meetings.model import (
    NOT_DONE,
    Agreement,
    Meeting,
    MeetingContent,
    NewAgreement,
    NotDone,
    Outcome,
    check_agreements,
    check_words,
)
from consent_service.process.meetings.rows import (
    read_agreements,
    read_meeting,
    read_participants,
    read_remarks,
)
from consent_service.process.meetings.sealing import open_meeting, seal_words
from consent_service.process.meetings.states import AGREEMENT, MEETING
from consent_service.process.meetings.tables import meeting_agreements, meeting_remarks, meetings
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.service import Note

_SAID_BY = {"parents": "ouders", "child": "kind", "school": "school", "shelter": "begeleider"}
"""Who does it, in the words that the school reads beside each agreement."""


class Following(MeetingParts):
    """Everything after the conversation has begun."""

    async def hold(self, actor: Counsellor, meeting: str) -> None:
        """It took place.

        Raises:
            InputError: its moment has not come.
            ConflictError: it was not planned, or held already.
        """
        async with self._database.transaction() as conn:
            about = await self._run(conn, actor, meeting)
            MEETING.after(about.state, "hold")
            if about.starts_at is None or about.starts_at > self._clock.now():
                raise InputError([Problem("meeting", "meeting_not_yet")])
            await self._notices.cancel(conn, actor.tenant, meeting)
            await self._step(conn, actor, about, "hold")

    async def agree(self, actor: Counsellor, meeting: str, agreements: tuple[NewAgreement, ...]) -> None:
        """What was agreed, each with who does it and by when. The school gets it by `tell_school` only.

        Raises:
            InputError: every problem at once; nothing was kept.
            ConflictError: it was not held, or agreed on already.
        """
        async with self._database.transaction() as conn:
            about = await self._run(conn, actor, meeting)
            MEETING.after(about.state, "agree")
            others = await self._others(conn, actor.tenant, about)
            problems = check_agreements(agreements, others, held_on=_held_on(about))
            if problems:
                raise InputError(problems)
            for one in agreements:
                await self._agreed(conn, actor, about, one)
            await self._step(conn, actor, about, "agree")

    async def remark(self, actor: PersonActor, meeting: str, words: str, *, for_school: bool = False) -> None:
        """What a guardian who took part, or a child that decides alone, says of the agreements.

        The school reads it only if she says so.

        Raises:
            NotFoundError: no meeting that is shown to her, see `looking.own`.
            InputError: nothing written, too long, or about two children.
        """
        async with self._database.transaction() as conn:
            about = await self._own(conn, actor, meeting)
            MEETING.after(about.state, "remark")
            problems = check_words(
                "words", words, await self._others(conn, actor.tenant, about), required=True
            )
            if problems:
                raise InputError(problems)
            remark = new_id()
            key = await self._ring.sealing_person_key(conn, actor.tenant, person_of(actor))
            await conn.execute(
                insert(meeting_remarks).values(
                    tenant=actor.tenant,
                    remark=remark,
                    meeting=meeting,
                    relationship=about.relationship,
                    guardian=person_of(actor),
                    for_school=for_school,
                    remarked_at=self._clock.now(),
                    sealed_words=seal_words(self._ring, key, remark, words),
                )
            )
            await self._step(conn, actor, about, "remark")

    async def give_copy(self, actor: Counsellor, meeting: str) -> None:
        """The parents have a copy: on paper, or read on their own page."""
        async with self._database.transaction() as conn:
            await self._step(conn, actor, await self._run(conn, actor, meeting), "give_copy")

    async def follow_up(
        self,
        actor: Counsellor,
        meeting: str,
        agreement: str,
        outcome: Outcome,
        reason: NotDone | None = None,
    ) -> None:
        """Whether an agreement was kept; not kept has a reason.

        Raises:
            InputError: not done, and no reason.
            NotFoundError: no such agreement of this meeting.
            ConflictError: it was followed up already.
        """
        if outcome == "not_done" and reason not in NOT_DONE:
            raise InputError([Problem("reason", "meeting_reason")])
        act: Literal["finish", "give_up"] = "finish" if outcome == "done" else "give_up"
        async with self._database.transaction() as conn:
            about = await self._run(conn, actor, meeting)
            MEETING.after(about.state, "follow_up")
            state = await self._state_of(conn, about, agreement)
            why = reason if outcome == "not_done" else None
            await conn.execute(
                update(meeting_agreements)
                .where(
                    meeting_agreements.c.tenant == about.tenant, meeting_agreements.c.agreement == agreement
                )
                .values(state=AGREEMENT.after(state, act), reason=why)
            )
            event = events.MeetingAgreementStepped(about.relationship, meeting, agreement, act, why or "")
            await self._tell_of_agreement(conn, actor, about, event)

    async def close(self, actor: Counsellor, meeting: str) -> None:
        """Nothing is left to do.

        Raises:
            InputError: an agreement is still open.
            ConflictError: the parents have no copy yet, or it was closed.
        """
        async with self._database.transaction() as conn:
            about = await self._run(conn, actor, meeting)
            MEETING.after(about.state, "close")
            agreed = await read_agreements(conn, self._ring, actor.tenant, about)
            if any(one.state == "open" for one in agreed):
                raise InputError([Problem("meeting", "meeting_open_agreement")])
            await self._step(conn, actor, about, "close")

    async def tell_school(self, actor: Counsellor, meeting: str) -> Shared | ShareRefused:
        """Share what was agreed, and the remarks meant for the school, as information of its own type.

        Whether a reader at the school gets it is decided by the policies when it is read.

        Raises:
            InputError: the content is not fit to be shared; nothing was.
            ConflictError: nothing was agreed yet.
        """
        async with self._database.transaction() as conn:
            about = await self._run(conn, actor, meeting)
            MEETING.after(about.state, "follow_up")
            key = await self._ring.person_key(conn, actor.tenant, about.child)
            content = open_meeting(self._ring, key, meeting, about.sealed)
            agreed = await read_agreements(conn, self._ring, actor.tenant, about)
            remarks = await read_remarks(conn, self._ring, actor.tenant, meeting)
        said = [one.words for one in remarks if one.for_school]
        fields = _fields(about, content, agreed, said)
        note = Note(SHARED_AS, fields, record=about.record)
        shared = await self._records.share(actor, about.relationship, note)
        if isinstance(shared, Shared):
            await self._keep_record(about, shared)
        return shared

    # --- parts -------------------------------------------------------------------------------

    async def _own(self, conn: AsyncConnection, actor: PersonActor, meeting: str) -> Meeting:
        """A meeting that this person sees: about a child of hers today, and as one who takes part.

        A child that decides alone sees every one about itself.
        """
        me = person_of(actor)
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=me)
        require(actor, Action.REMARK_ON_MEETING, facts)
        found = await read_meeting(conn, actor.tenant, meeting)
        if found is None or found.child not in await self._families.own_children(conn, actor):
            raise NotFoundError("meeting")
        guardians, _ = await read_participants(conn, actor.tenant, meeting)
        if isinstance(actor, GuardianActor) and me not in guardians:
            raise NotFoundError("meeting")
        return await self._taken(conn, found)

    async def _agreed(
        self, conn: AsyncConnection, actor: Counsellor, about: Meeting, one: NewAgreement
    ) -> None:
        agreement = new_id()
        key = await self._ring.sealing_person_key(conn, about.tenant, about.child)
        await conn.execute(
            insert(meeting_agreements).values(
                tenant=about.tenant,
                agreement=agreement,
                meeting=about.meeting,
                relationship=about.relationship,
                owner=one.owner,
                due_on=one.due_on,
                state="open",
                reason=None,
                agreed_at=self._clock.now(),
                sealed_words=seal_words(self._ring, key, agreement, one.words),
            )
        )
        event = events.MeetingAgreementStepped(about.relationship, about.meeting, agreement, "agree")
        await self._tell_of_agreement(conn, actor, about, event)

    async def _tell_of_agreement(
        self, conn: AsyncConnection, actor: Counsellor, about: Meeting, event: events.MeetingAgreementStepped
    ) -> None:
        subject: PersonId | None = await self._log.living(conn, about.tenant, about.child)
        await self._log.append(
            conn,
            tenant=about.tenant,
            event=event,
            by=by(actor),
            subject=subject,
            tagged_for=None if subject else OFFICER,
            relationship=about.relationship,
        )

    async def _state_of(self, conn: AsyncConnection, about: Meeting, agreement: str) -> str:
        table = meeting_agreements
        query = select(table.c.state).where(
            table.c.tenant == about.tenant, table.c.agreement == agreement, table.c.meeting == about.meeting
        )
        found: str | None = (await conn.execute(query)).scalar_one_or_none()
        if found is None:
            raise NotFoundError("agreement")
        return found

    async def _keep_record(self, about: Meeting, shared: Shared) -> None:
        """Which record it is, so that the next telling replaces it."""
        async with self._database.transaction() as conn:
            await conn.execute(
                update(meetings)
                .where(meetings.c.tenant == about.tenant, meetings.c.meeting == about.meeting)
                .values(record=shared.record)
            )


def _held_on(about: Meeting) -> date:
    if about.starts_at is None:
        raise ConflictError("a meeting without a moment was not held")
    return local_date(about.starts_at)


def _fields(
    about: Meeting, content: MeetingContent, agreed: tuple[Agreement, ...], remarks: list[str]
) -> dict[str, str]:
    """As the catalogue names them; never the trigger or the agenda, which could say violence."""
    lines = [f"{one.words} ({_SAID_BY[one.owner]}, {one.due_on:%d-%m-%Y})" for one in agreed]
    actions = [one.words for one in agreed if one.owner == "school"]
    return {
        "date": _held_on(about).isoformat(),
        "place": content.place,
        "child_present": "yes" if content.child_present else "no",
        "agreements": "\n".join(lines),
        "actions": "\n".join(actions),
        "review_date": max(one.due_on for one in agreed).isoformat(),
        "parent_remarks": "\n".join(remarks),
    }
