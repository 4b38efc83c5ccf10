"""The log is down (33): nothing is released, a withdrawal counts. The keys are (34): no plaintext is kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from consent_service.foundation.errors import (
    KeyProviderUnavailableError,
    LogUnavailableError,
    StopsPendingError,
    UnavailableError,
)
from consent_service.foundation.stop_journal import StopJournal
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from tests.factories import make_keystore
from tests.faults.failures import LogFault, keys_away, log_off
from tests.ledger import entries
from tests.scenarios.stories import ADVICE, SUPPORT, ask, everything_said, row_counts, told_family
from tests.shelter import World


@pytest.mark.parametrize("fault", ["entries refused", "details refused"])
async def test_s33_without_the_log_nothing_is_released_and_a_withdrawal_is_accepted_for_good(
    world: World, fault: LogFault
) -> None:
    told, neighbours = await told_family(world), await told_family(world, family_name="Buur")
    journal = world.services.installation.journal
    async with log_off(world, fault):
        with pytest.raises(LogUnavailableError) as refused:
            await ask(world, neighbours.relationship)
        assert ADVICE not in everything_said(str(refused.value))
        stop = await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
        assert not stop.written
        (pending,) = StopJournal(journal.path).pending()  # durable: another process reads it from the disk
        with pytest.raises(UnavailableError):
            await world.services.replay_stops()
    with pytest.raises(StopsPendingError):  # effective: before it stands in the ledger
        await ask(world, told.relationship)
    world.clock.advance(timedelta(minutes=10))
    assert await world.services.replay_stops() == 1
    await world.settle()
    assert isinstance(await ask(world, told.relationship), Refused)
    assert isinstance(await ask(world, neighbours.relationship), Released)
    late = await entries(world, "consent.withdrawn.v1")
    assert late
    assert {one.detail.late_since for one in late if one.detail} == {pending.at}
    await world.settle()
    report = await world.services.supervision.verify(world.officer)
    assert report.ok, report  # an entry that is late by its mark is no fault


async def test_s34_without_keys_nothing_is_released_whatever_is_cached(world: World, tmp_path: Path) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)  # every cache is warm now
    release = world.services.release
    before = await row_counts(world)
    with keys_away(tmp_path):
        with pytest.raises(KeyProviderUnavailableError) as refused:
            await ask(world, told.relationship)
        with pytest.raises(KeyProviderUnavailableError):
            await release.children_of_contact(world.contact, [told.relationship])
        with pytest.raises(KeyProviderUnavailableError):
            await release.preview(told.mother, told.relationship, language="nl")
        with pytest.raises(KeyProviderUnavailableError):
            await world.services.families.view(world.counsellor, told.view.family)
        with pytest.raises(KeyProviderUnavailableError):
            await world.services.rights.who_looked(told.mother)
        with pytest.raises(KeyProviderUnavailableError):
            await world.services.records.share(
                world.counsellor, told.relationship, Note(SUPPORT, {"helps": "Rust."})
            )
        assert ADVICE not in everything_said(str(refused.value))
    assert await row_counts(world) == before
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [{"helps": ADVICE}]


async def test_s34_another_keystore_in_its_place_is_no_help(world: World, tmp_path: Path) -> None:
    told = await told_family(world)
    await ask(world, told.relationship)
    with keys_away(tmp_path):
        make_keystore(tmp_path)
        with pytest.raises(KeyProviderUnavailableError):
            await ask(world, told.relationship)
        (tmp_path / "keystore.json").unlink()
    assert isinstance(await ask(world, told.relationship), Released)


async def test_s34_a_parent_can_still_withdraw_and_that_holds(world: World, tmp_path: Path) -> None:
    told = await told_family(world)
    with keys_away(tmp_path):
        stop = await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
        assert not stop.written
    await world.services.replay_stops()
    assert isinstance(await ask(world, told.relationship), Refused)
