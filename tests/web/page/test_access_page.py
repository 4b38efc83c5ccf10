"""The counsellor renews what was lost: on the tablet, on paper, or only taken away; never twice."""

from __future__ import annotations

import re
from datetime import date

import pytest

from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.identity.model import ChildActor, GuardianActor
from consent_service.identity.tables import page_factors
from tests.ledger import rows
from tests.scenarios.stories import told_family
from tests.web.page.owning import HOME, PIN, at_own_page, typed
from tests.web.visiting import Site
from tests.web.walking import Walker, counsellor_at, family_path

CODE = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}")


async def at_access(site: Site, family: str) -> Walker:
    """The counsellor, who can lend the tablet, on the page about access."""
    walker = await counsellor_at(site)
    session = await site.world.services.identity.actor_for(walker.token)
    assert session is not None
    await site.world.services.identity.set_pin(session, "482615")
    await walker.open(family_path(site, family))  # type: ignore[arg-type]
    await walker.follow("Toegang tot de eigen pagina")
    return walker


def about(actor: GuardianActor, reason: str = "seen_by_other") -> dict[str, str]:
    return {"person": actor.guardian, "reason": reason}


async def test_a_new_code_shows_up_on_the_tablet_and_everything_old_stops(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    counsellor = await at_access(site, told.view.family)
    assert "Heeft een code. Pincode." in counsellor.text
    await counsellor.press("Nieuwe code op de tablet", about(told.mother))
    assert counsellor.path == "/intake/eigen-pagina"
    found = CODE.search(counsellor.text)
    assert found is not None
    await parent.open(HOME, status=401)
    await counsellor.again()
    assert found[0] in counsellor.text
    await counsellor.press("Pincode bewaren", {"pin": "135790", "pin_again": "135790"})
    await counsellor.open("/intake/eigen-pagina")
    assert CODE.search(counsellor.text) is None
    assert (await typed(site, found[0], "135790")).path == HOME
    await typed(site, told.receipt.withdrawal_code, PIN, status=400)
    await typed(site, told.receipt.withdrawal_code, "135790", status=400)


async def test_a_code_on_paper_says_a_date_and_nothing_else(site: Site) -> None:
    told = await told_family(site.world)
    counsellor = await at_access(site, told.view.family)
    await counsellor.press("Nieuwe code printen", about(told.mother, "lost"))
    found = CODE.search(counsellor.text)
    assert found is not None
    assert counsellor.titles[-1] == "Uw keuzes"
    printed = counsellor.text.replace(found[0], "")
    for word in ("Samira", "Noor", "Voorbeeld", "Opvang", "school"):
        assert word not in printed
    assert (await site.world.services.consent.withdraw_by_code(found[0])).written


async def test_sending_it_twice_makes_one_code(site: Site) -> None:
    told = await told_family(site.world)
    counsellor = await at_access(site, told.view.family)
    form = counsellor.form_with("Nieuwe code printen")
    (button, *_) = [b for b in form.all("button") if "printen" in b.text()]
    sent = counsellor.sent_with(form, button, about(told.mother, "lost"))
    await counsellor.send(form.attributes["action"], sent)
    found = CODE.search(counsellor.text)
    assert found is not None
    await counsellor.send(form.attributes["action"], sent)
    assert "Toegang tot de eigen pagina" in counsellor.text
    assert (await site.world.services.consent.withdraw_by_code(found[0])).written


async def test_only_taking_away_leaves_no_code_at_all(site: Site) -> None:
    told = await told_family(site.world)
    counsellor = await at_access(site, told.view.family)
    await counsellor.press("Alleen de oude code stoppen", about(told.mother, "stolen"))
    assert "De oude code werkt niet meer." in counsellor.text
    assert "Geen code. Nog niet gekozen." in counsellor.text
    with pytest.raises(InputError):
        await site.world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)


async def test_the_tablet_is_lent_to_choose_a_pin_and_the_paper_stays_valid(site: Site) -> None:
    told = await told_family(site.world)
    counsellor = await at_access(site, told.view.family)
    await counsellor.press("Tablet geven om te kiezen", {"person": told.mother.guardian})
    assert counsellor.path == "/intake/eigen-pagina"
    assert CODE.search(counsellor.text) is None
    await counsellor.press("Pincode bewaren", {"pin": PIN, "pin_again": PIN})
    assert (await typed(site, told.receipt.withdrawal_code)).path == HOME


async def test_a_reason_and_a_person_are_asked(site: Site) -> None:
    told = await told_family(site.world)
    counsellor = await at_access(site, told.view.family)
    await counsellor.press("Nieuwe code printen", status=400)
    assert counsellor.text.count("Kies") >= 2
    assert (await site.world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)).written


async def test_without_a_pin_of_her_own_the_counsellor_chooses_one_first(site: Site) -> None:
    told = await told_family(site.world)
    walker = await counsellor_at(site)
    await walker.open(family_path(site, told.view.family, "toegang"))
    await walker.press("Nieuwe code op de tablet", about(told.mother))
    assert walker.path.endswith("/pincode")
    assert (await site.world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)).written


async def test_a_colleague_who_is_not_with_the_family_finds_no_such_page(site: Site) -> None:
    told = await told_family(site.world)
    walker = await counsellor_at(site, site.world.colleague)
    await walker.open(family_path(site, told.view.family, "toegang"), status=404)


async def test_a_young_person_chooses_a_pin_on_the_tablet_and_is_spoken_to_as_je(site: Site) -> None:
    world = site.world
    view = await world.family(children=(("Noor", date(2012, 1, 1)), ("Sem", date(2018, 1, 1))))
    await world.at_school(view.children[0].child)
    noor = next(one.child for one in view.children if one.identity.given_names == "Noor")
    counsellor = await at_access(site, view.family)
    assert "Sem" not in counsellor.text
    await counsellor.press("Nieuwe code op de tablet", {"person": noor, "reason": "lost"})
    assert "Jouw eigen pagina" in counsellor.text
    found = CODE.search(counsellor.text)
    assert found is not None
    await counsellor.press("Pincode bewaren", {"pin": PIN, "pin_again": PIN})
    assert counsellor.path == "/tablet-terug"
    page = await typed(site, found[0])
    assert page.path == HOME
    assert "Jij kiest mee." in page.text


async def test_who_is_too_young_to_decide_is_given_no_page_and_no_pin(site: Site) -> None:
    world = site.world
    view = await world.family(children=(("Sem", date(2018, 1, 1)),))
    sem = ChildActor(world.tenant, view.children[0].child, view.family)
    with pytest.raises(NotFoundError):
        await world.services.page_access.choose_pin(sem, PIN, PIN)
    assert await rows(world, page_factors) == []
