"""A database of yesterday is put back (40): what was stopped or erased today stays so, before anything else.

The journal of stops and the keystore are those of today; the copy of the data is from the night before.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import example, settings
from hypothesis import given as examples
from hypothesis import strategies as st
from sqlalchemy import insert, select

from consent_service.app import create_app, start_up
from consent_service.consent.service import Target
from consent_service.custody.backup_file import found_backups, read_backup
from consent_service.custody.epochs import EpochDone
from consent_service.custody.restoring import Restored
from consent_service.custody.stops import forget_listed, listed_stops
from consent_service.custody.tables import carried_out_stops
from consent_service.families.model import PersonIdentity, SafetyAssessment
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database, metadata
from consent_service.foundation.errors import (
    ConfigurationError,
    ConflictError,
    InputError,
    KeyDestroyedError,
    LogUnavailableError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import TypeKey
from consent_service.foundation.settings import load_settings
from consent_service.foundation.stop_journal import StopJournal
from consent_service.organisations.tables import relationship_state
from consent_service.records.service import Note
from consent_service.release.model import Released
from consent_service.release.service import Ask
from consent_service.rights.reconciliation import verify_log
from tests.conftest import START, Furnished, sqlite_url
from tests.custody.recovering import OPERATOR, hold_ceremony
from tests.custody.rounds import epochs_of
from tests.faults.failures import log_off
from tests.ledger import count, entries
from tests.scenarios.stories import SUPPORT, YES, Told, told_family
from tests.shelter import SAFE, SECRET, World, reopened
from tests.yesterday import another_process, close, copy_database

PICKUP = TypeKey("pickup")
GRANDMA = {"name": "Oma Voorbeeld", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
DANGER_TO_HER = SafetyAssessment("danger", False, False, None, date(2027, 1, 10))
NIGHT = timedelta(hours=12)
Act = Callable[[World, Told], Awaitable[object]]


async def withdrawn(world: World, told: Told) -> None:
    target = Target(world.tenant, told.view.family, told.mother.guardian)
    await world.services.consent.withdraw(told.mother, target, method="page")


async def withdrawn_by_paper_code(world: World, told: Told) -> None:
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)


async def withdrawn_and_given_again(world: World, told: Told) -> None:
    await withdrawn(world, told)
    world.clock.advance(timedelta(minutes=5))
    await world.intake(told.mother, {**YES, "pickup": "yes"})


async def objected(world: World, told: Told) -> None:
    target = Target(world.tenant, told.view.family, told.mother.guardian)
    await world.services.consent.object(told.mother, target, method="page")


async def in_danger(world: World, told: Told) -> None:
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)


async def mother_in_danger(world: World, told: Told) -> None:
    await world.services.families.assess_guardian(
        world.counsellor, told.view.family, told.mother.guardian, DANGER_TO_HER
    )


async def contact_removed(world: World, told: Told) -> None:
    await world.services.families.remove_contact(world.counsellor, told.relationship, world.contact.staff)


async def contact_related(world: World, told: Told) -> None:
    await world.services.families.declare_conflict(world.contact, told.relationship, world.contact.staff)


async def relationship_ended(world: World, told: Told) -> None:
    await world.services.families.end_relationship(world.counsellor, told.relationship, "changed_school")


async def guidance_ended(world: World, told: Told) -> None:
    await world.services.families.end_family(world.counsellor, told.view.family, "moved_out")


async def disowned(world: World, told: Told) -> None:
    await world.services.families.disown(world.contact, told.relationship)


async def key_destroyed(world: World, told: Told) -> None:
    await world.services.custody.destroy(world.officer, told.relationship)


async def child_erased(world: World, told: Told) -> None:
    await world.services.custody.destroy_child(world.officer, told.view.children[0].child)


STOPS: tuple[Act, ...] = (
    withdrawn,
    withdrawn_by_paper_code,
    withdrawn_and_given_again,
    objected,
    in_danger,
    mother_in_danger,
    contact_removed,
    contact_related,
    relationship_ended,
    guidance_ended,
    disowned,
    key_destroyed,
    child_erased,
)


async def shared_family(world: World, name: str) -> Told:
    """A family that said yes to two things, and of which the school may read both."""
    told = await told_family(world, family_name=name)
    await world.intake(told.mother, {**YES, "pickup": "yes"})
    await world.services.records.share(world.counsellor, told.relationship, Note(PICKUP, GRANDMA))
    return told


async def given(world: World, told: Told) -> set[TypeKey]:
    """What the school's contact gets to read now."""
    await world.services.sequencer.run_once(world.tenant)
    found: set[TypeKey] = set()
    for purpose in ("support", "safety"):
        try:
            answer = await world.services.release.to_school(world.contact, Ask(told.relationship, purpose))
        except (NotFoundError, NotAllowedError):
            continue
        if isinstance(answer, Released):
            found |= {one.information_type for one in answer.records}
    return found


async def test_s40_what_was_stopped_or_erased_today_stays_so_on_the_database_of_yesterday(
    world: World, tmp_path: Path
) -> None:
    both = {SUPPORT, PICKUP}
    told = {act: await shared_family(world, act.__name__) for act in STOPS}
    neighbours = await shared_family(world, "Buur")
    copy = await copy_database(world, tmp_path)
    world.clock.advance(NIGHT)
    for act, family in told.items():
        await act(world, family)
    today = {act: await given(world, family) for act, family in told.items()}
    assert today[withdrawn_and_given_again] == both

    restored = await copy.put_back()
    before = {act: await given(restored, family) for act, family in told.items()}
    assert set(map(frozenset, before.values())) == {frozenset(both)}  # it is yesterday's indeed
    await start_up(restored.services)

    after = {act: await given(restored, family) for act, family in told.items()}
    assert after == {**today, withdrawn_and_given_again: set()}
    assert all(found < both for found in after.values())
    assert await given(restored, neighbours) == both
    await restored.settle()
    assert (await restored.services.supervision.verify(restored.officer)).ok
    await close(restored)


async def test_s40_after_an_epoch_an_old_copy_starts_only_with_the_keys_of_today_and_gives_nothing_more(
    world: World, tmp_path: Path
) -> None:
    """The copy names a root key that no longer exists: what it held of the erased child opens with no key."""
    await hold_ceremony(world)
    acts = (withdrawn_and_given_again, in_danger, key_destroyed, child_erased)
    told = {act: await shared_family(world, act.__name__) for act in acts}
    neighbours = await shared_family(world, "Buur")
    copy = await copy_database(world, tmp_path)
    world.clock.advance(NIGHT)
    for act, family in told.items():
        await act(world, family)
    assert isinstance(await epochs_of(world).run(reason="nightly"), EpochDone)
    today = {act: await given(world, family) for act, family in told.items()}

    restored = await copy.put_back()
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="keys restore"):
            await start_up(restored.services)
    newest = max(found_backups(restored.services.installation.key_backups.folder))
    done = await restored.services.key_restoring.restore(read_backup(newest.path), actor=OPERATOR)
    assert isinstance(done, Restored)
    assert done.dropped == 3  # a relationship; a child with its relationship
    await start_up(restored.services)

    after = {act: await given(restored, family) for act, family in told.items()}
    assert after == {**today, withdrawn_and_given_again: set()}
    assert await given(restored, neighbours) == {SUPPORT, PICKUP}
    destroyed = await entries(restored, "key.destroyed.v1")
    assert len(destroyed) == 3
    assert {one.detail.late_since is not None for one in destroyed if one.detail} == {True}
    assert await epochs_of(restored).is_wanted()
    await restored.settle()
    parts = restored.services.installation
    report = await verify_log(parts.database, parts.ring, restored.tenant)
    assert {one.what for one in report.problems} == {"detail_shredded"}  # no key was there to try
    await close(restored)


async def test_s40_only_the_replay_stands_between_an_old_copy_and_a_release(
    world: World, tmp_path: Path
) -> None:
    """Planted: a list that claims too much. What was withdrawn is then given, so the list must be true."""
    told = await shared_family(world, "Voorbeeld")
    copy = await copy_database(world, tmp_path)
    await withdrawn(world, told)
    (stop,) = world.services.installation.journal.all()
    restored = await copy.put_back()
    async with restored.services.installation.database.transaction() as conn:
        row = {"tenant": stop.tenant, "stop": stop.id, "noted_at": world.clock.now()}
        await conn.execute(insert(carried_out_stops).values(row))
    await start_up(restored.services)
    assert await given(restored, told) == {SUPPORT, PICKUP}
    await close(restored)


async def test_s40_a_second_start_replays_nothing(world: World, tmp_path: Path) -> None:
    told = await shared_family(world, "Voorbeeld")
    copy = await copy_database(world, tmp_path)
    await withdrawn(world, told)
    await child_erased(world, told)
    restored = await copy.put_back()
    await start_up(restored.services)
    stops = {stop.id for stop in restored.services.installation.journal.all()}
    async with restored.services.installation.database.reading() as conn:
        assert await listed_stops(conn) == stops
    again = another_process(restored, tmp_path)
    assert await again.services.replay_stops() == 0
    await close(restored)
    await close(again)


async def test_s40_nothing_is_served_until_every_stop_is_replayed(world: World, tmp_path: Path) -> None:
    told = await shared_family(world, "Voorbeeld")
    copy = await copy_database(world, tmp_path)
    await withdrawn(world, told)
    restored = await copy.put_back()
    settings = load_settings({"RUGGENSTEUN_STATE_DIR": str(tmp_path)}, None)
    app = create_app(restored.services, settings)
    async with log_off(restored, "entries refused"):
        with pytest.raises(ExceptionGroup) as refused:
            async with app.lifespan():
                pytest.fail("it serves")
    assert refused.group_contains(LogUnavailableError)
    async with app.lifespan():
        assert await given(restored, told) == set()
    await close(restored)


async def test_s40_without_the_journal_of_today_an_old_copy_does_not_start_when_it_knows_of_any_stop(
    world: World, tmp_path: Path
) -> None:
    told = await shared_family(world, "Voorbeeld")
    await in_danger(world, told)  # leaves no trace in the consent ledger
    await world.services.replay_stops()
    assert await count(world, carried_out_stops) == 1
    copy = await copy_database(world, tmp_path)
    restored = await copy.put_back()
    restored.services.installation.journal.path.unlink()
    with pytest.raises(ConfigurationError, match="stop journal"):
        await start_up(restored.services)
    await close(restored)


async def given_again(world: World, told: Told) -> None:
    await world.intake(told.mother, {**YES, "pickup": "yes"})


async def objection_lifted(world: World, told: Told) -> None:
    target = Target(world.tenant, told.view.family, told.mother.guardian)
    await world.services.consent.lift_objection(told.mother, target)


async def out_of_danger(world: World, told: Told) -> None:
    await world.services.families.assess_safety(world.counsellor, told.view.family, SAFE)
    safe = SafetyAssessment("no_known_danger", False, False, None, date(2027, 1, 10))
    await world.services.families.assess_guardian(
        world.counsellor, told.view.family, told.mother.guardian, safe
    )


async def listed_again(world: World, told: Told) -> None:
    await world.services.families.list_contact(world.counsellor, told.relationship, world.contact.staff)


async def at_another_school(world: World, told: Told) -> None:
    await world.at_school(told.view.children[0].child, world.eik)


async def another_child(world: World, told: Told) -> None:
    """A younger one comes to the family and goes to the same school."""
    born = PersonIdentity("Sem", "Voorbeeld", date(2020, 2, 2))
    child = await world.services.families.add_child(world.counsellor, told.view.family, born)
    await world.at_school(child)


LATER_ACTS: tuple[Act, ...] = (
    given_again,
    objection_lifted,
    out_of_danger,
    listed_again,
    at_another_school,
    another_child,
)


@examples(st.lists(st.sampled_from((*STOPS, *LATER_ACTS)), min_size=1, max_size=7))
@example([contact_removed, listed_again])
@example([withdrawn, objected, given_again, objection_lifted, withdrawn_by_paper_code, given_again])
@example([in_danger, mother_in_danger, out_of_danger])
@example([disowned, at_another_school, another_child, given_again])
@example([contact_related, key_destroyed, at_another_school, another_child, given_again])
@example([child_erased, another_child, given_again, contact_removed, listed_again])
@settings(max_examples=12)
def test_replaying_everything_on_a_living_database_takes_away_nothing_newer(
    furnished_sqlite: Furnished, tmp_path_factory: pytest.TempPathFactory, acts: list[Act]
) -> None:
    """Whatever was stopped, allowed again and stopped again: not one row changes but the list of stops."""
    asyncio.run(_replayed_after(acts, furnished_sqlite, tmp_path_factory.mktemp("life")))


async def _replayed_after(acts: list[Act], furnished: Furnished, folder: Path) -> None:
    shutil.copyfile(furnished.place, folder / "ruggensteun.sqlite")
    shutil.copyfile(furnished.keystore, folder / "keystore.json")
    (folder / "keystore.json").chmod(0o600)
    database = Database(sqlite_url(folder / "ruggensteun.sqlite"))
    world = reopened(
        furnished.world, database, MovableClock(START), StopJournal(folder / "stops.jsonl"), folder
    )
    told = await shared_family(world, "Voorbeeld")
    for act in acts:
        world.clock.advance(timedelta(seconds=2))
        with suppress(InputError, ConflictError, NotFoundError, NotAllowedError, KeyDestroyedError):
            await act(world, told)
    before = await everything(world)
    world.clock.advance(NIGHT)
    async with database.transaction() as conn:
        await forget_listed(conn)
    stops = world.services.installation.journal.all()
    assert await world.services.replay_stops() == len(stops)
    assert await everything(world) == before
    await database.close()


async def everything(world: World) -> dict[str, set[tuple[object, ...]]]:
    """Every row of every table except the list of stops."""
    found = {}
    async with world.services.installation.database.reading() as conn:
        for table in set(metadata.sorted_tables) - {carried_out_stops, relationship_state}:
            found[table.name] = {tuple(row) for row in await conn.execute(select(table))}
    return found
