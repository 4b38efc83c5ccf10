"""The emergency part of what is decided by everybody: what a teacher must know does not wait (S34 aside)."""

from __future__ import annotations

from datetime import date, timedelta

from consent_service.consent.service import Target
from consent_service.families.model import AuthorityKind
from consent_service.foundation.ids import TypeKey
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Ask, Refused, Released
from tests.shelter import World

HEALTH = TypeKey("child_health")
PEN = {"emergency_steps": "De pen ligt in de la van de leerkracht."}
CARE = {"care_at_school": "Om elf uur even rusten."}
BOTH: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"), ("Karim", "holder"))


async def test_one_holder_is_enough_for_the_emergency_part_and_for_nothing_else(world: World) -> None:
    view = await world.family(guardians=BOTH)
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "child_health": "yes"})

    refused = await world.services.records.share(world.counsellor, relationship, Note(HEALTH, CARE))
    mixed = await world.services.records.share(world.counsellor, relationship, Note(HEALTH, {**PEN, **CARE}))
    shared = await world.services.records.share(world.counsellor, relationship, Note(HEALTH, PEN))
    answer = await world.services.release.to_school(world.contact, Ask(relationship, "safety"))

    assert isinstance(refused, ShareRefused)
    assert isinstance(mixed, ShareRefused)
    assert refused.code == mixed.code == "holders_missing"
    assert isinstance(shared, Shared)
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [PEN]


async def test_of_what_both_allowed_only_the_emergency_part_stays_when_one_withdraws(world: World) -> None:
    view = await world.family(guardians=BOTH)
    relationship = await world.at_school(view.children[0].child)
    mother, father = world.guardian(view), world.guardian(view, 1)
    await world.intake(mother, {"shelter_involvement": "yes", "child_health": "yes"})
    await world.intake(father, {"child_health": "yes"}, otherwise="later")
    await world.services.records.share(world.counsellor, relationship, Note(HEALTH, {**PEN, **CARE}))
    whole = await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    world.clock.advance(timedelta(seconds=1))
    await world.intake(father, {"child_health": "no"}, otherwise="later")
    part = await world.services.release.to_school(world.contact, Ask(relationship, "support"))

    assert isinstance(whole, Released)
    assert isinstance(part, Released)
    assert [one.fields for one in whole.records] == [{**PEN, **CARE}]
    assert [one.fields for one in part.records] == [PEN]


async def test_an_objection_stops_the_emergency_part_too(world: World) -> None:
    view = await world.family(guardians=BOTH)
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "child_health": "yes"})
    await world.services.records.share(world.counsellor, relationship, Note(HEALTH, PEN))
    father = world.guardian(view, 1)
    target = Target(father.tenant, father.family, father.guardian, ((relationship, HEALTH),))
    await world.services.consent.object(father, target, method="page")
    answer = await world.services.release.to_school(world.contact, Ask(relationship, "safety"))
    assert isinstance(answer, Refused)


async def test_a_birthday_leaves_the_emergency_part_and_nothing_else(world: World) -> None:
    view = await world.family(children=(("Noor", date(2014, 9, 10)),))
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "child_health": "yes"})
    await world.services.records.share(world.counsellor, relationship, Note(HEALTH, {**PEN, **CARE}))
    await world.settle()
    world.clock.advance(timedelta(days=10))
    answer = await world.services.release.to_school(world.contact, Ask(relationship, "safety"))
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [PEN]
