"""Sentences for break-glass, the meldcode and statutory requests. See `describe`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from consent_service.audit.describing import Sentence, say
from consent_service.audit.events import (
    BreakGlassAsked,
    BreakGlassMoved,
    BreakGlassRead,
    EmergencyEvent,
    MeldcodeMoved,
    MeldcodeOpened,
    StatutoryRequestAnswered,
    StatutoryRequestReceived,
    StatutoryTextRead,
)
from consent_service.audit.happenings.emergencies import BreakGlassAct, MeldcodeAct, RequestAct
from consent_service.foundation.i18n import N_

BREAK_GLASS: Final[Mapping[BreakGlassAct, str]] = {
    "look": N_("Noodgeval: een tweede persoon las wat er gevraagd wordt."),
    "approve": N_("Noodgeval: een tweede persoon vond het nodig. De school kan het een dag lezen."),
    "refuse": N_("Noodgeval: een tweede persoon vond het niet nodig."),
    "drop": N_("Noodgeval: de vraag is ingetrokken."),
    "confirm": N_("Noodgeval: de tweede persoon heeft bevestigd wat door de telefoon is gezegd."),
    "deny": N_("Noodgeval: de genoemde tweede persoon zegt dit niet te hebben goedgevonden."),
    "withdraw": N_("Noodgeval: de tweede persoon vindt het niet langer nodig. Het is gestopt."),
    "end": N_("Noodgeval: het is gestopt."),
    "run_out": N_("Noodgeval: de dag is om. Het is vanzelf gestopt."),
    "tell": N_("Noodgeval: het is aan de ouder verteld."),
    "review": N_("Noodgeval: achteraf beoordeeld."),
}
MELDCODE: Final[Mapping[MeldcodeAct, str]] = {
    "map_signals": N_("Meldcode stap 1: signalen in kaart gebracht."),
    "consult": N_("Meldcode stap 2: overlegd met een collega en met Veilig Thuis."),
    "talk": N_("Meldcode stap 3: gesproken met ouders en kind, of opgeschreven waarom niet."),
    "weigh": N_("Meldcode stap 4: gewogen met het afwegingskader."),
    "decide_report": N_("Meldcode stap 5: besloten of er gemeld wordt."),
    "decide_help": N_("Meldcode stap 5: besloten of er hulp komt."),
    "export": N_("Meldcode: bestand voor het meldformulier van Veilig Thuis gemaakt."),
    "postpone": N_("Meldcode: nog niet open voor de ouders, om de veiligheid."),
    "open_to_parents": N_("Meldcode: open voor de ouders."),
    "close": N_("Meldcode: afgesloten."),
}
REQUESTS: Final[Mapping[RequestAct, str]] = {
    "give": N_("Verzoek met een wettelijke grond: informatie gegeven."),
    "refuse": N_("Verzoek met een wettelijke grond: geweigerd."),
    "ask_back": N_("Verzoek met een wettelijke grond: eerst iets teruggevraagd."),
    "answer_back": N_("Verzoek met een wettelijke grond: het antwoord op onze vraag is er."),
}
READ: Final[Mapping[str, str]] = {
    "meldcode": N_("Meldcode: gelezen wat er is opgeschreven."),
    "request": N_("Verzoek met een wettelijke grond: gelezen wat er is opgeschreven."),
}


def describe_emergency(event: EmergencyEvent) -> Sentence:
    """What happened on another ground than consent, in one sentence."""
    match event:
        case BreakGlassAsked(reason=reason, information_type=kind):
            msgid = N_("Noodgeval: gevraagd om de school {type} te laten lezen. Reden: {reason}.")
            return say(msgid, type=kind, reason=reason)
        case BreakGlassMoved(act=act):
            return say(BREAK_GLASS[act])
        case BreakGlassRead(listed=True):
            return say(N_("Noodgeval: de school zag dat er iets te lezen is, en over welk kind."))
        case BreakGlassRead():
            return say(N_("Noodgeval: de school las dit zonder toestemming, omdat het nodig kon zijn."))
        case MeldcodeOpened():
            return say(N_("Meldcode begonnen."))
        case MeldcodeMoved(act=act):
            return say(MELDCODE[act])
        case StatutoryRequestReceived(asker=asker, ground=ground):
            msgid = N_("Verzoek van {asker} ontvangen. Grond: {ground}.")
            return say(msgid, asker=asker, ground=ground)
        case StatutoryRequestAnswered(act=act):
            return say(REQUESTS[act])
        case StatutoryTextRead(what=what):
            return say(READ[what])
        case _:
            assert_never(event)
