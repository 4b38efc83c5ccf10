"""Proving more while logged in: the second factor of officers, and once more who one is.

Asked for by `Visit.officer` and `Visit.require_fresh`, which keep the page one was at; what a proof is
worth is `identity.stepping_up`.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency

from consent_service.foundation.errors import NotFoundError, Problem
from consent_service.identity.model import LoginRefused
from consent_service.identity.passkeys import PasskeyRefused
from consent_service.identity.sessions import Session
from consent_service.identity.stepping_up import Proved, Wanted
from consent_service.web.forms import FormState
from consent_service.web.shared.homes import SECOND_STEP, STEP_UP, home_of
from consent_service.web.shared.leaving import STATUS_OF, leave
from consent_service.web.shared.passkey_forms import FIELD, asked_for, problem_of
from consent_service.web.shared.views import ProofPage
from consent_service.web.turned_away import HandedOverError
from consent_service.web.visit import Visit, place_of

_ADDRESSES: Final[dict[Wanted, str]] = {"factor": SECOND_STEP, "step_up": STEP_UP}


@get(SECOND_STEP, include_in_schema=False)
async def second_step(visit: NamedDependency[Visit]) -> Response[Any]:
    session = _of_staff(visit)
    if not session.waiting:
        return visit.redirect(home_of(session.actor))
    return await _page(visit, session, "factor")


@post(SECOND_STEP, include_in_schema=False)
async def prove_factor(visit: NamedDependency[Visit]) -> Response[Any]:
    session = _of_staff(visit)
    if not session.waiting:
        return visit.redirect(home_of(session.actor))
    return await _proved(visit, session, "factor")


@get(STEP_UP, include_in_schema=False)
async def step_up_page(visit: NamedDependency[Visit]) -> Response[Any]:
    return await _page(visit, _of_staff(visit), "step_up")


@post(STEP_UP, include_in_schema=False)
async def step_up(visit: NamedDependency[Visit]) -> Response[Any]:
    return await _proved(visit, _of_staff(visit), "step_up")


ROUTES = [second_step, prove_factor, step_up_page, step_up]


async def proof_page(visit: Visit, session: Session, refused: LoginRefused) -> Response[Any]:
    """The page of a proof that was refused; who was logged in still is."""
    wanted: Wanted = "factor" if session.waiting else "step_up"
    return await _page(visit, session, wanted, *_said(refused))


async def _proved(visit: Visit, session: Session, wanted: Wanted) -> Response[Any]:
    """By what a passkey signed, else at the provider."""
    response = visit.posted.first(FIELD)
    if not response:
        return await _to_provider(visit, session, wanted)
    outcome = await visit.services.identity.stepping_up.by_passkey(visit.token, wanted, response)
    if isinstance(outcome, Proved):
        return visit.with_session(visit.redirect(outcome.return_to), outcome.opened.token)
    if isinstance(outcome, PasskeyRefused):
        return await _page(visit, session, wanted, problem_of(outcome), 400)
    return await _page(visit, session, wanted, *_said(outcome))


def _said(refused: LoginRefused) -> tuple[Problem, int]:
    """What the person reads, and the status."""
    return Problem("provider", refused.sentence), STATUS_OF.get(refused.code, 403)


async def _to_provider(visit: Visit, session: Session, wanted: Wanted) -> Response[Any]:
    identity = visit.services.identity
    allowed = identity.login_providers.origins()
    started = await identity.start_proof(session, wanted, place=place_of(visit.request))
    if isinstance(started, LoginRefused):
        return await _page(visit, session, wanted, *_said(started))
    response = await leave(visit, started.address, allowed)
    response.set_cookie(visit.doors.login_cookie(started.cookie, int(started.lasts.total_seconds())))
    return response


async def _page(
    visit: Visit, session: Session, wanted: Wanted, problem: Problem | None = None, status: int = 200
) -> Response[Any]:
    identity = visit.services.identity
    await identity.login_providers.learn()  # its form may lead to where the provider says that its pages are
    provider = await identity.stepping_up.login_offered(session, wanted)
    problems = () if problem is None else (problem,)
    view = ProofPage(
        _ADDRESSES[wanted],
        waits=wanted == "factor",
        provider="" if provider is None else provider.name,
        cancel_href="" if session.actor is None else home_of(session.actor),
        form=FormState.of(visit.posted, problems, language=visit.language),
        passkey=await asked_for(visit, wanted),
    )
    return await visit.show(view, status=status)


def _of_staff(visit: Visit) -> Session:
    """The session of somebody who works here.

    Raises:
        LockedError, LoginNeededError: nobody is logged in, or the screen locked itself.
        HandedOverError: the tablet is lent.
        NotFoundError: an own page is open.
    """
    session = visit.known_session()
    if session.handed_over is not None:
        raise HandedOverError("the tablet is handed over")
    if session.own is not None:
        raise NotFoundError("page")
    return session
