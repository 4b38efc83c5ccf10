"""One's own rights on the own page: ask, follow, take back. No page of these names a child or a school."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler

from consent_service.foundation.errors import ConflictError, InputError, Problem
from consent_service.foundation.i18n import translator
from consent_service.identity.model import ChildActor, GuardianActor, PersonActor
from consent_service.web.cases.forms import of_case, read_asked
from consent_service.web.cases.showing import KINDS, own_line
from consent_service.web.cases.views import OwnRightsPage
from consent_service.web.cases.words import CASE_TABLES
from consent_service.web.components import Option
from consent_service.web.forms import FormState
from consent_service.web.page import door
from consent_service.web.shelter.room import is_first_time, once
from consent_service.web.visit import Visit

_STEP: Final = "own-rights"


@get(door.RIGHTS, include_in_schema=False)
async def own_rights(visit: NamedDependency[Visit]) -> Response[Any]:
    return await _page(visit, visit.own_person())


@post(door.RIGHTS, include_in_schema=False)
async def ask(visit: NamedDependency[Visit]) -> Response[Any]:
    """Asked once, however often the form is sent."""
    actor = visit.own_person()
    asked = read_asked(visit, children=())
    if not await is_first_time(visit, _STEP):
        return visit.redirect(door.RIGHTS)
    try:
        await visit.services.cases.ask(actor, asked)
    except InputError as wrong:
        return await _page(visit, actor, [of_case(one) for one in wrong.problems])
    return visit.redirect(door.RIGHTS, done="recht-gevraagd")


@post(door.RIGHTS_BACK, include_in_schema=False)
async def take_back(visit: NamedDependency[Visit]) -> Response[Any]:
    """Twice changes nothing; what was answered meanwhile stays answered."""
    actor = visit.own_person()
    try:
        await visit.services.cases.withdraw(actor, visit.posted.first("case"))
    except ConflictError:
        return visit.redirect(door.RIGHTS)
    return visit.redirect(door.RIGHTS, done="verzoek-terug")


@get(door.RIGHTS_BACK, include_in_schema=False)
async def nothing_to_take_back(visit: NamedDependency[Visit]) -> Response[Any]:
    """An address alone takes nothing back."""
    visit.own_person()
    return visit.redirect(door.RIGHTS)


ROUTES: list[HTTPRouteHandler] = [own_rights, ask, take_back, nothing_to_take_back]


async def _page(visit: Visit, actor: PersonActor, problems: Sequence[Problem] = ()) -> Response[str]:
    own, said = await visit.services.rights.own_view(actor), translator(visit.language)
    about = [Option(code, said.text(words)) for code, words in CASE_TABLES["case_about"].items()]
    view = OwnRightsPage(
        back_href=door.HOME,
        action=door.RIGHTS,
        withdraw_action=door.RIGHTS_BACK,
        step_token=await once(visit, _STEP),
        kinds=tuple(Option(kind, said.text(CASE_TABLES["case_kind"][kind])) for kind in KINDS),
        about=tuple(about) if isinstance(actor, GuardianActor) else (),
        lines=tuple(own_line(visit, one) for one in await visit.services.cases.own(actor)),
        young=door.young_of(actor, own) if isinstance(actor, ChildActor) else "",
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    return await visit.show(view, status=400 if problems else 200)
