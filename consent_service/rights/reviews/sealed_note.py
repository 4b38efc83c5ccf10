"""Words of an officer about an entry: sealed under the key of whom the entry is about, opened only here."""

from __future__ import annotations

from consent_service.keyring.model import WrappedPersonKey
from consent_service.keyring.opening import open_for_person
from consent_service.keyring.sealing import seal_for_person
from consent_service.keyring.service import KeyRing

_PURPOSE = "review-note"


def seal_note(ring: KeyRing, key: WrappedPersonKey, place: tuple[str, str, str], words: str) -> bytes:
    """`place` is the sample, the entry and the verdict that the words belong to."""
    return seal_for_person(ring, key, purpose=_PURPOSE, record="/".join(place), plaintext=words.encode())


def open_note(ring: KeyRing, key: WrappedPersonKey, place: tuple[str, str, str], sealed: bytes) -> str:
    """What was written.

    Raises:
        IntegrityError: the bytes are not the words of this place.
    """
    raw = open_for_person(ring, key, purpose=_PURPOSE, record="/".join(place), envelope=sealed)
    return raw.decode()
