"""What stands out in how consent is asked: for the officers, in counts per team."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.clock import local_date
from consent_service.rights.patterns import LOOKS_BACK, SMALLEST_TEAM
from consent_service.web.officer.patterns_views import PatternLine, PatternsPage
from consent_service.web.officer.room import navigation
from consent_service.web.visit import Visit


@get("/toezicht/{tenant:str}/patronen", include_in_schema=False)
async def patterns(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Looking is logged, so it must be a person who looks."""
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    found = await visit.services.watching.patterns(actor)
    view = PatternsPage(
        since=local_date(visit.now() - LOOKS_BACK),
        patterns=tuple(PatternLine(one.kind, one.team, one.count, one.total) for one in found),
        minimum=visit.services.policies.proposal.catalogue.terms.pattern_minimum,
        smallest_team=SMALLEST_TEAM,
    )
    return await visit.show(view, navigation=await navigation(visit, actor, "patronen"))


ROUTES: list[HTTPRouteHandler] = [patterns]
