"""The officers' view of the log: search it, read one entry, verify all of it, keep its head elsewhere.

Looking is itself logged. What an officer keeps outside this service finds what nothing inside it can: a
log that was rewritten by somebody who had the database and its key.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import read_note, verifier_key
from consent_service.audit.events import LogExported, LogPinned, LogVerified, LogViewed
from consent_service.audit.heads.judging import Vouchers
from consent_service.audit.key_handovers import KeyHandover, key_handovers
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter, TrailPage
from consent_service.audit.log_keys import LogKey, current_log, public_keys
from consent_service.audit.proof_text import read_proof, write_proof
from consent_service.audit.proofs import EntryProof, prove_entry
from consent_service.audit.reconciling import Reconciled
from consent_service.audit.served import cosigned, served_checkpoint
from consent_service.audit.tree import checkpoint_at, consistency_path
from consent_service.audit.verify import Report
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, NotFoundError
from consent_service.foundation.ids import EntryId
from consent_service.identity.model import Fg, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import require
from consent_service.rights.reconciliation import reconcile_acts, verify_log
from consent_service.rights.searching import Search, filter_of

Officer = PrivacyCoordinator | Fg
Overview = Literal["tasks", "recalls", "break_glasses", "restrictions", "requests", "erasures"]
"""What officers see in lines that were not read out of the log; as the log names it."""
HEAD = "head"
"""How the log names the newest head among the views that were looked at."""


class LogHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest signed head, with what shows that it extends the first `since` entries.

    `note` is the signed checkpoint verbatim, `keys` every key the log has had (C2SP signed-note, oldest
    first), `path` a consistency proof (RFC 9162 section 2.1.4), empty where none is needed or none can
    be made. `handovers` show how each key announced the next. Whoever gets it checks it; nothing is
    checked here.
    """

    note: bytes
    keys: tuple[str, ...]
    since: int
    path: tuple[bytes, ...]
    handovers: tuple[KeyHandover, ...] = ()


class Verified(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The outcome for the log itself, and for the acts beside it; those only where the log is whole."""

    log: Report
    acts: Reconciled | None

    @property
    def ok(self) -> bool:
        return self.log.ok and self.acts is not None and self.acts.ok

    @property
    def size(self) -> int:
        """How many entries were computed, in all logs of the shelter."""
        return self.log.size + sum(one.size for one in self.log.earlier)

    @property
    def problem_count(self) -> int:
        return self.log.problem_count + (self.acts.mismatch_count if self.acts else 0)


class SupervisionService:
    """What the privacy coordinator and the FG do with the log."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        catalogue: Catalogue,
        vouchers: Vouchers | None = None,
    ) -> None:
        self._vouchers = vouchers
        self._database = database
        self._ring = ring
        self._log = log
        self._catalogue = catalogue

    async def trail(
        self, actor: Officer, wanted: TrailFilter, *, after: EntryId | None = None, limit: int = 50
    ) -> TrailPage:
        """A page of the trail, newest first; one entry says that it was looked at.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_TRAIL, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            return await self._log.view(conn, actor.tenant, wanted, by=by(actor), after=after, limit=limit)

    async def search(
        self, actor: Officer, asked: Search, *, after: EntryId | None = None, limit: int = 50
    ) -> TrailPage:
        """As `trail`, for what an officer fills in; the entry that says so names which fields were used.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: an organisation that is not of this shelter.
        """
        require(actor, Action.VIEW_TRAIL, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            wanted = await filter_of(conn, actor.tenant, asked, self._catalogue)
            return await self._log.view(conn, actor.tenant, wanted, by=by(actor), after=after, limit=limit)

    async def entry(self, actor: Officer, entry: EntryId) -> TrailEntry:
        """One entry.

        Raises:
            NotFoundError: no such entry in this shelter's log.
        """
        page = await self.trail(actor, TrailFilter(entry=entry), limit=1)
        if not page.entries:
            raise NotFoundError("entry")
        return page.entries[0]

    async def looked(self, actor: Officer, at: Overview, results: int) -> None:
        """Log that an officer is about to see an overview that tells something of families (S36).

        Raises:
            NotAllowedError: not an officer of this shelter.
            LogUnavailableError: the log does not take it; show nothing.
        """
        require(actor, Action.VIEW_TRAIL, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            viewed = LogViewed(filters=(at,), results=results)
            await self._log.append(conn, tenant=actor.tenant, event=viewed, by=by(actor), subject=None)

    async def proof(self, actor: Officer, entry: EntryId) -> EntryProof:
        """Whether a signed head of the log covers this entry; shown beside `entry`, which logs the look.

        Raises:
            NotFoundError: no such entry in this shelter's log.
        """
        require(actor, Action.VIEW_TRAIL, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            found = await prove_entry(conn, actor.tenant, entry)
        if found is None:
            raise NotFoundError("entry")
        return found

    async def proof_text(self, actor: Officer, entry: EntryId) -> bytes:
        """The proof of one entry as a file that anybody checks offline (C2SP tlog-proof); it is logged.

        The entry itself is its extra data, so that the file stands on its own.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: no such entry in this shelter's log, or it is not proved.
        """
        require(actor, Action.READ_ENTRIES, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            found = await prove_entry(conn, actor.tenant, entry)
            if found is None or found.state != "proved":
                raise NotFoundError("entry")
            event = LogExported("entries", 1)
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=None)
        proof = read_proof(found.text)
        return write_proof(proof.index, proof.path, proof.note, found.leaf)

    async def verify(self, actor: Officer) -> Verified:
        """Recompute the whole log now and hold every act against it; the outcome is logged.

        Raises:
            NotAllowedError: not an officer of this shelter.
            UnavailableError: the database or the key provider is away.
        """
        require(actor, Action.VERIFY_LOG, Circumstances(tenant=actor.tenant))
        report = await verify_log(self._database, self._ring, actor.tenant, vouchers=self._vouchers)
        acts = await reconcile_acts(self._database, self._ring, actor.tenant) if report.ok else None
        found = Verified(report, acts)
        async with self._database.transaction() as conn:
            event = LogVerified(size=found.size, problems=found.problem_count)
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=None)
        return found

    async def head(self, actor: Officer, *, since: int = 0) -> LogHead:
        """The newest head for an officer who kept the one of `since` entries; that it was asked is logged.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: nothing was signed yet.
        """
        require(actor, Action.VERIFY_LOG, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            found = await self._head(conn, actor, since)
            viewed = LogViewed(filters=(HEAD,))
            await self._log.append(conn, tenant=actor.tenant, event=viewed, by=by(actor), subject=None)
        return found

    async def pin(self, actor: Officer, size: int) -> bytes:
        """Log that the officer keeps the head of `size` entries, and hand it over: the signed checkpoint.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: no head of that size was signed.
        """
        require(actor, Action.PIN_LOG, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            log = await current_log(conn, actor.tenant)
            note = None if log is None else await checkpoint_at(conn, log, size)
            if log is None or note is None:
                raise NotFoundError("head")
            note = await cosigned(conn, log, note)
            event = LogPinned(size)
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=None)
        return note

    async def _head(self, conn: AsyncConnection, actor: Officer, since: int) -> LogHead:
        log = await current_log(conn, actor.tenant)
        note = None if log is None else await served_checkpoint(conn, log)
        if log is None or note is None:
            raise NotFoundError("head")
        keys = tuple(verifier_key(log.origin, public) for public in await public_keys(conn, log))
        size = read_note(note).checkpoint.size
        handovers = await key_handovers(conn, self._ring, log, size)
        return LogHead(note, keys, since, await _path(conn, log, since, size), handovers)


async def _path(conn: AsyncConnection, log: LogKey, since: int, size: int) -> tuple[bytes, ...]:
    """A log that cannot show how it grew shows nothing: whoever checks it then finds no proof."""
    try:
        return await consistency_path(conn, log, since, size)
    except IntegrityError:
        return ()
