"""Weighing the risk, describing, reporting or not, the report itself, telling and closing."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final, cast, get_args

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import InputError
from consent_service.identity.model import PrivacyCoordinator
from consent_service.rights.breaches.model import UnreportedGround, Untold
from consent_service.rights.breaches.reporting import to_json
from consent_service.rights.breaches.risk import Level, LowerGround
from consent_service.web.breaches.acting import coordinator, show_breach
from consent_service.web.breaches.forms import moment_fields, read_description, read_reported
from consent_service.web.breaches.showing import HERE, at, clock_part, facts_of
from consent_service.web.breaches.views import DescribePage, ReportFormPage, ReportPage
from consent_service.web.forms import FormReader, FormState
from consent_service.web.officer.room import navigation
from consent_service.web.visit import Visit

_ONE: Final = "/toezicht/{tenant:str}/datalekken/{breach:str}"
_DONE: Final = "datalek-bijgewerkt"


@post(_ONE + "/risico", include_in_schema=False)
async def weigh(visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    level = form.choice("level", get_args(Level))
    ground = form.choice("lower_ground", get_args(LowerGround), required=False)
    if form.problems:
        return await show_breach(visit, actor, breach, form.problems)
    weighed = visit.services.breaches.weigh(
        actor, breach, cast("Level", level), cast("LowerGround", ground) if ground else None
    )
    return await _done(visit, actor, breach, weighed)


@get(_ONE + "/beschrijving", include_in_schema=False)
async def description(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    visit.refuse_prefetch()
    seen = await visit.services.breaches.view(actor, breach)
    values = {name: (seen.words.get(name, ""),) for name in ("nature", "measures_note")}
    chosen = {"measures": seen.breach.measures, "consequences": seen.breach.consequences}
    return await _show_description(visit, actor, breach, FormState({**values, **chosen}))


@post(_ONE + "/beschrijving", include_in_schema=False)
async def describe(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    said, problems = read_description(form), form.problems
    if not problems:
        try:
            await visit.services.breaches.describe(actor, breach, said)
        except InputError as refused:
            problems = refused.problems
        else:
            return visit.redirect(at(actor, breach), done=_DONE)
    state = FormState.of(visit.posted, problems, language=visit.language)
    return await _show_description(visit, actor, breach, state)


@get(_ONE + "/melden", include_in_schema=False)
async def report_form(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    visit.refuse_prefetch()
    form = FormState.prefilled(moment_fields("reported_on", "reported_time", visit.now()))
    return await _show_report_form(visit, actor, breach, form)


@post(_ONE + "/melden", include_in_schema=False)
async def report(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    done, problems = read_reported(form), form.problems
    if done is not None:
        try:
            await visit.services.breaches.report(actor, breach, done)
        except InputError as refused:
            problems = refused.problems
        else:
            return visit.redirect(at(actor, breach), done="datalek-gemeld")
    state = FormState.of(visit.posted, problems, language=visit.language)
    return await _show_report_form(visit, actor, breach, state)


@post(_ONE + "/niet-melden", include_in_schema=False)
async def leave_unreported(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    ground = form.choice("unreported_ground", get_args(UnreportedGround))
    if form.problems:
        return await show_breach(visit, actor, breach, form.problems)
    left = visit.services.breaches.leave_unreported(actor, breach, cast("UnreportedGround", ground))
    return await _done(visit, actor, breach, left)


@post(_ONE + "/opnieuw", include_in_schema=False)
async def look_again(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    return await _done(visit, actor, breach, visit.services.breaches.look_again(actor, breach))


@post(_ONE + "/verteld", include_in_schema=False)
async def tell(visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    untold = form.choice("untold", get_args(Untold), required=False)
    if form.problems:
        return await show_breach(visit, actor, breach, form.problems)
    told = visit.services.breaches.tell(actor, breach, untold=cast("Untold", untold) if untold else None)
    return await _done(visit, actor, breach, told)


@post(_ONE + "/sluiten", include_in_schema=False)
async def close(visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    return await _done(visit, actor, breach, visit.services.breaches.close(actor, breach))


@post(_ONE + "/verslag", include_in_schema=False, status_code=200)
async def report_to_print(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    """Answered on the POST itself: making the report is logged."""
    actor = visit.officer(tenant)
    try:
        found = await visit.services.breach_reporting.make(actor, breach)
    except InputError as refused:
        return await show_breach(visit, actor, breach, refused.problems)
    view = ReportPage(at(actor, breach), facts_of(visit, found))
    return await visit.show(view, navigation=await navigation(visit, actor, HERE))


@post(_ONE + "/verslag/bestand", include_in_schema=False, status_code=200)
async def report_file(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    """The same as a file; nobody's name is in it."""
    actor = visit.officer(tenant)
    try:
        found = await visit.services.breach_reporting.make(actor, breach)
    except InputError as refused:
        return await show_breach(visit, actor, breach, refused.problems)
    headers = {"content-disposition": 'attachment; filename="datalek.json"'}
    return Response(to_json(found), media_type="application/json", headers=headers)


@get([_ONE + "/verslag", _ONE + "/verslag/bestand"], include_in_schema=False)
async def no_report(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    """Coming back to the address makes nothing: making it is a deed of its own."""
    return visit.redirect(at(visit.officer(tenant), breach))


ROUTES: list[HTTPRouteHandler] = [
    weigh,
    description,
    describe,
    report_form,
    report,
    leave_unreported,
    look_again,
    tell,
    close,
    report_to_print,
    report_file,
    no_report,
]


async def _done(
    visit: Visit, actor: PrivacyCoordinator, breach: str, doing: Awaitable[None]
) -> Response[Any]:
    """The deed, and back to the breach; what is wrong is shown there."""
    try:
        await doing
    except InputError as refused:
        return await show_breach(visit, actor, breach, refused.problems)
    return visit.redirect(at(actor, breach), done=_DONE)


async def _show_description(
    visit: Visit, actor: PrivacyCoordinator, breach: str, form: FormState
) -> Response[Any]:
    view = DescribePage(at(actor, breach, "beschrijving"), at(actor, breach), form)
    status = 400 if form.problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))


async def _show_report_form(
    visit: Visit, actor: PrivacyCoordinator, breach: str, form: FormState
) -> Response[Any]:
    seen = await visit.services.breaches.view(actor, breach)
    clock = clock_part(seen.breach, visit.now())
    view = ReportFormPage(at(actor, breach, "melden"), at(actor, breach), clock, form)
    status = 400 if form.problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))
