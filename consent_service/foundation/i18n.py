"""What people read: Dutch source sentences, their translations, dates and numbers as they write them.

A message id is the Dutch sentence itself, with `{name}` placeholders. Translations are the `.po` files in
`consent_service/locale/<language>/LC_MESSAGES/`, read at run time (no compiled files); `N_` marks a
sentence outside templates, `NN_` one that reads otherwise for one than for many. Sentences about wrong input
are `locale/problems/<language>.toml`, one per problem code. Consent texts are handled elsewhere
(`information.texts`), as are policy reasons (`policy.explain`): those are versioned and hashed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec
from babel import Locale, dates, numbers
from babel.messages.pofile import read_po

from consent_service.foundation.clock import AMSTERDAM
from consent_service.foundation.errors import Problem

SUPPORTED: Final = ("nl", "en")
"""Languages in which every sentence exists, the source language first."""
FAMILY: Final = (*SUPPORTED, "ar", "ti", "tr", "pl", "es", "uk")
"""Languages of what a parent or child reads; those beyond `SUPPORTED` have these sentences only."""
SOURCE: Final = "nl"
LOCALE_FOLDER: Final = Path(__file__).resolve().parent.parent / "locale"

DateLength = Literal["short", "medium", "long", "full"]

_WRITTEN_AS: Final = {"en": "en_GB"}
"""Day before month in every language, as people here write it."""
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_UNKNOWN_PROBLEM: Final = "invalid"


def N_(sentence: str) -> str:  # noqa: N802 - the name gettext users know
    """Mark a Dutch sentence for translation at the edge; returns it unchanged."""
    return sentence


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Dutch sentence for one and for any other number; `by` is the placeholder that holds the number."""

    one: str
    many: str
    by: str = "count"


def NN_(one: str, many: str, *, by: str = "count") -> Counted:  # noqa: N802 - beside `N_`
    """Mark a Dutch sentence that counts something for translation at the edge (ngettext)."""
    return Counted(one, many, by)


class LanguageReview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who checked the words of the interface in a language; `source` is what the others translate."""

    review: Literal["source", "draft", "reviewed"]
    reviewer: str


class _Catalogue(msgspec.Struct, frozen=True):
    """The finished translations of one language: of a sentence, and the forms of one that counts."""

    sentences: dict[str, str] = {}
    forms: dict[str, tuple[str, ...]] = {}


class Translator:
    """One language of the interface. Get it from `translator`, which keeps one per language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = Locale.parse(_WRITTEN_AS.get(language, language))
        catalogue = _read_catalogue(language)
        self._sentences: Mapping[str, str] = catalogue.sentences
        self._forms: Mapping[str, tuple[str, ...]] = catalogue.forms

    def text(self, msgid: str | Counted, /, **params: object) -> str:
        """The sentence in this language, placeholders filled; the Dutch one where no translation exists.

        Nothing is escaped: a template escapes the result as a whole.

        Raises:
            KeyError: the sentence has a placeholder for which no value was given.
            ValueError: what a sentence counts by is no whole number.
        """
        if isinstance(msgid, Counted):
            return self.counted(msgid.one, msgid.many, int(str(params[msgid.by])), **params)
        return _fill(self._sentences.get(msgid, msgid), params)

    def counted(self, one: str, many: str, number: int, /, **params: object) -> str:
        """The sentence in the form this language has for `number` (CLDR: one, other), placeholders filled.

        Raises:
            KeyError: as for `text`.
        """
        forms = self._forms.get(one, (one, many))
        return _fill(forms[self._locale.plural_form(number) != "one"], params)

    @property
    def name(self) -> str:
        """The language's own name, as its speakers look for it in a list."""
        return language_name(self.language)

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """The writing direction, for the `dir` attribute."""
        return "rtl" if self._locale.text_direction == "rtl" else "ltr"

    def date(self, day: date, length: DateLength = "long") -> str:
        """A calendar day, e.g. "1 september 2026"."""
        return dates.format_date(day, format=length, locale=self._locale)

    def time(self, instant: datetime) -> str:
        """The time of day in the Netherlands at `instant`, hours and minutes."""
        return dates.format_time(instant, "HH:mm", tzinfo=AMSTERDAM, locale=self._locale)

    def instant(self, instant: datetime, length: DateLength = "long") -> str:
        """Day and time of day in the Netherlands at `instant`, e.g. "1 september 2026 10:00"."""
        return f"{self.date(instant.astimezone(AMSTERDAM).date(), length)} {self.time(instant)}"

    def number(self, value: int | Decimal) -> str:
        """A number with the separators of this language, e.g. "1.234" in Dutch."""
        return numbers.format_decimal(value, locale=self._locale)


@cache
def translator(language: str) -> Translator:
    """The translator of `language`.

    Raises:
        KeyError: the language is not one of `FAMILY`.
    """
    if language not in FAMILY:
        raise KeyError(language)
    return Translator(language)


@cache
def reviews(path: Path = LOCALE_FOLDER / "reviews.toml") -> Mapping[str, LanguageReview]:
    """The review of every language of `FAMILY`.

    Raises:
        ValueError: a language has none, or is reviewed by nobody.
    """
    found = msgspec.toml.decode(path.read_bytes(), type=dict[str, LanguageReview])
    nameless = [name for name, one in found.items() if one.review == "reviewed" and not one.reviewer.strip()]
    if found.keys() != set(FAMILY) or nameless:
        raise ValueError(f"{path.name}: each language once, and a reviewed one with the name of who did it")
    return found


def is_draft(language: str) -> bool:
    """Whether no human has checked the words in this language yet."""
    return reviews()[language].review == "draft"


def family_languages(*, drafts: bool) -> tuple[str, ...]:
    """The languages a family is offered: without drafts where real families decide."""
    return tuple(language for language in FAMILY if drafts or not is_draft(language))


def language_name(language: str) -> str:
    """What the speakers of `language` call it, starting with a capital: "Nederlands", "English"."""
    name = Locale.parse(language).get_display_name(language) or language
    return name[:1].upper() + name[1:]


def choose_language(accepted: str, *, default: str = SOURCE, offered: Collection[str] = SUPPORTED) -> str:
    """The best of the languages `offered` for an `Accept-Language` header (RFC 9110 section 12.5.4)."""
    best, best_weight = default, 0.0
    for part in accepted.split(","):
        tag, _, parameter = part.strip().partition(";")
        language = tag.partition("-")[0].lower()
        weight = _weight(parameter)
        if language in offered and weight > best_weight:
            best, best_weight = language, weight
    return best


def problem_sentence(problem: Problem, language: str) -> str:
    """What to do about `problem`, in `language`. An unknown code gets the general sentence."""
    sentences = problem_sentences(language)
    return _fill(sentences.get(problem.code, sentences[_UNKNOWN_PROBLEM]), problem.params)


@cache
def problem_sentences(language: str) -> Mapping[str, str]:
    """Every problem code with its sentence in `language`; in Dutch where a family never meets it."""
    with (LOCALE_FOLDER / "problems" / f"{language}.toml").open("rb") as file:
        found = dict(_flatten(tomllib.load(file)))
    return found if language == SOURCE else {**problem_sentences(SOURCE), **found}


def _flatten(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """`a.b = "..."` is the code `a.b`, whether TOML read it as a quoted key or as a table."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def _read_catalogue(language: str) -> _Catalogue:
    """Finished translations only: what a translator marked fuzzy is not shown."""
    found = _Catalogue()
    for path in sorted((LOCALE_FOLDER / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=language, charset="utf-8")
        for message in catalog:
            if not message.id or message.fuzzy or not message.string:
                continue
            if isinstance(message.id, str):
                found.sentences[message.id] = str(message.string)
            elif all(message.string):
                found.forms[message.id[0]] = tuple(message.string)
    return found


def _fill(sentence: str, params: Mapping[str, object]) -> str:
    """Replace each `{name}`; unlike `str.format`, no attribute or index of a value can be reached."""
    return _PLACEHOLDER.sub(lambda found: str(params[found[1]]), sentence)


def _weight(parameter: str) -> float:
    if not parameter.strip():
        return 1.0
    try:
        return float(parameter.strip().removeprefix("q="))
    except ValueError:
        return 0.0
