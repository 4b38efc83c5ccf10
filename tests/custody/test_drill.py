"""A drill opens what three sheets and one backup should open, finds what they do not, and leaves nothing."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from consent_service.audit.log import TrailFilter
from consent_service.custody import drill
from consent_service.custody.drill import DrillReport, Tally
from consent_service.custody.key_choice import Unusable
from consent_service.families.tables import guardians
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConfigurationError, NotAllowedError
from consent_service.foundation.ids import INSTALLATION, RelationshipId, TypeKey
from consent_service.keyring import recovery
from consent_service.keyring.tables import key_destructions, person_keys, relationship_keys
from consent_service.organisations.tables import staff
from consent_service.records.service import Note
from consent_service.records.tables import records
from tests.custody.recovering import OPERATOR, backed_up, hold_ceremony, key_rows, put_back, seed_of
from tests.ledger import count
from tests.shelter import World

LATER = timedelta(hours=1)


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where scratch places are made; empty after every drill."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def left_in(folder: Path) -> list[Path]:
    return list(folder.glob("ruggensteun-drill-*"))


async def shared(world: World, text: str = "Rust.") -> RelationshipId:
    """A child at a school with something written about it."""
    view = await world.family(children=(("Noor", date(2018, 5, 4)),))
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "support_advice": "yes"})
    note = Note(TypeKey("support_advice"), {"helps": text})
    await world.services.records.share(world.counsellor, relationship, note)
    return relationship


async def drilled(world: World, **how: object) -> DrillReport:
    outcome = await world.services.key_drill.run(actor=OPERATOR, **how)  # type: ignore[arg-type]
    assert isinstance(outcome, DrillReport), outcome
    return outcome


async def people(world: World) -> int:
    """A child and a guardian for each family, and the staff."""
    return await count(world, guardians) * 2 + await count(world, staff)


async def test_everything_that_lives_opens_from_the_backup_alone(world: World, scratch: Path) -> None:
    ceremony = await hold_ceremony(world)
    for _ in range(2):
        await shared(world)
    backup = await backed_up(world)
    report = await drilled(world, backup=backup, seed=seed_of(ceremony))
    assert report.keys == backup.header.keys
    assert report.records == Tally(2, 2)
    assert report.identities == Tally(await people(world), await people(world))
    assert report.destroyed == Tally()
    assert report.good
    assert left_in(scratch) == []
    async with world.services.installation.database.reading() as conn:
        wanted = TrailFilter(types=frozenset({"key.recovery_drilled.v1"}))
        (entry,) = (await world.services.log.trail(conn, INSTALLATION, wanted)).entries
    assert entry.detail is not None
    event = entry.detail.event
    assert (event.keys, event.opened, event.failed) == (  # type: ignore[union-attr]
        report.keys, 2 + await people(world), 0,
    )  # fmt: skip


async def test_a_record_and_a_name_that_do_not_open_are_found(world: World) -> None:
    ceremony = await hold_ceremony(world)
    relationship = await shared(world)
    await shared(world)
    backup = await backed_up(world)
    async with world.services.installation.database.transaction() as conn:
        broken = records.c.relationship == relationship
        await conn.execute(update(records).where(broken).values(envelope=bytes(200)))
        await conn.execute(update(guardians).values(sealed_identity=bytes(200)))
    report = await drilled(world, backup=backup, seed=seed_of(ceremony))
    assert (report.records.failed, report.identities.failed) == (1, 2)
    assert (report.failed, report.good) == (3, False)


async def test_a_record_that_was_rolled_back_is_found_by_its_digest(world: World) -> None:
    ceremony = await hold_ceremony(world)
    await shared(world)
    backup = await backed_up(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(records).values(expires_at=None, approved_by="somebody"))
    report = await drilled(world, backup=backup, seed=seed_of(ceremony))
    assert report.records == Tally(1, 0)


async def test_a_living_key_that_is_not_in_the_backup_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ceremony = await hold_ceremony(world)
    await shared(world)
    world.clock.advance(LATER)
    kept = await key_rows(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(relationship_keys))
    backup = await backed_up(world)
    await put_back(world, kept)
    report = await drilled(world, backup=backup, seed=seed_of(ceremony))
    assert report.records == Tally(1, 0)


async def test_what_was_destroyed_stays_closed_and_is_counted(world: World) -> None:
    ceremony = await hold_ceremony(world)
    gone, _ = await shared(world), await shared(world)
    backup = await backed_up(world)  # of before the destruction: its rows still hold the key
    world.clock.advance(LATER)
    await world.services.custody.destroy(world.officer, gone)
    report = await drilled(world, backup=backup, seed=seed_of(ceremony))
    assert report.destroyed == Tally(1, 0)
    assert report.records == Tally(1, 1)
    assert report.good


async def test_a_destroyed_key_that_still_opens_fails_the_drill(world: World) -> None:
    ceremony = await hold_ceremony(world)
    await shared(world)
    backup = await backed_up(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(relationship_keys))  # destroyed, and nobody wrote it down
        await conn.execute(delete(person_keys).where(person_keys.c.person.in_(["nobody"])))
    report = await drilled(world, backup=backup, seed=seed_of(ceremony))
    assert report.destroyed == Tally(1, 1)
    assert (report.failed, report.good) == (1, False)


async def test_what_is_younger_than_the_backup_is_not_expected_to_open(world: World) -> None:
    ceremony = await hold_ceremony(world)
    await shared(world)
    backup = await backed_up(world)
    world.clock.advance(LATER)
    await shared(world)
    report = await drilled(world, backup=backup, seed=seed_of(ceremony))
    assert report.records == Tally(1, 1, younger=1)
    assert report.identities.younger == 2
    assert report.good


async def test_in_a_restored_copy_what_was_destroyed_since_does_not_open(
    world: World, database: Database
) -> None:
    ceremony = await hold_ceremony(world)
    await shared(world)
    gone = await shared(world)
    yesterday = await key_rows(world)
    world.clock.advance(LATER)
    await world.services.custody.destroy(world.officer, gone)
    world.clock.advance(LATER)
    backup = await backed_up(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(key_destructions))  # the copy is of yesterday
    await put_back(world, yesterday)
    report = await drilled(world, backup=backup, seed=seed_of(ceremony), copy=database)
    assert report.destroyed == Tally(1, 0)
    assert report.records == Tally(1, 1)
    assert report.good


async def test_sheets_of_another_ceremony_are_told_and_logged(world: World) -> None:
    await hold_ceremony(world)
    backup = await backed_up(world)
    outcome = await world.services.key_drill.run(backup, seed=recovery.new_seed(), actor=OPERATOR)
    assert outcome == Unusable("other_sheets")
    async with world.services.installation.database.reading() as conn:
        wanted = TrailFilter(types=frozenset({"key.recovery_drilled.v1"}))
        (entry,) = (await world.services.log.trail(conn, INSTALLATION, wanted)).entries
    assert entry.detail is not None
    assert entry.detail.event.failed == backup.header.keys  # type: ignore[union-attr]


async def test_a_damaged_key_in_the_backup_is_told(world: World, scratch: Path) -> None:
    ceremony = await hold_ceremony(world)
    await shared(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(relationship_keys).values(wrapped=bytes(60)))
    backup = await backed_up(world)
    outcome = await world.services.key_drill.run(backup, seed=seed_of(ceremony), actor=OPERATOR)
    assert outcome == Unusable("unopened", 1)
    assert left_in(scratch) == []


async def test_nothing_of_a_drill_stays_when_it_fails(
    world: World, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ceremony = await hold_ceremony(world)
    await shared(world)
    backup = await backed_up(world)
    seen: list[list[str]] = []

    def fail(*_: object) -> None:
        (folder,) = left_in(scratch)
        assert folder.stat().st_mode & 0o777 == 0o700
        seen.append(sorted(path.name for path in folder.iterdir()))
        raise RuntimeError("planted")

    monkeypatch.setattr(drill, "count_opening", fail)
    with pytest.raises(RuntimeError, match="planted"):
        await world.services.key_drill.run(backup, seed=seed_of(ceremony), actor=OPERATOR)
    assert "keystore" in seen[0]
    assert "keys.sqlite" in seen[0]
    assert left_in(scratch) == []


async def test_a_copy_with_another_schema_is_refused(world: World, tmp_path: Path) -> None:
    ceremony = await hold_ceremony(world)
    backup = await backed_up(world)
    empty = Database(f"sqlite+aiosqlite:///{tmp_path / 'empty.sqlite'}")
    try:
        with pytest.raises(ConfigurationError):
            await world.services.key_drill.run(backup, seed=seed_of(ceremony), actor=OPERATOR, copy=empty)
    finally:
        await empty.close()


async def test_nobody_but_an_operator_drills(world: World) -> None:
    ceremony = await hold_ceremony(world)
    backup = await backed_up(world)
    with pytest.raises(NotAllowedError):
        await world.services.key_drill.run(
            backup,
            seed=seed_of(ceremony),
            actor=world.officer,  # type: ignore[arg-type]
        )
