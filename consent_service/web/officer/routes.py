"""Pages of the privacy coordinator and the FG: metadata and plain words, never content, never a name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.audit.log import TrailEntry, TrailFilter
from consent_service.audit.verify import Report
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.i18n import translator
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, is_id
from consent_service.identity.model import Fg
from consent_service.policy.bundle import Bundle
from consent_service.process.model import TITLES, Task
from consent_service.web.forms import DAY_PARTS, FormReader, FormState, Posted
from consent_service.web.officer import patterns_routes, text_routes
from consent_service.web.officer.forms import TrailFilterEntered, read_trail_filter
from consent_service.web.officer.room import home, navigation
from consent_service.web.officer.views import (
    EntryLine,
    EntryPage,
    OfficerTask,
    TasksPage,
    TrailPage,
    VerifyPage,
    VerifyResult,
)
from consent_service.web.officer.wording import EVENTS, LogWords
from consent_service.web.visit import Officer, Visit

_AFTER = "after"
_FILTERS = ("person", "relationship", "actor", "event")
_FILTER_DAYS = ("from", "until")
_SHOWN_PROBLEMS: Final = 20


@get("/toezicht/{tenant:str}", include_in_schema=False)
async def trail(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    asked = Posted.of(visit.request.query_params.multi_items())
    form = FormReader(asked)
    entered = read_trail_filter(form, event_types=EVENTS)
    after = form.text(_AFTER, required=False, max_length=36)
    if after and not is_id(after):
        raise NotFoundError("page of the trail")
    entries: tuple[TrailEntry, ...] = ()
    following: EntryId | None = None
    if not form.problems:
        page = await visit.services.supervision.trail(
            actor, _filter(entered), after=EntryId(after) if after else None
        )
        entries, following = page.entries, page.next
    words = _words(visit)
    here = home(actor)
    view = TrailPage(
        filter_action=here,
        verify_action=f"{here}/controle",
        tasks_href=f"{here}/taken",
        event_types=words.event_options(),
        entries=tuple(_entry_line(actor, one, words) for one in entries),
        form=FormState.of(asked, form.problems, language=visit.language),
        filtered=entered != TrailFilterEntered(),
        first_href=_address(here, asked, after=None) if after else "",
        next_href=_address(here, asked, after=following) if following else "",
        open_tasks=len(await visit.services.tasks.open_tasks(actor)),
    )
    status = 400 if form.problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, ""))


@get("/toezicht/{tenant:str}/regels/{entry:str}", include_in_schema=False)
async def entry(visit: NamedDependency[Visit], tenant: FromPath[str], entry: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    if not is_id(entry):
        raise NotFoundError("entry")
    found = await visit.services.supervision.entry(actor, EntryId(entry))
    proof = await visit.services.supervision.proof(actor, found.id)
    words = _words(visit)
    bundle = await _bundle(visit, found.bundle)
    leaf = proof.leaf.decode(errors="replace")
    view = EntryPage(
        back_href=home(actor),
        id=found.id,
        seq="" if found.seq is None else str(found.seq),
        at=found.at,
        sentence=words.sentence(found),
        event=found.type,
        actor=words.actor(found),
        details=() if found.detail is None else words.details(found.detail, bundle),
        leaf=leaf,
        leaf_hash=proof.leaf_hash.hex(),
        tag=proof.tag,
        bundle=found.bundle,
        inclusion=proof.state,
        tree_size=str(proof.size) if proof.size else "",
        erased=found.state == "erased",
        title=words.name(found.type),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, ""))


@post("/toezicht/{tenant:str}/controle", include_in_schema=False, status_code=200)
async def verify(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """ "Nu controleren": the outcome of this moment; doing it twice does no harm."""
    actor = visit.officer(tenant)
    report = await visit.services.supervision.verify(actor)
    here = home(actor)
    view = VerifyPage(here, f"{here}/controle", _result(visit, report))
    return await visit.show(view, navigation=await navigation(visit, actor, ""))


@get("/toezicht/{tenant:str}/controle", include_in_schema=False)
async def verify_again(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """An outcome is not kept; whoever comes back to its address starts at the log."""
    return visit.redirect(home(visit.officer(tenant)))


@get("/toezicht/{tenant:str}/taken", include_in_schema=False)
async def tasks(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    found = await visit.services.tasks.open_tasks(actor)
    view = TasksPage(home(actor), tuple(_task_line(visit, actor, one) for one in found))
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
    entry,
    verify,
    verify_again,
    tasks,
    finish_task,
    *text_routes.ROUTES,
    *patterns_routes.ROUTES,
]


def _filter(entered: TrailFilterEntered) -> TrailFilter:
    """Whole days in the Netherlands; the last day is included."""
    return TrailFilter(
        person=PersonId(entered.person) if entered.person else None,
        relationship=RelationshipId(entered.relationship) if entered.relationship else None,
        actor=entered.actor or None,
        types=frozenset({entered.event}) if entered.event else frozenset(),
        since=local_midnight(entered.since) if entered.since else None,
        until=local_midnight(entered.until + timedelta(days=1)) if entered.until else None,
    )


def _address(home: str, asked: Posted, *, after: EntryId | None) -> str:
    """The trail with the same filter, from another entry on."""
    names = [*_FILTERS, *(f"{name}-{part}" for name in _FILTER_DAYS for part in DAY_PARTS)]
    kept = {name: asked.first(name) for name in names if asked.first(name)}
    query = urlencode(kept | ({_AFTER: after} if after else {}))
    return f"{home}?{query}" if query else home


def _entry_line(actor: Officer, one: TrailEntry, words: LogWords) -> EntryLine:
    return EntryLine(
        href=home(actor, "regels", one.id),
        at=one.at,
        sentence=words.sentence(one),
        actor=words.actor(one),
        seq="" if one.seq is None else str(one.seq),
        erased=one.state == "erased",
    )


def _result(visit: Visit, report: Report) -> VerifyResult:
    words = _words(visit)
    first = (report.first,) if report.first is not None else ()
    ordered = (*first, *(one for one in report.problems if one != report.first))
    return VerifyResult(
        ok=report.ok,
        size=report.size,
        root=report.root.hex(),
        at=visit.services.installation.clock.now(),
        problems=tuple(words.problem(one) for one in ordered[:_SHOWN_PROBLEMS]),
    )


def _task_line(visit: Visit, actor: Officer, task: Task) -> OfficerTask:
    here = home(actor)
    return OfficerTask(
        sentence=translator(visit.language).text(TITLES[task.kind]),
        since=task.created_at,
        about=_words(visit).type_label(task.information_type),
        due=task.due_on,
        entry_href=f"{here}/regels/{task.entry}",
        finish_action="" if isinstance(actor, Fg) else f"{here}/taken/{task.task}/klaar",
    )


async def _bundle(visit: Visit, bundle_hash: str) -> Bundle | None:
    """The rules that decided then, for their reasons; None where none decided."""
    if not bundle_hash:
        return None
    try:
        return (await visit.services.policies.rules(bundle_hash)).bundle
    except NotFoundError:
        return None


def _words(visit: Visit) -> LogWords:
    return LogWords(visit.services.texts.of(visit.language))
