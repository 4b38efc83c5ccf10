"""Example views of the documents that show that the law is kept."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from consent_service.web.accountability import views
from consent_service.web.pages import View

_AT = datetime(2026, 9, 1, 8, tzinfo=UTC)


def accountability_examples() -> dict[str, View]:
    """Each page, full and empty."""
    overview = views.OverviewPage(
        documents=(
            views.DocumentLine("register", "/register", 4),
            views.DocumentLine("dpia", "/dpia", 31),
            views.DocumentLine("annex", "/verwerker", 0),
        ),
        years=(views.YearLine(2026, "/jaar/2026"),),
        waiting=(2027,),
        action="/vaststellen",
        least=5,
        waiting_days=14,
    )
    blocks = (
        views.BlockPart("said", "Een opvang en een school delen informatie over een kind."),
        views.BlockPart("points", lines=("Per soort een eigen vraag.", "Stoppen kan altijd en meteen.")),
        views.BlockPart(
            "grid",
            head=("Soort", "Niveau", "Waarheen", "Bewaren"),
            rows=(
                ("Wat helpt uw kind", "gewoon", "naar de school", "tot het einde van het schooljaar"),
                ("Gezondheid van uw kind", "bijzonder (AVG 9)", "naar de school", "6 maanden"),
            ),
        ),
        views.BlockPart("open", "Advies van de functionaris gegevensbescherming, met datum."),
    )
    document = views.DocumentPage(
        back_href="/verantwoording",
        kind="dpia",
        title="DPIA: effecten op de bescherming van gegevens",
        about="Opvang Het Baken. De dienst vulde in wat hij weet.",
        made_at=_AT,
        sections=(
            views.SectionPart("Beschrijving van de verwerkingen", "AVG 35(7)(a)", blocks),
            views.SectionPart("Advies, mening en besluit", "", blocks[-1:]),
        ),
        takes=(views.TakeLine("markdown", "/md"), views.TakeLine("pdf", "/pdf")),
        open_points=2,
    )
    years = views.TakeLine("csv", "/csv"), views.TakeLine("pdf", "/pdf")
    return {
        "officer-account": overview,
        "officer-account-fg": replace(overview, action=""),
        "officer-account-empty": replace(overview, years=(), waiting=(), action=""),
        "officer-account-document": document,
        "officer-account-report": replace(document, kind="report", takes=years, open_points=0),
    }
