"""Decisions of the past: the rules and facts of then give the answer of then, and what is gone is counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import delete, select, update

from consent_service.audit import events
from consent_service.audit.details import Attachment
from consent_service.audit.reading import verify_stored
from consent_service.audit.tables import audit_details
from consent_service.foundation.errors import NotAllowedError
from consent_service.foundation.ids import EntryId, new_id
from consent_service.identity.model import System, by
from consent_service.policy import replaying as module
from consent_service.policy.proposals import NotRerun, Rerun
from consent_service.policy.replay import ReplayReport
from consent_service.policy.replaying import Replaying
from consent_service.policy.tables import policy_bundles
from consent_service.release.model import Refused, Released
from tests.ledger import entries
from tests.policy.changing import (
    restarted,
    supervisor,
    switched_to_tighter,
    tighter_files,
)
from tests.scenarios.stories import Told, ask, told_family
from tests.shelter import OPERATOR, POLICIES, World

Spoil = Callable[[World, EntryId], Awaitable[None]]


async def everything_again(world: World) -> list[Rerun | NotRerun]:
    replaying = world.services.policy_changes.replaying
    return [made async for made in replaying.rerun_all(world.tenant)]


async def released(world: World, told: Told) -> EntryId:
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    return answer.entry


async def report_of(world: World, replaying: Replaying) -> tuple[ReplayReport, bool]:
    rules = world.services.policies.proposal
    return await replaying.report(world.tenant, rules, rules)


async def test_each_decision_comes_out_as_it_did_also_after_the_rules_changed(world: World) -> None:
    told = await told_family(world)
    first = await released(world, told)
    await switched_to_tighter(world)
    refused = await ask(world, told.relationship)
    assert isinstance(refused, Refused)
    changes = world.services.policy_changes
    made = [await changes.rerun(world.officer, entry) for entry in (first, refused.entry)]
    assert all(isinstance(one, Rerun) and one.same for one in made)
    before, after = (one for one in made if isinstance(one, Rerun))
    assert before.bundle != after.bundle
    assert (before.then == after.then, len(before.question.types)) == (False, len(after.then))
    everything = await everything_again(world)
    assert [isinstance(one, Rerun) and one.same for one in everything] == [True] * 3


async def test_who_looks_again_is_in_the_log_and_has_to_be_an_officer_of_this_shelter(world: World) -> None:
    told = await told_family(world)
    entry = await released(world, told)
    fg = await supervisor(world)
    await world.services.policy_changes.rerun(fg, entry)
    (noted,) = await entries(world, "policy.replayed.v1")
    assert noted.detail is not None
    assert (noted.detail.by.id, getattr(noted.detail.event, "replayed", 0)) == (fg.staff, 1)
    with pytest.raises(NotAllowedError):
        await world.services.policy_changes.rerun(OPERATOR, entry, tenant=world.tenant)


async def flip(world: World, entry: EntryId) -> None:
    async with world.services.installation.database.transaction() as conn:
        place = audit_details.c.entry == entry
        raw = (await conn.execute(select(audit_details.c.attached).where(place))).scalar_one()
        await conn.execute(
            update(audit_details).where(place).values(attached=raw[:-1] + bytes([raw[-1] ^ 1]))
        )


async def lose_bundle(world: World, _entry: EntryId) -> None:
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(policy_bundles))
    world.services = restarted(world, POLICIES)
    world.services.policies._loaded.clear()


async def spoil_bundle(world: World, _entry: EntryId) -> None:
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(policy_bundles).values(files=msgspec.msgpack.encode(tighter_files())))
    world.services = restarted(world, POLICIES)
    world.services.policies._loaded.clear()


@pytest.mark.parametrize(
    "spoil,why", [(flip, "damaged"), (lose_bundle, "bundle_missing"), (spoil_bundle, "bundle_damaged")]
)
async def test_what_was_lost_or_changed_is_told_apart(world: World, spoil: Spoil, why: str) -> None:
    told = await told_family(world)
    entry = await released(world, told)
    await spoil(world, entry)
    made = await world.services.policy_changes.replaying.rerun(world.tenant, entry)
    assert isinstance(made, NotRerun)
    assert (made.entry, made.why) == (entry, why)


async def test_an_entry_without_a_decision_and_none_at_all_are_no_decision(world: World) -> None:
    (without, *_) = await entries(world, "bundle.activated.v1")
    for entry in (without.id, EntryId(new_id())):
        made = await world.services.policy_changes.rerun(world.officer, entry)
        assert isinstance(made, NotRerun)
        assert made.why == "no_decision"


async def test_a_decision_that_comes_out_otherwise_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: rules that answer otherwise under the hash of then, as a changed engine would."""
    told = await told_family(world)
    entry = await released(world, told)
    other = await switched_to_tighter(world)
    rules = world.services.policies
    bundle = msgspec.structs.replace((await rules.rules(other)).bundle, hash=rules.proposal.bundle.hash)
    planted = msgspec.structs.replace(rules.proposal, bundle=bundle)
    monkeypatch.setitem(rules._loaded, rules.proposal.bundle.hash, planted)
    made = await world.services.policy_changes.rerun(world.officer, entry)
    assert isinstance(made, Rerun)
    assert not made.same
    noted = [one.detail for one in await entries(world, "policy.replayed.v1")]
    assert 1 in {getattr(one.event, "otherwise", 0) for one in noted if one is not None}


async def test_the_facts_of_an_erased_child_are_gone_and_the_log_still_holds(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Anders")
    lost, kept = await released(world, told), await released(world, other)
    changes = world.services.policy_changes
    assert (await report_of(world, changes.replaying))[0].replayed == 4
    await world.services.custody.destroy_child(world.officer, told.view.children[0].child)
    gone, alive = [await changes.rerun(world.officer, entry) for entry in (lost, kept)]
    assert isinstance(gone, NotRerun)
    assert gone.why == "erased"
    assert isinstance(alive, Rerun)
    assert alive.same
    fresh = restarted(world, POLICIES).policy_changes.replaying
    report, _ = await report_of(world, fresh)
    assert (report.replayed, report.unreadable) == (2, 2)
    await world.settle()
    parts = world.services.installation
    verified = await verify_stored(parts.database, parts.ring, world.tenant)
    assert verified.ok


async def test_what_is_attached_and_is_no_decision_is_damaged(world: World) -> None:
    """Bytes that are what was written, and yet no decision this release can read."""
    told = await told_family(world)
    attachment = Attachment(told.view.children[0].child, b"no decision")
    async with world.services.installation.database.transaction() as conn:
        entry = await world.services.log.append(
            conn,
            tenant=world.tenant,
            event=events.PolicyReplayed("x", 0),
            by=by(System()),
            subject=None,
            attachment=attachment,
        )
    assert entry is not None
    made = await world.services.policy_changes.rerun(world.officer, entry)
    assert isinstance(made, NotRerun)
    assert made.why == "damaged"
    report, _ = await report_of(world, world.services.policy_changes.replaying)
    assert (report.replayed, report.unreadable) == (1, 1)


async def test_what_cannot_be_read_is_counted_and_the_rest_is_judged(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Anders")
    kept, lost = await released(world, other), await released(world, told)
    await flip(world, lost)
    report, fresh = await report_of(world, world.services.policy_changes.replaying)
    assert (report.replayed, report.unreadable, report.cut, fresh) == (3, 1, False, True)
    assert kept


async def test_the_second_look_goes_on_where_the_first_stopped_and_is_forgotten_in_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    told, replaying = await told_family(world), world.services.policy_changes.replaying
    for _ in range(4):
        await released(world, told)
    assert (await report_of(world, replaying))[0].replayed == 5
    world.clock.advance(timedelta(minutes=6))
    await world.settle()
    await released(world, told)
    report, fresh = await report_of(world, replaying)
    assert (report.replayed, report.same, fresh) == (6, 6, False)
    assert (await report_of(world, replaying))[0] == report
    world.clock.advance(timedelta(minutes=5))
    report, fresh = await report_of(world, replaying)
    assert (report.replayed, fresh) == (6, True)


async def test_only_so_many_are_looked_at_and_that_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest are left out, and stay out when the replay goes on."""
    monkeypatch.setattr(module, "PAGE", 2)
    monkeypatch.setattr(module, "MOST", 3)
    told, replaying = await told_family(world), world.services.policy_changes.replaying
    for expected in (2, 3, 3, 3):
        world.clock.advance(timedelta(minutes=11))
        await world.settle()
        await released(world, told)
        report, _ = await report_of(world, replaying)
        assert report.replayed == expected
    assert report.cut
    world.clock.advance(timedelta(minutes=9))
    await world.settle()
    await released(world, told)
    report, fresh = await report_of(world, replaying)
    assert (report.replayed, report.cut, fresh) == (4, True, False)


async def test_a_replay_that_breaks_off_starts_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    told, replaying = await told_family(world), world.services.policy_changes.replaying
    for _ in range(4):
        await released(world, told)
    real, calls = module._add, iter([True, False])

    def breaking(*arguments: object) -> None:
        if not next(calls, True):
            raise OSError("the disk is away")
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_add", breaking)
    with pytest.raises(OSError, match="away"):
        await report_of(world, replaying)
    report, fresh = await report_of(world, replaying)
    assert (report.replayed, fresh) == (5, True)


async def test_only_the_latest_replays_are_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST_CACHE", 1)
    replaying, own = world.services.policy_changes.replaying, world.services.policies.proposal
    other = await world.services.policies.rules(await switched_to_tighter(world))
    asked = [(own, own), (own, None), (other, None), (own, own), (own, own)]
    fresh = [(await replaying.report(world.tenant, new, old))[1] for new, old in asked]
    assert fresh == [True, True, True, True, False]


async def test_a_switch_reads_every_page_of_what_was_decided_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    told, replaying = await told_family(world), world.services.policy_changes.replaying
    for _ in range(4):
        await released(world, told)
    rules, now = world.services.policies.proposal, world.clock.now()
    async with world.services.installation.database.reading() as conn:
        report = await replaying.since(conn, world.tenant, now, new=rules, old=rules)
        later = now + timedelta(hours=1)
        nothing = await replaying.since(conn, world.tenant, later, new=rules, old=None)
    assert (report.replayed, nothing.replayed) == (5, 0)
