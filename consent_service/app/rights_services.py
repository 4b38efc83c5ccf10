"""The services for requests of people and for the desk of the privacy officer, put together."""

from __future__ import annotations

from typing import TypedDict

from consent_service.app.shared import Shared
from consent_service.families.service import FamilyService
from consent_service.release.service import ReleaseService
from consent_service.rights.access.service import AccessService
from consent_service.rights.cases.letters import CaseLetterService
from consent_service.rights.cases.service import CaseService
from consent_service.rights.desk import DeskService
from consent_service.rights.service import RightsService


class DeskServices(TypedDict):
    """The services of `Services` for requests of people and the desk."""

    cases: CaseService
    desk: DeskService
    access: AccessService
    case_letters: CaseLetterService


def of_desk(
    shared: Shared, families: FamilyService, release: ReleaseService, rights: RightsService
) -> DeskServices:
    """Put them together; opens nothing and starts nothing."""
    cases = CaseService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        families=families,
    )
    return DeskServices(
        cases=cases,
        case_letters=CaseLetterService(database=shared.database, clock=shared.clock, cases=cases),
        access=AccessService(
            database=shared.database,
            ring=shared.ring,
            clock=shared.clock,
            organisations=shared.organisations,
            families=families,
            release=release,
            rights=rights,
            cases=cases,
            texts=shared.texts,
            catalogue=shared.policies.proposal.catalogue,
        ),
        desk=DeskService(database=shared.database, log=shared.log, clock=shared.clock),
    )
