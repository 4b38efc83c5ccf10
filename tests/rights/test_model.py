"""Who looked, merged by day: nothing is lost, nothing is told twice. Against a naive count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TypeKey
from consent_service.rights.model import Disclosure, merged

START = datetime(2026, 9, 1, 20, 0, tzinfo=UTC)
looks = st.builds(
    Disclosure,
    entry=st.uuids().map(lambda one: EntryId(str(one))),
    at=st.integers(0, 600).map(lambda minutes: START + timedelta(minutes=minutes)),
    child=st.sampled_from([PersonId("noor"), PersonId("sem")]),
    relationship=st.sampled_from([RelationshipId("linde"), RelationshipId("eik")]),
    reader_kind=st.sampled_from(["school", "shelter"]),
    role=st.sampled_from(["contact", "teacher"]),
    purpose=st.sampled_from(["support", "safety"]),
    types=st.lists(st.sampled_from([TypeKey("a"), TypeKey("b")]), max_size=2, unique=True).map(tuple),
    proof=st.sampled_from(["proved", "pending", "failed"]),
)


@given(st.lists(looks, max_size=30))
def test_every_look_is_in_exactly_one_line_of_its_own_day(found: list[Disclosure]) -> None:
    lines = merged(found)
    assert sum(line.times for line in lines) == len(found)
    for line in lines:
        same = [
            one
            for one in found
            if (local_date(one.at), one.child, one.relationship, one.reader_kind, one.role, one.purpose)
            == (line.day, line.child, line.relationship, line.reader_kind, line.role, line.purpose)
        ]
        assert line.times == len(same)
        assert set(line.types) == {key for one in same for key in one.types}
        assert len(line.types) == len(set(line.types))
        assert (line.proof == "proved") == all(one.proof == "proved" for one in same)
        assert (line.proof == "failed") == any(one.proof == "failed" for one in same)
    assert [line.day for line in lines] == sorted((line.day for line in lines), reverse=True)


def test_midnight_here_parts_two_days_not_midnight_in_london() -> None:
    one = Disclosure(
        EntryId("1"),
        datetime(2026, 9, 1, 21, 59, tzinfo=UTC),
        PersonId("noor"),
        RelationshipId("linde"),
        "school",
        "contact",
        "support",
        (TypeKey("a"),),
        "proved",
    )
    midnight = datetime(2026, 9, 1, 22, 0, tzinfo=UTC)
    later = msgspec.structs.replace(one, entry=EntryId("2"), at=midnight)
    assert [line.day.day for line in merged([one, later])] == [2, 1]
