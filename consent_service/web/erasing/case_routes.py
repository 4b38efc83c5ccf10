"""Carrying out what somebody asked: one address for each request, one page for each kind."""

from __future__ import annotations

from typing import Any, cast, get_args

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.audit.happenings.erasures import ErasureGround
from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.i18n import N_, translator
from consent_service.identity.model import PrivacyCoordinator
from consent_service.rights.carrying.whom import Whom
from consent_service.rights.cases.model import CaseView
from consent_service.web.components import Option
from consent_service.web.erasing.routes import deciding
from consent_service.web.erasing.showing import CARRY_OUT, CASES, HERE, line_of
from consent_service.web.erasing.views import AskErasurePage
from consent_service.web.forms import EMPTY, FormReader, FormState
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Visit


@get("/toezicht/{tenant:str}/verzoeken/{case:str}/uitvoeren", include_in_schema=False)
async def carry_out(
    visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]
) -> Response[Any]:
    """Opening it is logged: what was asked is read."""
    actor = deciding(visit, tenant)
    visit.refuse_prefetch()
    return await _show(visit, actor, await visit.services.cases.view(actor, case))


@post("/toezicht/{tenant:str}/verzoeken/{case:str}/uitvoeren/wissen", include_in_schema=False)
async def erase(visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]) -> Response[Any]:
    actor = deciding(visit, tenant)
    form = FormReader(visit.posted)
    subject = form.text("subject")
    ground = form.choice("ground", get_args(ErasureGround))
    problems = list(form.problems)
    if not problems:
        try:
            made = await visit.services.erasing_desk.ask(actor, case, subject, cast(ErasureGround, ground))
        except InputError as refused:
            problems = list(refused.problems)
        else:
            return visit.redirect(home(actor, HERE, made), done="wissen-gevraagd")
    state = FormState.of(visit.posted, problems, language=visit.language)
    return await _show(visit, actor, await visit.services.cases.view(actor, case), state, status=400)


ROUTES: list[HTTPRouteHandler] = [carry_out, erase]


async def _show(
    visit: Visit,
    actor: PrivacyCoordinator,
    found: CaseView,
    form: FormState = EMPTY,
    *,
    status: int = 200,
) -> Response[Any]:
    if found.case.kind != "erasure":
        raise NotFoundError("case")
    view = await _erasure_page(visit, actor, found, form)
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, CASES))


async def _erasure_page(
    visit: Visit, actor: PrivacyCoordinator, found: CaseView, form: FormState
) -> AskErasurePage:
    case = found.case.case
    asked = [one for one in await visit.services.erasures.overview(actor) if one.case == case]
    return AskErasurePage(
        action=home(actor, CASES, case, CARRY_OUT, "wissen"),
        back_href=home(actor, CASES, case),
        words=found.words,
        due_on=found.case.due_on,
        subjects=tuple(
            Option(one.subject, whom_label(visit, one))
            for one in await visit.services.erasing_desk.whom(actor, case)
        ),
        asked=tuple(line_of(actor, one) for one in asked),
        form=form,
    )


def whom_label(visit: Visit, one: Whom) -> str:
    """A given name with what that person is."""
    said = translator(visit.language)
    match one.scope:
        case "child":
            return said.text(N_("Kind: {name}"), name=one.name)
        case "person":
            return said.text(N_("Ouder of voogd: {name}"), name=one.name)
        case _:
            return said.text(N_("Het hele gezin, ook de andere ouder"))
