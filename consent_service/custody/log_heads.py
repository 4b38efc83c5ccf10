"""What an operator does about the heads of the logs: another key, a new log after a restore, what others saw.

How it is done is `audit.heads`; here stands who may, and where each log is.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, read_note, signed_checkpoint
from consent_service.audit.events import (
    CODE_PATTERN,
    LogHeadAccepted,
    LogHeadLearned,
    Urgency,
    WitnessDismissed,
)
from consent_service.audit.heads.beginning import are_gone, newest_heads
from consent_service.audit.heads.kept import (
    COSIGNATURE_LIMIT,
    Judged,
    Vouched,
    cosignature_age,
    judge_cosignatures,
    judge_stamps,
    newest_signed,
)
from consent_service.audit.heads.known import Claim, KnownHead, KnownHeads
from consent_service.audit.heads.publishing import Vouching
from consent_service.audit.heads.reopening import Reopened, Reopening, Why
from consent_service.audit.heads.rotating import KeyRotation
from consent_service.audit.log import AuditLog
from consent_service.audit.log_keys import LogKey, current_log, log_numbered, public_keys
from consent_service.audit.merkle import EMPTY_ROOT
from consent_service.audit.tables import audit_logs
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import TenantId
from consent_service.identity.model import Operator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import require

_log = structlog.get_logger()


class HeadState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the newest log of a tenant stands, here and with others.

    `cosigned` has an entry for every witness that is asked now, `unfit` the sizes of rows that are kept
    under its name (or, under no name, as time stamps) and vouch for nothing. `waiting` is how long the
    oldest head has waited for a first cosignature; None when none waits or nobody is asked.
    """

    log: LogKey
    head: Checkpoint
    known: KnownHead | None
    claims: tuple[Claim, ...]
    cosigned: tuple[tuple[str, Vouched | None], ...]
    stamped: Vouched | None
    waiting: timedelta | None
    refused: bool
    """Nothing more is signed: a larger or another head is known outside the database."""
    unfit: tuple[tuple[str, int], ...] = ()
    gone: bool = False
    """What was known outside is gone: nothing is signed until it is put back, or accepted."""

    @property
    def is_well(self) -> bool:
        late = self.waiting is not None and self.waiting > COSIGNATURE_LIMIT
        return not self.refused and not late and not self.unfit and not self.gone


class Learned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A head that was kept elsewhere; `is_new` when no head of its log as late as this was known here."""

    head: Checkpoint
    is_new: bool


class LogHeads:
    """Heads and keys of the logs of one installation."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        heads: KnownHeads,
        vouching: Vouching,
        rotation: KeyRotation,
        reopening: Reopening,
    ) -> None:
        self._database = database
        self._audit = log
        self._clock = clock
        self._heads = heads
        self._vouching = vouching
        self._rotation = rotation
        self._reopening = reopening

    async def state(self, tenant: TenantId) -> HeadState | None:
        """Where the tenant's newest log stands; None when it has none.

        Raises:
            IntegrityError: the file of known heads cannot be read as it was written.
            UnavailableError: it, or the database, is away.
        """
        async with self._database.reading() as conn:
            log = await current_log(conn, tenant)
            return None if log is None else await self._state(conn, log, self._clock.now())

    async def rotate(self, actor: Operator, tenant: TenantId, *, urgency: Urgency) -> LogKey:
        """Give the newest log of the tenant another key.

        Raises:
            NotAllowedError: not an operator.
            NotFoundError, ConflictError, IntegrityError, UnavailableError: as for `KeyRotation.rotate`.
        """
        require(actor, Action.ROTATE_LOG_KEY, Circumstances())
        return await self._rotation.rotate(tenant, reason=urgency, by=by(actor))

    async def reopen(self, actor: Operator, tenant: TenantId, *, why: Why) -> Reopened:
        """Begin a new log for the tenant, because the database was put back or a key was stolen.

        Raises:
            NotAllowedError: not an operator.
            NotFoundError, ConflictError, ConfigurationError, UnavailableError: as for `Reopening.reopen`.
        """
        require(actor, Action.REOPEN_LOG, Circumstances())
        return await self._reopening.reopen(tenant, why=why, by=by(actor))

    async def learn(self, actor: Operator, note: bytes) -> Learned:
        """Take note of a head that somebody kept elsewhere: nothing is signed behind it. That is logged.

        Raises:
            NotAllowedError: not an operator.
            NotFoundError: no log here has that origin.
            IntegrityError: it is no signed head, not signed by that log, or contradicts one that is known:
                then the log had two histories.
        """
        require(actor, Action.REOPEN_LOG, Circumstances())
        read = read_note(note)
        async with self._database.reading() as conn:
            log = await _log_of_origin(conn, read.checkpoint.origin)
            keys = await public_keys(conn, log)
        head = signed_checkpoint(read, origin=log.origin, keys=keys)
        known = await asyncio.to_thread(self._heads.newest, head.origin)
        await asyncio.to_thread(self._heads.remember, head.origin, head.size, head.root)
        await self._append(actor, log.tenant, LogHeadLearned(log=log.log, size=head.size))
        return Learned(head, is_new=known is None or known.size < head.size)

    async def accept(self, actor: Operator) -> tuple[Checkpoint, ...]:
        """Take the newest heads in the database as known, because what was known outside is gone for good.

        Each log says so. Of one that is behind what was learned since (`learn`) nothing is taken. No heads
        are given where nothing is gone.

        Raises:
            NotAllowedError: not an operator.
            IntegrityError: a head is not signed by its log: then nothing goes on.
            LogUnavailableError, UnavailableError: a log takes no entries, or something is away; do it again.
        """
        require(actor, Action.REOPEN_LOG, Circumstances())
        async with self._database.reading() as conn:
            gone = await are_gone(conn, self._heads)
            found = await newest_heads(conn) if gone else ()
        accepted = []
        for log, head in found:
            if not await asyncio.to_thread(self._heads.refuses, head.origin, head.size, head.root):
                await self._append(actor, log.tenant, LogHeadAccepted(log=log.log, size=head.size))
                await asyncio.to_thread(self._heads.remember, head.origin, head.size, head.root)
                accepted.append(head)
        if gone:
            await asyncio.to_thread(self._heads.begin)
            _log.warning("audit.heads.accepted", logs=len(accepted))
        return tuple(accepted)

    async def dismiss(self, actor: Operator, tenant: TenantId, witness: str) -> bool:
        """Let what a witness says of the tenant's newest log not count; whether it had said anything.

        It is logged first: without an entry the witness goes on to count. Where it said nothing that still
        counts, nothing is logged.

        Raises:
            NotAllowedError: not an operator.
            NotFoundError: the tenant has no log.
            LogUnavailableError: the log takes no entries.
        """
        require(actor, Action.REOPEN_LOG, Circumstances())
        async with self._database.reading() as conn:
            log = await current_log(conn, tenant)
        if log is None:
            raise NotFoundError("log")
        said = await asyncio.to_thread(self._heads.claims, log.origin)
        if all(claim.witness != witness for claim in said):
            return False
        await self._append(actor, tenant, WitnessDismissed(log=log.log, witness=_as_code(witness)))
        dismissed = await asyncio.to_thread(self._heads.dismiss, log.origin, witness)
        _log.warning("audit.heads.dismissed", tenant=tenant, witness=witness)
        return dismissed

    async def _append(
        self, actor: Operator, tenant: TenantId, event: LogHeadAccepted | LogHeadLearned | WitnessDismissed
    ) -> None:
        async with self._database.transaction() as conn:
            await self._audit.append(conn, tenant=tenant, event=event, by=by(actor), subject=None)

    async def _state(self, conn: AsyncConnection, log: LogKey, now: datetime) -> HeadState:
        found = await newest_signed(conn, log)
        head = Checkpoint(log.origin, 0, EMPTY_ROOT) if found is None else found[0]
        cosigners, stamper = self._vouching.cosigners, self._vouching.stamper
        cosigned = [(one.name, await judge_cosignatures(conn, log, one)) for one in cosigners]
        stamped = Judged(None) if stamper is None else await judge_stamps(conn, log, stamper.authorities)
        return HeadState(
            log=log,
            head=head,
            known=await asyncio.to_thread(self._heads.newest, log.origin),
            claims=await asyncio.to_thread(self._heads.claims, log.origin),
            cosigned=tuple((name, judged.newest) for name, judged in cosigned),
            stamped=stamped.newest,
            waiting=await cosignature_age(conn, log.tenant, cosigners, now) if cosigners else None,
            refused=await asyncio.to_thread(self._heads.refuses, log.origin, head.size, head.root),
            gone=await are_gone(conn, self._heads),
            unfit=tuple((name, size) for name, one in [*cosigned, ("", stamped)] for size in one.unfit),
        )


def _as_code(witness: str) -> str:
    """The name of a witness as it may stand in the log; the digest of one that is long or odd."""
    return witness if re.fullmatch(CODE_PATTERN, witness) else sha256(witness.encode()).hexdigest()


async def _log_of_origin(conn: AsyncConnection, origin: str) -> LogKey:
    query = select(audit_logs.c.tenant, audit_logs.c.log).where(audit_logs.c.origin == origin).limit(1)
    row = (await conn.execute(query)).first()
    log = None if row is None else await log_numbered(conn, TenantId(row.tenant), row.log)
    if log is None:
        raise NotFoundError("log")
    return log
