"""One letter for one person (AVG 34): put ready, held until somebody weighs it, given, or not. Pure.

Nobody gets one by itself. Whom the own page does not show child and school to, and who has no authority,
is held: a letter to that person may tell the other parent where to look.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import FamilyId, PersonId
from consent_service.process.states import START, StateTable, Step

Held = Literal["safety", "no_authority", "own_voice"]
"""Not shown because of danger that is not ruled out; no authority over any child it is about; the young
person decides alone and gets a letter of its own."""
GivenBy = Literal["in_person", "with_interpreter", "by_post"]
WithheldGround = Literal["safety", "no_authority", "told_otherwise", "not_reachable", "child_too_young"]
WRITTEN: Final[tuple[str, ...]] = ("nl", "en")
"""Languages in which the letter was written by a person; in another it comes in these, to read together."""

LETTER: Final = StateTable(
    "breach_letter",
    (
        Step("prepare", START, "ready", ("privacy_coordinator",), "one at a time, for each person"),
        Step("hold", START, "held", ("privacy_coordinator",), "safety or authority asks a decision"),
        Step("hold", "ready", "held", ("privacy_coordinator",), "safety changed meanwhile"),
        Step("allow", "held", "ready", ("privacy_coordinator",), "weighed by hand"),
        Step("give", "ready", "given", ("privacy_coordinator",), "handed over by a person"),
        Step("withhold", "ready", "withheld", ("privacy_coordinator",), "with a ground"),
        Step("withhold", "held", "withheld", ("privacy_coordinator",), "with a ground"),
    ),
)
SETTLED: Final = frozenset({"given", "withheld"})


class Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One letter, by pseudonym."""

    letter: str
    person: PersonId
    family: FamilyId
    child: bool
    state: str
    language: str
    held: Held | None = None
    weighed: bool = False
    ground: str | None = None
    decided_at: datetime | None = None

    @property
    def is_settled(self) -> bool:
        return self.state in SETTLED

    @property
    def languages(self) -> tuple[str, ...]:
        """In which it is printed: the own language where that was written, with Dutch beside it."""
        return tuple(dict.fromkeys(("nl", self.language if self.language in WRITTEN else "en")))

    @property
    def is_own_language(self) -> bool:
        return self.language in WRITTEN


class Standing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What counts for one person now."""

    shown: bool = True
    decides: bool = True
    all_alone: bool = False
    """Every child that it is about decides alone."""


def held_for(who: Standing) -> Held | None:
    """Why a letter for a guardian waits for a decision; None where it is only printed."""
    if not who.shown:
        return "safety"
    if who.all_alone:
        return "own_voice"
    return None if who.decides else "no_authority"


def check_given(how: str) -> list[Problem]:
    """How it was handed over."""
    return [] if how in get_args(GivenBy) else [Problem("given_how", "breach.choose_given")]


def check_withheld(ground: str) -> list[Problem]:
    """On which ground somebody gets none."""
    return (
        [] if ground in get_args(WithheldGround) else [Problem("withheld_ground", "breach.choose_withheld")]
    )


def counted(letters: Mapping[str, int]) -> tuple[int, int, int]:
    """How many were given, not given, and wait."""
    waiting = sum(number for state, number in letters.items() if state not in SETTLED)
    return letters.get("given", 0), letters.get("withheld", 0), waiting
