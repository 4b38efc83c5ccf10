"""Letters for a parent to give to the school: only what they need, through the exit door."""

from __future__ import annotations

from consent_service.audit import events
from tests.ledger import entries
from tests.shelter import SECRET
from tests.web.visiting import Site, words_of


async def test_a_letter_names_the_child_the_school_and_the_parent_who_gives_it(site: Site) -> None:
    world = site.world
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    place = await world.at_school(view.children[0].child)
    counsellor = await site.logged_in(world.counsellor)
    family = f"/opvang/{world.tenant}/gezinnen/{view.family}"
    page = f"{family}/scholen/{place}/brieven"
    assert page in (await counsellor.get(family)).text
    assert "Welke brief?" in words_of(await counsellor.get(page))
    wrong = await counsellor.post(page, {"letter": "leave"})
    assert wrong.status_code == 400
    assert 'value="leave" checked' in wrong.text
    asked = {"guardian": view.guardians[0].guardian, "letter_language": "en"}
    shelter = await world.services.organisations.tenant(world.tenant)
    for kind, dutch, english in (
        ("leave", "Ik vraag verlof voor mijn kind", "I ask for leave for my child"),
        ("end_of_help", "De hulp voor mij en mijn kind", "The help for me and my child"),
    ):
        answer = await counsellor.post(page, {**asked, "letter": kind})
        assert answer.status_code == 200
        letter = words_of(answer).partition("Brief voor de school")[2]
        assert dutch in letter
        assert english in letter
        assert "Samira" in letter
        assert "Karim" not in letter
        assert shelter.phone not in letter
        assert "Lindelaan" not in letter
    only = await counsellor.post(page, {**asked, "letter": "leave", "letter_language": "nl"})
    assert "I ask for leave" not in words_of(only)
    permits = [one.detail for one in await entries(world, "exit.permitted.v1") if one.detail is not None]
    prints = [one.event for one in permits if isinstance(one.event, events.ExitPermitted)]
    assert [one.exit for one in prints] == ["print"] * 3


async def test_s46_without_a_permit_there_is_no_letter(site: Site) -> None:
    world = site.world
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    place = await world.at_school(view.children[0].child)
    await world.services.families.assess_safety(world.counsellor, view.family, SECRET)
    counsellor = await site.logged_in(world.counsellor)
    page = f"/opvang/{world.tenant}/gezinnen/{view.family}/scholen/{place}/brieven"
    form = {"letter": "leave", "guardian": view.guardians[1].guardian, "letter_language": "nl"}
    answer = await counsellor.post(page, form)
    assert answer.status_code == 400
    assert "geen brief" in words_of(answer)
    assert "Ik vraag verlof" not in words_of(answer)
