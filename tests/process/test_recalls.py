"""Which types become unsafe by what, and when a school is late with its answer. S14 and S51 are scenarios."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from consent_service.audit import events
from consent_service.families.model import SafetyAssessment
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, StaffId, TypeKey
from consent_service.information.catalogue import load_catalogue
from consent_service.process.recalls import unsafe_types
from consent_service.process.recalls_model import last_day_to_answer
from consent_service.process.tables import recalls
from consent_service.records.service import Note
from tests.ledger import count, rows
from tests.scenarios.stories import YES, told_family
from tests.shelter import POLICIES, World

LOCATING = {"pickup", "move_or_new_school", "safe_contact", "postal_address"}
FAMILY, GUARDIAN, RELATIONSHIP = FamilyId("f"), PersonId("g"), RelationshipId("r")
HIDDEN_ADDRESS = SafetyAssessment("no_known_danger", True, False, None, date(2027, 3, 1))
ADDRESS = {
    "addressee": "Samira Voorbeeld",
    "address_line": "Kerkstraat 4",
    "postcode": "5038 AA",
    "town": "Tilburg",
}


@pytest.mark.parametrize(
    "event, expected",
    [
        (events.SafetyAssessed(FAMILY, "danger", False), LOCATING),
        (events.SafetyAssessed(FAMILY, "not_assessed", True), LOCATING),
        (events.SafetyAssessed(FAMILY, "no_known_danger", True), {"postal_address"}),
        (events.SafetyAssessed(FAMILY, "no_known_danger", False), set()),
        (events.GuardianSafetyAssessed(FAMILY, GUARDIAN, "danger"), LOCATING),
        (events.GuardianSafetyAssessed(FAMILY, GUARDIAN, "not_assessed"), LOCATING),
        (events.GuardianSafetyAssessed(FAMILY, GUARDIAN, "no_known_danger"), set()),
        (events.RelationshipEnded(RELATIONSHIP, "night_departure"), LOCATING),
        (events.RelationshipEnded(RELATIONSHIP, "moved_out"), set()),
        (events.ContactRemoved(RELATIONSHIP, StaffId("s")), set()),
    ],
)
def test_what_tells_where_they_are_becomes_unsafe(event: events.Event, expected: set[str]) -> None:
    assert unsafe_types(load_catalogue(POLICIES), event) == expected


@pytest.mark.parametrize(
    "asked, last",
    [
        (date(2026, 9, 1), date(2026, 9, 4)),
        (date(2026, 9, 2), date(2026, 9, 7)),
        (date(2026, 9, 4), date(2026, 9, 9)),
        (date(2026, 9, 5), date(2026, 9, 9)),
        (date(2026, 9, 6), date(2026, 9, 9)),
    ],
)
def test_three_working_days_are_counted_from_the_day_after(asked: date, last: date) -> None:
    assert last_day_to_answer(asked) == last


async def test_an_address_that_becomes_secret_is_asked_back_and_nothing_else(world: World) -> None:
    told = await told_family(world)
    await world.intake(told.mother, {**YES, "postal_address": "yes", "pickup": "yes"})
    await world.services.records.share(
        world.counsellor, told.relationship, Note(TypeKey("postal_address"), ADDRESS)
    )
    await world.services.families.assess_safety(world.counsellor, told.view.family, HIDDEN_ADDRESS)
    await world.settle()
    assert [row.information_type for row in await rows(world, recalls)] == ["postal_address"]


async def test_of_an_erased_family_nothing_is_asked_back(world: World) -> None:
    told = await told_family(world)
    await world.intake(told.mother, {**YES, "postal_address": "yes"})
    await world.services.records.share(
        world.counsellor, told.relationship, Note(TypeKey("postal_address"), ADDRESS)
    )
    await world.services.families.end_relationship(world.counsellor, told.relationship, "night_departure")
    async with world.services.installation.database.transaction() as conn:
        ring = world.services.installation.ring
        await ring.destroy_person_key(conn, world.tenant, told.view.children[0].child)
    world.clock.advance(timedelta(seconds=1))
    await world.settle()
    assert await count(world, recalls) == 0


async def test_with_its_key_destroyed_what_was_shared_is_still_asked_back(world: World) -> None:
    told = await told_family(world)
    await world.intake(told.mother, {**YES, "postal_address": "yes"})
    await world.services.records.share(
        world.counsellor, told.relationship, Note(TypeKey("postal_address"), ADDRESS)
    )
    await world.services.families.end_relationship(world.counsellor, told.relationship, "night_departure")
    await world.services.custody.destroy(world.officer, told.relationship)
    await world.settle()
    assert [row.information_type for row in await rows(world, recalls)] == ["postal_address"]
