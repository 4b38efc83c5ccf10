"""`erasures`: forgetting people with two coordinators behind it, and `audit prune`: letting old entries go.

Coordinators decide at their desk; here an operator types what they decided. The log names both: the operator
who did it, and the coordinator for whom. Nothing shows that the coordinator was there, and the
list says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any, Final, cast, get_args

import click

from consent_service.app import Services
from consent_service.audit.happenings.erasures import ErasureGround, ErasureScope
from consent_service.cli.admission import operator
from consent_service.cli.confirming import confirm
from consent_service.cli.entering import DAY, WORDS, Orders, entry
from consent_service.cli.naming import find_tenant
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError, Problem
from consent_service.foundation.i18n import N_, NN_
from consent_service.foundation.ids import StaffId, TenantId
from consent_service.rights.erasure_model import Erasure, ErasureState, Typed, Wanted
from consent_service.rights.pruning import Pruned, PruningOrder

_STATES: Final[Mapping[ErasureState, str]] = {
    "asked": N_("wacht op de tweede coördinator"),
    "approved": N_("goedgekeurd, nog niet uitgevoerd"),
    "running": N_("bezig"),
    "executed": N_("uitgevoerd"),
    "dropped": N_("gaat niet door"),
}
_TYPED: Final[Mapping[Typed, str]] = {
    "none": N_("door de coördinatoren zelf"),
    "asked": N_("vraag getypt door de beheerder"),
    "approved": N_("goedkeuring getypt door de beheerder"),
    "both": N_("allebei getypt door de beheerder"),
    "schedule": N_("volgens de bewaartermijnen"),
}
_SCOPES: Final[Mapping[ErasureScope, str]] = {
    "person": N_("ouder of voogd"),
    "child": N_("kind"),
    "family": N_("gezin"),
}
_COORDINATOR: Final = entry(
    "--coordinator",
    type=WORDS,
    required=True,
    words=N_("Welke privacycoördinator dit beslist: het kenmerk uit consent-service staff list."),
)
_ERASURE: Final = entry(
    "--erasure", type=WORDS, required=True, words=N_("Het kenmerk uit consent-service erasures list.")
)
_YES: Final = entry("--yes", is_flag=True, words=N_("Vraag niet of het echt moet."))


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("erasures", N_("Mensen vergeten: alles wat over hen bewaard is, verdwijnt."))
    whom = (
        entry(f"--{scope}", type=WORDS, words=words)
        for scope, words in (
            ("family", N_("Het hele gezin: het kenmerk uit het logboek van de coördinator.")),
            ("child", N_("Dit kind: het kenmerk uit het logboek van de coördinator.")),
            ("person", N_("Deze ouder of voogd: het kenmerk uit het logboek van de coördinator.")),
        )
    )
    ground = entry(
        "--ground",
        type=click.Choice(get_args(ErasureGround)),
        default="requested",
        words=N_(
            "Waarom dit moet (AVG 17, eerste lid): requested - zelf gevraagd; consent_withdrawn - "
            "toestemming ingetrokken; no_longer_needed - niet meer nodig; unlawful - onrechtmatig; "
            "legal_duty - wettelijke plicht. Zonder deze optie: requested."
        ),
    )
    family, child, person = whom
    asking = group.order("ask", N_("Vraag om iemand te vergeten; een andere coördinator keurt het goed."))
    asking(TENANT(family(child(person(ground(_COORDINATOR(ask)))))))
    group.order("approve", N_("Keur goed wat een andere coördinator vroeg."))(
        TENANT(_ERASURE(_COORDINATOR(approve)))
    )
    group.order("drop", N_("Laat het niet doorgaan."))(TENANT(_ERASURE(_COORDINATOR(drop))))
    group.order("execute", N_("Voer uit wat twee coördinatoren besloten, of maak het af."))(
        TENANT(_ERASURE(_YES(execute)))
    )
    group.order("list", N_("Toon wat gevraagd, goedgekeurd en uitgevoerd is."))(TENANT(overview))
    _add_pruning(cast(Orders, commands.commands["audit"]))


def _add_pruning(audit: Orders) -> None:
    before = entry(
        "--before", type=DAY, required=True, words=N_("Regels van voor deze dag mogen weg (jjjj-mm-dd).")
    )
    audit.order("prune", N_("Laat oude regels weg; wat ermee bewezen is, blijft bewezen."))(
        TENANT(before(_COORDINATOR(_YES(prune))))
    )


def ask(terminal: Terminal, tenant: str | None, coordinator: str, ground: ErasureGround, **whom: Any) -> None:
    wanted = _wanted(ground, **whom)

    async def work(services: Services, shelter: TenantId, decided: StaffId) -> str:
        try:
            return await services.erasures.ask(operator(), wanted, tenant=shelter, coordinator=decided)
        except NotFoundError as nothing:
            raise InputError([Problem(wanted.scope, f"erasures.{wanted.scope}_unknown")]) from nothing
        except InputError as refused:  # the service knows the subject, not by which option it was named
            told = [Problem(wanted.scope, one.code, one.params) for one in refused.problems]
            raise InputError(told) from refused

    erasure = run_with(terminal, _decided(tenant, coordinator, work))
    terminal.say(N_("Gevraagd: {id}"), id=erasure)
    terminal.say(N_("Een andere privacycoördinator moet dit nu goedkeuren."))


def approve(terminal: Terminal, tenant: str | None, coordinator: str, erasure: str) -> None:
    async def work(services: Services, shelter: TenantId, decided: StaffId) -> None:
        with _Known():
            await services.erasures.approve(operator(), erasure, tenant=shelter, coordinator=decided)

    run_with(terminal, _decided(tenant, coordinator, work))
    terminal.say(N_("Goedgekeurd. Doe nu: consent-service erasures execute --erasure {id}"), id=erasure)


def drop(terminal: Terminal, tenant: str | None, coordinator: str, erasure: str) -> None:
    async def work(services: Services, shelter: TenantId, decided: StaffId) -> None:
        with _Known():
            await services.erasures.drop(operator(), erasure, tenant=shelter, coordinator=decided)

    run_with(terminal, _decided(tenant, coordinator, work))
    terminal.say(N_("Dit gaat niet door."))


def execute(terminal: Terminal, tenant: str | None, erasure: str, yes: bool) -> None:
    if not yes:
        sentence = N_("Daarna is van deze mensen niets meer terug te vinden. Typ '{word}'.")
        confirm(terminal, sentence, word=N_("vergeten"))

    async def work(services: Services) -> Erasure:
        shelter = (await find_tenant(services, tenant)).tenant
        with _Known():
            return await services.erasures.execute(operator(), erasure, tenant=shelter)

    gone = run_with(terminal, work).gone
    terminal.say(N_("Uitgevoerd. Mensen: {persons}. Sleutels: {keys}."), persons=gone.persons, keys=gone.keys)
    terminal.say(
        N_("Uit het logboek: {details} verzegelde inhouden. Elders: {rows} rijen."),
        details=gone.details,
        rows=gone.rows,
    )
    terminal.say(
        N_(
            "In oude kopieën van de database is alles pas onleesbaar na: consent-service keys rewrap. Wat "
            "een school zelf bewaarde, moet de school weghalen."
        )
    )


def overview(terminal: Terminal, tenant: str | None) -> None:
    async def work(services: Services) -> tuple[Erasure, ...]:
        shelter = (await find_tenant(services, tenant)).tenant
        return await services.erasures.overview(operator(), tenant=shelter)

    found = run_with(terminal, work)
    if not found:
        terminal.say(N_("Er is niets gevraagd."))
        return
    rows = [
        (
            one.erasure,
            terminal.text(_SCOPES[one.scope]),
            terminal.text(_STATES[one.state]),
            terminal.text(_TYPED[one.typed]),
            terminal.moment(one.asked_at),
        )
        for one in found
    ]
    terminal.table((N_("Kenmerk"), N_("Wie"), N_("Stand"), N_("Besluiten"), N_("Gevraagd op")), rows)


def prune(terminal: Terminal, tenant: str | None, before: date, coordinator: str, yes: bool) -> None:
    if not yes:
        sentence = N_("Wat in die regels stond, leest daarna niemand meer. Typ '{word}'.")
        confirm(terminal, sentence, word=N_("weglaten"))

    async def work(services: Services) -> tuple[Pruned, ...]:
        shelter = (await find_tenant(services, tenant)).tenant
        order = PruningOrder(shelter, StaffId(coordinator), before)
        try:
            return await services.pruning.prune(operator(), order)
        except NotAllowedError as refused:
            raise InputError([Problem("coordinator", "cli.coordinator_unknown")]) from refused

    for one in run_with(terminal, work):
        gone = NN_(
            "Logboek {log}: bewaard vanaf nr. {number}; {count} regel weggelaten.",
            "Logboek {log}: bewaard vanaf nr. {number}; {count} regels weggelaten.",
        )
        terminal.say(gone, log=one.log, number=one.minimum + 1, count=one.entries)


class _Known:
    """An erasure that is not there is told beside its option."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NotFoundError):
            raise InputError([Problem("erasure", "erasures.unknown")]) from error


def _wanted(ground: ErasureGround, **whom: str | None) -> Wanted:
    named = [(scope, whom[scope]) for scope in _SCOPES if whom[scope] is not None]
    if len(named) != 1:
        raise InputError([Problem("family", "erasures.one_scope")])
    ((scope, subject),) = named
    return Wanted(scope, subject or "", ground)


def _decided(
    named: str | None, coordinator: str, work: Callable[[Services, TenantId, StaffId], Awaitable[Any]]
) -> Callable[[Services], Awaitable[Any]]:
    """The work, on what a privacy coordinator of the shelter decided.

    Raises:
        InputError: nobody by that id is one now.
    """

    async def doing(services: Services) -> Any:
        tenant: TenantId = (await find_tenant(services, named)).tenant
        try:
            return await work(services, tenant, StaffId(coordinator))
        except NotAllowedError as refused:
            raise InputError([Problem("coordinator", "cli.coordinator_unknown")]) from refused

    return doing
