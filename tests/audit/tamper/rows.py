"""The rows of the tamper matrix by name, and an entry that any of them may write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from consent_service.audit.events import LogViewed
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.ids import PersonId
from consent_service.identity.model import by
from tests.audit.tamper.forging import Forger, Place

Row = Callable[[Forger], Awaitable[None]]
ROWS: Final[dict[str, tuple[Row, set[str]]]] = {}


def row(name: str, *found_by: str) -> Callable[[Row], Row]:
    """A row of the matrix."""

    def add(tampering: Row) -> Row:
        ROWS[name] = (tampering, set(found_by))
        return tampering

    return add


async def viewed(
    forger: Forger,
    clock: MovableClock | None = None,
    *,
    about: PersonId | None = None,
    hidden: bool = False,
    bundle: str = "",
) -> Place:
    """An entry that is no act of its own."""
    log = AuditLog(forger.ring, clock or forger.clock)
    entry = await log.append(
        forger.conn,
        tenant=forger.log.tenant,
        event=LogViewed(results=1),
        by=by(forger.world.officer),
        subject=about,
        tagged_for=OFFICER if hidden else None,
        bundle=bundle,
    )
    assert entry is not None
    return await forger.written(entry)
