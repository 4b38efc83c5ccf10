"""Every sentence a parent or child can read is there in every language of families, and kept alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from consent_service.foundation.i18n import FAMILY, LOCALE_FOLDER, SUPPORTED, problem_sentences, translator
from consent_service.web.rendering import TEMPLATES, render_text
from consent_service.web.vocabulary import TABLES
from tests.web.examples import context, examples

PACKAGE = LOCALE_FOLDER.parent
OTHERS = tuple(language for language in FAMILY if language not in SUPPORTED)
FRAMES = ("parent.html", "child.html")
_USED = re.compile(r"""(?:extends|import|from|include) "([^"]+)\"""")
_CODES = re.compile(r'"((?:[a-z_]+\.)?[a-z_]+)"')
READERS = ("web/intake", "web/child", "web/page", "web/parent", "web/inbox/forms.py", "web/forms.py")
"""Where what a family entered is read."""
_OF_STAFF = frozenset({"interpreter_confirm"})


def family_templates() -> set[str]:
    """Templates that extend a family's frame, and whatever those take in."""
    sources = {path.relative_to(TEMPLATES).as_posix(): path.read_text() for path in TEMPLATES.rglob("*.html")}
    found = {name for name, text in sources.items() if any(f'extends "{frame}"' in text for frame in FRAMES)}
    open_ones = set(found)
    while open_ones:
        used = {name for one in open_ones for name in _USED.findall(sources[one])}
        open_ones = used - found
        found |= used
    return found


def _sentences() -> Iterator[str]:
    wanted = family_templates()
    found = extract_from_dir(
        TEMPLATES,
        method_map=[("**.html", "jinja2.ext:babel_extract")],
        options_map={"**": {"silent": "false", "encoding": "utf-8"}},
        keywords={"_": None},
        directory_filter=lambda _: True,
    )
    yield from (str(message) for path, _, message, _, _ in found if path in wanted and message)
    for path in wanted:
        for table in re.findall(r'word\("(\w+)"\)', (TEMPLATES / path).read_text()):
            yield from map(str, TABLES[table].values())


def _missing(language: str) -> set[str]:
    return {one for one in _sentences() if one and one not in translator(language)._sentences}


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_of_a_familys_page_is_translated(language: str) -> None:
    assert sorted(_missing(language)) == []


def test_a_sentence_that_is_missing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    said = translator("ar")
    monkeypatch.setattr(said, "_sentences", {k: v for k, v in said._sentences.items() if k != "Snel weg"})

    assert _missing("ar") == {"Snel weg"}


@pytest.mark.parametrize("language", OTHERS)
def test_a_familys_example_pages_show_no_sentence_in_dutch(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, missed = translator(language), set[str]()
    views = examples(language).items()
    pages = {name: view for name, view in views if name.startswith(("intake-", "parent-"))}

    class Told(dict[str, str]):
        def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
            if key not in self:
                missed.add(key)
            return super().get(key, default)

    monkeypatch.setattr(said, "_sentences", Told(said._sentences))
    for name, view in pages.items():
        render_text(view, context(name, language))

    assert sorted(missed) == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_a_family_does_wrong_is_told_in_its_language(language: str) -> None:
    known = problem_sentences("nl").keys()
    path = LOCALE_FOLDER / "problems" / f"{language}.toml"
    told = set(re.findall(r'^"([^"]+)" =', path.read_text(encoding="utf-8"), re.MULTILINE))
    asked = {code for where in READERS for text in _texts(PACKAGE / where) for code in _CODES.findall(text)}

    assert sorted((asked & known) - told - _OF_STAFF) == []
    assert told <= known


def _texts(where: Path) -> Iterator[str]:
    for path in sorted(where.glob("*.py")) if where.is_dir() else [where]:
        yield path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_keeps_placeholders_and_is_written_in_one_way(language: str) -> None:
    pairs = {**translator(language)._sentences}
    dutch = problem_sentences("nl")
    pairs |= {dutch[code]: said for code, said in problem_sentences(language).items()}
    for source, said in pairs.items():
        assert set(re.findall(r"\{\w+\}", said)) == set(re.findall(r"\{\w+\}", source)), source
        assert said == unicodedata.normalize("NFC", said).strip(), source
        assert "\N{EM DASH}" not in said, source


@pytest.mark.parametrize("language", OTHERS)
def test_no_file_holds_a_sentence_that_nobody_says(language: str) -> None:
    ours = set(translator(language)._sentences)

    assert sorted(ours - translator("en")._sentences.keys()) == []
