"""The random sample of each week: what was drawn by the log, and what the officer finds of each entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.audit.events import By
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import EntryId, RecordId
from consent_service.rights.reviews.judging import LONGEST_NOTE
from consent_service.web.components import FieldLine
from consent_service.web.forms import FormReader
from consent_service.web.officer.room import home, navigation
from consent_service.web.reviews.forms import form_state, read_judgement
from consent_service.web.reviews.question_routes import HERE as QUESTIONS
from consent_service.web.reviews.showing import HERE, Showing, by_id
from consent_service.web.reviews.views import JudgePage, SamplePage, SamplesPage
from consent_service.web.reviews.words import FINDINGS, VERDICTS, options
from consent_service.web.visit import Officer, Visit

_ALL: Final = "/toezicht/{tenant:str}/steekproef"
_ONE: Final = "/toezicht/{tenant:str}/steekproef/{sample:str}"
_ENTRY: Final = "/toezicht/{tenant:str}/steekproef/{sample:str}/regels/{entry:str}"


@get(_ALL, include_in_schema=False)
async def samples(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    today = local_date(visit.now())
    found = await visit.services.reviews.samples(actor)
    year = await visit.services.reviews.figures(actor, today.year)
    showing = await Showing.of(visit, actor)
    view = SamplesPage(
        back_href=home(actor, QUESTIONS),
        samples=tuple(showing.sample(one, today) for one in found),
        year=year.year,
        reviewed=year.reviewed,
        drawn=year.drawn,
        finished=year.finished,
        findings=tuple(FieldLine(showing.finding(code), str(count)) for code, count in year.findings.items()),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, QUESTIONS))


@get(_ONE, include_in_schema=False)
async def sample(
    visit: NamedDependency[Visit], tenant: FromPath[str], sample: FromPath[str]
) -> Response[Any]:
    """Looking is logged, so it must be a person who looks."""
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    line, drawn = await visit.services.reviews.sample(actor, RecordId(sample))
    showing = await Showing.of(visit, actor)
    view = SamplePage(
        back_href=home(actor, HERE),
        officer=showing.who(By("fg", line.officer)),
        week=line.week,
        due=line.due_on,
        log=line.log,
        size=line.size,
        root=line.root,
        entries=tuple(showing.drawn(line, one) for one in drawn),
        own=line.officer == actor.staff,
    )
    return await visit.show(view, navigation=await navigation(visit, actor, QUESTIONS))


@get(_ENTRY, include_in_schema=False)
async def entry(
    visit: NamedDependency[Visit], tenant: FromPath[str], sample: FromPath[str], entry: FromPath[str]
) -> Response[Any]:
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    return await _judging(visit, actor, RecordId(sample), EntryId(entry))


@post(_ENTRY, include_in_schema=False)
async def judge(
    visit: NamedDependency[Visit], tenant: FromPath[str], sample: FromPath[str], entry: FromPath[str]
) -> Response[Any]:
    """Said once; sent twice, the second finds it said."""
    actor = visit.officer(tenant)
    form = FormReader(visit.posted)
    judgement = read_judgement(form)
    if form.problems:
        return await _judging(visit, actor, RecordId(sample), EntryId(entry), form.problems)
    try:
        await visit.services.reviews.judge(actor, RecordId(sample), EntryId(entry), judgement)
    except InputError as refused:
        return await _judging(visit, actor, RecordId(sample), EntryId(entry), refused.problems)
    except ConflictError:
        return visit.redirect(home(actor, HERE, sample))
    return visit.redirect(home(actor, HERE, sample), done="steekproef")


ROUTES: list[HTTPRouteHandler] = [samples, sample, entry, judge]


async def _judging(
    visit: Visit, actor: Officer, sample: RecordId, entry: EntryId, problems: Sequence[Problem] = ()
) -> Response[Any]:
    line, drawn = await visit.services.reviews.sample(actor, sample)
    one = by_id(drawn, entry)
    if one is None:
        raise NotFoundError("entry")
    showing = await Showing.of(visit, actor)
    row = showing.drawn(line, one)
    if not row.judge_href:
        return visit.redirect(home(actor, HERE, sample))
    view = JudgePage(
        back_href=home(actor, HERE, sample),
        action=row.judge_href,
        entry=row,
        verdicts=options(visit.language, VERDICTS),
        findings=options(visit.language, FINDINGS),
        may_note=one.may_note,
        longest_note=LONGEST_NOTE,
        form=form_state(visit.posted, problems, visit.language),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, QUESTIONS))
