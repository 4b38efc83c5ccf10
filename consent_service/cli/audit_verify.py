"""What `audit verify` does: recompute the logs, hold every act against them, say in words what came of it.

What may be asked is `audit`. A bundle needs no database and no keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import literal, select

from consent_service.app import Services, build_services, open_installation
from consent_service.audit.bundle_check import check_bundle_file
from consent_service.audit.checkpoint import Checkpoint
from consent_service.audit.events import LogVerified, OperatorAdmitted
from consent_service.audit.heads.judging import Vouchers
from consent_service.audit.log_keys import current_log
from consent_service.audit.pinned import PinnedHead
from consent_service.audit.reading import verify_hashes
from consent_service.audit.recomputing_processes import usable_processes
from consent_service.audit.standalone.formats import Refused
from consent_service.audit.standalone.words import ASKED_WRONGLY
from consent_service.audit.tables import audit_checkpoints, audit_details, audit_entries, audit_logs
from consent_service.cli.admission import admission_of, operator
from consent_service.cli.audit_proofs import log_kept_of, obstacle
from consent_service.cli.audit_told import Outcome, tell, tell_bundle_fault
from consent_service.cli.failing import FAILED
from consent_service.cli.log_access import Look, note_looks
from consent_service.cli.opening import read_passphrase, require_database_file
from consent_service.cli.terminal import Terminal
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, IntegrityError, Problem
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import INSTALLATION, TenantId
from consent_service.foundation.migrating import require_current_schema
from consent_service.keyring.service import KeyRing
from consent_service.organisations.tables import tenants
from consent_service.rights.reconciliation import reconcile_acts, verify_log


class Question(msgspec.Struct, frozen=True):
    """Whose logs are verified, in which database, from which kept head on, and whether content is opened."""

    tenant: str | None
    address: str | None
    pinned: PinnedHead | None
    is_opened: bool


def verify_bundle(terminal: Terminal, path: Path) -> int:
    """A bundle with the service's own verifier: the exit code.

    Raises:
        InputError: it is no bundle, or cannot be read; then nothing was verified.
    """
    try:
        report = check_bundle_file(path)
    except IntegrityError as failure:
        refused = failure.__cause__
        if isinstance(refused, Refused) and refused.code in ASKED_WRONGLY:
            raise InputError([Problem("bundle", f"cli.bundle_{refused.code}")]) from failure
        tell_bundle_fault(terminal, path, refused)
        return FAILED
    found = Outcome(INSTALLATION, path.name, len(report.earlier) + 1, report)
    tell(terminal, found)
    return 0 if found.ok else FAILED


async def verify(terminal: Terminal, asked: Question) -> int:
    """Recompute what was asked about and tell of each log; the exit code.

    Of the installation's own database that is logged, after it was verified; a copy is left as it is.

    Raises:
        InputError: nobody has that name here.
        NotAdmittedError: the content of the own database is opened for an operator who proved who it is.
        ConfigurationError, UnavailableError: something is set up wrongly, or away.
    """
    settings = terminal.settings
    if asked.address is not None:
        settings = msgspec.structs.replace(settings, database_url=asked.address)
    require_database_file(settings)
    ring: KeyRing | None = None
    vouchers, services, unproved = Vouchers(), None, ""
    if asked.is_opened:
        installation = open_installation(settings, read_passphrase(terminal))
        database, ring = installation.database, installation.ring
        vouchers = installation.vouching.vouchers
        services = build_services(installation) if asked.address is None else None
    else:
        database = Database(settings.database_url)
    try:
        await require_current_schema(database)
        if services is not None:
            unproved = await admission_of(terminal, services)
        logs = await tenants_of_logs(database, asked.tenant)
        if await _is_unused(database, logs):
            terminal.say(N_("Er is nog geen opvang en nog geen logboek: er valt nog niets na te kijken."))
            return 0
        found = await _recompute_all(terminal, database, (ring, vouchers), logs, asked.pinned)
        if services is not None:
            await _note(terminal, services, found, unproved)
    finally:
        await database.close()
    for one in found:
        tell(terminal, one)
    return 0 if found and all(one.ok for one in found) else FAILED


async def _recompute_all(
    terminal: Terminal,
    database: Database,
    keys: tuple[KeyRing | None, Vouchers],
    logs: Sequence[tuple[TenantId, str]],
    pinned: PinnedHead | None,
) -> list[Outcome]:
    """Each log; with a kept head only the one it was kept of, from there on."""
    if pinned is not None:
        logs = await _pinned_log(terminal, database, logs, pinned)
    since = None if pinned is None else pinned.checkpoint
    return [await _recompute(terminal, database, keys, log, since) for log in logs]


async def _note(terminal: Terminal, services: Services, found: Sequence[Outcome], unproved: str) -> None:
    """Log what came of it. The entries wait for their place: the log ends where it was verified."""
    looks: list[Look] = [(one.tenant, LogVerified(size=one.size, problems=one.problems)) for one in found]
    if unproved:
        looks.append((INSTALLATION, OperatorAdmitted(operator().name, unproved)))
    await note_looks(terminal, services, looks)


async def tenants_of_logs(database: Database, tenant: str | None) -> list[tuple[TenantId, str]]:
    """Whose logs there are, with their names: the installation's own and every shelter's, or the one named.

    Raises:
        InputError: nobody has that name or id.
    """
    async with database.reading() as conn:
        rows = await conn.execute(select(tenants.c.tenant, tenants.c.name).order_by(tenants.c.tenant))
        shelters = [(TenantId(row.tenant), str(row.name)) for row in rows]
    found = [(INSTALLATION, "installatie"), *shelters]
    wanted = [one for one in found if tenant is None or tenant in one]
    if not wanted:
        raise InputError([Problem("tenant", "cli.tenant_unknown")])
    return wanted


async def _pinned_log(
    terminal: Terminal,
    database: Database,
    logs: Sequence[tuple[TenantId, str]],
    pinned: PinnedHead,
) -> list[tuple[TenantId, str]]:
    """Whose log this head was kept of; nobody's, once that is told, when the head does not belong here."""
    async with database.reading() as conn:
        log = await log_kept_of(conn, pinned)
        wrong = await obstacle(conn, log, pinned)
    if wrong is not None:
        terminal.say(wrong)
        return []
    return [one for one in logs if log is not None and one[0] == log.tenant]


async def _is_unused(database: Database, logs: Sequence[tuple[TenantId, str]]) -> bool:
    """Whether nothing was ever done here: no shelter, and of no log whatsoever anything is left."""
    if [log for log, _ in logs] != [INSTALLATION]:
        return False
    async with database.reading() as conn:
        for table in (audit_logs, audit_entries, audit_details, audit_checkpoints):
            if (await conn.execute(select(literal(1)).select_from(table).limit(1))).first() is not None:
                return False
    return True


async def _recompute(
    terminal: Terminal,
    database: Database,
    keys: tuple[KeyRing | None, Vouchers],
    log: tuple[TenantId, str],
    since: Checkpoint | None,
) -> Outcome:
    """The log, and where it is whole and read from its beginning, every act held against it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    (ring, vouchers), (tenant, name) = keys, log
    async with database.reading() as conn:
        current = await current_log(conn, tenant)
    newest = 1 if current is None else current.log
    processes = usable_processes() if since is None else 1
    with Progress(
        *columns, console=terminal.err, transient=True, disable=not terminal.err.is_terminal
    ) as bar:
        task = bar.add_task(name)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        if ring is None:
            report = await verify_hashes(
                database, tenant, since=since, progress=progress, processes=processes
            )
            return Outcome(tenant, name, newest, report, is_opened=False)
        report = await verify_log(
            database, ring, tenant, since=since, vouchers=vouchers, progress=progress, processes=processes
        )
        if since is not None or not report.ok:
            return Outcome(tenant, name, newest, report)
        acts = await reconcile_acts(database, ring, tenant, progress=progress)
        return Outcome(tenant, name, newest, report, acts)
