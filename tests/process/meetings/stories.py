"""A family whose school may take part in a driegesprek, and meetings in each state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from consent_service.consent.model import Answer
from consent_service.families.model import FamilyView
from consent_service.foundation.clock import AMSTERDAM
from consent_service.foundation.ids import RelationshipId
from consent_service.identity.model import GuardianActor
from consent_service.process.meetings.model import MeetingRefused, NewAgreement, Preparation, Trigger
from tests.shelter import World

MAY: dict[str, Answer] = {"shelter_involvement": "yes", "three_way_meeting": "yes"}
AGENDA = "Hoe gaat het in de klas?"


@dataclass
class Met:
    """A family at a school, and one meeting."""

    view: FamilyView
    relationship: RelationshipId
    mother: GuardianActor
    meeting: str

    def prepared(self, world: World, agenda: str = AGENDA) -> Preparation:
        return Preparation(agenda, (self.mother.guardian,), (world.contact.staff,))


async def proposed(
    world: World, trigger: Trigger = "routine", answers: dict[str, Answer] | None = None
) -> Met:
    """Proposed by the counsellor, at a school whose holidays are known."""
    await world.services.signal_routing.place_school(world.officer, world.linde, "midden")
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    await world.intake(mother, MAY if answers is None else answers)
    meeting = await world.services.meetings.propose(world.counsellor, relationship, trigger)
    assert not isinstance(meeting, MeetingRefused)
    return Met(view, relationship, mother, meeting)


def next_day(world: World, days: int = 2) -> date:
    return (world.clock.now() + timedelta(days=days)).astimezone(AMSTERDAM).date()


async def planned(world: World, met: Met | None = None) -> Met:
    """Prepared and planned at two in the afternoon the day after tomorrow."""
    found = met or await proposed(world)
    service = world.services.meetings
    await service.prepare(world.counsellor, found.meeting, found.prepared(world))
    await service.plan(world.counsellor, found.meeting, next_day(world), "14:00")
    return found


async def held(world: World) -> Met:
    """Its moment came."""
    met = await planned(world)
    await world.settle()
    world.clock.advance(timedelta(days=3))
    await world.services.meetings.hold(world.counsellor, met.meeting)
    return met


async def agreed(world: World, words: str = "Elke dag even vragen hoe het gaat.") -> Met:
    """One agreement for the school."""
    met = await held(world)
    agreement = NewAgreement(words, "school", next_day(world, 10))
    await world.services.meetings.agree(world.counsellor, met.meeting, (agreement,))
    return met
