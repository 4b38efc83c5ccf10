"""In which capacity somebody speaks, and about which children one is asked."""

from __future__ import annotations

from datetime import date

from consent_service.consent.capacity import capacity_of, deciding_about, people_of, voices_of
from consent_service.consent.model import Capacity
from consent_service.families.model import Ages, ChildVoice, FamilyView
from consent_service.foundation.ids import PersonId, RelationshipId
from consent_service.identity.model import PersonActor
from tests.shelter import World

AGES = Ages(12, 16)
CHILDREN = (
    ("Noor", date(2018, 5, 4)),  # eight
    ("Sem", date(2013, 5, 4)),  # thirteen
    ("Lotte", date(2009, 5, 4)),  # seventeen
)


async def asked_about(world: World, actor: PersonActor) -> set[RelationshipId]:
    installation = world.services.installation
    async with installation.database.reading() as conn:
        found = await deciding_about(conn, installation.ring, actor, ages=AGES, now=world.clock.now())
    return {one.relationship for one in found}


async def capacity(world: World, view: FamilyView, person: PersonId, child: PersonId) -> Capacity:
    async with world.services.installation.database.reading() as conn:
        return await capacity_of(
            conn, world.tenant, family=view.family, guardian=person, child=child, now=world.clock.now()
        )


async def test_a_parent_is_asked_about_who_does_not_decide_alone_and_a_child_about_itself(
    world: World,
) -> None:
    view = await world.family(children=CHILDREN)
    noor, sem, lotte = [await world.at_school(one.child) for one in view.children]
    assert await asked_about(world, world.guardian(view)) == {noor, sem}
    assert await asked_about(world, world.child(view, 0)) == set()
    assert await asked_about(world, world.child(view, 1)) == {sem}
    assert await asked_about(world, world.child(view, 2)) == {lotte}


async def test_a_gezinsvoogd_and_who_has_no_authority_are_asked_about_nobody(world: World) -> None:
    view = await world.family(
        guardians=(("Samira", "holder"), ("Gijs", "gezinsvoogd"), ("Karim", "none"), ("Wim", None))
    )
    relationship = await world.at_school(view.children[0].child)
    child = view.children[0].child
    expected: list[Capacity] = ["holder", "gezinsvoogd", "without_authority", "holder"]
    for number, as_what in enumerate(expected):
        assert await capacity(world, view, view.guardians[number].guardian, child) == as_what
        asked = {relationship} if as_what == "holder" else set()
        assert await asked_about(world, world.guardian(view, number)) == asked


async def test_a_child_speaks_as_a_child_about_itself(world: World) -> None:
    view = await world.family(children=CHILDREN)
    noor, sem, _ = (one.child for one in view.children)
    assert await capacity(world, view, noor, noor) == "child"
    assert await capacity(world, view, noor, sem) == "without_authority"


async def test_the_voices_follow_age_and_judgement(world: World) -> None:
    view = await world.family(children=CHILDREN)
    installation = world.services.installation

    async def voices() -> list[ChildVoice]:
        async with installation.database.reading() as conn:
            found = await voices_of(
                conn, installation.ring, world.tenant, view.family, ages=AGES, now=world.clock.now()
            )
        return [found[one.child] for one in view.children]

    assert await voices() == ["heard", "together", "alone"]
    for number in (0, 1, 2):
        await world.services.families.judge_competence(
            world.counsellor, view.family, view.children[number].child, competent=False, reason="too_upset"
        )
    assert await voices() == ["heard", "heard", "heard"]


async def test_everybody_of_the_family_may_have_answered(world: World) -> None:
    view = await world.family(children=CHILDREN)
    async with world.services.installation.database.reading() as conn:
        people = await people_of(conn, world.tenant, view.family)
    assert people == {one.child for one in view.children} | {one.guardian for one in view.guardians}
