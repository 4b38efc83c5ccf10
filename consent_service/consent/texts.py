"""The words that consents rest on: kept for good, and taken out of use when they turn out to be wrong.

`keep_texts` stores the exact words with the first decision that rests on them, so that every hash in
the ledger can be proved (S24). `TextService` takes a faulty text out of use (S25): the mark comes first
and holds at once, the consents follow in batches; `finish` goes on where a run was cut off. The words
themselves are `information.texts`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import AuditLog
from consent_service.consent.ledger import NewDecision, write_decisions
from consent_service.consent.model import Decision, Shown, can_be_invalidated, fold
from consent_service.consent.reading import read_decisions
from consent_service.consent.states import ALLOWING, AnswerState
from consent_service.consent.tables import consent_ledger, suspended_texts, text_versions
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import DecisionId, RelationshipId, TenantId, TypeKey
from consent_service.identity.model import Fg, PrivacyCoordinator, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.information.texts import Texts, TypeText, words_of
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import require
from consent_service.organisations.tables import relationship_state

Officer = PrivacyCoordinator | Fg
TextState = Literal["in_use", "suspending", "suspended", "resuming"]
"""`suspending`: out of use, and `finish` may still find answers to it. `resuming`: in use again, and
some answers are still to be given back."""
OUT_OF_USE: Final[frozenset[TextState]] = frozenset({"suspending", "suspended"})
_BATCH: Final = 50
"""Relationships per transaction: none may last longer than ten seconds."""
_ON_ITS_WAY: Final = timedelta(seconds=20)
"""A decision that was being written while its text was taken away has arrived by then."""


class UsedText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of one text in one language, and what rests on it in one shelter now.

    `resting` counts answers in force, `waiting` those that are suspended with it. `current`: it is asked
    with today. `first_used_at` is None as long as nobody has decided on it.
    """

    text_hash: str
    text_id: str
    version: int
    language: str
    label: str
    words: tuple[tuple[str, str], ...]
    review: str
    first_used_at: datetime | None
    state: TextState
    current: bool
    resting: int
    waiting: int


class _Kept(msgspec.Struct, frozen=True):
    """A text as it is known here, kept in the database or only read from the policies."""

    text_id: str
    version: int
    language: str
    content: str
    review: str
    first_used_at: datetime | None = None


class _Resting(msgspec.Struct, frozen=True):
    """One yes that rests on a text; `shown` is what was on the screen then.

    `standing`: it is that person's answer now. Otherwise a newer yes stands, and this one would stand
    again if the newer one were invalidated.
    """

    decision: Decision
    shown: Shown
    answer: AnswerState
    standing: bool


async def keep_texts(
    conn: AsyncConnection, tenant: TenantId, texts: Texts, decisions: Iterable[NewDecision], *, at: datetime
) -> None:
    """Keep the exact words of what decisions about to be written rest on, unless they are kept already.

    A yes needs a text that is in use. What stops never does: a no to words in doubt is a no (AVG 7(3)).

    Raises:
        InputError: a yes to a text that has been taken out of use.
        ConflictError: one of them is no text that is asked with now.
    """
    current = _current(texts)
    resting = [new for new in decisions if new.shown.text_hash]
    wanted = {new.shown.text_hash for new in resting}
    await require_text_usable(conn, tenant, *{new.shown.text_hash for new in resting if new.kind in ALLOWING})
    missing = wanted - (await _kept(conn, tenant, wanted)).keys()
    if missing - current.keys():
        raise ConflictError("the text changed while it was on the screen")
    for text_hash in sorted(missing):
        await _keep(conn, tenant, current[text_hash], at)


async def require_text_usable(conn: AsyncConnection, tenant: TenantId, *text_hashes: str) -> None:
    """Nobody is asked with, or says yes to, a text that was found to be wrong.

    Raises:
        InputError: one of these texts has been taken out of use.
    """
    query = select(suspended_texts.c.text_hash).where(
        suspended_texts.c.tenant == tenant,
        suspended_texts.c.text_hash.in_(sorted(text_hashes)),
        suspended_texts.c.state.in_(sorted(OUT_OF_USE)),
    )
    if (await conn.execute(query.limit(1))).first() is not None:
        raise InputError([Problem("language", "text_suspended")])


class TextService:
    """The texts of a shelter: what rests on each, and taking one out of use and back."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        catalogue: Catalogue,
        texts: Texts,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._catalogue = catalogue
        self._texts = texts

    async def used(self, actor: Officer) -> tuple[UsedText, ...]:
        """Every text decided on here and every text asked with now; what most rests on comes first.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_TEXTS, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            kept = await self._known(conn, actor.tenant)
            states = await _states(conn, actor.tenant)
            resting = await self._count(conn, actor.tenant, kept)
        found = [self._used(text_hash, kept[text_hash], states, resting) for text_hash in kept]
        return tuple(sorted(found, key=_most_first))

    async def preview(self, actor: Officer, text_hash: str) -> UsedText:
        """One text with its exact words, and how many answers would stop counting with it.

        Raises:
            NotFoundError: no such text here.
        """
        require(actor, Action.VIEW_TEXTS, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            kept = await self._known(conn, actor.tenant)
            if text_hash not in kept:
                raise NotFoundError("text")
            states = await _states(conn, actor.tenant)
            resting = await self._count(conn, actor.tenant, [text_hash])
        return self._used(text_hash, kept[text_hash], states, resting)

    async def to_suspend(self, actor: Officer, text_hash: str) -> UsedText:
        """As `preview`, for whoever may decide that the text is wrong; the FG looks and decides nothing.

        Raises:
            NotAllowedError: the FG.
            NotFoundError: no such text here.
            ConflictError: it is out of use already.
        """
        require(actor, Action.SUSPEND_TEXT, Circumstances(tenant=actor.tenant))
        found = await self.preview(actor, text_hash)
        if found.state in OUT_OF_USE:
            raise ConflictError("this text is out of use")
        return found

    async def suspend(self, actor: Officer, text_hash: str) -> int:
        """Take a faulty text out of use: nobody is asked with it, and no yes to it counts (S25).

        1. Mark it, with the entry that says so. 2. Suspend each yes that rests on it, in batches: also
        one that a newer yes replaced, or it would count again if the newer one is invalidated.
        How many answers stopped counting now; cut off in between, `finish` does the rest.

        Raises:
            NotFoundError: no such text here.
            ConflictError: it is out of use already.
            NotAllowedError: the FG.
        """
        found = await self.to_suspend(actor, text_hash)
        event = events.TextSuspended(text_hash, _version(found), found.language, found.resting)
        await self._mark(actor, text_hash, "suspending", event)
        return await self._carry_on(actor.tenant, text_hash, "suspending", by(actor))

    async def resume(self, actor: Officer, text_hash: str) -> int:
        """The text is right after all: each yes that was suspended with it counts again.

        Who decided otherwise meanwhile, or was asked anew, is left alone. How many were given back.

        Raises:
            NotFoundError: no such text here.
            ConflictError: it is not out of use.
        """
        require(actor, Action.SUSPEND_TEXT, Circumstances(tenant=actor.tenant))
        found = await self.preview(actor, text_hash)
        if found.state not in OUT_OF_USE:
            raise ConflictError("this text is in use")
        event = events.TextResumed(text_hash, _version(found), found.language, found.waiting)
        await self._mark(actor, text_hash, "resuming", event)
        return await self._carry_on(actor.tenant, text_hash, "resuming", by(actor))

    async def finish(self, tenant: TenantId) -> int:
        """Go on with what was cut off, and with a yes that was on its way while its text was taken away."""
        async with self._database.reading() as conn:
            states = await _states(conn, tenant)
        done = 0
        for text_hash, state in sorted(states.items()):
            if state != "suspended":
                done += await self._carry_on(tenant, text_hash, state, by(System()))
                await self._settle(tenant, text_hash)
        return done

    # --- parts -------------------------------------------------------------------------------

    async def _mark(
        self,
        actor: Officer,
        text_hash: str,
        state: TextState,
        event: events.TextSuspended | events.TextResumed,
    ) -> None:
        now = self._clock.now()
        values = {"state": state, "decided_by": actor.staff, "decided_at": now}
        mine = (suspended_texts.c.tenant == actor.tenant) & (suspended_texts.c.text_hash == text_hash)
        async with self._database.transaction() as conn:
            changed = await conn.execute(update(suspended_texts).where(mine).values(**values))
            if changed.rowcount == 0:
                await conn.execute(
                    insert(suspended_texts).values(tenant=actor.tenant, text_hash=text_hash, **values)
                )
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=None)

    async def _carry_on(self, tenant: TenantId, text_hash: str, state: TextState, who: By) -> int:
        async with self._database.reading() as conn:
            about = await _relationships_on(conn, tenant, [text_hash])
        done = 0
        for batch in _in_batches(about):
            async with self._database.transaction() as conn:
                done += await self._change(conn, tenant, batch, text_hash, state, who)
        return done

    async def _change(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        relationships: Sequence[RelationshipId],
        text_hash: str,
        state: TextState,
        who: By,
    ) -> int:
        """Suspend or resume what rests on the text in these relationships, as it is at this moment."""
        if (await _states(conn, tenant)).get(text_hash) != state:
            return 0  # somebody decided otherwise between two batches
        await _lock(conn, tenant, relationships)
        now = self._clock.now()
        resting = await self._resting(conn, tenant, relationships, [text_hash])
        wanted: AnswerState = "suspended" if state == "resuming" else "yes"
        told = await self._ring.person_keys(conn, tenant, [one.decision.person for one in resting])
        decisions = [
            NewDecision(
                relationship=one.decision.relationship,
                information_type=one.decision.information_type,
                person=one.decision.person,
                capacity=one.decision.capacity,
                kind="resumed" if state == "resuming" else "suspended",
                method="page",
                shown=one.shown,
                decided_at=now,
                concerns=one.decision.decision,
                standing=one.standing,
            )
            for one in resting
            if one.answer == wanted and one.decision.person in told
        ]
        if decisions:
            await write_decisions(conn, self._log, tenant=tenant, by=who, now=now, decisions=decisions)
        return sum(new.standing for new in decisions)

    async def _settle(self, tenant: TenantId, text_hash: str) -> None:
        """Nothing can be on its way any more: a suspended text stays marked, one given back is forgotten."""
        long_ago = self._clock.now() - _ON_ITS_WAY
        mine = (
            (suspended_texts.c.tenant == tenant)
            & (suspended_texts.c.text_hash == text_hash)
            & (suspended_texts.c.decided_at <= long_ago)
        )
        marks = suspended_texts
        async with self._database.transaction() as conn:
            await conn.execute(delete(marks).where(mine, marks.c.state == "resuming"))
            await conn.execute(
                update(marks).where(mine, marks.c.state == "suspending").values(state="suspended")
            )

    async def _known(self, conn: AsyncConnection, tenant: TenantId) -> dict[str, _Kept]:
        """Every text decided on in this shelter, and every text asked with now."""
        asked = {
            text_hash: _Kept(text.id, text.version, text.language, words_of(text), text.review)
            for text_hash, text in _current(self._texts).items()
        }
        return asked | await _kept(conn, tenant, None)

    def _used(
        self,
        text_hash: str,
        kept: _Kept,
        states: Mapping[str, TextState],
        resting: Mapping[str, Mapping[AnswerState, int]],
    ) -> UsedText:
        words = _words(kept.content)
        counted = resting.get(text_hash, {})
        current = _current(self._texts).get(text_hash)
        return UsedText(
            text_hash=text_hash,
            text_id=kept.text_id,
            version=kept.version,
            language=kept.language,
            label=words.get("label", kept.text_id),
            words=tuple(words.items()),
            review=kept.review if current is None else current.review,
            first_used_at=kept.first_used_at,
            state=states.get(text_hash, "in_use"),
            current=current is not None,
            resting=counted.get("yes", 0),
            waiting=counted.get("suspended", 0),
        )

    async def _count(
        self, conn: AsyncConnection, tenant: TenantId, hashes: Collection[str]
    ) -> dict[str, dict[AnswerState, int]]:
        found: dict[str, dict[AnswerState, int]] = {}
        about = await _relationships_on(conn, tenant, hashes)
        for batch in _in_batches(about):
            for one in await self._resting(conn, tenant, batch, hashes):
                if not one.standing:
                    continue
                counted = found.setdefault(one.shown.text_hash, {})
                counted[one.answer] = counted.get(one.answer, 0) + 1
        return found

    async def _resting(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        relationships: Sequence[RelationshipId],
        hashes: Collection[str],
    ) -> list[_Resting]:
        """Each yes on these texts that stands, or would stand if every newer yes were invalidated."""
        given = await _given_on(conn, tenant, relationships, hashes)
        grouped: dict[tuple[RelationshipId, TypeKey], list[Decision]] = {}
        for row in await read_decisions(conn, tenant, relationships):
            grouped.setdefault((row.relationship, row.information_type), []).append(row)
        now, found = self._clock.now(), list[_Resting]()
        for (_, key), rows in grouped.items():
            if key not in self._catalogue.types:
                continue
            text = self._catalogue.types[key].text_id
            now_standing = {one.decision for one in fold(rows, now=now, text=text).values()}
            for row in rows:
                if row.decision not in given:
                    continue
                alone = fold(_without_other_yes(rows, row), now=now, text=text).get(row.person)
                if alone is None or alone.decision != row.decision or alone.expired or alone.opinion:
                    continue
                stands = row.decision in now_standing
                found.append(_Resting(row, given[row.decision], alone.answer, stands))
        return found


def _without_other_yes(rows: Iterable[Decision], kept: Decision) -> list[Decision]:
    """The history as it would be if each other yes of this person were invalidated; no stop can be."""
    return [
        row
        for row in rows
        if row.person == kept.person and (row.decision == kept.decision or not can_be_invalidated(row))
    ]


def _current(texts: Texts) -> dict[str, TypeText]:
    return {text.hash: text for spoken in texts.languages.values() for text in spoken.types.values()}


def _in_batches(about: Sequence[RelationshipId]) -> Iterator[Sequence[RelationshipId]]:
    return (about[start : start + _BATCH] for start in range(0, len(about), _BATCH))


def _words(content: str) -> dict[str, str]:
    """The words of a kept text by the place they stand in."""
    _id, _version, _language, words = msgspec.json.decode(content, type=tuple[str, int, str, dict[str, str]])
    return words


def _version(text: UsedText) -> str:
    return f"{text.text_id}@{text.version}"


def _most_first(text: UsedText) -> tuple[bool, int, str, str, int]:
    return text.state == "in_use", -text.resting, text.text_id, text.language, -text.version


async def _kept(conn: AsyncConnection, tenant: TenantId, hashes: Collection[str] | None) -> dict[str, _Kept]:
    query = select(text_versions).where(text_versions.c.tenant == tenant)
    if hashes is not None:
        query = query.where(text_versions.c.text_hash.in_(sorted(hashes)))
    return {
        row.text_hash: _Kept(
            row.text_id, row.version, row.language, row.content, row.review, row.first_used_at
        )
        for row in await conn.execute(query)
    }


async def _keep(conn: AsyncConnection, tenant: TenantId, text: TypeText, at: datetime) -> None:
    """Two first decisions at one moment store the same bytes; the second finds them there."""
    values = {
        "tenant": tenant,
        "text_hash": text.hash,
        "text_id": text.id,
        "version": text.version,
        "language": text.language,
        "content": words_of(text),
        "review": text.review,
        "first_used_at": at,
    }
    if conn.dialect.name == "sqlite":
        await conn.execute(sqlite.insert(text_versions).values(**values).on_conflict_do_nothing())
    else:
        await conn.execute(postgresql.insert(text_versions).values(**values).on_conflict_do_nothing())


async def _states(conn: AsyncConnection, tenant: TenantId) -> dict[str, TextState]:
    query = select(suspended_texts).where(suspended_texts.c.tenant == tenant)
    return {row.text_hash: row.state for row in await conn.execute(query)}


async def _relationships_on(
    conn: AsyncConnection, tenant: TenantId, hashes: Collection[str]
) -> tuple[RelationshipId, ...]:
    query = (
        select(consent_ledger.c.relationship)
        .where(consent_ledger.c.tenant == tenant, consent_ledger.c.text_hash.in_(sorted(hashes)))
        .where(consent_ledger.c.kind == "given")
        .distinct()
        .order_by(consent_ledger.c.relationship)
    )
    return tuple(RelationshipId(found) for found in (await conn.execute(query)).scalars())


async def _given_on(
    conn: AsyncConnection,
    tenant: TenantId,
    relationships: Sequence[RelationshipId],
    hashes: Collection[str],
) -> dict[DecisionId, Shown]:
    query = select(consent_ledger).where(
        consent_ledger.c.tenant == tenant,
        consent_ledger.c.relationship.in_(relationships),
        consent_ledger.c.text_hash.in_(sorted(hashes)),
        consent_ledger.c.kind == "given",
    )
    return {
        DecisionId(row.decision): Shown(row.language, row.text_version, row.text_hash, row.screen_hash)
        for row in await conn.execute(query)
    }


async def _lock(conn: AsyncConnection, tenant: TenantId, relationships: Sequence[RelationshipId]) -> None:
    """Whoever decides at this moment comes before or after, so that no answer is suspended twice."""
    state = relationship_state.c
    query = select(state.version).where(state.tenant == tenant, state.relationship.in_(relationships))
    await conn.execute(query.order_by(state.relationship).with_for_update())
