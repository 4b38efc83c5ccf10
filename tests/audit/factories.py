"""Plain factories for tests of the log, and the hand of somebody who owns the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from consent_service.audit.events import By, ConsentGiven, Event, LoginRefused
from consent_service.audit.log import AuditLog, TrailFilter, TrailPage
from consent_service.audit.log_keys import LogKey
from consent_service.audit.protection import removal_statements
from consent_service.audit.reading import verify_stored
from consent_service.audit.sequencer import Sequencer
from consent_service.audit.verify import Report
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import (
    DecisionId,
    EntryId,
    PersonId,
    RelationshipId,
    TenantId,
    TypeKey,
    new_id,
)
from consent_service.keyring.service import KeyRing

SYSTEM = By(kind="system", id="")
COUNSELLOR = By(kind="counsellor", id="018f0000-0000-7000-8000-000000000001")


def a_consent(relationship: RelationshipId | None = None) -> ConsentGiven:
    return ConsentGiven(
        decision=DecisionId(new_id()),
        relationship=relationship or RelationshipId(new_id()),
        information_type=TypeKey("support_advice"),
        direction="both",
        text_version="support_advice-1",
        text_hash="a" * 64,
        screen_hash="b" * 64,
        language="nl",
        method="typed_name",
    )


class Desk:
    """One tenant with its log; everything a test does with it in one line."""

    def __init__(self, database: Database, ring: KeyRing, clock: MovableClock) -> None:
        self.database = database
        self.ring = ring
        self.clock = clock
        self.log = AuditLog(ring, clock)
        self.sequencer = Sequencer(database, ring, clock)
        self.tenant = TenantId(new_id())
        self.mother = PersonId(new_id())
        self.father = PersonId(new_id())
        self.key: LogKey

    async def append(
        self,
        event: Event | None = None,
        *,
        by: By = SYSTEM,
        subject: PersonId | None = None,
        **more: Any,
    ) -> EntryId:
        async with self.database.transaction() as conn:
            entry = await self.log.append(
                conn,
                tenant=self.tenant,
                event=event or LoginRefused(provider="entree", code="unknown"),
                by=by,
                subject=subject,
                **more,
            )
        assert entry is not None
        return entry

    async def append_many(self, count: int) -> list[EntryId]:
        async with self.database.long_transaction() as conn:  # hundreds, on a machine that may be busy
            return [await self._append_in(conn) for _ in range(count)]

    async def _append_in(self, conn: Any) -> EntryId:
        entry = await self.log.append(
            conn, tenant=self.tenant, event=a_consent(), by=COUNSELLOR, subject=self.mother
        )
        assert entry is not None
        return entry

    async def trail(self, *, after: EntryId | None = None, limit: int = 50, **filters: Any) -> TrailPage:
        async with self.database.reading() as conn:
            return await self.log.trail(conn, self.tenant, TrailFilter(**filters), after=after, limit=limit)

    async def sequence(self) -> int:
        return await self.sequencer.run_once(self.tenant)

    async def verify(self) -> Report:
        return await verify_stored(self.database, self.ring, self.tenant)

    async def rows(self, sql: str, **values: object) -> list[Any]:
        async with self.database.reading() as conn:
            return list((await conn.execute(text(sql), values)).all())

    async def tamper(self, tables: Iterable[str], *statements: str, **values: object) -> None:
        """What somebody with all rights on the database does: drop the triggers, change, say nothing."""
        async with self.database.transaction() as conn:
            for statement in removal_statements(conn.dialect.name, tables):
                await conn.execute(text(statement))
            for statement in statements:
                used = {name: value for name, value in values.items() if f":{name}" in statement}
                await conn.execute(text(statement), used)


async def open_desk(database: Database, ring: KeyRing, clock: MovableClock) -> Desk:
    desk = Desk(database, ring, clock)
    async with database.transaction() as conn:
        await ring.create_tenant(conn, desk.tenant)
        await ring.create_person_key(conn, desk.tenant, desk.mother)
        await ring.create_person_key(conn, desk.tenant, desk.father)
        desk.key = await desk.log.open(conn, tenant=desk.tenant, host="example.org")
    return desk
