"""Entries as a reader gets them, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from consent_service.audit.encoding import Detail, milliseconds
from consent_service.audit.events import By, Event, event_type
from consent_service.audit.log import TrailEntry
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TenantId, new_id
from consent_service.foundation.tracing import Trace

AT = datetime(2026, 9, 1, 8, 0, 0, 123000, tzinfo=UTC)
CHILD = PersonId("01990000-0000-7000-8000-0000000000c1")
STAFF = "01990000-0000-7000-8000-0000000000f1"
RELATIONSHIP = RelationshipId("01990000-0000-7000-8000-0000000000a1")
ORIGINS = {1: "audit.example.org/t/" + "0" * 32}


def an_entry(
    event: Event,
    *,
    by: By | None = None,
    subject: PersonId | None = CHILD,
    at: datetime = AT,
    trace: Trace | None = None,
    bundle: str = "",
    **more: Any,
) -> TrailEntry:
    entry = EntryId(new_id(milliseconds(at)))
    detail = Detail(
        v=1,
        tenant=TenantId("t1"),
        entry=entry,
        event=event,
        by=by or By(kind="counsellor", id=STAFF),
        shown_to=subject or "officer",
        subject=subject,
        trace=trace,
        **more,
    )
    return TrailEntry(entry, at, bundle, event_type(event), "open", seq=7, detail=detail, log=1)


def gone(entry: TrailEntry) -> TrailEntry:
    """What is left of an entry whose key was destroyed."""
    return TrailEntry(entry.id, entry.at, entry.bundle, "", "erased", seq=entry.seq, log=entry.log)


class Words:
    """Words that can be told apart from the codes they stand for."""

    def name(self, kind: str) -> str:
        return "" if kind == "logout.v1" else f"name of {kind}"

    def event(self, event: Event) -> str:
        return f"sentence of {event_type(event)}"

    def by(self, by: By) -> str:
        return f"capacity {by.kind} {by.id[-8:]}".strip()
