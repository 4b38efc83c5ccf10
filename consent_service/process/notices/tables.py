"""The outbox and inbox, where messages to staff go, what addresses do not work, and who wants them when."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

notices = Table(
    "notices",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("notice", Id, primary_key=True, info=holds("none")),
    Column("kind", String(40), nullable=False, info=holds("none")),
    Column("to_staff", Id, info=holds("pseudonym")),
    Column("to_person", Id, info=holds("pseudonym")),
    Column("relationship", Id, info=holds("pseudonym")),
    Column("family", Id, info=holds("pseudonym")),
    Column("about", Id, info=holds("none")),
    Column("instead_of", Id, info=holds("none")),
    Column("urgent", Boolean, nullable=False, info=holds("none")),
    Column("state", String(16), nullable=False, info=holds("none")),
    Column("reason", String(40), info=holds("none")),
    Column("tries", Integer, nullable=False, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("due_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("claim", Id, info=holds("none")),
    Column("leased_until", UtcDateTime, info=holds("none")),
    Column("mail", Id, info=holds("none")),
    Column("address", Id, info=holds("none")),
    Column("ended_at", UtcDateTime, info=holds("none")),
    Column("read_at", UtcDateTime, info=holds("none")),
    Index("ix_notices_tenant_state", "tenant", "state", "due_at"),
    Index("ix_notices_tenant_about", "tenant", "about"),
    Index("ix_notices_tenant_mail", "tenant", "mail"),
    Index("ix_notices_tenant_to_staff", "tenant", "to_staff", "read_at"),
    Index("ix_notices_tenant_to_person", "tenant", "to_person", "read_at"),
    Index("uq_notices_tenant_instead_of", "tenant", "instead_of", "to_staff", unique=True),
)

notice_addresses = Table(
    "notice_addresses",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("address", Id, primary_key=True, info=holds("none")),
    Column("staff", Id, nullable=False, info=holds("pseudonym")),
    Column("sealed_address", LargeBinary, nullable=False, info=holds("sealed")),
    Column("entered_at", UtcDateTime, nullable=False, info=holds("none")),
    Index("uq_notice_addresses_tenant_staff", "tenant", "staff", unique=True),
)

notice_bounces = Table(
    "notice_bounces",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("address", Id, primary_key=True, info=holds("none")),
    Column("code", String(16), nullable=False, info=holds("none")),
    Column("at", UtcDateTime, nullable=False, info=holds("none")),
)

notice_wishes = Table(
    "notice_wishes",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("recipient", Id, primary_key=True, info=holds("pseudonym")),
    Column("language", String(8), nullable=False, info=holds("none")),
    Column("digest", Boolean, nullable=False, info=holds("none")),
    Column("safe_from", Integer, info=holds("none")),
    Column("safe_until", Integer, info=holds("none")),
    Column("changed_at", UtcDateTime, nullable=False, info=holds("none")),
)
