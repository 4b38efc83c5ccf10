"""Tests of `consent_service.web.shelter`: the counsellor's pages, over the whole application."""

from __future__ import annotations

import pytest

from consent_service.audit import events
from consent_service.families.model import FamilyView
from consent_service.web.shelter.routes import ROUTES
from tests.shelter import furnish
from tests.web.visiting import PIN, Site
from tests.web.walking import Fields, at_linde, counsellor_at, family_path, pressed_twice, school_path

GUARDIAN = {
    "guardian-0-given_names": "Selam",
    "guardian-0-family_name": "Haile",
    "guardian-0-capacity": "holder",
    "guardian-0-authority_source": "register",
}

LENT = "uitgeleend-8080"
"""Marks a tablet that was handed to a parent."""


def born(prefix: str, year: str = "2018") -> dict[str, str]:
    return {f"{prefix}-day": "7", f"{prefix}-month": "3", f"{prefix}-year": year}


CHILD = {"child-0-given_names": "Noor", "child-0-family_name": "Haile", **born("child-0-birth_date")}
SAFE_FORM = {
    "safety": "no_known_danger",
    "secret_address": "no",
    "other_parent_at_school": "no",
    **born("review_on", "2027"),
}


# --- registering -----------------------------------------------------------------------------


async def test_every_problem_of_a_family_is_told_at_once_and_nothing_typed_is_lost(site: Site) -> None:
    counsellor = await counsellor_at(site)
    await counsellor.open(f"/opvang/{site.world.tenant}/inschrijven")
    await counsellor.press("Nog een kind")
    await counsellor.press(
        "Inschrijven",
        {
            **GUARDIAN,
            "guardian-0-family_name": "",
            "guardian-0-phone": "geen",
            "guardian-0-seen_on-day": "31",
            **CHILD,
            "child-1-given_names": "Sam",
            "child-1-family_name": "Haile",
            **born("child-1-birth_date", "2001"),
        },
        status=400,
    )
    summary = next(e for e in counsellor.page.walk() if "error-summary" in e.classes()).text()

    for problem in (
        "Ouder of voogd 1, Achternaam: Vul dit in.",
        "Ouder of voogd 1, Veilig telefoonnummer: Dit is geen telefoonnummer.",
        "Ouder of voogd 1, Wanneer zag u het bewijs: Deze datum bestaat niet.",
        "Kind 2, Geboortedatum: Deze persoon is 18 jaar of ouder.",
    ):
        assert problem in summary
    assert counsellor.values("guardian-0-given_names") == ["Selam"]
    assert counsellor.values("child-1-birth_date-year") == ["2001"]
    assert await site.world.services.families.families_of(site.world.counsellor) == ()
    await counsellor.press(
        "Inschrijven",
        {
            "guardian-0-family_name": "Haile",
            "guardian-0-phone": "",
            "guardian-0-seen_on-day": "",
            "child-1-birth_date-year": "2015",
        },
    )
    assert counsellor.heading == "Veiligheid"


async def test_an_empty_form_tells_every_required_field_in_one_round(site: Site) -> None:
    counsellor = await counsellor_at(site)
    await counsellor.open(f"/opvang/{site.world.tenant}/inschrijven")
    await counsellor.press("Inschrijven", status=400)
    summary = next(e for e in counsellor.page.walk() if "error-summary" in e.classes()).text()

    for field in (
        "Ouder of voogd 1, Voornamen",
        "Ouder of voogd 1, Achternaam",
        "Ouder of voogd 1, Wie is dit voor de kinderen",
        "Ouder of voogd 1, Hoe weet u dit",
        "Kind 1, Voornamen",
        "Kind 1, Achternaam",
        "Kind 1, Geboortedatum",
    ):
        assert field in summary
    await counsellor.press("Inschrijven", {**GUARDIAN, **CHILD})
    assert counsellor.heading == "Veiligheid"


async def test_a_review_date_in_the_past_is_told_together_with_what_is_not_chosen(site: Site) -> None:
    family = await site.world.family(safety=None)
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family, "veiligheid"))
    await counsellor.press("Opslaan", born("review_on", "2020"), status=400)

    assert "Deze datum is al voorbij." in counsellor.text
    assert "Is er nu gevaar voor dit gezin: Kies" in counsellor.text


async def test_two_guardians_answers_stand_beside_each_other_and_no_no_is_hidden(site: Site) -> None:
    family = await site.world.family(guardians=(("Hanna", "holder"), ("Karim", "holder"), ("Bo", "none")))
    await site.world.at_school(family.children[0].child)
    await site.world.intake(site.world.guardian(family), {"support_advice": "yes"}, otherwise="later")
    await site.world.intake(site.world.guardian(family, 1), {"support_advice": "no"})
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family))

    text = counsellor.text.replace(" :", ":").replace(" ,", ",")
    assert "Hanna Voorbeeld: Ja, Karim Voorbeeld: Nee, Bo Voorbeeld: Nog niet gevraagd (telt niet mee" in text
    assert "Hanna Voorbeeld: Later, Karim Voorbeeld: Nee" in text


async def test_authority_needs_a_source_and_unknown_authority_needs_none(site: Site) -> None:
    counsellor = await counsellor_at(site)
    await counsellor.open(f"/opvang/{site.world.tenant}/inschrijven")
    without = {name: value for name, value in GUARDIAN.items() if "source" not in name}
    await counsellor.press("Inschrijven", {**without, **CHILD}, status=400)
    assert "Zeg waaruit het gezag blijkt" in counsellor.text
    await counsellor.press("Inschrijven", {"guardian-0-capacity": "unknown"})

    (family,) = await site.world.services.families.families_of(site.world.counsellor)
    assert family.authority == ()


async def test_a_family_sent_twice_is_registered_once_and_each_tab_has_its_own_form(site: Site) -> None:
    counsellor = await counsellor_at(site)
    await counsellor.open(f"/opvang/{site.world.tenant}/inschrijven")
    first = counsellor.page
    await counsellor.open(f"/opvang/{site.world.tenant}/inschrijven")
    await counsellor.press("Inschrijven", {**GUARDIAN, **CHILD})
    counsellor.page = first
    await pressed_twice(counsellor, "Inschrijven", {**GUARDIAN, **CHILD})

    assert len(await site.world.services.families.families_of(site.world.counsellor)) == 2


async def test_a_child_and_a_guardian_are_added_later_with_the_same_rules(site: Site) -> None:
    family = await site.world.family()
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family))
    await counsellor.follow("Kind toevoegen")
    await counsellor.press("Toevoegen", {**CHILD, **born("child-0-birth_date", "1999")}, status=400)
    assert "18 jaar of ouder" in counsellor.text
    await counsellor.press("Toevoegen", born("child-0-birth_date", "2019"))
    await counsellor.follow("Ouder of voogd toevoegen")
    await counsellor.press("Toevoegen", {"guardian-0-given_names": "Tarik"}, status=400)
    assert "Vul dit in." in counsellor.text
    assert counsellor.values("guardian-0-given_names") == ["Tarik"]
    await counsellor.press("Toevoegen", GUARDIAN | {"guardian-0-given_names": "Tarik"})

    now = await site.world.services.families.view(site.world.counsellor, family.family)
    assert (len(now.children), len(now.guardians)) == (2, 2)


# --- safety and school -----------------------------------------------------------------------


async def test_safety_comes_before_a_school(site: Site) -> None:
    family = await site.world.family(safety=None)
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family))
    assert "Bespreek eerst de veiligheid." in counsellor.text
    await counsellor.follow("School kiezen")
    assert counsellor.heading == "Veiligheid"
    await counsellor.press("Opslaan", {**SAFE_FORM, "review_on-year": "2020"}, status=400)
    assert "Deze datum is al voorbij." in counsellor.text
    await counsellor.press("Opslaan", {"review_on-year": "2027"})
    assert "Kies eerst een school." in counsellor.text


async def test_s49_a_school_is_found_by_name_or_code_and_confirmed_by_street_and_phone(site: Site) -> None:
    family = await site.world.family()
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family))
    await counsellor.follow("School kiezen")
    await counsellor.press("Zoeken", {"school": "de"})
    assert "Gevonden: 2" in counsellor.text
    await counsellor.press("Zoeken", {"school": "12 ab 00"})
    await counsellor.follow("De Linde")
    await counsellor.press("Ja, dit is de school", {"confirmed": ["code", "phone"]}, status=400)
    assert "vink alle drie aan" in counsellor.text
    all_three: Fields = {
        "confirmed": ["code", "street", "phone"],
        "contacts": counsellor.values("contacts")[:1],
    }
    await counsellor.press("Ja, dit is de school", {**all_three, "shown_street": "Weg 9"}, status=400)
    assert "Deze straat is anders" in counsellor.text
    await counsellor.open(counsellor.path)
    await pressed_twice(counsellor, "Ja, dit is de school", all_three)

    now = await site.world.services.families.view(site.world.counsellor, family.family)
    (relationship,) = now.relationships
    assert [c.staff for c in now.contacts[relationship.relationship]] == [site.world.contact.staff]


async def test_a_contact_is_added_and_removed_and_only_staff_of_the_school_can_be(site: Site) -> None:
    family, relationship = await at_linde(site.world)
    counsellor = await counsellor_at(site)
    await counsellor.open(school_path(site, family, relationship, "contacten"))
    form = counsellor.form_with("Toevoegen")
    csrf = form.all("input", name="csrf")[0].attributes["value"]
    foreign = {"csrf": csrf, "staff": site.world.eik_contact.staff}
    await counsellor.send(counsellor.path, foreign, status=400)
    await counsellor.press("Toevoegen", {"staff": site.world.teacher.staff})
    assert "Jip Juf" in counsellor.text
    await counsellor.press("Van de lijst halen Ida Intern")
    await counsellor.press("Van de lijst halen Jip Juf")

    assert "Er staat niemand op de lijst." in counsellor.text


async def test_sharing_with_a_school_ends_with_a_reason(site: Site) -> None:
    family, relationship = await at_linde(site.world, {"shelter_involvement": "yes"})
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family))
    await counsellor.follow("Stoppen met deze school")
    await counsellor.press("Stoppen met delen", status=400)
    await counsellor.press("Stoppen met delen", {"end_reason": "not_our_pupil"})

    assert "Er is nog geen school gekozen." in counsellor.text
    (ended,) = [e for e in await site.events() if isinstance(e, events.RelationshipEnded)]
    assert (ended.relationship, ended.reason) == (relationship, "not_our_pupil")


# --- who may ---------------------------------------------------------------------------------


async def test_a_colleagues_family_and_another_shelters_are_not_there(site: Site) -> None:
    family, relationship = await at_linde(site.world)
    elsewhere = await furnish(site.world.services, site.world.clock, "Opvang Noord")
    foreign = await elsewhere.family()
    colleague = await counsellor_at(site, site.world.colleague)
    child = family.children[0].child
    for below in (
        (),
        ("veiligheid",),
        ("tablet",),
        ("pincode",),
        ("kind",),
        ("ouder",),
        ("stoppen",),
        ("kinderen", child, "school"),
        ("scholen", relationship, "contacten"),
        ("scholen", relationship, "delen", "support_advice"),
        ("scholen", relationship, "gekregen"),
    ):
        await colleague.open(family_path(site, family.family, *below), status=404)
    await colleague.open(family_path(site, foreign.family), status=404)
    await colleague.open(f"/opvang/{elsewhere.tenant}/gezinnen/{foreign.family}", status=404)
    await colleague.open(f"/opvang/{elsewhere.tenant}", status=404)


async def test_a_child_or_school_of_another_family_is_not_there(site: Site) -> None:
    family, _ = await at_linde(site.world)
    other, relationship = await at_linde(site.world)
    counsellor = await counsellor_at(site)
    child = other.children[0].child
    await counsellor.open(family_path(site, family.family, "kinderen", child, "school"), status=404)
    await counsellor.open(school_path(site, family, relationship, "einde"), status=404)
    await counsellor.open(school_path(site, family, relationship, "delen", "support_advice"), status=404)
    await counsellor.open(school_path(site, other, relationship, "delen", "school_absence"), status=404)
    await counsellor.open(school_path(site, other, relationship, "delen", "bsn"), status=404)


async def test_a_substitute_finds_the_child_and_enters_with_a_reason_that_is_logged(site: Site) -> None:
    family, _ = await at_linde(site.world)
    colleague = await counsellor_at(site, site.world.colleague)
    await colleague.open(f"/opvang/{site.world.tenant}/zoeken")
    await colleague.press("Zoeken", {"given_names": "Noor"}, status=400)
    assert "Vul dag, maand en jaar in." in colleague.text
    wanted = {"given_names": "Noor", "family_name": "Voorbeeld"}
    day = {"birth_date-day": "4", "birth_date-month": "5", "birth_date-year": "2018"}
    await colleague.press("Zoeken", {**wanted, **day})
    assert "Gezin van een collega" in colleague.text
    await colleague.follow("Noor Voorbeeld")
    await colleague.press("Gezin openen", status=400)
    await colleague.press("Gezin openen", {"reason": "colleague_ill"})

    assert colleague.path == family_path(site, family.family)
    assert "U vervangt een collega." in colleague.text
    (access,) = [e for e in await site.events() if isinstance(e, events.SubstituteAccess)]
    assert (access.family, access.reason) == (family.family, "colleague_ill")
    await colleague.open(f"/opvang/{site.world.tenant}")
    assert "Vervanging" in colleague.text


async def test_nobody_who_is_not_logged_in_gets_any_page(site: Site) -> None:
    family, relationship = await at_linde(site.world)
    anyone = site.anyone()
    for method, path in _every_route(site, family, relationship):
        answer = await anyone.send(method, path)
        assert answer.status_code in (303, 401), (method, path)
        assert answer.headers.get("location", "/inloggen") == "/inloggen"


async def test_while_the_parent_has_the_tablet_every_page_leads_to_giving_it_back(site: Site) -> None:
    family, relationship = await at_linde(site.world)
    tablet = await site.with_tablet(family)
    for method, path in _every_route(site, family, relationship):
        answer = await (tablet.get(path) if method == "GET" else tablet.post(path))
        assert (answer.status_code, answer.headers["location"]) == (303, "/tablet-terug"), (method, path)


async def test_a_form_of_another_session_or_site_changes_nothing(site: Site) -> None:
    family, relationship = await at_linde(site.world)
    browser = await site.logged_in(site.world.counsellor)
    for method, path in _every_route(site, family, relationship):
        if method == "POST":
            forged = await browser.send("POST", path, {"csrf": "guessed", "reason": "colleague_ill"})
            assert forged.status_code == 400, path
            elsewhere = await browser.post(path, sec_fetch_site="cross-site")
            assert elsewhere.status_code == 400, path


# --- handing over ----------------------------------------------------------------------------


async def test_the_tablet_is_given_after_a_pin_that_is_not_easy(site: Site) -> None:
    family, _ = await at_linde(site.world)
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family))
    await counsellor.follow("Tablet aan de ouder geven")
    assert counsellor.heading == "Kies een pincode"
    await counsellor.press("Opslaan", {"pin": "123456", "pin_again": "123456"}, status=400)
    assert "te makkelijk te raden" in counsellor.text
    await counsellor.press("Opslaan", {"pin": PIN, "pin_again": "482616"}, status=400)
    assert "niet gelijk" in counsellor.text
    assert PIN not in "".join(counsellor.values("pin"))
    await counsellor.press("Opslaan", {"pin": PIN, "pin_again": PIN})
    before = counsellor.token
    await counsellor.press("Tablet geven", status=400)
    given = {
        "guardian": family.guardians[0].guardian,
        "language": "en",
        "interpreter": "telephone",
        "interpreter_fit": "yes",
    }
    await counsellor.press("Tablet geven", given)

    assert counsellor.path.startswith("/intake/")
    assert "Samira Voorbeeld" in counsellor.text
    assert counsellor.page.all("html")[0].attributes["lang"] == "en"
    assert counsellor.token != before
    assert LENT in counsellor.cookies
    await counsellor.open(f"/opvang/{site.world.tenant}")
    assert counsellor.path == "/tablet-terug"
    await counsellor.press("Terugnemen", {"pin": PIN})
    assert LENT not in counsellor.cookies


async def test_who_decides_nothing_does_not_get_the_tablet(site: Site) -> None:
    family = await site.world.family(guardians=(("Samira", "holder"), ("Tarik", "none")))
    await site.world.at_school(family.children[0].child)
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family, "pincode"))
    await counsellor.press("Opslaan", {"pin": PIN, "pin_again": PIN})
    without = next(g.guardian for g in family.guardians if g.identity.given_names == "Tarik")
    given = {"guardian": without, "language": "nl", "interpreter": "none"}
    await counsellor.press("Tablet geven", given, status=400)

    assert "Voor deze persoon is er nu niets te kiezen." in counsellor.text


# --- privacy ---------------------------------------------------------------------------------


async def test_no_address_and_no_title_of_a_whole_intake_holds_personal_data(site: Site) -> None:
    counsellor = await counsellor_at(site)
    await counsellor.open(f"/opvang/{site.world.tenant}/inschrijven")
    await counsellor.press("Inschrijven", {**GUARDIAN, **CHILD})
    await counsellor.press("Opslaan", SAFE_FORM)
    await counsellor.follow("School kiezen")
    await counsellor.press("Zoeken", {"school": "12AB00"})
    await counsellor.follow("De Linde")
    chosen = counsellor.values("contacts")[:1]
    confirmed: Fields = {"confirmed": ["code", "street", "phone"], "contacts": chosen}
    await counsellor.press("Ja, dit is de school", confirmed)
    await counsellor.follow("Contactpersonen")
    await counsellor.follow("Terug")
    await counsellor.follow("Wat de school deelde")
    await counsellor.press("Steun in de klas")
    seen = " ".join([*counsellor.locations, *counsellor.titles])

    assert "gezinnen" in seen
    for planted in ("Selam", "Haile", "Noor", "2018", "Ida", "12AB00"):
        assert planted not in seen


@pytest.mark.parametrize("language, words", [("nl", "Mijn gezinnen"), ("en", "My families")])
async def test_every_page_of_a_family_opens_in_every_language(site: Site, language: str, words: str) -> None:
    yes = {"shelter_involvement": "yes", "support_advice": "yes"}
    family, relationship = await at_linde(site.world, yes)
    counsellor = await counsellor_at(site, language=language)
    await counsellor.open(f"/opvang/{site.world.tenant}")
    assert counsellor.heading == words
    for method, path in _every_route(site, family, relationship):
        if method == "GET" and not path.endswith("/terughalen"):
            await counsellor.open(path)
            assert counsellor.page.all("html")[0].attributes["lang"] == language


def _every_route(site: Site, family: FamilyView, relationship: str) -> list[tuple[str, str]]:
    """Every route of the shelter with real ids in its address."""
    values = {
        "tenant": site.world.tenant,
        "family": family.family,
        "child": family.children[0].child,
        "person": family.guardians[0].guardian,
        "school": site.world.linde,
        "relationship": relationship,
        "member": site.world.contact.staff,
        "kind": "support_advice",
        "task": family.family,
        "record": family.family,
        "guardian": family.guardians[0].guardian,
        "marker": family.family,
        "deed": "verteld",
        "decision": "approve",
        "plan": family.family,
        "emergency": family.family,
        "signal": family.family,
        "call": family.family,
    }
    found: list[tuple[str, str]] = []
    for route in ROUTES:
        (path,) = route.paths
        for name, value in values.items():
            path = path.replace(f"{{{name}:str}}", value)
        assert "{" not in path
        found += [(str(method), path) for method in route.http_methods if method in ("GET", "POST")]
    return found
