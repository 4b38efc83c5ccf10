"""Turns a view into HTML in the reader's language. Names are isolated, every value is escaped.

An undefined value is an error, never an empty string: a page with a hole in it must not be shown.
Sentences come from `foundation.i18n`, words for codes from `vocabulary`, headers from `security`.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from litestar.enums import MediaType
from markupsafe import Markup, escape

from consent_service.foundation.clock import AMSTERDAM, local_date
from consent_service.foundation.i18n import N_, Translator, translator
from consent_service.web.components import Option
from consent_service.web.pages import PageContext, View
from consent_service.web.vocabulary import TABLES, tone, word

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
STATIC = HERE / "static"
STATIC_PATH = "/static"
PICTOGRAMS = tuple(re.findall(r'<symbol id="(\w+)"', (STATIC / "pictograms.svg").read_text()))
"""Names of the pictograms: one per information type, and `information` for a type without its own."""
_OPEN, _CLOSE = "\ue000", "\ue001"


def render(view: View, page: PageContext, *, status: int = 200) -> Response[str]:
    """The answer that shows `view` in the language of `page`.

    Raises:
        jinja2.UndefinedError: the template asks for something the view does not have.
    """
    return Response(render_text(view, page), status_code=status, media_type=MediaType.HTML)


def render_text(view: View, page: PageContext) -> str:
    """The HTML of `view`, without an answer around it."""
    return environment(page.language).get_template(view.template).render(view=view, page=page)


@functools.cache
def environment(language: str) -> Environment:
    """The one Jinja environment of `language`."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sentences = translator(language)
    made.globals["_"] = functools.partial(sentence, sentences)
    made.globals["ngettext"] = functools.partial(counted_sentence, sentences)
    made.globals["static"] = static_address
    made.filters["tone"] = tone
    made.globals["letters_of"] = letters_of
    made.globals["direction"] = sentences.direction
    made.globals["pictogram"] = pictogram_address
    made.filters["name"] = isolated
    made.filters["word"] = functools.partial(_word_in, sentences)
    made.filters["pairs"] = functools.partial(_pairs_in, sentences)
    made.filters["options"] = _pairs_of
    made.filters["day"] = functools.partial(day_in_words, language=language)
    made.filters["short_day"] = day_in_digits
    made.filters["day_until"] = functools.partial(days_in_words, language=language)
    made.filters["moment"] = functools.partial(moment_in_words, language=language)
    made.filters["moment_until"] = functools.partial(moments_in_words, language=language)
    return made


def sentence(sentences: Translator, msgid: str, **params: object) -> Markup:
    """The translated sentence with its parameters escaped; `Markup` parameters stay markup."""
    return _escaped(functools.partial(sentences.text, msgid), params)


def counted_sentence(sentences: Translator, one: str, many: str, number: int, /, **params: object) -> Markup:
    """As `sentence`, in the form for `number`."""
    return _escaped(functools.partial(sentences.counted, one, many, number), params)


def _escaped(said: Callable[..., str], params: Mapping[str, object]) -> Markup:
    marked = {key: f"{_OPEN}{key}{_CLOSE}" for key in params}
    text = str(escape(said(**marked)))
    for key, value in params.items():
        text = text.replace(f"{_OPEN}{key}{_CLOSE}", str(escape(value)))
    return Markup(text)  # noqa: S704 - built from escaped parts only


def isolated(name: str) -> Markup:
    """A name keeps its own writing direction inside any sentence."""
    return Markup("<bdi>{}</bdi>").format(name)


def day_in_words(day: date, *, language: str) -> str:
    """`1 september 2026`. An instant counts as its day in the Netherlands."""
    return translator(language).date(_local_day(day))


def days_in_words(first: date, last: date | None, *, language: str) -> str:
    """`1 september 2026 tot en met 4 september 2026`; one day when both are the same, or without a last."""
    begin, end = day_in_words(first, language=language), last and day_in_words(last, language=language)
    if end is None or end == begin:
        return begin
    return translator(language).text(N_("{first} tot en met {last}"), first=begin, last=end)


def day_in_digits(day: date) -> str:
    """`01-09-2026`: day, month, year in every language, as people here write it."""
    return _local_day(day).strftime("%d-%m-%Y")


def moment_in_words(instant: datetime, *, language: str) -> str:
    """`di 1 september 2026, 10:00`, in Dutch time."""
    pattern = "EEE d MMMM y, HH:mm"
    return format_datetime(instant, pattern, tzinfo=AMSTERDAM, locale=language)


def moments_in_words(first: datetime, last: datetime | None, *, language: str) -> str:
    """`di 1 september 2026, 10:00 - 11:30`; both days when they differ, one moment without a last."""
    begin = moment_in_words(first, language=language)
    if last is None:
        return begin
    if local_date(first) != local_date(last):
        return f"{begin} - {moment_in_words(last, language=language)}"
    return f"{begin} - {format_datetime(last, 'HH:mm', tzinfo=AMSTERDAM, locale=language)}"


def letters_of(language: str) -> tuple[str, ...]:
    """The files of letters a page in this language is mostly written with, to be fetched at once."""
    script = {"ar": "arabic", "ti": "ethiopic", "uk": "cyrillic"}.get(language, "latin")
    regular = f"fonts/{script}-regular.woff2"
    return (regular,) if script == "ethiopic" else (regular, f"fonts/{script}-bold.woff2")


@functools.cache
def static_address(name: str) -> str:
    """The address of a static file; it changes with the content, so it may be cached for good.

    Raises:
        FileNotFoundError: no such file ships with the service.
    """
    path, _, fragment = name.partition("#")
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
    return f"{STATIC_PATH}/{path}?v={digest}" + (f"#{fragment}" if fragment else "")


def pictogram_address(type_key: str) -> str:
    """The address of the pictogram of an information type."""
    name = type_key if type_key in PICTOGRAMS else "information"
    return static_address(f"pictograms.svg#{name}")


def _local_day(day: date) -> date:
    return day.astimezone(AMSTERDAM).date() if isinstance(day, datetime) else day


def _word_in(sentences: Translator, code: str, table: str) -> Markup:
    return sentence(sentences, word(table, code))


def _pairs_of(options: Iterable[Option]) -> tuple[tuple[str, str], ...]:
    return tuple((option.value, option.label) for option in options)


def _pairs_in(sentences: Translator, table: str) -> tuple[tuple[str, Markup], ...]:
    return tuple((code, sentence(sentences, msgid)) for code, msgid in TABLES[table].items())
