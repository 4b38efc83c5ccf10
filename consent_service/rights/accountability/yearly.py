"""What is counted for the report of a year, and where each number comes from. Reads no content.

A `Source` brings measures and counts them; each thing counted falls in exactly one category of a measure.
Breaches and samples of the log are counted in `yearly_desk`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import EntryId, TenantId
from consent_service.process.evaluation.model import WAITING_DAYS, Measure
from consent_service.process.recalls_model import last_day_to_answer
from consent_service.process.tables import erasure_notices, recalls
from consent_service.rights.cases.tables import rights_cases

Found = Counter[tuple[str, str]]
"""How many, by measure and category."""
REFUSED: Final[Mapping[str, tuple[str, ...]]] = {
    "no_yes": (
        "no_consent", "consent_expired", "own_answer_missing", "holders_missing", "text_changed",
        "awaiting_child", "awaiting_young_person", "gate_closed", "not_your_answer",
    ),
    "said_no": ("objection", "child_refused"),
    "safety": ("address_protected", "location_protected"),
    "authority": ("authority_unknown",),
    "second_person": ("second_approval_missing", "second_person_missing"),
    "reader": (
        "not_active_contact", "not_assigned", "role_not_allowed", "role_may_not_read", "role_may_not_write",
        "wrong_direction", "direction_not_of_type", "purpose_not_of_type", "preview_only", "unknown_type",
    ),
    "ended": ("no_agreement", "relationship_ended", "suspended", "break_glass_ended", "restricted"),
    "other": ("policy_error", "one_thing_only", "duty_not_possible", "not_permitted"),
}  # fmt: skip
"""Reasons of a refusal by kind; every code of `policies/causes.toml` is in one."""
_GROUP: Final = {code: group for group, codes in REFUSED.items() for code in codes}
_ANSWERS: Final[Mapping[type[Any], str]] = {
    events.ConsentGiven: "yes",
    events.ConsentRefused: "no",
    events.ConsentLater: "later",
    events.ConsentWithdrawn: "withdrawn",
    events.ConsentObjected: "objected",
    events.ConsentObjectionLifted: "lifted",
}
_UPKEEP: Final[Mapping[type[Any], str]] = {
    events.LogPinned: "pinned",
    events.LogReopened: "reopened",
    events.LogExported: "taken",
    events.DocumentTaken: "taken",
}
_STILL: Final = {"break_glass_review": "not_reviewed", "erasure_ends": "open"}
"""How it stands with what did not end."""
_PAGE: Final = 500


class Window(msgspec.Struct, frozen=True):
    """Of which shelter, from when until when; a little after it is looked at for how things ended."""

    conn: AsyncConnection
    log: AuditLog
    tenant: TenantId
    since: datetime
    until: datetime


class Source(msgspec.Struct, frozen=True):
    """Measures and how they are counted. `of_nobody`: measures of which small numbers are shown."""

    measures: dict[str, Measure]
    count: Callable[[Window], Awaitable[Found]]
    of_nobody: frozenset[str] = frozenset()


async def count_log(window: Window) -> Found:
    """What the log tells of a year: read, refused, answered, emergencies, erasures, and of itself."""
    found: Found = Counter()
    begun: set[tuple[str, str]] = set()
    ended: dict[tuple[str, str], str] = {}
    async for entry in _entries(window):
        happened = None if entry.detail is None else entry.detail.event
        if (end := _end(happened)) is not None:
            ended[end[0]] = end[1]
        if entry.at < window.until:
            found["log", "entries"] += 1
            found += _at_once(happened)
            begun |= _beginning(happened)
    found.update((name, ended.get((name, one), _STILL[name])) for name, one in begun)
    return found


async def count_recalls(window: Window) -> Found:
    """What schools were asked back, and whether they answered in time; of erased people too."""
    found: Found = Counter()
    for table in (recalls, erasure_notices):
        query = select(table.c.issued_at, table.c.answered_at).where(
            table.c.tenant == window.tenant,
            table.c.issued_at >= window.since,
            table.c.issued_at < window.until,
        )
        for row in await window.conn.execute(query):
            due = last_day_to_answer(local_date(row.issued_at))
            if row.answered_at is None:
                found["recall_answers", "open"] += 1
            else:
                found["recall_answers", "in_time" if local_date(row.answered_at) <= due else "late"] += 1
    return found


async def count_cases(window: Window) -> Found:
    """Requests of people about their own data, by when they were received."""
    found: Found = Counter()
    query = select(rights_cases).where(
        rights_cases.c.tenant == window.tenant,
        rights_cases.c.received_on >= local_date(window.since),
        rights_cases.c.received_on < local_date(window.until),
    )
    for row in await window.conn.execute(query):
        found["case_kinds", row.kind] += 1
        ended = "withdrawn" if row.state == "withdrawn" else row.outcome or "open"
        found["case_outcomes", ended] += 1
        answered = row.ended_at
        in_time = "open" if answered is None else "in_time" if local_date(answered) <= row.due_on else "late"
        found["case_in_time", in_time] += 1
    return found


LOG: Final = Source(
    {
        "read_by": Measure("released", ("school", "shelter", "guardian")),
        "refused_because": Measure("refused", tuple(REFUSED)),
        "answers": Measure("answered", tuple(_ANSWERS.values())),
        "break_glass_review": Measure("break_glasses", ("justified", "not_justified", "not_reviewed")),
        "erasure_ends": Measure("erasures", ("executed", "dropped", "open")),
        "log": Measure("log_whole", ("entries", "verified", "verified_bad", "pinned", "reopened", "taken")),
    },
    count_log,
    frozenset({"log"}),
)
RECALLS: Final = Source({"recall_answers": Measure("recalled", ("in_time", "late", "open"))}, count_recalls)
CASES: Final = Source(
    {
        "case_kinds": Measure(
            "cases", ("access", "portability", "rectification", "restriction", "objection", "erasure")
        ),
        "case_outcomes": Measure("cases", ("grant", "grant_in_part", "refuse", "withdrawn", "open")),
        "case_in_time": Measure("cases", ("in_time", "late", "open")),
    },
    count_cases,
)
SOURCES: Final = (LOG, RECALLS, CASES)


def _at_once(happened: object) -> Found:
    """What one event counts for."""
    match happened:
        case events.InformationReleased(reader_kind=kind):
            return Counter({("read_by", kind): 1})
        case events.ReleaseRefused(refused=refused):
            return Counter(("refused_because", _GROUP.get(one.code, "other")) for one in refused)
        case events.LogVerified(problems=problems):
            return Counter({("log", "verified_bad" if problems else "verified"): 1})
        case _ if type(happened) in _UPKEEP:
            return Counter({("log", _UPKEEP[type(happened)]): 1})
        case _:
            answer = _ANSWERS.get(type(happened))
            return Counter({("answers", answer): 1} if answer else {})


def _beginning(happened: object) -> set[tuple[str, str]]:
    """What began with this event, of which it is counted how it ended."""
    match happened:
        case events.BreakGlassAsked(break_glass=one):
            return {("break_glass_review", one)}
        case events.ErasureAsked(erasure=one):
            return {("erasure_ends", one)}
        case _:
            return set()


def _end(happened: object) -> tuple[tuple[str, str], str] | None:
    """What ended with it, and how."""
    match happened:
        case events.BreakGlassMoved(break_glass=one, act="review", code=code):
            return ("break_glass_review", one), code
        case events.ErasureExecuted(erasure=one):
            return ("erasure_ends", one), "executed"
        case events.ErasureDropped(erasure=one):
            return ("erasure_ends", one), "dropped"
        case _:
            return None


async def _entries(window: Window) -> AsyncIterator[TrailEntry]:
    """Everything of the year, and of the two weeks after it."""
    wanted = TrailFilter(since=window.since, until=window.until + timedelta(days=WAITING_DAYS))
    after: EntryId | None = None
    while True:
        page = await window.log.trail(window.conn, window.tenant, wanted, after=after, limit=_PAGE)
        for entry in page.entries:
            yield entry
        after = page.next
        if after is None:
            return
