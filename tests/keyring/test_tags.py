"""Derived tags: view keys, digests and log signatures; the blind index has its own file."""

from __future__ import annotations

import pytest

from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.digests import records_digest
from consent_service.keyring.primitives import Cipher, hash_pin, verify_pin
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from consent_service.keyring.signing import new_log_key, sign_with, verify_signature
from consent_service.keyring.view_keys import entry_tag, tag_under, view_key
from tests.keyring.factories import person_key, relationship_key, tenant_key


def test_a_view_key_finds_its_own_persons_entries_only(keyring: KeyRing) -> None:
    mine, other, officer = person_key(keyring), person_key(keyring), tenant_key(keyring, purpose="audit")
    tags = {entry_tag(keyring, key, "entry-1") for key in (mine, other, officer)}
    assert len(tags) == 3
    assert entry_tag(keyring, mine, "entry-1") == tag_under(view_key(keyring, mine), "entry-1")
    assert entry_tag(keyring, mine, "entry-1") != entry_tag(keyring, mine, "entry-2")
    assert len(view_key(keyring, officer)) == 32


def test_a_digest_sees_every_change_to_the_records_and_not_their_order(keyring: KeyRing) -> None:
    key, other = relationship_key(keyring), relationship_key(keyring, owner="relationship-2")
    records = [("r1", 1, b"one"), ("r2", 1, b"two")]

    def digest(rows: list[tuple[str, int, bytes]], kind: str = "support_advice") -> bytes:
        return records_digest(keyring, key, information_type=kind, records=rows)

    assert digest(records) == digest(records[::-1])
    changed: tuple[list[tuple[str, int, bytes]], ...] = (
        [("r1", 2, b"one"), ("r2", 1, b"two")],
        [("r1", 1, b"two"), ("r2", 1, b"one")],
        [("r1", 1, b"one")],
        [*records, ("r3", 1, b"")],
        [],
    )
    assert digest(records) not in {digest(rows) for rows in changed}
    assert digest(records) != digest(records, "concerns")
    assert digest(records) != records_digest(
        keyring, other, information_type="support_advice", records=records
    )


def test_a_log_is_signed_with_a_key_nobody_sees(keyring: KeyRing) -> None:
    key = tenant_key(keyring, purpose="audit")
    sealed, public = new_log_key(keyring, key, record="log-1")
    signature = sign_with(keyring, key, record="log-1", sealed=sealed, message=b"head")
    assert verify_signature(public, b"head", signature)
    assert not verify_signature(public, b"tail", signature)
    assert not verify_signature(public, b"head", signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not verify_signature(new_log_key(keyring, key, record="log-1")[1], b"head", signature)
    assert not verify_signature(b"no key", b"head", signature)
    with pytest.raises(IntegrityError):
        sign_with(keyring, key, record="log-2", sealed=sealed, message=b"head")


def test_a_pin_is_known_by_its_hash_only() -> None:
    stored = hash_pin("493817")
    assert "493817" not in stored
    assert stored != hash_pin("493817")
    assert verify_pin("493817", stored)
    assert not verify_pin("493818", stored)


def test_a_key_of_another_size_is_no_key() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Cipher(Secret(bytes(16)))
