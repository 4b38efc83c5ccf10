"""A log to test with: a tenant with keys, an open log, two persons and a sequencer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

import consent_service.audit.tables
import consent_service.keyring.tables  # noqa: F401 - its tables must exist
from consent_service.audit.protection import insert_only_tables, protection_statements
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database, metadata
from consent_service.keyring.service import KeyRing
from tests.audit.factories import Desk, open_desk


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    database = Database(empty_database_url)
    own = [
        table
        for name, table in metadata.tables.items()
        if name.startswith(("audit_", "tenant_keys", "person_keys"))
    ]
    names = [name for name in insert_only_tables() if name.startswith("audit_")]
    if database.is_sqlite:
        async with database.engine.connect() as conn:
            await conn.exec_driver_sql("COMMIT")
            await conn.exec_driver_sql("PRAGMA journal_mode=WAL")
    async with database.transaction() as conn:
        await conn.run_sync(lambda sync: metadata.create_all(sync, own))
        for statement in protection_statements(conn.dialect.name, names):
            await conn.execute(text(statement))
    yield database
    await database.close()


@pytest.fixture
async def desk(database: Database, keyring: KeyRing, clock: MovableClock) -> Desk:
    return await open_desk(database, keyring, clock)
