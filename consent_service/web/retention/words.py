"""Words for periods, holds and runs. Part of `vocabulary`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from consent_service.foundation.i18n import N_, NN_, Translator
from consent_service.information.model import (
    AfterDate,
    AfterGuidance,
    ForMonths,
    ForSchoolDays,
    ForSchoolYear,
    Retention,
    UntilChanged,
)
from consent_service.rights.retention.model import (
    AfterSchool,
    Always,
    OfCatalogue,
    OfLog,
    Own,
    Period,
    WhileUsed,
    WithFamily,
    WithStaff,
)

HOLD_GROUNDS: Final[Mapping[str, str]] = {
    "claim": N_("Een rechtszaak of een claim (AVG 17(3)(e))"),
    "needed_by_person": N_("De persoon heeft het zelf nodig voor een rechtszaak (AVG 18(1)(c))"),
    "authority": N_("Een onderzoek van een toezichthouder (AVG 17(3)(b))"),
    "complaint": N_("Een klacht die nog loopt (AVG 17(3)(e))"),
}
FIELD_LABELS: Final[Mapping[str, str]] = {
    "subject": N_("Kenmerk van het gezin of kind"),
    "ground": N_("Waarom moet dit bewaard blijven?"),
    "review_on": N_("Wanneer kijkt u opnieuw?"),
}
TABLES: Final[Mapping[str, Mapping[str, str]]] = {"hold_ground": HOLD_GROUNDS}


def retention_words(said: Translator, retention: Retention) -> str:
    """How long a record of a type is kept."""
    match retention:
        case AfterGuidance(months=0) | UntilChanged():
            return said.text(N_("tot het einde van de begeleiding"))
        case AfterGuidance(months=months):
            return said.text(
                NN_("{count} maand na de begeleiding", "{count} maanden na de begeleiding"), count=months
            )
        case ForMonths(months=months):
            return said.text(NN_("{count} maand", "{count} maanden"), count=months)
        case ForSchoolDays(days=days):
            return said.text(NN_("{count} schooldag", "{count} schooldagen"), count=days)
        case ForSchoolYear():
            return said.text(N_("tot het einde van het schooljaar"))
        case AfterDate(months=months):
            return said.text(
                NN_("{count} maand na de datum die erin staat", "{count} maanden na de datum die erin staat"),
                count=months,
            )
        case _:
            assert_never(retention)


def period_words(said: Translator, period: Period) -> str:
    """How long the rows of a table are kept."""
    match period:
        case Own(months=0, days=days):
            return said.text(NN_("{count} dag", "{count} dagen"), count=days)
        case Own(months=months):
            return said.text(NN_("{count} maand", "{count} maanden"), count=months)
        case WithFamily(months=months):
            return said.text(
                NN_("{count} jaar na de begeleiding", "{count} jaar na de begeleiding"), count=months // 12
            )
        case WithStaff(months=months):
            return said.text(NN_("{count} jaar na vertrek", "{count} jaar na vertrek"), count=months // 12)
        case OfLog(months=months):
            return said.text(NN_("ten minste {count} jaar", "ten minste {count} jaar"), count=months // 12)
        case AfterSchool():
            return said.text(N_("tot er niets meer van bewaard wordt"))
        case WhileUsed():
            return said.text(N_("zolang het in gebruik is"))
        case OfCatalogue():
            return said.text(N_("per soort informatie"))
        case Always():
            return said.text(N_("blijft; er staat niemand meer in"))
        case _:
            assert_never(period)
