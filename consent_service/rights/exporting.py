"""The log in a file for outsiders, and everything a view key finds: who may have it, and that it was taken.

What goes into the file is `audit.bundle_file`; what the key finds is `audit.finding`. Nothing may be given
away before these have returned: only then the entry that says so is durable.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.bundle_file import BundleCount, BundleOrder, write_bundle
from consent_service.audit.bundle_zip import Target
from consent_service.audit.events import ExportRecipient, LogExported
from consent_service.audit.finding import FoundEntries, find_entries
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.reading import is_family_shown
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConfigurationError, NotFoundError
from consent_service.foundation.ids import EntryId, PersonId, StaffId, TenantId
from consent_service.foundation.pacing import Pace
from consent_service.identity.model import (
    Fg,
    GuardianActor,
    Operator,
    PersonActor,
    PrivacyCoordinator,
    by,
    person_of,
)
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from consent_service.keyring.view_keys import view_key
from consent_service.organisations.service import require
from consent_service.rights.coordinators import is_coordinator
from consent_service.rights.entry_bundles import EntryBundles
from consent_service.rights.service import RightsService

Exporter = PrivacyCoordinator | Fg | Operator
_AUTHORITY_LIMIT: Final = 1 << 20
OWN_PER_HOUR: Final = 4
"""Bundles that somebody of a family may take: each is made of the whole log, and logged."""
OWN_TRIES_PER_HOUR: Final = 12
"""Those and what failed together: that costs as much, and gives nobody anything."""


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes into a bundle of a shelter's log.

    `person` is whose entries are opened; `hidden` adds those about the person that only officers find (for a
    court or the supervisor, never for a family); `with_view_key` adds the key that finds them among all.
    `coordinator` is who decided it, where an operator carries it out.
    """

    tenant: TenantId
    person: PersonId | None = None
    hidden: bool = False
    with_view_key: bool = False
    coordinator: StaffId | None = None


class BundleService:
    """Hands the log out as a file that checks itself, and looks through it with a view key."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        rights: RightsService,
        witnesses: tuple[str, ...] = (),
        authority: Path | None = None,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._rights = rights
        self._own_pace = Pace(clock, times=OWN_PER_HOUR, within=timedelta(hours=1))
        self._own_tries = Pace(clock, times=OWN_TRIES_PER_HOUR, within=timedelta(hours=1))
        self.entries = EntryBundles(database=database, log=log, clock=clock)
        self._witnesses = witnesses
        self._authority = authority

    async def write(self, actor: Exporter, wanted: Wanted, target: Target) -> BundleCount:
        """Write a bundle of the shelter's log to `target`, from begin to end, and log that.

        Raises:
            NotAllowedError: not an officer of this shelter, or nobody there who may decides it is named.
            NotFoundError: nothing was signed yet, or the person has no key.
            IntegrityError: the log cannot be read as it stands.
            UnavailableError: something is away; what stands in `target` may not be given to anybody.
        """
        await self._require(actor, wanted.tenant, wanted.coordinator)
        return await self._write(actor, wanted, target)

    async def write_own(self, actor: PersonActor, target: Target) -> BundleCount:
        """The same for somebody of a family: all entries of the log, one's own opened, with one's view key.

        For a guardian also those her page shows of who was given something about a child of hers.

        A guardian who is answered by a person (S46) gets it from that person.

        Raises:
            NotAllowedError: not one's own.
            NotFoundError: nothing was signed yet, or there is nothing here for this guardian now.
            TooOftenError: given a few times in the last hour already, or tried in vain more often.
            IntegrityError: the log cannot be read as it stands.
            UnavailableError: something is away; what stands in `target` may not be given to anybody.
        """
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=person_of(actor))
        require(actor, Action.EXPORT_OWN_LOG, facts)
        if isinstance(actor, GuardianActor):
            today = local_date(self._clock.now())
            async with self._database.reading() as conn:
                shown = await is_family_shown(conn, actor.tenant, actor.family, actor.guardian, day=today)
            if not shown:
                raise NotFoundError("bundle")
        whose = (actor.tenant, person_of(actor))
        self._own_pace.count(whose)
        try:
            self._own_tries.count(whose)
            wanted = Wanted(actor.tenant, person_of(actor), with_view_key=True)
            return await self._write(actor, wanted, target, await self._rights.looks_at_children(actor))
        except BaseException:  # nothing was given
            self._own_pace.give_back(whose)
            raise

    async def find(
        self, actor: Exporter, tenant: TenantId, key: Secret, *, coordinator: StaffId | None = None
    ) -> FoundEntries:
        """Every entry that carries the tag of this view key, checked; that it was looked for is logged.

        Raises:
            NotAllowedError: not an officer of this shelter, or nobody there who may decides it is named.
            IntegrityError: the entries are not those that were signed.
            UnavailableError: something is away.
        """
        await self._require(actor, tenant, coordinator)
        async with self._database.reading() as conn:
            await _one_snapshot(conn, self._database)
            found = await find_entries(conn, self._ring, tenant, key)
        count = len(found.tagged) + len(found.released)
        async with self._database.transaction() as conn:
            event = LogExported(kind="find", entries=count, coordinator=coordinator or "")
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=None)
        return found

    async def _write(
        self,
        actor: Exporter | PersonActor,
        wanted: Wanted,
        target: Target,
        also: tuple[EntryId, ...] = (),
    ) -> BundleCount:
        """1. one snapshot  2. the file  3. the entry that says it was made, for whose it is."""
        async with self._database.reading() as conn:
            await _one_snapshot(conn, self._database)  # 1
            order = await self._order(conn, wanted, also)
            count = await write_bundle(conn, self._ring, wanted.tenant, order, target)  # 2
        taken = LogExported("bundle", count.entries, wanted.coordinator or "", _recipient(actor, wanted))
        async with self._database.transaction() as conn:  # 3
            await self._log.append(
                conn,
                tenant=wanted.tenant,
                event=taken,
                by=by(actor),
                subject=wanted.person,
                tagged_for=OFFICER if wanted.hidden else None,
            )
        return count

    async def _order(self, conn: AsyncConnection, wanted: Wanted, also: tuple[EntryId, ...]) -> BundleOrder:
        key = None
        if wanted.person is not None:
            owner = (await self._ring.person_keys(conn, wanted.tenant, [wanted.person])).get(wanted.person)
            if owner is None:
                raise NotFoundError("person")
            key = view_key(self._ring, owner) if wanted.with_view_key else None
        return BundleOrder(
            made=self._clock.now(),
            person=wanted.person,
            also=also,
            hidden=wanted.hidden,
            view_key=key,
            witnesses=self._witnesses,
            authority=_read_authority(self._authority),
        )

    async def _require(self, actor: Exporter, tenant: TenantId, coordinator: StaffId | None) -> None:
        decided = False
        if coordinator is not None:
            async with self._database.reading() as conn:
                decided = await is_coordinator(conn, tenant, coordinator)
        require(actor, Action.EXPORT_LOG, Circumstances(tenant=tenant, decided=decided))


def _recipient(actor: Exporter | PersonActor, wanted: Wanted) -> ExportRecipient:
    if isinstance(actor, PersonActor):
        return "oneself"
    if wanted.hidden:
        return "court"
    return "" if wanted.person is None else "person"


async def _one_snapshot(conn: AsyncConnection, database: Database) -> None:
    if not database.is_sqlite:
        await conn.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def _read_authority(path: Path | None) -> bytes:
    try:
        return b"" if path is None else path.read_bytes()[:_AUTHORITY_LIMIT]
    except OSError as failure:
        raise ConfigurationError(f"timestamp_ca_file cannot be read: {path}") from failure
