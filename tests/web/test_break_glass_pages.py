"""S29 by the pages: two persons, one item, a day; the school reads it, the officer looks at it afterwards."""

from __future__ import annotations

from datetime import timedelta

from consent_service.families.model import FamilyView
from consent_service.foundation.ids import RelationshipId
from consent_service.process.notices.tables import notices
from tests.scenarios.stories import row_counts, trail
from tests.scenarios.test_break_glass import PICKUP_FIELDS
from tests.shelter import SECRET
from tests.web.visiting import Browser, Site, words_of

ITEM = "Heeft altijd een EpiPen bij zich."
WHY = "De moeder belde dat Noor noten heeft gegeten."
FORM = {"vital_reason": "medical", "why": WHY, "field-helps": ITEM, "second": "wait", "told": "told"}


class Case:
    """A child nobody said yes about, and the addresses of its emergencies."""

    def __init__(self, site: Site, view: FamilyView, relationship: RelationshipId) -> None:
        self.site, self.relationship = site, relationship
        self.family = f"/opvang/{site.world.tenant}/gezinnen/{view.family}"
        self.here = f"{self.family}/scholen/{relationship}/noodgeval"
        self.colleagues = f"/opvang/{site.world.tenant}/noodgevallen"
        self.school = f"/school/{site.world.tenant}"
        self.item = f"{self.school}/kinderen/{relationship}/noodgeval"
        self.officer = f"/toezicht/{site.world.tenant}/noodgevallen"

    async def form(self, counsellor: Browser, **other: str) -> dict[str, str]:
        page = await counsellor.get(f"{self.here}/support_advice")
        step = page.text.split('name="step" value="')[1].split('"')[0]
        return {**FORM, **other, "step": step}

    async def asked(self, counsellor: Browser, **other: str) -> str:
        """Asked by the form; the id of what came of it."""
        form = await self.form(counsellor, **other)
        answer = await counsellor.post(f"{self.here}/support_advice", form)
        assert answer.status_code == 303, words_of(answer)
        world = self.site.world
        (one,) = await world.services.break_glass.overview(world.officer)
        return one.break_glass


async def case(site: Site) -> Case:
    view = await site.world.family()
    return Case(site, view, await site.world.at_school(view.children[0].child))


async def test_s29_asked_agreed_to_read_and_reviewed(site: Site) -> None:
    there, world = await case(site), site.world
    counsellor, colleague = await site.logged_in(world.counsellor), await site.logged_in(world.colleague)
    contact = await site.logged_in(world.contact)
    about = await there.asked(counsellor)
    assert "Wacht op een tweede persoon" in words_of(await counsellor.get(there.here))
    assert (await contact.post(there.item, {})).status_code == 404
    assert "beslis nu mee (1)" in words_of(await colleague.get(f"/opvang/{world.tenant}/goedkeuren"))
    assert ITEM not in words_of(await colleague.get(there.colleagues))
    read = words_of(await colleague.post(f"{there.colleagues}/{about}", {}))
    assert ITEM in read
    assert WHY in read
    assert (await colleague.post(f"{there.colleagues}/{about}/approve", {})).status_code == 303
    top = words_of(await contact.get(there.school))
    assert "Noodgeval: lees dit nu." in top
    assert ITEM not in top
    item = words_of(await contact.post(there.item, {}))
    assert ITEM in item
    assert "Neem dit niet over in een dossier." in item
    assert WHY not in item
    coordinator = await site.logged_in(world.officer)
    await there.site.world.settle()
    assert "Nu stoppen" in words_of(await coordinator.get(there.officer))
    assert (await counsellor.post(f"{there.family}/noodgeval/{about}/verteld", {})).status_code == 303
    world.clock.advance(timedelta(hours=24, seconds=1))
    contact = await site.logged_in(world.contact)
    assert (await contact.post(there.item, {})).status_code == 404
    await world.services.break_glass.run_out(world.tenant)
    coordinator = await site.logged_in(world.officer)
    assert (await coordinator.post(f"{there.officer}/{about}", {})).status_code == 400
    assert (await coordinator.post(f"{there.officer}/{about}", {"outcome": "justified"})).status_code == 303
    assert (await coordinator.post(f"{there.officer}/{about}", {"outcome": "justified"})).status_code == 303
    assert "Bekeken" in words_of(await coordinator.get(there.officer))
    assert len(await trail(world, "break_glass.read.v1")) >= 1


async def test_s29_by_phone_it_runs_at_once_and_who_was_named_confirms_or_denies(site: Site) -> None:
    there, world = await case(site), site.world
    counsellor, colleague = await site.logged_in(world.counsellor), await site.logged_in(world.colleague)
    about = await there.asked(counsellor, second="phone", approver=world.colleague.staff)
    contact = await site.logged_in(world.contact)
    assert ITEM in words_of(await contact.post(there.item, {}))
    assert "Nee, dit vond ik niet goed" in words_of(await colleague.post(f"{there.colleagues}/{about}", {}))
    assert (await colleague.post(f"{there.colleagues}/{about}/deny", {})).status_code == 303
    assert (await contact.post(there.item, {})).status_code == 404
    assert (await colleague.post(f"{there.colleagues}/{about}/deny", {})).status_code == 303  # once
    assert (await colleague.post(f"{there.colleagues}/{about}", {})).status_code == 404
    assert "Gestopt door de tweede persoon" in words_of(await counsellor.get(there.here))


async def test_s29_who_agreed_by_phone_confirms_and_may_withdraw(site: Site) -> None:
    there, world = await case(site), site.world
    counsellor, colleague = await site.logged_in(world.counsellor), await site.logged_in(world.colleague)
    about = await there.asked(counsellor, second="phone", approver=world.colleague.staff)
    assert (await colleague.post(f"{there.colleagues}/{about}/confirm", {})).status_code == 303
    own = words_of(await colleague.post(f"{there.colleagues}/{about}", {}))
    assert "stop het" in own
    assert (await colleague.post(f"{there.colleagues}/{about}/withdraw", {})).status_code == 303
    assert "Er wacht nu geen noodgeval." in words_of(await colleague.get(there.colleagues))


async def test_s29_one_person_is_not_two(site: Site) -> None:
    there, world = await case(site), site.world
    counsellor = await site.logged_in(world.counsellor)
    about = await there.asked(counsellor)
    refused = await counsellor.post(f"{there.colleagues}/{about}/approve", {})
    assert refused.status_code == 400
    again = await there.form(counsellor, second="phone", approver=world.counsellor.staff)
    answer = await counsellor.post(f"{there.here}/support_advice", again)
    assert answer.status_code == 400
    assert WHY in answer.text
    assert ITEM in answer.text


async def test_everything_wrong_is_told_at_once_and_nothing_is_lost(site: Site) -> None:
    there, world = await case(site), site.world
    counsellor = await site.logged_in(world.counsellor)
    page = await counsellor.post(f"{there.here}/support_advice", {"field-helps": ITEM, "told": "untold"})
    assert page.status_code == 400
    words = words_of(page)
    for label in ("Waarom kan een leven ervan afhangen", "Wat is er gebeurd", "Wie beslist mee"):
        assert label in words
    assert "Waarom is dat niet veilig" in words
    assert ITEM in page.text
    form = await there.form(counsellor, **{"field-helps": "Bel 06-12345678 of kom naar Dorpsstraat 1"})
    assert (await counsellor.post(f"{there.here}/support_advice", form)).status_code in (303, 400)
    assert (await counsellor.get(f"{there.here}/parent_circumstances")).status_code == 404
    assert (await counsellor.get(f"{there.here}/nothing")).status_code == 404
    assert (await row_counts(world))["break_glasses"] <= 1


async def test_sent_twice_it_is_asked_once_and_can_be_taken_back_or_stopped(site: Site) -> None:
    there, world = await case(site), site.world
    counsellor = await site.logged_in(world.counsellor)
    form = await there.form(counsellor)
    for _ in range(2):
        assert (await counsellor.post(f"{there.here}/support_advice", form)).status_code == 303
    (one,) = await world.services.break_glass.overview(world.officer)
    follow = f"{there.family}/noodgeval/{one.break_glass}"
    assert (await counsellor.post(f"{follow}/intrekken", {})).status_code == 303
    assert (await counsellor.post(f"{follow}/intrekken", {})).status_code == 303
    assert "Ingetrokken" in words_of(await counsellor.get(there.here))
    assert (await counsellor.post(f"{follow}/anders", {})).status_code == 404
    assert (await counsellor.post(f"{there.family}/noodgeval/nobody/stoppen", {})).status_code == 404


async def test_a_colleague_refuses_and_the_school_reads_nothing(site: Site) -> None:
    there, world = await case(site), site.world
    counsellor, colleague = await site.logged_in(world.counsellor), await site.logged_in(world.colleague)
    about = await there.asked(counsellor)
    assert (await colleague.post(f"{there.colleagues}/{about}/refuse", {})).status_code == 303
    assert "Niet nodig gevonden" in words_of(await counsellor.get(there.here))
    contact = await site.logged_in(world.contact)
    assert "Noodgeval" not in words_of(await contact.get(there.school))
    assert (await colleague.post(f"{there.colleagues}/{about}/nothing", {})).status_code == 404


async def test_unsafe_to_tell_the_parents_is_for_the_officer(site: Site) -> None:
    there, world = await case(site), site.world
    counsellor, colleague = await site.logged_in(world.counsellor), await site.logged_in(world.colleague)
    about = await there.asked(counsellor, told="untold", untold="Vader leest mee op de telefoon.")
    said = words_of(await colleague.post(f"{there.colleagues}/{about}", {}))
    assert "Vader leest mee op de telefoon." in said
    coordinator = await site.logged_in(world.officer)
    page = words_of(await coordinator.get(there.officer))
    assert "Niet verteld, om de veiligheid" in page
    assert "Vader" not in page
    assert (await coordinator.post(f"{there.officer}/{about}/stoppen", {})).status_code == 303  # not running
    await colleague.post(f"{there.colleagues}/{about}/approve", {})
    assert (await coordinator.post(f"{there.officer}/{about}/stoppen", {})).status_code == 303
    contact = await site.logged_in(world.contact)
    assert (await contact.post(there.item, {})).status_code == 404


async def test_what_safety_forbids_is_refused_in_words(site: Site) -> None:
    world = site.world
    view = await world.family(safety=SECRET)
    there = Case(site, view, await world.at_school(view.children[0].child))
    counsellor = await site.logged_in(world.counsellor)
    page = await counsellor.get(f"{there.here}/pickup")
    step = page.text.split('name="step" value="')[1].split('"')[0]
    fields = {f"field-{name}": value for name, value in PICKUP_FIELDS.items()}
    answer = await counsellor.post(f"{there.here}/pickup", {**FORM, **fields, "step": step})
    assert answer.status_code == 403
    assert "Dit kan ook nu niet." in words_of(answer)
    assert (await row_counts(world))["break_glasses"] == 0


async def test_every_colleague_hears_at_once_that_something_waits(site: Site) -> None:
    there, world = await case(site), site.world
    await there.asked(await site.logged_in(world.counsellor))
    async with world.services.installation.database.reading() as conn:
        rows = (await conn.execute(notices.select().where(notices.c.kind == "decide_along"))).all()
    assert {row.to_staff for row in rows} >= {world.colleague.staff}
    assert world.counsellor.staff not in {row.to_staff for row in rows}
    assert all(row.urgent and row.relationship is None and row.family is None for row in rows)
