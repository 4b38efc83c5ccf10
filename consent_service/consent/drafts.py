"""Answers of a sitting before it is signed: they can be changed, count for nothing, and go at its end."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, and_, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.model import Answer, Question, Shown
from consent_service.consent.tables import sitting_answers
from consent_service.foundation.ids import RelationshipId, TenantId, TypeKey

Place = tuple[RelationshipId, TypeKey]


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a question was answered: when by the device's clock, and after how many seconds on the screen."""

    device_at: datetime | None = None
    seconds_shown: int | None = None


NOT_SEEN = Seen()
"""The device told nothing."""


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer with what was on the screen when it was given.

    `answered_at` is our own clock, just after whatever the ledger held by then: what comes into the ledger
    after it is newer, also before the signature (S37).
    """

    answer: Answer
    shown: Shown
    answered_at: datetime
    seen: Seen = NOT_SEEN


async def keep_draft(
    conn: AsyncConnection, tenant: TenantId, sitting: str, question: Question, draft: Draft
) -> None:
    """Note one answer in the place of an earlier one to the same question."""
    same = (
        sitting_answers.c.relationship == question.relationship,
        sitting_answers.c.information_type == question.information_type,
    )
    await conn.execute(delete(sitting_answers).where(_of(tenant, sitting), *same))
    await conn.execute(
        insert(sitting_answers).values(
            tenant=tenant,
            sitting=sitting,
            relationship=question.relationship,
            information_type=question.information_type,
            answer=draft.answer,
            language=draft.shown.language,
            text_version=draft.shown.text_version,
            text_hash=draft.shown.text_hash,
            screen_hash=draft.shown.screen_hash,
            answered_at=draft.answered_at,
            seconds_shown=draft.seen.seconds_shown,
            device_at=draft.seen.device_at,
        )
    )


async def read_drafts(conn: AsyncConnection, tenant: TenantId, sitting: str) -> dict[Place, Draft]:
    """The answers noted so far, by relationship and type."""
    found = await conn.execute(select(sitting_answers).where(_of(tenant, sitting)))
    return {
        (RelationshipId(row.relationship), TypeKey(row.information_type)): Draft(
            row.answer,
            Shown(row.language, row.text_version, row.text_hash, row.screen_hash),
            row.answered_at,
            Seen(row.device_at, row.seconds_shown),
        )
        for row in found
    }


async def forget_drafts(conn: AsyncConnection, tenant: TenantId, sitting: str) -> None:
    """They have served."""
    await conn.execute(delete(sitting_answers).where(_of(tenant, sitting)))


def _of(tenant: TenantId, sitting: str) -> ColumnElement[bool]:
    return and_(sitting_answers.c.tenant == tenant, sitting_answers.c.sitting == sitting)
