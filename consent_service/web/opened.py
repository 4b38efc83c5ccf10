"""Opened records and refusals as parts of a page: labels, choices and days in the reader's language.

What may be opened is decided in `release`; here nothing is judged and nothing is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from consent_service.foundation.clock import local_date
from consent_service.foundation.i18n import translator
from consent_service.information.model import Catalogue, FieldSpec
from consent_service.information.texts import LanguageTexts, TypeText
from consent_service.records.model import OpenedRecord, expires
from consent_service.release.model import Refused, RefusedLine, Released
from consent_service.web.components import FieldLine, RecordPart, RefusedPart, ReleasedPart
from consent_service.web.vocabulary import EXPLICIT

SHOWN_AS: Final = "shown_as"
"""The field in which the parents chose by which name the school knows the organisation."""
NAMED_BY_THE_TEXT: Final[Mapping[str, str]] = {}


def released_part(
    outcome: Released | Refused,
    *,
    catalogue: Catalogue,
    texts: LanguageTexts,
    at: datetime,
    written_by: str,
    shown_as: Mapping[str, str] = NAMED_BY_THE_TEXT,
) -> ReleasedPart:
    """The outcome of one request. `written_by` names the other side: its role and organisation.

    `shown_as` are the names of the organisation, by the choice that was made about it.
    """
    opened = outcome.records if isinstance(outcome, Released) else ()
    return ReleasedPart(
        purpose=outcome.purpose,
        at=at,
        records=tuple(
            record_part(one, catalogue=catalogue, texts=texts, written_by=written_by, shown_as=shown_as)
            for one in opened
        ),
        refused=refused_parts(outcome.refused, texts),
    )


def record_part(
    record: OpenedRecord,
    *,
    catalogue: Catalogue,
    texts: LanguageTexts,
    written_by: str,
    shown_as: Mapping[str, str] = NAMED_BY_THE_TEXT,
) -> RecordPart:
    """One opened record with the words of its type, and the organisation by the name that was chosen."""
    kind = catalogue.types[record.information_type]
    text = texts.types[record.information_type]
    until = record.expires_at or expires(kind, record.fields, record.written_at)
    return RecordPart(
        type_key=kind.key,
        label=text.label,
        written_at=record.written_at,
        written_by=written_by,
        until=None if until is None else local_date(until),
        lines=tuple(
            FieldLine(
                text.fields[spec.name].label,
                (spec.name == SHOWN_AS and shown_as.get(value)) or value_in_words(spec, value, text),
            )
            for spec in kind.fields
            if (value := record.fields.get(spec.name))
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
