"""Evidence of a conversation, sealed under the guardian's own key and opened only here."""

from __future__ import annotations

import msgspec

from consent_service.consent.model import ChildSaid, Evidence
from consent_service.consent.statement import PassedOnEvidence
from consent_service.foundation.decoding import decoded
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.model import WrappedPersonKey
from consent_service.keyring.opening import open_for_person
from consent_service.keyring.sealing import seal_for_person
from consent_service.keyring.service import KeyRing

_PURPOSE = "consent-evidence"
_decoder = msgspec.msgpack.Decoder(Evidence)
_CHILD_WORDS = "consent-child-words"
_child_words_decoder = msgspec.msgpack.Decoder(ChildSaid)
_PASSED_ON = "consent-passed-on"
_passed_on_decoder = msgspec.msgpack.Decoder(PassedOnEvidence)


def seal_evidence(ring: KeyRing, key: WrappedPersonKey, sitting: str, evidence: Evidence) -> bytes:
    """The sealed evidence of one sitting."""
    plaintext = msgspec.msgpack.encode(evidence)
    return seal_for_person(ring, key, purpose=_PURPOSE, record=sitting, plaintext=plaintext)


def open_evidence(ring: KeyRing, key: WrappedPersonKey, sitting: str, sealed: bytes) -> Evidence:
    """The evidence of one sitting.

    Raises:
        IntegrityError: the bytes are not the evidence of this sitting.
    """
    evidence = decoded(
        _decoder, open_for_person(ring, key, purpose=_PURPOSE, record=sitting, envelope=sealed)
    )
    if evidence is None:
        raise IntegrityError("sealed evidence has an unknown shape")
    return evidence


def seal_child_words(ring: KeyRing, key: WrappedPersonKey, sitting: str, said: ChildSaid) -> bytes:
    """What a child said that is heard, sealed under its own key."""
    plaintext = msgspec.msgpack.encode(said)
    return seal_for_person(ring, key, purpose=_CHILD_WORDS, record=sitting, plaintext=plaintext)


def open_child_words(ring: KeyRing, key: WrappedPersonKey, sitting: str, sealed: bytes) -> ChildSaid:
    """What a child said.

    Raises:
        IntegrityError: the bytes are not what was said then.
    """
    said = decoded(
        _child_words_decoder,
        open_for_person(ring, key, purpose=_CHILD_WORDS, record=sitting, envelope=sealed),
    )
    if said is None:
        raise IntegrityError("sealed evidence has an unknown shape")
    return said


def seal_passed_on(ring: KeyRing, key: WrappedPersonKey, statement: str, evidence: PassedOnEvidence) -> bytes:
    """The sealed evidence of what a counsellor typed in for somebody."""
    plaintext = msgspec.msgpack.encode(evidence)
    return seal_for_person(ring, key, purpose=_PASSED_ON, record=statement, plaintext=plaintext)


def open_passed_on(ring: KeyRing, key: WrappedPersonKey, statement: str, sealed: bytes) -> PassedOnEvidence:
    """The evidence of one statement.

    Raises:
        IntegrityError: the bytes are not the evidence of this statement.
    """
    evidence = decoded(
        _passed_on_decoder, open_for_person(ring, key, purpose=_PASSED_ON, record=statement, envelope=sealed)
    )
    if evidence is None:
        raise IntegrityError("sealed evidence has an unknown shape")
    return evidence
