"""The privacy coordinator says in which region each school is, and along which way signals of a region go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.i18n import translator
from consent_service.process.signals.model import Route, RouteSetting, SchoolRegion
from consent_service.process.signals.school_days import REGIONS, Region, last_day
from consent_service.web.components import Option
from consent_service.web.forms import FormReader, FormState
from consent_service.web.officer.room import home, navigation
from consent_service.web.signals.views import RegionsPage, RoutePage, RouteRow, SchoolRow
from consent_service.web.signals.words import SIGNAL_TABLES
from consent_service.web.visit import Officer, Visit

_HERE: Final = "regios"


@get("/toezicht/{tenant:str}/regios", include_in_schema=False)
async def regions(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    return await _regions(visit, visit.officer(tenant))


@post("/toezicht/{tenant:str}/regios", include_in_schema=False)
async def place_schools(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Only what changed is written; a school that was left open stays as it was."""
    actor = visit.officer(tenant)
    schools = await visit.services.signal_routing.schools(actor)
    form = FormReader(visit.posted)
    chosen = {one.school: form.choice(_field(one), REGIONS, required=False) for one in schools}
    if form.problems:
        return await _regions(visit, actor, form.problems)
    for one in schools:
        region = chosen[one.school]
        if region and region != one.region:
            await visit.services.signal_routing.place_school(actor, one.school, cast("Region", region))
    return visit.redirect(home(actor, _HERE), done="regio")


@get("/toezicht/{tenant:str}/regios/{region:str}", include_in_schema=False)
async def route_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], region: FromPath[str]
) -> Response[Any]:
    actor = visit.officer(tenant)
    found = await _setting(visit, actor, region)
    filled = FormState.prefilled(
        {"route": found.route, "recipient": found.recipient, "recipient_phone": found.phone}
    )
    return await _route(visit, actor, found.region, filled)


@post("/toezicht/{tenant:str}/regios/{region:str}", include_in_schema=False)
async def set_route(
    visit: NamedDependency[Visit], tenant: FromPath[str], region: FromPath[str]
) -> Response[Any]:
    actor = visit.officer(tenant)
    found = await _setting(visit, actor, region)
    entered = visit.posted.first
    setting = RouteSetting(
        found.region, cast("Route", entered("route")), entered("recipient"), entered("recipient_phone")
    )
    try:
        await visit.services.signal_routing.set_route(actor, setting)
    except InputError as wrong:
        problems = [_beside_its_field(one) for one in wrong.problems]
        form = FormState.of(visit.posted, problems, language=visit.language)
        return await _route(visit, actor, found.region, form, status=400)
    return visit.redirect(home(actor, _HERE), done="regio")


ROUTES: list[HTTPRouteHandler] = [regions, place_schools, route_page, set_route]


async def _regions(visit: Visit, actor: Officer, problems: Sequence[Problem] = ()) -> Response[str]:
    services, said = visit.services, translator(visit.language)
    schools = await services.signal_routing.schools(actor)
    ways = await services.signal_routing.routes(actor)
    labels = {_field(one): one.name for one in schools}
    form = FormState.prefilled({_field(one): one.region or "" for one in schools})
    if problems:
        form = FormState.of(visit.posted, problems, language=visit.language, labels=labels)
    view = RegionsPage(
        action=home(actor, _HERE),
        schools=tuple(SchoolRow(_field(one), one.name) for one in schools),
        regions=tuple(
            Option(region, said.text(SIGNAL_TABLES["signal_region"][region])) for region in REGIONS
        ),
        unplaced=sum(one.region is None for one in schools),
        routes=tuple(
            RouteRow(one.region, one.route, one.recipient, one.phone, home(actor, _HERE, one.region))
            for one in ways
        ),
        known_until=min(last_day(region) for region in REGIONS),
        form=form,
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, _HERE))


async def _route(
    visit: Visit, actor: Officer, region: Region, form: FormState, *, status: int = 200
) -> Response[str]:
    view = RoutePage(home(actor, _HERE, region), home(actor, _HERE), region, form)
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, _HERE))


async def _setting(visit: Visit, actor: Officer, region: str) -> RouteSetting:
    """The way of a region as it is set now.

    Raises:
        NotFoundError: no such region.
    """
    for one in await visit.services.signal_routing.routes(actor):
        if one.region == region:
            return one
    raise NotFoundError("region")


def _beside_its_field(problem: Problem) -> Problem:
    field = "recipient_phone" if problem.field == "phone" else problem.field
    return Problem(field, problem.code, problem.params)


def _field(one: SchoolRegion) -> str:
    return f"region-{one.school}"
