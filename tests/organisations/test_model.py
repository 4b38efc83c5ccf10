"""What may be entered about organisations, and when an agreement counts."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.ids import AgreementId, SchoolId, TenantId
from consent_service.identity.establishment import normalised_establishment_code
from consent_service.organisations.model import (
    WEEKDAYS,
    Agreement,
    NewStaff,
    SchoolDetails,
    Weekday,
    check_school,
    check_staff,
    check_tenant,
    is_phone,
    is_valid_on,
    overlaps,
    pack_days,
    unpack_days,
)

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 9, 1), date(2027, 7, 31)


def agreement(
    valid_from: date = FIRST, valid_until: date | None = LAST, ended_at: datetime | None = None
) -> Agreement:
    return Agreement(TenantId("t"), AgreementId("a"), SchoolId("s"), valid_from, valid_until, ended_at)


@pytest.mark.parametrize(
    "which, day, valid",
    [
        (agreement(), date(2026, 8, 31), False),
        (agreement(), FIRST, True),
        (agreement(), LAST, True),
        (agreement(), date(2027, 8, 1), False),
        (agreement(valid_until=None), date(2040, 1, 1), True),
        (agreement(ended_at=NOW), FIRST, False),
        (agreement(ended_at=datetime(2026, 9, 1, 8, 0, 1, tzinfo=UTC)), FIRST, True),
    ],
)
def test_an_agreement_counts_on_both_its_days_and_not_once_it_was_ended(
    which: Agreement, day: date, valid: bool
) -> None:
    assert is_valid_on(which, day, NOW) is valid


def test_everything_wrong_with_a_school_is_said_at_once() -> None:
    found = check_school(SchoolDetails("12A00", " ", "L" * 121, "", "tel. onbekend"))
    assert [(p.field, p.code) for p in found] == [
        ("name", "required"),
        ("street", "too_long"),
        ("town", "required"),
        ("establishment_code", "establishment_code_form"),
        ("phone", "phone_form"),
    ]
    assert check_school(SchoolDetails(" 12-ab 00", "De Linde", "L 1", "Tilburg", "013-5550101")) == ()


def test_everything_wrong_with_a_shelter_is_said_at_once() -> None:
    found = check_tenant(name="", neutral_name="H" * 121, phone="0800")
    assert [(p.field, p.code) for p in found] == [
        ("name", "required"),
        ("neutral_name", "too_long"),
        ("phone", "phone_form"),
    ]
    assert check_tenant(name="Opvang Zuid", neutral_name="Hulp", phone="0800-5550000") == ()
    telling = check_tenant(name="Opvang Zuid", neutral_name=" opvang zuid", phone="0800-5550000")
    assert [p.code for p in telling] == ["neutral_name_is_name"]


@pytest.mark.parametrize(
    "earlier, begins, ends, beside",
    [
        (agreement(), LAST, None, True),
        (agreement(), date(2027, 8, 1), None, False),
        (agreement(), date(2026, 8, 1), FIRST, True),
        (agreement(), date(2026, 8, 1), date(2026, 8, 31), False),
        (agreement(valid_until=None), date(2030, 1, 1), date(2031, 1, 1), True),
        (agreement(ended_at=NOW), FIRST, LAST, False),
    ],
)
def test_agreements_with_one_school_may_touch_and_never_overlap(
    earlier: Agreement, begins: date, ends: date | None, beside: bool
) -> None:
    assert overlaps(earlier, begins, ends) is beside


@pytest.mark.parametrize(
    "new, problems",
    [
        (NewStaff("counsellor", "Bo"), []),
        (NewStaff("school_staff", "Ida", SchoolId("s"), "contact"), []),
        (NewStaff("school_staff", ""), ["required", "staff_school_missing", "staff_role_missing"]),
        (NewStaff("fg", "Puk", SchoolId("s")), ["staff_school_unwanted"]),
        (NewStaff("counsellor", "Bo", role="contact"), ["staff_school_unwanted"]),
    ],
)
def test_school_staff_have_a_school_and_a_role_and_others_have_neither(
    new: NewStaff, problems: list[str]
) -> None:
    assert [problem.code for problem in check_staff(new)] == problems


@pytest.mark.parametrize("entered", ["12ab00", " 12-AB 00 ", "12AB00"])
def test_an_establishment_code_is_understood_however_it_is_typed(entered: str) -> None:
    assert normalised_establishment_code(entered) == "12AB00"


@pytest.mark.parametrize(
    "entered, phone",
    [
        ("0800-5550000", True),
        ("+31 13 555 01 01", True),
        ("12345", False),
        ("", False),
        ("0a35550101", False),
    ],
)
def test_a_phone_number_has_digits_and_the_usual_signs(entered: str, phone: bool) -> None:
    assert is_phone(entered) is phone


@given(st.sets(st.sampled_from(WEEKDAYS)))
def test_working_days_come_back_in_the_order_of_the_week(days: set[Weekday]) -> None:
    assert unpack_days(pack_days(days)) == tuple(day for day in WEEKDAYS if day in days)


@pytest.mark.parametrize("code", ["noord", "team-2", "a", "0"])
def test_a_team_is_a_short_code(code: str) -> None:
    assert check_staff(NewStaff("counsellor", "Bo", team=code)) == ()


@pytest.mark.parametrize("code", ["Team Noord", "-x", "x" * 25, "noord/zuid", "é"])
def test_a_name_is_no_team(code: str) -> None:
    assert [problem.code for problem in check_staff(NewStaff("counsellor", "Bo", team=code))] == ["team_form"]
