"""Prepare, plan, move, call off: until a meeting is held. Also what ends it by itself."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.listing import is_listed
from consent_service.families.reading import is_family_shown, read_contacts
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import StaffId
from consent_service.identity.model import Counsellor, System
from consent_service.policy.decision import decide
from consent_service.policy.facts import Reader
from consent_service.policy.projection import question_for
from consent_service.process.meetings.acting import SHARED_AS, MeetingParts
from consent_service.process.meetings.model import (
    PLANNED,
    TO_COME,
    Meeting,
    MeetingContent,
    Preparation,
    Warned,
    Warning_,
    check_words,
)
from consent_service.process.meetings.moments import Which, moment
from consent_service.process.meetings.rows import has_clash, read_participants
from consent_service.process.meetings.sealing import open_meeting, seal_meeting
from consent_service.process.meetings.states import MEETING
from consent_service.process.meetings.tables import meeting_participants
from consent_service.records.reading import read_known


class Planning(MeetingParts):
    """Everything before the conversation."""

    async def prepare(self, actor: Counsellor, meeting: str, entered: Preparation) -> None:
        """What will be talked about, with whom, and in which language.

        Raises:
            InputError: every problem at once: words about two children, nobody of the family, a guardian who
                is not safe to invite, somebody who is no contact of this child.
            ConflictError: it was held or called off.
        """
        async with self._database.transaction() as conn:
            about = await self._run(conn, actor, meeting)
            await self._require_fit(conn, about, entered)
            key = await self._ring.sealing_person_key(conn, actor.tenant, about.child)
            earlier = open_meeting(self._ring, key, meeting, about.sealed)
            content = MeetingContent(
                earlier.trigger, entered.agenda, entered.interpreter, entered.place, entered.child_present
            )
            sealed = seal_meeting(self._ring, key, meeting, content)
            await self._invite(conn, about, entered)
            await self._step(conn, actor, about, "prepare", sealed_content=sealed)

    async def plan(
        self,
        actor: Counsellor,
        meeting: str,
        day: date | None,
        clock_time: str,
        *,
        which: Which = "",
        seen: frozenset[str] = frozenset(),
    ) -> datetime | Warned:
        """Plan it, or move it, and invite everybody; each move is a later version (RFC 5546).

        Returns:
            The moment; or what to look at first. Then nothing was planned: ask again with these in `seen`.

        Raises:
            InputError: a moment that is past or does not exist, or nobody takes part yet.
            ConflictError: it was held or called off.
        """
        at = moment(day, clock_time, which=which, now=self._clock.now())
        async with self._database.transaction() as conn:
            about = await self._run(conn, actor, meeting)
            moving = about.state in PLANNED
            MEETING.after(about.state, "move" if moving else "plan")
            guardians, contacts = await read_participants(conn, actor.tenant, meeting)
            if not guardians or not contacts:
                raise InputError([Problem("participants", "meeting_nobody")])
            warnings = await self._warnings(conn, about, at, (actor.staff, *contacts))
            if not seen.issuperset(warnings):
                return Warned(warnings)
            sequence = about.sequence + moving
            act = "move" if moving else "plan"
            await self._step(
                conn, actor, about, act, starts_at=at, sequence=sequence, led_by=StaffId(actor.staff)
            )
            await self._notices.cancel(conn, actor.tenant, meeting)
            again = await self._taken(conn, about)
            await self._notify(conn, again, "meeting_moved" if moving else "meeting_invitation")
        return at

    async def cancel(self, actor: Counsellor, meeting: str) -> None:
        """Call it off; who was invited hears that it is off, and nothing else.

        Raises:
            ConflictError: it was held already, or called off.
        """
        async with self._database.transaction() as conn:
            about = await self._run(conn, actor, meeting)
            await self._end(conn, actor, about, "cancel")

    # --- what ends it by itself --------------------------------------------------------------

    async def lapse(self, conn: AsyncConnection, found: Meeting) -> bool:
        """Call a meeting to come off where help or consent ended; whether it was."""
        if found.state not in TO_COME or not await self._is_over(conn, found):
            return False
        about = await self._taken(conn, found)
        if about.state not in TO_COME:
            return False
        await self._end(conn, System(), about, "lapse")
        return True

    async def _end(self, conn: AsyncConnection, actor: Counsellor | System, about: Meeting, act: str) -> None:
        """What was not sent is not sent any more; who has an invitation gets that it is off."""
        await self._notices.cancel(conn, about.tenant, about.meeting)
        sequence = about.sequence + 1
        await self._step(conn, actor, about, act, sequence=sequence)
        if about.state in PLANNED:
            await self._notify(conn, about, "meeting_cancelled")

    # --- parts -------------------------------------------------------------------------------

    async def _require_fit(self, conn: AsyncConnection, about: Meeting, entered: Preparation) -> None:
        others = await self._others(conn, about.tenant, about)
        problems = check_words("agenda", entered.agenda, others, required=True)
        problems += check_words("interpreter", entered.interpreter, others, required=False)
        alone = await self._decides_alone(conn, about)
        family = await self._invitable(conn, about)
        today = local_date(self._clock.now())
        if not entered.guardians or not set(entered.guardians) <= set(family):
            problems.append(Problem("guardians", "meeting_decides_alone" if alone else "meeting_no_guardian"))
        for guardian in () if alone else set(entered.guardians) & set(family):
            if not await is_family_shown(conn, about.tenant, about.family, guardian, day=today):
                problems.append(Problem("guardians", "meeting_guardian_unsafe"))
        lists = await read_contacts(conn, about.tenant, [about.relationship])
        listed = {one.staff for one in lists[about.relationship] if is_listed(one, self._clock.now())}
        if not entered.contacts or not set(entered.contacts) <= listed:
            problems.append(Problem("school_contacts", "meeting_no_contact"))
        if problems:
            raise InputError(problems)

    async def _invite(self, conn: AsyncConnection, about: Meeting, entered: Preparation) -> None:
        table = meeting_participants
        await conn.execute(
            delete(table).where(table.c.tenant == about.tenant, table.c.meeting == about.meeting)
        )
        rows: list[tuple[str, str]] = [("guardian", who) for who in dict.fromkeys(entered.guardians)]
        rows += [("contact", who) for who in dict.fromkeys(entered.contacts)]
        for kind, who in rows:
            await conn.execute(
                insert(table).values(
                    tenant=about.tenant,
                    meeting=about.meeting,
                    who=who,
                    kind=kind,
                    relationship=about.relationship,
                )
            )

    async def _warnings(
        self, conn: AsyncConnection, about: Meeting, at: datetime, who: tuple[StaffId, ...]
    ) -> tuple[Warning_, ...]:
        found: list[Warning_] = ["clash"] if await has_clash(conn, about, at, who) else []
        if self._is_holiday is not None:
            school = (await self._relationship(conn, about)).school
            closed = await self._is_holiday(conn, about.tenant, school, local_date(at))
            found += ["no_holidays_known"] if closed is None else ["holiday"] if closed else []
        if not await self._may_all_read(conn, about, who[1:]):
            found.append("no_consent")
        return tuple(found)

    async def _may_all_read(
        self, conn: AsyncConnection, about: Meeting, contacts: tuple[StaffId, ...]
    ) -> bool:
        """Whether each contact who takes part could read now what is agreed."""
        known, _ = await read_known(
            conn, self._ring, self._organisations, await self._relationship(conn, about)
        )
        rules = await self._policies.active_rules(conn, about.tenant)
        members = await self._organisations.staff_members(conn, about.tenant, contacts)
        now = self._clock.now()
        for member in members:
            question = question_for(
                known,
                rules.catalogue,
                action="release",
                reader=Reader("school", member.staff, member.role or "contact"),
                purpose="meeting",
                asked=[(SHARED_AS, "s2c")],
                now=now,
            )
            if decide(rules.bundle, question, now=now).permit is None:
                return False
        return len(members) == len(contacts)
