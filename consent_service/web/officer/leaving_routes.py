"""Somebody of a school left: a privacy coordinator takes that person off every list; the login goes too."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import StaffId
from consent_service.identity.model import Fg
from consent_service.organisations.model import StaffMember
from consent_service.web.officer.leaving_views import LeavingPage, PersonLine, SchoolGroup, SchoolStaffPage
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Officer, Visit

_HERE: Final = "schoolmedewerkers"


@get("/toezicht/{tenant:str}/schoolmedewerkers", include_in_schema=False)
async def school_staff(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """People of schools, per school; never for which child they are contact."""
    actor = visit.officer(tenant)
    members = await _members(visit, actor)
    groups = []
    for school in await visit.services.organisations.schools(actor.tenant):
        lines = tuple(_line(actor, one) for one in members if one.school == school.school)
        if lines:
            groups.append(SchoolGroup(school.name, lines))
    view = SchoolStaffPage(tuple(groups))
    return await visit.show(view, navigation=await navigation(visit, actor, _HERE))


@get("/toezicht/{tenant:str}/schoolmedewerkers/{member:str}/weg", include_in_schema=False)
async def ask_left(
    visit: NamedDependency[Visit], tenant: FromPath[str], member: FromPath[str]
) -> Response[Any]:
    """Says first what it does: from how many lists this person goes."""
    actor = visit.officer(tenant)
    lists = await visit.services.families.lists_of(actor, StaffId(member))
    found = await _member(visit, actor, member)
    school = "" if found.school is None else found.school
    known = await visit.services.organisations.schools(actor.tenant)
    view = LeavingPage(
        action=home(actor, _HERE, found.staff, "weg"),
        back_href=home(actor, _HERE),
        name=found.name,
        school=next((one.name for one in known if one.school == school), ""),
        lists=lists,
    )
    return await visit.show(view, navigation=await navigation(visit, actor, _HERE))


@post("/toezicht/{tenant:str}/schoolmedewerkers/{member:str}/weg", include_in_schema=False)
async def left(visit: NamedDependency[Visit], tenant: FromPath[str], member: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    await visit.services.organisations.end_staff(actor, actor.tenant, StaffId(member))
    return visit.redirect(home(actor, _HERE), done="vertrokken")


ROUTES: list[HTTPRouteHandler] = [school_staff, ask_left, left]


async def _members(visit: Visit, actor: Officer) -> tuple[StaffMember, ...]:
    """Everybody of a school who still works there, by name."""
    async with visit.services.installation.database.reading() as conn:
        members = await visit.services.organisations.staff_members(conn, actor.tenant)
    there = [one for one in members if one.school is not None and one.ended_at is None]
    return tuple(sorted(there, key=lambda one: (one.name, one.staff)))


async def _member(visit: Visit, actor: Officer, member: str) -> StaffMember:
    """One of these.

    Raises:
        NotFoundError: nobody of a school here.
    """
    found = next((one for one in await _members(visit, actor) if one.staff == member), None)
    if found is None:
        raise NotFoundError("staff")
    return found


def _line(actor: Officer, one: StaffMember) -> PersonLine:
    left_href = "" if isinstance(actor, Fg) else home(actor, _HERE, one.staff, "weg")
    return PersonLine(one.name, one.role or "contact", left_href)
