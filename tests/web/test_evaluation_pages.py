"""Figures by their pages: fixed once by the coordinator, seen by both officers, taken along as a file."""

from __future__ import annotations

from datetime import timedelta

from consent_service.web.evaluation.words import in_words
from tests.process.test_evaluation import PERIOD, a_quarter
from tests.scenarios.stories import ask, told_family
from tests.web.visiting import Site, words_of
from tests.web.who_may_call.scene import make_scene


async def test_a_quarter_is_fixed_read_and_taken_along(site: Site) -> None:
    await a_quarter(site.world)
    coordinator, here = await site.logged_in(site.world.officer), f"/toezicht/{site.world.tenant}/cijfers"
    assert in_words(PERIOD, "nl") in words_of(await coordinator.get(here))
    wrong = await coordinator.post(here, {"period": "2031-Q1"})
    assert wrong.status_code == 400
    assert "Kijk dit nog even na" in words_of(wrong)
    assert (await coordinator.post(here, {"period": PERIOD})).status_code == 303
    assert (await coordinator.post(here, {"period": PERIOD})).status_code == 400
    page = words_of(await coordinator.get(f"{here}/{PERIOD}"))
    assert "Hoe snel was er contact met de school?" in page
    back = await coordinator.get(f"{here}/{PERIOD}/csv")
    assert (back.status_code, back.headers["location"]) == (303, f"{here}/{PERIOD}")
    file = await coordinator.post(f"{here}/{PERIOD}/csv", {})
    assert file.headers["content-disposition"] == f'attachment; filename="cijfers-{PERIOD}.csv"'
    assert file.headers["content-type"].startswith("text/csv")
    assert "registered" in file.text
    for unknown in ("2019-Q1", "nonsense"):
        assert (await coordinator.get(f"{here}/{unknown}")).status_code == 404
        assert (await coordinator.post(f"{here}/{unknown}/csv", {})).status_code == 404


async def test_the_fg_looks_and_fixes_nothing(site: Site) -> None:
    scene = await make_scene(site)
    fg, here = await scene.browser("fg"), f"/toezicht/{site.world.tenant}/cijfers"
    assert (await fg.get(here)).status_code == 200
    assert (await fg.post(here, {"period": PERIOD})).status_code == 403


async def test_every_recall_stands_in_the_list_with_its_school(site: Site) -> None:
    told = await told_family(site.world)
    await ask(site.world, told.relationship)
    site.world.clock.advance(timedelta(minutes=1))
    await site.world.services.recall_desk.recall_record(site.world.counsellor, told.relationship, told.record)
    coordinator = await site.logged_in(site.world.officer)
    page = words_of(await coordinator.get(f"/toezicht/{site.world.tenant}/teruggeroepen"))
    assert "Verkeerd gedeeld" in page
    assert "De Linde" in page
