"""Pages of the privacy coordinator and the FG: metadata and plain words, never content, never a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.audit.describing import root_in_words
from consent_service.audit.log import TrailEntry
from consent_service.audit.log import TrailPage as TrailFound
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import EntryId
from consent_service.identity.model import Fg
from consent_service.policy.proposals import WaitingProposal
from consent_service.process.model import SAMPLE_TASKS, TITLES, Task, TaskKind
from consent_service.rights.searching import SHELTER
from consent_service.rights.supervision import Verified
from consent_service.web.access import officer_routes as access_routes
from consent_service.web.accountability import routes as accountability_routes
from consent_service.web.breaches import routes as breach_routes
from consent_service.web.cases import routes as case_routes
from consent_service.web.components import FieldLine
from consent_service.web.desk import routes as desk_routes
from consent_service.web.emergencies import officer_routes as emergency_routes
from consent_service.web.erasing import case_routes as carrying_routes
from consent_service.web.erasing import restriction_routes
from consent_service.web.erasing import routes as erasing_routes
from consent_service.web.evaluation import routes as evaluation_routes
from consent_service.web.forms import EMPTY, FormReader, FormState, Posted
from consent_service.web.officer import (
    address_routes,
    entry_routes,
    head_routes,
    leaving_routes,
    patterns_routes,
    policies_proposal_routes,
    policies_routes,
    text_routes,
)
from consent_service.web.officer.forms import SEARCH_FIELDS, SearchEntered, read_after, read_search
from consent_service.web.officer.room import home, navigation
from consent_service.web.officer.search_words import basis_options, decision_options, organisation_options
from consent_service.web.officer.views import (
    EntryLine,
    OfficerTask,
    SearchChoices,
    TasksPage,
    TrailPage,
    VerifiedLog,
    VerifyPage,
    VerifyResult,
    WaitingRules,
)
from consent_service.web.officer.wording import EVENTS, LogWords
from consent_service.web.retention import routes as retention_routes
from consent_service.web.reviews import routes as review_routes
from consent_service.web.signals import region_routes
from consent_service.web.visit import Officer, Visit

_SHOWN_PROBLEMS: Final = 20
_PLACES: Final[Mapping[TaskKind, str]] = {
    "breach_to_assess": "datalekken",
    "break_glass_wrong": "datalekken",
    "recall_long_unanswered": "teruggeroepen",
    "pattern_to_look_at": "patronen",
    "sample_to_review": "steekproef",
}
"""Where a task is done that is more than looking at one entry of the log."""


@get("/toezicht/{tenant:str}", include_in_schema=False)
async def trail(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """The newest entries, or those before one of them; an entry is all that an address names."""
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    form = FormReader(Posted.of(visit.request.query_params.multi_items()))
    return await _show_trail(visit, actor, _Asked(SearchEntered(), read_after(form)))


@post("/toezicht/{tenant:str}/zoeken", include_in_schema=False, status_code=200)
async def search(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """A search is sent, not addressed: addresses stay in histories and in the logs of what lies between."""
    actor = visit.officer(tenant)
    form = FormReader(visit.posted)
    schools = await visit.services.organisations.schools(actor.tenant)
    entered = read_search(form, event_types=EVENTS, organisations=(SHELTER, *(one.school for one in schools)))
    state = FormState.of(visit.posted, form.problems, language=visit.language)
    return await _show_trail(visit, actor, _Asked(entered, read_after(form), state))


@get("/toezicht/{tenant:str}/zoeken", include_in_schema=False)
async def search_again(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """What was searched for is not kept; whoever comes back to its address starts at the log."""
    return visit.redirect(home(visit.officer(tenant)))


@post("/toezicht/{tenant:str}/controle", include_in_schema=False, status_code=200)
async def verify(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """ "Nu controleren": the outcome of this moment; doing it twice does no harm."""
    actor = visit.officer(tenant)
    found = await visit.services.supervision.verify(actor)
    here = home(actor)
    view = VerifyPage(here, f"{here}/controle", _result(visit, found))
    return await visit.show(view, navigation=await navigation(visit, actor, ""))


@get("/toezicht/{tenant:str}/controle", include_in_schema=False)
async def verify_again(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """An outcome is not kept; whoever comes back to its address starts at the log."""
    return visit.redirect(home(visit.officer(tenant)))


@get("/toezicht/{tenant:str}/taken", include_in_schema=False)
async def tasks(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    found = await visit.services.tasks.open_tasks(actor)
    await visit.services.supervision.looked(actor, "tasks", len(found))
    waiting = await visit.services.policy_changes.waiting(actor)
    view = TasksPage(
        home(actor, "bureau"),
        tuple(_task_line(visit, actor, one) for one in found),
        tuple(_waiting_rules(visit, actor, one) for one in waiting),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, "taken"))


@post("/toezicht/{tenant:str}/taken/{task:str}/klaar", include_in_schema=False)
async def finish_task(
    visit: NamedDependency[Visit], tenant: FromPath[str], task: FromPath[str]
) -> Response[Any]:
    actor = visit.officer(tenant)
    await visit.services.tasks.finish(actor, task)
    return visit.redirect(home(actor, "taken"), done="klaar")


ROUTES: list[HTTPRouteHandler] = [
    trail,
    search,
    search_again,
    verify,
    verify_again,
    tasks,
    finish_task,
    *desk_routes.ROUTES,
    *case_routes.ROUTES,
    *entry_routes.ROUTES,
    *head_routes.ROUTES,
    *text_routes.ROUTES,
    *address_routes.ROUTES,
    *leaving_routes.ROUTES,
    *patterns_routes.ROUTES,
    *evaluation_routes.ROUTES,
    *accountability_routes.ROUTES,
    *region_routes.ROUTES,
    *retention_routes.ROUTES,
    *emergency_routes.ROUTES,
    *breach_routes.ROUTES,
    *review_routes.ROUTES,
    *erasing_routes.ROUTES,
    *carrying_routes.ROUTES,
    *restriction_routes.ROUTES,
    *access_routes.ROUTES,
    *policies_routes.ROUTES,
    *policies_proposal_routes.ROUTES,
]


class _Asked(msgspec.Struct, frozen=True):
    """A search with its form, and from which entry on; an empty `after` is no entry."""

    entered: SearchEntered
    after: str | None
    form: FormState = EMPTY

    @property
    def fields(self) -> tuple[FieldLine, ...]:
        """The fields in use, to ask for the following page."""
        used = ((name, self.form.value(name).strip()) for name in SEARCH_FIELDS)
        return tuple(FieldLine(name, value) for name, value in used if value)


async def _show_trail(visit: Visit, actor: Officer, asked: _Asked) -> Response[Any]:
    if asked.after == "":
        raise NotFoundError("page of the trail")
    page = TrailFound(())
    if not asked.form.problems:
        after = EntryId(asked.after) if asked.after else None
        page = await visit.services.supervision.search(actor, asked.entered.search(), after=after)
    words = LogWords(visit.services.texts.of(visit.language))
    here = home(actor)
    view = TrailPage(
        home_href=here,
        search_action=home(actor, "zoeken"),
        verify_action=home(actor, "controle"),
        tasks_href=home(actor, "taken"),
        head_href=home(actor, "stand"),
        choices=await _choices(visit, actor, words),
        entries=tuple(_entry_line(actor, one, words) for one in page.entries),
        form=asked.form,
        searched=asked.fields,
        later=asked.after is not None,
        after=page.next or "",
        open_tasks=await _to_do(visit, actor),
    )
    status = 400 if asked.form.problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, ""))


async def _choices(visit: Visit, actor: Officer, words: LogWords) -> SearchChoices:
    schools = await visit.services.organisations.schools(actor.tenant)
    return SearchChoices(
        organisations=organisation_options(visit.language, schools),
        event_types=words.event_options(),
        decisions=decision_options(visit.language),
        bases=basis_options(visit.language),
    )


def _entry_line(actor: Officer, one: TrailEntry, words: LogWords) -> EntryLine:
    return EntryLine(
        href=home(actor, "regels", one.id),
        at=one.at,
        sentence=words.sentence(one),
        actor=words.actor(one),
        number=words.number(one),
        erased=one.state == "erased",
    )


def _result(visit: Visit, found: Verified) -> VerifyResult:
    words, report = _words(visit), found.log
    first = (report.first,) if report.first is not None else ()
    ordered = (*first, *(one for one in report.problems if one != report.first))
    alone = found.acts.mismatches if found.acts else ()
    problems = (*(words.problem(one) for one in ordered), *(words.mismatch(one) for one in alone))
    return VerifyResult(
        ok=found.ok,
        logs=tuple(
            VerifiedLog(number, one.size, root_in_words(one.root))
            for number, one in enumerate((*report.earlier, report), start=1)
        ),
        at=visit.services.installation.clock.now(),
        problems=problems[:_SHOWN_PROBLEMS],
        acts=found.acts.acts if found.acts else 0,
    )


async def _to_do(visit: Visit, actor: Officer) -> int:
    proposals = await visit.services.policy_changes.waiting(actor)
    return len(await visit.services.tasks.open_tasks(actor)) + sum(one.yours for one in proposals)


def _waiting_rules(visit: Visit, actor: Officer, waiting: WaitingProposal) -> WaitingRules:
    yours = N_("Een voorstel voor andere regels wacht op uw oordeel.")
    return WaitingRules(
        sentence=translator(visit.language).text(
            yours if waiting.yours else N_("Er staat een voorstel voor andere regels open.")
        ),
        since=waiting.line.proposed_at,
        hash=waiting.line.hash,
        href=home(actor, "spelregels", "voorstellen", waiting.line.proposal),
    )


def _task_line(visit: Visit, actor: Officer, task: Task) -> OfficerTask:
    here = home(actor)
    return OfficerTask(
        sentence=translator(visit.language).text(TITLES[task.kind]),
        since=task.created_at,
        about=_words(visit).type_label(task.information_type),
        due=task.due_on,
        late=task.due_on is not None and task.due_on < local_date(visit.now()),
        place_href=f"{here}/{_PLACES[task.kind]}" if task.kind in _PLACES else "",
        entry_href=f"{here}/regels/{task.entry}",
        finish_action=f"{here}/taken/{task.task}/klaar" if _may_finish(actor, task) else "",
    )


def _may_finish(actor: Officer, task: Task) -> bool:
    """The FG finishes nothing; a sample is finished by reviewing it."""
    return not isinstance(actor, Fg) and task.kind not in SAMPLE_TASKS


def _words(visit: Visit) -> LogWords:
    return LogWords(visit.services.texts.of(visit.language))
