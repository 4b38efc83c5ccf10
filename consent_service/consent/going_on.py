"""Going on another day: draft answers that were saved, taken into the next conversation with the same person.

They count for nothing meanwhile. What is not asked any more, or was asked in words that have changed or
were taken out of use, is left behind: it is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.drafts import Draft, forget_drafts, keep_draft, read_drafts
from consent_service.consent.model import SAVED, Question
from consent_service.consent.tables import sittings
from consent_service.consent.texts import require_text_usable
from consent_service.foundation.errors import ConflictError, InputError
from consent_service.foundation.ids import TenantId


async def mark_saved(conn: AsyncConnection, own: ColumnElement[bool], sitting: str) -> None:
    """The answers of this sitting are for another day."""
    await conn.execute(update(sittings).where(own, sittings.c.sitting == sitting).values(outcome=SAVED))


async def take_over(
    conn: AsyncConnection,
    tenant: TenantId,
    own: ColumnElement[bool],
    into: tuple[str, Sequence[Question]],
    require_current: Callable[[Question, Draft], None],
) -> None:
    """The saved answers of this person, into a new sitting; the older sitting keeps none.

    `require_current` raises `ConflictError` when the words of a question have changed since.
    """
    sitting, questions = into
    saved = (own, sittings.c.finished_at.is_(None), sittings.c.outcome == SAVED)
    query = select(sittings.c.sitting).where(*saved).order_by(sittings.c.started_at, sittings.c.sitting)
    for older in (await conn.execute(query)).scalars().all():
        drafts = await read_drafts(conn, tenant, older)
        for question in questions:
            draft = drafts.get((question.relationship, question.information_type))
            if draft is not None and await _stands(conn, tenant, question, draft, require_current):
                await keep_draft(conn, tenant, sitting, question, draft)
        await forget_drafts(conn, tenant, older)
        await conn.execute(update(sittings).where(own, sittings.c.sitting == older).values(outcome=""))


async def _stands(
    conn: AsyncConnection,
    tenant: TenantId,
    question: Question,
    draft: Draft,
    require_current: Callable[[Question, Draft], None],
) -> bool:
    try:
        require_current(question, draft)
        await require_text_usable(conn, tenant, draft.shown.text_hash)
    except (ConflictError, InputError):
        return False
    return True
