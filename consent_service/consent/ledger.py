"""The only writer of the consent ledger: a decision, its audit entry and the raised version, together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import assert_never

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By, ConsentEvent
from consent_service.audit.log import AuditLog
from consent_service.consent.model import (
    Capacity,
    EvidenceKind,
    Interpreter,
    InvalidReason,
    Method,
    OralReason,
    Shown,
    StopReason,
    moment_of,
)
from consent_service.consent.states import DecisionKind
from consent_service.consent.tables import consent_ledger
from consent_service.foundation.clock import strictly_after
from consent_service.foundation.ids import (
    DecisionId,
    PersonId,
    RelationshipId,
    StaffId,
    TenantId,
    TypeKey,
    new_id,
)
from consent_service.organisations.relationship_state import raise_relationship

NOTHING_SHOWN = Shown(language="nl", text_version="", text_hash="", screen_hash="")
"""For what needs no text: a withdrawal or objection passed on, a code typed in."""


class NewDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A decision about to be written."""

    relationship: RelationshipId
    information_type: TypeKey
    person: PersonId
    capacity: Capacity
    kind: DecisionKind
    method: Method
    shown: Shown = NOTHING_SHOWN
    decided_at: datetime
    valid_until: datetime | None = None
    sitting: str | None = None
    witness: StaffId | None = None
    concerns: DecisionId | None = None
    standing: bool = True
    """Whether what it concerns was the answer that counted; False when a newer one stands over it."""
    interpreter: Interpreter | None = None
    evidence: EvidenceKind | None = None
    reason: OralReason | InvalidReason | StopReason | None = None
    entered_by: StaffId | None = None
    """Who typed in what somebody said or wrote, when that was not the person itself."""
    device: str | None = None
    chosen_at: datetime | None = None
    """When we saw the choice, before it was signed: a yes is no newer than that (S37)."""
    device_at: datetime | None = None
    """What the clock of the device said when the choice was made; never trusted to make a yes newer."""
    seconds_shown: int | None = None
    stop: str | None = None
    """Id of the journalled stop this decision carries out; replaying it again writes nothing."""
    late_since: datetime | None = None


async def write_decisions(
    conn: AsyncConnection,
    log: AuditLog,
    *,
    tenant: TenantId,
    by: By,
    now: datetime,
    decisions: Sequence[NewDecision],
) -> tuple[DecisionId, ...]:
    """Append the decisions; each has one entry, tagged for the person who decided and nobody else.

    What somebody stopped is carried out also when it is replayed after that person was erased.

    Raises:
        ValueError: a yes without the text it was said to, or one that never ends: a mistake of ours.
        LogUnavailableError: the log takes no entry, so nothing of this may stay.
    """
    if any(new.kind == "given" and not (new.shown.text_version and new.valid_until) for new in decisions):
        raise ValueError("a yes names its text and the day it ends")
    for relationship in sorted({new.relationship for new in decisions}):
        await raise_relationship(conn, tenant, relationship, now)  # first: takes the turn in the log too
    moment = await moment_after(conn, tenant, {new.relationship for new in decisions}, now)
    written = []
    for new in decisions:
        decision = DecisionId(new_id())
        written.append(decision)
        await conn.execute(insert(consent_ledger).values(**_row(tenant, decision, new, moment)))
        await log.append(
            conn,
            tenant=tenant,
            event=_event(decision, new),
            by=by,
            subject=await log.living(conn, tenant, new.person) if new.stop else new.person,
            relationship=new.relationship,
            late_since=new.late_since,
        )
    return tuple(written)


async def moment_after(
    conn: AsyncConnection, tenant: TenantId, relationships: Iterable[RelationshipId], now: datetime
) -> datetime:
    """`now`, or just after whatever the ledger of these relationships holds, whoever's clock wrote it."""
    query = select(func.max(consent_ledger.c.recorded_at)).where(
        consent_ledger.c.tenant == tenant,
        consent_ledger.c.relationship.in_(sorted(relationships)),
    )
    newest: datetime | None = (await conn.execute(query)).scalar_one()
    return strictly_after(now, newest)


def _row(tenant: str, decision: str, new: NewDecision, moment: datetime) -> dict[str, object]:
    return {
        "tenant": tenant,
        "decision": decision,
        "relationship": new.relationship,
        "information_type": new.information_type,
        "person": new.person,
        "capacity": new.capacity,
        "kind": new.kind,
        "method": new.method,
        "language": new.shown.language,
        "text_version": new.shown.text_version,
        "text_hash": new.shown.text_hash,
        "screen_hash": new.shown.screen_hash,
        "sitting": new.sitting,
        "witness": new.witness,
        "concerns": new.concerns,
        "interpreter": new.interpreter,
        "evidence": new.evidence,
        "reason": new.reason,
        "entered_by": new.entered_by,
        "device": new.device,
        "device_at": new.device_at,
        "seconds_shown": new.seconds_shown,
        "stop": new.stop,
        "decided_at": _decided_at(new, moment),
        "recorded_at": moment,
        "valid_until": new.valid_until,
    }


def _decided_at(new: NewDecision, moment: datetime) -> datetime:
    """A stop that was journalled counts from then; what was chosen before it was signed, if it is a yes."""
    if new.late_since is not None:
        return min(new.decided_at, moment)
    earlier = min((at for at in (new.chosen_at, new.device_at) if at is not None), default=None)
    return moment_of(new.kind, now=moment, device_at=earlier)


def _event(decision: DecisionId, new: NewDecision) -> ConsentEvent:
    both: events.Direction = "both"
    shared = (
        decision,
        new.relationship,
        new.information_type,
        both,
        new.shown.text_version,
        new.shown.text_hash,
        new.shown.screen_hash,
        new.shown.language,
        new.method,
    )
    match new.kind:
        case "given":
            return events.ConsentGiven(*shared)
        case "refused":
            return events.ConsentRefused(*shared)
        case "later":
            return events.ConsentLater(*shared)
        case "withdrawn":
            return events.ConsentWithdrawn(*shared)
        case "objected":
            return events.ConsentObjected(*shared)
        case "objection_lifted":
            return events.ConsentObjectionLifted(*shared)
        case "opinion_yes":
            return events.ConsentOpinion(*shared, opinion="yes")
        case "opinion_no":
            return events.ConsentOpinion(*shared, opinion="no")
        case "invalidated":
            return events.ConsentInvalidated(*shared, invalidates=new.concerns, reason=new.reason or "")
        case "suspended":
            return events.ConsentSuspended(*shared, concerns=new.concerns, standing=new.standing)
        case "resumed":
            return events.ConsentResumed(*shared, concerns=new.concerns, standing=new.standing)
        case _:
            assert_never(new.kind)
