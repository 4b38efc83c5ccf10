"""Documents of both officers; the coordinator fixes the numbers of a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError, Problem
from consent_service.identity.model import PrivacyCoordinator
from consent_service.process.evaluation.model import LEAST, WAITING_DAYS
from consent_service.rights.accountability.model import FORMS, Form, Kind
from consent_service.rights.accountability.service import Wanted
from consent_service.web.accountability.showing import HERE, document_page
from consent_service.web.accountability.views import DocumentLine, OverviewPage, YearLine
from consent_service.web.forms import FormReader, FormState
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Officer, Visit

_PARTS: Final[Mapping[str, Kind]] = {"register": "register", "dpia": "dpia", "verwerker": "annex"}
"""The last part of the address of each document but that of a year."""
_YEAR: Final = "jaar"


@get("/toezicht/{tenant:str}/verantwoording", include_in_schema=False)
async def overview(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    return await _overview(visit, visit.officer(tenant))


@post("/toezicht/{tenant:str}/verantwoording", include_in_schema=False)
async def fix(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Fixed for good; sent twice, the second finds it fixed."""
    actor = visit.officer(tenant)
    if not isinstance(actor, PrivacyCoordinator):
        raise NotAllowedError("fix_report: not_your_role")
    form, reports = FormReader(visit.posted), visit.services.yearly_reports
    year = form.choice("year", tuple(map(str, await reports.waiting(actor))))
    if form.problems:
        return await _overview(visit, actor, form.problems)
    try:
        await reports.fix(actor, int(year))
    except InputError as refused:
        return await _overview(visit, actor, refused.problems)
    return visit.redirect(home(actor, HERE, _YEAR, year), done="cijfers")


@get("/toezicht/{tenant:str}/verantwoording/{part:str}", include_in_schema=False)
async def document(
    visit: NamedDependency[Visit], tenant: FromPath[str], part: FromPath[str]
) -> Response[Any]:
    actor, kind = visit.officer(tenant), _kind(part)
    found = await visit.services.accountability.document(actor, kind)
    view = document_page(actor, kind, found, part)
    return await visit.show(view, navigation=await navigation(visit, actor, HERE))


@post("/toezicht/{tenant:str}/verantwoording/{part:str}/{form:str}", include_in_schema=False, status_code=200)
async def take(
    visit: NamedDependency[Visit], tenant: FromPath[str], part: FromPath[str], form: FromPath[str]
) -> Response[Any]:
    """Taking a document is a deed of its own: its entry is in the log before the first byte."""
    kind = _kind(part)
    return await _file(visit, visit.officer(tenant), Wanted(kind, _form(kind, form)))


@get("/toezicht/{tenant:str}/verantwoording/jaar/{year:int}", include_in_schema=False)
async def report(visit: NamedDependency[Visit], tenant: FromPath[str], year: FromPath[int]) -> Response[Any]:
    actor = visit.officer(tenant)
    found = await visit.services.accountability.document(actor, "report", year=year)
    view = document_page(actor, "report", found, _YEAR, str(year))
    return await visit.show(view, navigation=await navigation(visit, actor, HERE))


@post(
    "/toezicht/{tenant:str}/verantwoording/jaar/{year:int}/{form:str}",
    include_in_schema=False,
    status_code=200,
)
async def take_report(
    visit: NamedDependency[Visit], tenant: FromPath[str], year: FromPath[int], form: FromPath[str]
) -> Response[Any]:
    return await _file(visit, visit.officer(tenant), Wanted("report", _form("report", form), year))


@get("/toezicht/{tenant:str}/verantwoording/{part:str}/{form:str}", include_in_schema=False)
async def no_file(
    visit: NamedDependency[Visit], tenant: FromPath[str], part: FromPath[str], form: FromPath[str]
) -> Response[Any]:
    """Coming back to the address of a file gives none."""
    actor, kind = visit.officer(tenant), _kind(part)
    _form(kind, form)
    return visit.redirect(home(actor, HERE, part))


@get("/toezicht/{tenant:str}/verantwoording/jaar/{year:int}/{form:str}", include_in_schema=False)
async def no_report_file(
    visit: NamedDependency[Visit], tenant: FromPath[str], year: FromPath[int], form: FromPath[str]
) -> Response[Any]:
    actor = visit.officer(tenant)
    _form("report", form)
    return visit.redirect(home(actor, HERE, _YEAR, str(year)))


ROUTES: list[HTTPRouteHandler] = [overview, fix, document, take, report, take_report, no_file, no_report_file]


async def _overview(visit: Visit, actor: Officer, problems: Sequence[Problem] = ()) -> Response[str]:
    services = visit.services
    documents = []
    for part, kind in _PARTS.items():
        found = await services.accountability.document(actor, kind)
        documents.append(DocumentLine(kind, home(actor, HERE, part), found.open_points))
    years = await services.yearly_reports.years(actor)
    view = OverviewPage(
        documents=tuple(documents),
        years=tuple(YearLine(year, home(actor, HERE, _YEAR, str(year))) for year in years),
        waiting=await services.yearly_reports.waiting(actor),
        action=home(actor, HERE) if isinstance(actor, PrivacyCoordinator) else "",
        least=LEAST,
        waiting_days=WAITING_DAYS,
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))


async def _file(visit: Visit, actor: Officer, wanted: Wanted) -> Response[bytes]:
    taken = await visit.services.accountability.take(actor, actor.tenant, wanted)
    return Response(
        taken.content,
        media_type=taken.media_type,
        headers={"content-disposition": f'attachment; filename="{taken.name}"'},
    )


def _kind(part: str) -> Kind:
    """Which document an address means.

    Raises:
        NotFoundError: none.
    """
    if part not in _PARTS:
        raise NotFoundError("document")
    return _PARTS[part]


def _form(kind: Kind, form: str) -> Form:
    """In which form it is asked for.

    Raises:
        NotFoundError: it has no such form.
    """
    found = next((one for one in FORMS[kind] if one == form), None)
    if found is None:
        raise NotFoundError("form")
    return found
