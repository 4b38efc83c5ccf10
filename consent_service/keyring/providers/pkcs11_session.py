"""This process's logged-in sessions with PKCS#11 tokens, opened again when they are lost.

PKCS#11 logs in a whole process and not an object, so there is one connection per library and token,
whoever asks, and one question at a time. Sessions do not survive a fork: a child opens its own.
What is asked of a token is `keyring.providers.pkcs11`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
import pkcs11

from consent_service.foundation.errors import ConfigurationError, KeyProviderUnavailableError
from consent_service.keyring.providers.contact import LIMIT
from consent_service.keyring.secret import Secret

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib as Library  # noqa: N812 - a class, whatever its name

_PIN_REFUSED: Final = (
    pkcs11.PinExpired,
    pkcs11.PinIncorrect,
    pkcs11.PinInvalid,
    pkcs11.PinLenRange,
    pkcs11.PinLocked,
    UnicodeDecodeError,
)

T = TypeVar("T")


class Place(msgspec.Struct, frozen=True):
    """Which token, by which library, and what the keys in it are called."""

    module: Path
    token: str
    name: str


class Connection:
    """One token and the PIN that opens it."""

    def __init__(self, place: Place, pin: Secret) -> None:
        self.pin = pin
        self.proven = False
        self._place = place
        self._refused = False
        self._library: Library | None = None
        self._session: pkcs11.Session | None = None

    @property
    def session(self) -> pkcs11.Session:
        """A session that is logged in.

        Raises:
            ConfigurationError: there is no such library or token, or the PIN is wrong.
        """
        if self._session is None:
            self._session = self._log_in()
            self.proven = True
        return self._session

    def require_token(self) -> None:
        """Return when the token is there; raises whatever the library says when it is not."""
        self.session.token.slot.get_token()

    def stop_library(self) -> None:
        """End what the library remembers; it may be of a token that was away, or of another process."""
        self._session = None
        if self._library is not None:
            with suppress(pkcs11.PKCS11Error):  # the child of a fork need not be known to the library
                self._library.finalize()

    def uses(self, module: Path) -> bool:
        return self._place.module == module

    def _log_in(self) -> pkcs11.Session:
        wrong_pin = f"pkcs11: the PIN does not open the token {self._place.token}"
        if self._refused:  # another try could lock the token for good
            raise ConfigurationError(wrong_pin)
        token = self._token()
        try:
            return token.open(rw=True, user_pin=self.pin.reveal().decode())
        except _PIN_REFUSED as failure:
            self._refused, self.proven = True, False
            raise ConfigurationError(wrong_pin) from failure

    def _token(self) -> pkcs11.Token:
        label = self._place.token
        self._library = _started(self._place.module)
        try:
            return self._library.get_token(token_label=label)
        except pkcs11.NoSuchToken as failure:
            raise ConfigurationError(f"pkcs11: there is no token named {label}") from failure
        except pkcs11.MultipleTokensReturned as failure:
            raise ConfigurationError(f"pkcs11: more than one token is named {label}") from failure


class _Process:
    """What one process has open."""

    def __init__(self, inherited: Iterable[Connection] = ()) -> None:
        self.lock = threading.Lock()
        self.connections: dict[tuple[Path, str], Connection] = {}
        self.forked_while_busy = False
        self._inherited = tuple(inherited)

    def connection(self, place: Place, pin: Secret) -> Connection:
        """The connection for a place; only the PIN that logged in gets it.

        Raises:
            ConfigurationError: it is another PIN.
        """
        self._leave_inherited()
        key = (place.module, place.token)
        known = self.connections.get(key)
        if known is None or (known.pin != pin and not known.proven):
            known = self.connections[key] = Connection(place, pin)
        if known.pin != pin:
            raise ConfigurationError(f"pkcs11: the PIN does not open the token {place.token}")
        return known

    def begin_again(self, module: Path) -> None:
        """Stop a library; every connection through it logs in again at its next use."""
        for connection in self.connections.values():
            if connection.uses(module):
                connection.stop_library()

    def child(self) -> _Process:
        """What a child begins with; forked in the middle of a question it never gets a session."""
        child = _Process((*self._inherited, *self.connections.values()))
        if self.forked_while_busy:
            child.lock.acquire()
        return child

    def _leave_inherited(self) -> None:
        inherited, self._inherited = self._inherited, ()
        for connection in inherited:
            connection.stop_library()


_process = _Process()


def with_session(place: Place, pin: Secret, work: Callable[[Connection], T]) -> T:
    """What `work` gives; tried once more from the beginning when the session or token was lost.

    Raises:
        ConfigurationError: there is no such library or token, or the PIN is wrong.
        KeyProviderUnavailableError: the token is busy.
        PKCS11Error: whatever else the token says.
    """
    process = _process
    if not process.lock.acquire(timeout=LIMIT):
        raise KeyProviderUnavailableError("the token is still busy with an earlier question")
    try:
        connection = process.connection(place, pin)
        try:
            return work(connection)
        except (pkcs11.PKCS11Error, KeyProviderUnavailableError, ConfigurationError):
            process.begin_again(place.module)
        return work(connection)
    finally:
        process.lock.release()


def _started(module: Path) -> Library:
    try:
        return pkcs11.lib(str(module))
    except (pkcs11.PKCS11Error, OSError) as failure:
        raise ConfigurationError(f"pkcs11: the library {module} cannot be loaded or started") from failure


def _wait_for_question() -> None:
    """No fork in the middle of a question: the child would inherit the library's locks, held for ever."""
    if not _process.lock.acquire(timeout=LIMIT):
        _process.forked_while_busy = True


def _go_on_in_parent() -> None:
    if not _process.forked_while_busy:
        _process.lock.release()
    _process.forked_while_busy = False


def _begin_in_child() -> None:
    global _process
    _process = _process.child()


os.register_at_fork(
    before=_wait_for_question, after_in_parent=_go_on_in_parent, after_in_child=_begin_in_child
)
