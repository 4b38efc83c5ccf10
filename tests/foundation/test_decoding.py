"""Plaintext that cannot be decoded is in no message, no cause and no captured local variable."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from consent_service.consent.evidence import open_child_words, open_evidence, open_passed_on
from consent_service.families.identity_data import open_identity
from consent_service.foundation.decoding import decoded, decoded_text
from consent_service.foundation.errors import IntegrityError
from consent_service.identity.page_address import open_address
from consent_service.keyring.model import WrappedPersonKey
from consent_service.keyring.sealing import seal_for_person
from consent_service.keyring.service import KeyRing
from consent_service.organisations.identity_data import open_name
from tests.keyring.captured import captured_by, holds
from tests.keyring.factories import person_key

SAID = b"Samira Voorbeeld woont bij de Linde"
BROKEN = SAID + b"\xff"
Opening = Callable[[KeyRing, WrappedPersonKey, bytes], object]


def test_what_can_be_decoded_is_given() -> None:
    assert decoded(msgspec.msgpack.Decoder(int), msgspec.msgpack.encode(7)) == 7
    assert decoded_text("ë".encode()) == "ë"


def test_what_cannot_is_none() -> None:
    assert decoded(msgspec.msgpack.Decoder(int), BROKEN) is None
    assert decoded_text(BROKEN) is None


@pytest.mark.parametrize(
    "purpose, record, opening",
    [
        ("identity", "person-1", lambda ring, key, sealed: open_identity(ring, key, sealed)),
        ("staff-name", "person-1", lambda ring, key, sealed: open_name(ring, key, sealed)),
        ("page-address", "factor", lambda ring, key, sealed: open_address(ring, key, "factor", sealed)),
        ("consent-evidence", "one", lambda ring, key, sealed: open_evidence(ring, key, "one", sealed)),
        ("consent-child-words", "one", lambda ring, key, sealed: open_child_words(ring, key, "one", sealed)),
        ("consent-passed-on", "one", lambda ring, key, sealed: open_passed_on(ring, key, "one", sealed)),
    ],
)
def test_an_error_about_something_opened_holds_nothing_of_it(
    keyring: KeyRing, purpose: str, record: str, opening: Opening
) -> None:
    key = person_key(keyring)
    sealed = seal_for_person(keyring, key, purpose=purpose, record=record, plaintext=BROKEN)
    with pytest.raises(IntegrityError) as refused:
        opening(keyring, key, sealed)
    assert not holds(captured_by(refused.value), SAID)


def test_the_look_sees_what_is_left_in_a_local(keyring: KeyRing) -> None:
    def leaking(plaintext: bytes) -> None:
        raise IntegrityError("cannot be read") from None

    with pytest.raises(IntegrityError) as refused:
        leaking(BROKEN)
    assert holds(captured_by(refused.value, package="tests"), SAID)
