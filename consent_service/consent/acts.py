"""What the ledger and the sittings state, and what the log tells of them (`audit.reconciling`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import Act, ActSource, Done, Told, streamed
from consent_service.consent.states import DecisionKind
from consent_service.consent.tables import consent_ledger, sittings
from consent_service.foundation.ids import TenantId
from consent_service.identity.tables import page_factors

_KINDS: Final[dict[type[events.DecisionEvent], DecisionKind]] = {
    events.ConsentGiven: "given",
    events.ConsentRefused: "refused",
    events.ConsentLater: "later",
    events.ConsentWithdrawn: "withdrawn",
    events.ConsentObjected: "objected",
    events.ConsentObjectionLifted: "objection_lifted",
    events.ConsentOpinion: "opinion_yes",
    events.ConsentInvalidated: "invalidated",
    events.ConsentSuspended: "suspended",
    events.ConsentResumed: "resumed",
}
_HEARD: Final = "heard"
"""What became of the sitting in which a child's opinion was written down: its answers are its entries."""


class ConsentActs(ActSource):
    """Every decision of the ledger, every sitting, and what opens an own page."""

    tables = ("consent_ledger", "sittings", "page_factors")
    events = (*_KINDS, events.IntakeStarted, events.IntakeFinished, events.PageAccessGiven)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every decision with what was shown, every sitting begun and finished, every second factor."""
        async for row in streamed(conn, select(consent_ledger).where(consent_ledger.c.tenant == tenant)):
            what = (row.kind, row.relationship, row.information_type, row.concerns or "")
            shown = (row.text_version, row.text_hash, row.screen_hash, row.language, row.method)
            act = Act("decision", (row.decision, *what, *shown), (row.relationship,), row.person)
            yield Done(act, row.recorded_at)
        own = (sittings.c.tenant == tenant, sittings.c.outcome != _HEARD)
        async for row in streamed(conn, select(sittings).where(*own)):
            about = (row.guardian,)
            yield Done(Act("intake", (row.family, row.guardian), about), row.started_at)
            if row.finished_at is not None:
                facts = (row.family, row.guardian, row.outcome)
                yield Done(Act("intake_end", facts, about), row.finished_at)
        async for row in streamed(conn, select(page_factors).where(page_factors.c.tenant == tenant)):
            yield Done(Act("page_factor", (row.person, row.kind), (row.person,)), row.set_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each of these events, but for a new code: sittings hand those out too."""
        match detail.event:
            case events.DecisionEvent() as event:
                yield Told(_decision(event, detail.subject or ""))
            case events.IntakeStarted(family=family, guardian=guardian):
                yield Told(Act("intake", (family, guardian), (guardian,)))
            case events.IntakeFinished(family=family, guardian=guardian, outcome=outcome):
                yield Told(Act("intake_end", (family, guardian, outcome), (guardian,)))
            case events.PageAccessGiven(person=person, factor=factor) if factor != "code":
                yield Told(Act("page_factor", (person, factor), (person,)))
            case _:
                return


def _decision(event: events.DecisionEvent, person: str) -> Act:
    kind: str = _KINDS[type(event)]
    concerns = ""
    match event:
        case events.ConsentOpinion(opinion="no"):
            kind = "opinion_no"
        case events.ConsentInvalidated(invalidates=before):
            concerns = before or ""
        case events.ConsentSuspended(concerns=before) | events.ConsentResumed(concerns=before):
            concerns = before or ""
        case _:
            pass
    what = (kind, event.relationship, event.information_type, concerns)
    shown = (event.text_version, event.text_hash, event.screen_hash, event.language, event.method)
    return Act("decision", (event.decision, *what, *shown), (event.relationship,), person)
