"""Two coordinators, in this order, and no way back once the keys are gone."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any, get_args

import msgspec
import pytest

from consent_service.rights.erasure_model import (
    STEPS,
    DropReason,
    Erasure,
    ErasureState,
    ErasureStep,
    MissingCode,
    after,
    missing,
    why_dropped,
)

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
ASKED = Erasure(
    erasure="e", scope="child", subject="c", ground="requested", state="asked", asked_by="A", asked_at=NOW
)
APPROVED = msgspec.structs.replace(ASKED, state="approved", approved_by="B", approved_at=NOW)
BOTH = frozenset({"A", "B"})


def test_every_step_leads_on_and_nothing_leads_out_of_an_end() -> None:
    states, steps = get_args(ErasureState), get_args(ErasureStep)
    taken = {(state, step): after(state, step) for state, step in product(states, steps)}
    assert {place: to for place, to in taken.items() if to is not None} == dict(STEPS)
    assert not [place for place in STEPS if place[0] in ("executed", "dropped")]
    assert [place for place in STEPS if place[0] == "running"] == [("running", "finish")]


@pytest.mark.parametrize(
    "one, coordinators, expected",
    [
        (ASKED, BOTH, "erasures.not_approved"),
        (APPROVED, BOTH, None),
        (APPROVED, frozenset("A"), "erasures.no_coordinator"),  # who approved has left
        (APPROVED, frozenset("B"), "erasures.no_coordinator"),  # who asked has left
        (msgspec.structs.replace(APPROVED, approved_by="A"), BOTH, "erasures.no_coordinator"),
        (msgspec.structs.replace(APPROVED, approved_by=None), BOTH, "erasures.no_coordinator"),
        *((msgspec.structs.replace(APPROVED, state=state), BOTH, "erasures.closed")
          for state in ("running", "executed", "dropped")),
    ],
)  # fmt: skip
def test_what_is_still_missing_is_told_by_its_code(
    one: Erasure, coordinators: frozenset[str], expected: MissingCode | None
) -> None:
    assert missing(one, coordinators) == expected


@pytest.mark.parametrize("who, expected", [("A", "taken_back"), ("B", "refused")])
def test_who_asked_takes_back_and_another_refuses(who: str, expected: DropReason) -> None:
    assert why_dropped(ASKED, who) == expected


def test_an_unknown_state_is_no_erasure() -> None:
    values: dict[str, Any] = {**msgspec.structs.asdict(ASKED), "state": "forgotten"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(values, Erasure)
