"""Policies judged twice about one request: by Cedar, and by evaluating what the encoder made of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Final

import cedarpy
import msgspec

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle
from consent_service.policy.facts import Question, question_entities, requests
from consent_service.policy.lint import PolicyJson
from consent_service.policy.proofs.encoding import Encoded, Encoder
from consent_service.policy.proofs.operations import GREATEST, LEAST
from consent_service.policy.proofs.situation import FactValue, Situation, World, question_of
from consent_service.policy.proofs.terms import Solver, Terms
from consent_service.policy.proofs.vocabulary import ORDINARY

COUNTS: Final = (0, 0, 1, 1, 2, 3, -1, 7, GREATEST, LEAST)

Judged = Mapping[str, str]
"""Per policy: "matches", "errs" or "no"."""


class _PolicySetJson(msgspec.Struct, rename="camel"):
    static_policies: dict[str, PolicyJson]
    templates: dict[str, object] = {}
    template_links: tuple[object, ...] = ()


def parsed(text: str) -> dict[str, PolicyJson]:
    """The policies of a text, unchecked, by position."""
    return msgspec.json.decode(cedarpy.policies_to_json_str(text), type=_PolicySetJson).static_policies


def condition(text: str) -> PolicyJson:
    """A policy with this one condition."""
    (policy,) = parsed(f"permit (principal, action, resource) when {{ {text} }};").values()
    return policy


def cedar_says(bundle: Bundle, policy: PolicyJson, question: Question, *, preview: bool) -> str:
    """What becomes of this policy about the first type: judged alone, as a permit, so that a match shows."""
    (first, *_) = question.types
    permit = msgspec.structs.replace(policy, effect="permit", annotations={})
    alone = _PolicySetJson(static_policies={"it": permit})
    (result,) = cedarpy.is_authorized_batch(
        requests(question, [first], preview=preview),
        cedarpy.PolicySet.from_json_str(msgspec.json.encode(alone).decode()),
        bundle.base.with_added_json_str(question_entities(question, [first])),
    )
    if result.diagnostics.errors:
        return "errs"
    return "matches" if result.allowed else "no"


class Judges:
    """Both judges about the types of one catalogue."""

    def __init__(self, bundle: Bundle, catalogue: Catalogue) -> None:
        self.situation = Situation(Terms(), catalogue.types)
        self.encoder = Encoder(World(self.situation, catalogue))
        self.catalogue = catalogue
        self._bundle = bundle
        self._solver = Solver(self.situation.terms, self.situation.always(), seconds=60)

    def facts(self, chance: random.Random) -> dict[str, FactValue]:
        """A request in order, or one in which anything may be."""
        kind = chance.choice(list(self.catalogue.types.values()))
        given: dict[str, FactValue] = {**ORDINARY, "key": kind.key, "level": kind.level}
        given |= {"direction": chance.choice(kind.directions), "purpose": chance.choice(kind.purposes)}
        given |= {"asked": 1, "preview": False, "emergency": False, "own_yes": True, "assigned": True}
        changed = chance.choice((0, 1, 2, 3, 4, 40))
        names = [*self.situation.names, "child_answer", "voice", "earlier_yes", "emergency", "basis"]
        given = {**dict.fromkeys(self.situation.names, 0), **given}
        for name in self.situation.names:
            if name not in ORDINARY and given[name] == 0:
                given[name] = self._any(name, chance) if changed == 40 else self._quiet(name)
        for name in chance.choices(names, k=changed):
            given[name] = self._any(name, chance)
        return {name: given[name] for name in self.situation.names}

    def by_encoding(self, encoded: Mapping[str, Encoded], facts: Mapping[str, FactValue]) -> Judged:
        """What the terms are when every fact is fixed."""
        fixed = [self.situation.holds(name, value) for name, value in facts.items()]
        assert self._solver.ask(*fixed) == "possible"
        return {name: self._outcome(one) for name, one in encoded.items()}

    def by_cedar(self, policies: Mapping[str, PolicyJson], facts: Mapping[str, FactValue]) -> Judged:
        """What Cedar says of each policy by itself: as a permit, so that a match shows."""
        question, preview = question_of(facts, self.catalogue.types)
        return {
            name: cedar_says(self._bundle, policy, question, preview=preview)
            for name, policy in policies.items()
        }

    def encoded(self, policies: Mapping[str, PolicyJson]) -> dict[str, Encoded]:
        return {name: self.encoder.policy(policy) for name, policy in policies.items()}

    def differing(
        self, policies: Mapping[str, PolicyJson], asked: Iterable[Mapping[str, FactValue]]
    ) -> list[str]:
        """The policies about which the two do not agree, with what each says."""
        encoded = self.encoded(policies)
        found = []
        for facts in asked:
            ours, theirs = self.by_encoding(encoded, facts), self.by_cedar(policies, facts)
            found += [
                f"{name}: {ours[name]}, Cedar {theirs[name]}" for name in ours if ours[name] != theirs[name]
            ]
        return found

    def _outcome(self, encoded: Encoded) -> str:
        if self._solver.value(encoded.error):
            assert not self._solver.value(encoded.matches)
            return "errs"
        return "matches" if self._solver.value(encoded.matches) else "no"

    def _quiet(self, name: str) -> FactValue:
        return "none" if name == "lapse" else 0 if self.situation.is_number(name) else False

    def _any(self, name: str, chance: random.Random) -> FactValue:
        if name == "asked":
            return chance.randint(1, 3)
        if self.situation.is_number(name):
            return chance.choice(COUNTS)
        values = next((fact.values for fact in self.situation.words.facts if fact.name == name), ())
        values = {"action": self.situation.words.actions, "kind": tuple(self.situation.words.readers)}.get(
            name, values
        )
        return chance.choice(values) if values else chance.random() < 0.5
