"""Forget a person, a child or a family: everything about them, with two coordinators behind it (AVG 17).

Who must agree is `erasure_model`, where things are is `erasure_places`. An erasure is a stop: from the moment
it begins nothing about them is released, and it is carried out again on a database that was put back. What
takes long is done in small batches, each in its own transaction; a killed one is finished at the next start.
Copies at schools are theirs to remove: each is told what it read (AVG 19).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.erasing import forget_batch
from consent_service.audit.events import By, Event
from consent_service.audit.happenings.erasures import ErasureGround, ErasureScope
from consent_service.audit.log import AuditLog
from consent_service.custody.circle import Circle, circle_of
from consent_service.custody.service import CustodyService
from consent_service.families.reading import lock_family, read_relationships
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.decoding import decoded
from consent_service.foundation.errors import InputError, IntegrityError, NotFoundError, Problem
from consent_service.foundation.ids import StaffId, TenantId, new_id
from consent_service.foundation.stop_journal import Stop, StopJournal
from consent_service.identity.model import Fg, Operator, PrivacyCoordinator, System, by, tenant_of
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import require
from consent_service.process.recalls_issuing import tell_of_erasure
from consent_service.records.retracting import retract_about
from consent_service.rights.cases.carrying import carry_out, require_granted, stands
from consent_service.rights.coordinators import coordinators_of, is_coordinator
from consent_service.rights.erasure_model import (
    Erasure,
    ErasureStep,
    Gone,
    Typed,
    Wanted,
    after,
    missing,
    typed_too,
    why_dropped,
)
from consent_service.rights.erasure_places import remove_batch
from consent_service.rights.erasure_rows import (
    change_erasure,
    count_gone,
    find_erasure,
    forget_targets,
    is_asked,
    read_erasure,
    read_erasures,
    read_targets,
    superseded,
    write_ends,
    write_erasure,
    write_targets,
)
from consent_service.rights.retention.holding import refuse_held

BATCH: Final = 500
"""Rows of each kind per transaction."""
LOCK: Final = "erasure"


class _Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the stop journal holds of one: enough to carry it out on a database that never heard of it."""

    erasure: str
    scope: ErasureScope
    who: str
    ground: ErasureGround
    asked_by: str
    approved_by: str
    typed: Typed = "none"


class _Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which coordinator of which shelter decided; `named` is the same one where an operator typed it."""

    tenant: TenantId
    coordinator: str
    named: str = ""


_decoder: Final = msgspec.json.Decoder(_Order)


Guard = Callable[[AsyncConnection, TenantId, Erasure], Awaitable[None]]
"""Raises InputError where an erasure that was approved may not be carried out after all."""


class ErasureService:
    """Ask, approve, drop, carry out. Officers act within their own shelter.

    An operator names the `tenant`, and which `coordinator` of it decided what they type; the log names both.
    """

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        journal: StopJournal,
        custody: CustodyService,
        catalogue: Catalogue,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._journal = journal
        self._custody = custody
        self._catalogue = catalogue
        self._guards: list[Guard] = []

    def when_carried_out(self, guard: Guard) -> None:
        """Asked before an erasure begins, and may raise InputError; never of one that is replayed."""
        self._guards.append(guard)

    # --- deciding ----------------------------------------------------------------------------

    async def overview(
        self, actor: PrivacyCoordinator | Fg | Operator, *, tenant: TenantId | None = None
    ) -> tuple[Erasure, ...]:
        """Every erasure of the shelter, newest first.

        Raises:
            NotAllowedError: another shelter's.
        """
        where = _allowed(actor, Action.VIEW_ERASURE, tenant)
        async with self._database.reading() as conn:
            return await read_erasures(conn, where)

    async def ask(
        self,
        actor: PrivacyCoordinator | Operator,
        wanted: Wanted,
        *,
        tenant: TenantId | None = None,
        coordinator: StaffId | None = None,
        case: str | None = None,
    ) -> str:
        """Ask that somebody is forgotten; the id of the erasure. Another coordinator decides on it.

        `case`: the request it carries out, which must be granted and of that family.

        Raises:
            NotAllowedError: only a privacy coordinator asks, or an operator for one.
            NotFoundError: no such guardian, child or family in this shelter, or no such request.
            InputError: it is asked already, or it is of a guardian whose children are still shared about.
        """
        async with self._database.transaction() as conn:
            decision = await _decision(conn, actor, Action.ASK_ERASURE, tenant, coordinator)
            where = decision.tenant
            one = _asked(wanted, decision, self._clock.now(), case)
            circle = await circle_of(conn, where, wanted.scope, wanted.subject)
            if circle is None:
                raise NotFoundError(wanted.scope)
            await lock_family(conn, where, circle.family)
            await refuse_held(conn, circle, wanted.scope)
            if case is not None:
                await require_granted(conn, where, case, circle.family)
            if await is_asked(conn, where, wanted.subject):
                raise InputError([Problem("subject", "erasures.asked_already")])
            await self._refuse_while_sharing(conn, wanted.scope, circle)
            await write_erasure(conn, where, one)
            event = events.ErasureAsked(one.erasure, wanted.scope, wanted.ground, decision.named)
            await self._append(conn, where, event, by(actor))
        return one.erasure

    async def approve(
        self,
        actor: PrivacyCoordinator | Operator,
        erasure: str,
        *,
        tenant: TenantId | None = None,
        coordinator: StaffId | None = None,
    ) -> None:
        """Stand behind what another coordinator asked.

        Raises:
            NotAllowedError: only a privacy coordinator approves, or an operator for one.
            NotFoundError: this shelter has no such erasure.
            InputError: who asked decides on it too, it was decided already, or it is held.
        """
        async with self._database.transaction() as conn:
            decision = await _decision(conn, actor, Action.APPROVE_ERASURE, tenant, coordinator)
            where, approver = decision.tenant, decision.coordinator
            one = await _deciding(conn, where, erasure, "approve")
            if one.asked_by == approver:
                raise InputError([Problem("erasure", "erasures.own")])
            circle = await circle_of(conn, where, one.scope, one.subject or "")
            if circle is not None:
                await refuse_held(conn, circle, one.scope)
            typed = typed_too(one.typed) if decision.named else one.typed
            values = {"approved_by": approver, "approved_at": self._clock.now(), "typed": typed}
            await change_erasure(conn, where, one, "approve", **values)
            await self._append(conn, where, events.ErasureApproved(erasure, decision.named), by(actor))

    async def drop(
        self,
        actor: PrivacyCoordinator | Operator,
        erasure: str,
        *,
        tenant: TenantId | None = None,
        coordinator: StaffId | None = None,
    ) -> None:
        """It does not take place: who asked takes it back, or another coordinator refuses it.

        Raises:
            NotAllowedError: only a privacy coordinator drops one, or an operator for one.
            NotFoundError: this shelter has no such erasure.
            InputError: it was carried out, has begun, or was dropped already.
        """
        async with self._database.transaction() as conn:
            decision = await _decision(conn, actor, Action.APPROVE_ERASURE, tenant, coordinator)
            where = decision.tenant
            one = await _deciding(conn, where, erasure, "drop")
            await change_erasure(conn, where, one, "drop", subject=None, ended_at=self._clock.now())
            reason = why_dropped(one, decision.coordinator)
            event = events.ErasureDropped(erasure, reason, decision.named)
            await self._append(conn, where, event, by(actor))

    # --- carrying out ------------------------------------------------------------------------

    async def execute(
        self, actor: PrivacyCoordinator | Operator, erasure: str, *, tenant: TenantId | None = None
    ) -> Erasure:
        """Carry out what two coordinators stand behind, or finish what was broken off.

        1. what is still missing  2. the stop journal, flushed to disk  3. keys, and whom it is about, in one
        transaction: from here on nothing opens or is released  4. the rest, batch by batch  5. the entry that
        says what is gone, in the transaction that finds nothing left.

        Raises:
            NotAllowedError: not for this actor.
            NotFoundError: this shelter has no such erasure, or no longer whom it is about.
            InputError: what is still missing.
            UnavailableError: before step 2 nothing happened; after it, it is carried out as soon as
                everything works, and nothing is released meanwhile.
        """
        where = _allowed(actor, Action.EXECUTE_ERASURE, tenant)
        async with self._database.exclusive(LOCK):
            async with self._database.transaction() as conn:
                one = await read_erasure(conn, where, erasure)
                stop = None if one.state == "running" else await self._begin_now(conn, where, one, by(actor))
            if stop is not None:
                self._journal.mark_done(stop.id)
            return await self._finish(where, erasure, by(actor))  # 4, 5

    async def replay(self, stop: Stop) -> bool:
        """Carry out a journalled erasure to its end; True when it is one of ours. Twice changes nothing.

        Raises:
            IntegrityError: the line is damaged, or is not one this service wrote: nothing was touched.
            UnavailableError: something is away.
        """
        if stop.kind != "erasure" or "erasure" not in stop.subject:
            return False
        order = decoded(_decoder, msgspec.json.encode(stop.subject))
        if order is None:
            raise IntegrityError(f"stop journal: the erasure {stop.id} cannot be read")
        where = TenantId(stop.tenant)
        try:
            async with self._database.exclusive(LOCK):
                async with self._database.transaction() as conn:
                    running = await self._begin_late(conn, where, order, stop.at)
                if running:
                    await self._finish(where, order.erasure, by(System()))
        except DBAPIError as refused:
            raise IntegrityError(f"stop journal: the database refuses the erasure {stop.id}") from refused
        return True

    # --- parts -------------------------------------------------------------------------------

    async def _begin_now(self, conn: AsyncConnection, where: TenantId, one: Erasure, who: By) -> Stop:
        """Journalled inside the transaction, the family's row taken: what is refused was not accepted."""
        if (code := missing(one, await coordinators_of(conn, where))) is not None:  # 1
            raise InputError([Problem("erasure", code)])
        if one.case is not None and not await stands(conn, where, one.case):
            raise InputError([Problem("erasure", "erasures.withdrawn")])
        for guard in self._guards:
            await guard(conn, where, one)
        circle = await circle_of(conn, where, one.scope, one.subject or "")
        if circle is None:
            raise NotFoundError(one.scope)
        await lock_family(conn, where, circle.family)
        await refuse_held(conn, circle, one.scope)
        await self._refuse_while_sharing(conn, one.scope, circle)
        return await self._begin_journalled(conn, one, circle, who)

    async def _begin_journalled(self, conn: AsyncConnection, one: Erasure, circle: Circle, who: By) -> Stop:
        subject, approved_by = one.subject or "", one.approved_by or ""
        order = _Order(one.erasure, one.scope, subject, one.ground, one.asked_by, approved_by, one.typed)
        stop = self._journal.accept(  # 2
            "erasure", tenant=circle.tenant, at=self._clock.now(), subject=msgspec.structs.asdict(order)
        )
        await self._begin(conn, one, circle, who)  # 3
        return stop

    async def _begin_late(
        self, conn: AsyncConnection, where: TenantId, order: _Order, since: datetime
    ) -> bool:
        """Begin on a database that was put back, or away. False when there is nothing to do.

        Raises:
            IntegrityError: no two people stand behind it, or this database knows that others decided, or that
                it does not take place.
        """
        if not order.asked_by or not order.approved_by or order.asked_by == order.approved_by:
            raise IntegrityError(f"stop journal: nobody approved the erasure {order.erasure}")
        one = await find_erasure(conn, where, order.erasure)
        if one is not None and one.state in ("running", "executed"):
            return one.state == "running"
        circle = await circle_of(conn, where, order.scope, order.who)
        if circle is None:
            return False
        if one is not None and (after(one.state, "drop") is None or not _is_as_ordered(one, order)):
            raise IntegrityError(f"stop journal: the erasure {order.erasure} was decided otherwise")
        known = Erasure(
            erasure=order.erasure,
            scope=order.scope,
            subject=order.who,
            ground=order.ground,
            state="approved",
            asked_by=order.asked_by,
            asked_at=since,
            approved_by=order.approved_by,
            approved_at=since,
            typed=order.typed,
        )
        if one is None:
            await write_erasure(conn, where, known)
        await self._begin(conn, known, circle, by(System()), since)
        return True

    async def _begin(
        self,
        conn: AsyncConnection,
        one: Erasure,
        circle: Circle,
        who: By,
        late_since: datetime | None = None,
    ) -> None:
        """3. the keys go, whom it is about is written down, and what is emptied from now on was erased."""
        await self._tell_schools(conn, circle, one.erasure)
        keys = await self._custody.destroy_all(conn, circle, who=who, late_since=late_since)
        rows = await self._retract(conn, circle)
        values = {"approved_by": one.approved_by, "typed": one.typed, "late_since": late_since}
        await change_erasure(conn, circle.tenant, one, "begin", **values)
        await write_targets(conn, circle.tenant, one.erasure, circle.targets())
        await write_ends(conn, circle.tenant, one.erasure, circle.targets())
        await count_gone(conn, circle.tenant, one.erasure, more=Gone(len(circle.people), keys, rows=rows))

    async def _tell_schools(self, conn: AsyncConnection, circle: Circle, erasure: str) -> None:
        """Each school hears what it read and is to remove too (AVG 19), while somebody still knows it."""
        if circle.relationships:
            await tell_of_erasure(conn, self._log, self._clock, circle.relationships, erasure=erasure)
            return
        own = [key for key, kind in self._catalogue.types.items() if kind.decided_by == "own_guardian"]
        everywhere = await read_relationships(conn, circle.tenant, family=circle.family)
        await tell_of_erasure(conn, self._log, self._clock, everywhere, own, erasure=erasure)

    async def _retract(self, conn: AsyncConnection, circle: Circle) -> int:
        """What was told about a guardian goes from among what stays of the children, which fits anew."""
        if circle.whole or not circle.guardians:
            return 0
        everywhere = await read_relationships(conn, circle.tenant, family=circle.family)
        return sum(
            [
                await retract_about(conn, self._ring, self._log, place, guardian)
                for place in everywhere
                for guardian in circle.guardians
            ]
        )

    async def _finish(self, where: TenantId, erasure: str, who: By) -> Erasure:
        """Batch by batch until one finds nothing left; that one ends it."""
        while True:
            async with self._database.transaction() as conn:
                targets = await read_targets(conn, where, erasure)
                taken = await forget_batch(conn, where, targets, limit=BATCH)
                rows = await remove_batch(conn, where, targets, limit=BATCH)
                more = Gone(details=taken.details, index=taken.index, rows=rows, unnamed=taken.unnamed)
                await count_gone(conn, where, erasure, more=more)
                if taken.is_nothing and not rows:
                    return await self._end(conn, where, erasure, who)

    async def _end(self, conn: AsyncConnection, where: TenantId, erasure: str, who: By) -> Erasure:
        """5. nothing leads to them any more, this erasure included; the log says what is gone."""
        now, one = self._clock.now(), await read_erasure(conn, where, erasure)
        targets = await read_targets(conn, where, erasure)
        await change_erasure(conn, where, one, "finish", subject=None, ended_at=now)
        await forget_targets(conn, where, erasure)
        if one.case is not None:
            await self._end_case(conn, where, one.case, who)
        for other in await superseded(conn, where, targets, at=now):
            await self._append(conn, where, events.ErasureDropped(other, "superseded"), by(System()))
        approvers = tuple(name for name in (one.asked_by, one.approved_by) if name is not None)
        counts = msgspec.structs.asdict(one.gone)
        event = events.ErasureExecuted(erasure=erasure, scope=one.scope, approvers=approvers, **counts)
        await self._append(conn, where, event, who, one.late_since)
        return await read_erasure(conn, where, erasure)

    async def _end_case(self, conn: AsyncConnection, where: TenantId, case: str, who: By) -> None:
        """The request it came from is done; of one that was withdrawn meanwhile nothing changes."""
        if await carry_out(conn, where, case, at=self._clock.now()):
            await self._append(conn, where, events.CaseMoved(case, "carry_out"), who)

    async def _refuse_while_sharing(self, conn: AsyncConnection, scope: ErasureScope, circle: Circle) -> None:
        """Without what a guardian decided nobody could show that sharing about the child was allowed, and
        without what she objected to more would be shared (AVG 17(3)(b), (e)).
        """
        if scope != "person":
            return
        now = self._clock.now()
        everywhere = await read_relationships(conn, circle.tenant, family=circle.family)
        if any(one.is_active(now) for one in everywhere):
            raise InputError([Problem("subject", "erasures.still_sharing")])

    async def _append(
        self,
        conn: AsyncConnection,
        where: TenantId,
        event: Event,
        who: By,
        late_since: datetime | None = None,
    ) -> None:
        """About nobody: an entry that named whom would be the first thing to erase."""
        await self._log.append(conn, tenant=where, event=event, by=who, subject=None, late_since=late_since)


def _asked(wanted: Wanted, decision: _Decision, at: datetime, case: str | None) -> Erasure:
    return Erasure(
        erasure=new_id(),
        scope=wanted.scope,
        subject=wanted.subject,
        ground=wanted.ground,
        state="asked",
        asked_by=decision.coordinator,
        asked_at=at,
        typed="asked" if decision.named else "none",
        case=case,
    )


async def _deciding(conn: AsyncConnection, where: TenantId, erasure: str, step: ErasureStep) -> Erasure:
    one = await read_erasure(conn, where, erasure)
    if after(one.state, step) is None:
        raise InputError([Problem("erasure", "erasures.closed")])
    return one


async def _decision(
    conn: AsyncConnection,
    actor: PrivacyCoordinator | Operator,
    action: Action,
    tenant: TenantId | None,
    coordinator: StaffId | None,
) -> _Decision:
    """A coordinator decides for oneself; an operator types what a coordinator of that shelter decided."""
    if isinstance(actor, PrivacyCoordinator):
        return _Decision(_allowed(actor, action, None), actor.staff)
    where, named = tenant or TenantId(""), coordinator or StaffId("")
    decided = await is_coordinator(conn, where, named)
    require(actor, action, Circumstances(tenant=where, decided=decided))
    return _Decision(where, named, named)


def _is_as_ordered(one: Erasure, order: _Order) -> bool:
    """What this database knows of it, maybe less than was decided later, is not something else."""
    approvers = (None, order.approved_by)
    return (one.subject, one.asked_by) == (order.who, order.asked_by) and one.approved_by in approvers


def _allowed(actor: PrivacyCoordinator | Fg | Operator, action: Action, tenant: TenantId | None) -> TenantId:
    """The shelter acted for, when the permission table has a row for it."""
    where = tenant or tenant_of(actor)
    require(actor, action, Circumstances(tenant=where))
    if where is None:
        raise NotFoundError("tenant")
    return where
