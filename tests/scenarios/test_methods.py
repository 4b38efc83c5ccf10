"""Ways of answering: who pressed the button (35), which word is the newest (37), what is not taken at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from consent_service.consent.drafts import Seen
from consent_service.consent.model import Signature
from consent_service.consent.service import Target
from consent_service.consent.sittings import Setting
from consent_service.consent.tables import consent_ledger
from consent_service.foundation.ids import TypeKey
from consent_service.identity.model import GuardianActor
from consent_service.rights.patterns import Pattern
from tests.consent.passed import at_the_desk
from tests.ledger import count, entries, rows
from tests.scenarios.stories import SUPPORT, YES, ask, told_family
from tests.scenarios.test_tablet import answer_all, sit
from tests.shelter import World
from tests.web.laying import Table, lay
from tests.web.page.owning import HOME, PIN, ask_again, secured
from tests.web.visiting import Site, main_of, open_site, words_of
from tests.web.walking import Walker, counsellor_at

GATE = TypeKey("shelter_involvement")


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(world, tmp_path) as opened:
        yield opened


async def own_page(walker: Walker, code: str) -> None:
    """The code and the digits, typed in whatever browser this is."""
    await walker.open("/mijn-pagina")
    csrf = {"csrf": walker.values("csrf")[0]}
    await walker.send("/mijn-pagina", csrf | {"code": code})
    fields = {name: walker.values(name)[0] for name in ("code_token", "challenge")}
    await walker.send("/mijn-pagina/cijfers", csrf | fields | {"digits": PIN})
    assert walker.path == HOME, walker.text


async def say_yes(walker: Walker, relationship: str) -> None:
    """To what was answered with no at the tablet."""
    await ask_again(walker, relationship, "contact_persons")
    await walker.press("Ja")


# --- 35 ------------------------------------------------------------------------------------------


async def test_s35_a_choice_on_the_parents_page_at_a_counsellors_device_is_seen(site: Site) -> None:
    world = site.world
    told = await told_family(world)
    await secured(world, told.mother)
    browser = await counsellor_at(site)
    for _ in range(2):
        await browser.open(f"/opvang/{world.tenant}")
    world.clock.advance(timedelta(minutes=1))
    await own_page(browser, told.receipt.withdrawal_code)
    await say_yes(browser, told.relationship)

    assert await world.services.watching.patterns(world.officer) == (Pattern("same_device", "", 1, 1),)
    officer = await site.logged_in(world.officer)
    page = await officer.get(f"/toezicht/{world.tenant}/patronen")
    said = words_of(page)
    assert "Eigen pagina op een apparaat van een begeleider" in said
    assert "1 van 1" in said
    assert "nooit een conclusie" in said
    for name in ("Samira", "Voorbeeld", "Noor", "Bo Begeleider"):
        assert name not in main_of(page)
    await world.services.watching.notice(world.tenant, world.clock.now())
    await world.settle()
    assert len(await entries(world, "pattern.seen.v1")) == 1
    officer = await site.logged_in(world.officer)
    desk = await officer.get(f"/toezicht/{world.tenant}/taken")
    assert "Er valt iets op in hoe toestemming wordt gevraagd." in words_of(desk)
    assert f'href="/toezicht/{world.tenant}/patronen"' in main_of(desk)
    assert len(await entries(world, "consent.given.v1")) >= 1
    question = await officer.post(
        f"/toezicht/{world.tenant}/vragen/wat-opende",
        {"period": "week", "staff": world.counsellor.staff},
    )
    assert question.status_code == 200
    for name in ("Samira", "Voorbeeld", "Noor"):
        assert name not in main_of(question)


async def test_s35_a_choice_on_the_parents_own_telephone_is_nothing_to_look_at(site: Site) -> None:
    world = site.world
    told = await told_family(world)
    await secured(world, told.mother)
    await counsellor_at(site)
    telephone = Walker(site, "")
    await own_page(telephone, told.receipt.withdrawal_code)
    await say_yes(telephone, told.relationship)
    (row,) = await rows(world, consent_ledger, method="page", kind="given")
    assert row.device is None
    assert await world.services.watching.patterns(world.officer) == ()


async def answered_at_pace(table: Table, pace: timedelta) -> None:
    """Every question answered after so long, and signed."""
    await table.parent.open(table.at())
    await table.parent.begin()
    while table.parent.page.all("button", name="answer"):
        table.world.clock.advance(pace)
        await table.parent.press("Ja")
    await table.parent.follow("Ja, dit klopt")
    await table.parent.press("Ondertekenen", {"signature": "Samira Voorbeeld"})


@pytest.mark.parametrize("seconds, found", [(1, True), (60, False)], ids=["tapped", "read"])
async def test_s35_answers_faster_than_one_reads_are_seen(site: Site, seconds: int, found: bool) -> None:
    table = await lay(site)
    await answered_at_pace(table, timedelta(seconds=seconds))
    ledger = await rows(site.world, consent_ledger, kind="given")
    assert {row.seconds_shown for row in ledger} == {seconds}
    expected = (Pattern("too_fast", "", 1, 1),) if found else ()
    assert await site.world.services.watching.patterns(site.world.officer) == expected


async def signed_at(world: World, actor: GuardianActor, device: str) -> None:
    """A conversation in which nobody was asked how long it took."""
    sitting = await world.services.sittings.prepare(
        world.counsellor, actor, Setting("nl", device=device), types=(GATE, SUPPORT)
    )
    await answer_all(world, actor, sitting, "yes")
    await world.services.sittings.sign(actor, sitting.sitting, Signature("typed", "Samira Voorbeeld"))


@pytest.mark.parametrize(
    "apart, one_tablet, found",
    [(20, True, True), (20, False, False), (1200, True, False)],
    ids=["one tablet, one minute", "each its own tablet", "an ordinary afternoon"],
)
async def test_s35_many_conversations_in_one_minute_at_one_tablet_are_seen(
    world: World, apart: int, one_tablet: bool, found: bool
) -> None:
    for number in range(3):
        view = await world.family(family_name=f"Voorbeeld{number}".rstrip("0123456789") + "abc"[number])
        await world.at_school(view.children[0].child)
        await signed_at(world, world.guardian(view), "d" * 64 if one_tablet else f"{number}" * 64)
        world.clock.advance(timedelta(seconds=apart))
    expected = (Pattern("many_at_once", "", 3, 3),) if found else ()
    assert await world.services.watching.patterns(world.officer) == expected


async def test_s35_a_word_that_was_never_confirmed_is_seen(world: World) -> None:
    for name in ("Aa", "Bee", "Cee"):
        desk = await at_the_desk(world, family_name=name)
        await desk.record(desk.statement(method="oral"))
    assert await world.services.watching.patterns(world.officer) == ()
    world.clock.advance(timedelta(days=15))
    assert await world.services.watching.patterns(world.officer) == (Pattern("never_confirmed", "", 3, 3),)


# --- 37 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 1], ids=["entered the same day", "entered a day later"])
async def test_s37_a_form_signed_before_a_withdrawal_and_found_after_it_shares_nothing(
    world: World, days: int
) -> None:
    desk = await at_the_desk(world)
    await world.intake(desk.mother, YES)
    monday = desk.today
    world.clock.advance(timedelta(days=days, minutes=5))
    target = Target(world.tenant, desk.view.family, desk.mother.guardian)
    await world.services.consent.withdraw(desk.mother, target, method="page")
    world.clock.advance(timedelta(days=days, minutes=5))
    await desk.record(desk.statement({**YES}, said_on=monday))
    assert await desk.answer() == "no"
    await world.settle()
    asked = await ask(world, desk.relationship)
    assert SUPPORT not in {one.information_type for one in getattr(asked, "records", ())}


async def test_s37_a_form_signed_the_day_after_a_withdrawal_counts(world: World) -> None:
    desk = await at_the_desk(world)
    await world.intake(desk.mother, YES)
    target = Target(world.tenant, desk.view.family, desk.mother.guardian)
    await world.services.consent.withdraw(desk.mother, target, method="page")
    world.clock.advance(timedelta(days=1))
    await desk.record(desk.statement({**YES}))
    assert await desk.answer() == "yes"


@pytest.mark.parametrize(
    "skew", [timedelta(days=-2), timedelta(0), timedelta(days=2)], ids=["behind", "right", "ahead"]
)
async def test_s37_whatever_the_clock_of_the_tablet_says_a_later_no_wins(
    world: World, skew: timedelta
) -> None:
    """A clock can make a yes older than it is, and nothing newer: here the no comes in last."""
    told = await told_family(world)
    late = await sit(world, told.mother)
    await answer_all(world, told.mother, late, "yes", _seen(world, skew))
    world.clock.advance(timedelta(minutes=1))
    signed = Signature("typed", "Samira Voorbeeld")
    await world.services.sittings.sign(told.mother, late.sitting, signed)
    world.clock.advance(timedelta(minutes=1))
    target = Target(world.tenant, told.view.family, told.mother.guardian)
    await world.services.consent.withdraw(told.mother, target, method="page")
    answers = await world.services.consent.own_answers(told.mother)
    assert answers[told.relationship, SUPPORT].answer == "no"


@pytest.mark.parametrize("skew", [timedelta(days=-2), timedelta(minutes=-5)], ids=["far behind", "waited"])
async def test_s37_a_yes_that_waited_on_a_tablet_does_not_undo_a_no_of_meanwhile(
    world: World, skew: timedelta
) -> None:
    told = await told_family(world)
    target = Target(world.tenant, told.view.family, told.mother.guardian)
    world.clock.advance(timedelta(minutes=10))
    await world.services.consent.withdraw(told.mother, target, method="page")
    world.clock.advance(timedelta(minutes=1))
    late = await sit(world, told.mother)
    await answer_all(world, told.mother, late, "yes", _seen(world, skew))
    signed = Signature("typed", "Samira Voorbeeld")
    await world.services.sittings.sign(told.mother, late.sitting, signed)
    answers = await world.services.consent.own_answers(told.mother)
    assert answers[told.relationship, SUPPORT].answer == "no"


async def test_s37_a_no_from_a_tablet_whose_clock_is_behind_is_the_newest_word(world: World) -> None:
    told = await told_family(world)
    world.clock.advance(timedelta(minutes=10))
    late = await sit(world, told.mother)
    await answer_all(world, told.mother, late, "no", _seen(world, timedelta(days=-2)))
    signed = Signature("typed", "Samira Voorbeeld")
    await world.services.sittings.sign(told.mother, late.sitting, signed)
    answers = await world.services.consent.own_answers(told.mother)
    assert answers[told.relationship, SUPPORT].answer == "no"


# --- what is not taken ---------------------------------------------------------------------------


async def test_an_answer_with_another_familys_step_is_not_taken(site: Site) -> None:
    mine, other = await lay(site), await lay(site)
    for table in (mine, other):
        await table.parent.open(table.at("vraag", "1"))
    foreign = other.parent.form_with("Ja").all("input", name="step")[0].attributes["value"]
    form = mine.parent.form_with("Ja")
    csrf = form.all("input", name="csrf")[0].attributes["value"]
    before = await count(site.world, consent_ledger)
    await mine.parent.send(mine.at("vraag", "1"), {"csrf": csrf, "step": foreign, "answer": "yes"})
    assert await mine.drafts() == {}
    assert await other.drafts() == {}
    await mine.parent.open(other.at("vraag", "1"), status=404)
    assert await count(site.world, consent_ledger) == before


async def test_a_step_out_of_order_is_not_taken(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("vraag", "1"))
    form = table.parent.form_with("Ja")
    sent = {
        "csrf": form.all("input", name="csrf")[0].attributes["value"],
        "step": form.all("input", name="step")[0].attributes["value"],
        "answer": "yes",
    }
    await table.parent.send(table.at("vraag", "3"), sent)
    assert await table.drafts() == {}
    await table.parent.send(table.at("tekenen"), {**sent, "signature": "Samira Voorbeeld", "method": "typed"})
    assert await table.drafts() == {}
    assert await count(site.world, consent_ledger) == 0


async def test_a_step_that_was_taken_is_worth_nothing_on_the_own_page_either(site: Site) -> None:
    world = site.world
    told = await told_family(world)
    await secured(world, told.mother)
    walker = Walker(site, "")
    await own_page(walker, told.receipt.withdrawal_code)
    await ask_again(walker, told.relationship, SUPPORT)
    form = walker.form_with("Nee")
    (no,) = [button for button in form.all("button") if button.text() == "Nee"]
    sent = walker.sent_with(form, no, {})
    await walker.send(form.attributes["action"], sent)
    once = await count(world, consent_ledger)
    for again in (sent, {**sent, "answer": "yes"}):
        await walker.send(form.attributes["action"], again)
    assert await count(world, consent_ledger) == once
    answers = await world.services.consent.own_answers(told.mother)
    assert answers[told.relationship, SUPPORT].answer == "no"


def _seen(world: World, skew: timedelta) -> Seen:
    """What a tablet says whose clock is off by so much."""
    return Seen(world.clock.now() + skew, 30)
