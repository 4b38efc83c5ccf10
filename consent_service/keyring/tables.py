"""Wrapped keys at rest. A deleted row means nothing to look a cached key up with."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

key_roots = Table(
    "key_roots",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("generation", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("check_value", LargeBinary, nullable=False, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
)

tenant_keys = Table(
    "tenant_keys",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("purpose", String(8), primary_key=True, info=holds("none")),
    Column("version", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("root_generation", Integer, nullable=False, info=holds("none")),
    Column("wrapped", LargeBinary, nullable=False, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
)

relationship_keys = Table(
    "relationship_keys",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, primary_key=True, info=holds("pseudonym")),
    Column("version", Integer, nullable=False, info=holds("none")),
    Column("parent_version", Integer, nullable=False, info=holds("none")),
    Column("wrapped", LargeBinary, nullable=False, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("retired_at", UtcDateTime, info=holds("none")),
)

person_keys = Table(
    "person_keys",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("person", Id, primary_key=True, info=holds("pseudonym")),
    Column("version", Integer, nullable=False, info=holds("none")),
    Column("parent_version", Integer, nullable=False, info=holds("none")),
    Column("wrapped", LargeBinary, nullable=False, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
)
