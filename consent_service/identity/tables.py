"""Login providers, logins under way, sessions and links, all of the installation (tenant `_`).

Nothing here names a person: a subject is a keyed digest, tokens are stored as their SHA-256, and a
login under way stores nothing that could finish it. Names of staff live in `organisations`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, Text

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
    Column("next_public_key", Text, nullable=True, info=holds("none")),
    Column("disabled_at", UtcDateTime, nullable=True, info=holds("none")),
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
    Column("purpose", String(8), nullable=True, info=holds("none")),
    Column("session", Id, nullable=True, info=holds("pseudonym")),
    Column("invitation", Digest, nullable=True, info=holds("none")),
)
"""Logins under way. With a `purpose` somebody who is logged in proves more: only that session gets it."""

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
    Column("establishment", String(6), nullable=True, info=holds("none")),
)
"""`establishment` is the code of the school, copied: a login must name it before this link counts."""
Index("ix_staff_links_staff", staff_links.c.tenant, staff_links.c.shelter, staff_links.c.staff)

staff_invitations = Table(
    "staff_invitations",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("invitation", Id, primary_key=True, info=holds("none")),
    Column("staff", Id, nullable=False, info=holds("pseudonym")),
    Column("kind", String(24), nullable=False, info=holds("none")),
    Column("school", Id, nullable=True, info=holds("none")),
    Column("role", String(24), nullable=True, info=holds("none")),
    Column("establishment", String(6), nullable=True, info=holds("none")),
    Column("code", Digest, nullable=False, info=holds("none")),
    Column("invited_by", String(200), nullable=False, info=holds("pseudonym")),
    Column("inviter_kind", String(24), nullable=False, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("expires_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("used_at", UtcDateTime, nullable=True, info=holds("none")),
    Column("ended_at", UtcDateTime, nullable=True, info=holds("none")),
    Column("ended_code", String(24), nullable=True, info=holds("none")),
)
"""Who holds the code may link a login of the right school to this member of staff, once. In a shelter."""
Index("ix_staff_invitations_staff", staff_invitations.c.tenant, staff_invitations.c.staff)
Index("ix_staff_invitations_code", staff_invitations.c.tenant, staff_invitations.c.code, unique=True)

invitation_logins = Table(
    "invitation_logins",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("token", Digest, primary_key=True, info=holds("none")),
    Column("shelter", Id, nullable=False, info=holds("none")),
    Column("invitation", Id, nullable=False, info=holds("none")),
    Column("expires_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("provider", String(40), nullable=True, info=holds("none")),
    Column("subject", Digest, nullable=True, info=holds("pseudonym")),
    Column("acr", String(200), nullable=True, info=holds("none")),
    Column("authenticated_at", UtcDateTime, nullable=True, info=holds("none")),
    Column("schools", Text, nullable=True, info=holds("none")),
    Column("sub", Digest, nullable=True, info=holds("pseudonym")),
    Column("sid", Digest, nullable=True, info=holds("pseudonym")),
)
"""A browser in which the code of an invitation was typed, and who logged in there since. Fleeting."""

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
    Column("locked_at", UtcDateTime, nullable=True, info=holds("none")),
    Column("resume_at", String(300), nullable=True, info=holds("pseudonym")),
    Column("sub", Digest, nullable=True, info=holds("pseudonym")),
    Column("sid", Digest, nullable=True, info=holds("pseudonym")),
    Column("factor", String(8), nullable=True, info=holds("none")),
    Column("factor_at", UtcDateTime, nullable=True, info=holds("none")),
    Column("proves_for", String(300), nullable=True, info=holds("pseudonym")),
    Column("device", Digest, nullable=True, info=holds("pseudonym")),
    Column("browser", String(24), nullable=True, info=holds("none")),
    Column("acts_as", Text, nullable=True, info=holds("pseudonym")),
)
"""`acts_as`: the members of staff it was opened for; a link that did not count at login counts in none.
`proves_for`: the page that asked for another proof, where one goes on after it.
"""
Index("ix_sessions_token", sessions.c.tenant, sessions.c.token, unique=True)
Index("ix_sessions_subject", sessions.c.tenant, sessions.c.provider, sessions.c.subject)

logout_tokens_seen = Table(
    "logout_tokens_seen",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("provider", String(40), primary_key=True, info=holds("none")),
    Column("token", Digest, primary_key=True, info=holds("none")),
    Column("expires_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("sub", Digest, nullable=True, info=holds("pseudonym")),
    Column("sid", Digest, nullable=True, info=holds("pseudonym")),
    Column("made_at", UtcDateTime, nullable=True, info=holds("none")),
)
"""Logout tokens that were taken: the same one is never taken twice, and no login it ends is finished."""

api_clients = Table(
    "api_clients",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("client", String(27), primary_key=True, info=holds("none")),
    Column("scopes", String(200), nullable=False, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("ended_at", UtcDateTime, nullable=True, info=holds("none")),
)
"""Other systems of a shelter, by code name; `scopes` are words between spaces and never change."""

api_client_keys = Table(
    "api_client_keys",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("client", String(27), primary_key=True, info=holds("none")),
    Column("key", String(43), primary_key=True, info=holds("none")),
    Column("kid", String(100), nullable=False, info=holds("none")),
    Column("algorithm", String(5), nullable=False, info=holds("none")),
    Column("jwk", Text, nullable=False, info=holds("none")),
    Column("added_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("dropped_at", UtcDateTime, nullable=True, info=holds("none")),
)
"""The public keys by which they prove themselves; `key` is the thumbprint (RFC 7638)."""

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("token", Digest, primary_key=True, info=holds("none")),
    Column("shelter", Id, nullable=False, info=holds("none")),
    Column("client", String(27), nullable=False, info=holds("none")),
    Column("key", String(43), nullable=False, info=holds("none")),
    Column("scopes", String(200), nullable=False, info=holds("none")),
    Column("expires_at", UtcDateTime, nullable=False, info=holds("none")),
)
"""Access tokens, as digests, with the key that got each."""

client_assertions_seen = Table(
    "client_assertions_seen",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("shelter", Id, primary_key=True, info=holds("none")),
    Column("client", String(27), primary_key=True, info=holds("none")),
    Column("token", Digest, primary_key=True, info=holds("none")),
    Column("expires_at", UtcDateTime, nullable=False, info=holds("none")),
)
"""Client assertions that were taken: the same one is never taken twice."""

step_tokens = Table(
    "step_tokens",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("session", Id, primary_key=True, info=holds("pseudonym")),
    Column("step", String(160), primary_key=True, info=holds("pseudonym")),
    Column("token", Digest, nullable=False, info=holds("none")),
    Column("issued_at", UtcDateTime, nullable=False, info=holds("none")),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("code", Digest, primary_key=True, info=holds("none")),
    Column("staff", Id, nullable=False, info=holds("pseudonym")),
    Column("given_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("expires_at", UtcDateTime, nullable=False, info=holds("none")),
)
"""Codes with which a member of staff adds a first passkey; one that was used is gone."""
Index("ix_enrolments_staff", enrolments.c.tenant, enrolments.c.staff)

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

passkeys = Table(
    "passkeys",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("credential", Digest, primary_key=True, info=holds("pseudonym")),
    Column("provider", String(40), nullable=False, info=holds("none")),
    Column("subject", Digest, nullable=False, info=holds("pseudonym")),
    Column("credential_id", LargeBinary, nullable=False, info=holds("pseudonym")),
    Column("public_key", LargeBinary, nullable=False, info=holds("pseudonym")),
    Column("user_handle", LargeBinary, nullable=False, info=holds("pseudonym")),
    Column("sign_count", BigInteger, nullable=False, info=holds("none")),
    Column("named_in", Id, nullable=True, info=holds("none")),
    Column("named_by", Id, nullable=True, info=holds("pseudonym")),
    Column("sealed_name", LargeBinary, nullable=True, info=holds("sealed")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("last_used_at", UtcDateTime, nullable=True, info=holds("none")),
    Column("last_used_in", Id, nullable=True, info=holds("pseudonym")),
    Column("revoked_at", UtcDateTime, nullable=True, info=holds("none")),
)
"""Passkeys of a login (WebAuthn). What a member of staff calls one is sealed under the key of `named_by`."""
Index("ix_passkeys_subject", passkeys.c.tenant, passkeys.c.provider, passkeys.c.subject)

passkey_challenges = Table(
    "passkey_challenges",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("session", Id, primary_key=True, info=holds("pseudonym")),
    Column("purpose", String(16), primary_key=True, info=holds("none")),
    Column("challenge", Digest, nullable=False, info=holds("none")),
    Column("user_handle", LargeBinary, nullable=True, info=holds("pseudonym")),
    Column("expires_at", UtcDateTime, nullable=False, info=holds("none")),
)
"""What a session asked a passkey to sign, one for each purpose, good for one answer."""

session_devices = Table(
    "session_devices",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("provider", String(40), primary_key=True, info=holds("none")),
    Column("subject", Digest, primary_key=True, info=holds("pseudonym")),
    Column("device", Digest, primary_key=True, info=holds("pseudonym")),
    Column("named_in", Id, nullable=False, info=holds("none")),
    Column("named_by", Id, nullable=False, info=holds("pseudonym")),
    Column("sealed_name", LargeBinary, nullable=False, info=holds("sealed")),
    Column("named_at", UtcDateTime, nullable=False, info=holds("none")),
)
"""What somebody calls a device that is in use for one login."""

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
