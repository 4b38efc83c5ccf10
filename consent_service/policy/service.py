"""Which bundle is in force for which tenant. The database decides; `policies/` on disk is a proposal.

At a tenant's first start the bundle on disk becomes active. Any later change needs two different
privacy officers. Old bundles are kept, so that every past decision can be replayed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from sqlalchemy import exc, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConfigurationError,
    InputError,
    IntegrityError,
    NotFoundError,
    Problem,
)
from consent_service.foundation.ids import INSTALLATION, StaffId, TenantId
from consent_service.identity.model import Operator, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.catalogue import load_catalogue
from consent_service.information.model import Catalogue
from consent_service.organisations.relationship_state import raise_tenant
from consent_service.organisations.service import OrganisationService, require
from consent_service.policy.bundle import Bundle, load_bundle
from consent_service.policy.tables import active_bundles, policy_bundles

_SUFFIXES = {".cedar", ".cedarschema", ".toml"}
_MAXIMUM_BYTES = 2_000_000


class Rules(msgspec.Struct, frozen=True):
    """A bundle with the catalogue it was made for."""

    bundle: Bundle
    catalogue: Catalogue


def load_rules(folder: Path) -> Rules:
    """The rules in a folder.

    Raises:
        BundleError: with every problem found.
    """
    catalogue = load_catalogue(folder)
    return Rules(load_bundle(folder, catalogue=catalogue), catalogue)


class PolicyService:
    """Active rules per tenant."""

    def __init__(
        self, *, database: Database, log: AuditLog, clock: Clock, folder: Path, proposal: Rules
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._folder = folder
        self.proposal = proposal
        self._loaded: dict[str, Rules] = {proposal.bundle.hash: proposal}

    async def ensure_active(self, tenant: TenantId) -> str:
        """The hash in force for the tenant; at first start that of the rules on disk."""
        async with self._database.reading() as conn:
            active = await self._active_hash(conn, tenant)
        if active is not None:
            return active
        await self._store()
        try:
            async with self._database.transaction() as conn:
                wanted = self.proposal.bundle.hash
                values = {"hash": wanted, "activated_at": self._clock.now()}
                await conn.execute(insert(active_bundles).values(tenant=tenant, **values))
                return await self._note_activated(conn, tenant, by(System()), approvers=())
        except exc.IntegrityError:  # another process started this tenant at the same moment
            return await self.ensure_active(tenant)

    async def activate_proposal(
        self,
        actor: Operator,
        tenant: TenantId,
        approvers: Sequence[StaffId],
        organisations: OrganisationService,
    ) -> str:
        """Switch to the rules on disk; two different privacy officers must have approved.

        Raises:
            InputError: fewer than two, the same one twice, or somebody who is no privacy officer.
            NotFoundError: the tenant was never started.
        """
        require(actor, Action.ACTIVATE_POLICIES, Circumstances(tenant=tenant))
        await self._store()
        async with self._database.transaction() as conn:
            known = await organisations.staff_members(conn, tenant, approvers)
            officers = {
                member.staff
                for member in known
                if member.kind in ("privacy_coordinator", "fg") and member.ended_at is None
            }
            if len(officers) < 2 or officers != set(approvers):
                raise InputError([Problem("approver", "two_officers_needed")])
            wanted = self.proposal.bundle.hash
            switched = await conn.execute(
                update(active_bundles)
                .where(active_bundles.c.tenant == tenant)
                .values(hash=wanted, activated_at=self._clock.now())
            )
            if switched.rowcount != 1:
                raise NotFoundError("tenant")
            return await self._note_activated(conn, tenant, by(actor), approvers=tuple(sorted(officers)))

    async def rules(self, bundle_hash: str) -> Rules:
        """The rules with this hash, from memory or from the database.

        Raises:
            NotFoundError: no bundle with this hash was ever stored.
        """
        if bundle_hash not in self._loaded:
            self._loaded[bundle_hash] = await self._load_stored(bundle_hash)
        return self._loaded[bundle_hash]

    async def active_rules(self, conn: AsyncConnection, tenant: TenantId) -> Rules:
        """The rules in force for the tenant.

        Raises:
            NotFoundError: the tenant has none yet; nothing may be released.
        """
        active = await self._active_hash(conn, tenant)
        if active is None:
            raise NotFoundError("bundle")
        return await self.rules(active)

    async def _active_hash(self, conn: AsyncConnection, tenant: TenantId) -> str | None:
        query = select(active_bundles.c.hash).where(active_bundles.c.tenant == tenant)
        found: str | None = (await conn.execute(query)).scalar_one_or_none()
        return found

    async def _store(self) -> None:
        """Keep the rules on disk, unless they are kept already.

        Raises:
            IntegrityError: the files are no longer those that were loaded: start again with them.
        """
        wanted = self.proposal.bundle.hash
        query = select(policy_bundles.c.hash).where(
            policy_bundles.c.tenant == INSTALLATION, policy_bundles.c.hash == wanted
        )
        async with self._database.reading() as conn:
            if (await conn.execute(query)).first() is not None:
                return
        files = _packed(self._folder)
        _rules_in(files, wanted)
        row = {"tenant": INSTALLATION, "hash": wanted, "files": files, "stored_at": self._clock.now()}
        with suppress(exc.IntegrityError):  # another process stored the same bytes
            async with self._database.transaction() as conn:
                await conn.execute(insert(policy_bundles).values(**row))

    async def _note_activated(
        self, conn: AsyncConnection, tenant: TenantId, who: By, *, approvers: tuple[str, ...]
    ) -> str:
        wanted = self.proposal.bundle.hash
        await raise_tenant(conn, tenant, self._clock.now())
        event = events.BundleActivated(wanted, approvers)
        await self._log.append(conn, tenant=tenant, event=event, by=who, subject=None, bundle=wanted)
        return wanted

    async def _load_stored(self, bundle_hash: str) -> Rules:
        query = select(policy_bundles.c.files).where(
            policy_bundles.c.tenant == INSTALLATION, policy_bundles.c.hash == bundle_hash
        )
        async with self._database.reading() as conn:
            raw = (await conn.execute(query)).scalar_one_or_none()
        if raw is None:
            raise NotFoundError("bundle")
        return _rules_in(raw, bundle_hash)


def _packed(folder: Path) -> bytes:
    """Every file of the rules, by its path within the folder."""
    files = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in _SUFFIXES
    }
    packed = msgspec.msgpack.encode(files)
    if len(packed) > _MAXIMUM_BYTES:
        raise InputError([Problem("policies", "policies_too_large")])
    return packed


def _rules_in(raw: bytes, bundle_hash: str) -> Rules:
    """The rules in packed files.

    Raises:
        IntegrityError: they cannot be read, or are not those the hash names.
    """
    try:
        files = msgspec.msgpack.decode(raw, type=dict[str, str])
        with tempfile.TemporaryDirectory() as folder:
            _unpack(files, Path(folder))
            rules = load_rules(Path(folder))
    except (msgspec.DecodeError, ConfigurationError) as failure:
        raise IntegrityError("stored policies cannot be read") from failure
    if rules.bundle.hash != bundle_hash:
        raise IntegrityError("stored policies are not those their hash names")
    return rules


def _unpack(files: dict[str, str], folder: Path) -> None:
    for name, text in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise IntegrityError("stored policies would be written elsewhere")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
