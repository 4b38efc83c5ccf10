"""What somebody may know of the own data: which places, and who looked, day by day. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

import msgspec

from consent_service.audit.proof_states import ProofState
from consent_service.families.model import ChildVoice
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, SchoolId, TypeKey

_WORST_FIRST: Final[tuple[ProofState, ...]] = ("failed", "pending", "proved")


class Disclosure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One time that somebody saw something about a child, or about the person who asks.

    `proof` is whether a signed head of the log shows its entry. `emergency`: without consent, because a life
    could depend on it (S29).
    """

    entry: EntryId
    at: datetime
    child: PersonId
    relationship: RelationshipId
    reader_kind: str
    role: str
    purpose: str
    types: tuple[TypeKey, ...]
    proof: ProofState
    emergency: bool = False


class LookedDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything one organisation saw on one day in one role for one purpose; `times` is how often.

    `proof` is that of the look that is proved least.
    """

    day: date
    child: PersonId
    relationship: RelationshipId
    reader_kind: str
    role: str
    purpose: str
    types: tuple[TypeKey, ...]
    times: int
    proof: ProofState
    emergency: bool = False


class OwnPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One child at one school, as the person who looks may know it."""

    relationship: RelationshipId
    child: PersonId
    child_name: str
    school: SchoolId


class OwnView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody's own page is about. `voice` is empty for a guardian; a child has one place or more.

    `earlier` are places where it ended: who looked there stays to be seen.
    """

    name: str
    voice: ChildVoice | None
    places: tuple[OwnPlace, ...]
    earlier: tuple[OwnPlace, ...] = ()


def merged(disclosures: Iterable[Disclosure]) -> tuple[LookedDay, ...]:
    """One line per day, child, place, role and purpose, the newest day first; a day is a day here.

    What was read in an emergency never stands in one line with what was read with consent.
    """
    found: dict[tuple[date, str, str, str, str, str, bool], list[Disclosure]] = {}
    for one in sorted(disclosures, key=lambda one: one.at, reverse=True):
        by = (one.reader_kind, one.role, one.purpose, one.emergency)
        found.setdefault((local_date(one.at), one.child, one.relationship, *by), []).append(one)
    return tuple(
        LookedDay(
            day=local_date(looks[0].at),
            child=looks[0].child,
            relationship=looks[0].relationship,
            reader_kind=looks[0].reader_kind,
            role=looks[0].role,
            purpose=looks[0].purpose,
            types=tuple(dict.fromkeys(key for look in reversed(looks) for key in look.types)),
            times=len(looks),
            proof=next(state for state in _WORST_FIRST if any(one.proof == state for one in looks)),
            emergency=looks[0].emergency,
        )
        for looks in found.values()
    )
