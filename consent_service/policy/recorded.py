"""A decision as it is kept for later: the facts it was made on and every answer, without any id.

Pure. It is attached to the entry of the log that tells of the decision (`audit.details.Attachment`), so
that the decision can be made again and so that other rules can be tried on it (`replay`).
"""

from __future__ import annotations

import zlib
from typing import Final, Literal

import msgspec

from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import RelationshipId, TenantId
from consent_service.policy.decision import Allowance, Decision, Refusal
from consent_service.policy.facts import Question

_LARGEST: Final = 1_000_000
_NOBODY: Final = ""


class RecordedAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What came out for one type or emergency part, in the order asked, and which duties came with it."""

    allowed: bool
    code: str
    determining: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()


class RecordedDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`question` names no tenant, relationship or reader: the entry it is attached to does."""

    v: Literal[1]
    question: Question
    answers: tuple[RecordedAnswer, ...]


def recorded(decision: Decision) -> RecordedDecision:
    """The decision without ids; two families in the same situation are recorded alike."""
    question = decision.question
    nowhere = msgspec.structs.replace(
        question.relationship, tenant=TenantId(_NOBODY), relationship=RelationshipId(_NOBODY)
    )
    anybody = msgspec.structs.replace(question.reader, id=_NOBODY)
    return RecordedDecision(
        v=1,
        question=msgspec.structs.replace(question, relationship=nowhere, reader=anybody),
        answers=tuple(answer_of(answer) for answer in decision.answers),
    )


def answer_of(answer: Allowance | Refusal) -> RecordedAnswer:
    """What is kept of an answer."""
    if isinstance(answer, Allowance):
        return RecordedAnswer(True, answer.code, answer.determining, answer.obligations)
    return RecordedAnswer(False, answer.code, answer.determining)


def to_bytes(decision: RecordedDecision) -> bytes:
    """Compressed MessagePack; fifteen types take about as much room as one."""
    return zlib.compress(msgspec.msgpack.encode(decision), level=1)


def from_bytes(raw: bytes) -> RecordedDecision:
    """The decision these bytes stand for.

    Raises:
        IntegrityError: they are not a recorded decision, or one of a form this release does not know.
    """
    try:
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(raw, _LARGEST)
        decision = msgspec.msgpack.decode(plain, type=RecordedDecision)
    except (zlib.error, msgspec.DecodeError) as failure:
        raise IntegrityError("a recorded decision cannot be read") from failure
    if len(decision.answers) != len(decision.question.types):
        raise IntegrityError("a recorded decision has not one answer per question")
    return decision
