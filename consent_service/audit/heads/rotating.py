"""Another key for a log: announced in the log itself, under a head that the key before it signed.

Whoever trusted the old key thereby learns the new one from it. Between announcing and using it nothing is
lost when the process dies: the announced key never signs, and the next rotation announces another.
"""

from __future__ import annotations

import asyncio
from typing import Final

from sqlalchemy import func, select

from consent_service.audit.events import By, LogKeyRotated
from consent_service.audit.happenings.upkeep import Urgency
from consent_service.audit.log import AuditLog
from consent_service.audit.log_keys import FreshKey, LogKey, current_log, make_key, put_in_use
from consent_service.audit.sequencer import Sequencer
from consent_service.audit.tables import audit_checkpoints, audit_sequence
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, NotFoundError, UnavailableError
from consent_service.foundation.ids import EntryId, TenantId
from consent_service.keyring.service import KeyRing

_ATTEMPTS: Final = 300
_PAUSE_SECONDS: Final = 0.1


class KeyRotation:
    """Gives logs another key; one rotation of a log at a time."""

    def __init__(
        self, *, database: Database, ring: KeyRing, log: AuditLog, clock: Clock, sequencer: Sequencer
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._sequencer = sequencer

    async def rotate(self, tenant: TenantId, *, reason: Urgency, by: By) -> LogKey:
        """Announce a fresh key, have the old one sign that, then let the fresh one sign.

        Raises:
            NotFoundError: the tenant has no log.
            ConflictError: meanwhile the log was opened anew, or got another key.
            IntegrityError: the log cannot be signed as it stands.
            UnavailableError: something is away; the key before stays in use.
        """
        async with self._database.exclusive(f"log-key-{tenant}"):
            log, fresh, entry = await self._announce(tenant, reason, by)
            await self._wait_until_signed(log, entry)
            async with self._database.transaction() as conn:
                if await current_log(conn, tenant) != log:
                    raise ConflictError("meanwhile the log was opened anew, or got another key")
                return await put_in_use(conn, log, fresh, now=self._clock.now())

    async def _announce(
        self, tenant: TenantId, reason: Urgency, by: By
    ) -> tuple[LogKey, FreshKey, EntryId | None]:
        async with self._database.transaction() as conn:
            log = await current_log(conn, tenant)
            if log is None:
                raise NotFoundError("log")
            fresh = await make_key(conn, self._ring, log)
            event = LogKeyRotated(log.log, log.key_number + 1, fresh.public.hex(), reason)
            entry = await self._log.append(conn, tenant=tenant, event=event, by=by, subject=None)
            return log, fresh, entry

    async def _wait_until_signed(self, log: LogKey, entry: EntryId | None) -> None:
        """Transactions that were open before the announcement must end first; none may last long."""
        for _ in range(_ATTEMPTS):
            await self._sequencer.run_once(log.tenant)
            if await self._is_signed(log, entry):
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        raise UnavailableError("the announcement of the key gets no place in the log")

    async def _is_signed(self, log: LogKey, entry: EntryId | None) -> bool:
        sequence, heads = audit_sequence.c, audit_checkpoints.c
        place = select(sequence.seq).where(
            sequence.tenant == log.tenant, sequence.log == log.log, sequence.entry == entry
        )
        largest = select(func.max(heads.size)).where(heads.tenant == log.tenant, heads.log == log.log)
        async with self._database.reading() as conn:
            seq = (await conn.execute(place)).scalar_one_or_none()
            size = (await conn.execute(largest)).scalar_one_or_none()
        return seq is not None and size is not None and seq < size
