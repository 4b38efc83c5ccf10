"""`audit export`: the log as a file in a form that others read, on the decision of a privacy coordinator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from consent_service.app import Services
from consent_service.cli.admission import operator
from consent_service.cli.entering import DAY, WORDS, Orders, entry
from consent_service.cli.failing import FAILED
from consent_service.cli.naming import find_tenant
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import (
    ConfigurationError,
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
    Problem,
)
from consent_service.foundation.i18n import N_, NN_, SOURCE, translator
from consent_service.foundation.ids import PersonId, StaffId
from consent_service.rights.exports.model import Order, Written
from consent_service.web.officer.wording import LogWords

_REQUEST: Final = N_("Verzoek of opdracht")
"""How a record names what several actions have in common."""


_NOTHING: Final = N_("  LET OP: er staat geen enkele regel in. Kijk de dagen en het kenmerk na.")
_ERASED: Final = NN_(
    "  {count} regel is gewist; daarvan staat er niets in.",
    "  {count} regels zijn gewist; daarvan staat er niets in.",
)
_WAITING: Final = NN_(
    "  {count} regel had nog geen plaats in het logboek en staat er niet in.",
    "  {count} regels hadden nog geen plaats in het logboek en staan er niet in.",
)
_DAMAGED: Final = NN_(
    "  LET OP: {count} regel is beschadigd. Doe: consent-service audit verify",
    "  LET OP: {count} regels zijn beschadigd. Doe: consent-service audit verify",
)


class _Typed(msgspec.Struct, frozen=True):
    """What was typed."""

    tenant: str | None
    coordinator: str
    output: Path
    since: date | None = None
    until: date | None = None
    person: str | None = None


def add_to(commands: Orders) -> None:
    """Add these commands to `audit`, which is there already."""
    audit = commands.commands["audit"]
    if not isinstance(audit, Orders):
        raise TypeError("audit is a group of commands")
    group = audit.group_of("export", N_("Geef het logboek mee als bestand, zoals anderen het lezen."))

    @group.order("ldv", N_("Logboek Dataverwerkingen: per betrokkene, zonder medewerkers."))
    @_common
    @entry(
        "--register",
        type=WORDS,
        words=N_(
            "Het adres waaronder uw register de verwerkingen noemt, zoals https://register.example.nl/v1."
        ),
    )
    def ldv(terminal: Terminal, register: str | None, **typed: Any) -> int:
        return run_with(terminal, lambda services: _ldv(terminal, services, _Typed(**typed), register or ""))

    @group.order("nen7513", N_("NEN 7513: wie wat deed, met de namen van medewerkers."))
    @_common
    @entry("--person", type=WORDS, words=N_("Alleen over deze persoon: het kenmerk uit het logboek."))
    @entry(
        "--client-view",
        is_flag=True,
        words=N_("Wat deze persoon zelf mag weten, in gewone taal en zonder namen van medewerkers."),
    )
    def nen7513(terminal: Terminal, client_view: bool, **typed: Any) -> int:
        wanted = _Typed(**typed)
        if client_view and wanted.person is None:
            raise InputError([Problem("person", "required")])
        work = _client_view if client_view else _nen7513
        return run_with(terminal, lambda services: work(terminal, services, wanted))


def _common(command: Callable[..., int]) -> Callable[..., int]:
    """Decorator: the options that every form has."""
    options = (
        TENANT,
        entry(
            "--coordinator",
            type=WORDS,
            required=True,
            words=N_("Welke privacycoördinator dit besloot: het kenmerk uit consent-service staff list."),
        ),
        entry("--since", type=DAY, words=N_("Vanaf deze dag.")),
        entry("--until", type=DAY, words=N_("Tot en met deze dag.")),
        entry(
            "--output",
            type=click.Path(dir_okay=False, path_type=Path),
            required=True,
            words=N_("Het bestand. Het mag er nog niet zijn; bewaar het als een dossier."),
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


async def _ldv(terminal: Terminal, services: Services, typed: _Typed, register: str) -> int:
    words = _words(services)
    order = await _order(services, typed)
    with _TellingWhatIsTyped():
        written = await services.exports.processing(
            operator(),
            order,
            typed.output,
            words,
            request_name=translator(SOURCE).text(_REQUEST),
            register=register,
        )
    return tell(terminal, written)


async def _nen7513(terminal: Terminal, services: Services, typed: _Typed) -> int:
    order = await _order(services, typed)
    with _TellingWhatIsTyped():
        written = await services.exports.access(operator(), order, typed.output, _words(services))
    return tell(terminal, written)


async def _client_view(terminal: Terminal, services: Services, typed: _Typed) -> int:
    order = await _order(services, typed)
    with _TellingWhatIsTyped():
        count = await services.exports.client_view(
            operator(), order, typed.output, _words(services), translator(SOURCE)
        )
    terminal.say(N_("Geschreven en teruggelezen: {path}"), path=typed.output)
    written = NN_(
        "  {count} regel van het logboek, in het Nederlands. Lees het na voor u het meegeeft.",
        "  {count} regels van het logboek, in het Nederlands. Lees het na voor u het meegeeft.",
    )
    terminal.say(written, count=count)
    if not count:
        terminal.say(_NOTHING)
    return 0


async def _order(services: Services, typed: _Typed) -> Order:
    if typed.since and typed.until and typed.until < typed.since:
        raise InputError([Problem("until", "exports.order_of_days")])
    return Order(
        tenant=(await find_tenant(services, typed.tenant)).tenant,
        since=local_midnight(typed.since) if typed.since else None,
        until=local_midnight(typed.until + timedelta(days=1)) if typed.until else None,
        person=PersonId(typed.person) if typed.person else None,
        coordinator=StaffId(typed.coordinator),
    )


def _words(services: Services) -> LogWords:
    """The files are Dutch, whatever language the operator speaks."""
    return LogWords(services.texts.of(SOURCE))


class _TellingWhatIsTyped:
    """Says beside its option what was refused."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        match error:
            case NotAllowedError():
                raise InputError([Problem("coordinator", "cli.coordinator_unknown")]) from error
            case NotFoundError():
                raise InputError([Problem("person", "exports.person_unknown")]) from error
            case ConflictError():
                raise InputError([Problem("output", "exports.file_exists")]) from error
            case ConfigurationError():
                raise InputError([Problem("output", "exports.folder")]) from error
            case _:
                return


def tell(terminal: Terminal, written: Written) -> int:
    """What was written and what was not; the exit code."""
    found = written.manifest
    terminal.say(N_("Geschreven en teruggelezen: {path}"), path=written.path)
    terminal.say(
        N_("  Regels van het logboek: {entries}; records daarover: {records}. SHA-256: {digest}"),
        entries=found.entries,
        records=found.records,
        digest=found.sha256,
    )
    if not found.entries:
        terminal.say(_NOTHING)
    for sentence, count in ((_ERASED, found.erased), (_WAITING, found.waiting), (_DAMAGED, found.damaged)):
        if count:
            terminal.say(sentence, count=count)
    if found.damaged:
        return FAILED
    return 0
