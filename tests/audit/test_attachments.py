"""What is attached to entries: sealed for its own person, committed to, erased with that person."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, insert

from consent_service.audit.attachments import Attached, read_attached, read_attached_to
from consent_service.audit.details import Attachment
from consent_service.audit.events import KeyDestroyed
from consent_service.foundation.errors import KeyDestroyedError
from consent_service.foundation.ids import EntryId, RelationshipId, new_id
from consent_service.keyring.tables import key_destructions, person_keys
from tests.audit.factories import Desk, a_consent

FACTS = b"counts and dates, and no name"


async def with_facts(desk: Desk, raw: bytes = FACTS, **more: Any) -> EntryId:
    return await desk.append(
        a_consent(), subject=desk.father, attachment=Attachment(desk.mother, raw), bundle="b" * 64, **more
    )


async def attached(desk: Desk, **more: Any) -> tuple[Attached, ...]:
    async with desk.database.reading() as conn:
        return await read_attached(conn, desk.ring, desk.tenant, **{"limit": 10, **more})


async def attached_to(desk: Desk, entry: EntryId) -> Attached | None:
    async with desk.database.reading() as conn:
        return await read_attached_to(conn, desk.ring, desk.tenant, entry)


async def destroy(desk: Desk, person: str, *, noted: bool) -> None:
    async with desk.database.transaction() as conn:
        await conn.execute(delete(person_keys).where(person_keys.c.person == person))
        row = {"destruction": new_id(), "kind": "person", "owner": person, "child": person}
        if noted:
            at = desk.clock.now()
            await conn.execute(insert(key_destructions).values(tenant=desk.tenant, destroyed_at=at, **row))


async def what_is_wrong(desk: Desk) -> list[tuple[str, str]]:
    await desk.sequence()
    return [(bad.what, bad.entry) for bad in (await desk.verify()).problems]


async def test_it_reads_back_as_it_was_with_the_moment_and_the_rules_of_its_entry(desk: Desk) -> None:
    at = desk.clock.now()
    entry = await with_facts(desk)
    await desk.append(a_consent(), subject=desk.mother)
    expected = Attached(entry, at.replace(microsecond=at.microsecond // 1000 * 1000), "b" * 64, "open", FACTS)
    assert await attached(desk) == (expected,)
    assert await attached_to(desk, entry) == expected
    assert await what_is_wrong(desk) == []


async def test_they_come_newest_first_and_page_by_page(desk: Desk) -> None:
    entries = [await with_facts(desk, str(number).encode()) for number in range(5)]
    first = await attached(desk, limit=2)
    rest = await attached(desk, limit=10, before=first[-1].entry)
    assert [one.entry for one in (*first, *rest)] == entries[::-1]
    assert [one.raw for one in (*first, *rest)] == [b"4", b"3", b"2", b"1", b"0"]


async def test_an_entry_without_one_has_none(desk: Desk) -> None:
    entry = await desk.append(a_consent(), subject=desk.mother)
    assert await attached_to(desk, entry) is None
    assert await attached_to(desk, EntryId(new_id())) is None


async def test_it_is_no_part_of_what_the_entry_says(desk: Desk) -> None:
    await with_facts(desk)
    (row,) = await desk.rows("SELECT sealed, attached FROM audit_details")
    assert FACTS not in bytes(row.sealed) + bytes(row.attached)
    (entry,) = (await desk.trail()).entries
    assert entry.detail is not None
    assert FACTS.decode() not in str(entry)
    assert len(entry.detail.attached) == 43


async def test_it_dies_with_its_own_person_and_not_with_the_subject_of_the_entry(desk: Desk) -> None:
    place = RelationshipId(new_id())
    entry = await with_facts(desk, relationship=place)
    await destroy(desk, desk.mother, noted=True)
    (gone,) = await attached(desk)
    assert (gone.entry, gone.state, gone.raw) == (entry, "erased", b"")
    assert await what_is_wrong(desk) == [("attachment_differs", entry)]  # erased, and not whom it is about
    row = {"destruction": new_id(), "kind": "relationship", "owner": place, "child": desk.mother}
    async with desk.database.transaction() as conn:
        at = desk.clock.now()
        await conn.execute(insert(key_destructions).values(tenant=desk.tenant, destroyed_at=at, **row))
    assert await what_is_wrong(desk) == [("attachment_differs", entry)]  # of which no entry tells
    await desk.append(KeyDestroyed("person", desk.mother))
    assert await what_is_wrong(desk) == []


async def test_nothing_is_attached_for_somebody_whose_key_is_gone(desk: Desk) -> None:
    await destroy(desk, desk.mother, noted=True)
    with pytest.raises(KeyDestroyedError):
        await with_facts(desk)
    assert (await desk.trail()).entries == ()


async def test_a_detail_that_cannot_be_opened_says_nothing_of_what_is_attached(desk: Desk) -> None:
    await with_facts(desk)
    await destroy(desk, desk.father, noted=True)
    assert [one.state for one in await attached(desk)] == ["erased"]


async def test_one_with_an_unreadable_leaf_is_damaged(desk: Desk) -> None:
    entry = await with_facts(desk)
    await desk.tamper(["audit_entries"], "UPDATE audit_entries SET leaf = :leaf", leaf=b"{}")
    assert [(one.entry, one.state) for one in await attached(desk)] == [(entry, "damaged")]


OTHERWISE = {
    "taken away": "UPDATE audit_details SET attached = NULL, attached_for = NULL WHERE entry = :one",
    "nobody's": "UPDATE audit_details SET attached_for = NULL WHERE entry = :one",
    "somebody unknown's": "UPDATE audit_details SET attached_for = :nobody WHERE entry = :one",
    "somebody else's": "UPDATE audit_details SET attached_for = :other WHERE entry = :one",
    "of another entry": "UPDATE audit_details SET attached = (SELECT attached FROM audit_details "
    "WHERE entry = :two) WHERE entry = :one",
}


@pytest.mark.parametrize("change", OTHERWISE.values(), ids=OTHERWISE)
async def test_a_changed_one_is_never_believed_and_verify_names_its_entry(desk: Desk, change: str) -> None:
    one, two = await with_facts(desk), await with_facts(desk, b"others")
    values = {"one": one, "two": two, "other": desk.father, "nobody": new_id()}
    await desk.tamper([], change, **values)
    found = {entry.entry: entry for entry in await attached(desk)}
    assert one not in found or (found[one].state, found[one].raw) != ("open", FACTS)
    assert found[two].raw == b"others"
    assert await what_is_wrong(desk) == [("attachment_differs", one)]


async def test_one_sealed_again_by_somebody_with_the_keys_is_not_what_was_committed_to(desk: Desk) -> None:
    """The service's own keys are not enough: the log has the commitment."""
    entry = await with_facts(desk)
    async with desk.database.transaction() as conn:
        key = await desk.ring.person_key(conn, desk.tenant, desk.mother)
    from consent_service.audit.details import seal_attachment

    forged, _ = seal_attachment(desk.ring, key, Attachment(desk.mother, b"forged"), entry=entry)
    await desk.tamper([], "UPDATE audit_details SET attached = :forged", forged=forged.sealed)
    assert [(one.state, one.raw) for one in await attached(desk)] == [("damaged", b"")]
    assert await what_is_wrong(desk) == [("attachment_differs", entry)]


async def test_one_that_no_entry_speaks_of_is_named(desk: Desk) -> None:
    await with_facts(desk)
    entry = await desk.append(a_consent(), subject=desk.mother)
    await desk.tamper(
        [],
        "UPDATE audit_details SET attached = (SELECT attached FROM audit_details WHERE entry <> :one), "
        "attached_for = :mother WHERE entry = :one",
        one=entry,
        mother=desk.mother,
    )
    assert await what_is_wrong(desk) == [("attachment_differs", entry)]


async def test_a_key_that_went_without_a_note_excuses_nothing(desk: Desk) -> None:
    entry = await with_facts(desk)
    await destroy(desk, desk.mother, noted=False)
    assert ("attachment_differs", entry) in await what_is_wrong(desk)
