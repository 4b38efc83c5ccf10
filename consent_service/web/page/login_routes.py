"""Getting in to the own page: the code, then six digits; getting out again.

The code travels in a form field, never in an address. Every wrong try looks alike, whatever was wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency

from consent_service.consent.page_login import PageLoginRefused
from consent_service.foundation.errors import Problem
from consent_service.identity.pins import PinsBusyError
from consent_service.web.forms import EMPTY, FormReader, FormState
from consent_service.web.page.door import HOME, LEAVE, LOGIN, LOGIN_DIGITS, visitor_of
from consent_service.web.page.forms import CODE_TOKEN, DIGITS_FIELD, read_challenge, read_digits
from consent_service.web.page.views import OwnCodePage, OwnFactorPage
from consent_service.web.parent.forms import CODE, CODE_MISTAKEN, read_withdrawal_code
from consent_service.web.visit import Visit, forget_pages

_WITHDRAW = "/intrekken"
_MINUTE = 60


@get(LOGIN, include_in_schema=False)
async def code_page(visit: NamedDependency[Visit]) -> Response[Any]:
    """Whoever is in, goes on to the own page."""
    if visit.session is not None and visit.session.own is not None:
        return visit.redirect(HOME)
    return visit.show_to_anyone(OwnCodePage(LOGIN, _WITHDRAW))


@post(LOGIN, include_in_schema=False, status_code=200)
async def enter_code(visit: NamedDependency[Visit]) -> Response[Any]:
    """A typing error shows in the code itself; whether a code is somebody's does not show at all."""
    form = FormReader(visit.posted)
    code = read_withdrawal_code(form)
    if form.problems:
        state = FormState.of(visit.posted, form.problems, language=visit.language)
        return visit.show_to_anyone(OwnCodePage(LOGIN, _WITHDRAW, state), status=400)
    begun = await visit.services.page_login.begin(code, visitor_of(visit))
    answer = visit.show_to_anyone(_factor_page(visit, code, begun.challenge))
    answer.background = BackgroundTask(visit.services.page_login.deliver, begun)
    return answer


@get(LOGIN_DIGITS, include_in_schema=False)
async def digits_again(visit: NamedDependency[Visit]) -> Response[Any]:
    """Without the code there is nothing to type digits for."""
    return visit.redirect(LOGIN)


@post(LOGIN_DIGITS, include_in_schema=False, status_code=200)
async def enter_digits(visit: NamedDependency[Visit]) -> Response[Any]:
    """Opens the page under a fresh session; the one this browser had, of whomever, ends."""
    coded = FormReader(visit.posted)
    code = read_withdrawal_code(coded, CODE_TOKEN)
    if coded.problems:
        state = FormState.of(visit.posted, [Problem(CODE, CODE_MISTAKEN)], language=visit.language)
        return visit.show_to_anyone(OwnCodePage(LOGIN, _WITHDRAW, state), status=400)
    form = FormReader(visit.posted)
    digits, challenge = read_digits(form), read_challenge(form)
    if form.problems:
        return _digits_again(visit, code, challenge, form.problems)
    try:
        answer = await visit.services.page_login.log_in(
            code, digits, challenge=challenge, visitor=visitor_of(visit), replaces=visit.token or None
        )
    except PinsBusyError:
        return _digits_again(visit, code, challenge, [Problem(DIGITS_FIELD, "page.busy")], status=503)
    if isinstance(answer, PageLoginRefused):
        return _digits_again(visit, code, challenge, [_problem_of(answer)])
    response = visit.redirect(HOME)
    response.set_cookie(visit.doors.session_cookie(answer.opened.token))
    forget_pages(response)
    if answer.mark:
        response.set_cookie(visit.doors.own_device_cookie(answer.mark))
    return response


@post(LEAVE, include_in_schema=False)
async def leave(visit: NamedDependency[Visit]) -> Response[Any]:
    if visit.session is not None and visit.session.own is not None:
        await visit.services.identity.log_out(visit.token)
        return visit.without_session(visit.redirect(LOGIN, done="uitgelogd"))
    return visit.redirect(LOGIN)


ROUTES = [code_page, enter_code, digits_again, enter_digits, leave]


def _digits_again(
    visit: Visit, code: str, challenge: str, problems: Sequence[Problem], *, status: int = 400
) -> Response[str]:
    state = FormState.of(visit.posted, problems, language=visit.language)
    emptied = FormState(values={}, problems=state.problems)
    return visit.show_to_anyone(_factor_page(visit, code, challenge, emptied), status=status)


def _factor_page(visit: Visit, code: str, challenge: str, form: FormState = EMPTY) -> OwnFactorPage:
    messages = bool(visit.services.page_access.offered_channels())
    return OwnFactorPage(LOGIN_DIGITS, code, challenge, LOGIN, messages, form, _WITHDRAW)


def _problem_of(refused: PageLoginRefused) -> Problem:
    if refused.many_tries:
        return Problem(DIGITS_FIELD, "page.many_tries")
    if not refused.wait:
        return Problem(DIGITS_FIELD, "page.wrong")
    minutes = ceil(refused.wait.total_seconds() / _MINUTE)
    return Problem(DIGITS_FIELD, "page.wait", {"minutes": str(minutes)})
