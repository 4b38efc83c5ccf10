"""What the pages of receipts show."""

from __future__ import annotations

from collections.abc import Iterable

from babel import Locale

from consent_service.consent.receipt.model import SittingSummary
from consent_service.foundation.i18n import language_name
from consent_service.web.receipts.views import PaperLink, ReceiptLine, ReceiptsPage
from consent_service.web.shelter.room import Room

LANGUAGE_FIELD = "taal"


def paper_links(address: str, languages: Iterable[str]) -> tuple[PaperLink, ...]:
    """The address of a receipt in each language that has texts."""
    return tuple(
        PaperLink(
            f"{address}?{LANGUAGE_FIELD}={language}",
            language,
            "rtl" if Locale.parse(language).text_direction == "rtl" else "ltr",
            language_name(language),
        )
        for language in languages
    )


def receipts_page(room: Room, signed: Iterable[SittingSummary]) -> ReceiptsPage:
    """The signed conversations of the family in this room."""
    languages = room.visit.services.receipts.languages
    return ReceiptsPage(
        back_href=room.at(),
        receipts=tuple(
            ReceiptLine(
                one.name,
                one.signed_at,
                paper_links(room.at("bewijzen", one.sitting, "keuzes.pdf"), languages),
                room.at("bewijzen", one.sitting, "keuzes.json"),
            )
            for one in signed
        ),
    )
