"""Reads the forms of a meldcode and of a request. No field names anybody to send it to, and none is read."""

from __future__ import annotations

from datetime import date
from typing import cast

from consent_service.audit.happenings.emergencies import RequestAct
from consent_service.foundation.errors import Problem
from consent_service.process.emergencies.model import (
    ASKERS,
    CODES,
    GROUNDS,
    Asker,
    Ground,
    NewRequest,
    Postponement,
    StepText,
)
from consent_service.web.forms import FormReader

MOST_WORDS = 4000
"""How long one text may be."""
_ON_PAGE = {
    "what": "step_what",
    "why": "step_why",
    "code": "step_choice",
    "until": "open_again_on",
}
_REQUEST = {
    "name": "asked_by",
    "asked": "asked",
    "asker": "asker",
    "ground": "ground",
    "act": "request_act",
    "what": "answer_what",
    "why": "answer_why",
}


def read_step(form: FormReader, act: str) -> StepText:
    """What and why of one step, and its choice where it has one."""
    return StepText(
        what=form.text("step_what", max_length=MOST_WORDS),
        why=form.text("step_why", max_length=MOST_WORDS),
        code=form.choice("step_choice", CODES[act]) if act in CODES else "",
    )


def read_openness(form: FormReader) -> Postponement | None:
    """Whether the parents may read it from now on; nothing chosen is a problem, never a default.

    Neither is a reason not to open it that stands beside "open".
    """
    chosen = form.choice("openness", ("open", "later"))
    if chosen == "open" and form.posted.first("postpone_why"):
        form.refuse("openness", "meldcode_openness_unclear")
    if chosen != "later":
        return None
    return read_postponement(form)


def read_postponement(form: FormReader) -> Postponement:
    """The safety reason and the day of the review."""
    why = form.text("postpone_why", max_length=MOST_WORDS)
    return Postponement(why, form.day("open_again_on") or date.min)


def read_request(form: FormReader) -> NewRequest:
    """Who asked what, on which ground."""
    return NewRequest(
        asker=cast(Asker, form.choice("asker", ASKERS)),
        ground=cast(Ground, form.choice("ground", GROUNDS)),
        name=form.text("asked_by", max_length=120),
        asked=form.text("asked", max_length=MOST_WORDS),
        reference=form.text("letter", required=False, max_length=80),
    )


def read_answer(form: FormReader, acts: tuple[str, ...]) -> tuple[RequestAct, str, str]:
    """What is done about it, what exactly, and why so."""
    act = form.choice("request_act", acts)
    return (
        cast(RequestAct, act),
        form.text("answer_what", max_length=MOST_WORDS),
        form.text("answer_why", max_length=MOST_WORDS),
    )


def of_step(problem: Problem) -> Problem:
    """A problem of the service at the field of the page."""
    return Problem(_ON_PAGE.get(problem.field, problem.field), problem.code, problem.params)


def of_request(problem: Problem) -> Problem:
    """A problem of the service at the field of the page."""
    return Problem(_REQUEST.get(problem.field, problem.field), problem.code, problem.params)
