"""The truth table: families anybody can read, rule by rule, through projection and policies.

Each case is also put to the plain rules, so that the table, the oracle and the policies agree.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from consent_service.policy.bundle import Bundle, load_bundle
from tests.policy.families import answer_on, decided, kind_of, known_of, rules, told
from tests.policy.plain_family import answer
from tests.policy.questions import POLICIES
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
    impossible = {"policy_error", "not_permitted", "not_your_answer", "duty_not_possible"}
    impossible |= {"break_glass_ended", "second_person_missing", "one_thing_only"}  # on another ground
    reasons = {cause.code for cause in rules().bundle.causes.causes if cause.about == "family"}
    assert reasons - impossible <= expected


FOLDERS = ("consent", "safety")
POLICY = re.compile(r'@id\("([^"]+)"\).*?;\n', re.DOTALL)
WRITTEN = [
    (path.relative_to(POLICIES).as_posix(), policy[1])
    for folder in FOLDERS
    for path in sorted((POLICIES / folder).glob("*.cedar"))
    for policy in POLICY.finditer(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("file, policy", WRITTEN)
def test_the_table_sees_a_policy_that_is_taken_away(proposal: Path, file: str, policy: str) -> None:
    path = proposal / file
    text = path.read_text(encoding="utf-8")
    spoilt = POLICY.sub(lambda found: "" if found[1] == policy else found[0], text)
    assert len(spoilt) < len(text)
    path.write_text(spoilt, encoding="utf-8")
    bundle = load_bundle(proposal, catalogue=rules().catalogue)
    cases = [case for rule in TABLE.values() for case in rule.cases]
    assert any(_judged(case, bundle) != case.expect for case in cases)


def _judged(case: Case, bundle: Bundle) -> str:
    family, now = family_of(case)
    return told(answer_on(known_of(family), case.type, now, bundle))


def test_the_table_is_large_and_no_case_stands_in_it_twice() -> None:
    told_once = [msgspec.structs.replace(case, name="") for rule in TABLE.values() for case in rule.cases]
    assert len(told_once) >= 150
    names = Counter(f"{name} {case.name}" for name, rule in TABLE.items() for case in rule.cases)
    assert max(names.values()) == 1
    assert not [one for number, one in enumerate(told_once) if one in told_once[:number]]
