"""`check`: everything an installation stands on, looked at in one go."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from consent_service.app import Installation, open_installation
from consent_service.audit.heads.beginning import are_gone
from consent_service.audit.heads.kept import stopped_logs
from consent_service.audit.heads.known import HeadsGoneError
from consent_service.audit.log import AuditLog
from consent_service.audit.protection import check_protection
from consent_service.cli.database import STATES, read_state
from consent_service.cli.entering import Orders
from consent_service.cli.failing import FAILED, lines_of
from consent_service.cli.opening import (
    PASSPHRASE_READ_BY_OTHERS,
    read_passphrase,
    remark_on_readers,
    require_database_file,
)
from consent_service.cli.policy_checks import problems_in
from consent_service.cli.terminal import Terminal
from consent_service.custody.checking import Compared, Difference, RecordCheck
from consent_service.custody.recovery_key import read_public_key
from consent_service.custody.stops import MissingStops, stops_missing_in
from consent_service.foundation.errors import ConsentServiceError
from consent_service.foundation.i18n import N_
from consent_service.foundation.migrating import require_current_schema
from consent_service.foundation.notifier import MessagesUnavailableError
from consent_service.information.texts import load_texts


class _Checked(msgspec.Struct, frozen=True):
    """One thing that was looked at; without remarks it is as it should be."""

    name: str
    remarks: tuple[str, ...] = ()
    hint: bool = False
    """The remarks are worth knowing, but nothing is wrong."""


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    commands.order(
        "check", N_("Kijk instellingen, keystore, database, beveiliging en regels na."), admission="anybody"
    )(check)


def check(terminal: Terminal) -> int:
    terminal.settings  # noqa: B018 - wrong settings are told as for any command
    found = asyncio.run(_look_at_everything(terminal))
    for one in found:
        state = N_("let op") if one.remarks and one.hint else N_("mis") if one.remarks else N_("goed")
        terminal.show(f"{terminal.text(state):8} {terminal.text(one.name)}")
        for remark in one.remarks:
            terminal.show(f"         {remark}")
    return FAILED if any(one.remarks and not one.hint for one in found) else 0


async def _look_at_everything(terminal: Terminal) -> list[_Checked]:
    found = [_Checked(N_("instellingen"), _passphrase_file(terminal), hint=True)]
    installation = _open(terminal, found)
    found.append(await _looked(terminal, N_("database"), lambda: _database(terminal)))
    if installation is not None:
        found.append(await _looked(terminal, N_("sleutels bij de database"), lambda: _keys_fit(installation)))
        found.append(
            await _looked(terminal, N_("bescherming van het logboek"), lambda: _protection(installation))
        )
        found.append(
            await _looked(terminal, N_("standen buiten de database"), lambda: _heads(terminal, installation))
        )
        found.append(await _journal(terminal, installation))
        found.append(await _records(terminal, installation))
        found.append(await _mail_server(terminal, installation))
        await installation.database.close()
    found.append(_recovery_key(terminal))
    found += _policies(terminal)
    return found


def _open(terminal: Terminal, found: list[_Checked]) -> Installation | None:
    try:
        installation = open_installation(terminal.settings, read_passphrase(terminal))
    except ConsentServiceError as wrong:
        found.append(_Checked(N_("keystore"), tuple(lines_of(terminal, wrong))))
        return None
    found.append(_Checked(N_("keystore")))
    return installation


def _passphrase_file(terminal: Terminal) -> tuple[str, ...]:
    """A container's secrets are readable by all inside it, so this is a remark and no refusal."""
    return remark_on_readers(terminal, terminal.settings.passphrase_file, PASSPHRASE_READ_BY_OTHERS)


def _recovery_key(terminal: Terminal) -> _Checked:
    """Without it destroyed keys are not finished, but nothing is wrong with what there is."""
    name, path = N_("herstelsleutel"), terminal.settings.recovery_key
    if not path.exists():
        sentence = N_("De herstelsleutel {path} is er niet. Houd de ceremonie: consent-service keys ceremony")
        return _Checked(name, (terminal.text(sentence, path=path),), hint=True)
    try:
        read_public_key(path)
    except ConsentServiceError as wrong:
        return _Checked(name, tuple(lines_of(terminal, wrong)))
    return _Checked(name)


async def _looked(terminal: Terminal, name: str, look: Callable[[], Awaitable[tuple[str, ...]]]) -> _Checked:
    try:
        return _Checked(name, await look())
    except ConsentServiceError as wrong:
        return _Checked(name, tuple(lines_of(terminal, wrong)))


async def _database(terminal: Terminal) -> tuple[str, ...]:
    require_database_file(terminal.settings)
    state = await read_state(terminal.settings)
    return () if state == "current" else (terminal.text(STATES[state]),)


async def _keys_fit(installation: Installation) -> tuple[str, ...]:
    await require_current_schema(installation.database)
    with contextlib.suppress(_Undone):
        async with installation.database.transaction() as conn:
            await installation.ring.install(conn)
            raise _Undone  # only looked: a database that is not tied to keys yet stays so
    return ()


class _Undone(Exception):  # noqa: N818 - not an error: rolls a transaction back
    """Ends a transaction without keeping what it did."""


async def _protection(installation: Installation) -> tuple[str, ...]:
    await require_current_schema(installation.database)
    async with installation.database.reading() as conn:
        return await check_protection(conn)


async def _heads(terminal: Terminal, installation: Installation) -> tuple[str, ...]:
    await require_current_schema(installation.database)
    if installation.heads is None:
        return ()
    async with installation.database.reading() as conn:
        if await are_gone(conn, installation.heads):
            raise HeadsGoneError("the file of known heads is gone")
        stopped = await stopped_logs(conn, installation.heads)
    sentence = N_(
        "De database loopt achter op wat van {origin} getekend is. Is hij teruggezet, doe dan: "
        "consent-service audit reopen"
    )
    return tuple(terminal.text(sentence, origin=log.origin) for log in stopped)


async def _journal(terminal: Terminal, installation: Installation) -> _Checked:
    name = N_("stopjournaal")
    missing = MissingStops(0, frozenset())

    async def look() -> tuple[str, ...]:
        nonlocal missing
        await require_current_schema(installation.database)
        async with installation.database.reading() as conn:
            missing = await stops_missing_in(conn, installation.journal)
        return _not_here(terminal, len(installation.journal.pending()), missing.lost)

    checked = await _looked(terminal, name, look)
    if checked.remarks or not missing.others:
        return checked
    # Nothing is wrong while the database is the living one; whoever puts an older one back needs them all.
    sentence = N_(
        "Deze database kent stops uit {count} andere stopjournalen. "
        "Zet u een oude database terug, haal dan ook die stops in: voeg de bestanden eerst samen."
    )
    return _Checked(name, (terminal.text(sentence, count=len(missing.others)),), hint=True)


def _not_here(terminal: Terminal, waiting: int, lost: int) -> tuple[str, ...]:
    found = []
    if waiting:
        sentence = N_("{count} stops staan nog niet in de database. Start de dienst; die haalt ze eerst in.")
        found.append(terminal.text(sentence, count=waiting))
    if lost:
        sentence = N_(
            "{count} stops staan wel in de database en niet in het stopjournaal: dat is een oude kopie. "
            "Zet het nieuwste terug, anders ontbreken er misschien meer."
        )
        found.append(terminal.text(sentence, count=lost))
    return tuple(found)


async def _mail_server(terminal: Terminal, installation: Installation) -> _Checked:
    """Nothing is lost while it is away, and everybody reads in the service; yet nobody is told."""
    name = N_("mailserver")
    if not installation.notifier.offers:
        sentence = N_("Er is geen mailserver ingesteld: berichten staan alleen in de dienst.")
        return _Checked(name, (terminal.text(sentence),), hint=True)
    try:
        async with installation.notifier.session():
            return _Checked(name)
    except MessagesUnavailableError:
        sentence = N_(
            "De mailserver antwoordt niet, of versleutelt niet. Berichten wachten en gaan niet verloren. "
            "Kijk smtp_host en smtp_port na."
        )
        return _Checked(name, (terminal.text(sentence),))


async def _records(terminal: Terminal, installation: Installation) -> _Checked:
    """What was put back to an older state is wrong; what nobody can check any more is worth knowing."""
    name, compared = N_("gegevens tegen het logboek"), Compared()

    async def look() -> tuple[str, ...]:
        nonlocal compared
        await require_current_schema(installation.database)
        log = AuditLog(installation.ring, installation.clock)
        check = RecordCheck(database=installation.database, ring=installation.ring, log=log)
        compared = await check.everything()
        return _differences(terminal, compared.differences)

    checked = await _looked(terminal, name, look)
    counted = {
        N_("{count} onderwerpen zijn niet meer na te kijken: hun sleutel is vernietigd."): compared.destroyed,
        N_("{count} onderwerpen zijn niet na te kijken: het logboek zegt er niets over."): compared.unknown,
    }
    hints = tuple(terminal.text(sentence, count=count) for sentence, count in counted.items() if count)
    return checked if checked.remarks or not hints else _Checked(name, hints, hint=True)


def _differences(terminal: Terminal, found: Sequence[Difference]) -> tuple[str, ...]:
    """Each by its name; what was removed from the log may touch a whole shelter, and is counted by it."""
    sentences = {
        "changed": N_("{relationship}, {type}: iets is veranderd buiten de dienst om."),
        "rolled_back": N_("{relationship}, {type}: een oude toestand is teruggezet."),
    }
    named = [
        terminal.text(sentences[one.fault], relationship=one.relationship, type=one.information_type)
        for one in found
        if one.fault in sentences
    ]
    touched = Counter(one.tenant for one in found if one.fault == "removed")
    sentence = N_(
        "Opvang {tenant}: van {count} onderwerpen is niet te zeggen of dit de laatste stand is: "
        "uit het logboek is inhoud weggehaald. Kijk het logboek na."
    )
    named += [terminal.text(sentence, tenant=tenant, count=count) for tenant, count in touched.items()]
    return tuple(named)


def _policies(terminal: Terminal) -> list[_Checked]:
    folder = terminal.settings.policies_dir
    wrong = tuple(problems_in(terminal, folder))
    found = [_Checked(N_("regels en teksten"), wrong)]
    if not wrong:
        texts = load_texts(folder)
        drafts = sum(len(texts.of(language).drafts()) for language in texts.languages)
        if drafts:
            sentence = N_("{count} teksten zijn nog concept; in productie worden ze geweigerd.")
            found.append(
                _Checked(N_("vrijgave van teksten"), (terminal.text(sentence, count=drafts),), hint=True)
            )
    return found
