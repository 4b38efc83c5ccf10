"""What a proposal takes away of what its own organisation said must never be allowed.

Pure. The invariants of the core are not here: no proposal touches those. An invariant in force has to hold
for a proposal that lacks it as well (`checking`): one first gives up a promise, with four eyes, and only then
does what it forbade.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from consent_service.information.model import hash_of
from consent_service.policy.bundle import Bundle
from consent_service.policy.proofs.invariants import standing_invariants

InvariantKind = Literal["dropped", "changed"]


class InvariantChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One invariant in force that the proposal lacks, or has otherwise; `says` is what it says in force."""

    key: str
    id: str
    says: Mapping[str, str]
    kind: InvariantKind


def invariant_changes(old: Bundle, new: Bundle) -> tuple[InvariantChange, ...]:
    """The invariants in force that do not stand in the new rules as they are, in the order of their ids.

    Each is to be approved by itself; its key names it between these two sets of rules.
    """
    kept = {one.id: one for one in standing_invariants(new.invariants, new.schema)}
    return tuple(
        InvariantChange(
            key=hash_of(["invariant", old.hash, new.hash, one.id]),
            id=one.id,
            says=one.says,
            kind="changed" if one.id in kept else "dropped",
        )
        for one in standing_invariants(old.invariants, old.schema)
        if kept.get(one.id) != one
    )
