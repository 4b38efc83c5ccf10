"""What stands in a file."""

from __future__ import annotations

from consent_service.rights.access.document import to_json
from tests.rights.access.filing import file_of
from tests.scenarios.stories import ADVICE, ask, told_family
from tests.shelter import World


async def test_a_file_tells_what_was_shared_who_looked_and_what_was_answered(world: World) -> None:
    told = await told_family(world)
    await ask(world, told.relationship)
    made = await file_of(world, told.mother)
    raw = to_json(made).decode()
    print(raw)
    assert ADVICE in raw
    assert [one.given_names for one in made.people] == ["Samira", "Noor"]
