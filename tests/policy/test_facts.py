from __future__ import annotations

import re
from typing import Any, get_args

import cedarpy
import msgspec
import pytest
from hypothesis import given, settings

from consent_service.information.model import (
    Catalogue,
    DecidedBy,
    Direction,
    Level,
    Purpose,
    SchoolRole,
)
from consent_service.policy.bundle import Bundle
from consent_service.policy.facts import (
    Basis,
    ChildAnswer,
    Gate,
    Lapse,
    Question,
    Reader,
    RelationshipFacts,
    Safety,
    TypeFacts,
    Voice,
    catalogue_entities,
    question_entities,
    requests,
)
from tests.policy.questions import POLICIES, question, relationship_facts, type_facts
from tests.policy.test_oracle import questions

SCHEMA = (POLICIES / "schema.cedarschema").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name, values",
    [
        ("Level", get_args(Level)),
        ("Direction", get_args(Direction)),
        ("Purpose", get_args(Purpose)),
        ("DecidedBy", get_args(DecidedBy)),
        ("Basis", get_args(Basis)),
        ("Safety", get_args(Safety)),
        ("ChildAnswer", get_args(ChildAnswer)),
        ("Voice", get_args(Voice)),
        ("Lapse", get_args(Lapse)),
        ("Gate", get_args(Gate)),
        ("Role", (*get_args(SchoolRole), "counsellor", "holder")),
    ],
)
def test_the_schema_knows_exactly_the_values_that_facts_can_have(name: str, values: tuple[str, ...]) -> None:
    declared = re.search(rf"entity {name} enum \[([^\]]*)\]", SCHEMA)
    assert declared is not None
    assert tuple(re.findall(r'"([^"]+)"', declared.group(1))) == values


@given(asked=questions().filter(lambda asked: asked.reader.role != "?"))
@settings(max_examples=200)
def test_every_projection_fits_the_schema(bundle: Bundle, asked: Question) -> None:
    entities = bundle.base.with_added_json_str(question_entities(asked, asked.types), bundle.schema)
    results = cedarpy.is_authorized_batch(
        requests(asked, asked.types, preview=False), bundle.policies, entities, bundle.schema
    )
    assert [result.diagnostics.errors for result in results] == [[] for _ in asked.types]


def test_no_id_reaches_a_policy() -> None:
    asked = question(
        reader=Reader(kind="school", id="canary-reader", role="contact"),
        relationship=relationship_facts(tenant="canary-tenant", relationship="canary-relationship"),
    )
    sent = question_entities(asked, asked.types) + str(requests(asked, asked.types, preview=False))
    assert "canary" not in sent


def test_there_is_one_request_per_type_in_the_order_asked() -> None:
    asked = question(type_facts("pickup"), type_facts("care_signal"))
    resources: list[Any] = [request["resource"] for request in requests(asked, asked.types, preview=True)]
    assert [resource["id"] for resource in resources] == ["pickup", "care_signal"]


def test_the_catalogue_gives_one_entity_per_type(catalogue: Catalogue) -> None:
    entities = msgspec.json.decode(catalogue_entities(catalogue.types))
    assert [entity["uid"]["id"] for entity in entities] == sorted(catalogue.types)
    denying = [entity["uid"]["id"] for entity in entities if entity["attrs"]["secret_address_denies"]]
    assert denying == ["postal_address"]


def test_no_two_structs_of_a_question_name_a_fact_alike() -> None:
    names = [
        name for struct in (Reader, RelationshipFacts, TypeFacts) for name in struct.__struct_fields__
    ] + ["action", "purpose", "basis"]
    assert len(set(names)) == len(names)
