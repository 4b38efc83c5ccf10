"""Codes of the catalogue in the words of the documents: Dutch, as those who read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from consent_service.information.model import (
    AfterDate,
    AfterGuidance,
    Direction,
    ForMonths,
    ForSchoolDays,
    ForSchoolYear,
    Level,
    Retention,
    SchoolRole,
    SecrecyRelease,
    UntilChanged,
)
from consent_service.rights.accountability.activity_words import GroundCode
from consent_service.rights.accountability.model import Basis

OPEN: Final = "In te vullen door de organisatie"
"""Begins everything that only the organisation can answer."""

GROUNDS: Final[Mapping[GroundCode, Basis]] = {
    "public_task": Basis("public_task", "AVG 6(1)(e)", "een taak van algemeen belang"),
    "consent": Basis("consent", "AVG 6(1)(a)", "toestemming"),
    "explicit_consent": Basis("explicit_consent", "AVG 6(1)(a) en 9(2)(a)", "uitdrukkelijke toestemming"),
    "legal_obligation": Basis("legal_obligation", "AVG 6(1)(c)", "een wettelijke plicht"),
    "legitimate_interest": Basis("legitimate_interest", "AVG 6(1)(f)", "een gerechtvaardigd belang"),
    "vital_interest": Basis("vital_interest", "AVG 6(1)(d)", "een vitaal belang"),
}
LEVELS: Final[Mapping[Level, str]] = {
    "O": "gewoon",
    "O+": "gevoelig",
    "A9": "bijzonder (AVG 9)",
    "A10": "raakt aan strafrechtelijke gegevens (AVG 10)",
}
DIRECTIONS: Final[Mapping[Direction, str]] = {"s2c": "naar de school", "c2s": "van de school"}
ROLES: Final[Mapping[SchoolRole, str]] = {
    "contact": "contactpersoon",
    "teacher": "leerkracht",
    "director": "directeur",
    "administration": "administratie",
    "meldcode_officer": "aandachtsfunctionaris meldcode",
}
SECRECY: Final[Mapping[SecrecyRelease, str]] = {
    "permission": "het ja heft het beroepsgeheim op",
    "not_needed": "geen beroepsgeheim",
}


def kept(retention: Retention) -> str:
    """How long something is kept."""
    match retention:
        case AfterGuidance(months=0):
            return "tot het einde van de begeleiding"
        case AfterGuidance(months=months):
            return f"tot {_months(months)} na het einde van de begeleiding"
        case ForMonths(months=months):
            return f"{_months(months)} na het schrijven"
        case ForSchoolDays(days=days):
            return f"{days} schooldagen"
        case ForSchoolYear():
            return "tot het einde van het schooljaar"
        case UntilChanged(check_every_months=months):
            return f"tot het verandert; elke {_months(months)} nagevraagd"
        case AfterDate(months=months):
            return f"tot {_months(months)} na de datum die erin staat"
        case _:
            assert_never(retention)


def _months(count: int) -> str:
    return "1 maand" if count == 1 else f"{count} maanden"
