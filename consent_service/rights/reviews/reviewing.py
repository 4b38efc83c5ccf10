"""What the officers see of their samples and say of each entry that was drawn. Metadata only (S36).

Everybody sees every sample and judges the own one. Seeing one is logged, and so is each judgement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.events import LogViewed, SampleJudged
from consent_service.audit.line_proofs import prove_lines
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import EntryId, PersonId, RecordId, StaffId, TenantId
from consent_service.identity.model import Fg, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import require
from consent_service.rights.reviews.judging import (
    MAY_FOLLOW,
    VERDICTS,
    DrawnEntry,
    Judgement,
    SampleFigures,
    SampleLine,
    latest,
    problems_of,
)
from consent_service.rights.reviews.sampling import SampleDrawing, sample_row
from consent_service.rights.reviews.sealed_note import open_note, seal_note
from consent_service.rights.reviews.tables import (
    review_drawn,
    review_judgements,
    review_notes,
    review_samples,
)

Officer = PrivacyCoordinator | Fg
VIEWED: Final = "sample"
"""How the log names a sample among the views that were looked at."""
_Said = dict[EntryId, dict[str, str]]


class ReviewService:
    """Samples of the log, and what was found of them."""

    def __init__(
        self, *, database: Database, ring: KeyRing, log: AuditLog, clock: Clock, drawing: SampleDrawing
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self.drawing = drawing

    async def samples(self, actor: Officer) -> tuple[SampleLine, ...]:
        """Every week of every officer, the newest first; what is due is drawn first.

        Raises:
            NotAllowedError: not an officer of this shelter.
            UnavailableError: the database or the key provider is away.
        """
        self._require(actor)
        await self.drawing.draw_due(actor.tenant)
        async with self._database.reading() as conn:
            return await _lines(conn, actor.tenant)

    async def sample(self, actor: Officer, sample: RecordId) -> tuple[SampleLine, tuple[DrawnEntry, ...]]:
        """What was drawn, in that order, with what was said of it; one entry says that it was looked at.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: no such sample.
        """
        self._require(actor)
        async with self._database.transaction() as conn:
            line = await self._line(conn, actor.tenant, sample)
            drawn = await self._drawn(conn, actor.tenant, sample)
            viewed = LogViewed(filters=(VIEWED,), results=len(drawn))
            await self._log.append(conn, tenant=actor.tenant, event=viewed, by=by(actor), subject=None)
        return line, drawn

    async def judge(self, actor: Officer, sample: RecordId, entry: EntryId, judgement: Judgement) -> None:
        """Say what was found of one entry; said once more, nothing happens.

        Raises:
            NotAllowedError: not the officer for whom it was drawn.
            NotFoundError: no such sample, or this entry is not in it.
            InputError: what was found is not said.
            ConflictError: something else was found before.
        """
        self._require(actor)
        problems = problems_of(judgement)
        if problems:
            raise InputError(problems)
        async with self._database.transaction() as conn:
            line = await self._line(conn, actor.tenant, sample)
            if line.officer != actor.staff:
                raise NotAllowedError("review_sample: not_your_sample")
            said = await _said(conn, actor.tenant, sample)
            if entry not in said:
                raise NotFoundError("entry")
            if judgement.verdict in said[entry]:
                return
            if judgement.verdict not in MAY_FOLLOW[latest(said[entry])[0]]:
                raise ConflictError("this entry was judged already")
            if not await self._keep(conn, actor, sample, entry, judgement):
                return
            left = sum(one.waiting + one.asked for one in await _lines(conn, actor.tenant, actor.staff))
            event = SampleJudged(sample, actor.staff, entry, judgement.verdict, judgement.finding, left)
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=None)

    async def figures(self, actor: Officer, year: int) -> SampleFigures:
        """How much was reviewed of the weeks of a year, and what was found.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        self._require(actor)
        async with self._database.reading() as conn:
            lines = [one for one in await _lines(conn, actor.tenant) if one.week.year == year]
            last: Counter[str] = Counter()
            found: Counter[str] = Counter()
            for one in lines:
                for verdicts in (await _said(conn, actor.tenant, one.sample)).values():
                    verdict, finding = latest(verdicts)
                    last[verdict] += 1
                    found.update([finding] if finding else [])
        return SampleFigures(
            year=year,
            samples=len(lines),
            finished=sum(not one.is_open for one in lines),
            drawn=sum(one.drawn for one in lines),
            judged={verdict: last[verdict] for verdict in VERDICTS},
            findings=dict(sorted(found.items())),
        )

    # --- parts -------------------------------------------------------------------------------

    def _require(self, actor: Officer) -> None:
        require(actor, Action.REVIEW_SAMPLE, Circumstances(tenant=actor.tenant))

    async def _line(self, conn: AsyncConnection, tenant: TenantId, sample: RecordId) -> SampleLine:
        row = await sample_row(conn, tenant, sample)
        if row is None:
            raise NotFoundError("sample")
        return _line_of(row, (await _said(conn, tenant, sample)).values())

    async def _drawn(
        self, conn: AsyncConnection, tenant: TenantId, sample: RecordId
    ) -> tuple[DrawnEntry, ...]:
        drawn = review_drawn.c
        query = select(review_drawn).where(drawn.tenant == tenant, drawn.sample == sample)
        rows = (await conn.execute(query.order_by(drawn.place))).all()
        proofs = await prove_lines(conn, tenant, [EntryId(row.entry) for row in rows])
        said, notes = await _said(conn, tenant, sample), await self._notes(conn, tenant, sample)
        found = []
        for row in rows:
            entry = await self._entry(conn, tenant, EntryId(row.entry))
            if entry is not None:
                verdict, finding = latest(said[entry.id])
                found.append(
                    DrawnEntry(
                        entry=entry,
                        stratum=row.stratum,
                        proof=proofs[entry.id],
                        verdict=verdict,
                        finding=finding,
                        note=notes.get(entry.id, ""),
                        may_note=_about(entry) is not None,
                    )
                )
        return tuple(found)

    async def _entry(self, conn: AsyncConnection, tenant: TenantId, entry: EntryId) -> TrailEntry | None:
        """None of one that is kept no more."""
        page = await self._log.trail(conn, tenant, TrailFilter(entry=entry), limit=1)
        return page.entries[0] if page.entries else None

    async def _keep(
        self, conn: AsyncConnection, actor: Officer, sample: RecordId, entry: EntryId, said: Judgement
    ) -> bool:
        """Whether it was said for the first time: sent twice at once, one of them counts."""
        place = {"tenant": actor.tenant, "sample": sample, "entry": entry, "verdict": said.verdict}
        judged = place | {"finding": said.finding, "judged_at": self._clock.now()}
        if not await _is_first(conn, judged):
            return False
        note = said.note.strip()
        if not note:
            return True
        found = await self._entry(conn, actor.tenant, entry)
        about = None if found is None else _about(found)
        keys = {} if about is None else await self._ring.person_keys(conn, actor.tenant, [about])
        if about is None or about not in keys:
            raise ConflictError("there is nobody under whose key these words could be kept")
        sealed = seal_note(self._ring, keys[about], (sample, entry, said.verdict), note)
        await conn.execute(insert(review_notes).values(**place, about=about, sealed=sealed))
        return True

    async def _notes(
        self, conn: AsyncConnection, tenant: TenantId, sample: RecordId
    ) -> Mapping[EntryId, str]:
        """The words of each entry, as far as the keys still live."""
        notes = review_notes.c
        query = select(review_notes).where(notes.tenant == tenant, notes.sample == sample)
        rows = (await conn.execute(query.order_by(notes.entry, notes.verdict))).all()
        keys = await self._ring.person_keys(conn, tenant, [PersonId(row.about) for row in rows])
        found: dict[EntryId, str] = {}
        for row in rows:
            if row.about in keys:
                place = (row.sample, row.entry, row.verdict)
                words = open_note(self._ring, keys[row.about], place, row.sealed)
                earlier = found.get(row.entry)
                found[row.entry] = words if earlier is None else f"{earlier}\n{words}"
        return found


async def _is_first(conn: AsyncConnection, judged: dict[str, Any]) -> bool:
    if conn.dialect.name == "sqlite":
        done = await conn.execute(sqlite.insert(review_judgements).values(judged).on_conflict_do_nothing())
    else:
        done = await conn.execute(
            postgresql.insert(review_judgements).values(judged).on_conflict_do_nothing()
        )
    return done.rowcount == 1


def _about(entry: TrailEntry) -> PersonId | None:
    return None if entry.detail is None else entry.detail.subject


async def _said(conn: AsyncConnection, tenant: TenantId, sample: RecordId) -> _Said:
    """What was said of every entry that was drawn, by verdict; nothing yet is an entry without any."""
    drawn, judged = review_drawn.c, review_judgements.c
    entries = select(drawn.entry).where(drawn.tenant == tenant, drawn.sample == sample)
    found: _Said = {EntryId(entry): {} for entry in (await conn.execute(entries)).scalars()}
    query = select(review_judgements).where(judged.tenant == tenant, judged.sample == sample)
    for row in await conn.execute(query):
        found[EntryId(row.entry)][row.verdict] = row.finding
    return found


async def _lines(
    conn: AsyncConnection, tenant: TenantId, officer: StaffId | None = None
) -> tuple[SampleLine, ...]:
    samples = review_samples.c
    query = select(review_samples).where(samples.tenant == tenant)
    if officer is not None:
        query = query.where(samples.officer == officer)
    rows = (await conn.execute(query.order_by(samples.week.desc(), samples.officer))).all()
    return tuple([_line_of(row, (await _said(conn, tenant, RecordId(row.sample))).values()) for row in rows])


def _line_of(row: Row[Any], said: Iterable[Mapping[str, str]]) -> SampleLine:
    counted = Counter(latest(verdicts)[0] for verdicts in said)
    return SampleLine(
        sample=RecordId(row.sample),
        officer=StaffId(row.officer),
        week=row.week,
        log=row.log,
        size=row.size,
        root=row.root,
        drawn=counted.total(),
        waiting=counted[""],
        asked=counted["asked"],
        wrong=counted["wrong"],
    )
