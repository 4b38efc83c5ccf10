"""The door to identity: log in, know who is there, hand the tablet over, log out.

Owns the transactions and log entries of logins; lending the tablet is `identity.lending`, who is there
now is `identity.live`. What an actor may do is `identity.permissions`; who members of staff *are* is
`organisations`; cookies and pages are `web`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotAllowedError
from consent_service.foundation.ids import INSTALLATION, PersonId, StaffId, TenantId
from consent_service.identity import links, sessions, steps
from consent_service.identity.admission import is_under_way
from consent_service.identity.attempts import Attempt, Attempts, Purpose, StartedLogin
from consent_service.identity.backchannel import LogoutRefused
from consent_service.identity.claims import comparable_subject
from consent_service.identity.devices import DevicesSeen, note_staff_device
from consent_service.identity.factors import Enrolments, forget_enrolments
from consent_service.identity.handover import Given, HandOver, HandOverRefused, TakeBackRefused
from consent_service.identity.invitations import Invitations, ToConfirm
from consent_service.identity.leftovers import forget_leftovers
from consent_service.identity.lending import Lending
from consent_service.identity.letting_in import LettingIn, proved
from consent_service.identity.letting_in import Proved as Login
from consent_service.identity.live import LiveSessions
from consent_service.identity.login_providers import LoginProviders
from consent_service.identity.machine_clients import MachineClients
from consent_service.identity.model import Actor, Counsellor, LoginRefused, StaffActor, by
from consent_service.identity.oidc import Callback, LoginSecret, OpenIdConnect
from consent_service.identity.operators import OPERATORS_PLACE, OperatorArrived, Operators
from consent_service.identity.own_address import is_own_address
from consent_service.identity.own_sessions import OwnSessions
from consent_service.identity.page_sessions import PageSessions
from consent_service.identity.page_tries import forget_old_tries
from consent_service.identity.passkeys import PasskeyRules, Passkeys
from consent_service.identity.permissions import Action, Circumstances, Denied, may
from consent_service.identity.provider_logout import ProviderLogout
from consent_service.identity.providers import (
    NewProvider,
    Provider,
    all_providers,
    find_provider,
    provider_with_secrets,
    register_provider,
)
from consent_service.identity.refusals import Refusals
from consent_service.identity.sessions import (
    Opened,
    Session,
    SessionLimits,
    Unlocked,
    digest,
)
from consent_service.identity.stepping_up import ProofRules, SteppingUp, Wanted
from consent_service.keyring.service import KeyRing

LOGGED_OUT = "/uitgelogd"
"""Where a provider sends the browser after logging out there too."""


class LoginRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the installation chooses. `loopback_allowed`: http providers on this machine (development).

    `fresh`: for what weighs much, how recently somebody must have proved who it is.
    """

    public_origin: str
    loopback_allowed: bool = False
    limits: SessionLimits = SessionLimits()
    second_factor: bool = True
    """Whether officers need one; only development does without."""
    fresh: timedelta = timedelta(minutes=15)
    invitation_lasts: timedelta = timedelta(days=14)


class LoggedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody we know; show the page at `return_to` (an address of our own)."""

    opened: Opened
    return_to: str


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
        self._loopback_allowed = loopback = rules.loopback_allowed
        self._oidc = OpenIdConnect(clock, public_origin=rules.public_origin, loopback_allowed=loopback)
        proving = rules.second_factor
        self._live = LiveSessions(database, log, clock, limits=rules.limits, second_factor=proving)
        self._attempts = Attempts(database, clock, oidc=self._oidc)
        self._proofs = ProofRules(proving, demo_allowed=loopback)
        self._refusals = Refusals(database, log, clock)
        self.enrolments = Enrolments(database, log, clock)
        self._provider_logout = ProviderLogout(
            database, ring, log, clock, oidc=self._oidc, live=self._live, refusals=self._refusals
        )
        self.passkeys, self.stepping_up = self._proving(rules)
        self._lending = Lending(database, clock, live=self._live, passkeys=self.passkeys)
        self.own_sessions = OwnSessions(database, ring, clock, live=self._live)
        self.own_pages = PageSessions(clock, live=self._live, limits=rules.limits)
        self.login_providers = LoginProviders(
            database, ring, log, clock, published=self._oidc.published, live=self._live, demo_allowed=loopback
        )
        self.machine_clients = MachineClients(database, log, clock, public_origin=rules.public_origin)
        self._letting_in = LettingIn(clock, live=self._live, limits=rules.limits)
        self.invitations = Invitations(
            database, ring, log, clock, letting_in=self._letting_in, lasts=rules.invitation_lasts
        )
        self.operators = Operators(database, ring, log, clock)
        self._devices_seen = DevicesSeen()

    def _proving(self, rules: LoginRules) -> tuple[Passkeys, SteppingUp]:
        """What proves more of who is logged in: passkeys, and logging in once more."""
        passkeys = Passkeys(
            self._database,
            self._ring,
            self._clock,
            live=self._live,
            rules=PasskeyRules(rules.public_origin, rules.fresh),
            enrolments=self.enrolments,
        )
        stepping_up = SteppingUp(
            self._database,
            self._clock,
            attempts=self._attempts,
            live=self._live,
            passkeys=passkeys,
            rules=self._proofs,
        )
        return passkeys, stepping_up

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
        """Our public keys, for providers that fetch them (RFC 7517); also those we sign with later."""
        keys = [key for one in await self.providers() for key in (one.public_key, one.next_public_key)]
        return msgspec.json.encode({"keys": [msgspec.Raw(key.encode()) for key in keys if key]})

    async def link_staff(
        self, actor: Actor, provider_id: str, subject: str, staff: StaffActor, *, establishment: str = ""
    ) -> None:
        """From now on the login `subject` of this provider acts as `staff`.

        `subject` is the value of the provider's `subject_claim`, known beforehand; it is kept as a digest.
        `establishment` is the code of the school of `staff`, which a login must name before the link counts.

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
            digested = secrets.digest_of(provider.issuer, known)
            await links.add_link(conn, self._clock, provider_id, digested, staff, establishment=establishment)
            await self.invitations.end_in(conn, actor, staff.tenant, staff.staff, "already_linked")
            event = events.StaffLinked(staff.staff, provider_id, links.kind_of(staff))
            await self._log.append(
                conn, tenant=staff.tenant, event=event, by=by(actor), subject=PersonId(staff.staff)
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
        """`unlink_staff` inside the caller's transaction (the caller has asked `may`).

        Open invitations go first: whoever is just accepting one holds its row, and then has a link to remove.
        """
        ended = 0
        await self.invitations.end_in(conn, actor, tenant, staff, "left")
        logins = await links.remove_links(conn, tenant, staff)
        await forget_enrolments(conn, tenant, staff)
        await forget_leftovers(conn, logins, tenant, staff)
        for provider, subject in logins:
            ended += await self._live.end_unlinked(conn, provider, subject)
        told: list[events.Event] = [events.StaffUnlinked(staff, len(logins))] if logins else []
        for event in (*told, *([events.SessionEnded("unlinked")] if ended else [])):
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=PersonId(staff))
        self._live.forget_all()
        return ended

    # --- logging in --------------------------------------------------------------------------

    async def start_login(
        self,
        provider_id: str,
        *,
        return_to: str = "/",
        max_age: int | None = None,
        place: str = "",
        mark: str = "",
        invitation: str | None = None,
    ) -> StartedLogin | LoginRefused:
        """Begin a login; with `max_age` (seconds) the person must have proved who they are that recently.

        `place` is where the browser is (`page_tries.network_of`): from one place only so many at a time,
        but at a browser with the device mark of a counsellor always.
        `invitation` is the token of a browser in which the code of one was typed: the login is for that.
        """
        provider = await self._attempts.provider(provider_id)
        if isinstance(provider, LoginRefused):
            return provider
        oldest = provider.rules.max_age if max_age is None else max_age
        back = return_to if is_own_address(return_to) else "/"
        purpose: Purpose = "operator" if return_to == OPERATORS_PLACE else ""
        attempt = Attempt(
            back, oldest, purpose, invitation=None if invitation is None else digest(invitation)
        )
        started = await self._attempts.begin(provider, attempt, place=place, mark=mark)
        return await self._begun(provider_id, started)

    async def start_proof(
        self, session: Session, wanted: Wanted, *, place: str = ""
    ) -> StartedLogin | LoginRefused:
        """`stepping_up.start`, with the entry of a refusal."""
        started = await self.stepping_up.start(session, wanted, place=place)
        return await self._begun(session.provider, started)

    async def _begun(
        self, provider_id: str, started: StartedLogin | LoginRefused
    ) -> StartedLogin | LoginRefused:
        if isinstance(started, LoginRefused) and started.code == "provider_unavailable":
            return await self._refused(provider_id, started)
        return started

    async def finish_login(
        self, provider_id: str, callback: Callback, *, cookie: str | None, replaces: str | None = None
    ) -> LoggedIn | ToConfirm | OperatorArrived | LoginRefused:
        """Finish a login in the browser that began it, and open a session under a fresh token.

        1. the attempt, once; 2. what the provider says; 3. who that is here, with the session and its log
        entries. A login for an invitation opens none: it is kept until it is confirmed. `replaces` is the
        session token the browser had: that session ends. A browser that began no login writes nothing.
        """
        secret = LoginSecret(cookie or "")
        async with self._database.transaction() as conn:
            known = await find_provider(conn, provider_id)
            attempt = await self._attempts.take(conn, provider_id, callback, secret)  # 1
            begun = await is_under_way(conn, secret, self._clock.now())
        if known is None or known.disabled:
            return LoginRefused("provider_unknown" if known is None else "provider_disabled")
        if attempt is None:
            refused = LoginRefused("answer_malformed" if callback.malformed else "state_unknown")
            return await self._refused(provider_id, refused) if begun else refused
        async with self._database.reading() as conn:
            provider, secrets = await provider_with_secrets(conn, self._ring, provider_id)
        found = await self._oidc.identify(  # 2
            provider, secrets, callback, secret, max_age=attempt.max_age, levels=attempt.levels(provider)
        )
        if isinstance(found, LoginRefused):
            return await self._refused(provider_id, found.during(attempt.purpose))
        login = proved(provider, secrets, found, self._proofs.factor_of(found, provider))
        if attempt.purpose:
            return await self._proved_more(provider, login, attempt, (secret, replaces))
        if attempt.invitation is not None:
            kept = await self.invitations.keep_login(attempt.invitation, provider, login)
            return await self._refused(provider_id, kept) if isinstance(kept, LoginRefused) else kept
        if attempt.max_age != 0 and await self._letting_in.is_with_another(replaces):
            return await self._refused(provider_id, LoginRefused("login_too_old"))
        async with self._database.transaction() as conn:
            opened = await self._letting_in.let_in(conn, login, replaces=replaces, asked=provider)  # 3
        if isinstance(opened, LoginRefused):
            return await self._refused(provider_id, opened)
        self._attempts.finished(secret)
        return LoggedIn(opened, attempt.return_to)

    async def _proved_more(
        self, provider: Provider, login: Login, attempt: Attempt, browser: tuple[LoginSecret, str | None]
    ) -> LoggedIn | OperatorArrived | LoginRefused:
        """A login that opens no session; `browser`: the cookies of this login and of the session."""
        secret, token = browser
        outcome = (
            await self.operators.arrive(provider, login)
            if attempt.purpose == "operator"
            else await self.stepping_up.finish(attempt, token, login, asked=provider)
        )
        if isinstance(outcome, LoginRefused):
            return await self._refused(provider.id, outcome.during(attempt.purpose))
        self._attempts.finished(secret)
        if isinstance(outcome, OperatorArrived):
            return outcome
        return LoggedIn(outcome.opened, outcome.return_to)

    async def _refused(self, provider_id: str, refused: LoginRefused) -> LoginRefused:
        return await self._refusals.login(provider_id, refused)

    # --- sessions ----------------------------------------------------------------------------

    async def actor_for(self, token: str) -> Session | None:
        """The live session of this token; None when unknown, ended or past a limit (which then ends it)."""
        return await self._live.actor_for(token)

    async def actor_for_stop(self, token: str) -> Session | None:
        """`actor_for`, but with the database away a session this process saw lately will do.

        Only for stops (withdrawal, objection), which must be accepted then; never to read or to give.
        """
        return await self._live.actor_for_stop(token)

    async def lock(self, token: str, place: str) -> Session | None:
        """Lock the session of this token, where sessions lock; None when there is none.

        `place` is where the screen was; anything but an address of ours is not kept.
        """
        return await self._live.lock(token, place if is_own_address(place) else "/")

    async def keep_place(self, session: Session, place: str) -> None:
        """Remember the page that was asked for of a locked session."""
        if is_own_address(place):
            await self._live.keep_place(session, place)

    def locks_after(self, session: Session) -> timedelta | None:
        """After how long without use this session locks; None: never."""
        return session.locks_after(self._limits)

    async def log_out(self, token: str) -> Session | None:
        """End the session; also the quick exit. The session that ended, or None when there was none."""
        async with self._database.reading() as conn:
            session = await sessions.find_session(conn, token)
        self._live.forget(token)
        if session is not None:
            await self._live.end_now(session, "logged_out")
        return session

    async def end_at_provider(self, provider_id: str, token: str, *, place: str = "") -> int | LogoutRefused:
        """End the sessions that a logout token of the provider's back channel speaks of; how many.

        Raises:
            KeyProviderUnavailableError: the keys are away.
        """
        return await self._provider_logout.end(provider_id, token, place=place)

    async def provider_logout_address(self, session: Session, *, return_to: str = LOGGED_OUT) -> str | None:
        """Where to send the browser to end the session at the provider too; None: nowhere."""
        async with self._database.reading() as conn:
            provider = await find_provider(conn, session.provider)
        if provider is None:
            return None
        return await self._oidc.logout_address(provider, return_to=return_to)

    async def forget_expired(self) -> int:
        """Clear away sessions nobody came back to, old tries and invitations; run now and then."""
        async with self._database.transaction() as conn:
            await forget_old_tries(conn, self._clock.now())
            await self._provider_logout.forget_old_tokens(conn)
            await self.machine_clients.forget_old(conn)
            await self.operators.forget_old(conn)
        await self.invitations.end_expired()
        return await self._live.end_expired()

    async def issue_step(self, session: Session, step: str) -> str:
        """A token for the form of `step` (e.g. `consent:support_advice`), good for one use."""
        async with self._database.transaction() as conn:
            return await steps.issue_step(conn, session, step, self._clock.now())

    async def use_step(self, session: Session, step: str, token: str) -> datetime | None:
        """When this form was shown, if it may be taken; None: taken before, an old one, another's."""
        async with self._database.transaction() as conn:
            return await steps.use_step(conn, session, step, token)

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

    async def take_back(self, token: str, given: Given) -> Opened | TakeBackRefused:
        """Give the session back to the counsellor, by PIN or passkey, under a new token."""
        return await self._lending.take_back(token, given)

    async def unlock(self, token: str, given: Given) -> Unlocked | TakeBackRefused:
        """Open a locked tablet for whoever had it, under a new token."""
        return await self._lending.unlock(token, given)

    async def witness(self, token: str, given: Given) -> Counsellor | TakeBackRefused:
        """The counsellor, by PIN or passkey, as a witness beside the guardian, who keeps the tablet."""
        return await self._lending.witness(token, given)


def _require(actor: Actor, action: Action) -> None:
    answer = may(actor, action, Circumstances())
    if isinstance(answer, Denied):
        raise NotAllowedError(f"{action}: {answer.code}")
