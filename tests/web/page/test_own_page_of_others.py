"""The own page of a young person, of a parent without authority, and of one who objects."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import GuardianActor
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from tests.faults.failures import database_away
from tests.scenarios.stories import SUPPORT, YES, ask, share, told_family
from tests.web.page.owning import HOME, ask_again, at_own_page
from tests.web.visiting import Site
from tests.web.walking import Walker


def pressed(walker: Walker, words: str, value: str) -> tuple[str, dict[str, str]]:
    """The form whose button says this about this answer, as the browser sends it."""
    for form in walker.page.all("form"):
        for button in form.all("button"):
            if words in button.text() and button.attributes.get("value") == value:
                fields = {i.attributes["name"]: i.attributes["value"] for i in form.all("input")}
                return form.attributes["action"], fields | {"keys": value}
    raise AssertionError(f"no button {words!r} for {value} on: {walker.text}")


@pytest.mark.parametrize(
    "born,says",
    [
        (date(2013, 1, 1), "Jij kiest mee. Zeg je stop? Dan stopt het meteen."),
        (date(2010, 1, 1), "Jij kiest zelf. Stoppen kan altijd."),
    ],
)
async def test_a_young_person_is_spoken_to_as_je_and_stops_with_one_tap(
    site: Site, born: date, says: str
) -> None:
    world = site.world
    view = await world.family(children=(("Noor", born),))
    relationship = await world.at_school(view.children[0].child)
    noor = world.child(view)
    if born == date(2013, 1, 1):
        await world.intake(world.guardian(view), YES)
    receipt = await world.intake(noor, YES)
    await share(world, relationship)
    assert isinstance(await ask(world, relationship), Released)
    page = await at_own_page(site, noor, receipt.withdrawal_code)
    assert says in page.text
    assert "Bezwaar maken" not in page.text
    for word in ("Uw ", " uw ", " u ", "U "):
        assert word not in page.text, page.text
    await page.press("Veranderen")
    for word in ("Uw ", " uw ", " u ", "U "):
        assert word not in page.text, page.text
    await page.open("/mijn-pagina/wie-keek")
    assert "over jou" in page.text
    assert "Contactpersoon van de school, De Linde" in page.text
    await page.open(HOME)
    await page.send(*pressed(page, "Stop", f"{relationship}:{SUPPORT}"))
    assert isinstance(await ask(world, relationship), Refused)


async def test_without_authority_the_page_is_empty_and_gives_no_reason(site: Site) -> None:
    told = await told_family(site.world, guardians=(("Samira", "holder"), ("Karim", "none")))
    father = site.world.guardian(told.view, 1)
    code = await site.world.services.page_access.renew(
        site.world.counsellor, told.view.family, father.guardian, reason="lost"
    )
    page = await at_own_page(site, father, code)
    assert "Hier is nu niets te zien. Vragen? Bel uw begeleider." in page.text
    assert "Noor" not in page.text
    assert "De Linde" not in page.text
    await ask_again(page, told.relationship, SUPPORT, status=404)
    await page.open(HOME)
    await page.open("/mijn-pagina/wie-keek")
    assert "Nog niemand keek." in page.text


async def two_holders(site: Site) -> tuple[GuardianActor, str, RelationshipId]:
    """The father said no; the mother's yes runs. His actor, his code and the relationship."""
    told = await told_family(site.world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    father = site.world.guardian(told.view, 1)
    receipt = await site.world.intake(father, {}, otherwise="later")
    return father, receipt.withdrawal_code, told.relationship


async def test_who_did_not_say_yes_can_object_and_take_it_back_with_one_tap_each(site: Site) -> None:
    father, code, relationship = await two_holders(site)
    value = f"{relationship}:{SUPPORT}"
    page = await at_own_page(site, father, code)
    await page.send(*pressed(page, "Bezwaar maken", value))
    assert "Mijn antwoord: Bezwaar" in page.text
    seen = await site.world.services.release.preview(father, relationship, language="nl")
    assert [line.shared for line in seen if line.information_type == SUPPORT] == [False]
    await page.send(*pressed(page, "Bezwaar intrekken", value))
    assert "Uw bezwaar is ingetrokken." in page.text
    assert "Mijn antwoord: Bezwaar" not in page.text
    assert "Samira" not in page.text


async def test_what_a_form_of_ours_never_sends_is_not_there(site: Site) -> None:
    told = await told_family(site.world)
    page = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    token = page.values("csrf")[0]
    for path in ("/mijn-pagina/stoppen", "/mijn-pagina/bezwaar", "/mijn-pagina/klopt-niet"):
        for keys in ("", "x", f"{told.relationship}:no_such_type"):
            await page.send(path, {"csrf": token, "keys": keys}, status=404)
    await page.send("/mijn-pagina/klopt-niet", {"csrf": token, "all": "yes"}, status=404)
    await page.send("/mijn-pagina/stoppen", {"keys": f"{told.relationship}:{SUPPORT}"}, status=400)
    assert isinstance(await ask(site.world, told.relationship), Released)


async def test_stop_all_stops_all_of_ones_own(site: Site) -> None:
    told = await told_family(site.world)
    page = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    await page.press("Stop alles")
    assert "De school ziet nu niets." in page.text
    assert "Stop alles" not in page.text


async def test_a_stop_is_taken_while_the_database_is_away(site: Site, tmp_path: Path) -> None:
    told = await told_family(site.world)
    page = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    action, fields = pressed(page, "Stop", f"{told.relationship}:{SUPPORT}")
    async with database_away(site.world.services.installation.database, "gone"):
        await page.send(action, fields)
        assert "Uw keuze staat vast en geldt nu al." in page.text
    await site.world.services.replay_stops()
    assert isinstance(await ask(site.world, told.relationship), Refused)


async def test_a_day_of_looking_is_one_line_and_refusals_are_none(site: Site) -> None:
    told = await told_family(site.world)
    for _ in range(3):
        site.world.clock.advance(timedelta(seconds=10))
        assert isinstance(await ask(site.world, told.relationship), Released)
    page = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    await page.press("Stop alles")
    assert isinstance(await ask(site.world, told.relationship), Refused)
    await page.follow("Wie keek mee?")
    assert page.text.count("1 september 2026") >= 1
    assert "(3 keer)" in page.text
    assert len([h for h in page.page.all("h2") if "2026" in h.text()]) == 1
    assert "Ida" not in page.text
    await page.send(*pressed(page, "Dit klopt niet", f"{told.relationship}:{SUPPORT}"))
    assert "Uw begeleider praat hierover met u." in page.text


async def test_nothing_about_the_other_child_is_on_a_childs_page(site: Site) -> None:
    world = site.world
    view = await world.family(children=(("Noor", date(2010, 1, 1)), ("Sem", date(2016, 1, 1))))
    for child in view.children:
        relationship = await world.at_school(child.child)
        await world.services.records.share(
            world.counsellor, relationship, Note(TypeKey("support_advice"), {"helps": "Rust."})
        )
    receipt = await world.intake(world.child(view, 0), YES)
    page = await at_own_page(site, world.child(view, 0), receipt.withdrawal_code)
    assert "Noor" in page.text
    assert "Sem" not in page.text
