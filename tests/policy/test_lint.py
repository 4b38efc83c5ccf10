from __future__ import annotations

import pytest

from consent_service.policy.lint import MAX_BRANCHES, MAX_DEPTH, text_problems


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
        '"' + "(" * 100,
        "// comment\n" + "(" * 100,
        '"//" ' + "(" * 100,
        "!" * MAX_BRANCHES,
        "- " * MAX_BRANCHES,
        "if a then " * (MAX_BRANCHES + 1),
    ],
)
def test_text_on_which_the_parser_could_die_does_not_reach_it(text: str) -> None:
    assert problems(text) == ["too_deep"]


def test_carriage_returns_and_tabs_are_not_plain() -> None:
    assert problems("a\r\nb") == ["not_plain"]
    assert problems("a\tb") == ["not_plain"]
