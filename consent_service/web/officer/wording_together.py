"""Titles of what happens when shelter, school and parents work together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_

TOGETHER: Final[Mapping[str, str]] = {
    "question.asked.v1": N_("Vraag aan het logboek"),
    "person.sought.v1": N_("Kind opgezocht voor een zaak"),
    "sample.drawn.v1": N_("Steekproef getrokken"),
    "sample.judged.v1": N_("Steekproef beoordeeld"),
    "accountability.taken.v1": N_("Document meegenomen"),
    "accountability.report_fixed.v1": N_("Jaarverslag vastgesteld"),
    "break_glass.asked.v1": N_("Noodgeval gevraagd"),
    "break_glass.moved.v1": N_("Noodgeval: wat ermee gebeurde"),
    "break_glass.read.v1": N_("Noodgeval: gelezen zonder toestemming"),
    "breach.opened.v1": N_("Datalek in het register"),
    "breach.moved.v1": N_("Datalek: wat ermee gebeurde"),
    "breach.examined.v1": N_("Datalek: wie wat kon zien"),
    "breach.letter_moved.v1": N_("Brief over een datalek"),
    "restriction.moved.v1": N_("Beperking van gegevens"),
    "rectification.asked.v1": N_("Gegevens worden rechtgezet"),
    "case.opened.v1": N_("Verzoek over eigen gegevens"),
    "case.moved.v1": N_("Verzoek: wat ermee gebeurde"),
    "meldcode.opened.v1": N_("Meldcode begonnen"),
    "meldcode.moved.v1": N_("Meldcode: stap gezet"),
    "exit.permitted.v1": N_("Iets mocht naar buiten"),
    "exit.refused.v1": N_("Niets mocht naar buiten"),
    "notice.queued.v1": N_("Bericht klaargezet"),
    "notice.sent.v1": N_("Bericht verstuurd"),
    "notice.not_sent.v1": N_("Bericht niet verstuurd"),
    "notice.uncertain.v1": N_("Onbekend of bericht aankwam"),
    "notice.bounced.v1": N_("Adres voor berichten werkt niet"),
    "notice.address_entered.v1": N_("Adres voor berichten ingevoerd"),
    "first_contact.sent.v1": N_("Eerste contact verstuurd"),
    "first_contact.refused.v1": N_("Eerste contact geweigerd"),
    "first_contact.confirmed.v1": N_("Leerling bevestigd"),
    "first_contact.read.v1": N_("Eerste contact gelezen"),
    "signal.sent.v1": N_("Zorgsignaal verstuurd"),
    "signal.noticed.v1": N_("Bericht over een zorgsignaal"),
    "signal.read.v1": N_("Zorgsignaal gelezen"),
    "signal.unread.v1": N_("Zorgsignaal niet gelezen"),
    "signal.called.v1": N_("Zorgsignaal per telefoon doorgegeven"),
    "signal.gone.v1": N_("Zorgsignaal weggehaald"),
    "signal.route_set.v1": N_("Weg van zorgsignalen vastgelegd"),
    "meeting.stepped.v1": N_("Driegesprek"),
    "meeting.refused.v1": N_("Driegesprek niet voorgesteld"),
    "meeting_agreement.stepped.v1": N_("Afspraak uit driegesprek"),
    "recall.issued.v1": N_("Teruggeroepen"),
    "recall.asked.v1": N_("Teruggevraagd"),
    "recall.erased.v1": N_("School verteld dat er gewist is"),
    "recall.erased_answered.v1": N_("School antwoordde over wissen"),
    "figures.published.v1": N_("Cijfers vastgesteld"),
    "recall.acknowledged.v1": N_("School antwoordde op terugroepen"),
}
"""Events of signals, meetings, messages, emergencies, recalls and figures, by type."""
