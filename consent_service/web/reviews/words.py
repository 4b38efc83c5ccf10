"""The ready questions, verdicts and findings in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from consent_service.audit.proof_states import ProofState
from consent_service.foundation.i18n import N_, translator
from consent_service.rights.reviews.asking import CasePurpose
from consent_service.rights.reviews.drawing import Stratum
from consent_service.rights.reviews.judging import Finding, Verdict
from consent_service.rights.reviews.questions import Period, QuestionKind
from consent_service.web.components import Option

_Code = TypeVar("_Code", bound=str)


class QuestionWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question as it is asked, and in one sentence with its article what the answer is."""

    title: str
    meaning: str


QUESTIONS: Final[Mapping[QuestionKind, QuestionWords]] = {
    "who_saw": QuestionWords(
        N_("Wie heeft gegevens van dit kind gezien?"),
        N_("Iedereen die iets over dit kind of deze ouder opende of hoorde (AVG 15(1)(c))."),
    ),
    "what_opened": QuestionWords(
        N_("Wat heeft deze medewerker geopend?"),
        N_("Alles wat iemand opende, zocht of bekeek (AVG 32(4))."),
    ),
    "safety_releases": QuestionWords(
        N_("Wat is gegeven terwijl een gezin niet veilig was?"),
        N_(
            "Elke keer dat iets gegeven werd over een gezin in gevaar of nog niet beoordeeld, naar de feiten"
            " van toen (AVG 24)."
        ),
    ),
    "emergencies": QuestionWords(
        N_("Welke noodgevallen waren er?"),
        N_("Alles wat zonder toestemming gevraagd, goedgevonden of gelezen is (AVG 6(1)(d))."),
    ),
    "outside_hours": QuestionWords(
        N_("Wat is buiten werktijd geopend?"),
        N_("In een weekend, voor zeven uur of vanaf zeven uur in de avond (AVG 32(1))."),
    ),
    "refusals": QuestionWords(
        N_("Wat heeft de dienst geweigerd?"),
        N_("Elke keer dat iemand iets niet kreeg of niet mocht delen, met de reden (AVG 25)."),
    ),
}
SLUGS: Final[Mapping[QuestionKind, str]] = {
    "who_saw": "wie-zag",
    "what_opened": "wat-opende",
    "safety_releases": "veiligheid",
    "emergencies": "noodgevallen",
    "outside_hours": "buiten-werktijd",
    "refusals": "weigeringen",
}
"""How a question is called in an address."""
PERIODS: Final[Mapping[Period, str]] = {
    "month": N_("Afgelopen maand"),
    "week": N_("Afgelopen week"),
    "days": N_("Deze dagen"),
}
CASE_PURPOSES: Final[Mapping[CasePurpose, str]] = {
    "complaint": N_("Een klacht"),
    "access": N_("Een verzoek over eigen gegevens"),
    "breach": N_("Een datalek"),
    "supervisor": N_("Een vraag van de toezichthouder"),
    "court": N_("Een vraag van de rechter"),
}
VERDICTS: Final[Mapping[Verdict, str]] = {
    "in_order": N_("In orde"),
    "asked": N_("Navraag gedaan"),
    "wrong": N_("Niet in orde"),
}
TONES: Final[Mapping[str, str]] = {"in_order": "good", "asked": "attention", "wrong": "danger", "": "calm"}
FINDINGS: Final[Mapping[Finding, str]] = {
    "no_reason": N_("Er is geen reden te zien"),
    "too_much": N_("Meer dan nodig was"),
    "wrong_person": N_("Over of aan de verkeerde persoon"),
    "wrong_purpose": N_("Voor een ander doel dan er staat"),
    "too_late": N_("Te laat gedaan"),
    "not_recorded": N_("Wat erbij hoort, is niet vastgelegd"),
    "other_rule": N_("Een andere regel is niet gevolgd"),
}
STRATA: Final[Mapping[Stratum, str]] = {
    "release": N_("Gegeven"),
    "override": N_("Uitzondering"),
    "safety": N_("Over veiligheid"),
    "other": N_("Overig"),
}
PROOFS: Final[Mapping[ProofState, str]] = {
    "proved": N_("bewezen"),
    "pending": N_("wordt nog ingeschreven"),
    "failed": N_("niet bewezen: meld dit meteen"),
}
PROOF_TONES: Final[Mapping[ProofState, str]] = {"proved": "good", "pending": "attention", "failed": "danger"}
CODES: Final[Mapping[str, str]] = {
    **{str(kind): words.title for kind, words in QUESTIONS.items()},
    **{str(code): words for code, words in CASE_PURPOSES.items()},
    **{str(code): words for code, words in VERDICTS.items()},
    **{str(code): words for code, words in FINDINGS.items()},
    "sample": N_("Steekproef"),
    "tasks": N_("Taken"),
    "recalls": N_("Teruggeroepen"),
    "break_glasses": N_("Noodgevallen"),
    "requests": N_("Verzoeken"),
    "erasures": N_("Wissen"),
    "restrictions": N_("Beperkingen"),
}
"""Codes of these events in the sentences of the log."""


def options(language: str, words: Mapping[_Code, str]) -> tuple[Option, ...]:
    """Each code with its words in this language."""
    said = translator(language)
    return tuple(Option(code, said.text(text)) for code, text in words.items())


def question_of(slug: str) -> QuestionKind | None:
    """The question that is so called; None for what no page of ours names."""
    return next((kind for kind, called in SLUGS.items() if called == slug), None)
