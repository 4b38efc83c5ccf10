"""The words for every code of a meldcode and of a request; joined into `vocabulary`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_
from consent_service.process.emergencies.model import ASKERS, GROUNDS, RECIPIENT

_CONSULTED: Final[Mapping[str, str]] = {
    "anonymous": N_("Zonder namen te noemen (anoniem)"),
    "named": N_("Met de namen erbij"),
}
_TALKED: Final[Mapping[str, str]] = {
    "held": N_("Het gesprek is geweest"),
    "not_held": N_("Er is niet gesproken"),
}
_REPORTED: Final[Mapping[str, str]] = {
    "yes": N_("Ja, wij melden bij Veilig Thuis"),
    "no": N_("Nee, wij melden niet"),
}
_HELPED: Final[Mapping[str, str]] = {
    "yes": N_("Ja, er komt hulp of die gaat door"),
    "no": N_("Nee, er komt geen hulp van ons"),
}
_ACTS: Final[Mapping[str, str]] = {
    "give": N_("Wij geven informatie"),
    "refuse": N_("Wij geven niets"),
    "ask_back": N_("Wij vragen eerst iets terug"),
}
_GIVEN: Final[Mapping[str, str]] = {
    "give": N_("Informatie gegeven"),
    "refuse": N_("Geweigerd"),
    "ask_back": N_("Teruggevraagd"),
    "answer_back": N_("Antwoord op onze vraag"),
}
MELDCODE_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "meldcode_state": {
        "mapped": N_("Stap 1 is gezet"),
        "consulted": N_("Stap 2 is gezet"),
        "talked": N_("Stap 3 is gezet"),
        "weighed": N_("Stap 4 is gezet"),
        "report_decided": N_("Stap 5: nog één besluit"),
        "decided": N_("Alle stappen zijn gezet"),
        "closed": N_("Afgesloten"),
    },
    "meldcode_step": {
        "map_signals": N_("Stap 1: de signalen"),
        "consult": N_("Stap 2: overleg met een collega en met Veilig Thuis"),
        "talk": N_("Stap 3: gesprek met ouders en kind"),
        "weigh": N_("Stap 4: wegen"),
        "decide_report": N_("Stap 5: besluit over melden"),
        "decide_help": N_("Stap 5: besluit over hulp"),
        "postpone": N_("Nog niet open voor de ouders"),
    },
    "meldcode_how": {
        "map_signals": N_("Schrijf op wat u zag en hoorde, en wanneer. Eerst feiten, dan wat u denkt."),
        "consult": N_(
            "Overleg met een collega die de meldcode kent. Vraag Veilig Thuis om advies. Dat mag zonder "
            "namen. Denk ook aan letsel: laat dat door een arts bekijken."
        ),
        "talk": N_(
            "Vertel wat u ziet en vraag wat zij ervan vinden. Praat ook met het kind. Is praten niet veilig? "
            "Doe het dan niet, en schrijf op waarom."
        ),
        "weigh": N_("Weeg wat u weet. Loop de vijf vragen van het afwegingskader langs."),
        "decide_report": N_(
            "Is er acute of steeds terugkerende onveiligheid? Dan meldt u. Vertel de ouders vooraf dat u "
            "meldt, als dat veilig kan."
        ),
        "decide_help": N_("Kunt u zelf hulp geven of regelen, ook als u meldt? Spreek af wie dat volgt."),
    },
    "meldcode_what": {
        "map_signals": N_("Welke signalen zijn er?"),
        "consult": N_("Wie gaf advies, en wat was het?"),
        "talk": N_("Wat is er besproken, of wat deed u in plaats daarvan?"),
        "weigh": N_("Wat komt er uit de vijf vragen?"),
        "decide_report": N_("Wat besluit u over melden?"),
        "decide_help": N_("Wat besluit u over hulp?"),
    },
    "meldcode_why": {
        "map_signals": N_("Waarom maakt dit u zorgen?"),
        "consult": N_("Waarom volgt u dit advies wel of niet?"),
        "talk": N_("Waarom zo? Was er geen gesprek, waarom niet?"),
        "weigh": N_("Waarom weegt u het zo?"),
        "decide_report": N_("Waarom wel of niet melden?"),
        "decide_help": N_("Waarom wel of geen hulp?"),
    },
    "meldcode_code_consult": _CONSULTED,
    "meldcode_code_talk": _TALKED,
    "meldcode_code_decide_report": _REPORTED,
    "meldcode_code_decide_help": _HELPED,
    "meldcode_open": {
        "open": N_("Open: de ouder met gezag mag dit lezen"),
        "later": N_("Nog niet: dat is nu niet veilig"),
    },
    "meldcode_recipient": {RECIPIENT: N_("Veilig Thuis")},
    "request_asker": {str(asker): words for asker, words in ASKERS.items()},
    "request_ground": {str(ground): words for ground, (_, words) in GROUNDS.items()},
    "request_ground_how": {
        "bw_1_240": N_(
            "U mag de Raad inlichten als dat nodig is voor het onderzoek, ook zonder toestemming. U bent het "
            "niet verplicht. Geef alleen wat nodig is."
        ),
        "jw_7_3_11_4": N_(
            "De rechter heeft het kind onder toezicht gesteld en de gezinsvoogd heeft dit nodig voor zijn "
            "taak. Dan mag en moet u antwoorden. Vraag de beschikking te zien."
        ),
        "jw_7_3_11_1": N_("Alleen als de ouder of de jongere dit goed vindt. Kijk of dat vastligt."),
        "sv_126nd": N_(
            "Alleen met een vordering op papier van de officier van justitie. Een vraag door de telefoon is "
            "geen vordering. Overleg eerst met de privacycoördinator."
        ),
        "vital": N_("Er is nu gevaar voor een leven. Geef alleen wat daarvoor nodig is."),
        "none_named": N_("U geeft niets. Vraag op welke grond het kan, of weiger."),
    },
    "request_act": _ACTS,
    "request_answered": _GIVEN,
    "request_state": {
        "received": N_("Wacht op ons antwoord"),
        "given": N_("Informatie gegeven"),
        "refused": N_("Geweigerd"),
        "asked_back": N_("Wacht op antwoord van de vrager"),
    },
}
MELDCODE_FIELDS: Final[Mapping[str, str]] = {
    "meldcode_child": N_("Over welk kind?"),
    "step_what": N_("Wat"),
    "step_why": N_("Waarom"),
    "step_choice": N_("Uw keuze"),
    "openness": N_("Mag de ouder dit lezen?"),
    "postpone_why": N_("Waarom is het niet veilig?"),
    "open_again_on": N_("Wanneer kijkt u opnieuw?"),
    "asker": N_("Wie vraagt het?"),
    "ground": N_("Op welke grond?"),
    "asked_by": N_("Naam en functie"),
    "asked": N_("Wat wordt er gevraagd?"),
    "letter": N_("Kenmerk van de brief"),
    "request_act": N_("Wat doet u?"),
    "answer_what": N_("Wat"),
    "answer_why": N_("Waarom"),
}
"""Labels of fields in the error summary."""
LAWFUL_CODES: Final[Mapping[str, str]] = {
    **{str(asker): words for asker, words in ASKERS.items()},
    **{str(ground): words for ground, (_, words) in GROUNDS.items()},
    "anonymous": N_("zonder namen"),
    "named": N_("met namen"),
    "held": N_("het gesprek is geweest"),
    "not_held": N_("er is niet gesproken"),
    RECIPIENT: N_("Veilig Thuis"),
}
"""For the log of the officer."""
