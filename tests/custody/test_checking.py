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
from consent_service.audit.tables import audit_details, audit_index
from consent_service.custody.checking import Compared, Difference, RecordCheck
from consent_service.custody.reencrypt import UnreadableRelationshipError
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TypeKey
from consent_service.identity.model import Operator
from consent_service.organisations.tables import relationship_state
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


async def entries_known(world: World) -> set[str]:
    return {row.entry for row in await rows(world, audit_details)}


REMOVED_SINCE = ("detail", "detail and index", "damaged", "sealed for nobody")


@pytest.mark.parametrize("how", REMOVED_SINCE)
async def test_what_was_put_back_is_found_although_the_log_lost_what_it_said_last(
    world: World, how: str
) -> None:
    told = await told_family(world)
    before, known = await state_of(world), await entries_known(world)
    await replaced(world, told, "Iets anders.")
    await put_back(world, before)
    newest = audit_details.c.entry.not_in(known)
    async with world.services.installation.database.transaction() as conn:
        if how == "damaged":
            await conn.execute(update(audit_details).where(newest).values(sealed=b"\1" * 60))
        elif how == "sealed for nobody":
            await conn.execute(update(audit_details).where(newest).values(person="nobody"))
        else:
            await conn.execute(delete(audit_details).where(newest))
        if how == "detail and index":
            await conn.execute(delete(audit_index).where(audit_index.c.entry.not_in(known)))
    expected = Difference(world.tenant, told.relationship, SUPPORT, "removed")
    assert (await compared(world)).differences == (expected,)
    with pytest.raises(UnreadableRelationshipError):
        await world.services.reencryption.reencrypt(Operator("tests"), world.tenant, told.relationship)
    await world.settle()
    assert not (await world.services.supervision.verify(world.officer)).ok


async def test_rows_of_the_index_taken_away_hide_nothing_and_are_named(world: World) -> None:
    told = await told_family(world)
    before = await state_of(world)
    await replaced(world, told, "Iets anders.")
    await put_back(world, before)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(audit_index))
    assert [one.fault for one in (await compared(world)).differences] == ["rolled_back"]
    await world.settle()
    report = await world.services.supervision.verify(world.officer)
    assert {one.what for one in report.log.problems} == {"index_differs"}


async def test_all_content_of_the_log_taken_away_is_no_missing_key(world: World) -> None:
    told = await told_family(world)
    before = await state_of(world)
    await replaced(world, told, "Iets anders.")
    await put_back(world, before)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(audit_details))
    found = await compared(world)
    expected = Difference(world.tenant, told.relationship, SUPPORT, "removed")
    assert found == Compared(differences=(expected,))
    async with world.services.installation.database.transaction() as conn:
        for table in (records, record_digests):
            await conn.execute(delete(table))
    expected = Difference(world.tenant, told.relationship, "", "removed")
    assert (await compared(world)).differences == (expected,)


async def test_what_only_officers_see_counts_for_everybody_of_the_shelter(world: World) -> None:
    told = await told_family(world)
    await world.intake(told.mother, {**YES, "current_domestic_violence": "yes"})
    known = await entries_known(world)
    world.clock.advance(timedelta(seconds=2))
    await world.services.reencryption.reencrypt(Operator("tests"), world.tenant, told.relationship)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(audit_details).where(audit_details.c.entry.not_in(known)))
    assert [one.fault for one in (await compared(world)).differences] == ["rolled_back", "removed"]
    world.clock.advance(timedelta(seconds=2))
    other = await told_family(world, family_name="Ander")
    (difference,) = (await check_of(world).relationship(world.tenant, other.relationship)).differences
    assert (difference.information_type, difference.fault) == ("", "removed")
    # What was written since is certain, so it can be sealed anew.
    await world.services.reencryption.reencrypt(Operator("tests"), world.tenant, other.relationship)


async def test_a_state_without_its_relationship_is_an_alarm(world: World) -> None:
    told = await told_family(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(relationship_state).values(relationship="nothing"))
    with pytest.raises(IntegrityError, match="has a state and is not there"):
        await compared(world)
    assert await check_of(world).relationship(world.tenant, told.relationship) == Compared(1)


async def test_a_childs_key_taken_away_without_a_destruction_is_no_erasure(world: World) -> None:
    told = await told_family(world)
    child = told.view.children[0].child
    async with world.services.installation.database.transaction() as conn:
        await world.services.installation.ring.destroy_person_key(conn, world.tenant, child)
    assert [one.fault for one in (await compared(world)).differences] == ["removed"]


async def test_removed_content_older_than_what_was_written_since_is_told_without_a_type(world: World) -> None:
    told = await told_family(world)
    known = await entries_known(world)
    await replaced(world, told, "Iets anders.")
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(audit_details).where(audit_details.c.entry.in_(known)))
    found = await compared(world)
    assert found == Compared(1, differences=(Difference(world.tenant, told.relationship, "", "removed"),))


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


async def test_what_was_destroyed_is_counted_as_destroyed(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Ander")
    await world.services.custody.destroy_child(world.officer, told.view.children[0].child)
    await share(world, other.relationship)
    assert await compared(world) == Compared(good=1, destroyed=1)


async def test_what_was_written_before_digests_were_committed_to_is_unknown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_digest(*fields: Any) -> RecordShared:
        return RecordShared(*fields[:5])

    with monkeypatch.context() as patch:
        patch.setattr("consent_service.records.service.events.RecordShared", without_digest)
        told = await told_family(world)
    assert await compared(world) == Compared(unknown=1)
    await put_back(world, [(records, []), (record_digests, [])])
    assert await compared(world) == Compared(unknown=1)
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
