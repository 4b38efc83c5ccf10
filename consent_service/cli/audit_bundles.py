"""`audit bundle` and `audit find`: the log for outsiders, and all that one view key finds.

An operator carries out what a privacy coordinator of the shelter decided.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from consent_service.app import Services
from consent_service.audit.bundle_file import BundleCount
from consent_service.audit.encoding import instant
from consent_service.audit.finding import FoundEntries, FoundEntry
from consent_service.audit.standalone.kinds import KINDS
from consent_service.audit.standalone.telling import time_in_words
from consent_service.cli.admission import operator
from consent_service.cli.audit_proofs import KEPT_FILE, new_file
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.naming import find_tenant
from consent_service.cli.opening import put_in_order, run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError, Problem
from consent_service.foundation.i18n import N_, NN_
from consent_service.foundation.ids import PersonId, StaffId
from consent_service.keyring.secret import Secret
from consent_service.rights.exporting import Wanted

_VIEW_KEY: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\n?")
_COORDINATOR: Final = entry(
    "--coordinator",
    type=WORDS,
    required=True,
    words=N_("Welke privacycoördinator dit besloot: het kenmerk uit consent-service staff list."),
)


class _Typed(msgspec.Struct, frozen=True):
    """What was typed."""

    coordinator: str
    output: Path
    person: str | None
    hidden: bool
    view_key: bool


def add_to(group: Orders) -> None:
    """Add these commands to those of `audit`."""
    _add_bundle(group)
    _add_find(group)


def _add_bundle(group: Orders) -> None:
    @group.order("bundle", N_("Geef het logboek mee als pakket dat iedereen zelf kan nakijken."))
    @TENANT
    @_COORDINATOR
    @entry(
        "--output",
        type=click.Path(path_type=Path),
        required=True,
        words=N_("Het bestand dat gemaakt wordt, zoals pakket.zip."),
    )
    @entry("--person", type=WORDS, words=N_("Open de regels die deze persoon mag zien: het kenmerk."))
    @entry(
        "--hidden",
        is_flag=True,
        words=N_("Open ook de gesloten regels over deze persoon; alleen voor rechter of toezicht."),
    )
    @entry("--view-key", is_flag=True, words=N_("Doe de inzagesleutel van deze persoon erbij."))
    def bundle(terminal: Terminal, tenant: str | None, **typed: Any) -> int:
        wanted = _Typed(**typed)
        if wanted.person is None and (wanted.hidden or wanted.view_key):
            raise InputError([Problem("person", "required")])
        count = run_with(terminal, lambda services: _bundle(services, tenant, wanted))
        made = NN_(
            "{path}: {entries} regel; geopend: {opened}. "
            "Nakijken: haal verify.py eruit, en doe: python3 verify.py {path}",
            "{path}: {entries} regels; geopend: {opened}. "
            "Nakijken: haal verify.py eruit, en doe: python3 verify.py {path}",
            by="entries",
        )
        terminal.say(made, path=wanted.output, entries=count.entries, opened=count.opened)
        return 0


def _add_find(group: Orders) -> None:
    @group.order("find", N_("Zoek en controleer alle regels die een inzagesleutel vindt."))
    @TENANT
    @_COORDINATOR
    @entry(
        "--view-key",
        type=KEPT_FILE,
        required=True,
        words=N_("Het bestand met de inzagesleutel: view-key.txt uit een pakket."),
    )
    def find(terminal: Terminal, tenant: str | None, coordinator: str, view_key: Path) -> int:
        key = read_view_key(view_key)
        found = run_with(terminal, lambda services: _find(services, tenant, key, coordinator))
        _tell(terminal, found)
        return 0


def read_view_key(path: Path) -> Secret:
    """The view key in this file: one line of 43 characters.

    Raises:
        InputError: it is none.
    """
    try:
        with path.open("r", encoding="ascii") as file:
            text = file.read(100)
    except (OSError, ValueError) as failure:
        raise InputError([Problem("view_key", "cli.view_key_form")]) from failure
    if not _VIEW_KEY.fullmatch(text):
        raise InputError([Problem("view_key", "cli.view_key_form")])
    return Secret(base64.urlsafe_b64decode(text.strip() + "="))


async def _bundle(services: Services, named: str | None, typed: _Typed) -> BundleCount:
    """1. the newest entries get their place  2. the file, which is logged  3. only now it gets its name."""
    tenant = (await find_tenant(services, named)).tenant
    person = None if typed.person is None else PersonId(typed.person)
    coordinator = StaffId(typed.coordinator)
    wanted = Wanted(tenant, person, typed.hidden, typed.view_key, coordinator)
    await put_in_order(services)  # 1
    try:
        with new_file(typed.output) as file:  # 3
            return await services.bundles.write(operator(), wanted, file)  # 2
    except NotAllowedError as refused:
        raise InputError([Problem("coordinator", "cli.coordinator_unknown")]) from refused
    except NotFoundError as nothing:
        if person is None:
            raise CommandError(N_("Van dit logboek is nog niets getekend.")) from nothing
        raise InputError([Problem("person", "exports.person_unknown")]) from nothing


async def _find(services: Services, named: str | None, key: Secret, coordinator: str) -> FoundEntries:
    tenant = (await find_tenant(services, named)).tenant
    try:
        return await services.bundles.find(operator(), tenant, key, coordinator=StaffId(coordinator))
    except NotAllowedError as refused:
        raise InputError([Problem("coordinator", "cli.coordinator_unknown")]) from refused


def _tell(terminal: Terminal, found: FoundEntries) -> None:
    terminal.say(
        N_("Regels met het merk van deze sleutel: {count}, van de {looked_at}. Geen enkele ontbreekt."),
        count=len(found.tagged),
        looked_at=found.looked_at,
    )
    _list(terminal, found.tagged)
    if found.released:
        terminal.say(N_("Later vrijgegeven: {count}"), count=len(found.released))
        _list(terminal, found.released)
    if found.pruned:
        pruned = NN_(
            "{count} regel wordt niet meer bewaard en is niet bekeken.",
            "{count} regels worden niet meer bewaard en zijn niet bekeken.",
        )
        terminal.say(pruned, count=found.pruned)


def _list(terminal: Terminal, entries: tuple[FoundEntry, ...]) -> None:
    for one in entries:
        terminal.show(entry_line(terminal, one))


def entry_line(terminal: Terminal, one: FoundEntry) -> str:
    """Where an entry stands, when, which it is and what happened, in the words of `verify.py`."""
    english = int(terminal.language == "en")
    kind = one.type or terminal.text(N_("(gesloten)"))
    if one.type in KINDS:
        kind = f"{KINDS[one.type][english]} ({one.type})"
    place = terminal.text(N_("logboek {log}, nr. {number}"), log=one.log, number=one.seq + 1)
    return f"  {place}  {time_in_words(instant(one.at), english)}  {one.entry}  {kind}"
