"""Who saw what about my child: the releases in the log, as a guardian may see them (AVG 15(1)(c)).

An organisation, a role, a time and a reason; the name of a member of staff only after weighing, which
is not done here. Entries that carry the officer's tag stay hidden.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from consent_service.audit.events import InformationReleased
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.families.service import FamilyService
from consent_service.foundation.database import Database
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TypeKey
from consent_service.identity.model import GuardianActor

_RELEASED = "information.released.v1"


class Disclosure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One time that somebody saw something about a child."""

    entry: EntryId
    at: datetime
    child: PersonId
    relationship: RelationshipId
    reader_kind: str
    role: str
    purpose: str
    types: tuple[TypeKey, ...]


class RightsService:
    """What a guardian may know about the use of the child's data."""

    def __init__(self, *, database: Database, log: AuditLog, families: FamilyService) -> None:
        self._database = database
        self._log = log
        self._families = families

    async def who_looked(self, actor: GuardianActor, *, limit: int = 50) -> tuple[Disclosure, ...]:
        """The newest releases about the guardian's children, newest first.

        Raises:
            NotAllowedError: not one's own page.
        """
        family = await self._families.own_family(actor)
        found: list[Disclosure] = []
        async with self._database.reading() as conn:
            for child in family.children:
                shown = TrailFilter(shown_to=child.child, types=frozenset({_RELEASED}))
                page = await self._log.trail(conn, actor.tenant, shown, limit=limit)
                found += _disclosures(child.child, page.entries)
        return tuple(sorted(found, key=lambda one: one.at, reverse=True)[:limit])


def _disclosures(child: PersonId, entries: Iterable[TrailEntry]) -> Iterable[Disclosure]:
    for entry in entries:
        if entry.detail is None or not isinstance(entry.detail.event, InformationReleased):
            continue
        event = entry.detail.event
        yield Disclosure(
            entry=entry.id,
            at=entry.at,
            child=child,
            relationship=event.relationship,
            reader_kind=event.reader_kind,
            role=event.role,
            purpose=event.purpose,
            types=event.types,
        )
