"""Passkeys of members of staff: adding one, showing one, removing one (WebAuthn Level 3).

A passkey belongs to a login. What it is asked to sign is kept for one session and one purpose, for five
minutes and one answer. How an answer is checked is `identity.webauthn`; what follows from a proof (a tablet
taken back, a second factor, a command) is whoever asked for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import StaffId, TenantId
from consent_service.identity import links, passkey_rows, sessions, webauthn
from consent_service.identity.given_names import LONGEST, open_given_name, seal_given_name
from consent_service.identity.live import LiveSessions
from consent_service.identity.model import Fg, PrivacyCoordinator, StaffActor
from consent_service.identity.passkey_rows import Passkey, Purpose
from consent_service.identity.sessions import Session
from consent_service.keyring.service import KeyRing

MOST: Final = 10
"""Passkeys of one login."""
_RANDOM: Final = 32
"""Bytes of a challenge (section 13.4.3 asks for 16) and of a user handle."""

RefusalCode = Literal[
    "not_offered",
    "not_here",
    "malformed",
    "asked_nothing",
    "unknown",
    "invalid",
    "counter",
    "login_old",
    "first_needed",
    "enrolment_needed",
    "too_many",
    "already",
    "last_of_officer",
]


class PasskeyProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody showed a passkey of this login and proved to it who it is (user verification)."""

    credential: str
    """SHA-256 of the id of the passkey."""
    at: datetime


class PasskeyRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing was proved, added or removed.

    code: `not_offered` no passkeys at this address; `not_here` the tablet is lent or locked; `malformed` no
    browser makes this; `asked_nothing` it was not asked by this session for this purpose, or too long ago;
    `unknown` no passkey of this login; `invalid` a check failed; `counter` it may have been copied;
    `login_old` log in anew first; `first_needed` show an earlier one first; `enrolment_needed` no code, or no
    good one; `too_many`; `already` it is registered; `last_of_officer` say that you know what it means.
    """

    code: RefusalCode


class PasskeyAdded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It works from now on."""

    credential: str


class PasskeyRemoved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It works no longer."""

    left: int
    """How many this login still has."""


class PasskeyLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One passkey as its owner sees it; `name` may be empty."""

    credential: str
    name: str
    created_at: datetime
    last_used_at: datetime | None


class Enrolments(Protocol):
    """Who may add the first passkey of an officer: whoever holds a code that was given out for it."""

    async def take(self, conn: AsyncConnection, session: Session, code: str) -> bool:
        """Use up this code for the login of `session`; False when it is none of its."""
        ...


class NoEnrolments:
    """No code was given out."""

    async def take(self, conn: AsyncConnection, session: Session, code: str) -> bool:  # noqa: ARG002
        """No code is good."""
        return False


class PasskeyRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`fresh`: how recently somebody must have proved who it is, to add a passkey."""

    public_origin: str
    fresh: timedelta = timedelta(minutes=15)


class Passkeys:
    """The passkeys of the whole installation."""

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        clock: Clock,
        *,
        live: LiveSessions,
        rules: PasskeyRules,
        enrolments: Enrolments,
    ) -> None:
        self._database = database
        self._ring = ring
        self._clock = clock
        self._live = live
        self._fresh = rules.fresh
        self._enrolments = enrolments
        self._party = webauthn.relying_party(rules.public_origin)

    @property
    def offered(self) -> bool:
        """Whether there can be passkeys at the address of this service: an IP address has none."""
        return self._party is not None

    async def has(self, session: Session) -> bool:
        """Whether the login of this session can show one."""
        return self.offered and bool(await self._of(session))

    async def listed(self, session: Session) -> tuple[PasskeyLine, ...]:
        """The own passkeys, the oldest first; nothing while the tablet is lent or locked."""
        if not _is_own(session):
            return ()
        async with self._database.reading() as conn:
            found = await passkey_rows.passkeys_of(conn, session.provider, session.subject)
            names = [await self._name(conn, one) for one in found]
        return tuple(
            PasskeyLine(one.credential, name, one.created_at, one.last_used_at)
            for one, name in zip(found, names, strict=True)
        )

    async def needs_enrolment(self, session: Session) -> bool:
        """Whether a code must come with the first passkey: the login of an officer that has none."""
        async with self._database.reading() as conn:
            if await passkey_rows.passkeys_of(conn, session.provider, session.subject):
                return False
            return _has_officer(await links.actors_of(conn, session.provider, session.subject))

    # --- showing one ---------------------------------------------------------------------------

    async def begin(self, session: Session, purpose: Purpose) -> str:
        """`PublicKeyCredentialRequestOptionsJSON` for `purpose`; empty where there is nothing to show.

        Also for a session that is lent or locked: the passkeys are those of the counsellor.
        """
        known = await self._of(session)
        if self._party is None or not known:
            return ""
        challenge = secrets.token_bytes(_RANDOM)
        async with self._database.transaction() as conn:
            await passkey_rows.keep_asked(conn, session, purpose, challenge, self._clock.now())
        return webauthn.request_options(self._party, challenge, [one.id for one in known])

    async def proves(
        self, session: Session, purpose: Purpose, response: str
    ) -> PasskeyProof | PasskeyRefused:
        """Whether `response` (`AuthenticationResponseJSON`) answers what `begin` asked for this purpose.

        1. it names what was asked, which is used up; 2. a passkey of this login; 3. it is signed for it;
        4. its counter grew. Only a counter is told of in the log here; the rest by whoever asked.
        """
        named = webauthn.named_in(response)
        if self._party is None or named is None:
            return PasskeyRefused("not_offered" if self._party is None else "malformed")
        credential, challenge = named
        now = self._clock.now()
        async with self._database.transaction() as conn:
            if await passkey_rows.take_asked(conn, session, purpose, challenge, now) is None:  # 1
                return PasskeyRefused("asked_nothing")
            known = await passkey_rows.passkeys_of(conn, session.provider, session.subject)
            passkey = next((one for one in known if one.id == credential), None)  # 2
            if passkey is None:
                return PasskeyRefused("unknown")
            shown = webauthn.shown(
                self._party, challenge, response, credential=credential, public_key=passkey.public_key
            )  # 3
            if shown is None or shown.user not in (b"", passkey.user):
                return PasskeyRefused("invalid")
            if not await passkey_rows.note_used(conn, passkey, session, shown.sign_count, now):  # 4
                await self._tell(conn, session, events.FactorRefused("passkey_counter"))
                return PasskeyRefused("counter")
        return PasskeyProof(passkey.credential, now)

    # --- adding and removing -------------------------------------------------------------------

    async def begin_add(self, session: Session) -> str | PasskeyRefused:
        """`PublicKeyCredentialCreationOptionsJSON` for a new passkey of the login of this session."""
        if self._party is None:
            return PasskeyRefused("not_offered")
        challenge = secrets.token_bytes(_RANDOM)
        now = self._clock.now()
        async with self._database.transaction() as conn:
            known = await passkey_rows.passkeys_of(conn, session.provider, session.subject)
            actors = await links.actors_of(conn, session.provider, session.subject)
            refused = self._refused_to_add(session, known, now, officer=_has_officer(actors))
            if refused is not None:
                return PasskeyRefused(refused)
            user = known[0].user if known else secrets.token_bytes(_RANDOM)
            await passkey_rows.keep_asked(conn, session, None, challenge, now, user=user)
        return webauthn.creation_options(self._party, challenge, user, [one.id for one in known])

    async def finish_add(
        self, session: Session, response: str, *, enrolment: str = "", name: str = ""
    ) -> PasskeyAdded | PasskeyRefused:
        """Keep the passkey that `response` (`RegistrationResponseJSON`) made for what `begin_add` asked.

        enrolment: the code an officer was given for the first one; name: what the owner calls it.

        Raises:
            KeyProviderUnavailableError: the keys are away; nothing was kept.
        """
        named = webauthn.named_in(response)
        if self._party is None or named is None:
            return PasskeyRefused("not_offered" if self._party is None else "malformed")
        async with self._database.transaction() as conn:
            now = self._clock.now()
            asked = await passkey_rows.take_asked(conn, session, None, named[1], now)
            if asked is None:
                return PasskeyRefused("asked_nothing")
            new = webauthn.made(self._party, named[1], response)
            if new is None:
                return PasskeyRefused("invalid")
            known = await passkey_rows.passkeys_of(conn, session.provider, session.subject)
            actors = await links.actors_of(conn, session.provider, session.subject)
            officer, credential = _has_officer(actors), webauthn.digest_of(new.id)
            refused = self._refused_to_add(session, known, now, officer=officer)
            if await passkey_rows.is_known(conn, credential):
                refused = "already"
            if refused is None and officer and not known:
                refused = await self._refused_to_enrol(conn, session, enrolment)
            if refused is not None:
                return PasskeyRefused(refused)
            sealed = await self._sealed(conn, actors, credential, name)
            await passkey_rows.keep_passkey(conn, session, new, asked.user, now, named=sealed)
            await self._tell(conn, session, events.PasskeyAdded())
        return PasskeyAdded(credential)

    async def remove(
        self, session: Session, credential: str, *, understood: bool = False
    ) -> PasskeyRemoved | PasskeyRefused:
        """Remove one's own passkey; without any, an officer needs a new code: `understood` says so.

        Other sessions of this login lose what a passkey proved of them: it may have been this one.
        """
        if not _is_own(session):
            return PasskeyRefused("not_here")
        async with self._database.transaction() as conn:
            known = await passkey_rows.passkeys_of(conn, session.provider, session.subject)
            if credential not in {one.credential for one in known}:
                return PasskeyRefused("unknown")
            actors = await links.actors_of(conn, session.provider, session.subject)
            if len(known) == 1 and _has_officer(actors) and not understood:
                return PasskeyRefused("last_of_officer")
            if not await passkey_rows.revoke_passkey(conn, session, credential, self._clock.now()):
                return PasskeyRefused("unknown")  # removed meanwhile
            await sessions.forget_passkey_factor(conn, session)
            await self._tell(conn, session, events.PasskeyRemoved("by_owner"))
        self._live.forget_all()
        return PasskeyRemoved(len(known) - 1)

    def _refused_to_add(
        self, session: Session, known: Sequence[Passkey], now: datetime, *, officer: bool
    ) -> RefusalCode | None:
        """An officer adds a second one by showing an earlier one; everybody else after a fresh login."""
        if not _is_own(session):
            return "not_here"
        if len(known) >= MOST:
            return "too_many"
        if officer and known:
            shown = any(self._shown_lately(one, session, now) for one in known)
            return None if shown else "first_needed"
        return None if now - session.authenticated_at <= self._fresh else "login_old"

    def _shown_lately(self, passkey: Passkey, session: Session, now: datetime) -> bool:
        at = passkey.last_used_at
        return at is not None and passkey.last_used_in == session.id and now - at <= self._fresh

    async def _refused_to_enrol(
        self, conn: AsyncConnection, session: Session, code: str
    ) -> RefusalCode | None:
        """A code that is wrong is told of; one that is missing is not."""
        if not code:
            return "enrolment_needed"
        if await self._enrolments.take(conn, session, code):
            return None
        await self._tell(conn, session, events.FactorRefused("enrolment"))
        return "enrolment_needed"

    async def _of(self, session: Session) -> tuple[Passkey, ...]:
        async with self._database.reading() as conn:
            return await passkey_rows.passkeys_of(conn, session.provider, session.subject)

    async def _name(self, conn: AsyncConnection, passkey: Passkey) -> str:
        if passkey.named_by is None or passkey.sealed_name is None:
            return ""
        return await open_given_name(
            conn, self._ring, passkey.named_by, passkey.credential, passkey.sealed_name
        )

    async def _sealed(
        self, conn: AsyncConnection, actors: Sequence[StaffActor], credential: str, name: str
    ) -> tuple[TenantId, StaffId, bytes] | None:
        if not name or not actors:
            return None
        owner = actors[0]
        sealed = await seal_given_name(conn, self._ring, owner, credential, name[:LONGEST])
        return owner.tenant, owner.staff, sealed

    async def _tell(self, conn: AsyncConnection, session: Session, event: events.Event) -> None:
        """At each shelter where this login is somebody, also when the tablet is lent."""
        for actor in await links.actors_of(conn, session.provider, session.subject):
            await self._live.append(conn, actor, event)


def _is_own(session: Session) -> bool:
    """Whether a member of staff is at the screen, as far as the session knows."""
    return session.handed_over is None and session.own is None and not session.locked


def _has_officer(actors: Sequence[StaffActor]) -> bool:
    return any(isinstance(one, PrivacyCoordinator | Fg) for one in actors)
