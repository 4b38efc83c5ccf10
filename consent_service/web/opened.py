"""Opened records and refusals as parts of a page: labels, choices and days in the reader's language.

What may be opened is decided in `release`; here nothing is judged and nothing is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from consent_service.foundation.clock import local_date
from consent_service.foundation.i18n import translator
from consent_service.information.model import Catalogue, FieldSpec
from consent_service.information.texts import LanguageTexts, TypeText
from consent_service.records.model import OpenedRecord, expires
from consent_service.release.model import Refused, RefusedLine, Released
from consent_service.web.components import FieldLine, RecordPart, RefusedPart, ReleasedPart
from consent_service.web.vocabulary import EXPLICIT


def released_part(
    outcome: Released | Refused, *, catalogue: Catalogue, texts: LanguageTexts, at: datetime, written_by: str
) -> ReleasedPart:
    """The outcome of one request. `written_by` names the other side: its role and organisation."""
    opened = outcome.records if isinstance(outcome, Released) else ()
    return ReleasedPart(
        purpose=outcome.purpose,
        at=at,
        records=tuple(
            record_part(one, catalogue=catalogue, texts=texts, written_by=written_by) for one in opened
        ),
        refused=refused_parts(outcome.refused, texts),
    )


def record_part(
    record: OpenedRecord, *, catalogue: Catalogue, texts: LanguageTexts, written_by: str
) -> RecordPart:
    """One opened record with the words of its type."""
    kind = catalogue.types[record.information_type]
    text = texts.types[record.information_type]
    until = expires(kind, record.fields, record.written_at)
    return RecordPart(
        type_key=kind.key,
        label=text.label,
        written_at=record.written_at,
        written_by=written_by,
        until=None if until is None else local_date(until),
        lines=tuple(
            FieldLine(text.fields[spec.name].label, value_in_words(spec, record.fields[spec.name], text))
            for spec in kind.fields
            if record.fields.get(spec.name)
        ),
        not_in_file="not_in_file" in kind.rules,
    )


def refused_parts(lines: Sequence[RefusedLine], texts: LanguageTexts) -> tuple[RefusedPart, ...]:
    """What is not shown, each with the sentence that `release` already worded."""
    return tuple(RefusedPart(texts.types[one.information_type].label, one.sentence) for one in lines)


def value_in_words(spec: FieldSpec, value: str, text: TypeText) -> str:
    """A choice by its label, yes or no and a day as people write them, anything else as it was typed."""
    if spec.kind == "choice":
        return text.fields[spec.name].choices.get(value, value)
    if spec.kind == "yes_no" and value in EXPLICIT:
        return translator(text.language).text(EXPLICIT[value])
    if spec.kind == "date":
        return translator(text.language).date(date.fromisoformat(value))
    return value
