"""The counsellor passes on what somebody of the family asks about the own data; deciding is not theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.i18n import translator
from consent_service.foundation.ids import PersonId
from consent_service.rights.cases.model import Channel
from consent_service.web.cases.forms import of_case, read_asked
from consent_service.web.cases.showing import case_line
from consent_service.web.cases.views import PassOnPage
from consent_service.web.cases.words import CASE_TABLES
from consent_service.web.components import Option
from consent_service.web.forms import FormState
from consent_service.web.shelter.room import Room, enter, is_first_time, once
from consent_service.web.visit import Visit

PLACE: Final = "eigen-gegevens"
_PAGE: Final = "/opvang/{tenant:str}/gezinnen/{family:str}/eigen-gegevens"
_STEP: Final = "pass-on-case"


@get(_PAGE, include_in_schema=False)
async def pass_on_form(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    return await _page(await enter(visit, tenant, family))


@post(_PAGE, include_in_schema=False)
async def pass_on(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    """Passed on once, however often the form is sent."""
    room = await enter(visit, tenant, family)
    asked = read_asked(visit, children=tuple(one.child for one in room.family.children))
    requester = PersonId(visit.posted.first("case_requester"))
    channel = cast("Channel", visit.posted.first("case_channel"))
    if requester not in {one.value for one in _people(room)}:
        return await _page(room, [Problem("case_requester", "choose_requester")])
    if not await is_first_time(visit, _STEP):
        return visit.redirect(room.at(PLACE))
    try:
        await visit.services.cases.pass_on(room.actor, room.family.family, requester, asked, channel)
    except InputError as wrong:
        return await _page(room, [of_case(one) for one in wrong.problems])
    except NotFoundError:
        return await _page(room, [Problem("about", "choose_about")])
    return visit.redirect(room.at(PLACE), done="verzoek-doorgegeven")


ROUTES: list[HTTPRouteHandler] = [pass_on_form, pass_on]


def _people(room: Room) -> tuple[Option, ...]:
    """Who may ask: the guardians and the children themselves."""
    guardians = (Option(one.guardian, one.identity.full_name) for one in room.family.guardians)
    children = (Option(one.child, one.identity.full_name) for one in room.family.children)
    return (*guardians, *children)


async def _page(room: Room, problems: Sequence[Problem] = ()) -> Response[str]:
    visit, said = room.visit, translator(room.visit.language)
    found = await visit.services.cases.of_family(room.actor, room.family.family)
    about = [Option(code, said.text(words)) for code, words in CASE_TABLES["case_about"].items()]
    about += [Option(one.child, one.identity.full_name) for one in room.family.children]
    view = PassOnPage(
        action=room.at(PLACE),
        back_href=room.at(),
        step_token=await once(visit, _STEP),
        people=_people(room),
        about=tuple(about),
        lines=tuple(case_line(visit, one, "") for one in found),
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    return await room.show(view, status=400 if problems else 200)
