"""Recovery: what is sealed to a public key opens with the seed it came from, and with nothing else."""

from __future__ import annotations

import pytest

from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.primitives import (
    RECOVERY_PUBLIC_BYTES,
    new_key,
    open_from_recovery,
    recovery_public_key,
    seal_to_recovery,
)
from consent_service.keyring.secret import Secret

SEED = Secret(bytes(range(32)))
KEYS = b"every key of a tenant"
INFO = b"backup"


def test_what_is_sealed_to_the_recovery_key_opens_with_its_seed() -> None:
    public = recovery_public_key(SEED)
    sealed = seal_to_recovery(public, Secret(KEYS), INFO)
    assert open_from_recovery(SEED, sealed, INFO) == Secret(KEYS)
    assert len(public) == RECOVERY_PUBLIC_BYTES == 1216
    assert len(sealed) == len(KEYS) + 1136
    assert public == recovery_public_key(Secret(bytes(range(32))))
    assert seal_to_recovery(public, Secret(KEYS), INFO) != sealed


@pytest.mark.parametrize("place", [0, 1087, 1088, 1119, 1120, -17, -1])
def test_one_bit_of_a_recovery_seal_counts(place: int) -> None:
    sealed = bytearray(seal_to_recovery(recovery_public_key(SEED), Secret(KEYS), INFO))
    sealed[place] ^= 1
    with pytest.raises(IntegrityError):
        open_from_recovery(SEED, bytes(sealed), INFO)


def test_another_seed_another_purpose_or_a_cut_opens_nothing() -> None:
    sealed = seal_to_recovery(recovery_public_key(SEED), Secret(KEYS), INFO)
    for seed, blob, info in (
        (new_key(), sealed, INFO),
        (SEED, sealed, b"drill"),
        (SEED, sealed, b""),
        (SEED, sealed[:-1], INFO),
        (SEED, sealed[:100], INFO),
        (SEED, b"", INFO),
        (SEED, sealed + b"\0", INFO),
    ):
        with pytest.raises(IntegrityError):
            open_from_recovery(seed, blob, info)


def test_what_is_no_public_key_is_not_sealed_to() -> None:
    public = recovery_public_key(SEED)
    for wrong in (b"", public[:-1], public + b"\0", public[:-32] + bytes(32)):
        with pytest.raises(IntegrityError, match="no recovery public key"):
            seal_to_recovery(wrong, Secret(KEYS), INFO)


def test_a_seed_of_another_size_is_no_seed() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        recovery_public_key(Secret(bytes(31)))
