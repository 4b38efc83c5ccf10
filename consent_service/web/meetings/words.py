"""The words for every code of a meeting that a page shows; joined into `vocabulary`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_

_TRIGGERS: Final[Mapping[str, str]] = {
    "routine": N_("Gewoon even overleggen"),
    "absence": N_("Het kind is vaak niet op school"),
    "concerns": N_("Zorgen over het kind"),
}
MEETING_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "meeting_state": {
        "awaiting_approval": N_("Wacht op een collega"),
        "proposed": N_("Voorgesteld"),
        "planned": N_("Gepland"),
        "moved": N_("Verplaatst"),
        "held": N_("Gehouden"),
        "agreed": N_("Afspraken gemaakt"),
        "copied": N_("Ouders hebben een kopie"),
        "closed": N_("Afgerond"),
        "cancelled": N_("Gaat niet door"),
    },
    "meeting_trigger": {**_TRIGGERS, "violence": N_("Er is nu geweld thuis: een collega kijkt eerst mee")},
    "meeting_trigger_school": _TRIGGERS,
    "meeting_place": {
        "school": N_("Op school"),
        "phone_or_video": N_("Met telefoon of video"),
        "elsewhere": N_("Ergens anders"),
    },
    "meeting_owner": {
        "parents": N_("Ouders"),
        "child": N_("Kind"),
        "school": N_("School"),
        "shelter": N_("Begeleider"),
    },
    "meeting_agreement": {
        "open": N_("Nog open"),
        "done": N_("Nagekomen"),
        "not_done": N_("Niet nagekomen"),
    },
    "meeting_not_done": {
        "no_time": N_("Er was geen tijd"),
        "not_needed": N_("Het was niet meer nodig"),
        "not_possible": N_("Het kon niet"),
        "later": N_("Het komt later"),
        "other": N_("Iets anders"),
    },
    "meeting_which": {
        "first": N_("Voor het terugzetten van de klok"),
        "second": N_("Na het terugzetten van de klok"),
    },
    "meeting_warning": {
        "clash": N_("Iemand heeft dan al een ander gesprek."),
        "holiday": N_("De school is dan dicht: vakantie, een vrije dag of weekend."),
        "no_holidays_known": N_("Wij weten niet of de school dan open is. Vraag het de school."),
        "no_consent": N_("Een contactpersoon mag de afspraken nu niet lezen. Kijk naar de toestemming."),
    },
}

MEETING_LABELS: Final[Mapping[str, str]] = {
    "meeting_about": N_("Over welk kind?"),
    "trigger": N_("Waarom dit gesprek?"),
    "beside": N_("Op hetzelfde moment als het gesprek over"),
    "agenda": N_("Waarover praten we?"),
    "guardians": N_("Welke ouder is erbij?"),
    "school_contacts": N_("Wie is er van de school bij?"),
    "meeting_place": N_("Waar is het gesprek?"),
    "meeting_day": N_("Op welke dag?"),
    "time": N_("Hoe laat?"),
}
"""What the fields of its forms are called in a summary of mistakes."""
