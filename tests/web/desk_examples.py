"""Example views of the officers' desk."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec.structs import replace

from consent_service.web.desk.views import DeskLine, DeskPage, KeyCard, LogCard
from consent_service.web.pages import View

_AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
_CASES = DeskLine(
    "verzoeken",
    "Verzoeken van mensen",
    "AVG 12(3)",
    "Wie iets vraagt over de eigen gegevens, krijgt binnen een maand antwoord.",
    3,
    "/toezicht/t/verzoeken",
    due=date(2026, 11, 20),
    late=True,
)
_ERASING = DeskLine(
    "wissen",
    "Wissen",
    "AVG 17",
    "Twee coördinatoren staan achter elke keer dat iemand gewist wordt.",
    1,
    "/toezicht/t/wissen",
)
_RULES = DeskLine(
    "spelregels",
    "Voorstellen voor andere regels",
    "AVG 25",
    "Andere regels gaan pas in als een tweede coördinator ze goedkeurt.",
    0,
    "/toezicht/t/spelregels",
)


def desk_examples() -> dict[str, View]:
    """A full desk, and an empty one of a shelter that has just begun."""
    page = DeskPage(
        decides=True,
        urgent=(_CASES, _ERASING),
        quiet=(_RULES,),
        log=LogCard(4812, _AT, 2, 4800, _AT, 3, "/toezicht/t/controle", "/toezicht/t/stand"),
        keys=KeyCard(2, _AT, 1, 7, _AT),
        questions_href="/toezicht/t",
    )
    empty = LogCard(0, None, 0, 0, None, -1, "/toezicht/t/controle", "/toezicht/t/stand")
    return {
        "officer-desk": page,
        "officer-desk-empty": replace(
            page, decides=False, urgent=(), log=empty, keys=KeyCard(0, None, 0, 0, None)
        ),
    }
