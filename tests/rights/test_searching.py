"""What an officer searches by, answered by the log on each engine."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consent_service.audit.events import LogViewed
from consent_service.foundation.errors import NotAllowedError, NotFoundError
from consent_service.foundation.ids import PersonId, RelationshipId, new_id
from consent_service.rights.searching import SHELTER, Search
from tests.ledger import entries
from tests.rights.test_service import looked_at
from tests.shelter import World

RELEASED = "information.released.v1"


async def test_each_field_narrows_and_of_its_value_nothing_is_logged(world: World) -> None:
    mother, father = await looked_at(world)
    (first, second) = await world.services.rights.who_looked(mother)
    at_linde, at_eik = (second, first) if second.relationship != first.relationship else (first, second)
    now = world.clock.now()
    cases: list[tuple[Search, int]] = [
        (Search(event=RELEASED), 2),
        (Search(event=RELEASED, person=at_linde.child), 1),
        (Search(event=RELEASED, person=PersonId(new_id())), 0),
        (Search(event=RELEASED, relationship=at_eik.relationship), 1),
        (Search(event=RELEASED, relationship=RelationshipId(new_id())), 0),
        (Search(event=RELEASED, actor=world.contact.staff), 1),
        (Search(event=RELEASED, organisation=world.linde), 1),
        (Search(event=RELEASED, organisation=world.eik), 1),
        (Search(event=RELEASED, organisation=SHELTER), 0),
        (Search(event="school.registered.v1", organisation=world.eik), 1),
        (Search(event="relationship.started.v1", organisation=world.linde), 1),
        (Search(event="record.shared.v1", organisation=world.linde), 1),
        (Search(event="record.shared.v1", organisation=SHELTER), 2),
        (Search(event=RELEASED, decision="allowed"), 2),
        (Search(event=RELEASED, decision="refused"), 0),
        (Search(event=RELEASED, basis="public_task"), 2),
        (Search(event=RELEASED, basis="legitimate_interest"), 0),
        (Search(event=RELEASED, rests_on="0123456789abcdef"), 0),
        (Search(event=RELEASED, since=now - timedelta(hours=1), until=now + timedelta(hours=1)), 2),
        (Search(event=RELEASED, since=now + timedelta(hours=1)), 0),
    ]
    for asked, count in cases:
        page = await world.services.supervision.search(world.officer, asked)
        assert len(page.entries) == count, asked
    bundle = (await entries(world, RELEASED))[0].bundle
    asked = Search(rests_on=bundle, decision="allowed", event=RELEASED)
    assert len((await world.services.supervision.search(world.officer, asked)).entries) == 2

    looks = [one.detail.event for one in await entries(world, "log.viewed.v1") if one.detail]
    used = {name for one in looks if isinstance(one, LogViewed) for name in one.filters}
    assert used == set(Search.__struct_fields__) - {"event"} | {"types"}
    for secret in (father.guardian, world.contact.staff, world.linde, bundle):
        assert secret not in repr(looks)


async def test_only_officers_search_and_only_for_schools_of_their_shelter(world: World) -> None:
    door = world.services.supervision
    view = await world.family()
    for stranger in (world.counsellor, world.contact, world.guardian(view)):
        with pytest.raises(NotAllowedError):
            await door.search(stranger, Search())  # type: ignore[arg-type]
        with pytest.raises(NotAllowedError):
            await door.head(stranger)  # type: ignore[arg-type]
        with pytest.raises(NotAllowedError):
            await door.pin(stranger, 1)  # type: ignore[arg-type]
        with pytest.raises(NotAllowedError):
            await door.proof_text(stranger, view.family)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        await door.search(world.officer, Search(organisation=new_id()))
    assert await entries(world, "log.viewed.v1", "log.pinned.v1", "log.exported.v1") == ()


async def test_a_head_is_there_once_something_was_signed_and_a_broken_log_shows_no_growth(
    world: World,
) -> None:
    door = world.services.supervision
    with pytest.raises(NotFoundError):
        await door.head(world.officer)
    await world.settle()
    first = await door.head(world.officer)
    assert (first.since, first.path, first.handovers) == (0, (), ())
    await world.family()
    await world.settle()
    assert (await door.head(world.officer, since=1)).path != ()
    assert (await door.head(world.officer, since=10**9)).path == ()
