"""What of the rules reaches a reader, type by type."""

from __future__ import annotations

import msgspec

from consent_service.policy.facts import Reader
from consent_service.release.judging import readings
from consent_service.release.read import read_situation
from tests.scenarios.stories import told_family
from tests.shelter import World


async def test_a_purpose_for_which_nothing_goes_to_a_school_is_not_asked(world: World) -> None:
    told = await told_family(world)
    installation = world.services.installation
    async with installation.database.reading() as conn:
        situation = await read_situation(conn, installation.ring, world.tenant, told.relationship)
    assert situation is not None
    rules = await world.services.policies.in_force(situation.active_bundle)
    types = rules.catalogue.types
    readable = [kind for kind in types.values() if "contact" in kind.readers]
    of_school = {kind.key: msgspec.structs.replace(kind, directions=("c2s",)) for kind in readable}
    turned = msgspec.structs.replace(rules.catalogue, types={**types, **of_school})
    reader, now = Reader("school", world.contact.staff, "contact"), world.clock.now()

    assert list(readings(situation, rules, reader, now=now)) != []
    one_way = msgspec.structs.replace(rules, catalogue=turned)
    assert list(readings(situation, one_way, reader, now=now)) == []
