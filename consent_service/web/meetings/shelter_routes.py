"""The counsellor's pages of driegesprekken: list, propose, prepare, plan, hold, agree, follow up, close."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import RelationshipId
from consent_service.process.meetings.model import TRIGGERS, MeetingRefused, MeetingView, Trigger, Warned
from consent_service.records.model import ShareRefused
from consent_service.web.forms import FormReader
from consent_service.web.meetings.forms import read_agreements, read_outcome, read_preparation, read_which
from consent_service.web.meetings.showing import (
    contacts_of,
    invitable,
    list_page,
    meeting_page,
    places_of,
)
from consent_service.web.shelter.home_showing import approvals_page
from consent_service.web.shelter.room import Room, enter, shelter_address, show
from consent_service.web.visit import Visit

_LIST = "/opvang/{tenant:str}/gezinnen/{family:str}/gesprekken"
_ONE = _LIST + "/{meeting:str}"


@get(_LIST, include_in_schema=False)
async def list_meetings(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await room.show(await list_page(room))


@post(_LIST, include_in_schema=False)
async def propose(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    form = FormReader(visit.posted)
    place = form.choice("meeting_about", [one.value for one in places_of(room)])
    trigger = form.choice("trigger", TRIGGERS)
    known = await visit.services.meetings.of_family(room.actor, room.family.family)
    beside = form.choice("beside", [one.meeting for one in known], required=False)
    problems: Sequence[Problem] = form.problems
    if not problems:
        try:
            answer = await visit.services.meetings.propose(
                room.actor, RelationshipId(place), cast(Trigger, trigger), beside=beside
            )
        except InputError as refused:
            problems = refused.problems
        else:
            if not isinstance(answer, MeetingRefused):
                return visit.redirect(room.at("gesprekken", answer), done="gesprek")
            problems = [Problem("meeting_about", "meeting_refused")]
    return await room.show(await list_page(room, problems), status=400)


@get(_ONE, include_in_schema=False)
async def one_meeting(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meeting: FromPath[str]
) -> Response[Any]:
    room, view = await _enter(visit, tenant, family, meeting)
    return await room.show(await meeting_page(room, view))


@post(_ONE + "/voorbereiden", include_in_schema=False)
async def prepare(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meeting: FromPath[str]
) -> Response[Any]:
    room, view = await _enter(visit, tenant, family, meeting)
    form = FormReader(visit.posted)
    entered = read_preparation(
        form,
        guardians=tuple(one.value for one in invitable(room, view)),
        contacts=tuple(one.value for one in await contacts_of(room, view.meeting.relationship)),
    )
    service = visit.services.meetings
    return await _done(room, view, form.problems, lambda: service.prepare(room.actor, meeting, entered))


@post(_ONE + "/plannen", include_in_schema=False)
async def plan(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meeting: FromPath[str]
) -> Response[Any]:
    """Plan or move; warnings come back on the page, to be ticked as seen."""
    room, view = await _enter(visit, tenant, family, meeting)
    form = FormReader(visit.posted)
    day, at, which = form.day("meeting_day"), form.text("time", max_length=5), read_which(form)
    if form.problems:
        return await room.show(await meeting_page(room, view, form.problems), status=400)
    seen = frozenset(visit.posted.several("seen"))
    try:
        answer = await visit.services.meetings.plan(room.actor, meeting, day, at, which=which, seen=seen)
    except InputError as refused:
        problems = [_on_the_form(one) for one in refused.problems]
        return await room.show(await meeting_page(room, view, problems), status=400)
    except ConflictError:
        return visit.redirect(room.at("gesprekken", meeting))
    if isinstance(answer, Warned):
        page = await meeting_page(room, view, [Problem("seen", "meeting_warned")], warnings=answer.warnings)
        return await room.show(page, status=400)
    return visit.redirect(room.at("gesprekken", meeting), done="gesprek")


@post(_ONE + "/afspraken", include_in_schema=False)
async def agree(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meeting: FromPath[str]
) -> Response[Any]:
    room, view = await _enter(visit, tenant, family, meeting)
    form = FormReader(visit.posted)
    entered, service = read_agreements(form), visit.services.meetings
    return await _done(room, view, form.problems, lambda: service.agree(room.actor, meeting, entered))


@post(_ONE + "/opvolgen", include_in_schema=False)
async def follow_up(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meeting: FromPath[str]
) -> Response[Any]:
    room, view = await _enter(visit, tenant, family, meeting)
    form = FormReader(visit.posted)
    agreement = form.choice("agreement", [one.agreement for one in view.agreements])
    outcome, reason = read_outcome(form)
    service = visit.services.meetings
    return await _done(
        room,
        view,
        form.problems,
        lambda: service.follow_up(room.actor, meeting, agreement, outcome, reason),
    )


@post(_ONE + "/delen", include_in_schema=False)
async def tell_school(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], meeting: FromPath[str]
) -> Response[Any]:
    """What was agreed becomes information of its own type; a refusal is told on the page."""
    room, view = await _enter(visit, tenant, family, meeting)
    try:
        answer = await visit.services.meetings.tell_school(room.actor, meeting)
    except InputError:
        problems = [Problem("share", "meeting_unfit")]
        return await room.show(await meeting_page(room, view, problems), status=400)
    except ConflictError:
        return visit.redirect(room.at("gesprekken", meeting))
    if isinstance(answer, ShareRefused):
        return await room.show(await meeting_page(room, view, refused=True), status=400)
    return visit.redirect(room.at("gesprekken", meeting), done="gesprek")


@post(_ONE + "/stap/{act:str}", include_in_schema=False)
async def step(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    meeting: FromPath[str],
    act: FromPath[str],
) -> Response[Any]:
    """The acts that need no more than a button."""
    room, view = await _enter(visit, tenant, family, meeting)
    service = visit.services.meetings
    acts = {
        "gehouden": service.hold,
        "afzeggen": service.cancel,
        "kopie": service.give_copy,
        "klaar": service.close,
    }
    if act not in acts:
        raise NotFoundError("act")
    return await _done(room, view, (), lambda: acts[act](room.actor, meeting))


@post("/opvang/{tenant:str}/gesprekken/{meeting:str}/goedkeuren", include_in_schema=False)
async def approve(
    visit: NamedDependency[Visit], tenant: FromPath[str], meeting: FromPath[str]
) -> Response[Any]:
    """A second person, who need not know the family."""
    actor = visit.counsellor(tenant)
    try:
        await visit.services.meetings.approve(actor, meeting)
    except InputError as refused:
        view = await approvals_page(visit, actor, refused.problems)
        return await show(visit, actor, view, status=400)
    return visit.redirect(shelter_address(actor.tenant, "goedkeuren"), done="gesprek")


ROUTES = [list_meetings, propose, one_meeting, prepare, plan, agree, follow_up, tell_school, step, approve]


async def _enter(visit: Visit, tenant: str, family: str, meeting: str) -> tuple[Room, MeetingView]:
    """A meeting of this very family."""
    room = await enter(visit, tenant, family)
    view = await visit.services.meetings.view(room.actor, meeting)
    if view.meeting.family != room.family.family:
        raise NotFoundError("meeting")
    return room, view


async def _done(
    room: Room, view: MeetingView, problems: Sequence[Problem], act: Callable[[], Awaitable[None]]
) -> Response[Any]:
    """Do it, unless the form is wrong; what somebody else did meanwhile is shown as it is now."""
    meeting = view.meeting.meeting
    if problems:
        return await room.show(await meeting_page(room, view, problems), status=400)
    try:
        await act()
    except InputError as refused:
        return await room.show(await meeting_page(room, view, refused.problems), status=400)
    except ConflictError:
        return room.visit.redirect(room.at("gesprekken", meeting))
    return room.visit.redirect(room.at("gesprekken", meeting), done="gesprek")


def _on_the_form(problem: Problem) -> Problem:
    field = {"day": "meeting_day", "participants": "guardians"}.get(problem.field, problem.field)
    return Problem(field, problem.code, problem.params)
