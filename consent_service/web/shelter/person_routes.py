"""Who belongs to a family: register it with everybody on one form, or add somebody later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.families.authority import check_family, check_guardian
from consent_service.families.model import check_identity
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, Problem
from consent_service.identity.model import Counsellor
from consent_service.web.forms import FormReader, FormState
from consent_service.web.shelter.forms import (
    all_at_once,
    problems_in_form,
    read_child,
    read_family,
    read_guardian,
    wanted_block,
)
from consent_service.web.shelter.room import (
    Room,
    enter,
    family_address,
    is_first_time,
    once,
    shelter_address,
    show,
)
from consent_service.web.shelter.views import AddChildPage, AddGuardianPage, RegisterFamilyPage
from consent_service.web.visit import Visit

_REGISTER = "register_family"
_MOST_BLOCKS = 20
_GUARDIAN, _CHILD = "guardian-0", "child-0"


@get("/opvang/{tenant:str}/inschrijven", include_in_schema=False)
async def register_page(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    return await _register_page(visit, visit.counsellor(tenant))


@post("/opvang/{tenant:str}/inschrijven", include_in_schema=False)
async def register(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Every problem at once; a form that is sent twice registers one family."""
    actor = visit.counsellor(tenant)
    more = wanted_block(FormReader(visit.posted))
    if more:
        return await _register_page(visit, actor, more=more)
    form = FormReader(visit.posted)
    today = local_date(visit.services.installation.clock.now())
    entered = read_family(form, today=today)
    blocks = {"guardians": entered.guardian_prefixes, "children": entered.child_prefixes}
    judged = problems_in_form(check_family(entered.family, day=today), **blocks)
    problems = all_at_once(form.problems, judged)
    if problems:
        return await _register_page(visit, actor, problems)
    if not await is_first_time(visit, _REGISTER):
        return visit.redirect(shelter_address(actor.tenant))
    family = await visit.services.families.register_family(actor, entered.family)
    return visit.redirect(family_address(actor.tenant, family, "veiligheid"), done="gezin")


@get("/opvang/{tenant:str}/gezinnen/{family:str}/kind", include_in_schema=False)
async def add_child_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    return await _child_page(await enter(visit, tenant, family))


@post("/opvang/{tenant:str}/gezinnen/{family:str}/kind", include_in_schema=False)
async def add_child(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    form = FormReader(visit.posted)
    today = local_date(visit.services.installation.clock.now())
    child = read_child(form, _CHILD, today=today)
    judged = check_identity(child, "child_0_", day=today, child=True)
    problems = all_at_once(form.problems, problems_in_form(judged, children=[_CHILD]))
    if problems:
        return await _child_page(room, problems)
    try:
        await visit.services.families.add_child(room.actor, room.family.family, child)
    except InputError as refused:
        return await _child_page(room, problems_in_form(refused.problems, children=[_CHILD]))
    return visit.redirect(room.at(), done="persoon")


@get("/opvang/{tenant:str}/gezinnen/{family:str}/ouder", include_in_schema=False)
async def add_guardian_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    return await _guardian_page(await enter(visit, tenant, family))


@post("/opvang/{tenant:str}/gezinnen/{family:str}/ouder", include_in_schema=False)
async def add_guardian(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    form = FormReader(visit.posted)
    today = local_date(visit.services.installation.clock.now())
    guardian = read_guardian(form, _GUARDIAN, today=today)
    judged = check_guardian(guardian, "guardian_0_", day=today)
    problems = all_at_once(form.problems, problems_in_form(judged, guardians=[_GUARDIAN]))
    if problems:
        return await _guardian_page(room, problems)
    try:
        await visit.services.families.add_guardian(room.actor, room.family.family, guardian)
    except InputError as refused:
        return await _guardian_page(room, problems_in_form(refused.problems, guardians=[_GUARDIAN]))
    return visit.redirect(room.at(), done="persoon")


ROUTES = [register_page, register, add_child_page, add_child, add_guardian_page, add_guardian]


async def _register_page(
    visit: Visit, actor: Counsellor, problems: Sequence[Problem] = (), *, more: str = ""
) -> Response[str]:
    view = RegisterFamilyPage(
        action=shelter_address(actor.tenant, "inschrijven"),
        back_href=shelter_address(actor.tenant),
        step_token=await once(visit, _REGISTER),
        form=FormState.of(visit.posted, problems, language=visit.language),
        guardians=_blocks(visit, "guardian", more=more == "guardian"),
        children=_blocks(visit, "child", more=more == "child"),
    )
    return await show(visit, actor, view, status=400 if problems else 200)


def _blocks(visit: Visit, kind: str, *, more: bool) -> tuple[int, ...]:
    """As many blocks as were sent, filled in or not, and one more when asked."""
    sent = [
        int(number)
        for name in visit.posted.values
        if name.startswith(f"{kind}-") and (number := name.split("-")[1]).isdecimal()
    ]
    count = min(max(sent, default=0), _MOST_BLOCKS - 1) + 1
    return tuple(range(min(count + more, _MOST_BLOCKS)))


async def _child_page(room: Room, problems: Sequence[Problem] = ()) -> Response[str]:
    form = FormState.of(room.visit.posted, problems, language=room.visit.language)
    view = AddChildPage(room.at("kind"), room.at(), form)
    return await room.show(view, status=400 if problems else 200)


async def _guardian_page(room: Room, problems: Sequence[Problem] = ()) -> Response[str]:
    form = FormState.of(room.visit.posted, problems, language=room.visit.language)
    view = AddGuardianPage(room.at("ouder"), room.at(), form)
    return await room.show(view, status=400 if problems else 200)
