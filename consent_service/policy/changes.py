"""Other rules with four eyes: propose, approve, switch on, roll back. Every step stands in the log.

Who counts and what is still needed is `proposals`; the files of a proposal `proposing`; what it would change
`assessing`. Nothing is kept of what does not pass its checks, and the rules in force stay in force until the
moment of the switch, which is one row in one transaction: every process asks for it with each decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, IntegrityError, NotFoundError, Problem
from consent_service.foundation.ids import EntryId, TenantId
from consent_service.identity.model import Fg, Operator, PrivacyCoordinator, by, tenant_of
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.catalogue import load_catalogue
from consent_service.organisations.relationship_state import hold_tenant, raise_tenant
from consent_service.organisations.service import require
from consent_service.policy.assessing import Assessment, Assessor
from consent_service.policy.difference import FileDifference, differences
from consent_service.policy.proposal_rows import (
    end_proposal,
    hold_open,
    leave_stale,
    read_approvals,
    read_lines,
    read_proposal,
    read_proposals,
    swap_active,
    write_approvals,
)
from consent_service.policy.proposals import (
    WHOLE,
    ApprovalLine,
    CheckFailed,
    NotRerun,
    PolicyOverview,
    ProposalLine,
    ProposalView,
    Proposed,
    Rerun,
    WaitingProposal,
    as_it_stands,
    may_still_approve,
    missing,
    supporters,
)
from consent_service.policy.proposing import archive_files, edited, with_own_texts
from consent_service.policy.replaying import Replaying
from consent_service.policy.service import PolicyService
from consent_service.policy.sources import TEXTS, comes_with_software
from consent_service.policy.stored import (
    RulesDamagedError,
    files_of,
    judgeable_among,
    laid_out,
    read_bundle,
    rules_in,
    unpacked,
)
from consent_service.policy.submitting import Check, PolicyActor, Submitting


class PolicyChanges:
    """Proposals to judge by other rules. An operator names the `tenant`; officers act within their own."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        policies: PolicyService,
        assessor: Assessor,
        replaying: Replaying,
        check: Check,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._policies = policies
        self._assessor = assessor
        self._submitting = Submitting(
            database=database, log=log, clock=clock, policies=policies, assessor=assessor, check=check
        )
        self.replaying = replaying

    # --- looking -----------------------------------------------------------------------------

    async def overview(self, actor: PolicyActor, *, tenant: TenantId | None = None) -> PolicyOverview:
        """What is in force, what is proposed, what was in force before.

        Raises:
            NotFoundError: the tenant was never started.
        """
        where = _allowed(actor, Action.VIEW_POLICIES, tenant)
        async with self._database.reading() as conn:
            lines = await read_proposals(conn, where)
            active, earlier = await read_lines(conn, where, lines)
            judgeable = await judgeable_among(conn, (line.hash for line in lines))
        judged = await self._assessor.judgeable(active.hash)  # not, either, when somebody spoilt its row
        on_disk = self._policies.proposal.bundle.hash
        return PolicyOverview(
            active=msgspec.structs.replace(active, judgeable=judged is not None),
            proposals=tuple(
                as_it_stands(line, active=active.hash, judgeable=line.hash in judgeable) for line in lines
            ),
            earlier=earlier,
            on_disk="" if on_disk == active.hash else on_disk,
        )

    async def waiting(
        self, actor: PolicyActor, *, tenant: TenantId | None = None
    ) -> tuple[WaitingProposal, ...]:
        """The proposals that can still be decided on, newest first; rules of another engine cannot."""
        where = _allowed(actor, Action.VIEW_POLICIES, tenant)
        async with self._database.reading() as conn:
            lines = [line for line in await read_proposals(conn, where) if line.state == "open"]
            judgeable = await judgeable_among(conn, (line.hash for line in lines)) if lines else frozenset()
            return tuple(
                [
                    WaitingProposal(line, yours=await _is_for(conn, actor, where, line))
                    for line in lines
                    if line.hash in judgeable
                ]
            )

    async def files(self, actor: PolicyActor, *, tenant: TenantId | None = None) -> Mapping[str, str]:
        """The files of the rules in force that may be edited, by name."""
        where = _allowed(actor, Action.PROPOSE_POLICIES, tenant)
        files = await self._active_files(where)
        return {name: text for name, text in files.items() if not comes_with_software(name)}

    async def proposal(
        self, actor: PolicyActor, proposal: str, *, tenant: TenantId | None = None
    ) -> ProposalView:
        """Everything to decide on: the texts that change, the decisions that change, who approved what.

        Raises:
            NotFoundError: this tenant has no such proposal.
        """
        where = _allowed(actor, Action.REPLAY_POLICIES, tenant)
        found = await self._assessor.assess(where, proposal)
        if found.fresh:
            async with self._database.transaction() as conn:
                await self._submitting.note_replayed(conn, actor, where, found)
        difference = await self._difference(found.line)
        needed = missing(found.backing)
        return ProposalView(
            line=found.line,
            difference=difference,
            replay=found.replay,
            widenings=found.widenings,
            invariants=found.invariants,
            approved=found.backing.approved,
            missing=needed,
            may_approve=isinstance(actor, PrivacyCoordinator)
            and may_still_approve(found.backing, actor.staff),
            may_activate=not isinstance(actor, Fg) and not needed,
            comparable=found.backing.comparable,
        )

    async def rerun(
        self, actor: PolicyActor, entry: EntryId, *, tenant: TenantId | None = None
    ) -> Rerun | NotRerun:
        """The decision an entry tells of, made again by the rules of then: it must come out the same."""
        where = _allowed(actor, Action.REPLAY_POLICIES, tenant)
        made = await self.replaying.rerun(where, entry)
        if isinstance(made, Rerun):
            async with self._database.transaction() as conn:
                event = events.PolicyReplayed(made.bundle, 1, otherwise=int(not made.same))
                await self._log.append(conn, tenant=where, event=event, by=by(actor), subject=None)
        return made

    # --- proposing ---------------------------------------------------------------------------

    async def propose_software(
        self, actor: PolicyActor, *, tenant: TenantId | None = None
    ) -> Proposed | CheckFailed:
        """The rules of this release, with the catalogue and texts it already shows.

        Raises:
            InputError: they are in force, proposed already, or no longer those this process started with.
        """
        where = _allowed(actor, Action.PROPOSE_POLICIES, tenant)
        return await self._submitting.submit(actor, where, "software", await self._installed())

    async def propose_folder(
        self, actor: Operator, folder: Path, *, tenant: TenantId | None = None
    ) -> Proposed | CheckFailed:
        """The rules in a folder an operator names.

        Raises:
            InputError: they bring another catalogue or other texts, are in force or proposed already.
        """
        where = _allowed(actor, Action.PROPOSE_POLICIES, tenant)
        files = await asyncio.to_thread(_read_folder, folder)
        own = with_own_texts(files, await self._installed())
        return await self._submitting.submit(actor, where, "folder", own)

    async def propose_upload(
        self, actor: PolicyActor, archive: bytes, *, tenant: TenantId | None = None
    ) -> Proposed | CheckFailed:
        """The rules in a .zip that somebody uploads.

        Raises:
            InputError: it is no archive of rules, brings another catalogue or other texts, or is in force
                or proposed already.
        """
        where = _allowed(actor, Action.PROPOSE_POLICIES, tenant)
        installed = await self._installed()
        try:
            files = with_own_texts(await asyncio.to_thread(archive_files, archive), installed)
        except InputError as wrong:
            await self._submitting.note_refused(actor, where, "upload", [one.code for one in wrong.problems])
            raise
        return await self._submitting.submit(actor, where, "upload", files)

    async def propose_edit(
        self, actor: PolicyActor, changed: Mapping[str, str], *, tenant: TenantId | None = None
    ) -> Proposed | CheckFailed:
        """The rules in force with these files changed: a rule and its cases change together.

        Raises:
            InputError: a file comes with the software or may not be called so, the rules in force are of
                an earlier release, nothing would change, or it is proposed already.
        """
        where = _allowed(actor, Action.PROPOSE_POLICIES, tenant)
        files = await self._active_files(where)
        for file, text in changed.items():
            files = edited(files, file, text)
        if not await self._is_own_catalogue(files):
            raise InputError([Problem("file", "policies.software_first")])
        return await self._submitting.submit(actor, where, "edit", files)

    async def propose_earlier(
        self, actor: PolicyActor, bundle_hash: str, *, tenant: TenantId | None = None
    ) -> Proposed | CheckFailed:
        """Back to rules that were in force at this tenant before.

        Raises:
            InputError: they never were, their engine is gone, they are damaged, or they belong to another
                catalogue.
        """
        where = _allowed(actor, Action.PROPOSE_POLICIES, tenant)
        async with self._database.reading() as conn:
            _, earlier = await read_lines(conn, where, await read_proposals(conn, where))
            wanted = next((line for line in earlier if line.hash == bundle_hash), None)
        if wanted is None:
            raise InputError([Problem("bundle", "policies.never_in_force")])
        if not wanted.judgeable:
            raise InputError([Problem("bundle", "policies.engine_gone")])
        try:
            files = await self._whole(bundle_hash)
        except RulesDamagedError as spoilt:
            raise InputError([Problem("bundle", "policies.damaged")]) from spoilt
        if not await self._is_own_catalogue(files):
            raise InputError([Problem("bundle", "policies.other_catalogue")])
        return await self._submitting.submit(actor, where, "earlier", files)

    # --- deciding ----------------------------------------------------------------------------

    async def approve(
        self,
        actor: PolicyActor,
        proposal: str,
        items: frozenset[str] = frozenset(),
        *,
        tenant: TenantId | None = None,
    ) -> None:
        """Stand behind the proposal as a whole, and behind each of these items by itself.

        Raises:
            NotAllowedError: only a privacy coordinator of this tenant approves.
            NotFoundError: this tenant has no such proposal.
            InputError: it is closed or stale, it is the actor's own, or an item is not (any more) one of
                what would change.
        """
        where = _allowed(actor, Action.APPROVE_POLICIES, tenant)
        found = await self._assessor.assess(where, proposal)
        who = by(actor).id
        _refuse_approval(found, who, items)
        async with self._database.transaction() as conn:
            if not await hold_open(conn, where, proposal):
                raise InputError([Problem("proposal", "policies.closed")])
            given = {
                one.item for one in await read_approvals(conn, where, proposal) if one.approved_by == who
            }
            fresh = sorted({WHOLE, *items} - given)
            if not fresh:
                return
            approved = [ApprovalLine(item, who, self._clock.now()) for item in fresh]
            await write_approvals(conn, where, proposal, approved=approved)
            event = events.PolicyApproved(proposal, found.line.hash, tuple(sorted(items - given)))
            await self._log.append(conn, tenant=where, event=event, by=by(actor), subject=None)

    async def withdraw(self, actor: PolicyActor, proposal: str, *, tenant: TenantId | None = None) -> None:
        """The proposal is off.

        Raises:
            NotFoundError: this tenant has no such proposal.
            InputError: it is closed already.
        """
        where = _allowed(actor, Action.PROPOSE_POLICIES, tenant)
        async with self._database.transaction() as conn:
            line = await read_proposal(conn, where, proposal)
            if not await end_proposal(conn, where, proposal, state="withdrawn", at=self._clock.now()):
                raise InputError([Problem("proposal", "policies.closed")])
            event = events.PolicyWithdrawn(proposal, line.hash)
            await self._log.append(conn, tenant=where, event=event, by=by(actor), subject=None)

    async def activate(self, actor: PolicyActor, proposal: str, *, tenant: TenantId | None = None) -> str:
        """Switch to what two coordinators stand behind; the hash that is in force from now on.

        What was decided since the proposal was looked at counts too: inside the transaction nothing more
        can be decided by the old rules, and what was, is judged by the new ones before they are in force.

        Raises:
            NotFoundError: this tenant has no such proposal.
            InputError: everything that is still missing.
        """
        where = _allowed(actor, Action.ACTIVATE_POLICIES, tenant)
        begun = self._clock.now()
        found = await self._assessor.assess(where, proposal)
        _refuse_missing(missing(found.backing))
        async with self._database.transaction() as conn:
            await self._switch(conn, where, found.line)
            recent = await self._assessor.recent(conn, where, found, since=begun)
            items = found.backing.items | {one.key for one in recent.of_kind("to_allow")}
            whole = msgspec.structs.replace(found.backing, items=items)
            backing = await self._assessor.backed(conn, where, whole)
            _refuse_missing(missing(backing))
            await self._submitting.note_replayed(conn, actor, where, found)
            event = events.BundleActivated(found.line.hash, tuple(sorted(supporters(backing))))
            await self._log.append(
                conn, tenant=where, event=event, by=by(actor), subject=None, bundle=found.line.hash
            )
        return found.line.hash

    # --- steps -------------------------------------------------------------------------------

    async def _switch(self, conn: AsyncConnection, tenant: TenantId, line: ProposalLine) -> None:
        """The versions first, as a release does: whoever is deciding is waited for, and nobody for us."""
        now = self._clock.now()
        await hold_tenant(conn, tenant)
        await raise_tenant(conn, tenant, now)
        if not await swap_active(conn, tenant, replaces=line.replaces, wanted=line.hash, at=now):
            raise InputError([Problem("proposal", "policies.stale")])
        if not await end_proposal(conn, tenant, line.proposal, state="active", at=now):
            raise InputError([Problem("proposal", "policies.closed")])
        await leave_stale(conn, tenant, at=now)

    async def _difference(self, line: ProposalLine) -> tuple[FileDifference, ...]:
        """Without the texts people read: those of this release are in use, whatever rules are in force.

        Where nobody can read what was in force, all of what is proposed is new.
        """
        sides = []
        for bundle_hash in (line.replaces, line.hash):
            try:
                files = await self._whole(bundle_hash)
            except RulesDamagedError:
                files = {}
            sides.append({name: text for name, text in files.items() if not name.startswith(TEXTS)})
        return await asyncio.to_thread(differences, *sides)

    async def _active_files(self, tenant: TenantId) -> dict[str, str]:
        return await self._whole(await self._submitting.in_force(tenant))

    async def _whole(self, bundle_hash: str) -> dict[str, str]:
        """The files that are kept under a hash, when they are those it names.

        Of another engine nobody can tell; they are shown as they are and never judged by.

        Raises:
            RulesDamagedError: they are not there, cannot be read or are others.
        """
        try:
            async with self._database.reading() as conn:
                stored = await read_bundle(conn, bundle_hash)
            if stored.judgeable:
                await asyncio.to_thread(rules_in, stored.files, bundle_hash)
            return unpacked(stored.files)
        except (IntegrityError, NotFoundError) as spoilt:
            raise RulesDamagedError(bundle_hash) from spoilt

    async def _installed(self) -> dict[str, str]:
        """The files this process was started with; on disk they may be others by now."""
        try:
            return await asyncio.to_thread(self._policies.files_on_disk)
        except (IntegrityError, OSError, UnicodeDecodeError) as changed:
            raise InputError([Problem("policies", "policies.disk_changed")]) from changed

    async def _is_own_catalogue(self, files: Mapping[str, str]) -> bool:
        def catalogue_hash() -> str:
            with laid_out(files) as folder:
                return load_catalogue(folder).hash

        return await asyncio.to_thread(catalogue_hash) == self._policies.proposal.catalogue.hash


async def _is_for(conn: AsyncConnection, actor: PolicyActor, tenant: TenantId, line: ProposalLine) -> bool:
    """A coordinator who did not propose it and did not approve the whole of it."""
    if not isinstance(actor, PrivacyCoordinator) or line.proposed_by == actor.staff:
        return False
    approved = await read_approvals(conn, tenant, line.proposal)
    return not any(one.item == WHOLE and one.approved_by == actor.staff for one in approved)


def _allowed(actor: PolicyActor, action: Action, tenant: TenantId | None) -> TenantId:
    """The tenant acted for, when the permission table has a row for it."""
    where = tenant or tenant_of(actor)
    require(actor, action, Circumstances(tenant=where))
    if where is None:
        raise NotFoundError("tenant")
    return where


def _read_folder(folder: Path) -> dict[str, str]:
    try:
        return files_of(folder)
    except (OSError, UnicodeDecodeError) as failure:
        raise InputError([Problem("folder", "policies.folder_unreadable")]) from failure


def _refuse_approval(found: Assessment, who: str, items: frozenset[str]) -> None:
    if found.line.state != "open":
        raise InputError([Problem("proposal", missing(found.backing)[0])])
    if who == found.line.proposed_by and (items or found.backing.comparable):
        raise InputError([Problem("proposal", "policies.approve_own")])
    if not found.backing.compared:
        raise InputError([Problem("proposal", "policies.not_comparable")])
    if items - found.backing.items:
        raise InputError([Problem("items", "policies.item_unknown")])


def _refuse_missing(needed: Sequence[str]) -> None:
    if needed:
        raise InputError([Problem("proposal", code) for code in needed])
