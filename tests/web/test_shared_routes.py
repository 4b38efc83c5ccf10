"""What holds on every page: language, leaving, logging in and out, forged forms, headers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consent_service.identity.form_tokens import csrf_token
from consent_service.identity.pace import Pace
from consent_service.identity.providers import NewProvider
from tests.faults.failures import database_away
from tests.identity.factories import make_token, rsa_key
from tests.identity.hostile import hostile_provider
from tests.shelter import OPERATOR
from tests.web.visiting import Site, words_of

HEADERS = (
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "cache-control",
)


async def test_every_answer_carries_the_security_headers(site: Site) -> None:
    anyone = site.anyone()
    contact = await site.logged_in(site.world.contact)
    answers = [
        await anyone.get("/inloggen"),
        await anyone.get("/nergens"),
        await anyone.get("/"),
        await anyone.get(f"/school/{site.world.tenant}"),
        await anyone.post("/intrekken", {"code": "x"}),
        await anyone.get("/v1/health"),
        await anyone.get("/v1/nope"),
        await anyone.send("DELETE", "/intrekken"),
        await anyone.get("/static/app.css"),
        await anyone.get("/static/nope.css"),
        await contact.get(f"/school/{site.world.tenant}"),
        await contact.get(f"/school/{site.world.tenant}", sec_purpose="prefetch"),
    ]
    for answer in answers:
        missing = [name for name in HEADERS if name not in answer.headers]
        assert not missing, (answer.url, answer.status_code)
        assert "unsafe" not in answer.headers["content-security-policy"]
    assert {answer.headers["cache-control"] for answer in answers if "static" not in str(answer.url)} == {
        "no-store"
    }


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "/\n/evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/ok\r\nset-cookie: a=b",
        "",
    ],
)
async def test_the_language_form_leads_nowhere_else(site: Site, back: str) -> None:
    answer = await site.anyone().post("/taal", {"language": "en", "back": back})

    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


async def test_the_language_is_kept_and_one_goes_back_to_the_page(site: Site) -> None:
    answer = await site.anyone().post("/taal", {"language": "en", "back": "/intrekken"})
    unknown = await site.anyone().post("/taal", {"language": "../x", "back": "/intrekken"})
    english = await site.anyone("en").get("/intrekken")

    assert answer.headers["location"] == "/intrekken"
    assert "taal=en" in answer.headers["set-cookie"]
    assert "set-cookie" not in unknown.headers
    assert '<html lang="en"' in english.text


async def test_the_quick_exit_ends_the_session_and_leaves(site: Site) -> None:
    view = await site.world.family()
    tablet = await site.with_tablet(view)
    left = await tablet.get("/snel-weg")

    assert left.headers["location"] == site.settings.neutral_site
    assert "Max-Age=0" in left.headers["set-cookie"]
    assert (await tablet.get("/intake/mijn-keuzes")).status_code == 401


async def test_the_quick_exit_leaves_also_with_the_database_away(site: Site) -> None:
    view = await site.world.family()
    tablet = await site.with_tablet(view)
    async with database_away(site.world.services.installation.database, "unreadable"):
        left = await tablet.get("/snel-weg")

    assert left.status_code == 303
    assert left.headers["location"] == site.settings.neutral_site
    assert "Max-Age=0" in left.headers["set-cookie"]


async def test_logging_out_ends_the_session(site: Site) -> None:
    contact = await site.logged_in(site.world.contact)
    out = await contact.post("/uitloggen")
    after = await contact.get(f"/school/{site.world.tenant}")

    assert out.headers["location"] == "/inloggen?gedaan=uitgelogd"
    assert after.status_code == 401
    assert "U bent uitgelogd." in words_of(await site.anyone().get(out.headers["location"]))


async def test_the_fifth_wrong_pin_says_what_happened_and_that_is_not_that_one_was_away(site: Site) -> None:
    tablet = await site.with_tablet(await site.world.family())
    answers = [await tablet.post("/tablet-terug", {"pin": "110033"}) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 400, 401]
    assert "De pincode klopte te vaak niet. Log opnieuw in." in words_of(answers[-1])
    assert "tijdje weg" not in words_of(answers[-1])


async def test_a_refused_login_says_what_to_do_and_no_reason(site: Site) -> None:
    anyone = site.anyone()
    unknown = await anyone.post("/inloggen/nergens")
    returned = await anyone.get("/inloggen/nergens/terug?code=x&state=y")

    for answer in (unknown, returned):
        assert answer.status_code == 404
        assert "Kijk dit nog even na" in words_of(answer)
        assert "state" not in words_of(answer)
    assert (await anyone.get("/inloggen/nergens")).headers["location"] == "/inloggen"


async def test_a_provider_that_is_away_is_said_so_with_a_button_to_try_it_again(site: Site) -> None:
    new = NewProvider("weg", "Inloggen weg", "http://127.0.0.1:1", "client", client_secret="of the tests")
    await site.world.services.identity.register_provider(OPERATOR, new)
    page = await site.anyone().get("/inloggen")
    away = await site.anyone().post("/inloggen/weg")

    assert (page.status_code, away.status_code) == (200, 503)
    assert "antwoordt niet" in words_of(away)
    assert "Probeer het opnieuw met Inloggen weg" in words_of(away)
    assert away.text.count('action="/inloggen/weg"') == 1
    english = await site.anyone("en").post("/inloggen/weg")
    assert "Try again with Inloggen weg" in words_of(english)


@pytest.mark.parametrize("query", ["state=a&state=b", "code=" + "c" * 5000, "iss=a&iss=a&state=x"])
async def test_an_answer_with_a_parameter_twice_or_too_long_is_a_page(site: Site, query: str) -> None:
    new = NewProvider("weg", "Inloggen weg", "http://127.0.0.1:1", "client", client_secret="of the tests")
    await site.world.services.identity.register_provider(OPERATOR, new)
    answer = await site.anyone().get(f"/inloggen/weg/terug?{query}")

    assert answer.status_code == 400
    assert "Begin opnieuw" in words_of(answer)


async def test_forms_lead_to_where_discovery_says_and_else_a_page_with_a_link_does(site: Site) -> None:
    async with hostile_provider(site.world.clock, "nonce") as provider:
        provider.metadata = {
            "authorization_endpoint": "https://login.example/authorize",
            "end_session_endpoint": "https://bye.example/end",
        }
        new = NewProvider("demo", "Elders", provider.issuer, "client", client_secret="of the tests")
        await site.world.services.identity.register_provider(OPERATOR, new)
        unseen = await site.anyone().post("/inloggen/demo")
        page = await site.anyone().get("/inloggen")
        sent = await site.anyone().post("/inloggen/demo")
        contact = await site.logged_in(site.world.contact)
        out = await contact.post("/uitloggen")

    assert unseen.status_code == 200
    assert unseen.headers["refresh"].startswith("0; url=https://login.example/authorize?")
    assert "login-8080" in unseen.headers["set-cookie"]
    assert 'href="https://login.example/authorize?' in unseen.text
    allowed = page.headers["content-security-policy"].partition("form-action ")[2].partition(";")[0]
    assert allowed.split() == ["'self'", provider.issuer, "https://bye.example", "https://login.example"]
    assert (sent.status_code, out.status_code) == (303, 303)
    assert out.headers["location"].startswith("https://bye.example/end?")


async def test_whatever_a_provider_publishes_every_page_stays_and_a_closed_one_is_led_to_no_more(
    site: Site,
) -> None:
    async with hostile_provider(site.world.clock, "nonce") as provider:
        provider.metadata = {"authorization_endpoint": "https://login.\u65e5\u672c.example/authorize"}
        new = NewProvider("demo", "Elders", provider.issuer, "client", client_secret="of the tests")
        await site.world.services.identity.register_provider(OPERATOR, new)
        for path in ("/inloggen", "/intrekken", "/mijn-pagina", "/static/app.css"):
            answer = await site.anyone().get(path)
            assert answer.status_code == 200
            assert "form-action 'self'; " in answer.headers["content-security-policy"]
        site.world.clock.advance(timedelta(seconds=61))
        provider.metadata = {"authorization_endpoint": "https://login.example/authorize"}
        opened = (await site.anyone().get("/inloggen")).headers["content-security-policy"]
        assert "https://login.example" in opened
        await site.world.services.identity.login_providers.set_open(OPERATOR, "demo", is_open=False)
        closed = (await site.anyone().get("/intrekken")).headers["content-security-policy"]
    assert "form-action 'self'; " in closed


async def test_a_provider_that_calls_is_told_whether_to_come_again(site: Site) -> None:
    async def called(token: str) -> int:
        address = "/inloggen/demo/afgemeld"
        return (await site.client.post(address, data={"logout_token": token})).status_code

    identity = site.world.services.identity
    async with hostile_provider(site.world.clock, "nonce") as provider:
        new = NewProvider("demo", "Elders", provider.issuer, "client", client_secret="of the tests")
        await identity.register_provider(OPERATOR, new)
        provider.statuses["/jwks"] = 500
        foreign = make_token({"sub": "x"}, rsa_key("attacker"))
        assert [await called(one) for one in (foreign, "junk")] == [503, 400]
        identity._provider_logout._calls = Pace(1, timedelta(minutes=1))
        assert [await called("junk") for _ in range(2)] == [400, 429]


async def test_back_from_logging_out_there_one_is_told_so(site: Site) -> None:
    answer = await site.anyone().get("/uitgelogd")
    assert answer.headers["location"] == "/inloggen?gedaan=uitgelogd"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
    ],
)
async def test_a_form_from_another_site_is_refused_even_with_the_right_token(
    site: Site, headers: dict[str, str]
) -> None:
    officer = await site.logged_in(site.world.officer)
    before = await site.events()
    for path in (f"/toezicht/{site.world.tenant}/controle", "/taal", "/intrekken"):
        form = {"csrf": csrf_token(officer.token)}
        answer = await officer.send("POST", path, form, headers=headers)
        assert answer.status_code == 400, path

    assert await site.events() == before


@pytest.mark.parametrize("token", ["", "nonsense", csrf_token("another session")])
async def test_a_form_of_another_session_is_refused(site: Site, token: str) -> None:
    officer = await site.logged_in(site.world.officer)
    before = await site.events()
    path = f"/toezicht/{site.world.tenant}/controle"

    assert (await officer.send("POST", path, {"csrf": token})).status_code == 400
    assert (await officer.send("POST", path)).status_code == 400
    assert (await officer.post(path)).status_code == 200
    assert len(await site.events()) == len(before) + 1


async def test_our_own_form_is_taken_although_the_browser_hides_where_it_comes_from(site: Site) -> None:
    """`Referrer-Policy: no-referrer` makes a browser send `Origin: null` with a form of our own page."""
    officer = await site.logged_in(site.world.officer)
    path = f"/toezicht/{site.world.tenant}/controle"

    assert (await officer.post(path, origin="null")).status_code == 200


async def test_a_session_that_was_planted_is_unknown(site: Site) -> None:
    planted = site.anyone()
    planted.token = "a-token-that-somebody-chose"

    assert (await planted.get(f"/school/{site.world.tenant}")).status_code == 401


async def test_a_page_that_is_not_there_says_so_in_the_readers_language(site: Site) -> None:
    dutch = await site.anyone().get("/nergens")
    english = await site.anyone("en").get("/nergens")

    assert (dutch.status_code, english.status_code) == (404, 404)
    assert "Deze pagina is er niet" in words_of(dutch)
    assert "Deze pagina is er niet" not in words_of(english)


async def test_with_the_database_away_staff_read_that_nothing_was_shared(site: Site) -> None:
    contact = await site.logged_in(site.world.contact)
    async with database_away(site.world.services.installation.database, "unreadable"):
        answer = await contact.get(f"/school/{site.world.tenant}")

    assert answer.status_code == 503
    assert "Er is niets gedeeld en niets kwijt." in words_of(answer)
