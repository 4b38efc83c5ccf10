"""Where messages for colleagues and for people of schools go: the privacy coordinator enters it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import NotAllowedError, NotFoundError, Problem
from consent_service.foundation.ids import SchoolId
from consent_service.identity.model import PrivacyCoordinator
from consent_service.organisations.model import StaffMember
from consent_service.web.address_views import AddressPage, take_address
from consent_service.web.forms import FormState
from consent_service.web.officer.address_views import AddressesPage, AddressGroup, AddressLine
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Visit

_HERE: Final = "adressen"


@get("/toezicht/{tenant:str}/adressen", include_in_schema=False)
async def addresses(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """The shelter first, then each school; within these whom mail does not reach first."""
    actor = _coordinator(visit, tenant)
    members = await _members(visit, actor)
    states = await visit.services.notice_inbox.address_states(actor, [one.staff for one in members])
    lines: dict[SchoolId | None, list[AddressLine]] = {}
    for one in members:
        line = AddressLine(one.name, states[one.staff], home(actor, _HERE, one.staff))
        lines.setdefault(one.school, []).append(line)
    names = {one.school: one.name for one in await visit.services.organisations.schools(actor.tenant)}
    order = sorted(lines, key=lambda school: "" if school is None else names[school])
    view = AddressesPage(
        tuple(
            AddressGroup(
                "" if school is None else names[school],
                tuple(sorted(lines[school], key=lambda line: line.state != "bounced")),
            )
            for school in order
        ),
        bounced=sum(state == "bounced" for state in states.values()),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, _HERE))


@get("/toezicht/{tenant:str}/adressen/{member:str}", include_in_schema=False)
async def one_address(
    visit: NamedDependency[Visit], tenant: FromPath[str], member: FromPath[str]
) -> Response[Any]:
    actor = _coordinator(visit, tenant)
    return await _page(visit, actor, await _member(visit, actor, member))


@post("/toezicht/{tenant:str}/adressen/{member:str}", include_in_schema=False)
async def enter_address(
    visit: NamedDependency[Visit], tenant: FromPath[str], member: FromPath[str]
) -> Response[Any]:
    actor = _coordinator(visit, tenant)
    found = await _member(visit, actor, member)
    if problems := await take_address(visit, actor, found.staff):
        return await _page(visit, actor, found, problems)
    return visit.redirect(home(actor, _HERE), done="adres")


ROUTES: list[HTTPRouteHandler] = [addresses, one_address, enter_address]


def _coordinator(visit: Visit, tenant: str) -> PrivacyCoordinator:
    """Said before looking for anybody; `notice_inbox` says it again.

    Raises:
        NotAllowedError: the FG supervises.
    """
    actor = visit.officer(tenant)
    if not isinstance(actor, PrivacyCoordinator):
        raise NotAllowedError("enter_address: not_your_role")
    return actor


async def _members(visit: Visit, actor: PrivacyCoordinator) -> tuple[StaffMember, ...]:
    """Everybody who works here or at a school now, by name."""
    async with visit.services.installation.database.reading() as conn:
        members = await visit.services.organisations.staff_members(conn, actor.tenant)
    there = [one for one in members if one.ended_at is None]
    return tuple(sorted(there, key=lambda one: (one.name, one.staff)))


async def _member(visit: Visit, actor: PrivacyCoordinator, member: str) -> StaffMember:
    """One of these.

    Raises:
        NotFoundError: nobody with this id works here.
    """
    found = next((one for one in await _members(visit, actor) if one.staff == member), None)
    if found is None:
        raise NotFoundError("staff")
    return found


async def _page(
    visit: Visit, actor: PrivacyCoordinator, member: StaffMember, problems: Sequence[Problem] = ()
) -> Response[Any]:
    states = await visit.services.notice_inbox.address_states(actor, [member.staff])
    view = AddressPage(
        action=home(actor, _HERE, member.staff),
        back_href=home(actor, _HERE),
        name=member.name,
        state=states[member.staff],
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, _HERE))
