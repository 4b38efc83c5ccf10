"""Where a request comes from, also behind proxies of our own: limits count people, not the proxy.

`X-Forwarded-For` holds, from left to right, what each proxy saw; everything left of what our own outermost
proxy wrote was sent by the caller and may be invented. So it is read from the right, over the addresses of
proxies that the installation trusts (`trusted_proxies`); the first other one is where the request came from.
Without such proxies the header says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from litestar.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network


def came_from(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The address a request came from.

    Args:
        peer: who opened the connection.
        forwarded: the values of every `X-Forwarded-For`, in the order they came.
        trusted: the networks of our own proxies.
    """
    seen = [one.strip() for line in forwarded for one in line.split(",")]
    here = peer
    while seen and _is_trusted(here, trusted):
        before = _address(seen.pop())
        if before is None:
            break  # what stands there is no address: more than this proxy is not known
        here = str(before)
    return here


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    known = _address(address)
    return known is not None and any(known in network for network in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


class BehindProxies:
    """ASGI middleware: `scope["client"]` becomes the address that `came_from` finds."""

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on every message; only where the request came from may change."""
        client = scope.get("client")
        if self._trusted and client is not None:
            lines = [
                value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
            ]
            address = came_from(client[0], lines, self._trusted)
            if address != client[0]:
                scope["client"] = (address, 0)
        await self._app(scope, receive, send)
