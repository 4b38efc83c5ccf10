"""`keys reencrypt` and `keys reindex`: what is stored done again under a fresh key, shelter by shelter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from consent_service.app import Services
from consent_service.cli.admission import operator
from consent_service.cli.entering import WORDS, Orders, WrongValueError, entry
from consent_service.cli.failing import FAILED
from consent_service.cli.naming import find_tenant
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.custody.reencrypt import Reencrypted, Skipped, UnreadableRelationshipError
from consent_service.custody.reindex import Reindexed
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import RelationshipId


class Moment(click.ParamType[datetime]):
    """An instant with its offset from UTC, as `keys reencrypt` itself says when it began."""

    name = "jjjj-mm-ddTuu:mm:ss+00:00"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> datetime:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError as wrong:
            raise WrongValueError("cli.moment") from wrong
        if moment.tzinfo is None:
            raise WrongValueError("cli.moment")
        return moment


def add_orders(group: Orders) -> None:
    """Add these commands to `keys`."""

    @group.order("reencrypt", N_("Versleutel gegevens opnieuw: per kind en school een nieuwe sleutel."))
    @TENANT
    @entry("--relationship", type=WORDS, words=N_("Alleen dit kind op deze school, met het kenmerk."))
    @entry("--all", "everyone", is_flag=True, words=N_("Alle kinderen op alle scholen van de opvang."))
    @entry("--since", type=Moment(), words=N_("Sla over wat sinds dit moment al een nieuwe sleutel kreeg."))
    def reencrypt(
        terminal: Terminal,
        tenant: str | None,
        relationship: str | None,
        everyone: bool,
        since: datetime | None,
    ) -> int:
        if everyone == (relationship is not None):
            raise InputError([Problem("relationship", "cli.relationship_or_all")])
        wanted = None if relationship is None else RelationshipId(relationship)
        return run_with(terminal, lambda services: _reencrypt(terminal, services, tenant, wanted, since))

    @group.order("reindex", N_("Maak de zoekkenmerken van namen opnieuw."))
    @TENANT
    @entry("--rotate", is_flag=True, words=N_("Maak eerst een nieuwe zoeksleutel."))
    def reindex(terminal: Terminal, tenant: str | None, rotate: bool) -> None:
        async def work(services: Services) -> Reindexed:
            shelter = (await find_tenant(services, tenant)).tenant
            with _bar(terminal, N_("Zoekkenmerken")) as tell:
                return await services.reindexing.reindex(operator(), shelter, rotate=rotate, progress=tell)

        done = run_with(terminal, work)
        terminal.say(N_("{count} zoekkenmerken zijn opnieuw gemaakt."), count=done.persons)
        if done.dropped:
            terminal.say(N_("Zoeksleutel {number} is in gebruik, de vorige is weg."), number=done.version)


async def _reencrypt(
    terminal: Terminal,
    services: Services,
    tenant: str | None,
    only: RelationshipId | None,
    since: datetime | None,
) -> int:
    shelter = (await find_tenant(services, tenant)).tenant
    wanted = [only] if only else await services.reencryption.relationships(operator(), shelter)
    if only is None:
        start = since or services.installation.clock.now()
        terminal.say(N_("Breekt dit af, ga dan verder met: --all --since {start}"), start=start.isoformat())
    done: list[Reencrypted | Skipped] = []
    try:
        with _bar(terminal, N_("Versleutelen")) as tell:
            for relationship in wanted:
                found = await services.reencryption.reencrypt(operator(), shelter, relationship, since=since)
                done.append(found)
                tell(len(done), len(wanted))
                _tell_skipped(terminal, found)
    except UnreadableRelationshipError as unreadable:
        sentence = N_("{relationship} gaat niet open zoals het hoort. Daaraan is niets veranderd; gestopt.")
        terminal.complain(terminal.text(sentence, relationship=unreadable.relationship))
        return FAILED
    finally:
        _tell_done(terminal, done)
    return 0


_SKIPPED: Mapping[str, str] = {
    "destroyed": N_("{relationship}: overgeslagen, de sleutel is vernietigd."),
    "retired": N_(
        "{relationship}: overgeslagen, de begeleiding is klaar en de sleutel versleutelt niets meer."
    ),
    "done": N_("{relationship}: overgeslagen, al gedaan."),
}


def _tell_skipped(terminal: Terminal, found: Reencrypted | Skipped) -> None:
    if isinstance(found, Skipped):
        terminal.say(_SKIPPED[found.why], relationship=found.relationship)


def _tell_done(terminal: Terminal, done: Sequence[Reencrypted | Skipped]) -> None:
    """Also after a failure: what was done before stays done."""
    fresh = [one for one in done if isinstance(one, Reencrypted)]
    terminal.say(
        N_("{count} keer een nieuwe sleutel, {records} gegevens opnieuw versleuteld."),
        count=len(fresh),
        records=sum(one.records for one in fresh),
    )
    if fresh:
        terminal.say(
            N_("Maak nu een nieuwe reservekopie: oudere gaan na de volgende keys rewrap niet meer open.")
        )


@contextmanager
def _bar(terminal: Terminal, words: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, nothing where lines go to a file."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=terminal.err, transient=True, disable=not terminal.err.is_terminal
    ) as bar:
        task = bar.add_task(terminal.text(words))
        yield lambda done, everybody: bar.update(task, completed=done, total=everybody)
