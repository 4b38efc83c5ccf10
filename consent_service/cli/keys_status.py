"""What `keys status` says: which keys there are, and how far destroyed keys are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from consent_service.app import Services, build_services, open_installation
from consent_service.cli.failing import FAILED
from consent_service.cli.opening import (
    keys_fit,
    lost_recovery_key,
    read_passphrase,
    require_database_file,
)
from consent_service.cli.terminal import Terminal
from consent_service.custody.backup_file import found_backups
from consent_service.custody.epoch_rows import Epoch, EpochState, Stage, StageCount
from consent_service.custody.epochs import EpochStatus
from consent_service.custody.recovery_key import read_public_key
from consent_service.foundation.errors import ConfigurationError, UnavailableError
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.migrating import require_current_schema
from consent_service.keyring.damage import DamagedKeyError, DamagedKind

NO_RECOVERY_KEY: Final = N_("Er is nog geen herstelsleutel. Maak hem met: consent-service keys ceremony")
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
_STAGE_HEADINGS: Final = (N_("Vernietigde sleutels"), N_("Aantal"), N_("Oudste"), N_("Uiterlijk tot"))
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


def tell_damaged(
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
    tell_damaged(terminal, await services.epochs.damaged(), terminal.show)
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
        terminal.say(NO_RECOVERY_KEY)
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
    return terminal.moment(moment)
