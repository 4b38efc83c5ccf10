"""Where a counsellor's day begins: own families, search, what is to be done, what waits for approval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import FamilyId, RecordId, RelationshipId
from consent_service.identity.model import Counsellor
from consent_service.organisations.model import SubstituteReason
from consent_service.web.forms import FormReader, FormState
from consent_service.web.shelter.forms import read_search, read_substitute_reason
from consent_service.web.shelter.home_showing import approvals_page, families_page, search_hits, task_lines
from consent_service.web.shelter.room import family_address, shelter_address, show
from consent_service.web.shelter.views import SearchPage, SubstitutePage, TasksPage
from consent_service.web.visit import Visit


@get("/opvang/{tenant:str}", include_in_schema=False)
async def families(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.counsellor(tenant)
    return await show(visit, actor, await families_page(visit, actor))


@get("/opvang/{tenant:str}/taken", include_in_schema=False)
async def tasks(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.counsellor(tenant)
    found = await visit.services.tasks.open_tasks(actor)
    view = TasksPage(task_lines(visit, found, actor), back_href=shelter_address(actor.tenant))
    return await show(visit, actor, view)


@post("/opvang/{tenant:str}/taken/{task:str}/klaar", include_in_schema=False)
async def finish_task(
    visit: NamedDependency[Visit], tenant: FromPath[str], task: FromPath[str]
) -> Response[Any]:
    actor = visit.counsellor(tenant)
    await visit.services.tasks.finish(actor, task)
    return visit.redirect(shelter_address(actor.tenant, "taken"), done="klaar")


# --- search, and standing in -----------------------------------------------------------------


@get("/opvang/{tenant:str}/zoeken", include_in_schema=False)
async def search_page(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.counsellor(tenant)
    home = shelter_address(actor.tenant)
    return await show(visit, actor, SearchPage(action=visit.request.url.path, back_href=home))


@post("/opvang/{tenant:str}/zoeken", include_in_schema=False)
async def search(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Answers on the POST itself: no name may travel in an address."""
    actor = visit.counsellor(tenant)
    form = FormReader(visit.posted)
    entered = read_search(form, today=local_date(visit.services.installation.clock.now()))
    if form.problems:
        return await _search_again(visit, actor, form.problems)
    try:
        hits = await search_hits(visit, actor, entered)
    except InputError as refused:
        return await _search_again(visit, actor, [_at_given_names(p) for p in refused.problems])
    view = SearchPage(
        action=visit.request.url.path,
        back_href=shelter_address(actor.tenant),
        form=FormState.of(visit.posted, (), language=visit.language),
        searched=True,
        hits=hits,
    )
    return await show(visit, actor, view)


@get("/opvang/{tenant:str}/gezinnen/{family:str}/invallen", include_in_schema=False)
async def substitute_page(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    return await _substitute_page(visit, visit.counsellor(tenant))


@post("/opvang/{tenant:str}/gezinnen/{family:str}/invallen", include_in_schema=False)
async def stand_in(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    actor = visit.counsellor(tenant)
    form = FormReader(visit.posted)
    reason: SubstituteReason = read_substitute_reason(form)
    if form.problems:
        return await _substitute_page(visit, actor, form.problems)
    await visit.services.families.stand_in(actor, FamilyId(family), reason)
    return visit.redirect(family_address(actor.tenant, FamilyId(family)), done="invallen")


# --- approving -------------------------------------------------------------------------------


@get("/opvang/{tenant:str}/goedkeuren", include_in_schema=False)
async def approvals(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.counsellor(tenant)
    return await show(visit, actor, await approvals_page(visit, actor))


@post("/opvang/{tenant:str}/goedkeuren/{relationship:str}/{record:str}", include_in_schema=False)
async def approve(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str], record: FromPath[str]
) -> Response[Any]:
    actor = visit.counsellor(tenant)
    try:
        await visit.services.records.approve(actor, RelationshipId(relationship), RecordId(record))
    except InputError as refused:
        view = await approvals_page(visit, actor, refused.problems)
        return await show(visit, actor, view, status=400)
    return visit.redirect(shelter_address(actor.tenant, "goedkeuren"), done="goedgekeurd")


ROUTES = [
    families,
    tasks,
    finish_task,
    search_page,
    search,
    substitute_page,
    stand_in,
    approvals,
    approve,
]


def _at_given_names(problem: Problem) -> Problem:
    field = "given_names" if problem.field == "names" else problem.field
    return Problem(field, problem.code, problem.params)


async def _search_again(visit: Visit, actor: Counsellor, problems: Sequence[Problem]) -> Response[str]:
    view = SearchPage(
        action=visit.request.url.path,
        back_href=shelter_address(actor.tenant),
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    return await show(visit, actor, view, status=400)


async def _substitute_page(
    visit: Visit, actor: Counsellor, problems: Sequence[Problem] = ()
) -> Response[str]:
    view = SubstitutePage(
        action=visit.request.url.path,
        back_href=shelter_address(actor.tenant),
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    return await show(visit, actor, view, status=400 if problems else 200)
