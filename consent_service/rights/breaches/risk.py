"""How bad a breach is for the people it is about (AVG 33(1), 34(1)). Pure.

A secret address that may have leaked is always a high risk, whatever else is known; so is a family in
danger, and one of which nobody has assessed the danger. Nobody can weigh those down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

import msgspec

from consent_service.foundation.errors import Problem

Level = Literal["unlikely", "risk", "high"]
Reason = Literal[
    "secret_address",
    "danger",
    "not_assessed",
    "special_category",
    "criminal",
    "locating",
    "many_people",
    "seen",
    "possible",
    "unreadable",
    "nobody",
]
LowerGround = Literal["trusted_recipient", "undone", "nothing_to_learn"]
ORDER: Final[Mapping[Level, int]] = {"unlikely": 0, "risk": 1, "high": 2}
FIXED: Final[frozenset[Reason]] = frozenset({"secret_address", "danger", "not_assessed"})
"""High, and never weighed down."""
MANY: Final = 100
"""People from which on numbers alone are a risk (assumed)."""
_HIGH: Final[frozenset[Reason]] = frozenset({"special_category", "criminal", "locating"})


class RiskFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known of everybody it may be about, together. `safety`: the worst of all families.

    `certain`: something was shown, by the log. `unreadable`: all that leaked is encrypted, without a key.
    """

    people: int = 0
    secret_address: bool = False
    safety: str = "no_known_danger"
    special_category: bool = False
    criminal: bool = False
    locating: bool = False
    certain: bool = False
    unreadable: bool = False


class Risk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The level with every reason for it, the weightiest first."""

    level: Level
    reasons: tuple[Reason, ...]

    @property
    def fixed(self) -> bool:
        """Whether nobody may weigh it down."""
        return not FIXED.isdisjoint(self.reasons)


def assess(facts: RiskFacts) -> Risk:
    """The risk, as far as it follows from what is known."""
    reasons = tuple(reason for reason, holds in _reasons(facts) if holds)
    if not FIXED.isdisjoint(reasons):
        return Risk("high", reasons)
    if facts.unreadable or "nobody" in reasons:
        return Risk("unlikely", reasons)
    return Risk("high" if not _HIGH.isdisjoint(reasons) else "risk", reasons)


def _reasons(facts: RiskFacts) -> tuple[tuple[Reason, bool], ...]:
    safe = facts.safety == "no_known_danger"
    return (
        ("secret_address", facts.secret_address),
        ("danger", facts.safety == "danger"),
        ("not_assessed", not safe and facts.safety != "danger"),
        ("special_category", facts.special_category),
        ("criminal", facts.criminal),
        ("locating", facts.locating),
        ("many_people", facts.people >= MANY),
        ("seen", facts.certain),
        ("possible", facts.people > 0 and not facts.certain and not facts.unreadable),
        ("unreadable", facts.unreadable),
        ("nobody", facts.people == 0),
    )


def check_weighed(risk: Risk, level: Level, ground: LowerGround | None) -> list[Problem]:
    """What is wrong with another level: higher always may be, lower needs a ground, and not what is fixed."""
    if level not in get_args(Level):
        return [Problem("level", "breach.choose_level")]
    if ORDER[level] >= ORDER[risk.level]:
        return []
    if risk.fixed:
        return [Problem("level", "breach.risk_is_fixed")]
    return [] if ground in get_args(LowerGround) else [Problem("lower_ground", "breach.choose_lower_ground")]


def level_now(risk: Risk, weighed: Level | None) -> Level:
    """What counts: what was weighed, unless it is fixed."""
    return risk.level if weighed is None or risk.fixed else weighed
