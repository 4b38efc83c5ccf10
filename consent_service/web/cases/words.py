"""The words for every code of a request that a page shows; joined into `vocabulary`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_

CASE_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "case_kind": {
        "access": N_("Alles zien wat er over mij staat"),
        "portability": N_("Mijn gegevens meenemen"),
        "rectification": N_("Iets laten verbeteren"),
        "erasure": N_("Iets laten wissen"),
        "restriction": N_("Het gebruik laten stilzetten"),
        "objection": N_("Bezwaar maken"),
    },
    "case_kind_meaning": {
        "access": N_("Een leesbaar dossier. Ook wie er keek, wanneer en waarom."),
        "portability": N_("Wat zelf gegeven is, in een bestand voor een andere dienst."),
        "rectification": N_("Klopt iets niet? Zeg wat het is en hoe het wel is."),
        "erasure": N_("Wij wissen wat wij niet moeten bewaren."),
        "restriction": N_("Niemand gebruikt het dan, tot het is uitgezocht."),
        "objection": N_("Vertel waarom het gebruik niet goed is. Wij wegen het."),
    },
    "case_state": {
        "received": N_("Nog nagaan wie het vraagt"),
        "identified": N_("Nog te beslissen"),
        "granted": N_("Nog uit te voeren"),
        "refused": N_("Antwoord nog te geven"),
        "done": N_("Klaar"),
        "withdrawn": N_("Ingetrokken"),
    },
    "own_case_state": {
        "received": N_("Wij kijken ernaar"),
        "identified": N_("Wij kijken ernaar"),
        "granted": N_("Het antwoord is ja"),
        "refused": N_("Het antwoord is nee"),
        "done": N_("Klaar"),
        "withdrawn": N_("Ingetrokken"),
    },
    "case_standing": {
        "oneself": N_("Vraagt over zichzelf"),
        "decides": N_("Heeft gezag"),
        "authority_unknown": N_("Gezag staat nergens vast"),
        "without_authority": N_("Heeft geen gezag over dit kind"),
        "child_decides": N_("Het kind beslist hier zelf over"),
        "by_hand": N_("Met de hand afwegen, om de veiligheid"),
        "unknown": N_("Niemand die hier bekend is"),
    },
    "case_capacity": {
        "guardian": N_("Een ouder of voogd"),
        "child": N_("Het kind zelf"),
        "representative": N_("Iemand namens een ouder"),
    },
    "case_channel": {
        "page": N_("Eigen pagina"),
        "conversation": N_("Gesprek"),
        "letter": N_("Brief, op papier"),
    },
    "case_arrival": {
        "conversation": N_("In een gesprek"),
        "letter": N_("Per brief"),
    },
    "case_identity": {
        "page": N_("Ingelogd op de eigen pagina, met code en tweede stap"),
        "document": N_("Identiteitsbewijs gezien, niets ervan bewaard"),
        "known": N_("Bekend bij de begeleider"),
    },
    "case_check": {
        "document": N_("Ik zag een identiteitsbewijs; er is niets van bewaard"),
        "known": N_("De begeleider kent deze persoon"),
    },
    "case_extension": {
        "complex": N_("Het verzoek is ingewikkeld"),
        "many": N_("Er kwamen veel verzoeken tegelijk"),
    },
    "case_opinion": {
        "agree": N_("Ik ben het eens met inwilligen"),
        "disagree": N_("Ik raad inwilligen af"),
    },
    "case_outcome": {
        "grant": N_("Ja"),
        "grant_in_part": N_("Voor een deel"),
        "refuse": N_("Nee"),
    },
    "case_ground": {
        "not_identified": N_("Wie het vraagt, is niet vast te stellen"),
        "unknown": N_("Wie het vraagt, is hier niet bekend"),
        "without_authority": N_("Wie het vraagt, mag hierover niets horen"),
        "safety": N_("De veiligheid van een ander gaat voor"),
        "rights_of_others": N_("Het gaat over iemand anders"),
        "excessive": N_("Hetzelfde is telkens opnieuw gevraagd"),
        "legal_hold": N_("De gegevens zijn nodig in een rechtszaak"),
        "proof": N_("Het is bewijs van wat u toestond"),
        "law": N_("Een wet zegt dat wij dit moeten bewaren"),
        "child_decides": N_("Het kind beslist hier zelf over"),
        "nothing_here": N_("Wij hebben deze gegevens niet"),
    },
    "case_about": {
        "everybody": N_("Over mij en mijn kinderen"),
        "oneself": N_("Alleen over mij"),
    },
}
"""Table by table: the code and what it is called."""

REFUSALS: Final[Mapping[str, str]] = {
    "rights_of_others": N_("Een deel gaat over iemand anders. Dat geven wij niet."),
    "excessive": N_("U vroeg dit kort geleden ook. Er is niets veranderd."),
    "legal_hold": N_("Wij mogen dit nu niet wissen. Het is nodig in een rechtszaak."),
    "proof": N_("Wij moeten kunnen laten zien dat het delen mocht. Dat bewijs wissen wij daarom niet."),
    "law": N_("Een wet zegt dat wij dit moeten bewaren."),
    "child_decides": N_("Uw kind beslist hier zelf over. Vraag het uw kind."),
    "nothing_here": N_("Wij hebben deze gegevens niet."),
}
"""What who asked is told, by the ground of the refusal."""
NEUTRAL_REFUSAL: Final = N_(
    "Wij geven u geen gegevens. Dat zegt niets over de vraag of wij iets over u of een kind weten."
)
"""And for every other ground: the same words."""

CASE_LABELS: Final[Mapping[str, str]] = {
    "case_kind": N_("Wat wordt gevraagd?"),
    "case_channel": N_("Hoe kwam het binnen?"),
    "case_capacity": N_("Wie vraagt het?"),
    "received_on": N_("Wanneer kwam het binnen?"),
    "asker": N_("Naam van wie het vraagt"),
    "child_names": N_("Voor- en achternaam van het kind"),
    "words": N_("Wat staat er?"),
    "how": N_("Hoe weet u wie het vraagt?"),
    "why": N_("Waarom is meer tijd nodig?"),
    "opinion": N_("Wat is uw advies?"),
    "case_outcome": N_("Wat is het antwoord?"),
    "ground": N_("Waarom niet, of niet alles?"),
    "weighed": N_("Belangen gewogen"),
    "about": N_("Over wie?"),
    "case_requester": N_("Wie vraagt het?"),
}
