"""The service that lets go what is past its period, put together."""

from __future__ import annotations

from typing import TypedDict

from consent_service.app.shared import Shared
from consent_service.custody.service import CustodyService
from consent_service.rights.breaches.rows import families_of_breaches
from consent_service.rights.cases.rows import families_asking
from consent_service.rights.retention.forgetting import ScheduledErasures
from consent_service.rights.retention.holding import refuse_held_child
from consent_service.rights.retention.service import RetentionService


class RetentionServices(TypedDict):
    """The service of `Services` for retention."""

    retention: RetentionService


def of_retention(shared: Shared, custody: CustodyService) -> RetentionServices:
    """Put it together, and let no key of what is held be destroyed; opens nothing and starts nothing."""
    erasures = ScheduledErasures(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        custody=custody,
        catalogue=shared.catalogue,
    )
    custody.when_destroying(refuse_held_child)
    return RetentionServices(
        retention=RetentionService(
            database=shared.database,
            ring=shared.ring,
            log=shared.log,
            clock=shared.clock,
            catalogue=shared.catalogue,
            custody=custody,
            erasures=erasures,
            keeps=(families_asking, families_of_breaches),
        )
    )
