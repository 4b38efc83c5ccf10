"""Words for what comes afterwards: recalls, planned ends, figures. Part of `vocabulary`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_

RECALL_REASONS: Final[Mapping[str, str]] = {
    "nothing_found": N_("Wij hebben dit niet (meer)"),
    "pupil_file": N_("Het hoort in ons eigen wettelijke leerlingdossier"),
    "own_action": N_("Het is wat wij zelf hebben gedaan"),
    "legal_duty": N_("Een wet verplicht ons dit te bewaren (AVG 17(3)(b))"),
    "legal_claim": N_("Wij hebben het nodig voor een rechtszaak (AVG 17(3)(e))"),
    "talk_first": N_("Wij willen eerst overleggen"),
}
RECALL_GROUNDS: Final[Mapping[str, str]] = {
    **RECALL_REASONS,
    "must_keep": N_("Wij moeten dit bewaren"),
    "": "-",
}
RECALL_CAUSES: Final[Mapping[str, str]] = {
    "unsafe": N_("Veiligheid"),
    "withdrawn": N_("Toestemming gestopt"),
    "wrongly_shared": N_("Verkeerd gedeeld"),
    "copied_into_file": N_("In een dossier gezet"),
    "erased": N_("Gewist"),
    "rectified": N_("Klopte niet"),
}
RECALL_STATES: Final[Mapping[str, str]] = {
    "open": N_("Geen antwoord"),
    "talking": N_("Wil overleggen"),
    "removed": N_("Weggehaald"),
    "not_found": N_("Niet gevonden"),
    "kept": N_("Bewaart het"),
}
END_STATES: Final[Mapping[str, str]] = {
    "waiting": N_("Wacht op de andere ouder"),
    "planned": N_("Gepland"),
    "aftercare": N_("Nazorg"),
    "ended": N_("Afgerond"),
    "cancelled": N_("Gaat niet door"),
}
PLANNED_REASONS: Final[Mapping[str, str]] = {
    "moved_out": N_("Het gezin verhuist of de hulp stopt"),
    "changed_school": N_("Het kind gaat naar een andere school"),
}
OTHER_HOLDERS: Final[Mapping[str, str]] = {
    "only_holder": N_("Niemand anders heeft gezag"),
    "agrees": N_("De andere ouder met gezag is het ermee eens"),
    "not_heard": N_("De andere ouder met gezag is niet gehoord"),
}
MEASURES: Final[Mapping[str, str]] = {
    "registered": N_("Kinderen die zijn ingeschreven"),
    "at_school": N_("Kinderen op een school"),
    "meetings": N_("Gehouden driegesprekken"),
    "first_contact": N_("Hoe snel was er contact met de school?"),
    "contacts_known": N_("Is binnen twee weken bekend wie de contactpersoon is?"),
    "two_way": N_("Van wie kwam informatie?"),
}
CATEGORIES: Final[Mapping[str, str]] = {
    "*": N_("Samen"),
    "days_3": N_("Binnen 3 dagen"),
    "days_7": N_("Binnen 7 dagen"),
    "days_14": N_("Binnen 14 dagen"),
    "later": N_("Later of nog niet"),
    "known": N_("Bekend"),
    "unknown": N_("Niet bekend"),
    "followed_up": N_("Afspraken nagekeken"),
    "not_followed_up": N_("Nog niet nagekeken"),
    "both": N_("Van de opvang en de school"),
    "to_school": N_("Alleen van de opvang"),
    "from_school": N_("Alleen van de school"),
    "none": N_("Van geen van beide"),
}
TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "recall_reason": RECALL_REASONS,
    "recall_ground": RECALL_GROUNDS,
    "recall_cause": RECALL_CAUSES,
    "recall_state": RECALL_STATES,
    "end_state": END_STATES,
    "planned_reason": PLANNED_REASONS,
    "other_holder": OTHER_HOLDERS,
    "measure": MEASURES,
    "measure_category": CATEGORIES,
}
FIELD_LABELS: Final[Mapping[str, str]] = {
    "ends_on": N_("Wat is de laatste dag van de hulp?"),
    "aftercare_until": N_("Is er nazorg? Tot en met welke dag?"),
    "planned_reason": N_("Waarom stopt het?"),
    "other_holder": N_("Is de andere ouder met gezag gehoord?"),
    "information_type": N_("Wat heeft de school in een dossier gezet?"),
    "period": N_("Periode"),
}
