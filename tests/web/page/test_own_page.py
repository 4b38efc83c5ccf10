"""The own page in a browser: getting in, what stands there, stopping, answering again, getting out."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest

from consent_service.audit import events
from consent_service.consent.codes import code_hash, normalised_code
from consent_service.consent.service import Target
from consent_service.consent.tables import consent_ledger
from consent_service.identity import pins
from consent_service.identity.page_tries import STRANGERS, take_of
from consent_service.identity.tables import page_tries
from consent_service.release.model import Refused, Released
from tests.ledger import rows
from tests.scenarios.stories import SUPPORT, ask, told_family
from tests.web.page.owning import HOME, PIN, ask_again, at_own_page, secured, typed
from tests.web.visiting import Site
from tests.web.walking import Walker, counsellor_at, family_path, pressed_twice


async def test_a_parent_sees_what_the_school_sees_and_stops_it_with_one_tap(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    assert "Dit ziet de school nu" in parent.text
    assert "Wat helpt uw kind" in parent.text
    assert isinstance(await ask(site.world, told.relationship), Released)
    value = f"{told.relationship}:{SUPPORT}"
    form = next(
        form
        for form in parent.page.all("form")
        if any(b.attributes.get("value") == value and "Stop" in b.text() for b in form.all("button"))
    )
    await parent.send(
        form.attributes["action"],
        {"csrf": form.all("input", name="csrf")[0].attributes["value"], "keys": value},
    )
    assert parent.path == HOME
    assert "Het is gestopt." in parent.text
    assert isinstance(await ask(site.world, told.relationship), Refused)
    (row,) = await rows(site.world, consent_ledger, kind="withdrawn")
    assert (row.method, row.information_type) == ("page", SUPPORT)


async def test_no_address_and_no_title_says_anything_about_anybody(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    await parent.follow("Wie keek mee?")
    await parent.open(HOME)
    await parent.press("Veranderen")
    assert set(parent.titles) == {"Uw keuzes"}
    for address in parent.locations:
        assert told.receipt.withdrawal_code.replace("-", "") not in address
        assert "Noor" not in address


async def test_no_address_names_a_kind_of_information_or_a_child_at_a_school(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    await parent.press("Veranderen")
    pages = [parent.page]
    await parent.press("Ja")
    await parent.open("/mijn-pagina/wie-keek")
    pages.append(parent.page)
    await parent.open(HOME)
    pages.append(parent.page)
    addresses = {*parent.locations, parent.path}
    for element in [one for page in pages for one in (*page.all("a"), *page.all("form"))]:
        addresses |= {element.attributes.get(name, "") for name in ("href", "action")}
    types = site.world.services.policies.proposal.catalogue.types
    for address in addresses:
        assert told.relationship not in address
        assert not any(key in address for key in types), address


async def test_a_full_queue_says_try_again_in_a_minute_and_counts_nothing(site: Site) -> None:
    told = await told_family(site.world)
    await secured(site.world, told.mother)
    with ExitStack() as waiting:
        for _ in range(20):
            waiting.enter_context(pins.OWN_PAGE.place())
        walker = await typed(site, told.receipt.withdrawal_code, status=503)
    assert "Probeer het over een minuut nog eens." in walker.text
    assert await rows(site.world, page_tries) == []
    await walker.press("Open mijn pagina", {"digits": PIN})
    assert walker.path == HOME


@pytest.mark.parametrize("real", [True, False])
async def test_after_many_tries_by_strangers_every_code_gets_the_same_words_and_the_way_to_stop(
    site: Site, real: bool
) -> None:
    told = await told_family(site.world)
    await secured(site.world, told.mother)
    code = told.receipt.withdrawal_code if real else "0000-0000-0000-0000"
    async with site.world.services.installation.database.transaction() as conn:
        for _ in range(STRANGERS.most):
            about = f"factor:{code_hash(normalised_code(code) or code)}"
            assert await take_of(conn, about, STRANGERS, site.world.clock.now()) is not None
    walker = await typed(site, code, status=400)
    assert "Dat lukt nu niet. Probeer het morgen, of vraag uw begeleider om een nieuwe code." in walker.text
    assert "kloppen niet" not in walker.text
    await walker.follow("Stoppen met delen")
    assert walker.path == "/intrekken"


async def test_answering_again_takes_two_taps_and_keeps_what_was_shown(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    await parent.press("Veranderen")
    assert "U mag nee zeggen. U houdt uw plek en uw hulp." in parent.text
    before = await rows(site.world, consent_ledger, kind="given")
    await parent.press("Ja")
    assert "Uw keuze is bewaard." in parent.text
    after = await rows(site.world, consent_ledger, kind="given")
    (new,) = [row for row in after if row.decision not in {one.decision for one in before}]
    assert (new.method, new.evidence, new.person) == ("page", "session", told.mother.guardian)
    assert len(new.screen_hash) == 64
    assert new.screen_hash != "0" * 64
    assert new.text_version.startswith("consent.")
    assert new.valid_until is not None
    assert new.seconds_shown == 0
    assert new.device is None


async def test_an_answer_sent_twice_counts_once(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    await parent.press("Veranderen")
    before = len(await rows(site.world, consent_ledger, kind="given"))
    await pressed_twice(parent, "Ja", {})
    assert len(await rows(site.world, consent_ledger, kind="given")) == before + 1


async def test_this_is_not_right_is_told_to_the_counsellor_and_nothing_is_typed(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    assert not parent.page.all("textarea")
    value = f"{told.relationship}:{SUPPORT}"
    form = next(
        form
        for form in parent.page.all("form")
        if any(b.attributes.get("value") == value and "klopt niet" in b.text() for b in form.all("button"))
    )
    sent = {i.attributes["name"]: i.attributes["value"] for i in form.all("input")} | {"keys": value}
    for _ in range(2):
        await parent.send(form.attributes["action"], sent)
    assert "Uw begeleider praat hierover met u" in parent.text
    found = [e for e in await site.events() if isinstance(e, events.WrongInformationReported)]
    assert found == [events.WrongInformationReported(told.relationship, SUPPORT, told.mother.guardian)]


async def test_the_page_closes_by_itself_and_says_where_to_go(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    site.world.clock.advance(timedelta(minutes=15))
    await parent.open(HOME, status=401)
    assert "Deze pagina is gesloten" in parent.text
    await parent.follow("Verder")
    assert parent.path == "/mijn-pagina"


async def test_the_quick_exit_ends_the_session_and_leaves_nothing_behind(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    assert "eigen-8080" in parent.cookies
    answer = await parent._send("GET", "/snel-weg", None)
    assert answer.status_code == 303
    assert parent.cookies <= {"taal", "leestaal"}
    await parent.open(HOME, status=401)


async def test_a_counsellors_session_in_the_same_browser_ends_and_is_never_merged(site: Site) -> None:
    told = await told_family(site.world)
    await secured(site.world, told.mother)
    walker = await counsellor_at(site)
    old = walker.token
    await walker.open("/mijn-pagina")
    await walker.press("Verder", {"code": told.receipt.withdrawal_code})
    await walker.press("Open mijn pagina", {"digits": PIN})
    assert walker.path == HOME
    assert walker.token != old
    await walker.open(family_path(site, told.view.family), status=404)
    assert await site.world.services.identity.actor_for(old) is None


async def test_an_own_page_opens_no_page_of_the_tablet(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    for path in ("/intake", "/intake/mijn-keuzes", "/intake/eigen-pagina", "/tablet-terug"):
        await parent.open(path, status=401)


@pytest.mark.parametrize("wrong", ["pin", "code", "no factor"])
async def test_whatever_was_wrong_looks_the_same(site: Site, wrong: str) -> None:
    told = await told_family(site.world)
    if wrong != "no factor":
        await secured(site.world, told.mother)
    other = "0000-0000-0000-0000"
    walker = await typed(
        site, other if wrong == "code" else told.receipt.withdrawal_code, "135790", status=400
    )
    assert "De code of de cijfers kloppen niet." in walker.text
    assert walker.text.count("Noor") == 0
    assert walker.path == "/mijn-pagina/cijfers"


async def test_the_tablet_offers_to_choose_a_pin_after_signing(site: Site) -> None:
    told = await told_family(site.world)
    browser = await site.with_tablet(told.view)
    walker = Walker(site, browser.token)
    await walker.open("/intake/eigen-pagina")
    await walker.press("Pincode bewaren", {"pin": "123456", "pin_again": "123456"}, status=400)
    assert "te eenvoudig" in walker.text or "Kies" in walker.text
    await walker.press("Pincode bewaren", {"pin": "040518", "pin_again": "040518"}, status=400)
    assert "Kies geen geboortedatum." in walker.text
    await walker.press("Pincode bewaren", {"pin": PIN, "pin_again": PIN[:-1] + "9"}, status=400)
    assert not walker.values("pin")[0]
    await walker.press("Pincode bewaren", {"pin": PIN, "pin_again": PIN})
    parent = await typed(site, told.receipt.withdrawal_code)
    assert parent.path == HOME


async def test_english_pages_are_english(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code, language="en")
    assert "This the school sees now" in parent.text


async def test_s43_the_question_offers_three_equal_choices_and_none_beforehand(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    await parent.press("Veranderen")
    choices = parent.page.all("button", name="answer")
    assert [choice.attributes["value"] for choice in choices] == ["yes", "no", "later"]
    assert len({choice.attributes["class"] for choice in choices}) == 1
    assert not [e for e in parent.page.walk() if "checked" in e.attributes]
    form = parent.form_with("Later")
    before = len(await rows(site.world, consent_ledger))
    sent = parent.sent_with(form, choices[0], {}) | {"answer": "all"}
    await parent.send(form.attributes["action"], sent, status=400)
    assert len(await rows(site.world, consent_ledger)) == before


async def test_saying_no_on_the_question_is_a_stop_when_it_ran_meanwhile(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    target = Target(
        site.world.tenant, told.view.family, told.mother.guardian, ((told.relationship, SUPPORT),)
    )
    await site.world.services.consent.withdraw(told.mother, target, method="page")
    await ask_again(parent, told.relationship, SUPPORT)
    await parent.press("Ja")
    await ask_again(parent, told.relationship, SUPPORT)
    await parent.press("Nee")
    assert "Het is gestopt." in parent.text
    assert len(await rows(site.world, consent_ledger, kind="withdrawn")) == 2


async def test_what_was_never_asked_has_no_question(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    await ask_again(parent, told.relationship, "child_health")
    assert parent.path == HOME
    sent = {"csrf": parent.values("csrf")[0], "keys": f"{told.relationship}:child_health"}
    await parent.send("/mijn-pagina/vraag/antwoord", sent | {"answer": "yes", "step": "x"})
    assert parent.path == HOME
    for address in ("/mijn-pagina/vraag", "/mijn-pagina/vraag/antwoord"):
        await parent.open(address)
        assert parent.path == HOME
    assert await rows(site.world, consent_ledger, information_type="child_health") == []


async def test_a_pin_is_changed_on_the_page_itself_and_the_page_closed_by_hand(site: Site) -> None:
    told = await told_family(site.world)
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    await parent.follow("Pincode veranderen")
    assert "Nu gekozen: Pincode." in parent.text
    chosen = {"pin": "135790", "pin_again": "135790"}
    await parent.press(
        "Pincode bewaren", {"old_pin": PIN, "pin": "111111", "pin_again": "111111"}, status=400
    )
    for wrong in ("", "246802"):
        await parent.press("Pincode bewaren", {"old_pin": wrong, **chosen}, status=400)
        assert "De oude pincode klopt niet." in parent.text
    await parent.press("Pincode bewaren", {"old_pin": PIN, **chosen})
    assert parent.path == HOME
    await parent.open("/mijn-pagina")
    assert parent.path == HOME
    await parent.open("/")
    assert parent.path == HOME
    await parent.press("Pagina sluiten")
    assert parent.path == "/mijn-pagina"
    assert "U bent uitgelogd." in parent.text
    await parent.open(HOME, status=401)
    again = await typed(site, told.receipt.withdrawal_code, "135790")
    assert again.path == HOME


@pytest.mark.parametrize("digits", ["", "12345", "abcdef", "1234567"])
async def test_what_is_no_six_digits_is_told_without_a_try(site: Site, digits: str) -> None:
    told = await told_family(site.world)
    await secured(site.world, told.mother)
    walker = await typed(site, told.receipt.withdrawal_code, digits, status=400)
    assert await rows(site.world, page_tries) == []
    await walker.press("Open mijn pagina", {"digits": PIN})
    assert walker.path == HOME


async def test_a_typing_error_in_the_code_is_told_at_once(site: Site) -> None:
    walker = Walker(site, "")
    await walker.open("/mijn-pagina")
    await walker.press("Verder", {"code": "7K3M"}, status=400)
    assert walker.page.all("input", name="code")
    await walker.send("/mijn-pagina/cijfers", {"code_token": "x", "digits": PIN}, status=400)
    await walker.open("/mijn-pagina/cijfers")
    assert walker.path == "/mijn-pagina"


async def test_who_waits_is_told_how_long_and_that_stopping_is_possible(site: Site) -> None:
    told = await told_family(site.world)
    await secured(site.world, told.mother)
    walker = await typed(site, told.receipt.withdrawal_code, "135790", status=400)
    for _ in range(5):
        await walker.press("Open mijn pagina", {"digits": "135790"}, status=400)
    assert "Wachttijd in minuten: 1. Stoppen met delen kan altijd." in walker.text
