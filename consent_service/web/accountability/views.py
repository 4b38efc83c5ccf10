"""Views of the documents that show that the law is kept. What stands in a document is Dutch."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from consent_service.web.components import Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class DocumentLine(Part, frozen=True):
    """One kind of document: a code for its title and its explanation, where it is, and what is open in it."""

    kind: str
    href: str
    open_points: int


class YearLine(Part, frozen=True):
    """A year whose numbers are fixed."""

    year: int
    href: str


class OverviewPage(View, frozen=True):
    """Every document; `waiting` years can be fixed now, by the coordinator only (`action`)."""

    template: ClassVar[str] = "accountability/overview.html"
    documents: tuple[DocumentLine, ...]
    years: tuple[YearLine, ...]
    waiting: tuple[int, ...]
    action: str
    least: int
    waiting_days: int
    form: FormState = EMPTY


class BlockPart(Part, frozen=True):
    """A paragraph, a list, a table, or what is still open, by `kind`."""

    kind: str
    text: str = ""
    lines: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


class SectionPart(Part, frozen=True):
    """A heading, the article of the law, and what stands there."""

    heading: str
    article: str
    blocks: tuple[BlockPart, ...]


class TakeLine(Part, frozen=True):
    """A way to take the document along, by the code of its form."""

    form: str
    action: str


class DocumentPage(View, frozen=True):
    """One document, to read."""

    template: ClassVar[str] = "accountability/document.html"
    back_href: str
    kind: str
    title: str
    about: str
    made_at: datetime
    sections: tuple[SectionPart, ...]
    takes: tuple[TakeLine, ...]
    open_points: int
