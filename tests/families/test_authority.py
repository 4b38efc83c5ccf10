"""What may be entered about authority: periods, evidence, and who else has it at the same time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from consent_service.families.authority import (
    check_authority,
    check_family,
    check_guardian,
    check_guardianship,
)
from consent_service.families.model import (
    AuthorityFact,
    AuthorityKind,
    AuthoritySource,
    NewAuthority,
    NewFamily,
    NewGuardian,
    PersonIdentity,
)
from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import PersonId

TODAY = date(2026, 9, 1)
TOMORROW = TODAY + timedelta(days=1)
VERA, WIM = PersonId("vera"), PersonId("wim")
BODY = PersonIdentity("", "Jeugdbescherming Zuid")


def codes(problems: tuple[Problem, ...] | list[Problem]) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in problems]


def voogd(
    since: date, until: date | None = None, *, kind: AuthorityKind = "voogd", recorded: int = 0
) -> AuthorityFact:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=recorded)
    return AuthorityFact(PersonId("noor"), VERA, kind, "judgment", since, until, moment)


def test_everything_wrong_with_one_fact_is_told_at_once() -> None:
    fact = NewAuthority("court_order", "statement", date(2001, 1, 1), date(2000, 1, 1), seen_on=TOMORROW)
    assert codes(check_authority(fact, day=TODAY)) == [
        ("valid_until", "ends_before_start"),
        ("valid_from", "authority_too_long_ago"),
        ("source", "court_order_needs_proof"),
        ("seen_on", "date_future"),
    ]


@pytest.mark.parametrize(
    "kind, source, expected",
    [
        ("voogd", "judgment", []),
        ("voogd", "register", []),
        ("voogd", "marriage", [("source", "voogd_needs_proof")]),
        ("voogd", "statement", [("source", "voogd_needs_proof")]),
        ("voogd", "abroad", [("source", "voogd_needs_proof")]),
        ("gezinsvoogd", "judgment", []),
        ("gezinsvoogd", "statement", []),
        ("holder", "statement", []),
        ("none", "abroad", []),
        ("court_order", "judgment", [("valid_until", "court_order_needs_end")]),
        ("court_order", "register", [
            ("source", "court_order_needs_proof"), ("valid_until", "court_order_needs_end"),
        ]),
    ],
)  # fmt: skip
def test_what_gives_authority_has_to_be_proved(
    kind: AuthorityKind, source: AuthoritySource, expected: list[tuple[str, str]]
) -> None:
    assert codes(check_authority(NewAuthority(kind, source, TODAY), day=TODAY)) == expected


@pytest.mark.parametrize(
    "since, until, expected",
    [
        (date(2008, 9, 1), None, []),
        (date(2008, 8, 31), None, [("valid_from", "authority_too_long_ago")]),
        (date(2027, 9, 1), None, []),
        (date(2027, 9, 2), None, [("valid_from", "authority_too_far_ahead")]),
        (TODAY, TOMORROW, []),
        (TODAY, TODAY, [("valid_until", "ends_before_start")]),
        (TODAY, date(2044, 9, 1), []),
        (TODAY, date(2044, 9, 2), [("valid_until", "authority_ends_too_late")]),
    ],
)
def test_a_period_lies_within_a_childhood(
    since: date, until: date | None, expected: list[tuple[str, str]]
) -> None:
    assert codes(check_authority(NewAuthority("holder", "register", since, until), day=TODAY)) == expected


def test_on_the_29th_of_february_the_limits_are_days_that_exist() -> None:
    leap = date(2024, 2, 29)
    ahead = NewAuthority("holder", "register", date(2025, 3, 1))
    assert check_authority(ahead, day=leap) == ()
    assert codes(check_authority(NewAuthority("holder", "register", date(2025, 3, 2)), day=leap))


@pytest.mark.parametrize(
    "known, since, until, overlaps",
    [
        ([voogd(date(2020, 1, 1))], TODAY, None, True),
        ([voogd(date(2020, 1, 1), TODAY)], TODAY, None, False),  # the day it ends somebody else may begin
        ([voogd(date(2020, 1, 1), TOMORROW)], TODAY, None, True),
        ([voogd(TOMORROW)], TODAY, TOMORROW, False),
        ([voogd(TOMORROW)], TODAY, None, True),
        ([voogd(date(2020, 1, 1), kind="holder")], TODAY, None, False),
        ([voogd(date(2020, 1, 1)), voogd(TODAY, kind="none", recorded=1)], TODAY, None, False),
        ([voogd(date(2020, 1, 1)), voogd(TOMORROW, kind="none", recorded=1)], TODAY, None, True),
        # entered ahead, months before: it takes over on its day, whatever was recorded in between
        ([voogd(TODAY), voogd(date(2020, 1, 1), kind="none", recorded=1)], TODAY, None, True),
        ([voogd(TODAY, kind="none"), voogd(date(2020, 1, 1), recorded=1)], TODAY, None, False),
        ([voogd(TODAY), voogd(TODAY, kind="none", recorded=1)], TODAY, None, False),
        ([voogd(date(2020, 1, 1)), voogd(date(2019, 1, 1), kind="none", recorded=1)], TODAY, None, False),
    ],
)
def test_two_voogden_at_one_time_are_refused(
    known: list[AuthorityFact], since: date, until: date | None, overlaps: bool
) -> None:
    fact = NewAuthority("voogd", "judgment", since, until)
    expected = [("kind", "voogd_overlaps")] if overlaps else []
    assert codes(check_guardianship(fact, WIM, known)) == expected
    together = NewAuthority("voogd", "judgment", since, until, jointly=True)
    assert check_guardianship(together, WIM, known) == ()
    assert check_guardianship(fact, VERA, known) == ()  # nobody overlaps with herself
    assert check_guardianship(NewAuthority("holder", "register", since), WIM, known) == ()


def test_an_organisation_has_one_name_and_is_no_parent() -> None:
    assert check_guardian(NewGuardian(BODY, "voogd", "judgment", body=True), "", day=TODAY) == []
    assert check_guardian(NewGuardian(BODY, "gezinsvoogd", "judgment", body=True), "", day=TODAY) == []
    nameless = PersonIdentity("", " ", date(1990, 1, 1), phone="geen")
    assert codes(check_guardian(NewGuardian(nameless, "holder", "register", body=True), "g_", day=TODAY)) == [
        ("g_family_name", "required"),
        ("g_birth_date", "body_has_no_birth_date"),
        ("g_phone", "phone_form"),
        ("g_kind", "body_is_no_parent"),
    ]
    unknown = NewGuardian(BODY, None, body=True)
    assert codes(check_guardian(unknown, "", day=TODAY)) == [("kind", "body_is_no_parent")]


def test_a_family_is_not_registered_with_two_voogden() -> None:
    both = (
        NewGuardian(PersonIdentity("Vera", "Voogd"), "voogd", "judgment"),
        NewGuardian(PersonIdentity("Wim", "Voogd"), "voogd", "register"),
    )
    new = NewFamily(both, (PersonIdentity("Noor", "Voorbeeld", date(2018, 5, 4)),))
    assert codes(check_family(new, day=TODAY)) == [("guardian_1_kind", "voogd_overlaps")]
