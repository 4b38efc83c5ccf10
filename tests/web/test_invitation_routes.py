"""The whole walk of an invitation, in front of a real provider: made, typed, logged in for, answered.

And every way to get in with somebody else's: another school, another browser, a planted cookie, a code twice.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

import httpx
import httpx2
import pytest

from consent_service.audit.events import InvitationEnded, LoginRefused, StaffInvited, StaffLinked
from consent_service.demo.provider import SCHOOL_CLAIM, Client, DemoProvider, Person
from consent_service.foundation.ids import INSTALLATION, StaffId
from consent_service.identity.form_tokens import csrf_token
from consent_service.identity.model import SchoolStaff
from consent_service.identity.providers import NewProvider, ProviderRules
from consent_service.organisations.model import NewStaff
from tests.identity.serving import free_port, running
from tests.shelter import OPERATOR
from tests.web.visiting import COOKIE, Browser, Site, words_of

INVITATION = "uitnodiging-8080"
ORIGIN = "http://127.0.0.1:8000"
"""As `tests.shelter` tells providers."""
EVIL = "<script>alert(1)</script>&amp;{{7*7}}"
PEOPLE = (
    Person("sanne", "Sanne", "contact", school="12AB00"),
    Person("other", "Other", "contact", school="12AB00"),
    Person("eik", "Eik", "contact", school="34CD01"),
    Person("mute", "Mute", "contact"),
)


@dataclass
class Visitor:
    """A browser with every cookie it was given."""

    school: School
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> httpx.Response:
        return await self._send("GET", path)

    async def post(self, path: str, **form: str) -> httpx.Response:
        session = self.cookies.get(COOKIE)
        return await self._send("POST", path, form | ({"csrf": csrf_token(session)} if session else {}))

    async def types(self, code: str) -> httpx.Response:
        return await self.post("/uitnodiging", code=code)

    async def logs_in(self, who: str) -> httpx.Response:
        """From the choice of a provider until the browser is back here."""
        return await self.get(await self.leaves(who))

    async def leaves(self, who: str) -> str:
        """The address with which the provider sends this browser back."""
        return await self.goes_on(await self.post("/uitnodiging/inloggen/demo"), who)

    async def plainly(self, who: str) -> httpx.Response:
        """A login without an invitation."""
        return await self.get(await self.goes_on(await self.post("/inloggen/demo"), who))

    async def goes_on(self, started: httpx.Response, who: str) -> str:
        """To the provider by its page's link or a redirect, and the address from there."""
        address = started.headers.get("location") or started.headers["refresh"].partition("url=")[2]
        page = await self.school.outside.get(address)
        ticket = re.search(r'name="aanvraag" value="([^"]+)"', page.text)
        assert ticket is not None
        form = {"aanvraag": ticket[1], "wie": who}
        back = await self.school.outside.post(f"{self.school.provider.issuer}/kies", data=form)
        parts = urlsplit(str(back.headers["location"]))
        return f"{parts.path}?{parts.query}"

    async def answers(self, path: str, page: httpx.Response) -> httpx.Response:
        proof = re.search(r'name="proof" value="([^"]+)"', page.text)
        assert proof is not None
        return await self.post(path, proof=proof[1])

    async def _send(self, method: str, path: str, form: dict[str, str] | None = None) -> httpx.Response:
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        client = self.school.site.client
        client.cookies.clear()
        answer = await client.request(method, path, data=form, headers=headers, follow_redirects=False)
        client.cookies.clear()
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        return answer


@dataclass
class School:
    """The site, a provider one can choose at who to be, and somebody new at a school of the shelter."""

    site: Site
    provider: DemoProvider
    outside: httpx2.AsyncClient
    member: StaffId
    contacts: str
    shelter: Browser

    async def invite(self) -> str:
        """The counsellor's button; the code that is on the page after it, once."""
        page = await self.shelter.get(self.contacts)
        step = re.search(r'name="step" value="([^"]+)"', page.text)
        assert step is not None
        made = await self.shelter.post(f"{self.contacts}/{self.member}/uitnodigen", {"step": step[1]})
        code = re.search(r'class="withdrawal-code" dir="ltr">([^<]+)<', made.text)
        assert made.status_code == 200
        assert code is not None
        again = await self.shelter.post(f"{self.contacts}/{self.member}/uitnodigen", {"step": step[1]})
        assert again.headers["location"] == self.contacts
        return code[1]

    def visitor(self) -> Visitor:
        return Visitor(self)

    async def told(self) -> list[object]:
        kinds = (StaffInvited, StaffLinked, InvitationEnded)
        found = [event for event in await self.site.events() if isinstance(event, kinds)]
        return [event for event in found if event.staff == self.member]


@pytest.fixture
async def school(site: Site) -> AsyncIterator[School]:
    world = site.world
    identity, port = world.services.identity, free_port()
    issuer = f"http://127.0.0.1:{port}"
    rules = ProviderRules(organisation_claims=(SCHOOL_CLAIM,))
    known = await identity.register_provider(
        OPERATOR, NewProvider(id="demo", name="Demo", issuer=issuer, client_id="c", rules=rules)
    )
    client = Client("c", known.public_key, frozenset({f"{ORIGIN}/inloggen/demo/terug"}))
    provider = DemoProvider(issuer=issuer, people=PEOPLE, clients=(client,), clock=world.clock)
    member = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("school_staff", f"Sanne {EVIL}", world.linde, "contact")
    )
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    contacts = f"/opvang/{world.tenant}/gezinnen/{view.family}/scholen/{relationship}/contacten"
    async with (
        running(provider.server(port), port),
        httpx2.AsyncClient(trust_env=False, timeout=60) as outside,
    ):
        shelter = await site.logged_in(world.counsellor)
        yield School(site, provider, outside, member, contacts, shelter)


async def test_the_whole_walk_from_the_button_to_the_own_children(school: School) -> None:
    code, sanne = await school.invite(), school.visitor()
    listed = await school.shelter.get(school.contacts)
    assert "Uitgenodigd tot" in words_of(listed)
    assert code not in listed.text
    typed = await sanne.types(f" {code.lower()} ")
    assert typed.headers["location"] == "/uitnodiging/inloggen"
    chosen = await sanne.get("/uitnodiging/inloggen")
    assert "Sanne" not in words_of(chosen)
    first = sanne.cookies[INVITATION]
    back = await sanne.logs_in("sanne")
    assert back.headers["location"] == "/uitnodiging/bevestigen"
    assert back.headers["clear-site-data"] == '"cache"'
    assert sanne.cookies[INVITATION] != first
    assert COOKIE not in sanne.cookies
    asked = await sanne.get("/uitnodiging/bevestigen")
    assert (await sanne.get("/uitnodiging/bevestigen")).text == asked.text
    words = words_of(asked)
    assert all(said in words for said in ("De Linde", "Hulporganisatie", "Ja, dat ben ik"))
    assert "Opvang De Haven" not in words
    assert "<script>alert" not in asked.text
    assert "&lt;script&gt;alert(1)" in asked.text
    yes = await sanne.answers("/uitnodiging/bevestigen", asked)
    assert yes.headers["location"] == "/"
    assert INVITATION not in sanne.cookies
    home = await sanne.get((await sanne.get("/")).headers["location"])
    assert home.status_code == 200
    assert await school.told() == [
        StaffInvited(school.member, school.site.world.linde),
        StaffLinked(school.member, "demo", "school_staff"),
    ]
    assert "Sanne" not in words_of(await school.shelter.get(school.contacts)).partition("Nog geen login")[2]


async def test_back_reload_and_a_second_yes_change_nothing(school: School) -> None:
    code, sanne = await school.invite(), school.visitor()
    await sanne.types(code)
    address = await sanne.leaves("sanne")
    await sanne.get(address)
    assert (await sanne.get(address)).status_code == 403, "an answer of the provider is taken once"
    asked = await sanne.get("/uitnodiging/bevestigen")
    before = dict(sanne.cookies)
    twice = Visitor(school, before)
    answers = await asyncio.gather(
        sanne.answers("/uitnodiging/bevestigen", asked), twice.answers("/uitnodiging/bevestigen", asked)
    )
    assert sorted(answer.status_code for answer in answers) == [303, 403]
    late = next(answer for answer in answers if answer.status_code == 403)
    assert "Misschien koppelde u uw account al" in words_of(late)
    assert len([one for one in await school.told() if isinstance(one, StaffLinked)]) == 1
    used = await school.visitor().types(code)
    assert (used.status_code, "werkt niet (meer)" in words_of(used)) == (400, True)


async def test_no_ends_the_invitation_and_the_counsellor_hears_it(school: School) -> None:
    code, other = await school.invite(), school.visitor()
    await other.types(code)
    await other.logs_in("other")
    asked = await other.get("/uitnodiging/bevestigen")
    no = await other.answers("/uitnodiging/niet", asked)
    assert no.headers["location"] == "/uitnodiging/afgewezen"
    assert "Uw account is niet gekoppeld" in words_of(await other.get("/uitnodiging/afgewezen"))
    assert (await other.answers("/uitnodiging/niet", asked)).status_code == 303
    world = school.site.world
    await world.settle()
    assert [one.kind for one in await world.services.tasks.open_tasks(world.counsellor)] == [
        "invitation_declined"
    ]
    assert await world.services.tasks.open_tasks(world.colleague) == ()
    assert "zei iemand anders: dat ben ik niet" in words_of(await school.shelter.get(school.contacts))
    assert (await school.visitor().types(code)).status_code == 400
    tasks = await school.shelter.get(f"/opvang/{world.tenant}/taken")
    assert "kwam bij de verkeerde persoon" in words_of(tasks)


@pytest.mark.parametrize("who", ["eik", "mute"])
async def test_the_right_user_of_the_wrong_school_sees_no_name_and_may_try_again(
    school: School, who: str
) -> None:
    code, visitor = await school.invite(), school.visitor()
    await visitor.types(code)
    refused = await visitor.logs_in(who)
    assert refused.status_code == 403
    assert "zegt niet dat u bij deze school werkt" in words_of(refused)
    assert "Sanne" not in words_of(refused)
    assert (await visitor.get("/uitnodiging/bevestigen")).status_code == 403
    assert LoginRefused("demo", "wrong_school") in await school.site.events(INSTALLATION)
    await visitor.types(code)
    assert (await visitor.logs_in("sanne")).headers["location"] == "/uitnodiging/bevestigen"


async def test_a_link_of_another_school_does_not_count_at_any_login(school: School) -> None:
    world, visitor = school.site.world, school.visitor()
    identity = world.services.identity
    await identity.link_staff(OPERATOR, "demo", "eik", world.contact, establishment="12AB00")

    refused = await visitor.plainly("eik")
    assert (refused.status_code, COOKIE in visitor.cookies) == (403, False)
    await identity.link_staff(OPERATOR, "demo", "eik", world.eik_contact, establishment="34CD01")
    assert (await visitor.plainly("eik")).status_code == 303
    session = await identity.actor_for(visitor.cookies[COOKIE])
    assert session is not None
    assert session.actors == (world.eik_contact,)


async def test_nobody_finishes_with_what_another_browser_began_or_somebody_planted(school: School) -> None:
    code, sanne, thief = await school.invite(), school.visitor(), school.visitor()
    await sanne.types(code)
    planted = sanne.cookies[INVITATION]
    thief.cookies[INVITATION] = planted
    address = await sanne.leaves("sanne")
    stolen = await thief.get(address)
    assert stolen.status_code == 403, "no cookie of a login that began here"
    fresh = await sanne.leaves("sanne")
    await sanne.get(fresh)
    for cookie in (planted, "x" * 43, ""):
        thief.cookies[INVITATION] = cookie
        assert (await thief.get("/uitnodiging/bevestigen")).status_code == 403
        thief.cookies[INVITATION] = cookie
        assert (await thief.post("/uitnodiging/bevestigen", proof=csrf_token(cookie))).status_code == 403
        thief.cookies[INVITATION] = cookie
        assert (await thief.post("/uitnodiging/niet", proof=csrf_token(cookie))).status_code == 403
    unproved = await sanne.post("/uitnodiging/bevestigen")
    assert unproved.headers["location"] == "/uitnodiging/bevestigen"
    elsewhere = await sanne.get("/uitnodiging/bevestigen?uitnodiging=x&code=y")
    assert elsewhere.status_code == 200
    assert not [one for one in await school.told() if isinstance(one, StaffLinked)]


async def test_a_page_of_another_invitation_is_not_answered_with_this_one(school: School) -> None:
    """Two codes in one browser: the yes on the older page is not a yes to the newer name."""
    world = school.site.world
    first, sanne = await school.invite(), school.visitor()
    await sanne.types(first)
    await sanne.logs_in("sanne")
    older = await sanne.get("/uitnodiging/bevestigen")
    second = await world.services.organisations.invite_staff(OPERATOR, world.tenant, world.teacher.staff)
    await sanne.types(second.code)
    await sanne.logs_in("sanne")
    answer = await sanne.answers("/uitnodiging/bevestigen", older)
    assert answer.headers["location"] == "/uitnodiging/bevestigen"
    assert not [one for one in await school.site.events() if isinstance(one, StaffLinked)]


async def test_revoked_or_run_out_between_the_login_and_the_yes(school: School) -> None:
    for how in ("revoked", "run out"):
        code, sanne = await school.invite(), school.visitor()
        await sanne.types(code)
        await sanne.logs_in("sanne")
        asked = await sanne.get("/uitnodiging/bevestigen")
        if how == "revoked":
            gone = await school.shelter.post(f"{school.contacts}/{school.member}/uitnodiging-intrekken")
            assert "De uitnodiging is ingetrokken" in words_of(
                await school.shelter.get(gone.headers["location"])
            )
            again = await school.shelter.post(f"{school.contacts}/{school.member}/uitnodiging-intrekken")
            assert again.status_code == 303
        else:
            school.site.world.clock.advance(timedelta(minutes=31))
        yes = await sanne.answers("/uitnodiging/bevestigen", asked)
        assert (yes.status_code, INVITATION in sanne.cookies) == (403, False)
        assert (await sanne.get("/uitnodiging/inloggen")).status_code == 403
    assert not [one for one in await school.told() if isinstance(one, StaffLinked)]


async def test_codes_that_fit_nothing_look_alike_and_are_slowed_down(school: School) -> None:
    visitor = school.visitor()
    assert (await visitor.types("")).status_code == 400
    pages = {words_of(await visitor.types(entered)) for entered in ("x", "2345-6789-ABCD-EFGH", "<b>")}
    assert len({page.replace("<b>", "") for page in pages}) == 1
    for number in range(17):
        await visitor.types(f"guess{number}")
    slowed = await visitor.types(await school.invite())
    assert slowed.status_code == 429
    assert "Wacht 1 minuten" in words_of(slowed)


async def test_a_login_that_nobody_knows_is_told_of_invitations(school: School) -> None:
    visitor = school.visitor()
    unknown = await visitor.plainly("other")
    assert unknown.status_code == 403
    assert 'href="/uitnodiging"' in unknown.text
    assert "Kreeg u een code van de opvang?" in words_of(unknown)


async def test_a_login_that_is_linked_already_is_told_so_plainly(school: School) -> None:
    world = school.site.world
    member = SchoolStaff(world.tenant, school.member, world.linde, "contact")
    identity = world.services.identity
    await identity.link_staff(OPERATOR, "demo", "sanne", member, establishment="12AB00")
    async with world.services.installation.database.transaction() as conn:
        invited = await identity.invitations.invite_in(conn, OPERATOR, member, establishment="12AB00")
    sanne = school.visitor()
    await sanne.types(invited.code)
    await sanne.logs_in("sanne")
    asked = await sanne.get("/uitnodiging/bevestigen")
    assert "al aan deze naam gekoppeld" in words_of(asked)
    assert (await sanne.answers("/uitnodiging/bevestigen", asked)).headers["location"] == "/"
    assert COOKIE in sanne.cookies
    refused = await school.shelter.post(f"{school.contacts}/{school.member}/uitnodigen", {"step": "x"})
    assert refused.headers["location"] == school.contacts


async def test_who_logs_in_already_is_not_invited_again_by_a_page_of_before(school: School) -> None:
    world = school.site.world
    page = await school.shelter.get(school.contacts)
    step = re.search(r'name="step" value="([^"]+)"', page.text)
    assert step is not None
    member = SchoolStaff(world.tenant, school.member, world.linde, "contact")
    await world.services.identity.link_staff(OPERATOR, "demo", "sanne", member, establishment="12AB00")
    late = await school.shelter.post(f"{school.contacts}/{school.member}/uitnodigen", {"step": step[1]})
    assert late.headers["location"] == school.contacts
    strangers = (world.eik_contact.staff, "x", world.officer.staff)
    for one in strangers:
        assert (await school.shelter.post(f"{school.contacts}/{one}/uitnodigen")).status_code == 404


async def test_providers_that_are_away_or_unknown_and_places_that_log_in_too_often(school: School) -> None:
    sanne = school.visitor()
    await sanne.types(await school.invite())
    assert (await sanne.post("/uitnodiging/inloggen/nergens")).headers["location"] == "/uitnodiging/inloggen"
    assert (await sanne.get("/uitnodiging/inloggen/demo")).headers["location"] == "/uitnodiging/inloggen"
    new = NewProvider(
        id="away",
        name="Away",
        issuer=f"http://127.0.0.1:{free_port()}",
        client_id="c",
        rules=ProviderRules(establishments=("12AB",)),
    )
    await school.site.world.services.identity.register_provider(OPERATOR, new)
    away = await sanne.post("/uitnodiging/inloggen/away")
    assert away.status_code == 503
    assert "Demo" in words_of(away)


async def test_at_a_lent_or_locked_tablet_there_is_no_invitation(school: School) -> None:
    tablet = await school.site.with_tablet(await school.site.world.family(family_name="Ander"))
    for place in ("/tablet-terug", "/vergrendeld"):
        for path in ("", "/inloggen", "/bevestigen", "/afgewezen"):
            answer = await tablet.get(f"/uitnodiging{path}")
            assert answer.headers["location"] == place, path
        for path in ("", "/inloggen/demo", "/bevestigen", "/niet"):
            answer = await tablet.post(f"/uitnodiging{path}", {"code": "x"})
            assert answer.headers["location"] == place, path
        await tablet.post("/vergrendel", {"back": "/intake"})
