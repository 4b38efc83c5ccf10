"""The demo is there whole or not at all, is found again, and lets nobody else in."""

from __future__ import annotations

import asyncio
import socket
import stat
import time
from pathlib import Path

import httpx2
import msgspec
import pytest

from consent_service.demo.running import running
from consent_service.demo.state import (
    HOST,
    RunningElsewhereError,
    held,
    make_if_missing,
    note_address,
    read_state,
    settings_of,
)
from consent_service.demo.story.visitor import Visitor
from consent_service.foundation.clock import SystemClock
from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.settings import Settings
from consent_service.web.serving import PortTakenError, any_free_port

CLOCK = SystemClock()


async def test_a_demo_that_could_not_be_made_leaves_nothing(base: Settings, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / ".git").mkdir(parents=True)

    with pytest.raises(ConfigurationError, match="git work tree"):
        await make_if_missing(checkout / "demo", base, CLOCK)

    assert [path.name for path in checkout.iterdir()] == [".git"]


def test_the_demo_keeps_everything_in_its_own_folder(base: Settings, tmp_path: Path) -> None:
    elsewhere = msgspec.structs.replace(base, key_provider="transit", recovery_key=Path("/etc/recovery.pub"))
    settings = settings_of(tmp_path, elsewhere, port=8080)

    assert settings.key_provider == "file"
    for place in (settings.keystore, settings.recovery_key, settings.key_backup_dir, settings.stop_journal):
        assert place.parent == tmp_path


async def test_a_half_made_demo_is_made_again(base: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "state" / "demo"
    folder.mkdir(parents=True)
    (folder / "demo.json").write_text("{")

    made = await make_if_missing(folder, base, CLOCK)

    assert read_state(folder) == made


async def test_a_second_run_finds_it_in_no_time_and_only_its_user_can_look(
    base: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "state" / "demo"
    first = await make_if_missing(folder, base, CLOCK)

    began = time.process_time()
    second = await make_if_missing(folder, base, CLOCK)

    assert second == first
    assert time.process_time() - began < 1
    assert [path.name for path in folder.parent.iterdir()] == ["demo"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("passphrase", "keystore", "demo.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


async def test_two_demos_do_not_share_one_folder(tmp_path: Path) -> None:
    with held(tmp_path / "demo"), pytest.raises(RunningElsewhereError), held(tmp_path / "demo"):
        raise AssertionError("both were let in")


async def test_who_finds_a_demo_running_is_told_where(tmp_path: Path) -> None:
    with held(tmp_path / "demo"):
        note_address(tmp_path / "demo", "http://127.0.0.1:8765")
        with pytest.raises(RunningElsewhereError) as twice, held(tmp_path / "demo"):
            raise AssertionError("both were let in")
    assert twice.value.address == "http://127.0.0.1:8765"

    with held(tmp_path / "demo"), pytest.raises(RunningElsewhereError) as starting, held(tmp_path / "demo"):
        raise AssertionError("both were let in")
    assert starting.value.address == "", "what the one before left is not told of the next"


async def test_another_provider_port_still_lets_everybody_in(base: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "state" / "demo"
    state = await make_if_missing(folder, base, CLOCK)

    for _ in range(2):
        settings = settings_of(folder, base, port=any_free_port())
        provider_port = any_free_port()
        async with (
            running(settings, state.shelter, CLOCK, provider_port=provider_port) as demo,
            Visitor(demo.address) as visitor,
        ):
            await visitor.open("/")
            page = await visitor.press(f"poort {provider_port}")
            assert page.address.startswith(f"http://{HOST}:{provider_port}/")
            assert "Noor Voorbeeld" in (await visitor.press("Bo Begeleider")).words


async def test_the_provider_comes_back_on_its_own_port(base: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "state" / "demo"
    state = await make_if_missing(folder, base, CLOCK)
    seen = set()

    for _ in range(2):
        settings = settings_of(folder, base, port=any_free_port())
        async with running(settings, state.shelter, CLOCK) as demo, Visitor(demo.address) as visitor:
            seen.add(demo.login_address)
            assert (await visitor.open("/inloggen")).words.count("poort") == 1

    assert len(seen) == 1


async def test_a_taken_port_is_said_and_the_other_server_ends_too(base: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "state" / "demo"
    state = await make_if_missing(folder, base, CLOCK)
    provider_port = any_free_port()
    with socket.create_server((HOST, 0)) as taken:
        settings = settings_of(folder, base, port=taken.getsockname()[1])
        with pytest.raises(PortTakenError):
            async with running(settings, state.shelter, CLOCK, provider_port=provider_port):
                raise AssertionError("it was served")

    async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
        with pytest.raises(httpx2.ConnectError):
            await asyncio.wait_for(client.get(f"http://{HOST}:{provider_port}/jwks"), 60)
