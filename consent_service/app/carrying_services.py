"""The services for carrying out what requests of people ask, put together."""

from __future__ import annotations

from typing import TypedDict

from consent_service.app.shared import Shared
from consent_service.families.service import FamilyService
from consent_service.rights.carrying.erasing import ErasingDesk
from consent_service.rights.carrying.whom import WhomReader
from consent_service.rights.cases.service import CaseService
from consent_service.rights.erasure import ErasureService


class CarryingServices(TypedDict):
    """The services of `Services` for erasing, restricting and putting right."""

    erasing_desk: ErasingDesk


def of_carrying(
    shared: Shared, families: FamilyService, cases: CaseService, erasures: ErasureService
) -> CarryingServices:
    """Put them together; opens nothing and starts nothing."""
    whom = WhomReader(ring=shared.ring, families=families)
    return CarryingServices(
        erasing_desk=ErasingDesk(
            database=shared.database,
            log=shared.log,
            clock=shared.clock,
            cases=cases,
            whom=whom,
            erasures=erasures,
        ),
    )
