"""Operators: how a command line comes to act as one, and everything by which it does not."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from consent_service.audit import events
from consent_service.audit.events import Event
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity.acts import OperatorActs
from consent_service.identity.model import LoginRefused, Operator
from consent_service.identity.operators import (
    ALPHABET,
    CODE_LASTS,
    FRESH,
    GRANT_LASTS,
    KEPT,
    LOGIN_LASTS,
    OPERATORS_PLACE,
    AskedGrant,
    CodeRefused,
    GrantAsked,
    OperatorArrived,
    Operators,
    Standing,
    has_operators,
    plain_code,
    serves_operators,
)
from consent_service.identity.providers import ProviderRules, find_provider
from consent_service.identity.sessions import Session
from consent_service.identity.tables import oidc_providers
from consent_service.identity.tables_operators import operator_grants, operator_logins, operators
from tests.identity import factories as f
from tests.identity.desk import OPERATOR, PEOPLE, Desk
from tests.identity.serving import callback_at, query_of

LEVELS = tuple(sorted({one.level for one in PEOPLE}))
WRONG = CodeRefused("code_wrong")


async def opened(desk: Desk) -> Operators:
    """Noor and Pim run the installation, and the provider says when it asked for a second factor."""
    rules = ProviderRules(second_factor_acrs=LEVELS)
    await desk.service.login_providers.change(OPERATOR, "demo", rules)
    await desk.service.operators.add(OPERATOR, "ops-1", "demo", "noor")
    await desk.service.operators.add(Operator("ops-1"), "ops-2", "demo", "pim")
    return desk.service.operators


async def arrived(desk: Desk, who: str = "noor") -> OperatorArrived | LoginRefused:
    """Somebody comes to decide, all the way by the provider."""
    started = await desk.started(return_to=OPERATORS_PLACE, max_age=FRESH)
    address = await desk.chosen(started, who)
    outcome = await desk.service.finish_login("demo", callback_at(address), cookie=started.cookie)
    assert isinstance(outcome, OperatorArrived | LoginRefused)
    return outcome


async def token_of(desk: Desk, who: str = "noor") -> str:
    outcome = await arrived(desk, who)
    assert isinstance(outcome, OperatorArrived)
    assert repr(outcome) == "OperatorArrived(...)"
    return outcome.token


async def approved(desk: Desk, who: str = "noor") -> GrantAsked:
    asked = await desk.service.operators.ask("a-machine")
    found = await desk.service.operators.decide(await token_of(desk, who), asked.code, approve=True)
    assert isinstance(found, AskedGrant)
    return asked


async def told(desk: Desk) -> list[Event]:
    return [one for one in await desk.refusals() if one.__struct_config__.tag.startswith("operator.")]  # type: ignore[union-attr]


# --- the way it goes -------------------------------------------------------------------------


async def test_a_command_acts_as_the_operator_who_approved_its_code_for_half_an_hour(desk: Desk) -> None:
    crew = await opened(desk)
    asked = await crew.ask("m" * 100)
    assert repr(asked) == "GrantAsked(...)"
    assert len(asked.secret) >= 43, "256 bits"
    assert await crew.standing(asked.secret) == Standing("waiting")
    token = await token_of(desk)
    assert await crew.is_there(token)
    seen = await crew.look(token, f" {asked.code.lower()} ")
    assert seen == AskedGrant(asked.code.replace("-", ""), desk.clock.now(), "m" * 60)
    assert await crew.decide(token, asked.code, approve=True) == seen
    until = desk.clock.now() + GRANT_LASTS
    assert await crew.standing(asked.secret) == Standing("live", "ops-1", until)
    assert not await crew.is_there(token), "one login decides once"
    assert await crew.decide(token, asked.code, approve=True) == CodeRefused("login_needed")
    desk.clock.advance(GRANT_LASTS)
    assert await crew.standing(asked.secret) == Standing("expired")
    assert await told(desk) == [
        events.OperatorAdded("ops-1"),
        events.OperatorAdded("ops-2"),
        events.OperatorAdmitted("ops-1"),
    ]


async def test_such_a_login_is_asked_for_with_a_second_factor_and_is_no_session(desk: Desk) -> None:
    await opened(desk)
    started = await desk.started(return_to=OPERATORS_PLACE, max_age=FRESH)
    assert query_of(started.address)["acr_values"] == " ".join(LEVELS)
    assert query_of(started.address)["max_age"] == str(FRESH)
    token = await token_of(desk)
    assert await desk.service.actor_for(token) is None
    session = await desk.logged_in("noor")
    assert isinstance(session.session, Session)
    assert not await desk.service.operators.is_there(session.token), "and a session decides nothing"


async def test_who_shows_no_second_factor_does_not_arrive(desk: Desk) -> None:
    await opened(desk)
    rules = ProviderRules(second_factor_acrs=("something-else",))
    await desk.service.login_providers.change(OPERATOR, "demo", rules)
    assert await arrived(desk) == LoginRefused("level_too_low").during("operator")
    assert (await desk.refusals())[-1] == events.LoginRefused("demo", "level_too_low")


async def test_a_level_that_is_no_second_factor_here_does_not_arrive_though_it_is_listed(desk: Desk) -> None:
    crew = await opened(desk)
    async with desk.database.reading() as conn:
        provider = await find_provider(conn, "demo")
    assert provider is not None
    login = f.make_login(provider, "someone", LEVELS[0])
    without = msgspec.structs.replace(login, factor="")
    assert await crew.arrive(provider, without) == LoginRefused("level_too_low")
    assert isinstance(await crew.arrive(provider, login), OperatorArrived)


async def test_a_provider_that_closes_takes_its_operators_and_what_they_approved_with_it(desk: Desk) -> None:
    crew = await opened(desk)
    before = await approved(desk)
    asked, token = await crew.ask("a-machine"), await token_of(desk)
    await desk.service.login_providers.set_open(OPERATOR, "demo", is_open=False)
    assert await crew.standing(before.secret) == Standing("ended")
    assert not await crew.is_there(token)
    assert await crew.decide(token, asked.code, approve=True) == CodeRefused("login_needed")
    await desk.service.login_providers.set_open(OPERATOR, "demo", is_open=True)
    assert await crew.standing(before.secret) == Standing("ended"), "it stays so"


async def test_a_provider_that_was_closed_otherwise_lets_no_operator_decide_either(desk: Desk) -> None:
    crew = await opened(desk)
    before = await approved(desk)
    asked, token = await crew.ask("a-machine"), await token_of(desk)
    async with desk.database.transaction() as conn:
        await conn.execute(update(oidc_providers).values(disabled_at=desk.clock.now()))
    assert await crew.standing(before.secret) == Standing("ended")
    assert await crew.decide(token, asked.code, approve=True) == WRONG


async def test_looking_at_a_code_one_knows_gives_no_new_guesses(desk: Desk) -> None:
    crew = await opened(desk)
    asked, token = await crew.ask("a-machine"), await token_of(desk)
    for _ in range(3):
        assert await crew.look(token, "AAAA-AAAA") == WRONG
        await crew.look(token, asked.code)
    assert await crew.look(token, asked.code) == CodeRefused("too_many")


async def test_a_provider_that_closes_while_it_is_asked_lets_no_operator_arrive(desk: Desk) -> None:
    operators = await opened(desk)
    (asked,) = await desk.service.providers()
    await desk.service.login_providers.set_open(OPERATOR, "demo", is_open=False)
    arriving = f.make_login(asked, "x" * 64, LEVELS[0])
    assert await operators.arrive(asked, arriving) == LoginRefused("provider_disabled")


async def test_acts_and_entries_of_operators_are_the_same(desk: Desk) -> None:
    await (await opened(desk)).end(OPERATOR, "ops-2")
    async with desk.database.reading() as conn:
        done = [one.act.kind async for one in OperatorActs().rows(conn, INSTALLATION)]
    entries = [f.make_detail(one) for one in await told(desk)]
    acts = [act.act.kind for one in entries for act in OperatorActs().told(one)]
    assert sorted(done) == sorted(acts) == ["operator", "operator", "operator_end"]


async def test_what_is_refused_works_for_nobody(desk: Desk) -> None:
    crew = await opened(desk)
    asked = await crew.ask("a-machine")
    assert isinstance(await crew.decide(await token_of(desk), asked.code, approve=False), AskedGrant)
    assert await crew.standing(asked.secret) == Standing("refused")
    assert await crew.look(await token_of(desk, "pim"), asked.code) == WRONG
    assert events.OperatorAdmitted("ops-1") not in await told(desk)


# --- one answer for everything that is wrong ---------------------------------------------------


async def test_who_is_no_operator_hears_the_same_as_who_types_a_wrong_code(desk: Desk) -> None:
    crew = await opened(desk)
    asked = await crew.ask("a-machine")
    stranger = await token_of(desk, "sanne")
    assert await crew.is_there(stranger), "arriving tells nothing"
    assert await crew.look(stranger, asked.code) == WRONG
    assert await crew.decide(stranger, asked.code, approve=True) == WRONG
    assert await crew.look(await token_of(desk), "0000-0000") == WRONG
    await crew.end(OPERATOR, "ops-1")
    assert await crew.decide(await token_of(desk), asked.code, approve=True) == WRONG
    assert await crew.standing(asked.secret) == Standing("waiting")


async def test_a_code_works_for_ten_minutes_and_a_login_for_ten(desk: Desk) -> None:
    crew = await opened(desk)
    asked, early = await crew.ask("a-machine"), await token_of(desk)
    desk.clock.advance(LOGIN_LASTS)
    assert await crew.look(early, asked.code) == CodeRefused("login_needed")
    assert CODE_LASTS == LOGIN_LASTS
    assert await crew.look(await token_of(desk), asked.code) == WRONG
    assert await crew.standing(asked.secret) == Standing("expired")


async def test_a_code_that_is_guessed_too_often_is_not_looked_at_for_a_while(desk: Desk) -> None:
    crew = await opened(desk)
    asked = await crew.ask("a-machine")
    for _ in range(5):
        assert await crew.look(await token_of(desk), "ZZZZ-ZZZZ") == WRONG
    token = await token_of(desk)
    assert await crew.look(token, asked.code) == CodeRefused("too_many")
    assert await crew.decide(token, asked.code, approve=True) == CodeRefused("too_many")
    assert isinstance(await crew.look(await token_of(desk, "pim"), asked.code), AskedGrant), "another person"
    desk.clock.advance(timedelta(minutes=2))
    assert isinstance(await crew.look(token, asked.code), AskedGrant)


async def test_of_two_workers_that_approve_one_code_one_does(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = await opened(desk)
    asked = await crew.ask("a-machine")
    first, second = await token_of(desk), await token_of(desk, "pim")
    async with desk.database.transaction() as conn:
        found = await crew._find(conn, second, asked.code)

    async def before(*_: object) -> object:
        return found

    assert isinstance(await crew.decide(first, asked.code, approve=True), AskedGrant)
    monkeypatch.setattr(crew, "_find", before)
    assert await crew.decide(second, asked.code, approve=True) == WRONG
    assert (await crew.standing(asked.secret)).operator == "ops-1"
    assert (await told(desk)).count(events.OperatorAdmitted("ops-1")) == 1
    assert events.OperatorAdmitted("ops-2") not in await told(desk)


async def test_who_leaves_or_was_never_there_decides_nothing(desk: Desk) -> None:
    crew = await opened(desk)
    asked, token = await crew.ask("a-machine"), await token_of(desk)
    await crew.leave(token)
    for other in (token, "", "invented"):
        assert await crew.look(other, asked.code) == CodeRefused("login_needed")


@given(st.text(ALPHABET, min_size=8, max_size=8), st.data())
def test_a_code_is_read_as_people_type_it(code: str, data: st.DataObject) -> None:
    likes = {"0": "0oO", "1": "1iIlL"}
    typed = "".join(data.draw(st.sampled_from(likes.get(one, one + one.lower()))) for one in code)
    place = data.draw(st.integers(0, 8))
    assert plain_code(f" {typed[:place]}-{typed[place:]} ") == code


# --- how grants end ---------------------------------------------------------------------------


async def test_a_secret_of_elsewhere_is_worth_nothing(desk: Desk) -> None:
    crew = await opened(desk)
    for secret in ("", "x" * 43, "é\udcff"):
        assert await crew.standing(secret) == Standing("unknown")
        assert not await crew.give_up(secret)


async def test_a_grant_is_given_up_also_before_it_was_approved(desk: Desk) -> None:
    crew = await opened(desk)
    live, waiting = await approved(desk), await crew.ask("a-machine")
    for asked in (live, waiting):
        assert await crew.give_up(asked.secret)
        assert await crew.standing(asked.secret) == Standing("ended")
        assert not await crew.give_up(asked.secret)
    assert await crew.look(await token_of(desk), waiting.code) == WRONG


async def test_ending_an_operator_ends_its_grants_at_once_and_no_others(desk: Desk) -> None:
    crew = await opened(desk)
    mine, theirs = await approved(desk), await approved(desk, "pim")
    await crew.end(Operator("ops-2"), "ops-1")
    assert await crew.standing(mine.secret) == Standing("ended")
    assert (await crew.standing(theirs.secret)).stand == "live"
    async with desk.database.transaction() as conn:
        await conn.execute(update(operators).values(ended_at=desk.clock.now()))
    assert await crew.standing(theirs.secret) == Standing("ended"), "also by the row of the operator alone"
    assert (await told(desk))[-1] == events.OperatorEnded("ops-1")


async def test_the_last_operator_stays_and_a_code_is_never_given_again(desk: Desk) -> None:
    crew = await opened(desk)
    await crew.end(OPERATOR, "ops-1")
    with pytest.raises(ConflictError):
        await crew.end(OPERATOR, "ops-2")
    for gone in ("ops-1", "nobody"):
        with pytest.raises(NotFoundError):
            await crew.end(OPERATOR, gone)
    with pytest.raises(ConflictError):
        await crew.add(OPERATOR, "ops-1", "demo", "sanne")
    with pytest.raises(ConflictError):
        await crew.add(OPERATOR, "ops-3", "demo", "pim")
    await crew.add(OPERATOR, "ops-3", "demo", "noor")
    assert [(one.code, one.ended_at is None) for one in await crew.all()] == [
        ("ops-1", False),
        ("ops-2", True),
        ("ops-3", True),
    ]


async def test_what_is_over_is_cleared_away_a_day_later(desk: Desk) -> None:
    crew = await opened(desk)
    asked = await approved(desk)
    await crew.ask("a-machine")
    await token_of(desk)
    desk.clock.advance(KEPT)
    await desk.service.forget_expired()
    async with desk.database.reading() as conn:
        assert (await conn.execute(select(operator_logins))).all() == []
        assert len((await conn.execute(select(operator_grants))).all()) == 2
    assert await crew.standing(asked.secret) == Standing("expired")
    desk.clock.advance(GRANT_LASTS)
    await desk.service.forget_expired()
    async with desk.database.reading() as conn:
        assert (await conn.execute(select(operator_grants))).all() == []


# --- who -------------------------------------------------------------------------------------


async def test_only_an_operator_adds_and_ends_operators(desk: Desk) -> None:
    for actor in (f.COUNSELLOR, f.COORDINATOR, f.CONTACT):
        with pytest.raises(NotAllowedError):
            await desk.service.operators.add(actor, "ops-1", "demo", "noor")
        with pytest.raises(NotAllowedError):
            await desk.service.operators.end(actor, "ops-1")


async def test_everything_wrong_with_an_operator_is_told_at_once(desk: Desk) -> None:
    await desk.service.login_providers.change(OPERATOR, "demo", ProviderRules())
    with pytest.raises(InputError) as wrong:
        await desk.service.operators.add(OPERATOR, "Jan de Vries", "demo", " ")
    assert [(one.field, one.code) for one in wrong.value.problems] == [
        ("code", "identity.operator_code"),
        ("provider", "identity.operator_provider"),
        ("subject", "identity.link_subject"),
    ]
    with pytest.raises(NotFoundError):
        await desk.service.operators.add(OPERATOR, "ops-1", "nowhere", "noor")
    async with desk.database.reading() as conn:
        assert not await has_operators(conn)


async def test_operators_log_in_where_a_second_factor_is_asked_and_no_parent_does(desk: Desk) -> None:
    async with desk.database.reading() as conn:
        provider = await find_provider(conn, "demo")
    assert provider is not None
    assert not serves_operators(msgspec.structs.replace(provider, rules=ProviderRules()))
    strict = msgspec.structs.replace(provider, rules=ProviderRules(second_factor_acrs=("high",)))
    assert serves_operators(strict)
    assert serves_operators(msgspec.structs.replace(strict, audience="operator"))
    assert not serves_operators(msgspec.structs.replace(strict, audience="guardian"))
    assert not serves_operators(msgspec.structs.replace(strict, disabled=True))


async def test_work_that_nobody_proved_is_logged_as_that(desk: Desk) -> None:
    await desk.service.operators.note_unproved(Operator("command-line"), "emergency")
    assert (await desk.events(INSTALLATION))[-1] == events.OperatorAdmitted("command-line", "emergency")
