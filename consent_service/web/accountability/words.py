"""The words for documents and their forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_

ACCOUNTABILITY_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "account_document": {
        "register": N_("Register van verwerkingen"),
        "dpia": N_("DPIA"),
        "annex": N_("Bijlage bij de verwerkersovereenkomst"),
        "report": N_("Jaarverslag"),
    },
    "account_article": {
        "register": N_("AVG 30"),
        "dpia": N_("AVG 35"),
        "annex": N_("AVG 28"),
        "report": N_("AVG 5(2)"),
    },
    "account_why": {
        "register": N_(
            "Wat u met gegevens doet, waarom, en wie ze krijgt. De toezichthouder kan erom vragen."
        ),
        "dpia": N_(
            "Welk gevaar mensen lopen, en wat daartegen gedaan is. U vult in wat de dienst niet weet."
        ),
        "annex": N_("Wat u afspreekt met wie de dienst voor u draait."),
        "report": N_("Wat er in een jaar gebeurde, in aantallen. Nooit over een persoon."),
    },
    "account_form": {
        "json": N_("Bestand voor een ander programma (JSON)"),
        "pdf": N_("PDF om te printen"),
        "markdown": N_("Tekst om in te vullen"),
        "csv": N_("Bestand voor een rekenblad"),
    },
}
