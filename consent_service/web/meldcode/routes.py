"""The counsellor walks the five steps of the meldcode. No form has a recipient, and none is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.audit.happenings.emergencies import MeldcodeAct
from consent_service.foundation.errors import ConflictError, InputError, Problem
from consent_service.foundation.ids import PersonId
from consent_service.process.emergencies.model import Meldcode
from consent_service.web.forms import FormReader
from consent_service.web.meldcode.forms import of_step, read_openness, read_postponement, read_step
from consent_service.web.meldcode.showing import STEP, list_page, next_step, walk_of, walk_page
from consent_service.web.shelter.room import Room, enter, is_first_time
from consent_service.web.visit import Visit

_LIST: Final = "/opvang/{tenant:str}/gezinnen/{family:str}/meldcode"
_ONE: Final = _LIST + "/{meldcode:str}"
FILE_NAME: Final = "meldformulier.txt"
"""Says nothing of whom it is about."""


@get(_LIST, include_in_schema=False)
async def list_walks(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await room.show(await list_page(room))


@post(_LIST, include_in_schema=False)
async def begin(visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]) -> Response[Any]:
    """Step 1; sent twice, it is begun once."""
    room = await enter(visit, tenant, family)
    form = FormReader(visit.posted)
    child = form.choice("meldcode_child", [one.child for one in room.family.children])
    text, postponed = read_step(form, "map_signals"), read_openness(form)
    if form.problems:
        return await _again(room, form.problems)
    if not await is_first_time(visit, STEP):
        return visit.redirect(room.at("meldcode"))
    try:
        begun = await visit.services.meldcodes.begin(
            room.actor, room.family.family, PersonId(child), text, postponed=postponed
        )
    except InputError as wrong:
        return await _again(room, [of_step(one) for one in wrong.problems])
    return visit.redirect(room.at("meldcode", begun), done="meldcode")


@get(_ONE, include_in_schema=False)
async def one_walk(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meldcode: FromPath[str]
) -> Response[Any]:
    visit.refuse_prefetch()
    room, one = await _enter(visit, tenant, family, meldcode)
    return await room.show(await walk_page(room, one.meldcode))


@post(_ONE + "/stap", include_in_schema=False)
async def take_step(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meldcode: FromPath[str]
) -> Response[Any]:
    """Only the step that comes now; what was typed for another stays on the page."""
    room, one = await _enter(visit, tenant, family, meldcode)
    act, form = next_step(one), FormReader(visit.posted)
    if not act or visit.posted.first("act") != act:
        return await _refused(room, one, [_not_now()])
    text = read_step(form, act)
    if form.problems:
        return await _refused(room, one, form.problems)
    try:
        await visit.services.meldcodes.take_step(room.actor, one.meldcode, cast(MeldcodeAct, act), text)
    except ConflictError:
        return await _refused(room, one, [_not_now()])
    return visit.redirect(room.at("meldcode", one.meldcode), done="meldcode")


@post(_ONE + "/uitstellen", include_in_schema=False)
async def postpone(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meldcode: FromPath[str]
) -> Response[Any]:
    """Not open to the parents yet."""
    room, one = await _enter(visit, tenant, family, meldcode)
    form = FormReader(visit.posted)
    postponed = read_postponement(form)
    problems: Sequence[Problem] = form.problems
    if not problems:
        try:
            await visit.services.meldcodes.postpone(room.actor, one.meldcode, postponed.why, postponed.until)
        except InputError as wrong:
            problems = [of_step(each) for each in wrong.problems]
    if problems:
        return await _refused(room, one, problems)
    return visit.redirect(room.at("meldcode", one.meldcode), done="meldcode-dicht")


@post(_ONE + "/openen", include_in_schema=False)
async def open_to_parents(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meldcode: FromPath[str]
) -> Response[Any]:
    """Sent twice, the second finds it open."""
    room, one = await _enter(visit, tenant, family, meldcode)
    if one.postponed_until is not None:
        await visit.services.meldcodes.open_to_parents(room.actor, one.meldcode)
    return visit.redirect(room.at("meldcode", one.meldcode), done="meldcode-open")


@post(_ONE + "/formulier", include_in_schema=False, status_code=200)
async def export(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meldcode: FromPath[str]
) -> Response[Any]:
    """The text for the form of Veilig Thuis; logged before the first byte leaves."""
    room, one = await _enter(visit, tenant, family, meldcode)
    try:
        content = await visit.services.meldcodes.export(room.actor, one.meldcode)
    except ConflictError:
        return visit.redirect(room.at("meldcode", one.meldcode))
    return Response(
        content,
        media_type="text/plain; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{FILE_NAME}"'},
    )


@get(_ONE + "/formulier", include_in_schema=False)
async def no_export(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meldcode: FromPath[str]
) -> Response[Any]:
    """Coming back to the address gives no file: taking it is a deed of its own."""
    room, one = await _enter(visit, tenant, family, meldcode)
    return visit.redirect(room.at("meldcode", one.meldcode))


@post(_ONE + "/afsluiten", include_in_schema=False)
async def close(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meldcode: FromPath[str]
) -> Response[Any]:
    room, one = await _enter(visit, tenant, family, meldcode)
    try:
        await visit.services.meldcodes.close(room.actor, one.meldcode)
    except ConflictError:
        return visit.redirect(room.at("meldcode", one.meldcode))
    return visit.redirect(room.at("meldcode", one.meldcode), done="meldcode")


ROUTES: list[HTTPRouteHandler] = [
    list_walks,
    begin,
    one_walk,
    take_step,
    postpone,
    open_to_parents,
    export,
    no_export,
    close,
]


async def _enter(visit: Visit, tenant: str, family: str, meldcode: str) -> tuple[Room, Meldcode]:
    room = await enter(visit, tenant, family)
    return room, await walk_of(room, meldcode)


async def _again(room: Room, problems: Sequence[Problem]) -> Response[Any]:
    return await room.show(await list_page(room, problems), status=400)


async def _refused(room: Room, one: Meldcode, problems: Sequence[Problem]) -> Response[Any]:
    return await room.show(await walk_page(room, one.meldcode, problems), status=400)


def _not_now() -> Problem:
    return Problem("step_what", "meldcode_not_now")
