"""Whether a statement was taken before: the same form, or the same answers again on the same day.

Used inside the transaction that holds the family, so that of two at once the second sees the first.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.model import CHOICE_OF, Answer
from consent_service.consent.service import Key
from consent_service.consent.statement import Statement
from consent_service.consent.tables import consent_ledger, passed_on_statements
from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.ids import RelationshipId, TenantId, TypeKey


async def find_earlier(conn: AsyncConnection, tenant: TenantId, said: Statement, now: datetime) -> str | None:
    """The statement that this one repeats; nothing when it is new."""
    query = select(passed_on_statements.c.statement).where(
        passed_on_statements.c.tenant == tenant,
        passed_on_statements.c.family == said.family,
        passed_on_statements.c.form == form_digest(said.form),
    )
    found: str | None = (await conn.execute(query)).scalar_one_or_none()
    return found or await _same_today(conn, tenant, said, now)


def form_digest(form: str) -> str:
    """The token of a form is a secret of its session: only this is kept."""
    return hashlib.sha256(form.encode(errors="replace")).hexdigest()


def asked(said: Statement) -> dict[Key, Answer]:
    """The answers by question."""
    return {(one.relationship, one.information_type): one.answer for one in said.answers}


async def _same_today(conn: AsyncConnection, tenant: TenantId, said: Statement, now: datetime) -> str | None:
    """The same answers of the same person, typed in today from another form, and still the newest word.

    What was answered in between makes it another statement: a repeated no is never dropped.
    """
    query = (
        select(passed_on_statements.c.statement)
        .where(
            passed_on_statements.c.tenant == tenant,
            passed_on_statements.c.family == said.family,
            passed_on_statements.c.person == said.person,
            passed_on_statements.c.method == said.method,
            passed_on_statements.c.said_on == said.said_on,
            passed_on_statements.c.entered_at >= local_midnight(local_date(now)),
        )
        .order_by(passed_on_statements.c.entered_at.desc())
    )
    newest = await _newest_answers(conn, tenant, said)
    for statement in (await conn.execute(query)).scalars():
        if newest == {place: (answer, statement) for place, answer in asked(said).items()}:
            return str(statement)
    return None


async def _newest_answers(
    conn: AsyncConnection, tenant: TenantId, said: Statement
) -> dict[Key, tuple[str, str | None]]:
    """What this person said last on each of these questions, and in which statement or sitting."""
    choices = {choice: answer for answer, choice in CHOICE_OF.items()}
    query = (
        select(consent_ledger)
        .where(
            consent_ledger.c.tenant == tenant,
            consent_ledger.c.person == said.person,
            consent_ledger.c.relationship.in_(sorted({one.relationship for one in said.answers})),
        )
        .order_by(consent_ledger.c.recorded_at, consent_ledger.c.decision)
    )
    places = asked(said)
    newest: dict[Key, tuple[str, str | None]] = {}
    for row in await conn.execute(query):
        place = (RelationshipId(row.relationship), TypeKey(row.information_type))
        if place in places:
            newest[place] = (choices.get(row.kind, row.kind), row.sitting)
    return newest
