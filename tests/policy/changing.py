"""Other rules as people would bring them in: proposed, approved by two, switched on. No shortcut."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from consent_service.app import Services, build_services
from consent_service.foundation.ids import StaffId
from consent_service.identity.model import Fg, PrivacyCoordinator
from consent_service.organisations.model import NewStaff
from consent_service.policy.bundle import lock
from consent_service.policy.proposals import CheckFailed, Proposed
from consent_service.policy.rules import load_rules
from consent_service.policy.service import active_hash
from consent_service.policy.stored import files_of, laid_out
from tests.policies_folder import copied_policies
from tests.shelter import OPERATOR, POLICIES, World

TIGHTER_FILE = "consent/lone_holder.cedar"
TIGHTER_CASES_FILE = "tests/lone_holder.toml"
TIGHTER = """
@id("consent.lone_holder")
@legal_basis("AVG 5(1)(c)")
@reason("holders_missing")
forbid (principal, action == Action::"release", resource)
when { context.basis == Basis::"consent" }
when { resource.type == InformationType::"support_advice" && resource.holders == 1 };
"""
TIGHTER_CASES = """
rule = "Somebody who holds authority alone is asked again"

[[cases]]
name = "one holder"
base = "school_reads"
type = "support_advice"
change = { holders = 1 }
expect = "holders_missing"
by = ["consent.lone_holder"]
"""


def tighter_files() -> dict[str, str]:
    """The rules of this repository and one policy more: a family with one holder is refused."""
    return {**files_of(POLICIES), TIGHTER_FILE: TIGHTER, TIGHTER_CASES_FILE: TIGHTER_CASES}


OF_THREE = {
    TIGHTER_FILE: TIGHTER.replace("holders == 1", "holders == 3"),
    TIGHTER_CASES_FILE: TIGHTER_CASES.replace("holders = 1", "holders = 3"),
}
"""Another rule that is as good: a family with three holders is refused."""


def release_folder(target: Path, more: Mapping[str, str]) -> Path:
    """The rules of another release, with these files more, locked."""
    folder = copied_policies(target)
    for name, text in more.items():
        (folder / name).write_text(text, encoding="utf-8")
    lock(folder, load_rules(folder).bundle)
    return folder


def tighter_hash() -> str:
    with laid_out(tighter_files()) as folder:
        return load_rules(folder).bundle.hash


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return raw.getvalue()


def restarted(world: World, policies: Path) -> Services:
    """The services as a new process builds them, from another folder."""
    return build_services(msgspec.structs.replace(world.services.installation, policies=policies))


async def second_coordinator(world: World, name: str = "Ties Tweede") -> PrivacyCoordinator:
    new = NewStaff("privacy_coordinator", name)
    staff = await world.services.organisations.add_staff(OPERATOR, world.tenant, new)
    return PrivacyCoordinator(world.tenant, StaffId(staff))


async def supervisor(world: World) -> Fg:
    new = NewStaff("fg", "Fem Functionaris")
    return Fg(
        world.tenant, StaffId(await world.services.organisations.add_staff(OPERATOR, world.tenant, new))
    )


def taken(outcome: Proposed | CheckFailed) -> str:
    """The id of a proposal that passed its checks."""
    assert isinstance(outcome, Proposed), outcome
    return outcome.proposal


async def approved(services: Services, proposal: str, *coordinators: PrivacyCoordinator) -> None:
    """Each of them approves the whole and everything that is listed."""
    for coordinator in coordinators:
        view = await services.policy_changes.proposal(coordinator, proposal)
        listed = (view.replay.of_kind("to_allow"), view.widenings, view.invariants)
        items = {one.key for kind in listed for one in kind}
        own = view.line.proposed_by == coordinator.staff
        await services.policy_changes.approve(coordinator, proposal, frozenset() if own else frozenset(items))


async def switched(world: World, outcome: Proposed | CheckFailed, services: Services | None = None) -> str:
    """What the officer of this world proposed is approved by a second coordinator and switched on."""
    proposal = taken(outcome)
    by_whom = services or world.services
    await approved(by_whom, proposal, await second_coordinator(world))
    return await by_whom.policy_changes.activate(world.officer, proposal)


async def switched_to_software(world: World, services: Services) -> str:
    """A new release: its rules are proposed, approved and switched on."""
    return await switched(world, await services.policy_changes.propose_software(world.officer), services)


async def switched_to_tighter(world: World) -> str:
    """One policy more comes in as an upload."""
    archive = zipped(dict(tighter_files()))
    return await switched(world, await world.services.policy_changes.propose_upload(world.officer, archive))


async def in_force(world: World, services: Services | None = None) -> str:
    """The hash in force at this shelter."""
    database = (services or world.services).installation.database
    async with database.reading() as conn:
        return await active_hash(conn, world.tenant) or ""
