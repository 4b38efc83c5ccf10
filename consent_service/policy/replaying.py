"""Read recorded decisions from the log, in pages, to judge them again.

By other rules (`replay`), to see what they would change; or by the rules of then (`rerun`), which must give
the answer of then. Judging runs beside the event loop, which goes on deciding. Who may see the outcome, and
noting that it was looked at, is `changes`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.attachments import Attached, read_attached, read_attached_to
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, NotFoundError
from consent_service.foundation.ids import EntryId, TenantId
from consent_service.keyring.service import KeyRing
from consent_service.policy.proposals import NotRerun, Rerun
from consent_service.policy.recorded import RecordedDecision, from_bytes
from consent_service.policy.replay import Replay, ReplayReport, judged_again
from consent_service.policy.rules import Rules
from consent_service.policy.service import PolicyService
from consent_service.policy.stored import EngineGoneError, other_engines

MOST: Final = 20_000
"""How many decisions a replay looks at, the newest; older ones are left out, and that is said."""
PAGE: Final = 100
_KEPT: Final = timedelta(minutes=10)
"""How long what was read is used again: the facts of a child who is erased do not stay in memory."""
_OVERLAP: Final = timedelta(minutes=5)
"""How much older than the newest one seen an entry may be and still be new: clocks and commits differ."""
_LARGEST_CACHE: Final = 4


class _Running(msgspec.Struct):
    """A replay that goes on where it stopped when it is asked for again."""

    replay: Replay
    begun_at: datetime
    seen: set[EntryId]
    newest_at: datetime | None = None
    unreadable: int = 0
    other_engine: int = 0
    cut: bool = False


class Replaying:
    """Decisions of the past, judged again."""

    def __init__(self, *, database: Database, ring: KeyRing, clock: Clock, policies: PolicyService) -> None:
        self._database = database
        self._ring = ring
        self._clock = clock
        self._policies = policies
        self._running: dict[tuple[TenantId, str, str], _Running] = {}
        self._turn = asyncio.Lock()

    async def report(self, tenant: TenantId, new: Rules, old: Rules | None) -> tuple[ReplayReport, bool]:
        """What `new` makes of the decisions of this tenant, and whether they were all read anew for it.

        Args:
            old: the rules in force; None when they cannot be judged any more.
        """
        async with self._turn:
            key = tenant, new.bundle.hash, old.bundle.hash if old else ""
            known = self._kept().pop(key, None)
            running = known or _Running(
                Replay(new.bundle, old.bundle if old else None), self._clock.now(), set()
            )
            await self._go_on(tenant, running)
            self._running[key] = running  # only now: one that broke off has not seen everything
            return _reported(running), known is None

    async def since(
        self, conn: AsyncConnection, tenant: TenantId, moment: datetime, *, new: Rules, old: Rules | None
    ) -> ReplayReport:
        """The decisions made at or after this moment, as the transaction `conn` sees them."""
        running = _Running(Replay(new.bundle, old.bundle if old else None), moment, set())
        before: EntryId | None = None
        while True:
            page = await read_attached(conn, self._ring, tenant, before=before, limit=PAGE)
            recent = [one for one in page if one.at >= moment - _OVERLAP]
            await asyncio.to_thread(_add, running, recent, frozenset[str]())
            if len(recent) < PAGE:
                return _reported(running)
            before = page[-1].entry

    async def rerun(self, tenant: TenantId, entry: EntryId) -> Rerun | NotRerun:
        """The decision this entry tells of, made again by the rules of then."""
        async with self._database.reading() as conn:
            found = await read_attached_to(conn, self._ring, tenant, entry)
        return NotRerun(entry, "no_decision") if found is None else await self._rerun(found)

    async def rerun_all(self, tenant: TenantId) -> AsyncIterator[Rerun | NotRerun]:
        """Every decision of the tenant, newest first, made again by the rules of its time."""
        async for page in self._pages(tenant, newer_than=None):
            for found in page:
                yield await self._rerun(found)

    async def _rerun(self, found: Attached) -> Rerun | NotRerun:
        if found.state != "open":
            return NotRerun(found.entry, found.state)
        try:
            decision = from_bytes(found.raw)
        except IntegrityError:
            return NotRerun(found.entry, "damaged")
        try:
            rules = await self._policies.rules(found.bundle)
        except NotFoundError:
            return NotRerun(found.entry, "bundle_missing")
        except EngineGoneError:
            return NotRerun(found.entry, "engine_gone")
        except IntegrityError:
            return NotRerun(found.entry, "bundle_damaged")
        now = await asyncio.to_thread(judged_again, rules.bundle, decision.question)
        return Rerun(found.entry, found.bundle, decision.question, decision.answers, now)

    async def _pages(
        self, tenant: TenantId, *, newer_than: datetime | None
    ) -> AsyncIterator[tuple[Attached, ...]]:
        """Newest first, each page read in a moment of its own, so that nothing waits for the whole."""
        before: EntryId | None = None
        while True:
            async with self._database.reading() as conn:
                page = await read_attached(conn, self._ring, tenant, before=before, limit=PAGE)
            yield page
            if len(page) < PAGE or (newer_than is not None and page[-1].at < newer_than - _OVERLAP):
                return
            before = page[-1].entry

    async def _go_on(self, tenant: TenantId, running: _Running) -> None:
        """Everything that was decided since this replay last looked; the first time, the newest `MOST`."""
        since = running.newest_at
        async with self._database.reading() as conn:
            others = await other_engines(conn)
        async for page in self._pages(tenant, newer_than=since):
            unseen = [one for one in page if one.entry not in running.seen]
            room = len(unseen) if since is not None else MOST - len(running.seen)
            running.cut |= len(unseen) > room
            await asyncio.to_thread(_add, running, unseen[:room], others)
            if since is None and running.cut:
                return

    def _kept(self) -> dict[tuple[TenantId, str, str], _Running]:
        """What was read a short while ago, and not too much of it."""
        now = self._clock.now()
        lately = {key: one for key, one in self._running.items() if now - one.begun_at < _KEPT}
        self._running = dict(list(lately.items())[-_LARGEST_CACHE:])
        return self._running


def _add(running: _Running, page: Sequence[Attached], other_engines: frozenset[str]) -> None:
    for one in page:
        running.seen.add(one.entry)
        running.newest_at = max(running.newest_at or one.at, one.at)
        decision = _decision(one)
        if decision is None:
            running.unreadable += 1
            continue
        running.other_engine += one.bundle in other_engines
        running.replay.add(one.entry, decision)


def _decision(one: Attached) -> RecordedDecision | None:
    try:
        return from_bytes(one.raw) if one.state == "open" else None
    except IntegrityError:
        return None


def _reported(running: _Running) -> ReplayReport:
    return running.replay.report(
        unreadable=running.unreadable, other_engine=running.other_engine, cut=running.cut
    )
