"""Away, full or damaged at any step: an epoch stops, loses nothing, shows no key, and goes on afterwards."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from consent_service.consent.model import Answer
from consent_service.custody import epochs as epochs_module
from consent_service.custody.epoch_rows import Epoch
from consent_service.custody.epochs import EpochDone, Epochs, Step, Tell
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    DatabaseUnavailableError,
    IntegrityError,
    UnavailableError,
)
from consent_service.foundation.ids import INSTALLATION, RelationshipId, TypeKey
from consent_service.keyring.damage import DamagedKeyError
from consent_service.keyring.material import Material
from consent_service.keyring.primitives import new_key
from consent_service.keyring.rotation import Rotation
from consent_service.keyring.tables import person_keys, relationship_keys, tenant_keys
from consent_service.keyring.wrapped_rows import tenant_keys_in_use
from consent_service.records.service import Note
from tests.custody.rounds import (
    destroy,
    destructions,
    epochs_of,
    hold_ceremony,
    like,
    make_relationship_key,
    prints,
)
from tests.shelter import World

STATES = ("open", "rewrapped", "verified", "backed_up")


# --- what is away or full ---------------------------------------------------------------------


@contextmanager
def provider_away(world: World, folder: Path) -> Iterator[None]:
    (folder / "keystore.json").rename(folder / "elsewhere.json")
    try:
        yield
    finally:
        (folder / "elsewhere.json").rename(folder / "keystore.json")


@contextmanager
def database_away(world: World, folder: Path) -> Iterator[None]:
    def refuse(self: Database) -> NoReturn:
        raise DatabaseUnavailableError("the database did not answer")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "transaction", refuse)
        patch.setattr(Database, "reading", refuse)
        yield


@contextmanager
def disks_full(world: World, folder: Path) -> Iterator[None]:
    """Neither a file nor a transaction reaches the disk any more."""

    def refuse_flush(descriptor: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    def refuse_commit(connection: Connection) -> None:
        if not connection.get_execution_options().get("consent_read_only", False):
            raise OSError(errno.ENOSPC, "No space left on device")

    engine = world.services.installation.database.engine.sync_engine
    event.listen(engine, "commit", refuse_commit)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", refuse_flush)
        try:
            yield
        finally:
            event.remove(engine, "commit", refuse_commit)


Fault = Callable[[World, Path], AbstractContextManager[None]]


class Failing(Epochs):
    """From the step of state `at` on, something is broken until `mended` is left."""

    at = ""
    fault: Callable[[], AbstractContextManager[None]]

    def steps(self) -> dict[str, tuple[Step, str]]:  # type: ignore[override]
        return {state: (self._failing(state, step), to) for state, (step, to) in super().steps().items()}

    def _failing(self, state: str, step: Step) -> Step:
        async def failing(epoch: Epoch, tell: Tell) -> Epoch:
            if state != self.at:
                return await step(epoch, tell)
            with self.fault():
                await step(epoch, tell)
                async with self._database.transaction():
                    pass  # a step that writes nothing meets a full disk when its state is written
            raise AssertionError("nothing was broken")

        return failing


@pytest.mark.parametrize("fault", [provider_away, database_away, disks_full])
async def test_what_is_away_or_full_at_a_step_stops_the_epoch_and_it_goes_on_afterwards(
    world: World, tmp_path: Path, fault: Fault
) -> None:
    hold_ceremony(world)
    await world.at_school((await world.family()).children[0].child)
    for state in STATES:
        await destroy(world, await make_relationship_key(world))
        before, secrets = await prints(world), await material(world)
        epochs = like(Failing, world)
        epochs.at, epochs.fault = state, lambda: fault(world, tmp_path)

        with pytest.raises(UnavailableError) as caught:
            await epochs.run(reason="nightly")

        dumped = dump(caught.value)
        assert not [secret for secret in secrets if shown(secret) in dumped or secret.hex() in dumped]
        assert await prints(world) == before
        status = await epochs_of(world).status()
        assert status.epochs[0].state == epochs.at
        done = await epochs_of(world).run(reason="nightly")
        assert isinstance(done, EpochDone)
        assert done.resumed
        assert await prints(world) == before
    assert all(dead for _, dead in await destructions(world))


def dump(failure: BaseException | None) -> str:
    """What a tool that keeps errors would keep: messages, and every local variable of every frame."""
    found = []
    while failure is not None:
        found.append(repr(failure))
        trace = failure.__traceback__
        while trace is not None:
            if str(trace.tb_frame.f_globals.get("__name__", "")).startswith("consent_service"):
                found += map(repr, trace.tb_frame.f_locals.values())
            trace = trace.tb_next
        failure = failure.__cause__ or failure.__context__
    return "\n".join(found)


def shown(secret: bytes) -> str:
    return repr(secret)[2:-1]


async def material(world: World) -> list[bytes]:
    """Every tenant key as it is, which must be seen nowhere."""
    ring = world.services.installation.ring.remembering_nothing()
    async with world.services.installation.database.reading() as conn:
        return [
            ring.material.tenant_material(key).reveal()
            for tenant in (INSTALLATION, world.tenant)
            for key in await tenant_keys_in_use(conn, tenant)
        ]


def test_a_key_in_a_local_variable_would_be_seen() -> None:
    frame = {"__name__": "consent_service.planted"}
    exec("def fail(key):\n    raise ValueError('x')", frame)  # noqa: S102 - a frame of another module
    with pytest.raises(ValueError, match="x") as caught:
        frame["fail"](b"\x00secret")  # type: ignore[operator]
    assert shown(b"\x00secret") in dump(caught.value)


# --- what is damaged between wrapping anew and looking --------------------------------------------


@pytest.fixture
async def shared(world: World) -> RelationshipId:
    """A child at school about whom something was written, and a destruction that waits."""
    hold_ceremony(world)
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    answers: dict[str, Answer] = {"shelter_involvement": "yes", "support_advice": "yes"}
    await world.intake(world.guardian(view), answers)
    note = Note(TypeKey("support_advice"), {"helps": "Rust."})
    await world.services.records.share(world.counsellor, relationship, note)
    await destroy(world, await make_relationship_key(world))
    return relationship


Damage = Callable[[AsyncConnection, World, RelationshipId], object]


async def flip_relationship(conn: AsyncConnection, world: World, relationship: RelationshipId) -> None:
    table = relationship_keys
    blob = (
        await conn.execute(select(table.c.wrapped).where(table.c.relationship == relationship))
    ).scalar_one()
    flipped = blob[:-1] + bytes([blob[-1] ^ 1])
    await conn.execute(update(table).where(table.c.relationship == relationship).values(wrapped=flipped))


async def flip_person(conn: AsyncConnection, world: World, relationship: RelationshipId) -> None:
    row = (await conn.execute(select(person_keys).where(person_keys.c.tenant == world.tenant))).first()
    assert row is not None
    flipped = bytes([row.wrapped[0] ^ 128]) + row.wrapped[1:]
    await conn.execute(update(person_keys).where(person_keys.c.person == row.person).values(wrapped=flipped))


async def flip_index_key(conn: AsyncConnection, world: World, relationship: RelationshipId) -> None:
    where = (tenant_keys.c.tenant == world.tenant) & (tenant_keys.c.purpose == "index")
    await conn.execute(update(tenant_keys).where(where).values(wrapped=bytes(60)))


async def lose_parent(conn: AsyncConnection, world: World, relationship: RelationshipId) -> None:
    where = relationship_keys.c.relationship == relationship
    await conn.execute(update(relationship_keys).where(where).values(parent_version=9))


async def another_key(conn: AsyncConnection, world: World, relationship: RelationshipId) -> None:
    """It opens, in its place, and is not the key its records were sealed under."""
    ring = world.services.installation.ring
    key = await ring.relationship_key(conn, world.tenant, relationship)
    blob = ring.material.wrap_owned_key(new_key(), key.parent, "relationship", key.owner, key.version)
    where = relationship_keys.c.relationship == relationship
    await conn.execute(update(relationship_keys).where(where).values(wrapped=blob))


class Damaging(Epochs):
    """Between wrapping anew and looking, somebody damages a row."""

    damage: Callable[[AsyncConnection], object]

    async def verify(self, epoch: Epoch, tell: Tell) -> Epoch:
        async with self._database.transaction() as conn:
            await self.damage(conn)  # type: ignore[misc]
        return await super().verify(epoch, tell)


class Trusting(Damaging):
    """Does not look."""

    async def verify(self, epoch: Epoch, tell: Tell) -> Epoch:
        with suppress(IntegrityError):
            await super().verify(epoch, tell)
        return epoch


@pytest.mark.parametrize("damage", [flip_relationship, flip_person, flip_index_key, lose_parent, another_key])
async def test_damage_is_found_before_anything_is_destroyed(
    world: World, shared: RelationshipId, damage: Damage
) -> None:
    before = await prints(world)
    rows = await copy_of_keys(world)
    epochs = like(Damaging, world)
    epochs.damage = lambda conn: damage(conn, world, shared)

    with pytest.raises(IntegrityError):
        await epochs.run(reason="nightly")

    status = await epochs_of(world).status()
    assert (status.generations, status.epochs[0].state) == ((1, 2), "rewrapped")
    with pytest.raises(IntegrityError):
        await epochs_of(world).run(reason="nightly")
    await put_back(world, rows)
    assert isinstance(await epochs_of(world).run(reason="nightly"), EpochDone)
    assert await prints(world) == before


@pytest.mark.parametrize(
    "damage, kind",
    [
        (flip_relationship, "relationship"),
        (flip_person, "person"),
        (flip_index_key, "tenant"),
        (lose_parent, "relationship"),
        (another_key, "records"),
    ],
)
async def test_what_is_damaged_is_named_in_the_error_the_status_and_the_log_of_the_process(
    world: World, shared: RelationshipId, damage: Damage, kind: str
) -> None:
    epochs = like(Damaging, world)
    epochs.damage = lambda conn: damage(conn, world, shared)

    with capture_logs() as lines, pytest.raises(DamagedKeyError) as caught:
        await epochs.run(reason="nightly")

    (line,) = [one for one in lines if one["log_level"] == "error"]
    named = (caught.value.tenant, caught.value.kind, caught.value.owner)
    assert named[:2] == (world.tenant, kind)
    assert named == (line["tenant"], line["kind"], line["owner"])
    assert [(one.tenant, one.kind, one.owner) for one in await epochs_of(world).damaged()] == [named]
    if kind in {"relationship", "records"}:
        assert named[2] == shared


@pytest.mark.parametrize("damage", [flip_relationship, lose_parent, another_key])
@pytest.mark.parametrize("when", ["before", "halfway"])
async def test_destroying_what_does_not_open_lets_the_epoch_go_on(
    world: World, shared: RelationshipId, damage: Damage, when: str
) -> None:
    """The way out where no backup has the row: a key that cannot be opened and is to be destroyed."""
    epochs = like(Damaging, world)
    epochs.damage = lambda conn: damage(conn, world, shared)
    if when == "before":
        async with world.services.installation.database.transaction() as conn:
            await damage(conn, world, shared)  # type: ignore[misc]
    else:
        with pytest.raises(DamagedKeyError):
            await epochs.run(reason="nightly")

    done = await world.services.custody.destroy(world.officer, shared)

    assert done.attempt == "refused"
    assert await epochs_of(world).damaged() == ()
    assert isinstance(await epochs_of(world).run(reason="nightly"), EpochDone)
    assert all(dead for _, dead in await destructions(world))


async def test_damage_in_one_row_of_each_kind_is_all_named_at_once(
    world: World, shared: RelationshipId
) -> None:
    async def both(conn: AsyncConnection) -> None:
        await flip_relationship(conn, world, shared)
        await flip_person(conn, world, shared)

    epochs = like(Damaging, world)
    epochs.damage = both
    with pytest.raises(DamagedKeyError):
        await epochs.run(reason="nightly")

    assert [one.kind for one in await epochs_of(world).damaged()] == ["relationship", "person"]


async def test_a_tenant_key_that_names_a_root_nobody_has_is_damage_and_destroys_nothing(
    world: World, shared: RelationshipId
) -> None:
    async def elsewhere(conn: AsyncConnection) -> None:
        mine = (tenant_keys.c.tenant == world.tenant, tenant_keys.c.purpose == "index")
        await conn.execute(update(tenant_keys).where(*mine).values(root_generation=99))

    epochs = like(Damaging, world)
    epochs.damage = elsewhere
    with pytest.raises(DamagedKeyError):
        await epochs.run(reason="nightly")

    assert len(world.services.installation.ring.rotation.generations()) == 2
    assert not any(dead for _, dead in await destructions(world))


async def test_before_an_epoch_is_begun_nothing_is_looked_at(world: World, shared: RelationshipId) -> None:
    async with world.services.installation.database.transaction() as conn:
        await flip_relationship(conn, world, shared)
    assert await epochs_of(world).damaged() == ()


async def test_without_looking_a_key_would_be_lost(world: World, shared: RelationshipId) -> None:
    before = await prints(world)
    epochs = like(Trusting, world)
    epochs.damage = lambda conn: another_key(conn, world, shared)

    assert isinstance(await epochs.run(reason="nightly"), EpochDone)

    assert await prints(world) != before


async def copy_of_keys(world: World) -> dict[str, bytes]:
    """The wrapped keys of relationships, persons and index, as they are under the old root."""
    async with world.services.installation.database.reading() as conn:
        owned = [
            *(await conn.execute(select(relationship_keys.c.relationship, relationship_keys.c.wrapped))),
            *(await conn.execute(select(person_keys.c.person, person_keys.c.wrapped))),
        ]
        where = (tenant_keys.c.tenant == world.tenant) & (tenant_keys.c.purpose == "index")
        index = (await conn.execute(select(tenant_keys.c.wrapped).where(where))).scalar_one()
    return {**{row[0]: row[1] for row in owned}, "index": index}


async def put_back(world: World, rows: dict[str, bytes]) -> None:
    """The rows of before the epoch, with the parents they had: what an operator has in his backup."""
    async with world.services.installation.database.transaction() as conn:
        for table, owner in (
            (relationship_keys, relationship_keys.c.relationship),
            (person_keys, person_keys.c.person),
        ):
            for found in (await conn.execute(select(owner).where(table.c.tenant == world.tenant))).scalars():
                old = {"wrapped": rows[found], "parent_version": 1}
                await conn.execute(update(table).where(owner == found).values(old))
        where = (tenant_keys.c.tenant == world.tenant) & (tenant_keys.c.purpose == "index")
        await conn.execute(update(tenant_keys).where(where).values(wrapped=rows["index"], root_generation=1))


# --- what goes wrong while wrapping anew ----------------------------------------------------------


async def test_a_key_that_is_another_one_after_it_was_wrapped_anew_stops_the_epoch(
    world: World, shared: RelationshipId, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await prints(world)
    whole = Material.wrap_owned_key
    with monkeypatch.context() as patch:
        patch.setattr(Material, "wrap_owned_key", lambda self, _key, *place: whole(self, new_key(), *place))
        with pytest.raises(IntegrityError, match="another key"):
            await epochs_of(world).run(reason="nightly")

    assert (await epochs_of(world).status()).generations == (1, 2)
    assert await prints(world) == before


async def test_what_still_hangs_on_the_old_root_keeps_it_from_being_destroyed(
    world: World, shared: RelationshipId, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wrap_nothing(*_: object, **__: object) -> None:
        return None

    before = await prints(world)
    with monkeypatch.context() as patch:
        patch.setattr(Rotation, "rewrap_tenant", wrap_nothing)
        with pytest.raises(IntegrityError, match="no new data key"):
            await epochs_of(world).run(reason="nightly")
        patch.setattr(epochs_module, "_require_replaced", lambda *_: None)
        with pytest.raises(IntegrityError, match="still hangs"):
            await epochs_of(world).run(reason="nightly")

    assert (await epochs_of(world).status()).generations == (1, 2)
    assert await prints(world) == before


async def test_owned_keys_that_stay_behind_keep_the_old_root_from_being_destroyed(
    world: World, shared: RelationshipId, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wrap_nothing(*_: object, **__: object) -> int:
        return 0

    before = await prints(world)
    with monkeypatch.context() as patch:
        patch.setattr(Rotation, "rewrap_owned", wrap_nothing)
        with pytest.raises(IntegrityError, match="still hangs"):
            await epochs_of(world).run(reason="nightly")

    assert (await epochs_of(world).status()).generations == (1, 2)
    assert await prints(world) == before
    assert isinstance(await epochs_of(world).run(reason="nightly"), EpochDone)
    assert await prints(world) == before
