"""What a policy may speak about, read from the schema, so that each of it is sure to have words.

Pure. Reads the schema's text as the engine writes it back, which has one form whatever the file looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal

import cedarpy
import msgspec

FactKind = Literal["yes_no", "number", "choice", "several", "other"]
"""`choice`: one of some names; `several`: a set of names; `other`: nothing that words are asked for."""

_ENUM: Final = re.compile(r"^entity (\w+) enum \[(.*)\];$", re.MULTILINE)
_STRUCT: Final = re.compile(r"^(?:entity|type) (\w+) = \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"^  (\w+)\??: ([\w<>]+),?$", re.MULTILINE)
_ACTION: Final = re.compile(r'^action "([^"]*)"', re.MULTILINE)
_ABOUT: Final = re.compile(
    r'^action "[^"]*" appliesTo \{\n  principal: \[(.*)\],\n  resource: \[(.*)\],\n  context: (\w+)\n\}',
    re.MULTILINE,
)
_DEEPEST: Final = 3
"""Attributes in a path; deeper ones are asked no words, so that a schema cannot ask for endless ones."""
_PLAIN: Final[Mapping[str, FactKind]] = {"Bool": "yes_no", "Long": "number"}


class FactSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fact a condition can be about, and what its names are names of (a choice or a set)."""

    kind: FactKind
    named: str = ""


class Speakable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Facts by their path (`resource.type.level`), names per kind, who may ask, and actions."""

    facts: Mapping[str, FactSpec]
    names: Mapping[str, tuple[str, ...]]
    askers: tuple[str, ...]
    actions: tuple[str, ...]


def speakable(schema: cedarpy.Schema) -> Speakable:
    """Everything that a policy valid under this schema can name."""
    text = str(schema)
    names = {kind: tuple(re.findall(r'"([^"]*)"', listed)) for kind, listed in _ENUM.findall(text)}
    structs = {name: dict(_ATTRIBUTE.findall(body)) for name, body in _STRUCT.findall(text)}
    about = _ABOUT.findall(text)
    askers = sorted({asker for principals, _, _ in about for asker in _split(principals)})
    roots = {("principal", asker) for asker in askers}
    for _, resources, context in about:
        roots |= {("context", context)} | {("resource", resource) for resource in _split(resources)}
    return Speakable(
        facts=dict(fact for path, kind in sorted(roots) for fact in _facts(path, kind, structs, names)),
        names=names,
        askers=tuple(askers),
        actions=tuple(_ACTION.findall(text)),
    )


def _facts(
    path: str, kind: str, structs: Mapping[str, Mapping[str, str]], names: Mapping[str, object]
) -> Iterator[tuple[str, FactSpec]]:
    """The attributes below this path; an entity that has attributes of its own is a choice as well."""
    for attribute, of in structs.get(kind, {}).items():
        here = f"{path}.{attribute}"
        item = of.removeprefix("Set<").removesuffix(">")
        if of in _PLAIN:
            yield here, FactSpec(_PLAIN[of])
        elif item not in names and item not in structs:
            yield here, FactSpec("other")
        else:
            yield here, FactSpec("several" if of != item else "choice", item)
        if of in structs and here.count(".") < _DEEPEST:
            yield from _facts(here, of, structs, names)


def _split(listed: str) -> list[str]:
    return listed.split(", ")
