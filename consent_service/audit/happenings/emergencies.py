"""Events of what goes before consent: break-glass, the meldcode, requests with a law of their own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import (
    EntryId,
    FamilyId,
    PersonId,
    RecordId,
    RelationshipId,
    StaffId,
    TypeKey,
)

BreakGlassAct = Literal[
    "look", "approve", "refuse", "drop", "confirm", "deny", "withdraw", "end", "run_out", "tell", "review"
]
MeldcodeAct = Literal[
    "map_signals",
    "consult",
    "talk",
    "weigh",
    "decide_report",
    "decide_help",
    "export",
    "postpone",
    "open_to_parents",
    "close",
]
RequestAct = Literal["give", "refuse", "ask_back", "answer_back"]


class BreakGlassAsked(Happening, frozen=True, tag="break_glass.asked.v1"):
    """Somebody says that a life may depend on it that the school reads one item (AVG 6(1)(d)).

    untold: the parents are not told, for safety. approver: who agreed by phone, to be confirmed.
    """

    break_glass: RecordId
    relationship: RelationshipId
    information_type: TypeKey
    reason: Code
    untold: bool
    approver: StaffId | None = None
    until: datetime | None = None


class BreakGlassMoved(Happening, frozen=True, tag="break_glass.moved.v1"):
    """What somebody did about a break-glass; `until` when it runs from now on."""

    break_glass: RecordId
    relationship: RelationshipId
    act: BreakGlassAct
    until: datetime | None = None
    code: Code = ""


class BreakGlassRead(Happening, frozen=True, tag="break_glass.read.v1"):
    """The entry named tells of a release on the ground of vital interest.

    `listed`: only that there is something to read, and about which child; the item was not opened.
    """

    break_glass: RecordId
    relationship: RelationshipId
    entry: EntryId
    listed: bool = False


class MeldcodeOpened(Happening, frozen=True, tag="meldcode.opened.v1"):
    """Somebody walks the five steps about a child (Wet verplichte meldcode)."""

    meldcode: RecordId
    family: FamilyId
    child: PersonId


class MeldcodeMoved(Happening, frozen=True, tag="meldcode.moved.v1"):
    """One step or decision; `code` is what was decided, `on` the day on which is looked again."""

    meldcode: RecordId
    family: FamilyId
    act: MeldcodeAct
    code: Code = ""
    on: date | None = None


class StatutoryRequestReceived(Happening, frozen=True, tag="statutory_request.received.v1"):
    """The Raad, a GI or the police asked something about a child, on a ground in law."""

    request: RecordId
    family: FamilyId
    child: PersonId
    asker: Code
    ground: Code


class StatutoryRequestAnswered(Happening, frozen=True, tag="statutory_request.answered.v1"):
    """What was done about it."""

    request: RecordId
    family: FamilyId
    act: RequestAct


class StatutoryTextRead(Happening, frozen=True, tag="statutory_text.read.v1"):
    """Somebody is shown what was written about a walk of the meldcode, or about a request."""

    what: Literal["meldcode", "request"]
    record: RecordId
    family: FamilyId


EmergencyEvent = (
    BreakGlassAsked
    | BreakGlassMoved
    | BreakGlassRead
    | MeldcodeOpened
    | MeldcodeMoved
    | StatutoryRequestReceived
    | StatutoryRequestAnswered
    | StatutoryTextRead
)
