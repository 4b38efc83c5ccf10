"""What a process does with what it shares, in the transaction of the writing itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.records.model import Shared


class Along(msgspec.Struct, frozen=True):
    """What else is written when something was shared; nothing of it stands when that does not.

    until: the local midnight after the school days of the school's own calendar, for a type kept that long.
    """

    until: datetime
    do: Callable[[AsyncConnection, Shared], Awaitable[None]]
