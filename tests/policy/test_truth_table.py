"""The truth table: families anybody can read, rule by rule, through projection and policies.

Each case is also put to the plain rules, so that the table, the oracle and the policies agree.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from tests.policy.families import decided, kind_of, rules, told
from tests.policy.plain_family import answer
from tests.policy.telling import Case, Rule, family_of

FOLDER = Path(__file__).parent / "truth_table"
TABLE = {
    path.stem: msgspec.toml.decode(path.read_bytes(), type=Rule) for path in sorted(FOLDER.glob("*.toml"))
}
CASES = [pytest.param(case, id=f"{name}: {case.name}") for name, rule in TABLE.items() for case in rule.cases]


@pytest.mark.parametrize("case", CASES)
def test_a_family_gets_the_answer_of_the_table(case: Case) -> None:
    family, now = family_of(case)
    assert told(decided(family, case.type, now)) == case.expect


@pytest.mark.parametrize("case", CASES)
def test_the_plain_rules_read_the_table_alike(case: Case) -> None:
    family, now = family_of(case)
    assert answer(family, kind_of(case.type), now, gate=rules().catalogue.gate) == case.expect


def test_every_reason_that_lies_in_a_family_is_in_the_table() -> None:
    expected = {case.expect for rule in TABLE.values() for case in rule.cases}
    impossible = {"policy_error", "not_permitted", "not_your_answer"}
    reasons = {cause.code for cause in rules().bundle.causes.causes if cause.about == "family"}
    assert reasons - impossible <= expected


def test_the_table_is_large_and_no_case_stands_in_it_twice() -> None:
    told_once = [msgspec.structs.replace(case, name="") for rule in TABLE.values() for case in rule.cases]
    assert len(told_once) >= 150
    names = Counter(f"{name} {case.name}" for name, rule in TABLE.items() for case in rule.cases)
    assert max(names.values()) == 1
    assert not [one for number, one in enumerate(told_once) if one in told_once[:number]]
