"""What a break-glass changes about a release: one item beside the records, for nothing else to reach. Pure.

Who decided it and for how long is read in the one joined read (`read`); whether it is given is `policy`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy.engine import Row

from consent_service.foundation.ids import RecordId, RelationshipId, StaffId, TypeKey
from consent_service.policy.emergencies import Emergency
from consent_service.records.emergencies import Decided, urgent_item
from consent_service.records.model import SealedRecord


class Urgent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The facts of a break-glass, its item, and the digest taken over both."""

    facts: Emergency
    item: SealedRecord
    digest: bytes


def urgent_of(rows: list[Row[Any]], relationship: RelationshipId) -> Urgent | None:
    """The break-glass that a second person agreed to and nobody ended; of two at once neither.

    A person counts who still works at the shelter; one who is named twice is one person.
    """
    if len(rows) != 1:
        return None
    (row,) = rows
    break_glass, kind = RecordId(row.k1), TypeKey(row.k2)
    decided = Decided(StaffId(row.k3), row.t3, StaffId(row.k4), row.t1, row.t2)
    persons = frozenset(StaffId(one) for one in (row.k5, row.k6) if one is not None)
    return Urgent(
        Emergency(break_glass, kind, persons, row.t1, row.t2, bool(row.n1)),
        urgent_item(break_glass, relationship, kind, decided, row.b1),
        row.b2,
    )
