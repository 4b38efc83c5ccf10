"""No page falls back to Dutch: the translator says what it did not have, in every language of every page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from consent_service.foundation.i18n import FAMILY, SOURCE, Translator, translator
from consent_service.web.pages import View
from consent_service.web.rendering import TEMPLATES, render_text
from tests.screens.combinations import languages_of, layout_of
from tests.web.examples import context, examples

OTHERS = tuple(language for language in FAMILY if language != SOURCE)
_CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_CLASSES = re.compile(r"\{% (?:block body_class|macro field_class)\b.*?\{% end(?:block|macro) %\}", re.DOTALL)
_TAG = re.compile(r"<[^>]*>", re.DOTALL)
_ATTRIBUTE = re.compile(r'[\w-]+="[^"]*"')
_SAID = re.compile(r'\b(?:aria-label|title|alt|placeholder)="([^"]*)"')
_NO_WORDS = frozenset({"PDF", "Handle", "with", "Care"})
"""The same in every language."""


@contextmanager
def _missed(sentences: Translator) -> Iterator[set[str]]:
    """What is asked for meanwhile and is not there."""
    missed: set[str] = set()

    class Told(dict[str, str]):
        def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
            if key not in self:
                missed.add(key)
            return super().get(key, default)

    class ToldForms(dict[str, tuple[str, ...]]):
        def get(self, key: str, default: object = None) -> tuple[str, ...]:
            if key not in self:
                missed.add(key)
            return super().get(key, default)  # type: ignore[arg-type]

    before, forms = sentences._sentences, sentences._forms
    sentences._sentences, sentences._forms = Told(before), ToldForms(forms)
    try:
        yield missed
    finally:
        sentences._sentences, sentences._forms = before, forms


def _render_all(language: str, views: dict[str, View]) -> None:
    for name, view in views.items():
        if language in languages_of(layout_of(name)):
            render_text(view, context(name, language))


@pytest.mark.parametrize("language", OTHERS)
def test_no_page_falls_back_to_dutch(language: str) -> None:
    views = examples(language)  # making them asks for words too, of whole pages that others read
    with _missed(translator(language)) as missed:
        _render_all(language, views)

    assert sorted(missed) == []


def test_a_sentence_that_falls_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    said = translator("en")
    monkeypatch.setattr(said, "_sentences", {k: v for k, v in said._sentences.items() if k != "Snel weg"})
    views = examples("en")
    with _missed(said) as missed:
        _render_all("en", views)

    assert missed == {"Snel weg"}


def _words_outside(source: str) -> list[str]:
    """Words of a template that go round the translator."""
    bare = _CODE.sub(" ", _CLASSES.sub(" ", source))
    texts = [_TAG.sub(" ", _ATTRIBUTE.sub(" ", bare)), *_SAID.findall(bare)]
    return [word for text in texts for word in re.findall(r"[^\W\d_]{2,}", text) if word not in _NO_WORDS]


def test_every_word_of_a_template_goes_through_the_translator() -> None:
    found = {
        str(path.relative_to(TEMPLATES)): words
        for path in sorted(TEMPLATES.rglob("*.html"))
        if (words := _words_outside(path.read_text(encoding="utf-8")))
    }

    assert found == {}


@pytest.mark.parametrize("planted", ["<p>Welkom</p>", '<a title="Welkom">{{ x }}</a>', "{{ x }} welkom"])
def test_a_word_that_goes_round_the_translator_is_found(planted: str) -> None:
    assert _words_outside(planted) in (["Welkom"], ["welkom"])
