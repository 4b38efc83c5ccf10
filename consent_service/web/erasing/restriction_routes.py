"""Restrictions of the shelter: looked at by both officers, told and lifted by the coordinator (AVG 18)."""

from __future__ import annotations

from typing import Any, cast, get_args

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import InputError
from consent_service.rights.cases.model import Channel
from consent_service.web.erasing.case_showing import RESTRICTIONS, restriction_lines
from consent_service.web.erasing.routes import deciding
from consent_service.web.erasing.showing import HERE
from consent_service.web.erasing.views import RestrictionsPage
from consent_service.web.forms import EMPTY, FormReader, FormState
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Officer, Visit


@get("/toezicht/{tenant:str}/beperkingen", include_in_schema=False)
async def restrictions(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    return await _show(visit, visit.officer(tenant))


@post("/toezicht/{tenant:str}/beperkingen/{restriction:str}/verteld", include_in_schema=False)
async def told(
    visit: NamedDependency[Visit], tenant: FromPath[str], restriction: FromPath[str]
) -> Response[Any]:
    actor = deciding(visit, tenant)
    form = FormReader(visit.posted)
    how = form.choice("channel", get_args(Channel))
    if form.problems:
        return await _show(visit, actor, FormState.of(visit.posted, form.problems, language=visit.language))
    await visit.services.restrictions.tell(actor, restriction, cast(Channel, how))
    return visit.redirect(home(actor, RESTRICTIONS), done="opheffen-verteld")


@post("/toezicht/{tenant:str}/beperkingen/{restriction:str}/opheffen", include_in_schema=False)
async def lift(
    visit: NamedDependency[Visit], tenant: FromPath[str], restriction: FromPath[str]
) -> Response[Any]:
    """Sharing may begin again: asked for by who proved a short while ago who it is."""
    actor = deciding(visit, tenant)
    await visit.require_fresh(back=home(actor, RESTRICTIONS))
    try:
        await visit.services.restrictions.lift(actor, restriction)
    except InputError as refused:
        return await _show(
            visit, actor, FormState.of(visit.posted, refused.problems, language=visit.language)
        )
    return visit.redirect(home(actor, RESTRICTIONS), done="opgeheven")


ROUTES: list[HTTPRouteHandler] = [restrictions, told, lift]


async def _show(visit: Visit, actor: Officer, form: FormState = EMPTY) -> Response[Any]:
    found = await visit.services.restrictions.overview(actor)
    await visit.services.supervision.looked(actor, "restrictions", len(found))
    view = RestrictionsPage(home(actor, HERE), await restriction_lines(visit, actor, list(found)), form)
    status = 400 if form.problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))
