"""How safe a family was when something about it was given: the facts as they were then.

They are attached to the entry of the release itself (`policy.recorded`). Where one decision made several
entries only the first has them; then the assessment counts that was in force at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.attachments import Attached, read_attached_of
from consent_service.audit.log import TrailEntry
from consent_service.families.tables import relationships, safety_assessments
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.service import KeyRing
from consent_service.policy.recorded import from_bytes

_NO_FLAG = "no_known_danger"
_NEVER_ASSESSED = "not_assessed"


class SafetyThen:
    """Remembers what was assessed of each place, for one answer."""

    def __init__(self, ring: KeyRing, tenant: TenantId) -> None:
        self._ring = ring
        self._tenant = tenant
        self._assessed: dict[str, tuple[tuple[datetime, str], ...] | None] = {}

    async def flagged(
        self, conn: AsyncConnection, entries: Sequence[TrailEntry]
    ) -> tuple[list[TrailEntry], int]:
        """Those about a family in danger or not assessed, or of which that is known no more; and how many
        of those last there are.
        """
        kept = await read_attached_of(conn, self._ring, self._tenant, [one.id for one in entries])
        found, unknown = [], 0
        for one in entries:
            level = _recorded(kept.get(one.id)) or await self._assessed_at(conn, one)
            if level != _NO_FLAG:
                found.append(one)
                unknown += level == ""
        return found, unknown

    async def _assessed_at(self, conn: AsyncConnection, entry: TrailEntry) -> str:
        """Empty where the family is no more."""
        place = None if entry.detail is None else entry.detail.relationship
        if place is None:
            return ""
        if place not in self._assessed:
            self._assessed[place] = await self._assessments(conn, place)
        known = self._assessed[place]
        if known is None:
            return ""
        before = [level for at, level in known if at <= entry.at]
        return before[-1] if before else _NEVER_ASSESSED

    async def _assessments(
        self, conn: AsyncConnection, place: str
    ) -> tuple[tuple[datetime, str], ...] | None:
        at, made = relationships.c, safety_assessments.c
        query = (
            select(at.family, made.recorded_at, made.level)
            .outerjoin(
                safety_assessments,
                and_(made.tenant == at.tenant, made.family == at.family, made.guardian.is_(None)),
            )
            .where(at.tenant == self._tenant, at.relationship == place)
            .order_by(made.recorded_at, made.assessment)
        )
        rows = (await conn.execute(query)).all()
        if not rows:
            return None
        return tuple((row.recorded_at, row.level) for row in rows if row.level is not None)


def _recorded(attached: Attached | None) -> str:
    if attached is None or attached.state != "open":
        return ""
    try:
        return from_bytes(attached.raw).question.relationship.safety
    except IntegrityError:
        return ""
