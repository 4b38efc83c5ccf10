"""The database decides which rules are in force; the disk only proposes, and two officers switch."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, insert, update

from consent_service.app import Services, build_services
from consent_service.foundation.errors import InputError, IntegrityError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import INSTALLATION, StaffId, TenantId, new_id
from consent_service.organisations.model import NewStaff
from consent_service.policy.service import PolicyService, load_rules
from consent_service.policy.tables import active_bundles, policy_bundles
from tests.ledger import count, entries, rows
from tests.shelter import OPERATOR, POLICIES, World, furnish

OUTSIDE = Path(tempfile.gettempdir()) / "planted-by-a-test.cedar"
ADDED = """
@id("safety.planted")
@legal_basis("AVG 5(1)(c)")
@reason("wrong_direction")
forbid (principal, action, resource)
when { context.safety == Safety::"danger" && resource.objecting > 5 };
"""


def other_policies(folder: Path) -> Path:
    """The rules on disk with one policy more."""
    shutil.copytree(POLICIES, folder / "policies")
    (folder / "policies" / "safety" / "planted.cedar").write_text(ADDED, encoding="utf-8")
    return folder / "policies"


def restarted(world: World, policies: Path) -> Services:
    return build_services(msgspec.structs.replace(world.services.installation, policies=policies))


async def two_officers(world: World) -> list[StaffId]:
    new = NewStaff("fg", "Fem Functionaris")
    fg = await world.services.organisations.add_staff(OPERATOR, world.tenant, new)
    return [world.officer.staff, fg]


async def active(world: World, services: Services) -> str:
    async with services.installation.database.reading() as conn:
        return (await services.policies.active_rules(conn, world.tenant)).bundle.hash


async def test_the_first_start_takes_the_rules_on_disk_and_a_later_one_keeps_what_was_active(
    world: World, tmp_path: Path
) -> None:
    first = world.services.policies.proposal.bundle.hash
    assert await active(world, world.services) == first
    later = restarted(world, other_policies(tmp_path))
    await later.install()
    assert later.policies.proposal.bundle.hash != first
    assert await active(world, later) == first
    assert await later.policies.ensure_active(world.tenant) == first
    assert len(await entries(world, "bundle.activated.v1")) == 1

    newcomer = await furnish(later, world.clock, "Opvang Noord")
    assert await active(newcomer, later) == later.policies.proposal.bundle.hash
    assert await active(world, later) == first


async def test_other_rules_need_two_different_officers_of_this_shelter_who_still_work_there(
    world: World, tmp_path: Path
) -> None:
    later = restarted(world, other_policies(tmp_path))
    first = await active(world, later)
    officer, fg = await two_officers(world)
    other = await furnish(world.services, world.clock, "Opvang Noord")
    left = await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Leo"))
    await world.services.organisations.end_staff(OPERATOR, world.tenant, left)
    switch = later.policies.activate_proposal
    for approvers in (
        [],
        [officer],
        [officer, officer],
        [officer, left],
        [officer, world.counsellor.staff],
        [officer, other.officer.staff],
        [officer, fg, StaffId(new_id())],
    ):
        with pytest.raises(InputError) as raised:
            await switch(OPERATOR, world.tenant, approvers, later.organisations)
        assert [p.code for p in raised.value.problems] == ["two_officers_needed"]
    with pytest.raises(NotAllowedError):
        await switch(world.officer, world.tenant, [officer, fg], later.organisations)  # type: ignore[arg-type]
    assert await active(world, later) == first

    world.clock.advance(timedelta(minutes=1))
    wanted = await switch(OPERATOR, world.tenant, [officer, fg], later.organisations)
    assert wanted == later.policies.proposal.bundle.hash == await active(world, later)
    newest = (await entries(world, "bundle.activated.v1"))[0]
    assert newest.detail is not None
    assert (newest.bundle, newest.detail.by.id) == (wanted, OPERATOR.name)
    assert getattr(newest.detail.event, "approvers", None) == tuple(sorted((officer, fg)))
    assert await active(other, later) == first


async def test_a_shelter_that_never_started_cannot_be_switched(world: World) -> None:
    both = await two_officers(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(active_bundles))
    with pytest.raises(NotFoundError):
        await world.services.policies.activate_proposal(
            OPERATOR, world.tenant, both, world.services.organisations
        )
    async with world.services.installation.database.reading() as conn:
        with pytest.raises(NotFoundError):
            await world.services.policies.active_rules(conn, world.tenant)


async def test_stored_rules_load_again_by_their_hash_when_the_disk_has_others(
    world: World, tmp_path: Path
) -> None:
    first = world.services.policies.proposal
    later = restarted(world, other_policies(tmp_path))
    again = await later.policies.rules(first.bundle.hash)
    assert again.bundle.hash == first.bundle.hash
    assert again.catalogue == first.catalogue
    assert await later.policies.rules(first.bundle.hash) is again
    with pytest.raises(NotFoundError):
        await later.policies.rules("0" * 64)


def tampered(files: dict[str, str]) -> list[bytes]:
    weaker = {**files, "consent/stops.cedar": "", "safety/location.cedar": ""}
    elsewhere = {**files, "../../elsewhere.cedar": "x"}
    return [
        b"\xc1 no message",
        msgspec.msgpack.encode({}),
        msgspec.msgpack.encode({**files, "consent/yes.cedar": "permit("}),
        msgspec.msgpack.encode(weaker),
        msgspec.msgpack.encode({**files, "safety/added.cedar": ADDED}),
        msgspec.msgpack.encode(elsewhere),
        msgspec.msgpack.encode({**files, str(OUTSIDE): "x"}),
    ]


def was_written_outside() -> bool:
    return OUTSIDE.exists()


async def test_stored_rules_that_were_tampered_with_are_refused(world: World, tmp_path: Path) -> None:
    first = world.services.policies.proposal.bundle.hash
    (stored,) = await rows(world, policy_bundles)
    files = msgspec.msgpack.decode(stored.files, type=dict[str, str])
    other = other_policies(tmp_path)
    for raw in tampered(files):
        async with world.services.installation.database.transaction() as conn:
            await conn.execute(update(policy_bundles).values(files=raw))
        with pytest.raises(IntegrityError):
            await restarted(world, other).policies.rules(first)
    assert not was_written_outside()


async def test_files_that_changed_after_they_were_loaded_are_not_stored(world: World, tmp_path: Path) -> None:
    folder = other_policies(tmp_path)
    later = restarted(world, folder)
    (folder / "safety" / "planted.cedar").unlink()
    both = await two_officers(world)
    with pytest.raises(IntegrityError):
        await later.policies.activate_proposal(OPERATOR, world.tenant, both, later.organisations)
    assert await count(world, policy_bundles) == 1


async def test_rules_that_are_endless_are_not_stored(world: World, tmp_path: Path) -> None:
    folder = other_policies(tmp_path)
    later = restarted(world, folder)
    (folder / "tests" / "endless.toml").write_text("#" * 2_000_001, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        await later.policies.ensure_active(TenantId(new_id()))
    assert [p.code for p in raised.value.problems] == ["policies_too_large"]


async def test_two_processes_that_start_a_shelter_at_once_agree(world: World) -> None:
    parts = world.services.installation
    async with parts.database.transaction() as conn:
        await conn.execute(delete(active_bundles))
        await conn.execute(delete(policy_bundles))
    world.clock.advance(timedelta(minutes=1))
    services = [
        PolicyService(
            database=parts.database,
            log=world.services.log,
            clock=parts.clock,
            folder=POLICIES,
            proposal=load_rules(POLICIES),
        )
        for _ in range(3)
    ]
    hashes = await asyncio.gather(*(one.ensure_active(world.tenant) for one in services))
    assert set(hashes) == {world.services.policies.proposal.bundle.hash}
    assert len(await entries(world, "bundle.activated.v1")) == 2


async def test_a_row_written_past_the_service_names_rules_nobody_stored(world: World) -> None:
    """Whoever points a shelter at rules of which no files are kept gets no release, not other rules."""
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(active_bundles))
        values = {"tenant": world.tenant, "hash": "f" * 64, "activated_at": world.clock.now()}
        await conn.execute(insert(active_bundles).values(**values))
    async with world.services.installation.database.reading() as conn:
        with pytest.raises(NotFoundError):
            await world.services.policies.active_rules(conn, world.tenant)
    assert await count(world, policy_bundles) == 1
    assert (await rows(world, policy_bundles))[0].tenant == INSTALLATION
