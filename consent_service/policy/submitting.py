"""Handing in other rules: checked, kept, written down, and what became of it in the log.

Who may hand in what, approve it and switch it on is `changes`; what they would change is `assessing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.happenings.policies import ProposalOrigin
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import TenantId, new_id
from consent_service.identity.model import Fg, Operator, PrivacyCoordinator, by
from consent_service.policy.assessing import Assessment, Assessor
from consent_service.policy.bundle import lock_problems
from consent_service.policy.proposal_rows import read_proposals, write_proposal
from consent_service.policy.proposals import CheckFailed, ProposalLine, Proposed
from consent_service.policy.rules import Rules, load_rules
from consent_service.policy.service import PolicyService, active_hash
from consent_service.policy.stored import keep, laid_out, packed

PolicyActor = PrivacyCoordinator | Fg | Operator
Check = Callable[[Path, Path], CheckFailed | None]
"""What is wrong with the rules in a folder, apart from its LOCK, beside the invariants in another folder."""


class Submitting:
    """One check at a time in this process, whoever hands something in."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        policies: PolicyService,
        assessor: Assessor,
        check: Check,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._policies = policies
        self._assessor = assessor
        self._check = check
        self._checking = asyncio.Lock()

    async def submit(
        self, actor: PolicyActor, tenant: TenantId, origin: ProposalOrigin, files: Mapping[str, str]
    ) -> Proposed | CheckFailed:
        """Check the files, keep them, write the proposal down and judge past decisions by it.

        Raises:
            InputError: these rules are in force or proposed already.
        """
        raw = packed(files)
        active = await self.in_force(tenant)
        checked = await self._checked(files, origin, active)
        if not isinstance(checked, CheckFailed):
            await self._refuse_known(tenant, checked.bundle.hash)
            checked = await self._assessor.refused(active, checked) or checked
        if isinstance(checked, CheckFailed):
            await self.note_refused(actor, tenant, origin, checked.codes)
            return checked
        wanted = checked.bundle.hash
        await keep(self._database, wanted, raw, at=self._clock.now())
        async with self._database.transaction() as conn:
            line = await self._written(conn, actor, tenant, origin, wanted)
        found = await self._assessor.assess(tenant, line.proposal)
        async with self._database.transaction() as conn:
            await self.note_replayed(conn, actor, tenant, found)
        return Proposed(line.proposal)

    async def _checked(
        self, files: Mapping[str, str], origin: ProposalOrigin, active: str
    ) -> CheckFailed | Rules:
        """What is wrong, or the rules. One at a time: a check keeps a processor busy for a while."""
        old = await self._assessor.judgeable(active)
        invariants = old.bundle.invariants if old else {}

        def check() -> CheckFailed | Rules:
            with laid_out(files) as folder, laid_out(invariants) as standing:
                if failed := self._check(folder, standing):
                    return failed
                rules = load_rules(folder)
            unlocked = lock_problems(self._policies.folder, rules.bundle) if origin == "software" else ()
            return CheckFailed(unlocked) if unlocked else rules

        async with self._checking:
            return await asyncio.to_thread(check)

    async def _refuse_known(self, tenant: TenantId, wanted: str) -> None:
        async with self._database.reading() as conn:
            active = await active_hash(conn, tenant)
            lines = await read_proposals(conn, tenant)
        if wanted == active:
            raise InputError([Problem("policies", "policies.nothing_changes")])
        if any((one.state, one.hash, one.replaces) == ("open", wanted, active) for one in lines):
            raise InputError([Problem("policies", "policies.proposed_already")])

    async def _written(
        self,
        conn: AsyncConnection,
        actor: PolicyActor,
        tenant: TenantId,
        origin: ProposalOrigin,
        wanted: str,
    ) -> ProposalLine:
        replaces = await active_hash(conn, tenant) or ""
        line = ProposalLine(
            proposal=new_id(),
            hash=wanted,
            replaces=replaces,
            origin=origin,
            state="open",
            proposed_by=by(actor).id,
            proposed_at=self._clock.now(),
            ended_at=None,
        )
        await write_proposal(conn, tenant, line)
        event = events.PolicyProposed(line.proposal, wanted, replaces, origin)
        await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=None)
        return line

    async def note_refused(
        self, actor: PolicyActor, tenant: TenantId, origin: ProposalOrigin, codes: Iterable[str]
    ) -> None:
        """What was proposed is not kept; the log says that somebody tried, and what was wrong."""
        event = events.PolicyRefused(origin, tuple(sorted(set(codes))))
        async with self._database.transaction() as conn:
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=None)

    async def note_replayed(
        self, conn: AsyncConnection, actor: PolicyActor, tenant: TenantId, found: Assessment
    ) -> None:
        """Somebody looked at past decisions by other rules."""
        report = found.replay
        event = events.PolicyReplayed(
            bundle=found.line.hash,
            replayed=report.replayed,
            to_allow=len(report.of_kind("to_allow")),
            to_deny=len(report.of_kind("to_deny")),
            otherwise=len(report.of_kind("otherwise")),
            unreadable=report.unreadable,
            proposal=found.line.proposal,
        )
        await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=None)

    async def in_force(self, tenant: TenantId) -> str:
        """The hash of the tenant's rules.

        Raises:
            NotFoundError: the tenant was never started.
        """
        async with self._database.reading() as conn:
            active: str | None = await active_hash(conn, tenant)
        if active is None:
            raise NotFoundError("bundle")
        return active
