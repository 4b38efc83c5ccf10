"""What policies can be told: every fact of a question, read off the facts as they go to Cedar.

The variables of a proof are made of this and not of the schema, because a schema only promises what
`policy.facts` gives. A schema that promises more (a tenant, an id, a name) is found by `foreign_lines`.
What a fact is in a particular request is `situation`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, get_args, get_type_hints

import msgspec

from consent_service.foundation.ids import TypeKey
from consent_service.information.model import InformationType, SchoolRole
from consent_service.policy.facts import (
    Action,
    Question,
    Reader,
    ReaderKind,
    RelationshipFacts,
    TypeFacts,
    catalogue_entities,
    question_entities,
    requests,
)

Json = Mapping[str, object]
"""An object of Cedar's JSON form."""

ROLES: Final = (*get_args(SchoolRole), "counsellor", "holder")
"""A role is text in a question; one that is none of these is refused before any policy is asked."""

ORDINARY: Final[dict[str, str | int | bool]] = {
    "action": "release",
    "kind": "school",
    "id": "reader",
    "role": "contact",
    "basis": "consent",
    "tenant": "tenant",
    "relationship": "relationship",
    "active": True,
    "agreement_valid": True,
    "active_contact": True,
    "assigned": False,
    "safety": "no_known_danger",
    "secret_address": False,
    "direction": "s2c",
    "holders": 2,
    "authority_known": True,
    "yes": 1,
    "objecting": 0,
    "own_yes": False,
    "child_answer": "none",
    "voice": "heard",
    "lapse": "none",
    "gate": "open",
    "second_approved": False,
}
"""A question in which everything is in order: what a found situation has in common with it says nothing."""

_INFORMATION_TYPE: Final = "InformationType"
_FIELDS: Final = {"relationship_active": "active", "type": "key"}
"""Attributes that are called otherwise in the structs."""


class Fact(msgspec.Struct, frozen=True):
    """One fact: its field in a question, its attribute in a policy, and what it can be.

    values: the ids of the entities it can be, of type `kind`; none for a Bool or a Long.
    """

    name: str
    attribute: str
    kind: str
    values: tuple[str, ...] = ()


class Vocabulary(msgspec.Struct, frozen=True):
    """The facts by what carries them. `readers`: the entity that stands for who asks, per kind of reader."""

    readers: Mapping[ReaderKind, tuple[str, str]]
    actions: tuple[Action, ...]
    requested: str
    of_reader: tuple[Fact, ...]
    of_requested: tuple[Fact, ...]
    of_context: tuple[Fact, ...]

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All of them."""
        return (*self.of_reader, *self.of_requested, *self.of_context)


def vocabulary(types: Sequence[TypeKey]) -> Vocabulary:
    """Everything a question about one of these types tells."""
    sample = ordinary_question(types[0])
    (request,) = requests(sample, sample.types, preview=False)
    reader, requested = _entities(question_entities(sample, sample.types))
    return Vocabulary(
        readers={kind: _principal(sample, kind) for kind in get_args(ReaderKind)},
        actions=get_args(Action),
        requested=_reference(request["resource"])[0],
        of_reader=_facts(reader, types),
        of_requested=_facts(requested, types),
        of_context=_facts(msgspec.json.decode(str(request["context"]), type=dict[str, object]), types),
    )


def ordinary_question(key: TypeKey) -> Question:
    """The ordinary question about this type, as if it were an ordinary one too."""
    return question_of_facts({**ORDINARY, "key": key, "level": "O", "purpose": "support"})


def question_of_facts(given: Mapping[str, str | int | bool]) -> Question:
    """The question in which these are the facts; what is not given is as the structs say."""
    structs = {"reader": Reader, "relationship": RelationshipFacts, "types": TypeFacts}
    parts = {
        name: {field: given[field] for field in struct.__struct_fields__ if field in given}
        for name, struct in structs.items()
    }
    whole = {name: given[name] for name in ("action", "purpose", "basis")}
    return msgspec.convert({**whole, **parts, "types": [parts["types"]]}, Question)


def catalogue_attributes(types: Mapping[TypeKey, InformationType]) -> dict[str, dict[str, object]]:
    """What the catalogue says about each type, by its id, in Cedar's JSON form."""
    found = msgspec.json.decode(catalogue_entities(types), type=list[_EntityJson])
    return {entity.uid.id: entity.attrs for entity in found}


def foreign_lines(
    schema: str, words: Vocabulary, types: Mapping[TypeKey, InformationType]
) -> tuple[str, ...]:
    """What a schema, as Cedar prints it, promises beyond what is given: no policy could rely on it.

    Of each line of Cedar's own rendering the form is known, so that nothing is overlooked.
    """
    sets = _set_types(types)
    given = {f"{fact.attribute}: {fact.kind}" for fact in words.facts} | sets
    kinds = {name for name, _ in words.readers.values()} | {words.requested, _INFORMATION_TYPE}
    allowed = (
        re.compile(r"entity \w+ enum \[.*\];|type \w+ = \{|\};?|"),
        re.compile(rf"entity (?:{'|'.join(sorted(kinds))}) = \{{"),
        re.compile(rf'action "(?:{"|".join(words.actions)})" appliesTo \{{'),
        re.compile(r"(?:principal|resource): \[[\w, ]*\]|context: (?:\w+|\{)"),
    )
    lines = (line.strip().removesuffix(",") for line in schema.splitlines())
    return tuple(
        line for line in lines if line not in given and not any(form.fullmatch(line) for form in allowed)
    )


class _Reference(msgspec.Struct, frozen=True):
    """An entity in Cedar's JSON form."""

    type: str
    id: str


class _EntityJson(msgspec.Struct, frozen=True):
    """An entity with its attributes in Cedar's JSON form."""

    uid: _Reference
    attrs: dict[str, object]
    parents: list[object] = []


def reference(value: object) -> tuple[str, str] | None:
    """Type and id of the entity that this JSON value refers to, if it is a reference."""
    match value:
        case {"__entity": {"type": str(kind), "id": str(identifier), **more}, **rest} if (
            not more and not rest
        ):
            return kind, identifier
        case _:
            return None


def _reference(value: object) -> tuple[str, str]:
    found = msgspec.convert(value, _Reference)
    return found.type, found.id


def _entities(text: str) -> list[dict[str, object]]:
    return [entity.attrs for entity in msgspec.json.decode(text, type=list[_EntityJson])]


def _principal(sample: Question, kind: ReaderKind) -> tuple[str, str]:
    reader = msgspec.structs.replace(sample.reader, kind=kind)
    asked = msgspec.structs.replace(sample, reader=reader)
    (request,) = requests(asked, asked.types, preview=False)
    return _reference(request["principal"])


def _facts(attributes: Mapping[str, object], types: Sequence[TypeKey]) -> tuple[Fact, ...]:
    return tuple(_fact(name, value, types) for name, value in attributes.items())


def _fact(attribute: str, value: object, types: Sequence[TypeKey]) -> Fact:
    """Its values are those that the type of the field in the struct allows."""
    name = _FIELDS.get(attribute, attribute)
    referred = reference(value)
    if referred is None:
        return Fact(name, attribute, {bool: "Bool", int: "Long"}[type(value)])
    special: dict[str, tuple[str, ...]] = {"key": tuple(types), "role": ROLES}
    return Fact(name, attribute, referred[0], special.get(name) or get_args(_HINTS[name]))


def _set_types(types: Mapping[TypeKey, InformationType]) -> set[str]:
    """How the schema writes what the catalogue says about a type."""
    found = set()
    for attributes in catalogue_attributes(types).values():
        for name, value in attributes.items():
            if isinstance(value, list):
                found |= {f"{name}: Set<{kind}>" for kind, _ in filter(None, map(reference, value))}
            else:
                referred = reference(value)
                found.add(f"{name}: {referred[0] if referred else 'Bool'}")
    return found


_HINTS: Final[dict[str, object]] = {
    name: hint
    for struct in (Question, Reader, RelationshipFacts, TypeFacts)
    for name, hint in get_type_hints(struct).items()
}
