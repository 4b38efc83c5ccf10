"""Who decides, how old somebody is, and what may be entered."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from consent_service.families.authority import check_authority, check_family
from consent_service.families.model import (
    Ages,
    Authority,
    AuthorityFact,
    AuthorityKind,
    ChildVoice,
    NewAuthority,
    NewFamily,
    NewGuardian,
    PersonIdentity,
    Relationship,
    SafetyAssessment,
    SchoolConfirmation,
    age_on,
    authority_on,
    birthday_on,
    check_confirmation,
    check_identity,
    check_safety,
    voice_on,
)
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, SchoolId, TenantId
from consent_service.organisations.model import School

TODAY = date(2026, 9, 1)
SAMIRA, KARIM, VERA = PersonId("samira"), PersonId("karim"), PersonId("vera")
SCHOOL = School(TenantId("t"), SchoolId("s"), "12AB00", "De Linde", "Lindelaan 1", "Tilburg", "013-5550101")

AGES = Ages(together_from=12, alone_from=16)


def fact(
    guardian: PersonId,
    kind: AuthorityKind,
    since: date = date(2020, 1, 1),
    until: date | None = None,
    *,
    recorded: int = 0,
) -> AuthorityFact:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=recorded)
    return AuthorityFact(PersonId("noor"), guardian, kind, "register", since, until, moment)


YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@pytest.mark.parametrize(
    "facts, expected",
    [
        pytest.param((), Authority((SAMIRA, KARIM), False, ()), id="nothing-recorded-is-provisional"),
        pytest.param(
            (fact(SAMIRA, "holder"),), Authority((SAMIRA, KARIM), False, ()), id="one-of-two-recorded"
        ),
        pytest.param(
            (fact(SAMIRA, "holder"), fact(KARIM, "holder")),
            Authority((SAMIRA, KARIM), True, ()),
            id="both-hold-authority",
        ),
        pytest.param(
            (fact(SAMIRA, "holder"), fact(KARIM, "none")),
            Authority((SAMIRA,), True, (KARIM,)),
            id="one-has-none",
        ),
        pytest.param(
            (fact(SAMIRA, "none"), fact(KARIM, "none")),
            Authority((), False, (SAMIRA, KARIM)),
            id="nobody-decides",
        ),
        pytest.param(
            (fact(SAMIRA, "holder"), fact(KARIM, "voogd")),
            Authority((KARIM,), True, (SAMIRA,), by_court=True),
            id="a-voogd-replaces-the-parents",
        ),
        pytest.param(
            (fact(SAMIRA, "holder"), fact(KARIM, "voogd", until=TODAY)),
            Authority((SAMIRA,), True, (KARIM,)),
            id="a-voogd-whose-time-is-over-is-nobody-and-the-parent-decides-again",
        ),
        pytest.param(
            (fact(SAMIRA, "holder"), fact(KARIM, "voogd", until=TOMORROW)),
            Authority((KARIM,), True, (SAMIRA,), by_court=True),
            id="a-voogd-on-his-last-day",
        ),
        pytest.param(
            (fact(SAMIRA, "holder"), fact(KARIM, "voogd", since=TOMORROW)),
            Authority((SAMIRA, KARIM), False, ()),
            id="a-voogd-who-begins-tomorrow-is-still-unknown",
        ),
        pytest.param(
            (fact(SAMIRA, "holder"), fact(KARIM, "holder", until=TODAY)),
            Authority((SAMIRA,), True, (KARIM,)),
            id="lapsed-authority-is-gone-not-unknown",
        ),
        pytest.param(
            (fact(SAMIRA, "holder"), fact(KARIM, "none", until=TODAY)),
            Authority((SAMIRA, KARIM), False, ()),
            id="what-denied-authority-until-today-leaves-it-unknown",
        ),
        pytest.param(
            (
                fact(SAMIRA, "holder"),
                fact(KARIM, "holder"),
                fact(KARIM, "holder", until=YESTERDAY, recorded=5),
            ),
            Authority((SAMIRA,), True, (KARIM,)),
            id="a-newer-lapsed-fact-revives-nothing-older",
        ),
        pytest.param(
            (fact(SAMIRA, "holder"), fact(KARIM, "none"), fact(KARIM, "holder", recorded=5)),
            Authority((SAMIRA, KARIM), True, ()),
            id="the-latest-recorded-counts",
        ),
        pytest.param(
            (
                fact(SAMIRA, "holder"),
                fact(KARIM, "none", since=TODAY, recorded=-9),
                fact(KARIM, "holder", recorded=-5),
            ),
            Authority((SAMIRA,), True, (KARIM,)),
            id="what-was-entered-ahead-takes-over-on-its-day-whatever-was-seen-meanwhile",
        ),
        pytest.param(
            (
                fact(SAMIRA, "holder"),
                fact(KARIM, "none", since=TODAY, recorded=-9),
                fact(KARIM, "holder", since=TODAY, recorded=-5),
            ),
            Authority((SAMIRA, KARIM), True, ()),
            id="what-was-entered-ahead-is-corrected-from-its-own-day",
        ),
        pytest.param(
            (fact(SAMIRA, "holder"), fact(KARIM, "holder"), fact(KARIM, "none")),
            Authority((SAMIRA,), True, (KARIM,)),
            id="at-one-moment-the-one-that-gives-less-counts",
        ),
        pytest.param(
            (fact(SAMIRA, "holder"), fact(KARIM, "none"), fact(VERA, "voogd")),
            Authority((SAMIRA,), True, (KARIM,)),
            id="a-fact-about-a-stranger-changes-nothing",
        ),
    ],
)
def test_who_decides_on_a_day_whatever_the_order_of_the_facts(
    facts: tuple[AuthorityFact, ...], expected: Authority
) -> None:
    for order in permutations(facts):
        assert authority_on(TODAY, (SAMIRA, KARIM), order) == expected


def test_without_guardians_nobody_decides_and_nothing_is_known() -> None:
    assert authority_on(TODAY, (), ()) == Authority((), False, ())


@pytest.mark.parametrize(
    "born, day, age, voice",
    [
        (date(2014, 9, 2), TODAY, 11, "heard"),
        (date(2014, 9, 1), TODAY, 12, "together"),
        (date(2010, 9, 2), TODAY, 15, "together"),
        (date(2010, 9, 1), TODAY, 16, "alone"),
        (date(2012, 2, 29), date(2024, 2, 29), 12, "together"),
        (date(2012, 2, 29), date(2028, 2, 28), 15, "together"),
        (date(2012, 2, 29), date(2028, 2, 29), 16, "alone"),
        (date(2014, 2, 28), date(2026, 2, 28), 12, "together"),
        (date(2016, 2, 29), date(2027, 2, 28), 10, "heard"),
        (date(2016, 2, 29), date(2027, 3, 1), 11, "heard"),
    ],
)
def test_a_birthday_changes_what_a_child_says_on_the_day_itself(
    born: date, day: date, age: int, voice: ChildVoice
) -> None:
    assert (age_on(born, day), voice_on(born, day, AGES)) == (age, voice)


@pytest.mark.parametrize(
    "born, age, expected",
    [
        (date(2014, 9, 1), 12, date(2026, 9, 1)),
        (date(2012, 2, 29), 16, date(2028, 2, 29)),
        (date(2011, 2, 28), 16, date(2027, 2, 28)),
        (date(2016, 2, 29), 11, date(2027, 3, 1)),
    ],
)
def test_who_is_born_on_29_february_becomes_older_on_1_march(born: date, age: int, expected: date) -> None:
    assert birthday_on(born, age) == expected
    assert age_on(born, expected) == age
    assert age_on(born, expected - timedelta(days=1)) == age - 1


def test_a_birthday_begins_at_midnight_in_the_netherlands_not_in_utc() -> None:
    born = date(2014, 9, 2)
    before = datetime(2026, 9, 1, 21, 59, 59, tzinfo=UTC)

    assert voice_on(born, local_date(before), AGES) == "heard"
    assert voice_on(born, local_date(before + timedelta(seconds=1)), AGES) == "together"


def test_a_registration_says_everything_that_is_wrong_at_once() -> None:
    new = NewFamily(
        guardians=(
            NewGuardian(PersonIdentity(" ", "V" * 121, phone="12", email="a@b"), "holder"),
            NewGuardian(PersonIdentity("Karim", "Voorbeeld"), None, seen_on=TOMORROW),
        ),
        children=(
            PersonIdentity("Noor", "Voorbeeld"),
            PersonIdentity("Sem", "Voorbeeld", TOMORROW),
            PersonIdentity("Lotte", "Voorbeeld", date(2008, 9, 1)),
        ),
    )

    assert [(p.field, p.code) for p in check_family(new, day=TODAY)] == [
        ("guardian_0_given_names", "required"),
        ("guardian_0_family_name", "too_long"),
        ("guardian_0_phone", "phone_form"),
        ("guardian_0_email", "email_form"),
        ("guardian_0_source", "authority_source_missing"),
        ("guardian_1_seen_on", "date_future"),
        ("child_0_birth_date", "required"),
        ("child_1_birth_date", "birth_date_future"),
        ("child_2_birth_date", "birth_date_adult"),
    ]


def test_a_family_has_a_guardian_and_a_child() -> None:
    assert check_family(NewFamily((), ()), day=TODAY) == (
        Problem("guardians", "guardian_missing"),
        Problem("children", "child_missing"),
    )


def test_a_guardian_may_be_an_adult_and_need_no_birth_date() -> None:
    adult = PersonIdentity("Samira", "Voorbeeld", date(1990, 1, 1), "06-12345678", "s@voorbeeld.example")

    assert check_identity(adult, "", day=TODAY, child=False) == []
    assert adult.full_name == "Samira Voorbeeld"


@pytest.mark.parametrize("phone", ["0135550101", "+31 13 555 01 01", "0031135550101", "(013) 555 01 01"])
def test_a_school_is_confirmed_however_street_and_phone_are_written(phone: str) -> None:
    assert check_confirmation(SchoolConfirmation("12AB00", "  lindelaan  1.", phone), SCHOOL) == ()


def test_s49_another_school_of_the_same_name_is_told_apart_by_street_and_phone() -> None:
    wrong = SchoolConfirmation("12AB00", "Lindelaan 11", "013-5550102")

    assert check_confirmation(wrong, SCHOOL) == (
        Problem("street", "school_street_differs"),
        Problem("phone", "school_phone_differs"),
    )
    assert check_confirmation(wrong, None) == (Problem("establishment_code", "school_unknown"),)


def test_an_assessment_is_reviewed_on_a_day_to_come() -> None:
    def found(review_on: date | None, level: str = "danger") -> list[str]:
        assessment = SafetyAssessment(level, False, False, None, review_on)  # type: ignore[arg-type]
        return [problem.code for problem in check_safety(assessment, day=TODAY)]

    assert found(None) == ["required"]
    assert found(TODAY) == ["date_past"]
    assert found(TOMORROW) == []
    assert found(None, "not_assessed") == []


def test_a_period_of_authority_ends_after_it_begins() -> None:
    assert check_authority(NewAuthority("holder", "register", TODAY, TODAY), day=TODAY) == (
        Problem("valid_until", "ends_before_start"),
    )
    assert check_authority(NewAuthority("holder", "register", TODAY, TOMORROW), day=TODAY) == ()


def test_a_relationship_is_active_from_its_first_moment_until_just_before_its_last() -> None:
    start, end = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 2, tzinfo=UTC)
    about = Relationship(
        TenantId("t"), RelationshipId("r"), PersonId("c"), FamilyId("f"), SchoolId("s"), start, end
    )
    second = timedelta(seconds=1)

    assert [about.is_active(at) for at in (start - second, start, end - second, end)] == [
        False,
        True,
        True,
        False,
    ]
