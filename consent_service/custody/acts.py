"""Which keys came to their end, and what the log tells of it (`audit.reconciling`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import ALWAYS, Act, ActSource, Done, Told, streamed
from consent_service.foundation.ids import TenantId
from consent_service.keyring.tables import key_destructions, key_epochs


class KeyActs(ActSource):
    """The end of keys of persons and relationships, of replaced keys, and of root generations."""

    tables = ("key_destructions", "key_epochs")
    events = (
        events.KeyDestroyed,
        events.KeyDestroyedOnOrder,
        events.RecordsReencrypted,
        events.IndexKeyRotated,
        events.KeyEpochEnded,
    )

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every key that was destroyed, and every epoch that has ended."""
        query = select(key_destructions).where(key_destructions.c.tenant == tenant)
        async for row in streamed(conn, query):
            yield Done(_end(row.kind, row.owner), row.destroyed_at)
        ended = (key_epochs.c.tenant == tenant, key_epochs.c.ended_at.is_not(None))
        async for row in streamed(conn, select(key_epochs).where(*ended)):
            yield Done(Act("epoch", (str(row.epoch), str(row.from_generation))), row.ended_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One end for each of these events."""
        match detail.event:
            case (
                events.KeyDestroyed(kind=kind, owner=owner)
                | events.KeyDestroyedOnOrder(kind=kind, owner=owner)
            ):
                yield Told(_end(kind, owner))
            case events.RecordsReencrypted(relationship=relationship):
                yield Told(_end("old_version", relationship))
            case events.IndexKeyRotated():
                yield Told(_end("index", detail.tenant))
            case events.KeyEpochEnded(epoch=epoch, destroyed_generation=generation):
                yield Told(Act("epoch", (str(epoch), str(generation))))
            case _:
                return

    async def left_out(self, conn: AsyncConnection, tenant: TenantId) -> Mapping[str, datetime]:
        """Persons whose key was destroyed: nobody can read what was noted under it."""
        ended = key_destructions.c
        query = select(ended.owner).where(ended.tenant == tenant, ended.kind == "person")
        return dict.fromkeys((await conn.execute(query)).scalars(), ALWAYS)


def _end(kind: str, owner: str) -> Act:
    """That of a person is always told of, under the key of the tenant: nothing excuses it."""
    return Act("key_end", (owner, kind), () if kind == "person" else (owner,))
