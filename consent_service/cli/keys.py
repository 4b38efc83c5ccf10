"""`keys`: make root keys, check them, replace what destroyed keys hung on; `keys_status` tells of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as ProgressBar

from consent_service.app import Services
from consent_service.cli import keys_data, keys_destroy, keys_recovery
from consent_service.cli.admission import operator
from consent_service.cli.entering import Orders, entry
from consent_service.cli.failing import FAILED, lines_of
from consent_service.cli.keys_status import NO_RECOVERY_KEY, status, tell_damaged
from consent_service.cli.opening import (
    make_private_folder,
    read_passphrase,
    run_with,
    warn_of_what_is_unsafe,
)
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.custody.epoch_rows import EpochState
from consent_service.custody.epochs import (
    EpochDone,
    NothingToDo,
    OldRootOpensError,
    Progress,
    Tell,
)
from consent_service.foundation.errors import IntegrityError, UnavailableError
from consent_service.foundation.i18n import N_
from consent_service.foundation.settings import Settings
from consent_service.keyring.damage import DamagedKeyError
from consent_service.keyring.providers.choosing import initialise_provider

_STEPS: Final[Mapping[EpochState, str]] = {
    "open": N_("Sleutels opnieuw inpakken"),
    "rewrapped": N_("Nakijken of alles opengaat"),
    "verified": N_("Sleutelkopie maken"),
    "backed_up": N_("Oude hoofdsleutel vernietigen"),
}
"""What is being done, by the state an epoch is in meanwhile."""


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("keys", N_("De sleutels maken, bekijken, nakijken en vervangen."))
    development = entry(
        "--development", is_flag=True, words=N_("Alleen om te ontwikkelen; in productie wordt hij geweigerd.")
    )
    everybody = entry(
        "--all", "everybody", is_flag=True, words=N_("Ook voor opvangen waar niets vernietigd is.")
    )
    group.order(
        "init", N_("Maak een nieuwe hoofdsleutel, waar de instellingen zeggen."), admission="anybody"
    )(development(make))
    group.order(
        "status",
        N_("Zeg welke sleutels er zijn en hoe ver vernietigde sleutels weg zijn."),
        admission="anybody",
    )(status)
    group.order("check", N_("Kijk na of de sleutels bij de database horen."), admission="anybody")(check)
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
                    operator(), reason="operator", everybody=everybody, progress=tell
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
        raise CommandError(NO_RECOVERY_KEY)


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
            tell_damaged(terminal, (failure,), terminal.complain)
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
