"""Try to open what was sealed under destroyed keys, by the ordinary doors: it shows that these are shut.

The row of the key is gone, so this says nothing of an old copy of the data: that is tried at the end of an
epoch (`epochs`).
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.happenings.keys import Attempt
from consent_service.custody.model import Doomed
from consent_service.families.reading import open_children, relationships_of_child
from consent_service.families.tables import children
from consent_service.foundation.errors import IntegrityError, KeyDestroyedError
from consent_service.foundation.ids import PersonId, RelationshipId, TenantId
from consent_service.keyring.service import KeyRing
from consent_service.records.opening import still_opens
from consent_service.records.reading import record_from
from consent_service.records.tables import records


async def attempt_opening(conn: AsyncConnection, ring: KeyRing, tenant: TenantId, doomed: Doomed) -> Attempt:
    """What came of opening one sealed value of each key by the ordinary doors, with all caches warm.

    `opened` when any opened, `refused` when none did, `not_tried` when nothing was sealed under them.
    """
    if doomed.kind == "relationship":
        return await _of_relationship(conn, ring, tenant, RelationshipId(doomed.id))
    child = PersonId(doomed.id)
    places = await relationships_of_child(conn, tenant, child)
    found = [await _of_relationship(conn, ring, tenant, one.relationship) for one in places]
    found.append(await _of_child(conn, ring, tenant, child))
    return "opened" if "opened" in found else "refused"


async def _of_relationship(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, relationship: RelationshipId
) -> Attempt:
    sealed = records.c
    query = select(records).where(sealed.tenant == tenant, sealed.relationship == relationship)
    row = (await conn.execute(query.order_by(sealed.record).limit(1))).first()
    if row is None:
        return "not_tried"
    try:
        key = await ring.relationship_key(conn, tenant, relationship)
    except KeyDestroyedError:
        return "refused"
    return "opened" if still_opens(ring, key, record_from(row)) else "refused"


async def _of_child(conn: AsyncConnection, ring: KeyRing, tenant: TenantId, child: PersonId) -> Attempt:
    query = select(children).where(children.c.tenant == tenant, children.c.child == child)
    rows = (await conn.execute(query)).all()
    try:
        return "opened" if await open_children(conn, ring, tenant, rows) else "refused"
    except IntegrityError:
        return "refused"
