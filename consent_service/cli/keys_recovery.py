"""`keys backup`, `restore` and `drill`: for the day something is lost; the ceremony is `keys_ceremony`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import click
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from consent_service.app import Services, build_services, open_installation, start_up
from consent_service.app.presence import nobody_serves
from consent_service.cli import keys_ceremony
from consent_service.cli.admission import admit, operator
from consent_service.cli.audit import require_address
from consent_service.cli.confirming import confirm
from consent_service.cli.entering import WORDS, Orders, WrongValueError, entry
from consent_service.cli.failing import FAILED
from consent_service.cli.opening import (
    put_in_order,
    read_passphrase,
    require_database_file,
    run_with,
    sqlite_path,
)
from consent_service.cli.recovery_words import (
    SHARE_FILES,
    recovered_seed,
)
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.custody.backup_file import KeyBackup, found_backups, newest_backup, read_backup
from consent_service.custody.drill import DrillReport, Tally
from consent_service.custody.key_choice import Unusable
from consent_service.custody.recovery_key import grouped
from consent_service.foundation.clock import SystemClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.i18n import N_
from consent_service.foundation.migrating import require_current_schema
from consent_service.keyring.secret import Secret

_UNUSABLE: Final[Mapping[str, str]] = {
    "other_sheets": N_("Deze bladen horen niet bij deze sleutelkopie. Haar herstelsleutel is {recovery}."),
    "forged": N_("Deze sleutelkopie is niet hier gemaakt of is veranderd. Er is niets teruggezet."),
    "unopened": N_(
        "{keys} sleutels uit deze kopie gaan hier niet open. Er is niets teruggezet. Is de hoofdsleutel "
        "verloren, doe dan: consent-service keys restore --recover"
    ),
}
_DAMAGED: Final = N_(
    "Een sleutel in de database of een regel van het stopjournaal is beschadigd. Er is niets teruggezet. "
    "Zet eerst uit een reservekopie terug wat beschadigd is."
)
_REVIVED: Final = N_(
    "Boven {keys} vernietigde sleutels leeft weer een oude sleutel uit de kopie. Doe nu: "
    "consent-service keys rewrap"
)
_BACKUP: Final = entry(
    "--backup",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    words=N_("De sleutelkopie; zonder is dat de nieuwste."),
)


def add_orders(group: Orders) -> None:
    """Add these commands to `keys`."""

    keys_ceremony.add_orders(group)

    @group.order("backup", N_("Maak nu een sleutelkopie."))
    def backup(terminal: Terminal) -> None:
        made = run_with(terminal, lambda services: services.key_backups.make(operator()))
        terminal.say(N_("{keys} sleutels staan in {path}"), keys=made.keys, path=made.path)

    _add_restore(group)
    _add_drill(group)


def _add_restore(group: Orders) -> None:
    @group.order(
        "restore", N_("Zet sleutels terug uit een sleutelkopie. Stop eerst de dienst."), admission="emergency"
    )
    @_BACKUP
    @entry("--recover", is_flag=True, words=N_("De hoofdsleutel is verloren: herstel met drie bladen."))
    @SHARE_FILES
    @entry("--yes", is_flag=True, words=N_("Vraag niet of het echt moet."))
    def restore(
        terminal: Terminal, backup: Path | None, recover: bool, shares: Sequence[Path], yes: bool
    ) -> int:
        found = _read(terminal, backup)
        _tell_backup(terminal, found)
        asyncio.run(_require_stopped(terminal))  # before anybody types a sheet
        if not yes:
            sentence = N_("De sleutels in de database worden vervangen. Typ '{word}' om door te gaan.")
            confirm(terminal, sentence, word=N_("terugzetten"))
        seed = recovered_seed(terminal, shares) if recover else None
        if recover and seed is None:
            return FAILED
        return asyncio.run(_restore(terminal, found, seed))


def _address_without_password(ctx: object, param: object, value: str | None) -> str | None:
    """Others on this machine can read the arguments of a command."""
    address = require_address(ctx, param, value)
    try:
        url = None if address is None else make_url(address)
    except (ArgumentError, ValueError):
        raise WrongValueError("cli.database_address", example="sqlite+aiosqlite:////kopie.sqlite") from None
    if url is not None and (url.password is not None or "password" in url.query):
        raise WrongValueError("cli.database_password")
    return address


def _add_drill(group: Orders) -> None:
    @group.order("drill", N_("Oefen het herstel en tel wat er open zou gaan. Er verandert niets."))
    @_BACKUP
    @entry(
        "--database",
        type=WORDS,
        callback=_address_without_password,
        words=N_("Een teruggezette kopie van de database, als adres."),
    )
    @SHARE_FILES
    def drill(terminal: Terminal, backup: Path | None, database: str | None, shares: Sequence[Path]) -> int:
        found = _read(terminal, backup)
        _tell_backup(terminal, found)
        seed = recovered_seed(terminal, shares)
        if seed is None:
            return FAILED
        return run_with(terminal, lambda services: _drill(terminal, services, found, seed, database))


# --- backups ------------------------------------------------------------------------------------------------


def _read(terminal: Terminal, path: Path | None) -> KeyBackup:
    chosen = path or _newest(terminal)
    try:
        return read_backup(chosen)
    except IntegrityError as failure:
        raise CommandError(N_("{path} is geen sleutelkopie, of is beschadigd."), path=chosen) from failure


def _newest(terminal: Terminal) -> Path:
    """One that says it was made in the future was made by a wrong clock: who wants it names it."""
    folder = terminal.settings.key_backup_dir
    newest = newest_backup(folder, SystemClock().now())
    if newest is not None:
        return newest.path
    if any(one.finished for one in found_backups(folder)):
        raise CommandError(
            N_(
                "De sleutelkopieën in {path} zijn van later dan nu. Zet de klok goed, of kies er een "
                "met --backup."
            ),
            path=folder,
        )
    raise CommandError(N_("In {path} is geen sleutelkopie."), path=folder)


def _tell_backup(terminal: Terminal, backup: KeyBackup) -> None:
    header = backup.header
    terminal.say(
        N_("Sleutelkopie {backup} van {moment}: {keys} sleutels."),
        backup=header.backup,
        moment=terminal.moment(header.made_at),
        keys=header.keys,
    )
    terminal.say(N_("Verzegeld voor de herstelsleutel met vingerafdruk:"))
    terminal.show(grouped(header.recovery))


async def _require_stopped(terminal: Terminal) -> None:
    require_database_file(terminal.settings)
    database = Database(terminal.settings.database_url)
    try:
        async with _alone(database):
            pass
    finally:
        await database.close()


@asynccontextmanager
async def _alone(database: Database) -> AsyncIterator[None]:
    async with nobody_serves(database) as alone:
        if not alone:
            raise CommandError(
                N_("De dienst draait nog op deze database. Stop hem eerst; er is niets gedaan.")
            )
        yield


async def _restore(terminal: Terminal, backup: KeyBackup, seed: Secret | None) -> int:
    services = build_services(open_installation(terminal.settings, read_passphrase(terminal)))
    try:
        async with _alone(services.installation.database):
            return await _put_back(terminal, services, backup, seed)
    finally:
        await services.installation.database.close()


async def _put_back(terminal: Terminal, services: Services, backup: KeyBackup, seed: Secret | None) -> int:
    """Start-up would refuse the database as it is: it runs afterwards, and replays every stop."""
    await require_current_schema(services.installation.database)
    try:
        done = await services.key_restoring.restore(backup, actor=operator(), seed=seed)
    except IntegrityError as failure:
        raise CommandError(_DAMAGED) from failure
    if isinstance(done, Unusable):
        return _tell_unusable(terminal, backup, done)
    terminal.say(N_("{keys} sleutels staan er weer en gaan open."), keys=done.keys)
    if done.dropped:
        terminal.say(N_("{keys} sleutels waren vernietigd en blijven weg."), keys=done.dropped)
    if done.revived:
        terminal.complain(terminal.text(_REVIVED, keys=done.revived))
    if done.lost:
        terminal.say(N_("{keys} sleutels waren jonger dan de kopie en zijn verloren."), keys=done.lost)
    await start_up(services)
    await admit(terminal, services)
    await put_in_order(services)
    terminal.say(N_("Alle stops zijn uitgevoerd. De dienst kan weer starten."))
    return 0


def _tell_unusable(terminal: Terminal, backup: KeyBackup, why: Unusable) -> int:
    terminal.complain(
        terminal.text(_UNUSABLE[why.why], keys=why.keys, recovery=grouped(backup.header.recovery))
    )
    return FAILED


# --- the drill ----------------------------------------------------------------------------------------------


async def _drill(
    terminal: Terminal, services: Services, backup: KeyBackup, seed: Secret, address: str | None
) -> int:
    async with _copy(address) as copy:
        report = await services.key_drill.run(backup, seed=seed, actor=operator(), copy=copy)
    if isinstance(report, Unusable):
        code = _tell_unusable(terminal, backup, report)
        terminal.say(N_("NIET GOED: met deze kopie en deze bladen gaat niets open."))
        return code
    _tell_report(terminal, report)
    return 0 if report.good else FAILED


@asynccontextmanager
async def _copy(address: str | None) -> AsyncIterator[Database | None]:
    if address is None:
        yield None
        return
    path = sqlite_path(address)
    if path is not None and not path.is_file():
        raise CommandError(N_("De database {path} is er niet."), path=path)
    database = Database(address)
    try:
        yield database
    finally:
        await database.close()


def _tell_report(terminal: Terminal, report: DrillReport) -> None:
    rows = [
        (terminal.text(N_("Sleutels")), str(report.keys), str(report.keys), ""),
        _row(terminal, N_("Gegevens"), report.records),
        _row(terminal, N_("Namen"), report.identities),
    ]
    terminal.table(
        (N_("Wat"), N_("Moet opengaan"), N_("Gaat open"), N_("Jonger dan de kopie")),
        rows,
    )
    terminal.say(
        N_("Vernietigd: {count} sleutels. Daarvan ging open: {opened}."),
        count=report.destroyed.of,
        opened=report.destroyed.opened,
    )
    verdict = N_("GOED: met deze kopie en drie bladen gaat alles open wat open moet, en niets anders.")
    wrong = N_("NIET GOED: {count} keer ging iets niet zoals het moet.")
    terminal.say(verdict if report.good else wrong, count=report.failed)


def _row(terminal: Terminal, name: str, tally: Tally) -> tuple[str, str, str, str]:
    return terminal.text(name), str(tally.of), str(tally.opened), str(tally.younger or "")
