"""Events of data breaches (AVG 33, 34): ids, codes and counts. What happened stands elsewhere, sealed."""

from __future__ import annotations

from datetime import datetime

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import RelationshipId


class BreachOpened(Happening, frozen=True, tag="breach.opened.v1"):
    """A breach came into the register. `known_at`: when the 72 hours began."""

    breach: Code
    kind: Code
    source: Code
    known_at: datetime
    relationship: RelationshipId | None = None


class BreachMoved(Happening, frozen=True, tag="breach.moved.v1"):
    """What was done about a breach: `read` when its words were opened, `names` when names were."""

    breach: Code
    act: Code
    code: Code = ""
    relationship: RelationshipId | None = None


class BreachExamined(Happening, frozen=True, tag="breach.examined.v1"):
    """Somebody asked the log who could have seen what; never of whom, only how many came of it."""

    breach: Code
    exam: Code
    question: Code
    families: int
    people: int


class BreachLetterMoved(Happening, frozen=True, tag="breach.letter_moved.v1"):
    """What was done about the letter for one person, who is the subject of the entry."""

    breach: Code
    letter: Code
    act: Code
    code: Code = ""


BreachEvent = BreachOpened | BreachMoved | BreachExamined | BreachLetterMoved
