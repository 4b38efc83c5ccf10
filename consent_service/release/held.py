"""Everything held about a child at a school, for a request for the own data (AVG 15, 20).

The rules on sharing do not judge this: nobody else gets it. Whose data they are and whether the request was
granted is `rights.access`; here each opening is an entry, before anything is shown (decision 0060).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER
from consent_service.foundation.ids import PersonId, RelationshipId, TypeKey
from consent_service.identity.model import PersonActor, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import require
from consent_service.records.model import OpenedRecord, SealedRecord
from consent_service.records.opening import open_held
from consent_service.release.exits import ExitPermit
from consent_service.release.lists import Lists
from consent_service.release.read import Situation

PURPOSE: Final = "access"
"""How the log calls this purpose; nobody can ask it of the rules."""


class HeldRecords(Lists):
    """Opening for a request, and telling that it was handed over."""

    async def held_for(
        self,
        conn: AsyncConnection,
        actor: PrivacyCoordinator,
        relationship: RelationshipId,
        owner: PersonId,
    ) -> tuple[OpenedRecord, ...]:
        """Every record there is, but what is about another guardian only; nothing once the key is gone.

        For a coordinator who makes the file of `owner`. Found by officers only: another guardian does not
        learn of it that somebody asked.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such relationship, or the child was erased.
            IntegrityError: something was tampered with or damaged.
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing is shown.
        """
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        self._refuse_while_stopping(actor.tenant, relationship)
        await self._require_living_log(conn, actor.tenant)
        situation = await self._situation(conn, actor.tenant, relationship)
        wanted = await self._of(situation, owner)
        if situation.key is None or not wanted:
            return ()
        opened = open_held(
            self._ring,
            situation.key,
            situation.records,
            situation.digests,
            wanted=frozenset(one.record for one in wanted),
        )
        await self._tell_read(conn, actor, situation, wanted)
        return opened

    async def tell_handed_over(
        self,
        conn: AsyncConnection,
        actor: PrivacyCoordinator | PersonActor,
        permit: ExitPermit,
        given: Mapping[RelationshipId, tuple[TypeKey, ...]],
        *,
        role: Literal["guardian", "child"],
    ) -> None:
        """That the recipient of the permit is given what is held about these children at a school.

        Found by who got it and by officers; by no other guardian.

        Raises:
            NotFoundError: a child was erased meanwhile.
            UnavailableError: a stop is not replayed.
        """
        recipient = PersonId(permit.recipient)
        for relationship, types in given.items():
            self._refuse_while_stopping(permit.tenant, relationship)
            situation = await self._situation(conn, permit.tenant, relationship)
            about = situation.known.relationship
            event = events.InformationReleased(
                relationship, PURPOSE, recipient, reader_kind="guardian", role=role, types=types
            )
            await self._log.append(
                conn,
                tenant=permit.tenant,
                event=event,
                by=by(actor),
                subject=about.child,
                tagged_for=recipient,
                relationship=relationship,
            )

    async def _of(self, situation: Situation, owner: PersonId) -> tuple[SealedRecord, ...]:
        """Nothing about another guardian, nor what is about one guardian and names none."""
        rules = await self._policies.in_force(situation.active_bundle)
        kinds = rules.catalogue.types.values()
        own = frozenset(kind.key for kind in kinds if kind.decided_by == "own_guardian")
        return tuple(
            one
            for one in situation.records
            if one.about == owner or (one.about is None and one.information_type not in own)
        )

    async def _tell_read(
        self,
        conn: AsyncConnection,
        actor: PrivacyCoordinator,
        situation: Situation,
        found: Iterable[SealedRecord],
    ) -> None:
        for subject, group in _by_subject(found, situation):
            await self._log.append(
                conn,
                tenant=actor.tenant,
                event=_read(situation, group, actor.staff),
                by=by(actor),
                subject=subject,
                tagged_for=OFFICER,
                relationship=situation.known.relationship.relationship,
            )


def _by_subject(
    found: Iterable[SealedRecord], situation: Situation
) -> list[tuple[PersonId, tuple[SealedRecord, ...]]]:
    child = situation.known.relationship.child
    groups: dict[PersonId, list[SealedRecord]] = {}
    for one in found:
        groups.setdefault(one.about or child, []).append(one)
    return [(subject, tuple(group)) for subject, group in groups.items()]


def _read(situation: Situation, found: Iterable[SealedRecord], reader: str) -> events.InformationReleased:
    group = tuple(found)
    return events.InformationReleased(
        relationship=situation.known.relationship.relationship,
        purpose=PURPOSE,
        reader=reader,
        reader_kind="shelter",
        role="privacy_coordinator",
        types=tuple(dict.fromkeys(one.information_type for one in group)),
        records=tuple(events.RecordVersion(one.record, one.version, one.information_type) for one in group),
    )
