"""The own page of a guardian who is answered by a person, and what one told about oneself (S46, S9, S6)."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from consent_service.families.model import AuthorityKind, NewAuthority
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import GuardianActor
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.release.model import Released
from consent_service.release.service import Ask
from tests.scenarios.stories import YES, ask, share, told_family
from tests.shelter import SECRET, World
from tests.web.page.owning import at_own_page
from tests.web.visiting import Site, words_of
from tests.web.walking import Walker

MINE = TypeKey("parent_circumstances")
TWO: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"), ("Karim", "holder"))
EMPTY = "Hier is nu niets te zien. Vragen? Bel uw begeleider."


def everything_on(page: Walker) -> str:
    """What stands on the page, also where nobody reads it."""
    named = page.page.all("a", "form", "button", "input", "section", "h1", "h2")
    return "\n".join((page.text, *(str(one.attributes) for one in named)))


async def test_s46_after_she_fled_his_code_opens_a_page_without_child_school_contact_or_day(
    site: Site,
) -> None:
    world = site.world
    told = await told_family(world, guardians=TWO)
    father, families = world.guardian(told.view, 1), world.services.families
    receipt = await world.intake(father, YES)
    await families.assess_safety(world.counsellor, told.view.family, SECRET)
    hers = msgspec.structs.replace(SECRET, secret_address=False)
    await families.assess_guardian(world.counsellor, told.view.family, told.mother.guardian, hers)
    await families.end_relationship(world.counsellor, told.relationship, "changed_school")
    elsewhere = await world.at_school(told.view.children[0].child, world.eik)
    again = await world.intake(told.mother, YES)
    await share(world, elsewhere)
    looked = await world.services.release.to_school(world.eik_contact, Ask(elsewhere, "support"))
    assert isinstance(looked, Released)

    page = await at_own_page(site, father, receipt.withdrawal_code)
    assert EMPTY in page.text
    said = everything_on(page)
    await page.open("/mijn-pagina/wie-keek")
    assert "Nog niemand keek." in page.text
    said += everything_on(page)
    for secret in ("Eik", "013-5550202", "Contactpersoon", "Noor", "Samira", "2026", elsewhere, world.eik):
        assert secret not in said, secret
    await page.open(f"/intake/{receipt.sitting}/bewijs.json", status=401)

    mothers = await at_own_page(site, told.mother, again.withdrawal_code)
    assert "De Eik" in mothers.text


async def wrote_about_herself(world: World) -> tuple[GuardianActor, str, RelationshipId]:
    """The mother told the school about herself. She, her code and the child at school."""
    view = await world.family(children=(("Noor", date(2010, 9, 20)),), guardians=TWO)
    relationship = await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    receipt = await world.intake(mother, {**YES, MINE: "yes"})
    await world.intake(world.child(view), {"shelter_involvement": "yes"})
    words = Note(MINE, {"words": "Ik ben vaak moe.", "parent_saw_text": "yes"}, about=mother.guardian)
    assert isinstance(await world.services.records.share(world.counsellor, relationship, words), Shared)
    return mother, receipt.withdrawal_code, relationship


async def lose_sight(world: World, mother: GuardianActor, relationship: RelationshipId, how: str) -> None:
    families = world.services.families
    found = await families.relationship(world.tenant, relationship)
    await world.settle()  # what waits for its place in the log must not wait for days
    if how == "sixteen":
        world.clock.set(local_midnight(date(2026, 9, 20)) + timedelta(hours=9))
    elif how == "authority":
        fact = NewAuthority("none", "judgment", date(2026, 9, 1))
        await families.record_authority(
            world.counsellor, mother.family, child=found.child, guardian=mother.guardian, fact=fact
        )
    else:
        await families.assess_safety(world.counsellor, mother.family, SECRET)


@pytest.mark.parametrize("how", ["sixteen", "authority", "danger"])
async def test_what_she_told_about_herself_she_can_stop_when_she_no_longer_sees_child_and_school(
    site: Site, how: str
) -> None:
    world = site.world
    mother, code, relationship = await wrote_about_herself(world)
    page = await at_own_page(site, mother, code)
    assert "Over uzelf" not in page.text
    await lose_sight(world, mother, relationship, how)
    page = await at_own_page(site, mother, code)
    label = world.services.texts.of_type("nl", MINE).label
    assert "Over uzelf" in page.text
    assert label in page.text
    for hidden in ("Noor", "De Linde", "Ik ben vaak moe"):
        assert hidden not in page.text, hidden
    await page.press("Stop")
    assert "Over uzelf" not in page.text
    answers = await world.services.consent.own_answers(mother)
    assert not answers[relationship, MINE].is_yes
    assert not isinstance(await ask(world, relationship), Released) or how == "danger"


@pytest.mark.parametrize("how", ["sixteen", "authority"])
async def test_what_she_told_about_herself_she_can_stop_on_the_tablet_too(site: Site, how: str) -> None:
    mother, _, relationship = await wrote_about_herself(site.world)
    await lose_sight(site.world, mother, relationship, how)
    view = await site.world.services.families.view(site.world.counsellor, mother.family)
    tablet = await site.with_tablet(view)
    page = words_of(await tablet.get("/intake/mijn-keuzes"))
    assert "Over uzelf" in page
    for hidden in ("Noor", "De Linde", "Ik ben vaak moe"):
        assert hidden not in page, hidden
    await tablet.post("/intake/mijn-keuzes", {"types": [f"{relationship}:{MINE}"]})
    assert "Over uzelf" not in words_of(await tablet.get("/intake/mijn-keuzes"))
    assert not (await site.world.services.consent.own_answers(mother))[relationship, MINE].is_yes


async def test_s46_on_the_tablet_he_is_shown_no_school_once_somebody_else_is_in_danger(site: Site) -> None:
    world = site.world
    told = await told_family(world, guardians=TWO)
    father = world.guardian(told.view, 1)
    await world.intake(father, YES)
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    tablet = await site.with_tablet(told.view, 1)
    assert "De Linde" in words_of(await tablet.get("/intake/mijn-keuzes"))
    assert "De Linde" not in words_of(await tablet.get("/intake/wie-keek-mee"))
    hers = msgspec.structs.replace(SECRET, secret_address=False)
    await world.services.families.assess_guardian(
        world.counsellor, told.view.family, told.mother.guardian, hers
    )
    for path in ("/intake/mijn-keuzes", "/intake/wie-keek-mee"):
        page = words_of(await tablet.get(path))
        assert "Noor" not in page
        assert "De Linde" not in page
