"""Who types a command: an operator who proved who it is, or somebody of whom that is not asked.

The secret of the grant lies in the state directory, for the service's user alone. What approves it is
`identity.operators`; which commands ask for it stands at each command (`Orders.order`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from consent_service.app import Services
from consent_service.cli.terminal import NotAdmittedError, Terminal
from consent_service.foundation.i18n import N_
from consent_service.identity.model import Operator
from consent_service.identity.operators import Stand, has_operators

UNPROVED: Final = Operator("command-line")
"""Who acts when nobody proved who it is."""
SECRET_LIMIT: Final = 200

_acting: ContextVar[Operator] = ContextVar("acting", default=UNPROVED)
_LOG_IN: Final = N_("Deze opdracht vraagt een beheerder die is ingelogd. Doe: consent-service operator login")
_REFUSED: Final[Mapping[Stand, str]] = {
    "unknown": _LOG_IN,
    "waiting": N_(
        "Uw code is nog niet goedgekeurd. Doe dat in de browser, of vraag een nieuwe: "
        "consent-service operator login"
    ),
    "refused": N_("De toelating is geweigerd. Vraag een nieuwe: consent-service operator login"),
    "expired": N_("De toelating is voorbij. Vraag een nieuwe: consent-service operator login"),
    "ended": N_("De toelating is beëindigd. Vraag een nieuwe: consent-service operator login"),
}
_NOT_YOURS: Final = N_(
    "Het bestand {path} is van iemand anders, of anderen kunnen het lezen. Wis het en doe: "
    "consent-service operator login"
)
_NOBODY_YET: Final = N_(
    "Er is nog geen beheerder opgenomen, dus vraagt deze opdracht niet wie u bent. Neem er een op: "
    "consent-service operator add"
)


def operator() -> Operator:
    """As whom this command acts."""
    return _acting.get()


async def admit(terminal: Terminal, services: Services) -> None:
    """Let the command act as who proved it is an operator; else only where that is not asked.

    Whatever is done unproved once there are operators is logged as that.

    Raises:
        NotAdmittedError: the command asks for an operator who proved who it is.
    """
    if why := await admission_of(terminal, services):
        await services.identity.operators.note_unproved(UNPROVED, why)


async def admission_of(terminal: Terminal, services: Services) -> str:
    """As `admit`, but only says why it is allowed unproved, as a code for the log; "" needs no entry."""
    operators, is_asked = services.identity.operators, terminal.admission == "operator"
    secret = _secret(terminal, is_asked=is_asked)
    standing = await operators.standing(secret)
    if standing.stand == "live":
        _acting.set(Operator(standing.operator))
        return ""
    if terminal.admission == "anybody":
        return ""
    async with services.installation.database.reading() as conn:
        somebody = await has_operators(conn)
    is_required = terminal.settings.operator_approval == "required"
    if not somebody:
        if is_required and is_asked:
            terminal.complain(terminal.text(_NOBODY_YET))
        return ""
    if not is_asked:
        return "emergency"
    if is_required:
        raise NotAdmittedError(_REFUSED[standing.stand])
    return "approval_off"


def secret_path(terminal: Terminal) -> Path:
    """Where the secret of the grant lies."""
    return terminal.settings.state_dir / "operator-grant"


def keep_secret(terminal: Terminal, secret: str) -> None:
    """Keep it for this user alone, in a new file.

    Raises:
        OSError: it cannot be written.
    """
    path = secret_path(terminal)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret.encode())


def kept_secret(terminal: Terminal) -> str | None:
    """The secret that is kept, "" when there is none; None when the file is not this user's alone."""
    try:
        descriptor = os.open(secret_path(terminal), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return ""
    except OSError:  # a link, or of somebody else
        return None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077 or found.st_uid != os.geteuid():
            return None
        return file.read(SECRET_LIMIT).decode("ascii", errors="replace")


def _secret(terminal: Terminal, *, is_asked: bool) -> str:
    secret = kept_secret(terminal)
    if secret is None and is_asked and terminal.settings.operator_approval == "required":
        raise NotAdmittedError(_NOT_YOURS, path=secret_path(terminal))
    return secret or ""
