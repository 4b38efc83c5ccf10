"""Shows the heads of every log to those who vouch for them, in the background.

Per log: the file of known heads is compared with the database and kept up to date, each witness is asked to
cosign the newest head, and now and then it gets a time stamp. Whoever has seen more of a log than the
database holds, or something else, stops its signing (`known`); nothing here signs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, read_note, signed_checkpoint
from consent_service.audit.cosignature import Cosigner
from consent_service.audit.heads.beginning import begin_unless_gone
from consent_service.audit.heads.judging import Vouchers
from consent_service.audit.heads.kept import (
    COSIGNATURE_LIMIT,
    cosignature_age,
    judge_cosignatures,
    judge_stamps,
    keep_cosignature,
    keep_stamp,
    newest_signed,
)
from consent_service.audit.heads.known import HeadsGoneError, KnownHeads
from consent_service.audit.heads.timestamps import Stamped, TimeStamper
from consent_service.audit.heads.witness import (
    SAW_ANOTHER_LOG,
    Cosigned,
    Refused,
    Stands,
    Witness,
    add_checkpoint,
)
from consent_service.audit.log_keys import LogKey, current_log, public_keys
from consent_service.audit.merkle import verify_consistency
from consent_service.audit.metrics import LogMetrics
from consent_service.audit.tables import audit_logs
from consent_service.audit.tree import consistency_path
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId

INTERVAL_SECONDS: Final = 30.0
STAMP_EVERY: Final = timedelta(hours=1)
FIRST_SECONDS: Final = 5.0
"""So long a process that begins to sign waits for what witnesses saw; they are asked all at once."""
HERE: Final = "here"
"""Who claims what the file of known heads contradicts."""
_QUESTIONS: Final = 3
"""How often one witness is asked about one head: a second time from where it says it stands."""
_report = structlog.get_logger(__name__)


class Vouching(msgspec.Struct, frozen=True):
    """Who vouches for heads: the witnesses, and a time-stamping authority if there is one."""

    witnesses: tuple[Witness, ...] = ()
    stamper: TimeStamper | None = None

    @property
    def cosigners(self) -> tuple[Cosigner, ...]:
        """By which keys their cosignatures are known."""
        return tuple(witness.cosigner for witness in self.witnesses)

    @property
    def vouchers(self) -> Vouchers:
        """What is kept of them is held against these keys and certificates."""
        return Vouchers(self.cosigners, None if self.stamper is None else self.stamper.authorities)


class _Shown(msgspec.Struct, frozen=True):
    """A head that is shown to others, and its note."""

    log: LogKey
    head: Checkpoint
    note: bytes


class HeadPublisher:
    """Shows heads to witnesses and a time-stamping authority; may run in several processes at once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        heads: KnownHeads,
        vouching: Vouching,
        metrics: LogMetrics,
    ) -> None:
        self._metrics = metrics
        self._database = database
        self._clock = clock
        self._heads = heads
        self._vouching = vouching
        self._away: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work for all tenants every 30 seconds until `stop` is set; failures are told by their kind."""
        while not stop.is_set():
            await self.run_all()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), INTERVAL_SECONDS)

    async def run_all(self) -> None:
        """Publish every log once; one that fails keeps no other waiting, nor does whoever does not answer."""
        self._away.clear()
        tenants = await self._tenants()
        for tenant in tenants:
            try:
                await self.publish(tenant)
            except Exception as failure:  # noqa: BLE001 - the heads of other logs wait for this to go on
                _report.error("audit.heads.failed", tenant=tenant, failure=type(failure).__name__)
        with suppress(Exception):  # what is away was told already
            await self._watch(tenants)

    async def publish(self, tenant: TenantId) -> None:
        """Compare the tenant's newest log with what is known outside, and have its newest head vouched for.

        Raises:
            IntegrityError: the head is not signed by the log, or not what is known of it outside.
            HeadsGoneError: what was known outside is gone; it is not made again out of the database.
            UnavailableError: the database or the file of known heads is away.
        """
        shown = await self._compared(tenant)
        if shown is None:
            return
        for witness in self._vouching.witnesses:
            await self._ask(witness, shown)
        await self._stamp(shown)

    async def ask_again(self, tenant: TenantId) -> None:
        """Ask each witness where it stands, also one that cosigned the newest head that is here.

        A database that was put back together with the file of known heads does not know of what was signed
        since; a witness does. Who does not answer within 5 seconds stops nothing.

        Raises:
            IntegrityError: the newest head is not signed by the log, or its tiles are damaged.
            UnavailableError: the database or the file of known heads is away.
        """
        asked = [witness for witness in self._vouching.witnesses if witness.url not in self._away]
        shown = await self._newest(tenant) if asked else None
        if shown is not None:
            questions = [self._ask_in_time(witness, shown) for witness in asked]
            ended = await asyncio.gather(*questions, return_exceptions=True)
            for failure in ended:
                if failure is not None:
                    raise failure

    async def _ask_in_time(self, witness: Witness, shown: _Shown) -> None:
        try:
            async with asyncio.timeout(FIRST_SECONDS):
                await self._ask(witness, shown, again=True)
        except TimeoutError:
            await self._refused(witness, shown, Refused("no_answer"))

    async def _newest(self, tenant: TenantId) -> _Shown | None:
        async with self._database.reading() as conn:
            log = await current_log(conn, tenant)
            found = None if log is None else await newest_signed(conn, log)
            if log is None or found is None:
                return None
            head = signed_checkpoint(
                read_note(found[1]), origin=log.origin, keys=await public_keys(conn, log)
            )
        return _Shown(log, head, found[1])

    async def _compared(self, tenant: TenantId) -> _Shown | None:
        """What is known outside must be a part of the log; then its newest head is known outside too.

        The file is read before the head: what is signed in between is only ever larger.
        """
        async with self._database.reading() as conn:
            log = await current_log(conn, tenant)
            is_there = await begin_unless_gone(conn, self._heads)
        if not is_there:
            raise HeadsGoneError("the file of known heads is gone")
        known = None if log is None else await asyncio.to_thread(self._heads.newest, log.origin)
        shown = await self._newest(tenant)
        if shown is None:
            return None
        if known is not None and known.origin == shown.head.origin:
            await self._require_part(shown, Checkpoint(known.origin, known.size, known.root))
        head = shown.head
        await asyncio.to_thread(self._heads.remember, head.origin, head.size, head.root)
        return shown

    async def _require_part(self, shown: _Shown, known: Checkpoint) -> None:
        if known.size > shown.head.size:
            raise IntegrityError("the database is behind a head that is known outside it")
        try:
            async with self._database.reading() as conn:
                await _prove(conn, shown, known)
        except IntegrityError:
            await asyncio.to_thread(self._heads.claim, known.origin, HERE)
            raise

    async def _ask(self, witness: Witness, shown: _Shown, *, again: bool = False) -> None:
        """Have one witness cosign the head, from where it stands; `again`: also when it did."""
        if witness.url in self._away:
            return
        async with self._database.reading() as conn:
            done = (await judge_cosignatures(conn, shown.log, witness.cosigner)).newest
        old = 0 if done is None else done.size
        if old >= shown.head.size and not again:
            return
        for _ in range(_QUESTIONS):
            answer = await self._asked(witness, shown, old)
            if isinstance(answer, Cosigned):
                async with self._database.transaction() as conn:
                    await keep_cosignature(conn, shown.log, shown.head.size, witness.name, answer)
                return
            if isinstance(answer, Refused):
                await self._refused(witness, shown, answer)
                return
            if answer.size > shown.head.size:
                await self._ahead(witness, shown, answer)
                return
            old = answer.size
        _report.warning("audit.heads.refused", witness=witness.name, why="unusable", tenant=shown.log.tenant)

    async def _asked(self, witness: Witness, shown: _Shown, old: int) -> Cosigned | Stands | Refused:
        proof: Iterable[bytes] = ()
        if old:
            async with self._database.reading() as conn:
                proof = await consistency_path(conn, shown.log, old, shown.head.size)
        now = self._clock.now()
        return await add_checkpoint(witness, shown.note, old=old, proof=tuple(proof), now=now)

    async def _refused(self, witness: Witness, shown: _Shown, answer: Refused) -> None:
        """A witness that saw another log stops ours; one that is away or not set up does not."""
        if answer.why in SAW_ANOTHER_LOG:
            await asyncio.to_thread(self._heads.claim, shown.head.origin, witness.name)
            _report.error("audit.heads.disputed", witness=witness.name, tenant=shown.log.tenant)
            return
        if answer.why == "no_answer":
            self._away.add(witness.url)
        tenant = shown.log.tenant
        _report.warning("audit.heads.refused", witness=witness.name, why=answer.why, tenant=tenant)

    async def _ahead(self, witness: Witness, shown: _Shown, answer: Stands) -> None:
        """The witness saw more than was read here: another process signed on, or the database is behind."""
        newest = await self._newest(shown.log.tenant)
        if newest is not None and newest.log.log == shown.log.log and newest.head.size < answer.size:
            await asyncio.to_thread(self._heads.claim, shown.head.origin, witness.name, answer.size)
            _report.error("audit.heads.behind", witness=witness.name, tenant=shown.log.tenant)

    async def _stamp(self, shown: _Shown) -> None:
        """A time stamp once an hour while the log grows."""
        stamper = self._vouching.stamper
        if stamper is None or stamper.url in self._away:
            return
        now = self._clock.now()
        async with self._database.reading() as conn:
            newest = (await judge_stamps(conn, shown.log, stamper.authorities)).newest
        if newest is not None and (newest.size >= shown.head.size or now - newest.at < STAMP_EVERY):
            return
        answer = await stamper.stamp(shown.note, now)
        if isinstance(answer, Stamped):
            async with self._database.transaction() as conn:
                await keep_stamp(conn, shown.log, shown.head.size, answer)
            return
        if answer.why == "no_answer":
            self._away.add(stamper.url)
        _report.warning("audit.heads.not_stamped", why=answer.why, tenant=shown.log.tenant)

    async def _watch(self, tenants: Sequence[TenantId]) -> None:
        """Tell how long heads have waited for a witness; where none waits, the log is up to date."""
        cosigners = self._vouching.cosigners
        if not cosigners:
            return
        now = self._clock.now()
        async with self._database.reading() as conn:
            ages = {tenant: await cosignature_age(conn, tenant, cosigners, now) for tenant in tenants}
        for tenant, age in ages.items():
            if age is not None and age > COSIGNATURE_LIMIT:
                _report.error("audit.heads.uncosigned", tenant=tenant, seconds=int(age.total_seconds()))
        self._metrics.note_cosigned([(tenant, now - (age or timedelta())) for tenant, age in ages.items()])

    async def _tenants(self) -> list[TenantId]:
        try:
            async with self._database.reading() as conn:
                rows = await conn.execute(select(audit_logs.c.tenant).distinct())
                return [TenantId(tenant) for tenant in rows.scalars()]
        except Exception as failure:  # noqa: BLE001 - the next round asks again
            _report.error("audit.heads.failed", failure=type(failure).__name__)
            return []


async def _prove(conn: AsyncConnection, shown: _Shown, old: Checkpoint) -> None:
    """That the newest head extends a smaller one, out of the stored hashes.

    Raises:
        IntegrityError: it does not.
    """
    head = shown.head
    proof = await consistency_path(conn, shown.log, old.size, head.size)
    fits = verify_consistency(old=old.size, size=head.size, old_root=old.root, root=head.root, proof=proof)
    if old.size and not fits:
        raise IntegrityError("the log does not extend a head that is known outside it")
