"""Switching while the service works: no request fails, each entry names what decided it, one of two wins."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import msgspec
import pytest

from consent_service.app import Services, build_services
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, UnavailableError
from consent_service.foundation.ids import RelationshipId
from consent_service.policy.rules import Rules
from consent_service.policy.service import PolicyService
from consent_service.policy.stored import rules_in
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.ledger import entries
from tests.policy.changing import (
    OF_THREE,
    approved,
    in_force,
    second_coordinator,
    switched_to_tighter,
    taken,
    tighter_files,
    tighter_hash,
    zipped,
)
from tests.scenarios.stories import told_family
from tests.shelter import World, furnish

ASKED_BEFORE = 12


@pytest.fixture
async def another(world: World, database_url: str) -> AsyncIterator[Services]:
    """The same installation as a second process sees it: its own connections, its own memory."""
    database = Database(database_url)
    yield build_services(msgspec.structs.replace(world.services.installation, database=database))
    await database.close()


class School:
    """Contacts of one school that ask again and again, and once more after the switch."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.answers: list[Released | Refused] = []
        self.busy = asyncio.Event()
        self.switched = asyncio.Event()

    async def keep_asking(self, services: Services, relationship: RelationshipId) -> None:
        last = False
        while not last:
            last = self.switched.is_set()
            asked = Ask(relationship, "support")
            self.answers.append(await services.release.to_school(self.world.contact, asked))
            await asyncio.sleep(0.01)  # SQLite lets whoever waits longest wait: two processes take turns
            if len(self.answers) >= ASKED_BEFORE:  # eight take turns: it may never be just so many
                self.busy.set()


async def test_no_request_fails_while_rules_are_switched_and_each_entry_names_what_decided(
    world: World, another: Services
) -> None:
    families = [await told_family(world, family_name=name) for name in ("Aa", "Bee", "Cee", "Dee")]
    before, school = await in_force(world), School(world)
    archive = zipped(dict(tighter_files()))
    proposal = taken(await world.services.policy_changes.propose_upload(world.officer, archive))
    await approved(world.services, proposal, await second_coordinator(world))
    asking = [
        asyncio.create_task(school.keep_asking(services, told.relationship))
        for told in families
        for services in (world.services, another)
    ]
    await school.busy.wait()
    await another.policy_changes.activate(world.officer, proposal)
    school.switched.set()
    await asyncio.gather(*asking)
    answers = school.answers

    after = tighter_hash()
    assert await in_force(world) == after
    kinds = Counter(type(answer) for answer in answers)
    assert kinds[Released] >= ASKED_BEFORE
    assert kinds[Refused] >= len(asking)
    told_of = await entries(world, "information.released.v1", "release.refused.v1")
    decided_by = {entry.id: entry.bundle for entry in told_of}
    named = {(type(answer), decided_by[answer.entry]) for answer in answers}
    assert named == {(Released, before), (Refused, after)}


async def test_of_two_switches_at_once_one_wins_and_the_other_is_told(
    world: World, another: Services
) -> None:
    second = await second_coordinator(world)
    proposals = []
    for files in (tighter_files(), {**tighter_files(), **OF_THREE}):
        archive = zipped(dict(files))
        proposal = taken(await world.services.policy_changes.propose_upload(world.officer, archive))
        await approved(world.services, proposal, second)
        proposals.append(proposal)
    outcomes = await asyncio.gather(
        world.services.policy_changes.activate(world.officer, proposals[0]),
        another.policy_changes.activate(second, proposals[1]),
        return_exceptions=True,
    )
    (won,) = (one for one in outcomes if isinstance(one, str))
    (lost,) = (one for one in outcomes if not isinstance(one, str))
    assert isinstance(lost, InputError)
    assert {one.code for one in lost.problems} <= {"policies.stale", "policies.closed"}
    assert await in_force(world) == won
    assert sorted(one.state for one in (await world.services.policy_changes.overview(second)).proposals) == [
        "active",
        "stale",
    ]
    assert len(await entries(world, "bundle.activated.v1")) == 2


async def test_one_proposal_is_switched_on_once(world: World, another: Services) -> None:
    archive = zipped(dict(tighter_files()))
    proposal = taken(await world.services.policy_changes.propose_upload(world.officer, archive))
    second = await second_coordinator(world)
    await approved(world.services, proposal, second)
    outcomes = await asyncio.gather(
        *(
            services.policy_changes.activate(who, proposal)
            for services in (world.services, another)
            for who in (world.officer, second)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, str) for one in outcomes) == 1
    assert all(isinstance(one, (str, InputError)) for one in outcomes)
    assert len(await entries(world, "bundle.activated.v1")) == 2


async def test_a_switch_at_one_shelter_does_not_touch_another(world: World) -> None:
    other = await furnish(world.services, world.clock, "Opvang Noord")
    told = await told_family(other)
    await switched_to_tighter(world)
    answer = await other.services.release.to_school(other.contact, Ask(told.relationship, "support"))
    assert isinstance(answer, Released)
    (entry, *_) = await entries(other, "information.released.v1")
    assert entry.bundle == world.services.policies.proposal.bundle.hash != await in_force(world)


async def test_however_many_ask_at_once_stored_rules_are_read_once(
    world: World, another: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = await switched_to_tighter(world)
    reads: list[str] = []

    def counting(raw: bytes, bundle_hash: str) -> Rules:
        reads.append(bundle_hash)
        return rules_in(raw, bundle_hash)

    monkeypatch.setattr("consent_service.policy.service.rules_in", counting)
    impatient = asyncio.create_task(another.policies.rules(wanted))
    others = [asyncio.create_task(another.policies.rules(wanted)) for _ in range(20)]
    await asyncio.sleep(0)
    impatient.cancel()
    found = await asyncio.gather(*others)
    assert len({id(rules) for rules in found}) == 1
    assert reads == [wanted]
    assert await another.policies.rules(wanted) is found[0]


async def test_rules_that_could_not_be_read_are_asked_for_again(
    world: World, another: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = await switched_to_tighter(world)
    real = PolicyService._load_stored

    async def away(service: PolicyService, bundle_hash: str) -> Rules:
        raise UnavailableError("the database is away")

    monkeypatch.setattr(PolicyService, "_load_stored", away)
    outcomes = await asyncio.gather(
        *(another.policies.rules(wanted) for _ in range(3)), return_exceptions=True
    )
    assert [type(one) for one in outcomes] == [UnavailableError] * 3
    monkeypatch.setattr(PolicyService, "_load_stored", real)
    assert (await another.policies.rules(wanted)).bundle.hash == wanted


async def test_whoever_gives_up_waiting_leaves_nothing_behind(world: World, another: Services) -> None:
    """Cancelled while the rules are being read: nobody waits, and the next finds them."""
    wanted = await switched_to_tighter(world)
    waiting = asyncio.create_task(another.policies.rules(wanted))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await another.policies.rules(wanted)).bundle.hash == wanted


async def test_a_reading_that_is_stopped_is_begun_anew(world: World, another: Services) -> None:
    wanted = await switched_to_tighter(world)
    waiting = asyncio.create_task(another.policies.rules(wanted))
    await asyncio.sleep(0)
    another.policies._loading[wanted].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await another.policies.rules(wanted)).bundle.hash == wanted
