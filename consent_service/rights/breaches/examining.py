"""See breaches, and ask the log who could have seen what. Deciding is `service`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import insert, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog, TrailFilter, TrailPage
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.ids import EntryId, TenantId, TypeKey, new_id
from consent_service.identity.model import PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import require
from consent_service.rights.breaches.exposure import Exposure, ExposureReader
from consent_service.rights.breaches.families import Safety, safety_by_family, worst
from consent_service.rights.breaches.letters_model import counted
from consent_service.rights.breaches.model import (
    BREACH,
    Breach,
    Exam,
    Question,
    check_question,
    period_of,
)
from consent_service.rights.breaches.register import BreachRegister, Officer
from consent_service.rights.breaches.risk import (
    Level,
    Risk,
    RiskFacts,
    assess,
    level_now,
)
from consent_service.rights.breaches.rows import (
    Numbers,
    breach_of,
    count_letters,
    in_parts,
    read_affected_families,
    read_breach_row,
    read_breaches,
    read_exams,
    read_numbers,
)
from consent_service.rights.breaches.seeing import SHOWN_TYPES
from consent_service.rights.breaches.tables import breach_exams, breach_people
from consent_service.rights.breaches.tablets import KnownDevice, known_devices, members_of
from consent_service.rights.breaches.words import open_words

VIEWED: Final = "breach"
"""How the log names the evidence of a breach among the views that were looked at."""
_AT_ONCE: Final = 500
_TYPES: Final = 1000


_UNWEIGHED: Final[Mapping[str, object]] = {"level": None, "level_ground": None}


class BreachView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One breach with its words opened, its questions, the numbers, the risk and where the letters are.

    `letters`: given, not given, waiting.
    """

    breach: Breach
    words: Mapping[str, str]
    exams: tuple[Exam, ...]
    numbers: Numbers
    risk: Risk
    level: Level
    letters: tuple[int, int, int]


class BreachExamining(BreachRegister):
    """The second part of `BreachService`."""

    def __init__(
        self, *, database: Database, ring: KeyRing, log: AuditLog, clock: Clock, catalogue: Catalogue
    ) -> None:
        super().__init__(database=database, ring=ring, log=log, clock=clock)
        self._catalogue = catalogue
        self._exposures = ExposureReader(database=database, log=log, clock=clock)

    # --- looking -----------------------------------------------------------------------------

    async def overview(self, actor: Officer) -> tuple[Breach, ...]:
        """Every breach of the shelter, also closed ones.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_BREACHES, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return await read_breaches(conn, actor.tenant)

    async def view(self, actor: Officer, breach: str) -> BreachView:
        """One breach with its words; logged before it is shown.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: no such breach here.
        """
        require(actor, Action.VIEW_BREACHES, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            row = await read_breach_row(conn, actor.tenant, breach)
            one = breach_of(row)
            event = events.BreachMoved(breach, "read", relationship=one.relationship)
            await self._append(conn, actor, actor.tenant, event, one.relationship)
            return await self._view(conn, actor.tenant, row)

    async def evidence(
        self, actor: Officer, breach: str, exam: str, *, after: EntryId | None = None, limit: int = 50
    ) -> TrailPage:
        """The entries that a question found, newest first; that they were looked at is an entry.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: no such breach or question here, or a backup, of which the log tells nothing.
        """
        require(actor, Action.VIEW_BREACHES, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            found = await read_exams(conn, actor.tenant, breach, dropped=True)
            asked = next((one.question for one in found if one.exam == exam), None)
            if asked is None or asked.kind == "backup":
                raise NotFoundError("exam")
            wanted = await self._evidence_of(conn, actor.tenant, asked)
            found_there = [
                await self._log.trail(conn, actor.tenant, one, after=after, limit=limit) for one in wanted
            ]
            page = together(found_there)
            viewed = events.LogViewed(filters=(VIEWED,), results=len(page.entries))
            await self._log.append(conn, tenant=actor.tenant, event=viewed, by=by(actor), subject=None)
            return page

    async def devices(self, actor: PrivacyCoordinator) -> tuple[KnownDevice, ...]:
        """Every device at which counsellors worked, the latest first; whoever asks picks one of them.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
        """
        require(actor, Action.HANDLE_BREACH, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return await known_devices(conn, actor.tenant)

    # --- examining ---------------------------------------------------------------------------

    async def examine(self, actor: PrivacyCoordinator, breach: str, asked: Question) -> str:
        """Ask the log who could have seen what; the id of the question. The same asked twice is one.

        A weight given before is taken back: it was of other people.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such breach, entry or member of staff here.
            ConflictError: it was decided already.
            InputError: every problem at once.
        """
        require(actor, Action.HANDLE_BREACH, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            one = breach_of(await read_breach_row(conn, actor.tenant, breach))
            BREACH.after(one.state, "examine")
        problems = check_question(asked, now=self._clock.now())
        if problems:
            raise InputError(problems)
        found = await self._exposures.answer(actor.tenant, asked)
        async with self._acting(actor, breach) as (conn, current, _):
            again = [old for old in await read_exams(conn, actor.tenant, breach) if old.question == asked]
            for old in again:
                await self._drop(conn, actor.tenant, breach, old.exam)
            exam = await self._keep(conn, actor, breach, asked, found)
            await self._move(conn, actor, current, "examine", _UNWEIGHED, asked.kind)
            event = events.BreachExamined(breach, exam, asked.kind, len(found.families), len(found.people))
            await self._append(conn, actor, actor.tenant, event, current.relationship)
        return exam

    async def drop(self, actor: PrivacyCoordinator, breach: str, exam: str) -> None:
        """It was the wrong question: it stays in the register and counts no more.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such breach or question here.
            ConflictError: it was decided already, or dropped before.
        """
        async with self._acting(actor, breach) as (conn, one, _):
            if all(old.exam != exam for old in await read_exams(conn, actor.tenant, breach)):
                raise NotFoundError("exam")
            await self._drop(conn, actor.tenant, breach, exam)
            await self._move(conn, actor, one, "examine", _UNWEIGHED, "dropped")

    # --- parts -------------------------------------------------------------------------------

    async def _view(self, conn: AsyncConnection, tenant: TenantId, row: Row[Any]) -> BreachView:
        one = breach_of(row)
        exams = await read_exams(conn, tenant, one.breach)
        numbers = await read_numbers(conn, tenant, one.breach, exams)
        risk = assess(await self._facts(conn, tenant, one.breach, exams, numbers))
        return BreachView(
            one,
            await open_words(conn, self._ring, tenant, one.breach, row.sealed),
            exams,
            numbers,
            risk,
            level_now(risk, one.level),
            counted(await count_letters(conn, tenant, one.breach)),
        )

    async def _facts(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        breach: str,
        exams: Sequence[Exam],
        numbers: Numbers,
    ) -> RiskFacts:
        """As found when it was asked, and as the families are now: the worse counts."""
        families = await read_affected_families(conn, tenant, breach)
        now = await safety_by_family(conn, tenant, families)
        found = worst([*now.values(), *(Safety(one.secret, one.safety) for one in exams)])
        kinds = [
            self._catalogue.types[key]
            for key in {TypeKey(one) for exam in exams for one in exam.types}
            if key in self._catalogue.types
        ]
        return RiskFacts(
            people=numbers.people,
            secret_address=found.secret,
            safety=found.level,
            special_category=any(kind.level == "A9" for kind in kinds),
            criminal=any(kind.level == "A10" for kind in kinds),
            locating=any(kind.locating for kind in kinds),
            certain=numbers.certain > 0,
            unreadable=bool(exams) and all(_is_unreadable(one.question) for one in exams),
        )

    async def _evidence_of(
        self, conn: AsyncConnection, tenant: TenantId, asked: Question
    ) -> list[TrailFilter]:
        if asked.kind == "entry":
            page = await self._log.trail(conn, tenant, TrailFilter(entry=asked.entry), limit=1)
            detail = page.entries[0].detail if page.entries else None
            place = None if detail is None else detail.relationship
            if place is None:
                return [TrailFilter(entry=asked.entry)]
            return [TrailFilter(relationship=place, types=SHOWN_TYPES)]
        since, until = period_of(asked)
        members = await members_of(conn, tenant, asked.device)
        actors = (
            [asked.actor] if asked.kind == "period" else sorted(members | {asked.actor} - {None}, key=str)
        )
        return [TrailFilter(actor=one, types=SHOWN_TYPES, since=since, until=until) for one in actors]

    async def _keep(
        self, conn: AsyncConnection, actor: PrivacyCoordinator, breach: str, asked: Question, found: Exposure
    ) -> str:
        exam, people = new_id(), found.people
        young = sum(one.child for one in people.values())
        await conn.execute(
            insert(breach_exams).values(
                tenant=actor.tenant,
                breach=breach,
                exam=exam,
                asked_at=self._clock.now(),
                asked_by=actor.staff,
                seen=found.seen,
                certain=sum(one.certain for one in people.values()),
                families=len(found.families),
                children=young,
                guardians=len(people) - young,
                erased=found.erased,
                records=found.records,
                sessions=found.sessions,
                types=" ".join(sorted(found.types))[:_TYPES],
                secret=found.safety.secret,
                safety=found.safety.level,
                **msgspec.structs.asdict(asked),
            )
        )
        rows = [
            {"tenant": actor.tenant, "breach": breach, "exam": exam, "person": person}
            | {"family": one.family, "child": one.child, "certain": one.certain, "times": one.times}
            for person, one in people.items()
        ]
        for part in in_parts(rows, _AT_ONCE):
            await conn.execute(insert(breach_people), part)
        return exam

    async def _drop(self, conn: AsyncConnection, tenant: TenantId, breach: str, exam: str) -> None:
        c = breach_exams.c
        here = (c.tenant == tenant, c.breach == breach, c.exam == exam)
        await conn.execute(update(breach_exams).where(*here).values(dropped_at=self._clock.now()))


def _is_unreadable(asked: Question) -> bool:
    return asked.kind == "backup" and asked.keys == "none"


def together(pages: Sequence[TrailPage]) -> TrailPage:
    """Pages of several questions as one, newest first, as far as every one of them was read."""
    entries = {one.id: one for page in pages for one in page.entries}
    edge = max((page.next for page in pages if page.next is not None), default=None)
    kept = [one for one in entries.values() if edge is None or one.id >= edge]
    return TrailPage(tuple(sorted(kept, key=lambda one: one.id, reverse=True)), edge)
