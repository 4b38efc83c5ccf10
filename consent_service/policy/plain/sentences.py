"""One expression of a policy as sentences, exactly: nothing is left out, summarised or guessed.

Pure. What there are no words for stands in the result as its Cedar text, marked. Any two conditions that
differ in meaning differ in words, as long as no two words are the same (`words` refuses those). A negation
is said by the other form of each statement: "not (a or b)" becomes "not a" and "not b", all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias, cast

import cedarpy
import msgspec

from consent_service.policy.plain.words import ITEM, Words

Expression: TypeAlias = Mapping[str, object]
"""Cedar's JSON form of an expression: one operator with what it is about."""

_LISTS: Final = {
    ("&&", True): "all_of",
    ("||", False): "all_of",
    ("||", True): "one_of",
    ("&&", False): "one_of",
}
_COMPARISONS: Final = {
    "==": ("equal", "unequal"),
    "!=": ("unequal", "equal"),
    "<": ("less", "at_least"),
    "<=": ("at_most", "more"),
    ">": ("more", "at_most"),
    ">=": ("at_least", "less"),
}
_ARITHMETIC: Final = {"+": "plus", "-": "minus", "*": "times"}
_SHELL: Final = re.compile(r"^permit\(principal, action, resource\) when \{(.*)\};\s*$", re.DOTALL)


class PlainClause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One statement (`text`), or what stands above a list of them (`parts`).

    lead: "als" or "tenzij" at a condition, "dan" or "anders" in a choice. cedar: there are no words for
    this piece, so `text` is its source. unmet: at a condition of a permit, why not when this does not hold.
    """

    text: str
    parts: tuple[PlainClause, ...] = ()
    lead: str = ""
    cedar: bool = False
    unmet: str = ""

    def fallbacks(self) -> Iterator[str]:
        """Every piece that has no words."""
        if self.cedar:
            yield self.text
        for part in self.parts:
            yield from part.fallbacks()

    def lines(self, *, depth: int = 0) -> Iterator[str]:
        """The clause as indented text."""
        yield "  " * depth + f"- {self.lead} {self.text}".replace("-  ", "- ")
        for part in self.parts:
            yield from part.lines(depth=depth + 1)
        if self.unmet:
            yield "  " * (depth + 1) + f"({self.unmet})"


def clause(words: Words, expression: Expression, *, holds: bool = True) -> PlainClause:
    """What it says that this expression holds, or (`holds` False) that it does not."""
    ((operator, body),) = expression.items()
    if operator == "!":
        return clause(words, _part(body, "arg"), holds=not holds)
    if operator in ("&&", "||"):
        return _list(words, operator, expression, holds=holds)
    if operator == "if-then-else":
        return _choice(words, body, holds=holds)
    statement = _STATEMENTS.get(operator)
    text = statement(words, expression, holds) if statement else None
    if text is None:
        return PlainClause(cedar_text(expression if holds else {"!": {"arg": expression}}), cedar=True)
    return PlainClause(text)


def cedar_text(expression: Expression) -> str:
    """The expression as Cedar, written by the engine."""
    scope = {"op": "All"}
    conditions = [{"kind": "when", "body": expression}]
    policy = {
        "effect": "permit",
        "principal": scope,
        "action": scope,
        "resource": scope,
        "conditions": conditions,
    }
    policies = {"staticPolicies": {"": policy}, "templates": {}, "templateLinks": []}
    text = cedarpy.policies_from_json_str(msgspec.json.encode(policies).decode())
    return _SHELL.sub(r"\1", text).strip()


def chain_of(operator: str, expression: Expression) -> Iterator[Expression]:
    """The parts of a chain of one operator, left to right."""
    if operator not in expression:
        yield expression
        return
    for side in ("left", "right"):
        yield from chain_of(operator, _part(expression[operator], side))


def path_of(expression: Expression) -> str | None:
    """`resource.type.level` of the attribute of an attribute of a variable; None for anything else."""
    if "Var" in expression:
        return str(expression["Var"])
    if "." not in expression:
        return None
    body = cast(Expression, expression["."])
    above = path_of(_part(body, "left"))
    return f"{above}.{body['attr']}" if above else None


def filled(template: str, **items: str) -> str:
    """The template with its placeholders replaced, once: what is filled in is not looked at again."""
    return re.sub(r"\{(\w+)\}", lambda found: items.get(found[1], found[0]), template)


def joined(words: Words, names: list[str]) -> str:
    """One name, or several with commas and an "or"."""
    *first, last = names
    return words.frame.last_separator.join([words.frame.separator.join(first), last]) if first else last


def _list(words: Words, operator: str, expression: Expression, *, holds: bool) -> PlainClause:
    """Every statement of a chain of one operator below one heading."""
    parts = tuple(clause(words, part, holds=holds) for part in chain_of(operator, expression))
    return PlainClause(getattr(words.frame, _LISTS[operator, holds]), parts)


def _choice(words: Words, body: object, *, holds: bool) -> PlainClause:
    """If, then and else below each other; denying the whole denies both outcomes."""
    frame = words.frame
    branches = (
        (frame.condition, clause(words, _part(body, "if"))),
        (frame.consequence, clause(words, _part(body, "then"), holds=holds)),
        (frame.alternative, clause(words, _part(body, "else"), holds=holds)),
    )
    parts = (msgspec.structs.replace(branch, lead=lead) for lead, branch in branches)
    return PlainClause(frame.depends, tuple(parts))


def _constant(words: Words, expression: Expression, holds: bool) -> str | None:
    value = expression["Value"]
    if not isinstance(value, bool):
        return None
    return words.frame.always if value is holds else words.frame.never


def _fact(words: Words, expression: Expression, holds: bool) -> str | None:
    """A fact that is true or false by itself."""
    fact = words.facts.get(path_of(expression) or "")
    stated = fact.stated(holds=holds) if fact else ""
    return stated if stated and ITEM not in stated else None


def _asker(words: Words, expression: Expression, holds: bool) -> str | None:
    body = cast(Expression, expression["is"])
    asker = words.askers.get(str(body["entity_type"]))
    if asker is None or "in" in body or _part(body, "left") != {"Var": "principal"}:
        return None
    return asker.yes if holds else asker.no


def _comparison(words: Words, expression: Expression, holds: bool) -> str | None:
    ((operator, body),) = expression.items()
    left, right = _part(body, "left"), _part(body, "right")
    if operator in ("==", "!="):
        same = holds is (operator == "==")
        for fact, value in ((left, right), (right, left)):
            stated = _equality(words, fact, value, holds=same)
            if stated:
                return stated
    terms = _term(words, left), _term(words, right)
    if terms[0] is None or terms[1] is None:
        return None
    frame = _COMPARISONS[operator][0 if holds else 1]
    return filled(getattr(words.frame, frame), left=terms[0], right=terms[1])


def _equality(words: Words, fact: Expression, value: Expression, *, holds: bool) -> str | None:
    """A fact compared with one name, or with true or false."""
    path, named = path_of(fact), _named(value)
    if path is None:
        return None
    if named is not None:
        return words.statement(path, *named, holds=holds)
    constant = value.get("Value")
    return _fact(words, fact, holds is constant) if isinstance(constant, bool) else None


def _containment(words: Words, expression: Expression, holds: bool) -> str | None:
    """A name in the set of a fact, or a fact among names that are written out."""
    body = expression["contains"]
    among, item = _part(body, "left"), _term(words, _part(body, "right"))
    if item is None:
        return None
    if "Set" in among:
        members = [_term(words, member) for member in cast(list[Expression], among["Set"])]
        known = [member for member in members if member is not None]
        if not members or known != members:
            return None
        frame = words.frame.among if holds else words.frame.not_among
        return filled(frame, item=item, list=joined(words, known))
    fact = words.facts.get(path_of(among) or "")
    stated = fact.stated(holds=holds) if fact else ""
    return stated.replace(ITEM, item) if ITEM in stated else None


def _term(words: Words, expression: Expression) -> str | None:
    """What an expression is called within a sentence: a number, a fact's noun, a name, a sum."""
    ((operator, body),) = expression.items()
    if operator in _ARITHMETIC:
        left, right = (_operand(words, _part(body, side)) for side in ("left", "right"))
        frame = getattr(words.frame, _ARITHMETIC[operator])
        return None if left is None or right is None else filled(frame, left=left, right=right)
    named = _named(expression)
    if named is not None:
        return words.name(*named)
    if operator == "Value":
        return f"{body}" if isinstance(body, int) and not isinstance(body, bool) else None
    fact = words.facts.get(path_of(expression) or "")
    return (fact.noun or None) if fact else None


def _operand(words: Words, expression: Expression) -> str | None:
    """A sum within a sum stands in brackets."""
    term = _term(words, expression)
    return f"({term})" if term is not None and expression.keys() & _ARITHMETIC.keys() else term


def _named(expression: Expression) -> tuple[str, str] | None:
    """The kind and the name of an entity that is written out."""
    value = expression.get("Value")
    if not isinstance(value, dict) or "__entity" not in value:
        return None
    return value["__entity"]["type"], value["__entity"]["id"]


def _part(body: object, name: str) -> Expression:
    return cast(Mapping[str, Expression], body)[name]


_Statement: TypeAlias = Callable[[Words, Expression, bool], str | None]
_STATEMENTS: Final[Mapping[str, _Statement]] = {
    "Value": _constant,
    ".": _fact,
    "is": _asker,
    "contains": _containment,
    **dict.fromkeys(_COMPARISONS, _comparison),
}
