"""Whether every act has its entry and every entry its act, in one snapshot of the database.

A row of a table and an entry of the log tell of the same act when they state the same facts. Each package
says in its `acts` what its rows and its events state; here both are added up, so that what does not cancel
out is one without the other. Memory does not grow with the log: a secret hash of each act is added to one of
65,536 sums, and only the acts of sums that differ are looked at by name. What stands in the log rightly is
`verify`: without it nothing here says anything.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any, ClassVar, Final, Literal

import msgspec
from sqlalchemy import Select, and_, func, select, text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.details import OpenedDetail, SealedDetail, open_details
from consent_service.audit.encoding import Detail, id_milliseconds, milliseconds
from consent_service.audit.leftovers import count_entries
from consent_service.audit.tables import audit_details, audit_entries, audit_prunings, audit_sequence
from consent_service.foundation.database import Database
from consent_service.foundation.ids import TenantId
from consent_service.keyring.service import KeyRing

NAMED_LIMIT: Final = 1000
"""Mismatches kept by name; further ones are only counted."""
ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
_PAGE: Final = 2000
_SUMS: Final = 1 << 16
_SUM_MASK: Final = (1 << 128) - 1
_NAMED_SUMS: Final = 256
_AROUND_PRUNING: Final = timedelta(days=1)
Progress = Callable[[int, int], None]
"""Called with (entries done, entries in all)."""


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done, as its row and its entry both state it. The first fact names it.

    `about`: ids without which one of both may rightly be unreadable or gone. `person` must agree too, and is
    empty in an entry that was written after that person was erased.
    """

    kind: str
    facts: tuple[str, ...]
    about: tuple[str, ...] = ()
    person: str | None = None


class Done(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An act as a row states it, and when that was written."""

    act: Act
    at: datetime


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An act as an entry states it; `times` is -1 for one whose row it replaced or took away.

    `once`: however many entries tell of it, it has one row. Only for what there is little of.
    """

    act: Act
    times: int = 1
    once: bool = False


class ActSource(ABC):
    """What one package knows of its acts."""

    tables: ClassVar[tuple[str, ...]] = ()
    """Whose rows are acts."""
    events: ClassVar[tuple[type, ...]] = ()
    """What tells of them."""

    @abstractmethod
    def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every act there is a row of."""

    @abstractmethod
    def told(self, detail: Detail) -> Iterable[Told]:
        """The acts an entry tells of; asked only of `events`."""

    async def left_out(self, _conn: AsyncConnection, _tenant: TenantId) -> Mapping[str, datetime]:
        """Ids whose acts until that moment are not compared: what tells of them was lawfully erased."""
        return {}

    async def gone(self, _conn: AsyncConnection, _tenant: TenantId, _ids: Collection[str]) -> Collection[str]:
        """Which of these ids no longer name anything, so that entries about them have no row."""
        return ()

    async def dangling(self, _conn: AsyncConnection, _tenant: TenantId) -> Iterable[Mismatch]:
        """Rows that name an entry which does not exist."""
        return ()


def day_text(day: date | None) -> str:
    """A day as a fact; nothing where there is none."""
    return "" if day is None else day.isoformat()


async def streamed(conn: AsyncConnection, query: Select[*tuple[Any, ...]]) -> AsyncIterator[Row[Any]]:
    """The rows of a query, a thousand at a time."""
    async with conn.stream(query.execution_options(yield_per=1000)) as rows:
        async for row in rows:
            yield row


Alone = Literal["act_without_entry", "entry_without_act"]


class Mismatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An act without its entry, or an entry without its act. `id` is its first fact, `entry` who tells."""

    what: Alone
    kind: str
    id: str
    entry: str = ""


class Reconciled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The outcome: `ok` only if every act that can be compared has its entry, and every entry its act.

    `left_out` acts are about what was lawfully erased. With `more`, further ones differ than were named.
    """

    ok: bool
    mismatches: tuple[Mismatch, ...]
    mismatch_count: int
    acts: int
    entries: int
    left_out: int
    more: bool = False


async def reconcile(
    database: Database,
    ring: KeyRing,
    tenant: TenantId,
    sources: Sequence[ActSource],
    *,
    progress: Progress | None = None,
) -> Reconciled:
    """Compare every act of the tenant with every entry that can be opened.

    Raises:
        UnavailableError: the database or the key provider is away.
    """
    async with database.reading() as conn:
        if not database.is_sqlite:
            await conn.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        return await reconcile_in(conn, ring, tenant, sources, progress=progress)


async def reconcile_in(
    conn: AsyncConnection,
    ring: KeyRing,
    tenant: TenantId,
    sources: Sequence[ActSource],
    *,
    progress: Progress | None = None,
) -> Reconciled:
    """As `reconcile`, in a transaction that sees one state of the database."""
    return await _Comparison(conn, ring, tenant, sources).outcome(progress)


class _Sums:
    """What entries state minus what rows state, by secret hash."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._sums = [0] * _SUMS

    def number(self, act: Act) -> int:
        parts = [act.kind, *act.facts, "" if act.person is None else act.person]
        return int.from_bytes(blake2b(msgspec.msgpack.encode(parts), key=self._key, digest_size=16).digest())

    def add(self, number: int, times: int) -> None:
        place = number % _SUMS
        self._sums[place] = (self._sums[place] + number * times) & _SUM_MASK

    def differing(self) -> list[int]:
        return [place for place, one in enumerate(self._sums) if one]


class _Net(msgspec.Struct):
    """One act that may not cancel out; `entry` and `at` of who stated it last."""

    act: Act
    count: int = 0
    entry: str = ""
    at: datetime | None = None


class _Comparison:
    """One walk over entries and rows, and a second over what differs."""

    def __init__(
        self, conn: AsyncConnection, ring: KeyRing, tenant: TenantId, sources: Sequence[ActSource]
    ) -> None:
        self._conn = conn
        self._ring = ring
        self._tenant = tenant
        self._sources = sources
        self._by_event = {event: source for source in sources for event in source.events}
        self._left_out: dict[str, datetime] = {}
        self._pruned_until: datetime | None = None
        self._skipped = 0

    async def outcome(self, progress: Progress | None) -> Reconciled:
        """1. what is not compared  2. entries  3. rows  4. whatever does not cancel out, by name."""
        for source in self._sources:
            self._left_out |= await source.left_out(self._conn, self._tenant)  # 1
        self._pruned_until = await _pruned_until(self._conn, self._tenant)
        sums, nameless, entries, acts = _Sums(), dict[int, _Net](), 0, 0
        async for told, entry, _ in self._told(progress):  # 2
            entries += 1
            if told.act.person == "":
                _count(nameless, sums.number(told.act), told.act, told.times).entry = entry
            else:
                sums.add(sums.number(told.act), told.times)
        async for done, out in self._done():  # 3
            acts += 1
            if not out:
                sums.add(sums.number(done.act), -1)
            elif done.act.person is not None:
                number = sums.number(msgspec.structs.replace(done.act, person=""))
                if number in nameless:
                    nameless[number].count -= 1
        differing = sums.differing()
        found = [one for net in nameless.values() if net.count > 0 for one in _named(net)]
        found += await self._by_name(sums, set(differing[:_NAMED_SUMS]))  # 4
        for source in self._sources:
            found += [one for one in await source.dangling(self._conn, self._tenant) if self._counts(one)]
        return Reconciled(
            ok=not found,
            mismatches=tuple(found[:NAMED_LIMIT]),
            mismatch_count=len(found),
            acts=acts,
            entries=entries,
            left_out=self._skipped,
            more=len(differing) > _NAMED_SUMS,
        )

    async def _by_name(self, sums: _Sums, places: set[int]) -> list[Mismatch]:
        """The acts of these sums that do not cancel out."""
        if not places:
            return []
        nets: dict[int, _Net] = {}
        async for told, entry, _ in self._told(None):
            number = sums.number(told.act)
            if number % _SUMS in places and told.act.person != "":
                _count(nets, number, told.act, told.times).entry = entry
        async for done, out in self._done():
            number = sums.number(done.act)
            if number % _SUMS in places and not out:
                _count(nets, number, done.act, -1).at = done.at
        lost = [net for net in nets.values() if net.count and not self._is_pruned(net)]
        return [one for net in lost for one in _named(net)]

    async def _told(self, progress: Progress | None) -> AsyncIterator[tuple[Told, str, datetime]]:
        """What every entry that opens tells of acts, with its id and time."""
        total = await count_entries(self._conn, self._tenant) if progress is not None else 0
        done, after = 0, ""
        heard: set[Act] = set()
        while rows := (await self._conn.execute(_entries_after(self._tenant, after))).all():
            told = await self._told_in(rows)
            gone = await self._gone(told)
            for one, entry, at in told:
                if not gone.isdisjoint(one.act.about) or self._is_left_out(one.act, at) or one.act in heard:
                    continue
                if one.once:
                    heard.add(one.act)
                yield one, entry, at
            done, after = done + len(rows), rows[-1].id
            if progress is not None:
                progress(done, total)

    async def _told_in(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[tuple[Told, str, datetime]]:
        sealed = [SealedDetail(row.id, row.person, row.sealed) for row in rows if row.sealed is not None]
        found = []
        for entry, opened in (await open_details(self._conn, self._ring, self._tenant, sealed)).items():
            if isinstance(opened, OpenedDetail):
                source = self._by_event.get(type(opened.detail.event))
                at = datetime.fromtimestamp(id_milliseconds(entry) / 1000, UTC)
                found += [(one, entry, at) for one in source.told(opened.detail)] if source else []
        return found

    async def _gone(self, told: Iterable[tuple[Told, str, datetime]]) -> set[str]:
        ids = {about for one, _, _ in told for about in one.act.about}
        gone: set[str] = set()
        for source in self._sources:
            gone.update(await source.gone(self._conn, self._tenant, ids))
        return gone

    async def _done(self) -> AsyncIterator[tuple[Done, bool]]:
        """Every act there is a row of, and whether it is left out."""
        self._skipped = 0
        for source in self._sources:
            async for done in source.rows(self._conn, self._tenant):
                pruned = self._pruned_until and done.at < self._pruned_until - _AROUND_PRUNING
                out = bool(pruned) or self._is_left_out(done.act, done.at)
                self._skipped += out
                yield done, out

    def _is_left_out(self, act: Act, at: datetime) -> bool:
        """By the millisecond: that is how exactly an entry tells its time, and both sides must agree."""
        ids = act.about if not act.person else (*act.about, act.person)
        ends = [self._left_out[one] for one in ids if one in self._left_out]
        return any(milliseconds(at) <= milliseconds(end) for end in ends)

    def _is_pruned(self, net: _Net) -> bool:
        """Whether the entry of this act may be one that is no longer kept."""
        if self._pruned_until is None or net.count > 0:
            return False
        return net.at is None or net.at <= self._pruned_until + _AROUND_PRUNING

    def _counts(self, one: Mismatch) -> bool:
        """Whether the entry a row names should still be kept."""
        written = datetime.fromtimestamp(id_milliseconds(one.entry) / 1000, UTC)
        return self._pruned_until is None or written > self._pruned_until


def _count(nets: dict[int, _Net], number: int, act: Act, times: int) -> _Net:
    net = nets.setdefault(number, _Net(act))
    net.count += times
    return net


def _named(net: _Net) -> list[Mismatch]:
    """One for each time that it does not cancel out."""
    alone = net.count < 0 and net.at is not None
    what: Alone = "act_without_entry" if alone else "entry_without_act"
    entry = "" if alone else net.entry
    return [Mismatch(what, net.act.kind, net.act.facts[0], entry)] * abs(net.count)


def _entries_after(tenant: TenantId, after: str) -> Select[*tuple[Any, ...]]:
    entries, details = audit_entries.c, audit_details.c
    return (
        select(entries.id, details.person, details.sealed)
        .join(
            audit_details,
            and_(details.tenant == entries.tenant, details.entry == entries.id),
            isouter=True,
        )
        .where(entries.tenant == tenant, entries.id > after)
        .order_by(entries.id)
        .limit(_PAGE)
    )


async def _pruned_until(conn: AsyncConnection, tenant: TenantId) -> datetime | None:
    """When the newest entry was written that is no longer kept; None while all are."""
    prunings, places = audit_prunings.c, audit_sequence.c
    last = and_(
        places.tenant == prunings.tenant, places.log == prunings.log, places.seq == prunings.minimum - 1
    )
    query = select(func.max(places.entry)).join_from(audit_prunings, audit_sequence, last)
    newest: str | None = (await conn.execute(query.where(prunings.tenant == tenant))).scalar_one()
    return None if newest is None else datetime.fromtimestamp(id_milliseconds(newest) / 1000, UTC)
