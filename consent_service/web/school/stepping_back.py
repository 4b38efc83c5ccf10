"""A contact who says that something is not right: no pupil of this school, or related to the family.

And what the school is asked to remove. Neither names a child that the school may not know any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import InputError, Problem
from consent_service.identity.model import SchoolStaff
from consent_service.process.recalls_model import RecallNotice
from consent_service.web.forms import FormReader, FormState
from consent_service.web.school.finding import child_address, known_child, navigation
from consent_service.web.school.forms import read_recall_answer, read_step_back
from consent_service.web.school.views import RecallLine, RecallsPage, StepBackPage
from consent_service.web.visit import Visit

_CHILD = "/school/{tenant:str}/kinderen/{relationship:str}/klopt-niet"
_PICKUP = "pickup"


@get(_CHILD, include_in_schema=False)
async def step_back_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    return await _step_back_page(visit, actor, relationship)


@post(_CHILD, include_in_schema=False)
async def step_back(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """It holds at once, and cannot be taken back here."""
    actor = visit.school_staff(tenant)
    form = FormReader(visit.posted)
    wrong = read_step_back(form)
    if form.problems:
        return await _step_back_page(visit, actor, relationship, form.problems)
    known = await known_child(visit, actor, relationship)
    families = visit.services.families
    if wrong == "not_our_pupil":
        await families.disown(actor, known.relationship)
    else:
        await families.declare_conflict(actor, known.relationship, actor.staff)
    return visit.redirect(f"/school/{actor.tenant}", done="doorgegeven")


@get("/school/{tenant:str}/teruggeroepen", include_in_schema=False)
async def recalls(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    return await _recalls_page(visit, visit.school_staff(tenant))


@post("/school/{tenant:str}/teruggeroepen/{recall:str}", include_in_schema=False)
async def answer_recall(
    visit: NamedDependency[Visit], tenant: FromPath[str], recall: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    entered = read_recall_answer(FormReader(visit.posted))
    try:
        await visit.services.recalls.answer(actor, recall, entered.answer, entered.reason)
    except InputError as refused:
        return await _recalls_page(visit, actor, refused.problems, about=recall)
    return visit.redirect(f"/school/{actor.tenant}/teruggeroepen", done="beantwoord")


ROUTES: list[HTTPRouteHandler] = [step_back_page, step_back, recalls, answer_recall]


async def _step_back_page(
    visit: Visit, actor: SchoolStaff, relationship: str, problems: Sequence[Problem] = ()
) -> Response[str]:
    known = await known_child(visit, actor, relationship)
    address = child_address(actor, known.relationship)
    view = StepBackPage(
        action=f"{address}/klopt-niet",
        back_href=address,
        child=known.full_name,
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor))


async def _recalls_page(
    visit: Visit, actor: SchoolStaff, problems: Sequence[Problem] = (), *, about: str = ""
) -> Response[str]:
    notices = await visit.services.recalls.notices(actor)
    shelter = await visit.services.organisations.tenant(actor.tenant)
    form = FormState.of(visit.posted, problems, language=visit.language)
    view = RecallsPage(
        back_href=f"/school/{actor.tenant}",
        organisation=shelter.neutral_name,
        organisation_phone=shelter.phone,
        notices=tuple(_line(visit, actor, one) for one in notices),
        about=about,
        form=form,
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor))


def _line(visit: Visit, actor: SchoolStaff, one: RecallNotice) -> RecallLine:
    return RecallLine(
        recall=one.recall,
        reference=one.reference,
        label=visit.services.texts.of_type(visit.language, one.information_type).label,
        received_on=one.received_on,
        answer=one.answer or "",
        action="" if one.answer == "done" else f"/school/{actor.tenant}/teruggeroepen/{one.recall}",
        call_first=one.information_type == _PICKUP,
        from_file=one.from_file,
    )
