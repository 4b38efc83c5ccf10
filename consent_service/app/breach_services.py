"""The services for data breaches, put together."""

from __future__ import annotations

from typing import TypedDict

from consent_service.app.shared import Shared
from consent_service.release.service import ReleaseService
from consent_service.rights.breaches.following import BreachFollower
from consent_service.rights.breaches.letters import BreachLetterService
from consent_service.rights.breaches.reporting import BreachReporting
from consent_service.rights.breaches.service import BreachService


class BreachServices(TypedDict):
    """The services of `Services` for breaches."""

    breaches: BreachService
    breach_letters: BreachLetterService
    breach_reporting: BreachReporting
    breach_follower: BreachFollower


def of_breaches(shared: Shared, release: ReleaseService) -> BreachServices:
    """Put them together; opens nothing and starts nothing."""
    database, ring, log, clock = shared.database, shared.ring, shared.log, shared.clock
    catalogue = shared.catalogue
    breaches = BreachService(database=database, ring=ring, log=log, clock=clock, catalogue=catalogue)
    return BreachServices(
        breaches=breaches,
        breach_letters=BreachLetterService(
            database=database, ring=ring, log=log, clock=clock, ages=shared.ages, release=release
        ),
        breach_reporting=BreachReporting(
            database=database, log=log, clock=clock, breaches=breaches, catalogue=catalogue
        ),
        breach_follower=BreachFollower(database=database, log=log, breaches=breaches),
    )
