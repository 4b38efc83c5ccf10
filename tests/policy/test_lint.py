from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.policy.bundle import Bundle
from consent_service.policy.facts import Question
from consent_service.policy.lint import (
    MAX_BRANCHES,
    MAX_DEPTH,
    MAX_WORDS,
    schema_problems,
    text_problems,
)
from consent_service.policy.plain.speakable import speakable


def problems(text: str) -> list[str]:
    return [problem.code for problem in text_problems("x.cedar", text)]


@pytest.mark.parametrize(
    "text",
    [
        "(" * MAX_DEPTH + ")" * MAX_DEPTH,
        "[{(" * 4 + ")}]" * 4,
        '"' + "(" * 100 + '"',
        '"\\"' + "(" * 100 + '"',
        "// " + "(" * 100,
        "()" * 100,
        "!" * (MAX_BRANCHES - 1),
        "if a then b else c;" * 100,
        "a.b;" * MAX_WORDS,
        '"a // b" ( // " (\n )',
    ],
)
def test_text_that_is_not_deep_passes(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "(" * (MAX_DEPTH + 1),
        "[{(" * 5,
        '"" ' + "(" * 100,
        "// comment\n" + "(" * 100,
        '"//" ' + "(" * 100,
        "!" * MAX_BRANCHES,
        "- " * MAX_BRANCHES,
        "if a then " * (MAX_BRANCHES + 1),
        "a." * MAX_WORDS,
        "a && " * MAX_WORDS,
        "(1 + " * 5 + "1 + " * MAX_WORDS,
        ";" + "x " * (MAX_WORDS + 1) + ";",
    ],
)
def test_text_on_which_the_parser_could_die_does_not_reach_it(text: str) -> None:
    assert problems(text) == ["too_deep"]


def test_carriage_returns_and_tabs_are_not_plain() -> None:
    assert problems("a\r\nb") == ["not_plain"]
    assert problems("a\tb") == ["not_plain"]


@pytest.mark.parametrize(
    "text, place",
    [
        ('permit\n"' + "(" * 100, "x.cedar:2"),
        ('"\\\n' + "(" * 100 + '"', "x.cedar:1"),
        ('"ends" "does not\n" ((("', "x.cedar:1"),
    ],
)
def test_a_string_that_does_not_end_on_its_line_hides_no_bracket(text: str, place: str) -> None:
    (found,) = text_problems("x.cedar", text)
    assert (found.code, found.where) == ("string_open", place)


def test_brackets_that_close_nothing_make_no_room_for_others() -> None:
    (found,) = text_problems("x.cedar", "\n" + ")" * 100 + "(" * 100)
    assert (found.code, found.where) == ("bracket_unopened", "x.cedar:2")


def test_a_problem_of_the_text_names_its_line() -> None:
    where = [found.where for found in text_problems("x.cedar", "a;\n\n" + "b." * MAX_WORDS + "\n\u00e9")]
    assert where == ["x.cedar:4", "x.cedar:3"]


@pytest.mark.parametrize(
    "text, code",
    [
        ("entity A = { x: " + "Set<" * 1000 + "Long" + ">" * 1000 + " };", "too_deep"),
        ("entity A = " + "{ x: " * 1000 + "Long" + " }" * 1000 + ";", "too_deep"),
        ("entity A = { x: " + ">" * 1000 + "Set<" * 1000 + " };", "bracket_unopened"),
        ("entity A = { x: datetime };", "function_refused"),
        ("entity A = { x?: Set<decimal> };", "function_refused"),
        ("type A = __cedar::ipaddr;", "function_refused"),
        ('entity A enum ["a\n"];', "string_open"),
        ("entity \u00c9;", "not_plain"),
        ("// " + "x" * 40_000, "too_large"),
    ],
)
def test_a_schema_is_held_to_the_same(text: str, code: str) -> None:
    assert code in {problem.code for problem in schema_problems("s", text)}


def test_a_schema_may_call_an_attribute_anything() -> None:
    assert not [*schema_problems("s", "entity A = { datetime: Bool, decimal?: Set<Long> };")]


def test_no_date_reaches_a_policy(bundle: Bundle) -> None:
    """Cedar takes few forms of a date and no offset, so facts are counts, names, yes and no."""
    facts = msgspec.json.encode(msgspec.json.schema(Question)).decode()
    assert set(re.findall(r'"type":"(\w+)"', facts)) == {"object", "array", "string", "integer", "boolean"}
    assert '"format"' not in facts
    speech = speakable(bundle.schema)
    assert {fact.kind for fact in speech.facts.values()} == {"yes_no", "number", "choice", "several"}


def _deepest(text: str) -> int:
    """How deep brackets stand in each other, read letter by letter as Cedar's lexer does."""
    depth = deepest = place = 0
    while place < len(text):
        if text.startswith("//", place):
            place = text.find("\n", place)
            if place < 0:
                break
        elif text[place] == '"':
            place += 1
            while place < len(text) and text[place] != '"':
                place += 2 if text[place] == "\\" else 1
        elif text[place] in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif text[place] in ")]}":
            depth = max(depth - 1, 0)
        place += 1
    return deepest


@given(st.lists(st.sampled_from(["(", ")", "[{", "}]", '"', "\\", "//", "\n", " a ", "(" * 9]), max_size=40))
def test_nothing_that_nests_deeper_passes(parts: list[str]) -> None:
    text = "".join(parts)
    if not problems(text):
        assert _deepest(text) <= MAX_DEPTH


@given(st.integers(0, 3 * MAX_DEPTH), st.sampled_from(["([{"[one] for one in range(3)]))
def test_what_nests_no_deeper_passes(depth: int, bracket: str) -> None:
    closing = {"(": ")", "[": "]", "{": "}"}[bracket]
    found = problems(f'"{bracket * 50}" ' + bracket * depth + closing * depth + f" // {closing * 50}")
    assert found == (["too_deep"] if depth > MAX_DEPTH else [])
