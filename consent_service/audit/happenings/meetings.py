"""Events of three-way meetings: each step, each agreement; never why a meeting was proposed."""

from __future__ import annotations

from typing import Literal

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import RelationshipId


class MeetingStepped(Happening, frozen=True, tag="meeting.stepped.v1"):
    """What was done with a meeting, in the words of its state table (docs/PROCESS.md)."""

    relationship: RelationshipId
    meeting: Code
    act: Code
    state: Code


class MeetingRefused(Happening, frozen=True, tag="meeting.refused.v1"):
    """No meeting was proposed, for this reason of the policies."""

    relationship: RelationshipId
    code: Code


class MeetingAgreementStepped(Happening, frozen=True, tag="meeting_agreement.stepped.v1"):
    """An agreement was made, kept, or not kept for a reason from a fixed list."""

    relationship: RelationshipId
    meeting: Code
    agreement: Code
    act: Literal["agree", "finish", "give_up"]
    reason: Code = ""


MeetingEvent = MeetingStepped | MeetingRefused | MeetingAgreementStepped
