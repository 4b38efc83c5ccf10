"""What every exit stands on: the joined read, the moment until which it holds, stops, and a living log.

What is decided and written on it is `service` for pages and `exits` for everything else that leaves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import PENDING_LIMIT, AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    KeyDestroyedError,
    LogUnavailableError,
    NotFoundError,
    StopsPendingError,
)
from consent_service.foundation.ids import RelationshipId, TenantId
from consent_service.foundation.stop_journal import StopJournal
from consent_service.keyring.service import KeyRing
from consent_service.organisations.relationship_state import set_next_change
from consent_service.organisations.service import OrganisationService
from consent_service.policy.facts import Reader
from consent_service.policy.projection import next_change
from consent_service.policy.service import PolicyService
from consent_service.release.judging import Judged, judged, readings, writing
from consent_service.release.read import Situation, read_situation

TRIES: Final = 3
"""How often everything is read again when somebody acted in between."""


class Door:
    """What the ways out have in common."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        journal: StopJournal,
        organisations: OrganisationService,
        policies: PolicyService,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._journal = journal
        self._organisations = organisations
        self._policies = policies

    async def _situation(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> Situation:
        """An erased child is answered like one that never was."""
        try:
            found = await read_situation(conn, self._ring, tenant, relationship)
        except KeyDestroyedError as gone:
            raise NotFoundError("relationship") from gone
        if found is None:
            raise NotFoundError("relationship")
        return found

    async def _renewed(self, situation: Situation, conn: AsyncConnection | None = None) -> Situation:
        """When time alone may have changed something, compute anew until when decisions hold."""
        now = self._clock.now()
        if now < situation.next_change_at:
            return situation
        until = next_change(situation.known, now)
        about = situation.known.relationship
        async with self._joined(conn) as inside:
            await set_next_change(
                inside,
                about.tenant,
                about.relationship,
                version=situation.version,
                next_change_at=until,
            )
        return msgspec.structs.replace(situation, next_change_at=until)

    async def _at_the_gate(self, situation: Situation, reader: Reader) -> Judged:
        """Whether this reader may know that the family is being helped; no record is opened for it.

        A role that does not read the gate type itself, such as a teacher's, may know of a child as soon
        as the rules give it any type about that child, or let it write one: the administration writes
        absence and may read nothing of it.
        """
        rules = await self._policies.in_force(situation.active_bundle)
        gate, now = rules.catalogue.gate, self._clock.now()
        answer = judged(situation, rules, reader, "contact", asked=[(gate.key, "s2c")], now=now)
        if reader.role not in gate.readers:
            others = readings(situation, rules, reader, now=now)
            found = next((other for other in others if other.permit is not None), None)
            answer = found or writing(situation, rules, reader, now=now) or answer
        return msgspec.structs.replace(answer, to_open=())

    @asynccontextmanager
    async def _joined(self, conn: AsyncConnection | None) -> AsyncIterator[AsyncConnection]:
        """The caller's transaction, or one of its own."""
        if conn is not None:
            yield conn
            return
        async with self._database.transaction() as own:
            yield own

    def _refuse_while_stopping(self, tenant: TenantId, relationship: RelationshipId) -> None:
        if self._journal.concerning(tenant, relationship):
            raise StopsPendingError("a stop is being carried out")

    async def _require_living_log(self, conn: AsyncConnection, tenant: TenantId) -> None:
        try:
            waiting = await self._log.oldest_pending(conn, tenant, self._clock.now())
        except DBAPIError as failure:
            raise LogUnavailableError("the log cannot be read") from failure
        if waiting is not None and waiting > PENDING_LIMIT:
            raise LogUnavailableError("entries wait too long for their place in the log")
