"""Reads a rendered page as a browser would, far enough to ask what stands on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "use", "wbr"})

WITHIN_A_SENTENCE = frozenset({"b", "bdi", "em", "i", "strong"})


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element] = field(default_factory=list)
    pieces: list[str | Element] = field(default_factory=list)
    """Text and elements in the order in which they are read."""

    def walk(self) -> list[Element]:
        return [self, *(found for child in self.children for found in child.walk())]

    def all(self, *tags: str, **attributes: str) -> list[Element]:
        return [
            e
            for e in self.walk()
            if e.tag in tags and all(e.attributes.get(k) == v for k, v in attributes.items())
        ]

    def text(self) -> str:
        """What is read, in order; a name inside a sentence stays inside its sentence."""
        read = "".join(
            piece
            if isinstance(piece, str)
            else piece.text()
            if piece.tag in WITHIN_A_SENTENCE
            else f" {piece.text()} "
            for piece in self.pieces
        )
        return " ".join(read.split())

    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def within(self, tag: str) -> bool:
        return self.parent is not None and (self.parent.tag == tag or self.parent.within(tag))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self._open = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs}, self._open)
        self._open.children.append(made)
        self._open.pieces.append(made)
        if tag not in VOID:
            self._open = made

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self._open.tag == tag, f"</{tag}> closes <{self._open.tag}>"
        assert self._open.parent is not None
        self._open = self._open.parent

    def handle_data(self, data: str) -> None:
        self._open.pieces.append(data)


def read(html: str) -> Element:
    """The page as a tree.

    Raises:
        AssertionError: a tag is closed that was not the last one opened.
    """
    reader = _Reader()
    reader.feed(html)
    assert reader._open is reader.root, f"<{reader._open.tag}> is never closed"
    return reader.root
