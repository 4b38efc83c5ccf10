"""Replay of journalled stops: first of all at start and after a restore, and again while serving.

The database lists which stops it has carried out; every other one of the journal is carried out, whatever
the journal's own marks say, because the database may be one that was put back from a backup. What a stop
does, and that doing it twice changes nothing, is the business of the package that owns it. Stands here
because it is the lowest place that knows all of them. See decision 0032.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Column, delete, false, func, not_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.tables import withdrawal_codes
from consent_service.custody.tables import carried_out_stops
from consent_service.families.tables import children, families, guardians, relationships
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConsentServiceError, IntegrityError
from consent_service.foundation.ids import INSTALLATION
from consent_service.foundation.stop_journal import Stop, StopJournal

Replayer = Callable[[Stop], Awaitable[bool]]
"""Carries a stop out and says True, or says False because the stop is another package's."""


class MissingStops(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`lost`: how many this very journal once held. `others`: the journals of other nodes."""

    lost: int
    others: frozenset[str]


_NAMES_A_JOURNAL: Final = func.coalesce(carried_out_stops.c.stop == carried_out_stops.c.journal, false())
"""Not a stop: a row that says that there is a journal, under its own id."""
_KNOWN_BY: Final[Mapping[str, tuple[Column[Any], ...]]] = {
    "family": (families.c.family,),
    "relationship": (relationships.c.relationship,),
    "guardian": (guardians.c.guardian, children.c.child),
    "child": (children.c.child,),
    "code": (withdrawal_codes.c.code_hash,),
}
"""Where this database would know whom a stop is about; who answers for oneself may be a child."""


async def replay_stops(
    database: Database, journal: StopJournal, clock: Clock, replayers: Sequence[Replayer]
) -> int:
    """Carry out every stop that this database does not list, oldest first; how many there were.

    1. what is listed here  2. carry out the rest  3. mark in the journal what only stood there  4. list.
    One that cannot be carried out holds none of the others back; it is pending, also where the journal marks
    it as done, so that nothing it may bear on is released, and it is told at the end.
    One about somebody this database does not know has nothing to do and is not listed: it is looked at
    again at the next start, when a newer backup may have been put back.

    Raises:
        UnavailableError: something is still away; what it concerns stays refused.
        IntegrityError: nothing is away, but nobody knows a stop: written by a newer release, or damaged.
    """
    stops, pending = journal.all(), {stop.id for stop in journal.pending()}
    await _register(database, journal, clock.now())
    if not stops:
        return 0
    async with database.reading() as conn:
        listed = await listed_stops(conn)  # 1
    fresh, failures = [], []
    for stop in stops:
        try:
            if stop.id not in listed:
                await _replay(stop, replayers)  # 2
                fresh.append(stop)
        except ConsentServiceError as failure:
            journal.hold(stop.id)
            failures.append(failure)
        else:
            journal.let_go(stop.id)
            if stop.id in pending:
                journal.mark_done(stop.id)  # 3
    await _list(database, journal, fresh, clock.now())  # 4
    if failures:
        raise min(failures, key=lambda failure: isinstance(failure, IntegrityError))
    return len(fresh)


async def listed_stops(conn: AsyncConnection) -> frozenset[str]:
    """The ids of the stops this database has carried out."""
    query = select(carried_out_stops.c.stop).where(not_(_NAMES_A_JOURNAL))
    return frozenset((await conn.execute(query)).scalars())


async def stops_missing_in(conn: AsyncConnection, journal: StopJournal) -> MissingStops:
    """The stops that this database carried out and that this journal does not hold.

    Raises:
        IntegrityError: the journal cannot be read: somebody must look.
        UnavailableError: the journal is away.
    """
    here, held, own = carried_out_stops.c, {stop.id for stop in journal.all()}, journal.names()
    rows = (await conn.execute(select(here.stop, here.journal))).all()
    others = frozenset(row.journal for row in rows) - {None, *own}
    ours = [row.stop for row in rows if row.journal not in others and row.stop != row.journal]
    return MissingStops(len(frozenset(ours) - held), others)


async def forget_listed(conn: AsyncConnection) -> None:
    """For whoever puts older rows back beside living ones: at the next start every stop is replayed.

    Which journals there are stays known.
    """
    await conn.execute(delete(carried_out_stops).where(not_(_NAMES_A_JOURNAL)))


async def _register(database: Database, journal: StopJournal, now: datetime) -> None:
    """Note that this journal is one of those whose stops must hold here, also before it holds any."""
    async with database.reading() as conn:
        known = frozenset(
            (await conn.execute(select(carried_out_stops.c.stop).where(_NAMES_A_JOURNAL))).scalars()
        )
    rows = [
        {"tenant": INSTALLATION, "stop": name, "noted_at": now, "journal": name}
        for name in journal.names()
        if name not in known
    ]
    if rows:
        dialect = sqlite if database.is_sqlite else postgresql
        async with database.transaction() as conn:
            await conn.execute(dialect.insert(carried_out_stops).on_conflict_do_nothing(), rows)


async def _replay(stop: Stop, replayers: Sequence[Replayer]) -> None:
    for replay in replayers:
        if await replay(stop):
            return
    raise IntegrityError(f"stop journal: nobody knows the stop {stop.id}")


async def _list(database: Database, journal: StopJournal, stops: Sequence[Stop], now: datetime) -> None:
    """Another worker that replays the same journal may have listed them already."""
    if not stops:
        return
    name = next(iter(journal.names()), None)
    dialect = sqlite if database.is_sqlite else postgresql
    async with database.transaction() as conn:
        rows = [
            {"tenant": stop.tenant, "stop": stop.id, "noted_at": now, "journal": name}
            for stop in stops
            if await _knows(conn, stop)
        ]
        if rows:
            await conn.execute(dialect.insert(carried_out_stops).on_conflict_do_nothing(), rows)


async def _knows(conn: AsyncConnection, stop: Stop) -> bool:
    """Whether everybody the stop is about stands in this database."""
    for what, value in stop.subject.items():
        places = _KNOWN_BY.get(what, ())
        found = [await _stands_in(conn, place, stop.tenant, value) for place in places]
        if found and not any(found):
            return False
    return True


async def _stands_in(conn: AsyncConnection, place: Column[Any], tenant: str, value: str) -> bool:
    query = select(place).where(place.table.c.tenant == tenant, place == value).limit(1)
    return (await conn.execute(query)).first() is not None
