"""A sentence with placeholders: what an entry says, and what is wrong with a log.

What an entry says is `describe`, what is wrong `faults`; translating and filling in is done at the edge.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final

import msgspec

from consent_service.foundation.i18n import Counted

SHOWN_OF_ID: Final = 8
"""Signs of the end of an id that a line shows; the whole id is in the entry."""


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Dutch source sentence and what fills its placeholders."""

    msgid: str | Counted
    params: dict[str, str] = {}


def say(msgid: str | Counted, **params: str | int) -> Sentence:
    """An empty code reads as a dash, so that no sentence ends in nothing."""
    return Sentence(msgid, {name: str(value) or "-" for name, value in params.items()})


def joined(parts: Iterable[str]) -> str:
    """Codes as one parameter; whoever puts them into words takes them apart again."""
    return ", ".join(parts)


def root_in_words(root: bytes) -> str:
    """A root in both spellings: base64 as on receipts, kept heads and proofs (C2SP), then hexadecimal."""
    return f"{base64.b64encode(root).decode()} (hex {root.hex()})"
