"""Messages on the pages: of staff and on the own page. No name of a child stands among them."""

from __future__ import annotations

from consent_service.process.notices.addresses import state_of_address
from consent_service.process.notices.hours import Wishes
from tests.process.notices.mailing import all_notices, queue
from tests.scenarios.stories import told_family
from tests.web.page.owning import at_own_page
from tests.web.visiting import Site


async def test_a_contact_sees_what_waits_until_it_is_withdrawn(site: Site) -> None:
    world = site.world
    told = await told_family(world)
    await queue(world, kind="something_new", to_staff=world.contact.staff, relationship=told.relationship)
    browser = await site.logged_in(world.contact)
    page = await browser.get("/berichten")
    assert "Er is iets nieuws voor u." in page.text
    assert '<span class="count">1</span>' in page.text
    assert "Noor" not in page.text
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    page = await browser.get("/berichten")
    assert "Er zijn geen berichten voor u." in page.text
    assert '<span class="count">' not in page.text


async def test_read_is_read_and_somebody_elses_is_not_there(site: Site) -> None:
    world = site.world
    mine = await queue(world, kind="task_due", to_staff=world.counsellor.staff)
    theirs = await queue(world, kind="task_due", to_staff=world.colleague.staff)
    browser = await site.logged_in(world.counsellor)
    assert (await browser.post("/berichten/gelezen", {"notice": theirs})).status_code == 404
    assert (await browser.post("/berichten/gelezen", {"notice": mine})).status_code == 303
    assert [one.read_at is None for one in await all_notices(world)] == [False, True]
    assert "Nieuw<" not in (await browser.get("/berichten")).text


async def test_a_work_address_is_entered_kept_apart_and_taken_away(site: Site) -> None:
    world = site.world
    browser = await site.logged_in(world.counsellor)
    wrong = await browser.post("/berichten/instellen", {"work_address": "bo", "mail_language": "nl"})
    assert (wrong.status_code, 'value="bo"' in wrong.text) == (400, True)
    states = []
    for form in ({"work_address": "bo@opvang.example"}, {}, {"remove": "yes"}):
        answer = await browser.post("/berichten/instellen", {"mail_language": "en", **form})
        assert answer.status_code == 303
        async with world.services.installation.database.reading() as conn:
            states.append(await state_of_address(conn, world.tenant, world.counsellor.staff))
    assert states == ["works", "works", "none"]
    assert "bo@opvang" not in (await browser.get("/berichten")).text
    wishes = await world.services.notice_inbox.wishes(world.counsellor)
    assert wishes == Wishes("en", digest=False)


async def test_a_parent_reads_on_the_own_page_and_says_when_it_is_safe(site: Site) -> None:
    world = site.world
    told = await told_family(world)
    name = await queue(world, kind="answer_needed", to_guardian=told.mother.guardian)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    assert "Berichten 1" in parent.text
    await parent.follow("Berichten 1 nieuw")
    assert "Iemand wacht op uw antwoord." in parent.text
    page = "/mijn-pagina/berichten"
    csrf = parent.form_with("Opslaan").all("input", name="csrf")[0].attributes["value"]
    hours = {"csrf": csrf, "mail_language": "nl", "safe_from": "10:00", "safe_until": "10:00"}
    await parent.send(f"{page}/instellen", hours, status=400)
    await parent.send(f"{page}/instellen", hours | {"safe_from": "25:00"}, status=400)
    await parent.send(f"{page}/instellen", hours | {"safe_until": "12:15"})
    wishes = await world.services.notice_inbox.wishes(told.mother)
    assert wishes == Wishes("nl", digest=False, safe_from=600, safe_until=735)
    await parent.send(f"{page}/gelezen", {"csrf": csrf, "notice": name})
    assert await world.services.notice_inbox.unread(told.mother) == 0
    assert "Noor" not in parent.text
