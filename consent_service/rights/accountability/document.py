"""A document as sections of a few kinds of blocks: what a page, a PDF and Markdown are made of. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from consent_service.rights.accountability.words import OPEN


class Said(msgspec.Struct, frozen=True, tag="said"):
    """A paragraph."""

    text: str


class Points(msgspec.Struct, frozen=True, tag="points"):
    """A list."""

    lines: tuple[str, ...]


class Grid(msgspec.Struct, frozen=True, tag="grid"):
    """A table; the first column names the row."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Open(msgspec.Struct, frozen=True, tag="open"):
    """What only the organisation can answer: marked, and with room for it."""

    text: str


Block = Said | Points | Grid | Open


class Section(msgspec.Struct, frozen=True):
    """A heading, the article it answers to, and what stands there."""

    heading: str
    article: str
    blocks: tuple[Block, ...]


class Document(msgspec.Struct, frozen=True):
    """In Dutch. `name`: of the file, without its ending."""

    name: str
    title: str
    about: str
    made_at: datetime
    sections: tuple[Section, ...]

    @property
    def open_points(self) -> int:
        """How much the organisation still has to fill in."""
        return sum(isinstance(block, Open) for one in self.sections for block in one.blocks)


def section(heading: str, article: str, *blocks: Block) -> Section:
    """A section; a list or a table without lines is left out."""
    return Section(heading, article, tuple(block for block in blocks if not _is_empty(block)))


def joined(lines: Iterable[str]) -> str:
    """For a cell."""
    return "; ".join(lines)


def markdown_of(document: Document) -> bytes:
    """For a word processor, in which the organisation fills in the rest (CommonMark with tables)."""
    lines = [f"# {_escaped(document.title)}", "", _escaped(document.about), ""]
    for part in document.sections:
        lines += [f"## {_escaped(part.heading)}", ""]
        if part.article:
            lines += [f"*{_escaped(part.article)}*", ""]
        for block in part.blocks:
            lines += [*_lines(block), ""]
    return "\n".join(lines).encode()


def _lines(block: Block) -> list[str]:
    match block:
        case Said(text=text):
            return [_escaped(text)]
        case Points(lines=lines):
            return [f"- {_escaped(one)}" for one in lines]
        case Open(text=text):
            return [f"> **{OPEN}:** {_escaped(text)}", ">", "> ..."]
        case Grid(head=head, rows=rows):
            return [_row(head), _row("---" for _ in head), *(_row(map(_escaped, one)) for one in rows)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Names come from people: none of them makes a link, a heading or another cell."""
    plain = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|!" else letter for letter in plain)


def _is_empty(block: Block) -> bool:
    match block:
        case Points(lines=()) | Grid(rows=()):
            return True
        case _:
            return False
