"""Short words for the reasons that entries of the log hold as codes: why something was refused or ended.

Whole sentences about a decision, with its rules at hand, are `policy.explain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_

REFUSALS: Final[Mapping[str, str]] = {
    "policy_error": N_("de regels konden niet worden toegepast"),
    "unknown_type": N_("deze informatiesoort bestaat niet"),
    "no_agreement": N_("geen geldige afspraak met de school"),
    "not_active_contact": N_("geen contactpersoon op de lijst"),
    "not_assigned": N_("niet aan het gezin gekoppeld"),
    "role_not_allowed": N_("met deze rol mag het niet"),
    "wrong_direction": N_("deze informatie gaat de andere kant op"),
    "direction_not_of_type": N_("deze informatiesoort gaat niet in deze richting"),
    "role_may_not_read": N_("deze rol mag dit niet lezen"),
    "role_may_not_write": N_("deze rol mag dit niet geven"),
    "purpose_not_of_type": N_("niet voor dit doel"),
    "preview_only": N_("hier is alleen te zien wat gedeeld wordt"),
    "not_your_answer": N_("deze ouder zei hier geen ja tegen"),
    "address_protected": N_("het adres is beschermd"),
    "location_protected": N_("dit kan verraden waar het gezin is"),
    "relationship_ended": N_("niet meer op deze school, of de samenwerking is voorbij"),
    "suspended": N_("gepauzeerd"),
    "restricted": N_("het gebruik is stilgezet"),
    "objection": N_("bezwaar"),
    "child_refused": N_("het kind zei nee"),
    "gate_closed": N_("de school mag niet weten dat er hulp is"),
    "authority_unknown": N_("gezag niet bekend"),
    "text_changed": N_("de tekst is veranderd; opnieuw vragen"),
    "consent_expired": N_("de toestemming is afgelopen"),
    "no_consent": N_("geen toestemming"),
    "own_answer_missing": N_("de ouder over wie dit gaat zei geen ja"),
    "holders_missing": N_("niet iedereen met gezag zei ja"),
    "awaiting_child": N_("het kind (12 jaar of ouder) zei nog geen ja"),
    "awaiting_young_person": N_("de jongere (16 jaar of ouder) zei geen ja"),
    "break_glass_ended": N_("het noodbesluit geldt niet, of niet meer"),
    "second_person_missing": N_("een noodbesluit vraagt een tweede persoon"),
    "one_thing_only": N_("in nood wordt één ding tegelijk gegeven"),
    "second_approval_missing": N_("een tweede persoon moet dit nog goedkeuren"),
    "duty_not_possible": N_("wat erna moet gebeuren, kan hier niet"),
    "not_permitted": N_("geen regel staat dit toe"),
}
"""Every cause of a decision (policies/causes.toml)."""
LOGIN_REFUSALS: Final[Mapping[str, str]] = {
    "algorithm_not_allowed": N_("de inlogdienst tekent op een manier die niet mag"),
    "answer_malformed": N_("het antwoord van de inlogdienst is niet te lezen"),
    "audience_foreign": N_("het bewijs van inloggen was voor een ander"),
    "cancelled": N_("afgebroken"),
    "citizen_number": N_("de inlogdienst noemde een burgerservicenummer"),
    "code_refused": N_("de inlogdienst gaf geen bewijs van inloggen"),
    "expired": N_("verlopen"),
    "issuer_mismatch": N_("het antwoord kwam van een andere inlogdienst"),
    "key_unknown": N_("getekend met een onbekende sleutel"),
    "level_too_low": N_("niet sterk genoeg ingelogd"),
    "login_too_old": N_("te lang geleden ingelogd"),
    "nonce_foreign": N_("het antwoord hoort niet bij deze vraag"),
    "not_linked": N_("niemand die hier werkt"),
    "not_yet_valid": N_("het bewijs van inloggen geldt nog niet"),
    "other_person": N_("het was iemand anders dan wie was ingelogd"),
    "provider_disabled": N_("deze inlogdienst is gesloten"),
    "provider_error": N_("de inlogdienst gaf een fout"),
    "provider_unavailable": N_("de inlogdienst is niet bereikbaar"),
    "provider_unknown": N_("deze inlogdienst is hier niet bekend"),
    "represents_somebody": N_("ingelogd namens een ander"),
    "signature_invalid": N_("de handtekening van de inlogdienst klopt niet"),
    "state_unknown": N_("het inloggen begon niet hier, of te lang geleden"),
    "subject_differs": N_("de inlogdienst noemde twee personen"),
    "subject_missing": N_("de inlogdienst noemde geen persoon"),
    "token_malformed": N_("het bewijs van inloggen is niet te lezen"),
    "too_many": N_("te vaak geprobeerd"),
    "wrong_school": N_("de inlogdienst noemde deze school niet"),
    "invitation_invalid": N_("de uitnodiging werkte niet meer"),
}
"""Why nobody was let in by a login service."""
START_REASONS: Final[Mapping[str, str]] = {
    "pupil_not_confirmed": N_("de school bevestigde de leerling nog niet"),
    "first_contact_not_sent": N_("het eerste contact is nog niet verstuurd"),
}
"""Why a school got nothing before the start (release/starting)."""
INVITATION_ENDS: Final[Mapping[str, str]] = {
    "replaced": N_("vervangen door een nieuwe"),
    "revoked": N_("ingetrokken"),
    "declined": N_("was bij de verkeerde persoon"),
    "expired": N_("verlopen"),
    "left": N_("werkt hier niet meer"),
    "already_linked": N_("het account was al gekoppeld"),
}
"""Why an invitation ended unused."""
CLIENT_WORDS: Final[Mapping[str, str]] = {
    "assertion_algorithm": N_("getekend op een manier die niet bij de sleutel hoort"),
    "assertion_audience": N_("het bewijs was voor een ander"),
    "assertion_early": N_("het bewijs geldt nog niet"),
    "assertion_expired": N_("het bewijs is verlopen"),
    "assertion_header": N_("het bewijs noemt zelf een sleutel of een uitbreiding"),
    "assertion_key": N_("getekend met een sleutel die niet van dit systeem is"),
    "assertion_long": N_("het bewijs is langer dan een minuut geldig"),
    "assertion_malformed": N_("het bewijs is niet te lezen"),
    "assertion_parties": N_("het bewijs is niet van dit systeem zelf"),
    "assertion_replayed": N_("het bewijs is al eens gebruikt"),
    "assertion_signature": N_("de handtekening klopt niet"),
    "assertion_type": N_("het bewijs is voor iets anders gemaakt"),
    "client_ended": N_("dit systeem is losgekoppeld"),
    "scope_foreign": N_("dit systeem is daar niet voor"),
    "key_added": N_("sleutel toegevoegd"),
    "key_dropped": N_("sleutel weggehaald"),
    "log:read": N_("het logboek lezen"),
    "schools:read": N_("de lijst van scholen lezen"),
}
"""Why a connected system got no token, what changed of it, and for what it may ask."""
PAGE_REASONS: Final[Mapping[str, str]] = {
    "many_tries": N_("te veel pogingen door anderen"),
    "no_factor": N_("geen tweede stap afgesproken"),
    "pin": N_("pincode"),
    "mail": N_("code per mail"),
    "sms": N_("code per bericht"),
    "lost": N_("kwijt"),
    "stolen": N_("gestolen"),
    "seen_by_other": N_("een ander heeft de code gezien"),
    "factor_forgotten": N_("tweede stap vergeten"),
    "unlinked": N_("login losgekoppeld"),
}
"""Why the own page stayed shut, or a code for it or a session was taken away."""
