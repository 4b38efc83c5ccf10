"""The code on a receipt with which a parent withdraws without logging in. Pure.

Fifteen random characters and one that checks them, in four groups: `7K3M-9QXA-...`. The alphabet is
Crockford's (no I, L, O, U), so that it can be read aloud and typed from paper. Only a hash is kept;
75 random bits cannot be guessed or searched for.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from consent_service.foundation.errors import InputError, Problem

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAYLOAD = 15
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


def new_code() -> str:
    """A fresh code in four groups of four."""
    return code_of(secrets.token_urlsafe(32))


def code_of(secret: str) -> str:
    """The one code that belongs to a secret, so that whoever still holds the secret can show it again.

    75 bits of HMAC-SHA256; the secret is random, used once, and kept nowhere on our side.
    """
    mac = hmac.digest(secret.encode(), b"withdrawal-code/v1", hashlib.sha256)
    bits = int.from_bytes(mac, "big")
    payload = "".join(ALPHABET[bits >> 5 * place & 31] for place in range(_PAYLOAD))
    return grouped(payload + _check_character(payload))


def normalised_code(entered: str) -> str | None:
    """The sixteen characters somebody meant, or None when it cannot be a code (a typing error)."""
    kept = "".join(letter for letter in entered.upper() if letter.isalnum()).translate(_LOOKALIKES)
    if len(kept) != _PAYLOAD + 1 or any(letter not in ALPHABET for letter in kept):
        return None
    return kept if kept[-1] == _check_character(kept[:-1]) else None


def grouped(code: str) -> str:
    """The code as it is printed."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def code_hash(code: str) -> str:
    """What is stored and journalled of a normalised code."""
    return hashlib.sha256(b"withdrawal-code/v1:" + code.encode()).hexdigest()


def _check_character(payload: str) -> str:
    """Catches every single mistyped character (odd weights are invertible mod 32) and nearly every swap."""
    total = 0
    for place, letter in enumerate(payload):
        total += (2 * place + 1) * ALPHABET.index(letter)
    return ALPHABET[total % len(ALPHABET)]


def required_code(entered: str) -> str:
    """The code as it was issued.

    Raises:
        InputError: a typing error.
    """
    code = normalised_code(entered)
    if code is None:
        raise InputError([Problem("code", "code_unknown")])
    return code
