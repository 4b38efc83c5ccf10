"""Bundles by hash, kept for replay; each tenant's active one; proposals and who approved what."""

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
    Column("engine", String(40), nullable=True, info=holds("none")),
)
"""`engine`: name and version of what judged with it; null where it was stored before that was kept."""

active_bundles = Table(
    "active_bundles",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("hash", String(64), nullable=False, info=holds("none")),
    Column("activated_at", UtcDateTime, nullable=False, info=holds("none")),
)

policy_proposals = Table(
    "policy_proposals",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("proposal", Id, primary_key=True, info=holds("none")),
    Column("hash", String(64), nullable=False, info=holds("none")),
    Column("replaces", String(64), nullable=False, info=holds("none")),
    Column("origin", String(12), nullable=False, info=holds("none")),
    Column("state", String(12), nullable=False, info=holds("none")),
    Column("proposed_by", Id, nullable=False, info=holds("pseudonym")),
    Column("proposed_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("ended_at", UtcDateTime, nullable=True, info=holds("none")),
)
"""`state`: open | active | withdrawn | stale. `replaces`: the bundle in force when it was proposed."""

policy_approvals = Table(
    "policy_approvals",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("proposal", Id, primary_key=True, info=holds("none")),
    Column("item", String(64), primary_key=True, info=holds("none")),
    Column("approved_by", Id, primary_key=True, info=holds("pseudonym")),
    Column("approved_at", UtcDateTime, nullable=False, info=holds("none")),
)
"""`item`: "whole" for the proposal, else the hash of one thing that would be released and was not."""
