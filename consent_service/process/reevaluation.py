"""What a change of authority, or of what a child can weigh, does to what a school may get: both outcomes.

Nothing is decided here: the next request of the school decides anew by itself. This says in the log what
it could get before and what after (S6), under the officer's tag, because it shows what others chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog, TrailEntry
from consent_service.families.model import AuthorityFact, Competence
from consent_service.families.reading import relationships_of_child
from consent_service.foundation.clock import Clock, local_midnight
from consent_service.foundation.database import Database
from consent_service.foundation.errors import KeyDestroyedError
from consent_service.foundation.ids import PersonId, RelationshipId, TenantId, TypeKey
from consent_service.identity.model import System, by
from consent_service.information.model import Terms
from consent_service.keyring.service import KeyRing
from consent_service.organisations.model import StaffMember
from consent_service.organisations.service import OrganisationService
from consent_service.policy.decision import Allowance
from consent_service.policy.facts import Reader
from consent_service.policy.outlook import Asking, answers
from consent_service.policy.projection import Known, active_contacts
from consent_service.policy.rules import Rules
from consent_service.policy.service import PolicyService
from consent_service.process.walk import LogWalk
from consent_service.release.judging import CARRIED_OUT, asked_types
from consent_service.release.read import Situation, read_situation


class Change(msgspec.Struct, frozen=True):
    """What was known without and with one entry, and the moment from which the entry counts."""

    before: Known
    after: Known
    counts_from: datetime


class Reevaluator:
    """Looks again at every relationship of a child about whom something was recorded."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        policies: PolicyService,
    ) -> None:
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._policies = policies
        self._walk = LogWalk("reevaluation", self.on_entry, database=database, log=log)

    async def catch_up(self, tenant: TenantId) -> None:
        """Look again because of everything recorded since the last time."""
        await self._walk.catch_up(tenant)

    async def on_entry(self, conn: AsyncConnection, tenant: TenantId, entry: TrailEntry) -> None:
        """What one entry changes, per school of the child where anybody had answered anything by then."""
        event = None if entry.detail is None else entry.detail.event
        if not isinstance(event, events.AuthorityRecorded | events.CompetenceJudged):
            return
        for about in await relationships_of_child(conn, tenant, event.child):
            if about.is_active(self._clock.now()):
                await self._look_again(conn, tenant, about.relationship, event, entry.at)

    async def _look_again(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        relationship: RelationshipId,
        event: events.AuthorityRecorded | events.CompetenceJudged,
        at: datetime,
    ) -> None:
        try:
            situation = await read_situation(conn, self._ring, tenant, relationship)
        except KeyDestroyedError:
            return
        if situation is None or not any(row.recorded_at < at for row in situation.known.decisions):
            return
        if isinstance(event, events.AuthorityRecorded):
            change, cause = change_of_authority(situation.known, event, at), "authority_changed"
        else:
            change, cause = change_of_competence(situation.known, event, at), "competence_judged"
        moment = max(self._clock.now(), change.counts_from)
        rules = await self._policies.rules(situation.active_bundle)
        readers = await readers_of(conn, self._organisations, situation, rules.catalogue.terms, moment)
        outcomes = [types_for(known, rules, readers, now=moment) for known in (change.before, change.after)]
        await self._log.append(
            conn,
            tenant=tenant,
            event=events.ConsentReevaluated(relationship, cause, *outcomes),
            by=by(System()),
            subject=situation.known.relationship.child,
            tagged_for=OFFICER,
            relationship=relationship,
            bundle=rules.bundle.hash,
        )


async def readers_of(
    conn: AsyncConnection,
    organisations: OrganisationService,
    situation: Situation,
    terms: Terms,
    moment: datetime,
) -> tuple[Reader, ...]:
    """Who of the school could read at this moment, by role."""
    tenant = situation.known.relationship.tenant
    listed = sorted(active_contacts(situation.known, terms, moment))
    members: Sequence[StaffMember] = await organisations.staff_members(conn, tenant, listed)
    return tuple(Reader("school", one.staff, one.role or "contact") for one in members)


def change_of_authority(known: Known, event: events.AuthorityRecorded, at: datetime) -> Change:
    """The authority facts without and with the one this entry is about; later ones in neither."""
    about = (event.child, event.guardian, event.kind, event.source, event.valid_from, event.valid_until)
    same = [fact for fact in known.authority if _told(fact) == about]
    recorded = _nearest([fact.recorded_at for fact in same], at)
    return Change(
        before=_with_authority(known, [fact for fact in known.authority if fact.recorded_at < recorded]),
        after=_with_authority(known, [fact for fact in known.authority if fact.recorded_at <= recorded]),
        counts_from=at if event.valid_from is None else local_midnight(event.valid_from),
    )


def change_of_competence(known: Known, event: events.CompetenceJudged, at: datetime) -> Change:
    """The judgements without and with the one this entry is about; later ones in neither."""
    same = [one.recorded_at for one in known.competence if one.competent == event.competent]
    recorded = _nearest(same, at)
    return Change(
        before=_with_competence(known, [one for one in known.competence if one.recorded_at < recorded]),
        after=_with_competence(known, [one for one in known.competence if one.recorded_at <= recorded]),
        counts_from=at,
    )


def types_for(known: Known, rules: Rules, readers: Iterable[Reader], *, now: datetime) -> tuple[TypeKey, ...]:
    """Every type that any of these readers could get for any purpose, in the order of the catalogue."""
    purposes = dict.fromkeys(purpose for kind in rules.catalogue.types.values() for purpose in kind.purposes)
    found: set[TypeKey] = set()
    for reader in readers:
        for purpose in purposes:
            asked = tuple(asked_types(rules.catalogue, purpose, "s2c"))
            asking = Asking(reader, purpose, asked, duties=CARRIED_OUT)
            judged = answers(rules, known, asking, now=now)
            found |= {key for key, answer in judged.items() if isinstance(answer, Allowance)}
    return tuple(key for key in rules.catalogue.types if key in found)


def _told(fact: AuthorityFact) -> tuple[PersonId, PersonId, str, str, object, object]:
    return fact.child, fact.guardian, fact.kind, fact.source, fact.valid_from, fact.valid_until


def _nearest(moments: Sequence[datetime], at: datetime) -> datetime:
    """The row is written just before its entry, by the same clock or just after a faster one's."""
    return min(moments, key=lambda moment: abs(moment - at), default=at)


def _with_authority(known: Known, facts: Sequence[AuthorityFact]) -> Known:
    return msgspec.structs.replace(known, authority=tuple(facts))


def _with_competence(known: Known, judgements: Sequence[Competence]) -> Known:
    return msgspec.structs.replace(known, competence=tuple(judgements))
