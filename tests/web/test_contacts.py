"""Contact lists in the browser: deputies, confirming each term, being away, and who left."""

from __future__ import annotations

from datetime import date, timedelta

from consent_service.foundation.clock import local_midnight
from consent_service.foundation.ids import TypeKey
from consent_service.identity.model import SchoolStaff
from consent_service.organisations.model import NewStaff
from consent_service.records.service import Note
from tests.shelter import OPERATOR, World
from tests.web.visiting import Site
from tests.web.walking import Walker, at_linde, counsellor_at, family_path, school_path

TERM = local_midnight(date(2027, 2, 1)) + timedelta(hours=9)
LAPSE = local_midnight(date(2027, 3, 15)) + timedelta(hours=9)
ALLOWED = {"shelter_involvement": "yes", "support_advice": "yes"}


async def at_school(site: Site, actor: SchoolStaff | None = None) -> Walker:
    browser = await site.logged_in(actor or site.world.contact)
    return Walker(site, browser.token, "nl")


def home(world: World) -> str:
    return f"/school/{world.tenant}"


async def with_deputy(site: Site) -> tuple[str, SchoolStaff, Walker]:
    """A child at De Linde with a deputy listed by hand: its relationship, the deputy, the counsellor."""
    world = site.world
    family, relationship = await at_linde(world, ALLOWED)
    await world.services.records.share(
        world.counsellor, relationship, Note(TypeKey("support_advice"), {"helps": "Even naar buiten."})
    )
    added = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("school_staff", "Dirk Deputy", world.linde, "contact")
    )
    counsellor = await counsellor_at(site)
    await counsellor.open(school_path(site, family, relationship, "contacten"))
    await counsellor.press("Toevoegen", {"staff": added, "deputy_for": world.contact.staff})
    assert "Vervangt Ida Intern" in counsellor.text
    assert "Kijkt nu niet mee" in counsellor.text
    return relationship, SchoolStaff(world.tenant, added, world.linde, "contact"), counsellor


async def test_s16_related_takes_the_page_from_the_contact_and_gives_it_to_the_deputy(site: Site) -> None:
    relationship, deputy, _ = await with_deputy(site)
    page = f"{home(site.world)}/kinderen/{relationship}"
    theirs, own = await at_school(site, deputy), await at_school(site)
    await theirs.open(page, status=404)
    await theirs.open(home(site.world))
    assert "Noor" not in theirs.text
    await own.open(page)
    kept = await (await site.logged_in(site.world.contact)).get(page)
    assert kept.headers["cache-control"] == "no-store"  # nothing is left to go back to

    await own.follow("Klopt er iets niet?")
    await own.press("Doorgeven en sluiten", {"wrong": "related"})
    assert "Noor" not in own.text
    await own.open(page, status=404)  # the same session, still open
    await theirs.open(page)
    assert "Noor" in theirs.text
    assert "U vervangt" not in theirs.text
    await theirs.open(home(site.world))
    assert "Noor" in theirs.text


async def test_a_deputy_sees_the_page_while_the_contact_is_away_and_reads_that_it_is_so(site: Site) -> None:
    relationship, deputy, counsellor = await with_deputy(site)
    page = f"{home(site.world)}/kinderen/{relationship}"
    own, theirs = await at_school(site), await at_school(site, deputy)
    await own.open(page)
    await own.follow("Ik ben afwezig")
    await own.press("Opslaan", status=400)
    await own.press("Opslaan", {"until-day": "1", "until-month": "8", "until-year": "2026"}, status=400)
    await own.press("Opslaan", {"until-day": "4", "until-month": "9", "until-year": "2026"})
    await theirs.open(page)
    assert "U vervangt de contactpersoon." in theirs.text
    await theirs.open(home(site.world))
    assert "U vervangt de contactpersoon." in theirs.text
    await counsellor.again()
    assert "Afwezig tot en met 4 september 2026" in counsellor.text
    await counsellor.follow("Afwezig Ida Intern")
    await counsellor.press("Opslaan", status=400)
    await counsellor.press(
        "Opslaan", {"until-day": "9", "until-month": "9", "until-year": "2027"}, status=400
    )
    await counsellor.press("Is er weer")
    await theirs.open(page, status=404)


async def test_a_contact_says_per_child_whether_it_still_is_so(site: Site) -> None:
    world = site.world
    _, first = await at_linde(world, ALLOWED)
    _, second = await at_linde(world, ALLOWED)
    world.clock.set(TERM)
    await world.settle()
    own = await at_school(site)
    await own.open(home(world))
    await own.follow("Bent u nog contactpersoon?")
    await own.press("Doorgeven", {f"still-{first}": "yes"}, status=400)
    await own.press("Doorgeven", {f"still-{first}": "yes", f"still-{second}": "no"})
    assert "Bent u nog contactpersoon?" not in own.text
    await own.open(f"{home(world)}/kinderen/{first}")
    await own.open(f"{home(world)}/kinderen/{second}", status=404)
    await own.open(f"{home(world)}/bevestigen")
    assert "Bent u nog contactpersoon" not in own.text


async def test_the_counsellor_confirms_the_list_also_who_lapsed_already(site: Site) -> None:
    world = site.world
    family, relationship = await at_linde(world, ALLOWED)
    world.clock.set(LAPSE)
    await world.settle()
    own, counsellor = await at_school(site), await counsellor_at(site)
    await own.open(home(world))
    assert "Noor" not in own.text
    await counsellor.open(school_path(site, family, relationship, "contacten"))
    assert "Niet bevestigd, ziet niets" in counsellor.text
    await counsellor.press("Bevestigen", status=400)
    await counsellor.press("Bevestigen", {"still": world.contact.staff})
    assert "Niet bevestigd" not in counsellor.text
    await own.again()
    assert "Noor" in own.text


async def test_somebody_who_left_is_taken_off_every_list_by_the_coordinator(site: Site) -> None:
    world = site.world
    family, relationship = await at_linde(world, ALLOWED)
    await world.settle()
    own = await at_school(site)
    officer = Walker(site, (await site.logged_in(world.officer)).token, "nl")
    await officer.open(f"/toezicht/{world.tenant}/schoolmedewerkers")
    await officer.follow("Werkt hier niet meer Ida Intern")
    assert "Contactlijsten waar deze persoon op staat: 1." in officer.text
    assert "Noor" not in officer.text
    await officer.press("Van alle lijsten halen")
    assert "Ida Intern" not in officer.text
    await own.open(f"{home(world)}/kinderen/{relationship}", status=401)  # the open session has ended too
    await officer.open(f"/toezicht/{world.tenant}/schoolmedewerkers/{world.colleague.staff}/weg", status=403)
    await world.settle()
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family))
    assert "Een contactpersoon is dat niet meer." in counsellor.text
