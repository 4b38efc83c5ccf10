"""Decoding what was opened, without an error that would carry the plaintext along.

A decoder's own error quotes field names and values, and its traceback holds what it could not read.
Whoever calls says in words of his own what is wrong, with nothing opened left in a local.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

T_co = TypeVar("T_co", covariant=True)


class Decoder(Protocol[T_co]):
    """What `msgspec` decoders for one type have in common."""

    def decode(self, buf: bytes, /) -> T_co: ...


def decoded(decoder: Decoder[T_co], plaintext: bytes) -> T_co | None:
    """The value, or None when these bytes are none."""
    try:
        return decoder.decode(plaintext)
    except msgspec.DecodeError:
        return None


def decoded_text(plaintext: bytes) -> str | None:
    """The text, or None when these bytes are not UTF-8."""
    try:
        return plaintext.decode()
    except UnicodeDecodeError:
        return None
