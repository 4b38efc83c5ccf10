"""The services for what comes afterwards, put together: asking back by hand, planned ends, figures."""

from __future__ import annotations

from typing import TypedDict

from consent_service.app.shared import Shared
from consent_service.policy.projection import school_terms
from consent_service.process.ending.service import EndingService
from consent_service.process.evaluation.service import EvaluationService
from consent_service.process.recalls_desk import RecallDesk


class AfterwardsServices(TypedDict):
    """The services of `Services` for what comes afterwards."""

    recall_desk: RecallDesk
    endings: EndingService
    evaluation: EvaluationService


def of_afterwards(shared: Shared) -> AfterwardsServices:
    """Put them together; opens nothing and starts nothing."""
    return AfterwardsServices(
        recall_desk=RecallDesk(
            database=shared.database,
            ring=shared.ring,
            log=shared.log,
            clock=shared.clock,
            organisations=shared.organisations,
        ),
        endings=EndingService(
            database=shared.database,
            ring=shared.ring,
            log=shared.log,
            clock=shared.clock,
            organisations=shared.organisations,
            policies=shared.policies,
            school_terms=school_terms(shared.catalogue.terms),
        ),
        evaluation=EvaluationService(database=shared.database, log=shared.log, clock=shared.clock),
    )
