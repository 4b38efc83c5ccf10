"""With log, keys or database away nothing is released, and a withdrawal still counts, come what may."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from consent_service.consent.service import StopAccepted, Target
from consent_service.foundation.errors import (
    DatabaseUnavailableError,
    IntegrityError,
    KeyProviderUnavailableError,
    LogUnavailableError,
    StopsPendingError,
    UnavailableError,
)
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from tests.faults.failures import (
    DATABASE_FAULTS,
    LOG_FAULTS,
    DatabaseFault,
    LogFault,
    database_away,
    keys_away,
    log_off,
)
from tests.scenarios.stories import (
    ADVICE,
    NOT_AVAILABLE,
    SUPPORT,
    Told,
    ask,
    everything_said,
    row_counts,
    sentence_of,
    told_family,
    trail,
)
from tests.shelter import World

OUTAGES = (*LOG_FAULTS, "keys away", *(f"database {fault}" for fault in DATABASE_FAULTS))


@asynccontextmanager
async def outage(world: World, folder: Path, which: str) -> AsyncIterator[None]:
    """Any one of the faults."""
    database = world.services.installation.database
    if which == "keys away":
        with keys_away(folder):
            yield
    elif which.startswith("database "):
        fault: DatabaseFault = "gone" if which.endswith("gone") else "unreadable"
        async with database_away(database, fault):
            yield
    else:
        log_fault: LogFault = next(fault for fault in LOG_FAULTS if fault == which)
        async with log_off(world, log_fault):
            yield


def error_of(which: str) -> type[UnavailableError]:
    if which == "keys away":
        return KeyProviderUnavailableError
    return DatabaseUnavailableError if which.startswith("database") else LogUnavailableError


async def withdraw(world: World, told: Told, how: str) -> StopAccepted:
    if how == "code":
        return await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    target = Target(world.tenant, told.view.family, told.mother.guardian)
    return await world.services.consent.withdraw(told.mother, target, method="page")


@pytest.mark.parametrize("which", OUTAGES)
async def test_nothing_is_released_and_the_error_says_what_is_away(
    world: World, tmp_path: Path, which: str
) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    before = await row_counts(world)
    async with outage(world, tmp_path, which):
        for _ in range(2):
            with pytest.raises(error_of(which)) as refused:
                await ask(world, told.relationship)
            assert ADVICE not in str(refused.value)
        with pytest.raises(error_of(which)):
            await world.services.release.children_of_contact(world.contact, [told.relationship])
        with pytest.raises(error_of(which)):
            await world.services.records.share(
                world.counsellor, told.relationship, Note(SUPPORT, {"helps": "Rust."})
            )
    assert await row_counts(world) == before
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [{"helps": ADVICE}]


@pytest.mark.parametrize("how", ["code", "guardian"])
@pytest.mark.parametrize("which", OUTAGES)
async def test_a_withdrawal_is_accepted_and_counts_before_the_next_release(
    world: World, tmp_path: Path, which: str, how: str
) -> None:
    told = await told_family(world)
    async with outage(world, tmp_path, which):
        stop = await withdraw(world, told, how)
        assert not stop.written
        with pytest.raises(UnavailableError):
            await world.services.replay_stops()
        assert len(world.services.installation.journal.pending()) == 1

    with pytest.raises(StopsPendingError):
        await ask(world, told.relationship)
    with pytest.raises(StopsPendingError):
        await world.services.release.children_of_contact(world.contact, [told.relationship])
    assert await world.services.replay_stops() == 1
    await _assert_refused(world, told)
    assert await world.services.replay_stops() == 0


@pytest.mark.parametrize("how", ["code", "guardian"])
@pytest.mark.parametrize("fault", DATABASE_FAULTS)
async def test_a_withdrawal_survives_the_death_of_the_process_that_accepted_it(
    world: World, database_url: str, tmp_path: Path, fault: DatabaseFault, how: str
) -> None:
    told = await told_family(world)
    about = (
        [told.receipt.withdrawal_code]
        if how == "code"
        else [world.tenant, told.view.family, told.mother.guardian]
    )
    async with database_away(world.services.installation.database, fault):
        said, status = await _accepted_and_killed(database_url, str(tmp_path), how, *about)
    assert (said, status) == (b"accepted, written: False\n", -9)
    with pytest.raises(StopsPendingError):
        await ask(world, told.relationship)
    await world.services.replay_stops()
    await _assert_refused(world, told)


async def test_a_withdrawal_written_to_the_ledger_survives_a_kill_as_well(
    world: World, database_url: str, tmp_path: Path
) -> None:
    told = await told_family(world)
    said, status = await _accepted_and_killed(
        database_url, str(tmp_path), "code", told.receipt.withdrawal_code
    )
    assert (said, status) == (b"accepted, written: True\n", -9)
    assert world.services.installation.journal.pending() == ()
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Refused)


async def test_a_torn_last_line_of_the_journal_swallows_nothing(world: World, tmp_path: Path) -> None:
    told = await told_family(world)
    journal = tmp_path / "stops.jsonl"
    with keys_away(tmp_path):
        await withdraw(world, told, "code")
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"line":"stop","id":"0192')  # the power went while writing the next
    with pytest.raises(StopsPendingError):
        await ask(world, told.relationship)
    assert await world.services.replay_stops() == 1
    await _assert_refused(world, told)


async def test_a_torn_first_line_was_never_accepted_and_stops_nothing(world: World, tmp_path: Path) -> None:
    told = await told_family(world)
    (tmp_path / "stops.jsonl").write_bytes(b'{"line":"stop","id":"0192')
    assert isinstance(await ask(world, told.relationship), Released)
    assert (await withdraw(world, told, "guardian")).written
    assert isinstance(await ask(world, told.relationship), Refused)


async def test_a_journal_that_cannot_be_read_stops_every_release(world: World, tmp_path: Path) -> None:
    told = await told_family(world)
    (tmp_path / "stops.jsonl").write_bytes(b"not a line of ours\n")
    with pytest.raises(IntegrityError):
        await ask(world, told.relationship)
    with pytest.raises(IntegrityError):
        await world.services.release.children_of_contact(world.contact, [told.relationship])


async def test_a_stop_that_cannot_even_be_journalled_is_not_called_accepted(
    world: World, tmp_path: Path
) -> None:
    told = await told_family(world)
    (tmp_path / "stops.jsonl").unlink(missing_ok=True)
    (tmp_path / "stops.jsonl").mkdir()
    for how in ("code", "guardian"):
        with pytest.raises(UnavailableError):
            await withdraw(world, told, how)


async def test_entries_that_wait_too_long_for_their_place_stop_every_release(world: World) -> None:
    told = await told_family(world)
    world.clock.advance(timedelta(seconds=61))
    with pytest.raises(LogUnavailableError):
        await ask(world, told.relationship)
    with pytest.raises(LogUnavailableError):
        await world.services.release.children_of_contact(world.contact, [told.relationship])
    await world.settle()
    assert isinstance(await ask(world, told.relationship), Released)


async def _accepted_and_killed(*arguments: str) -> tuple[bytes, int]:
    """What the process said and how it ended, killed as soon as it had said it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.accepting", *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    said = await asyncio.wait_for(process.stdout.readline(), 60)
    process.kill()
    return said, await process.wait()


async def _assert_refused(world: World, told: Told) -> None:
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Refused)
    assert sentence_of(answer) == NOT_AVAILABLE
    assert ADVICE not in everything_said(answer)
    withdrawn = await trail(world, "consent.withdrawn.v1", person=told.mother.guardian)
    assert withdrawn
    assert all(entry.detail is not None and entry.detail.late_since for entry in withdrawn)
    await world.settle()
    report = await world.services.supervision.verify(world.officer)
    assert report.ok, report
