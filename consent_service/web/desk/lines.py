"""The lines of the desk, each made of the list it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from consent_service.foundation.clock import local_date
from consent_service.foundation.i18n import N_, translator
from consent_service.process.model import Task, TaskKind
from consent_service.process.recalls_model import last_day_to_answer
from consent_service.web.desk.views import DeskLine
from consent_service.web.officer.room import home
from consent_service.web.visit import Officer, Visit

_REVIEWS: Final[frozenset[TaskKind]] = frozenset(
    {"break_glass_to_review", "release_to_review", "break_glass_wrong", "substitute_review"}
)
_ELSEWHERE: Final[frozenset[TaskKind]] = _REVIEWS | {
    "recall_long_unanswered",
    "pattern_to_look_at",
    "sample_to_review",
}
_ARTICLES: Final = {
    "verzoeken": (
        N_("Verzoeken van mensen"),
        "AVG 12(3)",
        N_("Wie iets vraagt over de eigen gegevens, krijgt binnen een maand antwoord."),
    ),
    "datalekken": (
        N_("Datalekken"),
        "AVG 33, 34",
        N_("Binnen 72 uur beslist u of de toezichthouder het hoort, en wie nog meer."),
    ),
    "steekproef": (
        N_("Steekproef van deze week"),
        "AVG 39(1)(b)",
        N_("Elke week kijkt iemand een paar regels van het logboek na."),
    ),
    "bewaren": (
        N_("Wat langer bewaard blijft"),
        "AVG 17(3)(e), 18(2)",
        N_("Wat voor een rechtszaak vastgezet is, bekijkt u op een vaste dag opnieuw."),
    ),
    "noodgevallen": (
        N_("Noodgevallen en invallen nakijken"),
        "AVG 6(1)(d), 5(2)",
        N_("Wat zonder toestemming gelezen werd, kijkt u de volgende werkdag na."),
    ),
    "wissen": (
        N_("Wissen"),
        "AVG 17",
        N_("Twee coördinatoren staan achter elke keer dat iemand gewist wordt."),
    ),
    "spelregels": (
        N_("Voorstellen voor andere regels"),
        "AVG 25",
        N_("Andere regels gaan pas in als een tweede coördinator ze goedkeurt."),
    ),
    "patronen": (
        N_("Patronen bij toestemming"),
        "AVG 7(4)",
        N_("Als bijna iedereen ja zegt, was de vraag misschien niet vrij."),
    ),
    "teruggeroepen": (
        N_("Scholen die nog antwoorden"),
        "AVG 19",
        N_("Een school die iets kreeg wat nu weg moet, zegt wat zij ermee deed."),
    ),
    "taken": (
        N_("Andere taken"),
        "AVG 5(2)",
        N_("Wat het logboek meldde en een mens moet beoordelen."),
    ),
}
"""Part of the address: what it is called, the article, and why."""


async def desk_lines(visit: Visit, actor: Officer) -> tuple[DeskLine, ...]:
    """Every line: what is late or due first before others, as the table has them."""
    tasks = await visit.services.tasks.open_tasks(actor)
    lines = [
        await _cases(visit, actor),
        await _breaches(visit, actor),
        _of_tasks(visit, actor, "noodgevallen", [one for one in tasks if one.kind in _REVIEWS]),
        await _erasures(visit, actor),
        await _rules(visit, actor),
        _of_tasks(visit, actor, "patronen", [one for one in tasks if one.kind == "pattern_to_look_at"]),
        await _recalls(visit, actor),
        _of_tasks(visit, actor, "steekproef", [one for one in tasks if one.kind == "sample_to_review"]),
        await _holds(visit, actor),
        _of_tasks(visit, actor, "taken", [one for one in tasks if one.kind not in _ELSEWHERE]),
    ]
    return tuple(sorted(lines, key=lambda one: (not one.late, one.due is None, one.due or date.max)))


def line(
    visit: Visit, actor: Officer, key: str, count: int, *, due: Iterable[date] = (), about: str = ""
) -> DeskLine:
    """One line; the first of the days that are due counts."""
    title, article, why = _ARTICLES[key]
    said, today, first = translator(visit.language), local_date(visit.now()), min(due, default=None)
    return DeskLine(
        key=key,
        title=said.text(title),
        article=article,
        why=said.text(why),
        count=count,
        href=home(actor, key),
        due=first,
        late=first is not None and first < today,
        about=about,
    )


def _of_tasks(visit: Visit, actor: Officer, key: str, tasks: Sequence[Task]) -> DeskLine:
    return line(visit, actor, key, len(tasks), due=[one.due_on for one in tasks if one.due_on is not None])


async def _cases(visit: Visit, actor: Officer) -> DeskLine:
    waiting = [one for one in await visit.services.cases.overview(actor) if one.is_open]
    return line(visit, actor, "verzoeken", len(waiting), due=[one.due_on for one in waiting])


async def _breaches(visit: Visit, actor: Officer) -> DeskLine:
    waiting = [one for one in await visit.services.breaches.overview(actor) if one.is_open]
    clocks = [local_date(one.due_at) for one in waiting if one.state == "assessing"]
    return line(visit, actor, "datalekken", len(waiting), due=clocks)


async def _holds(visit: Visit, actor: Officer) -> DeskLine:
    found = await visit.services.retention.overview(actor)
    standing = [one for one in found.holds if one.stands]
    return line(visit, actor, "bewaren", len(standing), due=[one.review_on for one in standing])


async def _erasures(visit: Visit, actor: Officer) -> DeskLine:
    found = await visit.services.erasures.overview(actor)
    waiting = [one for one in found if one.state in ("asked", "approved", "running")]
    return line(visit, actor, "wissen", len(waiting))


async def _rules(visit: Visit, actor: Officer) -> DeskLine:
    return line(visit, actor, "spelregels", len(await visit.services.policy_changes.waiting(actor)))


async def _recalls(visit: Visit, actor: Officer) -> DeskLine:
    found = await visit.services.recall_desk.overview(actor)
    waiting = [one for one in found if one.state == "open"]
    days = [last_day_to_answer(local_date(one.issued_at)) for one in waiting]
    return line(visit, actor, "teruggeroepen", len(waiting), due=days)
