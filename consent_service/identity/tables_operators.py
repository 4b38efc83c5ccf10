"""Operators of the installation, what they are let to do for a while, and their logins to say so.

All of the installation (tenant `_`). An operator is a code, no name; codes and secrets are kept as SHA-256.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata
from consent_service.identity.tables import Digest

operators = Table(
    "operators",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("operator", String(40), primary_key=True, info=holds("pseudonym")),
    Column("provider", String(40), nullable=False, info=holds("none")),
    Column("subject", Digest, nullable=False, info=holds("pseudonym")),
    Column("added_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("ended_at", UtcDateTime, nullable=True, info=holds("none")),
)
"""Who may run the installation; a code is never given to somebody else later."""
Index("ix_operators_subject", operators.c.tenant, operators.c.provider, operators.c.subject)

operator_grants = Table(
    "operator_grants",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("grant", Id, primary_key=True, info=holds("none")),
    Column("secret", Digest, nullable=False, info=holds("none")),
    Column("code", Digest, nullable=False, info=holds("none")),
    Column("machine", String(60), nullable=False, info=holds("none")),
    Column("asked_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("code_expires_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("operator", String(40), nullable=True, info=holds("pseudonym")),
    Column("decided_at", UtcDateTime, nullable=True, info=holds("none")),
    Column("expires_at", UtcDateTime, nullable=True, info=holds("none")),
    Column("ended_at", UtcDateTime, nullable=True, info=holds("none")),
)
"""Asked by a command, decided in a browser (RFC 8628); `operator` is who approved it."""
Index("ix_operator_grants_secret", operator_grants.c.tenant, operator_grants.c.secret, unique=True)
Index("ix_operator_grants_code", operator_grants.c.tenant, operator_grants.c.code, unique=True)

operator_logins = Table(
    "operator_logins",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("token", Digest, primary_key=True, info=holds("none")),
    Column("provider", String(40), nullable=False, info=holds("none")),
    Column("subject", Digest, nullable=False, info=holds("pseudonym")),
    Column("expires_at", UtcDateTime, nullable=False, info=holds("none")),
)
"""Somebody who proved with two factors who it is, in one browser, to decide about one grant."""
