"""Tests of `consent_service.web.shared.problems`, through an application."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import TooManyRequestsException
from litestar.testing import TestClient

from consent_service.foundation.errors import (
    ConflictError,
    DatabaseUnavailableError,
    IntegrityError,
    KeyDestroyedError,
    NotAllowedError,
    NotFoundError,
    StopsPendingError,
)
from consent_service.foundation.pacing import TooOftenError
from consent_service.web.forms import read_form
from consent_service.web.pages import PageContext
from consent_service.web.rendering import render
from consent_service.web.shared.problems import problem_of
from consent_service.web.shared.views import ProblemPage

SECRET = "the row of Noor in table child"


def _answer(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
    kind, status = problem_of(error)
    return render(ProblemPage(kind), PageContext(), status=status)


@post("/echo")
async def _echo(request: Request[Any, Any, Any]) -> dict[str, list[str]]:
    return {name: list(values) for name, values in (await read_form(request)).values.items()}


@pytest.mark.parametrize(
    "error, status, title",
    [
        (NotFoundError(SECRET), 404, "Deze pagina is er niet"),
        (KeyDestroyedError(SECRET), 404, "Deze pagina is er niet"),
        (NotAllowedError(SECRET), 403, "U kunt dit niet openen"),
        (ConflictError(SECRET), 409, "Dit is intussen veranderd"),
        (DatabaseUnavailableError(SECRET), 503, "Even niet beschikbaar"),
        (StopsPendingError(SECRET), 503, "Even niet beschikbaar"),
        (TooManyRequestsException(SECRET), 429, "Even wachten"),
        (TooOftenError(SECRET), 429, "Nu even niet"),
        (IntegrityError(SECRET), 500, "Er ging iets mis"),
        (ValueError(SECRET), 500, "Er ging iets mis"),
    ],
)
def test_every_error_gets_its_page_and_status_and_never_shows_its_message(
    error: Exception, status: int, title: str
) -> None:
    @get("/")
    async def broken() -> None:
        raise error

    with TestClient(Litestar([broken], exception_handlers={Exception: _answer})) as client:
        answer = client.get("/")

    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in answer.text
    assert SECRET not in answer.text


def test_an_address_that_does_not_exist_gets_the_page_without_repeating_it() -> None:
    with TestClient(Litestar([], exception_handlers={Exception: _answer})) as client:
        answer = client.get("/kind/noor-haile")

    assert answer.status_code == 404
    assert "noor" not in answer.text


def test_a_posted_form_keeps_every_value_of_every_name() -> None:
    with TestClient(Litestar([_echo])) as client:
        answer = client.post("/echo", data={"types": ["t1", "t2"], "name": "Selam", "empty": ""})

    assert answer.json() == {"types": ["t1", "t2"], "name": ["Selam"], "empty": [""]}
