"""`keys destroy`: an operator carries out what a privacy coordinator of the shelter decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from consent_service.app import Services
from consent_service.audit.happenings.keys import Attempt
from consent_service.cli.admission import operator
from consent_service.cli.confirming import confirm
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.failing import FAILED
from consent_service.cli.naming import find_tenant
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.custody.model import Doomed, Order
from consent_service.custody.service import read_report
from consent_service.custody.wording import sentences
from consent_service.foundation.errors import (
    InputError,
    IntegrityError,
    NotAllowedError,
    NotFoundError,
    Problem,
    UnavailableError,
)
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import StaffId, TenantId

_PROOFS: Final[Mapping[Attempt, str]] = {
    "refused": N_("Nagekeken: wat met deze sleutel verzegeld was, gaat hier niet meer open."),
    "opened": N_("Let op: wat verzegeld was, gaat nog open. Dit mag niet; zoek hulp."),
    "not_tried": N_("Er was niets met deze sleutel verzegeld, dus er viel niets na te kijken."),
}


class _Wanted(msgspec.Struct, frozen=True):
    """What was typed."""

    doomed: Doomed
    coordinator: StaffId
    at_once: bool


def add_orders(group: Orders) -> None:
    """Add this command to `keys`."""

    @group.order("destroy", N_("Vernietig de sleutel van een kind op een school, of alle van een kind."))
    @TENANT
    @entry(
        "--relationship",
        type=WORDS,
        words=N_("Dit kind op deze school: het kenmerk uit het logboek van de coördinator."),
    )
    @entry(
        "--child", type=WORDS, words=N_("Alles van dit kind: het kenmerk uit het logboek van de coördinator.")
    )
    @entry(
        "--coordinator",
        type=WORDS,
        required=True,
        words=N_("Welke privacycoördinator dit besloot: het kenmerk uit consent-service staff list."),
    )
    @entry(
        "--at-once", is_flag=True, words=N_("Vervang ook meteen alle sleutels erboven, niet pas vannacht.")
    )
    @entry("--yes", is_flag=True, words=N_("Vraag niet of het echt moet."))
    def destroy(terminal: Terminal, tenant: str | None, yes: bool, **chosen: Any) -> int:
        wanted = _wanted(**chosen)
        if not yes:
            sentence = N_("Wat met deze sleutel verzegeld is, leest daarna niemand meer. Typ '{word}'.")
            confirm(terminal, sentence, word=N_("vernietigen"))
        return run_with(terminal, lambda services: _destroy(terminal, services, tenant, wanted))


def _wanted(*, relationship: str | None, child: str | None, coordinator: str, at_once: bool) -> _Wanted:
    if child is not None and relationship is None:
        return _Wanted(Doomed("child", child), StaffId(coordinator), at_once)
    if relationship is None or child is not None:
        raise InputError([Problem("relationship", "cli.relationship_or_child")])
    return _Wanted(Doomed("relationship", relationship), StaffId(coordinator), at_once)


async def _destroy(terminal: Terminal, services: Services, named: str | None, wanted: _Wanted) -> int:
    """1. is there what is needed  2. the keys  3. if asked for, every key above them  4. how far it is."""
    tenant = (await find_tenant(services, named)).tenant
    if wanted.at_once:
        services.key_backups.require_ready()  # 1
    try:
        done = await services.custody.carry_out(  # 2
            operator(), Order(tenant, wanted.coordinator, wanted.doomed)
        )
    except NotAllowedError as refused:
        raise InputError([Problem("coordinator", "cli.coordinator_unknown")]) from refused
    except NotFoundError as nothing:
        raise InputError([Problem(wanted.doomed.kind, f"cli.{wanted.doomed.kind}_unknown")]) from nothing
    if done.stage == "journalled":
        terminal.say(N_("De opdracht staat vast en wordt uitgevoerd zodra alles weer werkt."))
        return FAILED
    terminal.say(N_("De sleutels zijn vernietigd."))
    terminal.say(_PROOFS[done.attempt])
    went_on = not wanted.at_once or await _replace_all_above(terminal, services)  # 3
    await _tell(terminal, services, tenant, wanted.doomed)  # 4
    return 0 if went_on and done.attempt != "opened" else FAILED


async def _replace_all_above(terminal: Terminal, services: Services) -> bool:
    try:
        await services.epochs.run(operator(), reason="high_risk")
    except (UnavailableError, IntegrityError):
        terminal.say(N_("De sleutels erboven zijn nog niet vervangen. Doe: consent-service keys rewrap"))
        return False
    return True


async def _tell(terminal: Terminal, services: Services, tenant: TenantId, doomed: Doomed) -> None:
    installation = services.installation
    async with installation.database.reading() as conn:
        report = await read_report(conn, tenant, doomed, now=installation.clock.now())
    for one in sentences(report, translator(terminal.language).date) if report else ():
        terminal.say(one.msgid, **one.params)
