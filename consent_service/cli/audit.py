"""`audit`: recompute the log of every shelter and name the first bad entry; show the log's keys."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from consent_service.app import Services
from consent_service.audit.checkpoint import verifier_key
from consent_service.audit.log_keys import KeyPeriod, LogKey, key_history, logs_of
from consent_service.cli import audit_bundles, audit_proofs, log_heads
from consent_service.cli.audit_proofs import KEPT_FILE, read_kept
from consent_service.cli.audit_verify import Question, tenants_of_logs, verify, verify_bundle
from consent_service.cli.entering import WORDS, Orders, WrongValueError, entry
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.i18n import N_

_DATABASES: Final = ("sqlite+aiosqlite:///", "postgresql+asyncpg://")
_SQLITE: Final = b"SQLite format 3\x00"
"""How every file of SQLite begins (its file format, section 1.3)."""


class _Typed(msgspec.Struct, frozen=True):
    """What was typed after `verify`."""

    tenant: str | None
    database: str | None
    copy: Path | None
    since: Path | None
    bundle: Path | None
    hashes: bool


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("audit", N_("Het logboek nakijken."))
    log_heads.add_orders(group)
    _add_verify(group)

    @group.order("key", N_("Toon herkomst en openbare sleutels van elk logboek."), admission="anybody")
    @TENANT
    def key(terminal: Terminal, tenant: str | None) -> None:
        for line in run_with(terminal, lambda services: _keys(terminal, services, tenant)):
            terminal.show(line)

    audit_proofs.add_to(group)
    audit_bundles.add_to(group)


def _add_verify(group: Orders) -> None:
    @group.order("verify", N_("Reken het hele logboek na; noemt de eerste regel die niet klopt."))
    @TENANT
    @entry("--database", type=WORDS, callback=require_address, words=N_("Een andere database, als adres."))
    @entry(
        "--copy",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        words=N_("Een kopie van het SQLite-bestand."),
    )
    @entry(
        "--since",
        type=KEPT_FILE,
        words=N_(
            "Kijk alleen na wat bijkwam sinds een bewaarde stand: het bestand van de pagina Zelf nagaan, "
            "of drie regels met herkomst, aantal en uitkomst."
        ),
    )
    @entry("--bundle", type=KEPT_FILE, words=N_("Een pakket uit audit bundle, in plaats van een database."))
    @entry(
        "--hashes",
        is_flag=True,
        words=N_("Alleen regels, volgorde en handtekeningen, zonder inhoud te openen."),
    )
    def order(terminal: Terminal, **typed: Any) -> int:
        return _verify(terminal, _Typed(**typed))


def require_address(_ctx: object, _param: object, value: str | None) -> str | None:
    if value is not None and not value.startswith(_DATABASES):
        raise WrongValueError("cli.database_address", example=_DATABASES[0] + "/pad/naar/kopie.sqlite")
    return value


def _verify(terminal: Terminal, typed: _Typed) -> int:
    elsewhere = typed.database or typed.copy
    if typed.bundle is not None:
        if elsewhere or typed.since or typed.tenant or typed.hashes:
            raise InputError([Problem("bundle", "cli.bundle_alone")])
        return verify_bundle(terminal, typed.bundle)
    if typed.database and typed.copy:
        raise InputError([Problem("copy", "cli.database_or_copy")])
    address = typed.database if typed.copy is None else _address_of(typed.copy)
    pinned = None if typed.since is None else read_kept(typed.since)
    return asyncio.run(verify(terminal, Question(typed.tenant, address, pinned, is_opened=not typed.hashes)))


def _address_of(copy: Path) -> str:
    """Raises InputError for a file that is no database: opening it would say that the database is away."""
    try:
        with copy.open("rb") as file:
            begins = file.read(len(_SQLITE))
    except OSError as failure:
        raise InputError([Problem("copy", "cli.copy_form")]) from failure
    if begins != _SQLITE:
        raise InputError([Problem("copy", "cli.copy_form")])
    return f"sqlite+aiosqlite:///{copy.resolve()}"


async def _keys(terminal: Terminal, services: Services, tenant: str | None) -> list[str]:
    lines = []
    for log_of, name in await tenants_of_logs(services.installation.database, tenant):
        async with services.installation.database.reading() as conn:
            logs = await logs_of(conn, log_of)
            for log in logs:
                lines += [
                    *_key_lines(terminal, name, log, await key_history(conn, log), is_open=log == logs[-1])
                ]
    return lines


def _key_lines(
    terminal: Terminal, name: str, log: LogKey, history: tuple[KeyPeriod, ...], *, is_open: bool
) -> Iterator[str]:
    """Each key a log has had, since when, whether it signs, and as other tools read it."""
    for period in history:
        closed = N_("het logboek is gesloten") if not is_open else N_("vervangen")
        signs = is_open and period is history[-1]
        yield terminal.text(
            N_("{name}: logboek {log}, sleutel {key}, sinds {since}: {standing}"),
            name=name,
            log=log.log,
            key=period.number,
            since=terminal.moment(period.since),
            standing=terminal.text(N_("tekent nu") if signs else closed),
        )
        yield f"  {verifier_key(log.origin, period.public)}"
