"""Every column says what it holds of a person, and the tenant comes first everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Column, Index, MetaData, String, Table, UniqueConstraint

from consent_service.foundation.database import holds
from consent_service.migrations.schema import complete_metadata

STATED = {"none", "pseudonym", "sealed"}


def _unstated(metadata: MetaData) -> list[str]:
    return [
        str(column)
        for table in metadata.tables.values()
        for column in table.columns
        if column.info.get("personal") not in STATED
    ]


def _without_tenant_first(metadata: MetaData) -> list[str]:
    return sorted(
        {
            table.name
            for table in metadata.tables.values()
            for columns in _keys(table)
            if not columns or columns[0] != "tenant"
        }
    )


def _keys(table: Table) -> Iterator[list[str]]:
    yield [column.name for column in table.primary_key.columns]
    for index in table.indexes:
        yield [column.name for column in index.columns]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield [column.name for column in constraint.columns]


def test_every_column_states_what_it_holds_of_a_person() -> None:
    assert _unstated(complete_metadata()) == []


def test_the_tenant_is_first_in_every_key_and_index() -> None:
    assert _without_tenant_first(complete_metadata()) == []


def test_a_column_that_states_nothing_and_a_key_without_tenant_are_found() -> None:
    metadata = MetaData()
    Table(
        "planted",
        metadata,
        Column("tenant", String, primary_key=True, info=holds("none")),
        Column("name", String),
        Column("notes", String, info={"personal": "a bit"}),
        Index("ix_planted", "name", "tenant"),
    )
    Table("keyless", metadata, Column("tenant", String, info=holds("none")))
    Table(
        "unique",
        metadata,
        Column("tenant", String, primary_key=True, info=holds("none")),
        Column("code", String, unique=True, info=holds("none")),
    )

    assert _unstated(metadata) == ["planted.name", "planted.notes"]
    assert _without_tenant_first(metadata) == ["keyless", "planted", "unique"]
