"""Invariants: what a bundle may never allow, written as Cedar forbids that need not stand in any bundle.

`core.cedar` beside this module holds those that no proposal can take away; a folder of policies may add its
own in `invariants/`. They are read with the same care as policies and never decide anything. Proving them
is `proving`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

import cedarpy
import msgspec

from consent_service.policy.bundle import BundleError
from consent_service.policy.lint import PolicyJson, product_problems, text_problems
from consent_service.policy.reasons import PolicyProblem

FOLDER: Final = "invariants"
CORE_FILE: Final = "core.cedar"
LANGUAGES: Final = ("nl", "en")
MAX_INVARIANTS: Final = 100

_ID: Final = re.compile(r"never\.[a-z0-9_]+")


class Invariant(msgspec.Struct, frozen=True):
    """What must never be allowed: its code, the policy that matches it, and its words per language."""

    id: str
    policy: PolicyJson
    says: Mapping[str, str]


class _PolicySetJson(msgspec.Struct, frozen=True, rename="camel"):
    """Cedar's JSON form of a policy set."""

    static_policies: dict[str, PolicyJson]
    templates: dict[str, object] = {}


def core_invariants(schema: cedarpy.Schema) -> tuple[Invariant, ...]:
    """Those that hold for every bundle.

    Raises:
        BundleError: the schema does not let them be said any more.
    """
    problems: list[PolicyProblem] = []
    text = (files(__package__) / CORE_FILE).read_text(encoding="utf-8")
    found = tuple(_read(CORE_FILE, text, schema, problems=problems))
    return _checked(found, problems)


def own_invariants(folder: Path, schema: cedarpy.Schema) -> tuple[Invariant, ...]:
    """Those in a folder of policies, beside the core; it need not have any.

    Raises:
        BundleError: with every problem found.
    """
    problems: list[PolicyProblem] = []
    found: list[Invariant] = []
    for path in sorted((folder / FOLDER).rglob("*")):
        where = path.relative_to(folder).as_posix()
        if path.parent != folder / FOLDER or path.suffix != ".cedar":
            problems.append(PolicyProblem(where, "misplaced", f"{FOLDER}/*.cedar"))
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(PolicyProblem(where, "unreadable", type(error).__name__))
            continue
        found += _read(where, text, schema, problems=problems)
    core = {invariant.id for invariant in core_invariants(schema)}
    taken = [invariant.id for invariant in found if invariant.id in core]
    problems += [PolicyProblem(FOLDER, "duplicate_id", identifier) for identifier in taken]
    return _checked(tuple(found), problems)


def standing_invariants(texts: Mapping[str, str], schema: cedarpy.Schema) -> tuple[Invariant, ...]:
    """Those in texts by file, of rules that passed their checks before; in the order of their ids.

    Nothing is refused any more, and what the core says by now is left to the core.
    """
    core = {invariant.id for invariant in core_invariants(schema)}
    found = (
        invariant for where, text in texts.items() for invariant in _read(where, text, schema, problems=[])
    )
    return tuple(sorted((one for one in found if one.id not in core), key=lambda one: one.id))


def _read(
    where: str, text: str, schema: cedarpy.Schema, *, problems: list[PolicyProblem]
) -> Iterator[Invariant]:
    """The invariants of one file; nothing is parsed that is not safe to parse."""
    unsafe = tuple(text_problems(where, text))
    problems += unsafe
    if unsafe:
        return
    try:
        read = msgspec.json.decode(cedarpy.policies_to_json_str(text), type=_PolicySetJson)
    except ValueError as error:
        problems.append(PolicyProblem(where, "malformed", str(error)))
        return
    if read.templates:
        problems.append(PolicyProblem(where, "template", ""))
    found = cedarpy.validate_policies(text, schema).errors
    problems += [PolicyProblem(where, "invalid", finding.error) for finding in found]
    for policy in read.static_policies.values():
        identifier = policy.annotation("id")
        problems += _problems(f"{where} {identifier or '(no id)'}", policy)
        says = {language: policy.annotation(language) for language in LANGUAGES}
        yield Invariant(identifier, policy, says)


def _problems(where: str, policy: PolicyJson) -> Iterator[PolicyProblem]:
    if policy.effect != "forbid":
        yield PolicyProblem(where, "invariant_permits", "")
    if not _ID.fullmatch(policy.annotation("id")):
        yield PolicyProblem(where, "id_form", f'"{policy.annotation("id")}": "never.name"')
    yield from product_problems(policy, where=where)
    for language in LANGUAGES:
        if not policy.annotation(language):
            yield PolicyProblem(where, "annotation_missing", f"@{language}")
    for name in sorted(policy.annotations.keys() - {"id", *LANGUAGES}):
        yield PolicyProblem(where, "annotation_unknown", f"@{name}")


def _checked(found: tuple[Invariant, ...], problems: list[PolicyProblem]) -> tuple[Invariant, ...]:
    ids = [invariant.id for invariant in found]
    twice = sorted({identifier for identifier in ids if ids.count(identifier) > 1})
    problems += [PolicyProblem(FOLDER, "duplicate_id", identifier) for identifier in twice]
    if len(found) > MAX_INVARIANTS:
        problems.append(PolicyProblem(FOLDER, "too_many", f"{len(found)} > {MAX_INVARIANTS}"))
    if problems:
        raise BundleError(problems)
    return found
