"""The tags that leaves should have: whoever an entry is shown to must find it with their view key."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.encoding import Detail, hash_text
from consent_service.foundation.ids import TenantId
from consent_service.keyring.service import KeyRing
from consent_service.keyring.view_keys import tag_under, view_key

_OFFICER = "officer"


async def expected_tags(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, details: Mapping[str, Detail]
) -> dict[str, str]:
    """By entry, the tag of whom its detail says it is shown to; nothing where that key does not live.

    Raises:
        KeyProviderUnavailableError: the key provider is away.
    """
    if not details:
        return {}
    persons = {one.shown_to for one in details.values()} - {_OFFICER}
    keys = await ring.person_keys(conn, tenant, persons)
    views = {person: view_key(ring, key) for person, key in keys.items()}
    views[_OFFICER] = view_key(ring, await ring.tenant_key(conn, tenant, "audit"))
    return {
        entry: hash_text(tag_under(views[detail.shown_to], entry))
        for entry, detail in details.items()
        if detail.shown_to in views
    }
