"""Tests of `consent_service.foundation.i18n`, and that nothing a person reads lacks a translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import (
    LOCALE_FOLDER,
    N_,
    NN_,
    SOURCE,
    SUPPORTED,
    choose_language,
    language_name,
    problem_sentence,
    problem_sentences,
    translator,
)

PACKAGE = LOCALE_FOLDER.parent
TRANSLATIONS = tuple(language for language in SUPPORTED if language != SOURCE)


def _in_templates(folder: Path) -> Iterator[str | tuple[str, ...]]:
    found = extract_from_dir(
        folder,
        method_map=[("**.html", "jinja2.ext:babel_extract"), ("**.txt", "jinja2.ext:babel_extract")],
        options_map={"**": {"silent": "false", "encoding": "utf-8"}},
        keywords={"_": None, "gettext": None, "ngettext": (1, 2)},
        directory_filter=lambda _: True,  # else folders that start with _ are passed over
    )
    for _, _, message, _, _ in found:
        if message and message[0]:
            yield message


def _calls(folder: Path) -> Iterator[ast.Call]:
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _in_code(folder: Path) -> Iterator[str | tuple[str, ...]]:
    for call in _calls(folder):
        marks = isinstance(call.func, ast.Name) and call.func.id in {"N_", "_"}
        edge = (
            isinstance(call.func, ast.Attribute)
            and call.func.attr == "text"
            and "translator" in ast.unparse(call.func.value)
        )
        if (marks or edge) and call.args and (sentence := _constant(call.args[0])):
            yield sentence
        if isinstance(call.func, ast.Name) and call.func.id == "NN_":
            yield tuple(_constant(argument) or "" for argument in call.args)


def _constant(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _missing(folder: Path, language: str) -> set[str | tuple[str, ...]]:
    """Sentences without a translation; one that counts, without the two forms of every language we speak."""
    said = translator(language)
    found = {*_in_templates(folder), *_in_code(folder)}
    return {
        one
        for one in found
        if one not in said._sentences and (isinstance(one, str) or len(said._forms.get(one[0], ())) != 2)
    }


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_sentence_on_a_page_or_in_the_code_is_translated(language: str) -> None:
    missing = sorted(map(str, _missing(PACKAGE, language)))

    assert not missing, "\n".join(missing)


def test_a_sentence_without_a_translation_is_found_however_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "_parts").mkdir()
    (tmp_path / "_parts" / "_part.html").write_text("{{ _('In een deel') }}")
    (tmp_path / "page.html").write_text(
        """<p>{{ _('Enkele aanhaling') }}</p><p>{{ _("Dubbele {naam}", naam=x) }}</p>"""
        """{% if x == _("In een test") %}{% trans %}Tussen de regels{% endtrans %}{% endif %}"""
        """{{ ngettext("Eén", "Meer", 3) }}"""
    )
    (tmp_path / "code.py").write_text(
        'TITLE = N_("In de code")\nprint(translator.text("Aan de rand"))\n'
        'NN_("{count} ding", "{count} dingen")\n'
    )

    assert _missing(tmp_path, "en") == {
        "In een deel",
        "Enkele aanhaling",
        "Dubbele {naam}",
        "In een test",
        "Tussen de regels",
        "In de code",
        "Aan de rand",
        ("Eén", "Meer"),
        ("{count} ding", "{count} dingen"),
    }


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_keeps_every_placeholder(language: str) -> None:
    for sentence, translation in translator(language)._sentences.items():
        assert _placeholders(translation) == _placeholders(sentence), sentence
    for one, forms in translator(language)._forms.items():
        assert {frozenset(_placeholders(form)) for form in forms} == {frozenset(_placeholders(one))}, one


def test_one_is_counted_otherwise_than_many() -> None:
    children = NN_("Zoeksleutel vervangen voor {count} kind.", "Zoeksleutel vervangen voor {count} kinderen.")
    for language, one, many in (("nl", "1 kind.", "0 kinderen."), ("en", "1 child.", "0 children.")):
        said = translator(language)
        assert said.text(children, count="1").endswith(one)
        assert said.text(children, count=0).endswith(many)
    with pytest.raises(ValueError, match="invalid literal"):
        translator("nl").text(children, count="1+")


def test_no_number_of_entries_is_said_in_the_plural_only() -> None:
    """`1 regels` is what a newcomer sees first; whoever counts entries has a form for one."""
    said = {one for one in (*_in_templates(PACKAGE), *_in_code(PACKAGE)) if isinstance(one, str)}
    pattern = re.compile(r"\{\w+\} (\w+e )?(regels)\b")
    assert [one for one in sorted(said) if pattern.search(one)] == []
    assert pattern.search("Van het vorige zijn {lost} getekende regels weg")


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_two_packages_never_translate_one_sentence_differently(language: str) -> None:
    seen: dict[str, str] = {}
    for path in sorted((LOCALE_FOLDER / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language, abort_invalid=True):
                if message.id:
                    assert seen.setdefault(str(message.id), said := str(message.string)) == said, path.name


def _placeholders(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


def test_every_problem_has_a_sentence_in_every_language_with_the_same_placeholders() -> None:
    source = problem_sentences(SOURCE)
    for language in TRANSLATIONS:
        sentences = problem_sentences(language)
        assert sentences.keys() == source.keys()
        for code, sentence in sentences.items():
            assert _placeholders(sentence) == _placeholders(source[code]), code


def _problem_codes(folder: Path) -> set[str]:
    """The codes of every `Problem(field, "code", ...)` written out in the code below `folder`."""
    codes = set()
    for call in _calls(folder):
        if isinstance(call.func, ast.Name) and call.func.id == "Problem":
            named = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
            for node in (*call.args[1:2], *named):
                if code := _constant(node):
                    codes.add(code)
    return codes


def test_every_problem_code_in_the_code_has_a_sentence() -> None:
    missing = sorted(_problem_codes(PACKAGE) - problem_sentences(SOURCE).keys())

    assert not missing, "\n".join(missing)


def test_a_problem_code_without_a_sentence_is_found(tmp_path: Path) -> None:
    (tmp_path / "form.py").write_text(
        'Problem("name", "not.there")\nProblem(field="name", code="nor.there")\n'
    )

    assert _problem_codes(tmp_path) - problem_sentences(SOURCE).keys() == {"not.there", "nor.there"}


def test_an_unknown_problem_still_gets_a_sentence() -> None:
    assert problem_sentence(Problem("name", "never.heard"), "nl") == "Dit klopt niet. Kijk dit na."


def test_a_placeholder_never_reaches_inside_a_value() -> None:
    nl = translator("nl")

    assert nl.text("{name}: {name.__class__} {name[0]}", name="Sam") == "Sam: {name.__class__} {name[0]}"
    with pytest.raises(KeyError):
        nl.text("Hallo {name}")


def test_a_language_we_do_not_speak_is_refused() -> None:
    with pytest.raises(KeyError):
        translator("../../etc")


def test_dates_times_and_numbers_are_written_as_the_reader_does() -> None:
    nl, en = translator("nl"), translator("en")
    instant = datetime(2026, 8, 31, 22, 30, tzinfo=UTC)

    assert nl.instant(instant) == "1 september 2026 00:30"
    assert en.date(date(2026, 9, 1)) == "1 September 2026"
    assert (nl.number(12345), en.number(12345)) == ("12.345", "12,345")
    assert (nl.direction, translator("nl")) == ("ltr", nl)


def test_languages_carry_their_own_name() -> None:
    assert [language_name(language) for language in ("nl", "en", "ar", "ti")] == [
        "Nederlands",
        "English",
        "العربية",
        "ትግርኛ",
    ]
    assert translator("nl").name == "Nederlands"


def test_a_marked_sentence_is_unchanged() -> None:
    assert N_("Ja") == "Ja"


@pytest.mark.parametrize(
    "accepted,language",
    [
        ("", "nl"),
        ("de, fr;q=0.9", "nl"),
        ("en-GB,en;q=0.9,nl;q=0.8", "en"),
        ("en;q=0.3, nl;q=0.7", "nl"),
        ("en;q=zero", "nl"),
        ("en;q=0", "nl"),
        ("*", "nl"),
    ],
)
def test_the_browser_s_language_is_followed_where_we_speak_it(accepted: str, language: str) -> None:
    assert choose_language(accepted) == language
