"""The words for every code of a signal that a page shows; joined into `vocabulary`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_

SIGNAL_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "signal_state": {
        "sent": N_("Verstuurd, nog niet gelezen"),
        "unread": N_("Niet gelezen op tijd"),
        "read": N_("Gelezen door de school"),
        "called": N_("Per telefoon verteld"),
        "gone": N_("Weg bij de school"),
    },
    "signal_route": {
        "direct": N_("Rechtstreeks naar de school"),
        "attendance_officer": N_("Via de leerplichtambtenaar"),
        "veilig_thuis": N_("Via Veilig Thuis"),
    },
    "signal_region": {"noord": N_("Noord"), "midden": N_("Midden"), "zuid": N_("Zuid")},
    "signal_spoken_to": {
        "contact": N_("Contactpersoon van de school"),
        "director": N_("Directeur"),
        "administration": N_("Administratie"),
        "teacher": N_("Leerkracht"),
        "attendance_officer": N_("Leerplichtambtenaar"),
        "veilig_thuis": N_("Veilig Thuis"),
    },
}
SIGNAL_LABELS: Final[Mapping[str, str]] = {
    "region": N_("Vakantieregio"),
    "route": N_("Langs welke weg gaat een signaal?"),
    "recipient": N_("Wie geeft het door?"),
    "recipient_phone": N_("Nummer om te bellen"),
    "signal_spoken_to": N_("Met wie sprak u?"),
}
