"""What an expression can be: values of Cedar that depend on the variables of a request.

An expression is a choice between cases, each with the condition under which it is that value, and the
condition under which evaluating it is an error. Where it is no error exactly one case holds. What the
operators do with them is `operations`.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from consent_service.policy.proofs.terms import Term


class Truth(msgspec.Struct, frozen=True):
    """A Bool."""

    term: Term


class Number(msgspec.Struct, frozen=True):
    """A Long."""

    term: Term


class Text(msgspec.Struct, frozen=True):
    """A String; policies have them as literals only, facts never are."""

    text: str


class Entity(msgspec.Struct, frozen=True):
    """An entity by its type and id."""

    type: str
    id: str


class Asked(msgspec.Struct, frozen=True):
    """The one thing that is asked for, whose id depends on the request."""

    type: str


class Many(msgspec.Struct, frozen=True):
    """A Set; none of its elements is an error."""

    elements: tuple[Symbolic, ...]


class Fields(msgspec.Struct, frozen=True):
    """A record; none of its fields is an error."""

    fields: tuple[tuple[str, Symbolic], ...]


Value: TypeAlias = Truth | Number | Text | Entity | Asked | Many | Fields


class Symbolic(msgspec.Struct, frozen=True):
    """What an expression is, case by case, and when it is an error."""

    cases: tuple[tuple[Term, Value], ...]
    error: Term
