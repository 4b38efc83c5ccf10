"""A whole policy in words: whom and what it is about, when it holds, why, and where it stands.

Pure, from a loaded bundle. The heading says the effect and the scope; each condition is one clause, in the
order of the policy. Which sentence about a refusal which reader may see is `explain`: this is for staff who
read the rules, and no case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, cast

import msgspec

from consent_service.policy.bundle import Bundle
from consent_service.policy.lint import NOT_APPLICABLE, PolicyJson
from consent_service.policy.plain.sentences import Expression, PlainClause, clause, filled, joined
from consent_service.policy.plain.words import Words
from consent_service.policy.reasons import REQUIRED_LANGUAGE, Reasons

_ANY = {"op": "All"}


class PlainPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One policy for a reader without Cedar, beside its source.

    reason: what staff read when this policy decides. obligations: what has to be done when it permits.
    annotations: what else is written at it. comment: the lines above it in the file, in English.
    """

    id: str
    effect: Literal["permit", "forbid"]
    heading: str
    clauses: tuple[PlainClause, ...]
    legal_basis: str
    reason: str
    obligations: tuple[str, ...]
    annotations: tuple[tuple[str, str], ...]
    comment: str
    file: str
    line: int
    source: str

    def fallbacks(self) -> tuple[str, ...]:
        """Every piece that stands in Cedar because there are no words for it."""
        return tuple(piece for part in self.clauses for piece in part.fallbacks())

    def lines(self) -> tuple[str, ...]:
        """What it says, as indented text."""
        return (self.heading, *(line for part in self.clauses for line in part.lines()), *self.obligations)


def plain_policies(bundle: Bundle, *, language: str) -> tuple[PlainPolicy, ...]:
    """Every policy of the bundle, in the order in which they stand in its files."""
    identifiers = sorted(bundle.source, key=lambda key: (bundle.places[key].file, bundle.places[key].line))
    return tuple(plain_policy(bundle, identifier, language=language) for identifier in identifiers)


def plain_policy(bundle: Bundle, identifier: str, *, language: str) -> PlainPolicy:
    """One policy in this language; a language without words is told in Dutch, and without those in Cedar.

    Raises:
        KeyError: the bundle has no such policy.
    """
    policy, place = bundle.source[identifier], bundle.places[identifier]
    words = bundle.words.get(language, bundle.words.get(REQUIRED_LANGUAGE))
    reasons = bundle.reasons.get(language, bundle.reasons[REQUIRED_LANGUAGE])
    obligations = policy.annotation("obligations").split()
    return PlainPolicy(
        id=identifier,
        effect=policy.effect,
        heading=_heading(words, policy) if words else policy.effect,
        clauses=tuple(_clauses(words, policy, reasons)) if words else (PlainClause(place.text, cedar=True),),
        legal_basis=policy.annotation("legal_basis"),
        reason=_sentence(reasons, policy.annotation("reason")),
        obligations=tuple(words.obligations.get(code, code) if words else code for code in obligations),
        annotations=tuple((name, policy.annotation(name)) for name in sorted(policy.annotations)),
        comment=place.comment,
        file=place.file,
        line=place.line,
        source=place.text,
    )


def _heading(words: Words, policy: PolicyJson) -> str:
    asker, actions = _asker(words, policy), _actions(words, policy)
    who = "one" if asker else "anyone"
    if policy.effect == "forbid" and not asker and actions is None:
        return words.frame.forbid_always
    template = getattr(words.frame, f"{policy.effect}_{who}")
    return filled(template, who=asker, what=actions or words.any_action)


def _asker(words: Words, policy: PolicyJson) -> str:
    """Which kind of asker the scope is about; nothing when it is about any, or says it otherwise."""
    scope = cast(Mapping[str, object], policy.principal)
    asker = words.askers.get(str(scope.get("entity_type")))
    return asker.noun if asker else ""


def _actions(words: Words, policy: PolicyJson) -> str | None:
    """Which actions the scope names; None when it names none."""
    scope = cast(Mapping[str, object], policy.action)
    named = scope.get("entities", [scope["entity"]] if "entity" in scope else [])
    called = [words.actions.get(entity["id"]) for entity in cast(list[dict[str, str]], named)]
    known = [name for name in called if name is not None]
    return joined(words, known) if known and known == called else None


def _clauses(words: Words, policy: PolicyJson, reasons: Reasons) -> Iterator[PlainClause]:
    """What the heading does not say of the scope, and then the conditions."""
    unmet = policy.annotation("unmet").split()
    for expression in _scope(words, policy):
        yield msgspec.structs.replace(clause(words, expression), lead=words.frame.when)
    for place, condition in enumerate(cast(tuple[Mapping[str, object], ...], policy.conditions)):
        code = unmet[place] if place < len(unmet) else ""
        why = words.frame.other_subject if code == NOT_APPLICABLE else _sentence(reasons, code)
        yield msgspec.structs.replace(
            clause(words, cast(Expression, condition["body"])),
            lead=words.frame.when if condition["kind"] == "when" else words.frame.unless,
            unmet=why,
        )


def _scope(words: Words, policy: PolicyJson) -> Iterator[Expression]:
    """The scope as expressions, save what the heading says in full."""
    plain_asker = {"op": "is"} | {"entity_type": _entity_type(policy.principal)}
    if policy.principal != _ANY and not (policy.principal == plain_asker and _asker(words, policy)):
        yield _constraint("principal", policy.principal)
    if policy.action != _ANY and _actions(words, policy) is None:
        yield _constraint("action", policy.action)
    if policy.resource != _ANY:
        yield _constraint("resource", policy.resource)


def _entity_type(scope: object) -> object:
    return cast(Mapping[str, object], scope).get("entity_type")


def _constraint(variable: str, scope: object) -> Expression:
    """One line of the scope as the expression it stands for."""
    told = cast(Mapping[str, object], scope)
    left = {"Var": variable}
    if told["op"] == "is":
        within = cast(Mapping[str, object], told.get("in", {}))
        inside = {"in": {"Value": {"__entity": within["entity"]}}} if within else {}
        return {"is": {"left": left, "entity_type": told["entity_type"], **inside}}
    if "entities" in told:
        entities = [{"Value": {"__entity": entity}} for entity in cast(list[object], told["entities"])]
        return {"in": {"left": left, "right": {"Set": entities}}}
    return {str(told["op"]): {"left": left, "right": {"Value": {"__entity": told["entity"]}}}}


def _sentence(reasons: Reasons, code: str) -> str:
    """What staff read at this code; the code itself where no sentence is known."""
    sentences = reasons.causes.get(code) or reasons.grounds.get(code)
    return sentences.staff if sentences else code
