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

from consent_service.app import Services
from consent_service.foundation.errors import InputError, IntegrityError, NotFoundError
from consent_service.foundation.ids import INSTALLATION, TenantId, new_id
from consent_service.policy import service
from consent_service.policy.rules import load_rules
from consent_service.policy.service import PolicyService
from consent_service.policy.stored import RulesDamagedError
from consent_service.policy.tables import active_bundles, policy_bundles
from tests.ledger import count, entries, rows
from tests.policy.changing import restarted
from tests.shelter import POLICIES, World, furnish

OUTSIDE = Path(tempfile.gettempdir()) / "planted-by-a-test.cedar"
ADDED = """
@id("safety.planted")
@legal_basis("AVG 5(1)(c)")
@reason("objection")
forbid (principal, action, resource)
when { context.safety == Safety::"danger" && resource.objecting > 5 };
"""


def other_policies(folder: Path) -> Path:
    """The rules on disk with one policy more."""
    shutil.copytree(POLICIES, folder / "policies")
    (folder / "policies" / "safety" / "planted.cedar").write_text(ADDED, encoding="utf-8")
    return folder / "policies"


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


async def test_a_shelter_that_never_started_has_no_rules_and_takes_no_proposal(world: World) -> None:
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(active_bundles))
    changes = world.services.policy_changes
    for asked in (changes.overview, changes.files, changes.propose_software):
        with pytest.raises(NotFoundError):
            await asked(world.officer)
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
        msgspec.msgpack.encode({**files, "consent": "a folder"}),
        msgspec.msgpack.encode({**files, "consent/\0.cedar": "x"}),
        msgspec.msgpack.encode({**files, "reasons/nl.toml": files["reasons/nl.toml"] + "# why\n"}),
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


async def test_files_that_changed_after_they_were_loaded_are_neither_stored_nor_proposed(
    world: World, tmp_path: Path
) -> None:
    """Changed on disk while the service runs: it goes on with what it loaded, and says what to do."""
    folder = other_policies(tmp_path)
    later = restarted(world, folder)
    (folder / "safety" / "planted.cedar").unlink()
    with pytest.raises(IntegrityError):
        await later.policies.ensure_active(TenantId(new_id()))
    with pytest.raises(InputError) as raised:
        await later.policy_changes.propose_software(world.officer)
    assert [p.code for p in raised.value.problems] == ["policies.disk_changed"]
    assert await count(world, policy_bundles) == 1
    assert await active(world, later) == world.services.policies.proposal.bundle.hash


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


async def test_whoever_starts_a_shelter_just_after_another_takes_what_that_one_began(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = await active(world, world.services)
    read = service.active_hash

    async def not_yet(_conn: object, _tenant: object) -> None:
        monkeypatch.setattr(service, "active_hash", read)

    monkeypatch.setattr(service, "active_hash", not_yet)
    assert await world.services.policies.ensure_active(world.tenant) == began
    assert len(await entries(world, "bundle.activated.v1")) == 1


async def test_a_row_written_past_the_service_names_rules_nobody_stored(world: World) -> None:
    """Whoever points a shelter at rules of which no files are kept gets no release, not other rules."""
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(active_bundles))
        values = {"tenant": world.tenant, "hash": "f" * 64, "activated_at": world.clock.now()}
        await conn.execute(insert(active_bundles).values(**values))
    async with world.services.installation.database.reading() as conn:
        with pytest.raises(RulesDamagedError):
            await world.services.policies.active_rules(conn, world.tenant)
    assert await count(world, policy_bundles) == 1
    assert (await rows(world, policy_bundles))[0].tenant == INSTALLATION
