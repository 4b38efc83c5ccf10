"""The table tests of the policies: each case is a base question, what changes, and what must come out.

Run before a bundle is used and by pytest. Each policy must be the only one to decide at least one case:
that finds policies that can never apply, about which Cedar only warns where we cannot hear it. The cases
stand beside the policies so that whoever proposes a policy proposes its cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue, InformationType
from consent_service.policy.bundle import Bundle, BundleError, load_bundle, lock_problems
from consent_service.policy.decision import Allowance, Refusal, judge
from consent_service.policy.facts import Question, Reader, RelationshipFacts, TypeFacts
from consent_service.policy.reasons import PolicyProblem, read_toml_struct

CASES_FOLDER: Final = "tests"
BASES_FILE: Final = "bases.toml"
PERMIT: Final = "permit"

Value = str | int | bool
"""A fact; their names are different in all structs of a question, so a case simply names the fact."""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`expect` is "permit" or the code of the refusal; `by` the policies that must have decided it."""

    name: str
    base: str
    type: TypeKey
    expect: str
    change: dict[str, Value] = {}
    by: tuple[str, ...] = ()
    preview: bool = False


class CaseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cases of one rule."""

    rule: str
    cases: tuple[Case, ...]


class Bases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Complete questions by name, in which everything is in order."""

    bases: dict[str, dict[str, Value]]


class Table(msgspec.Struct, frozen=True):
    """All cases of a folder, by file."""

    bases: Mapping[str, Mapping[str, Value]]
    files: Mapping[str, CaseFile]


def load_cases(folder: Path, *, problems: list[PolicyProblem]) -> Table:
    """Every file of the tests folder; what cannot be read is a problem."""
    tests = folder / CASES_FOLDER
    bases = read_toml_struct(tests / BASES_FILE, Bases, problems=problems)
    files = {}
    for path in sorted(tests.glob("*.toml")):
        read = None if path.name == BASES_FILE else read_toml_struct(path, CaseFile, problems=problems)
        if read is not None:
            files[path.stem] = read
    return Table(bases=bases.bases if bases else {}, files=files)


def question_of(table: Table, case: Case, *, catalogue: Catalogue) -> Question:
    """The base question about the case's type, with its changes.

    Raises:
        ValueError: an unknown base, type or fact, or a value that the fact cannot have.
    """
    if case.base not in table.bases or case.type not in catalogue.types:
        raise ValueError(f"no base {case.base} or no type {case.type}")
    kind = catalogue.types[case.type]
    given = {**_defaults(kind), **table.bases[case.base], **case.change}
    question = {
        "action": given.pop("action"),
        "purpose": given.pop("purpose"),
        "basis": given.pop("basis"),
        "reader": _taken(given, Reader),
        "relationship": _taken(given, RelationshipFacts),
        "types": [_taken(given, TypeFacts)],
    }
    if given:
        raise ValueError(f"no fact is called {', '.join(given)}")
    return msgspec.convert(question, Question)


def wrong(case: Case, answer: Allowance | Refusal) -> str:
    """What came out, when it is not what the case expects; else nothing."""
    outcome = PERMIT if isinstance(answer, Allowance) else answer.code
    if outcome != case.expect:
        return f"expected {case.expect}, got {outcome} by {', '.join(answer.determining) or 'nothing'}"
    if case.by and tuple(sorted(case.by)) != answer.determining:
        return f"expected by {', '.join(case.by)}, was by {', '.join(answer.determining) or 'nothing'}"
    return ""


def run_cases(bundle: Bundle, table: Table, *, catalogue: Catalogue) -> tuple[PolicyProblem, ...]:
    """Cases that come out otherwise, and policies that decide no case alone."""
    problems: list[PolicyProblem] = []
    alone: set[str] = set()
    for name, file in table.files.items():
        for case in file.cases:
            where = f"{CASES_FOLDER}/{name}.toml {case.name}"
            try:
                question = question_of(table, case, catalogue=catalogue)
            except (ValueError, KeyError) as error:
                problems.append(PolicyProblem(where, "case_malformed", str(error)))
                continue
            (answer,) = judge(bundle, question, preview=case.preview)
            difference = wrong(case, answer)
            if difference:
                problems.append(PolicyProblem(where, "case_failed", difference))
            elif len(answer.determining) == 1:
                alone.add(answer.determining[0])
    return (*problems, *_uncovered(bundle, alone))


def check_bundle(folder: Path, *, catalogue: Catalogue) -> tuple[PolicyProblem, ...]:
    """Everything a folder of policies has to pass, its LOCK included."""
    problems: list[PolicyProblem] = []
    try:
        bundle = load_bundle(folder, catalogue=catalogue)
    except BundleError as error:
        return error.problems
    table = load_cases(folder, problems=problems)
    return (*problems, *run_cases(bundle, table, catalogue=catalogue), *lock_problems(folder, bundle))


def _uncovered(bundle: Bundle, alone: set[str]) -> Iterator[PolicyProblem]:
    for identifier in sorted(bundle.notes.keys() - alone):
        yield PolicyProblem(identifier, "not_covered", "it decides no case alone: add one, or remove it")


def _defaults(kind: InformationType) -> dict[str, Value]:
    """What the catalogue says about the type, unless base or case say otherwise."""
    return {"key": kind.key, "level": kind.level, "purpose": kind.purposes[0]}


def _taken(given: dict[str, Value], struct: type[msgspec.Struct]) -> dict[str, Value]:
    """The facts of that struct, taken out of what is given."""
    fields: Sequence[str] = struct.__struct_fields__
    return {name: given.pop(name) for name in fields if name in given}
