"""The draw: decided by the head alone, never outside the week, and nothing is kept from being drawn."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.ids import EntryId, StaffId
from consent_service.rights.reviews.drawing import (
    KEPT_FOR,
    SAMPLE_SIZE,
    SMALLEST,
    Candidate,
    Stratum,
    draw,
    seed_of,
    stratum_of,
    week_of,
)

WEEK = date(2026, 9, 7)
ANA, BO = StaffId("officer-ana"), StaffId("officer-bo")
STRATA: tuple[Stratum, ...] = (*KEPT_FOR, "other")
roots = st.binary(min_size=32, max_size=32)
kinds = st.sampled_from(STRATA)


def a_week(strata: list[Stratum]) -> tuple[Candidate, ...]:
    return tuple(Candidate(EntryId(f"entry-{number}"), one) for number, one in enumerate(strata))


weeks = st.lists(kinds, max_size=80).map(a_week)
sizes = st.integers(min_value=SMALLEST, max_value=20)


@given(roots, weeks, sizes)
def test_whoever_has_the_same_head_draws_the_same_entries(
    root: bytes, week: tuple[Candidate, ...], size: int
) -> None:
    seed = seed_of(root, ANA, WEEK)
    assert draw(seed, week, size) == draw(seed, reversed(week), size)


@given(roots, weeks, sizes)
def test_what_is_drawn_is_of_the_week_each_once_and_as_many_as_can_be(
    root: bytes, week: tuple[Candidate, ...], size: int
) -> None:
    drawn = draw(seed_of(root, ANA, WEEK), week, size)
    assert set(drawn) <= set(week)
    assert len(set(drawn)) == len(drawn) == min(size, len(week))


@given(roots, weeks, sizes)
def test_every_kind_that_matters_is_in_it_as_far_as_there_is_any(
    root: bytes, week: tuple[Candidate, ...], size: int
) -> None:
    drawn = draw(seed_of(root, ANA, WEEK), week, size)
    for stratum in KEPT_FOR:
        there = sum(one.stratum == stratum for one in week)
        assert sum(one.stratum == stratum for one in drawn) >= min(there, size // 5)


@given(roots)
def test_another_officer_another_week_and_another_head_draw_otherwise(root: bytes) -> None:
    week = a_week(["other"] * 400)
    mine = draw(seed_of(root, ANA, WEEK), week, SAMPLE_SIZE)
    assert mine != draw(seed_of(root, BO, WEEK), week, SAMPLE_SIZE)
    assert mine != draw(seed_of(root, ANA, date(2026, 9, 14)), week, SAMPLE_SIZE)
    other = bytes([root[0] ^ 1]) + root[1:]
    assert mine != draw(seed_of(other, ANA, WEEK), week, SAMPLE_SIZE)


@pytest.mark.parametrize("size", [SMALLEST, SAMPLE_SIZE])
def test_every_entry_of_a_week_can_be_drawn(size: int) -> None:
    week = a_week(list(STRATA) * 15)
    left = set(week)
    for number in range(2000):
        left -= set(draw(seed_of(number.to_bytes(32), ANA, WEEK), week, size))
        if not left:
            return
    pytest.fail(f"never drawn: {left}")


def test_no_entry_is_drawn_much_more_often_than_another_of_its_kind() -> None:
    week = a_week(["other"] * 40)
    times = dict.fromkeys(week, 0)
    for number in range(1000):
        for one in draw(seed_of(number.to_bytes(32), ANA, WEEK), week, SAMPLE_SIZE):
            times[one] += 1
    assert min(times.values()) > 180
    assert max(times.values()) < 330


@pytest.mark.parametrize(
    "event, stratum",
    [
        ("information.released.v1", "release"),
        ("break_glass.moved.v1", "override"),
        ("substitute.access.v1", "override"),
        ("safety.assessed.v1", "safety"),
        ("safety.guardian_assessed.v1", "safety"),
        ("login.succeeded.v1", "other"),
        ("", "other"),
    ],
)
def test_an_entry_belongs_to_a_kind(event: str, stratum: Stratum) -> None:
    assert stratum_of(event) == stratum


def test_a_week_begins_on_monday() -> None:
    days = [date(2026, 9, number) for number in range(7, 14)]
    assert {week_of(day) for day in days} == {WEEK}
    assert all(second > first for first, second in pairwise(days))
