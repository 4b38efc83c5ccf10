"""What every processing activity is, in the words of the register. Dutch: it is shown to a Dutch authority.

What is shared with schools is no matter of words: the catalogue says it, and `generating` takes it from
there. A new activity fails the type check until it is described here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from consent_service.rights.exports.activities import Activity

Person = Literal["child", "guardian", "young_person", "shelter_staff", "school_staff", "operator"]
PEOPLE: Final[Mapping[Person, str]] = {
    "child": "kinderen in de opvang",
    "guardian": "ouders en voogden",
    "young_person": "jongeren die zelf beslissen",
    "shelter_staff": "medewerkers van de opvang",
    "school_staff": "medewerkers van scholen",
    "operator": "beheerders",
}
GroundCode = Literal[
    "public_task", "consent", "explicit_consent", "legal_obligation", "legitimate_interest", "vital_interest"
]


class Described(msgspec.Struct, frozen=True):
    """One activity. `from_catalogue`: what is processed are also the types of the catalogue.

    `kept` has places for the periods of the register of tables, so that one period is one number everywhere.
    """

    title: str
    purposes: tuple[str, ...]
    people: tuple[Person, ...]
    data: tuple[str, ...]
    grounds: tuple[GroundCode, ...]
    recipients: tuple[str, ...]
    kept: tuple[str, ...]
    from_catalogue: bool = False


_NOBODY: Final = ("niemand buiten de opvang",)
_WITH_FAMILY: Final = ("tot {family_years} jaar na de begeleiding, daarna gaat het hele gezin weg",)
_LOG: Final = (
    "regels in het logboek: ten minste {log_years} jaar, daarna tot een coördinator ze laat vervallen"
)

ACTIVITIES: Final[Mapping[Activity, Described]] = {
    "samenwerking": Described(
        "Samenwerking met scholen",
        ("afspraken tussen opvang en school uitvoeren", "weten wie waar werkt en wie welk gezin begeleidt"),
        ("shelter_staff", "school_staff"),
        (
            "naam, functie en werkdagen van medewerkers",
            "werkadres voor berichten",
            "wie welk gezin begeleidt",
        ),
        ("public_task", "legitimate_interest"),
        ("de school: namen van haar eigen contactpersonen en de begeleider",),
        (
            "tot {staff_years} jaar na het vertrek: zo lang vertelt het logboek wie er keek",
            _LOG,
        ),
    ),
    "gezin": Described(
        "Inschrijven van een gezin",
        ("een kind met begeleiding verbinden aan de juiste school", "weten wie over het kind beslist"),
        ("child", "guardian", "young_person"),
        ("naam en geboortedatum", "gezag", "school van het kind", "terugvragen en einde van de begeleiding"),
        ("public_task",),
        ("de contactpersoon van de school, zodra er ja gezegd is",),
        (*_WITH_FAMILY, _LOG),
    ),
    "inzage": Described(
        "Opzoeken en bekijken",
        ("het juiste gezin vinden", "zien wat er over een gezin staat"),
        ("child", "guardian", "young_person", "shelter_staff"),
        ("naam en geboortedatum", "wie wat wanneer en waarom bekeek"),
        ("public_task", "legal_obligation"),
        _NOBODY,
        (_LOG,),
    ),
    "veiligheid": Described(
        "Beoordelen van veiligheid",
        ("voorkomen dat iemand door deze dienst gevaar loopt",),
        ("child", "guardian"),
        ("of er gevaar is, en voor wie", "wie niet benaderd mag worden", "of een adres geheim is"),
        ("public_task", "vital_interest"),
        _NOBODY,
        (*_WITH_FAMILY, _LOG),
    ),
    "noodgeval": Described(
        "Noodgeval, meldcode en vragen met een eigen wet",
        (
            "een leven beschermen",
            "de stappen van de meldcode zetten",
            "antwoorden op een vraag die in een wet staat",
        ),
        ("child", "guardian", "young_person"),
        (
            "het ene gegeven dat nodig is",
            "de vijf stappen van de meldcode",
            "wie vroeg, op welke grond, en het antwoord",
        ),
        ("vital_interest", "legal_obligation", "public_task"),
        (
            "de contactpersoon van de school, 24 uur",
            "Veilig Thuis",
            "de Raad voor de Kinderbescherming",
            "een gecertificeerde instelling (GI)",
            "de politie, op een grond in de wet",
        ),
        ("een noodgeval: leeg na afloop", *_WITH_FAMILY, _LOG),
    ),
    "toestemming": Described(
        "Vragen en vastleggen van toestemming",
        (
            "ouders en jongeren laten beslissen wat gedeeld wordt",
            "kunnen laten zien dat het gevraagd is (AVG 7(1))",
        ),
        ("child", "guardian", "young_person"),
        (
            "antwoord per soort informatie",
            "welke tekst getoond is, in welke taal",
            "hoe getekend is",
            "de mening van het kind",
        ),
        ("public_task", "consent", "explicit_consent", "legal_obligation"),
        ("de ouder of jongere zelf: een bewijs",),
        ("een ja geldt hoogstens {longest_months} maanden", *_WITH_FAMILY, _LOG),
        from_catalogue=True,
    ),
    "delen": Described(
        "Delen van informatie tussen opvang en school",
        (
            "steun aan het kind op school",
            "overleg tussen ouders, begeleider en school",
            "aanwezigheid en veiligheid",
        ),
        ("child", "guardian", "young_person", "shelter_staff", "school_staff"),
        ("de soorten informatie uit de catalogus", "gesprekken, signalen en berichten zonder inhoud"),
        ("public_task", "consent", "explicit_consent"),
        ("de school waar het kind zit, per rol",),
        ("per soort informatie: zie de lijst", _LOG),
        from_catalogue=True,
    ),
    "inloggen": Described(
        "Inloggen",
        ("alleen laten lezen wie dat mag",),
        ("guardian", "young_person", "shelter_staff", "school_staff", "operator"),
        ("kenmerk bij de inlogdienst", "tijd van inloggen en uitloggen", "tweede factor"),
        ("public_task", "legal_obligation"),
        ("de inlogdienst van de medewerker",),
        ("een sessie hoogstens een werkdag", _LOG),
    ),
    "logboek": Described(
        "Logboek",
        ("kunnen laten zien wie wat deed, en waarom (AVG 5(2))", "misbruik vinden"),
        ("child", "guardian", "young_person", "shelter_staff", "school_staff", "operator"),
        ("wie, wat, wanneer en op welke grond; nooit de inhoud",),
        ("legal_obligation",),
        (
            "de persoon zelf: de eigen regels",
            "een rechter of de Autoriteit Persoonsgegevens, als zij erom vragen",
        ),
        (_LOG,),
    ),
    "sleutels": Described(
        "Sleutels en reservekopieën",
        ("gegevens onleesbaar houden voor wie ze niet mag zien", "na wissen ook echt weg zijn"),
        ("child", "guardian", "young_person", "shelter_staff", "school_staff"),
        ("sleutels per persoon, zonder naam", "reservekopieën van sleutels"),
        ("legal_obligation",),
        _NOBODY,
        ("een sleutel: tot de persoon gewist is", "reservekopieën van sleutels: {key_backup_days} dagen"),
    ),
    "spelregels": Described(
        "Spelregels",
        ("vastleggen wat wanneer gedeeld mag worden", "vooraf zien wat een andere regel zou doen"),
        ("child", "guardian", "shelter_staff"),
        (
            "eerdere beslissingen zonder naam, om een regel te proberen",
            "wie een regel voorstelde en goedkeurde",
        ),
        ("legal_obligation",),
        _NOBODY,
        (_LOG,),
    ),
    "verzoeken": Described(
        "Verzoeken over eigen gegevens",
        ("op tijd en volledig antwoorden aan wie iets vraagt over eigen gegevens (AVG 12-22)",),
        ("child", "guardian", "young_person"),
        ("wat gevraagd is", "hoe de identiteit is nagegaan", "het besluit met de grond"),
        ("legal_obligation",),
        ("wie het vroeg", "scholen die iets kregen: een bericht van verbetering of wissen (AVG 19)"),
        ("tot {case_years} jaar na het antwoord; een dossier dat klaarligt {file_months} maanden", _LOG),
    ),
    "datalekken": Described(
        "Datalekken",
        ("nagaan wie wat kon zien, op tijd melden en mensen inlichten (AVG 33, 34)",),
        ("child", "guardian", "young_person", "school_staff", "shelter_staff"),
        (
            "wat er gebeurde en welke maatregelen zijn genomen",
            "nummers van wie geraakt kan zijn",
            "aan wie een brief is gegeven en aan wie bewust niet",
        ),
        ("legal_obligation",),
        ("de Autoriteit Persoonsgegevens, zonder namen", "wie geraakt kan zijn: een brief"),
        ("tot {breach_years} jaar na het afsluiten", _LOG),
    ),
    "verantwoording": Described(
        "Verantwoording",
        ("laten zien dat de wet nageleefd wordt (AVG 5(2), 30, 35)", "jaarlijks verslag doen"),
        ("shelter_staff",),
        (
            "naam van de functionaris gegevensbescherming",
            "aantallen, nooit over een persoon",
            "wie een document meenam",
        ),
        ("legal_obligation",),
        ("de Autoriteit Persoonsgegevens, als zij erom vraagt", "het bestuur en scholen met een afspraak"),
        ("aantallen van een jaar: blijvend", _LOG),
    ),
    "wissen": Described(
        "Wissen",
        ("vergeten wie daarom vraagt of over wie niets meer nodig is (AVG 17)",),
        ("child", "guardian", "young_person"),
        ("nummers van wie gewist wordt, tot het klaar is",),
        ("legal_obligation",),
        ("scholen die iets kregen: een bericht zonder naam (AVG 19)",),
        ("tot het wissen klaar is; nummers van vernietigde sleutels blijven", _LOG),
    ),
}
