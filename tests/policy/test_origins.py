"""Where proposals come from, and everything that is refused before anybody has to look at it."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path

import pytest

from consent_service.audit import events
from consent_service.foundation.errors import InputError
from consent_service.policy.bundle import lock
from consent_service.policy.proposals import CheckFailed, Proposed
from consent_service.policy.rules import load_rules
from consent_service.policy.stored import files_of
from consent_service.policy.tables import policy_bundles, policy_proposals
from tests.information.folders import change
from tests.ledger import count, entries
from tests.policies_folder import copied_policies
from tests.policy.changing import (
    OF_THREE,
    TIGHTER,
    TIGHTER_CASES,
    TIGHTER_CASES_FILE,
    TIGHTER_FILE,
    in_force,
    release_folder,
    restarted,
    switched,
    switched_to_software,
    switched_to_tighter,
    taken,
    tighter_files,
    tighter_hash,
    zipped,
)
from tests.shelter import OPERATOR, POLICIES, World

LOCATION = "safety/location.cedar"


async def refused(proposing: Awaitable[object]) -> list[str]:
    with pytest.raises(InputError) as raised:
        await proposing
    return [problem.code for problem in raised.value.problems]


async def nothing_was_kept(world: World) -> bool:
    return (await count(world, policy_bundles), await count(world, policy_proposals)) == (1, 0)


async def refusals(world: World) -> list[tuple[str, tuple[str, ...]]]:
    details = [entry.detail for entry in await entries(world, "policy.refused.v1")]
    told = [detail.event for detail in details if detail is not None]
    return [(one.origin, one.codes) for one in told if isinstance(one, events.PolicyRefused)]


async def test_weakening_the_secret_address_rule_is_refused_with_a_counterexample(world: World) -> None:
    """The issue's own example: nobody gets to approve it, because it is never proposed."""
    files = files_of(POLICIES)
    rule = files[LOCATION]
    weaker = rule.replace("context.secret_address || ", "")
    assert weaker != rule
    first = await in_force(world)
    outcome = await world.services.policy_changes.propose_edit(world.officer, {LOCATION: weaker})

    assert isinstance(outcome, CheckFailed)
    broken = {proof.invariant: proof for proof in outcome.refuted}
    assert broken["never.secret_address"].state == "refuted"
    found = broken["never.secret_address"].counterexample
    assert found is not None
    assert found.question.relationship.secret_address
    assert "secret_address = true" in found.case
    assert await nothing_was_kept(world)
    assert await in_force(world) == first
    ((origin, codes),) = await refusals(world)
    assert origin == "edit"
    assert "never.secret_address" in codes


@pytest.mark.parametrize(
    "spoiled",
    [
        {"consent/stops.cedar": "permit("},
        {"consent/stops.cedar": "forbid (principal, action, resource) when {" + "(" * 1_000},
        {"schema.cedarschema": "entity"},
        {"causes.toml": "causes = ["},
        {TIGHTER_FILE: TIGHTER},
        {TIGHTER_FILE: TIGHTER.replace("holders == 1", "holder == 1"), TIGHTER_CASES_FILE: TIGHTER_CASES},
    ],
    ids=["syntax", "nesting", "schema", "causes", "no case", "unknown fact"],
)
async def test_what_does_not_pass_its_checks_is_told_logged_and_not_kept(
    world: World, spoiled: dict[str, str]
) -> None:
    outcome = await world.services.policy_changes.propose_edit(world.officer, spoiled)
    assert isinstance(outcome, CheckFailed)
    assert outcome.problems
    assert all(problem.where for problem in outcome.problems)
    assert await nothing_was_kept(world)
    assert await refusals(world) == [("edit", tuple(sorted(set(outcome.codes))))]


async def test_an_archive_that_is_no_archive_of_rules_is_refused_and_logged(world: World) -> None:
    propose = world.services.policy_changes.propose_upload
    assert await refused(propose(world.officer, b"nothing")) == ["policies.archive_unreadable"]
    slipped = zipped({**files_of(POLICIES), "../../etc/rules.cedar": TIGHTER})
    assert await refused(propose(world.officer, slipped)) == ["policies.archive_names"]
    assert await nothing_was_kept(world)
    assert sorted(await refusals(world)) == [
        ("upload", ("policies.archive_names",)),
        ("upload", ("policies.archive_unreadable",)),
    ]


async def test_an_upload_may_leave_out_the_catalogue_and_texts_and_not_change_them(world: World) -> None:
    changes, files = world.services.policy_changes, tighter_files()
    for name in ("information_types.toml", "terms.toml", "texts/nl.toml"):
        archive = zipped({**files, name: files[name] + "\n# mine"})
        assert await refused(changes.propose_upload(world.officer, archive)) == [
            "policies.comes_with_software"
        ]
    own = {name: text for name, text in files.items() if not name.startswith(("texts/", "terms", "info"))}
    proposal = taken(await changes.propose_upload(world.officer, zipped(own)))
    assert (await changes.proposal(world.officer, proposal)).line.hash == tighter_hash()


async def test_what_changes_nothing_or_is_proposed_already_is_not_proposed(world: World) -> None:
    changes = world.services.policy_changes
    assert await refused(changes.propose_software(world.officer)) == ["policies.nothing_changes"]
    same = {LOCATION: files_of(POLICIES)[LOCATION]}
    assert await refused(changes.propose_edit(world.officer, same)) == ["policies.nothing_changes"]
    archive = zipped(dict(tighter_files()))
    first = taken(await changes.propose_upload(world.officer, archive))
    assert await refused(changes.propose_upload(world.officer, archive)) == ["policies.proposed_already"]
    await changes.withdraw(world.officer, first)
    assert await refused(changes.withdraw(world.officer, first)) == ["policies.closed"]
    again = taken(await changes.propose_upload(world.officer, archive))
    assert [one.state for one in (await changes.overview(world.officer)).proposals] == ["open", "withdrawn"]
    assert again != first
    (withdrawn,) = await entries(world, "policy.withdrawn.v1")
    assert withdrawn.detail is not None
    assert getattr(withdrawn.detail.event, "proposal", "") == first


async def test_an_edit_starts_from_the_rules_in_force(world: World) -> None:
    changes = world.services.policy_changes
    await switched_to_tighter(world)
    files = await changes.files(world.officer)
    assert files[TIGHTER_FILE] == TIGHTER
    assert not [name for name in files if name.startswith(("texts/", "information_types", "terms"))]
    proposal = taken(await changes.propose_edit(world.officer, OF_THREE))
    view = await changes.proposal(world.officer, proposal)
    assert [one.file for one in view.difference] == [TIGHTER_FILE, TIGHTER_CASES_FILE]
    assert view.line.origin == "edit"
    for name in ("texts/nl.toml", "terms.toml"):
        assert await refused(changes.propose_edit(world.officer, {name: "x"})) == [
            "policies.comes_with_software"
        ]


async def test_a_release_is_proposed_when_it_is_locked(world: World, tmp_path: Path) -> None:
    folder = release_folder(tmp_path / "release", OF_THREE)
    locked = (folder / "LOCK").read_text()
    (folder / "LOCK").write_text("# nobody\n")
    changes = restarted(world, folder).policy_changes
    assert (await changes.overview(world.officer)).on_disk
    outcome = await changes.propose_software(world.officer)
    assert isinstance(outcome, CheckFailed)
    assert [problem.code for problem in outcome.problems] == ["lock_differs"]
    assert await nothing_was_kept(world)
    (folder / "LOCK").write_text(locked)
    assert isinstance(await changes.propose_software(world.officer), Proposed)


async def test_a_release_may_bring_another_catalogue_and_older_rules_then_stay_with_it(
    world: World, tmp_path: Path
) -> None:
    """With another catalogue nothing of before is edited or brought back; first the release itself."""
    first = await in_force(world)
    folder = release_folder(tmp_path / "release", {})
    change(folder, "terms.toml", "pattern_minimum = 20", "pattern_minimum = 30")
    lock(folder, load_rules(folder).bundle)
    services = restarted(world, folder)
    changes = services.policy_changes
    assert await refused(changes.propose_edit(world.officer, OF_THREE)) == ["policies.software_first"]

    await switched_to_software(world, services)
    assert await in_force(world) != first
    assert await refused(changes.propose_earlier(world.officer, first)) == ["policies.other_catalogue"]
    proposal = taken(await changes.propose_edit(world.officer, OF_THREE))
    assert (await changes.proposal(world.officer, proposal)).line.origin == "edit"


async def test_back_to_what_was_in_force_here_and_to_nothing_else(world: World) -> None:
    changes, first = world.services.policy_changes, await in_force(world)
    waiting = taken(await changes.propose_edit(world.officer, OF_THREE))
    never = (await changes.proposal(world.officer, waiting)).line.hash
    await switched_to_tighter(world)
    for unknown in (never, "0" * 64, await in_force(world)):
        assert await refused(changes.propose_earlier(world.officer, unknown)) == ["policies.never_in_force"]

    world.clock.advance(timedelta(days=1))
    assert await switched(world, await changes.propose_earlier(world.officer, first)) == first
    overview = await changes.overview(world.officer)
    assert (overview.active.hash, overview.active.since, overview.on_disk) == (first, world.clock.now(), "")
    assert [line.hash for line in overview.earlier] == [tighter_hash()]
    newest = overview.proposals[0]
    assert (newest.origin, newest.state, newest.ended_at) == ("earlier", "active", world.clock.now())


async def test_an_operator_proposes_a_folder(world: World, tmp_path: Path) -> None:
    changes = world.services.policy_changes
    folder = copied_policies(tmp_path / "mine")
    for name, text in OF_THREE.items():
        (folder / name).write_text(text, encoding="utf-8")
    proposal = taken(await changes.propose_folder(OPERATOR, folder, tenant=world.tenant))
    line = (await changes.proposal(world.officer, proposal)).line
    assert (line.origin, line.proposed_by) == ("folder", OPERATOR.name)

    (folder / "terms.toml").write_text("# mine", encoding="utf-8")
    assert await refused(changes.propose_folder(OPERATOR, folder, tenant=world.tenant)) == [
        "policies.comes_with_software"
    ]
    (folder / "terms.toml").write_bytes(b"\xff")
    assert await refused(changes.propose_folder(OPERATOR, folder, tenant=world.tenant)) == [
        "policies.folder_unreadable"
    ]


@pytest.mark.usefixtures("checked_anew")
async def test_a_checker_that_dies_is_a_problem_like_any_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consent_service.policy.checking.CANDIDATE_SECONDS", 0)
    outcome = await world.services.policy_changes.propose_edit(world.officer, OF_THREE)
    assert isinstance(outcome, CheckFailed)
    assert [problem.code for problem in outcome.problems] == ["checker_failed"]
    assert await nothing_was_kept(world)
