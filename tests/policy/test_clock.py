"""The clock is ours: no policy reads one, a moment is the same however it is written, and time alone changes
nothing before the moment that is told."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, get_args, get_origin, get_type_hints

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from consent_service.foundation.clock import local_midnight
from consent_service.policy.decision import Allowance, Refusal, preview
from consent_service.policy.facts import Question, Reader
from consent_service.policy.projection import Known, next_change, question_for
from tests.policy.families import STAFF, kind_of, known_of, rules
from tests.policy.plain_family import PlainFamily, Word
from tests.policy.questions import POLICIES
from tests.policy.test_family_oracle import families

MICROSECOND = timedelta(microseconds=1)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
SUPPORT = "support_advice"
BORN = date(2018, 5, 4)


def answered(known: Known, key: str, now: datetime) -> Allowance | Refusal:
    """The answer at this moment, written as it is given."""
    kind = kind_of(key)
    way = kind.directions[0]
    reader = Reader("school", STAFF, next(iter(kind.readers), "contact"))
    if way == "c2s":
        reader = Reader("shelter", STAFF, "counsellor")
    question = question_for(
        known,
        rules().catalogue,
        action="release",
        reader=reader,
        purpose=kind.purposes[0],
        asked=[(kind.key, way)],
        now=now,
    )
    seen = preview(rules().bundle, question, now=now)
    found: list[Allowance | Refusal] = [*seen.allowed, *seen.refusals]
    (answer,) = found
    return answer


def rewritten(part: Any, zone: timezone) -> Any:
    """The same with every moment in it written in this zone."""
    if isinstance(part, datetime):
        return part.astimezone(zone)
    if isinstance(part, msgspec.Struct):
        return replace(
            part, **{name: rewritten(getattr(part, name), zone) for name in part.__struct_fields__}
        )
    if isinstance(part, tuple):
        return tuple(rewritten(one, zone) for one in part)
    return part


@given(told=families(), zone=OFFSETS, other=OFFSETS)
@settings(max_examples=300)
def test_a_moment_is_the_same_in_every_zone(
    told: tuple[PlainFamily, str, datetime], zone: timezone, other: timezone
) -> None:
    family, key, now = told
    known = known_of(family)
    assert answered(rewritten(known, zone), key, now.astimezone(other)) == answered(known, key, now)


@given(told=families(), share=st.floats(0, 1))
@settings(max_examples=300)
def test_time_alone_changes_nothing_before_the_moment_that_is_told(
    told: tuple[PlainFamily, str, datetime], share: float
) -> None:
    family, key, now = told
    known = known_of(family)
    until = next_change(known, now)
    assert until > now
    for later in (now + (until - now - MICROSECOND) * share, until - MICROSECOND):
        assert answered(known, key, later) == answered(known, key, now), later


def said_at(at: datetime, *, until: datetime | None = None) -> Known:
    """A mother with authority who said yes then, and whose school may know of the help."""
    text = {key: f"{kind_of(key).text_id}@1" for key in (SUPPORT, "shelter_involvement")}
    words = [Word("mother", "given", key, at, at, until=until, text=text[key]) for key in text]
    family = PlainFamily(born=BORN, guardians=["mother"], words=words)
    family.dangers = [(None, "no_known_danger", False)]
    return known_of(family)


@pytest.mark.parametrize(
    "at",
    [datetime(2026, 9, 1, 10, 0, 0, 1, tzinfo=UTC), datetime(2026, 9, 1, 9, 59, 59, 999_999, tzinfo=UTC)],
)
def test_a_yes_ends_to_the_microsecond(at: datetime) -> None:
    known = said_at(datetime(2026, 8, 1, tzinfo=UTC), until=at)
    assert isinstance(answered(known, SUPPORT, at - MICROSECOND), Allowance)
    assert isinstance(answered(known, SUPPORT, at), Refusal)
    assert next_change(known, at - timedelta(minutes=1)) == at


def test_a_yes_of_a_clock_that_is_ahead_is_told_as_the_moment_from_which_it_counts() -> None:
    now = datetime(2026, 9, 1, 10, tzinfo=UTC)
    known = said_at(now + timedelta(minutes=5))
    until = next_change(known, now)
    assert isinstance(answered(known, SUPPORT, until - MICROSECOND), Refusal)
    assert isinstance(answered(known, SUPPORT, until), Allowance)


@pytest.mark.parametrize("day", [date(2026, 9, 1), date(2026, 10, 24), date(2026, 10, 25), date(2027, 3, 27)])
def test_the_last_day_of_an_agreement_ends_at_local_midnight_whatever_the_season(day: date) -> None:
    """On 25 October 2026 and 28 March 2027 the clock goes an hour back, or forward."""
    known = said_at(datetime(2026, 8, 1, tzinfo=UTC))
    (agreement,) = known.agreements
    known = replace(known, agreements=(replace(agreement, valid_until=day),))
    midnight = local_midnight(day + timedelta(days=1))
    assert isinstance(answered(known, SUPPORT, midnight - MICROSECOND), Allowance)
    assert isinstance(answered(known, SUPPORT, midnight), Refusal)
    assert next_change(known, midnight - MICROSECOND) == midnight


@pytest.mark.parametrize("what", ["agreement", "relationship"])
def test_what_ends_or_begins_later_today_is_told(what: str) -> None:
    now, soon = datetime(2026, 9, 1, 10, tzinfo=UTC), datetime(2026, 9, 1, 11, tzinfo=UTC)
    known = said_at(datetime(2026, 8, 1, tzinfo=UTC))
    if what == "agreement":
        (agreement,) = known.agreements
        known = replace(known, agreements=(replace(agreement, ended_at=soon),))
    else:
        known = replace(known, relationship=replace(known.relationship, started_at=soon))
    assert next_change(known, now) == soon


def test_no_fact_is_a_moment() -> None:
    assert list(kinds_in(Question)) != []
    assert not {kind for kind in kinds_in(Question) if kind in (datetime, date, timedelta)}


def test_a_fact_that_is_a_moment_would_be_found() -> None:
    planted = msgspec.defstruct("Planted", [("asked", Question), ("since", tuple[datetime, ...])])
    assert datetime in set(kinds_in(planted))


def test_the_schema_has_nothing_that_calculates_with_time() -> None:
    schema = (POLICIES / "schema.cedarschema").read_text(encoding="utf-8")
    assert not re.search(r"\b(datetime|duration)\b", schema)


def kinds_in(kind: Any) -> Any:
    """Every type that stands somewhere in a struct."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for inner in get_type_hints(kind).values():
            yield from kinds_in(inner)
    elif get_origin(kind) is not None:
        for inner in get_args(kind):
            yield from kinds_in(inner)
    else:
        yield kind
