"""What goes when somebody's link to a login goes, or a provider closes: PINs, passkeys, names of devices."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import INSTALLATION, StaffId, TenantId
from consent_service.identity import links, passkey_rows
from consent_service.identity.tables import return_pins, session_devices


async def forget_leftovers(
    conn: AsyncConnection, logins: Iterable[tuple[str, str]], shelter: TenantId, staff: StaffId
) -> None:
    """After the links of this member of staff went: a login that is nobody's any more keeps nothing.

    One that stays for another shelter keeps its passkeys and PIN, and nothing this member of staff typed.

    logins: the (provider, subject) pairs that were linked.
    """
    await passkey_rows.forget_names(conn, shelter, staff)
    named = (session_devices.c.named_in == shelter, session_devices.c.named_by == staff)
    await conn.execute(delete(session_devices).where(session_devices.c.tenant == INSTALLATION, *named))
    for provider, subject in logins:
        if await links.actors_of(conn, provider, subject):
            continue
        await passkey_rows.forget_passkeys(conn, provider, subject)
        for table in (return_pins, session_devices):
            mine = (table.c.provider == provider, table.c.subject == subject)
            await conn.execute(delete(table).where(table.c.tenant == INSTALLATION, *mine))
