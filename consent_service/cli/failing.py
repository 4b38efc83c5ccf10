"""What a command says when it cannot be carried out: one clear sentence each, in the right language.

Errors of the installation carry an English message for the log; here the known ones get their words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from consent_service.audit.heads.known import HeadsGoneError
from consent_service.audit.sequencer import BehindKnownHeadError
from consent_service.cli.configuration_words import CONFIGURATION, LOST_KEYSTORE, NO_KEYSTORE
from consent_service.cli.terminal import CommandError, NotAdmittedError, Terminal
from consent_service.custody.backup_file import found_backups
from consent_service.foundation.errors import (
    ConfigurationError,
    ConsentServiceError,
    DatabaseUnavailableError,
    InputError,
    IntegrityError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
    NotAllowedError,
    NotFoundError,
    Problem,
    UnavailableError,
)
from consent_service.foundation.i18n import N_, problem_sentence
from consent_service.foundation.settings import InvalidSettingsError, KeyProviderKind

FAILED: Final = 1
"""Exit code: the command ran and the answer is no."""
WRONG: Final = 2
"""Exit code: what was typed or set cannot be used; nothing was done."""
NOT_ADMITTED: Final = 3
"""Exit code: an operator must prove first who it is; nothing was done."""

_AWAY: Final[Mapping[KeyProviderKind, str]] = {
    "file": N_("De keystore {path} is niet bereikbaar. Kijk na of hij er is en de schijf het doet."),
    "pkcs11": N_(
        "Het PKCS#11-token {token} antwoordt niet (bibliotheek {module}). Kijk na of het is aangesloten."
    ),
    "transit": N_("De transit-server {url} antwoordt niet. Kijk na of hij draait en ontgrendeld is."),
}


def explain(terminal: Terminal, error: ConsentServiceError) -> int:
    """Say what went wrong, on the error stream; the exit code of the command."""
    for line in lines_of(terminal, error):
        terminal.complain(line)
    if isinstance(error, NotAdmittedError):
        return NOT_ADMITTED
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
            yield terminal.text(_sentence(terminal, error), **_place_of_keys(terminal, error))


def _beside_option(terminal: Terminal, problem: Problem) -> str:
    option = problem.field if problem.field.startswith("-") else f"--{problem.field.replace('_', '-')}"
    return f"{option}: {problem_sentence(problem, terminal.language)}"


def _configuration(terminal: Terminal, message: str) -> str:
    for pattern, sentence in CONFIGURATION:
        if found := pattern.search(message):
            params: dict[str, object] = found.groupdict()
            if sentence is NO_KEYSTORE and (folder := _folder_with_backups(terminal)):
                sentence, params["folder"] = LOST_KEYSTORE, folder
            return terminal.text(sentence, **params)
    return message


def _folder_with_backups(terminal: Terminal) -> Path | None:
    """A key backup says that there was a root key once."""
    folder = terminal.settings.key_backup_dir
    with suppress(UnavailableError):
        return folder if found_backups(folder) else None
    return None


def _place_of_keys(terminal: Terminal, error: ConsentServiceError) -> dict[str, object]:
    """Where the keys should be, never what unlocks them."""
    if not isinstance(error, KeyProviderUnavailableError):
        return {}
    settings = terminal.settings
    return {
        "path": settings.keystore,
        "token": settings.pkcs11_token,
        "module": settings.pkcs11_module,
        "url": settings.transit_url,
    }


def _sentence(terminal: Terminal, error: ConsentServiceError) -> str:
    match error:
        case KeyDestroyedError():
            return N_(
                "Een sleutel die nodig is bestaat niet meer. Is de database teruggezet uit een reservekopie? "
                "Doe dan: consent-service keys restore"
            )
        case DatabaseUnavailableError():
            return N_("De database antwoordt niet. Kijk na of hij draait en of database_url klopt.")
        case KeyProviderUnavailableError():
            return _AWAY[terminal.settings.key_provider]
        case UnavailableError():
            return N_("Iets wat nodig is, is nu niet bereikbaar. Probeer het straks opnieuw.")
        case BehindKnownHeadError():
            return N_(
                "De database loopt achter op wat van een logboek getekend is. Hoe ver, zegt: consent-service "
                "audit heads. Is de database teruggezet, doe dan: consent-service audit reopen"
            )
        case HeadsGoneError():
            return N_(
                "Het bestand met standen buiten de database (heads.jsonl) is weg; er wordt niets meer "
                "getekend. Zet het terug. "
                "Is het voorgoed weg, lees dan in keys/README.md: Known heads are lost"
            )
        case IntegrityError():
            return N_("Opgeslagen gegevens zijn niet wat er geschreven is. Doe: consent-service audit verify")
        case NotFoundError():
            return N_("Dat is hier niet gevonden. Kijk het kenmerk na.")
        case NotAllowedError():
            return N_("Dat mag niet vanaf de opdrachtregel.")
        case _:
            return N_("Dat kan niet: iemand anders was eerder, of het is al gedaan.")
