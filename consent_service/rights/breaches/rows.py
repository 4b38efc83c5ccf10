"""Rows of breaches, questions, people and letters as structs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar
from typing import cast as typing_cast

import msgspec
from sqlalchemy import ColumnElement, Integer, Select, and_, cast, func, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import EntryId, FamilyId, PersonId, RelationshipId, StaffId, TenantId
from consent_service.rights.breaches.letters_model import Held, Letter
from consent_service.rights.breaches.model import Breach, Consequence, Exam, Measure, Question
from consent_service.rights.breaches.tables import breach_exams, breach_letters, breach_people, breaches

_Thing = TypeVar("_Thing")


def in_parts(things: Sequence[_Thing], most: int) -> Iterator[list[_Thing]]:
    """A few at a time: no statement and no transaction grows with what it is about."""
    for start in range(0, len(things), most):
        yield list(things[start : start + most])


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many it may be about, over every question that counts; each person once."""

    families: int = 0
    children: int = 0
    guardians: int = 0
    certain: int = 0
    erased: int = 0
    records: int = 0

    @property
    def people(self) -> int:
        return self.children + self.guardians + self.erased


async def read_breach_row(
    conn: AsyncConnection, tenant: TenantId, breach: str, *, lock: bool = False
) -> Row[Any]:
    """One breach of this shelter.

    Raises:
        NotFoundError: there is none.
    """
    query = select(breaches).where(breaches.c.tenant == tenant, breaches.c.breach == breach)
    row = (await conn.execute(query.with_for_update() if lock else query)).first()
    if row is None:
        raise NotFoundError("breach")
    return row


async def families_of_breaches(conn: AsyncConnection, tenant: TenantId) -> frozenset[FamilyId]:
    """Families a breach that is not closed may be about: they may still have to be told (AVG 34(1))."""
    here, people = breaches.c, breach_people.c
    query = (
        select(people.family)
        .join(breaches, and_(here.tenant == people.tenant, here.breach == people.breach))
        .where(people.tenant == tenant, here.closed_at.is_(None))
        .distinct()
    )
    return frozenset(FamilyId(one) for one in (await conn.execute(query)).scalars())


async def read_breaches(conn: AsyncConnection, tenant: TenantId) -> tuple[Breach, ...]:
    """Every breach, the newest first; closed ones stay (AVG 33(5))."""
    query = select(breaches).where(breaches.c.tenant == tenant)
    rows = await conn.execute(query.order_by(breaches.c.discovered_at.desc(), breaches.c.breach))
    return tuple(breach_of(row) for row in rows)


def breach_of(row: Row[Any]) -> Breach:
    """One row."""
    return Breach(
        breach=row.breach,
        kind=row.kind,
        source=row.source,
        state=row.state,
        discovered_at=row.discovered_at,
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        happened_from=row.happened_from,
        happened_until=row.happened_until,
        source_entry=None if row.source_entry is None else EntryId(row.source_entry),
        relationship=None if row.relationship is None else RelationshipId(row.relationship),
        level=row.level,
        level_ground=row.level_ground,
        reported_at=row.reported_at,
        reference=row.reference,
        late_reason=row.late_reason,
        unreported_ground=row.unreported_ground,
        untold=row.untold,
        measures=tuple(typing_cast("Measure", one) for one in row.measures.split()),
        consequences=tuple(typing_cast("Consequence", one) for one in row.consequences.split()),
        families=row.families,
        children=row.children,
        guardians=row.guardians,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        closed_at=row.closed_at,
    )


async def read_exams(
    conn: AsyncConnection, tenant: TenantId, breach: str, *, dropped: bool = False
) -> tuple[Exam, ...]:
    """The questions of a breach, in the order asked; `dropped`: also those that were wrong."""
    c = breach_exams.c
    query = select(breach_exams).where(c.tenant == tenant, c.breach == breach).order_by(c.asked_at, c.exam)
    rows = await conn.execute(query if dropped else query.where(c.dropped_at.is_(None)))
    return tuple(_exam_of(row) for row in rows)


def _exam_of(row: Row[Any]) -> Exam:
    asked = Question(
        kind=row.kind,
        since=row.since,
        until=row.until,
        actor=None if row.actor is None else StaffId(row.actor),
        device=row.device,
        entry=None if row.entry is None else EntryId(row.entry),
        keys=row.keys,
    )
    return Exam(
        exam=row.exam,
        question=asked,
        asked_at=row.asked_at,
        seen=row.seen,
        certain=row.certain,
        families=row.families,
        children=row.children,
        guardians=row.guardians,
        erased=row.erased,
        records=row.records,
        sessions=row.sessions,
        types=tuple(row.types.split()),
        secret=row.secret,
        safety=row.safety,
        dropped_at=row.dropped_at,
    )


class Affected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody it may be about, by pseudonym."""

    person: PersonId
    family: FamilyId
    child: bool
    certain: bool
    times: int


async def read_numbers(
    conn: AsyncConnection, tenant: TenantId, breach: str, exams: Iterable[Exam]
) -> Numbers:
    """Each person and family once; records and erased people as the largest question found them."""
    one = _affected(tenant, breach).subquery().c
    query = select(
        func.count(one.family.distinct()).label("families"),
        func.coalesce(func.sum(one.young), 0).label("children"),
        func.count(one.person).label("people"),
        func.coalesce(func.sum(one.sure), 0).label("certain"),
    )
    row = (await conn.execute(query)).one()
    those = tuple(exams)
    return Numbers(
        row.families,
        int(row.children),
        row.people - int(row.children),
        int(row.certain),
        max((exam.erased for exam in those), default=0),
        max((exam.records for exam in those), default=0),
    )


async def read_affected(
    conn: AsyncConnection, tenant: TenantId, breach: str, *, families: Iterable[str] | None = None
) -> tuple[Affected, ...]:
    """Whom it may be about, family by family; of some families only where those are given."""
    query = _affected(tenant, breach)
    if families is not None:
        query = query.where(breach_people.c.family.in_(sorted(families)))
    rows = await conn.execute(query.order_by(breach_people.c.family, breach_people.c.person))
    return tuple(
        Affected(PersonId(row.person), FamilyId(row.family), bool(row.young), bool(row.sure), int(row.times))
        for row in rows
    )


async def read_affected_families(
    conn: AsyncConnection, tenant: TenantId, breach: str, *, after: str = "", limit: int | None = None
) -> tuple[str, ...]:
    """The families it may be about, in a fixed order, from one on."""
    one = _affected(tenant, breach).subquery().c
    query = select(one.family).where(one.family > after).distinct().order_by(one.family)
    return tuple((await conn.execute(query if limit is None else query.limit(limit))).scalars())


def _affected(tenant: TenantId, breach: str) -> Select[Any]:
    """The people of every question that counts, each once."""
    p, e = breach_people.c, breach_exams.c
    same = (e.tenant == p.tenant) & (e.breach == p.breach) & (e.exam == p.exam)
    return (
        select(
            p.person,
            p.family,
            func.max(cast(p.child, Integer)).label("young"),
            func.max(cast(p.certain, Integer)).label("sure"),
            func.sum(p.times).label("times"),
        )
        .join(breach_exams, same)
        .where(p.tenant == tenant, p.breach == breach, e.dropped_at.is_(None))
        .group_by(p.person, p.family)
    )


async def read_letters(
    conn: AsyncConnection, tenant: TenantId, breach: str, *where: ColumnElement[bool]
) -> tuple[Letter, ...]:
    """The letters of a breach, family by family."""
    c = breach_letters.c
    query = select(breach_letters).where(c.tenant == tenant, c.breach == breach, *where)
    return tuple(letter_of(row) for row in await conn.execute(query.order_by(c.family, c.letter)))


async def count_letters(conn: AsyncConnection, tenant: TenantId, breach: str) -> dict[str, int]:
    """How many letters are in each state."""
    c = breach_letters.c
    query = select(c.state, func.count().label("number")).where(c.tenant == tenant, c.breach == breach)
    return {row.state: row.number for row in await conn.execute(query.group_by(c.state))}


def letter_of(row: Row[Any]) -> Letter:
    """One row."""
    return Letter(
        letter=row.letter,
        person=PersonId(row.person),
        family=FamilyId(row.family),
        child=row.child,
        state=row.state,
        language=row.language,
        held=typing_cast("Held | None", row.held),
        weighed=row.weighed,
        ground=row.ground,
        decided_at=row.decided_at,
    )
