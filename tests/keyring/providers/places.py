"""One place per kind of provider, with the same verbs: what the contract test is run over.

A place can be taken away, slowed down or made to talk nonsense, and be given back, and can be changed by
another process.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn, Protocol

import pytest

from consent_service.foundation.errors import ConsentServiceError
from consent_service.keyring.providers import KeyProvider
from consent_service.keyring.providers.contact import Contact
from consent_service.keyring.providers.file import create_keystore, unlock_keystore
from consent_service.keyring.secret import Secret
from tests.factories import CHEAP, PASSPHRASE
from tests.keyring.providers.transit_server import TransitServer, drips, says

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = Secret(b"314159-pin")


class Moved:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Ways(Protocol):
    """What a test can do to a place."""

    secret: Secret

    def make(self) -> KeyProvider: ...
    def open(self) -> KeyProvider: ...
    def wait(self) -> None: ...
    @property
    def troubles(self) -> dict[str, Callable[[], contextlib.AbstractContextManager[None]]]: ...
    def elsewhere(self, verb: str, number: int) -> None: ...


class FilePlace:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "keystore.json"
        self.secret = PASSPHRASE

    def make(self) -> KeyProvider:
        return create_keystore(self.path, self.secret, development=True, cost=CHEAP)

    def open(self) -> KeyProvider:
        return unlock_keystore(self.path, self.secret)

    def wait(self) -> None:
        return

    @property
    def troubles(self) -> dict[str, Callable[[], contextlib.AbstractContextManager[None]]]:
        return {"away": self._away, "nonsense": self._nonsense}

    def elsewhere(self, verb: str, number: int) -> None:
        in_another_process(
            "from consent_service.keyring.providers.file import unlock_keystore",
            f"getattr(unlock_keystore(Path({str(self.path)!r}), Secret({self.secret.reveal()!r})), "
            f"{verb!r})({number})",
        )

    @contextlib.contextmanager
    def _away(self) -> Iterator[None]:
        elsewhere = self.path.rename(self.path.with_name("away"))
        try:
            yield
        finally:
            elsewhere.rename(self.path)

    @contextlib.contextmanager
    def _nonsense(self) -> Iterator[None]:
        with self._away():
            self.path.write_bytes(b'{"format": "ruggensteun-keystore/1"}')
            try:
                yield
            finally:
                self.path.unlink()


class Hurry:
    """Patience with a busy machine, and none with a provider that is known to be slow."""

    def __init__(self) -> None:
        self._contacts: list[Contact] = []
        self._limit = 10.0

    def contact(self, explain: Callable[[Exception], ConsentServiceError], clock: Moved) -> Contact:
        self._contacts.append(Contact(explain, limit=self._limit, monotonic=clock))
        return self._contacts[-1]

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        self._set(0.3)
        try:
            yield
        finally:
            self._set(10.0)

    def _set(self, limit: float) -> None:
        self._limit = limit
        for contact in self._contacts:
            contact.limit = limit


class TokenPlace:
    """Keys of one name in the token that all tests share."""

    def __init__(self, tokens: Path, label: str, name: str) -> None:
        from consent_service.keyring.providers.pkcs11_session import Place

        self.tokens = tokens
        self.place = Place(MODULE, label, name)
        self.secret = PIN
        self.clock = Moved()
        self.hurry = Hurry()

    def make(self) -> KeyProvider:
        from consent_service.keyring.providers.pkcs11 import prepare_token

        prepare_token(self.place, self.secret)
        return self.open()

    def open(self) -> KeyProvider:
        from consent_service.keyring.providers import pkcs11

        contact = self.hurry.contact(pkcs11._explained, self.clock)
        return pkcs11.open_token(self.place, self.secret, contact=contact)

    def wait(self) -> None:
        self.clock.now += 10

    @property
    def troubles(self) -> dict[str, Callable[[], contextlib.AbstractContextManager[None]]]:
        return {"away": self._away, "slow": self._slow, "nonsense": self._nonsense}

    def elsewhere(self, verb: str, number: int) -> None:
        in_another_process(
            "from consent_service.keyring.providers.pkcs11 import open_token",
            "from consent_service.keyring.providers.pkcs11_session import Place",
            f"place = Place(Path({str(self.place.module)!r}), {self.place.token!r}, {self.place.name!r})",
            f"getattr(open_token(place, Secret({self.secret.reveal()!r})), {verb!r})({number})",
        )

    @contextlib.contextmanager
    def _away(self) -> Iterator[None]:
        elsewhere = self.tokens.rename(self.tokens.with_name("away"))
        try:
            yield
        finally:
            elsewhere.rename(self.tokens)

    @contextlib.contextmanager
    def _slow(self) -> Iterator[None]:
        """The token waits for a lock that another process holds."""
        generation = next(self.tokens.glob("*/generation"))
        with subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(generation)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdin is not None
            holder.stdout.readline()
            try:
                with self.hurry.on():
                    yield
            finally:
                holder.stdin.close()

    @contextlib.contextmanager
    def _nonsense(self) -> Iterator[None]:
        """What the library makes of bytes that no token should send; SoftHSM2 cannot be made to send any."""
        from consent_service.keyring.providers import pkcs11

        def nonsense(*_given: object) -> NoReturn:
            b"\xff".decode()
            raise AssertionError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pkcs11, "with_session", nonsense)
            yield


_HOLD = """
import fcntl, sys
with open(sys.argv[1], "r+") as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


class ServerPlace:
    def __init__(self, server: TransitServer, name: str = "ruggensteun-root") -> None:
        from consent_service.keyring.providers.transit_line import Place

        self.server = server
        self.place = Place(server.url, "transit", name, None)
        self.secret = Secret(server.token.encode())
        self.clock = Moved()
        self.hurry = Hurry()

    def make(self) -> KeyProvider:
        from consent_service.keyring.providers.transit import prepare_server

        prepare_server(self.place, self.secret)
        return self.open()

    def open(self) -> KeyProvider:
        from consent_service.keyring.providers import transit

        contact = self.hurry.contact(transit._explained, self.clock)
        return transit.open_server(self.place, self.secret, contact=contact)

    def wait(self) -> None:
        self.clock.now += 10

    @property
    def troubles(self) -> dict[str, Callable[[], contextlib.AbstractContextManager[None]]]:
        return {
            "away": self._away,
            "slow": self._slow,
            "nonsense": lambda: self._misbehaving(says(200, b"<html>hello</html>")),
            "another shape": lambda: self._misbehaving(says(200, {"data": {"keys": {"a": 1}}})),
            "no keys": lambda: self._misbehaving(says(404, {"errors": []})),
            "sealed": lambda: self._misbehaving(says(503, {"errors": ["Vault is sealed"]})),
            "token refused": lambda: self._misbehaving(says(403, {"errors": ["permission denied"]})),
            "failing": lambda: self._misbehaving(says(500, {"errors": ["internal error"]})),
            "overrun": lambda: self._misbehaving(says(429, {"errors": ["rate limit quota exceeded"]})),
        }

    def elsewhere(self, verb: str, number: int) -> None:
        in_another_process(
            "from consent_service.keyring.providers.transit import open_server",
            "from consent_service.keyring.providers.transit_line import Place",
            f"place = Place({self.place.url!r}, 'transit', {self.place.name!r}, None)",
            f"getattr(open_server(place, Secret({self.secret.reveal()!r})), {verb!r})({number})",
        )

    @contextlib.contextmanager
    def _away(self) -> Iterator[None]:
        self.server.stop()
        try:
            yield
        finally:
            self.server.start_again()

    @contextlib.contextmanager
    def _slow(self) -> Iterator[None]:
        with self.hurry.on(), self._misbehaving(drips(2)):
            yield

    @contextlib.contextmanager
    def _misbehaving(self, how: Callable[..., None]) -> Iterator[None]:
        self.server.misbehave = how
        try:
            yield
        finally:
            self.server.misbehave = None


def in_another_process(*lines: str) -> None:
    """Run a few lines of the service's own code where nothing of this process is known."""
    script = [
        "from pathlib import Path",
        "from consent_service.keyring.secret import Secret",
        *lines,
    ]
    subprocess.run([sys.executable, "-c", "\n".join(script)], check=True, timeout=60)
