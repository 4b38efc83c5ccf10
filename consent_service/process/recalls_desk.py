"""What people ask back by hand: shared wrongly, or copied into a file; and the officers' list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog
from consent_service.families.model import Relationship
from consent_service.families.reading import lock_family, read_relationship
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import RecordId, RelationshipId, TypeKey
from consent_service.identity.model import Counsellor, Fg, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require
from consent_service.process.recalls_issuing import issue, last_read
from consent_service.process.recalls_model import (
    OfficerRecall,
    last_day_to_answer,
    state_of,
)
from consent_service.process.tables import erasure_notices, recalls
from consent_service.records.retracting import retract_one

Asker = Counsellor | PrivacyCoordinator


class RecallDesk:
    """Ask one thing back by hand; see how every recall stands."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations

    async def recall_record(self, actor: Asker, relationship: RelationshipId, record: RecordId) -> str | None:
        """Take back what was shared wrongly; a school that read it is asked to remove its copy.

        Returns:
            The id of the recall; None when nobody at the school had read that type yet.

        Raises:
            NotAllowedError: not with this family, or no privacy coordinator of this shelter.
            NotFoundError: no such relationship, or the shelter shared no such record there (any more).
        """
        async with self._about(actor, relationship) as (conn, about):
            now = self._clock.now()
            gone = await retract_one(conn, self._ring, self._log, about, record, who=by(actor), now=now)
            if gone is None:
                raise NotFoundError("record")
            read = await last_read(conn, self._log, about, now)
            seen = read.get(gone.information_type)
            if seen is None or seen < gone.written_at:
                return None
            return await issue(
                conn,
                self._log,
                self._clock,
                about,
                gone.information_type,
                cause="wrongly_shared",
                records=1,
                received_on=local_date(seen),
                who=by(actor),
            )

    async def report_copied(self, actor: Asker, relationship: RelationshipId, kind: TypeKey) -> str:
        """What the school read stands in a file that goes elsewhere, though its label said no (S38).

        Returns:
            The id of the recall.

        Raises:
            NotAllowedError: not with this family, or no privacy coordinator of this shelter.
            NotFoundError: no such relationship.
            InputError: nobody at the school ever read that type here.
        """
        async with self._about(actor, relationship) as (conn, about):
            seen = (await last_read(conn, self._log, about, self._clock.now())).get(kind)
            if seen is None:
                raise InputError([Problem("information_type", "recall_never_read")])
            return await issue(
                conn,
                self._log,
                self._clock,
                about,
                kind,
                cause="copied_into_file",
                records=0,
                received_on=local_date(seen),
                who=by(actor),
            )

    async def copyable(self, actor: Asker, relationship: RelationshipId) -> tuple[TypeKey, ...]:
        """The types somebody at the school read here, in the order of their names.

        Raises:
            NotAllowedError: not with this family, or no privacy coordinator of this shelter.
            NotFoundError: no such relationship.
        """
        async with self._about(actor, relationship) as (conn, about):
            return tuple(sorted(await last_read(conn, self._log, about, self._clock.now())))

    async def overview(self, actor: PrivacyCoordinator | Fg) -> tuple[OfficerRecall, ...]:
        """Every recall of this shelter, newest first; of erased people too, whom nothing names.

        Raises:
            NotAllowedError: no officer.
        """
        require(actor, Action.VIEW_RECALLS, Circumstances(tenant=actor.tenant))
        today = local_date(self._clock.now())
        async with self._database.reading() as conn:
            rows = [
                row
                for table in (recalls, erasure_notices)
                for row in await conn.execute(select(table).where(table.c.tenant == actor.tenant))
            ]
        found = [
            OfficerRecall(
                recall=row.recall,
                reference=row.recall[-6:].upper(),
                school=row.school,
                information_type=TypeKey(row.information_type),
                cause=getattr(row, "cause", "erased"),
                issued_at=row.issued_at,
                state=state_of(row.answer, row.reason),
                ground=row.reason or "",
                late=row.answered_at is None and last_day_to_answer(local_date(row.issued_at)) < today,
                matter=getattr(row, "erasure", None) or getattr(row, "case", None) or "",
                answered_at=row.answered_at,
            )
            for row in rows
        ]
        return tuple(sorted(found, key=lambda one: (one.issued_at, one.recall), reverse=True))

    @asynccontextmanager
    async def _about(
        self, actor: Asker, relationship: RelationshipId
    ) -> AsyncIterator[tuple[AsyncConnection, Relationship]]:
        """A transaction about one child at one school, of whoever may ask back there."""
        async with self._database.transaction() as conn:
            about = await read_relationship(conn, actor.tenant, relationship)
            if about is None:
                raise NotFoundError("relationship")
            assigned = isinstance(actor, Counsellor) and await self._organisations.is_assigned(
                conn, actor, about.family
            )
            facts = Circumstances(tenant=about.tenant, family=about.family, assigned=assigned)
            require(actor, Action.RECALL_SHARED, facts)
            await lock_family(conn, about.tenant, about.family)
            yield conn, about
