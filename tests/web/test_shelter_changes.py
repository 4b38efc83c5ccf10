"""Tests of `consent_service.web.shelter.changing_routes`: a family changes, and its guidance ends."""

from __future__ import annotations

from datetime import date

from consent_service.audit import events
from consent_service.families.model import FamilyView
from tests.web.visiting import Site
from tests.web.walking import Fields, Walker, at_linde, counsellor_at, family_path, pressed_twice

END = "Beëindigen en alles stoppen"


def day(name: str, year: str) -> dict[str, str]:
    return {f"{name}-day": "1", f"{name}-month": "9", f"{name}-year": year}


async def at_family(site: Site, family: FamilyView, *parts: str) -> Walker:
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family, *parts))
    return counsellor


async def now(site: Site, family: FamilyView) -> FamilyView:
    return await site.world.services.families.view(site.world.counsellor, family.family)


# --- who somebody is -------------------------------------------------------------------------


async def test_every_problem_of_a_correction_is_told_at_once_and_nothing_is_changed(site: Site) -> None:
    family = await site.world.family()
    counsellor = await at_family(site, family, "personen", family.guardians[0].guardian)
    entered = {"given_names": "", "phone": "geen", "email": "nergens", **day("birth_date", "2031")}
    await counsellor.press("Opslaan", entered, status=400)

    for problem in (
        "Voornamen: Vul dit in.",
        "Geboortedatum: Deze datum ligt in de toekomst.",
        "Veilig telefoonnummer: Dit is geen telefoonnummer.",
        "Veilig e-mailadres: ",
    ):
        assert problem in counsellor.text
    assert counsellor.values("email") == ["nergens"]
    assert (await now(site, family)).guardians == family.guardians


async def test_a_guardian_is_corrected_and_what_is_known_stands_in_the_form(site: Site) -> None:
    family = await site.world.family()
    counsellor = await at_family(site, family)
    links = [a.attributes["href"] for a in counsellor.page.all("a") if "Gegevens verbeteren" in a.text()]
    people = (family.children[0].child, family.guardians[0].guardian)
    assert links == [family_path(site, family.family, "personen", person) for person in people]
    await counsellor.open(links[1])
    assert counsellor.values("given_names") == ["Samira"]
    await counsellor.press("Opslaan", {"given_names": "Samíra", "email": "samira@voorbeeld.nl"})

    (guardian,) = (await now(site, family)).guardians
    assert guardian.identity.full_name == "Samíra Voorbeeld"
    assert guardian.identity.email == "samira@voorbeeld.nl"
    assert "De gegevens zijn verbeterd." in counsellor.page.text()
    changed = [one for one in await site.events() if isinstance(one, events.IdentityChanged)]
    assert [one.person for one in changed] == [guardian.guardian]


async def test_a_child_is_asked_for_no_phone_and_cannot_become_an_adult(site: Site) -> None:
    family = await site.world.family()
    counsellor = await at_family(site, family, "personen", family.children[0].child)
    assert counsellor.values("phone") == counsellor.values("email") == []
    await counsellor.press("Opslaan", day("birth_date", "1999"), status=400)
    assert "18 jaar of ouder" in counsellor.text
    await counsellor.press("Opslaan", day("birth_date", "2019"))

    (child,) = (await now(site, family)).children
    assert child.identity.birth_date == date(2019, 9, 1)
    assert child.identity.given_names == "Noor"


async def test_somebody_of_another_family_is_not_there(site: Site) -> None:
    family, other = await site.world.family(), await site.world.family(family_name="Anders")
    counsellor = await at_family(site, family)
    stranger = family_path(site, family.family, "personen", other.children[0].child)
    await counsellor.open(stranger, status=404)
    assert "Anders" not in counsellor.page.text()


# --- authority -------------------------------------------------------------------------------


async def test_every_problem_of_authority_is_told_at_once_and_nothing_is_recorded(site: Site) -> None:
    family = await site.world.family(guardians=(("Samira", "holder"), ("Tarik", None)))
    counsellor = await at_family(site, family)
    await counsellor.follow("Gezag vastleggen")
    await counsellor.press("Opslaan", day("valid_until", "2027"), status=400)
    problems = [e.text() for e in counsellor.page.walk() if "field-problem" in e.classes()]

    assert len(problems) == 5
    assert counsellor.values("valid_until-year") == ["2027"]
    await counsellor.press("Opslaan", day("valid_from", "2028"), status=400)
    assert "De einddatum ligt voor de begindatum." in counsellor.text
    assert (await now(site, family)).authority == family.authority


async def test_authority_seen_later_counts_and_stands_on_the_page(site: Site) -> None:
    family = await site.world.family(guardians=(("Samira", "holder"), ("Tarik", None)))
    counsellor = await at_family(site, family)
    assert "Gezag nog niet bekend" in counsellor.text
    await counsellor.follow("Gezag vastleggen")
    entered: Fields = {
        "child": family.children[0].child,
        "guardian": family.guardians[1].guardian,
        "authority_kind": "none",
        "authority_source": "judgment",
        **day("valid_from", "2025"),
        **day("valid_until", "2027"),
    }
    await counsellor.press("Opslaan", entered)

    assert "Ouder zonder gezag" in counsellor.text
    assert "Gezag nog niet bekend" not in counsellor.text
    (fact,) = [f for f in (await now(site, family)).authority if f.guardian == family.guardians[1].guardian]
    assert (fact.kind, fact.source) == ("none", "judgment")
    assert (fact.valid_from, fact.valid_until) == (date(2025, 9, 1), date(2027, 9, 1))


async def test_a_second_voogd_is_refused_with_a_sentence_unless_the_court_appointed_both(site: Site) -> None:
    family = await site.world.family(guardians=(("Vera", "voogd"), ("Wim", "holder")))
    counsellor = await at_family(site, family, "gezag")
    entered: Fields = {
        "child": family.children[0].child,
        "guardian": family.guardians[1].guardian,
        "authority_kind": "voogd",
        "authority_source": "judgment",
        **day("authority_seen_on", "2026"),
        **day("valid_from", "2026"),
    }
    await counsellor.press("Opslaan", entered, status=400)
    assert "Wat is deze persoon voor dit kind: Er is al een voogd in deze periode." in counsellor.text
    assert (await now(site, family)).authority == family.authority

    await counsellor.press("Opslaan", {**entered, "jointly": "yes"})
    assert "bewijs gezien op 1 september 2026" in counsellor.text


async def test_evidence_is_not_seen_tomorrow_and_a_court_order_ends(site: Site) -> None:
    family = await site.world.family()
    counsellor = await at_family(site, family, "gezag")
    entered: Fields = {
        "child": family.children[0].child,
        "guardian": family.guardians[0].guardian,
        "authority_kind": "court_order",
        "authority_source": "statement",
        **day("authority_seen_on", "2027"),
        **day("valid_from", "2001"),
    }
    await counsellor.press("Opslaan", entered, status=400)
    for problem in (
        "Hoe weet u dit: Dit kan alleen met een uitspraak van de rechter.",
        "Wanneer zag u het bewijs: Deze datum ligt in de toekomst.",
        "Vanaf wanneer geldt dit: Dit is meer dan 18 jaar geleden.",
        "Tot wanneer geldt dit: Deze beslissing van de rechter heeft een einddatum.",
    ):
        assert problem in counsellor.text
    assert (await now(site, family)).authority == family.authority


async def test_an_organisation_is_added_by_one_name_and_is_never_a_parent(site: Site) -> None:
    family = await site.world.family()
    counsellor = await at_family(site, family, "ouder")
    entered: Fields = {
        "guardian-0-family_name": "Jeugdbescherming Zuid",
        "guardian-0-body": "yes",
        "guardian-0-capacity": "holder",
        "guardian-0-authority_source": "judgment",
    }
    await counsellor.press("Toevoegen", entered, status=400)
    assert "Een organisatie is geen ouder." in counsellor.text
    await counsellor.press("Toevoegen", {**entered, "guardian-0-capacity": "gezinsvoogd"})
    assert "Jeugdbescherming Zuid" in counsellor.text
    assert "Organisatie" in counsellor.text


async def test_nobody_of_another_family_gets_authority_here(site: Site) -> None:
    family, other = await site.world.family(), await site.world.family(family_name="Anders")
    counsellor = await at_family(site, family, "gezag")
    entered: Fields = {
        "child": family.children[0].child,
        "guardian": other.guardians[0].guardian,
        "authority_kind": "holder",
        "authority_source": "register",
        **day("valid_from", "2025"),
    }
    await counsellor.press("Opslaan", entered, status=400)
    assert (await now(site, family)).authority == family.authority


# --- the end ---------------------------------------------------------------------------------


async def test_s27_the_guidance_ends_and_with_it_all_sharing_at_once(site: Site) -> None:
    family, relationship = await at_linde(site.world, {"shelter_involvement": "yes"})
    counsellor = await at_family(site, family)
    await counsellor.follow("Begeleiding beëindigen")
    assert "Geen enkele school ziet daarna nog iets." in counsellor.text
    assert "Noor Voorbeeld" in counsellor.text
    await counsellor.press(END, status=400)
    assert "Kies een van de antwoorden." in counsellor.text
    assert (await now(site, family)).ended_at is None
    await pressed_twice(counsellor, END, {"family_end_reason": "moved_out"})

    ended = await now(site, family)
    assert ended.ended_at is not None
    assert [one.ended_at for one in ended.relationships] == [site.world.clock.now()]
    stopped = [one for one in await site.events() if isinstance(one, events.RelationshipEnded)]
    assert [(one.relationship, one.reason) for one in stopped] == [(relationship, "moved_out")]
    contact = await counsellor_at(site)
    await contact.open(f"/opvang/{site.world.tenant}")
    assert "Noor Voorbeeld" not in contact.text


async def test_nothing_about_anybody_stands_in_an_address(site: Site) -> None:
    family = await site.world.family()
    counsellor = await at_family(site, family, "personen", family.guardians[0].guardian)
    await counsellor.press("Opslaan", {"given_names": "Geheim"})
    await counsellor.follow("Begeleiding beëindigen")
    await counsellor.press(END, {"family_end_reason": "night_departure"})

    seen = " ".join([*counsellor.locations, *counsellor.titles])
    assert "einde" in seen
    for planted in ("Geheim", "Samira", "Voorbeeld", "Noor", "2018"):
        assert planted not in seen
