"""An epoch replaces every key above a destroyed one, loses none that lives, and proves what it says."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from consent_service.audit.events import KeyPathDestroyed
from consent_service.audit.happenings.keys import KeyEpochBegun, KeyEpochEnded, KeyRootReturned
from consent_service.audit.log import TrailEntry, TrailFilter
from consent_service.consent.model import Answer
from consent_service.custody import epochs as epochs_module
from consent_service.custody.epoch_rows import Epoch, can_promise, replace_epoch
from consent_service.custody.epochs import (
    EpochDone,
    Epochs,
    NothingToDo,
    OldRootOpensError,
    Progress,
    Tell,
)
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import (
    ConfigurationError,
    ConflictError,
    IntegrityError,
    KeyDestroyedError,
    NotAllowedError,
)
from consent_service.foundation.ids import INSTALLATION, TypeKey, new_id
from consent_service.identity.model import Operator, System, by
from consent_service.keyring.providers.file import FileKeystore, unlock_keystore
from consent_service.keyring.tables import (
    key_epochs,
    key_roots,
    person_keys,
    tenant_keys,
)
from consent_service.records.service import Note
from consent_service.release.model import Released
from consent_service.release.service import Ask
from tests.custody import recovering
from tests.custody.rounds import (
    as_another_process,
    destroy,
    destructions,
    epochs_of,
    hold_ceremony,
    interrupt,
    like,
    make_person_key,
    make_relationship_key,
    prints,
)
from tests.factories import PASSPHRASE
from tests.ledger import entries, rows
from tests.shelter import World, furnish

SUPPORT: dict[str, Answer] = {"shelter_involvement": "yes", "support_advice": "yes"}


async def log_of_the_installation(world: World, *types: str) -> tuple[TrailEntry, ...]:
    async with world.services.installation.database.reading() as conn:
        return (
            await world.services.log.trail(conn, INSTALLATION, TrailFilter(types=frozenset(types)))
        ).entries


async def data_versions(world: World) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in await rows(world, tenant_keys, purpose="data"):
        found.setdefault(row.tenant, []).append(row.version)
    return found


async def test_what_lives_is_kept_what_was_destroyed_loses_its_path_and_the_log_says_so(
    world: World,
) -> None:
    hold_ceremony(world)
    other = await furnish(world.services, world.clock, "Opvang Noord")
    child = (await world.family()).children[0].child
    await destroy(world, await make_relationship_key(world), child)
    await destroy(world, await make_relationship_key(world), "erased")
    before = await prints(world)

    told: list[Progress] = []
    done = await epochs_of(world).run(reason="nightly", progress=told.append)

    assert isinstance(done, EpochDone)
    assert (done.epoch, done.destroyed_generation, done.generation, done.resumed) == (1, 1, 2, False)
    assert done.keys == len(before) + 3
    assert await prints(world) == before
    assert await data_versions(world) == {INSTALLATION: [1], world.tenant: [2], other.tenant: [1]}
    assert {row.root_generation for row in await rows(world, tenant_keys)} == {2}
    lives = {row.generation: row.destroyed_at is None for row in await rows(world, key_roots)}
    assert lives == {1: False, 2: True}
    assert [one.state for one in told if one.done == one.total][-1] == "rewrapped"
    assert {one.state for one in told} == {"open", "rewrapped", "verified", "backed_up"}
    (begun,) = await log_of_the_installation(world, "key.epoch_begun.v1")
    (ended,) = await log_of_the_installation(world, "key.epoch_ended.v1")
    assert begun.detail is not None
    assert ended.detail is not None
    assert begun.detail.event == KeyEpochBegun(1, 1, 2, "nightly")
    assert ended.detail.event == KeyEpochEnded(1, 1, 1, done.keys, done.backup, "refused")
    paths = await entries(world, "key.path_destroyed.v1")
    details = [entry.detail for entry in paths if entry.detail is not None]
    assert {detail.subject for detail in details} == {child, None}
    assert [detail.relationship is None for detail in details if detail.subject is None] == [True]
    for detail in details:
        assert isinstance(detail.event, KeyPathDestroyed)
        assert (detail.event.epoch, detail.event.attempt) == (1, "refused")
        assert (detail.event.backups_until - local_date(world.clock.now())).days == 7


async def test_a_relationship_is_released_on_after_an_epoch_of_another_process(
    world: World, database_url: str, tmp_path: Path
) -> None:
    hold_ceremony(world)
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), SUPPORT)
    note = Note(TypeKey("support_advice"), {"helps": "Rust."})
    await world.services.records.share(world.counsellor, relationship, note)
    ask = Ask(relationship, "support")
    assert isinstance(await world.services.release.to_school(world.contact, ask), Released)
    await destroy(world, await make_relationship_key(world))

    async with as_another_process(world, database_url, tmp_path) as elsewhere:
        assert isinstance(await epochs_of(elsewhere).run(reason="nightly"), EpochDone)

    assert isinstance(await world.services.release.to_school(world.contact, ask), Released)
    await world.services.records.share(world.counsellor, relationship, note)
    assert isinstance(await world.services.release.to_school(world.contact, ask), Released)
    world.services.installation.ring.check_available()


async def test_a_worker_with_a_warm_cache_refuses_at_once_what_another_destroyed(
    world: World, database_url: str, tmp_path: Path
) -> None:
    relationship = await make_relationship_key(world)
    person = await make_person_key(world)
    ring = world.services.installation.ring
    async with world.services.installation.database.reading() as conn:
        key = await ring.relationship_key(conn, world.tenant, relationship)
        ring.material.derived(key, "print")

    async with as_another_process(world, database_url, tmp_path) as elsewhere:
        await destroy(elsewhere, relationship)
        async with elsewhere.services.installation.database.transaction() as conn:
            await elsewhere.services.installation.ring.destroy_person_key(conn, world.tenant, person)

    async with world.services.installation.database.reading() as conn:
        with pytest.raises(KeyDestroyedError):
            await ring.relationship_key(conn, world.tenant, relationship)
        with pytest.raises(KeyDestroyedError):
            await ring.person_key(conn, world.tenant, person)


async def test_where_nothing_was_destroyed_no_generation_is_made(world: World) -> None:
    hold_ceremony(world)
    epochs = epochs_of(world)

    assert not await epochs.is_wanted()
    assert await epochs.run(reason="nightly") == NothingToDo()

    status = await epochs.status()
    assert (status.generations, status.epochs, status.stages) == ((1,), (), ())


async def test_without_a_recovery_key_nothing_begins(world: World) -> None:
    await destroy(world, await make_relationship_key(world))

    with pytest.raises(ConfigurationError, match="keys ceremony"):
        await epochs_of(world).run(reason="nightly")

    assert await rows(world, key_epochs) == []
    assert await destructions(world) == [(None, False)]


async def test_of_two_at_once_one_waits_and_one_generation_is_replaced(
    world: World, database_url: str, tmp_path: Path
) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    async with as_another_process(world, database_url, tmp_path) as elsewhere:
        outcomes = await asyncio.gather(
            epochs_of(world).run(reason="nightly"), epochs_of(elsewhere).run(reason="operator")
        )

    assert {type(outcome) for outcome in outcomes} == {EpochDone, NothingToDo}
    assert (await epochs_of(world).status()).generations == (2,)
    assert len(await rows(world, key_epochs)) == 1


async def test_two_for_everybody_at_once_follow_each_other_and_lose_nothing(
    world: World, database_url: str, tmp_path: Path
) -> None:
    hold_ceremony(world)
    before = await prints(world)
    async with as_another_process(world, database_url, tmp_path) as elsewhere:
        outcomes = await asyncio.gather(
            *(epochs_of(one).run(reason="operator", everybody=True) for one in (world, elsewhere))
        )

    assert {outcome.generation for outcome in outcomes if isinstance(outcome, EpochDone)} == {2, 3}
    assert await prints(world) == before
    assert await data_versions(world) == {INSTALLATION: [1], world.tenant: [3]}


class DestroyingMeanwhile(Epochs):
    """While what lives is wrapped anew, another key is destroyed."""

    world: World

    async def verify(self, epoch: Epoch, tell: Tell) -> Epoch:
        await destroy(self.world, await make_relationship_key(self.world))
        return await super().verify(epoch, tell)


class Copying(Epochs):
    """Somebody copies the keystore while both roots live."""

    keystore: Path
    copy: bytes

    async def destroy(self, epoch: Epoch, tell: Tell) -> Epoch:
        self.copy = self.keystore.read_bytes()
        return await super().destroy(epoch, tell)


async def test_an_old_keystore_that_was_put_back_loses_its_destroyed_root_at_start_and_the_log_tells(
    world: World, database_url: str, tmp_path: Path
) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    epochs = like(Copying, world)
    epochs.keystore = tmp_path / "keystore.json"
    await epochs.run(reason="nightly")
    epochs.keystore.write_bytes(epochs.copy)

    async with as_another_process(world, database_url, tmp_path) as here:
        assert (await epochs_of(here).status()).generations == (1, 2)
        for _ in range(2):
            await here.services.install()
            assert (await epochs_of(here).status()).generations == (2,)
            (entry,) = await log_of_the_installation(here, "key.root_returned.v1")
            assert entry.detail is not None
            assert entry.detail.event == KeyRootReturned(1)


async def test_a_root_whose_destruction_was_cut_off_did_not_come_back(
    world: World, database_url: str, tmp_path: Path
) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    await interrupt(world, "backed_up")
    installation = world.services.installation
    async with installation.database.transaction() as conn:
        await installation.ring.rotation.close(conn, 2, fresh=frozenset([world.tenant]))

    async with as_another_process(world, database_url, tmp_path) as here:
        await here.services.install()
        assert (await epochs_of(here).status()).generations == (2,)
        assert await log_of_the_installation(here, "key.root_returned.v1") == ()
        assert isinstance(await epochs_of(here).run(reason="nightly"), EpochDone)


async def test_what_is_destroyed_during_an_epoch_waits_for_the_next_one(world: World) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    epochs = like(DestroyingMeanwhile, world)
    epochs.world = world

    first = await epochs.run(reason="nightly")

    assert sorted(await destructions(world), key=str) == [(1, True), (None, False)]
    assert await epochs_of(world).is_wanted()
    second = await epochs_of(world).run(reason="nightly")
    assert isinstance(first, EpochDone)
    assert isinstance(second, EpochDone)
    assert (first.epoch, second.epoch) == (1, 2)
    assert await destructions(world) in ([(1, True), (2, True)], [(2, True), (1, True)])


@pytest.mark.parametrize("at", ["open", "rewrapped", "backed_up"])
async def test_one_that_the_provider_has_overtaken_is_opened_anew(world: World, at: str) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    before = await prints(world)
    await interrupt(world, at)
    rotation = world.services.installation.ring.rotation
    rotation.make_generation(5)

    done = await epochs_of(world).run(reason="nightly")

    assert isinstance(done, EpochDone)
    assert (done.epoch, done.destroyed_generation, done.generation) == (1, 5, 6)
    assert (await epochs_of(world).status()).generations == (6,)
    assert await prints(world) == before
    assert len((await data_versions(world))[world.tenant]) == 1


async def test_a_provider_that_does_not_destroy_is_found_out_and_the_epoch_does_not_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    with monkeypatch.context() as patch:
        patch.setattr(FileKeystore, "destroy_generation", lambda *_: None)
        with pytest.raises(OldRootOpensError, match="still opens"):
            await epochs_of(world).run(reason="nightly")

    assert (await epochs_of(world).status()).epochs[0].state == "backed_up"
    assert await destructions(world) == [(1, False)]
    assert await entries(world, "key.path_destroyed.v1") == ()

    assert isinstance(await epochs_of(world).run(reason="nightly"), EpochDone)
    ended = await log_of_the_installation(world, "key.epoch_ended.v1")
    attempts = [entry.detail.event.attempt for entry in ended if entry.detail]  # type: ignore[union-attr]
    assert attempts == ["refused", "opened"]


async def test_a_probe_that_proves_nothing_stops_the_epoch(world: World) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    await interrupt(world, "rewrapped")
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(key_epochs).values(probe=bytes(60)))

    with pytest.raises(IntegrityError):
        await epochs_of(world).run(reason="nightly")

    assert (await epochs_of(world).status()).generations == (1, 2)


async def test_what_is_tried_after_the_end_survives_an_interruption_and_is_not_kept(world: World) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    await interrupt(world, "backed_up")
    installation = world.services.installation
    (begun,) = (await epochs_of(world).status()).epochs
    rotation = installation.ring.rotation
    assert rotation.replaced_in(begun.probe) == {world.tenant}
    async with installation.database.transaction() as conn:
        assert await rotation.replaced_keys_open(conn, begun.probe) == {world.tenant: True}
        await rotation.close(conn, begun.to_generation, fresh=frozenset([world.tenant]))
        assert await rotation.replaced_keys_open(conn, begun.probe) == {world.tenant: True}, "its root lives"

    assert isinstance(await epochs_of(world).run(reason="nightly"), EpochDone)

    (entry,) = await entries(world, "key.path_destroyed.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, KeyPathDestroyed)
    assert entry.detail.event.attempt == "refused"
    (ended,) = (await epochs_of(world).status()).epochs
    assert rotation.replaced_in(ended.probe) == frozenset()
    async with installation.database.reading() as conn:
        assert await rotation.replaced_keys_open(conn, begun.probe) == {world.tenant: False}


async def test_the_log_names_the_operator_who_runs_one_and_nobody_else_may(world: World) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    with pytest.raises(NotAllowedError):
        await epochs_of(world).run(world.officer, reason="operator")  # type: ignore[arg-type]
    assert (await epochs_of(world).status()).epochs == ()
    epochs = epochs_of(world)
    await epochs.run(Operator("tests"), reason="operator")
    await destroy(world, await make_relationship_key(world))
    await epochs.run(reason="nightly")

    for kind in ("key.epoch_begun.v1", "key.backed_up.v1", "key.epoch_ended.v1"):
        found = await log_of_the_installation(world, kind)
        assert [one.detail.by for one in found if one.detail] == [by(System()), by(Operator("tests"))]
    noted = await entries(world, "key.path_destroyed.v1")
    assert {one.detail.by for one in noted if one.detail} == {by(System()), by(Operator("tests"))}


async def test_a_day_is_promised_only_while_keys_are_backed_up_and_no_epoch_hangs(world: World) -> None:
    async def promised() -> bool:
        async with world.services.installation.database.reading() as conn:
            return await can_promise(conn, now=world.clock.now())

    assert not await promised()
    await recovering.hold_ceremony(world)
    assert not await promised()
    await recovering.backed_up(world)
    assert await promised()
    await destroy(world, await make_relationship_key(world))
    await interrupt(world, "verified")
    assert not await promised()
    await epochs_of(world).run(reason="nightly")
    assert await promised()
    world.clock.advance(timedelta(days=3))
    assert not await promised()


async def test_a_state_that_somebody_else_moved_on_is_not_overwritten(world: World) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    await interrupt(world, "open")
    (epoch,) = (await epochs_of(world).status()).epochs
    assert isinstance(await epochs_of(world).run(reason="nightly"), EpochDone)

    async with world.services.installation.database.transaction() as conn:
        with pytest.raises(ConflictError):
            await replace_epoch(conn, epoch, epoch)


async def test_how_far_destroyed_keys_are_is_counted_by_stage(world: World) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    (waiting,) = (await epochs_of(world).status()).stages
    assert (waiting.stage, waiting.count, waiting.until) == ("live_dead", 1, None)

    await epochs_of(world).run(reason="nightly")
    await destroy(world, await make_relationship_key(world))

    fresh, old = (await epochs_of(world).status()).stages
    assert (fresh.stage, fresh.count) == ("live_dead", 1)
    assert (old.stage, old.count, old.oldest) == ("path_dead", 1, world.clock.now())
    assert old.until is not None
    assert (old.until - local_date(world.clock.now())).days == 7


async def test_the_old_root_opens_nothing_even_for_who_kept_the_old_rows(
    world: World, tmp_path: Path
) -> None:
    hold_ceremony(world)
    ring = world.services.installation.ring
    relationship = await make_relationship_key(world)
    async with world.services.installation.database.reading() as conn:
        kept = await ring.relationship_key(conn, world.tenant, relationship)
    await destroy(world, relationship)
    provider = unlock_keystore(tmp_path / "keystore.json", PASSPHRASE)

    await epochs_of(world).run(reason="nightly")

    with pytest.raises(KeyDestroyedError):
        ring.remembering_nothing().rotation.require_opens(kept)
    with pytest.raises(KeyDestroyedError):
        provider.unwrap(kept.parent.root_generation, kept.parent.blob, b"")


async def test_more_destructions_than_fit_in_one_transaction_are_all_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consent_service.custody.epochs.BATCH", 2)
    hold_ceremony(world)
    for _ in range(5):
        await destroy(world, await make_relationship_key(world), new_id())
    for _ in range(3):
        await make_relationship_key(world)
    before = await prints(world)

    await epochs_of(world).run(reason="nightly")

    assert await destructions(world) == [(1, True)] * 5
    assert len(await entries(world, "key.path_destroyed.v1")) == 5
    assert await prints(world) == before
    async with world.services.installation.database.reading() as conn:
        versions = (await conn.execute(select(person_keys.c.parent_version).distinct())).scalars().all()
    assert versions == [2]


async def test_an_epoch_that_cannot_wait_is_asked_for_until_one_is_run(world: World) -> None:
    hold_ceremony(world)
    epochs = epochs_of(world)
    seen = [epochs.asked]
    epochs.ask("high_risk")
    seen.append(epochs.asked)
    await epochs.run(reason="high_risk")
    assert [*seen, epochs.asked] == [None, "high_risk", None]


def test_the_diagram_of_the_states_is_that_of_the_table() -> None:
    steps = Epochs.steps(object.__new__(Epochs))
    drawn = "open"
    for state, (step, reached) in steps.items():
        assert drawn.endswith(state)
        drawn += f" ──{step.__name__}──> {reached}"
    assert drawn in str(epochs_module.__doc__)
