"""Samples of the log that were drawn and judged, and what the log tells of it (`audit.reconciling`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import Act, ActSource, Done, Told, streamed
from consent_service.foundation.ids import TenantId
from consent_service.rights.reviews.tables import review_drawn, review_judgements, review_samples


class ReviewActs(ActSource):
    """By which head a sample was drawn, each entry in it, and what was found of each."""

    tables = ("review_samples", "review_drawn", "review_judgements")
    events = (events.SampleDrawn, events.SampleJudged)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every sample, what was drawn and what was judged."""
        samples, drawn, judged = review_samples.c, review_drawn.c, review_judgements.c
        async for row in streamed(conn, select(review_samples).where(samples.tenant == tenant)):
            facts = (row.sample, row.officer, row.week.isoformat(), str(row.log), str(row.size), row.root)
            yield Done(Act("sample", facts), row.drawn_at)
        entries = select(drawn.sample, drawn.entry, drawn.place, samples.drawn_at).join(
            review_samples, and_(samples.tenant == drawn.tenant, samples.sample == drawn.sample)
        )
        async for row in streamed(conn, entries.where(drawn.tenant == tenant)):
            yield Done(Act("sample_entry", (row.sample, row.entry, str(row.place))), row.drawn_at)
        async for row in streamed(conn, select(review_judgements).where(judged.tenant == tenant)):
            judged_of = (row.sample, row.entry, row.verdict, row.finding)
            yield Done(Act("sample_judgement", judged_of), row.judged_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for the draw, one for each entry in it, one for each judgement."""
        match detail.event:
            case events.SampleDrawn(sample=sample, week=week, entries=entries) as event:
                head = (str(event.log), str(event.size), event.root)
                yield Told(Act("sample", (sample, event.officer, week.isoformat(), *head)))
                for place, entry in enumerate(entries):
                    yield Told(Act("sample_entry", (sample, entry, str(place))))
            case events.SampleJudged(sample=sample, entry=entry) as event:
                yield Told(Act("sample_judgement", (sample, entry, event.verdict, event.finding)))
            case _:
                return
