"""Who of a list reads: a deputy never beside a contact who can, and nobody who was not confirmed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import replace

from consent_service.families.attesting import SchoolTerms
from consent_service.families.listing import (
    asked_contacts,
    is_standing,
    is_there,
    reading_contacts,
)
from consent_service.families.model import Contact
from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.ids import StaffId

TERMS = SchoolTerms(("08-01", "02-01"), 42)
IDA, DIRK, JOKE = StaffId("ida"), StaffId("dirk"), StaffId("joke")
BEGUN = datetime(2026, 9, 1, 8, tzinfo=UTC)
TUESDAY = datetime(2026, 9, 8, 8, tzinfo=UTC)
WEEK = frozenset(range(5))
MAIN = Contact(IDA, None, BEGUN, None, confirmed_at=BEGUN, weekdays=WEEK)
DEPUTY = Contact(DIRK, IDA, BEGUN, None, confirmed_at=BEGUN, weekdays=WEEK)
LATER = st.integers(0, 730 * 24 * 60).map(lambda minutes: BEGUN + timedelta(minutes=minutes))
NAMES = (IDA, DIRK, JOKE, StaffId("kees"))
CONTACTS = st.lists(
    st.builds(
        Contact,
        st.sampled_from(NAMES),
        st.none() | st.sampled_from(NAMES),
        LATER,
        st.none() | LATER,
        confirmed_at=LATER,
        away_until=st.none() | st.dates(date(2026, 9, 1), date(2028, 9, 1)),
        weekdays=st.frozensets(st.integers(0, 6)),
    ),
    max_size=6,
)


def reading(*listed: Contact, now: datetime = TUESDAY) -> set[StaffId]:
    return set(reading_contacts(listed, TERMS, now))


def test_a_deputy_reads_nothing_while_the_contact_is_there() -> None:
    assert reading(MAIN, DEPUTY) == {IDA}


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_at": TUESDAY},
        {"confirmed_at": datetime(2026, 1, 5, tzinfo=UTC), "starts_at": datetime(2026, 1, 5, tzinfo=UTC)},
        {"starts_at": TUESDAY + timedelta(hours=1)},
    ],
    ids=["ended", "lapsed", "not-begun"],
)
def test_the_deputy_reads_when_the_contact_is_on_the_list_no_more(changes: dict[str, datetime]) -> None:
    at = datetime(2026, 9, 15, 8, tzinfo=UTC) if "confirmed_at" in changes else TUESDAY
    assert reading(replace(MAIN, **changes), DEPUTY, now=at) == {DIRK}


@pytest.mark.parametrize(
    "changes",
    [{"weekdays": frozenset({0, 2, 3, 4})}, {"away_until": date(2026, 9, 8)}],
    ids=["day-off", "away"],
)
def test_the_deputy_reads_beside_a_contact_who_is_not_there_today(changes: dict[str, object]) -> None:
    main = replace(MAIN, **changes)
    assert reading(main, DEPUTY) == {IDA, DIRK}
    assert reading(main, DEPUTY, now=TUESDAY + timedelta(days=1)) == {IDA}


def test_a_deputy_of_a_deputy_waits_for_both_and_a_ring_reads_nothing() -> None:
    further = Contact(JOKE, DIRK, BEGUN, None, confirmed_at=BEGUN, weekdays=WEEK)
    off = frozenset({0})
    assert reading(MAIN, DEPUTY, further) == {IDA}
    assert reading(MAIN, replace(DEPUTY, weekdays=off), further) == {IDA}
    assert reading(replace(MAIN, weekdays=off), DEPUTY, further) == {IDA, DIRK}
    assert reading(replace(MAIN, weekdays=off), replace(DEPUTY, weekdays=off), further) == {IDA, DIRK, JOKE}
    ring = replace(MAIN, deputy_for=DIRK, weekdays=off), replace(DEPUTY, weekdays=off)
    assert reading(*ring) == set()


def test_who_is_asked_is_on_the_list_and_waits_for_a_term_that_has_begun() -> None:
    now = datetime(2027, 2, 1, 8, tzinfo=UTC)
    supposed = replace(MAIN, confirmed_at=None)
    ended = replace(MAIN, ends_at=now)
    assert asked_contacts([MAIN, supposed, ended], TERMS, now) == (MAIN,)
    assert asked_contacts([MAIN], TERMS, now - timedelta(days=1)) == ()
    assert asked_contacts([replace(MAIN, confirmed_at=now)], TERMS, now) == ()


@given(listed=CONTACTS, now=LATER)
def test_whoever_reads_stands_and_no_deputy_reads_beside_a_contact_who_is_there(
    listed: list[Contact], now: datetime
) -> None:
    standing = [one for one in listed if is_standing(one, TERMS, now)]
    reads = reading_contacts(listed, TERMS, now)
    assert reads <= {one.staff for one in standing}
    assert reads >= {one.staff for one in standing if one.deputy_for is None}
    for one in standing:
        whom = next((other for other in standing if other.staff == one.deputy_for), None)
        if whom is not None and is_there(whom, now):
            plainly = any(o.staff == one.staff and o != one for o in standing)
            assert one.staff not in reads or plainly


@given(listed=CONTACTS, now=LATER, share=st.floats(0, 1))
def test_time_alone_changes_nothing_before_midnight_but_where_a_listing_begins_or_ends(
    listed: list[Contact], now: datetime, share: float
) -> None:
    """`policy.projection.next_change` rests on this: what it looks at is exactly these."""
    ends = [at for one in listed for at in (one.starts_at, one.ends_at) if at is not None and at > now]
    until = min([local_midnight(local_date(now) + timedelta(days=1)), *ends])
    between = now + (until - now - timedelta(microseconds=1)) * share
    assert reading_contacts(listed, TERMS, between) == reading_contacts(listed, TERMS, now)
