"""What rendering code gets instead of a relationship key: the key of one information type, for a moment.

Made by `opening` behind an import contract. It holds two outputs of HKDF, so neither the relationship
key nor the key of another type follows from it, and nothing that leads to the key provider.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final, final

from consent_service.foundation.errors import KeyProviderUnavailableError
from consent_service.keyring.data_keys import DataKey
from consent_service.keyring.digests import digest_under
from consent_service.keyring.secret import Confined, Secret

LIFETIME_SECONDS: Final = 10.0


@final
class RecordTypeKey(Confined):
    """Opens the records of one relationship and one information type; `TypeKey` is that type's name.

    Whether the provider is there was asked when it was made, so it works for the one request only.
    """

    __slots__ = ("_data_key", "_digest_key", "_information_type", "_until")

    def __init__(self, information_type: str, data_key: DataKey, digest_key: Secret) -> None:
        self._information_type = information_type
        self._data_key = data_key
        self._digest_key = digest_key
        self._until = time.monotonic() + LIFETIME_SECONDS

    def open(self, *, record: str, record_version: int, envelope: bytes) -> bytes:
        """The plaintext of one version of one record of this type.

        Raises:
            IntegrityError: tampered with, moved, rolled back, or sealed under another key.
            KeyProviderUnavailableError: this key is too old to be used.
        """
        self._require_fresh()
        return self._data_key.open(record, record_version, envelope)

    def digest(self, records: Iterable[tuple[str, int, bytes]]) -> bytes:
        """The keyed digest over (record, version, what is bound) of all current records of this type.

        Raises:
            KeyProviderUnavailableError: this key is too old to be used.
        """
        self._require_fresh()
        return digest_under(self._digest_key, information_type=self._information_type, records=records)

    def _require_fresh(self) -> None:
        if time.monotonic() > self._until:
            raise KeyProviderUnavailableError("a type key is used for one request only")
