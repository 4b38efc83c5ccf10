"""What a proposal would change and what it still needs, from the rows, the log and the rules themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, NotFoundError
from consent_service.foundation.ids import StaffId, TenantId
from consent_service.organisations.service import OrganisationService
from consent_service.policy.invariant_changes import InvariantChange, invariant_changes
from consent_service.policy.proofs.comparing import Widening
from consent_service.policy.proofs.terms import NotProvableError
from consent_service.policy.proposal_rows import read_approvals, read_proposal
from consent_service.policy.proposals import Backing, CheckFailed, ProposalLine, as_it_stands
from consent_service.policy.reasons import PolicyProblem
from consent_service.policy.replay import ReplayReport
from consent_service.policy.replaying import Replaying
from consent_service.policy.rules import Rules
from consent_service.policy.service import PolicyService, active_hash
from consent_service.policy.stored import EngineGoneError

FindWidenings = Callable[[Rules, Rules], tuple[Widening, ...]]
"""What the second rules allow and the first do not, whether or not it occurred."""
_MOST_KEPT = 8


class Assessment(msgspec.Struct, frozen=True):
    """`fresh`: past decisions were read for this, and not only what was read a moment ago."""

    backing: Backing
    replay: ReplayReport
    widenings: tuple[Widening, ...]
    invariants: tuple[InvariantChange, ...]
    fresh: bool
    old: Rules | None

    @property
    def line(self) -> ProposalLine:
        """The proposal this is about."""
        return self.backing.line


class Assessor:
    """Looks at a proposal with everything that is known now."""

    def __init__(
        self,
        *,
        database: Database,
        organisations: OrganisationService,
        policies: PolicyService,
        replaying: Replaying,
        find_widenings: FindWidenings,
    ) -> None:
        self._database = database
        self._organisations = organisations
        self._policies = policies
        self._replaying = replaying
        self._find_widenings = find_widenings
        self._widenings: dict[tuple[str, str], tuple[Widening, ...]] = {}
        self._turn = asyncio.Lock()

    async def assess(self, tenant: TenantId, proposal: str) -> Assessment:
        """The proposal, what it changes, and who stands behind it.

        Raises:
            NotFoundError: this tenant has no such proposal.
        """
        async with self._database.reading() as conn:
            line = await read_proposal(conn, tenant, proposal)
            active = await active_hash(conn, tenant) or ""
        new, old = await self.judgeable(line.hash), await self.judgeable(line.replaces)
        line = as_it_stands(line, active=active, judgeable=new is not None)
        replay, fresh = await self._replayed(tenant, old, new)
        widenings: tuple[Widening, ...] | None = ()
        invariants: tuple[InvariantChange, ...] = ()
        if old is not None and new is not None:
            widenings = await self._widened(old, new)
            invariants = invariant_changes(old.bundle, new.bundle)
        listed = (replay.of_kind("to_allow"), widenings or (), invariants)
        backing = Backing(
            line,
            approved=(),
            coordinators=frozenset(),
            items=frozenset(one.key for kind in listed for one in kind),
            comparable=old is not None,
            compared=widenings is not None,
        )
        async with self._database.reading() as conn:
            backing = await self.backed(conn, tenant, backing)
        return Assessment(backing, replay, widenings or (), invariants, fresh, old)

    async def refused(self, active: str, new: Rules) -> CheckFailed | None:
        """Why these rules may not be proposed beside those in force; None when they may.

        Where nobody can judge by the rules in force, there is nothing to hold the new ones against.
        """
        old = await self.judgeable(active)
        if old is None or await self._widened(old, new) is not None:
            return None
        return CheckFailed((PolicyProblem("policies", "not_comparable", ""),))

    async def backed(self, conn: AsyncConnection, tenant: TenantId, backing: Backing) -> Backing:
        """The same with who approved what, and which of them are coordinators of this tenant today."""
        line = backing.line
        approved = await read_approvals(conn, tenant, line.proposal)
        named = {StaffId(line.proposed_by), *(StaffId(one.approved_by) for one in approved)}
        coordinators = frozenset[str](
            member.staff
            for member in await self._organisations.staff_members(conn, tenant, named)
            if member.kind == "privacy_coordinator" and member.ended_at is None
        )
        return msgspec.structs.replace(backing, approved=approved, coordinators=coordinators)

    async def recent(
        self, conn: AsyncConnection, tenant: TenantId, found: Assessment, *, since: datetime
    ) -> ReplayReport:
        """What was decided since this moment, as the transaction `conn` sees it, judged by the new rules.

        Raises:
            EngineGoneError: nobody can judge by the new rules.
        """
        new = await self._policies.rules(found.line.hash)
        return await self._replaying.since(conn, tenant, since, new=new, old=found.old)

    async def judgeable(self, bundle_hash: str) -> Rules | None:
        """The rules with this hash; None when nobody can judge by them any more."""
        try:
            return await self._policies.rules(bundle_hash)
        except (EngineGoneError, IntegrityError, NotFoundError):
            return None

    async def _replayed(
        self, tenant: TenantId, old: Rules | None, new: Rules | None
    ) -> tuple[ReplayReport, bool]:
        if new is None:
            return ReplayReport(), False
        return await self._replaying.report(tenant, new, old)

    async def _widened(self, old: Rules, new: Rules) -> tuple[Widening, ...] | None:
        """None when the solver does not finish: then nobody knows what would be allowed as well.

        One pair at a time, and once: it takes a while. What was not finished is tried anew the next time:
        perhaps the machine was only too busy.
        """
        pair = old.bundle.hash, new.bundle.hash
        async with self._turn:
            if pair not in self._widenings:
                found = await asyncio.to_thread(self._proved, old, new)
                if found is None:
                    return None
                self._widenings = dict([*self._widenings.items(), (pair, found)][-_MOST_KEPT:])
            return self._widenings[pair]

    def _proved(self, old: Rules, new: Rules) -> tuple[Widening, ...] | None:
        try:
            return self._find_widenings(old, new)
        except NotProvableError:
            return None
