"""Text that Cedar cannot read is refused with the line on which it goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.information.model import Catalogue
from consent_service.policy.reasons import PolicyProblem
from consent_service.policy.syntax import read_schema_text
from tests.policy.planting import GOOD, NEVER, plant, problems_of

FIRST = GOOD + NEVER + "\n\n"


@pytest.mark.parametrize(
    "planted, line",
    [
        (FIRST + GOOD + "forbid (principal, action, resource)\nwhen { resource.yes > };\n", 6),
        (FIRST + GOOD + "forbid (principal, action)\nwhen { resource.yes > 1 };\n", 6),
        (FIRST + GOOD + "forbid (principal, action, resource)\nwhen { resource.yes > 1 }\n", 6),
        (FIRST + "// why\n" + GOOD + "forbade (principal, action, resource);\n" + FIRST, 6),
        (GOOD + NEVER[:-1] + "\n\n" + GOOD + NEVER, 4),
        (FIRST + GOOD + "forbid (principal, action, resource)\nwhen { wrong.yes > 1 };\n", 6),
        (FIRST + "stray", 4),
    ],
)
def test_broken_syntax_names_its_line(proposal: Path, catalogue: Catalogue, planted: str, line: int) -> None:
    plant(proposal, planted)
    (problem,) = problems_of(proposal, catalogue)
    assert (problem.where, problem.code) == (f"consent/planted.cedar:{line}", "malformed")


def test_what_the_schema_does_not_know_names_the_policy_and_its_line(
    proposal: Path, catalogue: Catalogue
) -> None:
    second = GOOD.replace("extra", "second") + NEVER.replace("resource.yes", "resource.mood")
    plant(proposal, FIRST + second)
    (problem,) = problems_of(proposal, catalogue)
    assert problem.where == "consent/planted.cedar:4 consent.second"
    assert problem.detail.startswith("attribute `mood`")


def test_a_policy_without_an_id_is_named_by_its_line(proposal: Path, catalogue: Catalogue) -> None:
    plant(proposal, FIRST + '@legal_basis("x") @reason("objection")\n' + NEVER)
    (problem,) = problems_of(proposal, catalogue)
    assert (problem.where, problem.code) == ("consent/planted.cedar:4 (no @id)", "annotation_missing")


def test_two_policies_of_one_id_are_named_with_their_lines(proposal: Path, catalogue: Catalogue) -> None:
    plant(proposal, FIRST + GOOD + NEVER)
    (problem,) = problems_of(proposal, catalogue)
    assert problem.where == "consent/planted.cedar:1, consent/planted.cedar:4"
    assert problem.code == "duplicate_id"


@pytest.mark.parametrize(
    "text, line",
    [
        ("entity A;\nentity B = {\n  x: };\n", 3),
        ("entity A = {\n  x: Foo,\n};\n", 2),
        ("entity ;", 1),
        ("entity A = {\n  x: Bool\n", 2),
        ("entity A;\nentity A;\n", 2),
        ("type B = A;\ntype A = B;\nentity C = { x: A };\n", 1),
    ],
)
def test_a_schema_that_is_none_names_its_line(text: str, line: int) -> None:
    problem = read_schema_text(text)
    assert isinstance(problem, PolicyProblem)
    assert (problem.where, problem.code) == (f"schema.cedarschema:{line}", "malformed")
