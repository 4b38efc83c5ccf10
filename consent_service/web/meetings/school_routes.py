"""The contact's page of driegesprekken: propose one, and see that one is there and when.

What was agreed is read as any shared information is, through the release door (`school.routes.ask`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.foundation.errors import Problem
from consent_service.identity.model import SchoolStaff
from consent_service.process.meetings.model import SCHOOL_TRIGGERS, MeetingRefused, SchoolTrigger
from consent_service.release.model import ChildLine
from consent_service.web.forms import FormReader, FormState
from consent_service.web.meetings.views import MeetingLine, SchoolMeetingsPage
from consent_service.web.school.finding import child_address, known_child, navigation
from consent_service.web.visit import Visit

_PAGE = "/school/{tenant:str}/kinderen/{relationship:str}/gesprekken"


@get(_PAGE, include_in_schema=False)
async def list_meetings(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    return await _show(visit, actor, await known_child(visit, actor, relationship))


@post(_PAGE, include_in_schema=False)
async def propose(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """A refusal says no more than that it cannot be done now."""
    actor = visit.school_staff(tenant)
    known = await known_child(visit, actor, relationship)
    form = FormReader(visit.posted)
    trigger = form.choice("trigger", SCHOOL_TRIGGERS)
    problems: Sequence[Problem] = form.problems
    if not problems:
        answer = await visit.services.meetings.propose_from_school(
            actor, known.relationship, cast(SchoolTrigger, trigger)
        )
        if not isinstance(answer, MeetingRefused):
            return visit.redirect(child_address(actor, known.relationship) + "/gesprekken", done="gesprek")
        problems = [Problem("trigger", "meeting_refused_school")]
    return await _show(visit, actor, known, problems)


ROUTES = [list_meetings, propose]


async def _show(
    visit: Visit, actor: SchoolStaff, known: ChildLine, problems: Sequence[Problem] = ()
) -> Response[Any]:
    lines = await visit.services.meetings.at_school(actor, [known.relationship])
    here = child_address(actor, known.relationship)
    view = SchoolMeetingsPage(
        action=f"{here}/gesprekken",
        back_href=here,
        child=known.full_name,
        meetings=tuple(MeetingLine("", "", one.state, one.starts_at) for one in lines),
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor))
