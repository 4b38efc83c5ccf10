"""How long things are kept: both officers look, the privacy coordinator clears away, holds and lets go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import InputError, NotAllowedError, Problem
from consent_service.identity.model import PrivacyCoordinator
from consent_service.web.forms import EMPTY, FormReader, FormState, labels_in
from consent_service.web.officer.room import home, navigation
from consent_service.web.retention.forms import read_hold
from consent_service.web.retention.showing import HERE, page_of
from consent_service.web.retention.words import FIELD_LABELS
from consent_service.web.visit import Officer, Visit

_PAGE: Final = "/toezicht/{tenant:str}/bewaren"


@get(_PAGE, include_in_schema=False)
async def overview(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    return await _show(visit, visit.officer(tenant))


@post(_PAGE + "/opruimen", include_in_schema=False)
async def clear_away(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """It begins within a minute; asked twice it is done once."""
    actor = _coordinator(visit.officer(tenant))
    await visit.services.retention.ask(actor)
    return visit.redirect(home(actor, HERE), done="opruimen")


@post(_PAGE + "/termijnen", include_in_schema=False)
async def propose(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = _coordinator(visit.officer(tenant))
    try:
        await visit.services.retention.propose(actor)
    except InputError as refused:
        return await _refused(visit, actor, refused)
    return visit.redirect(home(actor, HERE), done="termijnen-voorgelegd")


@post(_PAGE + "/termijnen/{schedule:str}", include_in_schema=False)
async def approve(
    visit: NamedDependency[Visit], tenant: FromPath[str], schedule: FromPath[str]
) -> Response[Any]:
    actor = _coordinator(visit.officer(tenant))
    try:
        await visit.services.retention.approve(actor, schedule)
    except InputError as refused:
        return await _refused(visit, actor, refused)
    return visit.redirect(home(actor, HERE), done="termijnen-goedgekeurd")


@post(_PAGE + "/vastzetten", include_in_schema=False)
async def hold(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Sent twice, the second says that it is held already."""
    actor = _coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    entered = read_hold(form)
    if entered is None:
        return await _show(visit, actor, _form_of(visit, form.problems))
    try:
        await visit.services.retention.hold(actor, entered)
    except InputError as refused:
        return await _refused(visit, actor, refused)
    return visit.redirect(home(actor, HERE), done="vastgezet")


@post(_PAGE + "/vastzetten/{hold:str}/loslaten", include_in_schema=False)
async def lift(visit: NamedDependency[Visit], tenant: FromPath[str], hold: FromPath[str]) -> Response[Any]:
    actor = _coordinator(visit.officer(tenant))
    await visit.services.retention.lift(actor, hold)
    return visit.redirect(home(actor, HERE), done="losgelaten")


ROUTES: list[HTTPRouteHandler] = [overview, clear_away, propose, approve, hold, lift]


def _coordinator(actor: Officer) -> PrivacyCoordinator:
    """Who decides; the FG watches (AVG 38(6)).

    Raises:
        NotAllowedError: the FG.
    """
    if not isinstance(actor, PrivacyCoordinator):
        raise NotAllowedError("decide_retention: not_your_role")
    return actor


async def _refused(visit: Visit, actor: Officer, refused: InputError) -> Response[Any]:
    return await _show(visit, actor, _form_of(visit, refused.problems))


async def _show(visit: Visit, actor: Officer, form: FormState = EMPTY) -> Response[Any]:
    view = page_of(visit, actor, await visit.services.retention.overview(actor), form)
    status = 400 if form.problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))


def _form_of(visit: Visit, problems: Sequence[Problem]) -> FormState:
    labels = labels_in(visit.language, FIELD_LABELS)
    return FormState.of(visit.posted, problems, language=visit.language, labels=labels)
