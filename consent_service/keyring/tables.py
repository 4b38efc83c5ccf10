"""Wrapped keys at rest. A deleted row means nothing to look a cached key up with."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, false

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

key_roots = Table(
    "key_roots",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("generation", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("check_value", LargeBinary, nullable=False, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("destroyed_at", UtcDateTime, info=holds("none")),
)
"""Under a generation with `destroyed_at` nothing is wrapped any more; then the provider forgets it."""

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

key_epochs = Table(
    "key_epochs",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("epoch", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("state", String(12), nullable=False, info=holds("none")),
    Column("reason", String(24), nullable=False, info=holds("none")),
    Column("everybody", Boolean, nullable=False, server_default=false(), info=holds("none")),
    Column("from_generation", Integer, nullable=False, info=holds("none")),
    Column("to_generation", Integer, nullable=False, info=holds("none")),
    Column("probe", LargeBinary, nullable=False, info=holds("none")),
    Column("backup", Id, info=holds("none")),
    Column("keys", Integer, info=holds("none")),
    Column("begun_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("ended_at", UtcDateTime, info=holds("none")),
)
"""Rounds that replace every key above destroyed ones; `probe` is random bytes under the old root."""

DestructionKind = Literal["relationship", "person", "old_version", "index"]
"""What `key_destructions.kind` says. `old_version`: the earlier key of a relationship that lives on;
`index`: a tenant's earlier index keys, owner and child being the tenant itself.
"""

key_destructions = Table(
    "key_destructions",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("destruction", Id, primary_key=True, info=holds("none")),
    Column("kind", String(12), nullable=False, info=holds("none")),
    Column("owner", Id, nullable=False, info=holds("pseudonym")),
    Column("child", Id, nullable=False, info=holds("pseudonym")),
    Column("destroyed_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("epoch", Integer, info=holds("none")),
    Column("path_dead_at", UtcDateTime, info=holds("none")),
    Column("backups_until", Date, info=holds("none")),
    Column("backups_dead_at", UtcDateTime, info=holds("none")),
    Index("ix_key_destructions_tenant_owner", "tenant", "owner"),
    Index("ix_key_destructions_tenant_child", "tenant", "child"),
)
"""How dead a destroyed key is: here at once, the path above it after its `epoch`, backups after that."""

key_backups = Table(
    "key_backups",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("backup", Id, primary_key=True, info=holds("none")),
    Column("number", Integer, nullable=False, info=holds("none")),
    Column("folder", Id, nullable=False, info=holds("none")),
    Column("after_epoch", Integer, nullable=False, info=holds("none")),
    Column("made_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("dropped_at", UtcDateTime, info=holds("none")),
)
"""Every backup of keys that was begun, and the last epoch that had ended: it holds no path closed by then."""
