"""Reads a posted form: all problems at once, and what was entered is kept to show again.

Only shape is judged here (present, length, a real date, one of the choices); what it means is the
services' business, whose `InputError` ends up on the same page through `FormState.of`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from litestar import Request

from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import problem_sentence, translator
from consent_service.web.vocabulary import BLOCK_LABELS, FIELD_LABELS

CSRF_FIELD = "csrf"
"""Name of the hidden field that every POST form carries."""
DAY_PARTS = ("day", "month", "year")
_BLOCK_FIELD = re.compile(rf"(?P<block>{'|'.join(BLOCK_LABELS)})-(?P<number>\d{{1,2}})-(?P<name>\w+)")
_SECRET_FIELDS = frozenset({CSRF_FIELD, "pin", "pin_again", "digits", "passkey", "enrolment"})
"""Never shown again after a mistake."""


class Posted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser sent: every value of every name, as text. Uploaded files are not accepted."""

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, object]]) -> Posted:
        """Collects name-value pairs; anything that is not text is dropped, and NUL, which nobody types."""
        values: dict[str, tuple[str, ...]] = {}
        for name, value in pairs:
            if isinstance(value, str):
                values[name] = (*values.get(name, ()), value.replace("\0", ""))
        return cls(values)

    def first(self, name: str) -> str:
        """The first value of `name` without surrounding space; empty when it was not sent."""
        return self.values.get(name, ("",))[0].strip()

    def several(self, name: str) -> tuple[str, ...]:
        """Every value of `name`."""
        return self.values.get(name, ())


class ShownProblem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A problem in the reader's language, beside its field; `label` tells in the summary which field."""

    field: str
    sentence: str
    label: str = ""


class FormState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a form shows: the values entered so far and what is wrong with them."""

    values: Mapping[str, tuple[str, ...]] = {}
    problems: tuple[ShownProblem, ...] = ()

    @classmethod
    def of(
        cls,
        posted: Posted,
        problems: Sequence[Problem],
        *,
        language: str,
        labels: Mapping[str, str] = {},
    ) -> FormState:
        """The form as it was sent, with its problems in words. PINs are not kept.

        `labels` names generated fields (`sharing.field_labels`); all others are in `vocabulary`.
        """
        kept = {name: value for name, value in posted.values.items() if name not in _SECRET_FIELDS}
        shown = tuple(
            ShownProblem(
                p.field, problem_sentence(p, language), labels.get(p.field) or _label(p.field, language)
            )
            for p in problems
        )
        return cls(kept, shown)

    @classmethod
    def prefilled(cls, values: Mapping[str, str]) -> FormState:
        """A form that starts with what is already known."""
        return cls({name: (value,) for name, value in values.items()})

    def value(self, name: str) -> str:
        """What was entered in `name`, or nothing."""
        return self.values.get(name, ("",))[0]

    def has(self, name: str, value: str) -> bool:
        """Whether `value` was chosen for `name`."""
        return value in self.values.get(name, ())

    def problem(self, name: str) -> str:
        """The first problem of `name`, or nothing."""
        return next((shown.sentence for shown in self.problems if shown.field == name), "")


EMPTY = FormState()


def labels_in(language: str, labels: Mapping[str, str]) -> dict[str, str]:
    """Labels of fields that are called otherwise on this page, in the reader's language."""
    said = translator(language)
    return {field: said.text(label) for field, label in labels.items()}


async def read_form(request: Request[Any, Any, Any]) -> Posted:
    """The posted form of `request`."""
    form = await request.form()
    return Posted.of(form.multi_items())


class FormReader:
    """Reads typed values out of a posted form and collects every problem on the way.

    After reading, look at `problems` once: when there are any, what the readers returned stands in
    for a missing value and must not be used.
    """

    def __init__(self, posted: Posted) -> None:
        self._posted = posted
        self._problems: list[Problem] = []

    @property
    def posted(self) -> Posted:
        """What was sent, for readers of fields with a shape of their own."""
        return self._posted

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(self._problems)

    def refuse(self, field: str, code: str, **params: str) -> None:
        """Note a problem that only the form as a whole shows."""
        self._problems.append(Problem(field, code, params))

    def text(self, name: str, *, required: bool = True, max_length: int = 200) -> str:
        """One line or more of text, trimmed, without control characters."""
        value = "".join(c for c in self._posted.first(name) if c.isprintable() or c in "\n\t")
        if required and not value:
            self.refuse(name, "form.missing")
        elif len(value) > max_length:
            self.refuse(name, "form.too_long", max=str(max_length))
        return value

    def matching(self, name: str, pattern: str, *, code: str, required: bool = True) -> str:
        """Text that as a whole has the form `pattern`; `code` names the sentence that explains it."""
        value = self.text(name, required=required)
        if value and not re.fullmatch(pattern, value):
            self.refuse(name, code)
        return value

    def choice(self, name: str, choices: Collection[str], *, required: bool = True) -> str:
        """One of `choices`; nothing chosen is a problem, never a default."""
        value = self._posted.first(name)
        if value in choices or (not value and not required):
            return value
        self.refuse(name, "form.choose")
        return ""

    def several(self, name: str, choices: Collection[str], *, required: bool = False) -> tuple[str, ...]:
        """Any of `choices`, each once, in the order of the form."""
        values = tuple(dict.fromkeys(self._posted.several(name)))
        if any(value not in choices for value in values) or (required and not values):
            self.refuse(name, "form.choose")
            return ()
        return values

    def yes_no(self, name: str) -> bool:
        """A required yes or no."""
        return self.choice(name, ("yes", "no")) == "yes"

    def ticked(self, name: str) -> bool:
        """Whether the box was ticked; an unticked box is an answer too."""
        return bool(self._posted.first(name))

    def day(self, name: str, *, required: bool = True, not_after: date | None = None) -> date | None:
        """A calendar day from its three fields `name-day`, `name-month`, `name-year`."""
        parts = tuple(self._posted.first(f"{name}-{part}") for part in DAY_PARTS)
        if not any(parts):
            if required:
                self.refuse(name, "form.missing_date")
            return None
        day = _calendar_day(parts)
        if day is None:
            self.refuse(name, "form.no_date")
        elif not_after is not None and day > not_after:
            self.refuse(name, "form.date_in_future")
        return day

    def rows(self, prefix: str) -> tuple[str, ...]:
        """The prefixes (`child-0`, `child-2`) of the repeated groups that were filled in at all.

        A group counts when one of its fields holds something; when all are empty it is the first, so
        that everything missing from it is told.
        """
        pattern = re.compile(rf"{re.escape(prefix)}-(\d{{1,2}})-.+")
        found = {
            int(match[1])
            for name, values in self._posted.values.items()
            if (match := pattern.fullmatch(name)) and any(value.strip() for value in values)
        }
        return tuple(f"{prefix}-{number}" for number in sorted(found or {0}))


def prefill_day(name: str, day: date | None) -> dict[str, str]:
    """The three values that show `day` in a date field, for `FormState.prefilled`."""
    if day is None:
        return {}
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def _label(field: str, language: str) -> str:
    """`Kind 2, Geboortedatum` for `child-1-birth_date`; empty for a field that explains itself."""
    sentences = translator(language)
    block = _BLOCK_FIELD.fullmatch(field)
    label = FIELD_LABELS.get(block["name"] if block else field, "")
    if not label or block is None:
        return sentences.text(label) if label else ""
    number = str(int(block["number"]) + 1)
    return f"{sentences.text(BLOCK_LABELS[block['block']], number=number)}, {sentences.text(label)}"


def _calendar_day(parts: tuple[str, ...]) -> date | None:
    if not all(part.isascii() and part.isdigit() for part in parts) or len(parts[2]) != 4:
        return None
    try:
        return date(int(parts[2]), int(parts[1]), int(parts[0]))
    except ValueError:
        return None
