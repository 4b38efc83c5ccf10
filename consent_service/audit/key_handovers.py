"""What shows that each key of a log was announced under a head that the key before it signed.

For whoever trusts an old key and has nothing but this: the announcing entry, opened, with its place under
that head. Nothing here is checked; how keys are rotated is `heads.rotating`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import read_note
from consent_service.audit.details import OpenedDetail, SealedDetail, open_details
from consent_service.audit.events import Event, LogKeyRotated
from consent_service.audit.log_keys import KeyPeriod, LogKey, key_history
from consent_service.audit.tables import audit_checkpoints
from consent_service.audit.trail import TrailFilter, trail_rows
from consent_service.audit.tree import inclusion_path
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.service import KeyRing

_EARLIER: Final = timedelta(hours=1)
"""An announcement is signed at once or not at all: the key is put in use within seconds of it."""
_LATER: Final = timedelta(minutes=1)
_MOST: Final = 5000
_TYPE: Final = b'"type":"log.key_rotated.v1"'
"""An entry without a data subject shows its type in the leaf."""


class KeyHandover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key announced: the exact leaf, the salt and detail it commits to, and where it stands.

    `index` and `path` (RFC 9162 section 2.1.3) are under `note`, the first head that covers the entry, and
    `path_now` is under the newest: a stolen old key could sign an announcement beside the log.
    """

    leaf: bytes
    salt: bytes
    detail: bytes
    index: int
    path: tuple[bytes, ...]
    path_now: tuple[bytes, ...]
    note: bytes


async def key_handovers(
    conn: AsyncConnection, ring: KeyRing, log: LogKey, size: int
) -> tuple[KeyHandover, ...]:
    """An announcement of each key after the first, as far as one is found in the first `size` entries.

    Raises:
        KeyProviderUnavailableError: the key provider is away.
    """
    later = (await key_history(conn, log))[1:]
    found = [await _handover(conn, ring, log, period, size) for period in later]
    return tuple(one for one in found if one is not None)


async def _handover(
    conn: AsyncConnection, ring: KeyRing, log: LogKey, period: KeyPeriod, size: int
) -> KeyHandover | None:
    around = TrailFilter(since=period.since - _EARLIER, until=period.since + _LATER)
    near = await trail_rows(conn, log.tenant, around, None, _MOST)
    rows = [row for row in near if row.sealed is not None and row.log == log.log and _TYPE in row.leaf]
    sealed = [SealedDetail(row.id, row.person, row.sealed) for row in rows]
    opened = await open_details(conn, ring, log.tenant, sealed)
    for row in rows:
        said = opened.get(row.id)
        if isinstance(said, OpenedDetail) and _announces(said.detail.event, log, period):
            try:
                return await _shown(conn, log, row, said, size)
            except IntegrityError:
                return None
    return None


def _announces(event: Event, log: LogKey, period: KeyPeriod) -> bool:
    return (
        isinstance(event, LogKeyRotated)
        and (event.log, event.number) == (log.log, period.number)
        and event.public == period.public.hex()
    )


async def _shown(
    conn: AsyncConnection, log: LogKey, row: Row[*tuple[Any, ...]], said: OpenedDetail, size: int
) -> KeyHandover:
    """Raises IntegrityError where the entry has no place under a head, or a tile is gone or damaged."""
    heads = audit_checkpoints.c
    query = (
        select(heads.note)
        .where(heads.tenant == log.tenant, heads.log == log.log, heads.size > row.seq)
        .order_by(heads.size)
        .limit(1)
    )
    note: bytes | None = (await conn.execute(query)).scalar_one_or_none()
    if note is None:
        raise IntegrityError("no head covers the announcement of a key")
    path = await inclusion_path(conn, log, row.seq, read_note(note).checkpoint.size)
    path_now = await inclusion_path(conn, log, row.seq, size)
    return KeyHandover(row.leaf, said.salt, said.raw, row.seq, path, path_now, note)
