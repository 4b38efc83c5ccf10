"""Figures over a period and the list of recalls, over the whole application."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta

import pytest

from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from consent_service.process.evaluation import service as figures
from consent_service.process.evaluation.withholding import NotPublishableError, choose
from consent_service.process.tables_evaluation import evaluation_publications
from consent_service.release.model import Released
from tests.ledger import count
from tests.scenarios.stories import ask, told_family, trail
from tests.shelter import OPERATOR
from tests.web.visiting import Site, words_of

PERIOD = "2026-Q3"
CHILDREN = tuple((name, date(2018, 5, 4)) for name in ("Adam", "Bilal", "Chiara", "Daan", "Ella", "Fien"))


@pytest.fixture(autouse=True)
def chosen_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, so that a test need not start another one."""
    init = figures.EvaluationService.__init__.__kwdefaults__
    assert init is not None
    monkeypatch.setitem(init, "choose", choose)


async def _a_quarter(site: Site) -> None:
    world = site.world
    await world.family(children=CHILDREN)
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    await world.settle()
    world.clock.advance(timedelta(days=60))
    await world.settle()


def _at(site: Site, *parts: str) -> str:
    return "/".join((f"/toezicht/{site.world.tenant}", *parts))


async def _fg(site: Site) -> Fg:
    world = site.world
    fg = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("fg", "Fenna Gegevens")
    )
    return Fg(world.tenant, fg)


async def test_what_is_too_small_has_no_bar_and_says_so(site: Site) -> None:
    """The drawing is for the eye only; the number stands before it."""
    await _a_quarter(site)
    coordinator = await site.logged_in(site.world.officer)
    await coordinator.post(_at(site, "cijfers"), {"period": PERIOD})
    page = await coordinator.get(_at(site, "cijfers", PERIOD))
    assert page.text.count('<table class="table-stacked"') == 4
    shown = page.text.count('<svg class="bar"')
    assert shown == page.text.count('preserveAspectRatio="none" aria-hidden="true" focusable="false"')
    cells = re.findall(r'<td data-column="Aantal">(\d+|te klein)<', page.text)
    assert "te klein" in cells
    assert shown <= len([cell for cell in cells if cell != "te klein"])


async def test_the_file_leaves_by_the_release_door_and_only_by_a_deed(site: Site) -> None:
    await _a_quarter(site)
    coordinator = await site.logged_in(site.world.officer)
    await coordinator.post(_at(site, "cijfers"), {"period": PERIOD})
    path = _at(site, "cijfers", PERIOD, "csv")
    before = len(await trail(site.world, "exit.permitted.v1"))
    assert (await coordinator.get(path)).status_code == 303
    assert len(await trail(site.world, "exit.permitted.v1")) == before
    answer = await coordinator.post(path)
    assert answer.headers["content-disposition"] == f'attachment; filename="cijfers-{PERIOD}.csv"'
    lines = list(csv.reader(io.StringIO(answer.text)))
    assert lines[0] == ["period", "measure", "team", "category", "count"]
    assert lines[1] == [PERIOD, "registered", "*", "*", "7"]
    assert len(await trail(site.world, "exit.permitted.v1")) == before + 1


async def test_what_is_no_period_or_not_fixed_is_not_there(site: Site) -> None:
    coordinator = await site.logged_in(site.world.officer)
    for period in (PERIOD, "2026-Q9", "onzin"):
        assert (await coordinator.get(_at(site, "cijfers", period))).status_code == 404
        assert (await coordinator.post(_at(site, "cijfers", period, "csv"))).status_code == 404
    for period in ("", PERIOD, "onzin"):
        assert (await coordinator.post(_at(site, "cijfers"), {"period": period})).status_code == 400


async def test_what_cannot_be_shown_safely_is_not_fixed_and_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _a_quarter(site)

    def none(_table: object) -> tuple[()]:
        raise NotPublishableError("planted")

    monkeypatch.setattr(site.world.services.evaluation, "_choose", none)
    coordinator = await site.logged_in(site.world.officer)
    answer = await coordinator.post(_at(site, "cijfers"), {"period": PERIOD})
    assert answer.status_code == 400
    assert 'class="field-problem"' in answer.text
    assert await count(site.world, evaluation_publications) == 0


async def test_the_list_of_recalls_names_nobody(site: Site) -> None:
    told = await told_family(site.world)
    coordinator = await site.logged_in(site.world.officer)
    assert "Er is niets teruggeroepen." in words_of(await coordinator.get(_at(site, "teruggeroepen")))
    assert isinstance(await ask(site.world, told.relationship), Released)
    site.world.clock.advance(timedelta(minutes=1))
    desk = site.world.services.recall_desk
    await desk.recall_record(site.world.counsellor, told.relationship, told.record)
    page = words_of(await coordinator.get(_at(site, "teruggeroepen")))
    assert "De Linde" in page
    for secret in ("Noor", "Voorbeeld", told.relationship):
        assert secret not in page
