"""The numbers of docs/decisions/0035: `make bench-policies`. One row each: name | measured | target | met.

Ends with 1 when a target is missed. What is compared:

- *The bare engine* is `cedarpy.is_authorized` with the policies, the entities and the request all prepared
  beforehand: nothing is projected, validated, explained or stamped.
- *A loop over bare handles* has the policies and the catalogue parsed, and the requests and the facts of each
  type ready as JSON. Facts are new with each question, so each turn parses those of its type and judges them.
  Against a loop for which even the facts were parsed beforehand there is a row without a target.
- *Calls with strings* hand the text of the policies and of the entities to the engine each time.
- *150 policies* are the real ones and copies of them, each about one type more: as a bundle grows by
  exceptions. *15* are real ones. The same type is allowed by both.
  A decision that refuses has a row of its own, since it judges and explains.
- *Why-not* is a decision that refuses for want of a yes, by one that allows the same type.

Fifteen types are never allowed together by the real catalogue, since no purpose has that many. Here every
type goes to the school for support; policies, schema and everything else are those of this repository.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import cedarpy
import msgspec

from benchmarks.pairs import ratio_of
from benchmarks.table import Row, row_for_information, row_of, show
from consent_service.foundation.ids import RelationshipId, TenantId, TypeKey
from consent_service.information.catalogue import load_catalogue
from consent_service.information.model import Catalogue, InformationType
from consent_service.policy.bundle import Bundle, load_bundle, with_policies
from consent_service.policy.decision import Decision, decide
from consent_service.policy.facts import (
    Question,
    Reader,
    RelationshipFacts,
    TypeFacts,
    catalogue_entities,
    question_entities,
    requests,
)
from consent_service.policy.lint import PolicyJson

POLICIES: Final = Path(__file__).resolve().parents[1] / "policies"
NOW: Final = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
TYPES: Final = 15
FEW: Final = (
    "safety.address",
    "safety.location",
    "access.relationship",
    "access.agreement",
    "access.contact",
    "access.role",
    "access.purpose",
    "access.direction",
    "release.direction",
    "release.school_role",
    "consent.objection",
    "consent.child_refused",
    "consent.gate",
    "consent.ordinary",
    "consent.all_holders",
)
MANY: Final = 150
Work = Callable[[], object]


class Prepared(NamedTuple):
    """A question, and everything the bare engine needs for it, as text and parsed."""

    bundle: Bundle
    question: Question
    requests: list[dict[str, object]]
    entities: cedarpy.Entities
    facts: list[str]

    def decide(self) -> Decision:
        """All of it: projected into entities, validated, judged, stamped."""
        return decide(self.bundle, self.question, now=NOW)

    def bare(self) -> list[bool]:
        """Every type by itself, with everything parsed."""
        policies, entities = self.bundle.policies, self.entities
        return [cedarpy.is_authorized(one, policies, entities).allowed for one in self.requests]

    def loop(self) -> list[bool]:
        """Every type by itself, with the facts of that type parsed."""
        policies, base = self.bundle.policies, self.bundle.base
        return [
            cedarpy.is_authorized(one, policies, base.with_added_json_str(facts)).allowed
            for one, facts in zip(self.requests, self.facts, strict=True)
        ]


def everything_for_support(catalogue: Catalogue) -> Catalogue:
    """The catalogue with every type read by a school's contact for support."""

    def widened(kind: InformationType) -> InformationType:
        return msgspec.structs.replace(
            kind, directions=("s2c",), purposes=("support",), readers=("contact",), writers=()
        )

    types = {key: widened(kind) for key, kind in catalogue.types.items()}
    return msgspec.structs.replace(catalogue, types=MappingProxyType(types))


def prepared(bundle: Bundle, catalogue: Catalogue, keys: list[TypeKey], *, yes: int) -> Prepared:
    """A contact of the school asks for these types, to which `yes` of two holders said yes."""
    question = Question(
        action="release",
        reader=Reader("school", "reader", "contact"),
        purpose="support",
        basis="consent",
        relationship=RelationshipFacts(
            tenant=TenantId("tenant"),
            relationship=RelationshipId("relationship"),
            active=True,
            agreement_valid=True,
            active_contact=True,
            assigned=False,
            safety="no_known_danger",
            secret_address=False,
        ),
        types=tuple(_facts(catalogue.types[key], yes=yes) for key in keys),
    )
    return Prepared(
        bundle,
        question,
        requests(question, question.types, preview=False),
        bundle.base.with_added_json_str(question_entities(question, question.types)),
        [question_entities(question, [facts]) for facts in question.types],
    )


def _facts(kind: InformationType, *, yes: int) -> TypeFacts:
    return TypeFacts(
        key=kind.key,
        level=kind.level,
        direction="s2c",
        holders=2,
        authority_known=True,
        yes=yes,
        objecting=0,
        own_yes=yes > 0,
        child_answer="none",
        voice="heard",
        gate="open",
        second_approved=True,
    )


# --- the numbers -----------------------------------------------------------------------------------


def one_decision(one: Prepared) -> Row:
    """A decision about one type by the bare engine."""
    _same(one)
    return row_of("decide, by the bare engine", ratio_of(one.decide, one.bare, calls=100, rounds=100), 3.0)


def in_a_batch(fifteen: Prepared) -> Row:
    """Fifteen types in one decision by fifteen calls, each with parsed policies and facts to parse."""
    _same(fifteen)
    return row_of(
        "fifteen types at once, by a loop over bare handles that parses each type's facts",
        ratio_of(fifteen.decide, fifteen.loop, calls=5, rounds=100),
        1.3,
    )


def in_a_batch_of_parsed_facts(fifteen: Prepared) -> Row:
    """The same by fifteen calls for which the facts were parsed beforehand as well."""
    return row_for_information(
        "fifteen types at once, by a loop over bare handles with the facts parsed beforehand",
        ratio_of(fifteen.decide, fifteen.bare, calls=5, rounds=60),
    )


def by_strings(fifteen: Prepared, catalogue: Catalogue) -> Row:
    """The same by fifteen calls that parse everything."""
    policies = text_of(fifteen.bundle)
    base = msgspec.json.decode(catalogue_entities(catalogue.types))
    entities = [msgspec.json.encode([*base, *msgspec.json.decode(facts)]).decode() for facts in fifteen.facts]

    def strings() -> list[bool]:
        return [
            cedarpy.is_authorized(one, policies, text).allowed
            for one, text in zip(fifteen.requests, entities, strict=True)
        ]

    assert strings() == fifteen.bare()
    ratio = ratio_of(fifteen.decide, strings, calls=1, rounds=50)
    return row_of("fifteen types at once, by fifteen calls with strings", ratio, 0.10)


def with_many_policies(one: Prepared, refused: Prepared) -> tuple[Row, Row]:
    """A decision with many policies by one with few: a yes, and a no with its reason."""
    few = with_policies(one.bundle, {key: one.bundle.source[key] for key in FEW})
    many = with_policies(one.bundle, grown(one.bundle, MANY))
    assert (len(few.source), len(many.source)) == (15, 150)

    def deciding(bundle: Bundle, question: Question) -> Work:
        return lambda: decide(bundle, question, now=NOW)

    def row(name: str, asked: Question) -> Row:
        taken = ratio_of(deciding(many, asked), deciding(few, asked), calls=60, rounds=100)
        return row_of(f"{name} with 150 policies, by one with 15", taken, 2.5)

    for bundle in (few, many):
        assert decide(bundle, one.question, now=NOW).permit is not None
        assert [told.code for told in decide(bundle, refused.question, now=NOW).refusals] == ["no_consent"]
    return row("a decision", one.question), row("a no that says why", refused.question)


def why_not(one: Prepared, refused: Prepared, fifteen: Prepared, none: Prepared) -> Row:
    """A no that is explained by a yes."""
    assert [refusal.code for refusal in refused.decide().refusals] == ["no_consent"]
    all_of_them = ratio_of(none.decide, fifteen.decide, calls=5, rounds=60).subject
    return row_of(
        "why not, by a decision",
        ratio_of(refused.decide, one.decide, calls=60, rounds=100),
        2.5,
        beside=f"of fifteen types {all_of_them:.2f}x",
    )


def text_of(bundle: Bundle) -> str:
    """The policies of the bundle as they are written; what is proved about them is not among them."""
    return "\n".join(place.text for place in bundle.places.values())


def grown(bundle: Bundle, size: int) -> dict[str, PolicyJson]:
    """The real policies, and copies that hold of one type only, until there are so many."""
    keyed = dict(bundle.source)
    for key in sorted(bundle.types):
        for identifier, policy in bundle.source.items():
            if len(keyed) < size:
                keyed[f"{identifier}_{key}"] = _about(policy, f"{identifier}_{key}", key)
    return keyed


def _about(policy: PolicyJson, identifier: str, key: TypeKey) -> PolicyJson:
    """The policy with one condition more at its end: only of this type."""
    entity = {"Value": {"__entity": {"type": "InformationType", "id": key}}}
    asked = {".": {"left": {"Var": "resource"}, "attr": "type"}}
    condition = {"kind": "when", "body": {"==": {"left": asked, "right": entity}}}
    annotations = {**policy.annotations, "id": identifier}
    if policy.effect == "permit":
        annotations["unmet"] = f"{policy.annotation('unmet')} -"
    return msgspec.structs.replace(
        policy, conditions=(*policy.conditions, condition), annotations=annotations
    )


def _same(asked: Prepared) -> None:
    """Nothing is measured that is not the same decision."""
    permit = asked.decide().permit
    assert permit is not None
    assert len(permit.types) == len(asked.question.types)
    assert all(asked.bare())
    assert all(asked.loop())


# --- the table -------------------------------------------------------------------------------------


def measure() -> list[Row]:
    """Every row, in the order of the issue."""
    catalogue = everything_for_support(load_catalogue(POLICIES))
    bundle = load_bundle(POLICIES, catalogue=catalogue)
    advice = TypeKey("support_advice")
    fifteen = [key for key, kind in catalogue.types.items() if not kind.locating][:TYPES]
    assert len(fifteen) == TYPES
    one, all_of_them = (prepared(bundle, catalogue, keys, yes=2) for keys in ([advice], fifteen))
    refused, none = (prepared(bundle, catalogue, keys, yes=0) for keys in ([advice], fifteen))
    return [
        one_decision(one),
        in_a_batch(all_of_them),
        in_a_batch_of_parsed_facts(all_of_them),
        by_strings(all_of_them, catalogue),
        *with_many_policies(one, refused),
        why_not(one, refused, all_of_them, none),
    ]


def main() -> int:
    """Print the table; 1 when a target is missed."""
    return show(measure())


if __name__ == "__main__":
    sys.exit(main())
