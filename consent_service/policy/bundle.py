"""A bundle: the policies, schema and causes of one folder, parsed once and known by one hash.

Loading is all or nothing, with every problem at once. What text and annotations must look like is
`lint`, whether each policy does what its cases say is `coverage`, judging is `decision`. Keeping old
bundles and switching a tenant to a new one is not here: this package only reads folders.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Mapping, Sequence, Set
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

import cedarpy
import msgspec

from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue
from consent_service.policy.facts import catalogue_entities
from consent_service.policy.lint import (
    MAX_POLICIES,
    PolicyJson,
    duplicate_problems,
    policy_problems,
    text_problems,
)
from consent_service.policy.reasons import Causes, PolicyProblem, Reasons, read_causes, read_reasons

FOLDERS: Final = ("safety", "access", "consent", "release", "share")
"""Where policies stand: what always holds, who may ask, what was decided, then each action by itself."""
SCHEMA_FILE: Final = "schema.cedarschema"
LOCK_FILE: Final = "LOCK"
CANDIDATE_SECONDS: Final = 120

_LOCK_TEXT: Final = (
    "# The hash of the policies in this folder. After a reviewed change: consent-service policies lock\n"
)


class BundleError(ConfigurationError):
    """These policies cannot be used; `problems` holds everything that is wrong with them."""

    code = "policies"

    def __init__(self, problems: Sequence[PolicyProblem]) -> None:
        self.problems: tuple[PolicyProblem, ...] = tuple(problems)
        super().__init__("\n".join([f"policies: {len(self.problems)} problem(s)", *map(str, self.problems)]))


class PolicyNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is written at one policy: its code, its ground in law, and per condition why it may say no."""

    id: str
    effect: Literal["permit", "forbid"]
    reason: str
    legal_basis: str
    unmet: tuple[str, ...]

    def companion(self, step: int) -> str:
        """Id of the companion policy that holds when the first `step` conditions of this permit hold."""
        return f"{self.id}#{step}"


class Bundle(msgspec.Struct, frozen=True):
    """Policies ready to judge with; handles are parsed once because parsing costs more than judging.

    `companions`: per permit its scope with the first k conditions, to find the first that is not met.
    """

    policies: cedarpy.PolicySet
    companions: cedarpy.PolicySet
    schema: cedarpy.Schema
    base: cedarpy.Entities
    types: frozenset[TypeKey]
    notes: Mapping[str, PolicyNote]
    causes: Causes
    reasons: Mapping[str, Reasons]
    hash: str

    def __repr__(self) -> str:
        return f"Bundle({self.hash})"


class _Source(msgspec.Struct, frozen=True):
    """One file of policies: `folder/name.cedar` and its text."""

    folder: str
    where: str
    text: str


def load_bundle(folder: Path, *, catalogue: Catalogue) -> Bundle:
    """Policies that pass every check, or none of them.

    Raises:
        BundleError: with every problem found; parsing is not tried on text that is not safe to parse.
    """
    problems: list[PolicyProblem] = []
    causes = read_causes(folder, problems=problems)
    reasons = read_reasons(folder, causes, problems=problems)
    sources, schema_text = _read_sources(folder, problems)
    _refuse(problems)
    schema = _parsed_schema(schema_text)
    policies = _linted_policies(
        sources, schema, causes=causes, types=catalogue.types.keys(), problems=problems
    )
    _refuse(problems)
    keyed = {policy.annotation("id"): policy for policy in policies}
    notes = {identifier: _note(keyed[identifier]) for identifier in sorted(keyed)}
    return Bundle(
        policies=_policy_set(keyed),
        companions=_policy_set(_companions(keyed, notes)),
        schema=schema,
        base=_base_entities(catalogue, schema),
        types=frozenset(catalogue.types),
        notes=notes,
        causes=causes,
        reasons=reasons,
        hash=_hash(keyed, schema, causes=causes, catalogue=catalogue),
    )


def check_candidate(folder: Path) -> tuple[PolicyProblem, ...]:
    """Every problem of proposed policies, found in another process: a parser may die on them.

    Runs everything `coverage.check_bundle` does. A crash, a time-out or an answer that makes no sense is
    a problem like any other.
    """
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-m", "consent_service.policy.candidate", str(folder.resolve())]
    try:
        run = subprocess.run(  # noqa: S603 - our own interpreter and module; the folder is one argument
            command, env={"PYTHONPATH": root}, capture_output=True, timeout=CANDIDATE_SECONDS, check=True
        )
        return msgspec.json.decode(run.stdout, type=tuple[PolicyProblem, ...])
    except (subprocess.SubprocessError, msgspec.DecodeError) as error:
        return (PolicyProblem(str(folder.name), "checker_failed", type(error).__name__),)


def lock(folder: Path, bundle: Bundle) -> None:
    """Write down which policies were reviewed."""
    (folder / LOCK_FILE).write_text(_LOCK_TEXT + bundle.hash + "\n", encoding="utf-8")


def lock_problems(folder: Path, bundle: Bundle) -> tuple[PolicyProblem, ...]:
    """The policies are those that were locked; anything else was changed without a review."""
    path = folder / LOCK_FILE
    locked = path.read_text(encoding="utf-8").split() if path.is_file() else []
    if locked[-1:] == [bundle.hash]:
        return ()
    return (
        PolicyProblem(LOCK_FILE, "lock_differs", "review the change, then: consent-service policies lock"),
    )


def _read_sources(folder: Path, problems: list[PolicyProblem]) -> tuple[tuple[_Source, ...], str]:
    sources = []
    for path in sorted(folder.rglob("*.cedar")):
        where = path.relative_to(folder).as_posix()
        if path.parent.parent != folder or path.parent.name not in FOLDERS:
            problems.append(PolicyProblem(where, "misplaced", f"policies stand in {', '.join(FOLDERS)}"))
        sources.append(_Source(path.parent.name, where, _read_text(path, where, problems=problems)))
    if not sources:
        problems.append(PolicyProblem(folder.name, "no_policies", "no .cedar file was found"))
    return tuple(sources), _read_text(folder / SCHEMA_FILE, SCHEMA_FILE, problems=problems)


def _read_text(path: Path, where: str, *, problems: list[PolicyProblem]) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(PolicyProblem(where, "unreadable", type(error).__name__))
        return ""
    problems += text_problems(where, text)
    return text


def _refuse(problems: Sequence[PolicyProblem]) -> None:
    if problems:
        raise BundleError(problems)


def _parsed_schema(text: str) -> cedarpy.Schema:
    try:
        return cedarpy.Schema.from_str(text)
    except ValueError as error:
        raise BundleError([PolicyProblem(SCHEMA_FILE, "malformed", str(error))]) from error


def _linted_policies(
    sources: Sequence[_Source],
    schema: cedarpy.Schema,
    *,
    causes: Causes,
    types: Set[TypeKey],
    problems: list[PolicyProblem],
) -> list[PolicyJson]:
    """Every policy of every file, adding to `problems` what Cedar and our own rules find."""
    policies: list[PolicyJson] = []
    places: dict[str, list[str]] = {}
    for source in sources:
        for policy in _parsed_policies(source, schema, problems=problems):
            identifier = policy.annotation("id")
            places.setdefault(identifier, []).append(source.where)
            where = f"{source.where} {identifier or '(no id)'}"
            problems += policy_problems(source.folder, policy, where=where, causes=causes, types=types)
            policies.append(policy)
    problems += duplicate_problems(places)
    if len(policies) > MAX_POLICIES:
        problems.append(PolicyProblem("policies", "too_many", f"more than {MAX_POLICIES}"))
    return policies


def _parsed_policies(
    source: _Source, schema: cedarpy.Schema, *, problems: list[PolicyProblem]
) -> list[PolicyJson]:
    try:
        read = msgspec.json.decode(cedarpy.policies_to_json_str(source.text), type=_PolicySetJson)
    except ValueError as error:
        problems.append(PolicyProblem(source.where, "malformed", str(error)))
        return []
    if read.templates:
        problems.append(PolicyProblem(source.where, "template", "a policy has no slots"))
    found = cedarpy.validate_policies(source.text, schema).errors
    problems += [PolicyProblem(source.where, "invalid", finding.error) for finding in found]
    return list(read.static_policies.values())


class _PolicySetJson(msgspec.Struct, frozen=True, rename="camel"):
    """Cedar's JSON form of a policy set."""

    static_policies: dict[str, PolicyJson]
    templates: dict[str, object] = {}
    template_links: tuple[object, ...] = ()


def _policy_set(keyed: Mapping[str, PolicyJson]) -> cedarpy.PolicySet:
    """Keyed by our own ids: those of a parsed text are positions, and move when a policy is added."""
    return cedarpy.PolicySet.from_json_str(
        msgspec.json.encode(_PolicySetJson(static_policies=dict(keyed))).decode()
    )


def _note(policy: PolicyJson) -> PolicyNote:
    return PolicyNote(
        id=policy.annotation("id"),
        effect=policy.effect,
        reason=policy.annotation("reason"),
        legal_basis=policy.annotation("legal_basis"),
        unmet=tuple(policy.annotation("unmet").split()),
    )


def _companions(keyed: Mapping[str, PolicyJson], notes: Mapping[str, PolicyNote]) -> dict[str, PolicyJson]:
    return {
        notes[identifier].companion(step): msgspec.structs.replace(
            policy, conditions=policy.conditions[:step]
        )
        for identifier, policy in keyed.items()
        if policy.effect == "permit"
        for step in range(len(policy.conditions) + 1)
    }


def _base_entities(catalogue: Catalogue, schema: cedarpy.Schema) -> cedarpy.Entities:
    try:
        return cedarpy.Entities.from_json_str(catalogue_entities(catalogue.types), schema)
    except ValueError as error:
        raise BundleError([PolicyProblem(SCHEMA_FILE, "catalogue_mismatch", str(error))]) from error


def _hash(
    keyed: Mapping[str, PolicyJson], schema: cedarpy.Schema, *, causes: Causes, catalogue: Catalogue
) -> str:
    """SHA-256 over canonical JSON of all that decides; comments, order of files and wording do not."""
    content = {
        "policies": keyed,
        "schema": str(schema),
        "causes": causes,
        "catalogue": catalogue.hash,
        "engine": f"cedarpy {version('cedarpy')}",
    }
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
