"""Where everybody's work begins."""

from __future__ import annotations

from consent_service.identity.model import (
    Actor,
    ChildActor,
    Counsellor,
    Fg,
    GuardianActor,
    PrivacyCoordinator,
    SchoolStaff,
)

SECOND_STEP = "/tweede-stap"
STEP_UP = "/opnieuw-inloggen"


def home_of(actor: Actor | None) -> str:
    """The page on which this actor's work begins; of nobody, where who waits shows a second factor."""
    match actor:
        case None:
            return SECOND_STEP
        case GuardianActor() | ChildActor():
            return "/intake"
        case Counsellor():
            return f"/opvang/{actor.tenant}"
        case SchoolStaff():
            return f"/school/{actor.tenant}"
        case PrivacyCoordinator() | Fg():
            return f"/toezicht/{actor.tenant}/bureau"
        case _:
            return "/inloggen"
