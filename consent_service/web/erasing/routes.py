"""Erasing: approved by another coordinator, carried out, followed to its end (AVG 17)."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError
from consent_service.identity.model import PrivacyCoordinator
from consent_service.rights.erasure_model import Erasure
from consent_service.web.erasing.showing import HERE, ErasureShowing, line_of
from consent_service.web.erasing.views import ErasuresPage
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Officer, Visit

_TO_DECIDE: Final = ("asked", "approved")


@get("/toezicht/{tenant:str}/wissen", include_in_schema=False)
async def erasures(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    found = await visit.services.erasures.overview(actor)
    await visit.services.supervision.looked(actor, "erasures", len(found))
    notices = await visit.services.recall_desk.overview(actor)
    lines = [line_of(actor, one, notices) for one in found]
    view = ErasuresPage(
        restrictions_href=home(actor, "beperkingen"),
        waiting=tuple(one for one in lines if one.state in ("asked", "approved", "running")),
        ended=tuple(one for one in lines if one.state in ("executed", "dropped")),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, HERE))


@get("/toezicht/{tenant:str}/wissen/{erasure:str}", include_in_schema=False)
async def erasure(
    visit: NamedDependency[Visit], tenant: FromPath[str], erasure: FromPath[str]
) -> Response[Any]:
    return await _show(visit, visit.officer(tenant), erasure)


@post("/toezicht/{tenant:str}/wissen/{erasure:str}/goedkeuren", include_in_schema=False)
async def approve(
    visit: NamedDependency[Visit], tenant: FromPath[str], erasure: FromPath[str]
) -> Response[Any]:
    actor = deciding(visit, tenant)
    await visit.require_fresh(back=home(actor, HERE, erasure))
    deed = visit.services.erasures.approve(actor, erasure)
    return await _done(visit, actor, erasure, deed, done="wissen-goedgekeurd")


@post("/toezicht/{tenant:str}/wissen/{erasure:str}/niet-doen", include_in_schema=False)
async def drop(visit: NamedDependency[Visit], tenant: FromPath[str], erasure: FromPath[str]) -> Response[Any]:
    """Who asked takes it back, another refuses it; nothing is lost by it, so no fresh proof is asked."""
    actor = deciding(visit, tenant)
    deed = visit.services.erasures.drop(actor, erasure)
    return await _done(visit, actor, erasure, deed, done="wissen-niet")


@post("/toezicht/{tenant:str}/wissen/{erasure:str}/uitvoeren", include_in_schema=False)
async def execute(
    visit: NamedDependency[Visit], tenant: FromPath[str], erasure: FromPath[str]
) -> Response[Any]:
    """Or go on with one that was broken off."""
    actor = deciding(visit, tenant)
    await visit.require_fresh(back=home(actor, HERE, erasure))
    deed = visit.services.erasures.execute(actor, erasure)
    return await _done(visit, actor, erasure, deed, done="gewist")


ROUTES: list[HTTPRouteHandler] = [erasures, erasure, approve, drop, execute]


def deciding(visit: Visit, tenant: str) -> PrivacyCoordinator:
    """The privacy coordinator; the FG sees the same and decides nothing.

    Raises:
        NotAllowedError: the FG.
    """
    actor = visit.officer(tenant)
    if not isinstance(actor, PrivacyCoordinator):
        raise NotAllowedError("the FG decides nothing")
    return actor


async def _done(
    visit: Visit, actor: Officer, erasure: str, deed: Awaitable[object], *, done: str
) -> Response[Any]:
    """Back to the erasure; where it could not be done, the erasure as it is now says why."""
    try:
        await deed
    except InputError as refused:
        form = FormState.of(visit.posted, refused.problems, language=visit.language)
        return await _show(visit, actor, erasure, form, status=409)
    return visit.redirect(home(actor, HERE, erasure), done=done)


async def _show(
    visit: Visit, actor: Officer, erasure: str, form: FormState = EMPTY, *, status: int = 200
) -> Response[Any]:
    found = await visit.services.erasing_desk.view(actor, erasure)
    await visit.services.supervision.looked(actor, "erasures", 1)
    notices = await visit.services.recall_desk.overview(actor)
    known = await visit.services.organisations.schools(actor.tenant)
    schools = {str(one.school): one.name for one in known}
    view = ErasureShowing(visit, actor).page(found, notices, schools, form)
    view = msgspec.structs.replace(view, name=await _named(visit, actor, found.erasure))
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))


async def _named(visit: Visit, actor: Officer, one: Erasure) -> str:
    """The given name of whom it is about, for who decides on it now: nobody can stand behind a number.

    Reading it is an entry at the request; of an erasure without a request there is none.
    """
    if not isinstance(actor, PrivacyCoordinator) or one.case is None or one.state not in _TO_DECIDE:
        return ""
    try:
        offered = await visit.services.erasing_desk.whom(actor, one.case)
    except NotFoundError:
        return ""
    return next((whom.name for whom in offered if whom.subject == one.subject), "")
