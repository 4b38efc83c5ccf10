"""Somebody is forgotten (22): nothing is left that leads to them, and what was proved stays proved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from consent_service.app import start_up
from consent_service.audit.checkpoint import read_note
from consent_service.audit.log_keys import current_log
from consent_service.audit.merkle import leaf_hash
from consent_service.audit.proof_text import check_proof, read_proof, write_proof
from consent_service.audit.tables import (
    audit_details,
    audit_entries,
    audit_index,
    audit_sequence,
)
from consent_service.audit.tree import inclusion_path, newest_head
from consent_service.families.tables import children
from consent_service.foundation.errors import NotAllowedError, NotFoundError
from consent_service.foundation.ids import new_id
from consent_service.keyring.tables import key_destructions
from consent_service.organisations.tables import assignments
from consent_service.process.tables import calendar_marks
from consent_service.release.model import Released
from consent_service.rights.erasure_model import Wanted
from consent_service.rights.tables import erasures
from tests.ledger import entries
from tests.rights.forgetting import (
    LEFT,
    decided,
    erased,
    ids_of,
    left_of,
    second_coordinator,
    tables_naming,
    traced_family,
    traces,
    whole,
)
from tests.scenarios.stories import ask
from tests.shelter import World
from tests.yesterday import close, copy_database


async def proved(world: World) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]]:
    """A head, and for every entry under it the leaf and a proof as it stands on a receipt."""
    async with world.services.installation.database.reading() as conn:
        log = await current_log(conn, world.tenant)
        assert log is not None
        note = await newest_head(conn, log)
        assert note is not None
        own = (audit_sequence.c.tenant == audit_entries.c.tenant) & (
            audit_sequence.c.entry == audit_entries.c.id
        )
        rows = (
            await conn.execute(
                select(audit_sequence.c.seq, audit_entries.c.leaf)
                .join(audit_entries, own)
                .where(audit_entries.c.tenant == world.tenant)
            )
        ).all()
        size = read_note(note).checkpoint.size
        proofs = [
            (bytes(row.leaf), write_proof(row.seq, await inclusion_path(conn, log, row.seq, size), note))
            for row in rows
            if row.seq < size
        ]
    return log.public, tuple(proofs)


async def test_s22_of_a_family_nothing_is_left_anywhere_and_everything_proved_stays_proved(
    world: World,
) -> None:
    told, neighbours = await traced_family(world), await traced_family(world, "Buur")
    before, theirs = await traces(world, ids_of(told)), await traces(world, ids_of(neighbours))
    assert len(before.sealed) > 15
    assert len(await tables_naming(world, before.ids)) > 20
    public, proofs = await proved(world)

    done = await erased(world, Wanted("family", told.view.family, "requested"))

    assert await left_of(world, before) == LEFT
    assert {kind for (_, kind) in LEFT} == {"owner", "child"}  # names of destroyed keys, alone
    assert await traces(world, theirs.ids) == theirs
    assert (done.gone.persons, done.gone.keys) == (3, 4)
    (entry,) = await entries(world, "erasure.executed.v1")
    assert not [one for one in before.ids if one in repr(entry)]
    with pytest.raises(NotFoundError):
        await ask(world, told.relationship)
    with pytest.raises(NotAllowedError):
        await world.services.families.view(world.counsellor, told.view.family)
    assert isinstance(await ask(world, neighbours.relationship), Released)
    for leaf, raw in proofs:
        proof = read_proof(raw)
        origin = read_note(proof.note).checkpoint.origin
        check_proof(proof, leaf_hash(leaf), origin, [public])
    async with world.services.installation.database.reading() as conn:
        leaves = set((await conn.execute(select(audit_entries.c.leaf))).scalars())
    assert {leaf for leaf, _ in proofs} <= leaves
    await whole(world)


async def test_s22_of_a_child_the_family_stays_and_of_a_guardian_the_child(world: World) -> None:
    told = await traced_family(world)
    child, father = told.view.children[0].child, told.view.guardians[1].guardian
    family = told.view.family
    gone_child = await traces(world, {child, told.relationship})
    await erased(world, Wanted("child", child, "consent_withdrawn"))
    assert await left_of(world, gone_child) == LEFT
    view = await world.services.families.view(world.counsellor, family)
    assert (view.children, [one.identity.given_names for one in view.guardians]) == (
        (),
        ["Samira", "Karim"],
    )
    await whole(world)

    gone_father = await traces(world, {father})
    other = await decided(
        world, Wanted("person", father, "unlawful"), await second_coordinator(world, "Dora Derde")
    )
    await world.services.erasures.execute(world.officer, other)
    assert await left_of(world, gone_father) == LEFT
    view = await world.services.families.view(world.counsellor, family)
    assert [one.identity.given_names for one in view.guardians] == ["Samira"]
    looks = await world.services.rights.who_looked(told.mother)
    assert looks == ()
    await whole(world)


async def test_s22_planted_whatever_is_left_of_them_is_found(world: World) -> None:
    """The search that says that nothing is left finds an id, a part of a text and a sealed value anywhere."""
    told = await traced_family(world)
    gone = await traces(world, ids_of(told))
    await erased(world, Wanted("family", told.view.family, "requested"))
    assert await left_of(world, gone) == LEFT
    sealed = next(iter(gone.sealed))
    now, tenant = world.clock.now(), world.tenant
    plants = {
        ("audit_index", "key"): insert(audit_index).values(
            tenant=tenant, kind="person", key=told.mother.guardian, entry=new_id(), shown=False
        ),
        ("audit_details", "sealed"): insert(audit_details).values(
            tenant=tenant, entry=new_id(), sealed=sealed
        ),
        ("calendar_marks", "mark"): insert(calendar_marks).values(
            tenant=tenant, mark=f"expiry:{told.relationship}:pickup", at=now
        ),
        ("assignments", "family"): insert(assignments).values(
            tenant=tenant,
            assignment=new_id(),
            staff=world.counsellor.staff,
            family=told.view.family,
            kind="assigned",
            starts_at=now,
        ),
        ("erasures", "subject"): update(erasures).values(subject=told.view.family),
    }
    for statement in plants.values():
        async with world.services.installation.database.transaction() as conn:
            await conn.execute(statement)
    assert await left_of(world, gone) == {*LEFT, *plants}
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(key_destructions))
    assert await left_of(world, gone) == set(plants)


async def test_s22_on_a_database_of_yesterday_it_is_carried_out_again_to_its_end(
    world: World, tmp_path: Path
) -> None:
    """Asked and approved today or not known at all: the stop journal says who stood behind it."""
    told, neighbours = await traced_family(world), await traced_family(world, "Buur")
    gone = await traces(world, ids_of(told))
    erasure = await decided(world, Wanted("family", told.view.family, "requested"))
    approved = await copy_database(world, tmp_path)
    world.clock.advance(timedelta(hours=12))
    today = await world.services.erasures.execute(world.officer, erasure)

    restored = await approved.put_back()
    await restored.settle()
    assert isinstance(await ask(restored, told.relationship), Released)  # it is yesterday's indeed
    await start_up(restored.services)
    assert await left_of(restored, gone) == LEFT
    (done,) = await restored.services.erasures.overview(restored.officer)
    assert (done.state, done.approved_by, done.subject) == ("executed", today.approved_by, None)
    (entry,) = await entries(restored, "erasure.executed.v1")
    (stop,) = restored.services.installation.journal.all()
    assert entry.detail is not None
    assert (entry.detail.late_since, entry.detail.by.kind) == (stop.at, "system")
    destroyed = await entries(restored, "key.destroyed.v1")
    assert {one.detail.late_since for one in destroyed if one.detail} == {stop.at}
    await restored.settle()
    assert isinstance(await ask(restored, neighbours.relationship), Released)
    await whole(restored)  # late entries of the stop journal are no fault
    await close(restored)


async def test_s22_a_database_that_never_heard_of_the_erasure_carries_it_out_too(
    world: World, tmp_path: Path
) -> None:
    told = await traced_family(world)
    gone = await traces(world, ids_of(told))
    copy = await copy_database(world, tmp_path)
    await erased(world, Wanted("child", told.view.children[0].child, "requested"))
    restored = await copy.put_back()
    await start_up(restored.services)
    async with restored.services.installation.database.reading() as conn:
        assert (await conn.execute(select(children.c.child))).all() == []
    assert ("relationships", "relationship") not in await left_of(restored, gone)
    await whole(restored)
    await close(restored)
