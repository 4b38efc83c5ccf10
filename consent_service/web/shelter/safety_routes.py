"""Safety beyond the family's own step: the danger of one guardian, and who is not contacted.

The approver, who is another person, sees who asked and until when, and no family.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.families.model import Guardian, SafetyAssessment
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import PersonId
from consent_service.web.components import Option
from consent_service.web.forms import FormReader, FormState
from consent_service.web.shelter.forms import (
    all_at_once,
    problems_of_review,
    read_guardian_safety,
    read_marker,
    read_marker_decision,
)
from consent_service.web.shelter.home_showing import approvals_page
from consent_service.web.shelter.room import Room, enter, shelter_address, show
from consent_service.web.shelter.safety_views import GuardianSafetyPage, LeaveOutPage, MarkerLine
from consent_service.web.visit import Visit

_FAMILY = "/opvang/{tenant:str}/gezinnen/{family:str}"


@get(_FAMILY + "/veiligheid/{guardian:str}", include_in_schema=False)
async def guardian_safety_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], guardian: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await _guardian_page(room, _guardian(room, guardian))


@post(_FAMILY + "/veiligheid/{guardian:str}", include_in_schema=False)
async def assess_guardian(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], guardian: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    about = _guardian(room, guardian)
    form = FormReader(visit.posted)
    assessment: SafetyAssessment = read_guardian_safety(form)
    today = local_date(visit.services.installation.clock.now())
    problems: Sequence[Problem] = all_at_once(form.problems, problems_of_review(assessment, day=today))
    if not problems:
        try:
            await visit.services.families.assess_guardian(
                room.actor, room.family.family, about.guardian, assessment
            )
        except InputError as refused:
            problems = refused.problems
    if problems:
        return await _guardian_page(room, about, problems)
    return visit.redirect(room.at(), done="veiligheid")


# --- who is not contacted --------------------------------------------------------------------


@get(_FAMILY + "/niet-benaderen", include_in_schema=False)
async def leave_out_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    return await _leave_out_page(await enter(visit, tenant, family))


@post(_FAMILY + "/niet-benaderen", include_in_schema=False)
async def request_marker(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    """Asked for; it counts once a colleague approved it. Sent twice, it is asked once."""
    room = await enter(visit, tenant, family)
    form = FormReader(visit.posted)
    entered = read_marker(form, guardians=[one.guardian for one in room.family.guardians])
    problems: Sequence[Problem] = form.problems
    if not problems:
        try:
            await visit.services.families.request_marker(
                room.actor, room.family.family, PersonId(entered.guardian), entered.review_on
            )
        except InputError as refused:
            problems = refused.problems
        except ConflictError:
            return visit.redirect(room.at("niet-benaderen"))
    if problems:
        return await _leave_out_page(room, problems)
    return visit.redirect(room.at(), done="gevraagd")


@post(_FAMILY + "/niet-benaderen/{marker:str}/stop", include_in_schema=False)
async def end_marker(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], marker: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    await visit.services.families.end_marker(room.actor, room.family.family, marker)
    return visit.redirect(room.at("niet-benaderen"), done="weer-benaderen")


@post("/opvang/{tenant:str}/niet-benaderen/{marker:str}", include_in_schema=False)
async def decide_marker(
    visit: NamedDependency[Visit], tenant: FromPath[str], marker: FromPath[str]
) -> Response[Any]:
    actor = visit.counsellor(tenant)
    approve = read_marker_decision(FormReader(visit.posted))
    try:
        await visit.services.families.decide_marker(actor, marker, approve=approve)
    except InputError as refused:
        return await show(visit, actor, await approvals_page(visit, actor, refused.problems), status=400)
    done = "goedgekeurd-veiligheid" if approve else "afgekeurd-veiligheid"
    return visit.redirect(shelter_address(actor.tenant, "goedkeuren"), done=done)


ROUTES = [
    guardian_safety_page,
    assess_guardian,
    leave_out_page,
    request_marker,
    end_marker,
    decide_marker,
]


def _guardian(room: Room, guardian: str) -> Guardian:
    for one in room.family.guardians:
        if one.guardian == guardian:
            return one
    raise NotFoundError("guardian")


async def _guardian_page(room: Room, about: Guardian, problems: Sequence[Problem] = ()) -> Response[str]:
    view = GuardianSafetyPage(
        action=room.at("veiligheid", about.guardian),
        back_href=room.at(),
        guardian=about.identity.full_name,
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )
    return await room.show(view, status=400 if problems else 200)


async def _leave_out_page(room: Room, problems: Sequence[Problem] = ()) -> Response[str]:
    names = {one.guardian: one.identity.full_name for one in room.family.guardians}
    today = local_date(room.visit.services.installation.clock.now())
    view = LeaveOutPage(
        action=room.at("niet-benaderen"),
        back_href=room.at(),
        guardians=tuple(Option(who, name) for who, name in names.items()),
        markers=tuple(
            MarkerLine(
                name=names.get(one.guardian, ""),
                state="in_force" if one.approved else "waiting",
                review_on=one.review_on,
                end_action=room.at("niet-benaderen", one.marker, "stop"),
            )
            for one in room.family.markers
            if one.is_open(today)
        ),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )
    return await room.show(view, status=400 if problems else 200)
