"""For what carries a request out inside its own transaction: may it, and that it is done."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import FamilyId, TenantId
from consent_service.rights.cases.model import CASE, Case, CaseKind
from consent_service.rights.cases.rows import case_of, read_case_row
from consent_service.rights.cases.tables import rights_cases


async def require_granted(
    conn: AsyncConnection, tenant: TenantId, case: str, family: FamilyId, kind: CaseKind = "erasure"
) -> Case:
    """A granted request of this kind and of this family, locked until the transaction ends.

    Raises:
        NotFoundError: there is no such request here.
    """
    one = case_of(await read_case_row(conn, tenant, case, lock=True))
    if (one.kind, one.state, one.family) != (kind, "granted", family):
        raise NotFoundError("case")
    return one


async def carry_out(conn: AsyncConnection, tenant: TenantId, case: str, *, at: datetime) -> bool:
    """A granted request is done; False when it is not waiting to be carried out."""
    here = rights_cases.c
    moved = await conn.execute(
        update(rights_cases)
        .where(here.tenant == tenant, here.case == case, here.state == "granted")
        .values(state=CASE.after("granted", "carry_out"), ended_at=at)
    )
    return moved.rowcount > 0


async def stands(conn: AsyncConnection, tenant: TenantId, case: str) -> bool:
    """Whether it was granted and is still, locked until the transaction ends: not taken back, decided anew or
    refused since.
    """
    return case_of(await read_case_row(conn, tenant, case, lock=True)).state in ("granted", "done")
