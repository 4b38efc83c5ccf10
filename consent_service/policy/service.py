"""Which bundle is in force for which tenant. The database decides; `policies/` on disk is a proposal.

At a tenant's first start the bundle on disk becomes active. Any later change is `changes`. Old bundles are
kept (`stored`), so that every past decision can be made again.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from sqlalchemy import exc, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, NotFoundError
from consent_service.foundation.ids import TenantId
from consent_service.identity.model import System, by
from consent_service.organisations.relationship_state import raise_tenant
from consent_service.policy.rules import Rules
from consent_service.policy.stored import (
    EngineGoneError,
    RulesDamagedError,
    files_of,
    is_kept,
    keep,
    packed,
    read_bundle,
    rules_in,
)
from consent_service.policy.tables import active_bundles


class PolicyService:
    """Active rules per tenant.

    Each decision asks the database which rules are in force, so a switch needs no restart; the rules
    themselves are read once per process.
    """

    def __init__(
        self, *, database: Database, log: AuditLog, clock: Clock, folder: Path, proposal: Rules
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self.folder = folder
        self.proposal = proposal
        self._loaded: dict[str, Rules] = {proposal.bundle.hash: proposal}
        self._loading: dict[str, asyncio.Task[Rules]] = {}

    async def ensure_active(self, tenant: TenantId) -> str:
        """The hash in force for the tenant; at first start that of the rules on disk."""
        async with self._database.reading() as conn:
            active = await active_hash(conn, tenant)
        if active is not None:
            return active
        wanted = self.proposal.bundle.hash
        if not await is_kept(self._database, wanted):
            files = await asyncio.to_thread(self.files_on_disk)
            await keep(self._database, wanted, packed(files), at=self._clock.now())
        try:
            async with self._database.transaction() as conn:
                values = {"hash": wanted, "activated_at": self._clock.now()}
                await conn.execute(insert(active_bundles).values(tenant=tenant, **values))
                await raise_tenant(conn, tenant, self._clock.now())
                event = events.BundleActivated(wanted, ())
                await self._log.append(
                    conn, tenant=tenant, event=event, by=by(System()), subject=None, bundle=wanted
                )
                return wanted
        except exc.IntegrityError:  # another process started this tenant at the same moment
            return await self.ensure_active(tenant)

    def files_on_disk(self) -> dict[str, str]:
        """The files of the rules this process was started with.

        Raises:
            IntegrityError: they are no longer those that were loaded: start again with them.
        """
        files = files_of(self.folder)
        rules_in(packed(files), self.proposal.bundle.hash)
        return files

    async def rules(self, bundle_hash: str) -> Rules:
        """The rules with this hash, from memory or from the database.

        However many ask at once, they are read once, and not on the event loop: it goes on deciding.

        Raises:
            NotFoundError: no bundle with this hash was ever stored.
            EngineGoneError: it was made for another version of the engine.
            IntegrityError: what is stored is not what the hash names.
        """
        known = self._loaded.get(bundle_hash)
        if known is not None:
            return known
        reading = self._loading.get(bundle_hash)
        if reading is None:
            reading = asyncio.create_task(self._load_stored(bundle_hash))
            self._loading[bundle_hash] = reading
            reading.add_done_callback(partial(self._forget, bundle_hash))
        return await asyncio.shield(reading)  # whoever gives up must not take it from the others

    async def active_rules(self, conn: AsyncConnection, tenant: TenantId) -> Rules:
        """The rules in force for the tenant.

        Raises:
            NotFoundError: the tenant has none yet; nothing may be released.
            EngineGoneError: they were made for another version of the engine; nothing may be released.
            RulesDamagedError: they are not kept, or not as they were; nothing may be released.
        """
        active = await active_hash(conn, tenant)
        if active is None:
            raise NotFoundError("bundle")
        return await self.in_force(active)

    async def in_force(self, bundle_hash: str) -> Rules:
        """The rules with this hash, to decide by now.

        Raises:
            EngineGoneError: they were made for another version of the engine; nothing may be released.
            RulesDamagedError: they are not kept, or not as they were; nothing may be released.
        """
        try:
            return await self.rules(bundle_hash)
        except (IntegrityError, NotFoundError) as spoilt:
            raise RulesDamagedError(bundle_hash) from spoilt

    def _forget(self, bundle_hash: str, read: asyncio.Task[Rules]) -> None:
        """Read or failed: the next who asks finds it in memory, or tries anew."""
        del self._loading[bundle_hash]
        if not read.cancelled():
            read.exception()  # looked at, also when everybody who waited for it gave up

    async def _load_stored(self, bundle_hash: str) -> Rules:
        async with self._database.reading() as conn:
            stored = await read_bundle(conn, bundle_hash)
        if not stored.judgeable:
            raise EngineGoneError(f"rules for {stored.engine}")
        rules = await asyncio.to_thread(rules_in, stored.files, bundle_hash)
        self._loaded[bundle_hash] = rules
        return rules


async def active_hash(conn: AsyncConnection, tenant: TenantId) -> str | None:
    """The hash in force for the tenant; None before its first start."""
    query = select(active_bundles.c.hash).where(active_bundles.c.tenant == tenant)
    found: str | None = (await conn.execute(query)).scalar_one_or_none()
    return found
