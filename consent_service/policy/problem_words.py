"""What to do about a problem of policies, as a Dutch sentence per code; translated where it is shown.

The problem itself says where it stands and what was found, in codes and in the words of the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_
from consent_service.policy.reasons import PolicyProblem

ADVICE: Final[Mapping[str, str]] = {
    "annotation_missing": N_("Er ontbreekt een aantekening boven de regel. Zet haar erbij."),
    "annotation_unknown": N_("Deze aantekening kennen wij niet. Haal haar weg of verbeter de naam."),
    "bracket_unopened": N_("Hier sluit een haakje dat nergens opent. Haal het weg."),
    "case_failed": N_(
        "Een voorbeeld komt er anders uit dan afgesproken. Verbeter de regel of het voorbeeld."
    ),
    "case_malformed": N_("Een voorbeeld is niet te lezen. Verbeter het."),
    "catalogue": N_("De lijst met onderwerpen klopt niet. Verbeter dit blok."),
    "catalogue_mismatch": N_("Het schema past niet bij de lijst met onderwerpen. Maak ze weer gelijk."),
    "checker_failed": N_("De controle kon dit niet aan en is gestopt. Maak de regels eenvoudiger."),
    "class_pinned": N_("Wie deze reden mag lezen, ligt vast. Zet about en every_guardian terug."),
    "code_missing": N_("Deze vaste code ontbreekt in de lijst met redenen. Zet haar erbij."),
    "condition_not_covered": N_("Geen voorbeeld laat zien dat deze voorwaarde ontbreekt. Schrijf er een."),
    "duplicate_code": N_("Deze code staat er dubbel. Haal er een weg."),
    "duplicate_id": N_("Twee regels hebben dezelfde naam (@id). Geef elke regel een eigen naam."),
    "fact_unread": N_("Geen regel kijkt naar dit feit. Haal het uit het schema als het niet nodig is."),
    "function_refused": N_(
        "Een regel rekent niet met datums, bedragen of adressen. Vraag om een feit dat ja of nee is."
    ),
    "id_form": N_("De naam (@id) past niet bij de map. Begin met de naam van de map en een punt."),
    "impossible": N_("Deze regel kan nooit gelden. Kijk welke voorwaarden elkaar uitsluiten."),
    "invalid": N_("De regel past niet bij het schema. Kijk naar de namen en soorten die erin staan."),
    "invariant_permits": N_("Wat nooit mag, is een verbod. Maak er forbid van."),
    "language_missing": N_("De Nederlandse zinnen bij de redenen ontbreken. Zet ze erbij."),
    "lock_differs": N_(
        "Het kenmerk in LOCK hoort bij andere regels. Kijk de wijziging na en doe dan: "
        "consent-service policies lock"
    ),
    "malformed": N_("Dit is niet te lezen. Kijk naar haakjes, aanhalingstekens en puntkomma's."),
    "misplaced": N_("Dit bestand staat niet in een van de mappen voor regels. Verplaats het."),
    "name_unused": N_("Geen regel, onderwerp of voorbeeld gebruikt deze waarde. Is zij nog nodig?"),
    "no_policies": N_("Er staan geen regels in. Stuur alle bestanden mee, met hun mappen."),
    "not_comparable": N_(
        "De rekenmachine kwam er niet uit wat er met deze regels bij komt. Probeer het later opnieuw, of "
        "maak de regels eenvoudiger."
    ),
    "not_covered": N_("Geen enkel voorbeeld laat zien wat deze regel doet. Voeg een voorbeeld toe."),
    "not_plain": N_("Er staat een teken in dat er anders uitziet dan het is. Gebruik gewone letters."),
    "obligation_unknown": N_("Niemand voert deze plicht uit. Haal haar weg of verbeter de naam."),
    "one_named": N_("Een regel gaat over iedereen, nooit over één lezer of één vraag. Haal dit kenmerk weg."),
    "order_pinned": N_("De volgorde van de vaste redenen ligt vast. Zet deze reden terug op haar plaats."),
    "outside": N_("Deze verwijzing leidt buiten de map. Zet het bestand zelf in de map."),
    "placeholder_missing": N_("In deze zin ontbreekt een invulplek. Zet haar erbij."),
    "product_refused": N_(
        "Twee feiten worden vermenigvuldigd. Dat is niet na te rekenen. Vermenigvuldig met een vast getal."
    ),
    "reason_unknown": N_("Deze reden staat niet in de lijst met redenen. Kies een andere of voeg haar toe."),
    "schema_unused": N_("Niets verwijst hiernaar. Haal het uit het schema."),
    "school_sentence": N_("Een school leest alleen een reden die in haarzelf ligt. Pas de zin aan."),
    "scope": N_("De regel past niet bij de belofte van zijn map. Verplaats hem of pas hem aan."),
    "self_after_family": N_("Redenen die in de lezer liggen, staan vóór die in het gezin. Verplaats ze."),
    "sentence_missing": N_("Bij deze code ontbreekt een zin. Schrijf haar."),
    "sentence_unused": N_("Deze zin hoort bij geen enkele code. Haal haar weg."),
    "string_open": N_("Hier begint een tekst die niet op deze regel eindigt. Sluit de aanhalingstekens."),
    "tells_family": N_(
        "Een school of elke ouder leest deze reden, en zou zo iets over het gezin horen. "
        "Kies een andere reden, of kijk niet naar dit feit."
    ),
    "template": N_("Een regel heeft geen open plekken. Vul ze in."),
    "told_after_hidden": N_(
        "Wat elke ouder mag lezen, staat vóór wat niet iedereen mag lezen. Zet deze reden hoger."
    ),
    "too_deep": N_("Er staan te veel haakjes of keuzes in elkaar. Splits de regel."),
    "too_large": N_("Dit is te groot. Splits het bestand of stuur minder mee."),
    "too_many": N_("Er zijn te veel regels. Voeg er samen of haal er weg."),
    "type_unknown": N_("Dit onderwerp staat niet in de lijst. De regel zou nooit gelden."),
    "type_unused": N_("Geen voorbeeld geeft dit onderwerp. Schrijf er een, of haal het onderwerp weg."),
    "unmet_count": N_("Geef bij @unmet voor elke voorwaarde één code."),
    "unreadable": N_("Dit bestand ontbreekt of is niet te lezen. Stuur het als gewone tekst (UTF-8)."),
    "word_missing": N_("Voor dit woord is geen gewone taal. Schrijf het erbij."),
    "word_twice": N_("Twee woorden heten in gewone taal hetzelfde. Maak ze verschillend."),
    "word_unused": N_("Dit woord komt in het schema niet voor. Haal het weg."),
}


def advice(problem: PolicyProblem) -> str:
    """The Dutch sentence for a problem; none for a code that a later version of the software gave."""
    return ADVICE.get(problem.code, "")
