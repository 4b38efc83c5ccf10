"""How long things are kept, by its page: periods, runs with progress, holds; the FG looks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consent_service.foundation.i18n import translator
from consent_service.rights.retention.model import (
    AfterSchool,
    Always,
    OfCatalogue,
    OfLog,
    Own,
    Period,
    WhileUsed,
    WithFamily,
    WithStaff,
)
from consent_service.web.retention.words import period_words
from tests.rights.forgetting import second_coordinator
from tests.scenarios.stories import told_family
from tests.web.visiting import Site, words_of
from tests.web.who_may_call.scene import make_scene

DAY = {"review_on-day": "1", "review_on-month": "12", "review_on-year": "2026"}


def place(site: Site, *parts: str) -> str:
    return "/".join((f"/toezicht/{site.world.tenant}/bewaren", *parts))


async def test_clearing_away_is_asked_and_shows_how_far_it_is(site: Site) -> None:
    await told_family(site.world)
    async with site.world.services.installation.database.exclusive("retention"):  # jobs wait
        site.world.clock.advance(timedelta(days=365))
        coordinator = await site.logged_in(site.world.officer)
        page = words_of(await coordinator.get(place(site)))
        assert "Gaat weg: 1" in page
        assert "tot het einde van het schooljaar" in page
        assert "5 jaar na de begeleiding" in page
        for _ in range(2):
            assert (await coordinator.post(place(site, "opruimen"), {})).status_code == 303
        assert "0 van " in words_of(await coordinator.get(place(site)))
    await site.world.services.retention.look(site.world.tenant)
    page = words_of(await coordinator.get(place(site)))
    assert "Klaar" in page
    assert "informatie: 1" in page


async def test_two_coordinators_stand_behind_the_periods(site: Site) -> None:
    other = await second_coordinator(site.world)
    first, second = await site.logged_in(site.world.officer), await site.logged_in(other)
    assert (await first.post(place(site, "termijnen"), {})).status_code == 303
    again = await first.post(place(site, "termijnen"), {})
    assert again.status_code == 400
    assert "al voorgelegd" in words_of(again)
    schedule = (await site.world.services.retention.overview(other)).schedule
    assert schedule is not None
    assert "Termijnen goedkeuren" not in words_of(await first.get(place(site)))
    own = await first.post(place(site, "termijnen", schedule.schedule), {})
    assert (own.status_code, "Een andere privacycoördinator" in words_of(own)) == (400, True)
    assert "Termijnen goedkeuren" in words_of(await second.get(place(site)))
    assert (await second.post(place(site, "termijnen", schedule.schedule), {})).status_code == 303
    assert "Twee privacycoördinatoren staan achter" in words_of(await first.get(place(site)))


async def test_something_is_held_looked_at_again_and_let_go(site: Site) -> None:
    told = await told_family(site.world)
    coordinator = await site.logged_in(site.world.officer)
    wrong = await coordinator.post(place(site, "vastzetten"), {"subject": "wie dan", "ground": "zomaar"})
    assert wrong.status_code == 400
    assert "wie dan" in wrong.text, "what was typed is kept"
    assert "Waarom moet dit bewaard blijven: " in words_of(wrong)
    far = {"subject": "x", "ground": "claim", **DAY, "review_on-year": "2031"}
    refused = words_of(await coordinator.post(place(site, "vastzetten"), far))
    assert "Kies een dag binnen een jaar." in refused
    assert "geen gezin of kind met dit kenmerk" in refused
    form = {"subject": told.view.family, "ground": "claim", **DAY}
    assert (await coordinator.post(place(site, "vastzetten"), form)).status_code == 303
    assert (await coordinator.post(place(site, "vastzetten"), form)).status_code == 400
    page = await coordinator.get(place(site))
    assert "Heel gezin" in words_of(page)
    assert told.view.family not in page.text
    site.world.clock.advance(timedelta(days=120))
    coordinator = await site.logged_in(site.world.officer)
    assert "Te laat" in words_of(await coordinator.get(place(site)))
    (hold,) = (await site.world.services.retention.overview(site.world.officer)).holds
    for _ in range(2):
        lifted = await coordinator.post(place(site, "vastzetten", hold.hold, "loslaten"), {})
        assert lifted.status_code == 303
    assert "Eerder losgelaten: 1" in words_of(await coordinator.get(place(site)))


async def test_the_fg_sees_the_same_and_presses_nothing(site: Site) -> None:
    scene = await make_scene(site)
    fg = await scene.browser("fg")
    page = words_of(await fg.get(place(site)))
    assert "Per soort informatie" in page
    for button in ("Nu opruimen", "Iets vastzetten", "Ik sta achter deze termijnen"):
        assert button not in page
    for parts in (("opruimen",), ("termijnen",), ("vastzetten",)):
        assert (await fg.post(place(site, *parts), {})).status_code == 403


@pytest.mark.parametrize(
    "period, told",
    [
        (Own(days=30), "30 dagen"),
        (Own(months=12), "12 maanden"),
        (WithFamily(60), "5 jaar na de begeleiding"),
        (WithStaff(60), "5 jaar na vertrek"),
        (OfLog(60), "ten minste 5 jaar"),
        (AfterSchool(), "tot er niets meer van bewaard wordt"),
        (WhileUsed(), "zolang het in gebruik is"),
        (OfCatalogue(), "per soort informatie"),
        (Always(), "blijft; er staat niemand meer in"),
    ],
    ids=lambda one: type(one).__name__ if not isinstance(one, str) else one.replace(" ", "-"),
)
def test_every_period_has_words(period: Period, told: str) -> None:
    assert period_words(translator("nl"), period) == told
    assert period_words(translator("en"), period) != told
