"""What is written about a breach: sealed under the breach's own key, and without anybody in it.

The words leave for the authority and may be read for years. So they hold no address, telephone number or
number like a BSN, and no name of somebody it is about (decision 0063).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import PersonId, TenantId
from consent_service.information import detection
from consent_service.keyring.service import KeyRing
from consent_service.process.emergencies.sealed_text import open_text, seal_text

_LOOKS_FOR: Final = (
    ("breach.words_postcode", detection.has_postcode),
    ("breach.words_street", detection.has_street),
    ("breach.words_phone", detection.has_phone),
    ("breach.words_email", detection.has_email),
    ("breach.words_link", detection.has_place_link),
    ("breach.words_whereabouts", detection.tells_whereabouts),
    ("breach.words_bsn", detection.looks_like_bsn),
)
_SHORTEST: Final = 3


async def seal_words(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, breach: str, words: Mapping[str, str]
) -> bytes:
    """The texts under the key that was made with the breach."""
    key = await ring.sealing_person_key(conn, tenant, PersonId(breach))
    return seal_text(ring, key, breach, dict(words))


async def open_words(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, breach: str, sealed: bytes | None
) -> dict[str, str]:
    """The texts by their name; nothing where nothing was written."""
    if sealed is None:
        return {}
    return open_text(ring, await ring.person_key(conn, tenant, PersonId(breach)), breach, sealed)


def check_nobody_named(words: Mapping[str, str], names: Iterable[str] = ()) -> list[Problem]:
    """Everything in these texts that says who somebody is or where; never what it was.

    `names`: of the people it may be about; each word of one counts, from three letters on.
    """
    found = [Problem(name, code) for name, text in words.items() for code, is_in in _LOOKS_FOR if is_in(text)]
    known = [word for name in names for word in name.split() if len(word) >= _SHORTEST]
    return found + [
        Problem(name, "breach.words_name")
        for name, text in words.items()
        if text and detection.names_somebody(text, known)
    ]
