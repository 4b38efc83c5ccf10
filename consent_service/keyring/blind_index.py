"""Find a person by exact name and birth date without storing either in clear.

The tag is an HMAC under the tenant's index key, cut to a few bits, so that one tag fits several
people and a stolen index confirms nobody; the caller opens the candidates and compares.
"""

from __future__ import annotations

import unicodedata
from datetime import date

from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import WrappedTenantKey
from consent_service.keyring.primitives import hmac_sha256
from consent_service.keyring.service import KeyRing

INDEX_BITS = 10
"""Kept by 1,024 different tags; a shelter has some hundreds of children, so tags are shared."""

_LETTERS = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h",
        "ŋ": "n", "ŧ": "t", "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ё": "е",
    }
)  # fmt: skip


def normalised_name(name: str) -> str:
    """One spelling for all ways to type the same name: case, accents, spacing, dashes, Turkish i, ß."""
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    kept = "".join(letter if letter.isalnum() else " " for letter in bare.translate(_LETTERS))
    return " ".join(kept.casefold().split())


def bits_for(people: int) -> int:
    """How long a tag may be among so many: floor(log2), so that on average somebody shares it; 0 for one."""
    return max(people.bit_length() - 1, 0)


def search_tag(
    ring: KeyRing, key: WrappedTenantKey, *, names: str, birth_date: date, bits: int = INDEX_BITS
) -> int:
    """The tag (0 .. 2**bits - 1) of a full name and birth date within one tenant.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    message = length_prefixed("person/v1", normalised_name(names), birth_date.isoformat())
    mac = hmac_sha256(ring.material.derived(key, "index/v1"), message)
    return int.from_bytes(mac[:8], "big") >> (64 - bits)
