"""Who can find it: the service at start-up, `audit verify`, the officer's pin, a parent, a witness.

The last three stand outside: of the database they get what is served to them, and they trust only what they
kept themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, read_note, verify_note
from consent_service.audit.details import OpenedDetail, SealedDetail, open_details
from consent_service.audit.encoding import commitment, decode_leaf, hash_text
from consent_service.audit.log import AuditLog
from consent_service.audit.log_keys import LogKey
from consent_service.audit.merkle import leaf_hash, root_of, verify_consistency
from consent_service.audit.protection import check_protection
from consent_service.audit.tables import audit_details, audit_entries, audit_sequence
from consent_service.audit.tree import consistency_path, newest_head
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import PersonId
from consent_service.identity.model import PrivacyCoordinator
from consent_service.information.model import Catalogue
from consent_service.keyring.service import KeyRing
from consent_service.keyring.view_keys import tag_under, view_key
from consent_service.rights.reconciliation import reconcile_acts, verify_log
from consent_service.rights.supervision import SupervisionService


class Within:
    """The database as the service sees it, within a transaction of which nothing is kept."""

    is_sqlite = True  # so that nobody sets how isolated it is: it has begun

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        yield self._conn

    transaction = reading


async def served_head(conn: AsyncConnection, log: LogKey) -> Checkpoint:
    """The newest head as anybody gets it, signed by the key that everybody outside knows.

    Raises:
        IntegrityError: it is not.
    """
    note = read_note(await newest_head(conn, log) or b"")
    if not verify_note(note, origin=log.origin, public=log.public):
        raise IntegrityError("not signed by the log")
    return note.checkpoint


@dataclass
class HeadKeeper:
    """Keeps one head outside the database: the officer's pin, or a witness, which keeps the newest."""

    log: LogKey
    kept: Checkpoint

    async def objects(self, conn: AsyncConnection) -> bool:
        """Whether the head served now does not extend the one that was kept."""
        try:
            head = await served_head(conn, self.log)
            proof = await consistency_path(conn, self.log, self.kept.size, head.size)
        except IntegrityError:
            return True
        return not verify_consistency(
            old=self.kept.size, size=head.size, old_root=self.kept.root, root=head.root, proof=proof
        )


@dataclass
class Parent:
    """Has the head on her receipt and her view key, and downloads every entry."""

    log: LogKey
    ring: KeyRing
    person: PersonId
    receipt: Checkpoint

    async def objects(self, conn: AsyncConnection) -> bool:
        """Whether the entries do not give the heads, or one tagged for her is not what it should be."""
        try:
            head = await served_head(conn, self.log)
            leaves = await self._leaves(conn)
            return not (self._give(leaves, head) and await self._fit(conn, leaves))
        except IntegrityError:
            return True

    async def _leaves(self, conn: AsyncConnection) -> list[bytes]:
        place, entry = audit_sequence.c, audit_entries.c
        query = (
            select(entry.leaf)
            .select_from(audit_sequence)
            .join(audit_entries, (entry.tenant == place.tenant) & (entry.id == place.entry), isouter=True)
            .where(place.tenant == self.log.tenant, place.log == self.log.log)
            .order_by(place.seq)
        )
        found = (await conn.execute(query)).scalars().all()
        if any(leaf is None for leaf in found):
            raise IntegrityError("an entry is not served")
        return [leaf for leaf in found if leaf is not None]

    def _give(self, leaves: list[bytes], head: Checkpoint) -> bool:
        hashes = [leaf_hash(leaf) for leaf in leaves]
        return all(
            one.size <= len(hashes) and root_of(hashes[: one.size]) == one.root
            for one in (head, self.receipt)
        )

    async def _fit(self, conn: AsyncConnection, leaves: list[bytes]) -> bool:
        """Every entry once, and what is shown of hers is what its leaf commits to."""
        read = [decode_leaf(leaf) for leaf in leaves]
        key = await self.ring.person_key(conn, self.log.tenant, self.person)
        view = view_key(self.ring, key)
        mine = {leaf.id: leaf for leaf in read if hash_text(tag_under(view, leaf.id)) == leaf.tag}
        rows = await conn.execute(select(audit_details).where(audit_details.c.entry.in_(sorted(mine))))
        sealed = [SealedDetail(row.entry, row.person, row.sealed) for row in rows]
        opened = await open_details(conn, self.ring, self.log.tenant, sealed)
        shown = all(
            isinstance(one := opened.get(entry), OpenedDetail) and commitment(one.salt, one.raw) == leaf.com
            for entry, leaf in mine.items()
        )
        return shown and max(Counter(leaf.id for leaf in read).values()) == 1


@dataclass
class Detectors:
    """All of them, each with what it kept before anything was tampered with."""

    ring: KeyRing
    log: LogKey
    clock: Clock
    officer: PrivacyCoordinator
    pin: HeadKeeper
    parent: Parent
    witness: HeadKeeper

    async def who(self, conn: AsyncConnection) -> set[str]:
        """The names of those who find something."""
        found = {
            "start": bool(await check_protection(conn)),
            "verify": not await self.is_whole(conn),
            "pin": await self.pin.objects(conn),
            "parent": await self.parent.objects(conn),
            "witness": await self.witness.objects(conn),
        }
        return {name for name, objects in found.items() if objects}

    async def is_whole(self, conn: AsyncConnection) -> bool:
        """What the officer's page says of this shelter: its log, and its acts against it."""
        database = cast("Database", Within(conn))
        log, nothing = AuditLog(self.ring, self.clock), Catalogue(types={}, hash="")
        service = SupervisionService(database=database, ring=self.ring, log=log, catalogue=nothing)
        step = await conn.begin_nested()
        found = await service.verify(self.officer)
        await step.rollback()  # the entry that says so
        report = await verify_log(database, self.ring, self.log.tenant)  # as `audit verify` does
        acts = await reconcile_acts(database, self.ring, self.log.tenant) if report.ok else None
        assert (found.log, found.acts) == (report, acts)
        return found.ok
