"""Identifiers: opaque UUIDv7 text (RFC 9562), typed so that one cannot stand in for another.

An id never carries meaning and may appear in URLs and logs; names and dates may not.
"""

from __future__ import annotations

import secrets
import time
import uuid
from typing import NewType

TenantId = NewType("TenantId", str)
SchoolId = NewType("SchoolId", str)
AgreementId = NewType("AgreementId", str)
StaffId = NewType("StaffId", str)
FamilyId = NewType("FamilyId", str)
PersonId = NewType("PersonId", str)
"""A child, guardian or staff member: whoever has a person key."""
RelationshipId = NewType("RelationshipId", str)
"""One child at one school."""
RecordId = NewType("RecordId", str)
DecisionId = NewType("DecisionId", str)
EntryId = NewType("EntryId", str)
TypeKey = NewType("TypeKey", str)
"""Key of an information type, e.g. `support_advice`."""

INSTALLATION = TenantId("_")
"""The tenant of what belongs to no shelter: sessions, OIDC providers, logins not yet placed."""


def new_id(now_ms: int | None = None) -> str:
    """A fresh UUIDv7: 48 bits of milliseconds since 1970, 74 random bits, RFC 9562 section 5.7."""
    milliseconds = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def is_id(text: str) -> bool:
    """Whether `text` has the one form in which this service writes ids."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
