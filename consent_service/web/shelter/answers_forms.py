"""The forms on which a counsellor passes answers on, as typed values; what may count is the service's."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Final, cast

from consent_service.consent.model import Answer, Interpreter, OralReason
from consent_service.consent.statement import (
    LONGEST_NOTE,
    Answered,
    PaperKept,
    PassedOnMethod,
    Statement,
)
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, TypeKey
from consent_service.web.forms import DAY_PARTS, FormReader, Posted
from consent_service.web.vocabulary import INTERPRETERS, ORAL_REASONS, PAPER_KEPT, PASSED_ON_METHODS

_ANSWERS: Final = ("yes", "no", "later")
_QUESTION: Final = re.compile(r"answer-(?P<relationship>[0-9a-f-]{36})-(?P<key>[a-z_]{1,40})")
ABOUT: Final = (
    *("person", "method", "language", "interpreter", "reason", "kept", "note"),
    *(f"said_on-{part}" for part in DAY_PARTS),
)
"""The fields of the first page, which travel along to the last."""
_LABELS: Final[Mapping[str, str]] = {
    "person": N_("Van wie zijn de antwoorden?"),
    "method": N_("Hoe gaf deze persoon antwoord?"),
    "said_on": N_("Op welke dag was dat?"),
    "language": N_("In welke taal waren de vragen?"),
    "reason": N_("Waarom kon de persoon niet tekenen?"),
    "kept": N_("Waar ligt het getekende formulier?"),
    "note": N_("Notitie"),
    "answers": N_("Antwoorden"),
    "confirmed": N_("Nagekeken"),
}


def labels_of(language: str) -> dict[str, str]:
    """What the fields of these pages are called in the summary of problems."""
    said = translator(language)
    return {field: said.text(label) for field, label in _LABELS.items()}


def read_about(
    form: FormReader,
    *,
    family: FamilyId,
    people: Collection[str],
    languages: Collection[str],
    today: date,
) -> Statement:
    """Who answered, how and when; without answers yet. What goes with the other method is left out."""
    method = cast(PassedOnMethod, form.choice("method", PASSED_ON_METHODS) or "oral")
    person = form.choice("person", people)
    language = form.choice("language", languages)
    interpreter = cast(Interpreter, form.choice("interpreter", INTERPRETERS) or "none")
    said_on = form.day("said_on", not_after=today) or today
    paper = form.posted.first("method") == "paper"
    aloud = form.posted.first("method") == "oral"
    reason = form.choice("reason", ORAL_REASONS) if aloud else ""
    kept = form.choice("kept", PAPER_KEPT) if paper else ""
    return Statement(
        family=family,
        person=PersonId(person),
        method=method,
        said_on=said_on,
        language=language,
        interpreter=interpreter,
        answers=tuple(read_answers(form)),
        form=form.posted.first("step"),
        reason=cast(OralReason | None, reason or None),
        kept=cast(PaperKept | None, kept or None),
        note=form.text("note", required=False, max_length=LONGEST_NOTE),
    )


def read_answers(form: FormReader) -> Iterator[Answered]:
    """Every answer that was sent, also to a question that was not asked: the service refuses that."""
    for name in form.posted.values:
        question = _QUESTION.fullmatch(name)
        if question is None or not form.posted.first(name):
            continue
        answer = form.choice(name, _ANSWERS)
        if answer:
            yield Answered(
                RelationshipId(question["relationship"]),
                TypeKey(question["key"]),
                cast(Answer, answer),
                form.posted.first(version_field(question["relationship"], question["key"])),
            )


def version_field(relationship: str, key: str) -> str:
    """Where the version of the words of one question stands."""
    return f"text-{relationship}-{key}"


def sent_along(posted: Posted, *, answers: bool) -> Iterator[tuple[str, str]]:
    """The fields of the first page, and those of the second with `answers`."""
    for name in posted.values:
        if name in ABOUT or (answers and (_QUESTION.fullmatch(name) or name.startswith("text-"))):
            yield name, posted.first(name)
