"""Find a person by exact name and birth date without storing either in clear.

The tag is an HMAC under the tenant's index key, cut to as many bits as its people need, so that one tag
fits several people and a stolen index confirms nobody; the caller opens the candidates and compares.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Final

from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import WrappedTenantKey
from consent_service.keyring.primitives import hmac_sha256
from consent_service.keyring.service import KeyRing

MOST_BITS: Final = 20

_OWN_LETTERS: Final = frozenset("йїў")
"""Unicode takes these for a letter with an accent; in Cyrillic they are letters, which names differ in."""

_LETTERS: Final = str.maketrans(
    {
        # Latin letters that have no accent to take off
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "n",
        "ŧ": "t",
        # Arabic: wasla, yeh without dots, teh marbuta; the Persian and Urdu forms of yeh, kaf and heh
        "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ہ": "ه", "ھ": "ه", "ک": "ك",
        # Apostrophes that Unicode takes for letters; the tatweel only stretches a word
        "ʹ": " ", "ʻ": " ", "ʼ": " ", "ʽ": " ", "ʾ": " ", "ʿ": " ", "ˈ": " ", "ـ": "",
    }
)  # fmt: skip


def normalised_name(name: str) -> str:
    """One spelling for all ways to type the same name.

    Case (with ß and the Turkish i), accents, Arabic vowel signs and hamza, apostrophes, dashes, spacing
    and invisible marks make no difference; ё is written е as often, й and ї are letters of their own.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", name).casefold())
    letters = unicodedata.normalize("NFKC", folded.casefold())
    bare = "".join(letter if letter in _OWN_LETTERS else _bare(letter) for letter in letters)
    kept = "".join(letter if letter.isalnum() else " " for letter in bare.translate(_LETTERS))
    return " ".join(kept.split())


def bits_for(people: int) -> int:
    """How long a tag may be among so many: floor(log2), so that on average somebody shares it; 0 for one."""
    return min(max(people.bit_length() - 1, 0), MOST_BITS)


def search_tag(ring: KeyRing, key: WrappedTenantKey, *, names: str, birth_date: date, bits: int) -> int:
    """The tag (0 .. 2**bits - 1) of a full name and birth date within one tenant.

    A tag of fewer bits is the start of the longer one.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    message = length_prefixed("person/v1", normalised_name(names), birth_date.isoformat())
    mac = hmac_sha256(ring.material.derived(key, "index/v1"), message)
    return int.from_bytes(mac[:8], "big") >> (64 - bits)


def _bare(letter: str) -> str:
    """Without its accents; nothing of a mark or an invisible character."""
    parts = unicodedata.normalize("NFKD", letter)
    return "".join(part for part in parts if unicodedata.category(part) not in {"Mn", "Me", "Cf"})
