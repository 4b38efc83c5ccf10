"""Mutants of a policy: the same policy with one mistake in it, as somebody might make it.

Pure, on Cedar's JSON form. Which mutants count and whether the cases notice them is `mutation`. The operators
and why there are no others: docs/decisions/0034-mutants-of-policies.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

import msgspec

from consent_service.policy.lint import PolicyJson
from consent_service.policy.plain.speakable import Speakable

Json = Mapping[str, object]
"""An object of Cedar's JSON form: one operator or leaf by its name, with its parts."""

POLICY_DROPPED: Final = "policy dropped"
DUTY_DROPPED: Final = "duty dropped"
"""It matches the same requests, and is another policy for whoever opens."""

_SWAPS: Final[Mapping[str, tuple[str, ...]]] = {
    "&&": ("||",),
    "||": ("&&",),
    "==": ("!=", ">=", "<="),
    "!=": ("==",),
    "<": ("<=", ">", ">="),
    "<=": ("<", ">", ">="),
    ">": (">=", "<", "<="),
    ">=": (">", "<", "<="),
    "+": ("-",),
    "-": ("+",),
    "*": ("+",),
    "containsAll": ("containsAny",),
    "containsAny": ("containsAll",),
}
"""Each comparison of numbers for every other; what has no such sense is not valid and does not count."""
_SIDES: Final = ("left", "right")
_PARTS: Final = ("left", "right", "arg", "if", "then", "else")
_NEGATED: Final = frozenset(
    {".", "is", "contains", "containsAll", "containsAny", "isEmpty", "has", "like", "in"}
)
"""What says yes or no by itself; a comparison is negated by its swap."""
_TRUE: Final[Json] = {"kind": "when", "body": {"Value": True}}
_ANY: Final[Json] = {"op": "All"}


class Mutant(msgspec.Struct, frozen=True):
    """One mistake: what was done, and the policy with it; None when the policy is gone."""

    change: str
    policy: PolicyJson | None


def mutants_of(policy: PolicyJson, speech: Speakable) -> Iterator[Mutant]:
    """Every mutant of a policy, valid to Cedar or not, each different from it and from the others."""
    yield Mutant(POLICY_DROPPED, None)
    seen = {_key(policy)}
    for mutant in _changed(policy, speech):
        if mutant.policy is not None and _key(mutant.policy) not in seen:
            seen.add(_key(mutant.policy))
            yield mutant


def _changed(policy: PolicyJson, speech: Speakable) -> Iterator[Mutant]:
    flipped = msgspec.structs.replace(policy, effect="forbid" if policy.effect == "permit" else "permit")
    yield Mutant("permit <-> forbid", flipped)
    for scope in _scopes(cast(Json, policy.principal), _askers(speech)):
        yield Mutant("scope of who asks", msgspec.structs.replace(policy, principal=scope))
    for scope in _scopes(cast(Json, policy.action), _actions(speech)):
        yield Mutant("scope of what is done", msgspec.structs.replace(policy, action=scope))
    for duty in policy.annotation("obligations").split():
        kept = (other for other in policy.annotation("obligations").split() if other != duty)
        annotations = {**policy.annotations, "obligations": " ".join(kept)}
        yield Mutant(DUTY_DROPPED, msgspec.structs.replace(policy, annotations=annotations))
    for number, condition in enumerate(policy.conditions):
        for change, other in _conditions(cast(Json, condition), speech):
            conditions = (*policy.conditions[:number], other, *policy.conditions[number + 1 :])
            yield Mutant(change, msgspec.structs.replace(policy, conditions=conditions))


def _scopes(scope: Json, others: tuple[Json, ...]) -> Iterator[Json]:
    """Wider, narrower, or about somebody else."""
    yield from (other for other in (_ANY, *others) if other != scope)


def _askers(speech: Speakable) -> tuple[Json, ...]:
    return tuple({"op": "is", "entity_type": asker} for asker in speech.askers)


def _actions(speech: Speakable) -> tuple[Json, ...]:
    return tuple({"op": "==", "entity": {"type": "Action", "id": action}} for action in speech.actions)


def _conditions(condition: Json, speech: Speakable) -> Iterator[tuple[str, Json]]:
    yield "condition dropped", _TRUE
    other = "unless" if condition["kind"] == "when" else "when"
    yield "when <-> unless", {**condition, "kind": other}
    for change, body in _expressions(cast(Json, condition["body"]), speech, decides=True):
        yield change, {**condition, "body": body}


def _expressions(node: Json, speech: Speakable, *, decides: bool) -> Iterator[tuple[str, Json]]:
    """The expression with one mistake, here or in a part of it. `decides`: it says yes or no."""
    ((kind, parts),) = node.items()
    yield from _here(kind, parts, node, speech, decides)
    if not isinstance(parts, dict):
        return
    for name in _PARTS:
        part = parts.get(name)
        if isinstance(part, dict):
            below = kind in ("&&", "||", "!") or name == "if" or (decides and kind == "if-then-else")
            for change, other in _expressions(part, speech, decides=below):
                yield change, {kind: {**parts, name: other}}


def _here(
    kind: str, parts: object, node: Json, speech: Speakable, decides: bool
) -> Iterator[tuple[str, Json]]:
    """The mistakes that can be made at this node itself."""
    for other in _SWAPS.get(kind, ()):
        yield f"{kind} -> {other}", {other: parts}
    if decides and kind in _NEGATED:
        yield "negated", {"!": {"arg": node}}
    if kind == "Value":
        yield from _values(parts, speech)
    elif isinstance(parts, dict):
        yield from _rearranged(kind, parts, node, speech)


def _rearranged(kind: str, parts: Json, node: Json, speech: Speakable) -> Iterator[tuple[str, Json]]:
    match kind:
        case "&&" | "||" | "+" | "-" | "*":
            for side in _SIDES:
                yield f"{kind}: one side dropped", cast(Json, parts[side])
        case "!":
            yield "negation dropped", cast(Json, parts["arg"])
        case "if-then-else":
            yield "then <-> else", {kind: {**parts, "then": parts["else"], "else": parts["then"]}}
        case "is":
            for asker in speech.askers:
                yield "is of another", {kind: {**parts, "entity_type": asker}}
        case ".":
            for attribute in _alike(node, speech):
                yield "another fact of its kind", {kind: {**parts, "attr": attribute}}
        case _:
            pass


def _values(value: object, speech: Speakable) -> Iterator[tuple[str, Json]]:
    match value:
        case bool():
            yield "true <-> false", {"Value": not value}
        case int():
            yield "one more", {"Value": value + 1}
            yield "one less", {"Value": value - 1}
        case {"__entity": {"type": str(kind), "id": _}}:
            for name in speech.names.get(kind, ()):
                yield "another name of its kind", {"Value": {"__entity": {"type": kind, "id": name}}}
        case _:
            pass


def _alike(node: Json, speech: Speakable) -> Iterator[str]:
    """Facts that stand beside this one and can be the same: `yes` and `earlier_yes`."""
    path = fact_path(node)
    if path not in speech.facts:
        return
    above, _, own = path.rpartition(".")
    for other, spec in speech.facts.items():
        start, _, attribute = other.rpartition(".")
        if start == above and attribute != own and spec == speech.facts[path]:
            yield attribute


def fact_path(node: object) -> str:
    """`resource.type.readers`, when the expression is a fact and nothing else; else nothing."""
    match node:
        case {"Var": str(name)}:
            return name
        case {".": {"left": left, "attr": str(attribute)}}:
            above = fact_path(left)
            return f"{above}.{attribute}" if above else ""
        case _:
            return ""


def _key(policy: PolicyJson) -> bytes:
    return msgspec.json.encode(policy, order="deterministic")
