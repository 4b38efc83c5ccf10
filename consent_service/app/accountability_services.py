"""The services that show that the law is kept, put together."""

from __future__ import annotations

from typing import TypedDict

from consent_service.app.shared import Shared
from consent_service.foundation.i18n import SOURCE
from consent_service.rights.accountability.configured import Configured
from consent_service.rights.accountability.facts import Fixed
from consent_service.rights.accountability.reports import YearlyReports
from consent_service.rights.accountability.service import AccountabilityService
from consent_service.rights.accountability.yearly import SOURCES
from consent_service.rights.accountability.yearly_desk import DESK_SOURCES
from consent_service.rights.exports.activities import own_register


class AccountabilityServices(TypedDict):
    """The services of `Services` for the register, the DPIA, the processor annex and the yearly report."""

    accountability: AccountabilityService
    yearly_reports: YearlyReports


def of_accountability(shared: Shared, configured: Configured, log_host: str) -> AccountabilityServices:
    """Put them together; opens nothing and starts nothing."""
    sources = (*SOURCES, *DESK_SOURCES)
    reports = YearlyReports(database=shared.database, log=shared.log, clock=shared.clock, sources=sources)
    fixed = Fixed(
        configured=configured,
        catalogue=shared.catalogue,
        labels={key: shared.texts.of_type(SOURCE, key).label for key in shared.catalogue.types},
        base_uri=own_register(log_host),
    )
    service = AccountabilityService(
        database=shared.database,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        fixed=fixed,
        sources=sources,
    )
    return AccountabilityServices(accountability=service, yearly_reports=reports)
