"""Other rules from the command line: an operator proposes and carries out, two coordinators decide."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from sqlalchemy import update

from consent_service.app import Services
from consent_service.audit import events
from consent_service.audit.details import Attachment
from consent_service.cli.opening import opened
from consent_service.cli.policy_changes import _OBSTACLES, _STATES
from consent_service.cli.terminal import Terminal
from consent_service.foundation.ids import EntryId, PersonId, StaffId, TenantId
from consent_service.identity.model import PrivacyCoordinator, System, by
from consent_service.policy.decision import decide
from consent_service.policy.proposals import ProposalState, RerunObstacle
from consent_service.policy.recorded import RecordedDecision, recorded, to_bytes
from consent_service.policy.tables import active_bundles, policy_bundles
from tests.cli.conftest import Shell, add_staff, onboard
from tests.policies_folder import copied_policies
from tests.policy.changing import OF_THREE
from tests.policy.questions import NOW, question

LOCATION = "safety/location.cedar"


def inside(shell: Shell, work: Callable[[Services], Awaitable[object]]) -> None:
    """Something that is done on a page while nobody types commands."""

    async def doing() -> None:
        async with opened(Terminal(shell.environ)) as services:
            await work(services)

    asyncio.run(doing())


def folder_with(shell: Shell, more: dict[str, str]) -> Path:
    folder = copied_policies(shell.folder / "mine")
    for name, text in more.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def proposed(shell: Shell, folder: Path) -> str:
    said = shell.must("policies", "propose", "--folder", str(folder))
    found = re.search(r"Voorgesteld: (\S+)", said)
    assert found, said
    return found[1]


def keep_decision(shell: Shell, tenant: str, decision: RecordedDecision | None) -> str:
    """An entry with a decision beside it, or with something that is none; its id."""
    staff = add_staff(shell, "--kind", "counsellor", "--name", "Bo")
    kept: list[EntryId] = []

    async def work(services: Services) -> None:
        raw = b"no decision" if decision is None else to_bytes(decision)
        async with services.installation.database.transaction() as conn:
            entry = await services.log.append(
                conn,
                tenant=TenantId(tenant),
                event=events.PolicyReplayed("x", 0),
                by=by(System()),
                subject=None,
                bundle=services.policies.proposal.bundle.hash,
                attachment=Attachment(PersonId(staff), raw),
            )
            assert entry is not None
            kept.append(entry)

    inside(shell, work)
    return kept[0]


def decided(shell: Shell) -> RecordedDecision:
    found: list[RecordedDecision] = []

    async def work(services: Services) -> None:
        found.append(recorded(decide(services.policies.proposal.bundle, question(), now=NOW)))

    inside(shell, work)
    return found[0]


def test_an_operator_proposes_two_coordinators_approve_and_the_operator_carries_it_out(shell: Shell) -> None:
    tenant = onboard(shell)
    officers = [add_staff(shell, "--kind", "privacy_coordinator", "--name", name) for name in ("Puk", "Ties")]
    assert "Er is niets voorgesteld" in shell.must("policies", "proposals")
    proposal = proposed(shell, folder_with(shell, OF_THREE))
    said = shell.type("policies", "activate", "--proposal", proposal)
    assert (said.code, "Twee privacycoördinatoren moeten" in said.err) == (2, True)

    async def approve(services: Services) -> None:
        for officer in officers:
            actor = PrivacyCoordinator(TenantId(tenant), StaffId(officer))
            await services.policy_changes.approve(actor, proposal)

    inside(shell, approve)
    assert "wacht op goedkeuring" in shell.must("policies", "proposals")
    wanted = shell.must("policies", "activate", "--proposal", proposal).split()[-1]
    assert "ingevoerd" in shell.must("policies", "proposals")
    lines = shell.must("policies", "versions").splitlines()
    assert ("geldt nu" in lines[1], wanted in lines[1], "gold eerder" in lines[2]) == (True, True, True)
    assert shell.type("policies", "activate", "--proposal", proposal).code == 2
    assert shell.type("policies", "activate", "--proposal", "nobody").code == 1


def test_rules_that_do_not_pass_are_told_whole_and_not_proposed(shell: Shell) -> None:
    onboard(shell)
    weaker = (copied_policies(shell.folder / "own") / LOCATION).read_text()
    folder = folder_with(shell, {LOCATION: weaker.replace("context.secret_address || ", "")})
    said = shell.type("policies", "propose", "--folder", str(folder))
    assert (said.code, "Niet voorgesteld" in said.out) == (1, True)
    assert "never.secret_address: " in said.err
    assert "secret_address = true" in said.err
    (folder / LOCATION).write_text("permit(")
    assert LOCATION in shell.type("policies", "propose", "--folder", str(folder)).err
    assert "Er is niets voorgesteld" in shell.must("policies", "proposals")


def test_the_rules_of_this_release_are_in_force_already(shell: Shell) -> None:
    onboard(shell)
    said = shell.type("policies", "propose")
    assert (said.code, "verandert er niets" in said.err) == (2, True)


def test_rules_for_another_engine_say_what_to_do(shell: Shell) -> None:
    onboard(shell)

    async def upgrade(services: Services) -> None:
        """The hash counts the engine, so rules of another one have another hash."""
        async with services.installation.database.transaction() as conn:
            await conn.execute(update(policy_bundles).values(engine="cedarpy 3.9.0", hash="3" * 64))
            await conn.execute(update(active_bundles).values(hash="3" * 64))

    inside(shell, upgrade)
    shell.must("policies", "versions")
    assert "consent-service policies propose" in shell.said[-1].err


def test_decisions_of_the_past_come_out_the_same(shell: Shell) -> None:
    tenant = onboard(shell)
    assert "Hetzelfde: 0. Anders: 0. Niet na te doen: 0." in shell.must("policies", "rerun", "--all")
    entry = keep_decision(shell, tenant, decided(shell))
    assert "Hetzelfde: 1. Anders: 0." in shell.must("policies", "rerun", "--all")
    assert "Hetzelfde: 1. Anders: 0." in shell.must("policies", "rerun", "--entry", entry)


def test_a_decision_that_comes_out_otherwise_fails_the_command(shell: Shell) -> None:
    tenant, decision = onboard(shell), decided(shell)
    (answer,) = decision.answers
    planted = msgspec.structs.replace(answer, allowed=False, code="objection")
    entry = keep_decision(shell, tenant, msgspec.structs.replace(decision, answers=(planted,)))
    said = shell.type("policies", "rerun", "--all")
    assert (said.code, "Anders: 1." in said.out) == (1, True)
    assert f"{entry}: objection -> yes_of_holder" in said.err


def test_what_is_kept_and_is_no_decision_fails_the_command(shell: Shell) -> None:
    entry = keep_decision(shell, onboard(shell), None)
    said = shell.type("policies", "rerun", "--all")
    assert (said.code, f"{entry}: wat bewaard is" in said.err) == (1, True)


def test_an_entry_without_a_decision_is_told_and_fails_when_it_was_asked_for(shell: Shell) -> None:
    onboard(shell)
    said = shell.type("policies", "rerun", "--entry", "0190b6a0-0000-7000-8000-000000000000")
    assert (said.code, "geen beslissing bewaard" in said.err) == (1, True)


@pytest.mark.parametrize("options", [(), ("--all", "--entry", "x")])
def test_one_entry_or_all_of_them(shell: Shell, options: tuple[str, ...]) -> None:
    onboard(shell)
    said = shell.type("policies", "rerun", *options)
    assert (said.code, said.err.startswith("--entry: Kies één regel")) == (2, True)


def test_every_state_and_every_obstacle_has_its_words() -> None:
    assert _STATES.keys() == set(get_args(ProposalState))
    assert _OBSTACLES.keys() == set(get_args(RerunObstacle))
