"""A screen that was left alone locks itself; the counsellor's PIN or passkey opens it where it was.

The service decides when (`identity.sessions`); `lock.js` blanks the screen at that moment and keeps it
open while somebody is typing. Without a script the next page that is asked for is the locked one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from consent_service.foundation.errors import Problem
from consent_service.identity.handover import TakeBackRefused
from consent_service.identity.passkey_rows import Purpose
from consent_service.identity.sessions import HandedOver, Opened, Session, Unlocked
from consent_service.web.forms import FormReader, FormState
from consent_service.web.shared.homes import home_of
from consent_service.web.shared.passkey_forms import asked_for, problem_at_tablet, read_given
from consent_service.web.shared.views import LockedPage
from consent_service.web.turned_away import LoginNeededError
from consent_service.web.visit import ALIVE, LOCKED, Visit

_GO_ON: Final = "verder"
_TAKE_BACK: Final = "terugnemen"
_OF_A_SITTING: Final = ("/intake", "/kind")
_OF_A_SHELTER: Final = "/opvang/"


@get(LOCKED, include_in_schema=False)
async def locked_page(visit: NamedDependency[Visit]) -> Response[Any]:
    if visit.locked is None:
        return visit.redirect("/")
    return await _page(visit, visit.locked)


@post(LOCKED, include_in_schema=False)
async def unlock(visit: NamedDependency[Visit]) -> Response[Any]:
    if visit.locked is None:
        return visit.redirect("/")
    form = FormReader(visit.posted)
    given = read_given(form)
    then = form.choice("then", (_GO_ON, _TAKE_BACK), required=False) or _GO_ON
    if form.problems:
        return await _page(visit, visit.locked, form.problems)
    lent = visit.locked.handed_over
    if lent is not None and then == _TAKE_BACK:
        return await _answer(visit, visit.locked, await visit.services.identity.take_back(visit.token, given))
    return await _answer(visit, visit.locked, await visit.services.identity.unlock(visit.token, given))


@post("/vergrendel", include_in_schema=False)
async def lock(visit: NamedDependency[Visit]) -> Response[Any]:
    """Lock now: `lock.js` sends this when nobody touched the screen for too long."""
    session = await visit.services.identity.lock(visit.token, visit.posted.first("back"))
    if session is None:
        return visit.redirect("/inloggen")
    return visit.redirect(LOCKED if session.locked else "/")


@get(ALIVE, include_in_schema=False)
async def alive(visit: NamedDependency[Visit]) -> Response[bytes]:
    """Somebody is typing; asking for this, as for any page, keeps a screen open that is open."""
    return Response(b"", status_code=401 if visit.session is None else 204, media_type="text/plain")


ROUTES = [locked_page, unlock, lock, alive]


async def _page(visit: Visit, session: Session, problems: Sequence[Problem] = ()) -> Response[str]:
    ways: list[tuple[Purpose, str]] = [("unlock", _GO_ON)]
    if session.handed_over is not None:
        ways.append(("take_back", _TAKE_BACK))
    asked = [await asked_for(visit, purpose, then=then) for purpose, then in ways]
    view = LockedPage(
        LOCKED,
        parent=session.handed_over is not None,
        has_pin=await visit.services.identity.has_pin(session),
        form=FormState.of(visit.posted, problems, language=visit.language),
        passkeys=tuple(one for one in asked if one is not None),
    )
    response = await visit.show(view, status=400 if problems else 200)
    response.set_cookie(visit.doors.lent_cookie(lent=True))  # logging in anew asks for the password
    return response


async def _answer(
    visit: Visit, session: Session, outcome: Opened | Unlocked | TakeBackRefused
) -> Response[Any]:
    lent = session.handed_over
    if isinstance(outcome, Opened) and lent is not None:
        home = f"/opvang/{lent.by.tenant}/gezinnen/{lent.family}"
        return visit.with_session(visit.redirect(home, done="terug"), outcome.token)
    if isinstance(outcome, Unlocked):
        onward = Redirect(_place(outcome, lent), status_code=303)
        return visit.with_session(onward, outcome.opened.token, lent=lent is not None)
    if isinstance(outcome, TakeBackRefused) and outcome.is_wrong:
        return await _page(visit, session, [problem_at_tablet(outcome)])
    exhausted = isinstance(outcome, TakeBackRefused) and outcome.code == "pin_exhausted"
    raise LoginNeededError(parent=lent is not None, pin_exhausted=exhausted)


def _place(unlocked: Unlocked, lent: HandedOver | None) -> str:
    """Where the screen was, if whoever has it now works there; else where the own work begins."""
    own = _OF_A_SHELTER if lent is None else _OF_A_SITTING
    return unlocked.place if unlocked.place.startswith(own) else home_of(unlocked.opened.session.actor)
