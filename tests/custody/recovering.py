"""Recovery over a furnished shelter: a ceremony, a lost key provider, key tables as they were."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import asdict
from sqlalchemy import delete, insert

from consent_service.custody.backup_file import KeyBackup, KeyRows, read_backup, read_rows
from consent_service.custody.key_choice import Choice
from consent_service.custody.recovery import Ceremony
from consent_service.custody.restoring import write_keys
from consent_service.custody.shares import combine
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import Operator, by
from consent_service.keyring.secret import Secret
from consent_service.keyring.tables import key_roots
from tests.factories import make_keystore
from tests.shelter import World, reopened

OPERATOR = Operator("tests")
BY = by(OPERATOR)


async def hold_ceremony(world: World) -> Ceremony:
    """A recovery key for the world, read back by three custodians."""
    ceremony = world.services.recovery_keys.begin(OPERATOR)
    assert await world.services.recovery_keys.accept(ceremony, ceremony.sheets[1:4], actor=OPERATOR) == ()
    return ceremony


def seed_of(ceremony: Ceremony) -> Secret:
    seed = combine(ceremony.sheets[2:])
    assert isinstance(seed, Secret)
    return seed


async def backed_up(world: World) -> KeyBackup:
    """A backup of this moment, as it stands on the disk."""
    return read_backup((await world.services.key_backups.make()).path)


async def key_rows(world: World) -> KeyRows:
    async with world.services.installation.database.reading() as conn:
        return await read_rows(conn)


async def put_back(world: World, rows: KeyRows) -> None:
    """The key tables as they were, as after a restore of data."""
    async with world.services.installation.database.transaction() as conn:
        await write_keys(conn, Choice(rows.tenants, rows.relationships, rows.persons, 0, 0))
        await conn.execute(delete(key_roots))
        await conn.execute(insert(key_roots), [asdict(row) for row in rows.roots])


def with_a_new_provider(world: World, database: Database, folder: Path) -> World:
    """The same shelter after its keystore was lost: a fresh one, the same database and journal."""
    elsewhere = folder / "new-keystore"
    elsewhere.mkdir()
    make_keystore(elsewhere)
    clock = MovableClock(world.clock.now())
    journal = StopJournal(folder / "stops.jsonl")
    return reopened(world, database, clock, journal, elsewhere)
