"""Policies in Cedar's JSON form as terms: when one matches, and when evaluating it is an error.

The JSON form is what the engine itself is given (`Bundle.source`), so nothing lies in between. What is not
known here is never guessed: it makes the proof fail (`NotProvableError`). The decision follows
`policy.decision`: some permit matches, no forbid does, and no policy is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from consent_service.policy.lint import PolicyJson
from consent_service.policy.proofs.operations import Operations
from consent_service.policy.proofs.situation import World
from consent_service.policy.proofs.terms import NotProvableError, Term, Terms
from consent_service.policy.proofs.values import Entity, Many, Number, Symbolic, Text, Truth
from consent_service.policy.proofs.vocabulary import Json, reference

MAX_DEPTH: Final = 300
"""Deeper expressions are not looked into; `a && b && c` is two deep."""


_Binary = Callable[[Symbolic, Symbolic], Symbolic]

_OPERANDS: Final = {
    ".": ({"left", "attr"},),
    "has": ({"left", "attr"},),
    "is": ({"left", "entity_type"}, {"left", "entity_type", "in"}),
    "if-then-else": ({"if", "then", "else"},),
}
"""What each special operator is given; a record may have any names."""


class Encoded(msgspec.Struct, frozen=True):
    """A policy: when it matches, and when it is an error instead."""

    matches: Term
    error: Term


class Encoder:
    """Makes terms of the policies of one world.

    Raises:
        NotProvableError: by each method, naming what it does not know.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._terms = world.situation.terms
        self._operations = world.operations
        self._binary = {**_logical(world.operations), **_numeric(world.operations, self._terms)}
        self._unary: dict[str, Callable[[Symbolic], Symbolic]] = {
            "!": world.operations.negation,
            "neg": self._opposite,
            "isEmpty": world.operations.is_empty,
        }
        self._special: dict[str, Callable[[Json], Symbolic]] = {
            ".": self._access,
            "has": self._presence,
            "is": self._kind,
            "if-then-else": self._choice,
            "Record": self._record,
        }
        self._variables = {
            "principal": world.situation.principal(),
            "action": world.situation.action(),
            "resource": world.situation.resource(),
            "context": world.situation.context(),
        }

    def allows(self, policies: Iterable[PolicyJson]) -> Term:
        """When the decision is yes."""
        encoded = [(policy.effect, self.policy(policy)) for policy in policies]
        permits = (one.matches for effect, one in encoded if effect == "permit")
        forbids = (one.matches for effect, one in encoded if effect == "forbid")
        errors = (one.error for _, one in encoded)
        stopped = self._terms.any_of(*forbids, *errors)
        return self._terms.all_of(
            self._world.has_type(), self._terms.any_of(*permits), self._terms.negated(stopped)
        )

    def policy(self, policy: PolicyJson) -> Encoded:
        """When a policy matches: its scope first, then each condition, as far as needed."""
        scopes = {"principal": policy.principal, "action": policy.action, "resource": policy.resource}
        result = self._operations.one(Truth(self._terms.true))
        for name, scope in scopes.items():
            result = self._operations.both(result, self._scope(name, _object(scope)))
        for condition in policy.conditions:
            result = self._operations.both(result, self._condition(_object(condition)))
        holds, error = self._operations.truth(result)
        return Encoded(self._terms.all_of(holds, self._terms.negated(error)), error)

    def expression(self, expression: object) -> Symbolic:
        """What an expression is."""
        if _depth(expression) > MAX_DEPTH:
            raise NotProvableError(f"an expression more than {MAX_DEPTH} deep")
        return self._expression(expression)

    def _condition(self, condition: Json) -> Symbolic:
        body = self.expression(condition.get("body"))
        match condition.get("kind"):
            case "when":
                return body
            case "unless":
                return self._operations.negation(body)
            case kind:
                raise NotProvableError(f"a condition of kind {kind}")

    def _scope(self, name: str, scope: Json) -> Symbolic:
        """A scope says the same as an expression about its variable."""
        given = self._variables[name]
        match scope:
            case {"op": "All", **rest} if not rest:
                return self._operations.one(Truth(self._terms.true))
            case {"op": "==", "entity": entity, **rest} if not rest:
                return self._operations.equality(given, self._literal({"__entity": entity}))
            case {"op": "in", "entity": entity, **rest} if not rest:
                return self._operations.within(given, self._literal({"__entity": entity}))
            case {"op": "in", "entities": list(entities), **rest} if not rest:
                members = tuple(self._literal({"__entity": entity}) for entity in entities)
                return self._operations.within(given, self._operations.collection(members))
            case {"op": "is", "entity_type": str(kind), **rest} if not rest:
                return self._operations.of_type(given, kind)
            case {"op": "is", "entity_type": str(kind), "in": {"entity": entity}, **rest} if not rest:
                inside = self._operations.within(given, self._literal({"__entity": entity}))
                return self._operations.both(self._operations.of_type(given, kind), inside)
            case _:
                raise NotProvableError(f"this scope of {name}")

    def _expression(self, expression: object) -> Symbolic:
        match expression:
            case {"Var": str(name), **rest} if not rest and name in self._variables:
                return self._variables[name]
            case {"Value": value, **rest} if not rest:
                return self._literal(value)
            case {"Set": list(elements), **rest} if not rest:
                return self._operations.collection(tuple(map(self._expression, elements)))
            case dict() if len(expression) == 1:
                ((operator, operands),) = expression.items()
                return self._operation(operator, _object(operands))
            case _:
                raise NotProvableError("an expression of an unknown form")

    def _operation(self, operator: str, operands: Json) -> Symbolic:
        if operator in self._special and operands.keys() in _OPERANDS.get(operator, (operands.keys(),)):
            return self._special[operator](operands)
        if operator in self._binary and operands.keys() == {"left", "right"}:
            left, right = self._expression(operands["left"]), self._expression(operands["right"])
            return self._binary[operator](left, right)
        if operator in self._unary and operands.keys() == {"arg"}:
            return self._unary[operator](self._expression(operands["arg"]))
        raise NotProvableError(f"the operator {operator}")

    def _literal(self, value: object) -> Symbolic:
        referred = reference(value)
        if referred is not None:
            return self._operations.one(self._entity(*referred))
        match value:
            case bool():
                return self._operations.one(Truth(self._terms.true if value else self._terms.false))
            case int():
                return self._operations.one(Number(self._terms.constant(value)))
            case str():
                return self._operations.one(Text(value))
            case _:
                raise NotProvableError("a literal of an unknown form")

    def _entity(self, kind: str, identifier: str) -> Entity:
        """An action that nobody asks for may be a group of actions, which is more than being equal."""
        if kind == "Action" and identifier not in self._world.situation.words.actions:
            raise NotProvableError(f'{kind}::"{identifier}"')
        return Entity(kind, identifier)

    def _opposite(self, given: Symbolic) -> Symbolic:
        zero = self._operations.one(Number(self._terms.constant(0)))
        return self._operations.arithmetic(zero, given, self._terms.difference)

    def _access(self, operands: Json) -> Symbolic:
        """An attribute; an error where the value carries none of that name."""
        given, name = self._expression(operands["left"]), str(operands["attr"])
        cases, errors = [], [given.error]
        for guard, value in given.cases:
            found = self._world.attribute(value, name)
            if found is None:
                errors.append(guard)
                continue
            errors.append(self._terms.all_of(guard, found.error))
            cases += [(self._terms.all_of(guard, inner), value) for inner, value in found.cases]
        return self._operations.merged(cases, self._terms.any_of(*errors))

    def _presence(self, operands: Json) -> Symbolic:
        """`has`: an entity that is not there carries nothing; what is no entity or record is an error."""
        given, name = self._expression(operands["left"]), str(operands["attr"])
        held, errors = [], [given.error]
        for guard, value in given.cases:
            if isinstance(value, Truth | Number | Text | Many):
                errors.append(guard)
                continue
            found = self._world.attribute(value, name)
            if found is not None:
                held.append(self._terms.all_of(guard, self._terms.negated(found.error)))
        return self._operations.one(Truth(self._terms.any_of(*held)), self._terms.any_of(*errors))

    def _kind(self, operands: Json) -> Symbolic:
        """`is`, and `is in`: that looks inside only what is of the type."""
        given = self._expression(operands["left"])
        of_type = self._operations.of_type(given, str(operands["entity_type"]))
        if "in" not in operands:
            return of_type
        return self._operations.both(
            of_type, self._operations.within(given, self._expression(operands["in"]))
        )

    def _choice(self, operands: Json) -> Symbolic:
        parts = (self._expression(operands[part]) for part in ("if", "then", "else"))
        return self._operations.choice(*parts)

    def _record(self, operands: Json) -> Symbolic:
        return self._operations.record({name: self._expression(operands[name]) for name in operands})


def _logical(on: Operations) -> dict[str, _Binary]:
    """Operators about truth, equality and sets."""
    return {
        "&&": on.both,
        "||": on.either,
        "==": on.equality,
        "!=": lambda left, right: on.negation(on.equality(left, right)),
        "in": on.within,
        "contains": on.contains,
        "containsAll": on.contains_all,
        "containsAny": on.contains_any,
    }


def _numeric(on: Operations, terms: Terms) -> dict[str, _Binary]:
    """Operators about Longs."""
    return {
        "<": lambda left, right: on.comparison(left, right, or_equal=False),
        "<=": lambda left, right: on.comparison(left, right, or_equal=True),
        ">": lambda left, right: on.comparison(right, left, or_equal=False),
        ">=": lambda left, right: on.comparison(right, left, or_equal=True),
        "+": lambda left, right: on.arithmetic(left, right, terms.sum),
        "-": lambda left, right: on.arithmetic(left, right, terms.difference),
        "*": lambda left, right: on.arithmetic(left, right, terms.product),
    }


def _object(value: object) -> Mapping[str, object]:
    if isinstance(value, dict):
        return value
    raise NotProvableError("an expression of an unknown form")


def _depth(expression: object) -> int:
    """How deep it is, found without recursion."""
    deepest, waiting = 0, [(expression, 1)]
    while waiting:
        current, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(current, dict | list):
            inner = current.values() if isinstance(current, dict) else current
            waiting += [(one, depth + 1) for one in inner]
    return deepest
