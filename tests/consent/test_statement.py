"""Whether a statement can be taken, as a pure rule: every problem at once, and nothing against a no."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from consent_service.consent.model import Answer
from consent_service.consent.statement import (
    Answered,
    Known,
    Say,
    Statement,
    field_of,
    needs_signature,
    problems_of,
)
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, TypeKey
from consent_service.information.catalogue import load_catalogue

CATALOGUE = load_catalogue(Path(__file__).resolve().parents[2] / "policies")
NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
TODAY = date(2026, 9, 1)
HERE = RelationshipId("here")
SUPPORT = TypeKey("support_advice")


def known(say: Say = "decides", **changed: Any) -> Known:
    fields: dict[str, Any] = {
        "now": NOW,
        "catalogue": CATALOGUE,
        "says": {HERE: say},
        "asked": frozenset(CATALOGUE.types),
        "versions": dict.fromkeys(CATALOGUE.types, "text@1"),
    }
    return Known(**(fields | changed))


def said(answer: Answer = "yes", key: str = SUPPORT, **changed: Any) -> Statement:
    fields: dict[str, Any] = {
        "family": FamilyId("f"),
        "person": PersonId("p"),
        "method": "paper",
        "said_on": TODAY,
        "language": "nl",
        "interpreter": "none",
        "answers": (Answered(HERE, TypeKey(key), answer, "text@1"),),
        "form": "x",
        "kept": "family_file",
        "reason": "urgent",
    }
    return Statement(**(fields | changed))


def codes(statement: Statement, facts: Known) -> list[str]:
    return [problem.code for problem in problems_of(statement, facts)]


AGAINST_A_YES: dict[str, tuple[Statement, Known]] = {
    "passed_on.no_say": (said(), known("no_say")),
    "passed_on.child_decides": (said(), known("child_alone")),
    "passed_on.needs_signature": (said(key="child_health", method="oral"), known()),
    "passed_on.oral_not_confirmed": (said(method="oral"), known(unconfirmed={(HERE, SUPPORT)})),
    "passed_on.text_changed": (said(), known(versions={SUPPORT: "text@2"})),
    "passed_on.text_suspended": (said(), known(suspended={SUPPORT})),
    "texts_not_reviewed": (said(), known(drafts={SUPPORT})),
    "passed_on.already_over": (said(method="oral", said_on=TODAY - timedelta(days=14)), known()),
    "passed_on.date_too_old": (
        said(key="contact_persons", said_on=TODAY - timedelta(days=91)),
        known(),
    ),
}


def test_a_plain_yes_is_taken() -> None:
    assert codes(said(), known()) == []
    assert codes(said(method="oral"), known()) == []
    assert codes(said(), known(unconfirmed={(HERE, SUPPORT)})) == []
    assert codes(said(key="child_health"), known()) == []
    assert codes(said(key="contact_persons", said_on=TODAY - timedelta(days=90)), known()) == []


@pytest.mark.parametrize("code", AGAINST_A_YES)
def test_what_stands_against_a_yes_is_told(code: str) -> None:
    assert codes(*AGAINST_A_YES[code]) == [code]


@pytest.mark.parametrize("answer", ["no", "later"])
@pytest.mark.parametrize("code", AGAINST_A_YES)
def test_nothing_of_that_stands_against_a_no_or_a_later(code: str, answer: Answer) -> None:
    statement, facts = AGAINST_A_YES[code]
    changed = said(
        answer, statement.answers[0].information_type, method=statement.method, said_on=statement.said_on
    )
    assert codes(changed, facts) == []


@pytest.mark.parametrize(
    "statement, facts, code",
    [
        (said("no", said_on=TODAY + timedelta(days=1)), known(), "passed_on.date_future"),
        (said("no"), known(versions={}), "language_unknown"),
        (said("no", kept=None), known(), "passed_on.kept_missing"),
        (said("no", method="oral", reason=None), known(), "passed_on.reason_missing"),
        (said("no", note="x" * 501), known(), "too_long"),
        (said("no", answers=()), known(), "passed_on.nothing_said"),
        (said("no", key="bsn"), known(), "passed_on.question_unknown"),
        (said("no"), known(says={}), "passed_on.question_unknown"),
        (said("no"), known(asked=frozenset()), "passed_on.question_unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_with_the_form_itself_is_told_of_any_answer(
    statement: Statement, facts: Known, code: str
) -> None:
    assert codes(statement, facts) == [code]


def test_everything_is_told_at_once_beside_its_field() -> None:
    statement = said(
        key="child_health",
        method="oral",
        reason=None,
        said_on=TODAY + timedelta(days=1),
        note="x" * 501,
    )
    assert [(one.field, one.code) for one in problems_of(statement, known())] == [
        ("said_on", "passed_on.date_future"),
        ("reason", "passed_on.reason_missing"),
        ("note", "too_long"),
        (field_of(HERE, TypeKey("child_health")), "passed_on.needs_signature"),
    ]


def test_special_and_criminal_data_need_a_signature_and_nothing_else_does() -> None:
    signed = {key for key, kind in CATALOGUE.types.items() if needs_signature(kind)}
    assert signed == {
        "current_domestic_violence",
        "absence_reason",
        "child_health",
        "parent_circumstances",
        "other_support",
    }
