"""Files that are being made or wait to be handed over: sealed under the key of who asked."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, LargeBinary, String, Table, Text

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

access_files = Table(
    "access_files",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("case", Id, primary_key=True, info=holds("none")),
    Column("file", Id, nullable=False, info=holds("none")),
    Column("state", String(8), nullable=False, info=holds("none")),
    Column("requester", Id, nullable=False, info=holds("pseudonym")),
    Column("about", Text, nullable=False, info=holds("pseudonym")),
    Column("by_hand", Boolean, nullable=False, info=holds("none")),
    Column("made_by", Id, nullable=False, info=holds("pseudonym")),
    Column("made_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("ready_at", UtcDateTime, info=holds("none")),
    Column("delivered_at", UtcDateTime, info=holds("none")),
    Column("sealed", LargeBinary, nullable=False, info=holds("sealed")),
    ForeignKeyConstraint(["tenant", "case"], ["rights_cases.tenant", "rights_cases.case"]),
    Index("ix_access_files_tenant_requester", "tenant", "requester"),
)
"""`state`: draft (texts still to be looked through) | ready. `about`: the children and their places at a
school, by their ids; when one of them is erased the file goes. `by_hand`: on paper only (S21)."""
