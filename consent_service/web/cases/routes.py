"""Requests at the officer's desk: typed over, identified, weighed, decided, answered (AVG 12)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
    Problem,
)
from consent_service.identity.model import Fg, PrivacyCoordinator
from consent_service.rights.cases.model import (
    Channel,
    Extension,
    IdentityCheck,
    Opinion,
    Outcome,
    RefusalGround,
    check_received,
)
from consent_service.web.cases.forms import of_case, read_received
from consent_service.web.cases.showing import HERE, case_line, case_page
from consent_service.web.cases.views import CasesPage, NewCasePage
from consent_service.web.forms import FormReader, FormState
from consent_service.web.officer.room import home, navigation
from consent_service.web.shelter.room import is_first_time, once
from consent_service.web.visit import Officer, Visit

_ONE: Final = "/toezicht/{tenant:str}/verzoeken/{case:str}"
_NEW: Final = "/toezicht/{tenant:str}/verzoek"
_STEP: Final = "rights-case"


@get("/toezicht/{tenant:str}/verzoeken", include_in_schema=False)
async def overview(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    found = await visit.services.cases.overview(actor)
    await visit.services.supervision.looked(actor, "requests", len(found))
    view = CasesPage(
        lines=tuple(case_line(visit, one, home(actor, HERE, one.case)) for one in found),
        new_href="" if isinstance(actor, Fg) else home(actor, "verzoek"),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, HERE))


@get(_NEW, include_in_schema=False)
async def new_form(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    return await _form(visit, _coordinator(visit.officer(tenant)))


@post(_NEW, include_in_schema=False)
async def receive(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Typed over once; whoever it was, the same page follows at once."""
    actor = _coordinator(visit.officer(tenant))
    received = read_received(visit)
    if not await is_first_time(visit, _STEP):
        return visit.redirect(home(actor, HERE))
    form = FormReader(visit.posted)
    form.day("received_on")
    if form.problems:
        wrong = {
            one.field: one
            for one in (*check_received(received, today=local_date(visit.now())), *form.problems)
        }
        return await _form(visit, actor, [of_case(one) for one in wrong.values()])
    try:
        case = await visit.services.cases.receive(actor, received)
    except InputError as wrong:
        return await _form(visit, actor, [of_case(one) for one in wrong.problems])
    return visit.redirect(home(actor, HERE, case), done="verzoek")


@get(_ONE, include_in_schema=False)
async def one(visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]) -> Response[Any]:
    """Opening what was asked is logged, so it must be a person who looks."""
    visit.refuse_prefetch()
    return await _case(visit, visit.officer(tenant), case)


@post(_ONE, include_in_schema=False)
async def act(visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]) -> Response[Any]:
    """One step of a request; sent twice, or done by somebody else meanwhile, the page shows how it stands."""
    actor = visit.officer(tenant)
    try:
        await _step(visit, actor, case, visit.posted.first("act"))
    except InputError as wrong:
        return await _case(visit, actor, case, [_named(one) for one in wrong.problems])
    except ConflictError:
        return visit.redirect(home(actor, HERE, case))
    return visit.redirect(home(actor, HERE, case), done="verzoek")


ROUTES: list[HTTPRouteHandler] = [overview, new_form, receive, one, act]


def _coordinator(actor: Officer) -> PrivacyCoordinator:
    """Who decides; the FG advises (AVG 38(6)).

    Raises:
        NotAllowedError: the FG.
    """
    if not isinstance(actor, PrivacyCoordinator):
        raise NotAllowedError("decide_case: not_your_role")
    return actor


async def _form(visit: Visit, actor: PrivacyCoordinator, problems: Sequence[Problem] = ()) -> Response[str]:
    view = NewCasePage(
        action=home(actor, "verzoek"),
        back_href=home(actor, HERE),
        step_token=await once(visit, _STEP),
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    links = await navigation(visit, actor, HERE)
    return await visit.show(view, status=400 if problems else 200, navigation=links)


async def _case(visit: Visit, actor: Officer, case: str, problems: Sequence[Problem] = ()) -> Response[str]:
    found = await visit.services.cases.view(actor, case)
    view = case_page(visit, actor, found, problems)
    links = await navigation(visit, actor, HERE)
    return await visit.show(view, status=400 if problems else 200, navigation=links)


async def _step(visit: Visit, actor: Officer, case: str, name: str) -> None:
    cases, said = visit.services.cases, visit.posted.first
    if name == "advise" and isinstance(actor, Fg):
        await cases.advise(actor, case, cast("Opinion", said("opinion")))
        return
    decider = _coordinator(actor)
    match name:
        case "identify":
            await cases.identify(decider, case, cast("IdentityCheck", said("how")))
        case "extend":
            await cases.extend(decider, case, cast("Extension", said("why")))
        case "decide":
            ground = cast("RefusalGround | None", said("ground") or None)
            outcome, weighed = cast("Outcome", said("case_outcome")), said("weighed") == "yes"
            await cases.decide(decider, case, outcome, ground=ground, weighed=weighed)
        case "finish":
            await cases.finish(decider, case, cast("Channel", said("case_channel")))
        case "withdraw":
            await cases.withdraw(decider, case)
        case "reopen":
            await cases.reopen(decider, case)
        case _:
            raise NotFoundError("act")


def _named(problem: Problem) -> Problem:
    name = {"outcome": "case_outcome", "channel": "case_channel"}.get(problem.field, problem.field)
    return Problem(name, problem.code, problem.params)
