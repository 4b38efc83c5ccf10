"""Key backups: sealed, whole, private, read back, and gone again after their days."""

from __future__ import annotations

import asyncio
import errno
import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from consent_service.audit import events
from consent_service.audit.log import TrailFilter
from consent_service.custody import backups, durable_files
from consent_service.custody.backup_file import file_name, found_backups, read_backup
from consent_service.custody.backup_folder import ID_FILE
from consent_service.custody.epochs import EpochDone
from consent_service.foundation.errors import (
    ConfigurationError,
    IntegrityError,
    KeyProviderUnavailableError,
    UnavailableError,
)
from consent_service.foundation.ids import INSTALLATION, new_id
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.primitives import open_from_recovery
from consent_service.keyring.tables import key_destructions, person_keys, relationship_keys, tenant_keys
from tests.custody.recovering import backed_up, hold_ceremony, seed_of
from tests.custody.rounds import destroy, epochs_of, make_relationship_key
from tests.ledger import entries, rows
from tests.shelter import World

LATER = timedelta(hours=1)


def folder(world: World) -> Path:
    return world.services.installation.key_backups.folder


def names(world: World) -> list[str]:
    """The files in the folder, but for the one with its id."""
    found = folder(world).iterdir() if folder(world).exists() else ()
    return sorted(path.name for path in found if path.name != ID_FILE)


async def logged(world: World, kind: str) -> list[object]:
    wanted = TrailFilter(types=frozenset({kind}))
    async with world.services.installation.database.reading() as conn:
        page = await world.services.log.trail(conn, INSTALLATION, wanted)
    return [entry.detail.event for entry in page.entries if entry.detail is not None]


# --- making one -------------------------------------------------------------------------------------------


async def test_a_backup_holds_every_key_is_private_and_logged(world: World) -> None:
    ceremony = await hold_ceremony(world)
    view = await world.family()
    await world.at_school(view.children[0].child)
    made = await world.services.key_backups.make()
    backup = read_backup(made.path)
    assert made.path.name == file_name(1, made.backup, made.made_at)
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert folder(world).stat().st_mode & 0o777 == 0o700
    assert names(world) == [made.path.name]
    assert backup.header.keys == made.keys == backup.rows.keys
    assert {row.relationship for row in backup.rows.relationships} == {
        row.relationship for row in await rows(world, relationship_keys)
    }
    assert len(backup.rows.persons) == len(await rows(world, person_keys))
    (event,) = await logged(world, "key.backed_up.v1")
    assert (event.backup, event.keys) == (made.backup, made.keys)  # type: ignore[attr-defined]
    assert event.recovery == ceremony.key.fingerprint  # type: ignore[attr-defined]


async def test_no_key_material_stands_in_clear_in_a_backup(world: World) -> None:
    await hold_ceremony(world)
    made = await world.services.key_backups.make()
    content = made.path.read_bytes()
    ring = world.services.installation.ring
    backup = read_backup(made.path)
    for row in backup.rows.tenants:
        material = ring.material.tenant_material(row.key).reveal()
        assert material not in content
        assert material.hex().encode() not in content


async def test_the_sealed_section_opens_for_this_backup_only(world: World) -> None:
    seed = seed_of(await hold_ceremony(world))
    first, second = await backed_up(world), await backed_up(world)

    def info(of: bytes) -> bytes:
        return length_prefixed("key-backup/v1", of)

    assert open_from_recovery(seed, first.sealed, info(first.sealing_info))
    with pytest.raises(IntegrityError):
        open_from_recovery(seed, first.sealed, info(second.sealing_info))


async def test_without_a_recovery_key_nothing_is_backed_up(world: World) -> None:
    with pytest.raises(ConfigurationError, match="keys ceremony"):
        world.services.key_backups.require_ready()
    with pytest.raises(ConfigurationError, match="keys ceremony"):
        await world.services.key_backups.make()
    assert names(world) == []
    await hold_ceremony(world)
    world.services.key_backups.require_ready()


async def test_a_key_that_does_not_open_makes_no_backup(world: World) -> None:
    await hold_ceremony(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(
            update(tenant_keys).where(tenant_keys.c.tenant == world.tenant).values(wrapped=bytes(60))
        )
    with pytest.raises(IntegrityError):
        await world.services.key_backups.make()
    assert names(world) == []


async def test_an_installation_without_an_audit_key_makes_no_backup(world: World) -> None:
    await hold_ceremony(world)
    of_installation = (tenant_keys.c.tenant == INSTALLATION) & (tenant_keys.c.purpose == "audit")
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(tenant_keys).where(of_installation))
    with pytest.raises(IntegrityError, match="audit key"):
        await world.services.key_backups.make()


async def test_with_the_provider_away_no_backup_is_made(world: World, tmp_path: Path) -> None:
    await hold_ceremony(world)
    (tmp_path / "keystore.json").rename(tmp_path / "unplugged")
    with pytest.raises(KeyProviderUnavailableError):
        await world.services.key_backups.make()
    assert names(world) == []


async def test_on_a_full_disk_nothing_is_left_behind_and_nothing_is_logged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold_ceremony(world)
    real = os.fsync

    def full(descriptor: int) -> None:
        if str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith(str(folder(world))):
            raise OSError(errno.ENOSPC, "no space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnavailableError):
        await world.services.key_backups.make()
    assert names(world) == []
    assert await logged(world, "key.backed_up.v1") == []


async def test_a_disk_that_gives_back_something_else_is_found_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold_ceremony(world)
    real = durable_files.write_durably

    def forgetful(path: Path, content: bytes, *, mode: int) -> None:
        real(path, content[:-1] + b"?", mode=mode)

    monkeypatch.setattr(backups, "write_durably", forgetful)
    with pytest.raises(IntegrityError, match="read back"):
        await world.services.key_backups.make()
    assert names(world) == []

    def lost(path: Path, content: bytes, *, mode: int) -> None:
        return

    monkeypatch.setattr(backups, "write_durably", lost)
    with pytest.raises(UnavailableError):
        await world.services.key_backups.make()
    assert await logged(world, "key.backed_up.v1") == []


async def test_a_folder_others_look_into_takes_no_backup(world: World) -> None:
    await hold_ceremony(world)
    folder(world).mkdir()
    folder(world).chmod(0o755)
    with pytest.raises(UnavailableError, match="others"):
        await world.services.key_backups.make()
    assert names(world) == []


async def test_a_key_made_while_a_backup_reads_is_in_it_whole_or_not_at_all(world: World) -> None:
    await hold_ceremony(world)
    making = asyncio.gather(*(make_relationship_key(world) for _ in range(3)))
    made = await world.services.key_backups.make()
    await making
    backup = read_backup(made.path)
    assert set(backup.rows.by_owner()) == {row.name for row in backup.rows.owned}


# --- dropping them ------------------------------------------------------------------------------------------


async def test_a_backup_is_dropped_on_its_day_and_not_before(world: World) -> None:
    await hold_ceremony(world)
    made = await world.services.key_backups.make()
    assert world.services.key_backups.expires_on(made.made_at) == date(2026, 9, 8)
    world.clock.advance(timedelta(days=6, hours=12))
    assert await world.services.key_backups.expire() == 0
    assert names(world) == [made.path.name]
    world.clock.advance(timedelta(hours=12))
    young = await world.services.key_backups.make()
    assert await world.services.key_backups.expire() == 1
    assert names(world) == [young.path.name]
    assert await world.services.key_backups.expire() == 0


async def test_what_was_left_of_a_killed_backup_is_dropped_too_and_strange_files_stay(world: World) -> None:
    await hold_ceremony(world)
    await world.services.key_backups.make()
    left = folder(world) / f".{file_name(9, new_id(), world.clock.now())}.0123456789abcdef"
    left.write_bytes(b"half")
    strange = [
        folder(world) / "notes.txt",
        folder(world) / f"keys-000001-20261399T000000Z-{new_id()}.backup",
        folder(world) / "keys-000001-20260901T080000Z-000000000000000000000000000000000000.backup",
    ]
    for path in strange:
        path.write_bytes(b"")
    assert [one.finished for one in found_backups(folder(world))] == [True, False]
    world.clock.advance(timedelta(days=8))
    assert await world.services.key_backups.expire() == 2
    assert names(world) == sorted(path.name for path in strange)


async def test_the_third_stage_is_reached_when_the_last_backup_of_the_path_is_gone(world: World) -> None:
    await hold_ceremony(world)
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.services.key_backups.make()
    world.clock.advance(LATER)
    await world.services.custody.destroy(world.officer, relationship)
    done = await epochs_of(world).run(reason="operator")
    assert isinstance(done, EpochDone)
    world.clock.advance(timedelta(days=3))
    await world.services.key_backups.make()  # of after: it holds no path
    assert await third_stage(world) == [None]
    world.clock.advance(timedelta(days=3))
    assert await world.services.key_backups.expire() == 0
    assert await third_stage(world) == [None]
    world.clock.advance(timedelta(days=1))
    assert await world.services.key_backups.expire() == 2
    assert await third_stage(world) == [world.clock.now()]
    (entry,) = await entries(world, "key.backups_expired.v1")
    assert entry.detail is not None
    assert entry.detail.event == events.KeyBackupsExpired("relationship", relationship)
    assert (entry.detail.subject, entry.detail.relationship) == (view.children[0].child, relationship)
    assert await world.services.key_backups.expire() == 0
    assert len(await entries(world, "key.backups_expired.v1")) == 1


async def test_a_backup_that_somebody_kept_holds_the_third_stage_back(world: World) -> None:
    await hold_ceremony(world)
    relationship = await make_relationship_key(world)
    kept = await world.services.key_backups.make()
    content = kept.path.read_bytes()
    world.clock.advance(LATER)
    await destroy(world, relationship)
    await epochs_of(world).run(reason="operator")
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(key_destructions).values(backups_until=world.clock.now().date()))
    assert await world.services.key_backups.expire() == 0
    assert await third_stage(world) == [None]
    kept.path.write_bytes(content)
    world.clock.advance(timedelta(days=8))
    await world.services.key_backups.expire()
    assert None not in await third_stage(world)


async def test_of_an_erased_child_the_third_stage_names_nobody(world: World) -> None:
    await hold_ceremony(world)
    view = await world.family()
    child = view.children[0].child
    await world.at_school(child)
    await world.services.custody.destroy_child(world.officer, child)
    await epochs_of(world).run(reason="operator")
    world.clock.advance(timedelta(days=8))
    await world.services.key_backups.expire()
    found = await entries(world, "key.backups_expired.v1")
    assert len(found) == 2
    for entry in found:
        assert entry.detail is not None
        assert (entry.detail.subject, entry.detail.relationship) == (None, None)


async def test_a_backup_that_cannot_be_dropped_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await hold_ceremony(world)
    await world.services.key_backups.make()
    world.clock.advance(timedelta(days=8))

    def refuse(_path: Path, missing_ok: bool = False) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(UnavailableError):
        await world.services.key_backups.expire()


async def third_stage(world: World) -> list[object]:
    async with world.services.installation.database.reading() as conn:
        return list((await conn.execute(select(key_destructions.c.backups_dead_at))).scalars())
