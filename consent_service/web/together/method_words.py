"""Each step of the way of working: why and how, in two sentences each. B1, in our own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_

METHOD_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "method_step": {
        "intake": N_("De intake"),
        "first_contact": N_("Het eerste contact"),
        "signals": N_("Signalen"),
        "meeting": N_("Het driegesprek"),
        "agreements": N_("De afspraken"),
        "end": N_("Het einde en de nazorg"),
    },
    "method_why": {
        "intake": N_(
            "Een ouder die zelf kiest, durft later ook hulp te vragen. Daarom begint alles met een rustig "
            "gesprek over wat de school mag weten."
        ),
        "first_contact": N_(
            "Een kind merkt het als twee mensen van elkaar weten wie er helpt. Als de school u kent voordat "
            "er iets misgaat, belt zij eerder."
        ),
        "signals": N_(
            "Na een zware nacht heeft een kind in de klas eerst rust nodig. Een kort signaal geeft de "
            "leerkracht de kans om zacht te beginnen, zonder dat het kind iets hoeft te vertellen."
        ),
        "meeting": N_(
            "Over een kind praten gaat beter met de ouder erbij. Aan één tafel hoort iedereen hetzelfde en "
            "verdwijnt de angst voor wat anderen zeggen."
        ),
        "agreements": N_(
            "Een goed gesprek helpt pas als er daarna iets gebeurt. Met een naam en een dag erbij weet "
            "iedereen wie wat doet."
        ),
        "end": N_(
            "Bij een verhuizing raakt een kind vaak ook zijn school en zijn vaste mensen kwijt. Wie op tijd "
            "overdraagt, voorkomt dat het kind weer vooraan moet beginnen."
        ),
    },
    "method_how": {
        "intake": N_(
            "Geef de ouder de tablet en lees samen vraag voor vraag. Een nee is ook een goed antwoord: druk "
            "nooit aan en vraag het later nog eens."
        ),
        "first_contact": N_(
            "Controleer code, straat en telefoon, en stuur dan pas. Bel de contactpersoon ook even, zodat er "
            "een stem bij de naam hoort."
        ),
        "signals": N_(
            "Stuur het signaal voor de school begint en schrijf niet op wat er gebeurde. Is het om acht uur "
            "niet gelezen, dan belt u."
        ),
        "meeting": N_(
            "Kies samen met de ouder waarover u praat, en regel een tolk als dat nodig is. Laat de ouder als "
            "eerste spreken en vertel niets wat niet mag."
        ),
        "agreements": N_(
            "Schrijf kort op wat er gebeurt, wie het doet en wanneer. Geef de ouders een kopie en kijk op de "
            "dag zelf of het gelukt is."
        ),
        "end": N_(
            "Vraag de ouder wat de nieuwe school mag weten en spreek af hoe lang u nog bereikbaar bent. "
            "Sluit daarna af, zodat er niets blijft staan."
        ),
    },
}
