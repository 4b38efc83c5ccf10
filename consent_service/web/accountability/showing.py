"""From a document to what its page shows."""

from __future__ import annotations

from consent_service.rights.accountability.document import Block, Document, Grid, Open, Points, Said
from consent_service.rights.accountability.model import FORMS, Kind
from consent_service.web.accountability.views import BlockPart, DocumentPage, SectionPart, TakeLine
from consent_service.web.officer.room import home
from consent_service.web.visit import Officer

HERE = "verantwoording"


def document_page(actor: Officer, kind: Kind, document: Document, *place: str) -> DocumentPage:
    """The page of one document; `place` is where it is below `HERE`."""
    return DocumentPage(
        back_href=home(actor, HERE),
        kind=kind,
        title=document.title,
        about=document.about,
        made_at=document.made_at,
        sections=tuple(
            SectionPart(one.heading, one.article, tuple(map(_part, one.blocks))) for one in document.sections
        ),
        takes=tuple(TakeLine(form, home(actor, HERE, *place, form)) for form in FORMS[kind]),
        open_points=document.open_points,
    )


def _part(block: Block) -> BlockPart:
    match block:
        case Said(text=text):
            return BlockPart("said", text)
        case Points(lines=lines):
            return BlockPart("points", lines=lines)
        case Grid(head=head, rows=rows):
            return BlockPart("grid", head=head, rows=rows)
        case Open(text=text):
            return BlockPart("open", text)
