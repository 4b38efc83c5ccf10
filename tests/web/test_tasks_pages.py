"""Tasks: when each is due, whether it is late in a word, and a link to where it is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from consent_service.foundation.ids import (
    EntryId,
    FamilyId,
    PersonId,
    RelationshipId,
    SchoolId,
    StaffId,
    TenantId,
    TypeKey,
    new_id,
)
from consent_service.identity.model import Counsellor, SchoolStaff
from consent_service.process.meetings.model import NewAgreement
from consent_service.process.model import TITLES, Task, TaskKind
from consent_service.process.tables import tasks
from consent_service.release.model import ChildLine
from consent_service.rights.to_do import SchoolToDo
from consent_service.web.page.door import HOME, MEETINGS, QUESTION
from consent_service.web.shelter.home_showing import task_href
from consent_service.web.together.tasks_routes import task_href as task_href_at_school
from tests.process.meetings.stories import agreed, held, next_day, planned
from tests.rights.test_timeline import stopped
from tests.web.test_timeline import own_page
from tests.web.visiting import Site, words_of


async def test_a_contact_finds_agreements_of_the_school_only_while_they_may_be_read(site: Site) -> None:
    met = await agreed(site.world)
    services, world = site.world.services, site.world
    contact = await site.logged_in(world.contact)
    page = f"/school/{world.tenant}/taken"
    assert page in (await contact.get(f"/school/{world.tenant}")).text
    assert "driegesprek" not in words_of(await contact.get(page))
    await services.meetings.tell_school(world.counsellor, met.meeting)
    said = words_of(await contact.get(page))
    assert "De school maakte een afspraak in een driegesprek." in said
    assert "Elke dag even vragen" not in said
    assert "Te laat" not in said
    await world.settle()
    world.clock.advance(timedelta(days=12))
    contact = await site.logged_in(world.contact)
    assert "Te laat" in words_of(await contact.get(page))
    await stopped(world, met.relationship, TypeKey("three_way_meeting"), met.mother)
    assert "driegesprek" not in words_of(await contact.get(page))
    assert "driegesprek" not in words_of(await (await site.logged_in(world.teacher)).get(page))


async def test_a_parent_sees_what_she_may_still_do(site: Site) -> None:
    met = await planned(site.world)
    browser = await own_page(site, met.mother)
    home = await browser.get(HOME)
    assert "Wat u nog kunt doen" in words_of(home)
    assert "U heeft een gesprek met de school en uw begeleider." in words_of(home)
    assert MEETINGS in home.text


async def test_a_question_answered_later_can_be_chosen_now(site: Site) -> None:
    world = site.world
    view = await world.family()
    await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    await world.intake(mother, {"shelter_involvement": "yes", "support_advice": "later"})
    home = await (await own_page(site, mother)).get(HOME)
    assert "U koos later. Wilt u nu kiezen?" in words_of(home)
    assert QUESTION in home.text


async def test_the_first_due_stands_first_and_what_is_late_says_so_in_a_word(site: Site) -> None:
    world = site.world
    for name in ("Eerst", "Daarna"):
        view = await world.family(family_name=name)
        await world.at_school(view.children[0].child)
        mother = world.guardian(view)
        sitting = await world.services.sittings.start(
            world.counsellor, family=view.family, guardian=mother.guardian, language="nl", interpreter="none"
        )
        await world.services.sittings.not_now(mother, sitting.sitting)
    await world.services.families.stand_in(world.colleague, view.family, "night_duty")
    await world.settle()
    counsellor, officer = await site.logged_in(world.counsellor), await site.logged_in(world.officer)
    lists = ((counsellor, f"/opvang/{world.tenant}/taken"), (officer, f"/toezicht/{world.tenant}/taken"))
    for browser, page in lists:
        assert "Te laat" not in words_of(await browser.get(page))
    newest = (await world.services.tasks.open_tasks(world.counsellor))[-1]
    async with world.services.installation.database.transaction() as conn:
        late = update(tasks).values(due_on=next_day(world, -3))
        await conn.execute(late.where(tasks.c.task == newest.task))
        await conn.execute(late.where(tasks.c.kind == "substitute_review"))
    assert (await world.services.tasks.open_tasks(world.counsellor))[0].task == newest.task
    for browser, page in lists:
        answer = await browser.get(page)
        assert words_of(answer).count("Te laat") == 1
        assert "uiterlijk 29 augustus 2026" in words_of(answer)
        assert f'href="{page}"' not in answer.text.split("<main")[1]


@pytest.mark.parametrize("kind", TITLES)
@pytest.mark.parametrize("with_family", [True, False], ids=["family", "nobody"])
def test_no_task_leads_to_the_list_it_stands_on(kind: TaskKind, *, with_family: bool) -> None:
    tenant, family, place = TenantId(new_id()), FamilyId(new_id()), RelationshipId(new_id())
    task = Task(
        new_id(),
        kind,
        "counsellor",
        family if with_family else None,
        place if with_family else None,
        EntryId(new_id()),
        datetime(2026, 9, 1, tzinfo=UTC),
    )
    actor = Counsellor(tenant, StaffId(new_id()))
    assert not task_href(task, actor).endswith("/taken")


async def test_a_parent_sees_a_copy_to_read_and_her_own_agreements(site: Site) -> None:
    world, met = site.world, await held(site.world)
    service = world.services.meetings
    mine = NewAgreement("Elke avond voorlezen.", "parents", next_day(world, 1))
    await service.agree(world.counsellor, met.meeting, (mine,))
    await service.give_copy(world.counsellor, met.meeting)
    said = words_of(await (await own_page(site, met.mother)).get(HOME))
    assert "U kreeg de afspraken." in said
    assert "Uw afspraak: Elke avond voorlezen." in said
    assert "Te laat" not in said
    await world.settle()
    world.clock.advance(timedelta(days=5))
    await service.remark(met.mother, met.meeting, "Goed zo.", for_school=False)
    said = words_of(await (await own_page(site, met.mother)).get(HOME))
    assert "U kreeg de afspraken." not in said
    assert "Te laat" in said


def test_what_a_contact_does_is_done_on_the_page_of_that_child() -> None:
    actor = SchoolStaff(TenantId(new_id()), StaffId(new_id()), SchoolId(new_id()), "contact")
    born = datetime(2018, 5, 4, tzinfo=UTC).date()
    place = RelationshipId(new_id())
    child = ChildLine(actor.tenant, place, PersonId(new_id()), actor.school, "Noor Voorbeeld", born)
    home = f"/school/{actor.tenant}"
    assert task_href_at_school(actor, SchoolToDo("answer_recall")) == f"{home}/teruggeroepen"
    assert task_href_at_school(actor, SchoolToDo("attest_contact", child)) == f"{home}/bevestigen"
    page = f"{home}/kinderen/{place}"
    assert task_href_at_school(actor, SchoolToDo("confirm_pupil", child)) == f"{page}/bevestigen"
    assert task_href_at_school(actor, SchoolToDo("agreement", child)) == page
