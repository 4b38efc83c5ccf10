"""Which entities there are: what a question names and what a policy names has to be one of them.

Cedar takes an entity that nobody knows for one that equals nothing and has no attributes, so that a permit
without a scope would say yes about it. `decision` therefore asks here first. Pure; the schema and the
catalogue are read once, when a bundle is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import cedarpy
import msgspec

from consent_service.foundation.ids import TypeKey
from consent_service.policy.facts import Name, Question, TypeFacts, named_by_question, named_by_type
from consent_service.policy.lint import PolicyJson, named_entities

_ENUM: Final = re.compile(r"^entity (\w+) enum \[([^\]]*)\];", re.MULTILINE)
_ACTION: Final = re.compile(r"^action ([^{]*?) appliesTo", re.MULTILINE)
_QUOTED: Final = re.compile(r'"([^"]*)"')


class Vocabulary(msgspec.Struct, frozen=True):
    """Every entity that can be meant. `strangers`: those that a policy names and that are not among them."""

    names: frozenset[Name]
    strangers: tuple[Name, ...] = ()

    def knows_question(self, question: Question) -> bool:
        """What is asked for, by which role, on which ground and in which situation; the types apart."""
        return not self.strangers and self.names.issuperset(named_by_question(question))

    def knows_type(self, facts: TypeFacts) -> bool:
        """The type, and each value of the facts about it."""
        return self.names.issuperset(named_by_type(facts))


def vocabulary_of(
    schema: cedarpy.Schema, types: Iterable[TypeKey], policies: Mapping[str, PolicyJson]
) -> Vocabulary:
    """The enumerations and actions of the schema and the types of the catalogue."""
    names = frozenset([*_declared(str(schema)), *(("InformationType", key) for key in types)])
    meant = {
        name
        for policy in policies.values()
        for name in named_entities([policy.principal, policy.action, policy.resource, policy.conditions])
    }
    return Vocabulary(names, tuple(sorted(meant - names)))


def _declared(schema: str) -> Iterator[Name]:
    """Cedar writes a schema always alike, whatever it was read from."""
    for kind, values in _ENUM.findall(schema):
        yield from ((kind, value) for value in _QUOTED.findall(values))
    for actions in _ACTION.findall(schema):
        yield from (("Action", action) for action in _QUOTED.findall(actions))
