"""Destroy the keys of a relationship or of a child: what was sealed under them is gone, for everybody.

A destruction is a stop: journalled first, and replayed after a restore. It kills what lives in this
database (`live_dead`); an old backup together with the keys above can still read until an epoch replaced
those too (`epochs`), and the key backups made before then are gone (`backups`). How far it is, is
`model`; erasing what else is known of a person is `rights`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.emptied import Shut, find_shut, name_emptied
from consent_service.audit.events import By
from consent_service.audit.hearing import is_named_end
from consent_service.audit.log import AuditLog
from consent_service.custody.circle import Circle
from consent_service.custody.epoch_rows import can_promise
from consent_service.custody.epochs import Epochs
from consent_service.custody.model import (
    DestroyedKey,
    Destruction,
    DestructionReport,
    Doomed,
    Order,
    report_of,
)
from consent_service.custody.proving import attempt_opening
from consent_service.families.model import Relationship
from consent_service.families.reading import lock_family, read_relationship, relationships_of_child
from consent_service.families.searching import make_unfindable
from consent_service.families.tables import children
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, NotFoundError, UnavailableError
from consent_service.foundation.ids import (
    FamilyId,
    PersonId,
    RelationshipId,
    StaffId,
    TenantId,
    new_id,
)
from consent_service.foundation.stop_journal import Stop, StopJournal, StopKind
from consent_service.identity.model import Fg, Operator, PrivacyCoordinator, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import key_destructions
from consent_service.organisations.relationship_state import raise_family, raise_relationship
from consent_service.organisations.service import require
from consent_service.organisations.tables import staff

Guard = Callable[[AsyncConnection, TenantId, FamilyId, PersonId], Awaitable[None]]
"""What has something against it that nothing more of this child of this family opens."""


class _Found(msgspec.Struct, frozen=True):
    """What is about to be destroyed: keys of a child at schools and, when somebody is erased, their own."""

    tenant: TenantId
    family: FamilyId
    child: PersonId
    relationships: tuple[Relationship, ...]
    erased: bool


class _Deed(msgspec.Struct, frozen=True):
    """Who does it, on whose decision, and since when it was accepted if that was earlier.

    `names_places`: the index of the log finds the entries by the relationship they are about.
    """

    who: By
    coordinator: StaffId | None = None
    late_since: datetime | None = None
    names_places: bool = True


class CustodyService:
    """The end of keys."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        journal: StopJournal,
        epochs: Epochs,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._journal = journal
        self._epochs = epochs
        self._guards: list[Guard] = []

    def when_destroying(self, guard: Guard) -> None:
        """Asked before a destruction is accepted, and may raise InputError; never of a replayed one."""
        self._guards.append(guard)

    async def destroy(
        self, actor: PrivacyCoordinator, relationship: RelationshipId, *, at_once: bool = False
    ) -> Destruction:
        """Destroy the key of one child at one school; `at_once` where its path cannot wait for the night.

        Raises:
            NotAllowedError: only the privacy coordinator decides this.
            NotFoundError: no such relationship in this shelter.
            UnavailableError: not even the journal could be written: it was NOT accepted.
        """
        require(actor, Action.DESTROY_KEY, Circumstances(tenant=actor.tenant))
        doomed = Doomed("relationship", relationship)
        return await self._carry_out(actor.tenant, doomed, _Deed(by(actor)), at_once=at_once)

    async def destroy_child(
        self, actor: PrivacyCoordinator, child: PersonId, *, at_once: bool = False
    ) -> Destruction:
        """Destroy every key of a child: of all its relationships, and its own; `at_once` as for `destroy`.

        Names, birth date and what the log says about it are gone with its own key, and no search comes to it
        any more; the leaves of the log still verify.

        Raises:
            NotAllowedError: only the privacy coordinator decides this.
            NotFoundError: no such child in this shelter.
            UnavailableError: not even the journal could be written: it was NOT accepted.
        """
        require(actor, Action.DESTROY_KEY, Circumstances(tenant=actor.tenant))
        return await self._carry_out(actor.tenant, Doomed("child", child), _Deed(by(actor)), at_once=at_once)

    async def carry_out(self, actor: Operator, order: Order) -> Destruction:
        """Do from the command line what the named privacy coordinator decided; the log names both.

        What cannot wait for the night, the command does itself afterwards: an epoch.

        Raises:
            NotAllowedError: nobody by that id is privacy coordinator of this shelter now.
            NotFoundError: no such relationship or child in this shelter.
            UnavailableError: not even the journal could be written: it was NOT accepted.
        """
        coordinator = staff.c
        query = select(coordinator.staff).where(
            coordinator.tenant == order.tenant,
            coordinator.staff == order.coordinator,
            coordinator.kind == "privacy_coordinator",
            coordinator.ended_at.is_(None),
        )
        async with self._database.reading() as conn:
            decided = (await conn.execute(query)).first() is not None
        require(actor, Action.DESTROY_KEY, Circumstances(tenant=order.tenant, decided=decided))
        deed = _Deed(by(actor), order.coordinator)
        return await self._carry_out(order.tenant, order.doomed, deed, at_once=False)

    async def report(self, actor: PrivacyCoordinator | Fg, doomed: Doomed) -> DestructionReport:
        """How far the destruction has come.

        Raises:
            NotAllowedError: another shelter's.
            NotFoundError: nothing of this was destroyed here.
        """
        require(actor, Action.VIEW_DESTRUCTION, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            found = await read_report(conn, actor.tenant, doomed, now=self._clock.now())
        if found is None:
            raise NotFoundError("destruction")
        return found

    async def replay(self, stop: Stop) -> bool:
        """Carry out a journalled destruction; True when it is one of ours. Twice changes nothing."""
        if stop.kind not in ("key_destruction", "erasure") or "erasure" in stop.subject:
            return False  # an erasure of everything there is about somebody ends the keys too: `rights`
        coordinator = stop.subject.get("coordinator")
        deed = _Deed(by(System()), None if coordinator is None else StaffId(coordinator), stop.at)
        async with self._database.transaction() as conn:
            found = await _find(conn, TenantId(stop.tenant), _doomed_by(stop))
            if found is not None:
                await self._destroy(conn, found, deed)
        return True

    async def destroy_all(
        self, conn: AsyncConnection, circle: Circle, *, who: By, late_since: datetime | None = None
    ) -> int:
        """End every key of these people and of these children at schools, as a part of an erasure; how many.

        The asking service decided that it may, and wrote the stop journal.

        Raises:
            NotFoundError: their family is not there any more.
        """
        deed = _Deed(who, late_since=late_since, names_places=False)
        await lock_family(conn, circle.tenant, circle.family)
        await raise_family(conn, circle.tenant, circle.family, self._clock.now())
        for child in circle.children:
            places = tuple(one for one in circle.relationships if one.child == child)
            await self._destroy(conn, _Found(circle.tenant, circle.family, child, places, erased=True), deed)
        for guardian in circle.guardians:
            found = _Found(circle.tenant, circle.family, guardian, (), erased=True)
            await self._destroy(conn, found, deed)
        return len(circle.people) + len(circle.relationships)

    async def retire(self, tenant: TenantId, relationship: RelationshipId) -> Destruction:
        """Destroy the key of a child at a school of which nothing is kept any more; a retention run asks it.

        Raises:
            NotFoundError: no such relationship in this shelter.
            UnavailableError: not even the journal could be written: it was NOT accepted.
        """
        doomed = Doomed("relationship", relationship)
        return await self._carry_out(tenant, doomed, _Deed(by(System())), at_once=False)

    async def end_owner(self, conn: AsyncConnection, tenant: TenantId, owner: PersonId) -> None:
        """Destroy the key of who or what no longer has to be kept, as a part of a retention run: a member of
        staff who left long ago, a breach that was closed long ago.
        """
        found = _Found(tenant, FamilyId(""), owner, (), erased=True)
        shut = await find_shut(conn, self._ring, tenant, found.child)
        gone = await self._ring.destroy_person_key(conn, tenant, found.child)
        await self._note(conn, found, _Deed(by(System())), ("person", owner), gone=gone, shut=shut)

    # --- parts -------------------------------------------------------------------------------

    async def _carry_out(
        self, tenant: TenantId, doomed: Doomed, deed: _Deed, *, at_once: bool
    ) -> Destruction:
        """1. is it there  2. journal, flushed to disk  3. keys, rows and entries  4. mark done  5. proof."""
        async with self._database.reading() as conn:
            found = await _find(conn, tenant, doomed)  # 1
            if found is None:
                raise NotFoundError(doomed.kind)
            for guard in self._guards:
                await guard(conn, tenant, found.family, found.child)
        subject: dict[str, str] = {doomed.kind: doomed.id}
        if deed.coordinator is not None:
            subject["coordinator"] = deed.coordinator
        kind: StopKind = "erasure" if found.erased else "key_destruction"
        stop = self._journal.accept(kind, tenant=tenant, at=self._clock.now(), subject=subject)  # 2
        try:
            async with self._database.transaction() as conn:
                await self._destroy(conn, found, deed)  # 3
        except UnavailableError:
            return Destruction(doomed, "journalled")
        self._journal.mark_done(stop.id)  # 4
        if at_once:
            self._epochs.ask("high_risk")
        return await self._proved(tenant, doomed)  # 5

    async def _proved(self, tenant: TenantId, doomed: Doomed) -> Destruction:
        """What stands now; a proof that cannot be tried takes nothing of it away."""
        try:
            async with self._database.reading() as conn:
                report = await read_report(conn, tenant, doomed, now=self._clock.now())
                attempt = await attempt_opening(conn, self._ring, tenant, doomed)
        except UnavailableError:
            return Destruction(doomed, "live_dead")
        return Destruction(doomed, "live_dead" if report is None else report.stage, attempt, report)

    async def _destroy(self, conn: AsyncConnection, found: _Found, deed: _Deed) -> None:
        """Takes the family's row first, so that of two who do this the second sees the first."""
        await lock_family(conn, found.tenant, found.family)
        for one in found.relationships:
            await raise_relationship(conn, found.tenant, one.relationship, self._clock.now())
        if found.erased:
            await make_unfindable(conn, found.tenant, found.child)
        for one in found.relationships:
            gone = await self._ring.destroy_relationship_key(conn, found.tenant, one.relationship)
            await self._note(conn, found, deed, ("relationship", one.relationship), gone=gone)
        if found.erased:
            shut = await find_shut(conn, self._ring, found.tenant, found.child)
            gone = await self._ring.destroy_person_key(conn, found.tenant, found.child)
            await self._note(conn, found, deed, ("person", found.child), gone=gone, shut=shut)

    async def _note(
        self,
        conn: AsyncConnection,
        found: _Found,
        deed: _Deed,
        key: tuple[str, str],
        *,
        gone: bool,
        shut: Shut | None = None,
    ) -> None:
        """Its row and its entry, once, and what of the log it `shut` where it is a person's. A key that was
        gone already, noted nowhere, is noted too: the database is older than its end, or than this table.

        Raises:
            IntegrityError: the row of an end of which the log tells was taken away.
        """
        kind, owner = key
        if not gone and await _is_noted(conn, found.tenant, *key):
            return
        if shut is not None and not gone and await is_named_end(conn, self._ring, found.tenant, owner):
            raise IntegrityError("key_destructions: the log tells of the end of a key, and its row is gone")
        now = self._clock.now()
        await _keep_row(conn, found, key, now if gone or deed.late_since is None else deed.late_since)
        entry = await self._log.append(
            conn,
            tenant=found.tenant,
            event=_ended(key, deed, shut),
            by=deed.who,
            subject=None if found.erased else await self._log.living(conn, found.tenant, found.child),
            relationship=RelationshipId(owner) if deed.names_places and kind == "relationship" else None,
            late_since=deed.late_since,
        )
        if shut is not None and entry is not None:
            await name_emptied(conn, found.tenant, entry, shut)


async def _keep_row(conn: AsyncConnection, found: _Found, key: tuple[str, str], at: datetime) -> None:
    kind, owner = key
    row = {"destruction": new_id(), "kind": kind, "owner": owner}
    end = {"child": found.child, "destroyed_at": at}
    await conn.execute(insert(key_destructions).values(tenant=found.tenant, **row, **end))


def _ended(key: tuple[str, str], deed: _Deed, shut: Shut | None) -> events.Event:
    """What the log says of the end of this key, and of what it shut."""
    details, emptied = (-1, "") if shut is None else (len(shut.details), shut.digest())
    if deed.coordinator is not None:
        return events.KeyDestroyedOnOrder(*key, deed.coordinator, details, emptied)
    return events.KeyDestroyed(*key, details, shut is not None and not deed.names_places, emptied)


async def read_report(
    conn: AsyncConnection, tenant: TenantId, doomed: Doomed, *, now: datetime
) -> DestructionReport | None:
    """How far the destruction has come; None when nothing of this was destroyed.

    Of a child only when it was erased as a whole; then all its relationships count too.
    """
    here = key_destructions.c
    query = select(key_destructions).where(here.tenant == tenant)
    if doomed.kind == "relationship":
        query = query.where(here.kind == "relationship", here.owner == doomed.id)
    elif await _is_noted(conn, tenant, "person", doomed.id):
        query = query.where(here.kind.in_(("relationship", "person")), here.child == doomed.id)
    else:
        return None
    rows = (await conn.execute(query)).all()
    keys = [
        DestroyedKey(row.destroyed_at, row.path_dead_at, row.backups_until, row.backups_dead_at)
        for row in rows
    ]
    return report_of(doomed, keys, now=now, promised=await can_promise(conn, now=now))


async def _find(conn: AsyncConnection, tenant: TenantId, doomed: Doomed) -> _Found | None:
    if doomed.kind == "relationship":
        found = await read_relationship(conn, tenant, RelationshipId(doomed.id))
        return None if found is None else _Found(tenant, found.family, found.child, (found,), erased=False)
    child = PersonId(doomed.id)
    query = select(children.c.family).where(children.c.tenant == tenant, children.c.child == child)
    family = (await conn.execute(query)).scalar_one_or_none()
    if family is None:
        return None
    everywhere = await relationships_of_child(conn, tenant, child)
    return _Found(tenant, FamilyId(family), child, everywhere, erased=True)


def _doomed_by(stop: Stop) -> Doomed:
    if stop.kind == "erasure":
        return Doomed("child", stop.subject["child"])
    return Doomed("relationship", stop.subject["relationship"])


async def _is_noted(conn: AsyncConnection, tenant: TenantId, kind: str, owner: str) -> bool:
    here = key_destructions.c
    query = select(here.destruction).where(here.tenant == tenant, here.kind == kind, here.owner == owner)
    return (await conn.execute(query.limit(1))).first() is not None
