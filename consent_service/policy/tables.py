"""Bundles by hash, kept for replay, and the one that is active for each tenant."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

policy_bundles = Table(
    "policy_bundles",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("hash", String(64), primary_key=True, info=holds("none")),
    Column("files", LargeBinary, nullable=False, info=holds("none")),
    Column("stored_at", UtcDateTime, nullable=False, info=holds("none")),
)

active_bundles = Table(
    "active_bundles",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("hash", String(64), nullable=False, info=holds("none")),
    Column("activated_at", UtcDateTime, nullable=False, info=holds("none")),
)
