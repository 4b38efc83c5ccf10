"""The numbers of docs/AUDIT.md: `make bench-audit`. One row each: name | measured | target | met.
`python -m benchmarks.audit verification-sqlite` (or `verification-postgresql`) measures verification only.

Ends with 1 when a target is missed. On a PostgreSQL server of its own with fsync on, but where SQLite is
said. What is compared:

- *An outbox INSERT* is what the order of the log rests on: the leaf, written with the number of its
  transaction into the outbox, behind the triggers, while the sequencer numbers and signs in the same
  process as the service does it. *A bare INSERT* writes the same leaf into a table with a primary key. Each
  is a transaction of its own; workers are connections. A log that numbers when it writes would make them
  wait for each other.
- *A whole append* (`AuditLog.append`) also looks up the key, seals the detail, tags the leaf, and fills
  details and index. Its base is bare INSERTs of the same rows with the same bytes. It has no target.
- *Draining* is the sequencer at what waits: hashes, numbers, tiles, a signed head per batch.
- *Integration* is from the commit of an entry to the commit of a signed head that covers it.
- *A proof* is asked for over synthetic hash tiles, all of them there, with the server started anew: nothing
  is in its memory. It is the signed head, the path, and its verification.
- *`audit verify --hashes`* recomputes every leaf hash, place, tile, root and signature of the database, and
  opens nothing. *A bare hashing loop* does what cannot be done without, over bytes in memory: the leaf hashes
  and the tree. It checks no signature, so the log has few heads; one with a head for
  every four entries stands beside, as does *with every detail opened*, which decrypts, reads and writes
  anew each of them: those are of another order and have no target.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from benchmarks.log import Server, Shop, Synthetic, server, shop, sqlite_url
from benchmarks.pairs import Ratio, ratio_of_steps, seconds
from benchmarks.table import (
    Row,
    rate_for_information,
    row_at_least,
    row_for_information,
    row_of,
    show,
)
from consent_service.audit.checkpoint import read_note, verify_note
from consent_service.audit.log_keys import open_log
from consent_service.audit.merkle import CompactRange, inclusion_ranges, leaf_hash, verify_inclusion
from consent_service.audit.proof_text import write_proof
from consent_service.audit.reading import verify_hashes, verify_stored
from consent_service.audit.recomputing_processes import usable_processes
from consent_service.audit.sequencer import Sequencer
from consent_service.audit.tiles import tile_places
from consent_service.audit.tree import checkpoint_at, inclusion_path
from consent_service.audit.verify import Report
from consent_service.foundation.clock import SystemClock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import TenantId, new_id

BEGAN: Final = perf_counter()
TRANSACTIONS: Final = 240
"""Of one measurement, shared by its workers."""
ROUNDS: Final = 11
DRAINED: Final = 20_000
DRAINS: Final = 5
INTEGRATED_SECONDS: Final = 8.0
PROOFS: Final = 200
SMALL: Final = 6_500
"""Three pages of the verifier, which holds two at a time; the longer log has three times as many."""
HASHED: Final = 100_000
"""Fifty stretches, of which two or three are held at a time; the longer log has three times as many."""
STEP: Final = 4
VERIFICATIONS: Final = 7
LIMIT: Final = 15.0
"""Seconds after which a ratio is not measured once more, however busy the machine is."""
FLAT: Final = 1.25


class Size(NamedTuple):
    """How much is measured; tests take little."""

    transactions: int = TRANSACTIONS
    rounds: int = ROUNDS
    drained: int = DRAINED
    drains: int = DRAINS
    integrated: float = INTEGRATED_SECONDS
    proofs: int = PROOFS
    small: int = SMALL
    hashed: int = HASHED
    logs: tuple[tuple[int, float], ...] = ((1_000_000, 3.0), (10_000_000, 5.0))
    """Entries of the synthetic logs, and how many milliseconds a proof may take."""


WHOLE: Final = Size()


# --- inserting -----------------------------------------------------------------------------------

Act = Callable[[float], Awaitable[None]]


async def inserting(opened: Shop, size: Size, *, workers: int, work: float, subject: Act, base: Act) -> Ratio:
    """The time of the subject by that of the base, both by so many workers, the sequencer at work throughout.

    What the sequencer finds to do it finds during the subject; what is left then is put in order before the
    base begins.
    """

    async def by_workers(act: Act) -> float:
        async def worker() -> None:
            for _ in range(size.transactions // workers):
                await act(work)

        return await seconds(asyncio.gather(*(worker() for _ in range(workers))))

    async def with_sequencer() -> float:
        async with sequencing(Sequencer(opened.database, opened.ring, SystemClock())):
            taken = await by_workers(subject)
        await opened.drain()
        return taken

    for act in (subject, base):
        await by_workers(act)
    await opened.drain()
    return await ratio_of_steps(with_sequencer, lambda: by_workers(base), rounds=size.rounds, limit=LIMIT)


@asynccontextmanager
async def sequencing(sequencer: Sequencer) -> AsyncIterator[None]:
    """The sequencer runs as it does beside the service."""
    stop = asyncio.Event()
    running = asyncio.create_task(sequencer.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def inserts(opened: Shop, size: Size) -> list[Row]:
    """An insert into the outbox by a bare one, with and without other work in the transaction."""
    rows = []
    for workers, work, least in ((8, 0.0, 0.75), (16, 0.002, 0.80)):
        of = f", {workers} workers"
        beside = f"{of}, {work * 1000:.0f} ms of work in the transaction" if work else of
        _begin(f"inserts{beside}")
        alone = await inserting(
            opened, size, workers=workers, work=work, subject=opened.outbox, base=opened.bare_row
        )
        rows.append(
            row_at_least(
                f"outbox INSERTs (sequencer running) by bare INSERTs per second{beside}", alone, least
            )
        )
        _begin(f"whole appends{beside}")
        whole = await inserting(
            opened, size, workers=workers, work=work, subject=opened.append, base=opened.bare_rows
        )
        rows.append(
            rate_for_information(f"whole appends per second by bare INSERTs of all their rows{beside}", whole)
        )
    return rows


# --- sequencing ----------------------------------------------------------------------------------


async def draining(opened: Shop, size: Size) -> Row:
    """Leaves per second out of a full outbox; the median of some drains."""
    _begin("draining")
    await opened.drain()
    found = []
    for _ in range(size.drains):
        await opened.fill_outbox(size.drained)
        taken = await seconds(opened.drain())
        found.append(size.drained / taken)
    middle = statistics.median(found)
    remark = f"{min(found):,.0f} to {max(found):,.0f} in {size.drains} drains"
    return Row("drain", f"{middle:,.0f} leaves/s", ">= 20,000 leaves/s", middle >= 20_000, remark)


class Timed(Sequencer):
    """Notes when each batch was committed, and how many entries it held."""

    def __init__(self, opened: Shop) -> None:
        super().__init__(opened.database, opened.ring, SystemClock())
        self.batches: list[tuple[float, int]] = []
        self.moved = asyncio.Event()

    async def _run_batch(self, tenant: TenantId) -> int:
        placed = await super()._run_batch(tenant)
        if placed:
            self.batches.append((perf_counter(), placed))
            self.moved.set()
        return placed


async def integration(opened: Shop, size: Size) -> list[Row]:
    """From commit to signed head, for entries that come from four workers at a steady pace."""
    _begin("integration")
    await opened.drain()
    committed: list[float] = []
    sequencer, until = Timed(opened), perf_counter() + size.integrated

    async def worker() -> None:
        while perf_counter() < until:
            await opened.append()
            committed.append(perf_counter())
            await asyncio.sleep(0.02)

    async with sequencing(sequencer):
        await asyncio.gather(*(worker() for _ in range(4)))
        while sum(placed for _, placed in sequencer.batches) < len(committed):
            sequencer.moved.clear()
            await asyncio.wait_for(sequencer.moved.wait(), 60)
    signed = [at for at, placed in sequencer.batches for _ in range(placed)]
    waited = sorted(max(0.0, at - entry) for at, entry in zip(signed, sorted(committed), strict=True))
    remark = f"{len(waited)} entries in {len(sequencer.batches)} batches"
    rows = []
    for name, part, most in (("p50", 0.50, 150.0), ("p99", 0.99, 500.0)):
        found = waited[int(part * (len(waited) - 1))] * 1000
        rows.append(Row(f"integration {name}", f"{found:.0f} ms", f"<= {most:.0f} ms", found <= most, remark))
    return rows


# --- proofs --------------------------------------------------------------------------------------


async def proofs(opened: Shop, running: Server, size: Size) -> list[Row]:
    """Proofs out of large logs, from a server that has just been started."""
    _begin("proofs")
    logs = []
    for entries, most in size.logs:
        tenant = TenantId(new_id())
        async with opened.database.transaction() as conn:
            await opened.ring.create_tenant(conn, tenant)
            now = SystemClock().now()
            key = await open_log(conn, opened.ring, tenant=tenant, host="ruggensteun.example", now=now)
        synthetic = Synthetic(key, entries)
        await synthetic.store(opened, running)
        logs.append((synthetic, most))
    rows = []
    for synthetic, most in logs:
        await opened.database.close()
        running.restart()
        rows += await proofs_of(opened.database, synthetic, most, size.proofs)
    return rows


async def proofs_of(database: Database, log: Synthetic, most: float, count: int) -> list[Row]:
    """How long one takes, how many tiles it reads, how large it is as text."""
    chance, taken, empty, text = random.Random(log.size), [], [], b""
    for _ in range(count):
        index = chance.randrange(log.size)
        empty.append(await seconds(_nothing(database)) * 1000)
        began = perf_counter()
        text = await _proof(database, log, index)
        taken.append((perf_counter() - began) * 1000)
    tiles = max(
        len(tile_places(inclusion_ranges(index, log.size), log.size))
        for index in (0, log.size - 1, *(chance.randrange(log.size) for _ in range(2000)))
    )
    middle, millions = statistics.median(taken), f"{log.size / 1e6:g} million"
    remark = (
        f"a transaction that reads nothing {statistics.median(empty):.1f} ms, "
        f"the first after the start {taken[0]:.1f} ms, p95 {sorted(taken)[int(0.95 * (count - 1))]:.1f} ms"
    )
    return [
        Row(
            f"proof of one of {millions} entries, cold",
            f"{middle:.1f} ms",
            f"<= {most} ms",
            middle <= most,
            remark,
        ),
        Row(f"hash tiles read for it, of {millions}", str(tiles), "<= 6", tiles <= 6),
        Row(f"proof text, of {millions}", f"{len(text)} bytes", "<= 1500 bytes", len(text) <= 1500),
    ]


async def _nothing(database: Database) -> None:
    """How busy this machine is: what any answer takes here."""
    async with database.reading() as conn:
        await conn.exec_driver_sql("SELECT 1")


async def _proof(database: Database, log: Synthetic, index: int) -> bytes:
    async with database.reading() as conn:
        note = await checkpoint_at(conn, log.key, log.size)
        path = await inclusion_path(conn, log.key, index, log.size)
    assert note is not None
    read = read_note(note)
    assert verify_note(read, origin=log.key.origin, public=log.key.public)
    root = read.checkpoint.root
    assert verify_inclusion(log.leaf(index), index=index, size=log.size, proof=path, root=root)
    return write_proof(index, path, note)


# --- verification --------------------------------------------------------------------------------


Verified = Callable[[], Awaitable[Report]]


async def verification(opened: Shop, size: Size, *, engine: str, most: float) -> list[Row]:
    """The log recomputed by a bare hashing loop, and the memory of a longer log; details by themselves."""

    async def hashes() -> Report:
        return await verify_hashes(opened.database, opened.tenant)

    async def details() -> Report:
        return await verify_stored(opened.database, opened.ring, opened.tenant)

    _begin(f"verification with every detail opened, on {engine}")
    rows = await _opening(opened, size, details, engine)
    _begin(f"verification of hashes, on {engine}")
    await _lengthen(opened, size.hashed)
    small = await _peak(hashes)
    await _lengthen(opened, 2 * size.hashed)
    leaves, heads = await opened.leaves(), await opened.heads()
    ratio = await _by_bare(hashes, leaves, rounds=VERIFICATIONS)
    beside = f"{len(leaves):,} entries, {heads} signatures, one process"
    name = f"audit verify --hashes by a bare hashing loop ({engine})"
    found = [
        row_of(name, ratio, most, beside=beside),
        await _flat(f"memory of it, of a log three times as long ({engine})", hashes, small),
    ]
    return [*found, *await _with_many_heads(opened, engine, leaves), *rows]


async def _opening(opened: Shop, size: Size, details: Verified, engine: str) -> list[Row]:
    small = await _peak(details)
    await opened.fill(2 * size.small)
    await opened.drain()
    opening = await _by_bare(details, await opened.leaves(), rounds=1)
    return [
        row_for_information(f"verification with every detail opened by a bare loop ({engine})", opening),
        await _flat(f"memory of it, of a log three times as long ({engine})", details, small),
    ]


async def _with_many_heads(opened: Shop, engine: str, leaves: Sequence[bytes]) -> list[Row]:
    """The same entries with many heads, by one process and, as the command does it, by several."""
    _begin(f"verification of many signatures, on {engine}")
    await opened.sign_every(STEP)
    heads, rows = await opened.heads(), []
    for count in sorted({1, usable_processes()}):

        async def hashes(count: int = count) -> Report:
            return await verify_hashes(opened.database, opened.tenant, processes=count)

        ratio = await _by_bare(hashes, leaves, rounds=1)
        name = f"the same with a head for every {STEP} entries ({engine}, processes: {count})"
        rows.append(row_for_information(name, ratio, beside=f"{heads:,} signatures"))
    return rows


async def _lengthen(opened: Shop, entries: int) -> None:
    await opened.fill_outbox(entries)
    await opened.drain()


async def _by_bare(verified: Verified, leaves: Sequence[bytes], *, rounds: int) -> Ratio:
    """How long it takes, by hashing the same leaves and their tree in memory."""

    async def bare() -> float:
        began = perf_counter()
        CompactRange().extend(leaf_hash(leaf) for leaf in leaves).root()
        return perf_counter() - began

    async def whole() -> float:
        began = perf_counter()
        report = await verified()
        assert (report.first, report.size) == (None, len(leaves))
        return perf_counter() - began

    limit = LIMIT if rounds > 1 else 0.0
    return await ratio_of_steps(whole, bare, rounds=rounds, limit=limit)


async def _flat(name: str, verified: Verified, small: float) -> Row:
    large = await _peak(verified)
    growth = large / small
    return Row(name, f"{growth:.2f}x", f"<= {FLAT}x", growth <= FLAT, f"{large / 1e6:.1f} MB at most")


async def _peak(verified: Verified) -> float:
    """Bytes in use at most during a verification, beyond those before it."""
    await verified()
    tracemalloc.start()
    try:
        await verified()
        return float(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


# --- the table -----------------------------------------------------------------------------------


def _begin(what: str) -> None:
    """This takes minutes; where it is by now."""
    print(f"{perf_counter() - BEGAN:4.0f} s: measuring {what}", file=sys.stderr, flush=True)


async def on_postgresql(folder: Path, size: Size) -> list[Row]:
    """Every number but those of SQLite."""
    with server(folder / "postgresql") as running:
        async with shop(await running.fresh(), folder) as opened:
            rows = [
                *await inserts(opened, size),
                await draining(opened, size),
                *await integration(opened, size),
            ]
            rows += await proofs(opened, running, size)
        verified = folder / "verified"
        verified.mkdir()
        return rows + await _verification_on(running, verified, size)


async def verification_on_postgresql(folder: Path, size: Size) -> list[Row]:
    """Verification on PostgreSQL, by itself."""
    with server(folder / "postgresql") as running:
        return await _verification_on(running, folder, size)


async def _verification_on(running: Server, folder: Path, size: Size) -> list[Row]:
    async with shop(await running.fresh(), folder) as opened:
        await opened.fill(size.small)
        await opened.drain()
        return await verification(opened, size, engine="PostgreSQL", most=2.75)


async def on_sqlite(folder: Path, size: Size) -> list[Row]:
    """Verification on SQLite."""
    async with shop(sqlite_url(folder), folder) as opened:
        await opened.fill(size.small)
        await opened.drain()
        return await verification(opened, size, engine="SQLite", most=2.0)


async def measure(folder: Path, size: Size) -> list[Row]:
    """Every row, in the order of the issue."""
    places = [folder / "one", folder / "other"]
    for place in places:
        place.mkdir()
    return [*await on_postgresql(places[0], size), *await on_sqlite(places[1], size)]


def main(part: str = "", size: Size = WHOLE) -> int:
    """Print the table, or only this part of it; 1 when a target is missed."""
    parts = {
        "": measure,
        "verification-postgresql": verification_on_postgresql,
        "verification-sqlite": on_sqlite,
    }
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(parts[part](Path(folder), size))
    return show(rows)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
