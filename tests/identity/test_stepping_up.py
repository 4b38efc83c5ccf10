"""Proving more while logged in: what it opens, and that nothing else changes a session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import delete

from consent_service.audit import events
from consent_service.demo.provider import DEMO_LEVEL, Person
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotAllowedError
from consent_service.identity.attempts import Attempt, StartedLogin
from consent_service.identity.factors import ENROLMENT_LASTS
from consent_service.identity.invitations import ToConfirm
from consent_service.identity.letting_in import Proved as Login
from consent_service.identity.levels import DEMO_FACTOR_LEVEL, factor_of
from consent_service.identity.model import Counsellor, LoginRefused
from consent_service.identity.passkeys import PasskeyAdded, PasskeyRefused
from consent_service.identity.providers import ProviderRules, problems_of_rules
from consent_service.identity.secrets import AtProvider
from consent_service.identity.service import LoggedIn
from consent_service.identity.sessions import Opened, Session
from consent_service.identity.stepping_up import ProofRules, Proved, Wanted
from consent_service.identity.tables import staff_links
from consent_service.keyring.service import KeyRing
from tests.identity import factories as f
from tests.identity.authenticator import Authenticator
from tests.identity.desk import OPERATOR, RULES, Desk, open_desk
from tests.identity.serving import running

ORIGIN = "http://localhost:8080"


@pytest.fixture
async def desk(database: Database, keyring: KeyRing, clock: MovableClock) -> AsyncIterator[Desk]:
    """As `conftest.desk`, at an address that has passkeys."""
    desk = await open_desk(database, keyring, clock, origin=ORIGIN)
    async with running(desk.provider.server(desk.port), desk.port):
        yield desk
    await desk.browser.aclose()


def at_level(desk: Desk, who: str, level: str) -> None:
    """The provider says so of this person from now on."""
    person = desk.provider.people[who]
    desk.provider.people[who] = Person(who, person.name, person.role, level)


async def with_one_factor(desk: Desk) -> Opened:
    """The officer, logged in with a password only."""
    at_level(desk, "pim", DEMO_LEVEL)
    opened = await desk.logged_in("pim")
    at_level(desk, "pim", DEMO_FACTOR_LEVEL)
    return opened


async def begun(desk: Desk, session: Session, wanted: Wanted) -> StartedLogin:
    started = await desk.service.start_proof(session, wanted)
    assert isinstance(started, StartedLogin), started
    return started


async def proved(
    desk: Desk, opened: Opened, wanted: Wanted, who: str, *, token: str | None = None
) -> LoggedIn | LoginRefused:
    started = await begun(desk, opened.session, wanted)
    address = await desk.chosen(started, who)
    outcome = await desk.finished(address, started.cookie, replaces=token or opened.token)
    assert not isinstance(outcome, ToConfirm)
    return outcome


async def with_passkey(desk: Desk, session: Session, **options: str) -> Authenticator:
    authenticator = Authenticator()
    asked = await desk.service.passkeys.begin_add(session)
    assert isinstance(asked, str), asked
    made = await desk.service.passkeys.finish_add(session, authenticator.make(asked), **options)
    assert isinstance(made, PasskeyAdded), made
    return authenticator


async def test_an_officer_acts_only_with_a_second_factor_and_gets_it_under_a_fresh_token(desk: Desk) -> None:
    opened = await with_one_factor(desk)
    session = await desk.service.actor_for(opened.token)
    assert session is not None
    assert (session.actors, session.waiting, session.factor) == ((), (f.COORDINATOR,), "")
    assert (session.actor, session.acting_in(f.TRAVERSE)) == (None, None)
    await desk.service.stepping_up.keep_place(session, "/toezicht/x/taken")
    await desk.service.stepping_up.keep_place(session, "//elsewhere.example")
    again = await desk.service.actor_for(opened.token)
    assert again is not None
    outcome = await proved(desk, Opened(opened.token, again), "factor", "pim")
    assert isinstance(outcome, LoggedIn), outcome
    assert outcome.return_to == "/toezicht/x/taken"
    assert await desk.service.actor_for(opened.token) is None
    officer = await desk.service.actor_for(outcome.opened.token)
    assert officer is not None
    assert (officer.actors, officer.waiting, officer.factor) == ((f.COORDINATOR,), (), "acr")
    assert (officer.id, officer.proves_for) == (session.id, "")
    assert (await desk.events())[-1] == events.FactorProved("acr")


async def test_who_proves_it_again_is_told_of_and_the_proof_is_fresh(desk: Desk) -> None:
    opened = await desk.logged_in("noor")
    desk.clock.advance(timedelta(seconds=100))
    outcome = await proved(desk, opened, "step_up", "noor")
    assert isinstance(outcome, LoggedIn), outcome
    assert outcome.opened.session.proved_at == desk.clock.now()
    assert outcome.opened.session.factor == ""
    assert (await desk.events())[-1] == events.SteppedUp("demo", DEMO_LEVEL)


@pytest.mark.parametrize("wanted,who", [("factor", "noor"), ("step_up", "onbekend")])
async def test_another_person_changes_nothing(desk: Desk, wanted: Wanted, who: str) -> None:
    opened = await with_one_factor(desk) if wanted == "factor" else await desk.logged_in("sanne")
    at_level(desk, who, DEMO_FACTOR_LEVEL)
    before = await desk.service.actor_for(opened.token)
    assert await proved(desk, opened, wanted, who) == LoginRefused("other_person", wanted)
    assert await desk.service.actor_for(opened.token) == before
    assert (await desk.refusals())[-1] == events.LoginRefused("demo", "other_person")
    assert (await desk.events())[-1] == events.FactorRefused("other_person")


async def test_a_proof_is_finished_in_its_own_browser_and_session_and_once(desk: Desk) -> None:
    opened, elsewhere = await desk.logged_in("noor"), await desk.logged_in("noor")
    unknown = LoginRefused("state_unknown", "step_up")
    for token in (elsewhere.token, "planted", ""):
        started = await begun(desk, opened.session, "step_up")
        address = await desk.chosen(started, "noor")
        assert await desk.finished(address, started.cookie, replaces=token or None) == unknown
        again = await desk.finished(address, started.cookie, replaces=opened.token)
        assert again == LoginRefused("state_unknown")  # used up
    started = await begun(desk, opened.session, "step_up")
    address = await desk.chosen(started, "noor")
    assert await desk.finished(address, None, replaces=opened.token) == LoginRefused("state_unknown")
    assert await desk.service.actor_for(opened.token) == opened.session


async def test_a_lower_level_and_an_old_login_prove_nothing(desk: Desk) -> None:
    opened = await with_one_factor(desk)
    at_level(desk, "pim", DEMO_LEVEL)
    assert await proved(desk, opened, "factor", "pim") == LoginRefused("level_too_low", "factor")
    at_level(desk, "pim", DEMO_FACTOR_LEVEL)
    started = await begun(desk, opened.session, "factor")
    assert "max_age=0" in started.address
    assert f"acr_values={DEMO_FACTOR_LEVEL.replace(':', '%3A')}" in started.address
    address = await desk.chosen(started, "pim")
    desk.clock.advance(timedelta(seconds=45))  # as a provider does that ignores max_age
    outcome = await desk.finished(address, started.cookie, replaces=opened.token)
    assert outcome == LoginRefused("login_too_old", "factor")
    session = await desk.service.actor_for(opened.token)
    assert session is not None
    assert session.waiting == (f.COORDINATOR,)


async def test_a_lent_tablet_proves_nothing_and_a_locked_one_opens_by_a_proof(desk: Desk) -> None:
    opened = await desk.logged_in("noor")
    started = await begun(desk, opened.session, "step_up")
    address = await desk.chosen(started, "noor")
    lent = await desk.handed_over(opened)
    outcome = await desk.finished(address, started.cookie, replaces=lent.token)
    assert outcome == LoginRefused("state_unknown", "step_up")
    with pytest.raises(NotAllowedError):
        await desk.service.start_proof(lent.session, "step_up")
    with pytest.raises(NotAllowedError):
        await desk.service.stepping_up.by_passkey(lent.token, "step_up", "{}")
    mine = await desk.logged_in("noor")
    started = await begun(desk, mine.session, "step_up")
    locked = await desk.service.lock(mine.token, "/")
    assert locked is not None
    with pytest.raises(NotAllowedError):
        await desk.service.start_proof(locked, "step_up")
    outcome = await desk.finished(await desk.chosen(started, "noor"), started.cookie, replaces=mine.token)
    assert isinstance(outcome, LoggedIn), outcome
    session = await desk.service.actor_for(outcome.opened.token)
    assert session is not None
    assert not session.locked


async def test_a_counsellor_who_is_an_officer_too_works_on_and_waits_as_the_officer_only(desk: Desk) -> None:
    await desk.service.link_staff(OPERATOR, "demo", "noor", f.COORDINATOR)
    opened = await desk.logged_in("noor")
    assert (opened.session.actors, opened.session.waiting) == ((f.COUNSELLOR,), (f.COORDINATOR,))
    assert opened.session.waits_as(f.TRAVERSE, type(f.COORDINATOR))
    assert isinstance(await proved(desk, opened, "step_up", "noor"), LoggedIn)
    at_level(desk, "noor", DEMO_FACTOR_LEVEL)
    session = (await desk.logged_in("noor")).session
    assert session.acting_as(f.TRAVERSE, Counsellor) == f.COUNSELLOR
    assert session.acting_as(f.TRAVERSE, type(f.COORDINATOR)) == f.COORDINATOR
    started = await begun(desk, session, "step_up")
    assert "acr_values" in started.address  # an officer proves it with the second factor


async def test_a_passkey_is_a_second_factor_and_a_fresh_proof(desk: Desk) -> None:
    opened = await with_one_factor(desk)
    code = await desk.service.enrolments.give(OPERATOR, f.TRAVERSE, f.COORDINATOR.staff)
    key = await with_passkey(desk, opened.session, enrolment=code.lower().replace("-", " "))
    stepping_up, passkeys = desk.service.stepping_up, desk.service.passkeys
    wrong = await stepping_up.by_passkey(
        opened.token, "factor", key.show(await passkeys.begin(opened.session, "step_up"))
    )
    assert wrong == PasskeyRefused("asked_nothing")
    assert (await desk.events())[-1] == events.FactorRefused("passkey")
    asked = await passkeys.begin(opened.session, "factor")
    outcome = await stepping_up.by_passkey(opened.token, "factor", key.show(asked))
    assert isinstance(outcome, Proved), outcome
    assert (outcome.opened.session.factor, outcome.opened.session.actors) == ("passkey", (f.COORDINATOR,))
    assert await desk.service.actor_for(opened.token) is None
    assert (await desk.events())[-1] == events.FactorProved("passkey")
    desk.clock.advance(timedelta(minutes=3))
    asked = await passkeys.begin(outcome.opened.session, "step_up")
    fresh = await stepping_up.by_passkey(outcome.opened.token, "step_up", key.show(asked))
    assert isinstance(fresh, Proved), fresh
    assert fresh.opened.session.proved_at == desk.clock.now()


async def test_removing_a_passkey_takes_what_it_proved_from_the_other_sessions(desk: Desk) -> None:
    opened, elsewhere = await with_one_factor(desk), await with_one_factor(desk)
    code = await desk.service.enrolments.give(OPERATOR, f.TRAVERSE, f.COORDINATOR.staff)
    key, passkeys = await with_passkey(desk, opened.session, enrolment=code), desk.service.passkeys
    tokens = []
    for one in (opened, elsewhere):
        shown = key.show(await passkeys.begin(one.session, "factor"))
        outcome = await desk.service.stepping_up.by_passkey(one.token, "factor", shown)
        assert isinstance(outcome, Proved), outcome
        tokens.append(outcome.opened.token)
    mine = await desk.service.actor_for(tokens[0])
    assert mine is not None
    (line,) = await passkeys.listed(mine)
    await passkeys.remove(mine, line.credential, understood=True)
    other = await desk.service.actor_for(tokens[1])
    assert other is not None
    assert (other.actors, other.waiting, other.factor, other.factor_at) == ((), (f.COORDINATOR,), "", None)
    assert await desk.service.actor_for(tokens[0]) == mine


async def test_a_code_of_somebody_who_is_no_officer_enrols_nothing(desk: Desk) -> None:
    await desk.service.link_staff(OPERATOR, "demo", "noor", f.COORDINATOR)
    noor = (await desk.logged_in("noor")).session
    code = await desk.service.enrolments.give(OPERATOR, f.TRAVERSE, f.COUNSELLOR.staff)
    async with desk.database.transaction() as conn:
        assert not await desk.service.enrolments.take(conn, noor, code)


async def test_where_a_provider_knows_no_second_factor_only_a_passkey_is_one(desk: Desk) -> None:
    opened = await with_one_factor(desk)
    stepping_up = desk.service.stepping_up
    assert await stepping_up.login_offered(opened.session, "factor") is not None
    await desk.service.login_providers.change(OPERATOR, "demo", ProviderRules())
    assert await stepping_up.login_offered(opened.session, "factor") is None
    assert await desk.service.start_proof(opened.session, "factor") == LoginRefused("level_too_low")
    noor = await desk.logged_in("noor")
    started = await begun(desk, noor.session, "step_up")
    address = await desk.chosen(started, "noor")
    await desk.service.login_providers.set_open(OPERATOR, "demo", is_open=False)
    assert await stepping_up.login_offered(noor.session, "step_up") is None
    assert await desk.service.start_proof(noor.session, "step_up") == LoginRefused("provider_disabled")
    assert await desk.finished(address, started.cookie) == LoginRefused("provider_disabled")


async def test_without_the_requirement_officers_wait_for_nothing(desk: Desk) -> None:
    desk.service._live._second_factor = False
    desk.service.stepping_up._rules = ProofRules(second_factor=False, demo_allowed=True)
    opened = await with_one_factor(desk)
    assert (opened.session.actors, opened.session.waiting) == ((f.COORDINATOR,), ())
    session = await desk.service.actor_for(opened.token)
    assert session is not None
    assert session.actors == (f.COORDINATOR,)
    outcome = await proved(desk, opened, "step_up", "pim")
    assert isinstance(outcome, LoggedIn), outcome


async def test_two_answers_at_once_renew_a_session_once(desk: Desk) -> None:
    opened = await desk.logged_in("noor")
    attempts = [await begun(desk, opened.session, "step_up") for _ in range(2)]
    first, second = [await desk.chosen(one, "noor") for one in attempts]
    assert isinstance(await desk.finished(first, attempts[0].cookie, replaces=opened.token), LoggedIn)
    late = await desk.service.stepping_up._proved(opened.session, opened.token, {}, "/")
    assert late == LoginRefused("state_unknown")
    refused = await desk.finished(second, attempts[1].cookie, replaces=opened.token)
    assert refused == LoginRefused("state_unknown", "step_up")


async def test_a_provider_without_a_session_id_proves_too_and_a_link_that_went_meanwhile_ends_it(
    desk: Desk,
) -> None:
    opened = await desk.logged_in("noor")
    session, now = opened.session, desk.clock.now()
    login = Login(session.provider, session.subject, "", now, frozenset(), AtProvider())
    attempt = Attempt("/opvang", 0, "step_up", session.id)
    outcome = await desk.service.stepping_up.finish(attempt, opened.token, login)
    assert isinstance(outcome, Proved), outcome
    assert outcome.return_to == "/opvang"
    renewed = outcome.opened
    async with desk.database.transaction() as conn:
        await conn.execute(delete(staff_links))
    late = await desk.service.stepping_up._proved(renewed.session, renewed.token, {}, "/")
    assert late == LoginRefused("not_linked")


async def test_a_proof_that_tells_of_another_school_is_refused_and_ends_the_session(desk: Desk) -> None:
    opened = await desk.logged_in("sanne")
    session, now = opened.session, desk.clock.now()
    attempt = Attempt("/", 0, "step_up", session.id)
    login = Login(session.provider, session.subject, "", now, frozenset({"99ZZ99"}), AtProvider())
    refused = await desk.service.stepping_up.finish(attempt, opened.token, login)
    assert refused == LoginRefused("wrong_school")
    assert await desk.service.actor_for(opened.token) is None
    assert (await desk.events())[-1] == events.SessionEnded("wrong_school")


async def test_a_provider_that_is_read_otherwise_since_it_was_asked_proves_nothing(desk: Desk) -> None:
    opened = await desk.logged_in("noor")
    session = opened.session
    provider = await desk.service.stepping_up.login_offered(session, "step_up")
    await desk.service.login_providers.change(OPERATOR, "demo", ProviderRules())
    attempt = Attempt("/", 0, "step_up", session.id)
    login = Login(session.provider, session.subject, "", desk.clock.now(), frozenset(), AtProvider())
    refused = await desk.service.stepping_up.finish(attempt, opened.token, login, asked=provider)
    assert refused == LoginRefused("state_unknown")
    assert await desk.service.actor_for(opened.token) == session


async def test_a_code_for_a_first_passkey_is_of_one_person_for_one_day_and_one_use(desk: Desk) -> None:
    opened, noor = await with_one_factor(desk), await desk.logged_in("noor")
    give, take = desk.service.enrolments.give, desk.service.enrolments.take
    earlier = await give(OPERATOR, f.TRAVERSE, f.COORDINATOR.staff)
    code = await give(OPERATOR, f.TRAVERSE, f.COORDINATOR.staff)
    assert (await desk.events())[-1] == events.EnrolmentGiven(f.COORDINATOR.staff)
    async with desk.database.transaction() as conn:
        assert not await take(conn, opened.session, earlier)
        assert not await take(conn, noor.session, code)
        assert not await take(conn, opened.session, "")
        assert await take(conn, opened.session, code)
        assert not await take(conn, opened.session, code)
    late = await give(OPERATOR, f.TRAVERSE, f.COORDINATOR.staff)
    desk.clock.advance(ENROLMENT_LASTS)
    async with desk.database.transaction() as conn:
        assert not await take(conn, opened.session, late)


async def test_nobody_vouches_for_oneself_and_only_a_coordinator_there_for_others(
    desk: Desk,
) -> None:
    give = desk.service.enrolments.give
    assert await give(f.COORDINATOR, f.TRAVERSE, f.COUNSELLOR.staff)
    for actor in (f.COUNSELLOR, f.CONTACT):
        with pytest.raises(NotAllowedError):
            await give(actor, f.TRAVERSE, f.COORDINATOR.staff)
    with pytest.raises(NotAllowedError):
        await give(f.COORDINATOR, f.ELSEWHERE, f.COUNSELLOR.staff)
    with pytest.raises(NotAllowedError):
        await give(f.COORDINATOR, f.TRAVERSE, f.COORDINATOR.staff)
    await desk.service.link_staff(OPERATOR, "demo", "pim", f.COUNSELLOR)  # the same login is the same person
    with pytest.raises(NotAllowedError):
        await give(f.COORDINATOR, f.TRAVERSE, f.COUNSELLOR.staff)


def test_a_level_of_the_demo_is_worth_nothing_outside_it() -> None:
    assert factor_of(DEMO_FACTOR_LEVEL, RULES.second_factor_acrs, demo_allowed=True) == "acr"
    assert factor_of(DEMO_FACTOR_LEVEL, RULES.second_factor_acrs, demo_allowed=False) == ""
    assert factor_of("", ("",), demo_allowed=False) == ""
    assert factor_of("high", ("high",), demo_allowed=False) == "acr"
    assert [one.code for one in problems_of_rules(RULES, demo_allowed=False)] == [
        "identity.provider_demo_level"
    ]


@pytest.mark.parametrize(
    "rules,code",
    [
        (ProviderRules(second_factor_acrs=("two words",)), "identity.provider_levels"),
        (ProviderRules(acr_order=("x" * 201,)), "identity.provider_levels"),
        (ProviderRules(second_factor_acrs=("",)), "identity.provider_levels"),
        (
            ProviderRules(acr_order=("low", "high"), minimum_acr="high", second_factor_acrs=("low",)),
            "identity.provider_second_factor",
        ),
    ],
)
def test_levels_that_cannot_be_asked_for_or_reached_are_refused(rules: ProviderRules, code: str) -> None:
    assert [one.code for one in problems_of_rules(rules, demo_allowed=True)] == [code]


async def test_a_rule_of_the_demo_is_not_taken_in_production(desk: Desk) -> None:
    desk.service.login_providers._demo_allowed = False
    with pytest.raises(InputError):
        await desk.service.login_providers.change(OPERATOR, "demo", RULES)
