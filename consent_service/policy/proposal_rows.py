"""The rows of proposals and approvals. Who may write them, and what they mean, is `changes`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import INSTALLATION, TenantId
from consent_service.policy.proposals import ApprovalLine, BundleLine, ProposalLine, ProposalState
from consent_service.policy.stored import StoredBundle
from consent_service.policy.tables import active_bundles, policy_approvals, policy_bundles, policy_proposals


async def read_proposals(conn: AsyncConnection, tenant: TenantId) -> tuple[ProposalLine, ...]:
    """Every proposal of the tenant, newest first."""
    rows = policy_proposals.c
    query = (
        select(policy_proposals)
        .where(rows.tenant == tenant)
        .order_by(rows.proposed_at.desc(), rows.proposal.desc())
    )
    return tuple(_line(row) for row in (await conn.execute(query)).all())


async def read_proposal(conn: AsyncConnection, tenant: TenantId, proposal: str) -> ProposalLine:
    """One proposal of the tenant.

    Raises:
        NotFoundError: this tenant has none with this id.
    """
    rows = policy_proposals.c
    query = select(policy_proposals).where(rows.tenant == tenant, rows.proposal == proposal)
    row = (await conn.execute(query)).first()
    if row is None:
        raise NotFoundError("proposal")
    return _line(row)


async def read_approvals(conn: AsyncConnection, tenant: TenantId, proposal: str) -> tuple[ApprovalLine, ...]:
    """Who approved what of it, in the order in which they did."""
    rows = policy_approvals.c
    query = (
        select(policy_approvals)
        .where(rows.tenant == tenant, rows.proposal == proposal)
        .order_by(rows.approved_at, rows.approved_by, rows.item)
    )
    found = (await conn.execute(query)).all()
    return tuple(ApprovalLine(row.item, row.approved_by, row.approved_at) for row in found)


async def write_proposal(conn: AsyncConnection, tenant: TenantId, line: ProposalLine) -> None:
    """A new proposal."""
    values = {name: getattr(line, name) for name in line.__struct_fields__}
    await conn.execute(insert(policy_proposals).values(tenant=tenant, **values))


async def write_approvals(
    conn: AsyncConnection, tenant: TenantId, proposal: str, *, approved: Sequence[ApprovalLine]
) -> None:
    """Somebody's approvals, at least one, none of which is there already."""
    rows = [
        {"tenant": tenant, "proposal": proposal, **msgspec.structs.asdict(approval)} for approval in approved
    ]
    await conn.execute(insert(policy_approvals), rows)


async def end_proposal(
    conn: AsyncConnection, tenant: TenantId, proposal: str, *, state: ProposalState, at: datetime
) -> bool:
    """Close an open proposal; False when somebody else closed it first. Its row is locked from now on."""
    rows = policy_proposals.c
    ended = await conn.execute(
        update(policy_proposals)
        .where(rows.tenant == tenant, rows.proposal == proposal, rows.state == "open")
        .values(state=state, ended_at=at)
    )
    return bool(ended.rowcount)


async def hold_open(conn: AsyncConnection, tenant: TenantId, proposal: str) -> bool:
    """Lock an open proposal until the end of the transaction; False when it is not open (any more)."""
    rows = policy_proposals.c
    held = await conn.execute(
        update(policy_proposals)
        .where(rows.tenant == tenant, rows.proposal == proposal, rows.state == "open")
        .values(state="open")
    )
    return bool(held.rowcount)


async def leave_stale(conn: AsyncConnection, tenant: TenantId, *, at: datetime) -> None:
    """Other rules came into force: what was proposed on those before must be proposed again."""
    rows = policy_proposals.c
    await conn.execute(
        update(policy_proposals)
        .where(rows.tenant == tenant, rows.state == "open")
        .values(state="stale", ended_at=at)
    )


async def swap_active(
    conn: AsyncConnection, tenant: TenantId, *, replaces: str, wanted: str, at: datetime
) -> bool:
    """Put `wanted` in force instead of `replaces`; False when something else is in force by now.

    Of two that try at once the second waits for the first, and then finds something else in force.
    """
    rows = active_bundles.c
    swapped = await conn.execute(
        update(active_bundles)
        .where(rows.tenant == tenant, rows.hash == replaces)
        .values(hash=wanted, activated_at=at)
    )
    return bool(swapped.rowcount)


async def read_lines(
    conn: AsyncConnection, tenant: TenantId, proposals: Iterable[ProposalLine]
) -> tuple[BundleLine, tuple[BundleLine, ...]]:
    """The rules in force and those that were before, newest first.

    Raises:
        NotFoundError: the tenant was never started.
    """
    in_force = (await conn.execute(select(active_bundles).where(active_bundles.c.tenant == tenant))).first()
    if in_force is None:
        raise NotFoundError("bundle")
    since = {in_force.hash: in_force.activated_at}
    switched = [one for one in proposals if one.state == "active" and one.ended_at is not None]
    for one in switched:
        since.setdefault(one.hash, one.ended_at)
    known = await _stored(conn, since.keys() | {one.replaces for one in switched})
    lines = [
        BundleLine(one.hash, since.get(one.hash, one.stored_at), one.engine, one.judgeable)
        for one in known.values()
    ]
    missing = BundleLine(in_force.hash, in_force.activated_at, "", judgeable=False)
    active = next((line for line in lines if line.hash == in_force.hash), missing)
    earlier = [line for line in lines if line.hash != in_force.hash]
    return active, tuple(sorted(earlier, key=lambda line: line.since, reverse=True))


async def _stored(conn: AsyncConnection, hashes: Iterable[str]) -> dict[str, StoredBundle]:
    rows = policy_bundles.c
    query = select(rows.hash, rows.stored_at, rows.engine).where(
        rows.tenant == INSTALLATION, rows.hash.in_(sorted(hashes))
    )
    found = (await conn.execute(query)).all()
    return {row.hash: StoredBundle(row.hash, b"", row.stored_at, row.engine or "") for row in found}


def _line(row: Row[Any]) -> ProposalLine:
    return ProposalLine(
        proposal=row.proposal,
        hash=row.hash,
        replaces=row.replaces,
        origin=row.origin,
        state=row.state,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        ended_at=row.ended_at,
    )
