"""Events of what comes afterwards: asking back, the end of guidance, and figures over a period."""

from __future__ import annotations

from datetime import date
from typing import Literal

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import FamilyId, RelationshipId, SchoolId, TypeKey

RecallCause = Literal["withdrawn", "wrongly_shared", "copied_into_file", "rectified"]


class RecallAsked(Happening, frozen=True, tag="recall.asked.v1"):
    """The school is asked to remove what it got, for another reason than danger (`recall.issued.v1`)."""

    relationship: RelationshipId
    recall: Code
    information_type: TypeKey
    cause: RecallCause
    records: int = 0


class ErasureNotified(Happening, frozen=True, tag="recall.erased.v1"):
    """A school is told that something was erased (AVG 19); the entry is about nobody."""

    school: SchoolId
    recall: Code
    information_type: TypeKey


class ErasureNoticeAnswered(Happening, frozen=True, tag="recall.erased_answered.v1"):
    """What the school answered to that: `done`, or `kept` with a ground."""

    recall: Code
    answer: Literal["done", "kept"]
    reason: Code = ""


class EndPlanned(Happening, frozen=True, tag="ending.planned.v1"):
    """From which day the work with a school ends. `waits`: another holder was not heard (S39)."""

    relationship: RelationshipId
    family: FamilyId
    plan: Code
    reason: Code
    ends_on: date
    aftercare_until: date | None = None
    waits: bool = False


class EndMoved(Happening, frozen=True, tag="ending.moved.v1"):
    """What was done with a planned end, and how it stands since."""

    relationship: RelationshipId
    plan: Code
    act: Code
    state: Code


class FiguresPublished(Happening, frozen=True, tag="figures.published.v1"):
    """Figures of a period were fixed and shown: how many, and how many of them are withheld as too small."""

    period: Code
    shown: int
    withheld: int


AfterwardsEvent = (
    RecallAsked | ErasureNotified | ErasureNoticeAnswered | EndPlanned | EndMoved | FiguresPublished
)
