"""The table tests of the policies: each case is a base question, what changes, and what must come out.

Run before a bundle is used and by pytest. Each policy must be the only one to decide at least one case (that
finds policies that can never apply, about which Cedar only warns where we cannot hear it), each condition
that explains a no must be named by a case, and each information type must be given in one. Whether the cases
would notice a change of the policies is `mutation`. The cases stand beside the policies so that whoever
proposes a policy proposes its cases.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue, InformationType
from consent_service.policy.bundle import Bundle, with_policies
from consent_service.policy.decision import Allowance, Refusal, judge
from consent_service.policy.facts import Question, Reader, RelationshipFacts, TypeFacts
from consent_service.policy.lint import NOT_APPLICABLE
from consent_service.policy.places import Place
from consent_service.policy.reasons import PolicyProblem, read_toml_struct, toml_struct

CASES_FOLDER: Final = "tests"
BASES_FILE: Final = "bases.toml"
PERMIT: Final = "permit"

_NAME: Final = re.compile(r"^name = (\".*\"|'.*')$")

Value = str | int | bool
"""A fact; their names are different in all structs of a question, so a case simply names the fact."""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`expect` is "permit" or the code of the refusal; `by` the policies that must have decided it.

    by: `[]` when no policy may have (nobody said yes); left out, it is not looked at.
    also: other types asked in the same question, with the same facts.
    duties: those that have to come with the yes; left out, they are not looked at.
    """

    name: str
    base: str
    type: TypeKey
    expect: str
    change: dict[str, Value] = {}
    by: tuple[str, ...] | None = None
    preview: bool = False
    also: tuple[TypeKey, ...] = ()
    duties: tuple[str, ...] | None = None


class CaseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cases of one rule."""

    rule: str
    cases: tuple[Case, ...]


class Bases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Complete questions by name, in which everything is in order."""

    bases: dict[str, dict[str, Value]]


class Table(msgspec.Struct, frozen=True):
    """All cases of a folder, by file. `lines`: where the cases of a file begin, in their order."""

    bases: Mapping[str, Mapping[str, Value]]
    files: Mapping[str, CaseFile]
    lines: Mapping[str, tuple[int, ...]] = {}

    def where(self, file: str, number: int) -> str:
        """File, line and name of a case, as a problem names it."""
        lines = self.lines.get(file, ())
        line = f":{lines[number]}" if number < len(lines) else ""
        return f"{CASES_FOLDER}/{file}.toml{line} {self.files[file].cases[number].name}"


class AskedCase(msgspec.Struct, frozen=True):
    """A case with the question it asks."""

    where: str
    case: Case
    question: Question


class Judged(msgspec.Struct, frozen=True):
    """A case with the answer of a bundle, and what is wrong with that answer (else nothing)."""

    asked: AskedCase
    answer: Allowance | Refusal
    wrong: str


class FileCoverage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of cases: the rule it is about and how many there are."""

    file: str
    rule: str
    cases: int


class PolicyCoverage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In how many cases a policy decides, and in how many of them alone."""

    policy: str
    alone: int
    decides: int


class ConditionCoverage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many cases end in the cause that a permit gives when this condition is the first not met."""

    policy: str
    code: str
    cases: int


class TypeCoverage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many cases give this information type."""

    type: TypeKey
    given: int


class Coverage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the cases of a folder touch."""

    files: tuple[FileCoverage, ...]
    policies: tuple[PolicyCoverage, ...]
    conditions: tuple[ConditionCoverage, ...]
    types: tuple[TypeCoverage, ...]

    @property
    def cases(self) -> int:
        return sum(file.cases for file in self.files)

    def problems(self, places: Mapping[str, Place]) -> Iterator[PolicyProblem]:
        """What no case is about, and where it stands."""
        for policy in self.policies:
            if not policy.alone:
                where = f"{places[policy.policy]} {policy.policy}"
                yield PolicyProblem(where, "not_covered", f"{policy.decides}")
        for condition in self.conditions:
            if not condition.cases:
                where = f"{places[condition.policy]} {condition.policy}"
                yield PolicyProblem(where, "condition_not_covered", condition.code)
        for kind in self.types:
            if not kind.given:
                yield PolicyProblem("information_types.toml", "type_unused", kind.type)


def load_cases(folder: Path, *, problems: list[PolicyProblem]) -> Table:
    """Every file of the tests folder; what cannot be read is a problem."""
    tests = folder / CASES_FOLDER
    where = f"{CASES_FOLDER}/{BASES_FILE}"
    bases = read_toml_struct(tests / BASES_FILE, Bases, problems=problems, where=where)
    files, lines = {}, {}
    for path in sorted(tests.glob("*.toml")):
        if path.name == BASES_FILE:
            continue
        raw = path.read_bytes()
        read = toml_struct(raw, CaseFile, problems=problems, where=f"{CASES_FOLDER}/{path.name}")
        if read is not None:
            files[path.stem] = read
            lines[path.stem] = _lines(raw.decode())
    return Table(bases=bases.bases if bases else {}, files=files, lines=lines)


def asked_cases(
    table: Table, *, catalogue: Catalogue, problems: list[PolicyProblem]
) -> tuple[AskedCase, ...]:
    """Every case as a question, adding to `problems` those that make no sense."""
    asked = []
    for name, file in table.files.items():
        for number, case in enumerate(file.cases):
            where = table.where(name, number)
            try:
                asked.append(AskedCase(where, case, question_of(table, case, catalogue=catalogue)))
            except (ValueError, KeyError) as error:
                problems.append(PolicyProblem(where, "case_malformed", str(error)))
    return tuple(asked)


def question_of(table: Table, case: Case, *, catalogue: Catalogue) -> Question:
    """The base question about the case's type, with its changes.

    Raises:
        ValueError: an unknown base, type or fact, or a value that the fact cannot have.
        KeyError: the base lacks a fact.
    """
    unknown = {case.type, *case.also} - catalogue.types.keys()
    if case.base not in table.bases or unknown:
        raise ValueError(f"{case.base} {' '.join(sorted(unknown))}".strip())
    given = {**_defaults(catalogue.types[case.type]), **table.bases[case.base], **case.change}
    question = {
        "action": given.pop("action"),
        "purpose": given.pop("purpose"),
        "basis": given.pop("basis"),
        "reader": _taken(given, Reader),
        "relationship": _taken(given, RelationshipFacts),
    }
    facts = _taken(given, TypeFacts)
    if given:
        raise ValueError(", ".join(given))
    asked = [facts, *({**facts, "key": key, "level": catalogue.types[key].level} for key in case.also)]
    return msgspec.convert({**question, "types": asked}, Question)


def judged(bundle: Bundle, asked: AskedCase) -> Judged:
    """What the bundle answers to a case; of several types asked at once, to the one the case is about."""
    answer = judge(bundle, asked.question, preview=asked.case.preview)[0]
    return Judged(asked, answer, wrong(asked.case, answer))


def wrong(case: Case, answer: Allowance | Refusal) -> str:
    """What came out, when it is not what the case expects; else nothing."""
    outcome = PERMIT if isinstance(answer, Allowance) else answer.code
    duties = answer.obligations if isinstance(answer, Allowance) else ()
    by_whom = case.by is None or tuple(sorted(case.by)) == answer.determining
    if outcome == case.expect and by_whom and (case.duties is None or tuple(sorted(case.duties)) == duties):
        return ""
    expected = [case.expect, *(case.by or ()), *(case.duties or ())]
    return f"{' '.join(expected)} != {' '.join([outcome, *answer.determining, *duties])}"


def run_cases(
    bundle: Bundle, table: Table, *, catalogue: Catalogue
) -> tuple[Coverage, tuple[PolicyProblem, ...]]:
    """What the cases touch; those that come out otherwise, and what none of them is about."""
    problems: list[PolicyProblem] = []
    results = [judged(bundle, asked) for asked in asked_cases(table, catalogue=catalogue, problems=problems)]
    problems += [
        PolicyProblem(result.asked.where, "case_failed", result.wrong) for result in results if result.wrong
    ]
    coverage = _coverage(bundle, table, [result for result in results if not result.wrong])
    return coverage, (*problems, *coverage.problems(bundle.places))


def _coverage(bundle: Bundle, table: Table, results: Sequence[Judged]) -> Coverage:
    """What the cases that come out as expected touch."""
    deciding = [result.answer.determining for result in results]
    alone = Counter(policies[0] for policies in deciding if len(policies) == 1)
    decides = Counter(policy for policies in deciding for policy in policies)
    given = Counter(result.asked.case.type for result in results if isinstance(result.answer, Allowance))
    return Coverage(
        files=tuple(FileCoverage(name, file.rule, len(file.cases)) for name, file in table.files.items()),
        policies=tuple(PolicyCoverage(name, alone[name], decides[name]) for name in bundle.notes),
        conditions=tuple(_conditions(bundle, results)),
        types=tuple(TypeCoverage(key, given[key]) for key in sorted(bundle.types)),
    )


def _conditions(bundle: Bundle, results: Sequence[Judged]) -> Iterator[ConditionCoverage]:
    """Were a permit the only policy there is, the cause of its no would be its first condition not met."""
    refused = [result for result in results if isinstance(result.answer, Refusal)]
    for note in bundle.notes.values():
        alone = with_policies(bundle, {note.id: bundle.source[note.id]})
        for code in dict.fromkeys(note.unmet):
            if code != NOT_APPLICABLE:
                named = [result.asked for result in refused if result.asked.case.expect == code]
                cases = sum(judged(alone, asked).answer.code == code for asked in named)
                yield ConditionCoverage(note.id, code, cases)


def _lines(text: str) -> tuple[int, ...]:
    """On which line each case begins: that of its name, the first thing in it."""
    return tuple(number for number, line in enumerate(text.splitlines(), 1) if _NAME.match(line))


def _defaults(kind: InformationType) -> dict[str, Value]:
    """What the catalogue says about the type, unless base or case say otherwise."""
    return {"key": kind.key, "level": kind.level, "purpose": kind.purposes[0]}


def _taken(given: dict[str, Value], struct: type[msgspec.Struct]) -> dict[str, Value]:
    """The facts of that struct, taken out of what is given."""
    fields: Sequence[str] = struct.__struct_fields__
    return {name: given.pop(name) for name in fields if name in given}
