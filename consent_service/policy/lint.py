"""What policy text must look like before and after parsing, beyond what Cedar checks itself.

Pure. Cedar's parser dies on deep nesting, its duplicate ids pass, and its warnings (text that only looks
like what it says, conditions that can never hold) do not reach us: here text is limited before it is
parsed and each policy must carry what an explanation needs. Impossible policies are found by `coverage`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from typing import Final, Literal

import msgspec

from consent_service.foundation.ids import TypeKey
from consent_service.policy.reasons import Causes, PolicyProblem

NOT_APPLICABLE: Final = "-"
"""In `@unmet`: this condition only says what the permit is about; not met, it explains nothing."""

KNOWN_OBLIGATIONS: Final[frozenset[str]] = frozenset()
"""Duties a permit may lay on whoever opens. None is built yet, and a duty nobody fulfils must refuse."""

MAX_FILE_BYTES: Final = 32_768
MAX_POLICIES: Final = 200
MAX_DEPTH: Final = 12
MAX_BRANCHES: Final = 24
"""`if`s, and signs in a row, nest as well, without a bracket."""

_REQUIRED: Final = frozenset({"id", "legal_basis", "reason"})
_OPTIONAL: Final = frozenset({"unmet", "severity", "audience", "obligations"})
_ID: Final = re.compile(r"[a-z][a-z0-9_]*\.[a-z0-9_]+")
_STRING_OR_COMMENT: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*')
_NOT_PLAIN: Final = re.compile(r"[^\x20-\x7e\n]")
_SIGNS: Final = re.compile(rf"(?:[!-]\s*){{{MAX_BRANCHES}}}")
_NAMED_TYPE: Final = re.compile(r'\{"type":"InformationType","id":"([^"]*)"\}')
_ANY: Final = {"op": "All"}


class PolicyJson(msgspec.Struct, frozen=True):
    """One policy in Cedar's JSON form; the expressions stay as they are."""

    effect: Literal["permit", "forbid"]
    principal: object
    action: object
    resource: object
    conditions: tuple[object, ...]
    annotations: dict[str, str | None] = {}

    def annotation(self, name: str) -> str:
        return self.annotations.get(name) or ""


def text_problems(where: str, text: str) -> Iterator[PolicyProblem]:
    """Text that is not safe to hand to the parser, or that a reviewer cannot trust to be what it seems."""
    if len(text.encode()) > MAX_FILE_BYTES:
        yield PolicyProblem(where, "too_large", f"more than {MAX_FILE_BYTES} bytes")
    odd = _NOT_PLAIN.search(text)
    if odd is not None:
        yield PolicyProblem(where, "not_plain", f"U+{ord(odd.group()):04X}: only plain ASCII reads as it is")
    bare = _STRING_OR_COMMENT.sub(" ", text)
    if _depth(bare) > MAX_DEPTH:
        yield PolicyProblem(where, "too_deep", f"more than {MAX_DEPTH} brackets within each other")
    if _SIGNS.search(bare) or _branches(bare) > MAX_BRANCHES:
        yield PolicyProblem(where, "too_deep", f"more than {MAX_BRANCHES} branches or signs in one policy")


def policy_problems(
    folder: str, policy: PolicyJson, *, where: str, causes: Causes, types: Set[TypeKey]
) -> Iterator[PolicyProblem]:
    """What an explanation, an audit entry or a reviewer would miss in this policy."""
    for name in sorted(_REQUIRED):
        if not policy.annotation(name):
            yield PolicyProblem(where, "annotation_missing", f"@{name}")
    for name in sorted(policy.annotations.keys() - _REQUIRED - _OPTIONAL):
        yield PolicyProblem(where, "annotation_unknown", f"@{name}")
    identifier = policy.annotation("id")
    if identifier and not (_ID.fullmatch(identifier) and identifier.startswith(f"{folder}.")):
        yield PolicyProblem(where, "id_form", f'"{identifier}" is not "{folder}.something"')
    for obligation in policy.annotation("obligations").split():
        if obligation not in KNOWN_OBLIGATIONS:
            yield PolicyProblem(where, "obligation_unknown", obligation)
    for name in _NAMED_TYPE.findall(msgspec.json.encode(policy.conditions).decode()):
        if name not in types:
            yield PolicyProblem(where, "type_unknown", f"{name} is not in the catalogue, so it never matches")
    yield from _code_problems(policy, causes, where=where)
    yield from _scope_problems(folder, policy, where=where)


def duplicate_problems(places: Mapping[str, list[str]]) -> Iterator[PolicyProblem]:
    """Cedar takes two policies of one id; then a reason names neither."""
    for identifier, files in sorted(places.items()):
        if len(files) > 1:
            yield PolicyProblem(", ".join(files), "duplicate_id", identifier)


def _code_problems(policy: PolicyJson, causes: Causes, *, where: str) -> Iterator[PolicyProblem]:
    """A forbid's reason is a cause; a permit's a ground, with the cause of each condition not met."""
    known = {cause.code for cause in causes.causes}
    reason = policy.annotation("reason")
    if reason and reason not in (causes.grounds if policy.effect == "permit" else known):
        yield PolicyProblem(where, "reason_unknown", reason)
    unmet = policy.annotation("unmet").split()
    if len(unmet) != (len(policy.conditions) if policy.effect == "permit" else 0):
        yield PolicyProblem(where, "unmet_count", "@unmet has one code per condition of a permit")
    for code in unmet:
        if code not in known | {NOT_APPLICABLE}:
            yield PolicyProblem(where, "reason_unknown", code)


def _scope_problems(folder: str, policy: PolicyJson, *, where: str) -> Iterator[PolicyProblem]:
    """What a folder promises: safety wins over everything, and an action's folder is about that action."""
    if folder == "safety" and (
        policy.effect != "forbid" or not policy.principal == policy.action == policy.resource == _ANY
    ):
        yield PolicyProblem(where, "scope", "a safety policy forbids, whoever asks and whatever for")
    if folder in ("release", "share") and f"'id': '{folder}'" not in str(policy.action):
        yield PolicyProblem(where, "scope", f'its action is Action::"{folder}"')
    if folder == "consent" and "'Basis'" not in str(policy.conditions[:1]):
        yield PolicyProblem(where, "scope", "its first condition is about context.basis")


def _depth(bare: str) -> int:
    depth = deepest = 0
    for character in bare:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest


def _branches(bare: str) -> int:
    return max(len(re.findall(r"\bif\b", policy)) for policy in bare.split(";"))
