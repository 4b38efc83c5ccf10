"""The recovery public key: a text file anybody may read and nobody may change unseen."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_service.custody.recovery_key import (
    RecoveryKey,
    decode_public_key,
    encode_public_key,
    grouped,
    read_public_key,
    write_public_key,
)
from consent_service.foundation.errors import ConfigurationError, ConflictError, IntegrityError
from consent_service.keyring import recovery
from consent_service.keyring.secret import Secret

KEY = RecoveryKey(recovery.public_half(Secret(bytes(32))), date(2026, 11, 22))
TEXT = encode_public_key(KEY)


def test_the_file_says_what_it_is_and_comes_back() -> None:
    assert decode_public_key(TEXT) == KEY
    lines = TEXT.decode().splitlines()
    assert lines[0] == "-----BEGIN RUGGENSTEUN RECOVERY PUBLIC KEY-----"
    assert "Made: 2026-11-22" in lines
    assert "Sheets: 3 of 5 (SLIP-39)" in lines
    assert f"Fingerprint: {KEY.shown_fingerprint}" in lines
    assert max(map(len, lines)) <= 95


def test_a_fingerprint_is_shown_in_sixteen_groups_of_four() -> None:
    assert grouped("ab12" * 16) == " ".join(["AB12"] * 16)
    assert KEY.shown_fingerprint.replace(" ", "").lower() == KEY.fingerprint


@given(st.integers(0, len(TEXT) - 1), st.integers(1, 255))
@settings(max_examples=60)
def test_a_changed_byte_is_refused(place: int, by: int) -> None:
    changed = bytearray(TEXT)
    changed[place] ^= by
    with pytest.raises(IntegrityError):
        decode_public_key(bytes(changed))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        TEXT[:-30],
        TEXT + b"\n",
        encode_public_key(RecoveryKey(b"short", date(2026, 11, 22))),
        TEXT.replace(b"Made: 2026-11-22", b"Made: 2026-13-22"),
    ],
    ids=["empty", "no text", "torn", "more", "another key", "no date"],
)
def test_what_is_no_key_is_refused(text: bytes) -> None:
    with pytest.raises(IntegrityError):
        decode_public_key(text)


def test_a_key_is_read_from_its_place_or_the_setting_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recovery.pub"
    with pytest.raises(ConfigurationError, match=r"recovery_key: .* is not there; hold the ceremony"):
        read_public_key(path)
    write_public_key(path, KEY, replacing=False)
    assert read_public_key(path) == KEY
    assert path.stat().st_mode & 0o777 == 0o644
    with pytest.raises(ConflictError):
        write_public_key(path, KEY, replacing=False)
    path.write_bytes(b"something else")
    with pytest.raises(ConfigurationError, match="is no recovery public key"):
        read_public_key(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigurationError, match="is no recovery public key"):
        read_public_key(path)
