"""A bundle: the policies, schema and causes of one folder, parsed once and known by one hash.

Loading is all or nothing, with every problem at once. What text and annotations must look like is
`lint`, which files are read at all `sources`, whether each policy does what its cases say is `coverage`,
judging is `decision`. Keeping old bundles and switching a tenant to a new one is not here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

import cedarpy
import msgspec

from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue
from consent_service.policy.disclosure import class_problems
from consent_service.policy.facts import catalogue_entities
from consent_service.policy.lint import (
    MAX_POLICIES,
    NOT_APPLICABLE,
    PolicyJson,
    duplicate_problems,
    policy_problems,
    table_problems,
)
from consent_service.policy.places import Place
from consent_service.policy.plain.words import Words, read_words
from consent_service.policy.reasons import Causes, PolicyProblem, Reasons, read_causes, read_reasons
from consent_service.policy.sources import (
    SCHEMA_FILE,
    Source,
    read_invariants,
    read_own,
    read_schema,
    read_sources,
)
from consent_service.policy.syntax import PolicySetJson, Written, read_policies, read_schema_text
from consent_service.policy.vocabulary import Vocabulary, vocabulary_of

LOCK_FILE: Final = "LOCK"
HASH_FORM: Final = 2
"""1 counted what decides only; under such a hash texts could be kept that nobody approved."""
MAX_ENTITIES: Final = 1_000
"""Of the catalogue; each decision carries them along."""

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
    """What is written at one policy: its code, its ground in law, and per condition why it may say no.

    obligations: what whoever opens has to do when this permit says yes.
    """

    id: str
    effect: Literal["permit", "forbid"]
    reason: str
    legal_basis: str
    unmet: tuple[str, ...]
    obligations: tuple[str, ...] = ()

    @property
    def steps(self) -> range:
        """How many conditions may hold: from the first whose lack explains a no, to past the last of those.

        None when no condition explains anything.
        """
        told = [step for step, code in enumerate(self.unmet) if code != NOT_APPLICABLE]
        return range(told[0], told[-1] + 2) if told else range(0)

    def companion(self, step: int) -> str:
        """Id of the companion policy that holds when the first `step` conditions of this permit hold."""
        return f"{self.id}#{step}"


class Bundle(msgspec.Struct, frozen=True):
    """Policies ready to judge with; handles are parsed once because parsing costs more than judging.

    `companions`: per permit its scope with the first k conditions, to find the first that is not met; only
    those that can explain a no, of the permits in `explaining`.
    `vocabulary`: everything that a question may name.
    `source`: each policy in Cedar's JSON form. `places`: where its text stands, and the text.
    `words`: to tell them in, per language; policies without words are judged all the same.
    `invariants`: the texts of what must never be allowed, by file; they decide nothing.
    """

    policies: cedarpy.PolicySet
    companions: cedarpy.PolicySet
    schema: cedarpy.Schema
    base: cedarpy.Entities
    types: frozenset[TypeKey]
    vocabulary: Vocabulary
    notes: Mapping[str, PolicyNote]
    explaining: Mapping[str, PolicyNote]
    source: Mapping[str, PolicyJson]
    places: Mapping[str, Place]
    causes: Causes
    reasons: Mapping[str, Reasons]
    words: Mapping[str, Words]
    invariants: Mapping[str, str]
    hash: str

    def __repr__(self) -> str:
        return f"Bundle({self.hash})"


def engine() -> str:
    """What judges in this release, and which form of hash names what it judges by."""
    return f"cedarpy {version('cedarpy')}, form {HASH_FORM}"


def load_bundle(folder: Path, *, catalogue: Catalogue) -> Bundle:
    """Policies that pass every check, or none of them.

    Raises:
        BundleError: with every problem found; parsing is not tried on text that is not safe to parse.
    """
    problems: list[PolicyProblem] = []
    files = read_own(folder, problems)
    problems += table_problems(files)
    causes = read_causes(files, problems=problems)
    problems += class_problems(causes, files)
    reasons = read_reasons(files, causes, problems=problems)
    sources, schema_text = read_sources(files, problems), read_schema(files, problems)
    _refuse(problems)
    schema = read_schema_text(schema_text)
    if isinstance(schema, PolicyProblem):
        raise BundleError([schema])
    policies = _linted_policies(
        sources, schema, causes=causes, types=catalogue.types.keys(), problems=problems
    )
    _refuse(problems)
    keyed = {written.id: written.policy for written in policies}
    notes = {identifier: _note(keyed[identifier]) for identifier in sorted(keyed)}
    return Bundle(
        policies=_policy_set(keyed),
        companions=_policy_set(_companions(keyed, notes)),
        schema=schema,
        base=_base_entities(catalogue, schema),
        types=frozenset(catalogue.types),
        vocabulary=vocabulary_of(schema, catalogue.types, keyed),
        notes=notes,
        explaining=_explaining(keyed, notes),
        source=keyed,
        places={written.id: written.place for written in policies},
        causes=causes,
        reasons=reasons,
        words=read_words(folder, schema, problems=[]),
        invariants=read_invariants(files, problems=[]),
        hash=_hash(files, catalogue),
    )


def with_policies(bundle: Bundle, keyed: Mapping[str, PolicyJson]) -> Bundle:
    """The same bundle with other policies, to see what they would decide; without a hash, so never in force.

    Raises:
        ValueError: what stands in `keyed` is no policy to Cedar.
    """
    notes = {identifier: _note(keyed[identifier]) for identifier in sorted(keyed)}
    return msgspec.structs.replace(
        bundle,
        policies=_policy_set(keyed),
        companions=_policy_set(_companions(keyed, notes)),
        vocabulary=vocabulary_of(bundle.schema, bundle.types, keyed),
        notes=notes,
        explaining=_explaining(keyed, notes),
        source=keyed,
        hash="",
    )


def lock(folder: Path, bundle: Bundle) -> None:
    """Write down which policies were reviewed."""
    (folder / LOCK_FILE).write_text(_LOCK_TEXT + bundle.hash + "\n", encoding="utf-8")


def lock_problems(folder: Path, bundle: Bundle) -> tuple[PolicyProblem, ...]:
    """The policies are those that were locked; anything else was changed without a review."""
    path = folder / LOCK_FILE
    locked = path.read_text(encoding="utf-8").split() if path.is_file() else []
    if locked[-1:] == [bundle.hash]:
        return ()
    return (PolicyProblem(LOCK_FILE, "lock_differs", bundle.hash),)


def _refuse(problems: Sequence[PolicyProblem]) -> None:
    if problems:
        raise BundleError(problems)


def _linted_policies(
    sources: Sequence[Source],
    schema: cedarpy.Schema,
    *,
    causes: Causes,
    types: Set[TypeKey],
    problems: list[PolicyProblem],
) -> tuple[Written, ...]:
    """Every policy of every file, adding to `problems` what Cedar and our own rules find."""
    policies = [written for source in sources for written in read_policies(source, schema, problems=problems)]
    places: dict[str, list[str]] = {}
    for written in policies:
        places.setdefault(written.id, []).append(str(written.place))
        problems += policy_problems(
            written.folder, written.policy, where=written.where, causes=causes, types=types
        )
    places.pop("", None)
    problems += duplicate_problems(places)
    if len(policies) > MAX_POLICIES:
        problems.append(PolicyProblem("policies", "too_many", f"{len(policies)} > {MAX_POLICIES}"))
    if len(types) > MAX_ENTITIES:
        problems.append(PolicyProblem("information_types.toml", "too_many", f"{len(types)} > {MAX_ENTITIES}"))
    return tuple(policies)


def _policy_set(keyed: Mapping[str, PolicyJson]) -> cedarpy.PolicySet:
    """Keyed by our own ids: those of a parsed text are positions, and move when a policy is added."""
    return cedarpy.PolicySet.from_json_str(
        msgspec.json.encode(PolicySetJson(static_policies=dict(keyed))).decode()
    )


def _note(policy: PolicyJson) -> PolicyNote:
    return PolicyNote(
        id=policy.annotation("id"),
        effect=policy.effect,
        reason=policy.annotation("reason"),
        legal_basis=policy.annotation("legal_basis"),
        unmet=tuple(policy.annotation("unmet").split()),
        obligations=tuple(policy.annotation("obligations").split()),
    )


def _explaining(keyed: Mapping[str, PolicyJson], notes: Mapping[str, PolicyNote]) -> dict[str, PolicyNote]:
    """One of the permits that explain every no alike: they begin with the same conditions and codes.

    An exception is often a copy with one condition more, and explaining costs more than judging.
    """
    alike: dict[bytes, str] = {}
    for identifier, note in notes.items():
        if note.steps:
            last, policy = note.steps[-1], keyed[identifier]
            scope = (policy.principal, policy.action, policy.resource)
            begins = (scope, policy.conditions[:last], note.unmet[:last])
            alike.setdefault(msgspec.json.encode(begins, order="deterministic"), identifier)
    return {identifier: notes[identifier] for identifier in alike.values()}


def _companions(keyed: Mapping[str, PolicyJson], notes: Mapping[str, PolicyNote]) -> dict[str, PolicyJson]:
    return {
        note.companion(step): msgspec.structs.replace(
            keyed[identifier], conditions=keyed[identifier].conditions[:step]
        )
        for identifier, note in _explaining(keyed, notes).items()
        for step in note.steps
    }


def _base_entities(catalogue: Catalogue, schema: cedarpy.Schema) -> cedarpy.Entities:
    try:
        return cedarpy.Entities.from_json_str(catalogue_entities(catalogue.types), schema)
    except ValueError as error:
        raise BundleError([PolicyProblem(SCHEMA_FILE, "catalogue_mismatch", str(error))]) from error


def _hash(files: Mapping[str, bytes], catalogue: Catalogue) -> str:
    """SHA-256 over the text of every file that somebody proposes, the catalogue and what judges.

    Two officers stand behind exactly these texts: the policies, and as much what people read because of
    them, what must never be allowed, the cases, and the comments that tell a reviewer why.
    """
    content = {
        "files": {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()},
        "catalogue": catalogue.hash,
        "engine": engine(),
    }
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
