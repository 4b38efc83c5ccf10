"""Four eyes on other rules: who may propose, approve and switch, and what each step leaves in the log."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from consent_service.audit import events
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import TenantId
from consent_service.policy.assessing import Assessment
from consent_service.policy.problem_words import advice
from consent_service.policy.proofs.apart import widenings_apart
from consent_service.policy.proposals import CheckFailed, Proposed
from consent_service.policy.tables import policy_approvals
from consent_service.release.model import Refused, Released
from consent_service.rights.reconciliation import reconcile_acts
from tests.ledger import count, entries
from tests.policy.changing import (
    OF_THREE,
    TIGHTER_FILE,
    approved,
    in_force,
    second_coordinator,
    supervisor,
    switched_to_tighter,
    taken,
    tighter_files,
    tighter_hash,
    zipped,
)
from tests.scenarios.stories import ask, told_family
from tests.shelter import OPERATOR, World, furnish


def codes(raised: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [problem.code for problem in raised.value.problems]


async def upload(world: World, **replaced: str) -> Proposed | CheckFailed:
    archive = zipped({**tighter_files(), **replaced})
    return await world.services.policy_changes.propose_upload(world.officer, archive)


async def test_a_proposal_changes_nothing_until_two_coordinators_stand_behind_it(world: World) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    changes, first = world.services.policy_changes, await in_force(world)
    proposal = taken(await upload(world))
    installation = world.services.installation
    found = await reconcile_acts(installation.database, installation.ring, world.tenant)
    assert found.ok, found.mismatches

    view = await changes.proposal(world.officer, proposal)
    assert view.missing == ("policies.one_coordinator",)
    assert (view.may_approve, view.may_activate, view.comparable) == (False, False, True)
    assert [one.file for one in view.difference] == [TIGHTER_FILE, "tests/lone_holder.toml"]
    (change,) = view.replay.changes
    assert (change.kind, change.type, change.before.allowed, change.after.code) == (
        "to_deny",
        "support_advice",
        True,
        "holders_missing",
    )
    assert (view.replay.replayed, view.replay.unreadable, view.widenings) == (2, 0, ())
    with pytest.raises(InputError) as raised:
        await changes.activate(world.officer, proposal)
    assert codes(raised) == ["policies.one_coordinator"]
    assert await in_force(world) == first

    second = await second_coordinator(world)
    assert (await changes.proposal(second, proposal)).may_approve
    await changes.approve(second, proposal)
    view = await changes.proposal(second, proposal)
    assert (view.missing, view.may_approve, view.may_activate) == ((), False, True)
    world.clock.advance(timedelta(minutes=1))
    wanted = await changes.activate(second, proposal)
    assert wanted == tighter_hash() == await in_force(world)
    assert isinstance(await ask(world, told.relationship), Refused)


async def test_every_step_stands_in_the_log_with_who_did_it(world: World) -> None:
    world.clock.advance(timedelta(minutes=1))
    await switched_to_tighter(world)
    (proposed,) = await entries(world, "policy.proposed.v1")
    (replayed, *_) = reversed(await entries(world, "policy.replayed.v1"))
    (approval,) = await entries(world, "policy.approved.v1")
    switch = (await entries(world, "bundle.activated.v1"))[0]
    details = [one.detail for one in (proposed, replayed, approval, switch)]
    told = [detail.event for detail in details if detail is not None]
    assert isinstance(told[0], events.PolicyProposed)
    assert isinstance(told[1], events.PolicyReplayed)
    assert isinstance(told[2], events.PolicyApproved)
    assert isinstance(told[3], events.BundleActivated)
    assert told[0].bundle == told[1].bundle == told[2].bundle == told[3].bundle == switch.bundle
    assert told[0].replaces == world.services.policies.proposal.bundle.hash
    assert told[0].origin == "upload"
    assert world.officer.staff in told[3].approvers
    assert len(told[3].approvers) == 2
    assert [detail.by.kind for detail in details if detail is not None] == ["privacy_coordinator"] * 4


async def test_an_operator_proposes_and_carries_out_and_counts_for_nobody(world: World) -> None:
    changes = world.services.policy_changes
    archive = zipped(dict(tighter_files()))
    proposal = taken(await changes.propose_upload(OPERATOR, archive, tenant=world.tenant))
    with pytest.raises(NotAllowedError):
        await changes.approve(OPERATOR, proposal, tenant=world.tenant)
    with pytest.raises(NotAllowedError):
        await changes.proposal(OPERATOR, proposal, tenant=world.tenant)
    with pytest.raises(NotFoundError):
        await changes.overview(OPERATOR)
    assert (await changes.proposal(world.officer, proposal)).missing == ("policies.two_coordinators",)
    await changes.approve(world.officer, proposal)
    await changes.approve(world.officer, proposal)
    with pytest.raises(InputError) as raised:
        await changes.activate(OPERATOR, proposal, tenant=world.tenant)
    assert codes(raised) == ["policies.one_coordinator"]
    assert len(await entries(world, "policy.approved.v1")) == 1

    await changes.approve(await second_coordinator(world), proposal)
    assert await changes.activate(OPERATOR, proposal, tenant=world.tenant) == await in_force(world)


async def test_the_proposer_the_fg_and_another_shelter_approve_nothing(world: World) -> None:
    changes = world.services.policy_changes
    proposal = taken(await upload(world))
    fg, other = await supervisor(world), await furnish(world.services, world.clock, "Opvang Noord")
    with pytest.raises(InputError) as raised:
        await changes.approve(world.officer, proposal)
    assert codes(raised) == ["policies.approve_own"]
    seen = await changes.proposal(fg, proposal)
    assert (seen.may_approve, seen.may_activate) == (False, False)
    for forbidden in (changes.approve, changes.withdraw, changes.activate):
        with pytest.raises(NotAllowedError):
            await forbidden(fg, proposal)
    with pytest.raises(NotAllowedError):
        await changes.propose_software(fg)
    for hidden in (changes.approve, changes.withdraw, changes.activate, changes.proposal):
        with pytest.raises(NotFoundError):
            await hidden(other.officer, proposal)
        with pytest.raises(NotAllowedError):
            await hidden(other.officer, proposal, tenant=world.tenant)
    assert await count(world, policy_approvals) == 0


async def test_approvals_written_past_the_service_count_only_from_coordinators_of_this_shelter(
    world: World,
) -> None:
    """Rows for the FG, a counsellor, another shelter's coordinator and one who left are no approval."""
    changes = world.services.policy_changes
    proposal = taken(await upload(world))
    other = await furnish(world.services, world.clock, "Opvang Noord")
    left = await second_coordinator(world, "Leo Weg")
    await changes.approve(left, proposal)
    assert (await changes.proposal(world.officer, proposal)).missing == ()
    await world.services.organisations.end_staff(OPERATOR, world.tenant, left.staff)
    fg = await supervisor(world)
    now = world.clock.now()
    async with world.services.installation.database.transaction() as conn:
        for who in (fg.staff, world.counsellor.staff, other.officer.staff, OPERATOR.name):
            await conn.execute(
                policy_approvals.insert().values(
                    tenant=world.tenant, proposal=proposal, item="whole", approved_by=who, approved_at=now
                )
            )
    assert (await changes.proposal(world.officer, proposal)).missing == ("policies.one_coordinator",)
    with pytest.raises(InputError):
        await changes.activate(world.officer, proposal)


async def test_what_would_be_released_and_was_not_is_approved_one_by_one_by_another(world: World) -> None:
    told = await told_family(world)
    changes, second = world.services.policy_changes, await second_coordinator(world)
    first = await in_force(world)
    await switched_to_tighter(world)
    assert isinstance(await ask(world, told.relationship), Refused)

    back = taken(await changes.propose_earlier(world.officer, first))
    view = await changes.proposal(second, back)
    (occurred,) = view.replay.of_kind("to_allow")
    assert {one.type for one in view.widenings} == {"support_advice"}
    assert view.missing == ("policies.one_coordinator", "policies.items")
    with pytest.raises(InputError) as raised:
        await changes.approve(second, back, frozenset({"0" * 64}))
    assert codes(raised) == ["policies.item_unknown"]
    with pytest.raises(InputError) as raised:
        await changes.approve(world.officer, back, frozenset({occurred.key}))
    assert codes(raised) == ["policies.approve_own"]

    await changes.approve(second, back)
    view = await changes.proposal(second, back)
    assert (view.missing, view.may_approve) == (("policies.items",), True)
    with pytest.raises(InputError) as raised:
        await changes.activate(second, back)
    assert codes(raised) == ["policies.items"]
    await approved(world.services, back, second)
    assert await changes.activate(second, back) == first == await in_force(world)
    assert isinstance(await ask(world, told.relationship), Released)
    newest = (await entries(world, "policy.approved.v1"))[0]
    assert newest.detail is not None
    assert getattr(newest.detail.event, "items", ()) == tuple(
        sorted({occurred.key, *(one.key for one in view.widenings)})
    )


async def test_what_was_refused_after_the_last_look_is_still_found_at_the_switch(world: World) -> None:
    """A decision made while two officers were approving is judged by the new rules too."""
    changes, second = world.services.policy_changes, await second_coordinator(world)
    first = await in_force(world)
    await switched_to_tighter(world)
    back = taken(await changes.propose_earlier(world.officer, first))
    await approved(world.services, back, second)
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Refused)
    with pytest.raises(InputError) as raised:
        await changes.activate(second, back)
    assert codes(raised) == ["policies.items"]
    await approved(world.services, back, second)
    assert await changes.activate(second, back) == first


async def test_other_proposals_lapse_with_a_switch_and_can_be_made_again(world: World) -> None:
    changes = world.services.policy_changes
    waiting = taken(await upload(world, **OF_THREE))
    overview = await changes.overview(world.officer)
    assert [one.state for one in overview.proposals] == ["open"]
    assert [one.line.proposal for one in await changes.waiting(world.officer)] == [waiting]
    await switched_to_tighter(world)
    overview = await changes.overview(world.officer)
    assert sorted(one.state for one in overview.proposals) == ["active", "stale"]
    for late in (changes.approve, changes.activate, changes.withdraw):
        with pytest.raises(InputError) as raised:
            await late(await second_coordinator(world), waiting)
        assert codes(raised) in (["policies.stale"], ["policies.closed"])
    assert await changes.waiting(world.officer) == ()


async def test_who_looks_again_later_reads_the_decisions_anew_and_that_is_logged(world: World) -> None:
    proposal = taken(await upload(world))
    fg = await supervisor(world)
    await world.services.policy_changes.proposal(fg, proposal)
    assert len(await entries(world, "policy.replayed.v1")) == 1
    world.clock.advance(timedelta(minutes=11))
    await world.services.policy_changes.proposal(fg, proposal)
    newest, _ = await entries(world, "policy.replayed.v1")
    assert newest.detail is not None
    assert newest.detail.by.id == fg.staff


async def test_what_the_solver_does_not_finish_can_neither_be_approved_nor_switched_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, assessor = world.services.policy_changes, world.services.policy_changes._assessor
    proposal, second = taken(await upload(world)), await second_coordinator(world)
    await changes.approve(second, proposal)
    assessor._widenings.clear()
    with monkeypatch.context() as busy:
        busy.setattr(assessor, "_find_widenings", partial(widenings_apart, seconds=0.0))
        view = await changes.proposal(second, proposal)
        assert (view.comparable, view.may_approve, view.may_activate) == (True, False, False)
        assert view.missing == ("policies.not_comparable",)
        for step in (changes.approve, changes.activate):
            with pytest.raises(InputError) as raised:
                await step(second, proposal)
            assert codes(raised) == ["policies.not_comparable"]
    assert (await changes.proposal(second, proposal)).missing == ()
    assert await changes.activate(second, proposal) == await in_force(world)


async def test_what_the_solver_does_not_finish_is_not_proposed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assessor = world.services.policy_changes._assessor
    monkeypatch.setattr(assessor, "_find_widenings", partial(widenings_apart, seconds=0.0))
    outcome = await upload(world)
    assert isinstance(outcome, CheckFailed)
    assert outcome.codes == ("not_comparable",)
    assert advice(outcome.problems[0])
    assert (await world.services.policy_changes.overview(world.officer)).proposals == ()
    (refused,) = await entries(world, "policy.refused.v1")
    assert refused.detail is not None
    assert "not_comparable" in repr(refused.detail.event)


@pytest.mark.parametrize("step", ["approve", "activate"])
async def test_what_is_withdrawn_while_somebody_decides_stays_withdrawn(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    changes, assessor = world.services.policy_changes, world.services.policy_changes._assessor
    first, second, proposal = (
        await in_force(world),
        await second_coordinator(world),
        taken(await upload(world)),
    )
    if step == "activate":
        await changes.approve(second, proposal)
    assess = assessor.assess

    async def meanwhile(tenant: TenantId, wanted: str) -> Assessment:
        found = await assess(tenant, wanted)
        await changes.withdraw(world.officer, proposal)
        return found

    monkeypatch.setattr(assessor, "assess", meanwhile)
    with pytest.raises(InputError) as raised:
        await (changes.approve if step == "approve" else changes.activate)(second, proposal)
    assert codes(raised) == ["policies.closed"]
    assert await in_force(world) == first
    assert len(await entries(world, "bundle.activated.v1")) == 1
