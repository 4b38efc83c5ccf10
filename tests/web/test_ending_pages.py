"""The end of the work with a school by its pages: planned, waiting for a holder, called off, asked back."""

from __future__ import annotations

from datetime import date, timedelta

from consent_service.foundation.clock import local_date
from tests.scenarios.stories import Told, ask, told_family
from tests.scenarios.test_afterwards import TWO
from tests.web.visiting import Site, words_of


def _at(site: Site, told: Told, *parts: str) -> str:
    family = f"/opvang/{site.world.tenant}/gezinnen/{told.view.family}"
    return "/".join((family, "scholen", told.relationship, *parts))


def _day(name: str, day: date) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def _form(site: Site, days: int = 7, **other: str) -> dict[str, str]:
    last = local_date(site.world.clock.now()) + timedelta(days=days)
    return {"planned_reason": "moved_out", "other_holder": "only_holder", **_day("ends_on", last), **other}


async def test_an_end_is_planned_once_and_called_off_once(site: Site) -> None:
    told = await told_family(site.world)
    counsellor, here = await site.logged_in(site.world.counsellor), _at(site, told, "afronden")
    assert "Hulp voor uw gezin" in words_of(await counsellor.get(here))
    for _ in range(2):
        assert (await counsellor.post(here, _form(site))).status_code == 303
    page = words_of(await counsellor.get(here))
    assert "Gepland" in page
    assert "Plan het einde" not in page
    (plan,) = await site.world.services.endings.plans(site.world.counsellor, told.view.family)
    family = f"/opvang/{site.world.tenant}/gezinnen/{told.view.family}/afronden"
    for _ in range(2):
        assert (await counsellor.post(f"{family}/{plan.plan}/niet", {})).status_code == 303
    assert "Gaat niet door" in words_of(await counsellor.get(here))
    assert (await counsellor.post(f"{family}/nobody/niet", {})).status_code == 404
    assert (await counsellor.post(f"{family}/nobody/gehoord", {})).status_code == 404


async def test_everything_wrong_with_a_plan_is_told_at_once_and_kept(site: Site) -> None:
    told = await told_family(site.world)
    counsellor, here = await site.logged_in(site.world.counsellor), _at(site, told, "afronden")
    answer = await counsellor.post(here, {"ends_on-day": "31", "ends_on-month": "2", "ends_on-year": "2026"})
    assert answer.status_code == 400
    for label in ("Waarom stopt het", "laatste dag", "andere ouder"):
        assert label in words_of(answer)
    assert 'value="31"' in answer.text
    past = await counsellor.post(here, _form(site, -7))
    assert past.status_code == 400
    assert "checked" in past.text


async def test_s39_the_other_holder_is_heard_by_a_button(site: Site) -> None:
    told = await told_family(site.world, guardians=TWO)
    counsellor, here = await site.logged_in(site.world.counsellor), _at(site, told, "afronden")
    unheard = _form(site, planned_reason="changed_school", other_holder="not_heard")
    assert (await counsellor.post(here, unheard)).status_code == 303
    page = words_of(await counsellor.get(here))
    assert "Wacht op de andere ouder" in page
    assert "is niet gehoord" in page
    (plan,) = await site.world.services.endings.plans(site.world.counsellor, told.view.family)
    heard = f"/opvang/{site.world.tenant}/gezinnen/{told.view.family}/afronden/{plan.plan}/gehoord"
    for _ in range(2):
        assert (await counsellor.post(heard, {})).status_code == 303
    assert "Gepland" in words_of(await counsellor.get(here))


async def test_what_waited_past_its_day_is_refused_in_words(site: Site) -> None:
    told = await told_family(site.world, guardians=TWO)
    counsellor, here = await site.logged_in(site.world.counsellor), _at(site, told, "afronden")
    unheard = _form(site, 1, planned_reason="changed_school", other_holder="not_heard")
    assert (await counsellor.post(here, unheard)).status_code == 303
    (plan,) = await site.world.services.endings.plans(site.world.counsellor, told.view.family)
    site.world.clock.advance(timedelta(days=5))
    counsellor = await site.logged_in(site.world.counsellor)
    heard = f"/opvang/{site.world.tenant}/gezinnen/{told.view.family}/afronden/{plan.plan}/gehoord"
    assert (await counsellor.post(heard, {})).status_code in (303, 400)


async def test_s38_what_stands_in_a_file_is_chosen_from_what_the_school_read(site: Site) -> None:
    told = await told_family(site.world)
    counsellor, here = await site.logged_in(site.world.counsellor), _at(site, told, "overgenomen")
    await ask(site.world, told.relationship)
    site.world.clock.advance(timedelta(minutes=1))
    assert "Wat helpt uw kind" in words_of(await counsellor.get(here))
    assert (await counsellor.post(here, {})).status_code == 400
    assert (await counsellor.post(here, {"information_type": "child_health"})).status_code == 400
    assert (await counsellor.post(here, {"information_type": "support_advice"})).status_code == 303
    (notice,) = await site.world.services.recalls.notices(site.world.contact)
    assert notice.from_file


async def test_s14_shared_wrongly_is_taken_back_and_asked_back_from_who_read_it(site: Site) -> None:
    told = await told_family(site.world)
    await ask(site.world, told.relationship)
    site.world.clock.advance(timedelta(minutes=1))
    counsellor = await site.logged_in(site.world.counsellor)
    wrong = _at(site, told, "gedeeld", told.record, "verkeerd")
    answer = await counsellor.post(wrong, {})
    assert (answer.status_code, "teruggevraagd" in answer.headers["location"]) == (303, True)
    assert (await counsellor.post(wrong, {})).status_code == 404
