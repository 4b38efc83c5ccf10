"""When a request is answered, and which grounds a refusal may have."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.ids import PersonId
from consent_service.rights.cases.model import (
    ARTICLES,
    GROUNDS,
    NEUTRAL,
    NEUTRAL_AFTER,
    ONLY,
    Asked,
    Case,
    Received,
    check_asked,
    check_ground,
    check_received,
    due_on,
)
from tests.rights.cases.examples import A_CASE, TODAY

LETTER = Received(
    kind="access",
    channel="letter",
    received_on=TODAY,
    capacity="guardian",
    asker="Samira Haile",
    child_names="Noor Haile",
    birth_date=date(2018, 3, 4),
)


@pytest.mark.parametrize(
    "received_on, answer, extended",
    [
        (date(2026, 11, 23), date(2026, 12, 23), date(2027, 2, 23)),
        (date(2026, 1, 31), date(2026, 2, 28), date(2026, 4, 30)),
        (date(2028, 1, 31), date(2028, 2, 29), date(2028, 4, 30)),
        (date(2026, 12, 31), date(2027, 1, 31), date(2027, 3, 31)),
    ],
)
def test_a_month_is_a_month_and_an_extension_two_more(
    received_on: date, answer: date, extended: date
) -> None:
    assert due_on(received_on, extended=False) == answer
    assert due_on(received_on, extended=True) == extended


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)))
def test_nobody_waits_longer_than_the_law_says(received_on: date) -> None:
    assert timedelta(days=28) <= due_on(received_on, extended=False) - received_on <= timedelta(days=31)
    assert timedelta(days=89) <= due_on(received_on, extended=True) - received_on <= timedelta(days=92)
    assert received_on + NEUTRAL_AFTER < due_on(received_on, extended=False)


def test_every_request_and_every_ground_names_the_law() -> None:
    assert all(article.startswith("AVG ") for article in ARTICLES.values())
    assert all("AVG" in article for article in GROUNDS.values())
    assert set(ONLY) <= set(GROUNDS)
    assert set(GROUNDS) >= NEUTRAL


@pytest.mark.parametrize(
    "case, outcome, ground, codes",
    [
        (A_CASE, "grant", None, set()),
        (A_CASE, "grant", "excessive", {"no_ground_for_yes"}),
        (A_CASE, "refuse", None, {"choose_ground_of_refusal"}),
        (A_CASE, "refuse", "made up", {"choose_ground_of_refusal"}),
        (A_CASE, "refuse", "legal_hold", {"ground_of_other_request"}),
        (A_CASE, "grant_in_part", "rights_of_others", set()),
        (A_CASE, "grant_in_part", "safety", {"neutral_is_whole"}),
        (msgspec.structs.replace(A_CASE, kind="erasure"), "refuse", "legal_hold", set()),
    ],
    ids=range(8),
)
def test_a_ground_fits_the_request_and_the_outcome(
    case: Case, outcome: str, ground: str | None, codes: set[str]
) -> None:
    assert {one.code for one in check_ground(case, outcome, ground)} == codes  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "asked, codes",
    [
        (Asked("access"), set()),
        (Asked("party"), {"choose_request"}),  # type: ignore[arg-type]
        (Asked("access", "child"), {"choose_about"}),
        (Asked("access", "oneself", PersonId("noor")), {"choose_about"}),
        (Asked("rectification"), {"say_what"}),
        (Asked("objection", words="x" * 2001), {"too_long"}),
    ],
    ids=range(6),
)
def test_what_is_asked_says_what_and_about_whom(asked: Asked, codes: set[str]) -> None:
    assert {one.code for one in check_asked(asked)} == codes


def test_a_letter_is_told_everything_that_is_wrong_with_it_at_once() -> None:
    assert check_received(LETTER, today=TODAY) == []
    empty = Received(
        kind="x",  # type: ignore[arg-type]
        channel="page",
        received_on=TODAY + timedelta(days=1),
        capacity="x",  # type: ignore[arg-type]
        asker=" ",
        child_names="",
        birth_date=None,
    )
    found = [(one.field, one.code) for one in check_received(empty, today=TODAY)]
    assert found == [
        ("kind", "choose_request"),
        ("channel", "choose_channel"),
        ("capacity", "choose_capacity"),
        ("asker", "required"),
        ("child_names", "required"),
        ("birth_date", "required"),
        ("received_on", "date_future"),
    ]
    old = msgspec.structs.replace(LETTER, received_on=TODAY - timedelta(days=400))
    assert [one.code for one in check_received(old, today=TODAY)] == ["date_too_long_ago"]


def test_the_neutral_answer_has_its_own_day_and_others_none() -> None:
    assert A_CASE.answer_from is None
    refused = msgspec.structs.replace(A_CASE, state="refused", outcome="refuse", ground="safety")
    assert refused.answer_from == TODAY + NEUTRAL_AFTER
    assert refused.is_open
    assert not msgspec.structs.replace(A_CASE, state="withdrawn").is_open
