"""The fixed words of a receipt: complete, simple, and with their places to fill in."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.information.blocks import BlocksError
from consent_service.information.child_text import speaks_formally
from consent_service.information.receipt_text import FOR_CHILD, LISTS, PLACES, receipt_words
from consent_service.information.texts import LANGUAGES, Texts, load_texts
from tests.information.folders import POLICIES, change, copy_policies
from tests.information.test_texts import too_long


@pytest.fixture(scope="module")
def texts() -> Texts:
    return load_texts(POLICIES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_policies(tmp_path)


def test_a_dutch_sentence_of_a_receipt_has_at_most_twelve_words(texts: Texts) -> None:
    words = dict(receipt_words(texts.of("nl").receipt))
    assert {name: long for name, sentence in words.items() if (long := too_long(sentence))} == {}


def test_every_language_says_the_same_things(texts: Texts) -> None:
    said = [
        [name for name, _ in receipt_words(texts.of(language).receipt) if not name.startswith("child.")]
        for language in LANGUAGES
    ]
    assert said[0] == said[1] == said[2]
    assert set(PLACES) < set(said[0])


def test_a_child_is_not_spoken_to_as_a_parent(texts: Texts) -> None:
    receipt = texts.of("nl").receipt
    assert speaks_formally(" ".join(words for _, words in receipt_words(receipt)))
    own = {name: words for name, words in receipt_words(receipt.for_child) if name != "nothing_told"}
    assert {name: words for name, words in own.items() if speaks_formally(words)} == {}
    assert set(receipt.child) == set(FOR_CHILD)


def test_every_code_has_words_of_its_own(texts: Texts) -> None:
    for language in LANGUAGES:
        answers = texts.of(language).receipt.answers
        assert tuple(sorted(answers)) == tuple(sorted(LISTS["answers"]))
        assert len(set(answers.values())) == len(answers)


@pytest.mark.parametrize(
    "old, new, wrong",
    [
        ("Ga naar {address} en", "Ga naar de pagina en", "`address` has other places"),
        ('title = "Uw keuzes"', 'title = "Uw keuzes, {name}"', "`title` has other places"),
        ('title = "Uw keuzes"', 'title = ""', "`title` is empty"),
        ('title = "Uw keuzes"\n', "", "`title` is missing"),
        ('withdrawn = "Gestopt", ', "", "`withdrawn` has no words"),
        ('withdrawn = "Gestopt"', 'withdrawn = "Gestopt", sold = "Weg"', "`sold` is not known here"),
        ('withdrawn = "Gestopt"', 'withdrawn = " "', "`answers.withdrawn` is empty"),
        ('title = "Jouw keuzes"', 'titel = "Jouw keuzes"', "`titel` is not known here"),
        ('title = "Jouw keuzes"', 'title = ""', "`child.title` is empty"),
        ("Jouw ja geldt tot {date}.", "Jouw ja geldt.", "`child.until_date` has other places"),
        ('id = "consent.receipt"\nversion = 1', 'id = "consent.receipt"\nversion = 0', "starts at 1"),
        (
            'id = "consent.receipt"\nversion = 1\nreview = "draft"',
            'id = "consent.receipt"\nversion = 1\nreview = "reviewed"',
            "by nobody",
        ),
    ],
)
def test_words_that_are_missing_empty_or_lead_nowhere_are_refused(
    folder: Path, old: str, new: str, wrong: str
) -> None:
    change(folder, "texts/nl.toml", old, new)
    with pytest.raises(BlocksError) as caught:
        load_texts(folder)
    assert any(wrong in problem.wrong for problem in caught.value.problems)


def test_the_hash_changes_with_any_word_of_a_receipt(folder: Path) -> None:
    before = load_texts(folder).of("nl")
    change(folder, "texts/nl.toml", 'withdrawn = "Gestopt"', 'withdrawn = "Beëindigd"')
    after = load_texts(folder).of("nl")
    assert after.receipt.hash != before.receipt.hash
    assert after.hash != before.hash
    assert after.general.hash == before.general.hash
