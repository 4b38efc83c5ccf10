"""Names tagged anew: everybody stays found before, during and after, and earlier keys go."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from consent_service.app import jobs
from consent_service.audit.events import IndexKeyRotated, KeyPathDestroyed
from consent_service.custody import reindex
from consent_service.custody.epochs import EpochDone
from consent_service.custody.reindex import Reindexed, Reindexing
from consent_service.families.searching import UNFINDABLE
from consent_service.families.tables import children
from consent_service.foundation.errors import (
    IntegrityError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import INSTALLATION, PersonId, TenantId, new_id
from consent_service.keyring.tables import key_destructions, tenant_keys
from consent_service.keyring.wrapped_rows import tenant_key_from
from tests.custody.recovering import hold_ceremony
from tests.custody.rounds import epochs_of
from tests.ledger import entries, rows
from tests.shelter import OPERATOR, World, furnish

BORN = date(2018, 5, 4)
NAMES = ("Noor", "Sem", "Yusuf", "Łucja", "Işıl", "Zoë", "Алёна", "أحمد")


def reindexing(world: World) -> Reindexing:
    installation = world.services.installation
    return Reindexing(
        database=installation.database,
        ring=installation.ring,
        log=world.services.log,
        clock=world.clock,
    )


async def with_children(world: World, number: int = len(NAMES)) -> dict[str, PersonId]:
    """Children by given name, in one family."""
    view = await world.family(children=tuple((name, BORN) for name in NAMES[:number]))
    return {one.identity.given_names: one.child for one in view.children}


async def found(world: World, known: dict[str, PersonId]) -> bool:
    """Whether a search finds each of them and nobody else."""
    for name, child in known.items():
        names = f"{name} Voorbeeld"
        (one,) = await world.services.families.search(world.counsellor, names=names, birth_date=BORN)
        assert one.child == child
    return True


async def ways(world: World) -> set[tuple[int, int]]:
    """(index key version, bits) of everybody's tag."""
    return {(one.search_version, one.search_bits) for one in await rows(world, children)}


async def index_versions(world: World) -> list[int]:
    return sorted(one.version for one in await rows(world, tenant_keys, tenant=world.tenant, purpose="index"))


async def erase(world: World, child: PersonId) -> None:
    installation = world.services.installation
    async with installation.database.transaction() as conn:
        await installation.ring.destroy_person_key(conn, world.tenant, child)


async def test_a_fresh_index_key_tags_everybody_and_the_earlier_one_goes(world: World) -> None:
    known = await with_children(world)
    before = {one.child: one.search_tag for one in await rows(world, children)}
    told: list[tuple[int, int]] = []

    done = await reindexing(world).reindex(
        OPERATOR, world.tenant, rotate=True, progress=lambda *numbers: told.append(numbers)
    )

    assert done == Reindexed(version=2, bits=3, persons=8, dropped=1)
    assert told[-1] == (8, 8)
    assert (await ways(world), await index_versions(world)) == ({(2, 3)}, [2])
    assert {one.child: one.search_tag for one in await rows(world, children)} != before
    assert await found(world, known)
    (entry,) = await entries(world, "key.index_rotated.v1")
    assert entry.detail is not None
    assert entry.detail.event == IndexKeyRotated(2, 3, 8)
    await world.settle()
    assert (await world.services.supervision.verify(world.officer)).ok


async def test_half_way_a_rotation_everybody_is_found_and_it_is_taken_up_where_it_broke_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await with_children(world)
    monkeypatch.setattr(reindex, "BATCH", 3)

    class Killed(BaseException):
        """As if the process had ended between two transactions."""

    def die(done: int, _everybody: int) -> None:
        if done >= 3:
            raise Killed

    with pytest.raises(Killed):
        await reindexing(world).reindex(OPERATOR, world.tenant, rotate=True, progress=die)
    at = [one.search_version for one in await rows(world, children)]
    assert (at.count(2), at.count(1), await index_versions(world)) == (3, 5, [1, 2])
    assert await found(world, known)
    late = await world.family(children=(("Late", BORN),))
    known["Late"] = late.children[0].child
    assert await found(world, known)

    done = await reindexing(world).reindex(OPERATOR, world.tenant, rotate=True)

    assert (done.version, done.persons, done.dropped) == (2, 5, 1)
    assert (await ways(world), await index_versions(world)) == ({(2, 3)}, [2])
    assert await found(world, known)


async def test_a_rotation_broken_off_is_finished_by_the_service_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await with_children(world)

    async def away(*_: object) -> None:
        raise KeyProviderUnavailableError("the provider is away")

    with monkeypatch.context() as patch:
        patch.setattr(Reindexing, "_tag_batch", away)
        with pytest.raises(KeyProviderUnavailableError):
            await reindexing(world).reindex(OPERATOR, world.tenant, rotate=True)
    assert await index_versions(world) == [1, 2]
    done = await reindexing(world).keep_up(world.tenant)
    assert done is not None
    assert (done.persons, done.dropped, await index_versions(world)) == (8, 1, [2])
    assert await found(world, known)
    (entry,) = await entries(world, "key.index_rotated.v1")
    assert entry.detail is not None
    assert entry.detail.by.kind == "system"


async def test_as_a_shelter_grows_tags_get_longer_when_they_are_two_bits_short(world: World) -> None:
    assert await reindexing(world).keep_up(world.tenant) is None
    known = await with_children(world, 3)
    assert await ways(world) == {(1, 0), (1, 1)}
    assert await reindexing(world).keep_up(world.tenant) is None
    more = await world.family(children=tuple((name, BORN) for name in NAMES[3:]))
    known |= {one.identity.given_names: one.child for one in more.children}
    assert await ways(world) == {(1, 0), (1, 1), (1, 2), (1, 3)}
    assert await found(world, known)

    assert await reindexing(world).keep_up(world.tenant) == Reindexed(1, 3, 7, 0)

    assert await ways(world) == {(1, 3)}
    assert await found(world, known)
    assert await reindexing(world).keep_up(world.tenant) is None
    assert await entries(world, "key.index_rotated.v1") == ()


async def test_while_serving_what_is_due_is_done_once_a_round(world: World) -> None:
    known = await with_children(world, 1)
    known |= {
        one.identity.given_names: one.child
        for one in (await world.family(children=tuple((name, BORN) for name in NAMES[1:]))).children
    }
    assert len(await ways(world)) > 1
    await jobs._look_at_dates(world.services, world.tenant)
    assert await ways(world) == {(1, 3)}
    assert await found(world, known)


async def test_tags_of_an_earlier_release_are_found_and_made_shorter(world: World) -> None:
    from consent_service.families.model import PersonIdentity
    from consent_service.families.searching import tag_under
    from consent_service.keyring.renewal import index_keys

    known = await with_children(world)
    installation = world.services.installation
    async with installation.database.transaction() as conn:
        key = (await index_keys(conn, world.tenant))[1]
        for name, child in known.items():
            tag = tag_under(installation.ring, key, 10, PersonIdentity(name, "Voorbeeld", BORN))
            here = children.c.child == child
            await conn.execute(update(children).where(here).values(**tag.columns()))
    assert await ways(world) == {(1, 10)}
    assert await found(world, known)
    done = await reindexing(world).reindex(OPERATOR, world.tenant)
    assert (done, await ways(world)) == (Reindexed(1, 3, 8, 0), {(1, 3)})
    assert await found(world, known)


async def test_who_was_erased_is_in_nobodys_way_and_never_found(world: World) -> None:
    known = await with_children(world)
    await erase(world, known.pop("Noor"))
    done = await reindexing(world).reindex(OPERATOR, world.tenant, rotate=True)
    assert (done.version, done.dropped) == (2, 1)
    assert [one.search_tag for one in await rows(world, children)].count(UNFINDABLE) == 1
    assert await found(world, known)
    assert (
        await world.services.families.search(world.counsellor, names="Noor Voorbeeld", birth_date=BORN) == ()
    )
    again = await reindexing(world).reindex(OPERATOR, world.tenant, rotate=True)
    assert (again.version, await index_versions(world)) == (3, [3])
    (entry, _) = await entries(world, "key.index_rotated.v1")
    assert entry.detail is not None
    assert entry.detail.event == IndexKeyRotated(3, 2, 7)


async def test_who_is_written_or_renamed_meanwhile_is_found_afterwards(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await with_children(world)
    monkeypatch.setattr(reindex, "BATCH", 1)

    async def newcomer(name: str) -> None:
        view = await world.family(children=((name, BORN),))
        known[name] = view.children[0].child

    await asyncio.gather(
        newcomer("Een"),
        reindexing(world).reindex(OPERATOR, world.tenant, rotate=True),
        newcomer("Twee"),
        reindexing(world).reindex(OPERATOR, world.tenant),
        newcomer("Drie"),
    )
    await reindexing(world).reindex(OPERATOR, world.tenant)
    assert await found(world, known)
    assert await index_versions(world) == [2]


async def test_a_key_somebody_is_tagged_under_meanwhile_stays_until_that_one_is_tagged_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await with_children(world)
    drop, times = Reindexing._drop_earlier_keys, 0

    async def with_a_latecomer(self: Reindexing, *arguments: Any) -> Any:
        nonlocal times
        times += 1
        if times == 1:  # one who began with the earlier key, and was slower than everybody's new tag
            database = world.services.installation.database
            async with database.transaction() as conn:
                here = children.c.child == known["Noor"]
                await conn.execute(update(children).where(here).values(search_version=1))
        return await drop(self, *arguments)

    monkeypatch.setattr(Reindexing, "_drop_earlier_keys", with_a_latecomer)
    done = await reindexing(world).reindex(OPERATOR, world.tenant, rotate=True)
    assert (done.persons, done.dropped, times) == (9, 1, 2)
    assert await found(world, known)


async def test_only_an_operator_may_and_the_installation_itself_has_nobody_to_tag(world: World) -> None:
    counsellor: Any = world.counsellor
    with pytest.raises(NotAllowedError):
        await reindexing(world).reindex(counsellor, world.tenant, rotate=True)
    with pytest.raises(NotFoundError):
        await reindexing(world).reindex(OPERATOR, INSTALLATION, rotate=True)
    with pytest.raises(KeyDestroyedError):
        await reindexing(world).reindex(OPERATOR, TenantId(new_id()), rotate=True)
    assert [one.version for one in await rows(world, tenant_keys, tenant=INSTALLATION, purpose="index")] == [
        1
    ]


async def test_each_shelter_has_its_own_tags(world: World) -> None:
    other = await furnish(world.services, world.clock, "Opvang Noord")
    known = await with_children(other)
    await reindexing(world).reindex(OPERATOR, world.tenant, rotate=True)
    assert await found(other, known)
    assert (await index_versions(world), await index_versions(other)) == ([2], [1])


async def test_nothing_made_of_the_name_of_an_erased_child_stays(world: World) -> None:
    known = await with_children(world)
    erased = known["Yusuf"]
    await world.services.custody.destroy_child(world.officer, erased)
    (row,) = await rows(world, children, child=erased)
    assert row.search_tag == UNFINDABLE
    names = "Yusuf Voorbeeld"
    assert await world.services.families.search(world.counsellor, names=names, birth_date=BORN) == ()
    others = {name: child for name, child in known.items() if child != erased}
    assert await found(world, others)


async def test_the_path_of_a_dropped_index_key_is_dead_after_the_next_epoch(world: World) -> None:
    await hold_ceremony(world)
    await with_children(world)
    epochs = epochs_of(world)
    assert not await epochs.is_wanted()
    (old,) = await rows(world, tenant_keys, tenant=world.tenant, purpose="index")
    await reindexing(world).reindex(OPERATOR, world.tenant, rotate=True)
    (noted,) = await rows(world, key_destructions)
    assert (noted.kind, noted.owner, noted.child) == ("index", world.tenant, world.tenant)
    assert await epochs.is_wanted()

    assert isinstance(await epochs.run(reason="nightly"), EpochDone)

    (noted,) = await rows(world, key_destructions)
    assert noted.path_dead_at is not None
    with pytest.raises((KeyDestroyedError, IntegrityError)):
        world.services.installation.ring.remembering_nothing().rotation.require_opens(tenant_key_from(old))
    (entry,) = await entries(world, "key.path_destroyed.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, KeyPathDestroyed)
    assert entry.detail.event.kind == "index"
    made = await world.services.key_backups.make()
    assert made.keys
