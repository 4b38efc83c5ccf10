"""What stands in the schema and is used by nothing: a word nobody needs, or a fact nobody reads.

Pure. An entity that nothing refers to is a mistake. A fact that no policy reads, or a name that no policy, no
information type and no case uses, may be meant for later: it is told, and refuses nothing. Information types
that no case gives are found by `coverage`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

import msgspec

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle
from consent_service.policy.coverage import AskedCase
from consent_service.policy.facts import catalogue_entities, named_by_question, named_by_type
from consent_service.policy.lint import named_entities
from consent_service.policy.mutants import fact_path
from consent_service.policy.plain.speakable import speakable
from consent_service.policy.reasons import PolicyProblem
from consent_service.policy.sources import SCHEMA_FILE

_DECLARED: Final = re.compile(r"^(?:entity|type) (\w+)", re.MULTILINE)


def unused_declarations(bundle: Bundle) -> Iterator[PolicyProblem]:
    """Entities and types of the schema that nothing in it refers to."""
    text = str(bundle.schema)
    for name in _DECLARED.findall(text):
        if len(re.findall(rf"\b{name}\b", text)) == 1:
            yield PolicyProblem(SCHEMA_FILE, "schema_unused", name)


def unread_facts(bundle: Bundle) -> Iterator[PolicyProblem]:
    """Facts that are given with each question and read by no policy (AVG 5(1)(c): no more than is needed)."""
    read = set(chain.from_iterable(_facts_in(policy.conditions) for policy in bundle.source.values()))
    for path in sorted(speakable(bundle.schema).facts):
        if not any(one == path or one.startswith(f"{path}.") for one in read):
            yield PolicyProblem(SCHEMA_FILE, "fact_unread", path)


def unused_names(bundle: Bundle, catalogue: Catalogue, cases: Iterable[AskedCase]) -> Iterator[PolicyProblem]:
    """Names of an enumeration that no policy, no information type and no case uses."""
    used = set(chain.from_iterable(_named_in_case(asked) for asked in cases))
    used |= set(named_entities([policy.conditions for policy in bundle.source.values()]))
    used |= set(_named_in_catalogue(catalogue))
    for kind, names in sorted(speakable(bundle.schema).names.items()):
        for name in names:
            if (kind, name) not in used:
                yield PolicyProblem(SCHEMA_FILE, "name_unused", f'{kind}::"{name}"')


def _facts_in(expression: object) -> Iterator[str]:
    """Every fact an expression reads, by its path."""
    path = fact_path(expression)
    if path:
        yield path
    elif isinstance(expression, dict):
        for part in expression.values():
            yield from _facts_in(part)
    elif isinstance(expression, list | tuple):
        for part in expression:
            yield from _facts_in(part)


def _named_in_case(asked: AskedCase) -> Iterator[tuple[str, str]]:
    yield from named_by_question(asked.question)
    for facts in asked.question.types:
        yield from named_by_type(facts)


def _named_in_catalogue(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    return named_entities(msgspec.json.decode(catalogue_entities(catalogue.types)))
