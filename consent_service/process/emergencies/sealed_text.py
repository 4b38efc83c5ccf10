"""What people write about an emergency: sealed under the key of the child it is about, opened only here."""

from __future__ import annotations

import msgspec

from consent_service.foundation.decoding import decoded
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.model import WrappedPersonKey
from consent_service.keyring.opening import open_for_person
from consent_service.keyring.sealing import seal_for_person
from consent_service.keyring.service import KeyRing

_PURPOSE = "emergency"
_decoder = msgspec.msgpack.Decoder(dict[str, str])


def seal_text(ring: KeyRing, key: WrappedPersonKey, record: str, text: dict[str, str]) -> bytes:
    """Texts by their name; `record` is the id of what they belong to."""
    filled = {name: value.strip() for name, value in text.items() if value.strip()}
    plaintext = msgspec.msgpack.encode(filled)
    return seal_for_person(ring, key, purpose=_PURPOSE, record=record, plaintext=plaintext)


def open_text(ring: KeyRing, key: WrappedPersonKey, record: str, sealed: bytes) -> dict[str, str]:
    """What was written.

    Raises:
        IntegrityError: the bytes are not this text about this child.
    """
    plaintext = open_for_person(ring, key, purpose=_PURPOSE, record=record, envelope=sealed)
    text = decoded(_decoder, plaintext)
    if text is None:
        raise IntegrityError("a sealed text has an unknown shape")
    return text
