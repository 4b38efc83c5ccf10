"""Everything a folder of policies has to pass, as one report; found in another process, because a parser may
die on what somebody proposes.

`consent-service policies check` asks for all of it; a proposal does without the mutants, which take longest.
Which process does the work, and within which limits, is here and in `candidate`; what to do about a problem
is `problem_words`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import cedarpy
import msgspec

from consent_service.information.blocks import BlocksError
from consent_service.policy.bundle import BundleError, lock_problems
from consent_service.policy.coverage import Coverage, Table, asked_cases, load_cases, run_cases
from consent_service.policy.lint import PolicyJson
from consent_service.policy.mutation import MutationReport, mutate
from consent_service.policy.plain.words import read_words
from consent_service.policy.proofs.comparing import is_equivalent
from consent_service.policy.proofs.invariants import Invariant, own_invariants, standing_invariants
from consent_service.policy.proofs.proving import Proof, prove
from consent_service.policy.reasons import PolicyProblem
from consent_service.policy.rules import Rules, load_rules
from consent_service.policy.sources import read_invariants, read_own
from consent_service.policy.unused import unread_facts, unused_declarations, unused_names

CANDIDATE_SECONDS: Final = 120
MUTATION_SECONDS: Final = 300
"""On a busy machine; without other work it takes a tenth of that."""
MUTATION: Final = "mutation"
LOCKED: Final = "locked"
STANDING: Final = "standing="
"""What the other process can be asked to look at besides."""
_LAST_WORDS: Final = 200
_NEVER: Final = {"kind": "when", "body": {"Value": False}}


class CheckReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found. `problems` refuse the policies; `notices` are told and refuse nothing.

    `coverage` is None while the policies cannot be loaded; `mutation` also while a case comes out wrong, and
    when it was not asked for. `proofs` are those of every invariant, good or not.
    """

    problems: tuple[PolicyProblem, ...]
    notices: tuple[PolicyProblem, ...] = ()
    coverage: Coverage | None = None
    mutation: MutationReport | None = None
    proofs: tuple[Proof, ...] = ()

    @property
    def unproved(self) -> tuple[Proof, ...]:
        """Invariants that are refuted or could not be proved; each refuses the policies."""
        return tuple(proof for proof in self.proofs if proof.state != "proved")

    @property
    def passed(self) -> bool:
        """Nothing is wrong, every invariant is proved and, where that was asked, the cases notice enough."""
        return not self.problems and not self.unproved and (self.mutation is None or self.mutation.enough)


def check_candidate(
    folder: Path, *, mutation: bool = False, locked: bool = False, standing: Path | None = None
) -> CheckReport:
    """What is found in another process; the mutants and the LOCK when they are asked for.

    standing: a folder with the invariants of the rules in force, each of which these must keep as well.
    A crash, a time-out, too much memory or an answer that makes no sense is a problem like any other.
    """
    wanted = [name for name, asked in ((MUTATION, mutation), (LOCKED, locked)) if asked]
    if standing is not None:
        wanted.append(f"{STANDING}{standing.resolve()}")
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-m", "consent_service.policy.candidate", str(folder.resolve()), *wanted]
    seconds = MUTATION_SECONDS if mutation else CANDIDATE_SECONDS
    try:
        run = subprocess.run(  # noqa: S603 - our own interpreter and module; the folder is one argument
            command, env={"PYTHONPATH": root}, capture_output=True, timeout=seconds, check=True
        )
        return msgspec.json.decode(run.stdout, type=CheckReport)
    except (subprocess.SubprocessError, msgspec.DecodeError) as error:
        return CheckReport((PolicyProblem(folder.name, "checker_failed", _how_it_ended(error)),))


def _how_it_ended(error: Exception) -> str:
    """What the other process ended with, and the last thing it said; never what it was given."""
    if not isinstance(error, subprocess.CalledProcessError):
        return type(error).__name__
    last = error.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return f"{error.returncode} {last[:_LAST_WORDS]}".strip()


def inspect(folder: Path, *, mutation: bool, locked: bool, standing: Path | None = None) -> CheckReport:
    """The work itself, in this process: for `candidate` and for policies that are trusted to be parsed."""
    try:
        rules = load_rules(folder)
        own = own_invariants(folder, rules.bundle.schema)
        held = (*own, *_lost(standing, own, rules.bundle.schema)) if standing else own
    except BundleError as error:
        return CheckReport(error.problems)
    except BlocksError as error:
        return CheckReport(
            tuple(
                PolicyProblem(f"information_types.toml {problem.block}", "catalogue", problem.wrong)
                for problem in error.problems
            )
        )
    problems: list[PolicyProblem] = []
    read_words(folder, rules.bundle.schema, problems=problems)
    table = load_cases(folder, problems=problems)
    coverage, wrong = run_cases(rules.bundle, table, catalogue=rules.catalogue)
    problems += [*wrong, *unused_declarations(rules.bundle), *_impossible(rules, coverage)]
    noticed = _mutated(rules, table) if mutation and not problems else None
    if locked:
        problems += lock_problems(folder, rules.bundle)
    return CheckReport(
        problems=tuple(problems),
        notices=_notices(rules, table),
        coverage=coverage,
        mutation=noticed,
        proofs=prove(rules.bundle, rules.catalogue, own=held, bases=table.bases),
    )


def _lost(standing: Path, own: Sequence[Invariant], schema: cedarpy.Schema) -> tuple[Invariant, ...]:
    """Invariants in force that these rules do not have, or have otherwise; they must hold all the same."""
    texts = read_invariants(read_own(standing, []), problems=[])
    return tuple(one for one in standing_invariants(texts, schema) if one not in own)


def _impossible(rules: Rules, coverage: Coverage) -> Iterator[PolicyProblem]:
    """Policies that no request can ever match; one that decides a case is not asked about."""
    for one in coverage.policies:
        policy = rules.bundle.source[one.policy]
        never = msgspec.structs.replace(policy, conditions=(_NEVER,))
        if not one.decides and is_equivalent(policy, never, rules=rules):
            yield PolicyProblem(f"{rules.bundle.places[one.policy]} {one.policy}", "impossible", "")


def _notices(rules: Rules, table: Table) -> tuple[PolicyProblem, ...]:
    cases = asked_cases(table, catalogue=rules.catalogue, problems=[])
    return (*unread_facts(rules.bundle), *unused_names(rules.bundle, rules.catalogue, cases))


def _mutated(rules: Rules, table: Table) -> MutationReport:
    def same(one: PolicyJson, other: PolicyJson) -> bool | None:
        return is_equivalent(one, other, rules=rules)

    cases = asked_cases(table, catalogue=rules.catalogue, problems=[])
    return mutate(rules.bundle, cases, is_equivalent=same)
