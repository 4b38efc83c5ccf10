"""Our own sessions: an unguessable token of which only the SHA-256 is stored.

A token the service did not give out is unknown, so a planted one is worth nothing; every change of
what a session may do comes with a new token. The tablet is handed over by *downgrading* the session
to one guardian or child. Deciding when that may happen is `identity.handover`; a session somebody opened
with the own code is `identity.page_sessions`; the log is `identity.live`, `identity.lending` and
`identity.service`.
"""

from __future__ import annotations

import hashlib
import secrets as random
from datetime import datetime, timedelta
from types import UnionType
from typing import Literal, TypeVar, cast

import msgspec
from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import (
    INSTALLATION,
    FamilyId,
    PersonId,
    RelationshipId,
    TenantId,
    new_id,
)
from consent_service.identity.levels import Factor, divided, needs_factor
from consent_service.identity.links import linked_actor
from consent_service.identity.model import (
    Actor,
    ChildActor,
    Counsellor,
    GuardianActor,
    PersonActor,
    SchoolStaff,
    StaffActor,
    person_of,
)
from consent_service.identity.secrets import AtProvider
from consent_service.identity.tables import (
    oidc_providers,
    passkey_challenges,
    sessions,
    staff_links,
    step_tokens,
)

_PROVIDER_CLOSED = exists().where(
    oidc_providers.c.tenant == sessions.c.tenant,
    oidc_providers.c.id == sessions.c.provider,
    oidc_providers.c.disabled_at.is_not(None),
)
SEEN_EVERY = timedelta(seconds=10)
"""How precisely "last seen" is kept: not every request has to write."""

EndedBy = Literal["idle", "absolute"]
_Kind = TypeVar("_Kind", bound=Actor)


class SessionLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a session lasts without use, and at most; and after how long a tablet locks itself.

    A counsellor's session shows a family and stands on a table: it locks first (`lock`). A sitting has
    long talks through an interpreter: it locks later (`lent_lock`) and may lie there for longer before
    the work has to begin anew (`lent_idle`).
    """

    idle: timedelta = timedelta(minutes=15)
    absolute: timedelta = timedelta(hours=8)
    lock: timedelta = timedelta(minutes=2)
    lent_lock: timedelta = timedelta(minutes=10)
    lent_idle: timedelta = timedelta(minutes=60)


class HandedOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tablet is with a guardian or a child: what the session is limited to, and who comes back."""

    by: Counsellor
    family: FamilyId
    guardian: PersonId
    """Who holds the tablet; also when that is a child."""
    relationship: RelationshipId | None = None
    is_child: bool = False

    @property
    def holder(self) -> PersonActor:
        """Who holds the tablet, as an actor."""
        if self.is_child:
            return ChildActor(self.by.tenant, self.guardian, self.family)
        return GuardianActor(self.by.tenant, self.guardian, self.family)


class Session(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A live session. `subject` is a pseudonym of the login; `actors` is everybody it may act as.

    `own`: somebody of a family opened the own page; then there are no staff to act as.
    """

    id: str
    provider: str
    subject: str
    actors: tuple[StaffActor, ...]
    level: str
    authenticated_at: datetime
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    handed_over: HandedOver | None = None
    own: PersonActor | None = None
    locked: bool = False
    """Left alone for too long: worth nothing until the counsellor's PIN comes."""
    resume_at: str = ""
    """The page of ours that was open when it locked; untrusted until it is opened."""
    factor: Factor = ""
    """The second factor that was shown; without one, officers are not in `actors` but in `waiting`."""
    factor_at: datetime | None = None
    waiting: tuple[StaffActor, ...] = ()
    proves_for: str = ""
    """The page of ours that asked for another proof; untrusted until it is opened."""

    @property
    def actor(self) -> Actor | None:
        """Who acts: whose own page or tablet it is now, else the first linked member of staff.

        None: whoever is linked waits for a second factor.
        """
        return next(iter(self._everybody), None)

    @property
    def linked(self) -> tuple[StaffActor, ...]:
        """Whose login it is: also who waits for a second factor. To tell of, never to act as."""
        return (*self.actors, *self.waiting)

    @property
    def proved_at(self) -> datetime:
        """When somebody last proved who it is; of an officer that is only the second factor."""
        if self.factor_at is None:
            return self.authenticated_at
        if any(needs_factor(one) for one in self.actors):
            return self.factor_at
        return max(self.authenticated_at, self.factor_at)

    def acting_in(self, tenant: TenantId) -> Actor | None:
        """Who acts towards one shelter: one school login may reach several. None: nobody there."""
        return next((actor for actor in self._everybody if actor.tenant == tenant), None)

    def acting_as(self, tenant: TenantId, kinds: type[_Kind] | UnionType) -> _Kind | None:
        """Who of these kinds acts towards one shelter: one person may be two of them."""
        those = (one for one in self._everybody if one.tenant == tenant and isinstance(one, kinds))
        return cast("_Kind | None", next(those, None))

    def waits_as(self, tenant: TenantId, kinds: type[Actor] | UnionType) -> bool:
        """Whether somebody of these kinds waits for a second factor there."""
        return any(one.tenant == tenant and isinstance(one, kinds) for one in self.waiting)

    def with_waiting(self) -> Session:
        """The same where the installation asks for no second factor (development)."""
        return msgspec.structs.replace(self, actors=self.linked, waiting=()) if self.waiting else self

    @property
    def _everybody(self) -> tuple[PersonActor | StaffActor, ...]:
        if self.own is not None:
            return (self.own,)
        return self.actors if self.handed_over is None else (self.handed_over.holder,)

    def ended_by(self, limits: SessionLimits, now: datetime) -> EndedBy | None:
        """Which limit this session has passed, if any."""
        if now >= self.expires_at:
            return "absolute"
        idle = limits.idle if self.handed_over is None else limits.lent_idle
        return "idle" if now >= self.last_seen_at + idle else None

    def locks_after(self, limits: SessionLimits) -> timedelta | None:
        """After how long without use it locks; None: never (no counsellor works or lends here)."""
        if self.handed_over is not None:
            return limits.lent_lock
        return limits.lock if any(isinstance(one, Counsellor) for one in self.actors) else None

    def is_left_alone(self, limits: SessionLimits, now: datetime) -> bool:
        """Whether it must be locked now, or is."""
        after = self.locks_after(limits)
        return self.locked or (after is not None and now >= self.last_seen_at + after)


class SessionSummary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One session of a login, as `identity.own_sessions` shows it."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    handed_over: bool
    device: str | None = None
    browser: str = ""


class Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A session under a fresh token, which replaces whatever token the browser had."""

    token: str
    session: Session

    def __repr__(self) -> str:
        return f"Opened(session={self.session.id!r})"


class Unlocked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A session that was locked, under a fresh token; `place` is the page that was open, or nothing."""

    opened: Opened
    place: str


def new_token() -> str:
    """256 random bits, for a cookie or a form."""
    return random.token_urlsafe(32)


def digest(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


async def open_session(
    conn: AsyncConnection, login: Session, token: str, there: AtProvider | None = None
) -> None:
    """Keep a new session under the digest of its token; `there` is the session at the provider."""
    own = login.own
    await conn.execute(
        insert(sessions).values(
            tenant=INSTALLATION,
            id=login.id,
            token=digest(token),
            provider=login.provider,
            subject=login.subject,
            acr=login.level,
            authenticated_at=login.authenticated_at,
            created_at=login.created_at,
            last_seen_at=login.last_seen_at,
            expires_at=login.expires_at,
            pin_tries=0,
            own_shelter=own and own.tenant,
            own_family=own and own.family,
            own_person=own and person_of(own),
            own_is_child=own and isinstance(own, ChildActor),
            sub=(there and there.sub) or None,
            sid=(there and there.sid) or None,
            factor=login.factor or None,
            factor_at=login.factor_at,
            acts_as=" ".join(actor.staff for actor in login.linked),
        )
    )


def new_session(
    *,
    provider: str,
    subject: str,
    actors: tuple[StaffActor, ...],
    level: str,
    authenticated_at: datetime,
    lasts: tuple[datetime, datetime],
    own: PersonActor | None = None,
    factor: Factor = "",
) -> Session:
    """A session as it starts; `lasts` is from now until its absolute end.

    A `factor` was shown when the login was: at `authenticated_at`.
    """
    now, until = lasts
    acting, waiting = divided(actors, factor)
    return Session(
        id=new_id(),
        provider=provider,
        subject=subject,
        actors=acting,
        level=level,
        authenticated_at=authenticated_at,
        created_at=now,
        last_seen_at=now,
        expires_at=until,
        own=own,
        factor=factor,
        factor_at=authenticated_at if factor else None,
        waiting=waiting,
    )


async def find_session(conn: AsyncConnection, token: str) -> Session | None:
    """The session of this token with everybody it may act as, in one read; its limits are not checked.

    A session whose last link is gone is none, as is one whose provider is closed; one of the own page has
    neither.
    """
    found = await _read(conn, (sessions.c.token == digest(token)) & ~_PROVIDER_CLOSED)
    return found[0] if found else None


async def session_of_id(conn: AsyncConnection, session_id: str) -> Session | None:
    """As `find_session`, for who ends sessions and has no tokens."""
    found = await _read(conn, sessions.c.id == session_id)
    return found[0] if found else None


async def sessions_at_provider(
    conn: AsyncConnection, provider: str, ended: AtProvider
) -> tuple[Session, ...]:
    """The sessions that a logout at the provider ends, also those that lend the tablet.

    With a `sid` that one; with a `sub` of the same person, and where the provider never gave a `sid`, all
    of that person (OpenID Connect Back-Channel Logout 1.0 section 2.7).
    """
    of_person = sessions.c.sub == ended.sub
    those: ColumnElement[bool] = sessions.c.sid == ended.sid if ended.sid else of_person
    if ended.sid and ended.sub:
        those = of_person & or_(those, sessions.c.sid.is_(None))
    return await _read(conn, (sessions.c.provider == provider) & those)


async def sessions_through(conn: AsyncConnection, provider: str) -> tuple[Session, ...]:
    """Every session that was opened with a login at this provider."""
    return await _read(conn, sessions.c.provider == provider)


async def sessions_of_login(conn: AsyncConnection, provider: str, subject: str) -> tuple[Session, ...]:
    """Every session of one login, with whom it still acts as."""
    return await _read(conn, (sessions.c.provider == provider) & (sessions.c.subject == subject))


async def _read(conn: AsyncConnection, which: ColumnElement[bool]) -> tuple[Session, ...]:
    link = (
        (staff_links.c.tenant == sessions.c.tenant)
        & (staff_links.c.provider == sessions.c.provider)
        & (staff_links.c.subject == sessions.c.subject)
    )
    links = (staff_links.c.shelter, staff_links.c.staff, staff_links.c.kind, staff_links.c.school)
    query = (
        select(sessions, *links, staff_links.c.role)
        .join_from(sessions, staff_links, link, isouter=True)
        .where(sessions.c.tenant == INSTALLATION, which)
        .order_by(sessions.c.id, staff_links.c.linked_at, staff_links.c.staff)
    )
    by_session: dict[str, list[RowMapping]] = {}
    for row in (await conn.execute(query)).mappings():
        by_session.setdefault(row["id"], []).append(row)
    found = []
    for rows in by_session.values():
        linked = (linked_actor(row) for row in rows if row["staff"] is not None)
        actors = tuple(actor for actor in linked if _was_let_in(rows[0]["acts_as"], actor))
        if actors or rows[0]["own_person"] is not None:
            found.append(_session(rows[0], actors))
    return tuple(found)


async def note_seen(conn: AsyncConnection, session: Session, now: datetime) -> None:
    """Move the idle limit; a session that locked meanwhile is not moved."""
    is_open = (*is_session(session.id), sessions.c.locked_at.is_(None))
    await conn.execute(update(sessions).where(*is_open).values(last_seen_at=now))


async def end_session(conn: AsyncConnection, session_id: str) -> bool:
    """Forget the session; False when it was gone already."""
    await forget_steps(conn, session_id)
    return (await conn.execute(delete(sessions).where(*is_session(session_id)))).rowcount == 1


async def end_sessions_of(
    conn: AsyncConnection, provider: str, subject: str, *, but: str | None = None
) -> int:
    """Forget every session of one login, `but` the one with this id; how many there were."""
    ids = [line.id for line in await sessions_of(conn, provider, subject) if line.id != but]
    return sum([await end_session(conn, one) for one in ids])


async def forget_passkey_factor(conn: AsyncConnection, session: Session) -> None:
    """Every other session of this login loses the second factor that a passkey proved."""
    others = (
        sessions.c.tenant == INSTALLATION,
        sessions.c.provider == session.provider,
        sessions.c.subject == session.subject,
        sessions.c.id != session.id,
        sessions.c.factor == "passkey",
    )
    await conn.execute(update(sessions).where(*others).values(factor=None, factor_at=None))


async def sessions_of(conn: AsyncConnection, provider: str, subject: str) -> tuple[SessionSummary, ...]:
    """Where one login is logged in, the newest first."""
    query = (
        select(sessions)
        .where(
            sessions.c.tenant == INSTALLATION,
            sessions.c.provider == provider,
            sessions.c.subject == subject,
        )
        .order_by(sessions.c.created_at.desc(), sessions.c.id)
    )
    rows = (await conn.execute(query)).mappings()
    return tuple(
        SessionSummary(
            row["id"],
            row["created_at"],
            row["last_seen_at"],
            row["guardian"] is not None,
            row["device"],
            row["browser"] or "",
        )
        for row in rows
    )


async def expired_sessions(conn: AsyncConnection, limits: SessionLimits, now: datetime) -> tuple[str, ...]:
    """The ids of sessions nobody came back to, at most 500."""
    over = or_(
        sessions.c.expires_at <= now,
        and_(sessions.c.guardian.is_(None), sessions.c.last_seen_at <= now - limits.idle),
        and_(sessions.c.guardian.is_not(None), sessions.c.last_seen_at <= now - limits.lent_idle),
    )
    expired = select(sessions.c.id).where(sessions.c.tenant == INSTALLATION, over).limit(500)
    return tuple((await conn.execute(expired)).scalars())


async def lent_by_login(conn: AsyncConnection, provider: str, subject: str) -> tuple[HandedOver, ...]:
    """The hand-overs of one login that are not over; also when it has no links any more."""
    query = select(sessions).where(
        sessions.c.tenant == INSTALLATION,
        sessions.c.provider == provider,
        sessions.c.subject == subject,
        sessions.c.guardian.is_not(None),
    )
    return tuple(_handed_over(row) for row in (await conn.execute(query)).mappings())


async def forget_steps(conn: AsyncConnection, session_id: str) -> None:
    """Refuse every form and passkey that was asked for: it was for another actor."""
    await conn.execute(
        delete(step_tokens).where(step_tokens.c.tenant == INSTALLATION, step_tokens.c.session == session_id)
    )
    asked = (passkey_challenges.c.tenant == INSTALLATION, passkey_challenges.c.session == session_id)
    await conn.execute(delete(passkey_challenges).where(*asked))


def is_session(session_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Which row is this session's."""
    return sessions.c.tenant == INSTALLATION, sessions.c.id == session_id


def _was_let_in(acts_as: str | None, actor: StaffActor) -> bool:
    """Whether a session was opened for this actor; one of before this was kept holds nobody of a school."""
    if acts_as is None:
        return not isinstance(actor, SchoolStaff)
    return actor.staff in acts_as.split()


def _session(row: RowMapping, linked: tuple[StaffActor, ...]) -> Session:
    """Here actors are made: an officer without a second factor is none."""
    lent = None if row["guardian"] is None else _handed_over(row)
    factor: Factor = row["factor"] or ""
    actors, waiting = divided(linked, factor)
    return Session(
        id=row["id"],
        provider=row["provider"],
        subject=row["subject"],
        actors=actors,
        level=row["acr"],
        authenticated_at=row["authenticated_at"],
        created_at=row["created_at"],
        last_seen_at=row["last_seen_at"],
        expires_at=row["expires_at"],
        handed_over=lent,
        own=_own(row),
        locked=row["locked_at"] is not None,
        resume_at=row["resume_at"] or "",
        factor=factor,
        factor_at=row["factor_at"],
        waiting=waiting,
        proves_for=row["proves_for"] or "",
    )


def _handed_over(row: RowMapping) -> HandedOver:
    return HandedOver(
        Counsellor(row["handed_in"], row["handed_by"]),
        row["family"],
        row["guardian"],
        row["relationship"],
        is_child=bool(row["lent_to_child"]),
    )


def _own(row: RowMapping) -> PersonActor | None:
    if row["own_person"] is None:
        return None
    kind = ChildActor if row["own_is_child"] else GuardianActor
    return kind(row["own_shelter"], row["own_person"], row["own_family"])
