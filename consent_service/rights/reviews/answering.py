"""What was found, put together per day and per who, purpose and types; and how many a day. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from consent_service.audit.events import By
from consent_service.audit.filtering import types_of
from consent_service.audit.log import TrailEntry
from consent_service.audit.proof_states import ProofState
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import EntryId, TypeKey

_WORST_FIRST: Final[tuple[ProofState, ...]] = ("failed", "pending", "proved")
_NOBODY: Final = By("system", "")


class AnswerLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything of one kind that one person did on one day for one purpose with these types.

    `proof` is that of the entry that is proved least; `entries` stand in the order in which it happened.
    """

    day: date
    first: datetime
    last: datetime
    kind: str
    by: By
    role: str
    purpose: str
    types: tuple[TypeKey, ...]
    entries: tuple[TrailEntry, ...]
    proofs: tuple[ProofState, ...]

    @property
    def proof(self) -> ProofState:
        """How the least proved of its entries stands."""
        return next(state for state in _WORST_FIRST if state in self.proofs)


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One part of the answer, the newest day first.

    `next`: the following part begins after this entry; None at the end. `unknown`: how many of what was found
    are named here because nobody can tell any more how safe the family was.
    """

    lines: tuple[AnswerLine, ...]
    days: tuple[tuple[date, int], ...]
    next: EntryId | None = None
    unknown: int = 0

    @property
    def total(self) -> int:
        """How many entries this part has."""
        return sum(count for _, count in self.days)


def answer_of(
    found: Sequence[TrailEntry],
    proofs: Mapping[EntryId, ProofState],
    *,
    following: EntryId | None = None,
    unknown: int = 0,
) -> Answer:
    """The answer in lines, and how much there was on each day that has anything."""
    counted = Counter(local_date(one.at) for one in found)
    days = tuple(sorted(counted.items()))
    return Answer(tuple(_lines(found, proofs)), days, following, unknown)


def _lines(found: Iterable[TrailEntry], proofs: Mapping[EntryId, ProofState]) -> Iterable[AnswerLine]:
    groups: dict[tuple[object, ...], list[TrailEntry]] = {}
    for one in sorted(found, key=lambda one: (local_date(one.at), one.id), reverse=True):
        groups.setdefault(_kind_of(one), []).append(one)
    for several in groups.values():
        ordered = tuple(reversed(several))
        one = ordered[0]
        by, role, purpose, types = _facts_of(one)
        yield AnswerLine(
            day=local_date(one.at),
            first=one.at,
            last=ordered[-1].at,
            kind=one.type,
            by=by,
            role=role,
            purpose=purpose,
            types=types,
            entries=ordered,
            proofs=tuple(proofs[each.id] for each in ordered),
        )


def _kind_of(one: TrailEntry) -> tuple[object, ...]:
    by, role, purpose, types = _facts_of(one)
    return local_date(one.at), one.type, by.kind, by.id, role, purpose, types


def _facts_of(one: TrailEntry) -> tuple[By, str, str, tuple[TypeKey, ...]]:
    """Who, in which role, why and what; of an entry whose detail is gone only its day is left."""
    if one.detail is None:
        return _NOBODY, "", "", ()
    event = one.detail.event
    role = getattr(event, "role", "") or one.detail.by.kind
    return one.detail.by, role, getattr(event, "purpose", ""), tuple(sorted(types_of(event)))
