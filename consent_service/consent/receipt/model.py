"""What a receipt says: values only, one person's own choices and nobody else's. Pure.

Gathering them is `consent.receipts`; `record` makes JSON of them and `document` paper.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from consent_service.consent.model import (
    Answer,
    Capacity,
    Decision,
    EvidenceKind,
    Interpreter,
    Method,
    Standing,
)
from consent_service.foundation.ids import (
    DecisionId,
    PersonId,
    RelationshipId,
    SchoolId,
    StaffId,
    TenantId,
    TypeKey,
)

AnswerNow = Literal["yes", "no", "later", "none", "withdrawn", "expired", "outdated", "suspended", "objected"]
"""Where an answer stands when the receipt is made."""
Kind = Literal["full", "neutral", "record"]


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the log stood: with these two anybody can check later that nothing before was changed."""

    size: int
    root: str


class Controller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shelter. Where it is may be secret, so its address here is that of the service."""

    tenant: TenantId
    name: str
    phone: str
    address: str


class Recipient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The school."""

    school: SchoolId
    name: str
    address: str
    phone: str


class ReceiptAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer as it was signed, and where it stands now."""

    decision: DecisionId
    information_type: TypeKey
    answer: Answer
    now: AnswerNow
    decided_at: datetime
    valid_until: datetime | None
    text_version: str
    text_hash: str
    screen_hash: str


class ChildChoices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was chosen about one child at one school, and in which capacity."""

    relationship: RelationshipId
    child: PersonId
    name: str
    school: Recipient
    capacity: Capacity
    answers: tuple[ReceiptAnswer, ...]


class SignedChoices(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One signed sitting of one person, as far as that person may see it today."""

    sitting: str
    person: PersonId
    name: str
    controller: Controller
    signed_at: datetime
    made_at: datetime
    language: str
    method: Method
    evidence: EvidenceKind
    signed_name: str
    signed_drawing: str = ""
    """Strokes (`consent.drawing`); empty when nothing was drawn."""
    interpreter: Interpreter
    witness: StaffId | None
    statement: str
    """The sentences above the signature, in the language of the sitting."""
    children: tuple[ChildChoices, ...]
    withdraw_address: str
    head: Head | None

    @property
    def types(self) -> frozenset[TypeKey]:
        """Every type that was asked."""
        return frozenset(one.information_type for child in self.children for one in child.answers)

    @property
    def by_child(self) -> bool:
        """Whether a child decided for itself; then it is spoken to as one speaks to a child."""
        return any(child.child == self.person for child in self.children)


class SittingSummary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed sitting in a list: whose and when."""

    sitting: str
    person: PersonId
    name: str
    signed_at: datetime
    language: str


class PrintedReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A receipt as bytes, under a file name that tells nothing."""

    content: bytes
    media_type: Literal["application/pdf", "application/json"]
    file_name: Literal["keuzes.pdf", "code.pdf", "keuzes.json"]


class NeutralReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that the neutral version may hold (S50)."""

    signed_on: date
    code: str


def answer_now(standing: Standing | None, newest: Decision | None) -> AnswerNow:
    """One word for where an answer stands; an objection and what ended a yes come before the yes."""
    if standing is None:
        return "none"
    if standing.objecting:
        return "objected"
    if standing.answer == "yes":
        return "expired" if standing.expired else "outdated" if standing.outdated else "yes"
    if standing.answer == "no" and newest is not None and newest.kind == "withdrawn":
        return "withdrawn"
    return standing.answer
