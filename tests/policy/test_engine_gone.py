"""Rules for another version of the engine: nothing is released, every stop is taken, two officers heal it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from consent_service.app import start_up
from consent_service.consent.service import Target
from consent_service.foundation.errors import InputError, UnavailableError
from consent_service.policy.proposals import NotRerun
from consent_service.policy.stored import ENGINE, EngineGoneError
from consent_service.policy.tables import policy_bundles
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.ledger import entries
from tests.policy.changing import (
    OF_THREE,
    approved,
    in_force,
    release_folder,
    restarted,
    second_coordinator,
    switched_to_tighter,
    taken,
    tighter_files,
    zipped,
)
from tests.scenarios.stories import Told, ask, share, told_family
from tests.shelter import SAFE, World


async def upgraded(world: World, folder: Path, engine: str | None = "cedarpy 3.9.0") -> str:
    """A new release on a database whose rules were all stored under the engine of the old one.

    Gives the hash of the rules in force. Those of the release count its engine, so their hash is another.
    """
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(policy_bundles).values(engine=engine))
    world.services = restarted(world, release_folder(folder, OF_THREE))
    await start_up(world.services)
    return await in_force(world)


@pytest.fixture
async def told(world: World, tmp_path: Path) -> Told:
    """A family whose school read something before the software was upgraded."""
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    await upgraded(world, tmp_path / "release")
    return told


async def test_the_service_starts_and_releases_nothing(world: World, told: Told) -> None:
    release, records = world.services.release, world.services.records
    with pytest.raises(EngineGoneError) as raised:
        await ask(world, told.relationship)
    assert isinstance(raised.value, UnavailableError)
    assert raised.value.code == "engine_gone"
    for asking in (
        release.children_of_contact(world.contact, [told.relationship]),
        release.to_shelter(world.counsellor, Ask(told.relationship, "support")),
        release.preview(world.counsellor, told.relationship, language="nl"),
        share(world, told.relationship),
        records.awaiting_approval(world.colleague),
    ):
        with pytest.raises(EngineGoneError):
            await asking


async def test_every_stop_is_taken_all_the_same(world: World, told: Told) -> None:
    s, who = world.services, world.counsellor
    hers = Target(world.tenant, told.view.family, told.mother.guardian)
    stops: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: s.consent.withdraw(told.mother, hers, method="page"),
        lambda: s.consent.object(told.mother, hers, method="page"),
        lambda: s.families.assess_safety(who, told.view.family, SAFE),
        lambda: s.families.remove_contact(who, told.relationship, world.contact.staff),
        lambda: s.records.retract(who, told.relationship, told.record),
        lambda: s.custody.destroy(world.officer, told.relationship),
    )
    for stop in stops:
        await stop()


async def test_the_officer_reads_what_is_the_matter(world: World, told: Told) -> None:
    overview = await world.services.policy_changes.overview(world.officer)
    assert (overview.active.engine, overview.active.judgeable) == ("cedarpy 3.9.0", False)
    assert overview.on_disk == world.services.policies.proposal.bundle.hash


async def test_the_rules_of_this_release_heal_it_when_two_coordinators_say_so_by_name(
    world: World, told: Told
) -> None:
    changes, second = world.services.policy_changes, await second_coordinator(world)
    proposal = taken(await changes.propose_software(world.officer))
    view = await changes.proposal(second, proposal)
    assert (view.comparable, view.widenings, view.missing) == (False, (), ("policies.two_coordinators",))
    assert (view.replay.replayed, view.replay.same) == (2, 2)
    await changes.approve(second, proposal)
    with pytest.raises(InputError) as raised:
        await changes.activate(second, proposal)
    assert [one.code for one in raised.value.problems] == ["policies.one_coordinator"]
    assert (await changes.proposal(world.officer, proposal)).may_approve
    await changes.approve(world.officer, proposal)

    assert await changes.activate(second, proposal) == await in_force(world)
    assert isinstance(await ask(world, told.relationship), Released)
    overview = await changes.overview(world.officer)
    assert (overview.active.engine, overview.active.judgeable) == (ENGINE, True)
    assert [one.judgeable for one in overview.earlier] == [False]


async def test_a_recorded_refusal_that_would_be_a_yes_is_approved_by_itself(
    world: World, tmp_path: Path
) -> None:
    """The rules of then are silent, the answers of then are not."""
    told = await told_family(world)
    await switched_to_tighter(world)
    assert isinstance(await ask(world, told.relationship), Refused)
    await upgraded(world, tmp_path / "release")
    changes, third = world.services.policy_changes, await second_coordinator(world, "Derk Derde")
    proposal = taken(await changes.propose_software(world.officer))
    view = await changes.proposal(third, proposal)
    assert view.replay.other_engine == view.replay.replayed == 2
    assert [one.type for one in view.replay.of_kind("to_allow")] == ["support_advice"]
    await changes.approve(world.officer, proposal)
    await changes.approve(third, proposal)
    assert (await changes.proposal(third, proposal)).missing == ("policies.items",)
    await approved(world.services, proposal, third)
    await changes.activate(third, proposal)
    assert isinstance(await ask(world, told.relationship), Released)


async def test_nobody_goes_back_to_rules_whose_engine_is_gone(world: World, told: Told) -> None:
    changes, old = world.services.policy_changes, await in_force(world)
    proposal = taken(await changes.propose_software(world.officer))
    await approved(world.services, proposal, await second_coordinator(world))
    await changes.approve(world.officer, proposal)
    await changes.activate(world.officer, proposal)
    with pytest.raises(InputError) as raised:
        await changes.propose_earlier(world.officer, old)
    assert [one.code for one in raised.value.problems] == ["policies.engine_gone"]


async def test_a_proposal_for_a_gone_engine_lapses(world: World, tmp_path: Path) -> None:
    archive = zipped(dict(tighter_files()))
    proposal = taken(await world.services.policy_changes.propose_upload(world.officer, archive))
    await upgraded(world, tmp_path / "release")
    changes = world.services.policy_changes
    assert [one.state for one in (await changes.overview(world.officer)).proposals] == ["stale"]
    view = await changes.proposal(world.officer, proposal)
    assert (view.missing, view.may_approve, view.replay.replayed) == (("policies.stale",), False, 0)
    with pytest.raises(InputError) as raised:
        await changes.approve(await second_coordinator(world), proposal)
    assert [one.code for one in raised.value.problems] == ["policies.stale"]


async def test_a_decision_of_then_asks_for_the_release_of_then(world: World, told: Told) -> None:
    (entry, *_) = await entries(world, "information.released.v1")
    made = await world.services.policy_changes.rerun(world.officer, entry.id)
    assert isinstance(made, NotRerun)
    assert made.why == "engine_gone"


@pytest.mark.parametrize("engine", [ENGINE.replace("form 2", "form 1"), ENGINE.partition(",")[0], None])
async def test_rules_under_a_hash_of_another_form_are_not_judged_by(
    world: World, tmp_path: Path, engine: str | None
) -> None:
    """Under such a hash other texts may be kept than anybody approved; the same two officers heal it."""
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    await upgraded(world, tmp_path / "release", engine)
    with pytest.raises(EngineGoneError):
        await ask(world, told.relationship)
    changes, second = world.services.policy_changes, await second_coordinator(world)
    assert not (await changes.overview(world.officer)).active.judgeable
    proposal = taken(await changes.propose_software(world.officer))
    view = await changes.proposal(second, proposal)
    assert (view.comparable, view.replay.other_engine, view.invariants) == (False, 2, ())
    await approved(world.services, proposal, second)
    await changes.approve(world.officer, proposal)
    await changes.activate(second, proposal)
    assert isinstance(await ask(world, told.relationship), Released)
