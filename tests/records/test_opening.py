"""Opening: what was changed, moved, removed, added or put back behind our back is not shown.

Each case tampers with the database as somebody could who can write to it but has no keys.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from consent_service.audit.events import ReleaseRefused
from consent_service.foundation.errors import IntegrityError, NotFoundError
from consent_service.foundation.ids import RecordId, RelationshipId, TypeKey
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import SchoolStaff
from consent_service.keyring.digests import records_digest
from consent_service.keyring.providers.file import FileKeystore
from consent_service.keyring.sealing import seal_for_relationship
from consent_service.policy.facts import Reader
from consent_service.records.model import Shared
from consent_service.records.opening import open_records, type_keys_for
from consent_service.records.service import Note
from consent_service.records.tables import record_digests, records
from consent_service.release.judging import asked_types, judged
from consent_service.release.model import Refused, Released
from consent_service.release.read import read_situation
from tests.scenarios.stories import ADVICE, SUPPORT, Told, ask, share, told_family, trail
from tests.shelter import World, reopened


async def _rows(world: World) -> list[dict[str, object]]:
    async with world.services.installation.database.reading() as conn:
        return [dict(row._mapping) for row in await conn.execute(select(records))]


async def _replace_rows(world: World, rows: list[dict[str, object]]) -> None:
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(records))
        if rows:
            await conn.execute(insert(records), rows)


async def _next_version(world: World, told: Told) -> None:
    note = Note(SUPPORT, {"helps": "Nu iets anders."}, record=told.record)
    assert isinstance(await world.services.records.share(world.counsellor, told.relationship, note), Shared)


async def _flip_a_bit(world: World, told: Told) -> None:
    (row,) = await _rows(world)
    envelope = bytes(row["envelope"])  # type: ignore[call-overload]
    await _replace_rows(world, [{**row, "envelope": envelope[:-1] + bytes([envelope[-1] ^ 1])}])


async def _put_back_yesterday(world: World, told: Told) -> None:
    (yesterday,) = await _rows(world)
    await _next_version(world, told)
    await _replace_rows(world, [yesterday])


async def _put_back_yesterday_under_todays_number(world: World, told: Told) -> None:
    (yesterday,) = await _rows(world)
    await _next_version(world, told)
    await _replace_rows(world, [{**yesterday, "version": 2}])


async def _remove(world: World, told: Told) -> None:
    await _replace_rows(world, [])


async def _remove_one_of_two(world: World, told: Told) -> None:
    (first,) = await _rows(world)
    await share(world, told.relationship, "Nog iets.")
    await _replace_rows(world, [first])


async def _double(world: World, told: Told) -> None:
    (row,) = await _rows(world)
    await _replace_rows(world, [row, {**row, "record": "another"}])


async def _rename(world: World, told: Told) -> None:
    (row,) = await _rows(world)
    await _replace_rows(world, [{**row, "record": "another"}])


async def _raise_the_version(world: World, told: Told) -> None:
    (row,) = await _rows(world)
    await _replace_rows(world, [{**row, "version": 2}])


async def _forget_the_digest(world: World, told: Told) -> None:
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(record_digests))


async def _move_to_a_sibling_type(world: World, told: Told) -> None:
    (row,) = await _rows(world)
    await _replace_rows(world, [{**row, "information_type": "shelter_involvement"}])


async def _all_but_the_key(world: World, told: Told) -> None:
    """Right digest, right place, but the content is no record: only a defect of ours could do this."""
    ring = world.services.installation.ring
    async with world.services.installation.database.transaction() as conn:
        key = await ring.relationship_key(conn, world.tenant, told.relationship)
        envelope = seal_for_relationship(
            ring,
            key,
            information_type=SUPPORT,
            record=told.record,
            record_version=1,
            plaintext=b"\xc1",
        )
        triples = [(told.record, 1, envelope)]
        digest = records_digest(ring, key, information_type=SUPPORT, records=triples)
        await conn.execute(update(records).values(envelope=envelope))
        await conn.execute(update(record_digests).values(digest=digest))


TAMPERING: list[Callable[[World, Told], Awaitable[None]]] = [
    _flip_a_bit,
    _put_back_yesterday,
    _put_back_yesterday_under_todays_number,
    _remove,
    _remove_one_of_two,
    _double,
    _rename,
    _raise_the_version,
    _forget_the_digest,
    _move_to_a_sibling_type,
    _all_but_the_key,
]


@pytest.mark.parametrize("tamper", TAMPERING)
async def test_what_was_tampered_with_is_not_released_and_the_log_says_so(
    world: World, tamper: Callable[[World, Told], Awaitable[None]]
) -> None:
    told = await told_family(world)
    await tamper(world, told)
    with pytest.raises(IntegrityError):
        await ask(world, told.relationship)
    assert await trail(world, "information.released.v1") == ()
    (entry,) = await trail(world, "release.refused.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, ReleaseRefused)
    assert {one.code for one in entry.detail.event.refused} <= {"integrity"}


async def test_a_row_of_another_relationship_opens_nothing(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Anders")
    mine, theirs = await _rows(world)
    if mine["relationship"] != told.relationship:
        mine, theirs = theirs, mine
    swapped = [
        {**mine, "envelope": theirs["envelope"]},
        {**theirs, "envelope": mine["envelope"]},
    ]
    await _replace_rows(world, swapped)
    for relationship in (told.relationship, other.relationship):
        with pytest.raises(IntegrityError):
            await ask(world, relationship)


async def test_a_permit_opens_its_own_relationship_only(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Anders")
    services, now = world.services, world.clock.now()
    ring = services.installation.ring
    async with services.installation.database.reading() as conn:
        mine = await read_situation(conn, ring, world.tenant, told.relationship)
        theirs = await read_situation(conn, ring, world.tenant, other.relationship)
    assert mine is not None
    assert theirs is not None
    assert theirs.key is not None
    rules = await services.policies.rules(mine.active_bundle)
    actor: SchoolStaff = world.contact
    asked = asked_types(rules.catalogue, "support", "s2c")
    reader = Reader("school", actor.staff, actor.role)
    answer = judged(mine, rules, reader, "support", asked=asked, now=now)
    assert answer.permit is not None
    with pytest.raises(IntegrityError, match="another relationship"):
        type_keys_for(ring, answer.permit, theirs.key)


async def test_another_worker_however_warm_refuses_at_once_what_this_one_destroyed(
    world: World, tmp_path: Path, stop_journal: StopJournal
) -> None:
    told = await told_family(world)
    database = world.services.installation.database
    other = reopened(world, database, world.clock, stop_journal, tmp_path)
    for _ in range(2):
        assert isinstance(await ask(other, told.relationship), Released)
    async with database.transaction() as conn:
        assert await world.services.installation.ring.destroy_relationship_key(
            conn, world.tenant, told.relationship
        )
    assert isinstance(await ask(other, told.relationship), Refused)


async def test_a_second_release_asks_nothing_of_the_provider_but_whether_it_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    asked: list[str] = []
    whole = FileKeystore.check
    for verb in ("wrap", "unwrap", "check_value", "generations", "current_generation"):
        monkeypatch.setattr(FileKeystore, verb, lambda *_, verb=verb: asked.append(verb))
    monkeypatch.setattr(FileKeystore, "check", lambda self: asked.append("check") or whole(self))  # type: ignore[func-returns-value]
    assert isinstance(await ask(world, told.relationship), Released)
    assert set(asked) == {"check"}


async def test_another_worker_reads_on_when_the_key_was_wrapped_anew(
    world: World, tmp_path: Path, stop_journal: StopJournal
) -> None:
    told = await told_family(world)
    database = world.services.installation.database
    other = reopened(world, database, world.clock, stop_journal, tmp_path)
    assert isinstance(await ask(other, told.relationship), Released)
    async with database.transaction() as conn:
        await world.services.installation.ring.rewrap_relationship_key(conn, world.tenant, told.relationship)
    assert isinstance(await ask(other, told.relationship), Released)


async def test_type_keys_are_there_for_the_permitted_types_only(world: World) -> None:
    told = await told_family(world)
    services = world.services
    ring = services.installation.ring
    async with services.installation.database.reading() as conn:
        situation = await read_situation(conn, ring, world.tenant, told.relationship)
    assert situation is not None
    assert situation.key is not None
    rules = await services.policies.rules(situation.active_bundle)
    reader = Reader("school", world.contact.staff, world.contact.role)
    asked = asked_types(rules.catalogue, "support", "s2c")
    permit = judged(situation, rules, reader, "support", asked=asked, now=world.clock.now()).permit
    assert permit is not None
    keys = type_keys_for(ring, permit, situation.key)
    assert set(keys) == permit.types
    assert SUPPORT in keys
    assert len(keys) < len(rules.catalogue.types)
    (row,) = await _rows(world)
    assert open_records({}, situation.records, situation.digests) == ()
    (opened,) = open_records(keys, situation.records, situation.digests)
    assert opened.fields == {"helps": ADVICE}
    with pytest.raises(IntegrityError):
        keys[SUPPORT].open(record="another", record_version=1, envelope=bytes(row["envelope"]))  # type: ignore[call-overload]


async def test_records_come_oldest_first_and_types_without_any_are_no_harm(world: World) -> None:
    told = await told_family(world)
    world.clock.advance(timedelta(seconds=1))
    second = await share(world, told.relationship, "Nog iets.")
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert [one.record for one in answer.records] == [told.record, second.record]
    assert [one.fields["helps"] for one in answer.records] == [ADVICE, "Nog iets."]


async def test_a_foreign_record_id_is_not_replaced(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Anders")
    for note in (
        Note(SUPPORT, {"helps": "Rust."}, record=other.record),
        Note(SUPPORT, {"helps": "Rust."}, record=RecordId("none")),
        Note(TypeKey("shelter_involvement"), _INVOLVED, record=told.record),
    ):
        with pytest.raises(NotFoundError):
            await world.services.records.share(world.counsellor, told.relationship, note)
    assert isinstance(await ask(world, told.relationship), Released)
    assert isinstance(await ask(world, RelationshipId(other.relationship)), Released)


_INVOLVED = {"status": "involved", "shown_as": "neutral"}


async def test_a_refusal_opens_nothing_so_damage_in_it_goes_unseen(world: World) -> None:
    told = await told_family(world)
    await _flip_a_bit(world, told)
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    assert isinstance(await ask(world, told.relationship), Refused)
