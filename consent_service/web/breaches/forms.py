"""What is entered about a breach, read into structs of the service."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, cast, get_args

from consent_service.foundation.clock import AMSTERDAM, local_date
from consent_service.foundation.ids import EntryId, StaffId, is_id
from consent_service.rights.breaches.model import (
    BreachKind,
    Consequence,
    Keys,
    LateReason,
    Measure,
    NewBreach,
    Question,
    QuestionKind,
    instant_of,
)
from consent_service.rights.breaches.service import Description, Reported
from consent_service.web.breaches.words import BREACH_TABLES
from consent_service.web.forms import FormReader, prefill_day

_TIME: Final = r"([01]\d|2[0-3]):[0-5]\d"
_WORDS: Final = 2000
_DIGEST: Final = 64


def read_new(form: FormReader) -> NewBreach | None:
    """A breach; None when something is missing or wrong."""
    kind = form.choice("breach_kind", get_args(BreachKind))
    known = _moment(form, "discovered", "discovered_time")
    first, last = form.day("happened_from"), form.day("happened_until")
    nature = form.text("nature", max_length=_WORDS)
    if form.problems or known is None or first is None or last is None:
        return None
    return NewBreach(
        kind=cast("BreachKind", kind),
        discovered_at=known,
        happened_from=first,
        happened_until=last,
        nature=nature,
    )


def read_question(form: FormReader) -> Question | None:
    """A question; fields that belong to another kind are left out, whatever stands in them."""
    kind = form.choice("question", get_args(QuestionKind))
    if kind == "entry":
        return _of_entry(form)
    if kind == "backup":
        return _of_backup(form)
    since, until = form.day("seen_from"), form.day("seen_until")
    actor = form.text("seen_by", required=False, max_length=36) if kind in ("actor", "tablet") else ""
    device = form.text("device", required=False, max_length=_DIGEST) if kind == "tablet" else ""
    if form.problems:
        return None
    return Question(
        kind=cast("QuestionKind", kind),
        since=since,
        until=until,
        actor=StaffId(actor) if actor else None,
        device=device or None,
    )


def _of_entry(form: FormReader) -> Question | None:
    entry = form.text("entry_number", max_length=36)
    if entry and not is_id(entry):
        form.refuse("entry_number", "form.no_id")
    return None if form.problems else Question(kind="entry", entry=EntryId(entry))


def _of_backup(form: FormReader) -> Question | None:
    keys, since = form.choice("key_copy", get_args(Keys)), form.day("seen_from")
    until = form.day("seen_until") if keys == "leaked" else None
    if form.problems:
        return None
    return Question(kind="backup", since=since, until=until, keys=cast("Keys", keys))


def read_description(form: FormReader) -> Description:
    """What happened; to be used only when the form has no problems."""
    measures = form.several("measures", get_args(Measure))
    consequences = form.several("consequences", get_args(Consequence))
    return Description(
        form.text("nature", max_length=_WORDS),
        form.text("measures_note", required=False, max_length=_WORDS),
        tuple(cast("Measure", one) for one in measures),
        tuple(cast("Consequence", one) for one in consequences),
    )


def read_reported(form: FormReader) -> Reported | None:
    """That it was reported; None when something is missing or wrong."""
    at = _moment(form, "reported_on", "reported_time")
    reference = form.text("reference", required=False, max_length=40)
    late = form.choice("late_reason", get_args(LateReason), required=False)
    note = form.text("late_note", required=False, max_length=_WORDS)
    if form.problems or at is None:
        return None
    return Reported(at, reference, cast("LateReason", late) if late else None, note)


def moment_fields(day: str, time: str, at: datetime) -> dict[str, str]:
    """A moment as the two fields of a form show it."""
    return {**prefill_day(day, local_date(at)), time: f"{at.astimezone(AMSTERDAM):%H:%M}"}


def question_fields(since: date, until: date) -> dict[str, str]:
    """The period that a question begins with."""
    return {**prefill_day("seen_from", since), **prefill_day("seen_until", until)}


def codes_of(table: str) -> tuple[str, ...]:
    """The codes of a table of words."""
    return tuple(BREACH_TABLES[table])


def _moment(form: FormReader, day: str, time: str) -> datetime | None:
    on = form.day(day)
    said = form.matching(time, _TIME, code="content.time_invalid")
    if on is None or form.problems:
        return None
    at = instant_of(on, int(said[:2]), int(said[3:]))
    if at is None:
        form.refuse(time, "breach.hour_skipped")
    return at
