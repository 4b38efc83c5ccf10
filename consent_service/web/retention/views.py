"""Views of how long things are kept, what is held, and what was cleared away."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class TypeLine(Part, frozen=True):
    """One information type: how long, and how many are past it now."""

    label: str
    period: str
    going: int
    held: int


class GroupLine(Part, frozen=True):
    """Other data that belong together: why they are kept, by which article, how long each part."""

    title: str
    explanation: str
    article: str
    periods: tuple[str, ...]
    going: int
    held: int


class HoldLine(Part, frozen=True):
    """A hold, by the last signs of its own number. `late`: the day to look again is past."""

    reference: str
    ground: str
    placed_on: date
    review_on: date
    whole: bool
    late: bool
    lift_action: str


class RunLine(Part, frozen=True):
    """A run: how far it is, or what went."""

    started_at: datetime
    ended_at: datetime | None
    asked: bool
    expected: int
    records: int
    keys: int
    families: int
    staff: int
    rows: int
    failed: int

    @property
    def done(self) -> int:
        """How many things went so far."""
        return self.records + self.keys + self.families + self.staff + self.rows


class ScheduleState(Part, frozen=True):
    """Who stands behind the periods: `none` yet, `proposed` by one, or `approved` by two.

    An empty action: not for this reader to decide now.
    """

    state: str
    propose_action: str = ""
    approve_action: str = ""


class RetentionPage(View, frozen=True):
    """Everything about keeping. The actions are empty for the FG, who decides nothing."""

    template: ClassVar[str] = "retention/overview.html"
    types: tuple[TypeLine, ...]
    groups: tuple[GroupLine, ...]
    going: int
    waiting: int
    schedule: ScheduleState
    holds: tuple[HoldLine, ...]
    lifted: int
    runs: tuple[RunLine, ...]
    run_action: str
    hold_action: str
    grounds: tuple[Option, ...]
    form: FormState = EMPTY
