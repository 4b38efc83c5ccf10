"""Safety, recalls and ends over the pages: two persons, neutral words, and nobody named who need not be."""

from __future__ import annotations

from datetime import date

from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.organisations.model import NewSuccession
from consent_service.records.model import Shared
from consent_service.records.service import Note
from tests.scenarios.stories import YES, Told, told_family
from tests.shelter import OPERATOR, SECRET
from tests.web.visiting import Site
from tests.web.walking import Fields, Walker, counsellor_at, family_path, school_path


def day(name: str, when: date) -> dict[str, str]:
    return {f"{name}-day": str(when.day), f"{name}-month": str(when.month), f"{name}-year": str(when.year)}


async def contact_at(site: Site) -> Walker:
    return Walker(site, (await site.logged_in(site.world.contact)).token)


async def test_leaving_a_parent_out_takes_two_people_and_names_nobody_to_the_second(site: Site) -> None:
    family = await site.world.family(guardians=(("Samira", "holder"), ("Karim", "holder")), safety=SECRET)
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family))
    await counsellor.follow("Een ouder niet benaderen")
    await counsellor.press("Goedkeuring vragen", status=400)
    assert "Kies een van de antwoorden." in counsellor.text
    entered: Fields = {"guardian": family.guardians[1].guardian, **day("review_on", date(2026, 11, 1))}
    await counsellor.press("Goedkeuring vragen", entered)
    assert "Wacht op een collega" in counsellor.text
    await counsellor.follow("Goedkeuren")
    assert "Er wacht nu niets op goedkeuring." in counsellor.text  # not one's own

    colleague = await counsellor_at(site, site.world.colleague)
    await colleague.open(f"/opvang/{site.world.tenant}/goedkeuren")
    assert "Bo Begeleider" in colleague.text
    for name in ("Karim", "Samira", "Noor", "Voorbeeld"):
        assert name not in colleague.text
    await colleague.press("Goedkeuren")
    await counsellor.open(family_path(site, family.family, "niet-benaderen"))
    assert "Wordt niet benaderd" in counsellor.text
    await counsellor.press("Weer benaderen")
    assert "Wordt niet benaderd" not in counsellor.text


async def test_nobody_approves_his_own_request_by_its_address(site: Site) -> None:
    family = await site.world.family(guardians=(("Samira", "holder"), ("Karim", "holder")), safety=SECRET)
    marker = await site.world.services.families.request_marker(
        site.world.counsellor, family.family, family.guardians[1].guardian, date(2026, 11, 1)
    )
    counsellor = await site.logged_in(site.world.counsellor)
    path = f"/opvang/{site.world.tenant}/niet-benaderen/{marker}"
    answer = await counsellor.post(path, {"decision": "approve"})
    assert answer.status_code == 400
    assert "U kunt uw eigen vraag niet goedkeuren." in answer.text
    view = await site.world.services.families.view(site.world.counsellor, family.family)
    assert view.markers[0].approved is None


async def test_the_danger_of_one_parent_counts_for_the_family(site: Site) -> None:
    family = await site.world.family()
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family))
    await counsellor.follow("Veiligheid van deze ouder")
    await counsellor.press("Opslaan", {}, status=400)
    assert "Vul dag, maand en jaar in." in counsellor.text
    await counsellor.press("Opslaan", {"guardian_safety": "danger", **day("review_on", date(2026, 12, 1))})
    assert "Gevaar" in counsellor.text
    assert "Geen gevaar bekend" not in counsellor.text


async def test_a_school_the_other_parent_knows_is_confirmed_once_more(site: Site) -> None:
    family = await site.world.family(safety=SECRET)
    counsellor = await counsellor_at(site)
    child = family.children[0].child
    await counsellor.open(family_path(site, family.family, "kinderen", child, "school", site.world.linde))
    entered: Fields = {
        "confirmed": ["code", "street", "phone"],
        "contacts": [site.world.contact.staff],
    }
    await counsellor.press("Ja, dit is de school", entered, status=400)
    assert "De andere ouder kent deze school. Bespreek dit met de ouder" in counsellor.text
    await counsellor.press("Ja, dit is de school", {**entered, "despite_other_parent": "yes"})
    assert "De school is gekoppeld." in counsellor.page.text()


async def recalled(site: Site) -> Told:
    """A pick-up list was shared, and then danger was seen."""
    world = site.world
    told = await told_family(world)
    await world.intake(told.mother, {**YES, "pickup": "yes"})
    fields = {"name": "Oma", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
    shared = await world.services.records.share(
        world.counsellor, told.relationship, Note(TypeKey("pickup"), fields)
    )
    assert isinstance(shared, Shared)
    await world.services.families.end_relationship(world.counsellor, told.relationship, "night_departure")
    await world.settle()
    return told


async def test_s51_the_school_reads_what_to_remove_and_whom_to_call_without_any_name(site: Site) -> None:
    await recalled(site)
    contact = await contact_at(site)
    await contact.open(f"/school/{site.world.tenant}")
    await contact.follow("Kijk wat u moet weghalen")
    assert "Wat u op 1 september 2026 kreeg over Ophalen geldt niet meer." in contact.text
    assert "Bel eerst 0800-5550000." in contact.text
    for secret in ("Noor", "Oma", "Voorbeeld", "vertrokken", "gevaar", "Opvang Zuid"):
        assert secret not in contact.page.text()

    await contact.press("Doorgeven", status=400)
    assert "Kies waarom u dit niet weghaalde." in contact.text
    await contact.press("Doorgeven", {"recall_reason": "talk_first"})
    assert "Niet weggehaald" in contact.text
    await contact.press("Gedaan")
    assert "Weggehaald" in contact.text
    await contact.open(f"/school/{site.world.tenant}")
    assert "Kijk wat u moet weghalen" not in contact.text


async def test_s12_a_contact_says_on_the_page_that_it_is_no_pupil(site: Site) -> None:
    told = await told_family(site.world)
    contact = await contact_at(site)
    await contact.open(f"/school/{site.world.tenant}/kinderen/{told.relationship}")
    await contact.follow("Klopt er iets niet?")
    await contact.press("Doorgeven en sluiten", status=400)
    await contact.press("Doorgeven en sluiten", {"wrong": "not_our_pupil"})
    assert "U bent nu van geen kind contactpersoon." in contact.text
    await contact.open(f"/school/{site.world.tenant}/kinderen/{told.relationship}", status=404)


async def test_s16_a_contact_or_the_counsellor_says_that_he_is_related(site: Site) -> None:
    told = await told_family(site.world)
    contact = await contact_at(site)
    await contact.open(f"/school/{site.world.tenant}/kinderen/{told.relationship}/klopt-niet")
    await contact.press("Doorgeven en sluiten", {"wrong": "related"})
    assert "U bent nu van geen kind contactpersoon." in contact.text

    again = await told_family(site.world, family_name="Anders")
    counsellor = await counsellor_at(site)
    await counsellor.open(school_path(site, again.view, again.relationship, "contacten"))
    await counsellor.press("Is familie of bekende")
    assert "Er staat niemand op de lijst." in counsellor.text
    await counsellor.press("Toevoegen", {"staff": site.world.contact.staff}, status=400)
    assert "Kies iemand anders." in counsellor.text


async def test_s16_who_is_related_is_not_chosen_at_the_school_of_a_sibling_either(site: Site) -> None:
    world = site.world
    born = (("Noor", date(2018, 5, 4)), ("Sem", date(2016, 1, 2)))
    family = await world.family(children=born)
    noor, sem = family.children
    relationship = await world.at_school(noor.child)
    await world.services.families.declare_conflict(world.contact, relationship, world.contact.staff)
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family, "kinderen", sem.child, "school", world.linde))
    entered: Fields = {"confirmed": ["code", "street", "phone"], "contacts": [world.contact.staff]}
    await counsellor.press("Ja, dit is de school", entered, status=400)
    assert "Deze persoon is familie of een bekende van het gezin." in counsellor.text
    view = await world.services.families.view(world.counsellor, family.family)
    assert [one.child for one in view.relationships] == [noor.child]
    await counsellor.press("Ja, dit is de school", {**entered, "contacts": [world.teacher.staff]})
    assert "De school is gekoppeld." in counsellor.page.text()


async def test_s32_the_counsellor_goes_on_with_the_school_that_took_over(site: Site) -> None:
    told = await told_family(site.world)
    path = school_path(site, told.view, told.relationship, "opvolger")
    counsellor = await counsellor_at(site)
    await counsellor.open(path)
    assert "Er is geen besluit vastgelegd." in counsellor.text
    merger = NewSuccession(site.world.linde, site.world.eik, "merger_deed", date(2026, 8, 1))
    await site.world.services.organisations.record_succession(OPERATOR, site.world.tenant, merger)
    await counsellor.open(family_path(site, told.view.family))
    await counsellor.follow("Verder met een andere school")
    await counsellor.press("Verder met deze school", status=400)
    chosen = counsellor.values("succession")[0]
    await counsellor.press("Verder met deze school", {"succession": chosen})
    assert "De Eik" in counsellor.text
    assert "Er staat niemand op de lijst." in counsellor.text
    found = await site.world.services.families.relationship(
        site.world.tenant, RelationshipId(told.relationship)
    )
    assert found.school == site.world.eik
