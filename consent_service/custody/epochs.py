"""Epochs: replace every key above destroyed ones, so that an old copy of the data opens with no living key.

A new root generation is made, tenants in which something was destroyed get a new data key, what lives is
wrapped anew under these, and the old root is destroyed. Killed at any moment, an epoch is taken up where it
was: the table below says how far it is, each step may be done twice, and nothing is destroyed before what
lives was opened from its new place and stands in a key backup.

    open ──rewrap──> rewrapped ──verify──> verified ──back_up──> backed_up ──destroy──> destroyed

Making and wrapping keys is `keyring.rotation`, looking at them `verifying`, rows are `epoch_rows`, backups
are `backups`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.happenings.keys import Attempt
from consent_service.audit.log import AuditLog
from consent_service.custody.backups import KeyBackups
from consent_service.custody.epoch_rows import (
    Epoch,
    EpochState,
    StageCount,
    add_epoch,
    bereft_tenants,
    count_stages,
    newest_epochs,
    next_generation,
    note_path_dead,
    renewed_tenants,
    replace_epoch,
    unfinished_epoch,
    untold_destructions,
    waiting_since,
)
from consent_service.custody.verifying import BATCH, Verification
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import INSTALLATION, PersonId, RelationshipId, TenantId
from consent_service.identity.model import Operator, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.damage import DamagedKeyError
from consent_service.keyring.service import KeyRing
from consent_service.keyring.wrapped_rows import count_owned, tenants_with_keys
from consent_service.organisations.service import require

_log = structlog.get_logger()
_SERVICE: Final = System()
_LAST_READERS_SECONDS: Final = 2.0
"""Whoever read a wrapped key just before the last transaction has used it by then."""
_SHOWN_EPOCHS: Final = 5


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of the way from `state` to the next one is done."""

    state: EpochState
    done: int
    total: int


class EpochDone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An epoch that ended: the root generation `destroyed_generation` opens nothing any more."""

    epoch: int
    destroyed_generation: int
    generation: int
    keys: int
    backup: str
    resumed: bool


class NothingToDo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing was destroyed since the last epoch."""


class EpochStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The living root generations, the latest epochs (newest first) and how far destructions are."""

    generations: tuple[int, ...]
    epochs: tuple[Epoch, ...]
    stages: tuple[StageCount, ...]


class OldRootOpensError(IntegrityError):
    """The key provider said it destroyed a root generation, and still opens what that wrapped."""

    code = "old_root_opens"


Tell = Callable[[Progress], None]
Step = Callable[[Epoch, Tell], Awaitable[Epoch]]


class Epochs:
    """Runs epochs, one at a time over a database, and takes up what was begun."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        backups: KeyBackups,
        last_readers: float = _LAST_READERS_SECONDS,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._backups = backups
        self._last_readers = last_readers
        self._asked: str | None = None
        self._actor: Operator | System = _SERVICE
        """On whose behalf the steps are done; changes only while the lock is held."""

    @property
    def asked(self) -> str | None:
        """The reason of an epoch that cannot wait for the night; None when none was asked for."""
        return self._asked

    def ask(self, reason: str) -> None:
        """Have the background of this process run an epoch soon, for what cannot wait for the night.

        Forgotten when the process ends; then it is done at night like every other.
        """
        self._asked = reason

    def steps(self) -> Mapping[EpochState, tuple[Step, EpochState]]:
        """The state machine: from each state, what is done and where that leads."""
        return {
            "open": (self.rewrap, "rewrapped"),
            "rewrapped": (self.verify, "verified"),
            "verified": (self.back_up, "backed_up"),
            "backed_up": (self.destroy, "destroyed"),
        }

    async def run(
        self,
        actor: Operator | System = _SERVICE,
        *,
        reason: str,
        everybody: bool = False,
        progress: Tell | None = None,
    ) -> EpochDone | NothingToDo:
        """Finish what was begun, then run an epoch for what was destroyed since, or for `everybody`.

        Waits while another process runs one.

        Args:
            actor: whom the log names, also for what he finishes that was begun by another.
            reason: a code for the log: `nightly`, `high_risk`, `operator`.
            everybody: every tenant gets a new data key, whether something was destroyed there or not.
            progress: told after every transaction.

        Raises:
            NotAllowedError: not an operator.
            ConfigurationError: there is no recovery key, so nothing may be destroyed.
            UnavailableError: something is away or full; nothing is lost, run it again.
            DamagedKeyError: a key does not open, or is another one; nothing was destroyed. The log of the
                process names it too.
            IntegrityError: something else is not as it should be; nothing was destroyed.
            OldRootOpensError: the provider did not destroy the old root generation.
        """
        if not isinstance(actor, System):  # what the service does by itself asks nobody
            require(actor, Action.REPLACE_KEYS, Circumstances())
        self._backups.require_ready()
        self._asked = None
        async with self._database.exclusive("key-epoch"):
            self._actor = actor
            return await self._run(reason, everybody, progress or _tell_nobody)

    async def _run(self, reason: str, everybody: bool, tell: Tell) -> EpochDone | NothingToDo:
        done: EpochDone | None = None
        begun = await self._begun()
        if begun is not None:
            done = await self._finish(begun, tell, resumed=True)
            everybody = everybody and not begun.everybody
        if everybody or await self._has_waiting():
            done = await self._finish(await self.open(reason, everybody=everybody), tell, resumed=False)
        return done or NothingToDo()

    async def damaged(self) -> tuple[DamagedKeyError, ...]:
        """What keeps the epoch that was begun from ending; nothing while none is.

        Opens every key, so it may take a minute where there are many.

        Raises:
            UnavailableError: the database or the key provider is away.
        """
        async with self._database.reading() as conn:
            begun = await unfinished_epoch(conn)
            tenants = [] if begun is None else await tenants_with_keys(conn)
            renewed = frozenset[str]() if begun is None else await renewed_tenants(conn, begun)
        looking = Verification(
            database=self._database, ring=self._ring, with_records=renewed, counted=lambda _number: None
        )
        return tuple([one for tenant in tenants async for one in looking.damaged(tenant)])

    async def wanted_since(self) -> datetime | None:
        """Since when an epoch that was begun waits for its end, or something destroyed for an epoch."""
        async with self._database.reading() as conn:
            begun, waiting = await unfinished_epoch(conn), await waiting_since(conn)
        began = None if begun is None else begun.begun_at
        return min((moment for moment in (began, waiting) if moment is not None), default=None)

    async def is_wanted(self) -> bool:
        """Whether an epoch was begun and not ended, or something was destroyed since the last one."""
        return await self.wanted_since() is not None

    async def status(self) -> EpochStatus:
        """What `keys status` shows.

        Raises:
            UnavailableError: the database or the key provider is away.
        """
        async with self._database.reading() as conn:
            return EpochStatus(
                self._ring.rotation.generations(),
                await newest_epochs(conn, limit=_SHOWN_EPOCHS),
                await count_stages(conn),
            )

    # --- the steps --------------------------------------------------------------------------

    async def open(self, reason: str, *, everybody: bool) -> Epoch:
        """Write down that an epoch begins, what it finishes, and a probe that only the old root opens."""
        async with self._database.transaction() as conn:
            latest = await newest_epochs(conn, limit=1)
            number = latest[0].epoch + 1 if latest else 1
            epoch = await self._fresh(conn, number, reason, everybody=everybody)
            await add_epoch(conn, epoch)
            begun = events.KeyEpochBegun(number, epoch.from_generation, epoch.to_generation, reason)
            await self._log.append(conn, tenant=INSTALLATION, event=begun, by=by(self._actor), subject=None)
        return epoch

    async def rewrap(self, epoch: Epoch, tell: Tell) -> Epoch:
        """The new root generation, and everything that lives under it."""
        rotation, generation = self._ring.rotation, epoch.to_generation
        await asyncio.to_thread(rotation.make_generation, generation)
        async with self._database.transaction() as conn:
            await rotation.note_root(conn, generation)
            tenants, renewed = await tenants_with_keys(conn), await renewed_tenants(conn, epoch)
            counting = _Counting(epoch.state, len(tenants) + await count_owned(conn, renewed), tell)
        for tenant in tenants:
            more = True
            while more:
                async with self._database.transaction() as conn:
                    more = await rotation.rewrap_tenant(conn, tenant, generation, fresh=tenant in renewed)
            counting.add(1)
            moved = BATCH
            while moved:
                async with self._database.transaction() as conn:
                    moved = await rotation.rewrap_owned(conn, tenant, limit=BATCH)
                counting.add(moved)
        return epoch

    async def verify(self, epoch: Epoch, tell: Tell) -> Epoch:
        """Every key opens from where it stands now, and is the one its records were sealed under.

        Raises:
            DamagedKeyError: one does not. Nothing has been destroyed.
            IntegrityError: the probe proves nothing, or a data key that destroyed keys hung on stayed.
        """
        if not self._ring.rotation.probe_opens(epoch.epoch, epoch.from_generation, epoch.probe):
            raise IntegrityError("the old root generation does not open its own probe")
        async with self._database.reading() as conn:
            tenants, renewed = await tenants_with_keys(conn), await renewed_tenants(conn, epoch)
            counting = _Counting(epoch.state, await count_owned(conn, tenants), tell)
        looking = Verification(
            database=self._database, ring=self._ring, with_records=renewed, counted=counting.add
        )
        for tenant in tenants:
            async for damaged in looking.damaged(tenant):
                raise damaged
        async with self._database.reading() as conn:
            probe = await self._ring.rotation.with_replaced_keys(conn, epoch.probe)
            _require_replaced(await bereft_tenants(conn, epoch), self._ring.rotation.replaced_in(probe))
        return msgspec.structs.replace(epoch, keys=counting.done, probe=probe)

    async def back_up(self, epoch: Epoch, tell: Tell) -> Epoch:
        """A key backup of what lives now: whoever has it and the sheets needs no root generation."""
        tell(Progress(epoch.state, 0, 1))
        made = await self._backups.make(self._actor)
        return msgspec.structs.replace(epoch, backup=made.backup)

    async def destroy(self, epoch: Epoch, tell: Tell) -> Epoch:
        """The end of the old root generation, the attempts to go its path, and what came of them in the log.

        1. nobody wraps under it any more, nothing hangs on it  2. whoever still reads has read
        3. the provider destroys it  4. it opens nothing, and nothing opens the data keys it wrapped
        5. the path of every destruction is noted as dead

        Raises:
            OldRootOpensError: the old root still opens its probe, or something opens a replaced data key.
        """
        tell(Progress(epoch.state, 0, 1))
        rotation = self._ring.rotation
        async with self._database.transaction() as conn:  # 1
            renewed = await renewed_tenants(conn, epoch)
            await rotation.close(conn, epoch.to_generation, fresh=renewed)
        await asyncio.sleep(self._last_readers)  # 2
        await asyncio.to_thread(rotation.destroy_generations_before, epoch.to_generation)  # 3
        async with self._database.reading() as conn:  # 4
            opens = await rotation.replaced_keys_open(conn, epoch.probe)
        if rotation.probe_opens(epoch.epoch, epoch.from_generation, epoch.probe) or any(opens.values()):
            async with self._database.transaction() as conn:
                await self._log_end(conn, epoch, "opened")
            raise OldRootOpensError("something still opens what a destroyed root generation wrapped")
        while await self._tell_destructions(epoch, tried_in=frozenset(opens)):  # 5
            pass
        probe = rotation.without_replaced_keys(epoch.probe)
        return msgspec.structs.replace(epoch, probe=probe, ended_at=self._clock.now())

    # --- parts ------------------------------------------------------------------------------

    async def _begun(self) -> Epoch | None:
        """The epoch that was begun and not ended, opened anew where the provider has gone further since.

        It can have: a restored database may be from the middle of an epoch that ended long ago, or just now.
        Before the last step the old root lives, so where it does not, the provider is further than the row.
        """
        async with self._database.transaction() as conn:
            begun = await unfinished_epoch(conn)
            if begun is None:
                return None
            living = self._ring.rotation.generations()
            gone = begun.state != "backed_up" and begun.from_generation not in living
            if not gone and living[-1] <= begun.to_generation:
                return begun
            anew = await self._fresh(conn, begun.epoch, begun.reason, everybody=begun.everybody)
            await replace_epoch(conn, begun, anew)
            return anew

    async def _fresh(self, conn: AsyncConnection, number: int, reason: str, *, everybody: bool) -> Epoch:
        generation, probe = self._ring.rotation.make_probe(number)
        return Epoch(
            epoch=number,
            state="open",
            reason=reason,
            everybody=everybody,
            from_generation=generation,
            to_generation=await next_generation(conn, self._ring.rotation.generations()),
            probe=probe,
            begun_at=self._clock.now(),
        )

    async def _has_waiting(self) -> bool:
        async with self._database.reading() as conn:
            return await waiting_since(conn) is not None

    async def _finish(self, epoch: Epoch, tell: Tell, *, resumed: bool) -> EpochDone:
        while epoch.state != "destroyed":
            step, reached = self.steps()[epoch.state]
            with _telling_what_is_damaged(epoch):
                after = msgspec.structs.replace(await step(epoch, tell), state=reached)
            async with self._database.transaction() as conn:
                await replace_epoch(conn, epoch, after)
                if reached == "destroyed":
                    await self._log_end(conn, after, "refused")
            epoch = after
        return EpochDone(
            epoch.epoch,
            epoch.from_generation,
            epoch.to_generation,
            epoch.keys or 0,
            epoch.backup or "",
            resumed,
        )

    async def _tell_destructions(self, epoch: Epoch, *, tried_in: frozenset[str]) -> int:
        """Note the second stage of the next destructions, each in the log of its tenant; how many.

        The old path was tried for each tenant in `tried_in`, and was refused.
        """
        now = self._clock.now()
        until = self._backups.expires_on(now)
        async with self._database.transaction() as conn:
            rows = await untold_destructions(conn, epoch.epoch, limit=BATCH)
            for row in rows:
                await note_path_dead(conn, row, at=now, until=until)
                attempt: Attempt = "refused" if row.tenant in tried_in else "not_tried"
                event = events.KeyPathDestroyed(row.kind, row.owner, epoch.epoch, attempt, until)
                await self._log_of_destruction(conn, row, event)
        return len(rows)

    async def _log_of_destruction(
        self, conn: AsyncConnection, row: Row[Any], event: events.KeyPathDestroyed
    ) -> None:
        """In the child's trail while the child has a key: what is sealed under no key says less."""
        tenant, child = TenantId(row.tenant), PersonId(row.child)
        lives = child in await self._ring.person_keys(conn, tenant, [child])
        of_relationship = lives and row.kind == "relationship"
        await self._log.append(
            conn,
            tenant=tenant,
            event=event,
            by=by(self._actor),
            subject=child if lives else None,
            relationship=RelationshipId(row.owner) if of_relationship else None,
        )

    async def _log_end(self, conn: AsyncConnection, epoch: Epoch, attempt: Attempt) -> None:
        ended = events.KeyEpochEnded(
            epoch=epoch.epoch,
            destroyed_generation=epoch.from_generation,
            tenants=len(await renewed_tenants(conn, epoch)),
            keys=epoch.keys or 0,
            backup=epoch.backup or "",
            attempt=attempt,
        )
        await self._log.append(conn, tenant=INSTALLATION, event=ended, by=by(self._actor), subject=None)


class _Counting:
    """Counts what is done and tells it."""

    def __init__(self, state: EpochState, total: int, tell: Tell) -> None:
        self.done = 0
        self._state = state
        self._total = total
        self._tell = tell

    def add(self, number: int) -> None:
        self.done += number
        self._tell(Progress(self._state, self.done, max(self.done, self._total)))


def _require_replaced(bereft: frozenset[str], replaced: frozenset[str]) -> None:
    if not bereft <= replaced:
        raise IntegrityError("a tenant with destroyed keys has no new data key")


@contextmanager
def _telling_what_is_damaged(epoch: Epoch) -> Iterator[None]:
    """At night nobody reads the error: the log of the process says where to look."""
    try:
        yield
    except DamagedKeyError as one:
        place = {"tenant": one.tenant, "kind": one.kind, "owner": one.owner}
        _log.error("a key that does not open stops the epoch", epoch=epoch.epoch, **place)
        raise


def _tell_nobody(_progress: Progress) -> None:
    return
