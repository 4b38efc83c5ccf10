"""Who is to be forgotten and who stands behind it; what is put right; which patterns were told when."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

pattern_marks = Table(
    "pattern_marks",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("kind", String(24), primary_key=True, info=holds("none")),
    Column("team", String(24), primary_key=True, info=holds("none")),
    Column("week", Date, primary_key=True, info=holds("none")),
)
"""So that each pattern is told once a week."""

erasures = Table(
    "erasures",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("erasure", Id, primary_key=True, info=holds("none")),
    Column("scope", String(8), nullable=False, info=holds("none")),
    Column("subject", Id, nullable=True, info=holds("pseudonym")),
    Column("ground", String(24), nullable=False, info=holds("none")),
    Column("state", String(8), nullable=False, info=holds("none")),
    Column("asked_by", Id, nullable=False, info=holds("pseudonym")),
    Column("asked_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("approved_by", Id, nullable=True, info=holds("pseudonym")),
    Column("approved_at", UtcDateTime, nullable=True, info=holds("none")),
    Column("typed", String(8), nullable=False, server_default="none", info=holds("none")),
    Column("late_since", UtcDateTime, nullable=True, info=holds("none")),
    Column("ended_at", UtcDateTime, nullable=True, info=holds("none")),
    Column("case", Id, nullable=True, info=holds("none")),
    Column("persons", Integer, nullable=False, server_default="0", info=holds("none")),
    Column("keys", Integer, nullable=False, server_default="0", info=holds("none")),
    Column("details", Integer, nullable=False, server_default="0", info=holds("none")),
    Column("found_by", Integer, nullable=False, server_default="0", info=holds("none")),
    Column("rows", Integer, nullable=False, server_default="0", info=holds("none")),
    Column("unnamed", Integer, nullable=False, server_default="0", info=holds("none")),
)
"""`state`: asked | approved | running | executed | dropped; `subject` is empty once it has ended.
`typed`: which of the two decisions an operator typed for the coordinator: none | asked | approved | both.

`persons`, `keys`, `details`, `found_by` (rows of the log's index) and `rows` count what is gone so far;
`unnamed` those of `details` that the end of no key had named.
`case`: the request it came from, which names nobody either once they are gone.
`late_since`: when it was accepted, where the database learnt of it later."""

erasure_targets = Table(
    "erasure_targets",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("erasure", Id, primary_key=True, info=holds("none")),
    Column("id", Id, primary_key=True, info=holds("pseudonym")),
    Column("kind", String(12), nullable=False, info=holds("none")),
)
"""Whom and what a running erasure is about; empty when none runs."""

erasure_keys = Table(
    "erasure_keys",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("erasure", Id, primary_key=True, info=holds("none")),
    Column("destruction", Id, primary_key=True, info=holds("none")),
)
"""Which ends of keys (`key_destructions`) an erasure rests on, to tell how dead they are (docs/KEYS.md)."""

rectifications = Table(
    "rectifications",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("rectification", Id, primary_key=True, info=holds("none")),
    Column("case", Id, nullable=False, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Column("information_type", String(40), nullable=False, info=holds("none")),
    Column("asked_by", Id, nullable=False, info=holds("pseudonym")),
    Column("asked_at", UtcDateTime, nullable=False, info=holds("none")),
    Index("ix_rectifications_tenant_case", "tenant", "case"),
    Index("ix_rectifications_tenant_relationship", "tenant", "relationship"),
)
"""What is to be put right because of which request (AVG 16): once for each type at each school."""
