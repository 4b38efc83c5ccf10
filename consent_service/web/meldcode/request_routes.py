"""Requests of the Raad, a GI and the police: written down, and what was done about them. Nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import ConflictError, InputError, Problem
from consent_service.foundation.ids import PersonId, RecordId
from consent_service.web.forms import FormReader
from consent_service.web.meldcode.forms import of_request, read_answer, read_request
from consent_service.web.meldcode.showing import (
    REQUEST_STEP,
    acts_of,
    request_of,
    request_page,
    requests_page,
)
from consent_service.web.shelter.room import Room, enter, is_first_time
from consent_service.web.visit import Visit

_LIST: Final = "/opvang/{tenant:str}/gezinnen/{family:str}/verzoeken"
_ONE: Final = _LIST + "/{matter:str}"


@get(_LIST, include_in_schema=False)
async def list_requests(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await room.show(await requests_page(room))


@post(_LIST, include_in_schema=False)
async def receive(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    """Sent twice, it is written down once."""
    room = await enter(visit, tenant, family)
    form = FormReader(visit.posted)
    child = form.choice("meldcode_child", [one.child for one in room.family.children])
    new = read_request(form)
    if form.problems:
        return await _again(room, form.problems)
    if not await is_first_time(visit, REQUEST_STEP):
        return visit.redirect(room.at("verzoeken"))
    try:
        received = await visit.services.statutory_requests.receive(
            room.actor, room.family.family, PersonId(child), new
        )
    except InputError as wrong:
        return await _again(room, [of_request(one) for one in wrong.problems])
    return visit.redirect(room.at("verzoeken", received), done="verzoek")


@get(_ONE, include_in_schema=False)
async def one_request(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], matter: FromPath[str]
) -> Response[Any]:
    visit.refuse_prefetch()
    room = await enter(visit, tenant, family)
    one = await request_of(room, matter)
    return await room.show(await request_page(room, one.request))


@post(_ONE + "/antwoord", include_in_schema=False)
async def answer(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], matter: FromPath[str]
) -> Response[Any]:
    """What was given, refused or asked back; the service itself sends nothing."""
    room = await enter(visit, tenant, family)
    one = await request_of(room, matter)
    form = FormReader(visit.posted)
    act, what, why = read_answer(form, acts_of(one))
    if form.problems:
        return await _refused(room, one.request, form.problems)
    try:
        await visit.services.statutory_requests.answer(room.actor, one.request, act, what=what, why=why)
    except InputError as wrong:
        return await _refused(room, one.request, [of_request(each) for each in wrong.problems])
    except ConflictError:
        return visit.redirect(room.at("verzoeken", one.request))
    return visit.redirect(room.at("verzoeken", one.request), done="verzoek")


ROUTES: list[HTTPRouteHandler] = [list_requests, receive, one_request, answer]


async def _again(room: Room, problems: Sequence[Problem]) -> Response[Any]:
    return await room.show(await requests_page(room, problems), status=400)


async def _refused(room: Room, request: RecordId, problems: Sequence[Problem]) -> Response[Any]:
    return await room.show(await request_page(room, request, problems), status=400)
