"""How a start and a signal let somebody hear that something waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import RelationshipId, StaffId, TenantId


class ToHear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody at a school is told that something waits: never what, and about which child only inside."""

    tenant: TenantId
    staff: StaffId
    relationship: RelationshipId
    about: str
    urgent: bool


Tell = Callable[[AsyncConnection, ToHear], Awaitable[None]]
"""Queues a message in the caller's transaction; whether it may leave is asked again when it does."""


async def tell_nobody(_conn: AsyncConnection, _message: ToHear) -> None:
    """Where no messages are sent: what waits is found by who looks."""
