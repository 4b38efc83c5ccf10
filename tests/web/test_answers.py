"""Tests of `consent_service.web.shelter.answers`: several people's answers as one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

import pytest

from consent_service.consent.model import Standing
from consent_service.families.model import Authority
from consent_service.foundation.ids import PersonId
from consent_service.web.shelter.answers import combined_answer
from consent_service.web.vocabulary import Answer

MOTHER, FATHER = PersonId("mother"), PersonId("father")
BOTH = Authority((MOTHER, FATHER), True, ())
ENDS = datetime(2027, 7, 31, 22, 0, tzinfo=UTC)
Said = Literal["none", "yes", "no", "later", "expired", "objects"]


def standing(person: PersonId, said: Said) -> Standing:
    if said == "objects":
        return Standing(person, "yes", objecting=True)
    if said == "expired":
        return Standing(person, "yes", expired=True, valid_until=ENDS)
    return Standing(person, said, valid_until=ENDS if said == "yes" else None)


@pytest.mark.parametrize(
    "mother, father, one_may, all_must",
    [
        ("yes", "objects", "objected", "objected"),
        ("yes", "none", "yes", "partly"),
        ("yes", "no", "yes", "partly"),
        ("yes", "expired", "yes", "partly"),
        ("yes", "yes", "yes", "yes"),
        ("expired", "no", "expired", "expired"),
        ("no", "later", "no", "no"),
        ("later", "none", "later", "later"),
        ("none", "none", "none", "none"),
    ],
)
def test_an_objection_comes_first_and_a_yes_is_whole_only_when_everybody_who_must_said_it(
    mother: Said, father: Said, one_may: Answer, all_must: Answer
) -> None:
    people = {MOTHER: standing(MOTHER, mother), FATHER: standing(FATHER, father)}

    assert combined_answer(people, BOTH, all_must=False)[0] == one_may
    assert combined_answer(people, BOTH, all_must=True)[0] == all_must


def test_who_has_no_authority_does_not_count_neither_with_a_yes_nor_with_an_objection() -> None:
    alone = Authority((MOTHER,), True, (FATHER,))
    for said in ("yes", "objects"):
        people = {MOTHER: standing(MOTHER, "no"), FATHER: standing(FATHER, said)}
        assert combined_answer(people, alone, all_must=False) == ("no", None)


def test_a_yes_says_until_which_day_and_nobody_asked_is_nobody_asked() -> None:
    people = {MOTHER: standing(MOTHER, "yes")}

    assert combined_answer(people, BOTH, all_must=False) == ("yes", date(2027, 8, 1))
    assert combined_answer({}, BOTH, all_must=False) == ("none", None)
