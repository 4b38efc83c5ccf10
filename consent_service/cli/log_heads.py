"""`audit heads`, `audit rotate-key`, `audit reopen`: keys of the logs, and who saw their heads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click

from consent_service.app import Services
from consent_service.audit.checkpoint import NOTE_LIMIT, Checkpoint, verifier_key
from consent_service.audit.describing import root_in_words
from consent_service.audit.events import LogViewed
from consent_service.audit.happenings.upkeep import Urgency
from consent_service.audit.heads.kept import newest_signed
from consent_service.audit.heads.reopening import Why
from consent_service.audit.log_keys import LogKey, logs_of
from consent_service.cli.admission import operator
from consent_service.cli.confirming import confirm
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.failing import FAILED
from consent_service.cli.log_access import note_looks
from consent_service.cli.log_heads_words import ACCEPTED, CLOSED, KNOWN, NEW, lines_of
from consent_service.cli.naming import find_tenant
from consent_service.cli.opening import opened
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.foundation.i18n import N_, NN_
from consent_service.foundation.ids import INSTALLATION, TenantId
from consent_service.rights.supervision import HEAD

_INSTALLATION_LOG = N_("Het logboek van de installatie zelf.")
_COMPROMISED = N_("Iemand anders kan de sleutel van het logboek hebben.")


def add_orders(group: Orders) -> None:
    """Add these commands to `audit`."""
    _add_heads(group)
    _add_kept_outside(group)
    _add_changes(group)


def _add_heads(group: Orders) -> None:
    @group.order(
        "heads",
        N_("Toon hoe ver elk logboek is, en wie dat buiten de database gezien heeft."),
        admission="anybody",
    )
    @TENANT
    def heads(terminal: Terminal, tenant: str | None) -> int:
        return asyncio.run(_show_heads(terminal, tenant))

    @group.order("dismiss-witness", N_("Laat niet meer tellen wat een getuige over een logboek zegt."))
    @TENANT
    @entry("--installation", is_flag=True, words=_INSTALLATION_LOG)
    @entry("--witness", type=WORDS, required=True, words=N_("De naam van de getuige."))
    def dismiss_witness(terminal: Terminal, tenant: str | None, installation: bool, witness: str) -> int:
        async def work() -> int:
            async with opened(terminal) as services:
                log_of = await _log_of(services, tenant, installation)
                said = await services.log_heads.dismiss(operator(), log_of, witness)
            terminal.say(
                N_("Wat {witness} zei telt niet meer.") if said else N_("{witness} had niets gezegd."),
                witness=witness,
            )
            return 0 if said else FAILED

        return asyncio.run(work())


def _add_kept_outside(group: Orders) -> None:
    @group.order("learn-head", N_("Neem kennis van een ondertekende stand die ergens anders bewaard is."))
    @entry(
        "--file",
        "kept",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        required=True,
        words=N_("Het bestand met de ondertekende stand."),
    )
    def learn_head(terminal: Terminal, kept: Path) -> None:
        async def work() -> None:
            with kept.open("rb") as file:
                note = file.read(NOTE_LIMIT + 1)
            async with opened(terminal) as services:
                learned = await services.log_heads.learn(operator(), note)
            told = NEW if learned.is_new else KNOWN
            terminal.say(told, size=learned.head.size, origin=learned.head.origin)

        asyncio.run(work())

    @group.order(
        "accept-heads", N_("Neem wat in de database getekend is als bekend: heads.jsonl is voorgoed weg.")
    )
    def accept_heads(terminal: Terminal) -> int:
        async def work() -> int:
            async with opened(terminal) as services:
                accepted = await services.log_heads.accept(operator())
            for head in accepted:
                terminal.say(ACCEPTED, size=head.size, origin=head.origin)
            if not accepted:
                terminal.say(
                    N_("Niets aangenomen: heads.jsonl is er, of elk logboek loopt achter op wat erin staat.")
                )
            return 0

        return asyncio.run(work())


def _add_changes(group: Orders) -> None:
    @group.order("rotate-key", N_("Geef een logboek een nieuwe sleutel; de oude tekent dat eerst."))
    @TENANT
    @entry("--installation", is_flag=True, words=_INSTALLATION_LOG)
    @entry("--compromised", is_flag=True, words=_COMPROMISED)
    def rotate_key(terminal: Terminal, tenant: str | None, installation: bool, compromised: bool) -> None:
        async def work() -> None:
            async with opened(terminal) as services:
                log_of = await _log_of(services, tenant, installation)
                urgency: Urgency = "compromised" if compromised else "planned"
                key = await services.log_heads.rotate(operator(), log_of, urgency=urgency)
            terminal.say(N_("Sleutel {number} tekent voortaan:"), number=key.key_number)
            terminal.show(verifier_key(key.origin, key.public))

        asyncio.run(work())

    @group.order("reopen", N_("Begin een nieuw logboek waar de database achterloopt op wat getekend is."))
    @TENANT
    @entry("--installation", is_flag=True, words=_INSTALLATION_LOG)
    @entry("--compromised", is_flag=True, words=_COMPROMISED)
    @entry("--yes", is_flag=True, words=N_("Vraag niet of het echt moet."))
    def reopen(
        terminal: Terminal, tenant: str | None, installation: bool, compromised: bool, yes: bool
    ) -> int:
        return asyncio.run(
            _reopen(terminal, tenant, installation=installation, compromised=compromised, sure=yes)
        )


async def _reopen(
    terminal: Terminal, tenant: str | None, *, installation: bool, compromised: bool, sure: bool
) -> int:
    """The log that is named; where none is, every one that is behind. Any other is asked about first."""
    named = installation or compromised or tenant is not None
    async with opened(terminal) as services:
        logs = [(await _log_of(services, tenant, installation), True)] if named else []
        logs = logs or [(one, False) for one, _ in await _all_logs(services)]
        done = 0
        for log_of, wanted in logs:
            state = await services.log_heads.state(log_of)
            behind = state is not None and state.refused
            if wanted and not behind and not sure:
                sentence = N_(
                    "Dit logboek loopt niet achter. Een nieuw begin is niet terug te draaien, en wie een "
                    "stand bewaarde, ziet een ander logboek. Typ {word} om toch opnieuw te beginnen."
                )
                confirm(terminal, sentence, word=N_("heropenen"))
            if wanted or behind:
                await _reopen_one(terminal, services, log_of, compromised=compromised)
                done += 1
    if not done:
        terminal.say(N_("Geen logboek loopt achter: er is niets te doen."))
    return 0


async def _reopen_one(terminal: Terminal, services: Services, log_of: TenantId, *, compromised: bool) -> None:
    why: Why = "compromised" if compromised else "restored"
    found = await services.log_heads.reopen(operator(), log_of, why=why)
    terminal.say(N_("Nieuw logboek {number}: {origin}"), number=found.log.log, origin=found.log.origin)
    if found.lost:
        lost = NN_(
            "  Van het vorige is {lost} getekende regel niet in deze database; dat staat erin.",
            "  Van het vorige zijn {lost} getekende regels niet in deze database; dat staat erin.",
            by="lost",
        )
        terminal.say(lost, lost=found.lost)
    terminal.say(N_("  Geef elke getuige deze sleutel:"))
    terminal.show(f"  {verifier_key(found.log.origin, found.log.public)}")


async def _show_heads(terminal: Terminal, tenant: str | None) -> int:
    async with opened(terminal) as services:
        logs = await _all_logs(services)
        if tenant is not None:
            shelter = await find_tenant(services, tenant)
            logs = [(shelter.tenant, shelter.name)]
        found = [(name, await services.log_heads.state(log_of)) for log_of, name in logs]
        closed = {name: await _closed(services, log_of) for log_of, name in logs}
        shown = {name for name, state in found if state is not None}
        looks = [(log_of, LogViewed((HEAD,))) for log_of, name in logs if name in shown]
        await note_looks(terminal, services, looks)
    states = [(name, state) for name, state in found if state is not None]
    for name, state in states:
        for log, head in closed[name]:
            terminal.say(CLOSED, name=name, log=log.log, size=head.size, root=root_in_words(head.root))
        for line in lines_of(terminal, name, state):
            terminal.show(line)
    return 0 if all(state.is_well for _, state in states) else FAILED


async def _closed(services: Services, tenant: TenantId) -> Sequence[tuple[LogKey, Checkpoint]]:
    """The last heads of the logs before the one that goes on."""
    async with services.installation.database.reading() as conn:
        heads = [(log, await newest_signed(conn, log)) for log in (await logs_of(conn, tenant))[:-1]]
    return [(log, found[0]) for log, found in heads if found is not None]


async def _all_logs(services: Services) -> list[tuple[TenantId, str]]:
    shelters = [(one.tenant, one.name) for one in await services.organisations.tenants()]
    return [(INSTALLATION, "installatie"), *shelters]


async def _log_of(services: Services, tenant: str | None, installation: bool) -> TenantId:
    return INSTALLATION if installation else (await find_tenant(services, tenant)).tenant
