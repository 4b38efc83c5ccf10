"""`policies propose`, `proposals`, `versions`, `activate`, `rerun`: other rules, with four eyes.

An operator proposes and carries out; privacy coordinators approve, on their own pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

import click

from consent_service.app import Services
from consent_service.cli.admission import operator
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.failing import FAILED
from consent_service.cli.naming import find_tenant
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import EntryId, TenantId
from consent_service.policy.proposals import (
    CheckFailed,
    NotRerun,
    PolicyOverview,
    ProposalState,
    Proposed,
    Rerun,
    RerunObstacle,
)

_STATES: Final[Mapping[ProposalState, str]] = {
    "open": N_("wacht op goedkeuring"),
    "active": N_("ingevoerd"),
    "withdrawn": N_("ingetrokken"),
    "stale": N_("vervallen: stel het opnieuw voor"),
}
_OBSTACLES: Final[Mapping[RerunObstacle, str]] = {
    "no_decision": N_("bij deze regel is geen beslissing bewaard"),
    "erased": N_("de sleutel van de betrokkene is vernietigd"),
    "damaged": N_("wat bewaard is, is niet wat er geschreven is; doe: consent-service audit verify"),
    "bundle_missing": N_("de regels van toen zijn niet bewaard"),
    "bundle_damaged": N_("de bewaarde regels zijn niet die van toen; zet ze terug uit een reservekopie"),
    "engine_gone": N_(
        "de regels van toen vragen de software van toen; installeer die versie om dit na te doen"
    ),
}


def add_to(group: Orders) -> None:
    """Add the commands of this module to those of `policies`."""
    folder = entry(
        "--folder",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        words=N_("De map met regels; anders die van deze versie van de software."),
    )
    proposing = group.order(
        "propose", N_("Stel andere regels voor; twee privacycoördinatoren keuren ze goed.")
    )
    proposing(TENANT(folder(propose)))
    group.order("proposals", N_("Toon wat er is voorgesteld."))(TENANT(proposals))
    group.order("versions", N_("Toon welke regels gelden en eerder golden."))(TENANT(versions))
    number = entry("--proposal", type=WORDS, required=True, words=N_("Het kenmerk van het voorstel."))
    group.order("activate", N_("Voer in wat twee privacycoördinatoren goedkeurden."))(
        TENANT(number(activate))
    )
    one = entry("--entry", "entry_id", type=WORDS, words=N_("Het kenmerk van een regel in het logboek."))
    every = entry("--all", "everything", is_flag=True, words=N_("Elke beslissing die bewaard is."))
    again = group.order(
        "rerun", N_("Neem beslissingen opnieuw met de regels en feiten van toen; er moet hetzelfde uitkomen.")
    )
    again(TENANT(one(every(rerun))))


def propose(terminal: Terminal, tenant: str | None, folder: Path | None) -> int:
    async def work(services: Services) -> Proposed | CheckFailed:
        shelter = (await find_tenant(services, tenant)).tenant
        changes = services.policy_changes
        if folder is None:
            return await changes.propose_software(operator(), tenant=shelter)
        return await changes.propose_folder(operator(), folder, tenant=shelter)

    outcome = run_with(terminal, work)
    if isinstance(outcome, Proposed):
        terminal.say(N_("Voorgesteld: {id}"), id=outcome.proposal)
        terminal.say(N_("Twee privacycoördinatoren bekijken het nu op hun pagina en keuren het goed."))
        return 0
    for problem in outcome.problems:
        terminal.complain(str(problem))
    for proof in outcome.refuted:
        terminal.complain(f"{proof.invariant}: {proof.says.get(terminal.language, proof.detail)}")
        if proof.counterexample is not None:
            terminal.complain(proof.counterexample.case)
    terminal.say(N_("Niet voorgesteld. De regels die golden, blijven gelden."))
    return FAILED


def proposals(terminal: Terminal, tenant: str | None) -> None:
    found = _overview(terminal, tenant)
    if not found.proposals:
        terminal.say(N_("Er is niets voorgesteld."))
        return
    rows = [
        (one.proposal, one.hash[:12], terminal.text(_STATES[one.state]), terminal.moment(one.proposed_at))
        for one in found.proposals
    ]
    terminal.table((N_("Voorstel"), N_("Regels"), N_("Stand"), N_("Voorgesteld op")), rows)


def versions(terminal: Terminal, tenant: str | None) -> None:
    found = _overview(terminal, tenant)
    rows = [
        (one.hash, one.engine, terminal.moment(one.since), terminal.text(state))
        for one, state in (
            (found.active, N_("geldt nu")),
            *((line, N_("gold eerder")) for line in found.earlier),
        )
    ]
    terminal.table((N_("Regels"), N_("Gemaakt voor"), N_("Sinds"), N_("Stand")), rows)
    if not found.active.judgeable:
        terminal.complain(
            terminal.text(
                N_(
                    "De regels die gelden, vragen een andere versie van de software. Er wordt niets gedeeld. "
                    "Doe: consent-service policies propose"
                )
            )
        )


def activate(terminal: Terminal, tenant: str | None, proposal: str) -> None:
    async def work(services: Services) -> str:
        shelter = (await find_tenant(services, tenant)).tenant
        return await services.policy_changes.activate(operator(), proposal, tenant=shelter)

    terminal.say(N_("Deze regels gelden nu: {hash}"), hash=run_with(terminal, work))


def rerun(terminal: Terminal, tenant: str | None, entry_id: str | None, everything: bool) -> int:
    """Fails when a decision comes out otherwise, or its rules are not what they were."""
    if everything == (entry_id is not None):
        raise InputError([Problem("entry", "cli.entry_or_all")])

    async def work(services: Services) -> list[Rerun | NotRerun]:
        shelter = (await find_tenant(services, tenant)).tenant
        return [made async for made in _made(services, shelter, entry_id)]

    found = run_with(terminal, work)
    for made in found:
        _tell_oddity(terminal, made, by_name=not everything)
    outcomes = Counter(_outcome(made) for made in found)
    terminal.say(
        N_("Hetzelfde: {same}. Anders: {different}. Niet na te doen: {gone}."),
        same=outcomes["same"],
        different=outcomes["different"],
        gone=outcomes["gone"],
    )
    wrong = outcomes["different"] + sum(_is_wrong(made) for made in found)
    return FAILED if wrong or (entry_id and outcomes["gone"]) else 0


async def _made(
    services: Services, tenant: TenantId, entry_id: str | None
) -> AsyncIterator[Rerun | NotRerun]:
    replaying = services.policy_changes.replaying
    if entry_id is not None:
        yield await replaying.rerun(tenant, EntryId(entry_id))
        return
    async for made in replaying.rerun_all(tenant):
        yield made


def _tell_oddity(terminal: Terminal, made: Rerun | NotRerun, *, by_name: bool) -> None:
    """What is not the same; that a child was erased is only told where its entry was asked for."""
    if isinstance(made, NotRerun):
        if by_name or _is_wrong(made):
            terminal.complain(f"{made.entry}: {terminal.text(_OBSTACLES[made.why])}")
        return
    for was, now in zip(made.then, made.now, strict=True):
        if was != now:
            terminal.complain(f"{made.entry}: {was.code} -> {now.code} ({made.bundle[:12]})")


def _outcome(made: Rerun | NotRerun) -> str:
    if isinstance(made, NotRerun):
        return "gone"
    return "same" if made.same else "different"


def _is_wrong(made: Rerun | NotRerun) -> bool:
    """Something was changed or lost that should not be; a destroyed key or an old engine is no fault."""
    return isinstance(made, NotRerun) and made.why in ("damaged", "bundle_missing", "bundle_damaged")


def _overview(terminal: Terminal, tenant: str | None) -> PolicyOverview:
    async def work(services: Services) -> PolicyOverview:
        shelter = (await find_tenant(services, tenant)).tenant
        return await services.policy_changes.overview(operator(), tenant=shelter)

    return run_with(terminal, work)
