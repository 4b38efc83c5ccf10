"""Breaches for tests: one at the desk, one question about a family, and the way to its end."""

from __future__ import annotations

from datetime import date, timedelta

from consent_service.foundation.clock import local_date
from consent_service.rights.breaches.model import BreachKind, NewBreach, Question
from consent_service.rights.breaches.service import Description, Reported
from tests.shelter import World

SAID = Description(
    "Een tablet is uit de auto gestolen.",
    "Het apparaat is op afstand gesloten.",
    ("device_blocked", "people_warned"),
    ("help_known",),
)


def today(world: World) -> date:
    return local_date(world.clock.now())


def new_breach(world: World, kind: BreachKind = "lost_or_stolen_device", *, days: int = 1) -> NewBreach:
    """Known now, and it happened some days ago."""
    day = today(world)
    return NewBreach(
        kind=kind,
        discovered_at=world.clock.now(),
        happened_from=day - timedelta(days=days),
        happened_until=day,
        nature="Een tablet is uit de auto gestolen.",
    )


async def opened(world: World, kind: BreachKind = "lost_or_stolen_device") -> str:
    return await world.services.breaches.open(world.officer, new_breach(world, kind))


def of_actor(world: World, *, days: int = 7) -> Question:
    """What the counsellor was shown and could reach in the last days."""
    day = today(world)
    return Question(kind="actor", actor=world.counsellor.staff, since=day - timedelta(days=days), until=day)


async def reported(world: World, breach: str, question: Question | None = None) -> None:
    """Examined, described and reported at once."""
    service = world.services.breaches
    await service.examine(world.officer, breach, question or of_actor(world))
    await service.describe(world.officer, breach, SAID)
    await service.report(world.officer, breach, Reported(world.clock.now(), "z2026-1"))
