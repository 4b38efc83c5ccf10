"""The one tree of errors. A stable `code` each; no HTTP status, no personal data, no internals.

An expected "no" (a refusal) is a returned value, never one of these. Translating a code into a
sentence is `foundation.i18n`; mapping it to a status is `web` and `api`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec


class Problem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing wrong with one field of what somebody entered.

    `field` is the form or option name, `code` the stable name of the sentence that says what to do,
    `params` fill that sentence. Never holds the entered value: it may be personal data.
    """

    field: str
    code: str
    params: dict[str, str] = {}


class ConsentServiceError(Exception):
    """Root of every error this service raises on purpose."""

    code: ClassVar[str] = "error"


class InputError(ConsentServiceError):
    """What was entered cannot be taken; carries every problem at once."""

    code = "input"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(", ".join(f"{p.field}: {p.code}" for p in self.problems))


class NotFoundError(ConsentServiceError):
    """No such thing within the caller's reach (also used where it exists but must not be confirmed)."""

    code = "not_found"


class NotAllowedError(ConsentServiceError):
    """The permission table has no row that lets this actor do this."""

    code = "not_allowed"


class ConflictError(ConsentServiceError):
    """Somebody else changed it first, or the step was already taken."""

    code = "conflict"


class ConfigurationError(ConsentServiceError):
    """The installation is set up wrongly; the message names the setting and an example."""

    code = "configuration"


class UnavailableError(ConsentServiceError):
    """Something the service needs is away. Releases fail closed; stops go to the journal."""

    code = "unavailable"


class DatabaseUnavailableError(UnavailableError):
    """The database cannot be reached or refuses to work."""

    code = "database_unavailable"


class KeyProviderUnavailableError(UnavailableError):
    """The key provider is away, so nothing can be sealed or opened."""

    code = "keys_unavailable"


class LogUnavailableError(UnavailableError):
    """The audit log cannot take an entry, so nothing may be released."""

    code = "log_unavailable"


class StopsPendingError(UnavailableError):
    """A stop (withdrawal, objection, ...) is journalled but not yet in the ledger."""

    code = "stops_pending"


class IntegrityError(ConsentServiceError):
    """Stored bytes are not what was written: tampering, a swap, a rollback or damage."""

    code = "integrity"


class KeyDestroyedError(ConsentServiceError):
    """The key of this relationship or person has been destroyed; its data is gone for good."""

    code = "key_destroyed"
