"""The file keystore: root generations in one file, sealed under a passphrase (Argon2id, RFC 9106).

The passphrase comes from a file (a systemd credential, say) or a prompt, never from the environment.
The file must belong to the user that runs the service, be readable by nobody else and lie outside
any git work tree.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec

from consent_service.foundation.errors import (
    ConfigurationError,
    IntegrityError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
)
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.primitives import (
    Cipher,
    hkdf_expand,
    hmac_sha256,
    new_key,
    new_nonce,
    stretch_passphrase,
)
from consent_service.keyring.secret import Secret

FORMAT = "ruggensteun-keystore/1"
MINIMUM_PASSPHRASE = 12
_MAXIMUM_MEMORY_KIB = 4 * 1024 * 1024
_LOCK_SECONDS: Final = 5.0
"""Whoever changes the keystore holds it for milliseconds; who holds it longer hangs."""
_LOCK_ASKS_SECONDS: Final = 0.05

_Identity = tuple[int, int, int]
"""Device, inode and time of change of a file: another one when the file was replaced."""


class Argon2(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Argon2id cost; the default is the first recommended option that fits a small server."""

    iterations: int = 4
    lanes: int = 1
    memory_kib: int = 65536


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    development: bool
    argon2: Argon2
    salt: str
    nonce: str
    sealed: str


class _Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    current: int
    generations: dict[int, str]


class FileKeystore:
    """An unlocked keystore file; make one with `create_keystore` or `unlock_keystore`.

    Keeps the stretched passphrase, so that generations made or destroyed by another process are seen
    when the file changes, and a new file can be sealed without asking again.
    """

    def __init__(self, path: Path, sealing: _Sealing, contents: _Contents, identity: _Identity) -> None:
        self._path = path
        self._sealing = sealing
        self._lock = threading.RLock()
        self._keys = _keys_in(contents)
        self._identity = identity

    @property
    def kind(self) -> Literal["file"]:
        return "file"

    @property
    def development(self) -> bool:
        """Whether the file was made by the demo or for development."""
        return self._sealing.development

    def check(self) -> None:
        """Return while the keystore file is there and opens; a newer one of the same installation is read.

        Raises:
            KeyProviderUnavailableError: it was removed, its medium was taken out, others may touch it now,
                or another keystore, an older copy or nonsense stands in its place.
        """
        identity = _file_identity(self._path)  # before reading: what is written meanwhile is read next time
        if identity == self._identity:
            return
        with self._lock:
            try:
                _refuse_unsafe(self._path)
                keys = _keys_in(_opened(self._path, self._sealing))
            except ConfigurationError as failure:
                raise KeyProviderUnavailableError(
                    "the keystore file is not the one that was unlocked"
                ) from failure
            _refuse_older(keys, than=self._keys)
            self._keys, self._identity = keys, identity

    def generations(self) -> tuple[int, ...]:
        self.check()
        return tuple(sorted(self._keys))

    def current_generation(self) -> int:
        return self.generations()[-1]

    def create_generation(self, number: int) -> None:
        with self._changing() as keys:
            if number in keys:
                return
            if number <= max(keys):
                raise ConfigurationError(f"root generation {number} is not above every living one")
            keys[number] = new_key()

    def destroy_generation(self, number: int) -> None:
        with self._changing() as keys:
            if number == max(keys):
                raise ConfigurationError("the current root generation is not destroyed")
            keys.pop(number, None)

    def wrap(self, key: Secret, aad: bytes) -> tuple[int, bytes]:
        current, nonce = self.current_generation(), new_nonce()
        return current, nonce + self._cipher(current).encrypt(nonce, key.reveal(), aad)

    def unwrap(self, generation: int, blob: bytes, aad: bytes) -> Secret:
        self.check()
        return Secret(self._cipher(generation).decrypt(blob[:12], blob[12:], aad))

    def check_value(self, generation: int) -> bytes:
        self.check()
        return hmac_sha256(self._root(generation), length_prefixed("kcv/v1", generation))

    def _cipher(self, generation: int) -> Cipher:
        return Cipher(hkdf_expand(self._root(generation), length_prefixed("wrap/v1"), 32))

    def _root(self, generation: int) -> Secret:
        try:
            return self._keys[generation]
        except KeyError as missing:
            raise KeyDestroyedError(f"root generation {generation} does not exist") from missing

    @contextmanager
    def _changing(self) -> Iterator[dict[int, Secret]]:
        """The keys as they are in the file now; what the block makes of them stands in the file afterwards.

        One process at a time: a lock file beside the keystore is held meanwhile. What a killed process left
        half written goes first, also when nothing changes: it holds roots of before, under the passphrase.

        Raises:
            KeyProviderUnavailableError: it is held too long, or something cannot be removed or written.
        """
        with self._lock, _locked(self._path):
            _remove_leftovers(self._path)
            self.check()
            keys = dict(self._keys)
            yield keys
            if keys.keys() != self._keys.keys():
                sealed = _seal(_contents_of(keys), self._sealing)
                try:
                    self._identity = _write(self._path, sealed, replacing=True)
                except ConfigurationError as failure:
                    raise KeyProviderUnavailableError("the keystore file cannot be written") from failure
                self._keys = keys


def create_keystore(
    path: Path, passphrase: Secret, *, development: bool, cost: Argon2 | None = None
) -> FileKeystore:
    """Make a keystore with one fresh root generation; an existing file is never overwritten.

    Raises:
        ConfigurationError: the place is unsafe, the file exists or the passphrase is too short.
    """
    if len(passphrase) < MINIMUM_PASSPHRASE:
        raise ConfigurationError(
            f"the passphrase has fewer than {MINIMUM_PASSPHRASE} characters; use a longer one, "
            "for example six words"
        )
    if path.exists():
        raise ConfigurationError(f"keystore: {path} exists already and is not overwritten")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _refuse_git_tree(path)
    salt, chosen = secrets.token_bytes(16), cost or Argon2()
    sealing = _Sealing(stretch_passphrase(passphrase, salt, chosen), salt, chosen, development)
    contents = _contents_of({1: new_key()})
    identity = _write(path, _seal(contents, sealing), replacing=False)
    return FileKeystore(path, sealing, contents, identity)


def unlock_keystore(path: Path, passphrase: Secret) -> FileKeystore:
    """Open the keystore at `path`.

    Raises:
        ConfigurationError: missing, unsafe place or mode, damaged, or the passphrase is wrong.
        KeyProviderUnavailableError: what a killed process left beside it cannot be removed.
    """
    _refuse_unsafe(path)
    if _leftovers(path):
        with _locked(path):
            _remove_leftovers(path)
    identity = _file_identity(path)
    sealed = _read(path)
    try:
        salt = base64.b64decode(sealed.salt)
        key = stretch_passphrase(passphrase, salt, sealed.argon2)
    except (ValueError, OverflowError) as failure:
        raise ConfigurationError(f"keystore: the passphrase does not open {path}") from failure
    sealing = _Sealing(key, salt, sealed.argon2, sealed.development)
    return FileKeystore(path, sealing, _opened(path, sealing), identity)


class _Sealing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a keystore file is sealed with; the same for the life of the file."""

    key: Secret
    salt: bytes
    cost: Argon2
    development: bool


def _contents_of(keys: Mapping[int, Secret]) -> _Contents:
    encoded = {number: base64.b64encode(key.reveal()).decode() for number, key in keys.items()}
    return _Contents(max(keys), encoded)


def _keys_in(contents: _Contents) -> dict[int, Secret]:
    return {number: Secret(base64.b64decode(key)) for number, key in contents.generations.items()}


def _refuse_older(keys: Mapping[int, Secret], *, than: Mapping[int, Secret]) -> None:
    """A generation that is gone stays gone: the file may gain higher ones and lose any but the highest.

    Raises:
        KeyProviderUnavailableError: a copy from before a destruction was put in its place.
    """
    if any(number <= max(than) and than.get(number) != key for number, key in keys.items()) or max(
        keys
    ) < max(than):
        raise KeyProviderUnavailableError("an older copy of the keystore stands in its place")


def _read(path: Path) -> _Sealed:
    try:
        sealed = msgspec.json.decode(path.read_bytes(), type=_Sealed)
    except (OSError, msgspec.DecodeError) as failure:
        raise ConfigurationError(f"keystore: {path} is damaged or not a keystore") from failure
    if sealed.format != FORMAT or sealed.argon2.memory_kib > _MAXIMUM_MEMORY_KIB:
        raise ConfigurationError(f"keystore: {path} has a format this version does not know")
    return sealed


def _opened(path: Path, sealing: _Sealing) -> _Contents:
    sealed = _read(path)
    try:
        plain = Cipher(sealing.key).decrypt(
            base64.b64decode(sealed.nonce), base64.b64decode(sealed.sealed), _aad(sealed.development)
        )
        contents = msgspec.json.decode(plain, type=_Contents)
    except (IntegrityError, ValueError, msgspec.DecodeError) as failure:
        raise ConfigurationError(f"keystore: the passphrase does not open {path}") from failure
    if sealed.development != sealing.development or not contents.generations:
        raise ConfigurationError(f"keystore: {path} is another keystore, or an empty one")
    return contents


def _seal(contents: _Contents, sealing: _Sealing) -> _Sealed:
    nonce = new_nonce()
    sealed = Cipher(sealing.key).encrypt(nonce, msgspec.json.encode(contents), _aad(sealing.development))
    return _Sealed(
        format=FORMAT,
        development=sealing.development,
        argon2=sealing.cost,
        salt=base64.b64encode(sealing.salt).decode(),
        nonce=base64.b64encode(nonce).decode(),
        sealed=base64.b64encode(sealed).decode(),
    )


def _aad(development: bool) -> bytes:
    return length_prefixed(FORMAT, "development" if development else "production")


def _write(path: Path, sealed: _Sealed, *, replacing: bool) -> _Identity:
    """Atomic and durable: the whole file appears at once, and in place of another only when `replacing`."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        identity = _write_durably(temporary, msgspec.json.format(msgspec.json.encode(sealed)) + b"\n")
        if replacing:
            temporary.replace(path)
        else:
            os.link(temporary, path)
        _fsync_folder(path.parent)
    except FileExistsError as failure:
        raise ConfigurationError(f"keystore: {path} exists already and is not overwritten") from failure
    except OSError as failure:
        raise ConfigurationError(f"keystore: {path} cannot be written") from failure
    finally:
        temporary.unlink(missing_ok=True)
    return identity


def _leftovers(path: Path) -> list[Path]:
    """What processes that were killed while writing left beside the keystore.

    Raises:
        KeyProviderUnavailableError: it cannot be told.
    """
    ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}")
    try:
        return [one for one in path.parent.iterdir() if ours.fullmatch(one.name)]
    except OSError as failure:
        raise KeyProviderUnavailableError("the folder of the keystore cannot be read") from failure


def _remove_leftovers(path: Path) -> None:
    """Only while the lock is held: otherwise somebody is writing one.

    Raises:
        KeyProviderUnavailableError: one stays.
    """
    found = _leftovers(path)
    try:
        for one in found:
            one.unlink()
        if found:
            _fsync_folder(path.parent)
    except OSError as failure:
        raise KeyProviderUnavailableError("an older copy of the keystore cannot be removed") from failure


def _write_durably(path: Path, content: bytes) -> _Identity:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        return _identity_of(os.fstat(file.fileno()))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep the keystore from being changed by others; let go of when the process ends, however it ends.

    Raises:
        KeyProviderUnavailableError: another process holds it too long, or there can be no lock file.
    """
    try:
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as failure:
        raise KeyProviderUnavailableError("the keystore cannot be locked") from failure
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    until = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as failure:
            if time.monotonic() >= until:
                raise KeyProviderUnavailableError("another process holds the keystore") from failure
            time.sleep(_LOCK_ASKS_SECONDS)
        except OSError as failure:
            raise KeyProviderUnavailableError("the keystore cannot be locked") from failure
        else:
            return


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_unsafe(path: Path) -> None:
    try:
        status = path.stat()
    except OSError as failure:
        raise ConfigurationError(
            f"keystore: {path} is not there; make one with 'consent-service keys init'"
        ) from failure
    if status.st_uid != os.getuid():
        raise ConfigurationError(f"keystore: {path} belongs to another user; chown it to the service's user")
    if status.st_mode & 0o077:
        raise ConfigurationError(f"keystore: {path} can be read by others; run: chmod 600 {path}")
    _refuse_git_tree(path)


def _refuse_git_tree(path: Path) -> None:
    for folder in path.resolve().parents:
        if (folder / ".git").exists():
            raise ConfigurationError(
                f"keystore: {path} lies inside a git work tree and could be committed; keep it elsewhere"
            )


def _file_identity(path: Path) -> _Identity:
    try:
        return _identity_of(path.stat())
    except OSError as failure:
        raise KeyProviderUnavailableError("the keystore file cannot be read") from failure


def _identity_of(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino, status.st_mtime_ns
