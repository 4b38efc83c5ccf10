"""Everybody's inbox: what waits, asked of the exit door each time it is opened, and marking it read.

A line says what kind of thing waits and where to read on, never a name. The number beside *Berichten* counts
only what the reader may know of now; counting leaves no entry, opening the list does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.i18n import SUPPORTED
from consent_service.foundation.ids import PersonId, StaffId, TenantId
from consent_service.identity.model import Actor, ChildActor, GuardianActor, StaffActor, by, person_of
from consent_service.identity.page_factors import safe_address
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.looking import working_in
from consent_service.organisations.service import OrganisationService, require
from consent_service.organisations.tables import staff
from consent_service.process.notices.addresses import (
    AddressState,
    forget_address,
    keep_address,
    state_of_address,
)
from consent_service.process.notices.claiming import wishes_of
from consent_service.process.notices.hours import Wishes
from consent_service.process.notices.model import InboxLine, Notice
from consent_service.process.notices.rows import found
from consent_service.process.notices.tables import notice_wishes, notices
from consent_service.release.service import ReleaseService

InboxActor = GuardianActor | ChildActor | StaffActor
"""Everybody who has an inbox."""
LINES: Final = 100
"""How many messages an inbox shows: the newest."""
_DAY_MINUTES: Final = 24 * 60


class NoticeInbox:
    """Reading one's messages, and saying when and where one wants to be told of them."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        release: ReleaseService,
        language: str,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._release = release
        self._language = language
        organisations.when_leaving(self._forget_leaver)

    async def inbox(self, actor: InboxActor) -> tuple[InboxLine, ...]:
        """The newest messages that this reader may know of now, newest first.

        Raises:
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing is shown.
        """
        async with self._database.reading() as conn:
            mine = await found(conn, actor.tenant, *_of(actor), limit=LINES, newest=True)
        allowed: dict[tuple[str | None, str | None], bool] = {}
        for one in mine:
            about = (one.relationship, one.family)
            if about not in allowed:
                allowed[about] = await self._may_know(actor, one)
        shown = [one for one in mine if allowed[one.relationship, one.family]]
        return tuple(_line(one) for one in reversed(shown))

    async def unread(self, actor: InboxActor) -> int:
        """How many messages nobody opened yet, of those the reader may know of now."""
        async with self._database.reading() as conn:
            mine = await found(
                conn, actor.tenant, *_of(actor), notices.c.read_at.is_(None), limit=LINES, newest=True
            )
        if not mine:
            return 0
        known = await self._release.known_to(actor, {(one.relationship, one.family) for one in mine})
        return sum((one.relationship, one.family) in known for one in mine)

    async def read(self, actor: InboxActor, notice: str) -> None:
        """This message was read.

        Raises:
            NotFoundError: not one of this reader's.
        """
        async with self._database.transaction() as conn:
            done = await conn.execute(
                update(notices)
                .where(notices.c.tenant == actor.tenant, notices.c.notice == notice, *_of(actor))
                .values(read_at=func.coalesce(notices.c.read_at, self._clock.now()))
            )
        if done.rowcount != 1:
            raise NotFoundError("notice")

    # --- when and where ----------------------------------------------------------------------

    async def wishes(self, actor: InboxActor) -> Wishes:
        """What this reader said of messages."""
        async with self._database.reading() as conn:
            return await wishes_of(conn, actor.tenant, _id_of(actor), self._language)

    async def wish(self, actor: InboxActor, wishes: Wishes) -> None:
        """From now on messages leave in this language, at these hours.

        Raises:
            InputError: every problem at once.
        """
        if problems := check_wishes(wishes):
            raise InputError(problems)
        recipient = _id_of(actor)
        async with self._database.transaction() as conn:
            await conn.execute(
                delete(notice_wishes).where(
                    notice_wishes.c.tenant == actor.tenant, notice_wishes.c.recipient == recipient
                )
            )
            await conn.execute(
                insert(notice_wishes).values(
                    tenant=actor.tenant,
                    recipient=recipient,
                    changed_at=self._clock.now(),
                    **msgspec.structs.asdict(wishes),
                )
            )

    async def address_state(self, actor: StaffActor) -> AddressState:
        """Whether this member of staff has an address for messages, and whether it works."""
        async with self._database.reading() as conn:
            return await state_of_address(conn, actor.tenant, actor.staff)

    async def address_states(
        self, actor: StaffActor, members: Iterable[StaffId]
    ) -> dict[StaffId, AddressState]:
        """For whom there is an address, and for whom it is to be entered again; never which.

        Raises:
            NotAllowedError: not for this actor to enter one of these.
            NotFoundError: one of these does not work here.
        """
        wanted = tuple(members)
        query = select(staff.c.staff, staff.c.school).where(
            staff.c.tenant == actor.tenant, staff.c.staff.in_(wanted), staff.c.ended_at.is_(None)
        )
        async with self._database.reading() as conn:
            schools = {row.staff: row.school for row in await conn.execute(query)}
            for member in wanted:
                facts = Circumstances(tenant=actor.tenant, school=schools.get(member))
                require(actor, Action.ENTER_ADDRESS, facts)
                if member not in schools:
                    raise NotFoundError("staff")
            return {one: await state_of_address(conn, actor.tenant, one) for one in wanted}

    async def enter_address(self, actor: Actor, tenant: TenantId, member: StaffId, entered: str) -> None:
        """From now on messages to this member of staff go to this work address; empty: nowhere.

        Raises:
            InputError: not an e-mail address, or nobody with this id works here.
            NotAllowedError: somebody else's address, and not for this actor to enter.
        """
        address = safe_address("mail", entered)
        async with self._database.transaction() as conn:
            found_member = await working_in(conn, tenant, member)
            school = getattr(found_member[0], "school", None) if found_member is not None else None
            own = getattr(actor, "staff", None) == member and getattr(actor, "tenant", None) == tenant
            if not own:
                require(actor, Action.ENTER_ADDRESS, Circumstances(tenant=tenant, school=school))
            if found_member is None:
                raise InputError([Problem("staff", "notices.staff_unknown")])
            if entered.strip() and address is None:
                raise InputError([Problem("work_address", "page.mail_form")])
            await self._enter(conn, actor, tenant, member, address)

    async def _enter(
        self, conn: AsyncConnection, actor: Actor, tenant: TenantId, member: StaffId, address: str | None
    ) -> None:
        if address is None:
            await self._forget_leaver(conn, actor, tenant, member)
            return
        await keep_address(conn, self._ring, tenant, member, address, self._clock.now())
        await self._tell(conn, actor, tenant, events.NoticeAddressEntered(member))

    async def _forget_leaver(
        self, conn: AsyncConnection, actor: Actor, tenant: TenantId, member: StaffId
    ) -> None:
        """Who left has no address for messages here any more."""
        if await forget_address(conn, tenant, member):
            await self._tell(conn, actor, tenant, events.NoticeAddressEntered(member, "removed"))

    async def _tell(
        self, conn: AsyncConnection, actor: Actor, tenant: TenantId, event: events.NoticeAddressEntered
    ) -> None:
        subject = PersonId(event.staff)
        await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=subject)

    async def _may_know(self, actor: InboxActor, one: Notice) -> bool:
        if isinstance(actor, GuardianActor | ChildActor):
            permit = await self._release.permit_for_guardian(
                None, actor.tenant, person_of(actor), "inbox", relationship=one.relationship, actor=actor
            )
            return permit is not None
        permit = await self._release.permit_for_member(
            None,
            actor.tenant,
            actor.staff,
            "inbox",
            relationship=one.relationship,
            family=one.family,
            actor=actor,
        )
        return permit is not None


def check_wishes(wishes: Wishes) -> tuple[Problem, ...]:
    """Everything wrong with what somebody said of messages."""
    problems = []
    if wishes.language not in SUPPORTED:
        problems.append(Problem("mail_language", "notices.language"))
    hours = (wishes.safe_from, wishes.safe_until)
    if (hours[0] is None) != (hours[1] is None) or (hours[0] is not None and hours[0] == hours[1]):
        problems.append(Problem("safe_until", "notices.safe_hours"))
    if any(one is not None and not 0 <= one < _DAY_MINUTES for one in hours):
        problems.append(Problem("safe_from", "notices.safe_hours"))
    return tuple(problems)


def _of(actor: InboxActor) -> tuple[ColumnElement[bool], ...]:
    """What stands in this inbox: the newest first in line, and nothing that was cancelled."""
    if isinstance(actor, GuardianActor | ChildActor):
        return (notices.c.to_person == person_of(actor), notices.c.state != "cancelled")
    return (notices.c.to_staff == actor.staff, notices.c.state != "cancelled")


def _id_of(actor: InboxActor) -> str:
    return person_of(actor) if isinstance(actor, GuardianActor | ChildActor) else actor.staff


def _line(one: Notice) -> InboxLine:
    return InboxLine(
        one.notice,
        one.kind,
        one.created_at,
        one.read_at is not None,
        one.relationship,
        one.family,
        one.about,
    )
