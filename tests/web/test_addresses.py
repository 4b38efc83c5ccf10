"""Where messages for somebody else go: entered by the coordinator or a counsellor, never shown to anybody."""

from __future__ import annotations

from consent_service.foundation.ids import new_id
from consent_service.identity.model import SchoolStaff
from consent_service.process.notices.addresses import mark_bounced
from consent_service.process.notices.tables import notice_addresses
from tests.ledger import rows
from tests.process.notices.mailing import IDA, addressed
from tests.scenarios.stories import told_family, trail
from tests.shelter import World
from tests.web.visiting import Site, words_of

GOOD = {"work_address": IDA, "only_theirs": "yes"}


async def bounced(world: World, member: SchoolStaff) -> None:
    """Mail to this contact came back."""
    await addressed(world, member.staff, "weg@linde.example")
    (kept,) = await rows(world, notice_addresses)
    async with world.services.installation.database.transaction() as conn:
        await mark_bounced(conn, world.tenant, kept.address, "5.1.1", world.clock.now())


async def test_a_coordinator_enters_changes_and_takes_away_an_address(site: Site) -> None:
    world = site.world
    here = f"/toezicht/{world.tenant}/adressen"
    one = f"{here}/{world.colleague.staff}"
    coordinator = await site.logged_in(world.officer)
    page = await coordinator.get(here)
    assert "Geen adres" in words_of(page)
    assert f'href="{one}"' in page.text
    answer = await coordinator.post(one, GOOD)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, here)
    page = await coordinator.get(one)
    assert "Er is een adres bekend." in words_of(page)
    assert IDA not in page.text + (await coordinator.get(here)).text
    assert (await coordinator.post(one, {"remove": "yes"})).status_code == 303
    assert "Er is geen adres bekend." in words_of(await coordinator.get(one))
    assert len(await trail(world, "notice.address_entered.v1")) == 2


async def test_everything_wrong_is_said_at_once_and_what_was_typed_stays(site: Site) -> None:
    world = site.world
    one = f"/toezicht/{world.tenant}/adressen/{world.colleague.staff}"
    coordinator = await site.logged_in(world.officer)
    answer = await coordinator.post(one, {"work_address": "ida at linde"})
    assert answer.status_code == 400
    assert "Dit is geen e-mailadres" in words_of(answer)
    assert "Vraag na of alleen deze persoon" in words_of(answer)
    assert 'value="ida at linde"' in answer.text
    for entered in ("", "x" * 250 + "@linde.example", "ida..b@linde.example"):
        answer = await coordinator.post(one, {"work_address": entered, "only_theirs": "yes"})
        assert answer.status_code == 400
    assert await rows(world, notice_addresses) == []
    for nobody in (new_id(), "niemand"):
        path = f"/toezicht/{world.tenant}/adressen/{nobody}"
        assert (await coordinator.get(path)).status_code == 404
        assert (await coordinator.post(path, GOOD)).status_code == 404


async def test_a_counsellor_enters_it_for_a_contact_and_sees_where_mail_came_back(site: Site) -> None:
    world = site.world
    told = await told_family(world)
    await bounced(world, world.contact)
    there = f"/opvang/{world.tenant}/gezinnen/{told.view.family}/scholen/{told.relationship}/contacten"
    one = f"{there}/{world.contact.staff}/adres"
    counsellor = await site.logged_in(world.counsellor)
    page = await counsellor.get(there)
    assert "Vul het adres opnieuw in." in words_of(page)
    assert f'href="{one}"' in page.text
    assert "Mail aan dit adres kwam terug." in words_of(await counsellor.get(one))
    answer = await counsellor.post(one, {"work_address": "ida"})
    assert (answer.status_code, 'value="ida"' in answer.text) == (400, True)
    assert (await counsellor.post(one, GOOD)).status_code == 303
    page = await counsellor.get(there)
    assert "opnieuw in" not in words_of(page)
    assert IDA not in page.text
    coordinator = await site.logged_in(world.officer)
    assert "Adres bekend" in words_of(await coordinator.get(f"/toezicht/{world.tenant}/adressen"))


async def test_only_for_who_is_on_the_list_of_this_child(site: Site) -> None:
    """A colleague's address is the coordinator's to enter, and another school's contact stands elsewhere."""
    world = site.world
    told = await told_family(world)
    there = f"/opvang/{world.tenant}/gezinnen/{told.view.family}/scholen/{told.relationship}/contacten"
    counsellor = await site.logged_in(world.counsellor)
    for member in (world.colleague, world.teacher, world.eik_contact):
        assert (await counsellor.get(f"{there}/{member.staff}/adres")).status_code == 404
        assert (await counsellor.post(f"{there}/{member.staff}/adres", GOOD)).status_code == 404
    assert await rows(world, notice_addresses) == []
