"""Policies made up at random, mostly with right types and sometimes not, in everything that is encoded."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, Literal

Kind = Literal["truth", "count", "role", "roles", "counts", "record"]
_COUNTS: Final = ("resource.yes", "resource.holders", "resource.excused", "context.asked", "{n: 3}.n")
_TRUTHS: Final = (
    "context.preview",
    "resource.own_yes",
    "resource.type.locating",
    "resource.emergency",
    "true",
)
_ROLES: Final = ("principal.role", 'Role::"contact"', 'Role::"teacher"', 'SchoolReader::"reader".role')
_SETS: Final = ("resource.type.readers", "resource.type.writers", "[]", 'InformationType::"pickup".readers')
_SCOPES: Final = (
    "principal, action, resource",
    'principal is SchoolReader, action == Action::"release", resource',
    'principal, action in [Action::"share"], resource is Requested',
)


class Inventor:
    """Makes Cedar text. One time in twenty it takes an expression of another type than belongs there."""

    def __init__(self, chance: random.Random, types: tuple[str, ...]) -> None:
        self._chance = chance
        self._types = types
        self._makers: dict[Kind, tuple[Callable[[int], str], ...]] = {
            "truth": (
                lambda depth: f"!({self._any('truth', depth)})",
                lambda depth: self._binary("truth", ("&&", "||", "=="), depth),
                lambda depth: self._binary("count", ("<", "<=", ">", ">=", "==", "!="), depth),
                lambda depth: self._binary("role", ("==", "!=", "in"), depth),
                lambda depth: f"({self._any('role', depth)} in {self._any('roles', depth)})",
                lambda depth: f"({self._any('roles', depth)}).contains({self._any('role', depth)})",
                lambda depth: f"({self._any('counts', depth)}).contains({self._any('count', depth)})",
                lambda depth: self._compared("roles", depth),
                lambda depth: self._compared("counts", depth),
                lambda depth: f"({self._any('roles', depth)}).isEmpty()",
                lambda depth: f"({self._any('record', depth)} has n)",
                lambda depth: self._binary("record", ("==",), depth),
                lambda _: f'(resource == Requested::"{self._chance.choice(self._types)}")',
                lambda _: f'(resource.type == InformationType::"{self._chance.choice(self._types)}")',
                lambda _: f"(principal is {self._chance.choice(('SchoolReader', 'ShelterReader'))})",
            ),
            "count": (
                lambda depth: self._binary("count", ("+", "-", "*"), depth),
                lambda depth: f"(-({self._any('count', depth)}))",
                lambda depth: f"({self._any('record', depth)}).n",
                lambda _: str(self._chance.choice((0, 1, 2, 2**62, 2**63 - 1))),
            ),
            "role": (),
            "roles": (lambda depth: f"[{self._any('role', depth)}, {self._any('role', depth)}]",),
            "counts": (lambda depth: f"[{self._any('count', depth)}, {self._any('count', depth)}]",),
            "record": (lambda depth: f"{{n: {self._any('count', depth)}, m: {self._any('role', depth)}}}",),
        }

    def policy(self) -> str:
        scope = self._chance.choice(_SCOPES)
        kinds = self._chance.choices(("when", "unless"), k=self._chance.randint(1, 2))
        conditions = " ".join(f"{kind} {{ {self._any('truth', 4)} }}" for kind in kinds)
        return f"permit ({scope}) {conditions};"

    def _any(self, kind: Kind, depth: int) -> str:
        if self._chance.random() < 0.05:
            kind = self._chance.choice(("truth", "count", "role", "roles", "counts", "record"))
        if depth <= 0:
            return self._leaf(kind)
        if self._chance.random() < 0.1:
            one, other = self._any(kind, depth - 1), self._any(kind, depth - 1)
            return f"(if {self._any('truth', depth - 1)} then {one} else {other})"
        if not self._makers[kind] or self._chance.random() < 0.2:
            return self._leaf(kind)
        return self._chance.choice(self._makers[kind])(depth - 1)

    def _leaf(self, kind: Kind) -> str:
        leaves: dict[Kind, tuple[str, ...]] = {
            "truth": _TRUTHS,
            "count": _COUNTS,
            "role": _ROLES,
            "roles": _SETS,
            "counts": ("[1, resource.yes]", "[]"),
            "record": ("{n: resource.yes}", "{m: 1}", "context"),
        }
        return self._chance.choice(leaves[kind])

    def _binary(self, kind: Kind, operators: tuple[str, ...], depth: int) -> str:
        operator = self._chance.choice(operators)
        return f"({self._any(kind, depth)} {operator} {self._any(kind, depth)})"

    def _compared(self, kind: Kind, depth: int) -> str:
        method = self._chance.choice(("containsAll", "containsAny"))
        return f"({self._any(kind, depth)}).{method}({self._any(kind, depth)})"
