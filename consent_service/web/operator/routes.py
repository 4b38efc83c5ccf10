"""`/beheer`: an operator logs in with two factors, types the code of a command, and decides.

The login has a cookie and a form token of its own: it is no session, and touches none that is there.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.foundation.errors import Problem
from consent_service.identity.form_tokens import csrf_fits, csrf_token
from consent_service.identity.model import LoginRefused
from consent_service.identity.operators import FRESH, OPERATORS_PLACE, AskedGrant, CodeRefused
from consent_service.web.operator.showing import (
    CODE_FIELD,
    DECIDE,
    LEAVE,
    LOOK,
    code_page,
    operator_page,
)
from consent_service.web.operator.views import OperatorDecisionPage, OperatorDonePage
from consent_service.web.shared.leaving import leave
from consent_service.web.turned_away import ForgedFormError
from consent_service.web.visit import Visit, place_of

PROOF_FIELD: Final = "proof"
ANSWER_FIELD: Final = "answer"
_ANSWERS: Final = {"ja": True, "nee": False}


@get(OPERATORS_PLACE, include_in_schema=False)
async def operator_start(visit: NamedDependency[Visit]) -> Response[Any]:
    """Log in, or type the code."""
    visit.refuse_at_tablet()
    token = _token(visit)
    if token and await visit.services.identity.operators.is_there(token):
        return code_page(visit, token)
    return await operator_page(visit)


@post(f"{OPERATORS_PLACE}/inloggen/{{provider:str}}", include_in_schema=False)
async def operator_login(visit: NamedDependency[Visit], provider: FromPath[str]) -> Response[Any]:
    """To the provider, which asks who it is, also somebody it remembers: a tablet may lie with anybody."""
    visit.refuse_at_tablet()
    identity = visit.services.identity
    allowed = identity.login_providers.origins()
    started = await identity.start_login(
        provider, return_to=OPERATORS_PLACE, max_age=FRESH, place=place_of(visit.request)
    )
    if isinstance(started, LoginRefused):
        return await operator_page(visit, refused=started)
    response = await leave(visit, started.address, allowed)
    seconds = int(started.lasts.total_seconds())
    response.set_cookie(visit.doors.login_cookie(started.cookie, seconds))
    return response


@get([f"{OPERATORS_PLACE}/inloggen/{{provider:str}}", LOOK, DECIDE, LEAVE], include_in_schema=False)
async def operator_again(visit: NamedDependency[Visit]) -> Response[Any]:
    """Each step begins with a form; whoever comes back to its address begins again."""
    visit.refuse_at_tablet()
    return visit.redirect(OPERATORS_PLACE)


@post(LOOK, include_in_schema=False, status_code=200)
async def operator_code(visit: NamedDependency[Visit]) -> Response[Any]:
    """What the code asks."""
    visit.refuse_at_tablet()
    token = _own_form(visit)
    asked = await visit.services.identity.operators.look(token, visit.posted.first(CODE_FIELD))
    if isinstance(asked, CodeRefused):
        return await _refused(visit, token, asked)
    return _decision_page(visit, token, asked)


@post(DECIDE, include_in_schema=False, status_code=200)
async def operator_decision(visit: NamedDependency[Visit]) -> Response[Any]:
    """Yes or no; without an answer the question is asked again."""
    visit.refuse_at_tablet()
    token = _own_form(visit)
    operators = visit.services.identity.operators
    code, answer = visit.posted.first(CODE_FIELD), _ANSWERS.get(visit.posted.first(ANSWER_FIELD))
    if answer is None:
        asked = await operators.look(token, code)
    else:
        asked = await operators.decide(token, code, approve=answer)
    if isinstance(asked, CodeRefused):
        return await _refused(visit, token, asked)
    if answer is None:
        return _decision_page(visit, token, asked)
    response = visit.show_to_anyone(OperatorDonePage(answer, _minutes(asked)))
    response.set_cookie(visit.doors.operator_cookie("", 0))
    return response


@post(LEAVE, include_in_schema=False)
async def operator_leave(visit: NamedDependency[Visit]) -> Response[Any]:
    """Nothing is decided; the login ends."""
    visit.refuse_at_tablet()
    await visit.services.identity.operators.leave(_own_form(visit))
    response = visit.redirect(OPERATORS_PLACE)
    response.set_cookie(visit.doors.operator_cookie("", 0))
    return response


ROUTES: Final = [
    operator_start,
    operator_login,
    operator_again,
    operator_code,
    operator_decision,
    operator_leave,
]


def _token(visit: Visit) -> str:
    return visit.request.cookies.get(visit.doors.operator_cookie_name, "")


def _own_form(visit: Visit) -> str:
    """The token of this login, of which the form is; "" without one, for which nothing is ever found.

    Raises:
        ForgedFormError: a form of another login.
    """
    token = _token(visit)
    if token and not csrf_fits(token, visit.posted.first(PROOF_FIELD)):
        raise ForgedFormError("a form of another login")
    return token


async def _refused(visit: Visit, token: str, refused: CodeRefused) -> Response[Any]:
    if refused.code == "login_needed":
        return await operator_page(visit, refused=LoginRefused("login_too_old"))
    if refused.code == "too_many":
        return code_page(visit, token, [Problem(CODE_FIELD, "identity.operator_too_many")], status=429)
    return code_page(visit, token, [Problem(CODE_FIELD, "identity.operator_code_wrong")], status=400)


def _decision_page(visit: Visit, token: str, asked: AskedGrant) -> Response[Any]:
    return visit.show_to_anyone(
        OperatorDecisionPage(
            DECIDE, csrf_token(token), asked.code, asked.machine, asked.asked_at, _minutes(asked)
        )
    )


def _minutes(asked: AskedGrant) -> int:
    return int(asked.lasts.total_seconds()) // 60
