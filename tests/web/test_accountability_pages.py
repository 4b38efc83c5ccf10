"""The documents of the officers by their pages: read, taken as a file, and a year fixed once."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from consent_service.process.evaluation.withholding import NotPublishableError, choose
from consent_service.rights.accountability import reports
from consent_service.rights.accountability.model import ProcessingRegister
from tests.scenarios.stories import trail
from tests.web.visiting import Site, words_of
from tests.web.who_may_call.scene import make_scene

PARTS = {"register": "json", "dpia": "markdown", "verwerker": "pdf"}


@pytest.fixture(autouse=True)
def chosen_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, so that a test need not start another one."""
    init = reports.YearlyReports.__init__.__kwdefaults__
    assert init is not None
    monkeypatch.setitem(init, "choose", choose)


def _at(site: Site, *parts: str) -> str:
    return "/".join((f"/toezicht/{site.world.tenant}/verantwoording", *parts))


async def test_both_officers_read_each_document_and_take_it_by_a_deed(site: Site) -> None:
    scene = await make_scene(site)
    for role in ("coordinator", "fg"):
        browser = await scene.browser(role)
        overview = words_of(await browser.get(_at(site)))
        assert "Register van verwerkingen" in overview
        assert "nog in te vullen" in overview
        for part, form in PARTS.items():
            page = await browser.get(_at(site, part))
            assert "In te vullen door de organisatie" in page.text
            assert 'lang="nl" dir="ltr"' in page.text
            back = await browser.get(_at(site, part, form))
            assert (back.status_code, back.headers["location"]) == (303, _at(site, part))
            file = await browser.post(_at(site, part, form), {})
            assert file.headers["content-disposition"].startswith('attachment; filename="')
    assert len(await trail(site.world, "accountability.taken.v1")) == 2 * len(PARTS)


async def test_the_register_as_a_file_is_that_of_the_page(site: Site) -> None:
    coordinator = await site.logged_in(site.world.officer)
    file = await coordinator.post(_at(site, "register", "json"), {})
    register = msgspec.json.decode(file.content, type=ProcessingRegister)
    page = words_of(await coordinator.get(_at(site, "register")))
    for one in register.activities:
        assert one.uri in page
    for kind in register.types:
        assert kind.title in page
    english = await site.logged_in(site.world.officer, language="en")
    assert "The document is in Dutch." in words_of(await english.get(_at(site, "dpia")))


@pytest.mark.parametrize(
    "parts",
    [
        ("onzin",),
        ("register", "csv"),
        ("onzin", "pdf"),
        ("jaar", "2026"),
        ("jaar", "2026", "csv"),
        ("report",),
    ],
    ids=lambda parts: "-".join(parts),
)
async def test_what_there_is_not_is_not_found(site: Site, parts: tuple[str, ...]) -> None:
    coordinator = await site.logged_in(site.world.officer)
    if len(parts) != 3:  # the way back of a file of a year leads to the page of that year, which is not there
        assert (await coordinator.get(_at(site, *parts))).status_code == 404
    if len(parts) > 1:
        assert (await coordinator.post(_at(site, *parts), {})).status_code in (404, 405)
    assert await trail(site.world, "accountability.taken.v1") == ()


async def test_a_year_is_fixed_by_the_coordinator_once_and_read_by_both(site: Site) -> None:
    world, scene = site.world, await make_scene(site)
    coordinator = await scene.browser("coordinator")
    assert "14 dagen na het einde van een jaar" in words_of(await coordinator.get(_at(site)))
    early = await coordinator.post(_at(site), {"year": "2026"})
    assert early.status_code == 400
    assert "Kijk dit nog even na" in words_of(early)
    await world.settle()
    world.clock.advance(timedelta(days=(date(2027, 1, 16) - world.clock.now().date()).days))
    await world.settle()
    coordinator, fg = await scene.browser("coordinator"), await scene.browser("fg")
    assert "De privacycoördinator kan een jaar vaststellen." in words_of(await fg.get(_at(site)))
    assert (await fg.post(_at(site), {"year": "2026"})).status_code == 403
    done = await coordinator.post(_at(site), {"year": "2026"})
    assert (done.status_code, done.headers["location"].partition("?")[0]) == (303, _at(site, "jaar", "2026"))
    assert (await coordinator.post(_at(site), {"year": "2026"})).status_code == 400
    for browser in (coordinator, fg):
        page = words_of(await browser.get(_at(site, "jaar", "2026")))
        assert "Jaarverslag privacy 2026" in page
        assert "te klein" in page
    file = await fg.post(_at(site, "jaar", "2026", "csv"), {})
    assert file.text.startswith("year,measure,category,count")
    back = await fg.get(_at(site, "jaar", "2026", "csv"))
    assert (back.status_code, back.headers["location"]) == (303, _at(site, "jaar", "2026"))


async def test_what_cannot_be_shown_safely_is_not_fixed_and_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(_table: object) -> tuple[()]:
        raise NotPublishableError("planted")

    monkeypatch.setattr(site.world.services.yearly_reports, "_choose", nothing)
    await site.world.settle()
    site.world.clock.advance(timedelta(days=(date(2027, 1, 16) - site.world.clock.now().date()).days))
    await site.world.settle()
    coordinator = await site.logged_in(site.world.officer)
    answer = await coordinator.post(_at(site), {"year": "2026"})
    assert answer.status_code == 400
    assert 'class="field-problem"' in answer.text
