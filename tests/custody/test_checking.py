"""Putting row, version and digest back together is refused by nothing at opening; `check` finds it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Row

from consent_service.app import build_services
from consent_service.audit.events import RecordShared
from consent_service.custody.checking import Compared, Difference, RecordCheck
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.ids import TypeKey
from consent_service.identity.model import Operator
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.records.tables import record_digests, records
from consent_service.release.model import Released
from tests.ledger import rows
from tests.scenarios.stories import SUPPORT, YES, Told, ask, share, told_family
from tests.shelter import SECRET, World

PICKUP, VIOLENCE = TypeKey("pickup"), TypeKey("current_domestic_violence")
GRANDMA = {"name": "Oma Voorbeeld", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
CODED = {"status": "current", "meeting": "soon"}


def check_of(world: World) -> RecordCheck:
    installation = world.services.installation
    return RecordCheck(database=installation.database, ring=installation.ring, log=world.services.log)


async def compared(world: World) -> Compared:
    return await check_of(world).everything()


async def state_of(world: World) -> list[tuple[Any, list[Row[Any]]]]:
    """The records and digests as they are."""
    return [(table, await rows(world, table)) for table in (records, record_digests)]


async def put_back(world: World, state: Iterable[tuple[Any, list[Row[Any]]]]) -> None:
    """Rows, versions and digests together, as somebody who owns the database can."""
    async with world.services.installation.database.transaction() as conn:
        for table, before in state:
            await conn.execute(delete(table))
            if before:
                await conn.execute(insert(table), [dict(row._mapping) for row in before])


async def replaced(world: World, told: Told, text: str) -> None:
    world.clock.advance(timedelta(seconds=2))  # nearer to each other, the log's order may not be that of time
    note = Note(SUPPORT, {"helps": text}, record=told.record)
    assert isinstance(await world.services.records.share(world.counsellor, told.relationship, note), Shared)


async def test_what_was_put_back_with_its_digest_opens_and_is_found_against_the_log(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Ander")
    before = await state_of(world)
    await replaced(world, told, "Iets anders.")
    assert (await compared(world)).differences == ()
    await put_back(world, before)
    assert isinstance(await ask(world, told.relationship), Released)  # opening cannot see it
    expected = Difference(world.tenant, told.relationship, SUPPORT, "rolled_back")
    assert await compared(world) == Compared(1, 0, (expected,))
    assert await check_of(world).relationship(world.tenant, other.relationship) == Compared(1)


async def test_what_was_taken_back_and_put_there_again_is_found(world: World) -> None:
    told = await told_family(world)
    before = await state_of(world)
    world.clock.advance(timedelta(seconds=2))
    await world.services.records.retract(world.counsellor, told.relationship, told.record)
    assert await compared(world) == Compared(1)
    await put_back(world, before)
    assert [one.fault for one in (await compared(world)).differences] == ["rolled_back"]


async def test_everything_of_a_type_taken_away_with_its_digest_is_found(world: World) -> None:
    told = await told_family(world)
    await put_back(world, [(records, []), (record_digests, [])])
    (difference,) = (await compared(world)).differences
    assert (difference.relationship, difference.fault) == (told.relationship, "rolled_back")


@pytest.mark.parametrize("how", ["row", "digest", "no digest"])
async def test_rows_that_do_not_fit_their_digest_are_found_too(world: World, how: str) -> None:
    told = await told_family(world)
    if how == "row":
        statement: Any = update(records).values(approved_by=world.officer.staff)
    elif how == "digest":
        statement = update(record_digests).values(digest=bytes(32))
    else:
        statement = delete(record_digests)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(statement)
        if how == "no digest":  # and the log never said a word about it
            await conn.execute(update(records).values(information_type=PICKUP))
    found = (await compared(world)).differences
    assert (
        Difference(world.tenant, told.relationship, PICKUP if how == "no digest" else SUPPORT, "changed")
        in found
    )


async def test_nothing_differs_after_everything_that_can_happen_to_records(world: World) -> None:
    told = await told_family(world)
    services, relationship = world.services, told.relationship
    await world.intake(told.mother, {**YES, "pickup": "yes", "current_domestic_violence": "yes"})
    written = []
    for key, fields in ((PICKUP, GRANDMA), (VIOLENCE, CODED), (PICKUP, GRANDMA)):
        shared = await services.records.share(world.counsellor, relationship, Note(key, fields))
        assert isinstance(shared, Shared)
        written.append(shared.record)
        if shared.needs_approval:
            await services.records.approve(world.colleague, relationship, shared.record)
    await replaced(world, told, "Iets anders.")
    await services.records.retract(world.counsellor, relationship, written[-1])
    assert await compared(world) == Compared(3)
    await services.reencryption.reencrypt(Operator("tests"), world.tenant, relationship)
    assert await compared(world) == Compared(3)
    await services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    await world.settle()  # recalled
    assert [row.information_type for row in await rows(world, records, information_type=PICKUP)] == []
    await services.families.end_relationship(world.counsellor, relationship, "night_departure")
    await world.settle()
    assert await compared(world) == Compared(3)


async def test_what_was_destroyed_is_counted_as_not_checkable(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Ander")
    await world.services.custody.destroy_child(world.officer, told.view.children[0].child)
    await share(world, other.relationship)
    assert await compared(world) == Compared(good=1, not_checkable=1)


async def test_what_was_written_before_digests_were_committed_to_is_not_checkable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_digest(*fields: Any) -> RecordShared:
        return RecordShared(*fields[:5])

    with monkeypatch.context() as patch:
        patch.setattr("consent_service.records.service.events.RecordShared", without_digest)
        told = await told_family(world)
    assert await compared(world) == Compared(not_checkable=1)
    await put_back(world, [(records, []), (record_digests, [])])
    assert await compared(world) == Compared(not_checkable=1)
    async with world.services.installation.database.reading() as conn:
        assert (await conn.execute(select(records))).all() == []
    assert told.record


async def test_somebody_who_writes_meanwhile_is_no_false_alarm(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(world)
    whole = RecordCheck._committed
    looks = 0

    async def slow(check: RecordCheck, *place: Any) -> Any:
        nonlocal looks
        looks += 1
        if looks == 1:  # its own transaction, while the check stands between two questions
            await asyncio.create_task(replaced(world, told, "Iets anders."))
        return await whole(check, *place)

    monkeypatch.setattr(RecordCheck, "_committed", slow)
    assert await compared(world) == Compared(1)
    assert looks >= 1


async def test_many_entries_about_a_relationship_are_read_page_after_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consent_service.custody.checking._PAGE", 2)
    told = await told_family(world)
    for _ in range(3):
        await ask(world, told.relationship)
    assert await compared(world) == Compared(1)


async def test_two_nodes_that_number_their_entries_in_another_order_are_no_false_alarm(world: World) -> None:
    """Both write the same type within a second; the one whose clock is ahead wrote first."""
    told = await told_family(world)
    world.clock.advance(timedelta(seconds=5))
    fast = MovableClock(world.clock.now() + timedelta(milliseconds=700))
    ahead = build_services(msgspec.structs.replace(world.services.installation, clock=fast))
    for services, text in ((ahead, "Eerst."), (world.services, "Daarna.")):
        note = Note(SUPPORT, {"helps": text}, record=told.record)
        assert isinstance(await services.records.share(world.counsellor, told.relationship, note), Shared)
    assert await compared(world) == Compared(1)
