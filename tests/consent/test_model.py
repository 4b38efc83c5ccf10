"""The fold from a ledger to standing answers, and how long a yes lasts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.consent.model import (
    Capacity,
    Decision,
    Question,
    Sitting,
    Standing,
    add_months,
    can_be_invalidated,
    consent_ends,
    fold,
    moment_of,
    moment_of_late_stop,
    school_year_end,
)
from consent_service.consent.states import ALLOWING, DecisionKind
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.ids import DecisionId, FamilyId, PersonId, RelationshipId, TypeKey
from consent_service.information.catalogue import load_catalogue

NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SAMIRA, KARIM = PersonId("samira"), PersonId("karim")
TEXT = "consent.support_advice"
POLICIES = Path(__file__).resolve().parents[2] / "policies"
KINDS: tuple[DecisionKind, ...] = (
    "given",
    "refused",
    "later",
    "withdrawn",
    "objected",
    "objection_lifted",
    "opinion_yes",
    "opinion_no",
)


def said(
    kind: DecisionKind,
    minutes: int = 0,
    *,
    person: PersonId = SAMIRA,
    name: str = "",
    until: datetime | None = None,
    concerns: str | None = None,
    recorded: int | None = None,
) -> Decision:
    at = NOON + minutes * MINUTE
    return Decision(
        decision=DecisionId(name or f"{kind}-{minutes}-{person}"),
        relationship=RelationshipId("r"),
        information_type=TypeKey("support_advice"),
        person=person,
        capacity="holder",
        kind=kind,
        decided_at=at,
        recorded_at=at if recorded is None else NOON + recorded * MINUTE,
        valid_until=until,
        concerns=None if concerns is None else DecisionId(concerns),
        text_version=f"{TEXT}@1",
    )


def standing(*rows: Decision, at: datetime = NOON + 60 * MINUTE) -> Standing:
    return fold(rows, text=TEXT, now=at).get(SAMIRA, Standing(SAMIRA))


def seen(found: Standing) -> tuple[str, bool, bool]:
    return found.answer, found.objecting, found.expired


@pytest.mark.parametrize(
    "rows, expected",
    [
        pytest.param((), ("none", False, False), id="no-choice-is-no-answer"),
        pytest.param((said("given"),), ("yes", False, False), id="yes"),
        pytest.param((said("later"),), ("later", False, False), id="later-is-no-yes"),
        pytest.param((said("given"), said("later", 1)), ("later", False, False), id="later-after-yes"),
        pytest.param((said("given"), said("withdrawn", 1)), ("no", False, False), id="withdrawn"),
        pytest.param((said("withdrawn"), said("given", 1)), ("yes", False, False), id="given-again"),
        pytest.param(
            (said("refused", 5), said("given", 1, recorded=30)),
            ("no", False, False),
            id="s37-an-older-yes-that-arrives-after-a-newer-no",
        ),
        pytest.param((said("given"), said("withdrawn")), ("no", False, False), id="one-moment-the-no-wins"),
        pytest.param((said("given"), said("later")), ("later", False, False), id="one-moment-yes-and-later"),
        pytest.param((said("later"), said("refused")), ("no", False, False), id="one-moment-later-and-no"),
        pytest.param(
            (said("objected"), said("given", 5)), ("yes", True, False), id="a-yes-lifts-no-objection"
        ),
        pytest.param(
            (said("objected"), said("withdrawn", 1)), ("no", True, False), id="withdrawing-lifts-no-objection"
        ),
        pytest.param((said("objected"), said("objection_lifted", 1)), ("none", False, False), id="lifted"),
        pytest.param(
            (said("objection_lifted"), said("objected")), ("none", True, False), id="one-moment-the-objection"
        ),
        pytest.param(
            (said("given", name="wrong"), said("invalidated", 1, concerns="wrong")),
            ("none", False, False),
            id="an-invalidated-yes-never-was",
        ),
        pytest.param(
            (
                said("refused"),
                said("given", 1, name="wrong"),
                said("invalidated", 2, concerns="wrong"),
            ),
            ("no", False, False),
            id="what-was-before-the-mistake-stands-again",
        ),
        pytest.param(
            (
                said("given"),
                said("withdrawn", 1, name="hers"),
                said("invalidated", 2, concerns="hers"),
            ),
            ("no", False, False),
            id="a-withdrawal-cannot-be-invalidated",
        ),
        pytest.param(
            (said("given"), said("objected", 1, name="his"), said("invalidated", 2, concerns="his")),
            ("yes", True, False),
            id="an-objection-cannot-be-invalidated",
        ),
        pytest.param((said("opinion_yes"), said("opinion_no")), ("no", False, False), id="a-childs-no"),
        pytest.param(
            (said("given", until=NOON + 60 * MINUTE),), ("yes", False, True), id="expired-on-the-moment"
        ),
        pytest.param(
            (said("given", until=NOON + 61 * MINUTE),), ("yes", False, False), id="a-minute-before-its-end"
        ),
        pytest.param((said("given", 90),), ("none", False, False), id="a-yes-of-later-counts-later"),
        pytest.param(
            (said("given", recorded=90),), ("none", False, False), id="a-yes-counts-once-it-is-recorded"
        ),
        pytest.param(
            (said("given"), said("withdrawn", 90)),
            ("no", False, False),
            id="a-no-from-a-clock-that-runs-ahead-counts-at-once",
        ),
    ],
)
def test_where_somebody_stands(rows: tuple[Decision, ...], expected: tuple[str, bool, bool]) -> None:
    assert seen(standing(*rows)) == expected
    assert seen(standing(*reversed(rows))) == expected


def test_each_person_stands_alone() -> None:
    folded = fold([said("given"), said("refused", person=KARIM)], text=TEXT, now=NOON)
    assert {person: one.answer for person, one in folded.items()} == {SAMIRA: "yes", KARIM: "no"}


ledgers = st.lists(
    st.builds(
        said,
        st.sampled_from(KINDS),
        st.integers(0, 6),
        person=st.sampled_from((SAMIRA, KARIM)),
        until=st.sampled_from((None, NOON + 10 * MINUTE, NOON + 90 * MINUTE)),
    ),
    max_size=10,
    unique_by=lambda row: row.decision,
)


@given(ledgers, st.data())
def test_the_order_of_arrival_changes_nothing(rows: list[Decision], data: st.DataObject) -> None:
    if rows:
        wrong = data.draw(st.sampled_from(rows))
        rows = [*rows, said("invalidated", 7, person=wrong.person, concerns=wrong.decision)]
    shuffled = data.draw(st.permutations(rows))
    assert fold(shuffled, text=TEXT, now=NOON + 60 * MINUTE) == fold(rows, text=TEXT, now=NOON + 60 * MINUTE)


@given(ledgers, st.integers(0, 6))
def test_after_a_no_there_is_no_yes_without_a_later_yes(rows: list[Decision], minutes: int) -> None:
    no = said("withdrawn", minutes, name="the-no")
    later_yes = [
        row
        for row in rows
        if row.person == SAMIRA and row.kind in ("given", "opinion_yes") and row.decided_at > no.decided_at
    ]
    if not later_yes:
        assert standing(*rows, no).answer != "yes"


@given(ledgers)
def test_nothing_that_stops_can_be_invalidated(rows: list[Decision]) -> None:
    stops = [row for row in rows if not can_be_invalidated(row)]
    mistakes = [said("invalidated", 9, concerns=row.decision) for row in stops]
    assert fold([*rows, *mistakes], text=TEXT, now=NOON + 60 * MINUTE) == fold(
        rows, text=TEXT, now=NOON + 60 * MINUTE
    )


def test_the_first_question_without_an_answer_is_next() -> None:
    asked = tuple(
        Question(RelationshipId("r"), PersonId("c"), TypeKey(key)) for key in ("shelter_involvement", "x")
    )
    sitting = Sitting("s", FamilyId("f"), SAMIRA, "nl", "none", asked, {})
    first = (asked[0].relationship, asked[0].information_type)
    half = msgspec.structs.replace(sitting, answers={first: "later"})
    whole = msgspec.structs.replace(
        half, answers={**half.answers, (asked[1].relationship, asked[1].information_type): "no"}
    )

    assert [one.next_question() for one in (sitting, half, whole)] == [asked[0], asked[1], None]


@pytest.mark.parametrize(
    "key, given_on, ends",
    [
        ("shelter_involvement", date(2026, 9, 1), date(2027, 9, 1)),
        ("care_signal", date(2026, 9, 1), date(2027, 9, 1)),
        ("move_or_new_school", date(2028, 2, 29), date(2029, 2, 28)),
        ("support_advice", date(2026, 9, 1), date(2027, 8, 1)),
        ("support_advice", date(2027, 7, 31), date(2027, 8, 1)),
        ("support_advice", date(2027, 8, 1), date(2028, 8, 1)),
        ("concerns", date(2026, 11, 30), date(2027, 2, 28)),
        ("child_health", date(2026, 8, 31), date(2027, 2, 28)),
        ("pickup", date(2027, 2, 28), date(2028, 2, 28)),
    ],
)
def test_a_yes_lasts_until_local_midnight_of_its_last_day(key: str, given_on: date, ends: date) -> None:
    catalogue = load_catalogue(POLICIES)
    kind = catalogue.types[TypeKey(key)]
    assert consent_ends(kind, given_on, terms=catalogue.terms, method="tablet") == local_midnight(ends)


@pytest.mark.parametrize("key", ["shelter_involvement", "support_advice"])
def test_a_yes_that_was_only_said_aloud_lasts_for_days(key: str) -> None:
    catalogue = load_catalogue(POLICIES)
    ends = consent_ends(catalogue.types[TypeKey(key)], date(2026, 9, 1), terms=catalogue.terms, method="oral")
    assert ends == local_midnight(date(2026, 9, 15))


@pytest.mark.parametrize(
    "rows, expected",
    [
        pytest.param(
            (said("given", name="y"), said("suspended", 1, concerns="y")), "suspended", id="text-in-doubt"
        ),
        pytest.param(
            (said("given", name="y"), said("suspended", 1, concerns="y"), said("resumed", 2, concerns="y")),
            "yes",
            id="the-text-was-right",
        ),
        pytest.param(
            (said("given", name="y"), said("suspended", 1, concerns="y"), said("given", 2)),
            "yes",
            id="asked-again",
        ),
        pytest.param(
            (
                said("given", name="y"),
                said("suspended", 1, concerns="y"),
                said("withdrawn", 2),
                said("resumed", 3, concerns="y"),
            ),
            "no",
            id="resuming-undoes-no-withdrawal",
        ),
        pytest.param(
            (said("given", name="y"), said("given", 1), said("suspended", 2, concerns="y")),
            "yes",
            id="a-newer-yes-to-another-text-stands",
        ),
        pytest.param(
            (said("given", 5, name="y", recorded=9), said("suspended", 1, concerns="y", recorded=10)),
            "suspended",
            id="however-the-clocks-stood",
        ),
    ],
)
def test_a_text_in_doubt_suspends_what_rests_on_it(rows: tuple[Decision, ...], expected: str) -> None:
    assert standing(*rows).answer == expected
    assert standing(*reversed(rows)).answer == expected


def test_a_yes_to_a_text_with_another_purpose_does_not_count() -> None:
    old = msgspec.structs.replace(said("given"), text_version="consent.support_advice.2025@3")
    typo = msgspec.structs.replace(said("given"), text_version=f"{TEXT}@2")
    assert (standing(old).outdated, standing(old).is_yes) == (True, False)
    assert (standing(typo).outdated, standing(typo).is_yes) == (False, True)


@pytest.mark.parametrize("capacity", ["without_authority", "gezinsvoogd"])
def test_a_yes_that_was_said_without_authority_never_counts(capacity: Capacity) -> None:
    row = msgspec.structs.replace(said("given"), capacity=capacity)
    assert standing(row).answer == "none"
    assert standing(msgspec.structs.replace(row, kind="objected")).objecting


def test_what_a_child_was_heard_about_is_no_decision() -> None:
    assert not standing(said("opinion_yes")).is_yes
    assert standing(said("opinion_yes"), said("given", 1)).is_yes


@pytest.mark.parametrize(
    "kind, device_minutes, counts_from",
    [
        ("given", -30, -30),
        ("given", 30, 0),
        ("withdrawn", -30, 0),
        ("withdrawn", 30, 0),
        ("refused", -30, 0),
    ],
)
def test_s37_the_clock_of_a_device_only_makes_a_yes_older(
    kind: DecisionKind, device_minutes: int, counts_from: int
) -> None:
    device = NOON + device_minutes * MINUTE
    assert moment_of(kind, now=NOON, device_at=device) == NOON + counts_from * MINUTE
    assert moment_of(kind, now=NOON, device_at=None) == NOON


def test_months_end_where_the_month_does() -> None:
    assert add_months(date(2027, 8, 31), 6) == date(2028, 2, 29)
    assert add_months(date(2026, 12, 15), 1) == date(2027, 1, 15)
    assert add_months(date(2026, 1, 31), 3) == date(2026, 4, 30)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 40))
def test_adding_months_never_skips_a_month(day: date, months: int) -> None:
    found = add_months(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day <= day.day


def test_a_school_year_ends_on_1_august() -> None:
    assert school_year_end(date(2026, 7, 31)) == date(2026, 8, 1)
    assert school_year_end(date(2026, 8, 1)) == date(2027, 8, 1)


@given(st.integers(-3_000_000, 3_000_000), st.sampled_from(KINDS))
def test_a_stop_only_the_journal_knew_of_spares_what_was_allowed_since_and_not_what_clocks_may_explain(
    after: int, kind: DecisionKind
) -> None:
    """`after`: microseconds from the stop to the other word, by the clocks of the nodes that took them."""
    key = (RelationshipId("r"), TypeKey("support_advice"))
    at = NOON + timedelta(microseconds=after)
    before = msgspec.structs.replace(said(kind), decided_at=at, recorded_at=at)
    moment = moment_of_late_stop(NOON, key, [before])
    stop = msgspec.structs.replace(
        said("withdrawn", name="stop"), decided_at=moment, recorded_at=NOON + MINUTE
    )
    if kind == "given":
        assert seen(standing(before, stop))[0] == ("yes" if after > 1_000_000 else "no")
    assert moment == (at if kind in ALLOWING and 0 < after <= 1_000_000 else NOON)


def test_a_stop_is_not_moved_by_what_was_said_about_something_else() -> None:
    soon = msgspec.structs.replace(said("given"), decided_at=NOON + timedelta(microseconds=1))
    for key in (("r", "pickup"), ("another", "support_advice")):
        assert moment_of_late_stop(NOON, (RelationshipId(key[0]), TypeKey(key[1])), [soon]) == NOON
