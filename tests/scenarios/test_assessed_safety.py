"""What is confirmed by what was assessed of safety (46), and of whom an address is secret (14)."""

from __future__ import annotations

from datetime import date

import pytest

from consent_service.families.model import SafetyAssessment, SafetyLevel
from consent_service.foundation.errors import InputError, NotFoundError
from tests.ledger import entries
from tests.scenarios.stories import everything_said, told_family
from tests.shelter import SAFE, World

NOT_ASSESSED = SafetyAssessment("not_assessed", True, False, None, None)
DANGER_TO_HER = SafetyAssessment("danger", False, False, None, date(2027, 1, 10))


async def test_s46_while_safety_is_not_assessed_nothing_is_confirmed_to_a_father_with_authority(
    world: World,
) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")), safety=None)
    father = world.guardian(view, 1)
    own = await world.services.families.own_family(father)
    assert (own.children, own.relationships, own.authority) == ((), (), ())
    assert "Noor" not in everything_said(own.children, own.relationships)

    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    karim = world.guardian(told.view, 1)
    assert (await world.services.families.own_family(karim)).children
    await world.services.families.assess_safety(world.counsellor, told.view.family, NOT_ASSESSED)
    again = await world.services.families.own_family(karim)
    assert (again.children, again.relationships, again.contacts) == ((), (), {})


async def test_s46_no_school_can_be_chosen_before_safety_was_assessed(world: World) -> None:
    view = await world.family(safety=None)
    with pytest.raises(InputError) as refused:
        await world.at_school(view.children[0].child)
    assert [problem.code for problem in refused.value.problems] == ["safety_first"]


async def test_s46_the_worst_that_was_assessed_counts_for_the_family(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    samira = view.guardians[0].guardian
    await world.services.families.assess_guardian(world.counsellor, view.family, samira, DANGER_TO_HER)
    after = await world.services.families.view(world.counsellor, view.family)
    assert after.safety.level == "danger"
    await world.services.families.assess_safety(world.counsellor, view.family, SAFE)
    assert (await world.services.families.view(world.counsellor, view.family)).safety.level == "danger"
    (entry,) = await entries(world, "safety.guardian_assessed.v1")
    assert entry.detail is not None
    assert entry.detail.shown_to == "officer"
    stranger = (await world.family(family_name="Anders")).guardians[0].guardian
    with pytest.raises(InputError):
        await world.services.families.assess_guardian(world.counsellor, view.family, stranger, DANGER_TO_HER)


async def test_s46_of_two_who_say_it_of_each_other_neither_reads_the_others_choices(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    both = [world.guardian(told.view, number) for number in (0, 1)]
    for one in both:
        await world.services.families.assess_guardian(
            world.counsellor, told.view.family, one.guardian, DANGER_TO_HER
        )
    for one in both:
        assert (await world.services.rights.own_view(one)).places == ()
        with pytest.raises(NotFoundError):
            await world.services.release.preview(one, told.relationship, language="nl")
        assert (await world.services.families.own_family(one, at_tablet=True)).children


@pytest.mark.parametrize("level", ["danger", "no_known_danger"])
async def test_s14_a_secret_address_is_said_of_the_family_so_that_what_tells_it_is_asked_back(
    world: World, level: SafetyLevel
) -> None:
    told = await told_family(world)
    secret = SafetyAssessment(level, True, False, None, date(2027, 1, 10))
    with pytest.raises(InputError) as refused:
        await world.services.families.assess_guardian(
            world.counsellor, told.view.family, told.mother.guardian, secret
        )
    assert [problem.code for problem in refused.value.problems] == ["secret_address_of_family"]
    assert await entries(world, "safety.guardian_assessed.v1") == ()
