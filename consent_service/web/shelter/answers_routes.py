"""Passing answers on: whose and how, what was answered, once more to check, done.

Nothing is kept between the pages: each sends along what the one before it took, and only the last one
writes. Who said what never stands in an address.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.consent.passed_on import AskedQuestion, Kept
from consent_service.consent.statement import Statement, field_of
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.i18n import FAMILY, N_, language_name, translator
from consent_service.foundation.ids import PersonId, RelationshipId, StaffId, TypeKey
from consent_service.information.child_text import ChildWords
from consent_service.information.texts import TypeText
from consent_service.web.components import Option
from consent_service.web.forms import FormReader, FormState
from consent_service.web.shelter.answers_forms import labels_of, read_about, sent_along, version_field
from consent_service.web.shelter.answers_showing import is_known, name_of, to_confirm_lines
from consent_service.web.shelter.answers_views import (
    AnswersCheckPage,
    AnswersQuestionsPage,
    AnswersStartPage,
    EarlierLine,
    HiddenField,
    PassedOnAnswer,
    PassedOnAnswers,
    PassedOnChild,
    PassedOnQuestion,
)
from consent_service.web.shelter.room import Room, enter, is_first_time, once
from consent_service.web.visit import Visit

_ANSWERS = "/opvang/{tenant:str}/gezinnen/{family:str}/antwoorden"
_STEP = "antwoorden"
_FIRST_PAGE = frozenset({"person", "method", "said_on", "language", "interpreter", "reason", "kept", "note"})
_CHILD = N_("{name} (kind)")


@get(_ANSWERS, include_in_schema=False)
async def start_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    return await _show_start(await enter(visit, tenant, family))


@post(_ANSWERS, include_in_schema=False, status_code=200)
async def start(visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]) -> Response[Any]:
    """The questions; also the way back from the check, with the answers as they were."""
    room = await enter(visit, tenant, family)
    said, problems = _read(room)
    if problems:
        return await _show_start(room, problems)
    try:
        return await _show_questions(room, said)
    except InputError as refused:
        return await _show_start(room, refused.problems)


@post(_ANSWERS + "/controle", include_in_schema=False, status_code=200)
async def check(visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]) -> Response[Any]:
    """Everything once more; what could not be recorded is told here already."""
    room = await enter(visit, tenant, family)
    said, problems = _read(room)
    if problems:
        return await _show_again(room, said, problems)
    try:
        await visit.services.passed_on.check(room.actor, said)
    except InputError as refused:
        return await _show_again(room, said, refused.problems)
    return await _show_check(room, said)


@post(_ANSWERS + "/vastleggen", include_in_schema=False)
async def record(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    """Make it count, once: a form that was sent before leads to what was recorded then."""
    room = await enter(visit, tenant, family)
    said, problems = _read(room)
    if problems:
        return await _show_again(room, said, problems)
    try:
        await visit.services.passed_on.check(room.actor, said)
        if not visit.posted.first("confirmed"):
            return await _show_check(room, said, [Problem("confirmed", "passed_on.not_confirmed")])
        if not await is_first_time(visit, _STEP):
            return visit.redirect(room.at("antwoorden"))
        passed = await visit.services.passed_on.record(room.actor, said)
    except InputError as refused:
        return await _show_again(room, said, refused.problems)
    done = "antwoorden-nieuwer" if passed.overtaken else "antwoorden"
    return visit.redirect(room.at("antwoorden"), done=done)


ROUTES = [start_page, start, check, record]


# --- reading ---------------------------------------------------------------------------------


def _read(room: Room) -> tuple[Statement, Sequence[Problem]]:
    form = FormReader(room.visit.posted)
    said = read_about(
        form,
        family=room.family.family,
        people=[option.value for option in _people(room)],
        languages=FAMILY,
        today=local_date(room.visit.now()),
    )
    return said, form.problems


def _people(room: Room) -> tuple[Option, ...]:
    """The guardians, and the children who may speak for themselves; the service says which may."""
    said = translator(room.visit.language)
    return (
        *(Option(one.guardian, one.identity.full_name) for one in room.family.guardians),
        *(Option(one.child, said.text(_CHILD, name=one.identity.full_name)) for one in room.family.children),
    )


# --- showing ---------------------------------------------------------------------------------


def _form(room: Room, problems: Sequence[Problem], labels: dict[str, str]) -> FormState:
    named = labels_of(room.visit.language) | labels
    return FormState.of(room.visit.posted, problems, language=room.visit.language, labels=named)


async def _show_start(room: Room, problems: Sequence[Problem] = ()) -> Response[str]:
    passed_on = room.visit.services.passed_on
    family = room.family.family
    view = AnswersStartPage(
        action=room.at("antwoorden"),
        back_href=room.at(),
        tablet_href=room.at("tablet"),
        people=_people(room),
        languages=tuple(Option(code, language_name(code)) for code in FAMILY),
        to_confirm=await to_confirm_lines(room),
        earlier=await _earlier_lines(room, await passed_on.earlier(room.actor, family)),
        form=_form(room, problems, {}),
    )
    return await room.show(view, status=400 if problems else 200)


async def _show_again(room: Room, said: Statement, problems: Sequence[Problem]) -> Response[str]:
    """The page on which the first problem can be mended."""
    if any(problem.field in _FIRST_PAGE for problem in problems):
        return await _show_start(room, problems)
    try:
        return await _show_questions(room, said, problems)
    except InputError as refused:
        return await _show_start(room, refused.problems)


async def _show_questions(room: Room, said: Statement, problems: Sequence[Problem] = ()) -> Response[str]:
    visit = room.visit
    asked = await visit.services.passed_on.questions(
        room.actor, room.family.family, said.person, language=said.language
    )
    texts = visit.services.texts.of(said.language)
    labels = {
        field_of(one.relationship, one.information_type): _words(room, said, one.information_type).label
        for one in asked
    }
    view = AnswersQuestionsPage(
        action=room.at("antwoorden", "controle"),
        back_href=room.at("antwoorden"),
        person=name_of(room, said.person),
        method=said.method,
        said_on=said.said_on,
        language=said.language,
        direction=translator(said.language).direction,
        hidden=_hidden(room, answers=False),
        children=await _children(room, said, asked),
        fixed_line=texts.child.say_no if _is_child(room, said.person) else texts.general.say_no,
        draft_text=any(text.review == "draft" for text in texts.types.values()),
        form=_form(room, problems, labels),
    )
    return await room.show(view, status=400 if problems else 200)


async def _show_check(room: Room, said: Statement, problems: Sequence[Problem] = ()) -> Response[str]:
    view = AnswersCheckPage(
        action=room.at("antwoorden", "vastleggen"),
        change_action=room.at("antwoorden"),
        back_href=room.at(),
        step_token=await once(room.visit, _STEP),
        person=name_of(room, said.person),
        method=said.method,
        said_on=said.said_on,
        language=said.language,
        direction=translator(said.language).direction,
        hidden=_hidden(room, answers=True),
        children=await _answers(room, said),
        form=_form(room, problems, {}),
    )
    return await room.show(view, status=400 if problems else 200)


def _hidden(room: Room, *, answers: bool) -> tuple[HiddenField, ...]:
    return tuple(HiddenField(*pair) for pair in sent_along(room.visit.posted, answers=answers))


async def _children(room: Room, said: Statement, asked: Sequence[AskedQuestion]) -> tuple[PassedOnChild, ...]:
    first = {kind.key for kind in room.visit.services.policies.proposal.catalogue.asked_first()}
    answered = {(one.relationship, one.information_type) for one in said.answers}
    found = []
    for relationship in dict.fromkeys(one.relationship for one in asked):
        mine = [one for one in asked if one.relationship == relationship]
        others = [one for one in mine if one.information_type not in first]
        found.append(
            PassedOnChild(
                child=room.child(mine[0].child).identity.full_name,
                school=await _school_of(room, relationship),
                first=tuple(_question(room, said, one) for one in mine if one not in others),
                others=tuple(_question(room, said, one) for one in others),
                others_open=any((relationship, one.information_type) in answered for one in others),
            )
        )
    return tuple(found)


def _question(room: Room, said: Statement, one: AskedQuestion) -> PassedOnQuestion:
    text = _words(room, said, one.information_type)
    return PassedOnQuestion(
        field=field_of(one.relationship, one.information_type),
        type_key=one.information_type,
        label=text.label,
        question=text.question,
        explanation=text.explanation,
        who_sees=text.who_sees,
        until=text.until,
        never=text.never,
        version_field=version_field(one.relationship, one.information_type),
        version=one.text_version,
        no_word=one.signed and said.method == "oral",
    )


def _words(room: Room, said: Statement, key: TypeKey) -> TypeText | ChildWords:
    """The words this person reads: a child has its own."""
    text = room.visit.services.texts.of_type(said.language, key)
    return text.for_child if _is_child(room, said.person) else text


def _is_child(room: Room, person: PersonId) -> bool:
    return any(one.child == person for one in room.family.children)


async def _answers(room: Room, said: Statement) -> tuple[PassedOnAnswers, ...]:
    found = []
    for relationship in dict.fromkeys(one.relationship for one in said.answers):
        lines = tuple(
            PassedOnAnswer(
                one.information_type,
                (text := _words(room, said, one.information_type)).label,
                text.question,
                one.answer,
                one.text_version,
            )
            for one in said.answers
            if one.relationship == relationship
        )
        child = room.child(room.relationship(relationship).child).identity.full_name
        found.append(PassedOnAnswers(child, await _school_of(room, relationship), lines))
    return tuple(found)


async def _school_of(room: Room, relationship: RelationshipId) -> str:
    at = room.relationship(relationship)
    return (await room.visit.services.organisations.school(room.actor.tenant, at.school)).name


async def _earlier_lines(room: Room, kept: Sequence[Kept]) -> tuple[EarlierLine, ...]:
    names = await _staff_names(room, [one.entered_by for one in kept])
    found = []
    for one in kept:
        if not is_known(room, one.person):
            continue
        found.append(
            EarlierLine(
                person=name_of(room, one.person),
                method=one.method,
                said_on=one.said_on,
                entered_by=names.get(one.entered_by, ""),
                entered_on=local_date(one.entered_at),
                count=len(one.evidence.answers),
                kept=one.evidence.kept or "",
                reason=one.evidence.reason or "",
                note=one.evidence.note,
            )
        )
    return tuple(found)


async def _staff_names(room: Room, staff: Sequence[StaffId]) -> dict[StaffId, str]:
    services = room.visit.services
    async with services.installation.database.reading() as conn:
        members = await services.organisations.staff_members(conn, room.actor.tenant, staff)
    return {one.staff: one.name for one in members}
