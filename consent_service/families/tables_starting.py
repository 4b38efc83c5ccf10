"""How far the start with a school is, in codes and dates: a release reads it, `process.signals` steps."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

first_contacts = Table(
    "first_contacts",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, primary_key=True, info=holds("pseudonym")),
    Column("state", String(16), nullable=False, info=holds("none")),
    Column("sent_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("sent_by", Id, nullable=False, info=holds("pseudonym")),
    Column("confirmed_at", UtcDateTime, info=holds("none")),
    Column("confirmed_by", Id, info=holds("pseudonym")),
    Column("read_at", UtcDateTime, info=holds("none")),
    Column("read_by", Id, info=holds("pseudonym")),
)
