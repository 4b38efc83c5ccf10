"""Carrying out what somebody asked: one address for each request, one page for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast, get_args

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.audit.happenings.erasures import ErasureGround
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.identity.model import PrivacyCoordinator
from consent_service.rights.cases.model import CaseView
from consent_service.web.erasing.case_showing import CaseShowing
from consent_service.web.erasing.forms import read_restriction
from consent_service.web.erasing.routes import deciding
from consent_service.web.erasing.showing import CARRY_OUT, CASES, HERE
from consent_service.web.erasing.views import AskErasurePage, RectifyPage, RestrictPage
from consent_service.web.erasing.words import FIELD_LABELS, GROUND_LABELS
from consent_service.web.forms import EMPTY, FormReader, FormState, labels_in
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Visit

_ERASED, _RESTRICTED, _PUT_RIGHT = "wissen-gevraagd", "beperkt", "rechtgezet"


@get("/toezicht/{tenant:str}/verzoeken/{case:str}/uitvoeren", include_in_schema=False)
async def carry_out(
    visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]
) -> Response[Any]:
    """Opening it is logged: what was asked is read."""
    actor = deciding(visit, tenant)
    visit.refuse_prefetch()
    found = await visit.services.cases.view(actor, case)
    return await _show(visit, actor, found, found.case.kind)


@get("/toezicht/{tenant:str}/verzoeken/{case:str}/uitvoeren/beperken", include_in_schema=False)
async def restricting(
    visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]
) -> Response[Any]:
    """Also while it is looked into whether something is right."""
    actor = deciding(visit, tenant)
    visit.refuse_prefetch()
    return await _show(visit, actor, await visit.services.cases.view(actor, case), "restriction")


@post("/toezicht/{tenant:str}/verzoeken/{case:str}/uitvoeren/wissen", include_in_schema=False)
async def erase(visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]) -> Response[Any]:
    actor = deciding(visit, tenant)
    form = FormReader(visit.posted)
    subject = form.text("subject")
    ground = form.choice("ground", get_args(ErasureGround))
    if form.problems:
        return await _again(visit, actor, case, "erasure", form.problems)
    try:
        made = await visit.services.erasing_desk.ask(actor, case, subject, cast(ErasureGround, ground))
    except InputError as refused:
        return await _again(visit, actor, case, "erasure", refused.problems)
    return visit.redirect(home(actor, HERE, made), done=_ERASED)


@post("/toezicht/{tenant:str}/verzoeken/{case:str}/uitvoeren/beperken", include_in_schema=False)
async def restrict(
    visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]
) -> Response[Any]:
    actor = deciding(visit, tenant)
    form = FormReader(visit.posted)
    wanted = read_restriction(form)
    if form.problems:
        return await _again(visit, actor, case, "restriction", form.problems)
    try:
        await visit.services.restrictions.restrict(actor, case, wanted)
    except InputError as refused:
        problems = [_beside(problem) for problem in refused.problems]
        return await _again(visit, actor, case, "restriction", problems)
    return visit.redirect(home(actor, CASES, case, CARRY_OUT, "beperken"), done=_RESTRICTED)


@post("/toezicht/{tenant:str}/verzoeken/{case:str}/uitvoeren/rechtzetten", include_in_schema=False)
async def rectify(visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]) -> Response[Any]:
    """Sending it twice does nothing the second time."""
    actor = deciding(visit, tenant)
    try:
        await visit.services.rectifications.ask(actor, case, visit.posted.several("wrong"))
    except InputError as refused:
        return await _again(visit, actor, case, "rectification", refused.problems)
    return visit.redirect(home(actor, CASES, case, CARRY_OUT), done=_PUT_RIGHT)


ROUTES: list[HTTPRouteHandler] = [carry_out, restricting, erase, restrict, rectify]


def _beside(problem: Problem) -> Problem:
    """Child and school are one question on the page."""
    field = "place" if problem.field in ("child", "relationship") else problem.field
    return Problem(field, problem.code, problem.params)


async def _again(
    visit: Visit, actor: PrivacyCoordinator, case: str, page: str, problems: Sequence[Problem]
) -> Response[Any]:
    """The page once more with what was entered and all that is wrong with it."""
    found = await visit.services.cases.view(actor, case)
    labels = labels_in(visit.language, FIELD_LABELS | {"ground": GROUND_LABELS.get(page, "")})
    form = FormState.of(visit.posted, problems, language=visit.language, labels=labels)
    return await _show(visit, actor, found, page, form, status=400)


async def _show(
    visit: Visit,
    actor: PrivacyCoordinator,
    found: CaseView,
    page: str,
    form: FormState = EMPTY,
    *,
    status: int = 200,
) -> Response[Any]:
    """The page that fits.

    Raises:
        NotFoundError: a request that is carried out elsewhere, or not now.
    """
    showing = CaseShowing(visit, actor, found, form)
    view: AskErasurePage | RestrictPage | RectifyPage
    match page:
        case "erasure":
            view = await showing.erasure()
        case "restriction" | "objection":
            view = await showing.restriction()
        case "rectification":
            view = await showing.rectification()
        case _:
            raise NotFoundError("case")
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, CASES))
