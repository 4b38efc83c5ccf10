"""Driegesprekken on the own page: when, what was agreed, and what a guardian or young person says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency

from consent_service.foundation.errors import ConflictError, InputError, Problem
from consent_service.identity.model import ChildActor, PersonActor
from consent_service.process.meetings.model import MOST_WORDS, OwnMeeting
from consent_service.process.meetings.states import MEETING
from consent_service.web.forms import FormReader, FormState
from consent_service.web.meetings.showing import agreement_lines
from consent_service.web.meetings.views import OwnMeetingLine, OwnMeetingsPage, RemarkLine
from consent_service.web.page import door
from consent_service.web.visit import Visit


@get(door.MEETINGS, include_in_schema=False)
async def own_meetings(visit: NamedDependency[Visit]) -> Response[Any]:
    visit.refuse_prefetch()
    return await _show(visit, visit.own_person())


@post(door.MEETINGS, include_in_schema=False)
async def remark(visit: NamedDependency[Visit]) -> Response[Any]:
    actor = visit.own_person()
    form = FormReader(visit.posted)
    known = await visit.services.meetings.own(actor)
    meeting = form.choice("meeting", [one.meeting for one in known])
    words = form.text("remark", max_length=MOST_WORDS)
    problems: Sequence[Problem] = form.problems
    if not problems:
        try:
            await visit.services.meetings.remark(actor, meeting, words, for_school=form.ticked("for_school"))
        except InputError as refused:
            problems = [Problem("remark", one.code, one.params) for one in refused.problems]
        except ConflictError:
            return visit.redirect(door.MEETINGS)
        else:
            return visit.redirect(door.MEETINGS, done="opmerking")
    return await _show(visit, actor, problems)


ROUTES = [own_meetings, remark]


async def _show(visit: Visit, actor: PersonActor, problems: Sequence[Problem] = ()) -> Response[Any]:
    found = await visit.services.meetings.own(actor)
    family = await visit.services.families.own_family(actor)
    names = {one.child: one.identity.full_name for one in family.children}
    view = OwnMeetingsPage(
        action=door.MEETINGS,
        back_href=door.HOME,
        meetings=tuple(_line(one, names.get(one.child, "")) for one in found),
        young=isinstance(actor, ChildActor),
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    return await visit.show(view, status=400 if problems else 200)


def _line(one: OwnMeeting, child: str) -> OwnMeetingLine:
    return OwnMeetingLine(
        child=child,
        state=one.state,
        starts_at=one.starts_at,
        agenda=one.agenda,
        agreements=agreement_lines(one.agreements),
        remarks=tuple(RemarkLine("", said.words, said.for_school, said.at) for said in one.remarks),
        value=one.meeting if "remark" in MEETING.acts_in(one.state) else "",
    )
