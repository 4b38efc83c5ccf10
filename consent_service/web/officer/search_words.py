"""What an officer can search by, in words: decisions, legal bases, organisations and kinds of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from consent_service.audit.filtering import Decision
from consent_service.foundation.i18n import N_, translator
from consent_service.information.model import LegalBasis
from consent_service.organisations.model import School
from consent_service.rights.searching import SHELTER
from consent_service.web.components import Option

DECISIONS: Final[Mapping[Decision, str]] = {
    "allowed": N_("Toegestaan"),
    "refused": N_("Geweigerd"),
    "yes": N_("Het gezin zei ja"),
    "no": N_("Het gezin zei nee"),
    "later": N_("Het gezin koos later"),
    "stopped": N_("Het gezin zei stop"),
}
BASES: Final[Mapping[LegalBasis, str]] = {
    "public_task": N_("Taak van algemeen belang (AVG 6(1)(e))"),
    "consent": N_("Toestemming (AVG 6(1)(a))"),
    "explicit_consent": N_("Uitdrukkelijke toestemming (AVG 9(2)(a))"),
    "legal_obligation": N_("Wettelijke plicht (AVG 6(1)(c))"),
    "legitimate_interest": N_("Gerechtvaardigd belang (AVG 6(1)(f))"),
}


def decision_options(language: str) -> tuple[Option, ...]:
    """Every decision, of the service and of the family."""
    said = translator(language)
    return tuple(Option(code, said.text(words)) for code, words in DECISIONS.items())


def basis_options(language: str) -> tuple[Option, ...]:
    """Every legal basis an information type can rest on."""
    said = translator(language)
    return tuple(Option(code, said.text(words)) for code, words in BASES.items())


def organisation_options(language: str, schools: Iterable[School]) -> tuple[Option, ...]:
    """The shelter itself, then its schools by name."""
    own = Option(SHELTER, translator(language).text(N_("De opvang zelf")))
    return (own, *(Option(one.school, one.name) for one in schools))
