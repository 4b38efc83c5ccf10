"""Root generations in a PKCS#11 token (a hardware security module, or SoftHSM2), which they never leave.

Each generation is a persistent, sensitive, non-extractable AES-256 key that the token made, labelled
`<name>-<number>`. Wrapping is AES-GCM inside the token: nonce 12, ciphertext, tag 16. The check value is
AES-CMAC (NIST SP 800-38B) under the same key; docs/KEYS.md says why that is safe beside GCM.
Logging in, losing the token and finding it again is `keyring.providers.pkcs11_session`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol, TypeVar, cast

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass

from consent_service.foundation.errors import (
    ConfigurationError,
    ConsentServiceError,
    IntegrityError,
    KeyProviderUnavailableError,
)
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.primitives import NONCE_BYTES, new_nonce
from consent_service.keyring.providers.contact import Contact
from consent_service.keyring.providers.numbering import numbers_among, require_living
from consent_service.keyring.providers.pkcs11_session import Connection, Place, with_session
from consent_service.keyring.providers.separate import SeparateKeys
from consent_service.keyring.secret import Secret

_USES: Final = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT | MechanismFlag.SIGN
_STAYS_INSIDE: Final = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.ALWAYS_SENSITIVE: True,
    Attribute.NEVER_EXTRACTABLE: True,
}
_DOES_NOT_OPEN: Final = (
    pkcs11.EncryptedDataInvalid,
    pkcs11.EncryptedDataLenRange,
    pkcs11.FunctionFailed,
    pkcs11.GeneralError,  # what SoftHSM2 says of a wrong tag
)

T = TypeVar("T")


class RootKey(Protocol):
    """What the library makes of a key in the token that has these uses."""

    @property
    def key_type(self) -> KeyType: ...
    @property
    def key_length(self) -> int: ...
    def __getitem__(self, attribute: Attribute) -> object: ...
    def encrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams) -> bytes: ...
    def decrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams) -> bytes: ...
    def sign(self, data: bytes, *, mechanism: Mechanism) -> bytes: ...
    def destroy(self) -> None: ...


class Pkcs11Keys(SeparateKeys[Connection]):
    """The keys of one installation in a token; `open_token` and `prepare_token` make one."""

    def __init__(self, place: Place, pin: Secret, contact: Contact | None = None) -> None:
        where = f"in the token {place.token}"
        super().__init__(name=place.name, where=where, contact=contact or Contact(_explained))
        self._place = place
        self._pin = pin

    @property
    def kind(self) -> Literal["pkcs11"]:
        return "pkcs11"

    def _look(self) -> tuple[int, ...]:
        living = super()._look()
        if not living:  # a library may remember a token that was away as an empty one
            self._ask(Connection.stop_library)
            living = super()._look()
        return living

    def _through_a_line(self, work: Callable[[Connection], T]) -> Callable[[], T]:
        return lambda: with_session(self._place, self._pin, work)

    def _living(self, connection: Connection) -> tuple[int, ...]:
        keys = connection.session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY})
        return numbers_among([str(key[Attribute.LABEL]) for key in keys], self._place.name)

    def _inspected(self, connection: Connection) -> tuple[int, ...]:
        living = self._living(connection)
        for number in living:
            key = self._key(connection, number)
            if key.key_type is not KeyType.AES or key.key_length != 256:
                raise ConfigurationError(f"pkcs11: the key {self._called(number)} is no AES key of 256 bits")
            if any(key[attribute] != wanted for attribute, wanted in _STAYS_INSIDE.items()):
                raise ConfigurationError(
                    f"pkcs11: the key {self._called(number)} can leave the token, or once could; let "
                    "'consent-service keys init' make one under another key_name"
                )
        return living

    def _key(self, connection: Connection, number: int) -> RootKey:
        keys = self._keys(connection, number)
        if len(keys) > 1:
            raise KeyProviderUnavailableError("two keys in the token carry the same label")
        if not keys:
            require_living(number, self._living(connection))
            raise KeyProviderUnavailableError("the token shows a key and does not")
        return keys[0]

    def _keys(self, connection: Connection, number: int) -> list[RootKey]:
        wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: self._called(number)}
        return cast("list[RootKey]", list(connection.session.get_objects(wanted)))

    def _create(self, connection: Connection, number: int) -> None:
        if self._keys(connection, number):
            return
        key = connection.session.generate_key(
            KeyType.AES,
            256,
            label=self._called(number),
            store=True,
            capabilities=_USES,
            template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True},
        )
        if len(self._keys(connection, number)) > 1:  # labels need not be unique; nothing hangs on ours yet
            key.destroy()
            raise KeyProviderUnavailableError("somebody else made this root generation at the same time")

    def _destroy(self, connection: Connection, number: int) -> None:
        for key in self._keys(connection, number):
            key.destroy()
        if self._keys(connection, number):
            raise KeyProviderUnavailableError("the token keeps a key that was to be destroyed")

    def _sealed(self, connection: Connection, generation: int, key: Secret, aad: bytes) -> bytes:
        nonce = new_nonce()
        return nonce + self._key(connection, generation).encrypt(
            key.reveal(), mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, aad)
        )

    def _unwrap(self, connection: Connection, generation: int, blob: bytes, aad: bytes) -> Secret:
        root = self._key(connection, generation)
        if len(blob) <= NONCE_BYTES:
            raise IntegrityError("a wrapped key is cut short")
        try:
            plain = root.decrypt(
                blob[NONCE_BYTES:],
                mechanism=Mechanism.AES_GCM,
                mechanism_param=GCMParams(blob[:NONCE_BYTES], aad),
            )
        except _DOES_NOT_OPEN as failure:
            connection.require_token()
            raise IntegrityError("a wrapped key does not open under this generation and place") from failure
        return Secret(plain)

    def _check_value(self, connection: Connection, generation: int) -> bytes:
        root = self._key(connection, generation)
        return b"".join(
            root.sign(length_prefixed("kcv/v1", generation, half), mechanism=Mechanism.AES_CMAC)
            for half in (1, 2)
        )


def open_token(place: Place, pin: Secret, *, contact: Contact | None = None) -> Pkcs11Keys:
    """The keys in a token, if there are any.

    Raises:
        ConfigurationError: no such library, token or key; a wrong PIN; a key that can leave the token.
        KeyProviderUnavailableError: the token is away.
    """
    keys = Pkcs11Keys(place, pin, contact)
    keys.open()
    return keys


def prepare_token(place: Place, pin: Secret) -> Pkcs11Keys:
    """Make generation 1 in a token that has none.

    Raises:
        ConfigurationError: as for `open_token`; there are keys of this name already.
        KeyProviderUnavailableError: the token is away.
    """
    keys = Pkcs11Keys(place, pin)
    keys.prepare()
    return keys


def _explained(failure: Exception) -> ConsentServiceError:
    return KeyProviderUnavailableError(f"the token does not work ({type(failure).__name__})")
