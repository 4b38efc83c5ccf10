"""What stands out, and above all what does not: no person, no small number, no honest slow reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consent_service.consent.asking import AskedAnswer, SignedSitting
from consent_service.foundation.ids import PersonId, RelationshipId, StaffId, TypeKey
from consent_service.rights.patterns import (
    Pattern,
    Seen,
    almost_all_yes,
    find_patterns,
    many_at_once,
    mostly_passed_on,
    never_confirmed,
    same_device,
    teams_large_enough,
    too_fast,
)

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
ANN, BEN, CEM, DAN = (StaffId(name) for name in ("ann", "ben", "cem", "dan"))
NORTH = {ANN: "north", BEN: "north", CEM: "north"}
WORDS = {"text": 50}
"""Ten seconds of reading at five words a second."""


def answer(**known: Any) -> AskedAnswer:
    """A yes on the tablet, held by Ann, read for long enough."""
    fields: dict[str, Any] = {
        "relationship": RelationshipId("r"),
        "information_type": TypeKey("support_advice"),
        "person": PersonId("p"),
        "kind": "given",
        "method": "tablet",
        "recorded_at": NOW,
        "text_hash": "text",
        "sitting": "s",
        "counsellor": ANN,
        "seconds_shown": 30,
    }
    return AskedAnswer(**(fields | known))


def shared_out(kinds: list[str], staff: tuple[StaffId, ...] = (ANN, BEN, CEM)) -> list[AskedAnswer]:
    """Answers of these kinds, asked by each member of staff in turn."""
    return [
        answer(kind=kind, counsellor=staff[number % len(staff)], person=PersonId(f"p{number}"))
        for number, kind in enumerate(kinds)
    ]


# --- per team, never per person ----------------------------------------------------------------


def test_a_team_of_two_is_counted_with_the_shelter_as_a_whole() -> None:
    teams = {ANN: "north", BEN: "north", CEM: "south", DAN: ""}
    assert teams_large_enough(teams) == {ANN: "", BEN: "", CEM: "", DAN: ""}
    assert teams_large_enough(NORTH) == NORTH


def test_one_counsellor_to_whom_everybody_says_yes_is_no_pattern_of_a_team() -> None:
    for staff in ((ANN,), (ANN, BEN)):
        for teams in (NORTH, dict.fromkeys(NORTH, "")):
            assert not list(almost_all_yes(shared_out(["given"] * 40, staff), teams, minimum=20))


# --- nearly everybody says yes -----------------------------------------------------------------


@pytest.mark.parametrize(
    "yes, other, found",
    [(20, 0, True), (19, 0, False), (97, 3, True), (96, 4, False), (0, 20, False)],
    ids=["all of twenty", "too few answers", "97 of 100", "96 of 100", "all no"],
)
def test_nearly_always_yes_stands_out_only_above_the_minimum(yes: int, other: int, found: bool) -> None:
    answers = shared_out(["given"] * yes + ["refused"] * (other // 2) + ["later"] * (other - other // 2))
    expected = [Pattern("almost_all_yes", "north", yes, yes + other)] if found else []
    assert list(almost_all_yes(answers, NORTH, minimum=20)) == expected


def test_what_stops_or_corrects_is_no_answer_to_a_question() -> None:
    answers = shared_out(["given"] * 20 + ["withdrawn", "objected", "invalidated", "suspended"] * 5)
    assert list(almost_all_yes(answers, NORTH, minimum=20)) == [Pattern("almost_all_yes", "north", 20, 20)]


def test_what_nobody_asked_belongs_to_no_team() -> None:
    answers = [answer(counsellor=None, method="page") for _ in range(40)]
    assert not list(almost_all_yes(answers, NORTH, minimum=20))


def test_one_team_does_not_hide_behind_another() -> None:
    teams = NORTH | {StaffId(f"s{n}"): "south" for n in range(3)}
    south = shared_out(["refused"] * 30, tuple(StaffId(f"s{n}") for n in range(3)))
    found = list(almost_all_yes([*shared_out(["given"] * 30), *south], teams, minimum=20))
    assert found == [Pattern("almost_all_yes", "north", 30, 30)]


# --- faster than one reads ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "seconds, found",
    [
        ([9, 9, 9], True),
        ([10, 10, 10], False),
        ([2, 2, 60], True),
        ([2, 60, 60], False),
        ([1, 1], False),
        ([None, 1, 1], False),
        ([1, 1, 60, 60], False),
    ],
    ids=[
        "each too fast",
        "just long enough",
        "one slow one hides nothing",
        "one fast one says nothing",
        "two are too few",
        "what was not measured does not count",
        "half fast, half slow",
    ],
)
def test_the_middle_answer_of_a_conversation_tells_whether_it_was_read(
    seconds: list[int | None], found: bool
) -> None:
    answers = [answer(seconds_shown=one) for one in seconds]
    expected = [Pattern("too_fast", "north", 1, 1)] if found else []
    assert list(too_fast(answers, NORTH, WORDS)) == expected


def test_a_conversation_in_words_that_are_not_known_is_not_measured() -> None:
    answers = [answer(seconds_shown=0, text_hash=text) for text in ("other", "", "text") for _ in range(2)]
    assert not list(too_fast(answers, NORTH, WORDS | {"": 0}))


def test_conversations_are_counted_not_answers() -> None:
    fast = [answer(sitting=sitting, seconds_shown=1) for sitting in "abc" for _ in range(4)]
    slow = [answer(sitting=sitting) for sitting in "de" for _ in range(4)]
    assert list(too_fast([*fast, *slow], NORTH, WORDS)) == [Pattern("too_fast", "north", 3, 5)]


# --- the device of a counsellor ----------------------------------------------------------------


def test_the_own_page_at_a_device_of_a_counsellor_stands_out_once_a_day() -> None:
    at_desk = [answer(method="page", device="desk", counsellor=None, sitting=None) for _ in range(3)]
    next_day = answer(method="page", device="desk", recorded_at=NOW + timedelta(days=1))
    own = answer(method="page", device=None, person=PersonId("q"))
    found = list(same_device([*at_desk, next_day, own], NORTH, {"desk": frozenset({ANN})}))
    assert found == [Pattern("same_device", "north", 2, 3)]


@pytest.mark.parametrize("method", ["tablet", "paper", "oral"])
def test_the_tablet_of_a_counsellor_is_meant_to_be_lent(method: str) -> None:
    answers = [answer(method=method, device="desk")]
    assert not list(same_device(answers, NORTH, {"desk": frozenset({ANN})}))


def test_an_unknown_device_is_nobodys() -> None:
    answers = [answer(method="page", device=device) for device in (None, "", "elsewhere")]
    assert not list(same_device(answers, NORTH, {"desk": frozenset({ANN})}))


def test_a_device_of_two_teams_counts_for_the_shelter_as_a_whole() -> None:
    teams = NORTH | {DAN: "south"}
    found = list(same_device([answer(method="page", device="d")], teams, {"d": frozenset({ANN, DAN})}))
    assert found == [Pattern("same_device", "", 1, 1)]


# --- many at once ------------------------------------------------------------------------------


def signed(seconds: list[int], device: str = "tablet", staff: StaffId = ANN) -> list[SignedSitting]:
    return [SignedSitting(f"{device}{one}", staff, device, NOW + timedelta(seconds=one)) for one in seconds]


@pytest.mark.parametrize(
    "seconds, found",
    [([0, 60, 120], 3), ([0, 61, 120], 0), ([0, 30], 0), ([0, 10, 20, 600, 610, 620, 900], 6)],
)
def test_three_conversations_within_a_minute_of_each_other_stand_out(seconds: list[int], found: int) -> None:
    expected = [Pattern("many_at_once", "north", found, len(seconds))] if found else []
    assert list(many_at_once(signed(seconds), NORTH)) == expected


def test_conversations_at_different_devices_are_no_run() -> None:
    sittings = [one for number in range(4) for one in signed([number], device=f"t{number}")]
    assert not list(many_at_once(sittings, NORTH))
    assert not list(many_at_once((), NORTH))


# --- never confirmed ---------------------------------------------------------------------------


def oral(number: int, *, ends: timedelta = timedelta(days=-1)) -> AskedAnswer:
    return answer(
        method="oral",
        person=PersonId(f"p{number}"),
        recorded_at=NOW - timedelta(days=20),
        valid_until=NOW + ends,
        sitting=None,
    )


def test_a_word_that_ended_unconfirmed_stands_out_from_the_third_time_on() -> None:
    told = [oral(number) for number in range(3)]
    assert list(never_confirmed(told, NORTH, now=NOW)) == [Pattern("never_confirmed", "north", 3, 3)]
    assert not list(never_confirmed(told[:2], NORTH, now=NOW))


@pytest.mark.parametrize("kind", ["given", "refused", "withdrawn", "later"])
def test_any_later_answer_of_the_same_person_settles_it(kind: str) -> None:
    told = [oral(number) for number in range(3)]
    settled = answer(kind=kind, person=PersonId("p0"), recorded_at=NOW - timedelta(days=10))
    assert not list(never_confirmed([*told, settled], NORTH, now=NOW))


@pytest.mark.parametrize("kind", ["given", "refused", "later"])
def test_what_a_counsellor_says_was_said_once_more_settles_nothing(kind: str) -> None:
    told = [oral(number) for number in range(3)]
    again = answer(
        method="oral", kind=kind, person=PersonId("p0"), recorded_at=NOW - timedelta(days=10), valid_until=NOW
    )
    (found,) = never_confirmed([*told, again], NORTH, now=NOW)
    assert found.count >= 3


def test_a_suspension_is_no_word_of_the_person() -> None:
    told = [oral(number) for number in range(3)]
    row = answer(kind="suspended", method="page", person=PersonId("p0"), recorded_at=NOW - timedelta(days=10))
    assert list(never_confirmed([*told, row], NORTH, now=NOW)) == [Pattern("never_confirmed", "north", 3, 3)]


@pytest.mark.parametrize(
    "typed, own, found",
    [(11, 9, True), (10, 10, False), (19, 0, False), (20, 0, True)],
    ids=["more than half", "half", "too few answers", "all of twenty"],
)
def test_a_team_that_types_most_yeses_in_itself_stands_out_above_the_minimum(
    typed: int, own: int, found: bool
) -> None:
    rows = [answer(method=("paper", "oral")[number % 2]) for number in range(typed)]
    rows += [answer() for _ in range(own)] + [answer(method="paper", kind="refused") for _ in range(20)]
    expected = [Pattern("mostly_passed_on", "north", typed, typed + own)] if found else []
    assert list(mostly_passed_on(rows, NORTH, minimum=20)) == expected


def test_an_answer_of_another_or_after_the_end_settles_nothing() -> None:
    told = [oral(number) for number in range(3)]
    too_late = answer(person=PersonId("p0"), recorded_at=NOW - timedelta(hours=1))
    other = answer(person=PersonId("other"), recorded_at=NOW - timedelta(days=10))
    found = list(never_confirmed([*told, too_late, other], NORTH, now=NOW))
    assert found == [Pattern("never_confirmed", "north", 3, 3)]


def test_a_word_that_still_holds_is_waited_for() -> None:
    told = [oral(number, ends=timedelta(seconds=1)) for number in range(3)]
    assert not list(never_confirmed(told, NORTH, now=NOW))


# --- together ----------------------------------------------------------------------------------


def test_nothing_to_look_at_is_no_pattern() -> None:
    assert find_patterns(Seen(now=NOW, minimum=20)) == ()


def test_each_kind_is_found_together_with_the_others() -> None:
    seen = Seen(
        now=NOW,
        minimum=20,
        answers=[
            *shared_out(["given"] * 30),
            *(answer(seconds_shown=1, sitting="fast") for _ in range(3)),
            answer(method="page", device="desk", counsellor=None),
            *(oral(number) for number in range(3)),
        ],
        sittings=signed([0, 1, 2]),
        teams=NORTH,
        staff_devices={"desk": frozenset({ANN})},
        words=WORDS,
    )
    assert [one.kind for one in find_patterns(seen)] == [
        "almost_all_yes",
        "too_fast",
        "same_device",
        "many_at_once",
        "never_confirmed",
    ]
