"""What policy text must look like before and after parsing, beyond what Cedar checks itself.

Pure. Cedar's parser dies on deep nesting, its duplicate ids pass, and its warnings (text that only looks
like what it says, conditions that can never hold) do not reach us: here text is limited before it is
parsed and each policy must carry what an explanation needs. Where the text comes from is `sources`, what
Cedar says of it `syntax`; impossible policies are found by `coverage`.

A problem's `detail` is what was found; the sentence that says what to do stands in `problem_words`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Final, Literal

import msgspec

from consent_service.foundation.ids import TypeKey
from consent_service.policy.disclosure import beyond_class, reads
from consent_service.policy.places import line_of
from consent_service.policy.reasons import Causes, PolicyProblem

NOT_APPLICABLE: Final = "-"
"""In `@unmet`: this condition only says what the permit is about; not met, it explains nothing."""

KNOWN_OBLIGATIONS: Final = frozenset({"officer_review"})
"""Duties a permit may lay on whoever releases; one that nobody carries out must refuse.

officer_review: a privacy coordinator looks at it on the next working day.
"""

MAX_FILE_BYTES: Final = 32_768
MAX_POLICIES: Final = 200
MAX_DEPTH: Final = 12
MAX_BRANCHES: Final = 24
"""`if`s, and signs in a row, nest as well, without a bracket."""
MAX_WORDS: Final = 400
"""Words and signs of one policy: `a.b.c` and `a && b && c` nest a level each, without a bracket either."""

_REQUIRED: Final = frozenset({"id", "legal_basis", "reason"})
_OPTIONAL: Final = frozenset({"unmet", "severity", "audience", "obligations"})
_ID: Final = re.compile(r"[a-z][a-z0-9_]*\.[a-z0-9_]+")
_SKIPPED: Final = re.compile(r'"(?:\\[^\n]|[^"\\\n])*"|//[^\n]*')
"""A string that ends on its line, or a comment: what stands in it is not read as brackets."""
_NOT_PLAIN: Final = re.compile(r"[^\x20-\x7e\n]")
_UNSEEN: Final = frozenset({"Cc", "Cf"})
"""Characters that nobody sees, or that turn the order in which a line is read."""
_SIGNS: Final = re.compile(rf"(?:[!-]\s*){{{MAX_BRANCHES}}}")
_IF: Final = re.compile(r"\bif\b")
_WORD: Final = re.compile(r"\w+|&&|\|\||[^\w\s]")
_FUNCTION: Final = re.compile(r"\b(datetime|duration|decimal|ip|ipaddr)\b\s*\(|\b(__cedar)\b")
_FUNCTION_TYPE: Final = re.compile(r"[:<=]\s*(?:__cedar::)?(datetime|duration|decimal|ipaddr)\b")
_ANY: Final = {"op": "All"}


ASKED_ABOUT: Final = frozenset({"SchoolReader", "ShelterReader", "GuardianReader", "Requested"})
"""Who asks and what for: a policy is about all of them, never about one by its id."""


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
    yield from _plain_problems(where, text)
    bare = _bare(text)
    yield from _nesting_problems(where, bare, opening="([{", closing=")]}")
    crowded = next((start for start, body in _policies(bare) if _is_crowded(body)), None)
    if crowded is not None:
        yield PolicyProblem(f"{where}:{line_of(bare, crowded)}", "too_deep", f"{MAX_WORDS} / {MAX_BRANCHES}")
    for found in _FUNCTION.finditer(bare):
        place = f"{where}:{line_of(bare, found.start())}"
        yield PolicyProblem(place, "function_refused", found[1] or found[2])


def schema_problems(where: str, text: str) -> Iterator[PolicyProblem]:
    """The same for the schema, in which sets nest between `<` and `>` and no type calculates."""
    yield from _plain_problems(where, text)
    bare = _bare(text)
    yield from _nesting_problems(where, bare, opening="([{<", closing=")]}>")
    for found in _FUNCTION_TYPE.finditer(bare):
        yield PolicyProblem(f"{where}:{line_of(bare, found.start(1))}", "function_refused", found[1])


def table_problems(files: Mapping[str, bytes]) -> Iterator[PolicyProblem]:
    """Tables (TOML) with a character that no reviewer sees; any letter of any language may stand in them."""
    for where in sorted(files):
        if not where.endswith(".toml"):
            continue
        text = files[where].decode("utf-8", "replace")
        for offset, character in enumerate(text):
            if character not in "\n\t" and unicodedata.category(character) in _UNSEEN:
                yield PolicyProblem(
                    f"{where}:{line_of(text, offset)}", "not_plain", f"U+{ord(character):04X}"
                )
                break


def policy_problems(
    folder: str, policy: PolicyJson, *, where: str, causes: Causes, types: Set[TypeKey]
) -> Iterator[PolicyProblem]:
    """What an explanation, an audit entry or a reviewer would miss in this policy."""
    for name in sorted(_REQUIRED):
        if not policy.annotation(name).strip():
            yield PolicyProblem(where, "annotation_missing", f"@{name}")
    for name in sorted(policy.annotations.keys() - _REQUIRED - _OPTIONAL):
        yield PolicyProblem(where, "annotation_unknown", f"@{name}")
    identifier = policy.annotation("id")
    if identifier and not (_ID.fullmatch(identifier) and identifier.startswith(f"{folder}.")):
        yield PolicyProblem(where, "id_form", f'"{identifier}": "{folder}.name"')
    for obligation in policy.annotation("obligations").split():
        if obligation not in KNOWN_OBLIGATIONS:
            yield PolicyProblem(where, "obligation_unknown", obligation)
    yield from _named_problems(policy, where=where, types=types)
    yield from _code_problems(policy, causes, where=where)
    yield from _told_problems(policy, causes, where=where)
    yield from product_problems(policy, where=where)
    yield from _scope_problems(folder, policy, where=where)


def product_problems(policy: PolicyJson, *, where: str) -> Iterator[PolicyProblem]:
    """A product of two facts: no proof and no comparison is certain to end on it."""
    for left, right in _products(policy.conditions):
        facts = [sorted(set(reads(side))) for side in (left, right)]
        if all(facts):
            yield PolicyProblem(where, "product_refused", " * ".join(map(", ".join, facts)))


def duplicate_problems(places: Mapping[str, Sequence[str]]) -> Iterator[PolicyProblem]:
    """Cedar takes two policies of one id; then a reason names neither."""
    for identifier, found in sorted(places.items()):
        if len(found) > 1:
            yield PolicyProblem(", ".join(found), "duplicate_id", identifier)


def named_entities(expression: object) -> Iterator[tuple[str, str]]:
    """Every entity a policy in Cedar's JSON form names, as type and id."""
    if isinstance(expression, dict):
        if expression.keys() == {"type", "id"}:
            yield expression["type"], expression["id"]
        for inner in expression.values():
            yield from named_entities(inner)
    elif isinstance(expression, list | tuple):
        for inner in expression:
            yield from named_entities(inner)


def _named_problems(policy: PolicyJson, *, where: str, types: Set[TypeKey]) -> Iterator[PolicyProblem]:
    """Cedar knows the members of an enumeration; that an entity with attributes exists, it cannot know."""
    parts = (policy.principal, policy.action, policy.resource, policy.conditions)
    for kind, identifier in sorted(set(named_entities(parts))):
        if kind == "InformationType" and identifier not in types:
            yield PolicyProblem(where, "type_unknown", identifier)
        if kind in ASKED_ABOUT:
            yield PolicyProblem(where, "one_named", f'{kind}::"{identifier}"')


def _code_problems(policy: PolicyJson, causes: Causes, *, where: str) -> Iterator[PolicyProblem]:
    """A forbid's reason is a cause; a permit's a ground, with the cause of each condition not met."""
    known = {cause.code for cause in causes.causes}
    reason = policy.annotation("reason")
    if reason and reason not in (causes.grounds if policy.effect == "permit" else known):
        yield PolicyProblem(where, "reason_unknown", reason)
    unmet = policy.annotation("unmet").split()
    if len(unmet) != (len(policy.conditions) if policy.effect == "permit" else 0):
        yield PolicyProblem(where, "unmet_count", f"{len(unmet)}: @unmet")
    for code in unmet:
        if code not in known | {NOT_APPLICABLE}:
            yield PolicyProblem(where, "reason_unknown", code)


def _told_problems(policy: PolicyJson, causes: Causes, *, where: str) -> Iterator[PolicyProblem]:
    """Whoever is told a cause learns of nothing else: each step is named when those before it hold."""
    steps = enumerate(policy.annotation("unmet").split(), 1)
    given = [(code, policy.conditions[:step]) for step, code in steps]
    if policy.effect == "forbid":
        given.append((policy.annotation("reason"), policy.conditions))
    for code, read in given:
        beyond = beyond_class(causes.cause(code), principal=policy.principal, read=read)
        if beyond:
            yield PolicyProblem(where, "tells_family", f"{code}: {', '.join(beyond)}")


def _products(expression: object) -> Iterator[tuple[object, object]]:
    if isinstance(expression, dict):
        product = expression.get("*")
        if isinstance(product, dict) and product.keys() == {"left", "right"}:
            yield product["left"], product["right"]
        for inner in expression.values():
            yield from _products(inner)
    elif isinstance(expression, list | tuple):
        for inner in expression:
            yield from _products(inner)


def _scope_problems(folder: str, policy: PolicyJson, *, where: str) -> Iterator[PolicyProblem]:
    """What a folder promises: safety wins over everything, and an action's folder is about that action."""
    if folder == "safety" and (
        policy.effect != "forbid" or not policy.principal == policy.action == policy.resource == _ANY
    ):
        yield PolicyProblem(where, "scope", "safety: forbid (principal, action, resource)")
    if folder in ("release", "share") and f"'id': '{folder}'" not in str(policy.action):
        yield PolicyProblem(where, "scope", f'{folder}: action == Action::"{folder}"')
    if folder in ("consent", "break_glass") and "'Basis'" not in str(policy.conditions[:1]):
        yield PolicyProblem(where, "scope", f"{folder}: when {{ context.basis == ... }}")


def _plain_problems(where: str, text: str) -> Iterator[PolicyProblem]:
    if len(text.encode()) > MAX_FILE_BYTES:
        yield PolicyProblem(where, "too_large", f"> {MAX_FILE_BYTES}")
    odd = _NOT_PLAIN.search(text)
    if odd is not None:
        place = f"{where}:{line_of(text, odd.start())}"
        yield PolicyProblem(place, "not_plain", f"U+{ord(odd.group()):04X}")


def _bare(text: str) -> str:
    """The text with strings and comments blanked; every other character keeps its place."""
    return _SKIPPED.sub(lambda found: " " * len(found[0]), text)


def _nesting_problems(where: str, bare: str, *, opening: str, closing: str) -> Iterator[PolicyProblem]:
    """The first bracket too deep, closing nothing, or string left open: the count is not fooled."""
    depth = 0
    for offset, character in enumerate(bare):
        depth += (character in opening) - (character in closing)
        wrong = _wrong(character, depth)
        if wrong:
            yield PolicyProblem(f"{where}:{line_of(bare, offset)}", wrong, f"{character}")
            return


def _wrong(character: str, depth: int) -> str:
    if character == '"':
        return "string_open"
    if depth < 0:
        return "bracket_unopened"
    return "too_deep" if depth > MAX_DEPTH else ""


def _policies(bare: str) -> Iterator[tuple[int, str]]:
    """Where each policy begins, and what it says."""
    start = 0
    for body in bare.split(";"):
        yield start + len(body) - len(body.lstrip()), body
        start += len(body) + 1


def _is_crowded(body: str) -> bool:
    return (
        len(_WORD.findall(body)) > MAX_WORDS
        or len(_IF.findall(body)) > MAX_BRANCHES
        or _SIGNS.search(body) is not None
    )
