"""What a child reads: in the je-form, short, complete in every language, and proved by the same hash."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from consent_service.foundation.ids import TypeKey
from consent_service.information.blocks import BlockProblem, BlocksError
from consent_service.information.catalogue import load_catalogue
from consent_service.information.child_text import child_words, is_asked_of_children, speaks_formally
from consent_service.information.texts import LANGUAGES, Texts, load_texts
from tests.information.folders import POLICIES, change, copy_policies

NL = "texts/nl.toml"
ADVICE = TypeKey("support_advice")


@pytest.fixture(scope="module")
def texts() -> Texts:
    return load_texts(POLICIES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_policies(tmp_path)


def problems_in(folder: Path) -> list[tuple[str, str]]:
    with pytest.raises(BlocksError) as caught:
        load_texts(folder)
    problems: tuple[BlockProblem, ...] = caught.value.problems
    return [(problem.block, problem.wrong) for problem in problems]


def sentences(words: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", words)


def test_every_type_a_child_is_asked_about_has_its_words_in_every_language(texts: Texts) -> None:
    for key, kind in load_catalogue(POLICIES).types.items():
        for language in LANGUAGES:
            text = texts.of_type(language, key)
            assert (text.child is not None) == is_asked_of_children(kind)
            if text.child is not None:
                assert all(words.strip() for _, words in child_words(text.for_child))


def test_no_child_is_asked_about_a_parents_own_situation(texts: Texts) -> None:
    own = texts.of_type("nl", TypeKey("parent_circumstances"))
    with pytest.raises(KeyError):
        _ = own.for_child


def test_a_child_is_spoken_to_as_je_in_sentences_of_at_most_twelve_words(texts: Texts) -> None:
    dutch = texts.of("nl")
    every = dict(child_words(dutch.child))
    for key, text in dutch.types.items():
        if text.child is not None:
            every |= {f"{key}.{name}": words for name, words in child_words(text.for_child)}
    assert {name for name, words in every.items() if speaks_formally(words)} == set()
    long = {name for name, words in every.items() for one in sentences(words) if len(one.split()) > 12}
    assert long == set()


def test_the_check_for_u_finds_one() -> None:
    assert speaks_formally("Mag de school uw adres weten?")
    assert not speaks_formally("Mag de juf het uurtje weten, en jouw school ook?")


def test_a_question_to_a_child_is_one_question(texts: Texts) -> None:
    for text in texts.of("nl").types.values():
        if text.child is not None:
            assert re.match(r"(Mag|Mogen) ", text.child.question)
            assert text.child.question.count("?") == 1
            assert text.child.never.startswith("Nooit: ")


def test_a_child_reads_that_no_is_allowed_and_what_its_parents_see(texts: Texts) -> None:
    words = texts.of("nl").child
    assert words.say_no.startswith("Nee mag altijd. Niemand wordt boos.")
    for said in (words.heard, words.together, words.alone):
        assert "ouders" in said
        assert "begeleider" in said


def test_another_word_to_the_child_is_another_hash_of_the_type(texts: Texts, folder: Path) -> None:
    change(folder, NL, "delen wat jou helpt?", "delen wat jou echt helpt?")
    changed = load_texts(folder)
    assert changed.of_type("nl", ADVICE).hash != texts.of_type("nl", ADVICE).hash
    assert changed.of_type("en", ADVICE).hash == texts.of_type("en", ADVICE).hash


def test_another_word_on_every_page_is_another_hash_of_the_language(texts: Texts, folder: Path) -> None:
    change(folder, NL, "Niemand wordt boos.", "Niemand is boos.")
    changed = load_texts(folder)
    assert changed.of("nl").child.hash != texts.of("nl").child.hash
    assert changed.of("nl").hash != texts.of("nl").hash


@pytest.mark.parametrize(
    "old, new, block, wrong",
    [
        ('label = "Wat jou helpt"', 'label = " "', "nl.support_advice.child", "`label` is empty"),
        (
            'question = "Mogen de school en wij delen wat jou helpt?"\n',
            "",
            "nl.support_advice.child",
            "`question` is missing",
        ),
        ("[types.support_advice.child]\n", "", "nl.support_advice.child", "`label` is missing"),
        ('say_no = "Nee mag', 'no = "Nee mag', "nl.child", "`say_no` is missing"),
        (
            "[types.parent_circumstances.fields]",
            '[types.parent_circumstances.child]\nlabel = "x"\n[types.parent_circumstances.fields]',
            "nl.parent_circumstances",
            "no child is asked about this type",
        ),
    ],
)
def test_what_is_missing_or_too_much_is_named(
    folder: Path, old: str, new: str, block: str, wrong: str
) -> None:
    if old.startswith("[types.support_advice.child]"):
        text = (folder / NL).read_text(encoding="utf-8")
        start = text.index(old)
        end = text.index("[types.support_advice.fields]")
        (folder / NL).write_text(text[:start] + text[end:], encoding="utf-8")
    else:
        change(folder, NL, old, new)
    assert (block, wrong) in problems_in(folder)


def test_words_reviewed_by_nobody_are_refused(folder: Path) -> None:
    text = (folder / NL).read_text(encoding="utf-8")
    head, child, rest = text.partition("[child]")
    rest = rest.replace('review = "draft"', 'review = "reviewed"', 1).replace("version = 1", "version = 0", 1)
    (folder / NL).write_text(head + child + rest, encoding="utf-8")
    assert {wrong for block, wrong in problems_in(folder) if block == "nl.child"} == {
        "reviewed, but by nobody",
        "`version` starts at 1",
    }
