"""The pages of one's own sessions, PIN and passkeys, and a passkey where a PIN is asked for."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from consent_service.audit import events
from consent_service.families.model import FamilyView
from consent_service.identity import sessions
from consent_service.identity.handover import HandOver
from consent_service.identity.passkeys import PasskeyAdded
from consent_service.identity.permissions import Circumstances
from consent_service.identity.sessions import Opened
from consent_service.identity.webauthn import Party
from consent_service.web.me.devices import browser_of, words_of
from tests.identity.authenticator import Authenticator
from tests.web.visiting import COOKIE, PIN, Browser, Site

ORIGIN = "http://localhost:8000"
HOME = "/mijn-sessies"
PASSKEY = f"{HOME}/toegangssleutel"
LOCKED = "/vergrendeld"


@pytest.fixture
def site(site: Site) -> Site:
    """At an address with a name."""
    site.world.services.identity.passkeys._party = Party(ORIGIN, "localhost")
    return site


def asked(page: str, action: str, then: str = "") -> str:
    """What a page asks a passkey for, in the form with this action."""
    for found in re.finditer(
        r'<form[^>]*action="([^"]+)"[^>]*data-options="([^"]+)"[^>]*>(.*?)</form>', page, re.S
    ):
        if found[1] == action and (not then or f'name="then" value="{then}"' in found[3]):
            return html.unescape(found[2])
    raise AssertionError(f"no passkey is asked for at {action}")


async def with_passkey(site: Site, browser: Browser) -> Authenticator:
    passkey = Authenticator(ORIGIN)
    passkeys = site.world.services.identity.passkeys
    session = await site.world.services.identity.actor_for(browser.token)
    assert session is not None
    options = await passkeys.begin_add(session)
    assert isinstance(options, str)
    assert isinstance(await passkeys.finish_add(session, passkey.make(options)), PasskeyAdded)
    return passkey


async def lend(site: Site, desk: Browser, view: FamilyView) -> Opened:
    facts = Circumstances(tenant=site.world.tenant, family=view.family, assigned=True)
    to = HandOver(view.guardians[0].guardian, facts)
    handed = await site.world.services.identity.hand_over(desk.token, to)
    assert isinstance(handed, Opened)
    return handed


async def test_a_counsellor_adds_a_passkey_and_removes_it(site: Site) -> None:
    browser = await site.logged_in(site.world.counsellor)
    assert "U hebt er nog geen." in (await browser.get(HOME)).text
    passkey = Authenticator(ORIGIN)
    page = (await browser.get(PASSKEY)).text
    refused = await browser.post(PASSKEY, {"passkey": "{}"})
    assert refused.status_code == 400
    assert "Het lukte niet met deze toegangssleutel" in refused.text
    response = passkey.make(asked(refused.text, PASSKEY))
    assert asked(page, PASSKEY) != asked(refused.text, PASSKEY)
    added = await browser.post(PASSKEY, {"passkey": response, "device_name": "  Mijn   tablet "})
    assert (added.status_code, added.headers["location"]) == (303, f"{HOME}?gedaan=sleutel")
    listed = (await browser.get(HOME)).text
    assert "Mijn tablet" in listed
    credential = re.search(r'name="credential" value="([^"]+)"', listed)
    assert credential is not None
    other = await site.logged_in(site.world.contact)
    for gone in ({"credential": credential[1]}, {"credential": "nobody's"}):
        assert (await other.post(f"{PASSKEY}/weg", gone)).status_code == 404
    removed = await browser.post(f"{PASSKEY}/weg", {"credential": credential[1]})
    assert removed.headers["location"] == f"{HOME}?gedaan=sleutel-weg"


async def test_a_login_of_before_is_asked_to_log_in_again_and_ten_are_enough(site: Site) -> None:
    browser = await site.logged_in(site.world.contact)
    for _ in range(10):
        await with_passkey(site, browser)
    full = await browser.get(PASSKEY)
    assert (full.status_code, "al tien toegangssleutels" in full.text) == (400, True)
    browser = await site.logged_in(site.world.contact)
    site.world.services.identity.passkeys._fresh = timedelta(seconds=-1)
    assert "Log eerst opnieuw in." in (await browser.get(PASSKEY)).text


async def test_an_officer_needs_a_code_then_the_first_one_and_knows_what_the_last_one_means(
    site: Site,
) -> None:
    class Codes:
        async def take(self, conn: object, session: object, code: str) -> bool:
            return code == "abcd"

    site.world.services.identity.passkeys._enrolments = Codes()
    browser, passkey = await site.logged_in(site.world.officer), Authenticator(ORIGIN)
    page = (await browser.get(PASSKEY)).text
    wrong = await browser.post(PASSKEY, {"passkey": passkey.make(asked(page, PASSKEY)), "enrolment": "hallo"})
    assert "Typ de code die u kreeg." in wrong.text
    assert 'value="hallo"' not in wrong.text
    good = {"passkey": passkey.make(asked(wrong.text, PASSKEY)), "enrolment": " abcd "}
    assert (await browser.post(PASSKEY, good)).status_code == 303
    first = f"{PASSKEY}/eerst"
    page = (await browser.get(PASSKEY)).text
    assert (await browser.post(first, {"passkey": "{}"})).status_code == 400
    page = (await browser.get(PASSKEY)).text
    shown = await browser.post(first, {"passkey": passkey.show(asked(page, first))})
    assert (shown.status_code, shown.headers["location"]) == (303, PASSKEY)
    assert asked((await browser.get(PASSKEY)).text, PASSKEY)
    listed = (await browser.get(HOME)).text
    credential = re.findall(r'name="credential" value="([^"]+)"', listed)
    refused = await browser.post(f"{PASSKEY}/weg", {"credential": credential[0]})
    assert (refused.status_code, "uw laatste toegangssleutel" in refused.text) == (400, True)
    understood = {"credential": credential[0], "understood": "yes"}
    assert (await browser.post(f"{PASSKEY}/weg", understood)).status_code == 303


async def test_sessions_are_seen_named_and_ended_by_their_owner_only(site: Site) -> None:
    view = await site.world.family(family_name="Uitgeleend")
    tablet = await site.with_tablet(view)
    identity = site.world.services.identity
    lent = await identity.actor_for(tablet.token)
    assert lent is not None
    here = await site.logged_in(site.world.contact)
    for form in ({"session": lent.id}, {"session": "nobody's"}):
        assert (await here.post(f"{HOME}/weg", form)).status_code == 404
        assert (await here.post(f"{HOME}/naam", {**form, "device_name": "x"})).status_code == 404
    for path in (HOME, f"{HOME}/pincode", PASSKEY):
        answer = await tablet.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/tablet-terug")
    async with site.world.services.installation.database.transaction() as conn:
        token = sessions.new_token()
        now = site.world.clock.now()
        mine = sessions.new_session(
            provider=lent.provider,
            subject=lent.subject,
            actors=lent.actors,
            level="",
            authenticated_at=now,
            lasts=(now, now + timedelta(hours=8)),
        )
        await sessions.open_session(conn, mine, token)
    desk = Browser(site.client, token)
    await identity.own_sessions.note_device(mine, "m" * 22, "tablet/Firefox")
    page = (await desk.get(HOME)).text
    assert "Tablet, Firefox" in page
    assert "Tablet uitgeleend" in page
    assert lent.id not in desk.token + HOME
    nameless = await desk.post(f"{HOME}/naam", {"session": mine.id, "device_name": "x" * 41})
    assert (nameless.status_code, "hooguit 40 tekens" in nameless.text) == (400, True)
    named = await desk.post(f"{HOME}/naam", {"session": mine.id, "device_name": "Spreekkamer"})
    assert named.headers["location"] == f"{HOME}?gedaan=apparaat"
    assert "Spreekkamer" in (await desk.get(HOME)).text
    ended = await desk.post(f"{HOME}/andere-weg")
    assert ended.headers["location"] == f"{HOME}?gedaan=sessies-weg"
    assert await identity.actor_for(tablet.token) is None
    assert events.HandoverEnded(family=view.family, code="by_owner") in await site.events()
    assert (await desk.post(f"{HOME}/weg", {"session": mine.id})).status_code == 303
    assert (await desk.get(HOME)).status_code == 401


async def test_a_pin_is_chosen_there_too_by_counsellors(site: Site) -> None:
    browser = await site.logged_in(site.world.counsellor)
    assert "Pincode kiezen" in (await browser.get(HOME)).text
    assert (
        await browser.post(f"{HOME}/pincode", {"pin": "123456", "pin_again": "123456"})
    ).status_code == 400
    assert (await browser.post(f"{HOME}/pincode", {"pin": PIN, "pin_again": PIN})).status_code == 303
    assert "Andere pincode kiezen" in (await browser.get(HOME)).text
    assert (await (await site.logged_in(site.world.contact)).get(f"{HOME}/pincode")).status_code == 404


async def test_a_passkey_takes_the_tablet_back_opens_a_screen_and_signs_as_a_witness(site: Site) -> None:
    view = await site.world.family()
    tablet = await site.with_tablet(view)
    identity = site.world.services.identity
    lent = await identity.actor_for(tablet.token)
    assert lent is not None
    own = await identity.take_back(tablet.token, PIN)
    assert isinstance(own, Opened)
    desk = Browser(site.client, own.token)
    passkey = await with_passkey(site, desk)
    home = f"/opvang/{site.world.tenant}/gezinnen/{view.family}"
    tablet.token = (await lend(site, desk, view)).token

    page = (await tablet.get("/tablet-terug")).text
    wrong = await tablet.post(
        "/tablet-terug", {"passkey": Authenticator(ORIGIN).show(asked(page, "/tablet-terug"))}
    )
    assert (wrong.status_code, "nog 4 keer" in wrong.text) == (400, True)
    site.world.clock.advance(timedelta(minutes=10))
    page = (await tablet.get(LOCKED)).text
    for then in ("verder", "terugnemen"):
        assert asked(page, LOCKED, then)
    swapped = passkey.show(asked(page, LOCKED, "verder"))
    assert (await tablet.post(LOCKED, {"passkey": swapped, "then": "terugnemen"})).status_code == 400
    page = (await tablet.get(LOCKED)).text
    opened = await tablet.post(
        LOCKED, {"passkey": passkey.show(asked(page, LOCKED, "verder")), "then": "verder"}
    )
    assert opened.status_code == 303
    tablet.token = opened.cookies[COOKIE]
    page = (await tablet.get("/tablet-terug")).text
    back = await tablet.post("/tablet-terug", {"passkey": passkey.show(asked(page, "/tablet-terug"))})
    assert back.headers["location"] == f"{home}?gedaan=terug"
    told = [one for one in await site.events() if isinstance(one, events.HandoverRefused)]
    assert told == [events.HandoverRefused("passkey_wrong", view.family)]


@pytest.mark.parametrize(
    "user_agent, words",
    [
        ("Mozilla/5.0 (Android 14; Tablet; rv:130.0) Gecko/130.0 Firefox/130.0", "Tablet, Firefox"),
        ("Mozilla/5.0 (Linux; Android 13; SM-X200) Chrome/128.0 Safari/537.36", "Tablet, Chrome"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) Version/17.5 Mobile/15E148 Safari/604.1",
            "Telefoon, Safari",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/128.0 Safari/537.36 Edg/128.0", "Computer, Edge"),
        ("", "Computer"),
    ],
    ids=["firefox-tablet", "android-tablet", "phone", "edge", "nothing"],
)
def test_a_device_is_named_as_a_person_would(user_agent: str, words: str) -> None:
    assert words_of(browser_of(user_agent), "nl") == words
    assert words_of("nonsense", "en") == "Computer"
