"""The register names every table, and what it says of each can be so."""

from __future__ import annotations

import msgspec
from sqlalchemy import Column, MetaData, String, Table

from consent_service.foundation.database import holds
from consent_service.information.model import AfterGuidance, Catalogue
from consent_service.migrations.schema import complete_metadata
from consent_service.policy.rules import load_rules
from consent_service.rights.erasure_places import PLACES
from consent_service.rights.retention.model import Always, Own, WithFamily
from consent_service.rights.retention.register import GROUPS, REGISTER, longest_months, periods_hash
from tests.rights.test_erasure_places import OF_STAFF
from tests.shelter import POLICIES

TABLES = complete_metadata().tables


def unnamed(metadata: MetaData) -> set[str]:
    """Tables of which nobody says how long they are kept."""
    return set(metadata.tables) ^ set(REGISTER)


def test_every_table_has_a_period() -> None:
    assert unnamed(complete_metadata()) == set()
    assert {kept.group for kept in REGISTER.values()} == set(GROUPS)


def test_a_new_table_without_a_period_is_found() -> None:
    metadata = MetaData()
    for table in TABLES.values():
        table.to_metadata(metadata)
    Table("planted", metadata, Column("tenant", String, info=holds("none")))
    assert unnamed(metadata) == {"planted"}


def test_what_has_a_period_of_its_own_has_a_moment_from_which_it_counts() -> None:
    for name, kept in REGISTER.items():
        assert not kept.since or kept.since in TABLES[name].c, name
        assert bool(kept.since) or not isinstance(kept.period, Own), name


def test_what_goes_with_a_family_is_taken_by_its_erasure() -> None:
    erased = {place.table.name for place in PLACES}
    for name, kept in REGISTER.items():
        if isinstance(kept.period, WithFamily) and name != "meldcode_steps":
            assert name in erased, name
    of_family = {place.table.name for place in PLACES if place.holding and not place.within}
    for name in of_family:
        assert not isinstance(REGISTER[name].period, Always) or name == "retention_holds", name


def test_what_stays_for_ever_seals_nothing_and_names_nobody_of_a_family() -> None:
    """The log's own keys are sealed, by the root; ids of destroyed keys lead nowhere."""
    for name, kept in REGISTER.items():
        if isinstance(kept.period, Always):
            named = {
                column.name for column in TABLES[name].columns if column.info["personal"] == "pseudonym"
            } - OF_STAFF.get(name, set())
            sealed = {c.name for c in TABLES[name].columns if c.info["personal"] == "sealed"}
            assert named <= ALLOWED.get(name, set()), name
            assert sealed <= ALLOWED.get(name, set()), name


ALLOWED = {
    "audit_logs": {"sealed_key"},
    "key_destructions": {"owner", "child"},
    "erasures": {"subject"},
    "retention_holds": {"family", "child"},
}
"""Emptied when it ends, but for the two of the log and of keys."""


def test_other_periods_are_another_schedule() -> None:
    catalogue = load_rules(POLICIES).catalogue
    assert periods_hash(catalogue) == periods_hash(load_rules(POLICIES).catalogue)
    first, *rest = catalogue.types.items()
    longer = (first[0], msgspec.structs.replace(first[1], retention=AfterGuidance(7)))
    other = Catalogue(types=dict([longer, *rest]), hash="")
    assert periods_hash(other) != periods_hash(catalogue)
    assert (longest_months(catalogue), longest_months(other)) == (6, 7)
    assert longest_months(Catalogue(types={}, hash="")) == 0
