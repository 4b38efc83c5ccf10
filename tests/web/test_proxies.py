"""Where a request comes from: what our own proxies say is believed, what a caller says is not."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.types import Scope

from consent_service.web.proxies import BehindProxies, came_from

TRUSTED = (ip_network("10.0.0.0/24"), ip_network("2001:db8::/64"))


@pytest.mark.parametrize(
    "peer,forwarded,place",
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["192.0.2.1"], "198.51.100.7"),
        ("10.0.0.5", ["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.5", ["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
        ("10.0.0.5", ["203.0.113.9", "192.0.2.1, 10.0.0.6"], "192.0.2.1"),
        ("::ffff:10.0.0.5", ["2001:db8:1::7"], "2001:db8:1::7"),
        ("2001:db8::5", ["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.5", ["unknown"], "10.0.0.5"),
        ("10.0.0.5", ["192.0.2.1, "], "10.0.0.5"),
        ("10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", ["10.0.0.7"], "10.0.0.7"),
        ("granian", ["192.0.2.1"], "granian"),
    ],
)
def test_a_request_comes_from_the_first_address_that_is_no_proxy_of_ours(
    peer: str, forwarded: list[str], place: str
) -> None:
    assert came_from(peer, forwarded, TRUSTED) == place


@given(st.lists(st.text(max_size=40), max_size=5))
def test_nothing_a_caller_writes_moves_it_elsewhere(written: list[str]) -> None:
    told = [*written, "192.0.2.1"]
    assert came_from("10.0.0.5", told, TRUSTED) == "192.0.2.1"
    assert came_from("198.51.100.7", told, TRUSTED) == "198.51.100.7"


@pytest.mark.parametrize(
    "trusted,client,place",
    [
        (TRUSTED, ("10.0.0.5", 4711), ("192.0.2.1", 0)),
        (TRUSTED, ("198.51.100.7", 4711), ("198.51.100.7", 4711)),
        (TRUSTED, None, None),
        ((), ("10.0.0.5", 4711), ("10.0.0.5", 4711)),
    ],
)
async def test_the_application_sees_that_address(trusted: Any, client: Any, place: Any) -> None:
    seen: list[Any] = []

    async def app(scope: Scope, _receive: Any, _send: Any) -> None:
        seen.append(scope.get("client"))

    scope: Any = {"type": "http", "client": client, "headers": [(b"x-forwarded-for", b"192.0.2.1")]}
    await BehindProxies(app, trusted)(scope, None, None)  # type: ignore[arg-type]
    assert seen == [place]
