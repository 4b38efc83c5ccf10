"""The code of an invitation: typed once from paper or from a telephone call. Pure.

Sixteen characters in four groups, of an alphabet without what is taken for something else: no 0 and O, no 1,
I and L, no U and V. That is 77 random bits, so nobody guesses one; only a digest is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTWXYZ"
LENGTH: Final = 16
_GROUP: Final = 4


def new_code() -> str:
    """A fresh code as it is printed: `7K3M-9QXA-...`."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(code[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))


def code_digest(entered: str) -> str:
    """What is stored of a code, however it was typed; of anything else the digest of no code."""
    code = "".join(letter for letter in entered.upper() if letter.isalnum())
    return hashlib.sha256(b"staff-invitation/v1:" + code.encode(errors="replace")).hexdigest()
