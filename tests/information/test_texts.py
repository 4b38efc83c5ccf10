"""What families read is short, complete in every language, and provable by its hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from consent_service.foundation.ids import TypeKey
from consent_service.information.blocks import BlockProblem, BlocksError
from consent_service.information.catalogue import load_catalogue
from consent_service.information.texts import (
    LANGUAGES,
    GeneralText,
    LanguageTexts,
    Texts,
    TypeText,
    load_texts,
    shown_words,
    words_of,
)
from tests.information.folders import POLICIES, TYPES, append, change, copy_policies

NL = "texts/nl.toml"
ADVICE = TypeKey("support_advice")


@pytest.fixture(scope="module")
def texts() -> Texts:
    return load_texts(POLICIES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_policies(tmp_path)


def problems_in(folder: Path) -> tuple[BlockProblem, ...]:
    with pytest.raises(BlocksError) as caught:
        load_texts(folder)
    return caught.value.problems


def every_text(texts: LanguageTexts) -> Iterator[GeneralText | TypeText]:
    yield texts.general
    yield from texts.types.values()


def too_long(words: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[.!?])\s+", words) if len(sentence.split()) > 12]


def test_a_dutch_sentence_has_at_most_twelve_words(texts: Texts) -> None:
    found = {
        f"{text.id}.{name}": long
        for text in every_text(texts.of("nl"))
        for name, words in shown_words(text)
        if (long := too_long(words))
    }
    assert found == {}


def test_the_count_of_words_does_find_a_long_sentence() -> None:
    assert too_long("Kort. Deze zin heeft met opzet veel meer dan twaalf woorden en moet worden gevonden.")


def test_a_question_speaks_to_the_parent_or_child_in_one_sentence(texts: Texts) -> None:
    for text in texts.of("nl").types.values():
        assert re.match(r"(Mag|Mogen) ", text.question)
        assert text.question.count("?") == 1
        to_parents = [words for name, words in shown_words(text) if not name.startswith("child.")]
        assert not re.search(r"\b(je|jij|jouw)\b", " ".join(to_parents))


def test_the_fixed_line_and_the_address_promise_stand_as_agreed(texts: Texts) -> None:
    assert texts.of("nl").general.say_no == "U mag nee zeggen. U houdt uw plek en uw hulp."
    assert all(text.never.startswith("Nooit: ") for text in texts.of("nl").types.values())
    assert all("adres" in text.never for text in texts.of("nl").types.values())


def test_every_language_has_exactly_the_same_keys(texts: Texts) -> None:
    def keys(language: str) -> set[tuple[str, int, str]]:
        every = every_text(texts.of(language))
        return {(text.id, text.version, name) for text in every for name, _ in shown_words(text)}

    assert keys("nl") == keys("en") == keys("ar")


def test_every_type_field_and_choice_has_its_words(texts: Texts) -> None:
    for key, kind in load_catalogue(POLICIES).types.items():
        for language in LANGUAGES:
            text = texts.of_type(language, key)
            assert text.label
            assert list(text.fields) == [spec.name for spec in kind.fields]
            for spec in kind.fields:
                assert set(text.fields[spec.name].choices) == set(spec.choices)


def test_every_text_ships_as_draft(texts: Texts) -> None:
    assert all(len(texts.of(language).drafts()) == 24 for language in LANGUAGES)


@pytest.mark.parametrize(
    "old, new",
    [
        ("wat uw kind helpt?", "wat u helpt?"),
        ("een vaste plek in de klas", "een vaste stoel in de klas"),
        ('label = "Wat beter niet"', 'label = "Liever niet"'),
        ('always = "Altijd"', 'always = "Steeds"'),
        ("een ziekte of een oorzaak", "een ziekte of oorzaak"),
    ],
)
def test_the_hash_changes_with_any_shown_word(folder: Path, old: str, new: str) -> None:
    before = load_texts(folder)
    text = (folder / NL).read_text(encoding="utf-8")
    start = text.index("[types.support_advice]")
    assert old in text[start:]
    (folder / NL).write_text(text[:start] + text[start:].replace(old, new, 1), encoding="utf-8")
    after = load_texts(folder)
    changed = {
        key for key, shown in after.of("nl").types.items() if shown.hash != before.of_type("nl", key).hash
    }
    assert changed == {ADVICE}
    assert (after.hash, after.of("nl").hash) != (before.hash, before.of("nl").hash)
    assert after.of("en").hash == before.of("en").hash


def test_the_hash_changes_with_the_fixed_line(folder: Path) -> None:
    before = load_texts(folder).of("nl")
    change(folder, NL, "U mag nee zeggen.", "U mag ook nee zeggen.")
    after = load_texts(folder).of("nl")
    assert after.general.hash != before.general.hash
    assert after.hash != before.hash


def test_the_hash_ignores_comments_and_the_review(folder: Path) -> None:
    before = load_texts(folder).hash
    append(folder, NL, "# nagekeken op spelling")
    change(folder, NL, 'review = "draft"\nreviewer = ""', 'review = "reviewed"\nreviewer = "A. Jansen"')
    after = load_texts(folder)
    assert after.hash == before
    assert len(after.of("nl").drafts()) == 23


def test_a_new_version_is_another_text_even_with_the_same_words(folder: Path) -> None:
    before = load_texts(folder).of("nl").general.hash
    change(folder, NL, "version = 1", "version = 2")
    assert load_texts(folder).of("nl").general.hash != before


@pytest.mark.parametrize(
    "old, new, wrong",
    [
        ('review = "draft"', 'review = "reviewed"', "by nobody"),
        ('review = "draft"', 'review = "fine"', "`review`"),
        ("version = 1", "version = 0", "starts at 1"),
        ('label = "Wat helpt uw kind"', 'label = " "', "`label` is empty"),
        ('label = "Wat helpt uw kind"\n', "", "`label` is missing"),
        ('ill = "Ziek", ', "", "`ill` has no words"),
        ('ill = "Ziek"', 'ill = "Ziek", dead = "Dood"', "`dead` is not in the catalogue"),
        (
            "[types.child_voice]",
            "[types.child_song]\n[types.child_voice]",
            "`child_song` is not in the catalogue",
        ),
        ("[general]", "[universal]", "is not known here"),
    ],
)
def test_a_text_with_something_missing_or_extra_is_refused(
    folder: Path, old: str, new: str, wrong: str
) -> None:
    change(folder, NL, old, new)
    assert any(wrong in problem.wrong for problem in problems_in(folder))


def test_a_new_type_needs_words_in_every_language(folder: Path) -> None:
    append(
        folder,
        TYPES,
        """[types.swimming_lessons]
level = "O"
directions = ["s2c"]
purposes = ["contact"]
readers = ["contact"]
retention = { kind = "months", months = 1 }
decided_by = "one_holder"
legal_basis = "public_task"
secrecy_release = "permission"
[types.swimming_lessons.fields]
takes_part = { kind = "yes_no" }""",
    )
    assert {problem.block for problem in problems_in(folder)} == {
        f"{language}.types" for language in LANGUAGES
    }


def test_the_kept_words_prove_the_hash_and_hold_every_word(texts: Texts) -> None:
    for spoken in texts.languages.values():
        for text in every_text(spoken):
            kept = words_of(text)
            assert hashlib.sha256(kept.encode()).hexdigest() == text.hash
            shown = dict(shown_words(text))
            assert msgspec.json.decode(kept) == [text.id, text.version, text.language, shown]


def test_a_text_with_another_id_than_the_catalogue_names_is_refused(folder: Path) -> None:
    """A type that asks with `consent.x.2` and shows `consent.x` would never be answered."""
    change(folder, NL, 'id = "consent.support_advice"', 'id = "consent.support_advice.2"')
    (problem,) = problems_in(folder)
    assert (problem.block, "not the text of the catalogue" in problem.wrong) == ("nl.support_advice", True)
    change(
        folder, TYPES, "[types.support_advice]", '[types.support_advice]\ntext = "consent.support_advice.2"'
    )
    assert {problem.block for problem in problems_in(folder)} == {
        f"{language}.support_advice" for language in LANGUAGES if language != "nl"
    }
