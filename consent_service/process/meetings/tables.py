"""Three-way meetings at rest: ids, moments and codes in clear, every word sealed."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, LargeBinary, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

meetings = Table(
    "meetings",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("meeting", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("child", Id, nullable=False, info=holds("pseudonym")),
    Column("state", String(20), nullable=False, info=holds("none")),
    Column("proposed_by", Id, nullable=False, info=holds("pseudonym")),
    Column("led_by", Id, info=holds("pseudonym")),
    Column("starts_at", UtcDateTime, info=holds("none")),
    Column("sequence", Integer, nullable=False, info=holds("none")),
    Column("uid", Id, nullable=False, info=holds("none")),
    Column("together", Id, nullable=False, info=holds("none")),
    Column("record", Id, info=holds("none")),
    Column("proposed_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("changed_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("sealed_content", LargeBinary, nullable=False, info=holds("sealed")),
    Index("ix_meetings_tenant_relationship", "tenant", "relationship"),
    Index("ix_meetings_tenant_family", "tenant", "family"),
    Index("ix_meetings_tenant_starts_at", "tenant", "starts_at"),
)
"""`together`: meetings of one family at one moment share it; nobody outside the shelter sees it (S30)."""

meeting_participants = Table(
    "meeting_participants",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("meeting", Id, primary_key=True, info=holds("none")),
    Column("who", Id, primary_key=True, info=holds("pseudonym")),
    Column("kind", String(12), nullable=False, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Index("ix_meeting_participants_tenant_who", "tenant", "who"),
)

meeting_agreements = Table(
    "meeting_agreements",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("agreement", Id, primary_key=True, info=holds("none")),
    Column("meeting", Id, nullable=False, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Column("owner", String(12), nullable=False, info=holds("none")),
    Column("due_on", Date, nullable=False, info=holds("none")),
    Column("state", String(12), nullable=False, info=holds("none")),
    Column("reason", String(16), info=holds("none")),
    Column("agreed_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("sealed_words", LargeBinary, nullable=False, info=holds("sealed")),
    Index("ix_meeting_agreements_tenant_meeting", "tenant", "meeting"),
)

meeting_remarks = Table(
    "meeting_remarks",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("remark", Id, primary_key=True, info=holds("none")),
    Column("meeting", Id, nullable=False, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Column("guardian", Id, nullable=False, info=holds("pseudonym")),
    Column("for_school", Boolean, nullable=False, info=holds("none")),
    Column("remarked_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("sealed_words", LargeBinary, nullable=False, info=holds("sealed")),
    Index("ix_meeting_remarks_tenant_meeting", "tenant", "meeting"),
)
