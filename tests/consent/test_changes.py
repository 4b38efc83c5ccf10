"""Answering again on the own page: only in today's words, only what was asked, only one's own."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from consent_service.app import build_services
from consent_service.consent.changes import Change
from consent_service.consent.model import Answer
from consent_service.consent.service import Target
from consent_service.consent.tables import consent_ledger, text_versions
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import RelationshipId, TypeKey, new_id
from consent_service.identity.model import ChildActor, GuardianActor
from tests.ledger import rows, version
from tests.scenarios.stories import SUPPORT, told_family
from tests.shelter import World

HEALTH = TypeKey("child_health")


def changed(world: World, relationship: RelationshipId, answer: Answer = "yes", **other: object) -> Change:
    """An answer to support advice as it is asked today."""
    change = Change(relationship, SUPPORT, answer, world.shown(SUPPORT), device="d", seconds_shown=7)
    return msgspec.structs.replace(change, **other)


async def asked_family(world: World, answers: dict[str, Answer]) -> tuple[GuardianActor, RelationshipId]:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    await world.intake(mother, answers)
    return mother, relationship


async def test_a_no_becomes_a_yes_with_everything_that_proves_it(world: World) -> None:
    mother, relationship = await asked_family(world, {"support_advice": "no"})
    before = await version(world, relationship)
    assert await world.services.changes.answer(mother, changed(world, relationship))
    (row,) = await rows(world, consent_ledger, kind="given")
    assert (row.method, row.evidence, row.capacity) == ("page", "session", "holder")
    assert (row.device, row.seconds_shown, row.interpreter) == ("d", 7, "none")
    assert row.valid_until is not None
    assert row.text_hash in {kept.text_hash for kept in await rows(world, text_versions)}
    assert await version(world, relationship) > before


@pytest.mark.parametrize("answer", ["yes", "no", "later"])
async def test_the_same_answer_again_writes_nothing(world: World, answer: Answer) -> None:
    mother, relationship = await asked_family(world, {"support_advice": "later"})
    first = await world.services.changes.answer(mother, changed(world, relationship, answer))
    written = len(await rows(world, consent_ledger))
    assert first == (answer != "later")
    assert not await world.services.changes.answer(mother, changed(world, relationship, answer))
    assert len(await rows(world, consent_ledger)) == written


async def test_a_yes_that_would_last_longer_is_said_anew(world: World) -> None:
    mother, relationship = await asked_family(world, {"support_advice": "yes"})
    assert not await world.services.changes.answer(mother, changed(world, relationship))
    world.clock.advance(timedelta(days=365))
    assert await world.services.changes.answer(mother, changed(world, relationship))


async def test_another_text_than_todays_is_refused(world: World) -> None:
    mother, relationship = await asked_family(world, {"support_advice": "no"})
    shown = world.shown(SUPPORT)
    for other in (
        msgspec.structs.replace(shown, text_hash="0" * 64),
        msgspec.structs.replace(shown, text_version="consent.support_advice@99"),
        world.shown("pickup"),
    ):
        with pytest.raises(ConflictError):
            await world.services.changes.answer(mother, changed(world, relationship, shown=other))
    strange = msgspec.structs.replace(shown, language="xx")
    with pytest.raises(InputError):
        await world.services.changes.answer(mother, changed(world, relationship, shown=strange))
    assert await rows(world, consent_ledger, kind="given") == []


async def test_a_text_that_was_found_wrong_is_not_asked_with(world: World) -> None:
    mother, relationship = await asked_family(world, {"support_advice": "no"})
    shown = world.shown(SUPPORT)
    await world.services.wording.suspend(world.officer, shown.text_hash)
    with pytest.raises(InputError) as refused:
        await world.services.changes.answer(mother, changed(world, relationship))
    assert [problem.code for problem in refused.value.problems] == ["text_suspended"]


async def test_a_draft_is_refused_in_production(world: World) -> None:
    mother, relationship = await asked_family(world, {"support_advice": "no"})
    parts = msgspec.structs.replace(world.services.installation, drafts_allowed=False)
    with pytest.raises(InputError):
        await build_services(parts).changes.answer(mother, changed(world, relationship))


async def test_what_was_never_asked_and_what_is_not_hers_cannot_be_answered(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "none")))
    other = await told_family(world, family_name="Anders")
    father = world.guardian(told.view, 1)
    mother, here = told.mother, told.relationship
    stranger = GuardianActor(world.tenant, other.mother.guardian, told.view.family)
    tries = (
        (mother, changed(world, here, information_type=HEALTH, shown=world.shown(HEALTH))),
        (mother, changed(world, other.relationship)),
        (mother, changed(world, RelationshipId(new_id()))),
        (father, changed(world, here)),
        (stranger, changed(world, here)),
        (ChildActor(world.tenant, told.mother.guardian, told.view.family), changed(world, here)),
    )
    written = len(await rows(world, consent_ledger))
    for actor, change in tries:
        with pytest.raises(NotFoundError):
            await world.services.changes.answer(actor, change)
    assert len(await rows(world, consent_ledger)) == written
    assert await world.services.changes.may_answer(father) == {}


async def test_an_ended_school_is_not_asked_about(world: World) -> None:
    told = await told_family(world)
    await world.services.families.end_relationship(world.counsellor, told.relationship, "moved_out")
    with pytest.raises(NotFoundError):
        await world.services.changes.answer(told.mother, changed(world, told.relationship, "later"))


@pytest.mark.parametrize("born,may", [(date(2016, 1, 1), False), (date(2013, 1, 1), True)])
async def test_a_child_answers_from_the_age_at_which_it_decides_along(
    world: World, born: date, may: bool
) -> None:
    view = await world.family(children=(("Noor", born),))
    relationship = await world.at_school(view.children[0].child)
    noor = world.child(view)
    if not may:
        assert await world.services.changes.may_answer(noor) == {}
        with pytest.raises(NotFoundError):
            await world.services.changes.answer(noor, changed(world, relationship))
        return
    await world.intake(noor, {"support_advice": "no"})
    assert await world.services.changes.answer(noor, changed(world, relationship))
    (row,) = await rows(world, consent_ledger, kind="given", information_type=SUPPORT)
    assert (row.person, row.capacity) == (noor.child, "child")


async def test_nobody_answers_in_another_shelter(world: World) -> None:
    told = await told_family(world)
    elsewhere = GuardianActor(world.officer.tenant, told.mother.guardian, told.view.family)
    thief = msgspec.structs.replace(elsewhere, tenant=world.linde)
    with pytest.raises((NotFoundError, NotAllowedError)):
        await world.services.changes.answer(thief, changed(world, told.relationship))


async def test_the_last_word_after_a_stop_is_the_stop_until_she_says_yes_again(world: World) -> None:
    told = await told_family(world)
    target = Target(world.tenant, told.view.family, told.mother.guardian, ((told.relationship, SUPPORT),))
    await world.services.consent.withdraw(told.mother, target, method="page")
    assert (await world.services.changes.may_answer(told.mother))[told.relationship, SUPPORT].answer == "no"
    assert await world.services.changes.answer(told.mother, changed(world, told.relationship))
    answers = await world.services.consent.own_answers(told.mother)
    assert answers[told.relationship, SUPPORT].is_yes
