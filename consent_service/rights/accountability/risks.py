"""The risks of sharing between a shelter and a school, and which measures stand against each. Pure.

Which of those measures this installation has, `dpia` looks up. How likely and how bad a risk is, and whether
what is left can be accepted, is for the organisation (AVG 35(7)(c) and (d)).
"""

from __future__ import annotations

from typing import Final

import msgspec


class Risk(msgspec.Struct, frozen=True):
    """One risk; `against` are codes of `measures`, `besides` is what people do."""

    title: str
    what: str
    against: tuple[str, ...]
    besides: str


RISKS: Final = (
    Risk(
        "Iemand vindt een gezin dat verborgen is",
        "Een school, een ouder of een gelekt bericht vertelt waar het gezin is. Levensgevaarlijk.",
        ("locating", "silent_mail", "decided", "sealed"),
        "De opvang beoordeelt veiligheid; de school krijgt een neutrale naam en een neutraal nummer.",
    ),
    Risk(
        "De verkeerde beslist",
        "Er wordt gedeeld op het ja van wie niet over het kind beslist, of tegen het nee van een ander.",
        ("decided", "logged"),
        "De opvang stelt vast wie gezag heeft en vraagt de andere ouder waar dat veilig is.",
    ),
    Risk(
        "Een ja onder druk",
        "Een ouder zegt ja omdat hulp ervan lijkt af te hangen.",
        ("logged",),
        "Nee en later zijn even gemakkelijk; wie toezicht houdt, ziet patronen in hoe gevraagd wordt.",
    ),
    Risk(
        "De school legt het vast of vertelt het door",
        "Wat gelezen is, komt in een dossier, of bij wie het niet mag weten.",
        ("logged", "roles"),
        "Terugvragen met een antwoord van de school; de afspraak met de school; uitleg bij elk gegeven.",
    ),
    Risk(
        "Een medewerker kijkt zonder reden",
        "Iemand opent een gezin waarmee hij niet werkt.",
        ("roles", "logged", "second_factor"),
        "Steekproeven in het logboek; ouders zien zelf wie keek.",
    ),
    Risk(
        "Een tablet of telefoon is weg",
        "Wie hem vindt, leest mee.",
        ("locked", "second_factor", "https"),
        "Melden, sessies beëindigen, nagaan wat er gezien kan zijn.",
    ),
    Risk(
        "De database of een reservekopie lekt",
        "Wie hem heeft, leest alles van iedereen.",
        ("sealed", "key_provider", "backups", "epochs", "erased", "recovery_key"),
        "Sleutels en gegevens liggen niet bij dezelfde leverancier.",
    ),
    Risk(
        "Een beheerder doet iets ongezien",
        "Wie de server beheert, verandert gegevens of het logboek.",
        ("operator_approval", "witnesses", "time_stamps", "server_database", "two_people", "logged"),
        "Standen van het logboek liggen ook bij wie toezicht houdt.",
    ),
    Risk(
        "Een afgeluisterde verbinding",
        "Iemand leest mee tussen de browser en de dienst.",
        ("https",),
        "Geen.",
    ),
    Risk(
        "Gegevens blijven te lang",
        "Wat niet meer nodig is, kan nog misbruikt worden.",
        ("erased",),
        "Bewaartermijnen per soort; wissen door twee coördinatoren.",
    ),
    Risk(
        "De dienst is weg als hij nodig is",
        "Een school kan in nood niets lezen, of een intrekking komt niet aan.",
        ("recovery_key", "backups"),
        "Een intrekking wordt altijd aangenomen, ook als de database weg is; bellen kan altijd.",
    ),
)
