"""`/beheer` as a person with a browser meets it: log in, the code, yes or no."""

from __future__ import annotations

import re
from collections.abc import Mapping

import httpx
import pytest
from sqlalchemy import select

from consent_service.foundation.clock import MovableClock
from consent_service.identity.attempts import StartedLogin
from consent_service.identity.form_tokens import csrf_token
from consent_service.identity.model import LoginRefused, Operator
from consent_service.identity.operators import LOGIN_LASTS, OperatorArrived, Operators
from consent_service.identity.providers import NewProvider, ProviderRules
from consent_service.identity.service import IdentityService
from consent_service.identity.tables_operators import operators
from tests.identity import factories as f
from tests.shelter import OPERATOR
from tests.web.visiting import Site

COOKIE = "beheer-8080"
LEVEL = "high"


async def crew_of(site: Site, *, audience: str = "operator") -> Operators:
    """One operator, ops-1, at a provider that nobody here answers for."""
    identity = site.world.services.identity
    await identity.register_provider(
        OPERATOR,
        NewProvider(
            id="beheer-login",
            name="Inloggen beheer",
            issuer="http://127.0.0.1:1",
            client_id="x",
            audience=audience,  # type: ignore[arg-type]
            rules=ProviderRules(second_factor_acrs=(LEVEL,)),
        ),
    )
    await identity.operators.add(OPERATOR, "ops-1", "beheer-login", "kenmerk")
    return identity.operators


async def arrive(site: Site, subject: str = "") -> str:
    """A login of ops-1, or of somebody else, as the provider would have ended it."""
    identity = site.world.services.identity
    async with site.world.services.installation.database.reading() as conn:
        known = (await conn.execute(select(operators.c.subject))).scalar_one()
    (provider,) = await identity.providers()
    arrived = await identity.operators.arrive(provider, f.make_login(provider, subject or known, LEVEL))
    assert isinstance(arrived, OperatorArrived)
    return arrived.token


async def send(
    site: Site, method: str, path: str, token: str = "", form: Mapping[str, str] | None = None
) -> httpx.Response:
    """As a browser with this login sends it; the form has the token of its page unless it says otherwise."""
    data = {"proof": csrf_token(token), **(form or {})} if method == "POST" else None
    site.client.cookies.clear()
    headers = {"cookie": f"taal=nl; {COOKIE}={token}" if token else "taal=nl"}
    answer = await site.client.request(method, path, data=data, headers=headers, follow_redirects=False)
    site.client.cookies.clear()
    return answer


async def test_an_operator_sees_what_is_asked_and_approves_it(site: Site) -> None:
    crew = await crew_of(site)
    asked, token = await crew.ask("werkplek-7"), await arrive(site)
    page = await send(site, "GET", "/beheer", token)
    assert "Welke code ziet u?" in page.text
    shown = await send(site, "POST", "/beheer/code", token, {"operator_code": asked.code})
    assert shown.status_code == 200
    assert "werkplek-7" in shown.text
    assert "30 minuten lang" in shown.text
    assert (await crew.standing(asked.secret)).stand == "waiting"
    unsure = await send(site, "POST", "/beheer/besluit", token, {"operator_code": asked.code})
    assert "Mag dit?" in unsure.text
    done = await send(site, "POST", "/beheer/besluit", token, {"operator_code": asked.code, "answer": "ja"})
    assert "Goedgekeurd" in done.text
    assert "Max-Age=0" in done.headers["set-cookie"]
    assert (await crew.standing(asked.secret)).operator == "ops-1"
    assert "Inloggen beheer" in (await send(site, "GET", "/beheer", token)).text


async def test_an_operator_refuses_and_may_leave_without_deciding(site: Site) -> None:
    crew = await crew_of(site)
    asked, token = await crew.ask("werkplek-7"), await arrive(site)
    left = await send(site, "POST", "/beheer/weg", token)
    assert (left.status_code, left.headers["location"]) == (303, "/beheer")
    assert not await crew.is_there(token)
    answer = {"operator_code": asked.code, "answer": "nee"}
    assert "Geweigerd" in (await send(site, "POST", "/beheer/besluit", await arrive(site), answer)).text
    assert (await crew.standing(asked.secret)).stand == "refused"


async def test_a_wrong_code_and_nobody_we_know_get_the_same_page(site: Site) -> None:
    crew = await crew_of(site)
    asked = await crew.ask("werkplek-7")
    stranger, own = await arrive(site, "0" * 64), await arrive(site)
    for path in ("/beheer/code", "/beheer/besluit"):
        theirs = await send(site, "POST", path, stranger, {"operator_code": asked.code, "answer": "ja"})
        mine = await send(site, "POST", path, own, {"operator_code": "ZZZZ-ZZZZ", "answer": "ja"})
        assert theirs.status_code == mine.status_code == 400
        assert _same(theirs.text, stranger, asked.code) == _same(mine.text, own, "ZZZZ-ZZZZ")
        assert "Deze code klopt niet" in mine.text
    for _ in range(3):
        await send(site, "POST", "/beheer/code", own, {"operator_code": "ZZZZ-ZZZZ"})
    slowed = await send(site, "POST", "/beheer/code", own, {"operator_code": asked.code})
    assert slowed.status_code == 429
    assert "te vaak" in slowed.text


def _same(page: str, token: str, code: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.+]+", "", page.replace(csrf_token(token), "").replace(code, ""))


async def test_a_form_of_another_login_or_of_none_decides_nothing(site: Site) -> None:
    crew = await crew_of(site)
    asked, token = await crew.ask("werkplek-7"), await arrive(site)
    answer = {"operator_code": asked.code, "answer": "ja"}
    for path in ("/beheer/code", "/beheer/besluit", "/beheer/weg"):
        forged = await send(site, "POST", path, token, {**answer, "proof": csrf_token("other")})
        assert forged.status_code == 400
        assert await crew.is_there(token)
    nobody = await send(site, "POST", "/beheer/besluit", "", answer)
    assert nobody.status_code == 403
    assert "Begin opnieuw" in nobody.text
    assert await crew.is_there(token)
    assert (await crew.standing(asked.secret)).stand == "waiting"


async def test_a_login_that_is_over_begins_again(site: Site) -> None:
    await crew_of(site)
    token = await arrive(site)
    clock = site.world.clock
    assert isinstance(clock, MovableClock)
    clock.advance(LOGIN_LASTS)
    assert "Inloggen beheer" in (await send(site, "GET", "/beheer", token)).text
    for path in ("/beheer/code", "/beheer/besluit", "/beheer/weg", "/beheer/inloggen/beheer-login"):
        back = await send(site, "GET", path, token)
        assert (back.status_code, back.headers["location"]) == (303, "/beheer")


async def test_only_providers_that_ask_a_second_factor_are_offered_here(site: Site) -> None:
    assert "nog geen inlogdienst" in (await send(site, "GET", "/beheer")).text
    await crew_of(site)
    assert "/beheer/inloggen/beheer-login" in (await send(site, "GET", "/beheer")).text
    assert "Inloggen beheer" not in (await send(site, "GET", "/inloggen")).text


async def test_a_login_begins_for_this_alone_and_is_fresh(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await crew_of(site)
    begun: list[dict[str, object]] = []

    async def start(_self: IdentityService, provider: str, **options: object) -> StartedLogin:
        begun.append(options)
        return StartedLogin(f"https://login.example/?{provider}", "secret")

    monkeypatch.setattr(IdentityService, "start_login", start)
    answer = await send(site, "POST", "/beheer/inloggen/beheer-login")
    assert answer.headers["set-cookie"].startswith("login-8080=secret")
    assert [one["max_age"] for one in begun] == [0], "the provider asks, also whom it remembers"
    assert {one["return_to"] for one in begun} == {"/beheer"}


async def test_what_the_provider_refuses_is_told_where_the_operator_began(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await crew_of(site)
    away = await send(site, "POST", "/beheer/inloggen/beheer-login")
    assert away.status_code == 503
    assert "antwoordt niet" in away.text
    outcomes: list[OperatorArrived | LoginRefused] = [
        LoginRefused("level_too_low").during("operator"),
        OperatorArrived("t" * 43),
    ]

    async def finish(*_: object, **__: object) -> OperatorArrived | LoginRefused:
        return outcomes.pop(0)

    monkeypatch.setattr(IdentityService, "finish_login", finish)
    refused = await send(site, "GET", "/inloggen/beheer-login/terug?code=x")
    assert refused.status_code == 403
    assert "tweede stap" in refused.text
    assert "/beheer/inloggen/beheer-login" in refused.text
    there = await send(site, "GET", "/inloggen/beheer-login/terug?code=x")
    assert there.headers["location"] == "/beheer"
    assert f"{COOKIE}={'t' * 43}" in there.headers["set-cookie"]


async def test_the_page_touches_no_session(site: Site) -> None:
    crew = await crew_of(site)
    counsellor = await site.logged_in(site.world.counsellor)
    asked, token = await crew.ask("werkplek-7"), await arrive(site)
    form = {"csrf": csrf_token(counsellor.token), "proof": csrf_token(token), "operator_code": asked.code}
    site.client.cookies.clear()
    answer = await site.client.post(
        "/beheer/besluit",
        data={**form, "answer": "ja"},
        headers={"cookie": f"sessie-8080={counsellor.token}; {COOKIE}={token}"},
    )
    assert answer.status_code == 200
    assert site.world.tenant not in answer.text
    assert await site.world.services.identity.actor_for(counsellor.token) is not None
    assert (await crew.standing(asked.secret)).operator == Operator("ops-1").name
