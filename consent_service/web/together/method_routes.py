"""The way of working, step by step: the same words at the shelter and at school."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.settings import TRAINED
from consent_service.web.school.finding import navigation
from consent_service.web.shelter.room import shelter_address, show
from consent_service.web.together.views import MethodPage
from consent_service.web.visit import Visit


@get("/opvang/{tenant:str}/werkwijze", include_in_schema=False)
async def at_shelter(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.counsellor(tenant)
    return await show(visit, actor, MethodPage(shelter_address(actor.tenant), TRAINED))


@get("/school/{tenant:str}/werkwijze", include_in_schema=False)
async def at_school(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.school_staff(tenant)
    view = MethodPage(f"/school/{actor.tenant}", TRAINED)
    return await visit.show(view, navigation=await navigation(visit, actor))


ROUTES: list[HTTPRouteHandler] = [at_shelter, at_school]
