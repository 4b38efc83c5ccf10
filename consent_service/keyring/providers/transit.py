"""Root generations at a transit server (HashiCorp Vault, OpenBao), which never hands them out.

Each generation is a transit key of its own, `<name>-<number>`, of type aes256-gcm96, not exportable and
without a backup in clear. A wrapped key is the version of the transit key (u32, big-endian) and the
bytes of the server's ciphertext; the check value is the server's HMAC-SHA-256.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from typing import Final, Literal, TypeVar

import msgspec
import requests
from hvac import exceptions as answers

from consent_service.foundation.errors import (
    ConfigurationError,
    ConsentServiceError,
    IntegrityError,
    KeyProviderUnavailableError,
)
from consent_service.foundation.tracing import outgoing_headers
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.providers.contact import Contact
from consent_service.keyring.providers.numbering import numbers_among, require_living
from consent_service.keyring.providers.separate import SeparateKeys
from consent_service.keyring.providers.transit_line import Place, TransitLine
from consent_service.keyring.secret import Secret

_VERSION_BYTES: Final = 4
_SEALED: Final = re.compile(r"vault:v([1-9][0-9]{0,8}):([A-Za-z0-9+/]+={0,2})")
_TOKEN_REFUSED: Final = (
    answers.Forbidden,
    answers.Unauthorized,
    requests.exceptions.InvalidHeader,
    UnicodeDecodeError,
)

T = TypeVar("T")


class _Listed(msgspec.Struct, frozen=True):
    keys: list[str]


class _Policy(msgspec.Struct, frozen=True):
    """What the server says of a key."""

    type: str
    exportable: bool
    allow_plaintext_backup: bool
    derived: bool


class _Encrypted(msgspec.Struct, frozen=True):
    ciphertext: str


class _Decrypted(msgspec.Struct, frozen=True):
    plaintext: bytes
    """msgspec decodes the base64."""


class _Mac(msgspec.Struct, frozen=True):
    hmac: str


class TransitKeys(SeparateKeys[TransitLine]):
    """The keys of one installation at a server; `open_server` and `prepare_server` make one."""

    def __init__(self, place: Place, token: Secret, contact: Contact | None = None) -> None:
        super().__init__(name=place.name, where="at the server", contact=contact or Contact(_explained))
        self._place = place
        self._token = token

    @property
    def kind(self) -> Literal["transit"]:
        return "transit"

    def _through_a_line(self, work: Callable[[TransitLine], T]) -> Callable[[], T]:
        trace = outgoing_headers()
        return lambda: work(
            TransitLine(self._place, self._token, time.monotonic() + self._contact.limit, trace)
        )

    def _living(self, line: TransitLine) -> tuple[int, ...]:
        try:
            answer = line.call("list_keys")
        except answers.InvalidPath as failure:
            if failure.errors:  # an engine without keys says 404 and nothing more
                raise ConfigurationError(
                    f"transit: no transit engine is mounted at {self._place.mount}"
                ) from failure
            return ()
        return numbers_among(_data(answer, _Listed).keys, self._place.name)

    def _inspected(self, line: TransitLine) -> tuple[int, ...]:
        living = self._living(line)
        for number in living:
            self._require_kept_inside(line, number)
        return living

    def _require_kept_inside(self, line: TransitLine, number: int) -> None:
        policy = _data(line.call("read_key", name=self._called(number)), _Policy)
        if policy.type != "aes256-gcm96" or policy.derived:
            raise ConfigurationError(f"transit: the key {self._called(number)} is not of type aes256-gcm96")
        if policy.exportable or policy.allow_plaintext_backup:
            raise ConfigurationError(
                f"transit: the key {self._called(number)} can leave the server; let "
                "'consent-service keys init' make one under another key_name"
            )

    def _create(self, line: TransitLine, number: int) -> None:
        line.call(
            "create_key",
            name=self._called(number),
            key_type="aes256-gcm96",
            exportable=False,
            allow_plaintext_backup=False,
        )
        self._require_kept_inside(line, number)

    def _destroy(self, line: TransitLine, number: int) -> None:
        name = self._called(number)
        line.call("update_key_configuration", name=name, deletion_allowed=True)
        line.call("delete_key", name=name)
        if number in self._living(line):
            raise KeyProviderUnavailableError("the server keeps a key that was to be destroyed")

    def _sealed(self, line: TransitLine, generation: int, key: Secret, aad: bytes) -> bytes:
        answer = line.call(
            "encrypt_data",
            name=self._called(generation),
            plaintext=_text(key.reveal()),
            associated_data=_text(aad),
        )
        version, sealed = _parts(_data(answer, _Encrypted).ciphertext)
        return version.to_bytes(_VERSION_BYTES, "big") + sealed

    def _unwrap(self, line: TransitLine, generation: int, blob: bytes, aad: bytes) -> Secret:
        ciphertext = _ciphertext(blob)
        try:
            answer = line.call(
                "decrypt_data",
                name=self._called(generation),
                ciphertext=ciphertext,
                associated_data=_text(aad),
            )
        except answers.InvalidRequest as failure:  # it says the same of a missing key and of a wrong tag
            require_living(generation, self._living(line))
            raise IntegrityError("a wrapped key does not open under this generation and place") from failure
        return Secret(_data(answer, _Decrypted).plaintext)

    def _check_value(self, line: TransitLine, generation: int) -> bytes:
        try:
            answer = line.call(
                "generate_hmac",
                name=self._called(generation),
                hash_input=_text(length_prefixed("kcv/v1", generation)),
                key_version=1,
                algorithm="sha2-256",
            )
        except answers.InvalidRequest:
            require_living(generation, self._living(line))
            raise
        _, value = _parts(_data(answer, _Mac).hmac)
        if len(value) != 32:
            raise ValueError("an HMAC-SHA-256 has 32 bytes")
        return value


def open_server(place: Place, token: Secret, *, contact: Contact | None = None) -> TransitKeys:
    """The keys at a server, if there are any.

    Raises:
        ConfigurationError: there are no keys of this name, the token is refused, the mount does not exist,
            the server's certificate is not trusted, or a key can leave.
        KeyProviderUnavailableError: the server is away or sealed.
    """
    keys = TransitKeys(place, token, contact)
    keys.open()
    return keys


def prepare_server(place: Place, token: Secret) -> TransitKeys:
    """Make generation 1 at a server that has none.

    Raises:
        ConfigurationError: as for `open_server`; there are keys of this name already.
        KeyProviderUnavailableError: the server is away or sealed.
    """
    keys = TransitKeys(place, token)
    keys.prepare()
    return keys


def _explained(failure: Exception) -> ConsentServiceError:
    if isinstance(failure, _TOKEN_REFUSED):
        return ConfigurationError(
            "transit: the server refuses the token; give one with the policy in keys/providers/transit.hcl"
        )
    if isinstance(failure, requests.exceptions.SSLError) or type(failure) is OSError:
        return ConfigurationError(
            "transit: the server's certificate is not trusted; name its CA with transit_ca_file"
        )
    return KeyProviderUnavailableError(f"the transit server does not work ({type(failure).__name__})")


def _data(answer: object, kind: type[T]) -> T:
    """What a successful answer holds; anything else it may be is nonsense and raises `ValidationError`."""
    return msgspec.convert(msgspec.convert(answer, dict[str, object]).get("data"), kind)


def _ciphertext(blob: bytes) -> str:
    version, sealed = int.from_bytes(blob[:_VERSION_BYTES], "big"), blob[_VERSION_BYTES:]
    if not version or not sealed:  # the server takes version 0 for 1
        raise IntegrityError("a wrapped key is cut short or not the server's")
    return f"vault:v{version}:{_text(sealed)}"


def _parts(text: str) -> tuple[int, bytes]:
    """Version and bytes of what the server writes as `vault:v<version>:<base64>`."""
    found = _SEALED.fullmatch(text)
    if found is None:
        raise ValueError("the answer is not in the server's own form")
    return int(found[1]), base64.b64decode(found[2], validate=True)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
