"""A document on paper: PDF/UA-1 by typst, with our own fonts and nothing of the machine it runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from babel import dates

from consent_service.consent.receipt.document import FONTS, printable
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import IntegrityError
from consent_service.rights.accountability.document import Document
from consent_service.rights.accountability.words import OPEN

_TEMPLATE: Final = Path(__file__).with_name("document.typ")


def pdf_of(document: Document) -> bytes:
    """Takes some tenths of a second of one processor: run it in a thread.

    Raises:
        IntegrityError: it could not be written.
    """
    import typst  # heavy, and needed by whoever prints only

    shown = {
        "title": document.title,
        "about": document.about,
        "made_on": dates.format_date(local_date(document.made_at), "d MMMM y", locale="nl"),
        "open": OPEN,
        "sections": document.sections,
    }
    try:
        return typst.compile(
            _TEMPLATE.read_bytes(),
            font_paths=typst.Fonts(
                include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS]
            ),
            ignore_system_fonts=True,
            sys_inputs={"data": printable(msgspec.json.encode(shown).decode())},
            pdf_standards="ua-1",
            timestamp=int(document.made_at.timestamp()),
        )
    except typst.TypstError:
        # not "from": what typst says about it may quote a name
        raise IntegrityError(f"{document.name} could not be written as PDF/UA") from None
