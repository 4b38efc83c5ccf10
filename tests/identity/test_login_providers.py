"""Login providers while the service runs: who may change them, what closing one ends, our key at them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from consent_service.audit import events
from consent_service.audit.log import TrailFilter
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import INSTALLATION, PersonId
from consent_service.identity.devices import device_of
from consent_service.identity.model import LoginRefused
from consent_service.identity.oidc import Callback
from consent_service.identity.pace import Pace
from consent_service.identity.providers import NewProvider, ProviderRules, is_provider_address
from consent_service.identity.refusals import Refusals
from consent_service.identity.service import IdentityService, LoggedIn, LoginRules
from consent_service.identity.starts import Starts
from consent_service.identity.tables import oidc_providers
from tests.identity import factories as f
from tests.identity.desk import OPERATOR, Desk
from tests.ledger import whole_trail


async def keys(desk: Desk) -> list[str]:
    return [key["kid"] for key in msgspec.json.decode(await desk.service.jwks())["keys"]]


async def test_closing_a_provider_ends_every_session_and_refuses_the_next_login(desk: Desk) -> None:
    opened, under_way = await desk.logged_in(), await desk.started()
    address = await desk.chosen(under_way, "noor")
    providers = desk.service.login_providers
    assert await providers.set_open(OPERATOR, "demo", is_open=False) == 1
    assert await desk.service.actor_for(opened.token) is None
    assert (await desk.events())[-1] == events.SessionEnded("provider_closed")
    assert await desk.service.start_login("demo") == LoginRefused("provider_disabled")
    assert await desk.finished(address, under_way.cookie) == LoginRefused("provider_disabled")
    assert await providers.offered() == ()
    assert await providers.set_open(OPERATOR, "demo", is_open=True) == 0
    await desk.logged_in()
    told = [event.changed for event in await desk.refusals() if isinstance(event, events.ProviderChanged)]
    assert told == [("closed",), ("opened",)]


async def test_our_key_is_replaced_in_two_steps_so_that_logging_in_goes_on(desk: Desk) -> None:
    providers = desk.service.login_providers
    (first,) = await keys(desk)
    public = msgspec.json.decode(await providers.prepare_key(OPERATOR, "demo"))
    assert await keys(desk) == [first, public["kid"]]
    assert "d" not in public
    await desk.logged_in()  # with the first key still
    await providers.use_next_key(OPERATOR, "demo")
    assert await keys(desk) == [public["kid"]]
    client = desk.provider.clients[f.CLIENT]
    started = await desk.started()
    refused = await desk.finished(await desk.chosen(started, "noor"), started.cookie)
    assert refused == LoginRefused("code_refused")  # the provider does not know the new key yet
    renewed = msgspec.structs.replace(client, public_key=msgspec.json.encode(public).decode())
    desk.provider.clients[f.CLIENT] = renewed
    await desk.logged_in()
    with pytest.raises(ConflictError):
        await providers.use_next_key(OPERATOR, "demo")


async def test_other_rules_hold_from_the_next_login_on(desk: Desk) -> None:
    strict = ProviderRules(acr_order=("low", "high"), minimum_acr="high")
    await desk.service.login_providers.change(OPERATOR, "demo", strict)
    started = await desk.started()
    refused = await desk.finished(await desk.chosen(started, "noor"), started.cookie)
    assert refused == LoginRefused("level_too_low")
    wrong = ProviderRules(scopes=(), max_age=-1, subject_claim="a b", algorithms=(), minimum_acr="x")
    with pytest.raises(InputError) as problems:
        await desk.service.login_providers.change(OPERATOR, "demo", wrong)
    assert [one.field for one in problems.value.problems] == [
        "algorithms",
        "minimum_acr",
        "scopes",
        "max_age",
        "claims",
    ]


async def test_only_the_operator_changes_providers_and_only_those_there_are(desk: Desk) -> None:
    providers = desk.service.login_providers
    for actor in (f.COORDINATOR, f.COUNSELLOR):
        with pytest.raises(NotAllowedError):
            await providers.change(actor, "demo", ProviderRules())
        with pytest.raises(NotAllowedError):
            await providers.set_open(actor, "demo", is_open=False)
        with pytest.raises(NotAllowedError):
            await providers.prepare_key(actor, "demo")
        with pytest.raises(NotAllowedError):
            await providers.use_next_key(actor, "demo")
    with pytest.raises(NotFoundError):
        await providers.change(OPERATOR, "nowhere", ProviderRules())
    with pytest.raises(NotFoundError):
        await providers.prepare_key(OPERATOR, "nowhere")
    by_secret = NewProvider("secret", "S", "https://s.example", "c", client_secret="of the tests")
    await desk.service.register_provider(OPERATOR, by_secret)
    with pytest.raises(ConflictError):
        await providers.prepare_key(OPERATOR, "secret")


async def test_parents_log_in_elsewhere_so_their_provider_is_not_offered_to_staff(desk: Desk) -> None:
    new = NewProvider("digid", "DigiD", "https://broker.example", "c", audience="guardian")
    await desk.service.register_provider(OPERATOR, new)
    assert [one.id for one in await desk.service.login_providers.offered()] == ["demo"]
    with pytest.raises(InputError):
        await desk.service.link_staff(OPERATOR, "digid", "pseudonym", f.COUNSELLOR)


async def test_who_is_linked_and_unlinked_stands_in_the_log(desk: Desk) -> None:
    await desk.service.unlink_staff(OPERATOR, f.TRAVERSE, f.COUNSELLOR.staff)
    await desk.service.unlink_staff(OPERATOR, f.TRAVERSE, f.COUNSELLOR.staff)
    async with desk.database.reading() as conn:
        told = await whole_trail(desk.log, conn, f.TRAVERSE, TrailFilter())
    found = [entry.detail for entry in told if entry.detail is not None][::-1]
    mine = [one.event for one in found if one.subject == PersonId(f.COUNSELLOR.staff)]
    assert mine == [
        events.StaffLinked(f.COUNSELLOR.staff, "demo", "counsellor"),
        events.StaffUnlinked(f.COUNSELLOR.staff, 1),
    ]
    assert {one.by.kind for one in found} == {"operator"}


async def test_a_stranger_without_a_cookie_writes_nothing_and_others_do_not_fill_the_log(desk: Desk) -> None:
    service = desk.service
    service._refusals = Refusals(desk.database, desk.log, desk.clock, most=3)
    before = await desk.events(INSTALLATION)
    for callback in (Callback(), Callback(state="x", code="y"), Callback(malformed=True)):
        refused = await service.finish_login("demo", callback, cookie=None)
        assert isinstance(refused, LoginRefused)
        refused = await service.finish_login("demo", callback, cookie="made up")
        assert isinstance(refused, LoginRefused)
    assert await desk.events(INSTALLATION) == before
    started = await desk.started()
    for _ in range(6):
        await service.finish_login("demo", Callback(state="x"), cookie=started.cookie)
    told = (await desk.events(INSTALLATION))[len(before) :]
    unknown, more = (events.LoginRefused("demo", code) for code in ("state_unknown", "too_many"))
    assert told == [unknown, unknown, unknown, more]
    nobody = await desk.started()
    refused = await desk.finished(await desk.chosen(nobody, "onbekend"), nobody.cookie)
    assert refused == LoginRefused("not_linked")  # and what others bring about hides none of it
    assert (await desk.events(INSTALLATION))[-1] == events.LoginRefused("demo", "not_linked")
    desk.clock.advance(timedelta(hours=1))
    started = await desk.started()
    await service.finish_login("demo", Callback(malformed=True), cookie=started.cookie)
    assert (await desk.events(INSTALLATION))[-1] == events.LoginRefused("demo", "answer_malformed")


async def test_an_answer_that_is_no_answer_does_not_use_up_the_login(desk: Desk) -> None:
    started = await desk.started()
    address = await desk.chosen(started, "noor")
    malformed = Callback.of([("state", "a"), ("state", "b")])
    assert malformed.malformed
    outcome = await desk.service.finish_login("demo", malformed, cookie=started.cookie)
    assert outcome == LoginRefused("answer_malformed")
    assert isinstance(await desk.finished(address, started.cookie), LoggedIn)


async def test_from_one_place_only_so_many_logins_are_begun(desk: Desk) -> None:
    desk.service._attempts._starts = Starts(desk.database, desk.clock, most=2, within=timedelta(minutes=10))
    mark, unknown = "m" * 22, "u" * 22
    device = device_of(mark, f.TRAVERSE)
    assert device is not None
    await desk.service.note_device(f.COUNSELLOR, device)
    for _ in range(3):  # a login that ends in a session is no try
        started = await desk.started(place="1.2.3.4")
        assert isinstance(await desk.finished(await desk.chosen(started, "noor"), started.cookie), LoggedIn)
    for _ in range(2):
        await desk.started(place="1.2.3.4")
    for made_up in ("", unknown, "no mark"):
        refused = await desk.service.start_login("demo", place="1.2.3.4", mark=made_up)
        assert refused == LoginRefused("too_many")
    await desk.started(place="1.2.3.4", mark=mark)
    await desk.started(place="1.2.3.5")
    desk.clock.advance(timedelta(minutes=10))
    await desk.started(place="1.2.3.4")


async def test_a_login_through_a_provider_that_closes_or_is_read_otherwise_meanwhile_opens_no_session(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, identify = desk.service, desk.service._oidc.identify
    stricter = ProviderRules(acr_order=("low", "high"))
    meanwhile = {
        "state_unknown": lambda: service.login_providers.change(OPERATOR, "demo", stricter),
        "provider_disabled": lambda: service.login_providers.set_open(OPERATOR, "demo", is_open=False),
    }
    for code, happens in meanwhile.items():

        async def slowly(*args: Any, happens: Any = happens, **named: Any) -> Any:
            found = await identify(*args, **named)
            await happens()
            return found

        started = await desk.started()
        address = await desk.chosen(started, "noor")
        with monkeypatch.context() as patched:
            patched.setattr(service._oidc, "identify", slowly)
            assert await desk.finished(address, started.cookie) == LoginRefused(code)  # type: ignore[arg-type]
        assert (await desk.refusals())[-1] == events.LoginRefused("demo", code)


async def test_of_logins_that_finish_while_another_process_closes_the_provider_none_lives_on(
    desk: Desk,
) -> None:
    rules = LoginRules(public_origin=f.ORIGIN, loopback_allowed=True)
    other = IdentityService(desk.database, desk.ring, desk.log, desk.clock, rules=rules)
    begun = [await desk.started() for _ in range(6)]
    answers = [(await desk.chosen(one, "noor"), one.cookie) for one in begun]
    finishing = [asyncio.create_task(desk.finished(*one)) for one in answers]
    await asyncio.wait(finishing, return_when=asyncio.FIRST_COMPLETED)
    await other.login_providers.set_open(OPERATOR, "demo", is_open=False)
    for outcome in await asyncio.gather(*finishing):
        if isinstance(outcome, LoggedIn):
            assert await desk.service.actor_for(outcome.opened.token) is None


async def test_a_session_of_a_closed_provider_is_nobodys_however_it_came_to_be(desk: Desk) -> None:
    opened = await desk.logged_in()
    async with desk.database.transaction() as conn:
        await conn.execute(update(oidc_providers).values(disabled_at=desk.clock.now()))
    assert await desk.service.actor_for(opened.token) is None
    desk.clock.advance(timedelta(hours=8))
    assert await desk.service.forget_expired() == 1


async def test_a_session_that_ends_by_unlinking_at_one_shelter_is_told_at_the_other(desk: Desk) -> None:
    await desk.service.link_staff(OPERATOR, "demo", "sanne", f.CONTACT_ELSEWHERE, establishment=f.CODE)
    opened = await desk.logged_in("sanne")
    await desk.service.unlink_staff(OPERATOR, f.TRAVERSE, f.CONTACT.staff)
    assert await desk.service.actor_for(opened.token) is None
    for tenant in (f.TRAVERSE, f.ELSEWHERE):
        assert (await desk.events(tenant)).count(events.SessionEnded("unlinked")) == 1


def test_pace_forgets_the_place_it_saw_longest_ago() -> None:
    pace, now = Pace(1, timedelta(minutes=1)), datetime(2026, 3, 2, tzinfo=UTC)
    assert pace.allows("first", now)
    assert not pace.allows("first", now)
    for number in range(10_000):
        assert pace.allows(str(number), now)
    assert pace.allows("first", now)


@pytest.mark.parametrize(
    "address",
    [
        "https://[::1",
        "https://login.\u65e5\u672c.example",
        "https://log'in.example",
        "https://*.example",
        "https://a,b.example",
        "https://a;b.example",
        "https://a b.example",
        "https://-a.example",
        "https://somebody@a.example",
        "https://a.example:99999",
        "https://a.example/a path",
        "https://a.example/?a",
        "https://",
    ],
)
def test_an_address_that_is_not_plain_is_no_provider(address: str) -> None:
    assert not is_provider_address(address, loopback_allowed=True)
    assert is_provider_address("https://Login.example.nl:8443/realms/a", loopback_allowed=False)
