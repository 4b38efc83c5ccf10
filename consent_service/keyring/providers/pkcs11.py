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
from consent_service.keyring.providers.numbering import (
    key_called,
    numbers_among,
    require_above,
    require_living,
    require_not_current,
    require_some,
)
from consent_service.keyring.providers.pkcs11_session import Connection, Place, with_session
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


class Pkcs11Keys:
    """The keys of one installation in a token; `open_token` and `prepare_token` make one."""

    def __init__(self, place: Place, pin: Secret, contact: Contact | None = None) -> None:
        self._place = place
        self._pin = pin
        self._contact = contact or Contact(_explained)

    @property
    def kind(self) -> Literal["pkcs11"]:
        return "pkcs11"

    @property
    def development(self) -> bool:
        """Never: a token carries no such mark."""
        return False

    def open(self) -> tuple[int, ...]:
        """Log in, and look whether every key there is stays inside.

        Raises:
            ConfigurationError: there is no such library or token, the PIN is wrong, or a key can leave.
            KeyProviderUnavailableError: the token is away.
        """
        living = self._ask(self._inspected)
        if not living:  # a library may remember a token that was away as an empty one
            self._ask(Connection.stop_library)
            living = self._ask(self._inspected)
        self._contact.establish()
        return living

    def make_first(self) -> None:
        """Make generation 1, where there was seen to be none."""
        self._ask(lambda connection: self._create(connection, 1))

    def check(self) -> None:
        self._contact.check(self._within_session(lambda connection: require_some(self._living(connection))))

    def generations(self) -> tuple[int, ...]:
        return self._ask(lambda connection: require_some(self._living(connection)))

    def current_generation(self) -> int:
        return max(self.generations())

    def create_generation(self, number: int) -> None:
        living = self.generations()
        if number in living:
            return
        require_above(number, living)
        self._ask(lambda connection: self._create(connection, number))

    def destroy_generation(self, number: int) -> None:
        living = self.generations()
        require_not_current(number, living)
        if number in living:
            self._ask(lambda connection: self._destroy(connection, number))

    def wrap(self, key: Secret, aad: bytes) -> tuple[int, bytes]:
        return self._ask(lambda connection: self._wrap(connection, key, aad))

    def unwrap(self, generation: int, blob: bytes, aad: bytes) -> Secret:
        return self._ask(lambda connection: self._unwrap(connection, generation, blob, aad))

    def check_value(self, generation: int) -> bytes:
        return self._ask(lambda connection: self._check_value(connection, generation))

    def _ask(self, work: Callable[[Connection], T]) -> T:
        return self._contact.ask(self._within_session(work))

    def _within_session(self, work: Callable[[Connection], T]) -> Callable[[], T]:
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

    def _called(self, number: int) -> str:
        return key_called(self._place.name, number)

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

    def _wrap(self, connection: Connection, key: Secret, aad: bytes) -> tuple[int, bytes]:
        generation = max(require_some(self._living(connection)))
        nonce = new_nonce()
        sealed = self._key(connection, generation).encrypt(
            key.reveal(), mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, aad)
        )
        return generation, nonce + sealed

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
    if not keys.open():
        raise ConfigurationError(
            f"pkcs11: there is no key named {key_called(place.name, 1)} in the token {place.token}; "
            "make one with 'consent-service keys init'"
        )
    return keys


def prepare_token(place: Place, pin: Secret) -> Pkcs11Keys:
    """Make generation 1 in a token that has none.

    Raises:
        ConfigurationError: as for `open_token`; there are keys of this name already.
        KeyProviderUnavailableError: the token is away.
    """
    keys = Pkcs11Keys(place, pin)
    if keys.open():
        raise ConfigurationError(
            f"pkcs11: keys named {place.name} exist already in the token {place.token}; "
            "nothing is overwritten"
        )
    keys.make_first()
    return keys


def _explained(failure: Exception) -> ConsentServiceError:
    return KeyProviderUnavailableError(f"the token does not work ({type(failure).__name__})")
