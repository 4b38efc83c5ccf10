"""Stops of families: safety flag, contact removed, relationship or guidance ended.

Each stands in the stop journal, flushed to disk, before it is carried out; with the database away the
journal alone makes it hold. Replaying carries out what did not reach the ledger and changes nothing
of what did: live act and replay take the family's row first, so that the second sees the first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.model import Relationship, SafetyAssessment
from consent_service.families.reading import CONFLICT, lock_family, read_relationship
from consent_service.families.tables import safety_assessments
from consent_service.families.writing import FamilyWriter
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError, UnavailableError
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, StaffId, TenantId
from consent_service.foundation.stop_journal import Stop, StopJournal, StopKind
from consent_service.identity.model import System, by

WORST = SafetyAssessment("danger", True, False, None, None)
"""What a safety flag counts as when only the journal knows of it."""


class FamilyStops:
    """Journal, carry out, replay."""

    def __init__(
        self, *, database: Database, clock: Clock, journal: StopJournal, writer: FamilyWriter
    ) -> None:
        self._database = database
        self._clock = clock
        self._journal = journal
        self._writer = writer

    async def carry_out(
        self,
        kind: StopKind,
        tenant: TenantId,
        subject: dict[str, str],
        act: Callable[[], Awaitable[None]],
    ) -> None:
        """Journal first, then act.

        Raises:
            UnavailableError: the journal could not be written: the stop was NOT accepted.
        """
        stop = self._journal.accept(kind, tenant=tenant, at=self._clock.now(), subject=subject)
        try:
            await act()
        except UnavailableError:
            return
        self._journal.mark_done(stop.id)

    async def replay(self, stop: Stop) -> bool:
        """Carry out a journalled stop that did not reach the ledger; True when it is one of ours."""
        match stop.kind:
            case "safety_flag":
                await self._replay_safety_flag(stop)
            case "relationship_end":
                await self._replay_end(stop)
            case "contact_removal":
                await self._replay_contact_removal(stop)
            case _:
                return False
        return True

    async def _replay_safety_flag(self, stop: Stop) -> None:
        """Only an assessment of the same, the family as a whole or that guardian, makes it superfluous."""
        tenant, family = TenantId(stop.tenant), FamilyId(stop.subject["family"])
        about = PersonId(stop.subject["guardian"]) if "guardian" in stop.subject else None
        assessed = safety_assessments.c
        later = (
            select(assessed.assessment)
            .where(assessed.tenant == tenant, assessed.family == family, assessed.recorded_at >= stop.at)
            .where(assessed.guardian.is_(None) if about is None else assessed.guardian == about)
            .limit(1)
        )
        async with self._database.transaction() as conn:
            if not await _still_known(conn, tenant, family):
                return
            if (await conn.execute(later)).first() is None:
                await self._writer.write_safety(
                    conn,
                    tenant,
                    family,
                    msgspec.structs.replace(WORST, guardian=about),
                    who=by(System()),
                    assessor=StaffId(stop.subject["assessor"]),
                    late_since=stop.at,
                )

    async def _replay_end(self, stop: Stop) -> None:
        tenant, reason = TenantId(stop.tenant), stop.subject["reason"]
        async with self._database.transaction() as conn:
            if "family" in stop.subject:
                family = FamilyId(stop.subject["family"])
                if await _still_known(conn, tenant, family):
                    await self._writer.end_family(
                        conn, tenant, family, reason, who=by(System()), begun_until=stop.at, late=True
                    )
                return
            found = await _relationship_of(conn, stop)
            if found is not None and "staff" in stop.subject:
                member = StaffId(stop.subject["staff"])
                await self._writer.disown(conn, found, member, who=by(System()), late_since=stop.at)
            elif found is not None:
                await self._writer.end_relationship(conn, found, reason, who=by(System()), late_since=stop.at)

    async def _replay_contact_removal(self, stop: Stop) -> None:
        async with self._database.transaction() as conn:
            found = await _relationship_of(conn, stop)
            if stop.subject.get("reason") == CONFLICT:
                await self._replay_conflict(conn, stop, found)
            elif found is not None:
                member = StaffId(stop.subject["staff"])
                await self._writer.remove_contact(
                    conn, found, member, who=by(System()), listed_until=stop.at, late_since=stop.at
                )

    async def _replay_conflict(self, conn: AsyncConnection, stop: Stop, found: Relationship | None) -> None:
        """Holds for the family; it is known by the child at school where the stop does not name it."""
        tenant, member = TenantId(stop.tenant), StaffId(stop.subject["staff"])
        known = None if found is None else found.family
        family = FamilyId(stop.subject["family"]) if "family" in stop.subject else known
        if family is not None and await _still_known(conn, tenant, family):
            at = RelationshipId(stop.subject["relationship"])
            await self._writer.declare_conflict(
                conn, tenant, family, member, at=at, who=by(System()), late_since=stop.at
            )


async def _still_known(conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> bool:
    """Takes the family's row; False when a restored database does not know the family yet."""
    try:
        await lock_family(conn, tenant, family)
    except NotFoundError:
        return False
    return True


async def _relationship_of(conn: AsyncConnection, stop: Stop) -> Relationship | None:
    tenant = TenantId(stop.tenant)
    found = await read_relationship(conn, tenant, RelationshipId(stop.subject["relationship"]))
    if found is not None:
        await lock_family(conn, tenant, found.family)
    return found
