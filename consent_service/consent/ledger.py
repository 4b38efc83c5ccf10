"""The only writer of the consent ledger: a decision, its audit entry and the raised version, together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By, ConsentEvent
from consent_service.audit.log import AuditLog
from consent_service.consent.model import Capacity, DecisionKind, Method, Shown
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
    invalidates: DecisionId | None = None
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

    Raises:
        LogUnavailableError: the log takes no entry, so nothing of this may stay.
    """
    for relationship in sorted({new.relationship for new in decisions}):
        await raise_relationship(conn, tenant, relationship, now)  # first: takes the turn in the log too
    moment = strictly_after(now, await _newest(conn, tenant, decisions))
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
            subject=new.person,
            relationship=new.relationship,
            late_since=new.late_since,
        )
    return tuple(written)


async def _newest(
    conn: AsyncConnection, tenant: TenantId, decisions: Sequence[NewDecision]
) -> datetime | None:
    """The latest moment in the ledger of these relationships, whoever's clock wrote it."""
    query = select(func.max(consent_ledger.c.recorded_at)).where(
        consent_ledger.c.tenant == tenant,
        consent_ledger.c.relationship.in_(sorted({new.relationship for new in decisions})),
    )
    newest: datetime | None = (await conn.execute(query)).scalar_one()
    return newest


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
        "invalidates": new.invalidates,
        "stop": new.stop,
        "decided_at": moment if new.late_since is None else min(new.decided_at, moment),
        "recorded_at": moment,
        "valid_until": new.valid_until,
    }


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
            return events.ConsentInvalidated(*shared, invalidates=new.invalidates)
        case _:
            assert_never(new.kind)
