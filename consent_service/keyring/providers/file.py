"""The file keystore: root generations in one file, sealed under a passphrase (Argon2id, RFC 9106).

The passphrase comes from a file (a systemd credential, say) or a prompt, never from the environment.
The file must belong to the user that runs the service, be readable by nobody else and lie outside
any git work tree.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

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

FORMAT = "ruggensteun-keystore/1"
MINIMUM_PASSPHRASE = 12
_MAXIMUM_MEMORY_KIB = 4 * 1024 * 1024


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
    """An unlocked keystore file; make one with `create_keystore` or `unlock_keystore`."""

    def __init__(self, path: Path, contents: _Contents, development: bool) -> None:
        self._path = path
        self._current = contents.current
        self._keys = {number: base64.b64decode(key) for number, key in contents.generations.items()}
        self._development = development
        self._identity = _file_identity(path)

    @property
    def development(self) -> bool:
        """Whether the file was made by the demo or for development."""
        return self._development

    def check(self) -> None:
        """Return while the keystore file is still the one that was unlocked.

        Raises:
            KeyProviderUnavailableError: it was removed, replaced or its medium was taken out.
        """
        if _file_identity(self._path) != self._identity:
            raise KeyProviderUnavailableError("the keystore file is not the one that was unlocked")

    def current_generation(self) -> int:
        return self._current

    def wrap(self, key: bytes, aad: bytes) -> tuple[int, bytes]:
        self.check()
        nonce = new_nonce()
        return self._current, nonce + self._cipher(self._current).encrypt(nonce, key, aad)

    def unwrap(self, generation: int, blob: bytes, aad: bytes) -> bytes:
        self.check()
        return self._cipher(generation).decrypt(blob[:12], blob[12:], aad)

    def check_value(self, generation: int) -> bytes:
        return hmac_sha256(self._root(generation), length_prefixed("kcv/v1", generation))

    def _cipher(self, generation: int) -> Cipher:
        return Cipher(hkdf_expand(self._root(generation), length_prefixed("wrap/v1"), 32))

    def _root(self, generation: int) -> bytes:
        try:
            return self._keys[generation]
        except KeyError as missing:
            raise KeyDestroyedError(f"root generation {generation} does not exist") from missing


def create_keystore(
    path: Path, passphrase: bytes, *, development: bool, cost: Argon2 | None = None
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
    contents = _Contents(1, {1: base64.b64encode(new_key()).decode()})
    _write(path, _seal(contents, passphrase, development=development, cost=cost or Argon2()))
    return FileKeystore(path, contents, development)


def unlock_keystore(path: Path, passphrase: bytes) -> FileKeystore:
    """Open the keystore at `path`.

    Raises:
        ConfigurationError: missing, unsafe place or mode, damaged, or the passphrase is wrong.
    """
    _refuse_unsafe(path)
    try:
        sealed = msgspec.json.decode(path.read_bytes(), type=_Sealed)
    except (OSError, msgspec.DecodeError) as failure:
        raise ConfigurationError(f"keystore: {path} is damaged or not a keystore") from failure
    if sealed.format != FORMAT or sealed.argon2.memory_kib > _MAXIMUM_MEMORY_KIB:
        raise ConfigurationError(f"keystore: {path} has a format this version does not know")
    try:
        key = stretch_passphrase(passphrase, base64.b64decode(sealed.salt), sealed.argon2)
        plain = Cipher(key).decrypt(
            base64.b64decode(sealed.nonce), base64.b64decode(sealed.sealed), _aad(sealed.development)
        )
        contents = msgspec.json.decode(plain, type=_Contents)
    except (IntegrityError, ValueError, OverflowError, msgspec.DecodeError) as failure:
        raise ConfigurationError(f"keystore: the passphrase does not open {path}") from failure
    return FileKeystore(path, contents, sealed.development)


def _seal(contents: _Contents, passphrase: bytes, *, development: bool, cost: Argon2) -> _Sealed:
    salt, nonce = secrets.token_bytes(16), new_nonce()
    cipher = Cipher(stretch_passphrase(passphrase, salt, cost))
    sealed = cipher.encrypt(nonce, msgspec.json.encode(contents), _aad(development))
    return _Sealed(
        format=FORMAT,
        development=development,
        argon2=cost,
        salt=base64.b64encode(salt).decode(),
        nonce=base64.b64encode(nonce).decode(),
        sealed=base64.b64encode(sealed).decode(),
    )


def _aad(development: bool) -> bytes:
    return length_prefixed(FORMAT, "development" if development else "production")


def _write(path: Path, sealed: _Sealed) -> None:
    """Atomic and durable: the whole file appears at once, and never in place of another."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_durably(temporary, msgspec.json.format(msgspec.json.encode(sealed)) + b"\n")
        os.link(temporary, path)
        _fsync_folder(path.parent)
    except FileExistsError as failure:
        raise ConfigurationError(f"keystore: {path} exists already and is not overwritten") from failure
    except OSError as failure:
        raise ConfigurationError(f"keystore: {path} cannot be written") from failure
    finally:
        temporary.unlink(missing_ok=True)


def _write_durably(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


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


def _file_identity(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError as failure:
        raise KeyProviderUnavailableError("the keystore file cannot be read") from failure
    return status.st_dev, status.st_ino, status.st_mtime_ns
