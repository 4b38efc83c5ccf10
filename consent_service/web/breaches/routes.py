"""The register of breaches: list, open, look at one, and ask the log (AVG 33)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.i18n import translator
from consent_service.foundation.ids import EntryId, StaffId
from consent_service.identity.model import PrivacyCoordinator
from consent_service.rights.breaches.examining import BreachView
from consent_service.web.breaches import deciding_routes, letter_routes
from consent_service.web.breaches.acting import coordinator, show_breach
from consent_service.web.breaches.forms import moment_fields, question_fields, read_new, read_question
from consent_service.web.breaches.showing import HERE, at, line_of
from consent_service.web.breaches.views import EvidencePage, NewBreachPage, QuestionPage, RegisterPage
from consent_service.web.components import Option
from consent_service.web.forms import FormReader, FormState, Posted
from consent_service.web.officer.forms import read_after
from consent_service.web.officer.room import home, navigation
from consent_service.web.officer.views import EntryLine
from consent_service.web.officer.wording import LogWords
from consent_service.web.visit import Officer, Visit
from consent_service.web.vocabulary import word

_REGISTER: Final = "/toezicht/{tenant:str}/datalekken"
_ONE: Final = _REGISTER + "/{breach:str}"


@get(_REGISTER, include_in_schema=False)
async def register(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    found = await visit.services.breaches.overview(actor)
    view = RegisterPage(
        new_href=at(actor, "nieuw") if isinstance(actor, PrivacyCoordinator) else "",
        open=tuple(line_of(visit, actor, one) for one in reversed(found) if one.is_open),
        done=tuple(line_of(visit, actor, one) for one in found if not one.is_open),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, HERE))


@get(_REGISTER + "/nieuw", include_in_schema=False)
async def new(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    form = FormState.prefilled(moment_fields("discovered", "discovered_time", visit.now()))
    return await _show_new(visit, actor, form)


@post(_REGISTER + "/nieuw", include_in_schema=False)
async def open_breach(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Sent twice in one go it stands there once: the second finds the same moment and the same words."""
    actor = coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    entered = read_new(form)
    problems: Sequence[Problem] = form.problems
    if entered is not None:
        try:
            breach = await visit.services.breaches.open(actor, entered)
        except InputError as refused:
            problems = refused.problems
        else:
            return visit.redirect(at(actor, breach), done="datalek-open")
    return await _show_new(visit, actor, FormState.of(visit.posted, problems, language=visit.language))


@get(_ONE, include_in_schema=False)
async def one_breach(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    return await show_breach(visit, actor, breach)


@get(_ONE + "/vraag", include_in_schema=False)
async def question(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    visit.refuse_prefetch()
    seen = await visit.services.breaches.view(actor, breach)
    return await _show_question(visit, actor, breach, FormState.prefilled(_period_of(seen, visit)))


@post(_ONE + "/vraag", include_in_schema=False)
async def examine(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    """The same question twice counts once."""
    actor = coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    asked = read_question(form)
    problems: Sequence[Problem] = form.problems
    if asked is not None:
        try:
            await visit.services.breaches.examine(actor, breach, asked)
        except InputError as refused:
            problems = refused.problems
        except NotFoundError:
            problems = await _who_is_not_there(visit, actor, breach, asked.kind)
        else:
            return visit.redirect(at(actor, breach), done="datalek-gevraagd")
    form_state = FormState.of(visit.posted, problems, language=visit.language)
    return await _show_question(visit, actor, breach, form_state)


@get(_ONE + "/vragen/{exam:str}", include_in_schema=False)
async def evidence(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str], exam: FromPath[str]
) -> Response[Any]:
    """The entries behind a question; looking at them is logged."""
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    after = read_after(FormReader(Posted.of(visit.request.query_params.multi_items())))
    if after == "":
        raise NotFoundError("page of the trail")
    page = await visit.services.breaches.evidence(
        actor, breach, exam, after=EntryId(after) if after else None
    )
    words = LogWords(visit.services.texts.of(visit.language))
    entries = tuple(
        EntryLine(
            href=home(actor, "regels", one.id),
            at=one.at,
            sentence=words.sentence(one),
            actor=words.actor(one),
            number=words.number(one),
            erased=one.state == "erased",
        )
        for one in page.entries
    )
    view = EvidencePage(at(actor, breach), at(actor, breach, "vragen", exam), entries, page.next or "")
    return await visit.show(view, navigation=await navigation(visit, actor, HERE))


@post(_ONE + "/vragen/{exam:str}/vervalt", include_in_schema=False)
async def drop(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str], exam: FromPath[str]
) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    await visit.services.breaches.drop(actor, breach, exam)
    return visit.redirect(at(actor, breach), done="datalek-bijgewerkt")


ROUTES: list[HTTPRouteHandler] = [
    register,
    new,
    open_breach,
    one_breach,
    question,
    examine,
    evidence,
    drop,
    *deciding_routes.ROUTES,
    *letter_routes.ROUTES,
]


async def _show_new(visit: Visit, actor: Officer, form: FormState) -> Response[Any]:
    view = NewBreachPage(at(actor, "nieuw"), at(actor), form)
    status = 400 if form.problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))


async def _who_is_not_there(
    visit: Visit, actor: PrivacyCoordinator, breach: str, kind: str
) -> tuple[Problem, ...]:
    """The breach is there; then it is the entry or the person that is not."""
    await visit.services.breaches.view(actor, breach)
    if kind == "entry":
        return (Problem("entry_number", "breach.no_such_entry"),)
    return (Problem("seen_by", "breach.nobody_by_that_id"),)


def _period_of(seen: BreachView, visit: Visit) -> dict[str, str]:
    """From the day before it may have happened until today."""
    one, today = seen.breach, local_date(visit.now())
    known = local_date(one.discovered_at)
    return question_fields(one.happened_from or known - timedelta(days=1), one.happened_until or today)


async def _show_question(
    visit: Visit, actor: PrivacyCoordinator, breach: str, form: FormState
) -> Response[Any]:
    view = QuestionPage(
        action=at(actor, breach, "vraag"),
        back_href=at(actor, breach),
        staff=await _staff(visit, actor),
        devices=await _devices(visit, actor),
        form=form,
    )
    status = 400 if form.problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))


async def _staff(visit: Visit, actor: Officer) -> tuple[Option, ...]:
    """Everybody who works or worked here or at a school, by name and work."""
    said = translator(visit.language)
    async with visit.services.installation.database.reading() as conn:
        members = await visit.services.organisations.staff_members(conn, actor.tenant)
    found = [
        Option(one.staff, f"{one.name}, {said.text(word('role', one.role or one.kind))}") for one in members
    ]
    return tuple(sorted(found, key=lambda one: one.label.casefold()))


async def _devices(visit: Visit, actor: PrivacyCoordinator) -> tuple[Option, ...]:
    """Devices by who worked there last: a device itself has no name that an officer may read."""
    said = translator(visit.language)
    found = await visit.services.breaches.devices(actor)
    async with visit.services.installation.database.reading() as conn:
        members = await visit.services.organisations.staff_members(
            conn, actor.tenant, [StaffId(one) for device in found for one in device.staff]
        )
    names = {str(one.staff): one.name for one in members}
    return tuple(
        Option(
            one.device,
            f"{', '.join(sorted(names.get(who, '-') for who in one.staff))} ({said.date(one.last_seen_on)})",
        )
        for one in found
    )
