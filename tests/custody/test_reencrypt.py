"""A fresh key for a relationship: everything opens as before, and nothing under the old key any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, update

from consent_service.audit.events import RecordsReencrypted
from consent_service.custody.reencrypt import (
    Reencrypted,
    Reencryption,
    Skipped,
    UnreadableRelationshipError,
)
from consent_service.foundation.errors import (
    KeyProviderUnavailableError,
    LogUnavailableError,
    NotAllowedError,
    NotFoundError,
    UnavailableError,
)
from consent_service.foundation.ids import RelationshipId, TypeKey, new_id
from consent_service.keyring.model import WrappedRelationshipKey
from consent_service.keyring.tables import key_destructions, relationship_keys
from consent_service.records.service import Note
from consent_service.records.tables import record_digests, records
from consent_service.release.model import Released
from consent_service.release.service import Ask
from tests.ledger import entries, rows, version
from tests.shelter import OPERATOR, World, furnish

TOUCHED = (records, record_digests, relationship_keys, key_destructions)


def reencryption(world: World) -> Reencryption:
    installation = world.services.installation
    return Reencryption(
        database=installation.database,
        ring=installation.ring,
        log=world.services.log,
        clock=installation.clock,
    )


async def shared(world: World, *notes: str) -> RelationshipId:
    """A relationship with a note of each text, and one to the shelter."""
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    answers = {"shelter_involvement": "yes", "support_advice": "yes", "wellbeing_at_school": "yes"}
    await world.intake(world.guardian(view), answers)  # type: ignore[arg-type]
    for text in notes or ("Rust.", "Een vaste plek."):
        await write(world, relationship, text)
    seen = {"date": "2026-08-31", "area": "mood", "change": "better", "seen": "Lacht weer."}
    wellbeing = Note(TypeKey("wellbeing_at_school"), seen)
    await world.services.records.share(world.contact, relationship, wellbeing)
    return relationship


async def write(world: World, relationship: RelationshipId, text: str) -> None:
    note = Note(TypeKey("support_advice"), {"helps": text})
    await world.services.records.share(world.counsellor, relationship, note)


async def read(world: World, relationship: RelationshipId) -> list[str]:
    """What the school reads."""
    answer = await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    assert isinstance(answer, Released)
    return sorted(one.fields["helps"] for one in answer.records if "helps" in one.fields)


async def everything(world: World) -> list[Any]:
    return [sorted(map(tuple, await rows(world, table))) for table in TOUCHED]


async def key_of(world: World, relationship: RelationshipId) -> WrappedRelationshipKey:
    async with world.services.installation.database.reading() as conn:
        return await world.services.installation.ring.relationship_key(conn, world.tenant, relationship)


async def test_everything_opens_as_before_and_stands_under_a_key_of_its_own(world: World) -> None:
    relationship = await shared(world)
    before, old = await everything(world), await key_of(world, relationship)
    raised = await version(world, relationship)
    world.clock.advance(timedelta(minutes=1))

    done = await reencryption(world).reencrypt(OPERATOR, world.tenant, relationship)

    assert done == Reencrypted(relationship, 2, 3)
    assert await read(world, relationship) == ["Een vaste plek.", "Rust."]
    after, fresh = await everything(world), await key_of(world, relationship)
    assert all(one not in after[table] for table in (0, 1, 2) for one in before[table])
    assert (old.version, fresh.version, old.blob == fresh.blob) == (1, 2, False)
    assert await version(world, relationship) > raised
    await write(world, relationship, "Nog iets.")
    assert await read(world, relationship) == ["Een vaste plek.", "Nog iets.", "Rust."]
    again = await reencryption(world).reencrypt(OPERATOR, world.tenant, relationship)
    assert again == Reencrypted(relationship, 3, 4)
    assert len(await read(world, relationship)) == 3


async def test_the_log_commits_to_the_new_digests_for_the_officer_alone(world: World) -> None:
    relationship = await shared(world)
    await reencryption(world).reencrypt(OPERATOR, world.tenant, relationship)
    stored = {row.information_type: row.digest.hex() for row in await rows(world, record_digests)}
    (entry,) = await entries(world, "key.records_reencrypted.v1")
    assert entry.detail is not None
    written = entry.detail.event
    assert isinstance(written, RecordsReencrypted)
    assert dict(zip(written.types, written.digests, strict=True)) == stored
    assert set(stored) == {"support_advice", "wellbeing_at_school"}
    assert (written.relationship, written.key_version, written.records) == (relationship, 2, 3)
    assert entry.detail.shown_to == "officer"
    await world.settle()
    assert (await world.services.supervision.verify(world.officer)).ok


async def test_the_old_key_is_noted_for_the_next_epoch(world: World) -> None:
    relationship = await shared(world)
    for _ in range(2):
        await reencryption(world).reencrypt(OPERATOR, world.tenant, relationship)
    noted = await rows(world, key_destructions)
    assert [(one.kind, one.owner, one.path_dead_at) for one in noted] == [
        ("old_version", relationship, None)
    ] * 2


def flip(envelope: bytes) -> bytes:
    return envelope[:-1] + bytes([envelope[-1] ^ 1])


async def change(world: World, statement: Any) -> None:
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(statement)


async def flipped(world: World) -> None:
    one = (await rows(world, records))[0]
    await change(
        world, update(records).where(records.c.record == one.record).values(envelope=flip(one.envelope))
    )


async def swapped(world: World) -> None:
    one, other = await rows(world, records, information_type="support_advice")
    for to, envelope in ((one, other.envelope), (other, one.envelope)):
        await change(world, update(records).where(records.c.record == to.record).values(envelope=envelope))


async def removed(world: World) -> None:
    one = (await rows(world, records))[0]
    await change(world, delete(records).where(records.c.record == one.record))


async def approved(world: World) -> None:
    await change(world, update(records).values(approved_by=world.colleague.staff))


async def digest_changed(world: World) -> None:
    one = (await rows(world, record_digests))[0]
    await change(world, update(record_digests).values(digest=flip(one.digest)))


async def digest_gone(world: World) -> None:
    await change(world, delete(record_digests).where(record_digests.c.information_type == "support_advice"))


async def key_swapped(world: World) -> None:
    one = (await rows(world, relationship_keys))[0]
    await change(world, update(relationship_keys).values(wrapped=flip(one.wrapped)))


@pytest.mark.parametrize(
    "plant", [flipped, swapped, removed, approved, digest_changed, digest_gone, key_swapped]
)
async def test_what_does_not_open_as_it_should_stops_it_and_nothing_changes(
    world: World, plant: Callable[[World], Awaitable[None]]
) -> None:
    relationship = await shared(world)
    await plant(world)
    before, raised = await everything(world), await version(world, relationship)
    with pytest.raises(UnreadableRelationshipError, match=relationship):
        await reencryption(world).reencrypt(OPERATOR, world.tenant, relationship)
    assert await everything(world) == before
    assert await version(world, relationship) == raised
    assert await entries(world, "key.records_reencrypted.v1") == ()


async def test_what_was_put_back_together_with_its_digest_is_not_made_good(world: World) -> None:
    relationship = await shared(world)
    earlier = [await rows(world, table) for table in (records, record_digests)]
    world.clock.advance(timedelta(seconds=2))  # nearer to each other, the log's order may not be that of time
    await write(world, relationship, "Nieuwer.")
    for table, held in zip((records, record_digests), earlier, strict=True):
        await change(world, delete(table))
        await change(world, insert(table).values([one._asdict() for one in held]))
    assert await read(world, relationship) == ["Een vaste plek.", "Rust."]
    before = await everything(world)
    with pytest.raises(UnreadableRelationshipError):
        await reencryption(world).reencrypt(OPERATOR, world.tenant, relationship)
    assert await everything(world) == before


async def test_with_keys_or_log_away_nothing_changes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    relationship = await shared(world)
    before = await everything(world)

    def away(*_: object, **__: object) -> None:
        raise KeyProviderUnavailableError("the provider is away")

    async def no_log(*_: object, **__: object) -> None:
        raise LogUnavailableError("the log took no entry")

    with monkeypatch.context() as patch:
        patch.setattr(world.services.installation.ring.material, "wrap_owned_key", away)
        with pytest.raises(KeyProviderUnavailableError):
            await reencryption(world).reencrypt(OPERATOR, world.tenant, relationship)
    with monkeypatch.context() as patch:
        patch.setattr(world.services.log, "append", no_log)
        with pytest.raises(LogUnavailableError):
            await reencryption(world).reencrypt(OPERATOR, world.tenant, relationship)
    assert await everything(world) == before
    assert len(await read(world, relationship)) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_on_a_full_disk_nothing_changes(world: World) -> None:
    relationship = await shared(world, *(f"{number:04} " + "lang " * 60 for number in range(12)))
    before, database = await everything(world), world.services.installation.database

    def full(connection: Any, _record: object) -> None:
        size = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {size}")

    async def until_it_fails() -> None:
        nonlocal before
        for _ in range(50):  # the file has some free pages still
            await reencryption(world).reencrypt(OPERATOR, world.tenant, relationship)
            before = await everything(world)

    await database.engine.dispose()
    event.listen(database.engine.sync_engine, "connect", full)
    with pytest.raises(UnavailableError):
        await until_it_fails()
    event.remove(database.engine.sync_engine, "connect", full)
    await database.engine.dispose()
    assert await everything(world) == before
    assert len(await read(world, relationship)) == 12


async def test_who_writes_or_reads_meanwhile_waits_or_is_done_and_nothing_is_lost(world: World) -> None:
    relationship = await shared(world)
    texts = [f"Bericht {number}." for number in range(6)]
    done = await asyncio.gather(
        *(write(world, relationship, text) for text in texts[:3]),
        *(reencryption(world).reencrypt(OPERATOR, world.tenant, relationship) for _ in range(3)),
        *(write(world, relationship, text) for text in texts[3:]),
    )
    assert sorted(one.key_version for one in done if isinstance(one, Reencrypted)) == [2, 3, 4]
    assert await read(world, relationship) == sorted([*texts, "Een vaste plek.", "Rust."])


async def test_a_retired_or_destroyed_key_is_left_as_it_is(world: World) -> None:
    one, other = await shared(world), await shared(world)
    await world.services.custody.destroy(world.officer, one)
    await world.services.families.end_relationship(world.counsellor, other, "moved_out")
    before = await everything(world)
    for relationship, why in ((one, "destroyed"), (other, "retired")):
        done = await reencryption(world).reencrypt(OPERATOR, world.tenant, relationship)
        assert done == Skipped(relationship, why)  # type: ignore[arg-type]
    assert await everything(world) == before


async def test_what_got_its_key_since_the_start_of_a_run_is_done(world: World) -> None:
    one, other = await shared(world), await shared(world)
    world.clock.advance(timedelta(hours=1))
    start = world.clock.now()
    await reencryption(world).reencrypt(OPERATOR, world.tenant, one, since=start)
    everyone = await reencryption(world).relationships(OPERATOR, world.tenant)
    assert everyone == tuple(sorted((one, other)))
    done = [
        await reencryption(world).reencrypt(OPERATOR, world.tenant, which, since=start) for which in everyone
    ]
    assert {type(found) for found in done if found.relationship == one} == {Skipped}
    assert {type(found) for found in done if found.relationship == other} == {Reencrypted}
    assert [(await key_of(world, which)).version for which in (one, other)] == [2, 2]


async def test_only_an_operator_may_and_only_where_the_relationship_is(world: World) -> None:
    relationship = await shared(world)
    elsewhere = await furnish(world.services, world.clock, "Opvang Noord")
    guardian: Any = world.counsellor
    for act in (
        reencryption(world).reencrypt(guardian, world.tenant, relationship),
        reencryption(world).relationships(guardian, world.tenant),
    ):
        with pytest.raises(NotAllowedError):
            await act
    for tenant, wanted in ((world.tenant, RelationshipId(new_id())), (elsewhere.tenant, relationship)):
        with pytest.raises(NotFoundError):
            await reencryption(world).reencrypt(OPERATOR, tenant, wanted)
