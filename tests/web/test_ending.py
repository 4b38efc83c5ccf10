"""The end of the work with a school, and asking back, over the whole application."""

from __future__ import annotations

from datetime import date, timedelta

from consent_service.families.model import AuthorityKind
from consent_service.foundation.ids import new_id
from consent_service.process.tables_ending import ending_plans
from tests.ledger import count, rows
from tests.scenarios.stories import Told, told_family
from tests.web.visiting import Site, words_of

TWO: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"), ("Karim", "holder"))


def _at(site: Site, told: Told, *parts: str) -> str:
    base = f"/opvang/{site.world.tenant}/gezinnen/{told.view.family}/scholen/{told.relationship}"
    return "/".join((base, *parts))


def _plan_at(site: Site, told: Told, plan: str, act: str) -> str:
    return f"/opvang/{site.world.tenant}/gezinnen/{told.view.family}/afronden/{plan}/{act}"


def _form(reason: str = "moved_out", ends_on: date = date(2026, 9, 20), **other: str) -> dict[str, str]:
    days = {"ends_on-day": ends_on.day, "ends_on-month": ends_on.month, "ends_on-year": ends_on.year}
    form = {"planned_reason": reason, "other_holder": "only_holder"}
    return {**form, **{name: str(value) for name, value in days.items()}, **other}


async def _plan(site: Site) -> str:
    (row,) = await rows(site.world, ending_plans)
    plan: str = row.plan
    return plan


async def test_heard_after_the_day_itself_went_by_another_day_is_asked(site: Site) -> None:
    told = await told_family(site.world, guardians=TWO)
    counsellor, here = await site.logged_in(site.world.counsellor), _at(site, told, "afronden")
    await counsellor.post(here, _form("changed_school", date(2026, 9, 5), other_holder="not_heard"))
    await site.world.settle()
    site.world.clock.advance(timedelta(days=10))
    await site.world.settle()
    counsellor = await site.logged_in(site.world.counsellor)
    answer = await counsellor.post(_plan_at(site, told, await _plan(site), "gehoord"))
    assert answer.status_code == 400
    assert "Kies" in words_of(answer)


async def test_after_the_end_the_school_sees_nothing_and_nothing_more_is_planned(site: Site) -> None:
    told = await told_family(site.world)
    counsellor, here = await site.logged_in(site.world.counsellor), _at(site, told, "afronden")
    await site.world.services.families.end_relationship(site.world.counsellor, told.relationship, "moved_out")
    page = words_of(await counsellor.get(here))
    assert "De school ziet nu niets." in page
    assert "Plan het einde" not in page
    assert (await counsellor.post(here, _form())).status_code == 303
    assert await count(site.world, ending_plans) == 0


async def test_a_plan_of_nobody_or_of_another_family_is_not_there(site: Site) -> None:
    told, other = await told_family(site.world), await told_family(site.world, family_name="Anders")
    counsellor = await site.logged_in(site.world.counsellor)
    await counsellor.post(_at(site, told, "afronden"), _form())
    for plan in (await _plan(site), new_id(), "geen"):
        for act in ("gehoord", "niet"):
            assert (await counsellor.post(_plan_at(site, other, plan, act))).status_code == 404
    colleague = await site.logged_in(site.world.colleague)
    assert (await colleague.get(_at(site, told, "afronden"))).status_code == 404
    contact = await site.logged_in(site.world.contact)
    assert (await contact.get(_at(site, told, "afronden"))).status_code == 404
