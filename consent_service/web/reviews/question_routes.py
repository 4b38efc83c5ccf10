"""Questions to the log: choose one, ask it with one click for the last month, keep it, go to the proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.i18n import translator
from consent_service.foundation.ids import EntryId, RecordId, is_id
from consent_service.rights.reviews.questions import QuestionKind
from consent_service.rights.reviews.saved import Kept, KeptQuestion
from consent_service.web.components import Option
from consent_service.web.forms import FormReader, FormState
from consent_service.web.officer.room import home, navigation
from consent_service.web.rendering import days_in_words
from consent_service.web.reviews.forms import (
    AFTER,
    fields_of,
    form_state,
    read_case,
    read_keeping,
    read_question,
)
from consent_service.web.reviews.showing import HERE as SAMPLES
from consent_service.web.reviews.showing import Showing, bars
from consent_service.web.reviews.views import (
    AnswerPage,
    KeptLine,
    QuestionLink,
    QuestionPage,
    QuestionsPage,
)
from consent_service.web.reviews.words import (
    CASE_PURPOSES,
    PERIODS,
    QUESTIONS,
    SLUGS,
    options,
    question_of,
)
from consent_service.web.visit import Officer, Visit

HERE: Final = "vragen"
_ALL: Final = "/toezicht/{tenant:str}/vragen"
_ONE: Final = "/toezicht/{tenant:str}/vragen/{question:str}"
_KEPT: Final = "/toezicht/{tenant:str}/bewaarde-vragen/{saved:str}"


@get(_ALL, include_in_schema=False)
async def questions(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    showing, said = await Showing.of(visit, actor), translator(visit.language)
    kept = await visit.services.saved_questions.own(actor)
    samples = await visit.services.reviews.samples(actor)
    view = QuestionsPage(
        questions=tuple(
            QuestionLink(home(actor, HERE, SLUGS[kind]), said.text(words.title), said.text(words.meaning))
            for kind, words in QUESTIONS.items()
        ),
        kept=tuple(_kept_line(visit, actor, showing, one) for one in kept),
        sample_href=home(actor, SAMPLES),
        open_samples=sum(one.is_open for one in samples if one.officer == actor.staff),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, HERE))


@get(_ONE, include_in_schema=False)
async def question(
    visit: NamedDependency[Visit], tenant: FromPath[str], question: FromPath[str]
) -> Response[Any]:
    return await _form(visit, visit.officer(tenant), _known(question))


@post(_ONE, include_in_schema=False, status_code=200)
async def ask(visit: NamedDependency[Visit], tenant: FromPath[str], question: FromPath[str]) -> Response[Any]:
    """A question is sent, not addressed: it may hold the number of a person."""
    actor, kind = visit.officer(tenant), _known(question)
    form = FormReader(visit.posted)
    asked = await _read(visit, actor, form, kind)
    if form.problems:
        return await _form(visit, actor, kind, form.problems)
    return await _answer(visit, actor, asked)


@post(_ONE + "/zoeken", include_in_schema=False, status_code=200)
async def find(
    visit: NamedDependency[Visit], tenant: FromPath[str], question: FromPath[str]
) -> Response[Any]:
    """A child by name and birth date, for a case; what comes back is numbers."""
    actor, kind = visit.officer(tenant), _known(question)
    if kind != "who_saw":
        raise NotFoundError("page")
    form = FormReader(visit.posted)
    search = read_case(form)
    if form.problems:
        return await _form(visit, actor, kind, form.problems)
    try:
        found = await visit.services.questions.find_for_case(actor, search)
    except InputError as refused:
        return await _form(visit, actor, kind, refused.problems)
    showing = await Showing.of(visit, actor)
    people = tuple(Option(one.person, showing.of_family(one.kind, one.person)) for one in found)
    return await _form(visit, actor, kind, found=people, case=search.case)


@get([_ONE + "/zoeken", _ONE + "/bewaren"], include_in_schema=False)
async def question_again(
    visit: NamedDependency[Visit], tenant: FromPath[str], question: FromPath[str]
) -> Response[Any]:
    """Who was looked for is not kept; whoever comes back to its address starts at the question."""
    return visit.redirect(home(visit.officer(tenant), HERE, SLUGS[_known(question)]))


@post(_ONE + "/bewaren", include_in_schema=False)
async def keep(
    visit: NamedDependency[Visit], tenant: FromPath[str], question: FromPath[str]
) -> Response[Any]:
    """Keep the question that was just asked; sent twice it is kept once."""
    actor, kind = visit.officer(tenant), _known(question)
    form = FormReader(visit.posted)
    asked = await _read(visit, actor, form, kind)
    if form.problems:
        return await _form(visit, actor, kind, form.problems)
    kept = read_keeping(form, asked)
    if form.problems:
        return await _answer(visit, actor, asked, form.problems)
    try:
        await visit.services.saved_questions.keep(actor, kept)
    except InputError as refused:
        return await _answer(visit, actor, asked, refused.problems)
    return visit.redirect(home(actor, HERE), done="vraag-bewaard")


@post(_KEPT, include_in_schema=False, status_code=200)
async def ask_kept(
    visit: NamedDependency[Visit], tenant: FromPath[str], saved: FromPath[str]
) -> Response[Any]:
    """One click: the last month is that of today."""
    actor = visit.officer(tenant)
    return await _answer(visit, actor, await visit.services.saved_questions.one(actor, RecordId(saved)))


@get(_KEPT, include_in_schema=False)
async def kept_again(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """An answer is not kept; whoever comes back to its address starts at the questions."""
    return visit.redirect(home(visit.officer(tenant), HERE))


@post(_KEPT + "/weg", include_in_schema=False)
async def remove(visit: NamedDependency[Visit], tenant: FromPath[str], saved: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    await visit.services.saved_questions.remove(actor, RecordId(saved))
    return visit.redirect(home(actor, HERE), done="vraag-weg")


ROUTES: list[HTTPRouteHandler] = [
    questions,
    question,
    ask,
    find,
    question_again,
    keep,
    ask_kept,
    kept_again,
    remove,
]


def _known(slug: str) -> QuestionKind:
    """Raises NotFoundError for what is no question of ours."""
    kind = question_of(slug)
    if kind is None:
        raise NotFoundError("page")
    return kind


async def _read(visit: Visit, actor: Officer, form: FormReader, kind: QuestionKind) -> Kept:
    members = [one.staff for one in await visit.services.questions.staff(actor)]
    return read_question(form, kind, members, local_date(visit.now()))


async def _form(
    visit: Visit,
    actor: Officer,
    kind: QuestionKind,
    problems: Sequence[Problem] = (),
    *,
    found: tuple[Option, ...] | None = None,
    case: str = "",
) -> Response[str]:
    words, said = QUESTIONS[kind], translator(visit.language)
    here = home(actor, HERE, SLUGS[kind])
    showing = await Showing.of(visit, actor)
    state = form_state(visit.posted, problems, visit.language)
    if found is not None:
        state = FormState.prefilled({"person": found[0].value if found else ""})
    view = QuestionPage(
        back_href=home(actor, HERE),
        title=said.text(words.title),
        meaning=said.text(words.meaning),
        ask_action=here,
        asks_person=kind == "who_saw",
        staff=showing.staff_options() if kind == "what_opened" else (),
        find_action=f"{here}/zoeken" if kind == "who_saw" else "",
        purposes=options(visit.language, CASE_PURPOSES),
        found=found or (),
        sought=found is not None,
        case=case,
        form=state,
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))


async def _answer(
    visit: Visit, actor: Officer, kept: Kept, problems: Sequence[Problem] = ()
) -> Response[str]:
    after = visit.posted.first(AFTER)
    if after and not is_id(after):
        raise NotFoundError("part of the answer")
    asked = kept.asked(local_date(visit.now()))
    answer = await visit.services.questions.ask(actor, asked, after=EntryId(after) if after else None)
    words, said = QUESTIONS[kept.question], translator(visit.language)
    here = home(actor, HERE, SLUGS[kept.question])
    showing = await Showing.of(visit, actor)
    view = AnswerPage(
        back_href=here,
        title=said.text(words.title),
        meaning=said.text(words.meaning),
        about=showing.about(kept),
        since=asked.since,
        until=asked.until,
        rows=showing.rows(answer),
        days=bars(answer),
        total=answer.total,
        asked=fields_of(kept),
        ask_action=here,
        keep_action=f"{here}/bewaren",
        after=answer.next or "",
        later=bool(after),
        unknown=answer.unknown,
        case=kept.reference,
        form=form_state(visit.posted, problems, visit.language),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))


def _kept_line(visit: Visit, actor: Officer, showing: Showing, one: KeptQuestion) -> KeptLine:
    said = translator(visit.language)
    kept, here = one.kept, home(actor, "bewaarde-vragen", one.saved)
    period = said.text(PERIODS[kept.period])
    if kept.since is not None and kept.until is not None:
        period = days_in_words(kept.since, kept.until, language=visit.language)
    return KeptLine(
        title=said.text(QUESTIONS[kept.question].title),
        about=showing.about(kept),
        period=period,
        reference=kept.reference,
        ask_action=here,
        remove_action=f"{here}/weg",
    )
