"""Where an answer stands, in one word."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from consent_service.consent.model import Decision, Standing
from consent_service.consent.receipt.model import AnswerNow, answer_now
from consent_service.foundation.ids import DecisionId, PersonId, RelationshipId, TypeKey

AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
WITHDRAWN = Decision(
    DecisionId("d"), RelationshipId("r"), TypeKey("k"), PersonId("p"), "holder", "withdrawn", AT, AT
)


@pytest.mark.parametrize(
    "standing, newest, word",
    [
        (None, None, "none"),
        ({"answer": "yes", "objecting": True}, None, "objected"),
        ({"answer": "yes", "expired": True, "outdated": True}, None, "expired"),
        ({"answer": "yes", "outdated": True}, None, "outdated"),
        ({"answer": "yes"}, None, "yes"),
        ({"answer": "no"}, WITHDRAWN, "withdrawn"),
        ({"answer": "no"}, None, "no"),
        ({"answer": "later"}, WITHDRAWN, "later"),
        ({}, None, "none"),
    ],
)
def test_an_objection_and_what_ended_a_yes_come_before_the_yes(
    standing: dict[str, Any] | None, newest: Decision | None, word: AnswerNow
) -> None:
    now = None if standing is None else Standing(PersonId("p"), **standing)
    assert answer_now(now, newest) == word
