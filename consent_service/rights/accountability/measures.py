"""Measures of AVG 32: those this software always has, and those that hang on how it is set up. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from consent_service.rights.accountability.configured import Configured
from consent_service.rights.accountability.facts import Facts
from consent_service.rights.accountability.model import Measure, Supplier

ALWAYS: Final = (
    (
        "sealed",
        "Versleuteling per persoon",
        "Namen en inhoud staan versleuteld, onder een sleutel van die persoon.",
    ),
    (
        "decided",
        "Beslissen bij elke keer lezen",
        "Zonder geldig ja, afspraak en rol gaat er niets open; bij twijfel niets.",
    ),
    (
        "logged",
        "Logboek dat zichzelf bewijst",
        "Elke beslissing staat getekend in een logboek waaruit niets ongezien verdwijnt.",
    ),
    ("two_people", "Twee paar ogen", "Wissen, andere spelregels en gevoelige soorten vragen twee personen."),
    (
        "locating",
        "Geen adres bij gevaar",
        "Wat vertelt waar een gezin is, blijft dicht als iemand niet veilig is.",
    ),
    (
        "silent_mail",
        "Berichten zonder inhoud",
        "Een bericht zegt dat er iets is, nooit wat, over wie of van wie.",
    ),
    (
        "erased",
        "Wissen tot in de reservekopie",
        "Wie gewist is, is zonder sleutel: ook oude kopieën gaan niet meer open.",
    ),
    ("roles", "Rollen", "Wie wat mag, staat in één tabel, en wordt bij elke handeling gevraagd."),
)
"""What no setting turns off."""
_HEADS: Final = "standen van het logboek, geen gegevens"
_PROVIDERS: Final = {
    "file": "een versleuteld bestand op de server",
    "pkcs11": "een beveiligde module (PKCS#11)",
    "transit": "een aparte sleutelserver",
}


def measures_of(facts: Facts) -> tuple[Measure, ...]:
    """Every measure, those that are not there too."""
    always = (Measure(code, title, words, "in_place") for code, title, words in ALWAYS)
    return (*always, *_set_up(facts))


def suppliers_of(facts: Facts) -> tuple[Supplier, ...]:
    """Who else processes, by kind and number, as it is set up."""
    found = facts.configured
    named = (
        Supplier("hosting", "Hosting", 1, "versleutelde gegevens", found.hosting),
        Supplier("mail", "Mailserver", int(found.mail), "werkadres en een bericht zonder inhoud"),
        Supplier("sms", "Dienst voor sms", int(found.text_messages), "telefoonnummer en een code"),
        Supplier(
            "login", "Inlogdiensten (OpenID Connect)", facts.login_providers, "wie van het personeel inlogt"
        ),
        Supplier("keys", "Sleutelserver", int(found.key_provider == "transit"), "sleutels, geen gegevens"),
        Supplier("witness", "Getuigen van het logboek", found.witnesses, _HEADS),
        Supplier("time_stamp", "Tijdstempeldienst", int(found.time_stamps), _HEADS),
    )
    return tuple(one for one in named if one.number)


def _set_up(facts: Facts) -> Iterator[Measure]:
    yield from _of_keys(facts)
    yield from _of_log(facts.configured)
    yield from _of_access(facts.configured)


def _of_keys(facts: Facts) -> Iterator[Measure]:
    found = facts.configured
    yield _measure(
        "key_provider",
        "Bewaarplaats van de hoofdsleutels",
        f"De hoofdsleutels liggen in {_PROVIDERS.get(found.key_provider, '')}.",
        found.key_provider in _PROVIDERS,
    )
    yield _measure(
        "recovery_key",
        "Herstelsleutel",
        "Drie van vijf bewaarders kunnen de sleutels samen herstellen.",
        found.recovery_key,
    )
    yield _measure(
        "epochs",
        "Nieuwe hoofdsleutels",
        f"De hoofdsleutels zijn {facts.epochs} keer vervangen; de oude zijn vernietigd.",
        facts.epochs > 0,
    )
    yield _measure(
        "backups",
        "Reservekopieën van sleutels",
        f"Reservekopieën van sleutels bestaan en worden {found.key_backup_days} dagen bewaard.",
        facts.key_backups > 0,
    )


def _of_log(found: Configured) -> Iterator[Measure]:
    witnesses = f"{found.witnesses} anderen bewaren getekende standen van het logboek."
    stamped = "Standen van het logboek krijgen een tijdstempel."
    server = "Een databaseserver bewaakt zelf dat het logboek alleen groeit."
    yield _measure("witnesses", "Getuigen van het logboek", witnesses, found.witnesses > 0)
    yield _measure("time_stamps", "Tijdstempels", stamped, found.time_stamps)
    yield _measure("server_database", "Database op een server", server, found.server_database)


def _of_access(found: Configured) -> Iterator[Measure]:
    factor = "Wie toezicht houdt, logt in met een tweede factor."
    named = "Een beheerder bewijst wie hij is voor een opdracht die iets verandert."
    line = "De dienst is alleen over https te bereiken."
    locks = f"Na {found.lock_minutes} minuten op slot, na {found.idle_minutes} minuten uitgelogd."
    yield _measure("second_factor", "Tweede factor", factor, found.second_factor)
    yield _measure("operator_approval", "Beheer met naam", named, found.operator_approval)
    yield _measure("https", "Versleutelde verbinding", line, found.https)
    yield _measure("locked", "Schermen gaan op slot", locks, found.lock_minutes > 0)


def _measure(code: str, title: str, words: str, is_set: bool) -> Measure:
    """What is not there says nothing of how it would be."""
    return Measure(code, title, words if is_set else "Niet ingesteld.", "in_place" if is_set else "not_set")
