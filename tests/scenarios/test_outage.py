"""The key service is down (34): fail closed, also with warm caches; no plaintext is kept anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.foundation.errors import KeyProviderUnavailableError
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from tests.factories import make_keystore
from tests.faults.failures import keys_away
from tests.scenarios.stories import ADVICE, SUPPORT, ask, everything_said, row_counts, told_family
from tests.shelter import World


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
