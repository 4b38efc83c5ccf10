"""Which rules were proposed, approved and in force, and what the log tells of it (`audit.reconciling`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import Act, ActSource, Done, Told, streamed
from consent_service.foundation.ids import TenantId
from consent_service.policy.proposals import WHOLE
from consent_service.policy.tables import active_bundles, policy_approvals, policy_proposals


class PolicyActs(ActSource):
    """Proposals, who stands behind them, and every bundle that ever was in force."""

    tables = ("policy_proposals", "policy_approvals", "active_bundles")
    events = (
        events.PolicyProposed,
        events.PolicyApproved,
        events.PolicyWithdrawn,
        events.BundleActivated,
    )

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every bundle in force once is replaced by a proposal that was switched to, or is in force now."""
        async for row in streamed(conn, select(active_bundles).where(active_bundles.c.tenant == tenant)):
            yield Done(Act("bundle", (row.hash,)), row.activated_at)
        async for row in streamed(conn, select(policy_proposals).where(policy_proposals.c.tenant == tenant)):
            facts = (row.proposal, row.hash, row.replaces, row.origin)
            yield Done(Act("proposal", facts), row.proposed_at)
            if row.state == "withdrawn":
                yield Done(Act("proposal_end", facts[:2]), row.ended_at)
            elif row.state == "active":
                yield Done(Act("bundle", (row.replaces,)), row.ended_at)
        of = and_(
            policy_proposals.c.tenant == policy_approvals.c.tenant,
            policy_proposals.c.proposal == policy_approvals.c.proposal,
        )
        query = select(policy_approvals, policy_proposals.c.hash).join(policy_proposals, of)
        async for row in streamed(conn, query.where(policy_approvals.c.tenant == tenant)):
            yield Done(_approval(row.proposal, row.hash, row.approved_by, row.item), row.approved_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """Whoever approves an item stands behind the whole too, which is noted once."""
        match detail.event:
            case events.PolicyProposed(proposal=proposal, bundle=bundle, replaces=replaces, origin=origin):
                yield Told(Act("proposal", (proposal, bundle, replaces, origin)))
            case events.PolicyApproved(proposal=proposal, bundle=bundle, items=items):
                for item in (WHOLE, *items):
                    yield Told(_approval(proposal, bundle, detail.by.id, item), once=True)
            case events.PolicyWithdrawn(proposal=proposal, bundle=bundle):
                yield Told(Act("proposal_end", (proposal, bundle)))
            case events.BundleActivated(bundle=bundle):
                yield Told(Act("bundle", (bundle,)))
            case _:
                return


def _approval(proposal: str, bundle: str, coordinator: str, item: str) -> Act:
    return Act("approval", (proposal, bundle, coordinator, item))
