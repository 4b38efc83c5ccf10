"""The start with a school through its pages: 12, 48, 49, 52, and what nobody sees before the yes."""

from __future__ import annotations

import re

import httpx

from consent_service.audit import events
from consent_service.consent.service import Target
from consent_service.families.model import SchoolConfirmation
from consent_service.foundation.ids import TypeKey
from consent_service.organisations.model import NewStaff
from tests.scenarios.stories import ADVICE, YES, Told, told_family, trail
from tests.shelter import LINDE, OPERATOR, World
from tests.web.visiting import Browser, Site, words_of

TYPED = {"establishment_code": "12AB00", "street": "Lindelaan 1", "phone": "013-5550101"}
CONFIRMED = SchoolConfirmation(LINDE.establishment_code, LINDE.street, LINDE.phone)
CHILD_PAGES = ("", "/geschreven", "/klopt-niet", "/afwezig", "/gesprekken", "/wie-helpt", "/eerste-dag")


def at_shelter(site: Site, told: Told, page: str) -> str:
    return f"/opvang/{site.world.tenant}/gezinnen/{told.view.family}/scholen/{told.relationship}/{page}"


def at_school(site: Site, told: Told, page: str = "") -> str:
    return f"/school/{site.world.tenant}/kinderen/{told.relationship}{page}"


async def send(world: World, told: Told) -> None:
    await world.services.starts.send_first_contact(world.counsellor, told.relationship, CONFIRMED)


async def with_signal(world: World, told: Told) -> None:
    """The mother also said yes to a care signal, and one was sent."""
    await world.intake(told.mother, {**YES, "care_signal": "yes"})
    await world.services.signal_routing.place_school(world.officer, world.linde, "midden")
    await world.services.signals.send(world.counsellor, told.relationship)


def nothing_of(answer: httpx.Response) -> bool:
    """Neither the child nor who asks stands on it."""
    return all(word not in answer.text for word in ("Noor", "Voorbeeld", "Hulporganisatie", "0800-5550000"))


# --- 49: before the yes ----------------------------------------------------------------------


async def test_s49_before_the_first_contact_the_school_finds_nothing_of_the_child(site: Site) -> None:
    told = await told_family(site.world, begun=False)
    contact = await site.logged_in(site.world.contact)
    home = await contact.get(f"/school/{site.world.tenant}")
    assert "U bent nu van geen kind contactpersoon." in words_of(home)
    assert nothing_of(home)
    for page in (*CHILD_PAGES, "/bevestigen"):
        answer = await contact.get(at_school(site, told, page))
        assert answer.status_code == 404, page
        assert nothing_of(answer), page
    for page, form in (("", {"purpose": "support"}), ("/bevestigen", {"pupil": "yes"})):
        answer = await contact.post(at_school(site, told, page), form)
        assert answer.status_code == 404, page
        assert nothing_of(answer), page
    (entry,) = await trail(site.world, "release.refused.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, events.ReleaseRefused)
    assert [one.code for one in entry.detail.event.refused] == ["pupil_not_confirmed"]


async def test_s49_the_answer_is_that_of_a_child_that_is_not_there(site: Site) -> None:
    told = await told_family(site.world, begun=False)
    contact = await site.logged_in(site.world.contact)
    nowhere = at_school(site, told).replace(told.relationship, "01990000-0000-7000-8000-000000000001")
    here, there = await contact.get(at_school(site, told)), await contact.get(nowhere)
    assert (here.status_code, words_of(here)) == (there.status_code, words_of(there))


async def test_s49_code_street_and_phone_are_typed_once_more_and_kept_when_wrong(site: Site) -> None:
    told = await told_family(site.world, begun=False)
    counsellor = await site.logged_in(site.world.counsellor)
    page = at_shelter(site, told, "eerste-contact")
    empty = await counsellor.get(page)
    assert empty.status_code == 200
    assert LINDE.street not in empty.text
    missing = await counsellor.post(page, {})
    assert missing.status_code == 400
    assert missing.text.count('class="field-problem"') == 3
    other = {"establishment_code": "34CD01", "street": "Lindestraat 9", "phone": "010-5550303"}
    wrong = await counsellor.post(page, other)
    assert wrong.status_code == 400
    assert wrong.text.count('class="field-problem"') == 3
    assert all(f'value="{value}"' in wrong.text for value in other.values())
    assert await trail(site.world, "first_contact.sent.v1") == ()


async def test_s49_between_sent_and_yes_there_is_a_name_and_a_birth_date_and_not_who_asks(
    site: Site,
) -> None:
    told = await told_family(site.world, begun=False)
    counsellor = await site.logged_in(site.world.counsellor)
    contact = await site.logged_in(site.world.contact)
    sent = await counsellor.post(at_shelter(site, told, "eerste-contact"), TYPED)
    assert sent.headers["location"].endswith("?gedaan=eerste-contact")
    again = await counsellor.post(at_shelter(site, told, "eerste-contact"), TYPED)
    assert (again.status_code, "gedaan" in again.headers["location"]) == (303, False)
    home = await contact.get(f"/school/{site.world.tenant}")
    asked = await contact.get(at_school(site, told, "/bevestigen"))
    for answer in (home, asked):
        assert "Noor Voorbeeld" in words_of(answer)
        assert "4 mei 2018" in words_of(answer)
        assert "Hulporganisatie" not in answer.text
        assert ADVICE not in answer.text
    led = await contact.get(at_school(site, told))
    assert led.headers["location"] == at_school(site, told, "/bevestigen")
    for page in CHILD_PAGES[1:]:
        assert (await contact.get(at_school(site, told, page))).status_code == 404, page
    assert (await contact.post(at_school(site, told), {"purpose": "support"})).status_code == 404
    unanswered = await contact.post(at_school(site, told, "/bevestigen"), {})
    assert (unanswered.status_code, "Hulporganisatie" in unanswered.text) == (400, False)


async def test_s49_only_who_is_on_the_list_is_asked(site: Site) -> None:
    told = await told_family(site.world, begun=False)
    await send(site.world, told)
    for stranger in (site.world.teacher, site.world.eik_contact):
        browser = await site.logged_in(stranger)
        assert nothing_of(await browser.get(f"/school/{site.world.tenant}"))
        assert (await browser.get(at_school(site, told, "/bevestigen"))).status_code == 404
        yes = await browser.post(at_school(site, told, "/bevestigen"), {"pupil": "yes"})
        assert yes.status_code == 404


async def test_the_start_from_the_yes_to_the_receipt_and_the_first_day(site: Site) -> None:
    told = await told_family(site.world, begun=False)
    await send(site.world, told)
    contact, counsellor = (
        await site.logged_in(site.world.contact),
        await site.logged_in(site.world.counsellor),
    )
    yes = await contact.post(at_school(site, told, "/bevestigen"), {"pupil": "yes"})
    assert yes.headers["location"] == at_school(site, told, "/wie-helpt?gedaan=bevestigd")
    assert (await contact.get(at_school(site, told))).status_code == 200
    for again in (
        await contact.get(at_school(site, told, "/bevestigen")),
        await contact.post(at_school(site, told, "/bevestigen"), {"pupil": "yes"}),
    ):
        assert again.headers["location"] == at_school(site, told)
    who = await contact.get(at_school(site, told, "/wie-helpt"))
    assert "Hulporganisatie 0800-5550000" in words_of(who)
    shown = await contact.post(at_school(site, told, "/wie-helpt"))
    assert "Contact opnemen" in words_of(shown)
    read = await contact.post(at_school(site, told, "/wie-helpt/gelezen"))
    assert read.headers["location"] == at_school(site, told, "/eerste-dag?gedaan=gelezen")
    twice = await contact.post(at_school(site, told, "/wie-helpt/gelezen"))
    assert twice.headers["location"] == at_school(site, told, "/wie-helpt")
    receipt = words_of(await counsellor.get(at_shelter(site, told, "eerste-contact")))
    assert "De school las wie er helpt" in receipt
    assert "Verstuur het eerste contact" not in receipt
    await _ticks(contact, at_school(site, told, "/eerste-dag"))


async def _ticks(contact: Browser, page: str) -> None:
    done = await contact.post(page, {"items": ["gate", "photos"]})
    assert done.headers["location"] == f"{page}?gedaan=eerste-dag"
    listed = await contact.get(page)
    ticked = re.findall(r'name="items" value="(\w+)" checked', listed.text)
    assert ticked == ["photos", "gate"]
    wrong = await contact.post(page, {"items": ["bsn"]})
    assert wrong.status_code == 400


async def test_s19_without_the_gate_type_nothing_is_sent_and_the_counsellor_reads_why(site: Site) -> None:
    view = await site.world.family()
    relationship = await site.world.at_school(view.children[0].child, begun=False)
    await site.world.intake(site.world.guardian(view), {"shelter_involvement": "no"})
    counsellor = await site.logged_in(site.world.counsellor)
    page = f"/opvang/{site.world.tenant}/gezinnen/{view.family}/scholen/{relationship}/eerste-contact"
    refused = await counsellor.post(page, TYPED)
    assert refused.status_code == 403
    assert "Niet verstuurd. De school mag nu niet weten dat er hulp is." in words_of(refused)
    contact = await site.logged_in(site.world.contact)
    assert nothing_of(await contact.get(f"/school/{site.world.tenant}"))


# --- 12 --------------------------------------------------------------------------------------


async def test_s12_not_our_pupil_closes_the_start_and_everything_else(site: Site) -> None:
    told = await told_family(site.world, begun=False)
    await send(site.world, told)
    contact = await site.logged_in(site.world.contact)
    no = await contact.post(at_school(site, told, "/bevestigen"), {"pupil": "not_our_pupil"})
    assert no.headers["location"] == f"/school/{site.world.tenant}?gedaan=doorgegeven"
    for page in ("", "/bevestigen"):
        answer = await contact.get(at_school(site, told, page))
        assert (answer.status_code, nothing_of(answer)) == (404, True)
    asked = await contact.post(at_school(site, told), {"purpose": "support"})
    assert nothing_of(asked)
    assert ADVICE not in asked.text
    assert len(await trail(site.world, "pupil.disowned.v1")) == 1
    await site.world.settle()
    tasks = await site.world.services.tasks.open_tasks(site.world.officer)
    assert [one.kind for one in tasks] == ["breach_to_assess"]


async def test_s16_who_is_related_says_so_before_the_name_of_who_asks(site: Site) -> None:
    told = await told_family(site.world, begun=False)
    await send(site.world, told)
    contact = await site.logged_in(site.world.contact)
    related = await contact.post(at_school(site, told, "/bevestigen"), {"pupil": "related"})
    assert related.headers["location"].endswith("?gedaan=doorgegeven")
    assert (await contact.get(at_school(site, told, "/bevestigen"))).status_code == 404


# --- what waits for nobody -------------------------------------------------------------------


async def test_a_care_signal_is_read_before_the_yes_without_who_sends_it(site: Site) -> None:
    told = await told_family(site.world, begun=False)
    await with_signal(site.world, told)
    contact = await site.logged_in(site.world.contact)
    home = await contact.get(f"/school/{site.world.tenant}")
    assert "Er is een melding over dit kind." in words_of(home)
    assert "Is dit uw leerling?" not in words_of(home)
    read = await contact.post(at_school(site, told), {"purpose": "support"})
    assert read.status_code == 200
    said = words_of(read)
    assert "Noor Voorbeeld Geboren op 4 mei 2018" in said
    assert "Extra aandacht" in said
    assert ADVICE not in said
    assert "Hulporganisatie" not in read.text
    assert (await contact.get(at_school(site, told))).status_code == 404


async def test_what_is_no_signal_is_still_not_there(site: Site) -> None:
    told = await told_family(site.world, begun=False)
    await with_signal(site.world, told)
    contact = await site.logged_in(site.world.contact)
    assert (await contact.post(at_school(site, told), {"purpose": "contact"})).status_code == 404


# --- 48 and 52 -------------------------------------------------------------------------------


async def test_s48_a_school_without_an_account_is_called_with_a_card_and_the_call_is_listed(
    site: Site,
) -> None:
    """A name on the list is enough: this contact has no login and was never invited."""
    told = await told_family(site.world, begun=False)
    world = site.world
    nobody = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("school_staff", "Dora Directeur", world.linde, "contact")
    )
    await world.services.families.remove_contact(world.counsellor, told.relationship, world.contact.staff)
    counsellor = await site.logged_in(world.counsellor)
    page = at_shelter(site, told, "belkaart")
    stuck = await counsellor.post(page, {"purpose": "support"})
    assert stuck.status_code == 400
    assert "Een account is niet nodig." in words_of(stuck)
    listed = await counsellor.post(at_shelter(site, told, "contacten"), {"staff": nobody})
    assert listed.status_code == 303
    start = words_of(await counsellor.get(at_shelter(site, told, "eerste-contact")))
    assert "Deze school heeft geen account." in start
    card = await counsellor.post(page, {"purpose": "support"})
    assert card.headers["cache-control"] == "no-store"
    assert ADVICE in words_of(card)
    assert "Dit mag u nu niet zeggen" in words_of(card)
    call = _call_of(card)
    noted = await counsellor.post(
        f"{page}/gebeld", {"call": call, "spoken_to": "director", "types": ["support_advice"]}
    )
    assert noted.headers["location"] == f"{page}?gedaan=gebeld"
    later = words_of(await counsellor.get(page))
    assert "De directeur" in later
    assert ADVICE not in later
    (entry,) = await trail(world, "call.made.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, events.CallMade)
    assert (entry.detail.event.spoken_to, entry.detail.event.types) == ("director", ("support_advice",))


def _call_of(card: httpx.Response) -> str:
    found = re.search(r'name="call" value="([^"]+)"', card.text)
    assert found is not None
    return found[1]


async def test_s48_a_call_that_cannot_be_noted_shows_the_form_again_and_nothing_of_the_card(
    site: Site,
) -> None:
    told = await told_family(site.world)
    counsellor = await site.logged_in(site.world.counsellor)
    page = at_shelter(site, told, "belkaart")
    assert (await counsellor.post(page, {})).status_code == 400
    call = _call_of(await counsellor.post(page, {"purpose": "support"}))
    told_types: dict[str, str | list[str]] = {
        "call": call,
        "types": ["support_advice"],
        "shown": ["support_advice", "bsn"],
    }
    nobody = await counsellor.post(f"{page}/gebeld", told_types)
    assert nobody.status_code == 400
    assert ADVICE not in nobody.text
    assert re.findall(r'name="types" value="(\w+)" checked', nobody.text) == ["support_advice"]
    not_on_card: dict[str, str | list[str]] = {"call": call, "spoken_to": "contact", "types": ["pickup"]}
    assert (await counsellor.post(f"{page}/gebeld", not_on_card)).status_code == 400
    unknown = await counsellor.post(f"{page}/gebeld", {"call": "nothing", "spoken_to": "contact"})
    assert unknown.headers["location"] == f"{page}?gedaan=gebeld-niet"


async def test_s48_a_withdrawal_in_between_leaves_nothing_on_the_next_card(site: Site) -> None:
    told = await told_family(site.world)
    counsellor = await site.logged_in(site.world.counsellor)
    page = at_shelter(site, told, "belkaart")
    assert ADVICE in (await counsellor.post(page, {"purpose": "support"})).text
    mother, kind = told.mother, TypeKey("support_advice")
    target = Target(site.world.tenant, mother.family, mother.guardian, ((told.relationship, kind),))
    await site.world.services.consent.withdraw(mother, target, method="page")
    again = await counsellor.post(page, {"purpose": "support"})
    assert ADVICE not in again.text
    assert "U mag voor dit doel nu niets zeggen." in words_of(again)


async def test_s52_who_tells_it_in_person_gets_points_and_the_school_gets_nothing(site: Site) -> None:
    told = await told_family(site.world, begun=False)
    counsellor = await site.logged_in(site.world.counsellor)
    page = at_shelter(site, told, "zelf-vertellen")
    assert (await counsellor.get(page)).status_code == 200
    assert (await counsellor.post(page, {})).status_code == 400
    points = await counsellor.post(page, {"types": ["support_advice", "pickup"]})
    said = words_of(points)
    assert "Dit helpt mijn kind als het moeilijk is in de klas." in said
    assert "data-print" in points.text
    assert "Noor" not in said
    contact = await site.logged_in(site.world.contact)
    assert nothing_of(await contact.get(f"/school/{site.world.tenant}"))
    assert await trail(site.world, "first_contact.sent.v1", "information.released.v1") == ()


async def test_the_pages_of_the_start_are_there_only_while_the_school_is(site: Site) -> None:
    told = await told_family(site.world)
    counsellor = await site.logged_in(site.world.counsellor)
    await site.world.services.families.end_relationship(
        site.world.counsellor, told.relationship, "changed_school"
    )
    for page in ("eerste-contact", "belkaart", "zelf-vertellen"):
        assert (await counsellor.get(at_shelter(site, told, page))).status_code == 404


async def test_without_anybody_on_the_list_nothing_is_sent_and_it_is_said(site: Site) -> None:
    told = await told_family(site.world, begun=False)
    world = site.world
    await world.services.families.remove_contact(world.counsellor, told.relationship, world.contact.staff)
    counsellor = await site.logged_in(world.counsellor)
    refused = await counsellor.post(at_shelter(site, told, "eerste-contact"), TYPED)
    assert refused.status_code == 400
    assert "Kies eerst een contactpersoon." in words_of(refused)


async def test_the_card_for_the_other_parent_names_no_child_and_is_for_every_school_login(
    site: Site,
) -> None:
    await told_family(site.world)
    for who in (site.world.contact, site.world.teacher):
        card = await (await site.logged_in(who)).get(f"/school/{site.world.tenant}/andere-ouder")
        assert "Ik kan hier nu niets over zeggen. Ik noteer uw vraag." in words_of(card)
        assert nothing_of(card)


async def test_links_lead_to_these_pages(site: Site) -> None:
    told = await told_family(site.world)
    counsellor = await site.logged_in(site.world.counsellor)
    family = await counsellor.get(f"/opvang/{site.world.tenant}/gezinnen/{told.view.family}")
    for page in ("eerste-contact", "belkaart", "zelf-vertellen"):
        assert f'href="{at_shelter(site, told, page)}"' in family.text
    child = await (await site.logged_in(site.world.contact)).get(at_school(site, told))
    for page in ("/wie-helpt", "/eerste-dag"):
        assert f'href="{at_school(site, told, page)}"' in child.text
