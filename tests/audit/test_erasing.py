"""What the log says of erased people goes; every hash, proof and signature stays, and nothing else may go."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, select

from consent_service.audit.encoding import Detail
from consent_service.audit.erasing import destroyed_among, forget_batch, is_indexed
from consent_service.audit.events import ErasureExecuted, KeyDestroyed
from consent_service.audit.log import OFFICER
from consent_service.audit.tables import audit_details, audit_index
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TenantId, new_id
from consent_service.keyring.tables import key_destructions, person_keys
from tests.audit.factories import COUNSELLOR, SYSTEM, Desk, a_consent

PLACE = RelationshipId(new_id())


async def forget_mother(desk: Desk, *, limit: int = 2, details: int | None = None) -> int:
    """Her key and everything sealed under it, in small batches, as an erasure does; how many details."""
    taken = 0
    async with desk.database.transaction() as conn:
        await desk.ring.destroy_person_key(conn, desk.tenant, desk.mother)
        for owner, kind in ((desk.mother, "person"), (PLACE, "relationship")):
            noted = {"tenant": desk.tenant, "destruction": new_id(), "kind": kind, "owner": owner}
            row = insert(key_destructions).values(**noted, child=desk.mother, destroyed_at=desk.clock.now())
            await conn.execute(row)
            event = KeyDestroyed(kind, owner)
            await desk.log.append(conn, tenant=desk.tenant, event=event, by=SYSTEM, subject=None)
    while True:
        async with desk.database.transaction() as conn:
            batch = await forget_batch(conn, desk.tenant, {desk.mother, PLACE}, limit=limit)
        assert max(batch.details, batch.attachments, batch.index) <= limit
        if batch.is_nothing:
            break
        taken += batch.details
    said = taken if details is None else details
    executed = ErasureExecuted(new_id(), "person", 1, 1, said, 0, 0, (new_id(), new_id()))
    await desk.append(executed)
    await desk.sequence()
    return taken


async def filled(desk: Desk) -> tuple[EntryId, EntryId]:
    """About her, shown to her, by her, of a child at school she is about, hidden; two that must stay."""
    for more in ({}, {"tagged_for": OFFICER}, {"tagged_for": desk.father}, {"relationship": PLACE}):
        await desk.append(a_consent(PLACE), by=COUNSELLOR, subject=desk.mother, **more)
    shown = await desk.append(a_consent(PLACE), subject=desk.father, tagged_for=desk.mother)
    acted = await desk.append(
        a_consent(PLACE), by=SYSTEM, subject=desk.father, tagged_for=desk.mother, relationship=PLACE
    )
    await desk.sequence()
    return shown, acted


async def test_what_is_about_her_goes_and_the_log_verifies_with_what_others_keep(desk: Desk) -> None:
    shown, acted = await filled(desk)
    assert await forget_mother(desk) == 4
    report = await desk.verify()
    assert report.ok, report.problems
    assert report.details_erased == 4
    async with desk.database.reading() as conn:
        keys = set((await conn.execute(select(audit_index.c.key))).scalars())
        kept = set((await conn.execute(select(audit_details.c.entry))).scalars())
    assert not keys & {desk.mother, PLACE}
    assert {shown, acted} <= kept


@pytest.mark.parametrize("said", [3, 0])
async def test_planted_more_details_gone_than_the_erasure_says_is_found(desk: Desk, said: int) -> None:
    await filled(desk)
    await forget_mother(desk, details=said)
    assert not (await desk.verify()).ok


async def test_planted_an_index_row_of_the_living_that_is_gone_or_added_is_found(desk: Desk) -> None:
    shown, acted = await filled(desk)
    await forget_mother(desk)
    own = (audit_index.c.tenant == desk.tenant) & (audit_index.c.entry == shown)
    for change in (
        delete(audit_index).where(own, audit_index.c.key == desk.father),
        insert(audit_index).values(tenant=desk.tenant, kind="person", key=new_id(), entry=acted, shown=False),
    ):
        async with desk.database.transaction() as conn:
            await conn.execute(change)
        found = {bad.what for bad in (await desk.verify()).problems}
        assert found == {"index_differs"}


async def test_planted_a_note_of_destruction_excuses_nobody_whose_key_lives(desk: Desk) -> None:
    await filled(desk)
    row = {"tenant": desk.tenant, "destruction": new_id(), "kind": "person", "owner": desk.father}
    async with desk.database.transaction() as conn:
        await conn.execute(
            insert(key_destructions).values(**row, child=desk.father, destroyed_at=desk.clock.now())
        )
        await conn.execute(delete(audit_index).where(audit_index.c.key == desk.father))
        assert await destroyed_among(conn, desk.tenant, [desk.father, desk.mother]) == frozenset()
        await conn.execute(delete(person_keys).where(person_keys.c.person == desk.father))
        assert await destroyed_among(conn, desk.tenant, [desk.father]) == {desk.father}


def test_the_index_names_who_the_detail_names_and_only_erased_ones_may_be_left_out() -> None:
    mother, father = PersonId(new_id()), PersonId(new_id())
    detail = Detail(
        v=1,
        tenant=TenantId(new_id()),
        entry=EntryId(new_id()),
        event=a_consent(PLACE),
        by=COUNSELLOR,
        shown_to=father,
        subject=mother,
    )
    rows = {("person", mother, False), ("person", father, True), ("actor", COUNSELLOR.id, False)}
    assert is_indexed(detail, rows, ())
    assert not is_indexed(detail, rows - {("person", mother, False)}, ())
    assert is_indexed(detail, rows - {("person", mother, False)}, {mother})
    assert not is_indexed(detail, {*rows, ("person", mother, True)}, {mother})
