"""What a contact has to do, on a page of its own."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.clock import local_date
from consent_service.foundation.i18n import translator
from consent_service.identity.model import SchoolStaff
from consent_service.rights.to_do import SchoolToDo
from consent_service.web.components import TaskLine
from consent_service.web.school.finding import child_address, navigation
from consent_service.web.together.views import SchoolTasksPage
from consent_service.web.together.words import AT_SCHOOL
from consent_service.web.visit import Visit

_BELOW_CHILD = {
    "read_signal": "/signaal",
    "confirm_pupil": "/bevestigen",
    "read_who_helps": "/wie-helpt",
}


@get("/school/{tenant:str}/taken", include_in_schema=False)
async def school_tasks(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    found = await visit.services.to_do.at_school(actor)
    view = SchoolTasksPage(f"/school/{actor.tenant}", tuple(_line(visit, actor, one) for one in found))
    return await visit.show(view, navigation=await navigation(visit, actor))


ROUTES: list[HTTPRouteHandler] = [school_tasks]


def _line(visit: Visit, actor: SchoolStaff, one: SchoolToDo) -> TaskLine:
    return TaskLine(
        sentence=translator(visit.language).text(AT_SCHOOL[one.kind]),
        href=task_href(actor, one),
        due=one.due_on,
        late=one.due_on is not None and one.due_on < local_date(visit.now()),
        urgent=one.kind == "read_signal",
        about="" if one.child is None else one.child.full_name,
    )


def task_href(actor: SchoolStaff, one: SchoolToDo) -> str:
    """The page where it is done."""
    home = f"/school/{actor.tenant}"
    if one.kind == "answer_recall" or one.child is None:
        return f"{home}/teruggeroepen"
    if one.kind == "attest_contact":
        return f"{home}/bevestigen"
    return child_address(actor, one.child.relationship) + _BELOW_CHILD.get(one.kind, "")
