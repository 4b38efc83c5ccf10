"""Passkeys: what is believed of an authenticator, who may add one, and when they go."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from consent_service.audit import events
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import PersonId
from consent_service.identity import given_names, passkey_rows, webauthn
from consent_service.identity.passkeys import (
    MOST,
    NoEnrolments,
    PasskeyAdded,
    PasskeyProof,
    PasskeyRefused,
    PasskeyRemoved,
    Passkeys,
)
from consent_service.identity.sessions import Session
from consent_service.identity.tables import passkey_challenges, passkeys, return_pins
from consent_service.keyring.service import KeyRing
from tests.identity import factories as f
from tests.identity.authenticator import AT, BE, BS, UP, UV, Authenticator, b64
from tests.identity.desk import OPERATOR, Desk, open_desk
from tests.identity.serving import running

ORIGIN = "http://localhost:8080"
PARTY = webauthn.Party(ORIGIN, "localhost")


class Codes:
    """One code that was given out."""

    def __init__(self) -> None:
        self.good = {"abcd"}

    async def take(self, conn: object, session: Session, code: str) -> bool:
        taken = code in self.good
        self.good.discard(code)
        return taken


@pytest.fixture
async def desk(database: Database, keyring: KeyRing, clock: MovableClock) -> AsyncIterator[Desk]:
    """As `conftest.desk`, at an address that has passkeys."""
    desk = await open_desk(database, keyring, clock, origin=ORIGIN)
    desk.service.passkeys._enrolments = Codes()
    async with running(desk.provider.server(desk.port), desk.port):
        yield desk
    await desk.browser.aclose()


def of(desk: Desk) -> Passkeys:
    return desk.service.passkeys


async def added(desk: Desk, session: Session, **options: Any) -> Authenticator:
    authenticator = Authenticator(counter=options.pop("counter", 0))
    asked = await of(desk).begin_add(session)
    assert isinstance(asked, str), asked
    outcome = await of(desk).finish_add(session, authenticator.make(asked), **options)
    assert isinstance(outcome, PasskeyAdded), outcome
    return authenticator


async def shown(desk: Desk, session: Session, authenticator: Authenticator, **changed: Any) -> object:
    asked = await of(desk).begin(session, "factor")
    return await of(desk).proves(session, "factor", authenticator.show(asked, **changed))


async def test_a_passkey_is_added_shown_and_removed(desk: Desk) -> None:
    session = (await desk.logged_in()).session
    assert not await of(desk).has(session)
    assert await of(desk).begin(session, "factor") == ""
    passkey = await added(desk, session, name="Mijn telefoon")
    assert await of(desk).has(session)
    (line,) = await of(desk).listed(session)
    assert (line.name, line.last_used_at) == ("Mijn telefoon", None)
    desk.clock.advance(timedelta(seconds=5))
    proof = await shown(desk, session, passkey)
    assert proof == PasskeyProof(line.credential, desk.clock.now())
    (line,) = await of(desk).listed(session)
    assert line.last_used_at == desk.clock.now()
    assert await of(desk).remove(session, line.credential) == PasskeyRemoved(0)
    assert await of(desk).remove(session, line.credential) == PasskeyRefused("unknown")
    assert await of(desk).listed(session) == ()
    told = [event for event in await desk.events() if "asskey" in type(event).__name__]
    assert told == [events.PasskeyAdded(), events.PasskeyRemoved("by_owner")]


async def test_who_becomes_an_officer_begins_without_passkeys(desk: Desk) -> None:
    session = (await desk.logged_in()).session
    passkey = await added(desk, session)
    await desk.service.link_staff(OPERATOR, "demo", "noor", f.CONTACT_ELSEWHERE, establishment=f.CODE)
    assert await of(desk).has(session)
    await desk.service.link_staff(OPERATOR, "demo", "noor", f.COORDINATOR)
    assert not await of(desk).has(session)
    assert await of(desk).begin(session, "factor") == ""
    assert isinstance(await of(desk).begin_add(session), str)
    assert await of(desk).needs_enrolment(session)
    await added(desk, session, enrolment="abcd")
    async with desk.database.transaction() as conn:
        await desk.ring.create_person_key(conn, f.TRAVERSE, PersonId(f.FG.staff))
    await desk.service.link_staff(OPERATOR, "demo", "noor", f.FG)
    assert await of(desk).has(session)  # an officer already
    assert isinstance(await shown(desk, session, passkey), PasskeyRefused)


async def test_what_is_asked_says_nothing_of_the_person_and_wants_the_user_verified(desk: Desk) -> None:
    session = (await desk.logged_in()).session
    asked = await of(desk).begin_add(session)
    assert isinstance(asked, str)
    options = json.loads(asked)
    assert options["user"] | {"id": ""} == {"id": "", "name": "Ruggensteun", "displayName": "Ruggensteun"}
    assert len(options["user"]["id"]) == len(options["challenge"]) == 43
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    first = await added(desk, session)
    second = json.loads(str(await of(desk).begin_add(session)))
    assert second["user"]["id"] == b64(first.user)
    assert second["excludeCredentials"] == [{"type": "public-key", "id": b64(first.id)}]
    request = json.loads(await of(desk).begin(session, "unlock"))
    assert (request["rpId"], request["userVerification"]) == ("localhost", "required")


VIOLATIONS: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "http://localhost:8081"},
    "a subdomain": {"origin": "http://evil.localhost:8080"},
    "another relying party": {"rp_id": "example"},
    "in a frame of another site": {"crossOrigin": True},
    "another type": {"type": "payment.get"},
    "nobody there": {"flags": UV},
    "nobody verified": {"flags": UP},
    "a copy of what cannot be copied": {"flags": UP | UV | BS},
}


@pytest.mark.parametrize("planted", VIOLATIONS)
async def test_what_is_not_right_proves_and_adds_nothing(desk: Desk, planted: str) -> None:
    session = (await desk.logged_in()).session
    passkey = await added(desk, session)
    changed = dict(VIOLATIONS[planted])
    assert await shown(desk, session, passkey, **changed) == PasskeyRefused("invalid")
    asked = await of(desk).begin_add(session)
    assert isinstance(asked, str)
    flags = {"flags": changed["flags"] | AT} if "flags" in changed else {}
    response = Authenticator().make(asked, **changed | flags)
    assert await of(desk).finish_add(session, response) == PasskeyRefused("invalid")
    assert isinstance(await shown(desk, session, passkey), PasskeyProof)


@pytest.mark.parametrize(
    "changed",
    [
        {"flags": UP | UV},
        {"inner_id": b"another"},
        {"cose": {1: 2, 3: -7, -1: 1, -2: b"short", -3: b""}},
        {"cose": {1: 2, 3: -35, -1: 2, -2: bytes(48), -3: bytes(48)}},
        {"cose": {1: 99}},
    ],
    ids=["no-key", "another-id", "no-point", "another-algorithm", "unknown-key"],
)
async def test_a_new_passkey_must_be_one(desk: Desk, changed: dict[str, Any]) -> None:
    session = (await desk.logged_in()).session
    asked = str(await of(desk).begin_add(session))
    outcome = await of(desk).finish_add(session, Authenticator().make(asked, **changed))
    if changed.get("cose", {}).get(-2) == b"short":  # it is looked at when it signs: then it proves nothing
        assert isinstance(outcome, PasskeyAdded)
        return
    assert outcome == PasskeyRefused("invalid")


async def test_another_key_user_or_login_proves_nothing(desk: Desk) -> None:
    session = (await desk.logged_in()).session
    passkey, other = await added(desk, session), Authenticator()
    assert await shown(desk, session, passkey, key=other.key) == PasskeyRefused("invalid")
    assert await shown(desk, session, passkey, user=b"somebody else") == PasskeyRefused("invalid")
    assert isinstance(await shown(desk, session, passkey, user=b""), PasskeyProof)
    assert await shown(desk, session, other) == PasskeyRefused("unknown")
    contact = (await desk.logged_in("sanne")).session
    await added(desk, contact)
    assert await shown(desk, contact, passkey) == PasskeyRefused("unknown")
    asked = str(await of(desk).begin_add(contact))
    assert await of(desk).finish_add(contact, passkey.make(asked)) == PasskeyRefused("already")


async def test_what_is_asked_is_good_for_one_answer_one_session_one_purpose_and_five_minutes(
    desk: Desk,
) -> None:
    here, there = (await desk.logged_in()).session, (await desk.logged_in()).session
    passkey = await added(desk, here)
    old = passkey.show(await of(desk).begin(here, "factor"))
    answer = passkey.show(await of(desk).begin(here, "factor"))
    nothing = PasskeyRefused("asked_nothing")
    assert await of(desk).proves(here, "factor", old) == nothing  # asked again meanwhile
    assert await of(desk).proves(there, "factor", answer) == nothing
    assert await of(desk).proves(here, "take_back", answer) == nothing
    both = await asyncio.gather(*(of(desk).proves(here, "factor", answer) for _ in range(2)))
    assert sorted(type(one).__name__ for one in both) == ["PasskeyProof", "PasskeyRefused"]
    assert await of(desk).proves(here, "factor", answer) == nothing
    asked = await of(desk).begin(here, "factor")
    creation = str(await of(desk).begin_add(here))
    desk.clock.advance(timedelta(minutes=5))
    assert await of(desk).proves(here, "factor", passkey.show(asked)) == nothing
    assert await of(desk).finish_add(here, Authenticator().make(creation)) == nothing
    await of(desk).begin(here, "unlock")
    async with desk.database.reading() as conn:
        left = (await conn.execute(select(passkey_challenges.c.purpose))).scalars().all()
    assert left == ["unlock"]


async def test_a_counter_that_does_not_grow_is_refused_and_told_and_none_at_all_is_fine(desk: Desk) -> None:
    session = (await desk.logged_in()).session
    counting, synced = await added(desk, session, counter=7), await added(desk, session, counter=None)
    for _ in range(2):
        assert isinstance(await shown(desk, session, synced), PasskeyProof)
    assert isinstance(await shown(desk, session, counting), PasskeyProof)
    counting.counter = 7
    assert await shown(desk, session, counting) == PasskeyRefused("counter")
    counting.counter = None
    assert await shown(desk, session, counting) == PasskeyRefused("counter")
    told = [event for event in await desk.events() if isinstance(event, events.FactorRefused)]
    assert told == [events.FactorRefused("passkey_counter")] * 2


async def test_the_largest_counter_fits(desk: Desk) -> None:
    session = (await desk.logged_in()).session
    passkey = await added(desk, session)
    passkey.counter = 2**32 - 2
    assert isinstance(await shown(desk, session, passkey, flags=UP | UV | BE | BS), PasskeyProof)


async def test_a_login_of_before_adds_none_and_neither_does_a_lent_or_locked_tablet(desk: Desk) -> None:
    opened = await desk.logged_in()
    desk.clock.advance(timedelta(minutes=1))
    asked = str(await of(desk).begin_add(opened.session))
    handed = await desk.handed_over(opened)
    assert await of(desk).begin_add(handed.session) == PasskeyRefused("not_here")
    response = Authenticator().make(asked)
    assert await of(desk).finish_add(handed.session, response) == PasskeyRefused("asked_nothing")
    assert await of(desk).listed(handed.session) == ()
    assert await of(desk).remove(handed.session, "x") == PasskeyRefused("not_here")
    desk.clock.advance(timedelta(minutes=15))
    assert await of(desk).begin_add(opened.session) == PasskeyRefused("login_old")


async def test_ten_and_no_more(desk: Desk) -> None:
    session = (await desk.logged_in()).session
    for _ in range(MOST):
        await added(desk, session)
    assert await of(desk).begin_add(session) == PasskeyRefused("too_many")


async def test_an_officer_adds_the_first_with_a_code_and_the_next_with_the_first(desk: Desk) -> None:
    session = (await desk.logged_in("pim")).session
    assert await of(desk).needs_enrolment(session)
    for code in ("", "wrong"):
        asked = str(await of(desk).begin_add(session))
        refused = await of(desk).finish_add(session, Authenticator().make(asked), enrolment=code)
        assert refused == PasskeyRefused("enrolment_needed")
    first = await added(desk, session, enrolment="abcd")
    assert not await of(desk).needs_enrolment(session)
    assert await of(desk).begin_add(session) == PasskeyRefused("first_needed")
    elsewhere = (await desk.logged_in("pim")).session
    assert isinstance(await shown(desk, elsewhere, first), PasskeyProof)
    assert await of(desk).begin_add(session) == PasskeyRefused("first_needed")  # shown in another session
    assert isinstance(await shown(desk, session, first), PasskeyProof)
    asked = str(await of(desk).begin_add(session))
    desk.clock.advance(timedelta(minutes=4))
    assert isinstance(await of(desk).finish_add(session, Authenticator().make(asked)), PasskeyAdded)
    asked = str(await of(desk).begin_add(session))
    desk.clock.advance(timedelta(minutes=4))
    desk.service.passkeys._fresh = timedelta(minutes=5)
    outcome = await of(desk).finish_add(session, Authenticator().make(asked))
    assert outcome == PasskeyRefused("first_needed")
    told = [event for event in await desk.events() if isinstance(event, events.FactorRefused)]
    assert told == [events.FactorRefused("enrolment")]


async def test_an_officer_removes_the_last_one_knowing_what_it_means(desk: Desk) -> None:
    session = (await desk.logged_in("pim")).session
    await added(desk, session, enrolment="abcd")
    (line,) = await of(desk).listed(session)
    assert await of(desk).remove(session, line.credential) == PasskeyRefused("last_of_officer")
    assert await of(desk).remove(session, line.credential, understood=True) == PasskeyRemoved(0)
    assert await of(desk).needs_enrolment(session)


async def test_where_no_code_was_given_out_none_is_good(desk: Desk) -> None:
    async with desk.database.reading() as conn:
        assert not await NoEnrolments().take(conn, (await desk.logged_in("pim")).session, "abcd")


async def test_nobodys_passkey_can_be_removed_twice_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = (await desk.logged_in()).session
    await added(desk, session)
    (line,) = await of(desk).listed(session)

    async def gone(*_given: object) -> bool:
        return False

    monkeypatch.setattr(passkey_rows, "revoke_passkey", gone)
    assert await of(desk).remove(session, line.credential) == PasskeyRefused("unknown")


async def test_they_go_with_the_link_and_when_the_provider_closes(desk: Desk) -> None:
    async def left() -> int:
        async with desk.database.reading() as conn:
            found = [*await conn.execute(select(passkeys)), *await conn.execute(select(return_pins))]
            return len(found)

    counsellor, contact = await desk.logged_in(), await desk.logged_in("sanne")
    await added(desk, counsellor.session, name="Tablet")
    await desk.service.set_pin(counsellor.session, "4826")
    await added(desk, contact.session)
    assert await left() == 3
    await desk.service.unlink_staff(OPERATOR, f.COUNSELLOR.tenant, f.COUNSELLOR.staff)
    assert await left() == 1
    assert not await of(desk).has(counsellor.session)
    await desk.service.login_providers.set_open(OPERATOR, "demo", is_open=False)
    assert await left() == 0


async def test_a_login_that_stays_keeps_its_passkey_and_not_what_the_other_called_it(desk: Desk) -> None:
    await desk.service.link_staff(OPERATOR, "demo", "sanne", f.CONTACT_ELSEWHERE, establishment=f.CODE)
    session = (await desk.logged_in("sanne")).session
    passkey = await added(desk, session, name="Laptop van Sanne")
    await desk.service.unlink_staff(OPERATOR, f.CONTACT.tenant, f.CONTACT.staff)
    session = (await desk.logged_in("sanne")).session
    (line,) = await of(desk).listed(session)
    assert line.name == ""
    assert isinstance(await shown(desk, session, passkey), PasskeyProof)


async def test_a_name_is_sealed_and_goes_with_the_key_of_its_owner(desk: Desk) -> None:
    session = (await desk.logged_in()).session
    await added(desk, session, name="Kanarie")
    async with desk.database.transaction() as conn:
        row = (await conn.execute(select(passkeys))).one()
        assert b"Kanarie" not in row.sealed_name
        sealed = await given_names.seal_given_name(conn, desk.ring, f.COUNSELLOR, row.credential, "x")
        owner = (f.COUNSELLOR.tenant, f.COUNSELLOR.staff)
        with pytest.raises(IntegrityError):
            await given_names.open_given_name(conn, desk.ring, owner, "another", sealed)
        await desk.ring.destroy_person_key(conn, f.COUNSELLOR.tenant, PersonId(f.COUNSELLOR.staff))
    (line,) = await of(desk).listed(session)
    assert line.name == ""


async def test_at_an_ip_address_nothing_is_offered(
    database: Database, keyring: KeyRing, clock: MovableClock
) -> None:
    desk = await open_desk(database, keyring, clock, origin="http://127.0.0.1:8080")
    async with running(desk.provider.server(desk.port), desk.port):
        session = (await desk.logged_in()).session
    await desk.browser.aclose()
    refused = PasskeyRefused("not_offered")
    assert not of(desk).offered
    assert not await of(desk).has(session)
    assert await of(desk).begin_add(session) == refused
    assert await of(desk).finish_add(session, "{}") == refused
    assert await of(desk).begin(session, "factor") == ""
    assert await of(desk).proves(session, "factor", "{}") == refused


@pytest.mark.parametrize(
    "origin, host",
    [
        ("https://ruggensteun.example", "ruggensteun.example"),
        ("http://localhost:8080", "localhost"),
        ("http://127.0.0.1:8080", None),
        ("http://[::1]:8080", None),
        ("", None),
    ],
)
def test_the_relying_party_is_the_host(origin: str, host: str | None) -> None:
    party = webauthn.relying_party(origin)
    assert (party.id if party else None) == host


_TEXTS = st.text(max_size=40) | st.binary(max_size=60).map(b64)
_CLIENT_DATA = st.fixed_dictionaries(
    {"type": st.sampled_from(["webauthn.get", "webauthn.create"]) | st.text(max_size=5)},
    optional={"challenge": _TEXTS, "origin": st.just(ORIGIN) | _TEXTS, "crossOrigin": st.booleans()},
).map(lambda said: b64(json.dumps(said).encode()))
_RESPONSES = st.fixed_dictionaries(
    {"rawId": _TEXTS, "type": st.just("public-key") | _TEXTS},
    optional={
        "response": st.fixed_dictionaries(
            {"clientDataJSON": _CLIENT_DATA | _TEXTS},
            optional={
                "attestationObject": _TEXTS,
                "authenticatorData": st.binary(min_size=37, max_size=80).map(b64) | _TEXTS,
                "signature": _TEXTS,
                "userHandle": st.none() | _TEXTS,
            },
        )
    },
).map(json.dumps)


@given(
    response=_RESPONSES
    | st.text(max_size=200)
    | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1"))
)
@example(response='{"x":' + "[" * 16_000)
@example(
    response='{"rawId":"AA","response":{"clientDataJSON":"' + b64(b'{"challenge":' + b"[" * 9_000) + '"}}'
)
@example(response="x" * 20_000)
@example(response="\ud800")
def test_whatever_a_stranger_sends_is_a_no(response: str) -> None:
    named = webauthn.named_in(response)
    assert named is None or all(isinstance(one, bytes) for one in named)
    assert webauthn.made(PARTY, b"c" * 32, response) is None
    assert webauthn.shown(PARTY, b"c" * 32, response, credential=b"id", public_key=b"\xa0") is None


@given(noise=st.binary(max_size=120), at=st.integers(0, 100))
def test_noise_in_an_attestation_is_a_no(noise: bytes, at: int) -> None:
    """Before the key itself: a key of noise is one that never proves anything."""
    authenticator = Authenticator()
    options = webauthn.creation_options(PARTY, b"c" * 32, b"u" * 32, [])
    made = json.loads(authenticator.make(options))
    good = made["response"]["attestationObject"]
    assert webauthn.made(PARTY, b"c" * 32, json.dumps(made)) is not None
    made["response"]["attestationObject"] = good[:at] + b64(noise + b"\xff")
    assert webauthn.made(PARTY, b"c" * 32, json.dumps(made)) is None


async def test_nothing_of_a_passkey_is_in_the_log_of_the_process(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    session = (await desk.logged_in()).session
    with caplog.at_level(logging.DEBUG):
        passkey = await added(desk, session)
        assert isinstance(await shown(desk, session, passkey), PasskeyProof)
    assert passkey.id.hex() not in caplog.text
    (row,) = await of(desk)._of(session)
    asked = passkey_rows.Asked(b"user")
    assert repr(row) == "Passkey(...)"
    assert repr(asked) == "Asked(...)"
