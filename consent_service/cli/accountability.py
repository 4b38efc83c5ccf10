"""`accountability`: the documents that show that the law is kept, as a file, as a coordinator decided."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from consent_service.app import Services
from consent_service.cli.admission import operator
from consent_service.cli.audit_proofs import new_file
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.naming import find_tenant
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import (
    InputError,
    NotAllowedError,
    NotFoundError,
    Problem,
)
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import StaffId
from consent_service.rights.accountability.model import FORMS, Kind
from consent_service.rights.accountability.service import Wanted

_WORDS: Final[dict[Kind, str]] = {
    "register": N_("Het register van verwerkingen (AVG 30)."),
    "dpia": N_("De DPIA, zover de dienst haar kan invullen (AVG 35)."),
    "annex": N_("De bijlage bij de verwerkersovereenkomst (AVG 28)."),
    "report": N_("Het jaarverslag van een jaar dat is vastgesteld."),
}
_OUTPUT: Final = entry(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    words=N_("Het bestand. Het mag er nog niet zijn."),
)
_COORDINATOR: Final = entry(
    "--coordinator",
    type=WORDS,
    required=True,
    words=N_("Welke privacycoördinator dit besloot: het kenmerk uit consent-service staff list."),
)


def add_to(commands: Orders) -> None:
    """Add these commands."""
    group = commands.group_of("accountability", N_("Laat zien dat de opvang zich aan de wet houdt."))
    for kind in FORMS:
        _add(group, kind)


def _add(group: Orders, kind: Kind) -> None:
    form = entry(
        "--form",
        type=click.Choice(FORMS[kind]),
        default=FORMS[kind][0],
        words=N_("In welke vorm."),
    )

    def take(terminal: Terminal, year: str = "0", **typed: Any) -> int:
        return run_with(terminal, lambda services: _take(terminal, services, kind, year, typed))

    command: Callable[..., int] = take
    year = entry("--year", type=WORDS, required=True, words=N_("Van welk jaar."))
    for option in (_OUTPUT, form, *((year,) if kind == "report" else ()), _COORDINATOR, TENANT):
        command = option(command)
    group.order(kind, _WORDS[kind])(command)


async def _take(terminal: Terminal, services: Services, kind: Kind, year: str, typed: dict[str, Any]) -> int:
    tenant = (await find_tenant(services, typed["tenant"])).tenant
    if not year.isdecimal():
        raise InputError([Problem("year", "accountability.not_fixed")])
    wanted = Wanted(kind, typed["form"], int(year), StaffId(typed["coordinator"]))
    with new_file(typed["output"]) as file:
        try:
            taken = await services.accountability.take(operator(), tenant, wanted)
        except NotAllowedError as refused:
            raise InputError([Problem("coordinator", "cli.coordinator_unknown")]) from refused
        except NotFoundError as unknown:
            raise InputError([Problem("year", "accountability.not_fixed")]) from unknown
        file.write(taken.content)
    terminal.say(N_("Geschreven: {path}"), path=typed["output"])
    return 0
