"""Choosing what opens the own page beside the code: on the tablet, or later on the page itself.

A new code from the counsellor is shown here once, on the tablet in the person's own hands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency

from consent_service.consent.codes import code_of
from consent_service.consent.page_access import OnOwnPage
from consent_service.foundation.errors import InputError, Problem
from consent_service.identity.model import GuardianActor, PersonActor, person_of
from consent_service.web.forms import EMPTY, FormReader, FormState
from consent_service.web.page.door import CHOOSE, HOME, LOGIN, SECURE, young_of
from consent_service.web.page.forms import ChosenFactor, read_factor
from consent_service.web.page.views import ChooseFactorPage
from consent_service.web.visit import Visit

CODE_COOKIE: Final = "eigen-code"
CODE_LASTS: Final = 30 * 60
"""Seconds in which a reload shows a new code again; the code itself is kept nowhere."""
_INTAKE: Final = "/intake"
_TAKE_BACK: Final = "/tablet-terug"


@get(CHOOSE, include_in_schema=False)
async def choose_page(visit: NamedDependency[Visit]) -> Response[Any]:
    return await _choose_page(visit, visit.at_tablet(), CHOOSE, _INTAKE)


@post(CHOOSE, include_in_schema=False)
async def choose(visit: NamedDependency[Visit]) -> Response[Any]:
    """The tablet goes on where it was; the new code is forgotten here too."""
    actor = visit.at_tablet()
    problems = await _take(visit, actor)
    if problems:
        return await _choose_page(visit, actor, CHOOSE, _INTAKE, problems)
    done = _INTAKE if isinstance(actor, GuardianActor) else _TAKE_BACK
    response = visit.redirect(done, done="eigen-pagina")
    response.set_cookie(code_cookie("", 0, https=visit.doors.https))
    return response


@get(SECURE, include_in_schema=False)
async def secure_page(visit: NamedDependency[Visit]) -> Response[Any]:
    return await _choose_page(visit, visit.own_person(), SECURE, HOME)


@post(SECURE, include_in_schema=False)
async def secure(visit: NamedDependency[Visit]) -> Response[Any]:
    """The session in which it is changed goes on; every other one ends."""
    actor = visit.own_person()
    problems = await _take(visit, actor, visit.known_session().id)
    if problems:
        return await _choose_page(visit, actor, SECURE, HOME, problems)
    return visit.redirect(HOME, done="eigen-pagina")


ROUTES = [choose_page, choose, secure_page, secure]


def code_cookie(secret: str, seconds: int, *, https: bool) -> Cookie:
    """What a new code is made of, for the one page that shows it."""
    return Cookie(
        key=CODE_COOKIE,
        value=secret,
        path=CHOOSE,
        httponly=True,
        samesite="strict",
        secure=https,
        max_age=seconds,
    )


async def _take(visit: Visit, actor: PersonActor, session: str = "") -> Sequence[Problem]:
    """`session`: of the own page; without it, it is on the tablet that the counsellor gave."""
    form = FormReader(visit.posted)
    chosen = read_factor(form, visit.services.page_access.offered_channels())
    if form.problems:
        return form.problems
    try:
        await _keep(visit, actor, chosen, OnOwnPage(session, chosen.old_pin) if session else None)
    except InputError as refused:
        return refused.problems
    return ()


async def _keep(visit: Visit, actor: PersonActor, chosen: ChosenFactor, where: OnOwnPage | None) -> None:
    access = visit.services.page_access
    if chosen.kind == "pin":
        await access.choose_pin(actor, chosen.pin, chosen.again, where=where)
    else:
        await access.choose_channel(
            actor, chosen.kind, chosen.address, only_mine=chosen.only_mine, where=where
        )


async def _choose_page(
    visit: Visit, actor: PersonActor, action: str, later: str, problems: Sequence[Problem] = ()
) -> Response[str]:
    services = visit.services
    kind = await services.page_access.chosen_factor(actor)
    view = ChooseFactorPage(
        action=action,
        later_href=later,
        address=f"{urlsplit(visit.doors.settings.public_origin).netloc}{LOGIN}",
        channels=services.page_access.offered_channels(),
        chosen=kind or "",
        ask_old=action == SECURE and kind == "pin",
        code=await _new_code(visit, actor) if action == CHOOSE else "",
        young=young_of(actor),
        form=FormState.of(visit.posted, problems, language=visit.language) if problems else EMPTY,
    )
    return await visit.show(view, status=400 if problems else 200)


async def _new_code(visit: Visit, actor: PersonActor) -> str:
    """The new code, if this browser still has what it was made of and it is this person's."""
    secret = visit.request.cookies.get(CODE_COOKIE, "")
    if not secret:
        return ""
    code = code_of(secret)
    try:
        holder = await visit.services.consent.holder_of_code(code)
    except InputError:
        return ""
    return code if (holder.tenant, holder.person) == (actor.tenant, person_of(actor)) else ""
