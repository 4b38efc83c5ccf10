"""Two bundles beside each other: nothing that differs is left out."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import hypothesis.strategies as st
import pytest
from hypothesis import given

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, load_bundle
from consent_service.policy.difference import (
    CONTEXT,
    FileDifference,
    differences,
    policy_differences,
)

LINES = st.lists(st.sampled_from(["a", "b", "c", "", " ", "+x"]), max_size=12).map("\n".join)
FILES = st.dictionaries(st.sampled_from(["a.cedar", "b.cedar", "c.toml"]), LINES, max_size=3)
ORIGINAL = "".join(f"line {number}\n" for number in range(1, 31))


def told(one: FileDifference) -> list[str]:
    return [f"{sign}{text}" for sign, text in one.lines]


@given(old=FILES, new=FILES)
def test_a_file_is_named_if_and_only_if_its_lines_or_its_place_differ(
    old: dict[str, str], new: dict[str, str]
) -> None:
    found = differences(old, new)
    now = {one.file: one for one in found if one.change != "removed"}
    before = {one.was or one.file for one in found if one.change != "added"}
    assert set(now) == {file for file in new if new[file] != old.get(file)}
    assert before == {file for file in old if old[file] != new.get(file)}
    assert [one.file for one in found] == sorted(one.file for one in found)


@given(old=LINES, new=LINES)
def test_the_lines_make_the_old_text_from_the_new_one(old: str, new: str) -> None:
    """Nothing is left out: what is not shown is the same in both."""
    for one in differences({"a": old}, {"a": new}):
        after = new.split("\n")
        before, at = list[str](), 0
        for sign, text in one.lines:
            if sign == "@":
                before += after[at : int(text) - 1]
                at = int(text) - 1
            if sign in "+ ":
                assert after[at] == text
                at += 1
            if sign in "- ":
                before.append(text)
        assert "\n".join(before + after[at:]) == old


@pytest.mark.parametrize(
    "old, new, lines",
    [
        ("a\n", "a", ["-"]),
        ("a", "a\n", ["+"]),
        ("a\u2028b\n", "a b\n", ["-a\u2028b", "+a b"]),
        ("", "a\n", ["+a"]),
        ("", "a", ["-", "+a"]),
    ],
)
def test_what_hardly_shows_is_shown(old: str, new: str, lines: list[str]) -> None:
    (one,) = differences({"a": old}, {"a": new})
    assert [line for line in told(one) if not line.startswith(" ")] == lines


def test_bundles_with_the_same_files_do_not_differ() -> None:
    assert differences({"a.cedar": ORIGINAL}, {"a.cedar": ORIGINAL}) == ()


def test_a_change_stands_between_the_lines_around_it() -> None:
    changed = ORIGINAL.replace("line 10\n", "line ten\n").replace("line 25\n", "")
    (one,) = differences({"a.cedar": ORIGINAL}, {"a.cedar": changed})
    assert (one.file, one.change, one.was) == ("a.cedar", "changed", "")
    assert told(one) == [
        "@7",
        *(f" line {number}" for number in (7, 8, 9)),
        "-line 10",
        "+line ten",
        *(f" line {number}" for number in (11, 12, 13)),
        "@22",
        *(f" line {number}" for number in (22, 23, 24)),
        "-line 25",
        *(f" line {number}" for number in (26, 27, 28)),
    ]
    assert CONTEXT == 3


def test_a_change_in_the_first_line_has_no_gap_before_it() -> None:
    (one,) = differences({"a.cedar": "old\nsame\n"}, {"a.cedar": "new\nsame\n"})
    assert one.lines == (("-", "old"), ("+", "new"), (" ", "same"))


def test_files_too_large_to_compare_are_told_as_gone_and_new_in_no_time() -> None:
    """Uploaded by somebody: a page about it must not hang."""
    many = {f"{name}.toml": f"{name}\n" * 60_000 for name in "ab"}
    others = {"a.toml": "\n" * 60_000, **{f"c{number}.toml": "\n" * 60_000 for number in range(3)}}
    started = process_time()
    changed_file, *rest = differences(many, others)
    assert process_time() - started < 20
    assert [sign for sign, _ in changed_file.lines] == ["-"] * 60_000 + ["+"] * 60_000
    assert [one.change for one in rest] == ["removed", "added", "added", "added"]


def test_more_files_than_anybody_moves_are_not_matched() -> None:
    old = {f"old{number:02}": f"{number}\n" for number in range(21)}
    new = {f"new{number:02}": f"{number}\n" for number in range(21)}
    found = {one.file: one.change for one in differences(old, new)}
    assert found["new00"] == "renamed"
    assert (found["old20"], found["new20"]) == ("removed", "added")


def test_files_come_and_go() -> None:
    found = differences({"b.cedar": "one\n"}, {"a.cedar": "two\nthree\n"})
    assert [(one.file, one.change, told(one)) for one in found] == [
        ("a.cedar", "added", ["+two", "+three"]),
        ("b.cedar", "removed", ["-one"]),
    ]


def test_a_file_that_moved_is_told_as_such_with_what_changed_in_it() -> None:
    old = {"z.cedar": ORIGINAL, "y.cedar": ORIGINAL.replace("line 1\n", "first\n")}
    (one, other) = differences(
        old, {"a.cedar": ORIGINAL + "more\n", "y.cedar": old["y.cedar"], "b.cedar": "x"}
    )
    assert (one.file, one.was, one.change) == ("a.cedar", "z.cedar", "renamed")
    assert told(one)[-1] == "+more"
    assert (other.file, other.change) == ("b.cedar", "added")


def test_two_files_that_moved_are_each_taken_once() -> None:
    found = differences({"a": ORIGINAL, "b": ORIGINAL}, {"c": ORIGINAL, "d": ORIGINAL})
    assert [(one.file, one.was, one.lines) for one in found] == [("c", "a", ()), ("d", "b", ())]


def changed(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_policies_that_changed_are_told_before_and_after(
    bundle: Bundle, proposal: Path, catalogue: Catalogue
) -> None:
    changed(proposal, "safety/location.cedar", "context.secret_address ||", "")
    changed(proposal, "consent/stops.cedar", '@id("consent.expired")', '@id("consent.lapsed")')
    changed(proposal, "release/reader.cedar", "// Reading what was shared.\n", "")
    after = load_bundle(proposal, catalogue=catalogue)
    found = policy_differences(bundle, after, language="nl")
    assert [(one.id, one.change) for one in found] == [
        ("consent.expired", "removed"),
        ("consent.lapsed", "added"),
        ("safety.address", "changed"),
    ]
    (gone, added, weaker) = found
    assert (gone.after, added.before) == (None, None)
    assert [plain.id for plain in (gone.before, added.after) if plain] == [
        "consent.expired",
        "consent.lapsed",
    ]
    before, after_it = (plain.lines() for plain in (weaker.before, weaker.after) if plain)
    assert "  - het adres is geheim" in before
    assert not any("het adres is geheim" in line for line in after_it)


def test_another_ground_in_law_is_a_difference(bundle: Bundle, proposal: Path, catalogue: Catalogue) -> None:
    changed(proposal, "access/reader.cedar", '@legal_basis("AVG 26")', '@legal_basis("AVG 28")')
    (one,) = policy_differences(bundle, load_bundle(proposal, catalogue=catalogue), language="en")
    assert [plain.legal_basis for plain in (one.before, one.after) if plain] == ["AVG 26", "AVG 28"]


def test_a_bundle_does_not_differ_from_itself(bundle: Bundle) -> None:
    assert policy_differences(bundle, bundle, language="nl") == ()
