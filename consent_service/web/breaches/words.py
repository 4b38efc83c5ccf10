"""The words for every code of a breach that a page shows; joined into `vocabulary`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_

BREACH_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "breach_kind": {
        "wrong_recipient": N_("Gegevens kwamen bij de verkeerde"),
        "lost_or_stolen_device": N_("Apparaat kwijt of gestolen"),
        "account_misused": N_("Account misbruikt"),
        "leaked_backup": N_("Reservekopie gelekt"),
        "wrong_person_saw": N_("Iemand zag wat niet voor die persoon was"),
        "other": N_("Iets anders"),
    },
    "breach_source": {
        "desk": N_("Hier ingevuld"),
        "disowned": N_("De school zei: geen leerling van ons"),
        "break_glass": N_("Een noodgeval was niet nodig of niet goedgevonden"),
    },
    "breach_state": {
        "assessing": N_("Wordt beoordeeld"),
        "reported": N_("Gemeld"),
        "not_reported": N_("Niet gemeld"),
        "told": N_("Gemeld en verteld"),
        "closed": N_("Afgesloten"),
    },
    "breach_question": {
        "tablet": N_("Een tablet of ander apparaat is kwijt of gestolen"),
        "actor": N_("Een medewerker of contactpersoon keek waar dat niet mocht"),
        "backup": N_("Een reservekopie is gelekt"),
        "entry": N_("Het gaat om één regel van het logboek"),
        "period": N_("Alles wat in een periode getoond is"),
    },
    "breach_keys": {
        "none": N_("Nee, zonder sleutels"),
        "leaked": N_("Ja, ook een reservekopie van de sleutels"),
        "unknown": N_("Dat weten wij niet"),
    },
    "breach_level": {
        "unlikely": N_("Een risico is niet waarschijnlijk"),
        "risk": N_("Er is een risico"),
        "high": N_("Het risico is hoog"),
    },
    "breach_reason": {
        "secret_address": N_("Van een gezin is het adres geheim. Het risico blijft hoog."),
        "danger": N_("Er is gevaar voor een gezin. Het risico blijft hoog."),
        "not_assessed": N_("Van een gezin is de veiligheid nog niet besproken. Het risico blijft hoog."),
        "special_category": N_("Er zijn bijzondere gegevens bij, zoals over gezondheid (AVG 9)."),
        "criminal": N_("Er is iets bij over geweld (AVG 10)."),
        "locating": N_("Er is iets bij dat kan laten zien waar iemand is."),
        "many_people": N_("Het gaat om honderd mensen of meer."),
        "seen": N_("Het logboek laat zien dat er gegevens getoond zijn."),
        "possible": N_("Het kon worden gezien; of dat gebeurd is, staat niet vast."),
        "unreadable": N_("Alles is versleuteld en er lekte geen sleutel."),
        "nobody": N_("Er is niemand gevonden over wie het gaat."),
    },
    "breach_lower": {
        "trusted_recipient": N_("Wie het kreeg, heeft een geheimhoudingsplicht en heeft het weggedaan"),
        "undone": N_("Het is op tijd ongedaan gemaakt"),
        "nothing_to_learn": N_("Er was niets uit te halen"),
    },
    "breach_unreported": {
        "trusted_recipient": N_("Wie het kreeg, heeft een geheimhoudingsplicht en heeft het weggedaan"),
        "unreadable": N_("Niemand kan het lezen"),
        "nothing_seen": N_("Er is niets gezien"),
        "no_personal_data": N_("Er waren geen persoonsgegevens bij"),
    },
    "breach_late": {
        "still_looking": N_("Wij zochten nog uit wat er gebeurd was"),
        "known_later": N_("Pas later werd duidelijk dat het een datalek was"),
        "nobody_there": N_("Er was niemand die kon beslissen"),
        "overlooked": N_("Het is over het hoofd gezien"),
    },
    "breach_measure": {
        "access_closed": N_("De toegang is gesloten"),
        "account_closed": N_("Het account is gesloten"),
        "device_blocked": N_("Het apparaat is op afstand gesloten"),
        "keys_replaced": N_("De sleutels zijn vervangen"),
        "recalled": N_("De gegevens zijn teruggevraagd"),
        "recipient_deleted": N_("Wie het kreeg, heeft het weggedaan"),
        "police_told": N_("Er is aangifte gedaan"),
        "people_warned": N_("Mensen zijn gewaarschuwd"),
        "working_method": N_("Wij werken voortaan anders"),
    },
    "breach_consequence": {
        "place_found": N_("Iemand kan te weten komen waar een gezin is"),
        "help_known": N_("Iemand kan weten dat een gezin hulp krijgt"),
        "violence_known": N_("Iemand kan weten van geweld"),
        "health_known": N_("Iemand kan iets weten over gezondheid"),
        "identity_misused": N_("Iemand kan een naam misbruiken"),
        "none": N_("Er worden geen gevolgen verwacht"),
    },
    "breach_untold": {
        "unreadable": N_("Niemand kan het lezen: alles is versleuteld (AVG 34(3)(a))"),
        "risk_gone": N_("Het hoge risico is weggenomen (AVG 34(3)(b))"),
    },
    "breach_held": {
        "safety": N_("Wacht: een brief kan iemand in gevaar brengen"),
        "no_authority": N_("Wacht: deze persoon heeft geen gezag"),
        "own_voice": N_("Wacht: de jongere beslist zelf en krijgt een eigen brief"),
    },
    "breach_letter": {
        "ready": N_("Klaar om te geven"),
        "held": N_("Wacht op een besluit"),
        "given": N_("Gegeven"),
        "withheld": N_("Niet gegeven"),
    },
    "breach_given": {
        "in_person": N_("In de hand gegeven"),
        "with_interpreter": N_("Samen gelezen met een tolk"),
        "by_post": N_("Per post, naar een veilig adres"),
    },
    "breach_withheld": {
        "safety": N_("Het brengt iemand in gevaar"),
        "no_authority": N_("Deze persoon heeft geen gezag"),
        "told_otherwise": N_("Deze persoon weet het al"),
        "not_reachable": N_("Deze persoon is niet te bereiken"),
        "child_too_young": N_("Het kind is te jong; de ouder weet het"),
    },
}
BREACH_LABELS: Final[Mapping[str, str]] = {
    "breach_kind": N_("Wat is er gebeurd?"),
    "discovered": N_("Op welke dag wist u het?"),
    "discovered_time": N_("Hoe laat wist u het?"),
    "happened_from": N_("Eerste dag waarop het kon gebeuren"),
    "happened_until": N_("Laatste dag waarop het kon gebeuren"),
    "nature": N_("Wat is er gebeurd, in het kort?"),
    "measures_note": N_("Wat hebt u gedaan?"),
    "measures": N_("Maatregelen"),
    "consequences": N_("Gevolgen"),
    "question": N_("Wat wilt u weten?"),
    "seen_by": N_("Welke medewerker of contactpersoon?"),
    "device": N_("Welk apparaat?"),
    "seen_from": N_("Eerste dag"),
    "seen_until": N_("Laatste dag"),
    "entry_number": N_("Nummer van de regel"),
    "key_copy": N_("Lekten er ook sleutels?"),
    "level": N_("Hoe hoog is het risico?"),
    "lower_ground": N_("Waarom lager?"),
    "reported_on": N_("Op welke dag is het gemeld?"),
    "reported_time": N_("Hoe laat is het gemeld?"),
    "reference": N_("Nummer van de melding"),
    "late_reason": N_("Waarom later dan 72 uur?"),
    "late_note": N_("Toelichting bij het late melden"),
    "unreported_ground": N_("Waarom meldt u het niet?"),
    "untold": N_("Waarom hoeft u het niemand te vertellen?"),
    "given_how": N_("Hoe is de brief gegeven?"),
    "withheld_ground": N_("Waarom krijgt deze persoon geen brief?"),
}
