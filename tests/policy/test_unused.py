"""What stands in the schema and nothing uses is told."""

from __future__ import annotations

from pathlib import Path

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import load_bundle
from consent_service.policy.coverage import asked_cases, load_cases
from consent_service.policy.unused import unread_facts, unused_declarations, unused_names


def schema_with(proposal: Path, old: str, new: str) -> None:
    path = proposal / "schema.cedarschema"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_our_own_schema_holds_nothing_that_is_not_used(proposal: Path, catalogue: Catalogue) -> None:
    bundle = load_bundle(proposal, catalogue=catalogue)
    cases = asked_cases(load_cases(proposal, problems=[]), catalogue=catalogue, problems=[])
    assert [*unused_declarations(bundle)] == []
    assert [*unread_facts(bundle)] == []
    assert [*unused_names(bundle, catalogue, cases)] == []


def test_an_entity_and_a_type_nothing_refers_to_are_told(proposal: Path, catalogue: Catalogue) -> None:
    planted = 'entity Mood enum ["good"];\ntype Sky = Long;\nentity Level enum'
    schema_with(proposal, "entity Level enum", planted)
    found = unused_declarations(load_bundle(proposal, catalogue=catalogue))
    assert {(one.code, one.detail) for one in found} == {("schema_unused", "Mood"), ("schema_unused", "Sky")}


def test_a_fact_no_policy_reads_is_told(proposal: Path, catalogue: Catalogue) -> None:
    schema_with(proposal, "  lapse: Lapse,", "  lapse: Lapse,\n  later?: Bool,")
    found = unread_facts(load_bundle(proposal, catalogue=catalogue))
    assert [(one.code, one.detail) for one in found] == [("fact_unread", "resource.later")]


def test_a_name_nobody_uses_is_told(proposal: Path, catalogue: Catalogue) -> None:
    schema_with(proposal, '"counsellor", "holder"', '"counsellor", "holder", "chess"')
    bundle = load_bundle(proposal, catalogue=catalogue)
    cases = asked_cases(load_cases(proposal, problems=[]), catalogue=catalogue, problems=[])
    found = unused_names(bundle, catalogue, cases)
    assert [(one.code, one.detail) for one in found] == [("name_unused", 'Role::"chess"')]
