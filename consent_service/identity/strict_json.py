"""JSON that reads the same to everybody: one object, no member twice, no NaN, not nested without end.

RFC 8259 section 4 lets readers differ over a member that stands there twice. In what somebody signed, the
one who checks and the one who uses it could then read different values (RFC 7515 section 10.12).
"""

from __future__ import annotations

import json
from typing import NoReturn


def strict_object(raw: bytes | str) -> dict[str, object] | None:
    """The object, or None for anything else."""
    try:
        text = raw.decode() if isinstance(raw, bytes) else raw
        found = json.loads(text, object_pairs_hook=_each_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _each_once(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("a member stands there twice")
    return found


def _refused(_name: str) -> NoReturn:
    raise ValueError("no number of JSON")
