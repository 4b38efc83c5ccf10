"""Views of the receipts at the shelter, and the links to a receipt on paper."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from consent_service.web.components import Part
from consent_service.web.pages import View


class PaperLink(Part, frozen=True):
    """A receipt on paper in one language, by that language's own name."""

    href: str
    language: str
    direction: Literal["ltr", "rtl"]
    label: str


class ReceiptLine(Part, frozen=True):
    """One signed conversation: who signed and when, and its receipts."""

    name: str
    signed_at: datetime
    papers: tuple[PaperLink, ...]
    record_href: str


class ReceiptsPage(View, frozen=True):
    """Every signed conversation of a family, newest first."""

    template: ClassVar[str] = "shelter/receipts.html"
    back_href: str
    receipts: tuple[ReceiptLine, ...]
