"""Plan the end of the work with a school; ask back what was shared wrongly or copied into a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.families.model import Relationship
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import RecordId, TypeKey
from consent_service.process.ending.service import Stops
from consent_service.process.ending.states import (
    ENDING,
    OPEN,
    OTHER_HOLDERS,
    REASONS,
    EndPlan,
    NewEnd,
    OtherHolder,
    PlannedReason,
)
from consent_service.web.components import Option
from consent_service.web.ending.views import CopiedPage, EndingPage, PlannedEnd, StopLine
from consent_service.web.forms import FormReader, FormState
from consent_service.web.shelter.room import Room, enter
from consent_service.web.visit import Visit

_FAMILY: Final = "/opvang/{tenant:str}/gezinnen/{family:str}"
_AT_SCHOOL: Final = _FAMILY + "/scholen/{relationship:str}"
_NOTHING: Final = Stops((), ())


@get(_AT_SCHOOL + "/afronden", include_in_schema=False)
async def plan_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await _page(room, room.relationship(relationship))


@post(_AT_SCHOOL + "/afronden", include_in_schema=False)
async def plan(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    form = FormReader(visit.posted)
    new = _read(form)
    if form.problems or new is None:
        return await _page(room, at, form.problems)
    try:
        planned = await visit.services.endings.plan(room.actor, at.relationship, new)
    except InputError as wrong:
        return await _page(room, at, wrong.problems)
    except ConflictError:
        return visit.redirect(_address(room, at))
    return visit.redirect(_address(room, at), done="wacht" if planned.state == "waiting" else "gepland")


@post(_FAMILY + "/afronden/{plan:str}/gehoord", include_in_schema=False)
async def heard(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], plan: FromPath[str]
) -> Response[Any]:
    """The other holder agrees."""
    room = await enter(visit, tenant, family)
    found = await _plan(room, plan)
    try:
        await visit.services.endings.hear_holder(room.actor, found.plan)
    except InputError as wrong:
        return await _page(room, room.relationship(found.relationship), wrong.problems)
    except ConflictError:
        return visit.redirect(_address(room, room.relationship(found.relationship)))
    return visit.redirect(_address(room, room.relationship(found.relationship)), done="gepland")


@post(_FAMILY + "/afronden/{plan:str}/niet", include_in_schema=False)
async def cancel(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], plan: FromPath[str]
) -> Response[Any]:
    """It does not end after all."""
    room = await enter(visit, tenant, family)
    found = await _plan(room, plan)
    try:
        await visit.services.endings.cancel(room.actor, found.plan)
    except ConflictError:
        return visit.redirect(_address(room, room.relationship(found.relationship)))
    return visit.redirect(_address(room, room.relationship(found.relationship)), done="gaat-door")


@post(_AT_SCHOOL + "/gedeeld/{record:str}/verkeerd", include_in_schema=False)
async def wrongly_shared(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    record: FromPath[str],
) -> Response[Any]:
    """Taken back, and asked back from a school that read it; sent twice, the second finds nothing."""
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    asked = await visit.services.recall_desk.recall_record(room.actor, at.relationship, RecordId(record))
    done = "teruggehaald" if asked is None else "teruggevraagd"
    return visit.redirect(room.at("scholen", at.relationship, "gedeeld"), done=done)


@get(_AT_SCHOOL + "/overgenomen", include_in_schema=False)
async def copied_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await _copied(room, room.relationship(relationship))


@post(_AT_SCHOOL + "/overgenomen", include_in_schema=False)
async def copied(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    desk = visit.services.recall_desk
    form = FormReader(visit.posted)
    kind = form.choice("information_type", await desk.copyable(room.actor, at.relationship))
    if form.problems:
        return await _copied(room, at, form.problems)
    await desk.report_copied(room.actor, at.relationship, TypeKey(kind))
    return visit.redirect(room.at(), done="teruggevraagd")


ROUTES: list[HTTPRouteHandler] = [plan_page, plan, heard, cancel, wrongly_shared, copied_page, copied]


async def _page(room: Room, at: Relationship, problems: Sequence[Problem] = ()) -> Response[str]:
    services, visit = room.visit.services, room.visit
    stops = (
        await services.endings.stops(room.actor, at.relationship) if at.is_active(visit.now()) else _NOTHING
    )
    plans = [
        one
        for one in await services.endings.plans(room.actor, room.family.family)
        if one.relationship == at.relationship
    ]
    school = await services.organisations.school(room.actor.tenant, at.school)
    view = EndingPage(
        action=_address(room, at),
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        school=school.name,
        stops=tuple(StopLine(_label(room, key), key in stops.in_aftercare) for key in stops.now),
        plans=tuple(_shown(room, one) for one in plans),
        share_href=room.at("scholen", at.relationship, "delen", "move_or_new_school"),
        new_school_href=room.at("kinderen", at.child, "school"),
        may_plan=at.is_active(visit.now()) and not any(one.state in OPEN for one in plans),
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    return await room.show(view, status=400 if problems else 200)


async def _copied(room: Room, at: Relationship, problems: Sequence[Problem] = ()) -> Response[str]:
    services, visit = room.visit.services, room.visit
    school = await services.organisations.school(room.actor.tenant, at.school)
    kinds = await services.recall_desk.copyable(room.actor, at.relationship)
    view = CopiedPage(
        action=room.at("scholen", at.relationship, "overgenomen"),
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        school=school.name,
        kinds=tuple(Option(kind, _label(room, kind)) for kind in kinds),
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    return await room.show(view, status=400 if problems else 200)


async def _plan(room: Room, plan: str) -> EndPlan:
    """A plan of this family.

    Raises:
        NotFoundError: of another family, or nothing.
    """
    for one in await room.visit.services.endings.plans(room.actor, room.family.family):
        if one.plan == plan:
            return one
    raise NotFoundError("plan")


def _read(form: FormReader) -> NewEnd | None:
    reason = form.choice("planned_reason", REASONS)
    ends_on = form.day("ends_on")
    until = form.day("aftercare_until", required=False)
    heard_holder = form.choice("other_holder", OTHER_HOLDERS)
    if ends_on is None:
        return None
    return NewEnd(cast("PlannedReason", reason), ends_on, until, cast("OtherHolder", heard_holder))


def _shown(room: Room, one: EndPlan) -> PlannedEnd:
    can = ENDING.acts_in(one.state)
    return PlannedEnd(
        one.state,
        one.reason,
        one.ends_on,
        one.aftercare_until,
        room.at("afronden", one.plan, "gehoord") if "hear_holder" in can else "",
        room.at("afronden", one.plan, "niet") if "cancel" in can else "",
    )


def _address(room: Room, at: Relationship) -> str:
    return room.at("scholen", at.relationship, "afronden")


def _label(room: Room, key: TypeKey) -> str:
    return room.visit.services.texts.of_type(room.visit.language, key).label
