"""What the desk itself counts for the report of a year: breaches, and what was found in samples of the log.

These are counts of events and of entries, not of people: nothing of them is withheld (AVG 33(5) wants each
breach on record, and the register of breaches shows them one by one).
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, get_args

from sqlalchemy import Row, and_, select

from consent_service.process.evaluation.model import Measure
from consent_service.rights.accountability.yearly import Found, Source, Window
from consent_service.rights.breaches.model import CLOCK, BreachKind
from consent_service.rights.breaches.tables import breaches
from consent_service.rights.reviews.judging import FINDINGS, latest
from consent_service.rights.reviews.tables import review_drawn, review_judgements, review_samples


async def count_breaches(window: Window) -> Found:
    """Breaches by when they became known: what kind, and whether the authority was told in 72 hours."""
    found: Found = Counter()
    query = select(breaches).where(
        breaches.c.tenant == window.tenant,
        breaches.c.discovered_at >= window.since,
        breaches.c.discovered_at < window.until,
    )
    for row in await window.conn.execute(query):
        found["breach_kinds", row.kind] += 1
        found["breach_reports", _reported(row)] += 1
    return found


def _reported(row: Row[Any]) -> str:
    """How it ended for the authority (AVG 33(1))."""
    if row.reported_at is not None:
        return "in_time" if row.reported_at - row.discovered_at <= CLOCK else "late"
    return "open" if row.state == "assessing" else "not_reported"


async def count_samples(window: Window) -> Found:
    """Entries that were drawn for review, by the last that was found of each."""
    found: Found = Counter()
    here, drawn, judged = review_samples.c, review_drawn.c, review_judgements.c
    query = (
        select(drawn.sample, drawn.entry, judged.verdict, judged.finding)
        .join(review_samples, and_(here.tenant == drawn.tenant, here.sample == drawn.sample))
        .outerjoin(
            review_judgements,
            and_(
                judged.tenant == drawn.tenant,
                judged.sample == drawn.sample,
                judged.entry == drawn.entry,
            ),
        )
        .where(drawn.tenant == window.tenant, here.drawn_at >= window.since, here.drawn_at < window.until)
    )
    said: dict[tuple[str, str], dict[str, str]] = {}
    for row in await window.conn.execute(query):
        words = said.setdefault((row.sample, row.entry), {})
        if row.verdict is not None:
            words[row.verdict] = row.finding
    for words in said.values():
        verdict, finding = latest(words)
        found["sample_verdicts", verdict or "not_judged"] += 1
        if verdict == "wrong":
            found["sample_findings", finding] += 1
    return found


BREACHES: Final = Source(
    {
        "breach_kinds": Measure("breaches", get_args(BreachKind)),
        "breach_reports": Measure("breaches", ("in_time", "late", "not_reported", "open")),
    },
    count_breaches,
    frozenset({"breach_kinds", "breach_reports"}),
)
SAMPLES: Final = Source(
    {
        "sample_verdicts": Measure("drawn", ("in_order", "wrong", "asked", "not_judged")),
        "sample_findings": Measure("found_wrong", FINDINGS),
    },
    count_samples,
    frozenset({"sample_verdicts", "sample_findings"}),
)
DESK_SOURCES: Final = (BREACHES, SAMPLES)
