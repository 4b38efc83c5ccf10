"""Let go what is past its period, every day; hold what the law needs; say what would go and what went.

What the periods are is `register`. Nobody asks for a run of its own: rows and records of which parents know
the period go every day. A whole family goes only while two coordinators stand behind the periods as they are
(docs/decisions/0062). A hold stops both, and every erasure.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By, Event
from consent_service.audit.log import AuditLog
from consent_service.custody.service import CustodyService
from consent_service.families.reading import lock_family
from consent_service.families.tables import children, families, relationships
from consent_service.foundation.clock import Clock, local_date, local_midnight
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConsentServiceError,
    InputError,
    NotFoundError,
    Problem,
    UnavailableError,
)
from consent_service.foundation.ids import (
    FamilyId,
    PersonId,
    RelationshipId,
    StaffId,
    TenantId,
    TypeKey,
    new_id,
)
from consent_service.identity.model import Fg, PrivacyCoordinator, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import require
from consent_service.rights.breaches.tables import breaches
from consent_service.rights.retention.finding import (
    PastRecords,
    count_rows,
    past_families,
    past_keys,
    past_records,
    past_staff,
    swept_tables,
)
from consent_service.rights.retention.forgetting import ScheduledErasures
from consent_service.rights.retention.holding import (
    end_hold,
    find_hold,
    held_families,
    held_ids,
    read_holds,
    write_hold,
)
from consent_service.rights.retention.model import (
    Done,
    Hold,
    NewHold,
    Past,
    RetentionPreview,
    Run,
    Schedule,
    check_hold,
)
from consent_service.rights.retention.register import longest_months, periods_hash
from consent_service.rights.retention.removing import (
    remove_breaches,
    remove_member,
    remove_records,
    remove_rows,
)
from consent_service.rights.retention.rows import (
    add_done,
    approve_schedule,
    begin_run,
    end_run,
    newest_schedule,
    open_run,
    read_runs,
    started_since,
    write_schedule,
)

BATCH: Final = 500
"""Rows per transaction."""
_LOCK: Final = "retention"
_SERVICE: Final = by(System())
Keeps = Callable[[AsyncConnection, TenantId], Awaitable[Collection[FamilyId]]]
"""Families of which something still runs that needs them, such as a request of a parent."""


class Overview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the page shows. `schedule`: of the periods as they are, if anybody proposed them."""

    catalogue: Catalogue
    preview: RetentionPreview
    holds: tuple[Hold, ...]
    runs: tuple[Run, ...]
    schedule: Schedule | None


class RetentionService:
    """Preview, runs, holds and the schedule."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        catalogue: Catalogue,
        custody: CustodyService,
        erasures: ScheduledErasures,
        keeps: Collection[Keeps] = (),
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._catalogue = catalogue
        self._custody = custody
        self._erasures = erasures
        self._keeps = tuple(keeps)

    # --- looking -----------------------------------------------------------------------------

    async def overview(self, actor: PrivacyCoordinator | Fg) -> Overview:
        """What is past its period, what is held, and what the last runs did.

        Raises:
            NotAllowedError: another shelter's.
        """
        require(actor, Action.VIEW_RETENTION, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return Overview(
                self._catalogue,
                await self._preview(conn, actor.tenant),
                await read_holds(conn, actor.tenant),
                await read_runs(conn, actor.tenant),
                await newest_schedule(conn, actor.tenant, periods_hash(self._catalogue)),
            )

    # --- deciding ----------------------------------------------------------------------------

    async def ask(self, actor: PrivacyCoordinator) -> str:
        """Clear away now: the next look does it, and the page shows how far it is. Its id.

        One that has not ended is not asked for twice.

        Raises:
            NotAllowedError: only a privacy coordinator.
        """
        _decide(actor)
        async with self._database.transaction() as conn:
            found = await open_run(conn, actor.tenant)
            return found.run if found is not None else await self._begin(conn, actor.tenant, actor.staff)

    async def propose(self, actor: PrivacyCoordinator) -> str:
        """Stand behind the periods as they are; another coordinator decides on it. Its id.

        Raises:
            NotAllowedError: only a privacy coordinator.
            InputError: they are proposed or approved already.
        """
        _decide(actor)
        periods, now = periods_hash(self._catalogue), self._clock.now()
        async with self._database.transaction() as conn:
            if await newest_schedule(conn, actor.tenant, periods) is not None:
                raise InputError([Problem("schedule", "retention.proposed_already")])
            one = Schedule(new_id(), periods, actor.staff, now)
            await write_schedule(conn, actor.tenant, one)
            event = events.RetentionScheduled(one.schedule, "proposed", periods)
            await self._append(conn, actor.tenant, event, by(actor))
        return one.schedule

    async def approve(self, actor: PrivacyCoordinator, schedule: str) -> None:
        """Stand behind what another coordinator proposed: from now on families go when they are due.

        Raises:
            NotAllowedError: only a privacy coordinator.
            NotFoundError: no such schedule, or the periods are others by now.
            InputError: who proposed it approves it too, or it was approved already.
        """
        _decide(actor)
        async with self._database.transaction() as conn:
            found = await newest_schedule(conn, actor.tenant, periods_hash(self._catalogue))
            if found is None or found.schedule != schedule:
                raise NotFoundError("schedule")
            if found.proposed_by == actor.staff:
                raise InputError([Problem("schedule", "retention.own")])
            now = self._clock.now()
            if not await approve_schedule(conn, actor.tenant, schedule, by=actor.staff, at=now):
                raise InputError([Problem("schedule", "retention.approved_already")])
            event = events.RetentionScheduled(schedule, "approved", found.periods)
            await self._append(conn, actor.tenant, event, by(actor))

    async def hold(self, actor: PrivacyCoordinator, new: NewHold) -> str:
        """Keep everything about a family or a child until somebody lifts it (AVG 17(3), 18). Its id.

        Raises:
            NotAllowedError: only a privacy coordinator.
            InputError: no such family or child here, a day that cannot be, or the same is held already.
        """
        _decide(actor)
        problems = check_hold(new, local_date(self._clock.now()))
        async with self._database.transaction() as conn:
            found = await _whom(conn, actor.tenant, new.subject)
            if found is None:
                problems.append(Problem("subject", "retention.unknown"))
            elif await self._is_held(conn, actor.tenant, *found):
                problems.append(Problem("subject", "retention.held_already"))
            if problems or found is None:
                raise InputError(problems)
            family, child = found
            await lock_family(conn, actor.tenant, family)
            one = Hold(
                hold=new_id(),
                family=family,
                child=child,
                ground=new.ground,
                review_on=new.review_on,
                placed_by=actor.staff,
                placed_at=self._clock.now(),
            )
            await write_hold(conn, actor.tenant, one)
            event = events.RetentionHeld(one.hold, "placed", one.ground, one.review_on)
            await self._append(conn, actor.tenant, event, by(actor))
        return one.hold

    async def lift(self, actor: PrivacyCoordinator, hold: str) -> None:
        """It keeps nothing any more; what is past its period goes with the next run. Twice changes nothing.

        Raises:
            NotAllowedError: only a privacy coordinator.
            NotFoundError: this shelter has no such hold.
        """
        _decide(actor)
        async with self._database.transaction() as conn:
            found = await find_hold(conn, actor.tenant, hold)
            if found is None:
                raise NotFoundError("hold")
            if not found.stands:
                return
            await end_hold(conn, actor.tenant, hold, by=actor.staff, at=self._clock.now())
            event = events.RetentionHeld(hold, "lifted", found.ground, found.review_on)
            await self._append(conn, actor.tenant, event, by(actor))

    # --- carrying out ------------------------------------------------------------------------

    async def look(self, tenant: TenantId) -> Run | None:
        """The run of the day, one that was asked for, or one that was broken off; None: nothing is to do.

        1. is there one  2. records, keys, rows, families, staff, batch by batch  3. the entry that says what
        went. Killed at any point the next look goes on: it counts anew what is left.

        Raises:
            UnavailableError: something is away; the next look goes on.
        """
        async with self._database.reading() as conn:
            if not await self._is_due(conn, tenant):
                return None
        async with self._database.exclusive(_LOCK):
            async with self._database.transaction() as conn:
                if not await self._is_due(conn, tenant):
                    return None
                found = await open_run(conn, tenant)  # 1
                run = found.run if found is not None else await self._begin(conn, tenant, None)
            await self._carry_out(tenant, run)  # 2
            async with self._database.transaction() as conn:
                ended = await end_run(conn, tenant, run, self._clock.now())
                if ended.done.total or ended.done.failed or ended.asked_by is not None:  # 3
                    event = events.RetentionRan(run, **msgspec.structs.asdict(ended.done))
                    await self._append(conn, tenant, event, _SERVICE)
            return ended

    # --- parts -------------------------------------------------------------------------------

    async def _is_due(self, conn: AsyncConnection, tenant: TenantId) -> bool:
        if await open_run(conn, tenant) is not None:
            return True
        return not await started_since(conn, tenant, local_midnight(local_date(self._clock.now())))

    async def _begin(self, conn: AsyncConnection, tenant: TenantId, asked_by: StaffId | None) -> str:
        expected = (await self._preview(conn, tenant)).going
        return await begin_run(conn, tenant, at=self._clock.now(), asked_by=asked_by, expected=expected)

    async def _preview(self, conn: AsyncConnection, tenant: TenantId) -> RetentionPreview:
        now = self._clock.now()
        held, kept = await held_ids(conn, tenant), await self._kept(conn, tenant)
        going: dict[TypeKey, Past] = {}
        for one in await past_records(conn, tenant, self._catalogue.types, now, held):
            so_far = going.get(one.information_type, Past())
            going[one.information_type] = _with(so_far, one)
        keys = await past_keys(conn, tenant, longest_months(self._catalogue), now)
        due = await past_families(conn, tenant, now)
        return RetentionPreview(
            going,
            _past(keys, held),
            _past(due, kept),
            Past(len(await past_staff(conn, tenant, now))),
            {table: await count_rows(conn, table, tenant, now, held) for table in swept_tables()},
        )

    async def _kept(self, conn: AsyncConnection, tenant: TenantId) -> frozenset[FamilyId]:
        """Families of which something is held, or something that runs needs them."""
        found = set(await held_families(conn, tenant))
        for keeps in self._keeps:
            found.update(await keeps(conn, tenant))
        return frozenset(found)

    async def _carry_out(self, tenant: TenantId, run: str) -> None:
        await self._erasures.finish_scheduled(tenant)
        await self._remove_records(tenant, run)
        await self._retire_keys(tenant, run)
        for table in swept_tables():
            await self._sweep(tenant, run, table)
        async with self._database.reading() as conn:
            schedule = await newest_schedule(conn, tenant, periods_hash(self._catalogue))
        if schedule is not None and schedule.approved_by is not None:
            await self._forget_families(tenant, run, (schedule.proposed_by, schedule.approved_by))
            await self._remove_staff(tenant, run)

    async def _remove_records(self, tenant: TenantId, run: str) -> None:
        now = self._clock.now()
        async with self._database.reading() as conn:
            held = await held_ids(conn, tenant)
            found = await past_records(conn, tenant, self._catalogue.types, now, held)
        for one in found:
            gone = BATCH
            while gone == BATCH:
                async with self._database.transaction() as conn:
                    gone = await remove_records(
                        conn, self._ring, self._log, tenant, one, now=now, limit=BATCH
                    )
                    await add_done(conn, tenant, run, Done(records=gone))

    async def _retire_keys(self, tenant: TenantId, run: str) -> None:
        now, months = self._clock.now(), longest_months(self._catalogue)
        async with self._database.reading() as conn:
            held = await held_ids(conn, tenant)
            found = await past_keys(conn, tenant, months, now)
        for relationship in found:
            if relationship not in held:
                await self._try(tenant, run, Done(keys=1), self._custody.retire(tenant, relationship))

    async def _sweep(self, tenant: TenantId, run: str, table: str) -> None:
        gone = BATCH
        while gone == BATCH:
            async with self._database.transaction() as conn:
                gone = await self._sweep_some(conn, tenant, table)
                await add_done(conn, tenant, run, Done(rows=gone))

    async def _sweep_some(self, conn: AsyncConnection, tenant: TenantId, table: str) -> int:
        held, now = await held_ids(conn, tenant), self._clock.now()
        if table == breaches.name:
            return await remove_breaches(conn, self._custody, tenant, held, now=now, limit=BATCH)
        return await remove_rows(conn, table, tenant, held, now=now, limit=BATCH)

    async def _forget_families(self, tenant: TenantId, run: str, behind: tuple[StaffId, StaffId]) -> None:
        async with self._database.reading() as conn:
            kept = await self._kept(conn, tenant)
            found = await past_families(conn, tenant, self._clock.now())
        for family in found:
            if family not in kept:
                going = self._erasures.forget_by_schedule(tenant, family, behind)
                await self._try(tenant, run, Done(families=1), going)

    async def _remove_staff(self, tenant: TenantId, run: str) -> None:
        async with self._database.reading() as conn:
            found = await past_staff(conn, tenant, self._clock.now())
        for member in found:
            async with self._database.transaction() as conn:
                await remove_member(conn, self._custody, tenant, member)
                await add_done(conn, tenant, run, Done(staff=1))

    async def _try(self, tenant: TenantId, run: str, done: Done, going: Awaitable[object]) -> None:
        """One that cannot be done keeps no other waiting; the next day it is tried again.

        Raises:
            UnavailableError: something is away: then nothing else can be done either.
        """
        try:
            await going
        except UnavailableError:
            raise
        except ConsentServiceError:
            done = Done(failed=1)
        async with self._database.transaction() as conn:
            await add_done(conn, tenant, run, done)

    async def _is_held(
        self, conn: AsyncConnection, tenant: TenantId, family: FamilyId, child: PersonId | None
    ) -> bool:
        standing = [one for one in await read_holds(conn, tenant) if one.stands]
        return any(one.family == family and one.child in (None, child) for one in standing)

    async def _append(self, conn: AsyncConnection, tenant: TenantId, event: Event, who: By) -> None:
        """About nobody: it names no family."""
        await self._log.append(conn, tenant=tenant, event=event, by=who, subject=None)


def _decide(actor: PrivacyCoordinator) -> None:
    require(actor, Action.DECIDE_RETENTION, Circumstances(tenant=actor.tenant))


async def _whom(
    conn: AsyncConnection, tenant: TenantId, subject: str
) -> tuple[FamilyId, PersonId | None] | None:
    """The family with this id, or the child with its family; a child at a school is that child too."""
    wanted = subject.strip().lower()
    place, kid = relationships.c, children.c
    whole = select(families.c.family).where(families.c.tenant == tenant, families.c.family == wanted)
    if (found := (await conn.execute(whole)).scalar_one_or_none()) is not None:
        return FamilyId(found), None
    queries = (
        select(kid.family, kid.child).where(kid.tenant == tenant, kid.child == wanted),
        select(place.family, place.child).where(place.tenant == tenant, place.relationship == wanted),
    )
    for query in queries:
        if (row := (await conn.execute(query)).first()) is not None:
            return FamilyId(row.family), PersonId(row.child)
    return None


def _with(so_far: Past, one: PastRecords) -> Past:
    if one.held:
        return Past(so_far.going, so_far.held + one.count)
    return Past(so_far.going + one.count, so_far.held)


def _past(found: Collection[RelationshipId] | Collection[FamilyId], kept: Collection[str]) -> Past:
    held = sum(one in kept for one in found)
    return Past(len(found) - held, held)
