"""The officers' view of the log: filter it, read one entry, verify all of it. Looking is itself logged."""

from __future__ import annotations

from consent_service.audit.events import LogVerified
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter, TrailPage
from consent_service.audit.proofs import EntryProof, prove_entry
from consent_service.audit.reading import verify_stored
from consent_service.audit.verify import Report
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import EntryId
from consent_service.identity.model import Fg, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import require

Officer = PrivacyCoordinator | Fg


class SupervisionService:
    """What the privacy coordinator and the FG do with the log."""

    def __init__(self, *, database: Database, ring: KeyRing, log: AuditLog) -> None:
        self._database = database
        self._ring = ring
        self._log = log

    async def trail(
        self, actor: Officer, wanted: TrailFilter, *, after: EntryId | None = None, limit: int = 50
    ) -> TrailPage:
        """A page of the trail, newest first; one entry says that it was looked at.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_TRAIL, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            return await self._log.view(conn, actor.tenant, wanted, by=by(actor), after=after, limit=limit)

    async def entry(self, actor: Officer, entry: EntryId) -> TrailEntry:
        """One entry.

        Raises:
            NotFoundError: no such entry in this shelter's log.
        """
        page = await self.trail(actor, TrailFilter(entry=entry), limit=1)
        if not page.entries:
            raise NotFoundError("entry")
        return page.entries[0]

    async def proof(self, actor: Officer, entry: EntryId) -> EntryProof:
        """Whether a signed head of the log covers this entry; shown beside `entry`, which logs the look.

        Raises:
            NotFoundError: no such entry in this shelter's log.
        """
        require(actor, Action.VIEW_TRAIL, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            found = await prove_entry(conn, actor.tenant, entry)
        if found is None:
            raise NotFoundError("entry")
        return found

    async def verify(self, actor: Officer) -> Report:
        """Recompute the whole log now; the outcome is logged.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VERIFY_LOG, Circumstances(tenant=actor.tenant))
        report = await verify_stored(self._database, self._ring, actor.tenant)
        async with self._database.transaction() as conn:
            event = LogVerified(size=report.size, problems=len(report.problems))
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=None)
        return report
