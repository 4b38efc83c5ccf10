"""Which dates are near, on which day: no day too early, none forgotten, none for who no longer decides."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.audit.events import ReminderDue
from consent_service.consent.model import Decision
from consent_service.families.model import (
    AuthorityFact,
    Child,
    Competence,
    PersonIdentity,
    Relationship,
    SafetyAssessment,
    SafetyMarker,
)
from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.ids import (
    DecisionId,
    FamilyId,
    PersonId,
    RelationshipId,
    SchoolId,
    StaffId,
    TenantId,
    TypeKey,
)
from consent_service.information.catalogue import load_catalogue
from consent_service.information.model import Catalogue
from consent_service.process.dates import Dated, Due, due, last_notice, of_recall
from consent_service.process.recalls_model import Overdue

CATALOGUE = load_catalogue(Path(__file__).resolve().parents[2] / "policies")
TENANT, FAMILY, RELATIONSHIP = TenantId("t"), FamilyId("f"), RelationshipId("r")
NOOR, SAMIRA, KARIM = PersonId("noor"), PersonId("samira"), PersonId("karim")
SUPPORT = TypeKey("support_advice")
BEGIN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SEEN = AuthorityFact(NOOR, SAMIRA, "holder", "register", date(2020, 1, 1), None, BEGIN)


def yes(number: int = 1, *, until: date, at: datetime = BEGIN, **values: Any) -> Decision:
    given = Decision(
        DecisionId(f"d{number}"),
        RELATIONSHIP,
        SUPPORT,
        SAMIRA,
        "holder",
        "given",
        at,
        at,
        valid_until=local_midnight(until),
        text_version="consent.support_advice@1",
    )
    return msgspec.structs.replace(given, **values)


def dated(*decisions: Decision, born: date = date(2018, 5, 4), **values: Any) -> Dated:
    everything = Dated(
        family=FAMILY,
        relationships=(Relationship(TENANT, RELATIONSHIP, NOOR, FAMILY, SchoolId("s"), BEGIN, None),),
        children=(Child(NOOR, FAMILY, PersonIdentity("Noor", "Voorbeeld", born)),),
        guardians=(SAMIRA,),
        since={NOOR: local_date(BEGIN), SAMIRA: local_date(BEGIN), KARIM: local_date(BEGIN)},
        decisions=decisions,
        authority=(SEEN,),
        assessments=(),
        markers=(),
    )
    return msgspec.structs.replace(everything, **values)


def reminders(about: Dated, catalogue: Catalogue, now: datetime) -> list[ReminderDue]:
    return [one.event for one in due(about, catalogue, now) if isinstance(one.event, ReminderDue)]


def told_on(about: Dated, day: date, *, minutes: int = 0) -> list[tuple[str, date]]:
    """Kind and day of what is due, as seen so many minutes after local midnight."""
    now = local_midnight(day) + timedelta(minutes=minutes)
    return [(one.kind, one.on) for one in reminders(about, CATALOGUE, now)]


ENDS = date(2026, 8, 1)


@pytest.mark.parametrize(
    "day, expected",
    [
        (date(2026, 7, 1), []),
        (date(2026, 7, 2), ["consent_ends"]),
        (date(2026, 7, 24), ["consent_ends"]),
        (date(2026, 7, 31), ["consent_ends"]),
        (date(2026, 8, 1), ["consent_ended"]),
        (date(2027, 8, 1), ["consent_ended"]),
    ],
)
def test_s26_a_yes_is_told_30_and_7_days_before_it_ends_and_on_the_day(
    day: date, expected: list[str]
) -> None:
    assert told_on(dated(yes(until=ENDS)), day) == [(kind, ENDS) for kind in expected]
    assert told_on(dated(yes(until=ENDS)), day, minutes=23 * 60) == [(kind, ENDS) for kind in expected]


def test_s26_the_two_notices_are_two_and_each_is_one() -> None:
    about = dated(yes(until=ENDS))
    marks = [
        {one.mark for one in due(about, CATALOGUE, local_midnight(ENDS - timedelta(days=n)))}
        for n in (30, 8, 7, 1)
    ]
    assert marks[0] == marks[1] == {"consent_ends:d1:30"}
    assert marks[2] == marks[3] == {"consent_ends:d1:7"}


def test_a_yes_that_was_given_for_less_than_the_notice_is_not_told_at_once() -> None:
    short = yes(until=ENDS, at=local_midnight(date(2026, 7, 20)))
    assert told_on(dated(short), date(2026, 7, 23)) == []
    assert told_on(dated(short), date(2026, 7, 25)) == [("consent_ends", ENDS)]
    shorter = yes(until=ENDS, at=local_midnight(date(2026, 7, 28)))
    assert told_on(dated(shorter), date(2026, 7, 31)) == []
    assert told_on(dated(shorter), ENDS) == [("consent_ended", ENDS)]


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "refused", "valid_until": None},
        {"kind": "opinion_yes"},
        {"text_version": "consent.support_advice.0@3"},
        {"person": KARIM},
    ],
    ids=["a no", "an opinion", "an outdated text", "somebody who is no guardian here"],
)
def test_what_does_not_count_as_a_yes_does_not_end_either(values: dict[str, Any]) -> None:
    about = dated(yes(until=ENDS, **values))
    assert told_on(about, date(2026, 7, 30)) == told_on(about, date(2026, 8, 2)) == []


def test_of_a_child_whose_birthday_nobody_knows_the_parents_yes_is_told_of() -> None:
    unborn = Child(NOOR, FAMILY, PersonIdentity("Noor", "Voorbeeld", None))
    assert told_on(dated(yes(until=ENDS), children=(unborn,)), ENDS) == [("consent_ended", ENDS)]


def test_a_withdrawn_suspended_or_renewed_yes_is_not_told() -> None:
    first = yes(until=ENDS)
    later = BEGIN + timedelta(days=1)
    stopped = msgspec.structs.replace(first, decision=DecisionId("d2"), kind="withdrawn", recorded_at=later)
    stopped = msgspec.structs.replace(stopped, decided_at=later, valid_until=None)
    paused = msgspec.structs.replace(stopped, kind="suspended", concerns=first.decision)
    renewed = yes(3, until=date(2027, 7, 1), at=local_midnight(date(2026, 7, 3)))
    for rows in ((first, stopped), (first, paused), (first, renewed)):
        assert told_on(dated(*rows), date(2026, 7, 25)) == []


def test_who_lost_authority_is_not_asked_to_renew() -> None:
    lost = AuthorityFact(NOOR, SAMIRA, "none", "judgment", date(2026, 6, 1), None, BEGIN + timedelta(days=1))
    assert told_on(dated(yes(until=ENDS), authority=(SEEN, lost)), date(2026, 7, 25)) == []


def test_s09_of_a_child_that_decides_alone_only_its_own_yes_is_told() -> None:
    hers = yes(2, until=ENDS, person=NOOR, capacity="child", at=local_midnight(date(2026, 5, 4)))
    about = dated(yes(until=ENDS), hers, born=date(2010, 5, 4), since={NOOR: ENDS, SAMIRA: ENDS})
    (only,) = due(about, CATALOGUE, local_midnight(date(2026, 7, 25)))
    assert only.subject == NOOR
    judged = Competence(NOOR, competent=False, recorded_at=BEGIN)
    both = due(
        msgspec.structs.replace(about, competence=(judged,)), CATALOGUE, local_midnight(date(2026, 7, 25))
    )
    assert {one.subject for one in both} == {NOOR, SAMIRA}


def test_of_a_child_that_left_the_school_nothing_ends() -> None:
    gone = Relationship(TENANT, RELATIONSHIP, NOOR, FAMILY, SchoolId("s"), BEGIN, local_midnight(ENDS))
    assert told_on(dated(yes(until=ENDS), relationships=(gone,)), ENDS) == []


def test_an_oral_yes_is_told_a_week_before_and_when_it_ends() -> None:
    ends = date(2026, 1, 19)
    about = dated(yes(until=ends, method="oral"))
    days = [date(2026, 1, 11), date(2026, 1, 12), date(2026, 1, 18), ends]
    assert [told_on(about, day) for day in days] == [
        [],
        [("oral_unconfirmed", ends)],
        [("oral_unconfirmed", ends)],
        [("oral_ended", ends)],
    ]


@pytest.mark.parametrize("ends", [date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)])
def test_s26_summer_time_and_leap_days_move_no_day(ends: date) -> None:
    """The night in which the clock is changed has 23 or 25 hours; a day before is a day before."""
    about = dated(yes(until=ends, at=local_midnight(ends - timedelta(days=60))))
    assert told_on(about, ends - timedelta(days=31), minutes=23 * 60 - 1) == []
    assert told_on(about, ends - timedelta(days=30)) == [("consent_ends", ends)]
    last = local_midnight(ends) - timedelta(seconds=1)
    assert [one.kind for one in reminders(about, CATALOGUE, last)] == ["consent_ends"]
    assert told_on(about, ends) == [("consent_ended", ends)]


@pytest.mark.parametrize(
    "born, age, kind",
    [
        (date(2014, 5, 4), 12, "birthday"),
        (date(2010, 5, 4), 16, "birthday_alone"),
        (date(2016, 2, 29), 12, "birthday"),
        (date(2014, 2, 28), 12, "birthday"),
        (date(2011, 2, 28), 16, "birthday_alone"),
    ],
)
def test_s08_s09_a_birthday_that_gives_a_say_is_told_a_month_before_and_on_the_day(
    born: date, age: int, kind: str
) -> None:
    day = born.replace(year=born.year + age)
    about = dated(born=born, since={NOOR: day - timedelta(days=200), SAMIRA: day - timedelta(days=200)})
    assert told_on(about, day - timedelta(days=31)) == []
    assert told_on(about, day - timedelta(days=30)) == [("birthday_notice", day)]
    assert told_on(about, day - timedelta(days=1), minutes=1439) == [("birthday_notice", day)]
    assert (kind, day) in told_on(about, day)


def test_s08_born_on_29_february_the_day_is_1_march() -> None:
    about = dated(born=date(2016, 2, 29))
    leap = msgspec.structs.replace(about, since={NOOR: date(2027, 11, 1), SAMIRA: date(2027, 11, 1)})
    assert told_on(leap, date(2028, 2, 29)) == [("birthday", date(2028, 2, 29))]
    common = msgspec.structs.replace(
        dated(born=date(2012, 2, 29)), since={NOOR: date(2023, 1, 1), SAMIRA: date(2023, 1, 1)}
    )
    assert ("birthday", date(2024, 2, 29)) in told_on(common, date(2024, 2, 29))
    ages = msgspec.structs.replace(CATALOGUE.terms, together_from=13)
    other = msgspec.structs.replace(CATALOGUE, terms=ages)
    day_before, day = (local_midnight(date(2025, 2, 28)), local_midnight(date(2025, 3, 1)))
    assert [one.kind for one in reminders(common, other, day_before)] == ["birthday_notice"]
    assert [(one.kind, one.on) for one in reminders(common, other, day)] == [("birthday", date(2025, 3, 1))]


def test_a_birthday_before_the_registration_and_a_child_without_a_school_are_not_told() -> None:
    assert told_on(dated(born=date(2014, 1, 1)), date(2026, 1, 6)) == []
    assert told_on(dated(born=date(2014, 5, 4), relationships=()), date(2026, 5, 4)) == []


def test_s05_unknown_authority_is_told_every_week_until_something_was_seen() -> None:
    unknown = dated(authority=())
    days = [date(2026, 1, 11), date(2026, 1, 12), date(2026, 1, 18), date(2026, 1, 19), date(2026, 1, 26)]
    found = [[one.mark for one in due(unknown, CATALOGUE, local_midnight(day))] for day in days]
    assert found == [
        [],
        ["authority_unknown:samira:1"],
        ["authority_unknown:samira:1"],
        ["authority_unknown:samira:2"],
        ["authority_unknown:samira:3"],
    ]
    assert told_on(dated(), date(2026, 1, 26)) == []


@pytest.mark.parametrize(
    "kind, unknown", [("none", False), ("gezinsvoogd", False), ("holder", False), ("voogd", False)]
)
def test_s05_whatever_was_seen_ends_the_reminders(kind: Any, unknown: bool) -> None:
    fact = msgspec.structs.replace(SEEN, kind=kind)
    about = dated(authority=(fact,))
    assert bool(told_on(about, date(2026, 1, 26))) is unknown


def test_s07_parents_who_were_replaced_by_a_guardian_are_not_asked_what_they_may() -> None:
    voogd = AuthorityFact(NOOR, SAMIRA, "voogd", "judgment", date(2026, 1, 1), None, BEGIN)
    about = dated(authority=(voogd,), guardians=(SAMIRA, KARIM))
    assert told_on(about, date(2026, 1, 26)) == []


def test_authority_with_an_end_is_told_before_that_end_only_where_it_still_counts() -> None:
    order = msgspec.structs.replace(SEEN, kind="court_order", valid_until=ENDS)
    about = dated(authority=(order,))
    assert told_on(about, date(2026, 7, 1)) == []
    assert told_on(about, date(2026, 7, 2)) == [("authority_ends", ENDS)]
    assert ("authority_ends", ENDS) not in told_on(about, ENDS)
    newer = msgspec.structs.replace(SEEN, recorded_at=BEGIN + timedelta(days=9))
    assert told_on(dated(authority=(order, newer)), date(2026, 7, 25)) == []


def test_safety_is_told_under_the_officers_tag_when_it_must_be_looked_at_again() -> None:
    assessed = SafetyAssessment("danger", True, False, date(2026, 6, 1), date(2026, 5, 1))
    hers = SafetyAssessment("danger", True, False, None, date(2026, 5, 2), guardian=SAMIRA)
    marker = SafetyMarker("m", KARIM, StaffId("s"), BEGIN, date(2026, 5, 20), approved=True)
    about = dated(assessments=(assessed, hers), markers=(marker,))

    found = due(about, CATALOGUE, local_midnight(date(2026, 5, 26)))
    assert [
        (one.kind, one.on, one.person)
        for one in reminders(about, CATALOGUE, local_midnight(date(2026, 5, 26)))
    ] == [
        ("safety_review", date(2026, 5, 1), None),
        ("safety_review", date(2026, 5, 2), SAMIRA),
        ("court_order_ends", date(2026, 6, 1), None),
        ("marker_review", date(2026, 5, 20), KARIM),
    ]
    assert all(one.hidden and one.subject == NOOR for one in found)
    assert told_on(about, date(2026, 4, 30)) == []
    renewed = msgspec.structs.replace(assessed, review_on=date(2027, 5, 1), court_order_until=None)
    again = dated(assessments=(assessed, hers, renewed, msgspec.structs.replace(hers, review_on=None)))
    assert told_on(again, date(2026, 5, 26)) == []


@pytest.mark.parametrize(
    "values", [{"approved": None}, {"approved": False}, {"approved": True, "ended_at": BEGIN}]
)
def test_a_marker_that_is_not_in_force_needs_no_review(values: dict[str, Any]) -> None:
    marker = SafetyMarker("m", KARIM, StaffId("s"), BEGIN, date(2026, 5, 20))
    about = dated(markers=(msgspec.structs.replace(marker, **values),))
    assert told_on(about, date(2026, 5, 20)) == []


def test_a_recall_without_an_answer_is_one_reminder_about_the_child() -> None:
    overdue = Overdue("x", RELATIONSHIP, FAMILY, SUPPORT, date(2026, 2, 2))
    found = of_recall(overdue, NOOR)
    assert (found.mark, found.subject, found.hidden) == ("recall_unanswered:x", NOOR, True)


@given(days=st.integers(-400, 400), before=st.sets(st.integers(1, 90), min_size=1))
def test_the_notice_whose_turn_it_is_is_the_nearest_that_has_come(days: int, before: set[int]) -> None:
    end = date(2026, 8, 1)
    found = last_notice(end, end - timedelta(days=days), before)
    assert found == min((n for n in before if n >= days), default=None)


@given(
    looked=st.sets(st.integers(0, 420), max_size=40),
    lasts=st.integers(1, 366),
    gap=st.integers(0, 40),
)
def test_whenever_somebody_looked_each_notice_is_told_once_and_the_end_never_forgotten(
    looked: set[int], lasts: int, gap: int
) -> None:
    """A naive calendar that knows nothing of marks: on each day looked, whose turn is it?"""
    start = local_date(BEGIN)
    ends = start + timedelta(days=lasts)
    about = dated(yes(until=ends))
    told: dict[str, Due] = {}
    for day in sorted({*looked, lasts + gap}):
        for one in due(about, CATALOGUE, local_midnight(start + timedelta(days=day))):
            told.setdefault(one.mark, one)
    expected = {"consent_ended:d1:0"}
    for day in looked:
        if day < lasts:
            turn = min((n for n in CATALOGUE.terms.reminder_days if lasts - n <= day), default=None)
            if turn is not None and lasts - turn > 0:
                expected.add(f"consent_ends:d1:{turn}")
    assert told.keys() == expected
