"""Words of the pages on erasing. Part of `vocabulary`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_

STATES: Final[Mapping[str, str]] = {
    "asked": N_("Wacht op een andere coördinator"),
    "approved": N_("Goedgekeurd, nog niet uitgevoerd"),
    "running": N_("Bezig"),
    "executed": N_("Gewist"),
    "dropped": N_("Gaat niet door"),
}
SCOPES: Final[Mapping[str, str]] = {
    "person": N_("Een ouder of voogd"),
    "child": N_("Een kind"),
    "family": N_("Een heel gezin"),
}
GROUNDS: Final[Mapping[str, str]] = {
    "requested": N_("Het is gevraagd en wij hoeven het niet te bewaren (AVG 17(1)(c))"),
    "consent_withdrawn": N_("De toestemming is ingetrokken (AVG 17(1)(b))"),
    "no_longer_needed": N_("Het is niet meer nodig (AVG 17(1)(a))"),
    "unlawful": N_("Het mocht niet worden bewaard (AVG 17(1)(d))"),
    "legal_duty": N_("Een wet verplicht ons het te wissen (AVG 17(1)(e))"),
}
STAGES: Final[Mapping[str, str]] = {
    "live_dead": N_("Hier"),
    "path_dead": N_("In oude kopieën van de gegevens"),
    "backup_dead": N_("In kopieën van de sleutel"),
}
KEPT: Final[Mapping[str, str]] = {
    "keys": N_("Nummers van vernietigde sleutels"),
    "journal": N_("Een regel in het stopboek"),
    "leaves": N_("Versleutelde regels van het logboek"),
    "case": N_("Dat er een verzoek was en wat er is besloten"),
    "others": N_("Wat anderen zelf antwoordden"),
    "schools": N_("Wat de school zelf bewaart"),
}
KEPT_WHY: Final[Mapping[str, str]] = {
    "keys": N_("Anders komt een sleutel terug uit een oude kopie. Het nummer leidt naar niemand meer."),
    "journal": N_("Zo wordt het wissen overgedaan als een oude kopie wordt teruggezet."),
    "leaves": N_("Zo blijft te controleren dat het logboek klopt. Niemand kan er iemand in herkennen."),
    "case": N_(
        "Wij moeten kunnen laten zien dat wij op tijd antwoordden. Van wie het was, staat er niet meer."
    ),
    "others": N_("Dat is van die ander. Het noemt nummers die nergens meer naar leiden."),
    "schools": N_("De school beslist daar zelf over. Wij vragen om het te wissen (AVG 19)."),
}
RESTRICTION_GROUNDS: Final[Mapping[str, str]] = {
    "contested": N_("Iemand zegt dat het niet klopt, en wij kijken dat na (AVG 18(1)(a))"),
    "unlawful": N_("Het mocht niet, maar wie het vroeg wil het niet laten wissen (AVG 18(1)(b))"),
    "needed_for_claim": N_("Wie het vroeg heeft het nodig voor een rechtszaak (AVG 18(1)(c))"),
    "objection": N_("Er is bezwaar, en dat wordt gewogen (AVG 18(1)(d))"),
}
HOW_TOLD: Final[Mapping[str, str]] = {
    "page": N_("Op de eigen pagina"),
    "conversation": N_("In een gesprek"),
    "letter": N_("Met een brief"),
}
TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "erasure_state": STATES,
    "erasure_scope": SCOPES,
    "erasure_ground": GROUNDS,
    "erasure_stage": STAGES,
    "erasure_kept": KEPT,
    "erasure_kept_why": KEPT_WHY,
    "restriction_ground": RESTRICTION_GROUNDS,
    "how_told": HOW_TOLD,
}
GROUND_LABELS: Final[Mapping[str, str]] = {
    "erasure": N_("Waarom moet dit?"),
    "restriction": N_("Waarom?"),
}
"""How the field of the ground is called, by page."""
FIELD_LABELS: Final[dict[str, str]] = {
    "subject": N_("Wie wordt gewist?"),
    "erasure": N_("Wissen"),
    "place": N_("Over wie, en bij welke school?"),
    "type": N_("Wat mag alleen bewaard worden?"),
    "wrong": N_("Wat klopt er niet?"),
    "restriction": N_("Beperking"),
}
