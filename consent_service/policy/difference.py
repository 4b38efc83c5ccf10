"""What differs between two bundles, for who has to approve the change: as text, and per policy in words.

Pure: the files of both by their path, and both as loaded. What the difference does to decisions is `replay`
and `proofs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import product
from typing import Final, Literal

import msgspec

from consent_service.policy.bundle import Bundle
from consent_service.policy.plain.explanation import PlainPolicy, plain_policy

CONTEXT: Final = 3
"""Lines shown around a change."""
ALIKE: Final = 0.6
"""From this share of equal lines on, a file that is gone and one that is new are one file renamed."""

_MOST_PAIRS: Final = 400
"""Gone files times new ones; beyond that nobody recognises what moved where either."""
_MOST_STEPS: Final = 25_000_000
"""Lines times lines; larger files are told as gone and new, line by line, instead of being compared."""

Sign = Literal["+", "-", " ", "@"]
"""`@`: lines in between are not shown; the text says from which line on the next ones stand."""
FileChange = Literal["added", "removed", "renamed", "changed"]
PolicyChange = Literal["added", "removed", "changed"]


DifferenceLine = tuple[Sign, str]
"""One line of a file: new, gone, as it was, or a gap."""


class FileDifference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file that is not the same. `was`: under which path it stood, when it was renamed."""

    file: str
    lines: tuple[DifferenceLine, ...]
    change: FileChange = "changed"
    was: str = ""


class PolicyDifference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One policy that decides otherwise or says otherwise why; None where there was or is none."""

    id: str
    change: PolicyChange
    before: PlainPolicy | None
    after: PlainPolicy | None


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[FileDifference, ...]:
    """Every file that differs, in the order of their paths as they are now."""
    renamed = _renamed(old, new)
    gone = old.keys() - new.keys() - set(renamed.values())
    found = [_difference(file, old[file], "", "removed") for file in gone]
    for file, text in new.items():
        if file in renamed:
            was = renamed[file]
            found.append(msgspec.structs.replace(_difference(file, old[was], text, "renamed"), was=was))
        elif old.get(file) != text:
            found.append(_difference(file, old.get(file, ""), text, "changed" if file in old else "added"))
    return tuple(sorted(found, key=lambda one: one.file))


def policy_differences(old: Bundle, new: Bundle, *, language: str) -> tuple[PolicyDifference, ...]:
    """Every policy whose meaning, reason or ground in law differs; where it stands does not count."""
    return tuple(
        PolicyDifference(
            identifier,
            "added" if identifier not in old.source else "changed" if identifier in new.source else "removed",
            _plain(old, identifier, language),
            _plain(new, identifier, language),
        )
        for identifier in sorted(old.source.keys() | new.source.keys())
        if old.source.get(identifier) != new.source.get(identifier)
    )


def _plain(bundle: Bundle, identifier: str, language: str) -> PlainPolicy | None:
    return plain_policy(bundle, identifier, language=language) if identifier in bundle.source else None


def _difference(file: str, before: str, after: str, change: FileChange) -> FileDifference:
    return FileDifference(file, tuple(_lines(*_split(before, after))), change)


def _lines(before: list[str], after: list[str]) -> Iterator[DifferenceLine]:
    """Lines gone and new with those around them; a gap says on which line of the new text it goes on."""
    shown = 0
    for group in _groups(before, after):
        start = group[0][3]
        if start > shown:
            yield ("@", str(start + 1))
        for tag, before_from, before_to, after_from, after_to in group:
            if tag == "equal":
                yield from ((" ", line) for line in after[after_from:after_to])
            else:
                yield from (("-", line) for line in before[before_from:before_to])
                yield from (("+", line) for line in after[after_from:after_to])
        shown = group[-1][4]


def _split(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines as the engine counts them: what only looks like an end of a line is shown where it stands.

    A file that ends without one is not the same file, and shows it as an empty line more or less.
    """
    lines = before.split("\n"), after.split("\n")
    if lines[0][-1] == lines[1][-1] == "":
        return lines[0][:-1], lines[1][:-1]
    return lines


def _groups(before: list[str], after: list[str]) -> list[list[tuple[str, int, int, int, int]]]:
    """What to do, in groups of lines near each other, to make the one from the other."""
    if len(before) * len(after) > _MOST_STEPS:
        return [[("replace", 0, len(before), 0, len(after))]]
    return list(SequenceMatcher(None, before, after).get_grouped_opcodes(CONTEXT))


def _renamed(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """New path to old path of files that only moved; each file is taken once, the most alike first."""
    pairs = list(product(sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())))
    likeness = {(was, now): _alike(old[was], new[now]) for was, now in pairs[:_MOST_PAIRS]}
    renamed: dict[str, str] = {}
    for (was, now), alike in sorted(likeness.items(), key=lambda pair: (-pair[1], pair[0])):
        if alike >= ALIKE and now not in renamed and was not in renamed.values():
            renamed[now] = was
    return renamed


def _alike(one: str, other: str) -> float:
    """The share of lines that are equal; the quick upper bound where that is too little already."""
    lines = one.splitlines(), other.splitlines()
    matcher = SequenceMatcher(None, *lines)
    if len(lines[0]) * len(lines[1]) > _MOST_STEPS or matcher.quick_ratio() < ALIKE:
        return 0.0
    return matcher.ratio()
