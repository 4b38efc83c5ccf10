"""A question as it is sent: ids, codes and days; a name only where a child is looked up for a case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final, cast

import msgspec

from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import PersonId, StaffId, is_id
from consent_service.rights.reviews.asking import PURPOSES, CasePurpose, CaseSearch
from consent_service.rights.reviews.judging import (
    FINDINGS,
    LONGEST_NOTE,
    VERDICTS,
    Finding,
    Judgement,
    Verdict,
)
from consent_service.rights.reviews.questions import PERIODS, Period, QuestionKind
from consent_service.rights.reviews.references import problem_of_reference, read_reference
from consent_service.rights.reviews.saved import Kept
from consent_service.web.components import FieldLine
from consent_service.web.forms import FormReader, FormState, Posted, prefill_day

AFTER: Final = "after"
_LABELS: Final = {
    "case": N_("Nummer van de zaak"),
    "reference": N_("Nummer van de zaak"),
    "purpose": N_("Waarvoor?"),
    "names": N_("Voornaam en achternaam van het kind"),
    "person": N_("Nummer van het kind of de ouder"),
    "staff": N_("Medewerker"),
    "period": N_("Over welke tijd?"),
    "verdict": N_("Wat vindt u?"),
    "finding": N_("Wat is er?"),
    "note": N_("Aantekening"),
}


def form_state(posted: Posted, problems: Sequence[Problem], language: str) -> FormState:
    """The form as it was sent, each problem with the name of its field."""
    said = translator(language)
    labels = {name: said.text(label) for name, label in _LABELS.items()}
    return FormState.of(posted, problems, language=language, labels=labels)


def read_question(form: FormReader, kind: QuestionKind, staff: Collection[str], today: date) -> Kept:
    """The question with its choices; every problem is noted in the form."""
    period = form.choice("period", PERIODS)
    since = until = None
    if period == "days":
        since, until = form.day("from", not_after=today), form.day("until", not_after=today)
        if since and until and until < since:
            form.refuse("until", "form.order_of_days")
    member = form.choice("staff", staff) if kind == "what_opened" else ""
    return Kept(
        question=kind,
        period=cast("Period", period or "month"),
        reference=_reference(form, "case"),
        person=_person(form) if kind == "who_saw" else None,
        staff=StaffId(member) if member else None,
        since=since,
        until=until,
    )


def read_keeping(form: FormReader, asked: Kept) -> Kept:
    """The same question, to be kept under the number that is typed for it, if any."""
    typed = _reference(form, "reference")
    return msgspec.structs.replace(asked, reference=typed or asked.reference)


def fields_of(kept: Kept) -> tuple[FieldLine, ...]:
    """The fields with which the same question is asked again."""
    sent = {
        "period": kept.period,
        "person": kept.person or "",
        "staff": kept.staff or "",
        "case": kept.reference,
        **prefill_day("from", kept.since),
        **prefill_day("until", kept.until),
    }
    return tuple(FieldLine(name, value) for name, value in sent.items() if value)


def read_case(form: FormReader) -> CaseSearch:
    """Who is looked for, and for which case."""
    case = _reference(form, "case")
    if not case and not form.problems:
        form.refuse("case", "form.missing")
    return CaseSearch(
        case=case,
        purpose=cast("CasePurpose", form.choice("purpose", PURPOSES) or "complaint"),
        names=form.text("names"),
        birth_date=form.day("birth_date"),
    )


def read_judgement(form: FormReader) -> Judgement:
    """What was found of one entry."""
    verdict = form.choice("verdict", VERDICTS)
    finding = form.choice("finding", FINDINGS, required=verdict == "wrong")
    return Judgement(
        verdict=cast("Verdict", verdict or "asked"),
        finding="" if verdict == "in_order" else cast("Finding", finding),
        note=form.text("note", required=False, max_length=LONGEST_NOTE),
    )


def _reference(form: FormReader, name: str) -> str:
    typed = read_reference(form.text(name, required=False, max_length=40))
    for problem in problem_of_reference(typed, name) if typed else ():
        form.refuse(problem.field, problem.code)
    return typed


def _person(form: FormReader) -> PersonId | None:
    typed = form.text("person", max_length=36)
    if typed and not is_id(typed):
        form.refuse("person", "form.no_id")
    return PersonId(typed) if typed else None
