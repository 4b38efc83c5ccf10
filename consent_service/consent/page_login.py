"""Getting in to the own page: the code on paper, then a second factor, and no word about which was wrong.

The code alone only ever stops (`service.withdraw_by_code`), and never waits. A code that is nobody's, one
that was revoked and a factor that is wrong are answered alike and take as long; also when strangers tried
too often today, after which a PIN counts in a remembered browser only. Giving and taking away codes and
factors is `page_access`; tries are `identity.page_tries`, sessions `identity.page_sessions`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.consent.codes import code_hash, normalised_code
from consent_service.consent.service import CodeHolder, ConsentService
from consent_service.consent.tables import withdrawal_codes
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, IntegrityError, KeyDestroyedError, UnavailableError
from consent_service.foundation.ids import INSTALLATION, PersonId, TenantId
from consent_service.foundation.notifier import Notifier
from consent_service.identity import pins
from consent_service.identity.devices import new_device_mark
from consent_service.identity.model import ChildActor, GuardianActor, PersonActor, by
from consent_service.identity.page_address import open_address
from consent_service.identity.page_factors import (
    CODE_LASTS,
    Factor,
    challenge_of,
    factor_of,
    keep_challenge,
    new_one_time_code,
    use_challenge,
)
from consent_service.identity.page_sessions import (
    PageSessions,
    device_of_person,
    is_known_device,
    remember_device,
)
from consent_service.identity.page_tries import (
    ANY_CODE,
    EVERYTHING,
    FACTOR,
    GUESSES,
    MESSAGES,
    PERSON_MESSAGES,
    REMEMBERED,
    STRANGERS,
    Quota,
    Source,
    count_try,
    forget_tries,
    network_of,
    source_of,
    take_of,
)
from consent_service.identity.sessions import Opened, new_token
from consent_service.keyring.place_tags import place_tag
from consent_service.keyring.service import KeyRing

_WARNED: Final = Quota(1, REMEMBERED)
"""One warning a day per code."""
_GUESSES: Final = Quota(GUESSES, CODE_LASTS)
"""At the one-time code of one browser; it is gone before this is forgotten."""


class Visitor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who types a code: the address, and the mark of a browser that was remembered, if it was.

    `remember`: remember this browser from now on, because the person asks for it.
    """

    address: str
    mark: str = ""
    remember: bool = False


class Begun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code was typed, whosever it is. `challenge` belongs to this browser; pass it all to `deliver`."""

    challenge: str
    message: tuple[TenantId, PersonId, Factor] | None = None

    def __repr__(self) -> str:
        return "Begun(...)"


class PageLogin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The own page is open. `mark` is for a browser that is to be remembered; empty: it keeps nothing."""

    opened: Opened
    mark: str

    def __repr__(self) -> str:
        return "PageLogin(...)"


class PageLoginRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Not opened. `wait`: it was not even looked at, and may be tried again after this.

    `many_tries`: strangers tried this code too often today, whosever it is and whatever was typed now.
    """

    wait: timedelta = timedelta()
    many_tries: bool = False


class _Counted(msgspec.Struct, frozen=True):
    """A try was counted, or `wait`.

    closed: a PIN is not compared. last: this was the last one that may be. guessed_out: the one-time code
    of this browser is not compared.
    """

    wait: timedelta | None = None
    closed: bool = False
    last: bool = False
    guessed_out: bool = False


class PageLoginService:
    """The door of the own page."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        consent: ConsentService,
        sessions: PageSessions,
        notifier: Notifier,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._consent = consent
        self._sessions = sessions
        self._notifier = notifier

    async def begin(self, entered: str, visitor: Visitor) -> Begun:
        """The first step, the same whosever code it is: whether a message follows is told to nobody.

        At most five messages an hour go to one person; two of those only at the wish of a known browser.
        """
        challenge, code = new_token(), _as_kept(entered)
        holder = await self._holder(code)
        if holder is None or not self._notifier.offers:
            return Begun(challenge)
        now = self._clock.now()
        async with self._database.transaction() as conn:
            factor = await factor_of(conn, holder.tenant, holder.person)
            if factor is None or factor.kind == "pin":
                return Begun(challenge)
            source = await self._source(conn, holder, visitor)
            if await count_try(conn, f"message:{code_hash(code)}", source, MESSAGES, now) is not None:
                return Begun(challenge)
            about = f"messages:{holder.tenant}:{holder.person}"
            if await take_of(conn, about, PERSON_MESSAGES, now, known=source.known) is None:
                return Begun(challenge)
        return Begun(challenge, (holder.tenant, holder.person, factor))

    async def deliver(self, begun: Begun) -> bool:
        """Send the one-time code, if there is one to send, after the page was answered."""
        if begun.message is None:
            return False
        tenant, person, factor = begun.message
        code = new_one_time_code()
        hashed = await pins.hashed(code, queue=pins.OWN_PAGE)
        with suppress(UnavailableError, KeyDestroyedError, IntegrityError):
            async with self._database.transaction() as conn:
                key = await self._ring.person_key(conn, tenant, person)
                address = open_address(self._ring, key, factor.factor, factor.sealed_address or b"")
                await keep_challenge(conn, tenant, person, begun.challenge, hashed, self._clock.now())
            await self._notifier.send_code("mail" if factor.kind == "mail" else "sms", address, code)
            return True
        return False

    async def log_in(
        self, entered: str, digits: str, *, challenge: str, visitor: Visitor, replaces: str | None = None
    ) -> PageLogin | PageLoginRefused:
        """The second step: open a session, or say no in the one way there is.

        1. whose code; 2. may it be tried now; 3. compare, always as long; 4. the session and its entries,
        if code and factor are still in use.

        Raises:
            PinsBusyError: too many wait; nothing was counted.
            UnavailableError: the database or the log is away.
        """
        with pins.OWN_PAGE.place():
            code = _as_kept(entered)
            holder = await self._holder(code)  # 1
            counted = await self._count(code, holder, challenge, visitor)  # 2
            if counted.wait is not None:
                return PageLoginRefused(counted.wait)
            factor, stored = await self._stored(holder, challenge, counted)
            if await pins.fits(digits, stored, queue=pins.OWN_PAGE) and holder is not None:  # 3
                opened = None
                with suppress(KeyDestroyedError):
                    opened = await self._open(code, holder, factor, challenge, visitor, replaces)  # 4
                if opened is not None:
                    return opened
            elif holder is not None and not counted.closed:
                await self._note_refused(holder, "no_factor" if factor is None else factor.kind)
            if counted.closed or counted.last:
                await self._warn(code, holder)
            return PageLoginRefused(many_tries=counted.closed)

    async def _holder(self, code: str) -> CodeHolder | None:
        try:
            return await self._consent.holder_of_code(code)
        except InputError:
            return None

    async def _count(
        self, code: str, holder: CodeHolder | None, challenge: str, visitor: Visitor
    ) -> _Counted:
        """Everything is counted before anything is compared, and for a code that is nobody's as well."""
        now, about = self._clock.now(), f"factor:{code_hash(code)}"
        async with self._database.transaction() as conn:
            source = await self._source(conn, holder, visitor)
            if not source.known:
                wait = await count_try(conn, ANY_CODE, source, EVERYTHING, now)
                if wait is not None:
                    return _Counted(wait)
            wait = await count_try(conn, about, source, FACTOR, now)
            if wait is not None:
                return _Counted(wait)
            left = STRANGERS.most if source.known else await take_of(conn, about, STRANGERS, now)
            guess = await take_of(conn, f"challenge:{challenge}", _GUESSES, now)
        return _Counted(closed=left is None, last=left == 0, guessed_out=guess is None)

    async def _source(self, conn: AsyncConnection, holder: CodeHolder | None, visitor: Visitor) -> Source:
        """A browser this person logged in with before, else the address, which is not kept."""
        if holder is not None:
            device = device_of_person(holder.tenant, holder.person, visitor.mark)
            if device is not None and await is_known_device(conn, holder.tenant, holder.person, device):
                return source_of(f"device:{device}", known=True)
        key = await self._ring.tenant_key(conn, INSTALLATION, "index")
        return source_of(place_tag(self._ring, key, network_of(visitor.address)))

    async def _stored(
        self, holder: CodeHolder | None, challenge: str, counted: _Counted
    ) -> tuple[Factor | None, str | None]:
        """What the digits are compared with: the PIN, or the one-time code sent for this browser.

        A one-time code is worth something to strangers too: she asked for it, and it has its own limits.
        """
        if holder is None:
            return None, None
        async with self._database.reading() as conn:
            factor = await factor_of(conn, holder.tenant, holder.person)
            if factor is None or factor.kind == "pin":
                return factor, None if factor is None or counted.closed else factor.pin
            if counted.guessed_out:
                return factor, None
            sent = await challenge_of(conn, holder.tenant, holder.person, challenge, self._clock.now())
            return factor, sent

    async def _open(
        self,
        code: str,
        holder: CodeHolder,
        factor: Factor | None,
        challenge: str,
        visitor: Visitor,
        replaces: str | None,
    ) -> PageLogin | None:
        actor = _actor(holder)
        async with self._database.transaction() as conn:
            if factor is None or not await _take_code(conn, code):
                return None
            if await factor_of(conn, holder.tenant, holder.person) != factor:
                return None
            if factor.kind != "pin" and not await use_challenge(conn, holder.tenant, challenge):
                return None
            source = await self._source(conn, holder, visitor)
            await forget_tries(conn, ANY_CODE, source)
            await forget_tries(conn, f"factor:{code_hash(code)}", source)
            mark = visitor.mark if source.known else new_device_mark() if visitor.remember else ""
            device = device_of_person(holder.tenant, holder.person, mark)
            if device is not None:
                await remember_device(conn, holder.tenant, holder.person, device, self._clock)
            return PageLogin(await self._sessions.open(conn, actor, replaces=replaces), mark)

    async def _warn(self, code: str, holder: CodeHolder | None) -> None:
        """Once a day: somebody else has this code, and the counsellor hears it (`process.model`)."""
        with suppress(KeyDestroyedError):
            async with self._database.transaction() as conn:
                about = f"warned:{code_hash(code)}"
                first = await take_of(conn, about, _WARNED, self._clock.now()) is not None
                if first and holder is not None:
                    await self._append_refused(conn, holder, "many_tries")

    async def _note_refused(self, holder: CodeHolder, code: str) -> None:
        """Tries with somebody's real code are known to that person and the privacy officer."""
        with suppress(KeyDestroyedError):
            async with self._database.transaction() as conn:
                await self._append_refused(conn, holder, code)

    async def _append_refused(self, conn: AsyncConnection, holder: CodeHolder, code: str) -> None:
        family = holder.family if code == "many_tries" else None
        event = events.PageRefused(holder.person, code, family)
        await self._log.append(
            conn, tenant=holder.tenant, event=event, by=by(_actor(holder)), subject=holder.person
        )


def _as_kept(entered: str) -> str:
    """The code as it was issued; what cannot be one is nobody's."""
    return normalised_code(entered) or entered


async def _take_code(conn: AsyncConnection, code: str) -> bool:
    """The code is still somebody's, and nobody revokes it until the transaction ends."""
    query = select(withdrawal_codes.c.code_hash).where(
        withdrawal_codes.c.tenant == INSTALLATION,
        withdrawal_codes.c.code_hash == code_hash(code),
        withdrawal_codes.c.revoked_at.is_(None),
    )
    return (await conn.execute(query.with_for_update())).first() is not None


def _actor(holder: CodeHolder) -> PersonActor:
    if holder.is_child:
        return ChildActor(holder.tenant, holder.person, holder.family)
    return GuardianActor(holder.tenant, holder.person, holder.family)
