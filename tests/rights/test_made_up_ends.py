"""A database administrator has the service end a key, to have somebody else's details excused: found."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, select, update

from consent_service.audit.tables import audit_details, audit_emptied, audit_index
from consent_service.custody.tables import carried_out_stops
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import EntryId, PersonId
from consent_service.keyring.tables import key_destructions, person_keys
from consent_service.rights.reconciliation import verify_log
from tests.ledger import entries
from tests.rights.forgetting import whole
from tests.scenarios.stories import ask, told_family
from tests.shelter import World


async def relabelled(world: World, victim: PersonId, doomed: PersonId) -> list[EntryId]:
    """Who read about this child, made to look as if it was read about another."""
    seen = await entries(world, "information.released.v1")
    about = [one.id for one in seen if one.detail and one.detail.subject == victim]
    assert about
    async with world.services.installation.database.transaction() as conn:
        hers = audit_details.c.entry.in_(about)
        await conn.execute(update(audit_details).where(hers).values(person=doomed))
    return about


async def missed(world: World, about: list[EntryId]) -> bool:
    """Whether the verification says of each of these, exactly or in between, that it is gone."""
    parts = world.services.installation
    await world.settle()
    async with parts.database.transaction() as conn:
        named = select(audit_emptied.c.entry).where(audit_emptied.c.entry.in_(about))
        assert (await conn.execute(named)).all() == []
        await conn.execute(delete(audit_details).where(audit_details.c.entry.in_(about)))
        await conn.execute(delete(audit_index).where(audit_index.c.entry.in_(about)))
    assert not (await world.services.supervision.verify(world.officer)).ok
    report = await verify_log(parts.database, parts.ring, world.tenant)
    found = {one.entry for one in report.problems}
    return found >= set(about) or any(one.until is not None for one in report.problems)


async def test_planted_a_key_that_ended_is_not_ended_again_because_its_row_is_gone(world: World) -> None:
    victim, gone = await told_family(world, family_name="Leeft"), await told_family(world, family_name="Weg")
    await ask(world, victim.relationship)
    doomed, database = gone.view.children[0].child, world.services.installation.database
    await world.services.custody.destroy_child(world.officer, doomed)
    await whole(world)
    about = await relabelled(world, victim.view.children[0].child, doomed)
    own = (key_destructions.c.owner == doomed) & (key_destructions.c.kind == "person")
    async with database.transaction() as conn:
        (row,) = (await conn.execute(select(key_destructions).where(own))).all()
        await conn.execute(delete(key_destructions).where(own))
        await conn.execute(delete(carried_out_stops))
    with pytest.raises(IntegrityError, match="key_destructions"):
        await world.services.replay_stops()
    async with database.transaction() as conn:
        await conn.execute(insert(key_destructions).values(dict(row._mapping)))
    assert await world.services.replay_stops() == 1
    assert len(await entries(world, "key.destroyed.v1")) == 2
    assert await missed(world, about)


async def test_planted_a_key_made_away_with_before_it_ends_excuses_nobody(world: World) -> None:
    victim, gone = await told_family(world, family_name="Leeft"), await told_family(world, family_name="Weg")
    await ask(world, victim.relationship)
    doomed = gone.view.children[0].child
    about = await relabelled(world, victim.view.children[0].child, doomed)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(person_keys).where(person_keys.c.person == doomed))
    await world.services.custody.destroy_child(world.officer, doomed)
    assert await missed(world, about)
