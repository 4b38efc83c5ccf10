"""The services that show what was done together and what is still to be done, put together."""

from __future__ import annotations

from typing import TypedDict

from consent_service.app.process_services import ProcessServices
from consent_service.app.shared import Shared
from consent_service.consent.changes import ChangeService
from consent_service.families.service import FamilyService
from consent_service.release.service import ReleaseService
from consent_service.rights.letters import LetterService
from consent_service.rights.service import RightsService
from consent_service.rights.timeline import TimelineService
from consent_service.rights.to_do import ToDoService


class TogetherServices(TypedDict):
    """The services of `Services` for timelines, tasks outside the shelter and letters."""

    timeline: TimelineService
    to_do: ToDoService
    letters: LetterService


def of_together(
    shared: Shared,
    process: ProcessServices,
    release: ReleaseService,
    others: tuple[FamilyService, RightsService, ChangeService],
) -> TogetherServices:
    """Put them together; opens nothing and starts nothing."""
    families, rights, changes = others
    return TogetherServices(
        timeline=TimelineService(
            database=shared.database,
            log=shared.log,
            clock=shared.clock,
            organisations=shared.organisations,
            release=release,
            meetings=process["meetings"],
            rights=rights,
        ),
        to_do=ToDoService(
            families=families,
            release=release,
            recalls=process["recalls"],
            starts=process["starts"],
            signals=process["signals"],
            meetings=process["meetings"],
            changes=changes,
        ),
        letters=LetterService(families=families, organisations=shared.organisations, release=release),
    )
