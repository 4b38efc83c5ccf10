"""Login providers, logins under way, sessions and links, all of the installation (tenant `_`).

Nothing here names a person: a subject is a keyed digest, tokens are stored as their SHA-256, and a
login under way stores nothing that could finish it. Names of staff live in `organisations`.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, Text

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

Digest = String(64)
"""A SHA-256 or HMAC-SHA-256, in hexadecimal."""

oidc_providers = Table(
    "oidc_providers",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("id", String(40), primary_key=True, info=holds("none")),
    Column("name", String(100), nullable=False, info=holds("none")),
    Column("issuer", String(300), nullable=False, info=holds("none")),
    Column("client_id", String(200), nullable=False, info=holds("none")),
    Column("auth_method", String(24), nullable=False, info=holds("none")),
    Column("audience", String(8), nullable=False, info=holds("none")),
    Column("rules", Text, nullable=False, info=holds("none")),
    Column("public_key", Text, nullable=False, info=holds("none")),
    Column("secrets", LargeBinary, nullable=False, info=holds("sealed")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("state", Digest, primary_key=True, info=holds("none")),
    Column("provider", String(40), nullable=False, info=holds("none")),
    Column("return_to", String(300), nullable=False, info=holds("pseudonym")),
    Column("max_age", Integer, nullable=True, info=holds("none")),
    Column("expires_at", UtcDateTime, nullable=False, info=holds("none")),
)

staff_links = Table(
    "staff_links",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("provider", String(40), primary_key=True, info=holds("none")),
    Column("subject", Digest, primary_key=True, info=holds("pseudonym")),
    Column("shelter", Id, primary_key=True, info=holds("none")),
    Column("staff", Id, primary_key=True, info=holds("pseudonym")),
    Column("kind", String(24), nullable=False, info=holds("none")),
    Column("school", Id, nullable=True, info=holds("none")),
    Column("role", String(24), nullable=True, info=holds("none")),
    Column("linked_at", UtcDateTime, nullable=False, info=holds("none")),
)
Index("ix_staff_links_staff", staff_links.c.tenant, staff_links.c.shelter, staff_links.c.staff)

sessions = Table(
    "sessions",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("id", Id, primary_key=True, info=holds("pseudonym")),
    Column("token", Digest, nullable=False, info=holds("none")),
    Column("provider", String(40), nullable=False, info=holds("none")),
    Column("subject", Digest, nullable=False, info=holds("pseudonym")),
    Column("acr", String(200), nullable=False, info=holds("none")),
    Column("authenticated_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("last_seen_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("expires_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("handed_by", Id, nullable=True, info=holds("pseudonym")),
    Column("handed_in", Id, nullable=True, info=holds("none")),
    Column("family", Id, nullable=True, info=holds("pseudonym")),
    Column("relationship", Id, nullable=True, info=holds("pseudonym")),
    Column("guardian", Id, nullable=True, info=holds("pseudonym")),
    Column("pin_tries", Integer, nullable=False, info=holds("none")),
    Column("lent_to_child", Boolean, nullable=True, info=holds("none")),
    Column("own_shelter", Id, nullable=True, info=holds("none")),
    Column("own_family", Id, nullable=True, info=holds("pseudonym")),
    Column("own_person", Id, nullable=True, info=holds("pseudonym")),
    Column("own_is_child", Boolean, nullable=True, info=holds("none")),
)
Index("ix_sessions_token", sessions.c.tenant, sessions.c.token, unique=True)
Index("ix_sessions_subject", sessions.c.tenant, sessions.c.provider, sessions.c.subject)

step_tokens = Table(
    "step_tokens",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("session", Id, primary_key=True, info=holds("pseudonym")),
    Column("step", String(160), primary_key=True, info=holds("pseudonym")),
    Column("token", Digest, nullable=False, info=holds("none")),
    Column("issued_at", UtcDateTime, nullable=False, info=holds("none")),
)

staff_devices = Table(
    "staff_devices",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("device", Digest, primary_key=True, info=holds("pseudonym")),
    Column("staff", Id, primary_key=True, info=holds("pseudonym")),
    Column("last_seen_on", Date, nullable=False, info=holds("none")),
)

return_pins = Table(
    "return_pins",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("provider", String(40), primary_key=True, info=holds("none")),
    Column("subject", Digest, primary_key=True, info=holds("pseudonym")),
    Column("pin", String(200), nullable=False, info=holds("none")),
    Column("set_at", UtcDateTime, nullable=False, info=holds("none")),
)

page_factors = Table(
    "page_factors",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("factor", Id, primary_key=True, info=holds("none")),
    Column("person", Id, nullable=False, info=holds("pseudonym")),
    Column("kind", String(4), nullable=False, info=holds("none")),
    Column("pin", String(200), nullable=True, info=holds("none")),
    Column("sealed_address", LargeBinary, nullable=True, info=holds("sealed")),
    Column("set_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("revoked_at", UtcDateTime, nullable=True, info=holds("none")),
)
"""The second factor of the own page: a PIN (Argon2id) or an address somebody called safe."""
Index("ix_page_factors_person", page_factors.c.tenant, page_factors.c.person)

page_challenges = Table(
    "page_challenges",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("challenge", Digest, primary_key=True, info=holds("none")),
    Column("person", Id, nullable=False, info=holds("pseudonym")),
    Column("code", String(200), nullable=False, info=holds("none")),
    Column("expires_at", UtcDateTime, nullable=False, info=holds("none")),
)
"""One-time codes under way, each for the browser that asked for it; Argon2id, like a PIN."""
Index("ix_page_challenges_person", page_challenges.c.tenant, page_challenges.c.person)

page_devices = Table(
    "page_devices",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("person", Id, primary_key=True, info=holds("pseudonym")),
    Column("device", Digest, primary_key=True, info=holds("pseudonym")),
    Column("last_used_at", UtcDateTime, nullable=False, info=holds("none")),
)
"""Where somebody logged in to the own page before: tries of others do not slow those."""

page_tries = Table(
    "page_tries",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("about", Digest, primary_key=True, info=holds("none")),
    Column("source", Digest, primary_key=True, info=holds("pseudonym")),
    Column("known", Boolean, nullable=False, info=holds("none")),
    Column("tries", Integer, nullable=False, info=holds("none")),
    Column("last_at", UtcDateTime, nullable=False, info=holds("none")),
)
"""Wrong tries of the last day, per code and per place they came from; both as digests."""
Index("ix_page_tries_last_at", page_tries.c.tenant, page_tries.c.last_at)
