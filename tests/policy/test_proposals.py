"""Four eyes as a rule of its own: whatever anybody approves, in whatever order, two coordinators decide."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.policy.proofs.proving import Proof
from consent_service.policy.proposals import (
    WHOLE,
    ApprovalLine,
    Backing,
    CheckFailed,
    ProposalLine,
    ProposalState,
    as_it_stands,
    items_left,
    may_still_approve,
    missing,
    supporters,
)
from consent_service.policy.reasons import PolicyProblem

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
LINE = ProposalLine(
    proposal="p",
    hash="new",
    replaces="old",
    origin="upload",
    state="open",
    proposed_by="ann",
    proposed_at=NOW,
    ended_at=None,
)
PEOPLE = ("ann", "bea", "cor", "fg", "operator", "elsewhere")
COORDINATORS = frozenset({"ann", "bea", "cor"})
ITEMS = ("1" * 64, "2" * 64)


def backing(
    *approved: tuple[str, str],
    items: int = 0,
    comparable: bool = True,
    by: str = "ann",
    compared: bool = True,
) -> Backing:
    return Backing(
        line=msgspec.structs.replace(LINE, proposed_by=by),
        approved=tuple(ApprovalLine(item, who, NOW) for who, item in approved),
        coordinators=COORDINATORS & {by, *(who for who, _ in approved)},
        items=frozenset(ITEMS[:items]),
        comparable=comparable,
        compared=compared,
    )


def test_what_is_not_compared_to_the_end_is_approved_by_nobody() -> None:
    unfinished = backing(("bea", WHOLE), compared=False)
    assert missing(unfinished) == ("policies.not_comparable",)
    assert missing(backing(compared=False)) == ("policies.one_coordinator", "policies.not_comparable")
    assert not may_still_approve(backing(compared=False), "cor")


def test_the_proposer_and_one_other_coordinator_are_two() -> None:
    assert missing(backing()) == ("policies.one_coordinator",)
    assert missing(backing(("bea", WHOLE))) == ()
    assert missing(backing(("ann", WHOLE))) == ("policies.one_coordinator",)
    assert missing(backing(("bea", WHOLE), ("cor", WHOLE))) == ()


def test_an_operators_proposal_needs_two_coordinators() -> None:
    assert missing(backing(by="operator")) == ("policies.two_coordinators",)
    assert missing(backing(("bea", WHOLE), by="operator")) == ("policies.one_coordinator",)
    assert missing(backing(("bea", WHOLE), ("cor", WHOLE), by="operator")) == ()


def test_what_cannot_be_compared_is_approved_by_two_by_name() -> None:
    assert missing(backing(("bea", WHOLE), comparable=False)) == ("policies.one_coordinator",)
    assert missing(backing(("bea", WHOLE), ("ann", WHOLE), comparable=False)) == ()


def test_an_item_counts_when_somebody_else_than_the_proposer_approved_it() -> None:
    everything = [("bea", WHOLE), ("bea", ITEMS[0])]
    assert missing(backing(*everything, items=2)) == ("policies.items",)
    assert missing(backing(*everything, ("ann", ITEMS[1]), items=2)) == ("policies.items",)
    assert missing(backing(*everything, ("fg", ITEMS[1]), items=2)) == ("policies.items",)
    assert missing(backing(*everything, ("cor", ITEMS[1]), items=2)) == ()
    assert items_left(backing(*everything, items=2)) == {ITEMS[1]}
    assert missing(backing(items=1)) == ("policies.one_coordinator", "policies.items")


@pytest.mark.parametrize(
    "state,code",
    [("active", "policies.closed"), ("withdrawn", "policies.closed"), ("stale", "policies.stale")],
)
def test_only_an_open_proposal_can_be_approved_or_switched_on(state: ProposalState, code: str) -> None:
    full = backing(("bea", WHOLE))
    closed = msgspec.structs.replace(full, line=msgspec.structs.replace(LINE, state=state))
    assert missing(closed) == (code,)
    assert not may_still_approve(closed, "cor")


def test_whoever_has_something_left_to_approve_may() -> None:
    assert may_still_approve(backing(), "bea")
    assert not may_still_approve(backing(), "ann")
    assert may_still_approve(backing(comparable=False), "ann")
    assert not may_still_approve(backing(("ann", WHOLE), comparable=False), "ann")
    assert not may_still_approve(backing(("bea", WHOLE)), "bea")
    assert may_still_approve(backing(("bea", WHOLE), items=1), "bea")
    assert not may_still_approve(backing(("bea", WHOLE), ("bea", ITEMS[0]), items=1), "bea")


def test_an_open_proposal_lapses_when_what_it_replaces_is_not_in_force_or_its_engine_is_gone() -> None:
    assert as_it_stands(LINE, active="old", judgeable=True) == LINE
    assert as_it_stands(LINE, active="other", judgeable=True).state == "stale"
    assert as_it_stands(LINE, active="old", judgeable=False).state == "stale"
    done = msgspec.structs.replace(LINE, state="active")
    assert as_it_stands(done, active="other", judgeable=False) == done


def test_what_was_wrong_fits_the_log_whatever_somebody_called_an_invariant() -> None:
    problems = tuple(PolicyProblem(where, "malformed", "x") for where in ("a", "b"))
    failed = CheckFailed(problems, (Proof("never." + "x" * 100, {}, "refuted"),))
    assert failed.codes == ("malformed", "never." + "x" * 58)


approvals = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from((WHOLE, *ITEMS))), max_size=12)


@given(approvals, st.integers(0, 2), st.booleans(), st.sampled_from(PEOPLE))
def test_nothing_is_switched_on_without_two_coordinators_whatever_is_approved(
    given_by: list[tuple[str, str]], items: int, comparable: bool, by: str
) -> None:
    """Said anew, without the code under test: two coordinators, and each item by one who did not propose."""
    asked = backing(*given_by, items=items, comparable=comparable, by=by)
    named = {who for who, item in given_by if item == WHOLE} & COORDINATORS
    behind = named | ({by} & COORDINATORS if comparable else set())
    own_way = all(
        any(who in COORDINATORS and who != by for who, approved in given_by if approved == item)
        for item in ITEMS[:items]
    )
    assert (missing(asked) == ()) == (len(behind) >= 2 and own_way)
    assert supporters(asked) == behind


@given(approvals, approvals, st.integers(0, 2), st.booleans(), st.sampled_from(PEOPLE))
def test_one_more_approval_never_makes_more_missing(
    before: list[tuple[str, str]], more: list[tuple[str, str]], items: int, comparable: bool, by: str
) -> None:
    first = backing(*before, items=items, comparable=comparable, by=by)
    later = backing(*before, *more, items=items, comparable=comparable, by=by)
    assert supporters(first) <= supporters(later)
    assert items_left(later) <= items_left(first)
    assert missing(first) != () or missing(later) == ()
