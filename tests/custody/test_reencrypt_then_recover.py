"""After a relationship was re-encrypted, backups, epochs and restores go on as before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from consent_service.custody.drill import DrillReport
from consent_service.custody.epochs import EpochDone
from consent_service.custody.restoring import Restored
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import PersonId, RelationshipId
from consent_service.keyring.tables import key_destructions
from tests.custody.recovering import OPERATOR, backed_up, hold_ceremony, key_rows, put_back, seed_of
from tests.custody.rounds import epochs_of
from tests.shelter import World


async def reencrypted(world: World) -> tuple[PersonId, RelationshipId]:
    """A child at a school, whose relationship has another key since."""
    view = await world.family()
    child = view.children[0].child
    relationship = await world.at_school(child)
    await world.services.reencryption.reencrypt(OPERATOR, world.tenant, relationship)
    return child, relationship


async def test_a_backup_is_made_and_says_which_keys_must_not_come_back(world: World) -> None:
    await hold_ceremony(world)
    _child, relationship = await reencrypted(world)
    backup = await backed_up(world)
    (noted,) = backup.rows.destructions
    assert (noted.kind, noted.owner, noted.name) == ("old_version", relationship, None)
    assert backup.rows.destroyed == frozenset()


async def test_the_key_of_today_is_restored_and_a_drill_is_good(world: World) -> None:
    ceremony = await hold_ceremony(world)
    _child, relationship = await reencrypted(world)
    backup = await backed_up(world)
    rows = await key_rows(world)
    await put_back(world, type(rows)(roots=rows.roots))
    done = await world.services.key_restoring.restore(backup, actor=OPERATOR)
    assert isinstance(done, Restored)
    assert (done.dropped, done.lost) == (0, 0)
    assert [row.relationship for row in (await key_rows(world)).relationships] == [relationship]
    report = await world.services.key_drill.run(backup, seed=seed_of(ceremony), actor=OPERATOR)
    assert isinstance(report, DrillReport)
    assert report.good


async def test_an_epoch_makes_its_path_dead_together_with_that_of_an_erased_child(world: World) -> None:
    await hold_ceremony(world)
    child, _relationship = await reencrypted(world)
    world.clock.advance(timedelta(hours=1))
    await world.services.custody.destroy_child(world.officer, child)
    assert isinstance(await epochs_of(world).run(reason="nightly"), EpochDone)
    async with world.services.installation.database.reading() as conn:
        found = (await conn.execute(select(key_destructions))).all()
    assert sorted(row.kind for row in found) == ["old_version", "person", "relationship"]
    assert {row.epoch for row in found} == {1}
    assert None not in {row.path_dead_at for row in found}


async def test_a_row_that_no_version_writes_stops_a_backup_as_damage(world: World) -> None:
    await hold_ceremony(world)
    await reencrypted(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(key_destructions).values(kind="strange"))
    with pytest.raises(IntegrityError, match="row of the key tables"):
        await world.services.key_backups.make()
