"""The e-mail address or number for one-time codes, sealed under its person's own key and opened only here."""

from __future__ import annotations

from consent_service.foundation.decoding import decoded_text
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.model import WrappedPersonKey
from consent_service.keyring.opening import open_for_person
from consent_service.keyring.sealing import seal_for_person
from consent_service.keyring.service import KeyRing

_PURPOSE = "page-address"


def seal_address(ring: KeyRing, key: WrappedPersonKey, factor: str, address: str) -> bytes:
    """The sealed address of one factor."""
    return seal_for_person(ring, key, purpose=_PURPOSE, record=factor, plaintext=address.encode())


def open_address(ring: KeyRing, key: WrappedPersonKey, factor: str, sealed: bytes) -> str:
    """Where the one-time code goes.

    Raises:
        IntegrityError: the bytes are not the address of this factor.
    """
    address = decoded_text(open_for_person(ring, key, purpose=_PURPOSE, record=factor, envelope=sealed))
    if address is None:
        raise IntegrityError("a sealed address cannot be read")
    return address
