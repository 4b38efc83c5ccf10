"""What two coordinators stood behind is what comes into force: every text, and of every shelter its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.foundation.errors import InputError
from consent_service.policy.proposals import CheckFailed
from consent_service.policy.stored import files_of
from tests.policy.changing import (
    TIGHTER_FILE,
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
from tests.shelter import POLICIES, World, furnish

OURS = files_of(POLICIES)
CASE = """
rule = "Advice is read after a yes"
[[cases]]
name = "a yes"
base = "school_reads"
type = "support_advice"
expect = "permit"
"""
WORDS = "reasons/nl.toml"
PROMISES = "invariants/roles.cedar"
PROMISE = """
@id("never.yes_alone")
@nl("Niemand ziet advies over een gezin met een enkele gezagsdrager.")
@en("Nobody sees advice about a family with one holder.")
forbid (principal, action == Action::"release", resource)
when { context.basis == Basis::"consent" }
when { resource.type == InformationType::"support_advice" && resource.holders == 1 };
"""


def planted() -> dict[str, str]:
    """The tighter rules with another sentence for schools, no invariant of their own and a false comment."""
    files = tighter_files()
    del files[PROMISES]
    files[WORDS] = files[WORDS].replace('school = "Niet beschikbaar."', 'school = "GEPLANT."', 1)
    files[TIGHTER_FILE] = "// Verplicht door de toezichthouder.\n" + files[TIGHTER_FILE]
    assert files[WORDS] != OURS[WORDS]
    return files


async def test_what_another_shelter_proposed_first_is_not_what_two_of_this_one_approve(world: World) -> None:
    other = await furnish(world.services, world.clock, "Opvang Noord")
    changes = world.services.policy_changes
    theirs = taken(await changes.propose_upload(other.officer, zipped(dict(planted()))))
    ours = await switched_to_tighter(world)
    assert (await changes.proposal(other.officer, theirs)).line.hash != ours
    bundle = (await world.services.policies.rules(ours)).bundle
    assert bundle.reasons["nl"].refused.school == "Niet beschikbaar."
    assert bundle.invariants == {PROMISES: OURS[PROMISES]}
    assert await changes.files(world.officer) == {
        name: text for name, text in tighter_files().items() if name in await changes.files(world.officer)
    }


async def test_nor_what_a_second_coordinator_of_this_one_proposed_and_withdrew(world: World) -> None:
    changes, second = world.services.policy_changes, await second_coordinator(world)
    withdrawn = taken(await changes.propose_upload(second, zipped(dict(planted()))))
    await changes.withdraw(second, withdrawn)
    proposal = taken(await changes.propose_upload(world.officer, zipped(dict(tighter_files()))))
    view = await changes.proposal(world.officer, proposal)
    assert [text for file in view.difference for _, text in file.lines if "toezichthouder" in text] == []
    assert PROMISES not in {one.file for one in view.difference}


@pytest.mark.parametrize(
    "file, text",
    [
        (WORDS, OURS[WORDS].replace("Niet beschikbaar.", "Niet te zien.")),
        ("tests/lone.toml", CASE),
        ("consent/stops.cedar", OURS["consent/stops.cedar"] + "// Waarom.\n"),
    ],
    ids=["sentence", "case", "comment"],
)
async def test_a_sentence_a_case_or_a_comment_changes_as_rules_do(world: World, file: str, text: str) -> None:
    changes, second, before = (
        world.services.policy_changes,
        await second_coordinator(world),
        await in_force(world),
    )
    proposal = taken(await changes.propose_edit(world.officer, {file: text}))
    view = await changes.proposal(second, proposal)
    assert [one.file for one in view.difference] == [file]
    assert (view.replay.changes, view.widenings, view.invariants) == ((), (), ())
    assert view.missing == ("policies.one_coordinator",)
    await changes.approve(second, proposal)
    assert await changes.activate(second, proposal) != before
    assert (await changes.files(world.officer))[file] == text


async def test_a_release_with_other_sentences_waits_for_two_coordinators(
    world: World, tmp_path: Path
) -> None:
    other = OURS[WORDS].replace("Niet beschikbaar.", "Niet te zien.")
    later = restarted(world, release_folder(tmp_path / "release", {WORDS: other}))
    await later.install()
    assert await later.policies.ensure_active(world.tenant) == await in_force(world)
    async with later.installation.database.reading() as conn:
        active = await later.policies.active_rules(conn, world.tenant)
    assert active.bundle.reasons["nl"].refused.school == "Niet beschikbaar."
    assert (await later.policy_changes.overview(world.officer)).on_disk == later.policies.proposal.bundle.hash


async def with_promise(world: World) -> str:
    """In force: the tighter rules, which promise never to do otherwise."""
    await switched_to_tighter(world)
    changes, second = world.services.policy_changes, await second_coordinator(world, "Bo Belofte")
    proposal = taken(await changes.propose_edit(world.officer, {"invariants/own.cedar": PROMISE}))
    assert (await changes.proposal(second, proposal)).invariants == ()  # one more takes nothing away
    await approved(world.services, proposal, second)
    return await changes.activate(second, proposal)


LOOSER = PROMISE.replace("resource.holders == 1", "resource.holders == 1 && resource.yes == 0")
OTHERWISE = PROMISE.replace("Nobody sees", "No school sees")


@pytest.mark.parametrize(
    "text, kind",
    [("// Niets meer.\n", "dropped"), (LOOSER, "changed"), (OTHERWISE, "changed")],
    ids=["dropped", "looser", "said otherwise"],
)
async def test_a_promise_is_given_up_by_itself(world: World, text: str, kind: str) -> None:
    await with_promise(world)
    changes, second = world.services.policy_changes, await second_coordinator(world)
    proposal = taken(await changes.propose_edit(world.officer, {"invariants/own.cedar": text}))
    view = await changes.proposal(second, proposal)
    (given_up,) = view.invariants
    assert (given_up.id, given_up.kind, len(given_up.key)) == ("never.yes_alone", kind, 64)
    assert given_up.says["en"] == "Nobody sees advice about a family with one holder."
    await changes.approve(second, proposal)
    assert (await changes.proposal(second, proposal)).missing == ("policies.items",)
    with pytest.raises(InputError):
        await changes.activate(second, proposal)
    await changes.approve(second, proposal, frozenset({given_up.key}))
    await changes.activate(second, proposal)


@pytest.mark.parametrize("promise", ["// Niets meer.\n", LOOSER, PROMISE], ids=["dropped", "looser", "kept"])
async def test_a_promise_is_not_broken_by_the_proposal_that_gives_it_up(world: World, promise: str) -> None:
    promised = await with_promise(world)
    broken = {**OURS, "invariants/own.cedar": promise}
    outcome = await world.services.policy_changes.propose_upload(world.officer, zipped(dict(broken)))
    assert isinstance(outcome, CheckFailed)
    assert {proof.invariant for proof in outcome.refuted} == {"never.yes_alone"}
    assert all(proof.counterexample is not None for proof in outcome.refuted)
    assert await in_force(world) == promised
