"""Rules that were spoilt in the database: nothing is released, every stop is taken, two officers heal it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, update

from consent_service.app import start_up
from consent_service.consent.service import Target
from consent_service.foundation.errors import InputError, UnavailableError
from consent_service.policy.service import PolicyService
from consent_service.policy.stored import RulesDamagedError, files_of, packed, read_bundle, rules_in
from consent_service.policy.tables import policy_bundles
from consent_service.release.model import Released
from consent_service.release.service import Ask
from tests.policy.changing import (
    OF_THREE,
    approved,
    in_force,
    release_folder,
    restarted,
    second_coordinator,
    switched,
    switched_to_tighter,
    taken,
    tighter_files,
    zipped,
)
from tests.scenarios.stories import Told, ask, share, told_family
from tests.shelter import POLICIES, World

SPOILT: Mapping[str, bytes | None] = {
    "garbage": b"\xc1 no message",
    "gone": None,
    "others": packed(files_of(POLICIES)),
    "no folder": msgspec.msgpack.encode({"consent": "x", "consent/yes.cedar": "x"}),
    "a comment": packed({**tighter_files(), "causes.toml": tighter_files()["causes.toml"] + "# why\n"}),
}


async def spoil(world: World, bundle_hash: str, how: str) -> None:
    row, files = policy_bundles.c.hash == bundle_hash, SPOILT[how]
    async with world.services.installation.database.transaction() as conn:
        if files is None:
            await conn.execute(delete(policy_bundles).where(row))
        else:
            await conn.execute(update(policy_bundles).where(row).values(files=files))


@pytest.fixture(params=sorted(SPOILT))
async def told(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> Told:
    """A family of a shelter whose rules in force somebody spoilt; the release has others."""
    told = await told_family(world)
    await switched_to_tighter(world)
    await spoil(world, await in_force(world), request.param)
    world.services = restarted(world, release_folder(tmp_path / "release", OF_THREE))
    await start_up(world.services)
    return told


async def test_nothing_is_released_and_nobody_is_told_that_there_is_nothing(world: World, told: Told) -> None:
    """A 404 would say that there is no such child, an empty list that nobody may be known."""
    release, records = world.services.release, world.services.records
    for asking in (
        ask(world, told.relationship),
        release.children_of_contact(world.contact, [told.relationship]),
        release.to_shelter(world.counsellor, Ask(told.relationship, "support")),
        release.preview(world.counsellor, told.relationship, language="nl"),
        share(world, told.relationship),
        records.awaiting_approval(world.colleague),
        world.services.policy_changes.files(world.officer),
        world.services.policy_changes.propose_edit(world.officer, OF_THREE),
    ):
        with pytest.raises(RulesDamagedError) as raised:
            await asking
        assert isinstance(raised.value, UnavailableError)


async def test_every_stop_is_taken_all_the_same(world: World, told: Told) -> None:
    s = world.services
    hers = Target(world.tenant, told.view.family, told.mother.guardian)
    stops: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: s.consent.withdraw(told.mother, hers, method="page"),
        lambda: s.consent.object(told.mother, hers, method="page"),
        lambda: s.records.retract(world.counsellor, told.relationship, told.record),
    )
    for stop in stops:
        await stop()


async def test_the_officer_reads_it_and_two_heal_it_with_what_the_release_has(
    world: World, told: Told
) -> None:
    changes, third = world.services.policy_changes, await second_coordinator(world, "Derk Derde")
    assert not (await changes.overview(world.officer)).active.judgeable
    proposal = taken(await changes.propose_software(world.officer))
    view = await changes.proposal(world.officer, proposal)
    assert (view.comparable, view.widenings, view.invariants) == (False, (), ())
    assert view.missing == ("policies.two_coordinators",)
    await approved(world.services, proposal, world.officer, third)
    await changes.activate(world.officer, proposal)
    assert (await changes.overview(world.officer)).active.judgeable
    assert isinstance(await ask(world, told.relationship), Released)


@pytest.mark.parametrize("how", ["gone", "others"])
async def test_the_difference_is_with_nothing_where_nobody_can_tell_what_was_there(
    world: World, tmp_path: Path, how: str
) -> None:
    await switched_to_tighter(world)
    await spoil(world, await in_force(world), how)
    changes = restarted(world, release_folder(tmp_path / "release", OF_THREE)).policy_changes
    proposal = taken(await changes.propose_software(world.officer))
    difference = (await changes.proposal(world.officer, proposal)).difference
    assert {one.change for one in difference} == {"added"}
    assert "consent/stops.cedar" in {one.file for one in difference}


@pytest.mark.parametrize("how", sorted(SPOILT))
async def test_rules_that_are_proposed_again_are_whole_again(world: World, how: str) -> None:
    """What the hash names was read a moment ago, so what stands there is put back."""
    tighter = await switched_to_tighter(world)
    software = await world.services.policy_changes.propose_software(world.officer)
    await switched(world, software)
    await spoil(world, tighter, how)
    world.services = restarted(world, POLICIES)
    outcome = await world.services.policy_changes.propose_upload(world.officer, zipped(dict(tighter_files())))
    assert await switched(world, outcome) == tighter
    async with world.services.installation.database.reading() as conn:
        assert rules_in((await read_bundle(conn, tighter)).files, tighter).bundle.hash == tighter


@pytest.mark.parametrize("how", sorted(set(SPOILT) - {"gone"}))
async def test_nobody_goes_back_to_rules_that_are_damaged(world: World, how: str) -> None:
    tighter = await switched_to_tighter(world)
    await switched(world, await world.services.policy_changes.propose_software(world.officer))
    await spoil(world, tighter, how)
    changes = restarted(world, POLICIES).policy_changes
    with pytest.raises(InputError) as raised:
        await changes.propose_earlier(world.officer, tighter)
    assert [one.code for one in raised.value.problems] == ["policies.damaged"]


@pytest.mark.parametrize("how", sorted(SPOILT))
async def test_a_proposal_whose_rules_are_damaged_lapses(world: World, how: str) -> None:
    archive = zipped(dict(tighter_files()))
    proposal = taken(await world.services.policy_changes.propose_upload(world.officer, archive))
    line = (await world.services.policy_changes.proposal(world.officer, proposal)).line
    await spoil(world, line.hash, how)
    changes = restarted(world, POLICIES).policy_changes
    view = await changes.proposal(world.officer, proposal)
    assert (view.missing, view.may_approve) == (("policies.stale",), False)


async def test_rules_in_memory_are_those_their_hash_names(world: World) -> None:
    """A process that read them before goes on by them, whatever somebody writes over them."""
    await switched_to_tighter(world)
    policies: PolicyService = world.services.policies
    before = await policies.rules(await in_force(world))
    await spoil(world, await in_force(world), "others")
    assert await policies.in_force(await in_force(world)) is before
