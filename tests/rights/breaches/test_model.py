"""The 72 hours, what may be entered, and the risk."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from consent_service.foundation.clock import AMSTERDAM
from consent_service.foundation.errors import ConflictError
from consent_service.foundation.ids import EntryId, StaffId
from consent_service.rights.breaches.letters_model import LETTER, Letter, Standing, counted, held_for
from consent_service.rights.breaches.model import (
    BREACH,
    CLOCK,
    Breach,
    NewBreach,
    Question,
    check_new,
    check_question,
    clock_of,
    instant_of,
)
from consent_service.rights.breaches.risk import RiskFacts, assess, check_weighed, level_now

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ONE = Breach(
    breach="b",
    kind="lost_or_stolen_device",
    source="desk",
    state="assessing",
    discovered_at=NOW,
    opened_at=NOW,
)
NEW = NewBreach(
    kind="lost_or_stolen_device",
    discovered_at=NOW,
    happened_from=date(2026, 11, 22),
    happened_until=date(2026, 11, 23),
    nature="Een tablet is weg.",
)


# --- the clock -------------------------------------------------------------------------------


def test_the_hours_left_are_counted_down_and_then_up() -> None:
    assert asdict(clock_of(ONE, NOW + timedelta(hours=1))) == {
        "due_at": NOW + CLOCK,
        "hours": 71,
        "late": False,
        "stopped": False,
    }
    assert clock_of(ONE, NOW + CLOCK).late is False
    after = clock_of(ONE, NOW + CLOCK + timedelta(hours=5))
    assert (after.hours, after.late) == (5, True)


def test_a_decision_stops_the_clock_where_it_stood() -> None:
    reported = replace(ONE, state="reported", reported_at=NOW + timedelta(hours=80))
    found = clock_of(reported, NOW + timedelta(days=400))
    assert (found.hours, found.late, found.stopped) == (8, True, True)
    assert reported.was_late
    left = replace(ONE, state="not_reported", decided_at=NOW + timedelta(hours=2))
    assert clock_of(left, NOW + timedelta(days=400)).hours == 70
    assert not left.was_late


@pytest.mark.parametrize(
    "known, due",
    [
        pytest.param((2026, 3, 27, 12), (2026, 3, 30, 13), id="an hour is skipped in March"),
        pytest.param((2026, 10, 23, 12), (2026, 10, 26, 11), id="an hour comes twice in October"),
        pytest.param((2026, 11, 20, 17), (2026, 11, 23, 17), id="a weekend counts"),
    ],
)
def test_seventy_two_real_hours_whatever_the_clocks_do(
    known: tuple[int, int, int, int], due: tuple[int, int, int, int]
) -> None:
    at = datetime(*known, tzinfo=AMSTERDAM).astimezone(UTC)
    assert replace(ONE, discovered_at=at).due_at.astimezone(AMSTERDAM) == datetime(*due, tzinfo=AMSTERDAM)


def test_an_hour_that_does_not_exist_is_refused_and_of_two_the_first_is_taken() -> None:
    assert instant_of(date(2026, 3, 29), 2, 30) is None
    assert instant_of(date(2026, 10, 25), 2, 30) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


# --- what is entered -------------------------------------------------------------------------


def codes(problems: list[object]) -> set[tuple[str, str]]:
    return {(one.field, one.code) for one in problems}  # type: ignore[attr-defined]


def test_everything_wrong_is_said_at_once() -> None:
    wrong = NewBreach(
        kind=UNKNOWN,
        discovered_at=NOW + timedelta(hours=1),
        happened_from=date(2026, 11, 25),
        happened_until=date(2026, 11, 24),
        nature="",
    )
    assert codes(list(check_new(wrong, now=NOW))) == {
        ("breach_kind", "breach.choose_kind"),
        ("discovered", "date_future"),
        ("happened_from", "date_future"),
        ("happened_until", "breach.period_reversed"),
        ("nature", "required"),
    }
    assert check_new(NEW, now=NOW) == []


@pytest.mark.parametrize(
    "change, problem",
    [
        pytest.param(
            {"discovered_at": NOW - timedelta(days=3)},
            ("happened_from", "breach.known_before_it_happened"),
            id="known before",
        ),
        pytest.param(
            {"happened_until": date(2026, 12, 1)}, ("happened_until", "date_future"), id="still to come"
        ),
        pytest.param(
            {"happened_from": date(1999, 1, 1)}, ("happened_from", "breach.too_long_ago"), id="long ago"
        ),
        pytest.param({"nature": "x" * 2001}, ("nature", "too_long"), id="too long"),
    ],
)
def test_one_thing_wrong(change: dict[str, object], problem: tuple[str, str]) -> None:
    assert codes(list(check_new(replace(NEW, **change), now=NOW))) == {problem}


SINCE, UNTIL = date(2026, 11, 16), date(2026, 11, 23)
UNKNOWN: Any = "x"
NO_QUESTION = Question(kind=UNKNOWN, since=SINCE, until=UNTIL)
NO_TABLET = Question(kind="tablet", since=SINCE, until=UNTIL)


@pytest.mark.parametrize(
    "asked, problem",
    [
        pytest.param(Question(kind="actor", since=SINCE, until=UNTIL), ("seen_by", "required"), id="nobody"),
        pytest.param(
            Question(kind="tablet", since=SINCE, until=UNTIL), ("device", "required"), id="no tablet"
        ),
        pytest.param(Question(kind="entry"), ("entry_number", "required"), id="no entry"),
        pytest.param(NO_QUESTION, ("question", "breach.choose_question"), id="no question"),
        pytest.param(Question(kind="period"), ("seen_from", "required"), id="no period"),
        pytest.param(
            Question(kind="period", since=date(2026, 11, 1)), ("seen_until", "required"), id="no end"
        ),
        pytest.param(
            Question(kind="period", since=date(2027, 1, 1), until=date(2027, 1, 2)),
            ("seen_from", "date_future"),
            id="to come",
        ),
        pytest.param(
            Question(kind="period", since=date(2026, 1, 1), until=date(2027, 1, 2)),
            ("seen_until", "date_future"),
            id="ends later",
        ),
        pytest.param(
            Question(kind="period", since=date(2026, 5, 2), until=date(2026, 5, 1)),
            ("seen_until", "breach.period_reversed"),
            id="reversed",
        ),
        pytest.param(
            Question(kind="period", since=date(1990, 1, 1), until=date(2026, 5, 1)),
            ("seen_from", "breach.too_long_ago"),
            id="before all",
        ),
        pytest.param(
            Question(kind="backup", since=date(2026, 5, 1), keys="leaked"),
            ("seen_until", "required"),
            id="keys of no day",
        ),
    ],
)
def test_a_question_that_cannot_be_answered(asked: Question, problem: tuple[str, str]) -> None:
    assert codes(list(check_question(asked, now=NOW))) == {problem}


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(Question(kind="actor", actor=StaffId("s"), since=SINCE, until=UNTIL), id="actor"),
        pytest.param(Question(kind="tablet", device="d", since=SINCE, until=UNTIL), id="device"),
        pytest.param(
            Question(kind="period", since=date(2016, 11, 23), until=date(2026, 11, 23)), id="ten years"
        ),
        pytest.param(Question(kind="backup", since=date(2026, 5, 1)), id="backup"),
        pytest.param(
            Question(kind="backup", since=date(2026, 5, 1), until=date(2026, 4, 1), keys="leaked"),
            id="older keys",
        ),
        pytest.param(Question(kind="entry", entry=EntryId("e")), id="entry"),
    ],
)
def test_a_question_that_can(asked: Question) -> None:
    assert check_question(asked, now=NOW) == []


# --- the risk --------------------------------------------------------------------------------

FACTS = st.builds(
    RiskFacts,
    people=st.integers(0, 3000),
    secret_address=st.booleans(),
    safety=st.sampled_from(["danger", "not_assessed", "no_known_danger", "something new"]),
    special_category=st.booleans(),
    criminal=st.booleans(),
    locating=st.booleans(),
    certain=st.booleans(),
    unreadable=st.booleans(),
)


@given(
    FACTS,
    st.sampled_from(["unlikely", "risk", "high"]),
    st.sampled_from([None, "undone", "trusted_recipient"]),
)
def test_a_secret_address_is_a_high_risk_whatever_else_is_given(
    facts: RiskFacts, level: str, ground: str | None
) -> None:
    risk = assess(replace(facts, secret_address=True))
    assert risk.level == "high"
    assert risk.reasons[0] == "secret_address"
    assert level_now(risk, level) == "high"  # type: ignore[arg-type]
    if level != "high":
        assert [one.code for one in check_weighed(risk, level, ground)] == ["breach.risk_is_fixed"]  # type: ignore[arg-type]


@given(FACTS)
def test_danger_and_what_nobody_assessed_are_high_too(facts: RiskFacts) -> None:
    if facts.safety != "no_known_danger":
        assert assess(facts).level == "high"
        assert assess(facts).fixed


@pytest.mark.parametrize(
    "facts, level",
    [
        pytest.param({"people": 2, "certain": True}, "risk", id="seen"),
        pytest.param({"people": 2}, "risk", id="possible"),
        pytest.param({}, "unlikely", id="nobody"),
        pytest.param({"people": 2, "special_category": True}, "high", id="special"),
        pytest.param({"people": 2, "criminal": True}, "high", id="criminal"),
        pytest.param({"people": 2, "locating": True}, "high", id="where somebody is"),
        pytest.param(
            {"people": 500, "special_category": True, "unreadable": True}, "unlikely", id="encrypted"
        ),
    ],
)
def test_what_follows_by_itself(facts: dict[str, object], level: str) -> None:
    assert assess(RiskFacts(**facts)).level == level  # type: ignore[arg-type]


def test_higher_may_always_be_and_lower_with_a_ground() -> None:
    risk = assess(RiskFacts(people=2, certain=True))
    assert check_weighed(risk, "high", None) == []
    assert level_now(risk, "high") == "high"
    assert [one.code for one in check_weighed(risk, "unlikely", None)] == ["breach.choose_lower_ground"]
    assert check_weighed(risk, "unlikely", "trusted_recipient") == []
    assert [one.code for one in check_weighed(risk, "none", None)] == ["breach.choose_level"]  # type: ignore[arg-type]
    assert level_now(risk, None) == "risk"


# --- states and letters ----------------------------------------------------------------------


def test_what_was_closed_stays_closed() -> None:
    assert BREACH.ends == {"closed"}
    with pytest.raises(ConflictError):
        BREACH.after("closed", "examine")
    assert LETTER.ends == {"given", "withheld"}


@pytest.mark.parametrize(
    "who, held",
    [
        pytest.param(Standing(), None, id="decides and is shown"),
        pytest.param(Standing(shown=False), "safety", id="not shown"),
        pytest.param(Standing(shown=False, decides=False, all_alone=True), "safety", id="safety first"),
        pytest.param(Standing(decides=False), "no_authority", id="no authority"),
        pytest.param(Standing(all_alone=True), "own_voice", id="a young person decides"),
    ],
)
def test_who_waits_for_a_decision(who: Standing, held: str | None) -> None:
    assert held_for(who) == held


def test_a_language_without_a_letter_gets_two_that_have_one() -> None:
    letter = Letter(letter="l", person="p", family="f", child=False, state="ready", language="ti")  # type: ignore[arg-type]
    assert (letter.languages, letter.is_own_language) == (("nl", "en"), False)
    assert replace(letter, language="nl").languages == ("nl",)
    assert replace(letter, state="given").is_settled
    assert counted({"given": 2, "held": 1, "ready": 3, "withheld": 1}) == (2, 1, 4)
