"""The words for every code of a break-glass that a page shows; joined into `vocabulary`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_
from consent_service.process.emergencies.model import OUTCOMES, REASONS

GLASS_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "glass_state": {
        "asked": N_("Wacht op een tweede persoon"),
        "running": N_("De school kan het lezen"),
        "running_by_phone": N_("Te lezen, nog te bevestigen"),
        "unconfirmed": N_("Afgelopen, nog te bevestigen"),
        "ended": N_("Afgelopen"),
        "withdrawn": N_("Gestopt door de tweede persoon"),
        "refused": N_("Niet nodig gevonden"),
        "dropped": N_("Ingetrokken"),
        "reviewed": N_("Bekeken"),
    },
    "glass_reason": {str(code): words for code, words in REASONS.items()},
    "glass_outcome": {str(code): words for code, words in OUTCOMES.items()},
    "glass_second": {
        "wait": N_("Een collega kijkt eerst mee in deze dienst"),
        "phone": N_("Een collega vond het goed door de telefoon: de school kan het meteen lezen"),
    },
    "glass_told": {
        "told": N_("Ja, de ouders horen dit"),
        "untold": N_("Nee, dat is nu niet veilig"),
    },
    "glass_act": {
        "approve": N_("Nodig: de school mag dit lezen"),
        "refuse": N_("Niet nodig"),
        "confirm": N_("Ja, dit vond ik goed"),
        "deny": N_("Nee, dit vond ik niet goed"),
        "withdraw": N_("Ik vind het niet meer nodig: stop het"),
    },
}
GLASS_LABELS: Final[Mapping[str, str]] = {
    "vital_reason": N_("Waarom kan een leven ervan afhangen?"),
    "why": N_("Wat is er gebeurd?"),
    "second": N_("Wie beslist mee?"),
    "approver": N_("Welke collega?"),
    "told": N_("Horen de ouders dit?"),
    "untold": N_("Waarom is dat niet veilig?"),
    "outcome": N_("Was het nodig?"),
}
