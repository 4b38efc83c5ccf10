"""Machine clients from registration to end, on both engines: who gets a token, and what the log tells."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.events import By, Event
from consent_service.audit.log import AuditLog, TrailFilter
from consent_service.audit.reconciling import reconcile_in
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    LogUnavailableError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import EntryId, TenantId, new_id
from consent_service.foundation.pacing import Pace as Counting
from consent_service.foundation.pacing import TooOftenError
from consent_service.identity.acts import ClientActs
from consent_service.identity.client_keys import read_key_set
from consent_service.identity.client_rows import Client, add_key
from consent_service.identity.client_scopes import Scope
from consent_service.identity.machine_clients import Admitted, MachineClients, TokenRefused
from consent_service.identity.model import MachineClient
from consent_service.identity.pace import Pace
from consent_service.identity.tables import api_clients, api_tokens, client_assertions_seen
from tests.identity import asking as a
from tests.ledger import whole_trail
from tests.shelter import OPERATOR, World, furnish
from tests.statements import counted

INVALID = TokenRefused("invalid_client")


class Counter:
    """The token endpoint, and one registered client that comes to it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clients: MachineClients = world.services.identity.machine_clients

    async def registered(self, name: str = "log-auditor", *keys: a.Signer, **changed: Any) -> Client:
        new = a.new_client(self.world.tenant, name, *keys, **changed)
        return await self.clients.register(OPERATOR, new)

    def proof(self, client: Client | str, **changed: Any) -> str:
        name = client if isinstance(client, str) else client.id
        return a.make_assertion(name, self.clients.issuer, self.world.clock.now(), **changed)

    async def asked(self, client: Client | str, **changed: Any) -> Admitted | TokenRefused:
        return await self.clients.admit(a.asking(self.proof(client, **changed)))

    async def token(self, client: Client, **changed: Any) -> str:
        admitted = await self.asked(client, **changed)
        assert isinstance(admitted, Admitted), admitted
        return admitted.token

    async def told(self) -> list[Event]:
        """What the log of the shelter tells of clients."""
        async with self.world.services.installation.database.reading() as conn:
            entries = await whole_trail(self.world.services.log, conn, self.world.tenant, TrailFilter())
        found = [one.detail.event for one in entries if one.detail is not None]
        return [one for one in found if type(one).__name__.startswith("Client")]


@pytest.fixture
def counter(world: World) -> Counter:
    return Counter(world)


async def test_a_client_gets_a_token_for_five_minutes_that_names_it_in_the_log(counter: Counter) -> None:
    client = await counter.registered()
    token = await counter.token(client)
    acting = await counter.clients.client_of(token)
    assert acting is not None
    assert acting.actor == MachineClient(counter.world.tenant, "log-auditor", a.EVERYTHING)
    counter.world.clock.advance(timedelta(minutes=5))
    assert await counter.clients.client_of(token) is None
    assert await counter.clients.client_of("x" * 43) is None
    key = client.keys[0].id
    assert set(await counter.told()) == {
        events.ClientRegistered("log-auditor", tuple(Scope), (key,)),
        events.ClientAdmitted("log-auditor", tuple(Scope)),
    }


async def test_of_many_at_once_one_gets_a_token_for_an_assertion(counter: Counter) -> None:
    """Over two services, as two processes would be."""
    client = await counter.registered()
    parts = counter.world.services
    ground = parts.installation
    second = MachineClients(
        ground.database, parts.log, ground.clock, public_origin=ground.login.public_origin
    )
    same = a.asking(counter.proof(client))
    answers = await asyncio.gather(*(one.admit(same) for one in (counter.clients, second) * 4))
    assert sorted(type(one).__name__ for one in answers) == ["Admitted", *["TokenRefused"] * 7]
    assert answers.count(INVALID) == 7
    await counter.clients.tell_refusals()
    await second.tell_refusals()
    replayed = events.ClientRefused("log-auditor", "assertion_replayed")
    assert (await counter.told()).count(replayed) == 7


async def test_unknown_ended_and_wrong_key_cost_and_say_the_same(counter: Counter) -> None:
    known, ended = await counter.registered(), await counter.registered("old-system")
    await counter.clients.end(OPERATOR, ended.id)
    database = counter.world.services.installation.database
    elsewhere = f"{new_id()}.log-auditor"
    wrong = a.ec_key("foreign")
    outcomes = []
    for name, key in (
        (f"{counter.world.tenant}.nobody-here", None),
        (elsewhere, None),
        (ended.id, None),
        (known.id, wrong),
        (f"{counter.world.tenant}.nobody-here", wrong),
    ):
        proof = counter.proof(name, key=key)
        with counted(database) as said:
            outcomes.append((await counter.clients.admit(a.asking(proof)), list(said)))
    assert [answer for answer, _ in outcomes] == [INVALID] * 5
    assert all(said == outcomes[0][1] for _, said in outcomes)
    with counted(database) as said:
        await counter.token(known)
    assert len(said) > len(outcomes[0][1]) > 0
    await counter.clients.tell_refusals()
    told = await counter.told()
    assert events.ClientRefused("old-system", "client_ended") in told
    assert events.ClientRefused("log-auditor", "assertion_key") in told
    assert sum(isinstance(one, events.ClientRefused) for one in told) == 2
    exposed = counter.clients.metrics.exposed().decode()
    assert 'asked_total{outcome="unknown"} 3.0' in exposed


async def test_the_key_of_another_client_and_a_client_of_another_shelter(counter: Counter) -> None:
    await counter.registered("roster", a.rsa_key())
    client = await counter.registered()
    other = await furnish(counter.world.services, counter.world.clock, "Opvang Noord")
    theirs = await counter.clients.register(
        OPERATOR, a.new_client(other.tenant, "log-auditor", a.ec_key("n"))
    )
    assert await counter.asked(client, key=a.rsa_key()) == INVALID
    assert await counter.asked(theirs, key=a.ec_key(), header={"kid": "n"}) == INVALID
    acting = await counter.clients.client_of(await counter.token(theirs, key=a.ec_key("n")))
    assert acting is not None
    assert acting.actor.tenant == other.tenant


async def test_after_the_end_no_token_old_or_new_is_worth_anything(counter: Counter) -> None:
    client = await counter.registered()
    token = await counter.token(client)
    await counter.clients.end(OPERATOR, client.id)
    assert await counter.clients.client_of(token) is None
    assert await counter.asked(client) == INVALID
    for call in (
        counter.clients.end(OPERATOR, client.id),
        counter.clients.end(OPERATOR, "nonsense"),
        counter.clients.add_key(OPERATOR, client.id, a.public(a.rsa_key())),
    ):
        with pytest.raises(NotFoundError):
            await call
    with pytest.raises(ConflictError):
        await counter.registered()
    (shown,) = await counter.clients.clients(OPERATOR, counter.world.tenant)
    assert shown.ended_at is not None
    assert events.ClientEnded("log-auditor") in await counter.told()


async def test_a_client_changes_over_to_its_next_key_and_the_old_one_s_tokens_end(counter: Counter) -> None:
    client = await counter.registered()
    old = await counter.token(client)
    added = await counter.clients.add_key(OPERATOR, client.id, a.public(a.rsa_key()))
    new = await counter.token(client, key=a.rsa_key())
    assert await counter.clients.client_of(old) is not None
    for wrong, keys in (
        (InputError, a.public(a.ec_key("x"))),
        (InputError, a.public(a.ec_key(), a.rsa_key())),
    ):
        with pytest.raises(wrong):
            await counter.clients.add_key(OPERATOR, client.id, keys)
    await counter.clients.drop_key(OPERATOR, client.id, a.ec_key().kid or "")
    assert await counter.clients.client_of(old) is None
    assert await counter.clients.client_of(new) is not None
    assert await counter.asked(client) == INVALID
    with pytest.raises(NotFoundError):
        await counter.clients.drop_key(OPERATOR, client.id, "unknown")
    with pytest.raises(ConflictError):
        await counter.clients.drop_key(OPERATOR, client.id, a.rsa_key().kid or "")
    for again in (a.public(a.ec_key()), a.public(a.ec_key("y"), kid=a.rsa_key().kid)):
        with pytest.raises(ConflictError):
            await counter.clients.add_key(OPERATOR, client.id, again)
    told = await counter.told()
    assert events.ClientChanged("log-auditor", ("key_added",), (added.id,)) in told
    assert events.ClientChanged("log-auditor", ("key_dropped",), (client.keys[0].id,)) in told


async def test_a_token_is_for_what_was_asked_and_never_for_more(counter: Counter) -> None:
    client = await counter.registered(scopes=frozenset({Scope.SCHOOLS}))
    proof = a.asking(counter.proof(client), scopes=frozenset({"schools:read"}))
    admitted = await counter.clients.admit(proof)
    assert isinstance(admitted, Admitted)
    assert admitted.scopes == (Scope.SCHOOLS,)
    assert "token" not in repr(admitted) + repr(proof)
    for wanted in ({"log:read"}, {"schools:read", "log:read"}, {""}, {"nonsense"}):
        asked = a.asking(counter.proof(client), scopes=frozenset(wanted))
        assert await counter.clients.admit(asked) == TokenRefused("invalid_scope")
        assert await counter.clients.admit(asked) == INVALID, "an assertion that got nothing is used up"
    both = await counter.registered("both")
    token = await counter.token(both)
    async with counter.world.services.installation.database.transaction() as conn:
        less = update(api_clients).where(api_clients.c.client == "both").values(scopes="log:read other")
        await conn.execute(less)
    acting = await counter.clients.client_of(token)
    assert acting is not None
    assert acting.actor.scopes == {Scope.LOG}


async def test_a_client_id_in_the_form_must_be_the_one_that_is_proved(counter: Counter) -> None:
    client = await counter.registered()
    proof = counter.proof(client)
    assert await counter.clients.admit(a.asking(proof, client="another")) == INVALID
    assert isinstance(await counter.clients.admit(a.asking(proof, client=client.id)), Admitted)
    assert await counter.clients.admit(a.asking("junk")) == INVALID


async def test_only_so_often_from_a_place_and_for_a_client_and_the_log_is_not_flooded(
    counter: Counter,
) -> None:
    client = await counter.registered()
    clients = counter.clients
    clients._calls = Pace(3, timedelta(minutes=1))
    clients._tokens = Pace(1, timedelta(minutes=1))
    clients._tells = Pace(1, timedelta(hours=1))
    clients._uses = Counting(counter.world.clock, times=1, within=timedelta(minutes=1))
    token = await counter.token(client)
    assert await counter.asked(client) == TokenRefused("too_many")
    assert await counter.asked(client, sub="x") == INVALID
    assert await counter.asked(client) == TokenRefused("too_many")
    proof = a.asking(counter.proof(client, sub="x"))
    assert await clients.admit(proof, place="elsewhere") == INVALID
    await clients.tell_refusals()
    refusals = [one for one in await counter.told() if isinstance(one, events.ClientRefused)]
    assert refusals == [events.ClientRefused("log-auditor", "too_many")]
    assert await clients.client_of(token) is not None
    with pytest.raises(TooOftenError):
        await clients.client_of(token)


async def test_with_the_log_away_nobody_gets_a_token_and_what_was_refused_waits(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await counter.registered()
    proof = a.asking(counter.proof(client))
    assert await counter.asked(client, sub="x") == INVALID

    async def away(*_args: object, **_named: object) -> None:
        raise LogUnavailableError("away")

    with monkeypatch.context() as patched:
        patched.setattr(AuditLog, "append", away)
        with pytest.raises(LogUnavailableError):
            await counter.clients.admit(proof)
        with pytest.raises(LogUnavailableError):
            await counter.clients.tell_refusals()
    assert isinstance(await counter.clients.admit(proof), Admitted), "nothing was used up"
    await counter.clients.tell_refusals()
    assert events.ClientRefused("log-auditor", "assertion_parties") in await counter.told()


async def test_the_database_keeps_digests_and_forgets_what_is_over(counter: Counter) -> None:
    client = await counter.registered()
    token = await counter.token(client, jti="a-very-own-token-id")
    database = counter.world.services.installation.database
    async with database.reading() as conn:
        stored = str([tuple(row) for row in await conn.execute(select(api_tokens))])
        stored += str([tuple(row) for row in await conn.execute(select(client_assertions_seen))])
    assert token not in stored
    assert "a-very-own" not in stored
    for minutes, left in ((1, (1, 1)), (1, (1, 0)), (4, (0, 0))):
        counter.world.clock.advance(timedelta(minutes=minutes))
        await counter.world.services.identity.forget_expired()
        async with database.reading() as conn:
            counts = [
                (await conn.execute(select(func.count()).select_from(table))).scalar_one()
                for table in (api_tokens, client_assertions_seen)
            ]
        assert tuple(counts) == left


async def test_only_the_operator_manages_clients_and_hears_of_every_mistake_at_once(counter: Counter) -> None:
    tenant, officer = counter.world.tenant, counter.world.officer
    for call in (
        counter.clients.register(officer, a.new_client(tenant)),
        counter.clients.clients(officer, tenant),
        counter.clients.add_key(officer, "x", ""),
        counter.clients.drop_key(officer, "x", "y"),
        counter.clients.end(officer, "x"),
    ):
        with pytest.raises(NotAllowedError):
            await call
    with pytest.raises(InputError) as wrong:
        await counter.registered("Noor de Vries", key_set="", scopes=frozenset())
    assert [one.field for one in wrong.value.problems] == ["name", "scope", "key"]


def test_what_the_log_tells_of_clients_are_the_acts_of_their_rows() -> None:
    def told(event: Event) -> list[tuple[str, tuple[str, ...]]]:
        detail = Detail(1, TenantId("t"), EntryId("e"), event, By("operator", "x"), "officer")
        return [(one.act.kind, one.act.facts) for one in ClientActs().told(detail)]

    assert told(events.ClientRegistered("c", ("log:read", "schools:read"), ("k",))) == [
        ("client", ("c", "log:read schools:read")),
        ("client_key", ("c", "k")),
    ]
    assert told(events.ClientChanged("c", ("key_added",), ("k",))) == [("client_key", ("c", "k"))]
    assert told(events.ClientChanged("c", ("key_dropped",), ("k",))) == [("client_key_end", ("c", "k"))]
    assert told(events.ClientEnded("c")) == [("client_end", ("c",))]


async def test_a_key_that_somebody_writes_into_the_database_is_found(counter: Counter) -> None:
    """Rows and entries of clients agree, until a row is written behind the service."""
    world, ended = counter.world, await counter.registered()
    await counter.registered("roster", a.rsa_key())
    await counter.clients.add_key(OPERATOR, ended.id, a.public(a.rsa_key()))
    await counter.clients.drop_key(OPERATOR, ended.id, a.ec_key().kid or "")
    await counter.clients.end(OPERATOR, ended.id)
    await world.settle()
    ground, planted = world.services.installation, read_key_set(a.public(a.ec_key("planted")))[0]

    async def differing(conn: AsyncConnection) -> set[tuple[str, str]]:
        found = await reconcile_in(conn, ground.ring, world.tenant, (ClientActs(),))
        return {(one.what, one.kind) for one in found.mismatches}

    async with ground.database.transaction() as conn:
        assert await differing(conn) == set()
        await add_key(conn, world.tenant, "roster", planted, world.clock.now())
        assert await differing(conn) == {("act_without_entry", "client_key")}
