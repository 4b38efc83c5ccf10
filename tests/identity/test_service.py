"""Logging in, sessions and hand-over as a person with a browser meets them, against the demo provider."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from consent_service.audit import events
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConflictError,
    DatabaseUnavailableError,
    InputError,
    IntegrityError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import PersonId
from consent_service.identity import links
from consent_service.identity.form_tokens import csrf_fits, csrf_token
from consent_service.identity.handover import HandOver, HandOverRefused, TakeBackRefused
from consent_service.identity.levels import level_code
from consent_service.identity.links import linked_actor
from consent_service.identity.model import GuardianActor, LoginRefused, StaffActor
from consent_service.identity.oidc import Callback
from consent_service.identity.own_address import is_own_address
from consent_service.identity.permissions import Action, Allowed, Circumstances, Denied, may
from consent_service.identity.providers import NewProvider, ProviderRules
from consent_service.identity.service import LoggedIn
from consent_service.identity.sessions import (
    Opened,
)
from consent_service.identity.tables import login_attempts, sessions, staff_links
from tests.identity import factories as f
from tests.identity.desk import HAND_OVER, OPERATOR, PIN, Desk

FIFTEEN = timedelta(minutes=15)


# --- logging in ------------------------------------------------------------------------------


async def test_a_code_is_taken_once(desk: Desk) -> None:
    started = await desk.started()
    assert repr(started) == "StartedLogin(...)"
    address = await desk.chosen(started, "noor")
    assert isinstance(await desk.finished(address, started.cookie), LoggedIn)
    assert await desk.finished(address, started.cookie) == LoginRefused("state_unknown")


async def test_another_browser_cannot_finish_a_login(desk: Desk) -> None:
    mine, theirs = await desk.started(), await desk.started()
    address = await desk.chosen(mine, "noor")
    for cookie in (None, "", "invented", theirs.cookie):
        assert await desk.finished(address, cookie) == LoginRefused("state_unknown")
    assert isinstance(await desk.finished(address, mine.cookie), LoggedIn)


async def test_a_changed_state_is_refused(desk: Desk) -> None:
    mine, theirs = await desk.started(), await desk.started()
    address, other = await desk.chosen(mine, "noor"), await desk.chosen(theirs, "pim")
    swapped = Callback.of({"code": "x", "state": other.rpartition("state=")[2].partition("&")[0]})
    assert await desk.service.finish_login("demo", swapped, cookie=mine.cookie) == LoginRefused(
        "state_unknown"
    )
    assert await desk.finished(address, mine.cookie, state="é") == LoginRefused("state_unknown")


async def test_a_code_injected_from_another_login_fails_on_pkce(desk: Desk) -> None:
    mine, theirs = await desk.started(), await desk.started()
    address, stolen = await desk.chosen(mine, "noor"), await desk.chosen(theirs, "pim")
    code = stolen.partition("code=")[2].partition("&")[0]
    assert await desk.finished(address, mine.cookie, code=code) == LoginRefused("code_refused")


async def test_a_login_not_finished_in_ten_minutes_is_refused(desk: Desk) -> None:
    started = await desk.started()
    address = await desk.chosen(started, "noor")
    desk.clock.advance(timedelta(minutes=10))
    assert await desk.finished(address, started.cookie) == LoginRefused("state_unknown")


async def test_somebody_we_do_not_know_is_refused_and_so_is_cancelling(desk: Desk) -> None:
    for who, code in (("onbekend", "not_linked"), ("", "cancelled")):
        started = await desk.started()
        outcome = await desk.finished(await desk.chosen(started, who), started.cookie)
        assert isinstance(outcome, LoginRefused)
        assert outcome.code == code
    assert await desk.refusals() == [
        events.ProviderRegistered("demo"),
        events.LoginRefused("demo", "not_linked"),
        events.LoginRefused("demo", "cancelled"),
    ]


async def test_an_unknown_provider_is_refused_without_a_word_in_the_log(desk: Desk) -> None:
    assert await desk.service.start_login("<script>") == LoginRefused("provider_unknown")
    outcome = await desk.service.finish_login("<script>", Callback(code="x"), cookie="x")
    assert outcome == LoginRefused("provider_unknown")
    assert await desk.refusals() == [events.ProviderRegistered("demo")]


async def test_a_provider_that_is_away_is_told_and_logged_before_anybody_is_sent_there(desk: Desk) -> None:
    away = NewProvider(id="away", name="Away", issuer="http://127.0.0.1:1", client_id="x")
    await desk.service.register_provider(OPERATOR, away)
    assert await desk.service.start_login("away") == LoginRefused("provider_unavailable")
    assert (await desk.refusals())[-1] == events.LoginRefused("away", "provider_unavailable")


def test_a_level_that_is_no_word_is_kept_as_its_digest() -> None:
    assert level_code("urn:level:high") == "urn:level:high"
    assert re.fullmatch(r"sha256:[0-9a-f]{32}", level_code("<b>hoog</b> é"))


@pytest.mark.parametrize("who,staff", [("noor", f.COUNSELLOR), ("sanne", f.CONTACT), ("pim", f.COORDINATOR)])
async def test_whoever_is_linked_is_logged_in_and_logged(desk: Desk, who: str, staff: StaffActor) -> None:
    opened = await desk.logged_in(who)
    session = await desk.service.actor_for(opened.token)
    assert session == opened.session
    assert session.actor == staff
    told = [events.LoginSucceeded("demo", opened.session.level)]
    assert await desk.events() == ([*told, events.FactorProved("acr")] if who == "pim" else told)


async def test_one_school_login_reaches_each_shelter_it_is_linked_to(desk: Desk) -> None:
    await desk.service.link_staff(OPERATOR, "demo", "sanne", f.CONTACT_ELSEWHERE, establishment=f.CODE)
    session = (await desk.logged_in("sanne")).session
    assert session.actors == (f.CONTACT, f.CONTACT_ELSEWHERE)
    assert session.acting_in(f.ELSEWHERE) == f.CONTACT_ELSEWHERE
    assert (await desk.logged_in("noor")).session.acting_in(f.ELSEWHERE) is None


async def test_a_planted_or_unknown_token_is_nobody(desk: Desk) -> None:
    planted = "chosen-by-an-attacker"
    opened = await desk.logged_in(replaces=planted)
    assert opened.token != planted
    for token in (planted, "", opened.token[:-1], "é"):
        assert await desk.service.actor_for(token) is None


async def test_logging_in_again_ends_the_session_the_browser_had(desk: Desk) -> None:
    first = await desk.logged_in()
    second = await desk.logged_in(replaces=first.token)
    assert await desk.service.actor_for(first.token) is None
    assert await desk.service.actor_for(second.token) is not None


@pytest.mark.parametrize(
    "asked,kept",
    [
        ("/gezinnen/1?vraag=2", "/gezinnen/1?vraag=2"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/%0d%0aset-cookie", "/%0d%0aset-cookie"),
        ("/a\r\nb", "/"),
        ("/opvang/../snel-weg", "/"),
        ("/opvang/%2E%2e/snel-weg", "/"),
        ("/opvang%2fa", "/"),
        ("", "/"),
    ],
)
async def test_after_login_one_returns_to_our_own_pages_only(desk: Desk, asked: str, kept: str) -> None:
    assert is_own_address(asked) == (asked == kept)
    started = await desk.started(return_to=asked)
    outcome = await desk.finished(await desk.chosen(started, "noor"), started.cookie)
    assert isinstance(outcome, LoggedIn)
    assert outcome.return_to == kept


async def test_the_database_names_nobody_and_cannot_finish_a_login(desk: Desk) -> None:
    started, opened = await desk.started(), await desk.logged_in()
    async with desk.database.reading() as conn:
        stored = [
            str(tuple(row))
            for table in (login_attempts, sessions, staff_links)
            for row in await conn.execute(select(table))
        ]
    assert stored
    for secret in ("noor", "sanne", started.cookie, opened.token, csrf_token(opened.token)):
        assert not [row for row in stored if secret in row]


# --- sessions --------------------------------------------------------------------------------


async def test_a_session_nobody_uses_ends_after_fifteen_minutes(desk: Desk) -> None:
    opened = await desk.logged_in("sanne")
    desk.clock.advance(FIFTEEN - timedelta(seconds=1))
    assert await desk.service.actor_for(opened.token) is not None  # moves the limit
    desk.clock.advance(FIFTEEN - timedelta(seconds=1))
    assert await desk.service.actor_for(opened.token) is not None
    desk.clock.advance(FIFTEEN)
    assert await desk.service.actor_for(opened.token) is None
    assert (await desk.events())[-1] == events.SessionEnded("idle")


async def test_a_session_in_use_ends_after_eight_hours(desk: Desk) -> None:
    opened = await desk.logged_in("sanne")
    for _ in range(47):
        desk.clock.advance(timedelta(minutes=10))
        assert await desk.service.actor_for(opened.token) is not None
    desk.clock.advance(timedelta(minutes=10))
    assert await desk.service.actor_for(opened.token) is None
    assert (await desk.events())[-1] == events.SessionEnded("absolute")


async def test_sessions_nobody_came_back_to_are_cleared_away(desk: Desk) -> None:
    await desk.logged_in()
    assert await desk.service.forget_expired() == 0
    desk.clock.advance(FIFTEEN)
    assert await desk.service.forget_expired() == 1


async def test_a_tablet_nobody_brought_back_is_no_longer_with_the_parent(desk: Desk) -> None:
    await desk.handed_over(await desk.logged_in())
    desk.clock.advance(4 * FIFTEEN - timedelta(seconds=1))
    assert await desk.service.forget_expired() == 0
    desk.clock.advance(timedelta(seconds=1))
    assert await desk.service.forget_expired() == 1
    assert (await desk.events())[-2:] == [
        events.HandoverEnded(family=f.FAMILY, code="idle"),
        events.SessionEnded("idle"),
    ]


async def test_who_comes_back_while_old_sessions_are_cleared_away_keeps_the_session(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, unlinked = await desk.logged_in(), await desk.logged_in("pim")
    async with desk.database.transaction() as conn:
        await links.remove_links(conn, f.TRAVERSE, f.COORDINATOR.staff)

    async def as_read_a_moment_ago(*_: object) -> tuple[str, ...]:
        return (opened.session.id, unlinked.session.id, "gone-already")

    monkeypatch.setattr("consent_service.identity.sessions.expired_sessions", as_read_a_moment_ago)
    assert await desk.service.forget_expired() == 1  # the one nobody is linked to
    assert await desk.service.actor_for(opened.token) is not None


async def test_logging_out_ends_the_session_and_says_where_to_go(desk: Desk) -> None:
    opened = await desk.logged_in()
    ended = await desk.service.log_out(opened.token)
    assert ended == opened.session
    assert await desk.service.actor_for(opened.token) is None
    assert await desk.service.log_out(opened.token) is None
    assert (await desk.events())[-1] == events.Logout()
    address = await desk.service.provider_logout_address(ended)
    assert address is not None
    answer = await desk.browser.get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{f.ORIGIN}/uitgelogd")


async def test_one_sees_and_ends_only_ones_own_sessions(desk: Desk) -> None:
    here, there, other = await desk.logged_in(), await desk.logged_in(), await desk.logged_in("pim")
    lines = await desk.service.own_sessions.listed(here.session)
    assert {line.id for line in lines} == {here.session.id, there.session.id}
    assert not await desk.service.own_sessions.end(here.session, other.session.id)
    assert not await desk.service.own_sessions.end(here.session, "nobody's")
    lent = await desk.handed_over(there)
    assert not await desk.service.own_sessions.end(lent.session, here.session.id)
    assert await desk.service.own_sessions.end(here.session, there.session.id)
    assert not await desk.service.own_sessions.end(here.session, there.session.id)  # ended a moment ago
    assert (await desk.events())[-2:] == [
        events.HandoverEnded(family=f.FAMILY, code="by_owner"),
        events.SessionEnded("by_owner"),
    ]
    assert await desk.service.actor_for(lent.token) is None
    assert await desk.service.actor_for(other.token) is not None


async def test_unlinking_ends_every_session_at_once_and_refuses_the_next_login(desk: Desk) -> None:
    one, two = await desk.logged_in(), await desk.handed_over(await desk.logged_in())
    assert await desk.service.unlink_staff(OPERATOR, f.TRAVERSE, f.COUNSELLOR.staff) == 2
    assert (await desk.events())[-3:] == [
        events.HandoverEnded(family=f.FAMILY, code="unlinked"),
        events.StaffUnlinked(staff=f.COUNSELLOR.staff, logins=1),
        events.SessionEnded("unlinked"),
    ]
    for opened in (one, two):
        assert await desk.service.actor_for(opened.token) is None
    started = await desk.started()
    outcome = await desk.finished(await desk.chosen(started, "noor"), started.cookie)
    assert outcome == LoginRefused("not_linked")


async def test_a_csrf_token_belongs_to_one_session(desk: Desk) -> None:
    one, other = await desk.logged_in(), await desk.logged_in()
    assert csrf_fits(one.token, csrf_token(one.token))
    for given in (csrf_token(other.token), "", "é", one.token):
        assert not csrf_fits(one.token, given)


async def test_s33_with_the_database_away_a_stop_is_still_known_to_come_from_somebody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = await desk.handed_over(await desk.logged_in())
    assert await desk.service.actor_for(handed.token) is not None
    monkeypatch.setattr(
        desk.service._live, "_database", Database("sqlite+aiosqlite:////nowhere/at/all.sqlite")
    )
    with pytest.raises(DatabaseUnavailableError):
        await desk.service.actor_for(handed.token)
    session = await desk.service.actor_for_stop(handed.token)
    assert session is not None
    assert session.actor == f.GUARDIAN
    assert await desk.service.actor_for_stop("never seen") is None
    desk.clock.advance(4 * FIFTEEN)
    assert await desk.service.actor_for_stop(handed.token) is None


async def test_leaving_works_even_when_the_entry_cannot_be_sealed(desk: Desk) -> None:
    opened, other = await desk.logged_in(), await desk.logged_in()
    async with desk.database.transaction() as conn:
        await desk.ring.destroy_person_key(conn, f.TRAVERSE, PersonId(f.COUNSELLOR.staff))
    assert await desk.service.log_out(opened.token) is not None
    assert await desk.service.actor_for(opened.token) is None
    desk.clock.advance(FIFTEEN)
    assert await desk.service.actor_for(other.token) is None


# --- handing the tablet over -------------------------------------------------------------------


async def test_after_hand_over_only_the_guardian_acts_and_the_counsellors_token_is_dead(desk: Desk) -> None:
    opened = await desk.logged_in()
    step = await desk.service.issue_step(opened.session, "family:change")
    handed = await desk.handed_over(opened)
    assert await desk.service.actor_for(opened.token) is None
    session = await desk.service.actor_for(handed.token)
    assert session is not None
    assert session.actor == session.acting_in(f.TRAVERSE) == GuardianActor(f.TRAVERSE, f.MOTHER, f.FAMILY)
    assert session.acting_in(f.ELSEWHERE) is None
    facts = Circumstances(tenant=f.TRAVERSE, family=f.FAMILY, person=f.MOTHER, assigned=True)
    assert may(session.actor, Action.VIEW_FAMILY, facts) == Denied("not_your_role")
    assert may(session.actor, Action.GIVE_CONSENT, facts) == Allowed()
    assert not await desk.service.use_step(session, "family:change", step)
    assert await desk.service.own_sessions.listed(session) == ()
    with pytest.raises(NotAllowedError):
        await desk.service.set_pin(session, "7391")


async def test_the_counsellor_comes_back_with_the_pin_and_the_guardians_token_is_dead(desk: Desk) -> None:
    handed = await desk.handed_over(await desk.logged_in())
    step = await desk.service.issue_step(handed.session, "consent:support_advice")
    back = await desk.service.take_back(handed.token, PIN)
    assert isinstance(back, Opened)
    assert await desk.service.actor_for(handed.token) is None
    session = await desk.service.actor_for(back.token)
    assert session is not None
    assert session.actor == f.COUNSELLOR
    assert not await desk.service.use_step(session, "consent:support_advice", step)
    assert (await desk.events())[-2:] == [
        events.HandoverStarted(family=f.FAMILY, guardian=f.MOTHER),
        events.HandoverEnded(family=f.FAMILY, code="returned"),
    ]


async def test_after_five_wrong_pins_the_session_is_gone_even_for_the_right_one(desk: Desk) -> None:
    handed = await desk.handed_over(await desk.logged_in())
    for left in (4, 3, 2, 1):
        assert await desk.service.take_back(handed.token, "0000") == TakeBackRefused("pin_wrong", left)
    assert await desk.service.take_back(handed.token, "0000") == TakeBackRefused("pin_exhausted")
    assert await desk.service.take_back(handed.token, PIN) == TakeBackRefused("no_session")
    logged = await desk.events()
    assert events.HandoverEnded(family=f.FAMILY, code="pin_exhausted") in logged
    assert logged[-1] == events.SessionEnded("pin_exhausted")


async def test_guessing_in_parallel_gives_no_extra_tries(desk: Desk) -> None:
    handed = await desk.handed_over(await desk.logged_in())
    guesses = (desk.service.take_back(handed.token, f"{n:04}") for n in range(8))
    outcomes = await asyncio.gather(*guesses)
    assert sum(isinstance(one, TakeBackRefused) and one.code == "pin_wrong" for one in outcomes) <= 4
    assert await desk.service.actor_for(handed.token) is None


async def test_quick_exit_during_the_conversation_ends_everything(desk: Desk) -> None:
    handed = await desk.handed_over(await desk.logged_in())
    assert await desk.service.log_out(handed.token) is not None
    assert await desk.service.take_back(handed.token, PIN) == TakeBackRefused("no_session")
    assert (await desk.events())[-2:] == [
        events.HandoverEnded(family=f.FAMILY, code="logged_out"),
        events.Logout(),
    ]


@pytest.mark.parametrize(
    "to",
    [
        HandOver(f.MOTHER, Circumstances(tenant=f.TRAVERSE, family=f.FAMILY)),
        HandOver(f.MOTHER, Circumstances(tenant=f.ELSEWHERE, family=f.FAMILY, assigned=True)),
        HandOver(f.MOTHER, Circumstances(tenant=f.TRAVERSE, assigned=True)),
    ],
)
async def test_only_a_counsellor_of_the_family_hands_the_tablet_over(desk: Desk, to: HandOver) -> None:
    opened = await desk.logged_in()
    await desk.service.set_pin(opened.session, PIN)
    assert await desk.service.hand_over(opened.token, to) == HandOverRefused("not_allowed")


async def test_a_hand_over_that_cannot_be_taken_back_is_refused(desk: Desk) -> None:
    opened = await desk.logged_in()
    assert await desk.service.hand_over(opened.token, HAND_OVER) == HandOverRefused("pin_missing")
    school = await desk.logged_in("sanne")
    assert await desk.service.hand_over(school.token, HAND_OVER) == HandOverRefused("not_allowed")
    assert await desk.service.hand_over("unknown", HAND_OVER) == HandOverRefused("no_session")
    assert await desk.service.take_back(opened.token, PIN) == TakeBackRefused("not_handed_over")


async def test_a_guardian_does_not_hand_the_tablet_on(desk: Desk) -> None:
    handed = await desk.handed_over(await desk.logged_in())
    father = HandOver(PersonId("father"), HAND_OVER.facts)
    assert await desk.service.hand_over(handed.token, father) == HandOverRefused("already_handed_over")


# --- providers and links -----------------------------------------------------------------------


async def test_only_the_operator_registers_and_links(desk: Desk) -> None:
    new = NewProvider(id="other", name="Other", issuer="https://login.example", client_id="x")
    with pytest.raises(NotAllowedError):
        await desk.service.register_provider(f.COUNSELLOR, new)
    with pytest.raises(NotAllowedError):
        await desk.service.link_staff(f.COUNSELLOR, "demo", "evil", f.COORDINATOR)
    with pytest.raises(NotAllowedError):
        await desk.service.unlink_staff(f.COUNSELLOR, f.TRAVERSE, f.COUNSELLOR.staff)


async def test_every_problem_of_a_registration_is_named_at_once(desk: Desk) -> None:
    rules = ProviderRules(algorithms=(), minimum_acr="high")
    new = NewProvider(id="Not An Id", name=" ", issuer="http://evil.example", client_id="", rules=rules)
    with pytest.raises(InputError) as refused:
        await desk.service.register_provider(OPERATOR, new)
    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["id", "name", "issuer", "client_id", "algorithms", "minimum_acr"]


async def test_a_taken_id_an_unknown_provider_and_a_double_link_are_refused(desk: Desk) -> None:
    taken = NewProvider(id="demo", name="Again", issuer="https://login.example", client_id="x")
    with pytest.raises(ConflictError):
        await desk.service.register_provider(OPERATOR, taken)
    with pytest.raises(NotFoundError):
        await desk.service.link_staff(OPERATOR, "nowhere", "noor", f.COUNSELLOR)
    with pytest.raises(ConflictError):
        await desk.service.link_staff(OPERATOR, "demo", "noor", f.COUNSELLOR)
    for nobody in (" ", "x" * 256):
        with pytest.raises(InputError) as refused:
            await desk.service.link_staff(OPERATOR, "demo", nobody, f.COUNSELLOR)
        assert [problem.code for problem in refused.value.problems] == ["identity.link_subject"]


async def test_a_schools_provider_never_makes_a_counsellor(desk: Desk) -> None:
    new = NewProvider(
        id="entree",
        name="Entree",
        issuer="https://login.example",
        client_id="x",
        audience="school",
        client_secret="kept sealed",
    )
    provider = await desk.service.register_provider(OPERATOR, new)
    assert (provider.auth_method, provider.public_key) == ("client_secret", "")
    with pytest.raises(InputError):
        await desk.service.link_staff(OPERATOR, "entree", "sub-1", f.COUNSELLOR)
    await desk.service.link_staff(OPERATOR, "entree", "sub-1", f.CONTACT)
    assert {p.id for p in await desk.service.providers()} == {"demo", "entree"}
    assert "kept sealed" not in repr(new)


def test_a_link_of_a_kind_this_version_does_not_know_is_nobody() -> None:
    stored: Any = {"kind": "janitor", "shelter": f.TRAVERSE, "staff": f.COUNSELLOR.staff}
    with pytest.raises(IntegrityError):
        linked_actor(stored)


async def test_our_published_keys_hold_nothing_private(desk: Desk) -> None:
    published = (await desk.service.jwks()).decode()
    assert '"n":' in published
    for private in ('"d":', '"p":', '"q":', '"dp":'):
        assert private not in published
