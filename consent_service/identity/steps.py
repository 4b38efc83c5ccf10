"""A form is taken once: each step of a session has a token of its own, good for one use."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import INSTALLATION
from consent_service.identity.sessions import Session, digest, new_token
from consent_service.identity.tables import step_tokens


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
