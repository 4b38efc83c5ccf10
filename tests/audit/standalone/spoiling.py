"""Ways to spoil bytes that were right: what a reader meets that somebody plays with."""

from __future__ import annotations

import random

from hypothesis import strategies as st

BITS = (
    *(b"\n", b"\n\n", b" ", b"+", b"=", b"\x00", b"\xff", b"0", b"-1", b"9" * 20),
    *(b"\xe2\x80\x94 ", b"\xc2\xa0"),
)
"""What means something to one of the readers."""


def spoiled(raw: bytes, chosen: random.Random) -> bytes:
    """The bytes with one to three places changed: cut, doubled, put elsewhere, or replaced."""
    changed = bytearray(raw)
    for _ in range(chosen.randint(1, 3)):
        at, length = chosen.randint(0, len(changed)), chosen.randint(1, 40)
        piece = bytes(changed[at : at + length])
        match chosen.randrange(6):
            case 0:
                del changed[at : at + length]
            case 1:
                changed[at:at] = piece
            case 2:
                changed[at:at] = chosen.choice(BITS)
            case 3:
                changed[at : at + 1] = bytes([chosen.randrange(256)])
            case 4:
                del changed[at:]
            case _:
                changed[at : at + length] = piece[::-1]
    return bytes(changed)


def spoils(*samples: bytes) -> st.SearchStrategy[bytes]:
    """Spoiled samples, and junk."""
    changed = st.builds(spoiled, st.sampled_from(samples), st.randoms(use_true_random=False))
    return st.one_of(changed, changed, st.binary(max_size=300))
