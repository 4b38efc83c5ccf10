"""Questions that an officer keeps to ask again. Asking is `asking`, and logged there; keeping them is not.

The number of a file stands beside a question, never words: words could name somebody who is later erased.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec
from sqlalchemy import delete, insert, select

from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import PersonId, RecordId, StaffId, new_id
from consent_service.identity.model import Fg, PrivacyCoordinator
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import require
from consent_service.rights.reviews.questions import Asked, Period, QuestionKind, days_of, problems_of
from consent_service.rights.reviews.references import problem_of_reference
from consent_service.rights.reviews.tables import saved_questions

Officer = PrivacyCoordinator | Fg
MOST_KEPT: Final = 20


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question with its choices. "week" and "month" count from the day on which it is asked again."""

    question: QuestionKind
    period: Period
    reference: str = ""
    person: PersonId | None = None
    staff: StaffId | None = None
    since: date | None = None
    until: date | None = None

    def asked(self, today: date) -> Asked:
        """The question as it is asked today."""
        since, until = days_of(self.period, today, self.since, self.until)
        return Asked(self.question, since, until, self.person, self.staff, self.reference)


class KeptQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the officer's own."""

    saved: RecordId
    kept: Kept


class SavedQuestions:
    """The kept questions of each officer; nobody sees those of another."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def own(self, actor: Officer) -> tuple[KeptQuestion, ...]:
        """What this officer keeps, the oldest first.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        self._require(actor)
        rows = saved_questions.c
        query = select(saved_questions).where(rows.tenant == actor.tenant, rows.officer == actor.staff)
        async with self._database.reading() as conn:
            found = (await conn.execute(query.order_by(rows.kept_at, rows.saved))).all()
        return tuple(
            KeptQuestion(
                RecordId(row.saved),
                Kept(
                    question=row.question,
                    period=row.period,
                    reference=row.reference,
                    person=None if row.person is None else PersonId(row.person),
                    staff=None if row.staff is None else StaffId(row.staff),
                    since=row.since,
                    until=row.until,
                ),
            )
            for row in found
        )

    async def one(self, actor: Officer, saved: RecordId) -> Kept:
        """One of the own questions.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: not one of the own.
        """
        for one in await self.own(actor):
            if one.saved == saved:
                return one.kept
        raise NotFoundError("question")

    async def keep(self, actor: Officer, kept: Kept) -> None:
        """Keep it; the same question once more is kept once.

        Raises:
            NotAllowedError: not an officer of this shelter.
            InputError: it is no question that can be asked, or there are too many.
        """
        known = [one.kept for one in await self.own(actor)]
        problems = list(problems_of(kept.asked(local_date(self._clock.now())), local_date(self._clock.now())))
        if kept.reference:
            problems += problem_of_reference(kept.reference, "reference")
        if len(known) >= MOST_KEPT:
            problems.append(Problem("reference", "form.too_many_kept", {"max": str(MOST_KEPT)}))
        if problems:
            raise InputError(problems)
        if kept in known:
            return
        values = msgspec.structs.asdict(kept) | {
            "tenant": actor.tenant,
            "saved": new_id(),
            "officer": actor.staff,
            "kept_at": self._clock.now(),
        }
        async with self._database.transaction() as conn:
            await conn.execute(insert(saved_questions).values(values))

    async def remove(self, actor: Officer, saved: RecordId) -> None:
        """Keep it no more; one that is not there is gone already.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        self._require(actor)
        rows = saved_questions.c
        mine = (rows.tenant == actor.tenant) & (rows.officer == actor.staff) & (rows.saved == saved)
        async with self._database.transaction() as conn:
            await conn.execute(delete(saved_questions).where(mine))

    def _require(self, actor: Officer) -> None:
        require(actor, Action.VIEW_TRAIL, Circumstances(tenant=actor.tenant))
