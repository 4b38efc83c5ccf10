"""Care signals over the whole application: counsellor, school, privacy coordinator. Absence at school too."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from consent_service.audit.events import (
    InformationReleased,
    RecordShared,
    SignalCalled,
    SignalRead,
    SignalSent,
)
from consent_service.consent.model import Answer
from consent_service.consent.service import Target
from consent_service.families.model import FamilyView
from consent_service.foundation.ids import RelationshipId, StaffId, TypeKey
from consent_service.identity.model import SchoolStaff
from consent_service.organisations.model import NewStaff
from consent_service.process.signals.model import RouteSetting
from consent_service.records.tables import records
from tests.ledger import count
from tests.shelter import OPERATOR, World
from tests.web.visiting import Browser, Site, names_in, words_of

GIVEN: dict[str, Answer] = {"shelter_involvement": "yes", "care_signal": "yes"}
MONDAY_23 = datetime(2026, 9, 7, 21, 0, tzinfo=UTC)
TUESDAY_0715 = datetime(2026, 9, 8, 5, 15, tzinfo=UTC)
TUESDAY_8 = datetime(2026, 9, 8, 6, 0, tzinfo=UTC)


class Place:
    """A child at De Linde, where its pages are, and a browser of its counsellor."""

    def __init__(
        self, site: Site, view: FamilyView, relationship: RelationshipId, counsellor: Browser
    ) -> None:
        self.site = site
        self.view = view
        self.relationship = relationship
        self.counsellor = counsellor
        self.family = f"/opvang/{site.world.tenant}/gezinnen/{view.family}"
        self.page = f"{self.family}/scholen/{relationship}/signaal"
        self.children = f"/school/{site.world.tenant}"
        self.at_school = f"{self.children}/kinderen/{relationship}/signaal"

    async def send(self) -> tuple[int, str]:
        """Open the page and press the button."""
        page = (await self.counsellor.get(self.page)).text
        step = re.search(r'name="step" value="([^"]+)"', page)
        answer = await self.counsellor.post(self.page, {"step": step[1] if step else ""})
        return answer.status_code, answer.headers.get("location", "") or words_of(answer)

    async def look(self, at: datetime) -> None:
        """Time goes by, and what runs in the background runs."""
        world = self.site.world
        world.clock.set(at)
        await world.services.sequencer.run_once(world.tenant)
        await world.services.signals.look(world.tenant, at)
        await world.services.sequencer.run_once(world.tenant)
        await world.services.follower.catch_up(world.tenant)


async def at_linde(
    site: Site,
    answers: dict[str, Answer] | None = None,
    *,
    region: bool = True,
    born: date = date(2018, 5, 4),
) -> Place:
    world = site.world
    view = await world.family(children=(("Noor", born),))
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {**GIVEN, **(answers or {})})
    if region:
        await world.services.signal_routing.place_school(world.officer, world.linde, "midden")
    return Place(site, view, relationship, await site.logged_in(world.counsellor))


async def deputy_of_tuesday(world: World, relationship: RelationshipId) -> tuple[SchoolStaff, SchoolStaff]:
    """A contact who does not work on Tuesday instead of the usual one, and a deputy."""
    organisations, families = world.services.organisations, world.services.families
    off = await organisations.add_staff(
        OPERATOR,
        world.tenant,
        NewStaff("school_staff", "Tineke Toonder", world.linde, "contact", ("mon", "wed", "thu", "fri")),
    )
    stand_in = await organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("school_staff", "Dirk Deputy", world.linde, "contact")
    )
    await families.list_contact(world.counsellor, relationship, StaffId(off))
    await families.list_contact(world.counsellor, relationship, StaffId(stand_in), deputy_for=StaffId(off))
    await families.remove_contact(world.counsellor, relationship, world.contact.staff)
    return (
        SchoolStaff(world.tenant, StaffId(off), world.linde, "contact"),
        SchoolStaff(world.tenant, StaffId(stand_in), world.linde, "contact"),
    )


# --- 47: sent in the night, read before eight, or called ---------------------------------------


async def test_s47_what_is_sent_on_monday_night_the_deputy_reads_before_eight(site: Site) -> None:
    place = await at_linde(site)
    _, deputy = await deputy_of_tuesday(site.world, place.relationship)
    site.world.clock.set(MONDAY_23)
    place.counsellor = await site.logged_in(site.world.counsellor)
    before = words_of(await place.counsellor.get(place.page))
    assert "Wie hoort het nu Tineke Toonder" in before
    assert "om 08:00 van de schooldag Dirk Deputy" in before
    assert "Te zien tot en met 11 september 2026" in before
    assert (await place.send())[1].endswith("gedaan=signaal")

    await place.look(TUESDAY_0715)
    reader = await site.logged_in(deputy)
    assert place.at_school in (await reader.get(place.children)).text
    waiting = await reader.get(place.at_school)
    assert "Handle with Care" not in waiting.text
    answer = await reader.post(place.at_school)
    read = words_of(answer)
    assert answer.status_code == 200
    for said in ("Noor Voorbeeld", "Geboren op 4 mei 2018", "Handle with Care"):
        assert said in read
    for said in ("Niet in het leerlingdossier", "Te zien tot 12 september 2026"):
        assert said in read
    released = [one for one in await site.events() if isinstance(one, InformationReleased) and one.records]
    assert [one.types for one in released] == [(TypeKey("care_signal"),)]

    await place.look(TUESDAY_8)
    assert [one for one in await site.events() if isinstance(one, SignalRead)]
    place.counsellor = await site.logged_in(site.world.counsellor)
    after = words_of(await place.counsellor.get(place.page))
    assert "Gelezen door de school" in after
    assert "Gelezen di 8 september 2026, 07:15" in after
    assert "Bel de school" not in after


async def test_s47_unread_at_eight_becomes_a_task_that_only_the_noted_call_settles(site: Site) -> None:
    place = await at_linde(site)
    site.world.clock.set(MONDAY_23)
    place.counsellor = await site.logged_in(site.world.counsellor)
    await place.send()
    await place.look(TUESDAY_8)
    place.counsellor = await site.logged_in(site.world.counsellor)
    tasks = (await place.counsellor.get(f"/opvang/{site.world.tenant}/taken")).text
    assert f'href="{place.page}"' in tasks
    assert "/klaar" not in tasks
    page = await place.counsellor.get(place.page)
    assert "Bel de school: niemand las dit op tijd. De Linde 013-5550101" in words_of(page)
    (called,) = set(re.findall(r'href="([^"]+/gebeld)"', page.text))
    form = await place.counsellor.get(called)
    assert "013-5550101" in words_of(form)
    assert (await place.counsellor.post(called, {"signal_spoken_to": "veilig_thuis"})).status_code == 400
    answer = await place.counsellor.post(called, {"signal_spoken_to": "director"})
    assert answer.headers["location"] == f"{place.page}?gedaan=signaal-gebeld"
    again = await place.counsellor.post(called, {"signal_spoken_to": "director"})
    assert again.headers["location"] == place.page
    assert (await place.counsellor.get(called)).headers["location"] == place.page
    await place.look(TUESDAY_8)
    assert [one.spoken_to for one in await site.events() if isinstance(one, SignalCalled)] == ["director"]
    place.counsellor = await site.logged_in(site.world.counsellor)
    tasks = (await place.counsellor.get(f"/opvang/{site.world.tenant}/taken")).text
    assert place.page not in tasks
    assert "Per telefoon verteld" in words_of(await place.counsellor.get(place.page))


async def test_sent_twice_by_one_form_it_goes_once_and_without_its_token_not_at_all(site: Site) -> None:
    place = await at_linde(site)
    page = (await place.counsellor.get(place.page)).text
    step = {"step": re.findall(r'name="step" value="([^"]+)"', page)[0]}
    for _ in range(2):
        assert (await place.counsellor.post(place.page, step)).status_code == 303
    assert (await place.counsellor.post(place.page)).status_code == 303
    assert len([one for one in await site.events() if isinstance(one, SignalSent)]) == 1
    assert set(names_in(page)) <= {"csrf", "step", "language", "back"}


async def test_after_five_school_days_it_is_gone_at_the_school_and_the_counsellor_sees_that(
    site: Site,
) -> None:
    place = await at_linde(site)
    await place.send()
    await place.look(datetime(2026, 9, 20, 8, tzinfo=UTC))
    place.counsellor = await site.logged_in(site.world.counsellor)
    assert "Weg bij de school" in words_of(await place.counsellor.get(place.page))
    contact = await site.logged_in(site.world.contact)
    assert place.at_school not in (await contact.get(place.children)).text
    assert "Er is nu geen signaal over dit kind." in words_of(await contact.get(place.at_school))
    assert "Handle with Care" not in (await contact.post(place.at_school)).text


async def test_taken_back_by_the_counsellor_nobody_reads_it_and_nobody_has_to_call(site: Site) -> None:
    place = await at_linde(site)
    site.world.clock.set(MONDAY_23)
    place.counsellor = await site.logged_in(site.world.counsellor)
    await place.send()
    (written,) = await site.world.services.records.written(site.world.counsellor, place.relationship)
    await site.world.services.records.retract(site.world.counsellor, place.relationship, written.record)
    await place.look(TUESDAY_8)
    place.counsellor = await site.logged_in(site.world.counsellor)
    assert "Bel de school" not in words_of(await place.counsellor.get(place.page))
    assert place.page not in (await place.counsellor.get(f"/opvang/{site.world.tenant}/taken")).text
    contact = await site.logged_in(site.world.contact)
    assert place.at_school not in (await contact.get(place.children)).text


async def test_withdrawn_between_the_list_and_the_reading_nothing_is_shown(site: Site) -> None:
    place = await at_linde(site)
    await place.send()
    contact = await site.logged_in(site.world.contact)
    assert place.at_school in (await contact.get(place.children)).text
    mother = site.world.guardian(place.view)
    key = (place.relationship, TypeKey("care_signal"))
    target = Target(mother.tenant, mother.family, mother.guardian, (key,))
    await site.world.services.consent.withdraw(mother, target, method="tablet")
    answer = await contact.post(place.at_school)
    assert answer.status_code == 200
    assert "Handle with Care" not in answer.text


# --- 19, 10, 16: who may not ------------------------------------------------------------------


@pytest.mark.parametrize(
    "answers", [{"care_signal": "no"}, {"shelter_involvement": "no"}], ids=["type", "gate"]
)
async def test_s19_what_the_parents_did_not_allow_is_told_before_anybody_sends(
    site: Site, answers: dict[str, Answer]
) -> None:
    place = await at_linde(site, answers)
    page = await place.counsellor.get(place.page)
    assert "Dit kan nu niet verstuurd worden." in words_of(page)
    assert 'name="step"' not in page.text


async def test_s19_withdrawn_while_the_page_was_open_it_is_refused_with_its_reason(site: Site) -> None:
    place = await at_linde(site)
    page = (await place.counsellor.get(place.page)).text
    step = {"step": re.findall(r'name="step" value="([^"]+)"', page)[0]}
    await site.world.intake(site.world.guardian(place.view), {**GIVEN, "shelter_involvement": "no"})
    answer = await place.counsellor.post(place.page, step)
    assert answer.status_code == 403
    assert "Er is niets verstuurd. Extra aandacht:" in words_of(answer)
    assert not [one for one in await site.events() if isinstance(one, RecordShared)]


async def test_s10_a_child_that_says_no_pauses_the_signal_and_the_page_says_so(site: Site) -> None:
    place = await at_linde(site, born=date(2012, 3, 7))
    await site.world.intake(site.world.child(place.view), {"care_signal": "no"})
    page = await place.counsellor.get(place.page)
    assert "Dit kan nu niet verstuurd worden." in words_of(page)
    assert (await place.send())[0] == 303
    assert not [one for one in await site.events() if isinstance(one, SignalSent)]


async def test_s16_a_related_contact_reads_no_signal_and_the_deputy_does(site: Site) -> None:
    place = await at_linde(site)
    related, deputy = await deputy_of_tuesday(site.world, place.relationship)
    await site.world.services.families.declare_conflict(
        site.world.counsellor, place.relationship, related.staff
    )
    assert "Wie hoort het nu Dirk Deputy" in words_of(await place.counsellor.get(place.page))
    await place.send()
    kin, stand_in = await site.logged_in(related), await site.logged_in(deputy)
    assert place.at_school not in (await kin.get(place.children)).text
    for answer in (await kin.get(place.at_school), await kin.post(place.at_school)):
        assert answer.status_code == 404
    assert "Handle with Care" in (await stand_in.post(place.at_school)).text


async def test_nobody_who_reads_is_said_and_it_can_still_be_sent(site: Site) -> None:
    place = await at_linde(site)
    await site.world.services.families.remove_contact(
        site.world.counsellor, place.relationship, site.world.contact.staff
    )
    assert "Niemand: er is nu geen contactpersoon die leest." in words_of(
        await place.counsellor.get(place.page)
    )


# --- bad input: no region, no school days, the old way -----------------------------------------


async def test_without_a_region_or_with_an_unknown_year_the_page_says_what_to_do(site: Site) -> None:
    place = await at_linde(site, region=False)
    page = await place.counsellor.get(place.page)
    assert "Van deze school is de vakantieregio niet bekend." in words_of(page)
    assert 'name="step"' not in page.text
    await site.world.services.signal_routing.place_school(site.world.officer, site.world.linde, "zuid")
    step = {
        "step": re.findall(r'name="step" value="([^"]+)"', (await place.counsellor.get(place.page)).text)[0]
    }
    site.world.clock.set(datetime(2029, 9, 20, 8, tzinfo=UTC))
    place.counsellor = await site.logged_in(site.world.counsellor)
    page = await place.counsellor.get(place.page)
    assert "Voor dit schooljaar kennen wij de vakanties niet." in words_of(page)
    assert (await place.counsellor.post(place.page, step)).status_code == 303


async def test_a_region_taken_away_between_page_and_button_sends_nothing(site: Site) -> None:
    place = await at_linde(site)
    page = (await place.counsellor.get(place.page)).text
    step = {"step": re.findall(r'name="step" value="([^"]+)"', page)[0]}
    signals = site.world.services.signals
    signals._days = 10_000
    answer = await place.counsellor.post(place.page, step)
    assert answer.status_code == 400
    assert "Voor dit schooljaar kennen wij de vakanties niet." in words_of(answer)


async def test_the_form_of_sharing_leads_to_the_signal_page_and_takes_none_itself(site: Site) -> None:
    place = await at_linde(site)
    share = place.page.replace("/signaal", "/delen/care_signal")
    assert (await place.counsellor.get(share)).headers["location"] == place.page
    other = place.page.replace("/signaal", "/delen/support_advice")
    step = re.findall(r'name="step" value="([^"]+)"', (await place.counsellor.get(other)).text)[0]
    before = await count(site.world, records)
    answer = await place.counsellor.post(share, {"step": step, "field-code_word": "handle_with_care"})
    assert answer.status_code == 400
    assert "Stuur het op de pagina Extra aandacht van dit kind" in words_of(answer)
    assert await count(site.world, records) == before


# --- another way ------------------------------------------------------------------------------


async def test_through_the_attendance_officer_the_counsellor_calls_at_once(site: Site) -> None:
    place = await at_linde(site)
    setting = RouteSetting("midden", "attendance_officer", "Leerplicht Tilburg", "013-5550900")
    await site.world.services.signal_routing.set_route(site.world.officer, setting)
    before = words_of(await place.counsellor.get(place.page))
    assert "Via de leerplichtambtenaar: Leerplicht Tilburg" in before
    assert "013-5550900" in before
    assert "De school krijgt geen bericht." in before
    assert (await place.send())[1].endswith("gedaan=signaal-bel")
    page = await place.counsellor.get(place.page)
    assert "Bel nu. Leerplicht Tilburg 013-5550900" in words_of(page)
    (called,) = set(re.findall(r'href="([^"]+/gebeld)"', page.text))
    answer = await place.counsellor.post(called, {"signal_spoken_to": "attendance_officer"})
    assert answer.status_code == 303
    await site.world.services.signal_routing.set_route(
        site.world.officer, RouteSetting("midden", "direct", "", "")
    )
    await place.send()
    assert "Rechtstreeks naar de school" in words_of(await place.counsellor.get(place.page))


async def test_when_the_way_changed_since_the_school_itself_is_called(site: Site) -> None:
    place = await at_linde(site)
    routing = site.world.services.signal_routing
    await routing.set_route(
        site.world.officer, RouteSetting("midden", "veilig_thuis", "Veilig Thuis", "0800-2000")
    )
    await place.send()
    await routing.set_route(site.world.officer, RouteSetting("midden", "direct", "", ""))
    assert "Bel nu. De Linde 013-5550101" in words_of(await place.counsellor.get(place.page))


# --- before the pupil was confirmed -------------------------------------------------------------


async def test_s49_before_the_pupil_was_confirmed_the_signal_is_read_and_nobody_is_named(site: Site) -> None:
    world = site.world
    view = await world.family()
    relationship = await world.at_school(view.children[0].child, begun=False)
    await world.intake(world.guardian(view), GIVEN)
    await world.services.signal_routing.place_school(world.officer, world.linde, "midden")
    place = Place(site, view, relationship, await site.logged_in(world.counsellor))
    contact = await site.logged_in(world.contact)
    assert (await contact.get(place.at_school)).status_code == 404
    assert (await contact.post(place.at_school)).status_code == 404
    await place.send()
    assert place.at_school in (await contact.get(place.children)).text
    answer = await contact.post(place.at_school)
    assert "Handle with Care" in answer.text
    assert "Wie belt u" not in words_of(answer)
    assert "Hulporganisatie" not in words_of(answer)


# --- the privacy coordinator ------------------------------------------------------------------


async def test_the_coordinator_places_schools_and_a_wrong_region_is_told(site: Site) -> None:
    world = site.world
    officer = await site.logged_in(world.officer)
    page = f"/toezicht/{world.tenant}/regios"
    assert "Van 2 scholen is de regio niet bekend." in words_of(await officer.get(page))
    wrong = {f"region-{world.linde}": "oost", f"region-{world.eik}": "zuid"}
    answer = await officer.post(page, wrong)
    assert answer.status_code == 400
    assert "De Linde: Kies een van de antwoorden." in words_of(answer)
    assert re.search(r'value="zuid" selected', answer.text)
    sent = {f"region-{world.linde}": "midden", f"region-{world.eik}": ""}
    assert (await officer.post(page, sent)).headers["location"] == f"{page}?gedaan=regio"
    assert (await officer.post(page, sent)).status_code == 303
    regions = {one.school: one.region for one in await world.services.signal_routing.schools(world.officer)}
    assert regions == {world.linde: "midden", world.eik: None}
    assert "Van 1 school is de regio niet bekend." in words_of(await officer.get(page))


async def test_the_coordinator_sets_the_way_and_hears_all_that_is_wrong_at_once(site: Site) -> None:
    world = site.world
    officer = await site.logged_in(world.officer)
    page = f"/toezicht/{world.tenant}/regios/zuid"
    assert (await officer.get(page.replace("zuid", "oost"))).status_code == 404
    answer = await officer.post(page, {"route": "veilig_thuis", "recipient": " ", "recipient_phone": "12"})
    assert answer.status_code == 400
    assert answer.text.count("field-problem") >= 2
    assert "12" in re.findall(r'name="recipient_phone"[^>]*value="([^"]*)"', answer.text)
    form = {"route": "veilig_thuis", "recipient": "Veilig Thuis", "recipient_phone": "0800-2000"}
    assert (await officer.post(page, form)).status_code == 303
    shown = words_of(await officer.get(f"/toezicht/{world.tenant}/regios"))
    assert "Zuid Via Veilig Thuis: Veilig Thuis" in shown
    assert "0800-2000" in shown
    assert 'value="veilig_thuis" checked' in (await officer.get(page)).text


# --- 54: absence and how it goes ----------------------------------------------------------------


async def test_s54_a_four_year_old_is_never_presumed_absent_and_the_page_says_from_when(site: Site) -> None:
    place = await at_linde(site, {"school_absence": "yes"}, born=date(2022, 3, 1))
    contact = await site.logged_in(site.world.contact)
    write = place.at_school.replace("/signaal", "/schrijven/school_absence")
    page = words_of(await contact.get(write))
    assert "Dit kind is leerplichtig vanaf 1 april 2027." in page
    assert "Uren worden hier niet geteld." in page
    assert "Dit is geen wettelijke verzuimmelding. Die blijft de plicht van de school zelf." in page
    day = {"field-date-day": "1", "field-date-month": "9", "field-date-year": "2026"}
    form = {**day, "field-part_of_day": "morning", "field-kind": "presumed_unauthorised"}
    answer = await contact.post(write, form)
    assert answer.status_code == 400
    assert "Dit kind is op die dag nog niet leerplichtig." in words_of(answer)
    assert (await contact.post(write, {**form, "field-kind": "leave_asked"})).status_code == 303
    later = {**form, "field-date-month": "4", "field-date-year": "2027"}
    answer = await contact.post(write, later)
    assert answer.status_code == 400
    assert "Deze dag moet nog komen." in words_of(answer)


async def test_of_an_older_child_the_page_says_nothing_about_compulsory_education(site: Site) -> None:
    place = await at_linde(site, {"school_absence": "yes", "wellbeing_at_school": "yes"})
    contact = await site.logged_in(site.world.contact)
    page = words_of(await contact.get(place.at_school.replace("/signaal", "/schrijven/school_absence")))
    assert "leerplichtig vanaf" not in page
    page = words_of(await contact.get(place.at_school.replace("/signaal", "/schrijven/wellbeing_at_school")))
    assert "Schrijf wat u zag of hoorde" in page
    assert "verzuimmelding" not in page


async def test_the_administration_writes_absence_and_reads_nothing(site: Site) -> None:
    place = await at_linde(site, {"school_absence": "yes"})
    world = site.world
    member = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("school_staff", "Ada Administratie", world.linde, "administration")
    )
    await world.services.families.list_contact(world.counsellor, place.relationship, StaffId(member))
    desk = await site.logged_in(SchoolStaff(world.tenant, StaffId(member), world.linde, "administration"))
    await place.send()
    children = (await desk.get(place.children)).text
    assert "Noor Voorbeeld" in children
    assert place.at_school not in children
    write = place.at_school.replace("/signaal", "/schrijven/school_absence")
    day = {"field-date-day": "1", "field-date-month": "9", "field-date-year": "2026"}
    form = {**day, "field-part_of_day": "whole_day", "field-kind": "authorised"}
    assert (await desk.post(write, form)).status_code == 303
    assert (await desk.get(write.replace("school_absence", "wellbeing_at_school"))).status_code == 404
    await world.intake(world.guardian(place.view), {"school_absence": "no"})
    assert "Noor Voorbeeld" not in (await desk.get(place.children)).text
    assert (await desk.post(write, form)).status_code == 404
    await world.intake(world.guardian(place.view), {"school_absence": "yes", "shelter_involvement": "no"})
    assert "Noor Voorbeeld" not in (await desk.get(place.children)).text
