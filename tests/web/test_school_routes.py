"""The school's pages over the whole application: what is shown, what is logged, what stays hidden."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from consent_service.audit.events import InformationReleased, RecordShared, ReleaseRefused
from consent_service.consent.model import Receipt
from consent_service.consent.service import Target
from consent_service.families.model import FamilyView
from consent_service.foundation.ids import RelationshipId, TypeKey, new_id
from consent_service.identity.model import SchoolStaff
from consent_service.organisations.model import NewStaff, NewSuccession
from consent_service.records.model import Shared
from consent_service.records.service import Note
from tests.shelter import OPERATOR, SECRET, World, furnish
from tests.web.visiting import Site, first_choice, main_of, names_in, words_of

AHEAD = ({"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}, {"x-moz": "prefetch"})
ADVICE = "Even naar buiten lopen."
ALLOWED = {"shelter_involvement": "yes", "support_advice": "yes", "wellbeing_at_school": "yes"}


class Known:
    """A family of which the school got something, and the contact's browser."""

    def __init__(self, view: FamilyView, relationship: RelationshipId, receipt: Receipt) -> None:
        self.view = view
        self.relationship = relationship
        self.receipt = receipt


async def _known(world: World, answers: dict[str, str] | None = None, **family: object) -> Known:
    view = await world.family(**family)  # type: ignore[arg-type]
    relationship = await world.at_school(view.children[0].child)
    receipt = await world.intake(world.guardian(view), answers or ALLOWED)  # type: ignore[arg-type]
    await world.services.records.share(
        world.counsellor, relationship, Note(TypeKey("support_advice"), {"helps": ADVICE})
    )
    return Known(view, relationship, receipt)


def _child(site: Site, relationship: str) -> str:
    return f"/school/{site.world.tenant}/kinderen/{relationship}"


async def _releases(site: Site) -> list[InformationReleased]:
    return [event for event in await site.events() if isinstance(event, InformationReleased)]


async def test_a_page_that_is_fetched_ahead_shows_and_logs_nothing(site: Site) -> None:
    known = await _known(site.world)
    contact = await site.logged_in(site.world.contact)
    before = await site.events()
    for path in (f"/school/{site.world.tenant}", _child(site, known.relationship)):
        for headers in (
            {"sec-purpose": "prefetch;prerender"},
            {"purpose": "prefetch"},
            {"x-moz": "prefetch"},
        ):
            answer = await contact.get(path, **headers)
            assert (answer.status_code, answer.text) == (503, "")

    assert await site.events() == before


async def test_opening_the_childs_page_releases_who_it_is_and_no_record(site: Site) -> None:
    known = await _known(site.world)
    contact = await site.logged_in(site.world.contact)
    page = await contact.get(_child(site, known.relationship))

    assert page.status_code == 200
    assert "Noor Voorbeeld" in page.text
    assert ADVICE not in page.text
    assert [(one.types, one.records) for one in await _releases(site)] == [(("shelter_involvement",), ())]


async def test_every_view_of_a_child_is_an_entry_of_its_own(site: Site) -> None:
    known = await _known(site.world)
    contact = await site.logged_in(site.world.contact)
    await contact.get(f"/school/{site.world.tenant}")
    await contact.get(_child(site, known.relationship))
    await contact.get(_child(site, known.relationship) + "/geschreven")

    assert len(await _releases(site)) == 3


async def test_asking_with_a_purpose_shows_exactly_what_was_allowed(site: Site) -> None:
    known = await _known(site.world)
    contact = await site.logged_in(site.world.contact)
    answer = await contact.post(_child(site, known.relationship), {"purpose": "support"})

    assert answer.status_code == 200
    words = words_of(answer)
    assert f"Wat helpt {ADVICE}" in words
    assert "Begeleider, Hulporganisatie" in words
    assert "Niet voor de andere ouder" in words
    assert "artikel 1:377c BW" in words
    assert "Extra aandacht Niet beschikbaar." in words
    assert "Opvang Zuid" not in answer.text


async def test_the_page_in_english_has_no_dutch_left_in_labels(site: Site) -> None:
    known = await _known(site.world)
    contact = await site.logged_in(site.world.contact, language="en")
    answer = await contact.post(_child(site, known.relationship), {"purpose": "support"})

    assert '<html lang="en"' in answer.text
    assert ADVICE in answer.text
    assert "Niet beschikbaar" not in answer.text


@pytest.mark.parametrize("purpose", ["", "curiosity"])
async def test_without_a_real_purpose_nothing_is_asked(site: Site, purpose: str) -> None:
    known = await _known(site.world)
    contact = await site.logged_in(site.world.contact)
    answer = await contact.post(_child(site, known.relationship), {"purpose": purpose})

    assert answer.status_code == 400
    assert ADVICE not in answer.text
    assert "Kies een van de antwoorden." in words_of(answer)
    assert all(not one.records for one in await _releases(site))


async def _never_asked(_site: Site, _known: Known) -> None:
    """The family was asked about other things only."""


async def _withdrawn(site: Site, known: Known) -> None:
    guardian = site.world.guardian(known.view)
    key = (known.relationship, TypeKey("support_advice"))
    target = Target(guardian.tenant, guardian.family, guardian.guardian, (key,))
    await site.world.services.consent.withdraw(guardian, target, method="tablet")


async def _objected(site: Site, known: Known) -> None:
    guardian = site.world.guardian(known.view, 1)
    key = (known.relationship, TypeKey("support_advice"))
    target = Target(guardian.tenant, guardian.family, guardian.guardian, (key,))
    await site.world.services.consent.object(guardian, target, method="tablet")


Cause = Callable[[Site, Known], Awaitable[None]]


async def test_every_cause_in_the_family_reads_the_same_to_the_byte(site: Site) -> None:
    parents = (("Samira", "holder"), ("Karel", "holder"))
    causes: dict[str, tuple[dict[str, str], Cause]] = {
        "said no": ({**ALLOWED, "support_advice": "no"}, _never_asked),
        "later": ({**ALLOWED, "support_advice": "later"}, _never_asked),
        "withdrawn": (ALLOWED, _withdrawn),
        "objected": (ALLOWED, _objected),
    }
    contact = await site.logged_in(site.world.contact)
    lines = {}
    for name, (answers, cause) in causes.items():
        known = await _known(site.world, answers, guardians=parents)
        await cause(site, known)
        page = await contact.post(_child(site, known.relationship), {"purpose": "support"})
        assert ADVICE not in page.text, name
        lines[name] = main_of(page).replace(known.relationship, "ID")

    assert len(set(lines.values())) == 1, lines.keys()
    causes_logged = {
        refused.code
        for event in await site.events()
        if isinstance(event, ReleaseRefused)
        for refused in event.refused
        if refused.information_type == "support_advice"
    }
    assert len(causes_logged) > 1, "the log tells the true causes"


async def test_when_the_gate_is_closed_the_child_is_nowhere_and_the_request_is_refused_and_logged(
    site: Site,
) -> None:
    known = await _known(site.world)
    contact = await site.logged_in(site.world.contact)
    await site.world.services.consent.withdraw_by_code(known.receipt.withdrawal_code)

    listed = await contact.get(f"/school/{site.world.tenant}")
    hidden = await contact.get(_child(site, known.relationship))
    unknown = await contact.get(_child(site, new_id()))
    asked = await contact.post(_child(site, known.relationship), {"purpose": "support"})

    assert "Noor" not in listed.text
    assert "U bent nu van geen kind contactpersoon." in words_of(listed)
    assert hidden.status_code == unknown.status_code == 404
    assert main_of(hidden) == main_of(unknown)
    assert asked.status_code == 200
    assert "Noor" not in asked.text
    assert "Niet beschikbaar." in words_of(asked)
    assert any(isinstance(event, ReleaseRefused) for event in await site.events())


async def test_somebody_who_is_not_on_the_contact_list_sees_an_ordinary_empty_page(site: Site) -> None:
    known = await _known(site.world)
    teacher = await site.logged_in(site.world.teacher)
    page = await teacher.get(f"/school/{site.world.tenant}")
    asked = await teacher.post(_child(site, known.relationship), {"purpose": "support"})

    assert (page.status_code, "Noor" in page.text) == (200, False)
    assert "U bent nu van geen kind contactpersoon." in words_of(page)
    assert (await teacher.get(_child(site, known.relationship))).status_code == 404
    unknown = await teacher.post(_child(site, new_id()), {"purpose": "support"})
    assert (asked.status_code, unknown.status_code) == (404, 404)
    assert main_of(asked) == main_of(unknown)


async def test_s15_who_was_taken_off_the_list_is_told_so(site: Site) -> None:
    known = await _known(site.world)
    families = site.world.services.families
    await families.remove_contact(site.world.counsellor, known.relationship, site.world.contact.staff)
    contact = await site.logged_in(site.world.contact)
    asked = await contact.post(_child(site, known.relationship), {"purpose": "support"})

    assert ADVICE not in asked.text
    assert "U staat niet (meer) op de lijst van contactpersonen." in words_of(asked)


async def test_s32_a_child_that_another_school_goes_on_with_is_not_there_for_the_old_one(site: Site) -> None:
    known = await _known(site.world)
    services, world = site.world.services, site.world
    merger = NewSuccession(world.linde, world.eik, "merger_deed", date(2026, 8, 1))
    succession = await services.organisations.record_succession(OPERATOR, world.tenant, merger)
    await services.families.move_to_successor(world.counsellor, known.relationship, succession)
    contact = await site.logged_in(world.contact)
    moved = await contact.post(_child(site, known.relationship), {"purpose": "support"})
    unknown = await contact.post(_child(site, new_id()), {"purpose": "support"})

    assert moved.status_code == unknown.status_code == 404
    assert main_of(moved) == main_of(unknown)


async def test_another_schools_and_another_shelters_children_are_not_there(site: Site) -> None:
    known = await _known(site.world)
    elsewhere = await furnish(site.world.services, site.world.clock, "Opvang Noord")
    stranger = await site.logged_in(elsewhere.contact)
    neighbour = await site.logged_in(site.world.eik_contact)
    for browser, tenant in ((stranger, elsewhere.tenant), (neighbour, site.world.tenant)):
        path = f"/school/{tenant}/kinderen/{known.relationship}"
        for suffix in ("", "/geschreven", "/schrijven/wellbeing_at_school"):
            assert (await browser.get(path + suffix)).status_code == 404, suffix
        assert (await browser.post(path, {"purpose": "support"})).status_code == 404
        assert (await browser.post(path + "/schrijven/wellbeing_at_school")).status_code == 404
    assert (await stranger.get(f"/school/{site.world.tenant}")).status_code == 404


async def test_one_login_reaches_several_shelters_and_can_switch(site: Site) -> None:
    known = await _known(site.world)
    elsewhere = await furnish(site.world.services, site.world.clock, "Opvang Noord")
    both = await site.logged_in(elsewhere.contact, site.world.contact)
    here = await both.get(f"/school/{site.world.tenant}")
    there = await both.get(f"/school/{elsewhere.tenant}")

    assert f'href="/school/{elsewhere.tenant}"' in here.text
    assert (known.relationship in here.text, known.relationship in there.text) == (True, False)
    assert "De Linde" in here.text
    assert "Opvang Zuid" not in here.text


async def test_a_contact_writes_for_the_shelter_and_sees_only_that_it_was_written(site: Site) -> None:
    known = await _known(site.world)
    contact = await site.logged_in(site.world.contact)
    address = _child(site, known.relationship)
    form = await contact.get(f"{address}/schrijven/wellbeing_at_school")
    assert form.status_code == 200
    text = "Noor speelt elke dag met haar vriendin."
    sent = await contact.post(f"{address}/schrijven/wellbeing_at_school", _filled(form.text, text))

    assert sent.status_code == 303, words_of(sent)
    assert sent.headers["location"] == f"{address}?gedaan=geschreven"
    assert "Dit staat klaar voor de hulporganisatie." in words_of(await contact.get(sent.headers["location"]))
    written = await contact.get(f"{address}/geschreven")
    assert "Hoe het gaat op school" in words_of(written)
    assert text not in written.text
    assert any(isinstance(event, RecordShared) for event in await site.events())


@pytest.mark.parametrize("language, kind_of_help", [("nl", "opvang"), ("en", "shelter")])
async def test_no_page_of_the_school_says_what_kind_of_help_it_is_or_who_gives_it(
    site: Site, language: str, kind_of_help: str
) -> None:
    known = await _known(site.world)
    contact = await site.logged_in(site.world.contact, language=language)
    address = _child(site, known.relationship)
    paths = [f"/school/{site.world.tenant}", address, f"{address}/geschreven", f"{address}?gedaan=geschreven"]
    paths += re.findall(rf'href="({address}/schrijven/\w+)"', (await contact.get(address)).text)
    pages = [await contact.get(path) for path in paths]
    pages += [await contact.post(path, {"purpose": "support"}) for path in paths if "geschreven" not in path]

    assert len(pages) > 8
    for page in pages:
        words = re.sub(r"<[^>]+>", " ", page.text)
        assert kind_of_help not in words.casefold()
        assert "Opvang Zuid" not in page.text


@pytest.mark.parametrize(
    "chosen, name", [("neutral", "Hulporganisatie"), ("organisation_name", "Opvang Zuid")]
)
async def test_the_school_reads_the_name_that_the_parents_chose(site: Site, chosen: str, name: str) -> None:
    known = await _known(site.world)
    note = Note(TypeKey("shelter_involvement"), {"status": "involved", "shown_as": chosen})
    assert isinstance(
        await site.world.services.records.share(site.world.counsellor, known.relationship, note), Shared
    )
    contact = await site.logged_in(site.world.contact)
    answer = await contact.post(_child(site, known.relationship), {"purpose": "contact"})

    assert f"Naam die de school ziet {name}" in words_of(answer)


async def test_what_is_wrong_is_told_beside_the_field_and_what_was_entered_is_kept(site: Site) -> None:
    known = await _known(site.world)
    contact = await site.logged_in(site.world.contact)
    address = f"{_child(site, known.relationship)}/schrijven/wellbeing_at_school"
    text = "Zij schreef 111 222 333 op."
    wrong = await contact.post(address, _filled((await contact.get(address)).text, text))

    assert wrong.status_code == 400
    assert text in wrong.text
    assert "Dit is geen BSN." in words_of(wrong)
    attested = _filled(wrong.text, text) | {"attested": "not_a_bsn"}
    assert (await contact.post(address, attested)).status_code == 303


async def test_writing_what_the_family_does_not_want_is_refused_in_the_schools_words(site: Site) -> None:
    known = await _known(site.world, {**ALLOWED, "wellbeing_at_school": "no"})
    contact = await site.logged_in(site.world.contact)
    address = f"{_child(site, known.relationship)}/schrijven/wellbeing_at_school"
    sent = await contact.post(address, _filled((await contact.get(address)).text, "Het gaat goed."))

    assert sent.status_code == 200
    assert "Dit is niet gedeeld. Hoe het gaat op school: Niet beschikbaar." in words_of(sent)
    assert not any(isinstance(one, RecordShared) and one.direction == "c2s" for one in await site.events())


async def test_a_type_that_this_role_may_not_write_has_no_form(site: Site) -> None:
    known = await _known(site.world)
    contact = await site.logged_in(site.world.contact)
    for key in ("care_signal", "current_domestic_violence", "nonsense"):
        assert (await contact.get(f"{_child(site, known.relationship)}/schrijven/{key}")).status_code == 404


async def test_a_withdrawal_on_its_way_beats_a_request_that_was_asked_before(site: Site) -> None:
    known = await _known(site.world)
    contact = await site.logged_in(site.world.contact)
    await asyncio.gather(
        contact.post(_child(site, known.relationship), {"purpose": "support"}),
        site.world.services.consent.withdraw_by_code(known.receipt.withdrawal_code),
    )
    after = await contact.post(_child(site, known.relationship), {"purpose": "support"})

    assert ADVICE not in after.text


async def test_a_secret_address_shows_nowhere_on_the_schools_pages(site: Site) -> None:
    known = await _known(site.world, safety=SECRET)
    contact = await site.logged_in(site.world.contact)
    answer = await contact.post(_child(site, known.relationship), {"purpose": "contact"})

    assert answer.status_code == 200
    for word in ("gevaar", "geheim", "veiligheid nog", "danger"):
        assert word not in main_of(answer).casefold().replace("veiligheid op school", "")


async def test_a_director_on_the_list_gets_what_a_director_may_read(site: Site) -> None:
    known = await _known(site.world, {**ALLOWED, "contact_persons": "yes"})
    organisations = site.world.services.organisations
    staff = await organisations.add_staff(
        OPERATOR,
        site.world.tenant,
        NewStaff("school_staff", "Dik Directeur", site.world.linde, "director"),
    )
    await site.world.services.families.list_contact(site.world.counsellor, known.relationship, staff)
    director = await site.logged_in(SchoolStaff(site.world.tenant, staff, site.world.linde, "director"))
    answer = await director.post(_child(site, known.relationship), {"purpose": "contact"})

    assert answer.status_code == 200
    assert ADVICE not in answer.text


DAY = {"day": "1", "month": "9", "year": "2026"}


def _filled(page: str, text: str) -> dict[str, str | list[str]]:
    """Every field of the generated form: the first choice of each question, today, else the text."""
    fields: dict[str, str | list[str]] = {}
    for name in dict.fromkeys(names_in(page)):
        if name.startswith("field-"):
            fields[name] = first_choice(page, name) or DAY.get(name.rpartition("-")[2], text)
    return fields
