"""Where each policy stands in its file, so that a finding names file and line and a page shows the source.

Pure, on text alone: what the text means is Cedar's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

_TOKEN: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;')
_COMMENT: Final = re.compile(r"\s*(?://[^\n]*\n\s*)*")
_ID: Final = re.compile(r'^\s*@id\("([^"]*)"\)', re.MULTILINE)


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a policy stands: its file within the folder, the line it begins on (from 1), and its text.

    `comment`: the lines right above it that say why, without the slashes.
    """

    file: str
    line: int
    text: str
    comment: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def policy_places(file: str, text: str) -> Iterator[tuple[str, Place]]:
    """Each policy's `@id` with its place; one without an id has the empty one."""
    for start, end in _policies(text):
        lead = _COMMENT.match(text, start, end)
        begin = lead.end() if lead else start
        body = text[begin:end].strip()
        found = _ID.search(_without_comments(body))
        place = Place(file, text.count("\n", 0, begin) + 1, body, _own_comment(text[start:begin]))
        yield found[1] if found else "", place


def line_of(text: str, offset: int) -> int:
    """The line (from 1) on which this character stands."""
    return text.count("\n", 0, offset) + 1


def _policies(text: str) -> Iterator[tuple[int, int]]:
    """From where to where each policy goes: up to the semicolon that stands in no string and no comment."""
    start = 0
    for token in _TOKEN.finditer(text):
        if token[0] == ";":
            yield start, token.end()
            start = token.end()


def _own_comment(lead: str) -> str:
    """The comment without a blank line between it and the policy."""
    block = lead.rstrip(" ").rsplit("\n\n", 1)[-1]
    lines = [line.strip() for line in block.splitlines()]
    return " ".join(line.removeprefix("//").strip() for line in lines if line.startswith("//"))


def _without_comments(body: str) -> str:
    return re.sub(r"//[^\n]*", "", body)
