"""Which entries of a week an officer reviews: drawn by a signed head of the log. Pure.

Nobody chooses: the head is the first one signed after the week that covers all of it, and its root depends on
salts that nobody knows beforehand. Whoever has the head and the list of entries draws the same ones.

1. The seed is SHA-256 over a label, the root, the officer and the week.
2. Entries stand in the order of SHA-256 over the seed and their id.
3. From the front, each takes a place kept for its kind, or one of the places for any, while there is one.
4. Places kept for a kind of which there are too few go to who was passed over, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from hashlib import sha256
from typing import Final, Literal

import msgspec

from consent_service.foundation.ids import EntryId, StaffId

Stratum = Literal["release", "override", "safety", "other"]
KEPT_FOR: Final[tuple[Stratum, ...]] = ("release", "override", "safety")
SAMPLE_SIZE: Final = 10
SMALLEST: Final = 5
"""With fewer no kind would have a place kept for it."""
_ONE_IN: Final = 5
_LABEL: Final = b"ruggensteun.review-sample.v1\n"
_STRATA: Final[Mapping[str, Stratum]] = {
    "information.released": "release",
    "call.made": "release",
    "signal.sent": "release",
    "first_contact.sent": "release",
    "break_glass": "override",
    "substitute.access": "override",
    "record.attested": "override",
    "statutory_request": "override",
    "competence.judged": "override",
    "safety": "safety",
    "meldcode": "safety",
}


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the week, and of which kind it is."""

    entry: EntryId
    stratum: Stratum


def stratum_of(event_type: str) -> Stratum:
    """What is given, what goes round a rule, what is decided about safety; anything else is other."""
    return next((kind for begin, kind in _STRATA.items() if event_type.startswith(f"{begin}.")), "other")


def week_of(day: date) -> date:
    """The Monday of the week in which this day lies."""
    return day - timedelta(days=day.weekday())


def seed_of(root: bytes, officer: StaffId, week: date) -> bytes:
    """What decides the draw."""
    return sha256(_LABEL + root + f"{officer}\n{week.isoformat()}".encode()).digest()


def draw(seed: bytes, candidates: Iterable[Candidate], size: int) -> tuple[Candidate, ...]:
    """At most `size` of them, in the order in which they were drawn."""
    ordered = sorted(candidates, key=lambda one: sha256(seed + one.entry.encode()).digest())
    kept = dict.fromkeys(KEPT_FOR, size // _ONE_IN)
    free = size - sum(kept.values())
    drawn: list[Candidate] = []
    passed: list[Candidate] = []
    for one in ordered:
        if kept.get(one.stratum, 0) > 0:
            kept[one.stratum] -= 1
            drawn.append(one)
        elif free > 0:
            free -= 1
            drawn.append(one)
        else:
            passed.append(one)
    return (*drawn, *passed[: size - len(drawn)])
