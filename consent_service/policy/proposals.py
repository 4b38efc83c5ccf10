"""Other rules as they are proposed: who stands behind them, what is still needed, what would change.

Pure: values in, values out. Where the files of a proposal come from is `proposing`, judging past decisions
again is `replay`, keeping and switching is `changes`.

Two different privacy coordinators stand behind a change; whoever proposed it counts as one of them. What
would be released and was not, and what need no longer be forbidden, is approved one by one by a coordinator
who did not propose it. The FG
supervises and approves nothing (AVG 38(6), 39(1)(b)); an operator carries out and approves nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from consent_service.audit.happenings.policies import ProposalOrigin
from consent_service.foundation.ids import EntryId
from consent_service.policy.difference import FileDifference as FileDifference
from consent_service.policy.facts import Question
from consent_service.policy.invariant_changes import InvariantChange as InvariantChange
from consent_service.policy.proofs.comparing import Widening as Widening
from consent_service.policy.proofs.proving import Proof
from consent_service.policy.reasons import PolicyProblem
from consent_service.policy.recorded import RecordedAnswer
from consent_service.policy.replay import ReplayReport

WHOLE: Final = "whole"
"""The item that stands for the proposal as a whole."""
COORDINATORS: Final = 2
_LONGEST_CODE: Final = 64

ProposalState = Literal["open", "active", "withdrawn", "stale"]
"""`stale`: other rules came into force since; it must be proposed again, on those."""
MissingCode = Literal[
    "policies.closed",
    "policies.stale",
    "policies.two_coordinators",
    "policies.one_coordinator",
    "policies.items",
    "policies.not_comparable",
]
"""What stands between a proposal and its activation; each is a sentence in `locale/problems`."""


class BundleLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules that are or were in force at a tenant. `since`: from when, the last time.

    `judgeable` is False when the engine they were made for is not the one of this release.
    """

    hash: str
    since: datetime
    engine: str
    judgeable: bool


class ProposalLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One proposal. `proposed_by` is an id of staff, or the name of an operator."""

    proposal: str
    hash: str
    replaces: str
    origin: ProposalOrigin
    state: ProposalState
    proposed_by: str
    proposed_at: datetime
    ended_at: datetime | None


class WaitingProposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An open proposal. `yours`: it is for who asks to approve; they neither made it nor approved it yet."""

    line: ProposalLine
    yours: bool


class PolicyOverview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is in force, what is proposed (newest first), what was in force before (newest first).

    `on_disk`: the hash of the rules of this release; empty when they are in force.
    """

    active: BundleLine
    proposals: tuple[ProposalLine, ...]
    earlier: tuple[BundleLine, ...]
    on_disk: str


class ApprovalLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`item` is "whole", or the key of one change, widening or invariant."""

    item: str
    approved_by: str
    approved_at: datetime


class ProposalView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything an officer decides on.

    `comparable` is False when nobody can judge by the rules in force any more: their engine is gone, or they
    are damaged. `replay` then compares with the answers as they were recorded, `widenings` and `invariants`
    are empty, and two coordinators must approve the whole, each by name.
    """

    line: ProposalLine
    difference: tuple[FileDifference, ...]
    replay: ReplayReport
    widenings: tuple[Widening, ...]
    invariants: tuple[InvariantChange, ...]
    approved: tuple[ApprovalLine, ...]
    missing: tuple[MissingCode, ...]
    may_approve: bool
    may_activate: bool
    comparable: bool


class Proposed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It passed its checks and waits for approval."""

    proposal: str


class CheckFailed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It did not pass; nothing of it was kept.

    `refuted`: every invariant that is not proved, with a counterexample where there is one.
    """

    problems: tuple[PolicyProblem, ...]
    refuted: tuple[Proof, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """What was wrong, each once, as the log names it: no code is longer there."""
        found = {one.code for one in self.problems} | {proof.invariant for proof in self.refuted}
        return tuple(sorted({code[:_LONGEST_CODE] for code in found}))


class Rerun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision as it was and as the same rules decide it now; they must be the same."""

    entry: EntryId
    bundle: str
    question: Question
    then: tuple[RecordedAnswer, ...]
    now: tuple[RecordedAnswer, ...]

    @property
    def same(self) -> bool:
        """The log and the rules it names agree."""
        return self.then == self.now


RerunObstacle = Literal["no_decision", "erased", "damaged", "bundle_missing", "bundle_damaged", "engine_gone"]
"""Why a decision cannot be made again: the entry tells of none, or its facts or its rules are not there."""


class NotRerun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """This decision cannot be made again."""

    entry: EntryId
    why: RerunObstacle


class Backing(msgspec.Struct, frozen=True):
    """All that decides whether a proposal may be switched on.

    `coordinators`: who is a privacy coordinator of this tenant now. `items`: what must be approved one by
    one. `comparable`: whether the rules in force can be judged by. `compared`: whether all that would be
    allowed beyond them is known; while it is not, nothing can be approved.
    """

    line: ProposalLine
    approved: tuple[ApprovalLine, ...]
    coordinators: frozenset[str]
    items: frozenset[str]
    comparable: bool
    compared: bool = True


def supporters(backing: Backing) -> frozenset[str]:
    """The coordinators behind the proposal as a whole.

    Proposing counts as approving, unless the rules in force cannot be compared with: then everybody must
    say so by name.
    """
    named = {one.approved_by for one in backing.approved if one.item == WHOLE}
    if backing.comparable:
        named.add(backing.line.proposed_by)
    return backing.coordinators & named


def items_left(backing: Backing) -> frozenset[str]:
    """What no coordinator other than the proposer approved yet."""
    others = backing.coordinators - {backing.line.proposed_by}
    return backing.items - {one.item for one in backing.approved if one.approved_by in others}


def missing(backing: Backing) -> tuple[MissingCode, ...]:
    """What is still needed; nothing when the proposal may be switched on."""
    if backing.line.state == "stale":
        return ("policies.stale",)
    if backing.line.state != "open":
        return ("policies.closed",)
    needed: list[MissingCode] = []
    short = COORDINATORS - len(supporters(backing))
    if short > 0:
        needed.append("policies.one_coordinator" if short == 1 else "policies.two_coordinators")
    if items_left(backing):
        needed.append("policies.items")
    if not backing.compared:
        needed.append("policies.not_comparable")
    return tuple(needed)


def may_still_approve(backing: Backing, coordinator: str) -> bool:
    """Whether this coordinator has something left to approve."""
    if backing.line.state != "open" or not backing.compared:
        return False
    named = any(one.item == WHOLE and one.approved_by == coordinator for one in backing.approved)
    if coordinator == backing.line.proposed_by:
        return not backing.comparable and not named
    return not named or bool(items_left(backing))


def as_it_stands(line: ProposalLine, *, active: str, judgeable: bool) -> ProposalLine:
    """An open proposal to replace rules that are not in force (any more), or for another engine, is stale."""
    if line.state == "open" and (line.replaces != active or not judgeable):
        return msgspec.structs.replace(line, state="stale")
    return line
