"""The counsellor sends a care signal, sees who hears it and until when, follows it, and notes a call."""

from __future__ import annotations

from typing import Any, Final, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import ConflictError, InputError, NotFoundError
from consent_service.process.signals.model import SpokenTo
from consent_service.records.model import ShareRefused
from consent_service.web.forms import FormReader
from consent_service.web.shelter.room import enter, is_first_time
from consent_service.web.signals.showing import (
    SENDING,
    address,
    called_page,
    may_speak_to,
    one_to_call,
    signal_page,
)
from consent_service.web.visit import Visit

_PAGE: Final = "/opvang/{tenant:str}/gezinnen/{family:str}/scholen/{relationship:str}/signaal"
_CALLED: Final = _PAGE + "/{signal:str}/gebeld"


@get(_PAGE, include_in_schema=False)
async def signal(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await room.show(await signal_page(room, room.relationship(relationship)))


@post(_PAGE, include_in_schema=False)
async def send(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """Sent once, however often the form is; a refusal is told with its reason (S19)."""
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    if not await is_first_time(visit, SENDING):
        return visit.redirect(address(room, at))
    try:
        outcome = await visit.services.signals.send(room.actor, at.relationship)
    except InputError as wrong:
        return await room.show(await signal_page(room, at, wrong.problems), status=400)
    if isinstance(outcome, ShareRefused):
        return await room.show(await signal_page(room, at, refused=outcome), status=403)
    return visit.redirect(address(room, at), done="signaal-bel" if outcome.call_first else "signaal")


@get(_CALLED, include_in_schema=False)
async def called_form(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    signal: FromPath[str],
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    try:
        one = await one_to_call(room, at, signal)
    except NotFoundError:
        return visit.redirect(address(room, at))
    return await room.show(await called_page(room, at, one))


@post(_CALLED, include_in_schema=False)
async def called(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    signal: FromPath[str],
) -> Response[Any]:
    """Noted once; read or noted meanwhile, the page of the signals shows it."""
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    try:
        one = await one_to_call(room, at, signal)
        form = FormReader(visit.posted)
        who = form.choice("signal_spoken_to", may_speak_to(one))
        if form.problems:
            return await room.show(await called_page(room, at, one, form.problems), status=400)
        await visit.services.signals.called(room.actor, one.signal, cast("SpokenTo", who))
    except (NotFoundError, ConflictError):
        return visit.redirect(address(room, at))
    return visit.redirect(address(room, at), done="signaal-gebeld")


ROUTES: list[HTTPRouteHandler] = [signal, send, called_form, called]
