"""Slower and slower; strangers together only so often, a known device whatever they do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_service.foundation.database import Database
from consent_service.foundation.ids import new_id
from consent_service.identity.page_tries import (
    EVERYTHING,
    FACTOR,
    LONGEST_WAIT,
    MESSAGES,
    PERSON_MESSAGES,
    REMEMBERED,
    STRANGERS,
    Pace,
    Quota,
    count_try,
    forget_old_tries,
    forget_tries,
    network_of,
    source_of,
    take_of,
    wait_after,
)

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
HERE, THERE = source_of("address:198.51.100.7"), source_of("address:203.0.113.9")
HERS = source_of("device:hers", known=True)
paces = st.sampled_from([FACTOR, MESSAGES, EVERYTHING])


@given(tries=st.integers(0, 10**9), pace=paces, pressed=st.booleans())
def test_no_wait_is_longer_than_its_longest(tries: int, pace: Pace, pressed: bool) -> None:
    assert timedelta() <= wait_after(tries, pace, pressed=pressed) <= pace.longest <= LONGEST_WAIT


@given(tries=st.integers(0, 10_000), pace=paces)
def test_another_mistake_never_shortens_the_wait(tries: int, pace: Pace) -> None:
    assert wait_after(tries, pace) <= wait_after(tries + 1, pace)
    assert (wait_after(tries, pace) == timedelta()) == (tries < pace.free)


async def counted(database: Database, *args: object) -> timedelta | None:
    async with database.transaction() as conn:
        return await count_try(conn, *args)  # type: ignore[arg-type]


@settings(max_examples=15)
@given(others=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 90)), max_size=50))
async def test_whatever_others_do_a_known_device_is_looked_at(
    database: Database, others: list[tuple[int, int]]
) -> None:
    about, now = f"factor:{new_id()}", NOW
    for place, minutes in others:
        now += timedelta(minutes=minutes)
        await counted(database, about, source_of(f"address:{place}"), FACTOR, now)
        await taken(database, about, STRANGERS, now)
    assert await counted(database, about, HERS, FACTOR, now) is None


async def taken(
    database: Database, about: str, quota: Quota, now: datetime, *, known: bool = False
) -> int | None:
    async with database.transaction() as conn:
        return await take_of(conn, about, quota, now, known=known)


async def test_a_quota_is_never_exceeded_in_any_stretch_of_its_length(database: Database) -> None:
    for number in range(STRANGERS.most):
        at = NOW + timedelta(minutes=number)
        assert await taken(database, "code", STRANGERS, at) == STRANGERS.most - number - 1
    for minutes in (STRANGERS.most, 24 * 60 - 1):
        assert await taken(database, "code", STRANGERS, NOW + timedelta(minutes=minutes)) is None
    assert await taken(database, "another", STRANGERS, NOW) is not None
    day_later = NOW + STRANGERS.within
    assert await taken(database, "code", STRANGERS, day_later) == 0
    assert await taken(database, "code", STRANGERS, day_later) is None


async def test_parallel_takers_never_share_one(database: Database) -> None:
    quota = Quota(5, timedelta(hours=1))
    found = await asyncio.gather(*(taken(database, "parallel", quota, NOW) for _ in range(9)))
    assert len([one for one in found if one is not None]) == quota.most


async def test_what_is_kept_for_a_known_device_no_stranger_takes(database: Database) -> None:
    quota = PERSON_MESSAGES
    strangers = [await taken(database, "m", quota, NOW) for _ in range(quota.most)]
    assert [one is not None for one in strangers] == [True] * 3 + [False] * 2
    hers = [await taken(database, "m", quota, NOW, known=True) for _ in range(3)]
    assert hers == [1, 0, None]
    assert await taken(database, "m", quota, NOW + quota.within, known=True) == 4


@pytest.mark.parametrize(
    "one,other,same",
    [
        ("2001:db8:7::1", "2001:db8:7:ffff:1:2:3:4", True),
        ("2001:db8:7::1", "2001:db8:8::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.8", False),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("", "testclient", False),
    ],
)
def test_one_customer_of_ipv6_is_one_place(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) == same


async def test_tries_from_many_places_press_strangers_and_nobody_else(database: Database) -> None:
    about = "factor:pressed"
    for number in range(FACTOR.pressed_after or 0):
        place = source_of(f"address:{number}")
        assert await counted(database, about, place, FACTOR, NOW) is None
    assert await counted(database, about, HERE, FACTOR, NOW) is None
    assert await counted(database, about, HERE, FACTOR, NOW) == LONGEST_WAIT
    assert await counted(database, about, HERS, FACTOR, NOW) is None
    assert await counted(database, about, HERS, FACTOR, NOW) is None
    assert await counted(database, "factor:another", HERE, FACTOR, NOW) is None
    assert await counted(database, about, HERE, FACTOR, NOW + LONGEST_WAIT) is None


async def test_all_codes_together_press_nobody(database: Database) -> None:
    for _ in range(EVERYTHING.free):
        assert await counted(database, "*", HERE, EVERYTHING, NOW) is None
    assert await counted(database, "*", HERE, EVERYTHING, NOW) == timedelta(minutes=1)
    assert await counted(database, "*", THERE, EVERYTHING, NOW) is None


async def test_waiting_is_enough_and_asking_meanwhile_does_not_prolong_it(database: Database) -> None:
    for _ in range(FACTOR.free):
        assert await counted(database, "a", HERE, FACTOR, NOW) is None
    for seconds in (0, 20, 59):
        left = await counted(database, "a", HERE, FACTOR, NOW + timedelta(seconds=seconds))
        assert left == timedelta(seconds=60 - seconds)
    assert await counted(database, "a", HERE, FACTOR, NOW + timedelta(seconds=60)) is None
    assert await counted(database, "a", THERE, FACTOR, NOW) is None


async def test_being_right_and_a_day_both_forget(database: Database) -> None:
    for forget in ("right", "day"):
        about = f"b:{forget}"
        for _ in range(FACTOR.free + 1):
            await counted(database, about, HERE, FACTOR, NOW)
        assert await counted(database, about, HERE, FACTOR, NOW) is not None
        later = NOW + REMEMBERED
        if forget == "right":
            async with database.transaction() as conn:
                await forget_tries(conn, about, HERE)
        assert await counted(database, about, HERE, FACTOR, NOW if forget == "right" else later) is None


async def test_what_is_cleared_away_is_a_day_old(database: Database) -> None:
    await counted(database, "old", HERE, FACTOR, NOW)
    await counted(database, "new", HERE, FACTOR, NOW + timedelta(seconds=1))
    async with database.transaction() as conn:
        await forget_old_tries(conn, NOW + REMEMBERED)
    for _ in range(FACTOR.free - 1):
        assert await counted(database, "new", HERE, FACTOR, NOW + REMEMBERED) is None
    assert await counted(database, "new", HERE, FACTOR, NOW + REMEMBERED) is not None


@pytest.mark.parametrize("place", ["address:1", "device:1", ""])
def test_where_a_try_came_from_is_kept_as_a_digest_only(place: str) -> None:
    kept = source_of(place)
    assert len(kept.digest) == 64
    assert not place or place not in kept.digest
