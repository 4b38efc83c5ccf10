"""What every act on a meeting stands on: who may, the lock, the state table, the entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.looking import FamilyRegister
from consent_service.families.model import Relationship
from consent_service.families.reading import guardian_ids, read_children, read_relationship
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, KeyDestroyedError, NotFoundError
from consent_service.foundation.ids import PersonId, SchoolId, StaffId, TenantId, TypeKey
from consent_service.identity.model import Actor, ChildActor, Counsellor, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.relationship_state import raise_relationship
from consent_service.organisations.service import OrganisationService, require
from consent_service.policy.decision import decide
from consent_service.policy.facts import Reader
from consent_service.policy.projection import Known, assigned_counsellors, question_for
from consent_service.policy.rules import Rules
from consent_service.policy.service import PolicyService
from consent_service.process.meetings.model import Meeting
from consent_service.process.meetings.rows import read_meeting, read_participants
from consent_service.process.meetings.states import MEETING
from consent_service.process.meetings.tables import meetings
from consent_service.process.notices.model import NewNotice, NoticeKind
from consent_service.process.notices.service import NoticeService
from consent_service.records.fitting import names_of_others
from consent_service.records.reading import read_known
from consent_service.records.service import RecordService
from consent_service.release.service import ReleaseService

SHARED_AS = TypeKey("three_way_meeting")
IsHoliday = Callable[[AsyncConnection, TenantId, SchoolId, date], Awaitable[bool | None]]
"""Whether this school is closed on a day; None: nobody knows where it is, or of that year."""


class MeetingParts:
    """The parts of `service.MeetingService` have these in common."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        policies: PolicyService,
        records: RecordService,
        release: ReleaseService,
        notices: NoticeService,
        is_holiday: IsHoliday | None = None,
        organizer: str = "",
        families: FamilyRegister,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._policies = policies
        self._records = records
        self._release = release
        self._notices = notices
        self._is_holiday = is_holiday
        self._organizer = organizer
        self._families = families

    async def _run(self, conn: AsyncConnection, actor: Counsellor, meeting: str) -> Meeting:
        """The meeting, taken until this transaction ends, for a counsellor who is with the family."""
        found = await read_meeting(conn, actor.tenant, meeting)
        if found is None:
            raise NotFoundError("meeting")
        facts = Circumstances(
            tenant=actor.tenant,
            family=found.family,
            assigned=await self._organisations.is_assigned(conn, actor, found.family),
        )
        require(actor, Action.RUN_MEETING, facts)
        return await self._taken(conn, found)

    async def _taken(self, conn: AsyncConnection, found: Meeting) -> Meeting:
        """Who acts on a meeting at once with somebody else waits, and finds what the other made of it."""
        await raise_relationship(conn, found.tenant, found.relationship, self._clock.now())
        again = await read_meeting(conn, found.tenant, found.meeting)
        if again is None:
            raise NotFoundError("meeting")
        return again

    async def _step(
        self, conn: AsyncConnection, actor: Actor, about: Meeting, act: str, **values: Any
    ) -> None:
        """Do what the state table says, and log it.

        Raises:
            ConflictError: not in this state.
        """
        state = MEETING.after(about.state, act)
        changed = await conn.execute(
            update(meetings)
            .where(meetings.c.tenant == about.tenant, meetings.c.meeting == about.meeting)
            .where(meetings.c.state == about.state)
            .values(state=state, changed_at=self._clock.now(), **values)
        )
        if changed.rowcount != 1:
            raise ConflictError("somebody else acted on this meeting")
        await self._tell(conn, actor, about, act, state)

    async def _tell(self, conn: AsyncConnection, actor: Actor, about: Meeting, act: str, state: str) -> None:
        """What waited for a second person is for the officer: it would say why (A10)."""
        hidden = about.state == "awaiting_approval" or isinstance(actor, System)
        await self._log.append(
            conn,
            tenant=about.tenant,
            event=events.MeetingStepped(about.relationship, about.meeting, act, state),
            by=by(actor),
            subject=await self._log.living(conn, about.tenant, about.child),
            tagged_for=OFFICER if hidden else None,
            relationship=about.relationship,
        )

    async def _notify(self, conn: AsyncConnection, about: Meeting, kind: NoticeKind) -> None:
        """One message without any content to everybody who takes part; whether it leaves the exit decides."""
        guardians, contacts = await read_participants(conn, about.tenant, about.meeting)
        to_staff: list[StaffId] = [*contacts, *([about.led_by] if about.led_by is not None else [])]
        recipients = [(staff, None) for staff in dict.fromkeys(to_staff)]
        for to, guardian in [*recipients, *((None, guardian) for guardian in guardians)]:
            await self._notices.queue(
                conn,
                NewNotice(
                    kind=kind,
                    tenant=about.tenant,
                    to_staff=to,
                    to_guardian=guardian,
                    relationship=about.relationship,
                    family=about.family,
                    about=about.meeting,
                ),
            )

    async def _others(
        self, conn: AsyncConnection, tenant: TenantId, about: Relationship | Meeting
    ) -> tuple[str, ...]:
        """Names of the family's other children, which no note of this meeting may hold (S30)."""
        children = await read_children(conn, self._ring, tenant, family=about.family)
        return tuple(names_of_others(children, about.child))

    async def _decides_alone(self, conn: AsyncConnection, about: Meeting) -> bool:
        """Whether the child itself is the one to invite: from then on a guardian is told nothing (S9)."""
        child = ChildActor(about.tenant, about.child, about.family)
        return about.child in await self._families.own_children(conn, child)

    async def _invitable(self, conn: AsyncConnection, about: Meeting) -> tuple[PersonId, ...]:
        """Who of the family may be asked to the table."""
        if await self._decides_alone(conn, about):
            return (about.child,)
        return tuple(await guardian_ids(conn, about.tenant, about.family))

    async def _relationship(self, conn: AsyncConnection, about: Meeting) -> Relationship:
        found = await read_relationship(conn, about.tenant, about.relationship)
        if found is None:
            raise NotFoundError("relationship")
        return found

    async def _is_over(self, conn: AsyncConnection, about: Meeting) -> bool:
        """Whether the shelter may share nothing of such a meeting with this school any more."""
        there = await read_relationship(conn, about.tenant, about.relationship)
        if there is None or not there.is_active(self._clock.now()):
            return True
        try:
            known, _ = await read_known(conn, self._ring, self._organisations, there)
        except KeyDestroyedError:
            return True
        counsellors = sorted(assigned_counsellors(known, self._clock.now()))
        if not counsellors:
            return False
        rules = await self._policies.active_rules(conn, about.tenant)
        return self._why_not(rules, known, Reader("shelter", counsellors[0], "counsellor")) is not None

    def _why_not(self, rules: Rules, known: Known, reader: Reader) -> str | None:
        """Why this side may not share what a meeting of this child brings, now; None: it may."""
        from_school = reader.kind == "school"
        question = question_for(
            known,
            rules.catalogue,
            action="share",
            reader=reader,
            purpose="meeting",
            asked=[(SHARED_AS, "c2s" if from_school else "s2c")],
            now=self._clock.now(),
        )
        decision = decide(rules.bundle, question, now=self._clock.now())
        return None if decision.permit is not None else decision.refusals[0].code
