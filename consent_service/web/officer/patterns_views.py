"""What the page on patterns shows."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from consent_service.web.components import Part
from consent_service.web.pages import View


class PatternLine(Part, frozen=True):
    """One thing that stands out; `team` is empty for the shelter as a whole. Counts, never a name."""

    kind: str
    team: str
    count: int
    total: int


class PatternsPage(View, frozen=True):
    """What stands out in how consent is asked, and everything that is looked at."""

    template: ClassVar[str] = "officer/patterns.html"
    since: date
    patterns: tuple[PatternLine, ...]
    minimum: int
    smallest_team: int
