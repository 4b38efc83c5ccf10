"""Events of what is restricted and put right because somebody asked it (AVG 16, 18, 21)."""

from __future__ import annotations

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import RelationshipId, TypeKey


class RestrictionMoved(Happening, frozen=True, tag="restriction.moved.v1"):
    """Something about a child is kept only (`set`); who asked is told it will end (`tell`); it ends (`lift`).

    Without a relationship or a type it is about all of them. `code`: the ground, or how it was told.
    """

    restriction: Code
    act: Code
    code: Code = ""
    relationship: RelationshipId | None = None
    information_type: TypeKey | None = None
    case: Code = ""


class RectificationAsked(Happening, frozen=True, tag="rectification.asked.v1"):
    """What stands about a child at a school is not right and is to be put right."""

    relationship: RelationshipId
    rectification: Code
    information_type: TypeKey
    case: Code


CarryingEvent = RestrictionMoved | RectificationAsked
