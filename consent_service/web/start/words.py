"""The words for every code of a start that a page shows; joined into `vocabulary`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_

START_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "start_state": {
        "none": N_("Nog niet verstuurd"),
        "sent": N_("Verstuurd, de school moet nog bevestigen"),
        "confirmed": N_("De school bevestigde de leerling"),
        "read": N_("De school las wie er helpt"),
        "closed": N_("Gesloten: geen leerling van deze school"),
    },
    "start_spoken_to": {
        "contact": N_("De contactpersoon"),
        "director": N_("De directeur"),
        "administration": N_("De administratie"),
        "teacher": N_("De leerkracht"),
    },
    "start_pupil": {
        "yes": N_("Ja, dit is een leerling van ons"),
        "not_our_pupil": N_("Nee, dit kind zit niet bij ons op school"),
        "related": N_("Ik ben familie of een bekende van dit gezin"),
    },
    "first_day": {
        "parent_app": N_("De ouderapp"),
        "class_list": N_("De klassenlijst"),
        "photos": N_("Foto's en films"),
        "emergency_numbers": N_("De noodnummers"),
        "transfer_file": N_("Het dossier van de vorige school"),
        "gate": N_("De poort"),
        "letters": N_("Brieven en verslagen"),
    },
    "first_day_how": {
        "parent_app": N_("Kijk wie meeleest in de app. Zet zo nodig het adres en de foto's uit."),
        "class_list": N_("Deel geen lijst met naam, adres of nummer van dit kind."),
        "photos": N_("Maak en plaats geen foto's of films zonder ja van de ouder. Ook niet in de krant."),
        "emergency_numbers": N_("Haal oude nummers weg. Vraag de ouder welk nummer nu veilig is."),
        "transfer_file": N_(
            "Overleg eerst met de ouder. Wie het dossier opvraagt, laat weten waar het kind nu is."
        ),
        "gate": N_("Weet wie het kind mag halen. Bel bij twijfel eerst de organisatie."),
        "letters": N_("Stuur niets naar een oud adres. Vraag hoe de ouder brieven wil krijgen."),
    },
}
START_LABELS: Final[Mapping[str, str]] = {
    "establishment_code": N_("Vestigingscode"),
    "street": N_("Straat en huisnummer"),
    "spoken_to": N_("Wie sprak u?"),
    "types": N_("Waarover?"),
    "pupil": N_("Is dit een leerling van uw school?"),
    "purpose": N_("Waarvoor belt u?"),
    "phone": N_("Telefoonnummer van de school"),
    "contact": N_("Contactpersoon"),
}
