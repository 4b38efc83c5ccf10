"""The rows of a session that changes hands: lent, taken back, locked and opened again, with its PIN tries.

Each change brings a new token and refuses when another request was first. Who may do so is
`identity.handover` and `identity.lending`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.identity.sessions import HandedOver, Session, digest, forget_steps, is_session
from consent_service.identity.tables import sessions

MAX_PIN_TRIES = 5


async def lock(conn: AsyncConnection, session: Session, now: datetime) -> None:
    """Lock the session; one that is locked stays as it is."""
    await conn.execute(
        update(sessions).where(*is_session(session.id), sessions.c.locked_at.is_(None)).values(locked_at=now)
    )


async def keep_place(conn: AsyncConnection, session: Session, address: str) -> None:
    """Remember which page was open when the session locked; the first one counts."""
    await conn.execute(
        update(sessions)
        .where(*is_session(session.id), sessions.c.locked_at.is_not(None), sessions.c.resume_at.is_(None))
        .values(resume_at=address)
    )


async def unlock(
    conn: AsyncConnection, session: Session, old_token: str, new_token: str, now: datetime
) -> bool:
    """Open a locked session again, under a new token; False when another request was first."""
    changed = await conn.execute(
        update(sessions)
        .where(
            *is_session(session.id), sessions.c.token == digest(old_token), sessions.c.locked_at.is_not(None)
        )
        .values(token=digest(new_token), last_seen_at=now, **_UNLOCKED)
    )
    return changed.rowcount == 1


async def downgrade(
    conn: AsyncConnection, session: Session, old_token: str, new_token: str, lent: HandedOver
) -> bool:
    """Limit the session to one guardian, under a new token; False when another request was first."""
    changed = await conn.execute(
        update(sessions)
        .where(
            *is_session(session.id),
            sessions.c.token == digest(old_token),
            sessions.c.guardian.is_(None),
            sessions.c.locked_at.is_(None),
        )
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


async def restore(
    conn: AsyncConnection, session: Session, old_token: str, new_token: str, now: datetime
) -> bool:
    """Give the session back to the counsellor, under a new token; False when another request was first."""
    changed = await conn.execute(
        update(sessions)
        .where(
            *is_session(session.id), sessions.c.token == digest(old_token), sessions.c.guardian.is_not(None)
        )
        .values(
            token=digest(new_token),
            handed_by=None,
            handed_in=None,
            family=None,
            relationship=None,
            guardian=None,
            lent_to_child=None,
            last_seen_at=now,
            **_UNLOCKED,
        )
    )
    await forget_steps(conn, session.id)
    return changed.rowcount == 1


async def count_pin_try(conn: AsyncConnection, session: Session) -> int | None:
    """Count a try *before* the PIN is looked at, so that parallel tries count too; None: none left."""
    counted = await conn.execute(
        update(sessions)
        .where(*is_session(session.id), _asks_for_pin(), sessions.c.pin_tries < MAX_PIN_TRIES)
        .values(pin_tries=sessions.c.pin_tries + 1)
        .returning(sessions.c.pin_tries)
    )
    tries: int | None = counted.scalar_one_or_none()
    return tries


async def asks_for_pin(conn: AsyncConnection, session: Session) -> bool:
    """Whether a guardian still has the tablet, or it still is locked."""
    query = select(sessions.c.id).where(*is_session(session.id), _asks_for_pin())
    return (await conn.execute(query)).first() is not None


async def forget_pin_tries(conn: AsyncConnection, session: Session) -> None:
    """The PIN was right: earlier mistakes no longer count."""
    await conn.execute(update(sessions).where(*is_session(session.id)).values(pin_tries=0))


_UNLOCKED: Final = {"locked_at": None, "resume_at": None, "pin_tries": 0}


def _asks_for_pin() -> ColumnElement[bool]:
    return or_(sessions.c.guardian.is_not(None), sessions.c.locked_at.is_not(None))
