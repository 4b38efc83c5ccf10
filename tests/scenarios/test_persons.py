"""Two with one name stay two (41), a closed dialog is no yes (43), the other parent's data stays out (44)."""

from __future__ import annotations

import pytest

from consent_service.audit.log import TrailFilter
from consent_service.consent.model import Signature, Sitting
from consent_service.consent.service import Target
from consent_service.families.model import NewGuardian, PersonIdentity
from consent_service.foundation.errors import ConflictError, InputError
from consent_service.identity.model import GuardianActor
from consent_service.release.model import Refused, Released
from tests.ledger import whole_trail
from tests.scenarios.stories import SUPPORT, YES, ask, everything_said, row_counts, share, told_family
from tests.shelter import World


async def test_s41_two_guardians_with_one_name_are_two_persons(world: World) -> None:
    view = await world.family(guardians=(("Kim", "holder"), ("Kim", "holder")))
    relationship = await world.at_school(view.children[0].child)
    one, other = world.guardian(view, 0), world.guardian(view, 1)
    assert one.guardian != other.guardian
    await world.intake(one, YES)
    await world.intake(other, {}, otherwise="no")
    consent = world.services.consent
    assert (await consent.own_answers(one))[relationship, SUPPORT].answer == "yes"
    assert (await consent.own_answers(other))[relationship, SUPPORT].answer == "no"
    own = await world.services.families.own_family(one)
    assert [guardian.guardian for guardian in own.guardians] == [one.guardian]

    target = Target(world.tenant, view.family, other.guardian)
    await consent.withdraw(other, target, method="page")
    await share(world, relationship)
    assert isinstance(await ask(world, relationship), Released)
    await consent.withdraw(one, Target(world.tenant, view.family, one.guardian), method="page")
    assert isinstance(await ask(world, relationship), Refused)


async def test_s41_a_namesake_added_later_or_elsewhere_joins_nobody(world: World) -> None:
    told = await told_family(world, guardians=(("Kim", "holder"),))
    namesake = await world.services.families.add_guardian(
        world.counsellor,
        told.view.family,
        NewGuardian(PersonIdentity("Kim", "Voorbeeld"), "none", "judgment"),
    )
    elsewhere = await world.family(guardians=(("Kim", "holder"),))
    people = {told.mother.guardian, namesake, elsewhere.guardians[0].guardian}
    assert len(people) == 3
    later = GuardianActor(world.tenant, namesake, told.view.family)
    assert await world.services.consent.own_answers(later) == {}
    assert await world.services.consent.own_answers(world.guardian(elsewhere)) == {}
    assert isinstance(await ask(world, told.relationship), Released)


async def _answered(world: World, mother: GuardianActor) -> Sitting:
    sitting = await world.services.sittings.start(
        world.counsellor,
        family=mother.family,
        guardian=mother.guardian,
        language="nl",
        interpreter="none",
    )
    assert sitting.answers == {}
    for question in sitting.questions:
        sitting = await world.services.sittings.answer(
            mother,
            sitting.sitting,
            question,
            answer="yes",
            shown=world.shown(question.information_type),
        )
    return sitting


_KEPT = ("consent_ledger", "withdrawal_codes", "records")


async def test_s43_closing_the_sitting_stores_no_consent(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    await _answered(world, mother)  # every question yes, and then the tablet is put down
    counts = await row_counts(world)
    assert [counts[table] for table in _KEPT] == [0, 0, 0]
    assert await world.services.consent.own_answers(mother) == {}
    assert isinstance(await ask(world, relationship), Refused)
    assert await world.services.release.children_of_contact(world.contact, [relationship]) == ()
    again = await world.services.sittings.start(
        world.counsellor, family=view.family, guardian=mother.guardian, language="nl", interpreter="none"
    )
    assert again.answers == {}  # nothing is filled in from the one that was closed


async def test_s43_nor_does_stopping_half_way_or_not_now(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    sitting = await _answered(world, mother)
    await world.services.sittings.not_now(mother, sitting.sitting)
    counts = await row_counts(world)
    assert [counts[table] for table in (*_KEPT, "sitting_answers")] == [0, 0, 0, 0]
    assert isinstance(await ask(world, relationship), Refused)
    with pytest.raises(ConflictError):
        await world.services.sittings.sign(mother, sitting.sitting, Signature("typed", "Samira"))


async def test_s43_signing_with_open_questions_is_refused_rather_than_filled_in(world: World) -> None:
    view = await world.family()
    await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    sitting = await world.services.sittings.start(
        world.counsellor, family=view.family, guardian=mother.guardian, language="nl", interpreter="none"
    )
    with pytest.raises(InputError) as refused:
        await world.services.sittings.sign(mother, sitting.sitting, Signature("typed", "Samira"))
    assert [problem.code for problem in refused.value.problems] == ["answers_missing"]
    assert (await row_counts(world))["consent_ledger"] == 0


async def test_s44_the_other_guardians_data_is_in_nothing_a_guardian_gets(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    father = world.guardian(told.view, 1)
    theirs = PersonIdentity("Karim", "Elders", phone="0687654321", email="karim@elders.example")
    await world.services.families.change_identity(world.counsellor, told.view.family, father.guardian, theirs)
    fathers_receipt = await world.intake(father, YES)
    mothers_receipt = await world.intake(told.mother, YES)
    await ask(world, told.relationship)
    await world.settle()
    services = world.services
    async with services.installation.database.reading() as conn:
        wanted = TrailFilter(shown_to=told.mother.guardian)
        shown = await whole_trail(services.log, conn, world.tenant, wanted)
    said = everything_said(
        mothers_receipt,
        await services.families.own_family(told.mother),
        list((await services.consent.own_answers(told.mother)).values()),
        list((await services.consent.answers_by_code(mothers_receipt.withdrawal_code)).values()),
        await services.rights.who_looked(told.mother),
        await services.release.preview(told.mother, told.relationship, language="nl"),
        shown,
    )
    assert shown
    assert "Samira" in said  # the search finds what is there
    secrets = ("Karim", "Elders", "0687654321", "karim@elders.example", father.guardian)
    for secret in (*secrets, fathers_receipt.withdrawal_code):
        assert secret not in said


async def test_s44_nor_in_what_the_school_gets(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    answer = await ask(world, told.relationship)
    lines = await world.services.release.children_of_contact(world.contact, [told.relationship])
    said = everything_said(answer, list(lines))
    for guardian in told.view.guardians:
        assert guardian.guardian not in said
        assert guardian.identity.given_names not in said
