"""`keys`: make root keys, look at them and at destroyed keys, replace what destroyed keys hung on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as ProgressBar

from consent_service.app import Services, build_services, open_installation
from consent_service.cli import keys_data, keys_destroy, keys_recovery
from consent_service.cli.entering import Orders, entry
from consent_service.cli.failing import FAILED, lines_of
from consent_service.cli.opening import (
    OPERATOR,
    keys_fit,
    lost_recovery_key,
    make_private_folder,
    read_passphrase,
    require_database_file,
    run_with,
    warn_of_what_is_unsafe,
)
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.custody.backup_file import found_backups
from consent_service.custody.epoch_rows import Epoch, EpochState, Stage, StageCount
from consent_service.custody.epochs import (
    EpochDone,
    EpochStatus,
    NothingToDo,
    OldRootOpensError,
    Progress,
    Tell,
)
from consent_service.custody.recovery_key import read_public_key
from consent_service.foundation.errors import ConfigurationError, IntegrityError, UnavailableError
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.migrating import require_current_schema
from consent_service.foundation.settings import Settings
from consent_service.keyring.damage import DamagedKeyError, DamagedKind
from consent_service.keyring.providers.choosing import initialise_provider

_NO_RECOVERY_KEY: Final = N_("Er is nog geen herstelsleutel. Maak hem met: consent-service keys ceremony")
_STEPS: Final[Mapping[EpochState, str]] = {
    "open": N_("Sleutels opnieuw inpakken"),
    "rewrapped": N_("Nakijken of alles opengaat"),
    "verified": N_("Sleutelkopie maken"),
    "backed_up": N_("Oude hoofdsleutel vernietigen"),
}
"""What is being done, by the state an epoch is in meanwhile."""
_STATES: Final[Mapping[EpochState, str]] = {
    "open": N_("begonnen"),
    "rewrapped": N_("opnieuw ingepakt"),
    "verified": N_("nagekeken"),
    "backed_up": N_("sleutelkopie gemaakt"),
    "destroyed": N_("klaar"),
}
_REASONS: Final[Mapping[str, str]] = {
    "nightly": N_("elke nacht"),
    "high_risk": N_("groot gevaar"),
    "operator": N_("met de hand"),
}
_STAGES: Final[Mapping[Stage, str]] = {
    "live_dead": N_("Hier weg; wacht op een sleutelronde"),
    "path_dead": N_("Ook in oude kopieën van de gegevens weg; nog in oude sleutelkopieën"),
    "backup_dead": N_("Overal weg"),
}
_EPOCH_HEADINGS: Final = (
    N_("Sleutelronde"),
    N_("Stand"),
    N_("Waarom"),
    N_("Begonnen"),
    N_("Klaar"),
    N_("Sleutels"),
)
_DAMAGED: Final[Mapping[DamagedKind, str]] = {
    "tenant": N_("Sleutel {owner} van opvang {tenant} gaat niet open."),
    "relationship": N_("De sleutel van de relatie {owner} van opvang {tenant} gaat niet open."),
    "person": N_("De sleutel van de persoon {owner} van opvang {tenant} gaat niet open."),
    "records": N_("De gegevens van de relatie {owner} van opvang {tenant} passen niet bij hun sleutel."),
}
_STOPPED_BY_DAMAGE: Final = N_(
    "Daarom is de sleutelronde gestopt; er is niets vernietigd wat nog nodig is. Zet een sleutel die niet "
    "opengaat terug uit een sleutelkopie: consent-service keys restore"
)
_OR_DESTROY: Final = N_(
    "Staat hij in geen kopie, dan kan de coördinator besluiten hem te vernietigen: "
    "consent-service keys destroy. Daarna gaat de sleutelronde verder."
)
_STAGE_HEADINGS: Final = (N_("Vernietigde sleutels"), N_("Aantal"), N_("Oudste"), N_("Uiterlijk tot"))


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("keys", N_("De sleutels maken, bekijken, nakijken en vervangen."))
    development = entry(
        "--development", is_flag=True, words=N_("Alleen om te ontwikkelen; in productie wordt hij geweigerd.")
    )
    everybody = entry(
        "--all", "everybody", is_flag=True, words=N_("Ook voor opvangen waar niets vernietigd is.")
    )
    group.order("init", N_("Maak een nieuwe hoofdsleutel, waar de instellingen zeggen."))(development(make))
    group.order("status", N_("Zeg welke sleutels er zijn en hoe ver vernietigde sleutels weg zijn."))(status)
    group.order("check", N_("Kijk na of de sleutels bij de database horen."))(check)
    group.order("rewrap", N_("Vervang alles waar vernietigde sleutels aan hingen."))(everybody(rewrap))
    keys_data.add_orders(group)
    keys_destroy.add_orders(group)
    keys_recovery.add_orders(group)


def make(terminal: Terminal, development: bool) -> None:
    settings = terminal.settings
    in_file = settings.key_provider == "file"
    if in_file and settings.keystore.exists():
        raise CommandError(
            N_("De keystore {path} bestaat al en wordt niet overschreven."), path=settings.keystore
        )
    secret = read_passphrase(terminal, twice=in_file)
    if in_file:
        make_private_folder(settings.keystore.parent)
    initialise_provider(settings, secret, development=development)
    warn_of_what_is_unsafe(terminal)
    if in_file:
        terminal.say(N_("De keystore {path} is gemaakt."), path=settings.keystore)
        terminal.say(
            N_("Bewaar de wachtzin apart van de keystore. Zonder een van beide zijn alle gegevens weg.")
        )
    else:
        terminal.say(N_("Hoofdsleutel nummer {number} is gemaakt."), number=1)


def status(terminal: Terminal) -> int:
    async def work() -> int:
        services = build_services(open_installation(terminal.settings, read_passphrase(terminal)))
        try:
            _tell_provider(terminal, services)
            require_database_file(terminal.settings)
            await require_current_schema(services.installation.database)
            await _tell_database(terminal, services)
            return 0 if await keys_fit(terminal, services) else FAILED
        finally:
            await services.installation.database.close()

    return asyncio.run(work())


def check(terminal: Terminal) -> None:
    async def work(services: Services) -> None:
        services.installation.ring.check_available()

    run_with(terminal, work)
    terminal.say(N_("De sleutels horen bij deze database."))


def rewrap(terminal: Terminal, everybody: bool) -> int:
    async def work(services: Services) -> int:
        _require_recovery_key(terminal.settings)
        try:
            with _told(terminal) as tell:
                done = await services.epochs.run(
                    OPERATOR, reason="operator", everybody=everybody, progress=tell
                )
        except (UnavailableError, IntegrityError) as failure:
            _tell_failure(terminal, failure)
            return FAILED
        _tell_done(terminal, done)
        return 0

    return run_with(terminal, work)


# --- what `rewrap` says ---------------------------------------------------------------------


def _require_recovery_key(settings: Settings) -> None:
    if not settings.recovery_key.exists():
        raise CommandError(_NO_RECOVERY_KEY)


@contextmanager
def _told(terminal: Terminal) -> Iterator[Tell]:
    """A bar on a terminal; a line for each step where lines go to a file."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    on_terminal = terminal.err.is_terminal
    last: EpochState | None = None
    with ProgressBar(*columns, console=terminal.err, transient=True, disable=not on_terminal) as bar:
        task = bar.add_task("")

        def tell(progress: Progress) -> None:
            nonlocal last
            words = terminal.text(_STEPS[progress.state])
            bar.update(task, description=words, completed=progress.done, total=progress.total)
            if not on_terminal and progress.state != last:
                terminal.show(words)
            last = progress.state

        yield tell


def _tell_done(terminal: Terminal, done: EpochDone | NothingToDo) -> None:
    if isinstance(done, NothingToDo):
        terminal.say(N_("Er is niets vernietigd sinds de vorige sleutelronde, dus er is niets te doen."))
        return
    if done.resumed:
        terminal.say(N_("Een sleutelronde die was afgebroken is afgemaakt."))
    terminal.say(
        N_("Sleutelronde {epoch} is klaar: {keys} sleutels gaan open onder hoofdsleutel {number}."),
        epoch=done.epoch,
        keys=done.keys,
        number=done.generation,
    )
    terminal.say(
        N_("Hoofdsleutel {number} is vernietigd; geprobeerd, en hij opent niets meer."),
        number=done.destroyed_generation,
    )


def _tell_failure(terminal: Terminal, failure: UnavailableError | IntegrityError) -> None:
    match failure:
        case OldRootOpensError():
            sentence = N_(
                "De bewaarder van de hoofdsleutels opent nog wat een vernietigde hoofdsleutel inpakte. "
                "Vernietig die daar met de hand en doe opnieuw: consent-service keys rewrap"
            )
        case DamagedKeyError():
            _tell_damaged(terminal, (failure,), terminal.complain)
            return
        case IntegrityError():
            sentence = N_(
                "Een sleutel of een gegeven gaat niet open zoals het hoort. Daarom is gestopt; er is niets "
                "vernietigd wat nog nodig is. Zoek het uit met: consent-service audit verify"
            )
        case _:
            for line in lines_of(terminal, failure):
                terminal.complain(line)
            sentence = N_("Er is niets verloren. Doe straks opnieuw: consent-service keys rewrap")
    terminal.complain(terminal.text(sentence))


def _tell_damaged(
    terminal: Terminal, damaged: tuple[DamagedKeyError, ...], tell: Callable[[str], None]
) -> None:
    """Which keys keep epochs from ending, by their ids, and what can be done about each kind."""
    kinds = {one.kind for one in damaged}
    sentences = [terminal.text(_DAMAGED[one.kind], owner=one.owner, tenant=one.tenant) for one in damaged]
    if kinds:
        sentences.append(terminal.text(_STOPPED_BY_DAMAGE))
    if kinds & {"relationship", "records"}:
        sentences.append(terminal.text(_OR_DESTROY))
    for sentence in sentences:
        tell(sentence)


# --- what `status` says ---------------------------------------------------------------------


def _tell_provider(terminal: Terminal, services: Services) -> None:
    settings, ring = terminal.settings, services.installation.ring
    match settings.key_provider:
        case "file":
            terminal.say(N_("De keystore {path} gaat open."), path=settings.keystore)
        case "pkcs11":
            terminal.say(N_("Het PKCS#11-token {label} gaat open."), label=settings.pkcs11_token)
        case "transit":
            terminal.say(N_("De transit-server {url} antwoordt."), url=settings.transit_url)
    *older, current = ring.rotation.generations()
    terminal.say(N_("Hoofdsleutel nummer {number}."), number=current)
    if older:
        numbers = ", ".join(map(str, older))
        terminal.say(N_("Ook nog niet vernietigd: {numbers}."), numbers=numbers)
    if ring.development:
        terminal.say(N_("Deze keystore is gemaakt om te ontwikkelen en wordt in productie geweigerd."))


async def _tell_database(terminal: Terminal, services: Services) -> None:
    found = await services.epochs.status()
    _tell_whether_begun(terminal, found)
    _tell_damaged(terminal, await services.epochs.damaged(), terminal.show)
    if lost := await lost_recovery_key(services):
        terminal.say(lost.sentence, **lost.params)
    else:
        _tell_recovery_key(terminal)
    _tell_newest_backup(terminal, services.installation.clock.now())
    if found.epochs:
        terminal.table(_EPOCH_HEADINGS, [_epoch_row(terminal, epoch) for epoch in found.epochs])
    else:
        terminal.say(N_("Er is nog geen sleutelronde geweest."))
    if found.stages:
        terminal.table(_STAGE_HEADINGS, [_stage_row(terminal, stage) for stage in found.stages])
    else:
        terminal.say(N_("Er is nog geen sleutel vernietigd."))


def _tell_whether_begun(terminal: Terminal, found: EpochStatus) -> None:
    if found.epochs and found.epochs[0].state != "destroyed":
        terminal.say(
            N_(
                "Sleutelronde {epoch} is begonnen en nog niet klaar. "
                "Ga verder met: consent-service keys rewrap"
            ),
            epoch=found.epochs[0].epoch,
        )
    elif len(found.generations) > 1:
        terminal.say(
            N_(
                "Er is geen sleutelronde die de oudere hoofdsleutels vernietigt. Misschien is een oude kopie "
                "van de hoofdsleutels teruggezet: start de dienst opnieuw."
            )
        )


def _tell_recovery_key(terminal: Terminal) -> None:
    path = terminal.settings.recovery_key
    if not path.exists():
        terminal.say(_NO_RECOVERY_KEY)
        return
    try:
        terminal.say(N_("Herstelsleutel: {fingerprint}"), fingerprint=read_public_key(path).shown_fingerprint)
    except ConfigurationError:
        terminal.say(N_("De herstelsleutel in {path} is beschadigd."), path=path)


def _tell_newest_backup(terminal: Terminal, now: datetime) -> None:
    folder = terminal.settings.key_backup_dir
    try:
        made = [one.made_at for one in found_backups(folder) if one.finished]
    except UnavailableError:
        terminal.say(N_("De map {path} met sleutelkopieën kan niet gelezen worden."), path=folder)
        return
    if not made:
        terminal.say(N_("Er is geen sleutelkopie."))
        return
    terminal.say(
        N_("Nieuwste sleutelkopie: {moment}, {hours} uur geleden."),
        moment=_moment(terminal, max(made)),
        hours=(now - max(made)) // timedelta(hours=1),
    )


def _epoch_row(terminal: Terminal, epoch: Epoch) -> tuple[str, ...]:
    return (
        str(epoch.epoch),
        terminal.text(_STATES[epoch.state]),
        terminal.text(_REASONS.get(epoch.reason, epoch.reason)),
        _moment(terminal, epoch.begun_at),
        "" if epoch.ended_at is None else _moment(terminal, epoch.ended_at),
        "" if epoch.keys is None else str(epoch.keys),
    )


def _stage_row(terminal: Terminal, stage: StageCount) -> tuple[str, ...]:
    return (
        terminal.text(_STAGES[stage.stage]),
        str(stage.count),
        _moment(terminal, stage.oldest),
        "" if stage.until is None else translator(terminal.language).date(stage.until, "medium"),
    )


def _moment(terminal: Terminal, moment: datetime) -> str:
    return translator(terminal.language).instant(moment, "medium")
