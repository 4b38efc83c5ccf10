"""Destroy the key of a relationship: what was shared cannot be read any more, by nobody.

A destruction is a stop: journalled first, and replayed after a restore. It kills what lives in this
database (`live_dead`); an old backup together with the keys above this one can still read until those
are replaced too.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import AuditLog
from consent_service.families.reading import read_relationship
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError, UnavailableError
from consent_service.foundation.ids import RelationshipId, TenantId
from consent_service.foundation.stop_journal import Stop, StopJournal
from consent_service.identity.model import PrivacyCoordinator, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.relationship_state import raise_relationship
from consent_service.organisations.service import require


class Destruction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the data is gone. `journalled`: accepted, and carried out as soon as everything is up."""

    relationship: RelationshipId
    stage: Literal["live_dead", "journalled"]


class CustodyService:
    """The end of keys."""

    def __init__(
        self, *, database: Database, ring: KeyRing, log: AuditLog, clock: Clock, journal: StopJournal
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._journal = journal

    async def destroy(self, actor: PrivacyCoordinator, relationship: RelationshipId) -> Destruction:
        """Destroy the key of one child at one school.

        Raises:
            NotAllowedError: only the privacy coordinator decides this.
            NotFoundError: no such relationship in this shelter.
        """
        require(actor, Action.DESTROY_KEY, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            if await read_relationship(conn, actor.tenant, relationship) is None:
                raise NotFoundError("relationship")
        stop = self._journal.accept(
            "key_destruction",
            tenant=actor.tenant,
            at=self._clock.now(),
            subject={"relationship": relationship},
        )
        try:
            async with self._database.transaction() as conn:
                await self._destroy(conn, actor.tenant, relationship, by(actor))
        except UnavailableError:
            return Destruction(relationship, "journalled")
        self._journal.mark_done(stop.id)
        return Destruction(relationship, "live_dead")

    async def replay(self, stop: Stop) -> bool:
        """Carry out a journalled destruction; True when it is one of ours. Twice changes nothing."""
        if stop.kind != "key_destruction":
            return False
        relationship = RelationshipId(stop.subject["relationship"])
        async with self._database.transaction() as conn:
            await self._destroy(conn, TenantId(stop.tenant), relationship, by(System()), stop)
        return True

    async def _destroy(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        relationship: RelationshipId,
        who: By,
        stop: Stop | None = None,
    ) -> None:
        found = await read_relationship(conn, tenant, relationship)
        if found is None or not await self._ring.destroy_relationship_key(conn, tenant, relationship):
            return
        await raise_relationship(conn, tenant, relationship, self._clock.now())
        await self._log.append(
            conn,
            tenant=tenant,
            event=events.KeyDestroyed("relationship", relationship),
            by=who,
            subject=found.child,
            relationship=relationship,
            late_since=None if stop is None else stop.at,
        )
