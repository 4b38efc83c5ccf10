"""A found situation written down as a case for `policies/tests/`: a base, and only what differs from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from consent_service.information.model import Catalogue
from consent_service.policy.facts import Question
from consent_service.policy.proofs.vocabulary import ORDINARY, question_of_facts

Bases = Mapping[str, Mapping[str, str | int | bool]]
"""The bases of a folder's cases (`policy.coverage.Table.bases`)."""

ORDINARY_BASES: Final[Bases] = {"school_reads": ORDINARY}


def case_text(
    name: str,
    question: Question,
    *,
    preview: bool,
    determining: Iterable[str],
    catalogue: Catalogue,
    bases: Bases = ORDINARY_BASES,
) -> str:
    """The case as it comes out now, relative to the base that it has most in common with.

    Types that are asked beside it have the same facts, their own level apart.
    """
    base, change = _closest(question, catalogue, bases)
    beside = question.types[1:]
    lines = [
        "[[cases]]",
        f"name = {_toml(name)}",
        f"base = {_toml(base)}",
        f"type = {_toml(question.types[0].key)}",
        *(
            [f"change = {{ {', '.join(f'{fact} = {_toml(change[fact])}' for fact in change)} }}"]
            if change
            else []
        ),
        *(["preview = true"] if preview else []),
        *([f"also = [{', '.join(_toml(one.key) for one in beside)}]"] if beside else []),
        'expect = "permit"  # so it is now; write here why it has to be refused',
        f"by = [{', '.join(map(_toml, determining))}]",
    ]
    return "\n".join(lines) + "\n"


def _closest(
    question: Question, catalogue: Catalogue, bases: Bases
) -> tuple[str, dict[str, str | int | bool]]:
    """The base with the fewest changes, and these."""
    changes = {name: _change(question, base, catalogue) for name, base in bases.items()}
    name = min(changes, key=lambda name: (len(changes[name]), name))
    return name, changes[name]


def _change(
    question: Question, base: Mapping[str, str | int | bool], catalogue: Catalogue
) -> dict[str, str | int | bool]:
    kind = catalogue.types[question.types[0].key]
    own = {"key": kind.key, "level": kind.level, "purpose": kind.purposes[0]}
    plain = _facts(question_of_facts({**ORDINARY, **own, **base}))
    return {name: value for name, value in _facts(question).items() if value != plain[name]}


def _facts(question: Question) -> dict[str, str | int | bool]:
    """Every fact by its name, whichever struct it stands in, save who and where."""
    structs = (question, question.reader, question.relationship, question.types[0])
    aside = {"reader", "relationship", "types", "id", "tenant"}
    return {
        name: getattr(one, name) for one in structs for name in one.__struct_fields__ if name not in aside
    }


def _toml(value: str | int | bool) -> str:
    """Strings, whole numbers and truth values are written in TOML as in JSON."""
    return json.dumps(value, ensure_ascii=True)
