"""What an operator's browser is shown before there is anything to decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response

from consent_service.foundation.errors import Problem
from consent_service.identity.form_tokens import csrf_token
from consent_service.identity.model import LoginRefused
from consent_service.identity.operators import OPERATORS_PLACE, OperatorArrived, serves_operators
from consent_service.web.forms import FormState
from consent_service.web.operator.views import OperatorCodePage, OperatorLoginPage
from consent_service.web.shared.leaving import STATUS_OF
from consent_service.web.shared.views import LoginProvider
from consent_service.web.visit import Visit

LOOK: Final = f"{OPERATORS_PLACE}/code"
DECIDE: Final = f"{OPERATORS_PLACE}/besluit"
LEAVE: Final = f"{OPERATORS_PLACE}/weg"
CODE_FIELD: Final = "operator_code"


async def operator_page(visit: Visit, *, refused: LoginRefused | None = None) -> Response[Any]:
    """Log in with a provider that asks a second factor; after a refusal with what to do."""
    identity = visit.services.identity
    await identity.login_providers.learn()  # its forms may lead to where these say that their pages are
    providers = tuple(
        LoginProvider(one.name, "", f"{OPERATORS_PLACE}/inloggen/{one.id}")
        for one in await identity.providers()
        if serves_operators(one)
    )
    if refused is None:
        return visit.show_to_anyone(OperatorLoginPage(providers))
    problems = [Problem("provider", refused.sentence)]
    form = FormState.of(visit.posted, problems, language=visit.language)
    status = STATUS_OF.get(refused.code, 403)
    return visit.show_to_anyone(OperatorLoginPage(providers, form), status=status)


def operator_arrived(visit: Visit, arrived: OperatorArrived) -> Response[Any]:
    """Back from the provider: on to the code."""
    response = visit.redirect(OPERATORS_PLACE)
    seconds = int(arrived.lasts.total_seconds())
    response.set_cookie(visit.doors.operator_cookie(arrived.token, seconds))
    response.set_cookie(visit.doors.login_cookie("", 0))
    return response


def code_page(
    visit: Visit, token: str, problems: Sequence[Problem] = (), *, status: int = 200
) -> Response[Any]:
    """The form for the code."""
    form = FormState.of(visit.posted, problems, language=visit.language)
    return visit.show_to_anyone(
        OperatorCodePage(LOOK, LEAVE, csrf_token(token), form if problems else FormState()), status=status
    )
