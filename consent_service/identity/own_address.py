"""Addresses of our own, where the browser may be sent after a login or an unlocking."""

from __future__ import annotations

import re


def is_own_address(address: str) -> bool:
    """A path of this service: never another host, whatever browsers make of it, and no way back up in it."""
    if re.search(r"/\.|%(?:2e|2f|5c)", address, re.IGNORECASE):
        return False
    return re.fullmatch(r"/(?![/\\])[A-Za-z0-9/_.~%?=&+-]{0,299}", address) is not None
