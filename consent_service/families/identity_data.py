"""Names, birth dates and contact data of children and guardians: sealed and opened only here."""

from __future__ import annotations

import msgspec

from consent_service.families.model import PersonIdentity
from consent_service.foundation.decoding import decoded
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.model import WrappedPersonKey
from consent_service.keyring.opening import open_for_person
from consent_service.keyring.sealing import seal_for_person
from consent_service.keyring.service import KeyRing

_PURPOSE = "identity"
_decoder = msgspec.msgpack.Decoder(PersonIdentity)


def seal_identity(ring: KeyRing, key: WrappedPersonKey, identity: PersonIdentity) -> bytes:
    """The sealed identity of one person."""
    plaintext = msgspec.msgpack.encode(identity)
    return seal_for_person(ring, key, purpose=_PURPOSE, record=key.owner, plaintext=plaintext)


def open_identity(ring: KeyRing, key: WrappedPersonKey, sealed: bytes) -> PersonIdentity:
    """Who the person is.

    Raises:
        IntegrityError: the bytes are not this person's identity.
    """
    identity = decoded(
        _decoder, open_for_person(ring, key, purpose=_PURPOSE, record=key.owner, envelope=sealed)
    )
    if identity is None:
        raise IntegrityError("a sealed identity has an unknown shape")
    return identity
