"""The services for requests of people and for the desk of the privacy officer, put together."""

from __future__ import annotations

from typing import TypedDict

from consent_service.app.shared import Shared
from consent_service.families.service import FamilyService
from consent_service.rights.cases.service import CaseService
from consent_service.rights.desk import DeskService


class DeskServices(TypedDict):
    """The services of `Services` for requests of people and the desk."""

    cases: CaseService
    desk: DeskService


def of_desk(shared: Shared, families: FamilyService) -> DeskServices:
    """Put them together; opens nothing and starts nothing."""
    return DeskServices(
        cases=CaseService(
            database=shared.database,
            ring=shared.ring,
            log=shared.log,
            clock=shared.clock,
            organisations=shared.organisations,
            families=families,
        ),
        desk=DeskService(database=shared.database, log=shared.log, clock=shared.clock),
    )
