"""Which row of each key is used: one that opens; nothing is dropped because a clock was wrong."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update

from consent_service.app.jobs import KeyCare
from consent_service.custody.backup_file import found_backups, read_backup
from consent_service.custody.key_choice import _pick
from consent_service.custody.restoring import Restored
from consent_service.keyring.tables import person_keys, relationship_keys
from tests.custody.recovering import OPERATOR, backed_up, hold_ceremony, key_rows
from tests.custody.rounds import make_person_key, make_relationship_key, prints
from tests.scenarios.stories import told_family
from tests.shelter import World


class Key(msgspec.Struct, frozen=True):
    where: str
    opens: bool


def rows(where: str) -> st.SearchStrategy[dict[int, Key]]:
    return st.dictionaries(st.integers(0, 9), st.builds(Key, st.just(where), st.booleans()))


@given(st.tuples(rows("here"), rows("backup"), rows("sealed")), st.frozensets(st.integers(0, 9)))
def test_a_key_is_used_when_a_row_of_it_opens_and_dropped_only_when_its_destruction_is_noted(
    sources: tuple[dict[int, Key], ...], never: frozenset[int]
) -> None:
    here, theirs, _sealed = sources
    picked = _pick(sources, opens=lambda row: row.opens, never=never)
    known = here.keys() | theirs.keys()
    living = {name for name in known - never if any(one[name].opens for one in sources if name in one)}
    assert picked.chosen.keys() == living
    assert all(row.opens for row in picked.chosen.values())
    assert all(picked.chosen[name] == here[name] for name in living & here.keys() if here[name].opens)
    assert picked.unopened == theirs.keys() - never - living
    assert picked.lost == len(here.keys() - theirs.keys() - never - living)
    assert picked.dropped == len(here.keys() & never)


async def restored(world: World, backup: object) -> Restored:
    done = await world.services.key_restoring.restore(backup, actor=OPERATOR)  # type: ignore[arg-type]
    assert isinstance(done, Restored), done
    return done


@pytest.mark.parametrize("ahead", [timedelta(days=2), timedelta(days=365)])
async def test_a_backup_made_while_the_clock_was_ahead_drops_nothing_that_lives(
    world: World, ahead: timedelta
) -> None:
    await hold_ceremony(world)
    await KeyCare(world.services).look()
    world.clock.advance(ahead)
    await KeyCare(world.services).look()
    folder = world.services.installation.key_backups.folder
    wrong = max(found_backups(folder), key=lambda one: one.made_at)
    world.clock.advance(timedelta(hours=3) - ahead)
    await told_family(world)
    before = await prints(world)
    done = await restored(world, read_backup(wrong.path))
    assert (done.dropped, done.lost) == (0, 0)
    assert await prints(world) == before


async def test_what_opens_here_stays_also_when_it_is_older_than_a_backup_without_it(world: World) -> None:
    await hold_ceremony(world)
    backup = await backed_up(world)
    await make_relationship_key(world)
    await make_person_key(world)
    long_ago = world.clock.now() - timedelta(days=400)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(relationship_keys).values(created_at=long_ago))
        await conn.execute(update(person_keys).values(created_at=long_ago))
    before = await key_rows(world)
    done = await restored(world, backup)
    assert (done.dropped, done.lost) == (0, 0)
    assert await key_rows(world) == before


async def test_what_neither_opens_nor_stands_in_the_backup_is_lost_and_not_called_destroyed(
    world: World,
) -> None:
    await hold_ceremony(world)
    await make_relationship_key(world)
    world.clock.advance(timedelta(days=1))
    async with world.services.installation.database.transaction() as conn:
        found = (await conn.execute(relationship_keys.select())).mappings().one()
        await conn.execute(delete(relationship_keys))
    backup = await backed_up(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(relationship_keys.insert().values(**{**found, "wrapped": bytes(60)}))
    done = await restored(world, backup)
    assert (done.dropped, done.lost) == (0, 1)
    assert (await key_rows(world)).relationships == ()
