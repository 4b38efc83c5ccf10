"""On the own page stands what may come from the school now, decided as a counsellor's own request."""

from __future__ import annotations

from datetime import date

import pytest

from consent_service.consent.model import Answer
from consent_service.consent.service import Target
from consent_service.foundation.ids import TypeKey
from tests.web.page.owning import at_own_page
from tests.web.visiting import Site
from tests.web.walking import Walker

WELLBEING = TypeKey("wellbeing_at_school")
YES: dict[str, Answer] = {"shelter_involvement": "yes", "support_advice": "yes", WELLBEING: "yes"}
SEEN, NOT_SEEN = "nu van de school", "niet van de school"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def headed(page: Walker, heading: str) -> list[str]:
    """The types that stand under a heading, before the next one."""
    found: list[str] = []
    under = False
    for element in page.page.all("h3", "h4", "summary"):
        if element.tag in ("h3", "summary"):
            under = heading in element.text()
        elif under:
            found.append(element.text())
    return found


def buttons(page: Walker, value: str) -> list[str]:
    """What can be done about one answer, in order."""
    found = page.page.all("button", name="keys", value=value)
    return [button.text().split(" ")[0] for button in found]


async def test_a_yes_stands_under_its_own_heading_and_is_stopped_with_one_tap(site: Site) -> None:
    view = await site.world.family()
    relationship, mother = await site.world.at_school(view.children[0].child), site.world.guardian(view)
    receipt = await site.world.intake(mother, YES)
    page = await at_own_page(site, mother, receipt.withdrawal_code)
    assert headed(page, SEEN) == ["Wat helpt uw kind", "Hoe het gaat op school"]
    assert "mijn antwoorden" not in page.text
    value = f"{relationship}:{WELLBEING}"
    assert buttons(page, value) == ["Stop", "Dit"]
    await page.send("/mijn-pagina/stoppen", {"csrf": page.values("csrf")[0], "keys": value})
    assert headed(page, SEEN) == ["Wat helpt uw kind"]
    assert "Hoe het gaat op school" in headed(page, NOT_SEEN)
    await page.press("Stop alles")
    assert headed(page, SEEN) == []
    assert "Uw begeleider ziet nu niets van de school." in page.text


async def test_an_answer_that_goes_both_ways_has_its_buttons_once(site: Site) -> None:
    view = await site.world.family()
    relationship, mother = await site.world.at_school(view.children[0].child), site.world.guardian(view)
    receipt = await site.world.intake(mother, YES)
    page = await at_own_page(site, mother, receipt.withdrawal_code)
    assert headed(page, "Dit ziet de school nu").count("Wat helpt uw kind") == 1
    assert buttons(page, f"{relationship}:support_advice") == ["Stop", "Dit"]


async def test_until_a_child_of_thirteen_answered_nothing_comes_from_the_school(site: Site) -> None:
    view = await site.world.family(children=(("Noor", date(2013, 5, 4)),))
    await site.world.at_school(view.children[0].child)
    mother, child = site.world.guardian(view), site.world.child(view)
    receipt = await site.world.intake(mother, YES)
    page = await at_own_page(site, mother, receipt.withdrawal_code)
    assert "Uw begeleider ziet nu niets van de school." in page.text
    own = await site.world.intake(child, YES)
    page = await at_own_page(site, child, own.withdrawal_code)
    assert len(headed(page, SEEN)) == 2
    assert "Je begeleider ziet dit nu." in page.text
    page = await at_own_page(site, mother, receipt.withdrawal_code)
    assert len(headed(page, SEEN)) == 2


async def test_when_another_holder_objects_the_page_says_no_more_than_that_it_is_not_shared(
    site: Site,
) -> None:
    view = await site.world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    relationship = await site.world.at_school(view.children[0].child)
    mother, father = site.world.guardian(view), site.world.guardian(view, 1)
    receipt = await site.world.intake(mother, YES)
    await site.world.intake(father, YES)
    target = Target(father.tenant, father.family, father.guardian, keys=((relationship, WELLBEING),))
    await site.world.services.consent.object(father, target, method="page")
    page = await at_own_page(site, mother, receipt.withdrawal_code)
    assert "Hoe het gaat op school" in headed(page, NOT_SEEN)
    (line,) = (one for one in page.page.all("li") if "Hoe het gaat op school" in one.text())
    assert "Dit wordt nu niet gedeeld." in line.text()
    for told in ("Karim", "bezwaar", "mee beslist"):
        assert told not in line.text()
