"""Our own sessions: an unguessable token of which only the SHA-256 is stored.

A token the service did not give out is unknown, so a planted one is worth nothing; every change of
what a session may do comes with a new token. The tablet is handed over by *downgrading* the session
to one guardian or child. Deciding when that may happen is `identity.handover`; a session somebody opened
with the own code is `identity.page_sessions`; the log is `identity.live`, `identity.lending` and
`identity.service`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets as random
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
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
from consent_service.identity.links import linked_actor
from consent_service.identity.model import (
    Actor,
    ChildActor,
    Counsellor,
    GuardianActor,
    PersonActor,
    StaffActor,
    person_of,
)
from consent_service.identity.tables import sessions, staff_links, step_tokens

MAX_PIN_TRIES = 5
SEEN_EVERY = timedelta(minutes=1)
"""How precisely "last seen" is kept: not every request has to write."""

EndedBy = Literal["idle", "absolute"]


class SessionLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a session lasts without use, and at most."""

    idle: timedelta = timedelta(minutes=15)
    absolute: timedelta = timedelta(hours=8)


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

    @property
    def actor(self) -> Actor:
        """Who acts: whose own page or tablet it is now, else the first linked member of staff."""
        return self._everybody[0]

    def acting_in(self, tenant: TenantId) -> Actor | None:
        """Who acts towards one shelter: one school login may reach several. None: nobody there."""
        return next((actor for actor in self._everybody if actor.tenant == tenant), None)

    @property
    def _everybody(self) -> tuple[PersonActor | StaffActor, ...]:
        if self.own is not None:
            return (self.own,)
        return self.actors if self.handed_over is None else (self.handed_over.holder,)

    def ended_by(self, limits: SessionLimits, now: datetime) -> EndedBy | None:
        """Which limit this session has passed, if any."""
        if now >= self.expires_at:
            return "absolute"
        return "idle" if now >= self.last_seen_at + limits.idle else None


class SessionSummary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of "where am I logged in"."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    handed_over: bool


class Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A session under a fresh token, which replaces whatever token the browser had."""

    token: str
    session: Session

    def __repr__(self) -> str:
        return f"Opened(session={self.session.id!r})"


def new_token() -> str:
    """256 random bits, for a cookie or a form."""
    return random.token_urlsafe(32)


def digest(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def csrf_token(token: str) -> str:
    """The token that every form of this session carries; it changes whenever the session's does."""
    mac = hmac.digest(token.encode(errors="replace"), b"csrf/v1", hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def csrf_fits(token: str, given: str) -> bool:
    """Whether a form was made for this session; compared in constant time."""
    return same(csrf_token(token), given)


def same(own: str, given: str) -> bool:
    """Whether two secrets are equal, compared in constant time."""
    return hmac.compare_digest(own.encode(), given.encode(errors="replace"))


async def open_session(conn: AsyncConnection, login: Session, token: str) -> None:
    """Keep a new session under the digest of its token."""
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
) -> Session:
    """A session as it starts; `lasts` is from now until its absolute end."""
    now, until = lasts
    return Session(
        id=new_id(),
        provider=provider,
        subject=subject,
        actors=actors,
        level=level,
        authenticated_at=authenticated_at,
        created_at=now,
        last_seen_at=now,
        expires_at=until,
        own=own,
    )


async def find_session(conn: AsyncConnection, token: str) -> Session | None:
    """The session of this token with everybody it may act as, in one read; its limits are not checked.

    A session whose last link is gone is none; one of the own page has no links.
    """
    link = (
        (staff_links.c.tenant == sessions.c.tenant)
        & (staff_links.c.provider == sessions.c.provider)
        & (staff_links.c.subject == sessions.c.subject)
    )
    links = (staff_links.c.shelter, staff_links.c.staff, staff_links.c.kind, staff_links.c.school)
    query = (
        select(sessions, *links, staff_links.c.role)
        .join_from(sessions, staff_links, link, isouter=True)
        .where(sessions.c.tenant == INSTALLATION, sessions.c.token == digest(token))
        .order_by(staff_links.c.linked_at, staff_links.c.staff)
    )
    rows = (await conn.execute(query)).mappings().all()
    actors = tuple(linked_actor(row) for row in rows if row["staff"] is not None)
    known = rows and (actors or rows[0]["own_person"] is not None)
    return _session(rows[0], actors) if known else None


async def note_seen(conn: AsyncConnection, session: Session, now: datetime) -> None:
    """Move the idle limit."""
    await conn.execute(update(sessions).where(*_is(session.id)).values(last_seen_at=now))


async def downgrade(
    conn: AsyncConnection, session: Session, old_token: str, new_token: str, lent: HandedOver
) -> bool:
    """Limit the session to one guardian, under a new token; False when another request was first."""
    changed = await conn.execute(
        update(sessions)
        .where(*_is(session.id), sessions.c.token == digest(old_token), sessions.c.guardian.is_(None))
        .values(
            token=digest(new_token),
            handed_by=lent.by.staff,
            handed_in=lent.by.tenant,
            family=lent.family,
            relationship=lent.relationship,
            guardian=lent.guardian,
            lent_to_child=lent.is_child,
            pin_tries=0,
        )
    )
    await forget_steps(conn, session.id)
    return changed.rowcount == 1


async def restore(conn: AsyncConnection, session: Session, old_token: str, new_token: str) -> bool:
    """Give the session back to the counsellor, under a new token; False when another request was first."""
    changed = await conn.execute(
        update(sessions)
        .where(*_is(session.id), sessions.c.token == digest(old_token), sessions.c.guardian.is_not(None))
        .values(
            token=digest(new_token),
            handed_by=None,
            handed_in=None,
            family=None,
            relationship=None,
            guardian=None,
            lent_to_child=None,
            pin_tries=0,
        )
    )
    await forget_steps(conn, session.id)
    return changed.rowcount == 1


async def count_pin_try(conn: AsyncConnection, session: Session) -> int | None:
    """Count a try *before* the PIN is looked at, so that parallel tries count too; None: none left."""
    counted = await conn.execute(
        update(sessions)
        .where(*_is(session.id), sessions.c.guardian.is_not(None), sessions.c.pin_tries < MAX_PIN_TRIES)
        .values(pin_tries=sessions.c.pin_tries + 1)
        .returning(sessions.c.pin_tries)
    )
    tries: int | None = counted.scalar_one_or_none()
    return tries


async def is_lent(conn: AsyncConnection, session: Session) -> bool:
    """Whether a guardian still has the tablet."""
    query = select(sessions.c.guardian).where(*_is(session.id), sessions.c.guardian.is_not(None))
    return (await conn.execute(query)).first() is not None


async def forget_pin_tries(conn: AsyncConnection, session: Session) -> None:
    """The PIN was right: earlier mistakes no longer count."""
    await conn.execute(update(sessions).where(*_is(session.id)).values(pin_tries=0))


async def end_session(conn: AsyncConnection, session_id: str) -> bool:
    """Forget the session; False when it was gone already."""
    await forget_steps(conn, session_id)
    return (await conn.execute(delete(sessions).where(*_is(session_id)))).rowcount == 1


async def end_sessions_of(
    conn: AsyncConnection, provider: str, subject: str, *, but: str | None = None
) -> int:
    """Forget every session of one login, `but` the one with this id; how many there were."""
    ids = [line.id for line in await sessions_of(conn, provider, subject) if line.id != but]
    return sum([await end_session(conn, one) for one in ids])


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
        SessionSummary(row["id"], row["created_at"], row["last_seen_at"], row["guardian"] is not None)
        for row in rows
    )


async def forget_expired(conn: AsyncConnection, limits: SessionLimits, now: datetime) -> int:
    """Forget sessions nobody came back to; how many there were."""
    over = or_(sessions.c.expires_at <= now, sessions.c.last_seen_at <= now - limits.idle)
    expired = select(sessions.c.id).where(sessions.c.tenant == INSTALLATION, over).limit(500)
    ids = (await conn.execute(expired)).scalars().all()
    return sum([await end_session(conn, one) for one in ids])


async def issue_step(conn: AsyncConnection, session: Session, step: str, now: datetime) -> str:
    """A token for one form, for one use; it replaces an earlier one for the same step."""
    token = new_token()
    keys = {"tenant": INSTALLATION, "session": session.id, "step": step}
    fresh = {"token": digest(token), "issued_at": now}
    if conn.dialect.name == "sqlite":
        lite = sqlite.insert(step_tokens).values(keys | fresh)
        await conn.execute(lite.on_conflict_do_update(index_elements=list(keys), set_=fresh))
    else:
        full = postgresql.insert(step_tokens).values(keys | fresh)
        await conn.execute(full.on_conflict_do_update(index_elements=list(keys), set_=fresh))
    return token


async def use_step(conn: AsyncConnection, session: Session, step: str, token: str) -> datetime | None:
    """When this form was shown, if it may be taken; the same token is never taken twice."""
    used = await conn.execute(
        delete(step_tokens)
        .where(
            step_tokens.c.tenant == INSTALLATION,
            step_tokens.c.session == session.id,
            step_tokens.c.step == step,
            step_tokens.c.token == digest(token),
        )
        .returning(step_tokens.c.issued_at)
    )
    shown: datetime | None = used.scalar_one_or_none()
    return shown


async def forget_steps(conn: AsyncConnection, session_id: str) -> None:
    """Refuse every form that was open: it was made for another actor."""
    await conn.execute(
        delete(step_tokens).where(step_tokens.c.tenant == INSTALLATION, step_tokens.c.session == session_id)
    )


def _is(session_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return sessions.c.tenant == INSTALLATION, sessions.c.id == session_id


def _session(row: RowMapping, actors: tuple[StaffActor, ...]) -> Session:
    lent = None
    if row["guardian"] is not None:
        by = Counsellor(row["handed_in"], row["handed_by"])
        lent = HandedOver(
            by, row["family"], row["guardian"], row["relationship"], is_child=bool(row["lent_to_child"])
        )
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
    )


def _own(row: RowMapping) -> PersonActor | None:
    if row["own_person"] is None:
        return None
    kind = ChildActor if row["own_is_child"] else GuardianActor
    return kind(row["own_shelter"], row["own_person"], row["own_family"])
