"""Errors as pages: what to do, never what is inside. The API has its own form, in `api.problems`."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response
from litestar.response import Redirect

from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.i18n import SOURCE
from consent_service.foundation.ids import new_id
from consent_service.web.languages import language_of, theme_of
from consent_service.web.pages import PageContext
from consent_service.web.rendering import render
from consent_service.web.shared.homes import SECOND_STEP, STEP_UP
from consent_service.web.shared.problems import problem_of
from consent_service.web.shared.views import ProblemPage, SessionExpiredPage
from consent_service.web.turned_away import (
    FetchedAheadError,
    ForgedFormError,
    HandedOverError,
    LockedError,
    LoginNeededError,
    SecondFactorNeededError,
    StepUpNeededError,
    TooManyTriesError,
)
from consent_service.web.visit import LOCKED
from consent_service.web.vocabulary import ProblemKind

_PARENT_PATHS = ("/intake", "/intrekken", "/kind/", "/mijn-pagina", "/tablet-terug")
_log = structlog.get_logger()


def page_of_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The page for what went wrong. Only a code and a reference are logged: messages may hold data."""
    if isinstance(error, HandedOverError):
        return Redirect("/tablet-terug", status_code=303)
    if isinstance(error, LockedError):
        return Redirect(LOCKED, status_code=303)
    if isinstance(error, SecondFactorNeededError):
        return Redirect(SECOND_STEP, status_code=303)
    if isinstance(error, StepUpNeededError):
        return Redirect(STEP_UP, status_code=303)
    if isinstance(error, FetchedAheadError):
        return Response(b"", status_code=503)
    if isinstance(error, LoginNeededError):
        return _login_needed(request, error)
    kind, status = _kind_of(error)
    reference = ""
    if status >= 500:
        reference = new_id()[-12:]
        _log.error("request failed", reference=reference, kind=type(error).__name__, status=status)
    parent = request.url.path.startswith(_PARENT_PATHS)
    view = ProblemPage(kind=kind, back_href="/", reference=reference, parent=parent)
    return render(view, _frame(request), status=status)


def _login_needed(request: Request[Any, Any, Any], error: LoginNeededError) -> Response[Any]:
    if request.method == "GET" and not error.parent and not request.cookies:
        return Redirect("/inloggen", status_code=303)
    view = SessionExpiredPage(
        "/mijn-pagina" if error.own_page else "/inloggen",
        parent=error.parent,
        own_page=error.own_page,
        pin_exhausted=error.pin_exhausted,
    )
    return render(view, _frame(request), status=401)


def _kind_of(error: Exception) -> tuple[ProblemKind, int]:
    if isinstance(error, ForgedFormError):
        return "bad_request", 400
    if isinstance(error, TooManyTriesError):
        return "too_many", 429
    if isinstance(error, IntegrityError):
        return "unavailable", 503
    return problem_of(error)


def _frame(request: Request[Any, Any, Any]) -> PageContext:
    doors = request.app.state.get("doors")
    drafts = doors is not None and doors.drafts_allowed
    language = language_of(request, SOURCE, drafts=drafts)
    return PageContext(language=language, path=request.url.path, theme=theme_of(request))
