"""The outbox: each message leaves once or not at all, also when a process dies or two of them send.

    1. leases that ran out (`claiming.recover`)     4. the exit door decides, and the send marker, together
    2. open a conversation with the mail server      5. hand over, at most once
    3. take a parcel, in a transaction of its own    6. write down what the server said

Between 4 and 6 a message is `sending`: whoever finds it there later never sends it again.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, UnavailableError
from consent_service.foundation.ids import TenantId, new_id
from consent_service.foundation.notifier import (
    Answer,
    CalendarPart,
    MailSession,
    MessagesUnavailableError,
    Notifier,
    Outgoing,
)
from consent_service.keyring.service import KeyRing
from consent_service.process.notices.addresses import Destination, destination_of, mark_bounced
from consent_service.process.notices.claiming import (
    Parcel,
    claim,
    give_up_old,
    parcels_due,
    put_back,
    recover,
    uncertain,
)
from consent_service.process.notices.entries import NoticeLog
from consent_service.process.notices.hours import NoticeRules
from consent_service.process.notices.mailing import CalendarFile, mail_of, put_on_the_wire
from consent_service.process.notices.metrics import NoticeMetrics, Outcome
from consent_service.process.notices.model import Notice, NoticeKind
from consent_service.process.notices.rows import ended, move
from consent_service.process.notices.tables import notices
from consent_service.release.exits import ExitKind, ExitPermit
from consent_service.release.service import ReleaseService

PAUSES: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
"""How long to wait after each try that the server did not take; after the last one nobody tries again."""


class Sending(msgspec.Struct, frozen=True):
    """A parcel that is being sent: each message in it with its own permit."""

    parcel: Parcel
    notices: tuple[Notice, ...]
    permits: tuple[ExitPermit, ...]
    to: Destination
    message: Outgoing


class NoticeSender:
    """Sends what is due, shelter by shelter."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        release: ReleaseService,
        notifier: Notifier,
        rules: NoticeRules,
        origin: str,
        language: str,
        calendars: Mapping[NoticeKind, CalendarFile],
        metrics: NoticeMetrics,
    ) -> None:
        self._database = database
        self._ring = ring
        self._entries = NoticeLog(log)
        self._clock = clock
        self._release = release
        self._notifier = notifier
        self._rules = rules
        self._mail_of = functools.partial(mail_of, origin=origin)
        self._language = language
        self._calendars = calendars
        self.metrics = metrics

    async def run_once(self, tenant: TenantId) -> int:
        """Send what is due now; how many mails the server took.

        Raises:
            UnavailableError: the database, the log or the keys are away: what is due stays due.
        """
        now = self._clock.now()
        async with self._database.transaction() as conn:
            lost = await recover(conn, self._entries, tenant, now)  # 1
            due = await parcels_due(conn, tenant, self._rules, self._language, now)
        self.metrics.count("unknown", lost)
        if not due:
            return 0
        if not self._notifier.offers:
            return await self._without_mail(due)
        try:
            async with self._notifier.session() as session:  # 2
                self.metrics.server_answers(answers=True)
                return await self._send_all(session, due)
        except MessagesUnavailableError:
            self.metrics.server_answers(answers=False)
            async with self._database.transaction() as conn:
                self.metrics.count("gave_up", await give_up_old(conn, self._entries, tenant, now))
            return 0

    async def _without_mail(self, due: tuple[Parcel, ...]) -> int:
        """This installation sends nothing: who it is for finds it in the service."""
        now = self._clock.now()
        async with self._database.transaction() as conn:
            for parcel in due:
                taken = await claim(conn, parcel, now)
                if taken is not None:
                    await self._keep(conn, taken)
        return 0

    async def _send_all(self, session: MailSession, due: tuple[Parcel, ...]) -> int:
        taken = 0
        for parcel in due:
            if not session.is_open:
                break
            taken += await self._send(session, parcel)
        return taken

    async def _send(self, session: MailSession, parcel: Parcel) -> int:
        async with self._database.transaction() as conn:  # 3
            mine = await claim(conn, parcel, self._clock.now())
        if mine is None:
            return 0
        try:
            async with self._database.transaction() as conn:  # 4
                sending = await self._begin(conn, mine)
        except (UnavailableError, ConflictError):
            async with self._database.transaction() as conn:
                await put_back(conn, mine, self._clock.now() + PAUSES[0])
            raise
        if sending is None:
            return 0
        answer = await put_on_the_wire(session, sending.permits, sending.to, sending.message)  # 5
        async with self._database.transaction() as conn:  # 6
            await self._answered(conn, sending, answer)
        return int(answer.outcome == "taken")

    # --- 4. deciding -------------------------------------------------------------------------

    async def _begin(self, conn: AsyncConnection, parcel: Parcel) -> Sending | None:
        """Permits for what may leave now, and the marker that it is leaving; None: nothing does."""
        first = parcel.first
        to = await destination_of(conn, self._ring, first)
        if to is None or to.kind not in self._notifier.offers:
            await self._keep(conn, parcel)
            return None
        kept, permits, files = await self._permitted(conn, parcel, to)
        if not kept:
            return None
        mail = new_id()
        calendar = files[0] if len(kept) == 1 and to.kind == "mail" else None
        begun = await move(
            conn,
            first.tenant,
            "begin",
            "claimed",
            notices.c.claim == parcel.claim,
            notices.c.notice.in_([one.notice for one in kept]),
            mail=mail,
            address=to.address,
            tries=notices.c.tries + 1,
        )
        if len(begun) != len(kept):
            raise ConflictError("a message was cancelled just now")
        message = self._mail_of(
            mail, language=parcel.wishes.language, at=self._clock.now(), calendar=calendar
        )
        return Sending(parcel, begun, tuple(permits), to, message)

    async def _permitted(
        self, conn: AsyncConnection, parcel: Parcel, to: Destination
    ) -> tuple[list[Notice], list[ExitPermit], list[CalendarPart | None]]:
        """The messages that may leave, each with its permit and calendar file; the others end here (S2).

        A message whose file is not made any more is about something that is off.
        """
        kept, permits, files = list[Notice](), list[ExitPermit](), list[CalendarPart | None]()
        for one in parcel.notices:
            permit = await self._permit(conn, one, "mail" if to.kind == "mail" else "text_message")
            provider = self._calendars.get(one.kind)
            file = None if permit is None or provider is None else await provider(conn, one, permit)
            if permit is None or (provider is not None and file is None):
                await self._end(conn, one, "refuse", "not_permitted")
            else:
                kept.append(one)
                permits.append(permit)
                files.append(file)
        return kept, permits, files

    async def _permit(self, conn: AsyncConnection, one: Notice, exit_: ExitKind) -> ExitPermit | None:
        if one.to_person is not None:
            return await self._release.permit_for_guardian(
                conn, one.tenant, one.to_person, exit_, relationship=one.relationship
            )
        assert one.to_staff is not None  # noqa: S101 - a message is for exactly one person
        return await self._release.permit_for_member(
            conn, one.tenant, one.to_staff, exit_, relationship=one.relationship, family=one.family
        )

    async def _keep(self, conn: AsyncConnection, parcel: Parcel) -> None:
        """There is no address that works: it stands in the inbox."""
        for one in parcel.notices:
            await self._end(conn, one, "keep", "no_address")

    async def _end(self, conn: AsyncConnection, one: Notice, act: str, code: Outcome) -> None:
        now = self._clock.now()
        if await move(conn, one.tenant, act, "claimed", notices.c.notice == one.notice, **ended(code, now)):
            await self._entries.not_sent(conn, one, code)
            self.metrics.count(code)

    # --- 6. what became of it ----------------------------------------------------------------

    async def _answered(self, conn: AsyncConnection, sending: Sending, answer: Answer) -> None:
        for one in sending.notices:
            match answer.outcome:
                case "taken":
                    await self._taken(conn, one)
                case "later":
                    await self._later(conn, one)
                case "refused":
                    await self._refused(conn, one, answer.code)
                case "unknown":
                    await self._moved(conn, one, "lose", "unknown")
                    await self._entries.about(conn, one, uncertain(one))
            self.metrics.count(answer.outcome)

    async def _taken(self, conn: AsyncConnection, one: Notice) -> None:
        await self._moved(conn, one, "take", None)
        await self._entries.about(conn, one, events.NoticeSent(one.notice, one.kind, one.recipient))

    async def _later(self, conn: AsyncConnection, one: Notice) -> None:
        """Nobody has it, so it may be tried again; each pause is longer, and one try is the last."""
        if one.tries > len(PAUSES):
            await self._moved(conn, one, "give_up", "gave_up")
            await self._entries.not_sent(conn, one, "gave_up")
            self.metrics.count("gave_up")
            return
        due = self._clock.now() + PAUSES[one.tries - 1]
        mine = notices.c.notice == one.notice
        await move(conn, one.tenant, "defer", "sending", mine, claim=None, leased_until=None, due_at=due)

    async def _refused(self, conn: AsyncConnection, one: Notice, code: str) -> None:
        await self._moved(conn, one, "refuse_address", "bounced")
        if one.address is not None:
            await mark_bounced(conn, one.tenant, one.address, code, self._clock.now())
        await self._entries.about(conn, one, bounced(one, code))

    async def _moved(self, conn: AsyncConnection, one: Notice, act: str, reason: str | None) -> None:
        mine = notices.c.notice == one.notice
        await move(conn, one.tenant, act, "sending", mine, **ended(reason, self._clock.now()))


def bounced(one: Notice, code: str) -> events.NoticeBounced:
    """That the address of this message does not work."""
    return events.NoticeBounced(one.recipient, code, one.notice, one.relationship, one.family)
