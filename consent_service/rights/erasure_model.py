"""Being forgotten, as it is asked, approved and carried out (AVG 17). Pure.

Two different privacy coordinators stand behind an erasure: one asks, another approves; who asked never does.
Both must still be coordinators when it is carried out. The FG supervises and decides nothing (AVG 38(6)); an
operator types what coordinators decided, which stays visible, and carries it out. Doing it is `erasure`;
where things are is `erasure_places`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from consent_service.audit.happenings.erasures import ErasureGround, ErasureScope

ErasureState = Literal["asked", "approved", "running", "executed", "dropped"]
ErasureStep = Literal["approve", "begin", "finish", "drop"]
MissingCode = Literal["erasures.not_approved", "erasures.closed", "erasures.no_coordinator"]
Typed = Literal["none", "asked", "approved", "both", "schedule"]
"""Which of the two decisions an operator typed for the coordinator: that they were there, nothing shows.
`schedule`: neither decided on this one; they stand behind the periods that are over (`retention`)."""
DropReason = Literal["taken_back", "refused", "superseded"]
"""By who asked; by another coordinator; because an erasure that comprises it was carried out."""

STEPS: Final[Mapping[tuple[ErasureState, ErasureStep], ErasureState]] = {
    ("asked", "approve"): "approved",
    ("asked", "drop"): "dropped",
    ("approved", "drop"): "dropped",
    ("approved", "begin"): "running",
    ("running", "finish"): "executed",
}
"""What can follow; what is not here cannot. Once it runs there is no way back: the keys are gone."""
OPEN: Final[tuple[ErasureState, ...]] = ("asked", "approved")


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to be forgotten: a guardian (`person`), a child or a family, by its id, and why."""

    scope: ErasureScope
    subject: str
    ground: ErasureGround


class Gone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What no longer exists: people, keys, sealed details and index rows of the log, other rows.

    `unnamed` of the details were shut by an earlier release, which did not write down which they were.
    """

    persons: int = 0
    keys: int = 0
    details: int = 0
    index: int = 0
    rows: int = 0
    unnamed: int = 0


class Erasure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One erasure. `subject` is None once it has ended: nothing leads back to whom it was about.

    `late_since`: when it was accepted, where this database learnt of it later (from the stop journal).
    """

    erasure: str
    scope: ErasureScope
    subject: str | None
    ground: ErasureGround
    state: ErasureState
    asked_by: str
    asked_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    typed: Typed = "none"
    late_since: datetime | None = None
    ended_at: datetime | None = None
    gone: Gone = Gone()
    case: str | None = None


def after(state: ErasureState, step: ErasureStep) -> ErasureState | None:
    """The state that this step leads to; None when it cannot be taken."""
    return STEPS.get((state, step))


def scheduled(erasure: str, family: str, behind: tuple[str, str], now: datetime) -> Erasure:
    """Of a family whose every period is over, with the two who stand behind the periods."""
    return Erasure(
        erasure=erasure,
        scope="family",
        subject=family,
        ground="no_longer_needed",
        state="approved",
        asked_by=behind[0],
        asked_at=now,
        approved_by=behind[1],
        approved_at=now,
        typed="schedule",
    )


def typed_too(typed: Typed) -> Typed:
    """What an operator typed, with the approval."""
    return "both" if typed in ("asked", "both") else "approved"


def missing(one: Erasure, coordinators: frozenset[str]) -> MissingCode | None:
    """What stands between an erasure and carrying it out; None when nothing does."""
    if one.state == "asked":
        return "erasures.not_approved"
    if after(one.state, "begin") is None:
        return "erasures.closed"
    behind = {one.asked_by, one.approved_by}
    return None if len(behind) == 2 and behind <= coordinators else "erasures.no_coordinator"


def why_dropped(one: Erasure, coordinator: str) -> DropReason:
    """Who asked takes back, another refuses."""
    return "taken_back" if coordinator == one.asked_by else "refused"
