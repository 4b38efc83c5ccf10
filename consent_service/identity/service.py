"""The door to identity: log in, know who is there, hand the tablet over, log out.

Owns the transactions and log entries of logins; lending the tablet is `identity.lending`, who is there
now is `identity.live`. What an actor may do is `identity.permissions`; who members of staff *are* is
`organisations`; cookies and pages are `web`.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    InputError,
    NotAllowedError,
)
from consent_service.foundation.ids import INSTALLATION, PersonId, StaffId, TenantId
from consent_service.identity import links, sessions
from consent_service.identity.devices import DevicesSeen, note_staff_device
from consent_service.identity.handover import (
    HandOver,
    HandOverRefused,
    TakeBackRefused,
)
from consent_service.identity.lending import Lending
from consent_service.identity.live import LiveSessions
from consent_service.identity.model import Actor, Counsellor, LoginRefused, StaffActor, System, by
from consent_service.identity.oidc import Callback, LoginSecret, OpenIdConnect, comparable_subject
from consent_service.identity.page_sessions import PageSessions
from consent_service.identity.page_tries import forget_old_tries
from consent_service.identity.permissions import Action, Circumstances, Denied, may
from consent_service.identity.providers import (
    NewProvider,
    Provider,
    all_providers,
    find_provider,
    provider_with_secrets,
    register_provider,
)
from consent_service.identity.sessions import (
    Opened,
    Session,
    SessionLimits,
    SessionSummary,
    digest,
    new_session,
    new_token,
)
from consent_service.identity.tables import login_attempts
from consent_service.keyring.service import KeyRing

ATTEMPT_LASTS = timedelta(minutes=10)


class LoginRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the installation chooses. `loopback_allowed`: http providers on this machine (development)."""

    public_origin: str
    loopback_allowed: bool = False
    limits: SessionLimits = SessionLimits()


class StartedLogin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Send the browser to `address` and give it `cookie`, the only thing that can finish this login."""

    address: str
    cookie: str
    lasts: timedelta = ATTEMPT_LASTS

    def __repr__(self) -> str:
        return "StartedLogin(...)"


class LoggedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody we know; show the page at `return_to` (an address of our own)."""

    opened: Opened
    return_to: str


class _Attempt(msgspec.Struct, frozen=True):
    return_to: str
    max_age: int | None


class IdentityService:
    """Logins, sessions and hand-overs of the whole installation."""

    def __init__(
        self, database: Database, ring: KeyRing, log: AuditLog, clock: Clock, *, rules: LoginRules
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._limits = rules.limits
        self._loopback_allowed = rules.loopback_allowed
        self._oidc = OpenIdConnect(
            clock, public_origin=rules.public_origin, loopback_allowed=rules.loopback_allowed
        )
        self._live = LiveSessions(database, log, clock, limits=rules.limits)
        self._lending = Lending(database, clock, live=self._live)
        self.own_pages = PageSessions(clock, live=self._live, limits=rules.limits)
        self._devices_seen = DevicesSeen()

    # --- providers and links -----------------------------------------------------------------

    async def register_provider(self, actor: Actor, new: NewProvider) -> Provider:
        """Keep an OpenID Provider; its public key, if one was made, is in the answer and in `jwks`.

        Raises:
            InputError: with every problem at once.
            ConflictError: the id is taken.
            NotAllowedError: only the operator registers providers.
        """
        _require(actor, Action.REGISTER_PROVIDER)
        async with self._database.transaction() as conn:
            provider = await register_provider(
                conn, self._ring, self._clock, new, loopback_allowed=self._loopback_allowed
            )
            event = events.ProviderRegistered(provider.id)
            await self._log.append(conn, tenant=INSTALLATION, event=event, by=by(actor), subject=None)
        return provider

    async def providers(self) -> tuple[Provider, ...]:
        """What can be chosen on the login page."""
        async with self._database.reading() as conn:
            return await all_providers(conn)

    async def jwks(self) -> bytes:
        """Our public keys, for providers that fetch them (RFC 7517)."""
        keys = [msgspec.Raw(p.public_key.encode()) for p in await self.providers() if p.public_key]
        return msgspec.json.encode({"keys": keys})

    async def link_staff(self, actor: Actor, provider_id: str, subject: str, staff: StaffActor) -> None:
        """From now on the login `subject` of this provider acts as `staff`.

        `subject` is the value of the provider's `subject_claim`, known beforehand; it is kept as a digest.

        Raises:
            InputError: with every problem at once.
            NotFoundError: no such provider.
            ConflictError: linked already.
            NotAllowedError: only the operator links staff.
        """
        _require(actor, Action.LINK_STAFF)
        async with self._database.transaction() as conn:
            provider, secrets = await provider_with_secrets(conn, self._ring, provider_id)
            problems = links.problems_of_link(provider, subject, staff)
            if problems:
                raise InputError(problems)
            known = comparable_subject(provider.rules.subject_claim, subject)
            await links.add_link(
                conn, self._clock, provider_id, secrets.digest_of(provider.issuer, known), staff
            )

    async def unlink_staff(self, actor: Actor, tenant: TenantId, staff: StaffId) -> int:
        """This member of staff cannot log in any more; every session ends now. How many ended.

        Raises:
            NotAllowedError: only the operator unlinks staff.
        """
        _require(actor, Action.LINK_STAFF)
        async with self._database.transaction() as conn:
            return await self.unlink_staff_in(conn, actor, tenant, staff)

    async def unlink_staff_in(
        self, conn: AsyncConnection, actor: Actor, tenant: TenantId, staff: StaffId
    ) -> int:
        """`unlink_staff` inside the caller's transaction (the caller has asked `may`)."""
        ended = 0
        for provider, subject in await links.remove_links(conn, tenant, staff):
            ended += await sessions.end_sessions_of(conn, provider, subject)
        if ended:
            event = events.SessionEnded("unlinked")
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=PersonId(staff))
        self._live.forget_all()
        return ended

    # --- logging in --------------------------------------------------------------------------

    async def start_login(
        self, provider_id: str, *, return_to: str = "/", max_age: int | None = None
    ) -> StartedLogin | LoginRefused:
        """Begin a login; with `max_age` (seconds) the person must have proved who they are that recently."""
        async with self._database.reading() as conn:
            provider = await find_provider(conn, provider_id)
        if provider is None:
            return LoginRefused("provider_unknown")
        secret = LoginSecret.fresh()
        oldest = provider.rules.max_age if max_age is None else max_age
        address = await self._oidc.authorization_address(provider, secret, max_age=oldest)
        if isinstance(address, LoginRefused):
            return await self._refused(provider_id, address)
        attempt = _Attempt(return_to if is_own_address(return_to) else "/", oldest)
        async with self._database.transaction() as conn:
            await self._keep_attempt(conn, provider_id, secret, attempt)
        return StartedLogin(address, secret.cookie)

    async def finish_login(
        self, provider_id: str, callback: Callback, *, cookie: str | None, replaces: str | None = None
    ) -> LoggedIn | LoginRefused:
        """Finish a login in the browser that began it, and open a session under a fresh token.

        1. the attempt, once; 2. what the provider says; 3. who that is here; 4. the session and its
        log entries. `replaces` is the session token the browser had: that session ends.
        """
        secret = LoginSecret(cookie or "")
        async with self._database.transaction() as conn:
            provider_known = await find_provider(conn, provider_id) is not None
            attempt = await self._take_attempt(conn, provider_id, callback, secret)  # 1
        if not provider_known:
            return LoginRefused("provider_unknown")
        if attempt is None:
            return await self._refused(provider_id, LoginRefused("state_unknown"))
        async with self._database.reading() as conn:
            provider, secrets = await provider_with_secrets(conn, self._ring, provider_id)
        found = await self._oidc.identify(provider, secrets, callback, secret, max_age=attempt.max_age)  # 2
        if isinstance(found, LoginRefused):
            return await self._refused(provider_id, found)
        subject = secrets.digest_of(provider.issuer, found.subject)
        async with self._database.transaction() as conn:
            actors = await links.actors_of(conn, provider_id, subject)  # 3
            if actors:
                now = self._clock.now()
                session = new_session(
                    provider=provider_id,
                    subject=subject,
                    actors=actors,
                    level=found.acr[:200],
                    authenticated_at=found.authenticated_at,
                    lasts=(now, now + self._limits.absolute),
                )
                opened = await self._open(conn, session, replaces)  # 4
        if not actors:
            return await self._refused(provider_id, LoginRefused("not_linked"))
        return LoggedIn(opened, attempt.return_to)

    async def _open(self, conn: AsyncConnection, session: Session, replaces: str | None) -> Opened:
        token = new_token()
        if replaces is not None:
            earlier = await sessions.find_session(conn, replaces)
            if earlier is not None:
                await self._live.end(conn, earlier, "replaced")
            self._live.forget(replaces)
        await sessions.open_session(conn, session, token)
        for actor in session.actors:
            event = events.LoginSucceeded(session.provider, _as_code(session.level))
            await self._live.append(conn, actor, event)
        return Opened(token, session)

    async def _keep_attempt(
        self, conn: AsyncConnection, provider_id: str, secret: LoginSecret, attempt: _Attempt
    ) -> None:
        now = self._clock.now()
        of_installation = login_attempts.c.tenant == INSTALLATION
        await conn.execute(delete(login_attempts).where(of_installation, login_attempts.c.expires_at <= now))
        await conn.execute(
            insert(login_attempts).values(
                tenant=INSTALLATION,
                state=digest(secret.state),
                provider=provider_id,
                return_to=attempt.return_to,
                max_age=attempt.max_age,
                expires_at=now + ATTEMPT_LASTS,
            )
        )

    async def _take_attempt(
        self, conn: AsyncConnection, provider_id: str, callback: Callback, secret: LoginSecret
    ) -> _Attempt | None:
        """The attempt this browser began with this provider, used up; None for anything else."""
        if not secret.cookie or not sessions.same(callback.state, secret.state):
            return None
        taken = await conn.execute(
            delete(login_attempts)
            .where(
                login_attempts.c.tenant == INSTALLATION,
                login_attempts.c.state == digest(secret.state),
                login_attempts.c.provider == provider_id,
                login_attempts.c.expires_at > self._clock.now(),
            )
            .returning(login_attempts.c.return_to, login_attempts.c.max_age)
        )
        row = taken.one_or_none()
        return None if row is None else _Attempt(row.return_to, row.max_age)

    async def _refused(self, provider_id: str, refused: LoginRefused) -> LoginRefused:
        async with self._database.transaction() as conn:
            event = events.LoginRefused(provider_id, refused.code)
            await self._log.append(conn, tenant=INSTALLATION, event=event, by=by(System()), subject=None)
        return refused

    # --- sessions ----------------------------------------------------------------------------

    async def actor_for(self, token: str) -> Session | None:
        """The live session of this token; None when unknown, ended or past a limit (which then ends it)."""
        return await self._live.actor_for(token)

    async def actor_for_stop(self, token: str) -> Session | None:
        """`actor_for`, but with the database away a session this process saw lately will do.

        Only for stops (withdrawal, objection), which must be accepted then; never to read or to give.
        """
        return await self._live.actor_for_stop(token)

    async def log_out(self, token: str) -> Session | None:
        """End the session; also the quick exit. The session that ended, or None when there was none."""
        async with self._database.reading() as conn:
            session = await sessions.find_session(conn, token)
        self._live.forget(token)
        if session is not None:
            await self._live.end_now(session, "logged_out")
        return session

    async def provider_logout_address(self, session: Session, *, return_to: str = "/") -> str | None:
        """Where to send the browser to end the session at the provider too; None: nowhere."""
        async with self._database.reading() as conn:
            provider = await find_provider(conn, session.provider)
        if provider is None:
            return None
        return await self._oidc.logout_address(provider, return_to=return_to)

    async def own_sessions(self, session: Session) -> tuple[SessionSummary, ...]:
        """Where this login is logged in, the newest first; nothing while the tablet is handed over."""
        if session.handed_over is not None:
            return ()
        async with self._database.reading() as conn:
            return await sessions.sessions_of(conn, session.provider, session.subject)

    async def end_own_session(self, session: Session, session_id: str) -> bool:
        """End another session of the same login; False when it is not one."""
        if session_id not in {line.id for line in await self.own_sessions(session)}:
            return False
        async with self._database.transaction() as conn:
            if not await sessions.end_session(conn, session_id):
                return False
            for actor in session.actors:
                await self._live.append(conn, actor, events.SessionEnded("by_owner"))
        self._live.forget_all()
        return True

    async def forget_expired(self) -> int:
        """Clear away sessions nobody came back to, and old tries; run now and then."""
        async with self._database.transaction() as conn:
            await forget_old_tries(conn, self._clock.now())
            return await sessions.forget_expired(conn, self._limits, self._clock.now())

    async def issue_step(self, session: Session, step: str) -> str:
        """A token for the form of `step` (e.g. `consent:support_advice`), good for one use."""
        async with self._database.transaction() as conn:
            return await sessions.issue_step(conn, session, step, self._clock.now())

    async def use_step(self, session: Session, step: str, token: str) -> datetime | None:
        """When this form was shown, if it may be taken; None: taken before, an old one, another's."""
        async with self._database.transaction() as conn:
            return await sessions.use_step(conn, session, step, token)

    # --- devices -----------------------------------------------------------------------------

    async def note_device(self, actor: Counsellor, device: str) -> None:
        """Remember that this counsellor works at this device today; once a day (S35)."""
        today = local_date(self._clock.now())
        if self._devices_seen.knows(actor, device, today):
            return
        async with self._database.transaction() as conn:
            await note_staff_device(conn, actor, device, today)
        self._devices_seen.add(actor, device, today)

    # --- handing the tablet over -------------------------------------------------------------

    async def set_pin(self, session: Session, pin: str) -> None:
        """Keep the PIN with which this login takes the tablet back; it replaces an earlier one.

        Raises:
            InputError: not four to eight digits, or too simple.
            NotAllowedError: the tablet is with a guardian.
        """
        await self._lending.set_pin(session, pin)

    async def has_pin(self, session: Session) -> bool:
        """Whether this login can take a tablet back."""
        return await self._lending.has_pin(session)

    async def hand_over(self, token: str, to: HandOver) -> Opened | HandOverRefused:
        """Downgrade the counsellor's session to one guardian of one family, under a new token."""
        return await self._lending.hand_over(token, to)

    async def take_back(self, token: str, pin: str) -> Opened | TakeBackRefused:
        """Give the session back to the counsellor who knows the PIN, under a new token."""
        return await self._lending.take_back(token, pin)

    async def witness(self, token: str, pin: str) -> Counsellor | TakeBackRefused:
        """The counsellor who knows the PIN, as a witness beside the guardian, who keeps the tablet."""
        return await self._lending.witness(token, pin)


def is_own_address(address: str) -> bool:
    """A path of this service: never another host, whatever browsers make of it."""
    return re.fullmatch(r"/(?![/\\])[A-Za-z0-9/_.~%?=&+-]{0,299}", address) is not None


def _require(actor: Actor, action: Action) -> None:
    answer = may(actor, action, Circumstances())
    if isinstance(answer, Denied):
        raise NotAllowedError(f"{action}: {answer.code}")


def _as_code(level: str) -> str:
    """A level of assurance as the log takes it: one word, or the start of its SHA-256."""
    if re.fullmatch(events.CODE_PATTERN, level) is not None:
        return level
    return f"sha256:{hashlib.sha256(level.encode()).hexdigest()[:32]}"
