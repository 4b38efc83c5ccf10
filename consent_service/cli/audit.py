"""`audit`: recompute the log of every shelter and name the first bad entry; show the log's keys."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import literal, select

from consent_service.app import Installation, Services, open_installation
from consent_service.audit.checkpoint import verifier_key
from consent_service.audit.log_keys import current_log, public_keys
from consent_service.audit.reading import verify_stored
from consent_service.audit.tables import audit_checkpoints, audit_details, audit_entries, audit_logs
from consent_service.audit.verify import BadEntry, Report, What
from consent_service.cli.entering import WORDS, Orders, WrongValueError, entry
from consent_service.cli.failing import FAILED
from consent_service.cli.opening import read_passphrase, require_database_file, run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import INSTALLATION, TenantId
from consent_service.foundation.migrating import require_current_schema
from consent_service.foundation.settings import Settings
from consent_service.organisations.tables import tenants

_DATABASES: Final = ("sqlite+aiosqlite:///", "postgresql+asyncpg://")

WRONG: Final[dict[What, str]] = {
    "leaf_changed": N_("de regel is gewijzigd nadat hij in het logboek kwam"),
    "leaf_missing": N_("de regel is weggehaald"),
    "leaf_malformed": N_("de regel heeft niet de vorm waarin regels geschreven worden"),
    "leaf_misplaced": N_("hier staat een andere regel, of de tijd klopt niet"),
    "sequence_gap": N_("er is een nummer overgeslagen"),
    "detail_differs": N_("de inhoud hoort niet bij deze regel"),
    "detail_missing": N_("de inhoud is weggehaald, terwijl de sleutel er nog is"),
    "index_differs": N_("wie de regel zoekt, vindt hem niet zoals de inhoud zegt"),
    "detail_damaged": N_("de verzegelde inhoud is veranderd"),
    "detail_without_entry": N_("er is inhoud zonder regel"),
    "entry_not_sequenced": N_("de regel kreeg nooit een plaats in het logboek"),
    "tile_differs": N_("een bewaarde tussenuitkomst klopt niet"),
    "tile_missing": N_("een bewaarde tussenuitkomst ontbreekt"),
    "root_differs": N_("de regels geven niet de uitkomst die getekend is"),
    "checkpoint_malformed": N_("een handtekening heeft niet de goede vorm"),
    "checkpoint_foreign": N_("een handtekening hoort bij een ander logboek"),
    "checkpoint_signature": N_("een handtekening is niet van dit logboek"),
    "checkpoint_beyond_log": N_("er is getekend voor meer regels dan er zijn: het einde is weg"),
    "not_signed": N_("deze regels zijn niet getekend"),
    "no_log": N_("er is geen logboek"),
}


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("audit", N_("Het logboek nakijken."))

    @group.order("verify", N_("Reken het hele logboek na; noemt de eerste regel die niet klopt."))
    @TENANT
    @entry("--database", type=WORDS, callback=require_address, words=N_("Een andere database, als adres."))
    @entry(
        "--copy",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        words=N_("Een kopie van het SQLite-bestand."),
    )
    def verify(terminal: Terminal, tenant: str | None, database: str | None, copy: Path | None) -> int:
        if database and copy:
            raise InputError([Problem("copy", "cli.database_or_copy")])
        address = f"sqlite+aiosqlite:///{copy.resolve()}" if copy else database
        return asyncio.run(_verify(terminal, tenant, address))

    @group.order("key", N_("Toon herkomst en openbare sleutels van elk logboek."))
    @TENANT
    def key(terminal: Terminal, tenant: str | None) -> None:
        for line in run_with(terminal, lambda services: _keys(services, tenant)):
            terminal.show(line)


def require_address(_ctx: object, _param: object, value: str | None) -> str | None:
    if value is not None and not value.startswith(_DATABASES):
        raise WrongValueError("cli.database_address", example=_DATABASES[0] + "/pad/naar/kopie.sqlite")
    return value


async def _verify(terminal: Terminal, tenant: str | None, address: str | None) -> int:
    settings = terminal.settings
    if address is not None:
        settings = _with_database(settings, address)
    require_database_file(settings)
    installation = open_installation(settings, read_passphrase(terminal))
    try:
        await require_current_schema(installation.database)
        logs = await _logs(installation, tenant)
        if await _is_unused(installation, logs):
            terminal.say(N_("Er is nog geen opvang en nog geen logboek: er valt nog niets na te kijken."))
            return 0
        reports = [(name, await _recompute(terminal, installation, log, name)) for log, name in logs]
    finally:
        await installation.database.close()
    for name, report in reports:
        _tell(terminal, name, report)
    return 0 if all(report.ok for _, report in reports) else FAILED


def _with_database(settings: Settings, address: str) -> Settings:
    return msgspec.structs.replace(settings, database_url=address)


async def _logs(installation: Installation, tenant: str | None) -> list[tuple[TenantId, str]]:
    """Which logs to recompute: the installation's own and every shelter's, or the one that is named."""
    async with installation.database.reading() as conn:
        rows = await conn.execute(select(tenants.c.tenant, tenants.c.name).order_by(tenants.c.tenant))
        shelters = [(TenantId(row.tenant), str(row.name)) for row in rows]
    found = [(INSTALLATION, "installatie"), *shelters]
    wanted = [one for one in found if tenant is None or tenant in one]
    if not wanted:
        raise InputError([Problem("tenant", "cli.tenant_unknown")])
    return wanted


async def _is_unused(installation: Installation, logs: Sequence[tuple[TenantId, str]]) -> bool:
    """Whether nothing was ever done here: no shelter, and of no log whatsoever anything is left."""
    if [log for log, _ in logs] != [INSTALLATION]:
        return False
    async with installation.database.reading() as conn:
        for table in (audit_logs, audit_entries, audit_details, audit_checkpoints):
            if (await conn.execute(select(literal(1)).select_from(table).limit(1))).first() is not None:
                return False
    return True


async def _recompute(terminal: Terminal, installation: Installation, log: TenantId, name: str) -> Report:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=terminal.err, transient=True, disable=not terminal.err.is_terminal
    ) as bar:
        task = bar.add_task(name)
        return await verify_stored(
            installation.database,
            installation.ring,
            log,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _tell(terminal: Terminal, name: str, report: Report) -> None:
    if report.ok:
        terminal.say(
            N_("OK: {name}, {size} regels, uitkomst {root}"),
            name=name,
            size=report.size,
            root=report.root.hex(),
        )
    else:
        terminal.say(
            N_("NIET GOED: {name}, {count} keer iets mis. Het eerste:"), name=name, count=report.problem_count
        )
        if report.first is not None:
            terminal.show("  " + describe(terminal, report.first))
    if report.pending:
        terminal.say(N_("  {count} regels wachten nog op hun plaats."), count=report.pending)


def describe(terminal: Terminal, bad: BadEntry) -> str:
    """One bad entry in words: its place, its id, what is wrong."""
    place = "" if bad.seq is None else terminal.text(N_("regel {seq}"), seq=bad.seq)
    if bad.seq is not None and bad.until is not None:
        place = terminal.text(N_("een van de regels {seq} tot en met {until}"), seq=bad.seq, until=bad.until)
    named = f"({bad.entry})" if bad.entry else ""
    where = " ".join(part for part in (place, named) if part)
    return f"{where}: {terminal.text(WRONG[bad.what])}" if where else terminal.text(WRONG[bad.what])


async def _keys(services: Services, tenant: str | None) -> list[str]:
    lines = []
    for log_of, name in await _logs(services.installation, tenant):
        async with services.installation.database.reading() as conn:
            log = await current_log(conn, log_of)
            if log is not None:
                keys = await public_keys(conn, log)
                lines += [f"{name}: {verifier_key(log.origin, key)}" for key in keys]
    return lines
