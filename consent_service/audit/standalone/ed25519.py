"""Ed25519 signatures are checked here in plain Python (RFC 8032 section 5.1); nothing in it is secret."""

from __future__ import annotations

import hashlib

FIELD = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, FIELD - 2, FIELD) % FIELD
"""The constant d of the curve."""
Point = tuple[int, int, int, int]
"""Extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, x*y = T/Z."""
NEUTRAL: Point = (0, 1, 1, 0)


def add_points(left: Point, right: Point) -> Point:
    """The sum of two points (RFC 8032 section 5.1.4)."""
    a = (left[1] - left[0]) * (right[1] - right[0]) % FIELD
    b = (left[1] + left[0]) * (right[1] + right[0]) % FIELD
    c, d = 2 * left[3] * right[3] * CURVE % FIELD, 2 * left[2] * right[2] % FIELD
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % FIELD, g * h % FIELD, f * g % FIELD, e * h % FIELD


def multiply_point(scalar: int, point: Point) -> Point:
    """A point added to itself `scalar` times; not in constant time."""
    total = NEUTRAL
    while scalar:
        if scalar & 1:
            total = add_points(total, point)
        point, scalar = add_points(point, point), scalar >> 1
    return total


def are_same_point(left: Point, right: Point) -> bool:
    """Whether two points are equal, whatever their Z."""
    horizontal = (left[0] * right[2] - right[0] * left[2]) % FIELD
    vertical = (left[1] * right[2] - right[1] * left[2]) % FIELD
    return horizontal == vertical == 0


def decode_point(raw: bytes) -> Point | None:
    """The point of 32 bytes in its one encoding (RFC 8032 section 5.1.3); None for any other bytes."""
    number = int.from_bytes(raw, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    square = (y * y - 1) * pow(CURVE * y * y + 1, FIELD - 2, FIELD) % FIELD
    x = pow(square, (FIELD + 3) // 8, FIELD)
    if (x * x - square) % FIELD:
        x = x * pow(2, (FIELD - 1) // 4, FIELD) % FIELD
    if y >= FIELD or (x * x - square) % FIELD or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else FIELD - x
    return x, y, 1, x * y % FIELD


BASE = decode_point((4 * pow(5, FIELD - 2, FIELD) % FIELD).to_bytes(32, "little")) or NEUTRAL
"""The point whose multiples are the public keys: y = 4/5, x even."""


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of `public` signed the message (RFC 8032 section 5.1.7, without the cofactor).

    Stricter than the section asks: a key or commitment of small order, for which one signature fits many
    messages, is refused.
    """
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = decode_point(public), decode_point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= ORDER:
        return False
    if any(are_same_point(multiply_point(8, point), NEUTRAL) for point in (key, commitment)):
        return False
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(hashed, "little") % ORDER
    return are_same_point(
        multiply_point(scalar, BASE), add_points(commitment, multiply_point(challenge, key))
    )
