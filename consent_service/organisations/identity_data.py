"""Names of staff: sealed under the person key of each, opened only here."""

from __future__ import annotations

from consent_service.foundation.decoding import decoded_text
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.model import WrappedPersonKey
from consent_service.keyring.opening import open_for_person
from consent_service.keyring.sealing import seal_for_person
from consent_service.keyring.service import KeyRing

_PURPOSE = "staff-name"


def seal_name(ring: KeyRing, key: WrappedPersonKey, name: str) -> bytes:
    """The sealed name of a member of staff."""
    return seal_for_person(ring, key, purpose=_PURPOSE, record=key.owner, plaintext=name.encode())


def open_name(ring: KeyRing, key: WrappedPersonKey, sealed: bytes) -> str:
    """The name of a member of staff.

    Raises:
        IntegrityError: the bytes are not this person's sealed name.
    """
    name = decoded_text(open_for_person(ring, key, purpose=_PURPOSE, record=key.owner, envelope=sealed))
    if name is None:
        raise IntegrityError("a sealed name cannot be read")
    return name
