"""The services for carrying out what requests of people ask, put together."""

from __future__ import annotations

from typing import TypedDict

from consent_service.app.shared import Shared
from consent_service.families.service import FamilyService
from consent_service.rights.carrying.erasing import ErasingDesk
from consent_service.rights.carrying.rectifying import RectificationService
from consent_service.rights.carrying.restricting import RestrictionService
from consent_service.rights.carrying.whom import WhomReader
from consent_service.rights.cases.service import CaseService
from consent_service.rights.erasure import ErasureService


class CarryingServices(TypedDict):
    """The services of `Services` for erasing, restricting and putting right."""

    erasing_desk: ErasingDesk
    restrictions: RestrictionService
    rectifications: RectificationService


def of_carrying(
    shared: Shared, families: FamilyService, cases: CaseService, erasures: ErasureService
) -> CarryingServices:
    """Put them together; opens nothing and starts nothing."""
    whom = WhomReader(ring=shared.ring, families=families)
    restrictions = RestrictionService(
        database=shared.database,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        catalogue=shared.catalogue,
        whom=whom,
    )
    cases.stop_while_weighed(restrictions.while_weighed)
    return CarryingServices(
        erasing_desk=ErasingDesk(
            database=shared.database,
            log=shared.log,
            clock=shared.clock,
            cases=cases,
            whom=whom,
            erasures=erasures,
        ),
        restrictions=restrictions,
        rectifications=RectificationService(
            database=shared.database, log=shared.log, clock=shared.clock, cases=cases, whom=whom
        ),
    )
