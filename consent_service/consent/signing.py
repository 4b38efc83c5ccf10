"""What a signature is, and what signed answers become: ledger rows, evidence and a receipt. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from consent_service.consent.drafts import Draft, Place
from consent_service.consent.drawing import read_drawing
from consent_service.consent.ledger import NewDecision
from consent_service.consent.model import (
    CHOICE_OF,
    Capacity,
    Evidence,
    Question,
    Receipt,
    ReceiptLine,
    Signature,
    Sitting,
    consent_ends,
    is_written_name,
)
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import PersonId, StaffId, is_id
from consent_service.information.model import Catalogue

_LONGEST_SIGNATURE = 20_000
_NOT_SIGNED = Problem("signature", "signature_missing")


class Signing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sitting at the moment of signing: its answers, in which capacity about each child, and how."""

    sitting: Sitting
    drafts: Mapping[Place, Draft]
    capacities: Mapping[PersonId, Capacity]
    signature: Signature
    statement: str = ""


def require_signed(signature: Signature) -> None:
    """A typed name is a name, a drawing has real strokes, a witness is the id of a member of staff.

    Raises:
        InputError: it is no signature.
    """
    value = signature.value
    if signature.kind == "drawn":
        read_drawing(value)
        return
    fits = bool(value.strip()) and len(value) <= _LONGEST_SIGNATURE
    if signature.kind == "typed":
        fits = fits and is_written_name(value)
    if signature.kind == "witness":
        fits = is_id(value)
    if not fits:
        raise InputError([_NOT_SIGNED])


def require_witness(signature: Signature, counsellor: str) -> None:
    """Only the counsellor of this very sitting witnesses it.

    Raises:
        InputError: somebody else did.
    """
    if signature.kind == "witness" and signature.value != counsellor:
        raise InputError([_NOT_SIGNED])


def decisions_of(signing: Signing, catalogue: Catalogue, *, now: datetime) -> list[NewDecision]:
    """One row of the ledger per question that is asked now, with everything that proves it."""
    return [_decision(signing, question, catalogue, now) for question in signing.sitting.questions]


def _decision(signing: Signing, question: Question, catalogue: Catalogue, now: datetime) -> NewDecision:
    current, signature = signing.sitting, signing.signature
    draft = signing.drafts[question.relationship, question.information_type]
    kind = catalogue.types[question.information_type]
    ends = consent_ends(kind, local_date(now), terms=catalogue.terms, method="tablet")
    return NewDecision(
        relationship=question.relationship,
        information_type=question.information_type,
        person=current.person,
        capacity=signing.capacities[question.child],
        kind=CHOICE_OF[draft.answer],
        method="tablet",
        shown=draft.shown,
        decided_at=now,
        valid_until=ends if draft.answer == "yes" else None,
        sitting=current.sitting,
        witness=StaffId(signature.value) if signature.kind == "witness" else None,
        interpreter=current.interpreter,
        evidence=signature.kind,
        device=current.device,
        chosen_at=draft.answered_at,
        device_at=draft.seen.device_at,
        seconds_shown=draft.seen.seconds_shown,
    )


def evidence_of(signing: Signing) -> Evidence:
    """What proves the conversation: the signature, what stood above it, and the answers as checked."""
    current = signing.sitting
    asked = [(question.relationship, question.information_type) for question in current.questions]
    return Evidence(
        signature=signing.signature,
        interpreter=current.interpreter,
        answers={f"{place[0]}:{place[1]}": str(signing.drafts[place].answer) for place in asked},
        statement=signing.statement,
        read_aloud=current.read_aloud,
    )


def receipt_of(
    signing: Signing,
    decisions: Collection[NewDecision],
    *,
    now: datetime,
    code: str,
    overruled: Collection[Place],
) -> Receipt:
    """What was answered, and which yes does not stand because a newer no came in (S37)."""
    current = signing.sitting
    lines = []
    for new in decisions:
        place = (new.relationship, new.information_type)
        answer = signing.drafts[place].answer
        lines.append(ReceiptLine(*place, answer, new.valid_until, stands=place not in overruled))
    return Receipt(current.sitting, current.family, current.person, now, current.language, code, tuple(lines))
