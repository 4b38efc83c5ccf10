"""Break-glass to the school (AVG 6(1)(d); S29): two persons, one item, 24 hours, looked at afterwards.

Whether the school reads it is decided anew at each reading, by the policies (`release`): what safety
forbids is forbidden here too. When it is over the item is emptied; the reason stays for who reviews it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.happenings.emergencies import BreakGlassAct
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.model import Relationship
from consent_service.families.reading import lock_family, read_relationship
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    InputError,
    LogUnavailableError,
    NotFoundError,
    Problem,
    StopsPendingError,
)
from consent_service.foundation.ids import (
    EntryId,
    FamilyId,
    RecordId,
    RelationshipId,
    StaffId,
    TenantId,
    new_id,
)
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import Counsellor, Fg, PrivacyCoordinator, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.relationship_state import raise_relationship
from consent_service.organisations.service import OrganisationService, require
from consent_service.organisations.tables import relationship_state
from consent_service.policy.service import PolicyService
from consent_service.process.emergencies.afterwards import Afterwards, read_afterwards
from consent_service.process.emergencies.asking import Asking, Fitting, named
from consent_service.process.emergencies.model import (
    BREAK_GLASS,
    OUTCOMES,
    AskRefused,
    BreakGlass,
    NewBreakGlass,
    ReviewOutcome,
    lasts_until,
)
from consent_service.process.emergencies.reading import lock_break_glass, read_break_glasses
from consent_service.process.emergencies.sealed_text import open_text, seal_text
from consent_service.process.model import next_working_day
from consent_service.process.states import START
from consent_service.records.emergencies import RUNNING, Decided, open_items, urgent_digest, urgent_item
from consent_service.records.sealing import seal_content
from consent_service.records.tables_emergencies import break_glasses

CallColleague = Callable[[AsyncConnection, TenantId, StaffId, RecordId], Awaitable[None]]
"""Queues a message to a second person in the caller's transaction; it says nothing."""
StopCalling = Callable[[AsyncConnection, TenantId, RecordId], Awaitable[object]]
"""Takes back what was not sent yet: once one decided, nobody needs to be called any more."""


async def call_nobody(
    _conn: AsyncConnection, _tenant: TenantId, _colleague: StaffId, _about: RecordId
) -> None:
    """Where no messages are sent: what waits is found by who looks."""


async def nothing_to_stop(_conn: AsyncConnection, _tenant: TenantId, _about: RecordId) -> None:
    """Where no messages are sent, none is taken back."""


_DECIDED: Final = frozenset({"approve", "refuse", "drop", "confirm", "deny", "review"})
"""After these nobody is waited for."""
_EMPTIED: Final[Mapping[str, Any]] = {"envelope": b"", "digest": b""}
Supervisor = PrivacyCoordinator | Fg


class BreakGlassService:
    """Ask, agree, end and review."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        journal: StopJournal,
        organisations: OrganisationService,
        policies: PolicyService,
        call: CallColleague = call_nobody,
        stop_calling: StopCalling = nothing_to_stop,
    ) -> None:
        self._call = call
        self._stop_calling = stop_calling
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._journal = journal
        self._organisations = organisations
        self._fitting = Fitting(ring=ring, clock=clock, organisations=organisations, policies=policies)

    async def ask(
        self, actor: Counsellor, relationship: RelationshipId, new: NewBreakGlass
    ) -> RecordId | AskRefused:
        """Ask that the school may read one item; with a colleague who agreed by phone it begins now.

        1. who may ask  2. is it fit, and the only one  3. would the rules give it  4. seal and write
        5. entry. What safety forbids is a refusal, logged and returned.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such relationship.
            InputError: every problem at once; nothing was sealed.
            UnavailableError: keys, log or database are away, or a stop is not replayed yet.
        """
        if self._journal.concerning(actor.tenant, relationship):
            raise StopsPendingError("a stop is being carried out")
        async with self._database.transaction() as conn:
            about = await self._about(conn, actor.tenant, relationship)
            await self._require_with(conn, actor, Action.ASK_BREAK_GLASS, about.family)  # 1
            await lock_family(conn, actor.tenant, about.family)
            await self._close_old(conn, about)
            waiting = bool(await open_items(conn, actor.tenant, relationship))
            asking = await self._fitting.fit(conn, actor, about, new, waiting=waiting)  # 2
            if asking.refused is not None:  # 3
                code, rules = asking.refused.code, asking.refused.determining
                event = events.RecordShareRefused(relationship, new.information_type, "s2c", code, rules)
                entry = await self._tell(conn, about, event, by(actor), hidden=True)
                return AskRefused(new.information_type, code, entry)
            return await self._write(conn, actor, about, new, asking)  # 4, 5

    async def look(self, actor: Counsellor, break_glass: RecordId) -> tuple[BreakGlass, dict[str, str]]:
        """What was asked and why, for the second person; that somebody looked is in the log first.

        Raises:
            NotAllowedError: not a colleague.
            NotFoundError: no such break-glass here, or it waits for nobody any more.
        """
        async with self._database.transaction() as conn:
            one, about = await self._locked(conn, actor.tenant, break_glass)
            require(actor, Action.APPROVE_BREAK_GLASS, Circumstances(tenant=actor.tenant))
            own = one.state == "running" and one.approver == actor.staff
            if one.state not in ("asked", "running_by_phone", "unconfirmed") and not own:
                raise NotFoundError("break-glass")
            sealed = (
                await conn.execute(
                    select(break_glasses.c.sealed_reason).where(
                        break_glasses.c.tenant == actor.tenant, break_glasses.c.break_glass == break_glass
                    )
                )
            ).scalar_one()
            key = await self._ring.person_key(conn, actor.tenant, about.child)
            event = events.BreakGlassMoved(break_glass, about.relationship, "look")
            await self._tell(conn, about, event, by(actor), hidden=one.untold)
        return one, open_text(self._ring, key, break_glass, sealed)

    async def approve(self, actor: Counsellor, break_glass: RecordId) -> None:
        """A second person finds it necessary too: the school may read it for 24 hours from now.

        Raises:
            InputError: it is one's own.
            NotFoundError: no such break-glass here.
            ConflictError: it does not wait for this.
        """
        await self._as_second(actor, break_glass, "approve")

    async def refuse(self, actor: Counsellor, break_glass: RecordId) -> None:
        """A second person does not find it necessary; raises as `approve` does."""
        await self._as_second(actor, break_glass, "refuse")

    async def confirm(self, actor: Counsellor, break_glass: RecordId, *, agreed: bool) -> None:
        """Who was named by phone says whether that is so; if not, it ends at once.

        Raises:
            InputError: somebody else was named.
            NotFoundError, ConflictError: no such break-glass waits for this.
        """
        async with self._database.transaction() as conn:
            one, about = await self._locked(conn, actor.tenant, break_glass)
            require(actor, Action.APPROVE_BREAK_GLASS, Circumstances(tenant=actor.tenant))
            if actor.staff != one.approver:
                raise InputError([Problem("break_glass", "somebody_else_agreed")])
            act: BreakGlassAct = "confirm" if agreed else "deny"
            await self._move(conn, about, one, act, by(actor), {} if agreed else self._over(one))

    async def drop(self, actor: Counsellor, break_glass: RecordId) -> None:
        """Who asked takes the question back.

        Raises:
            InputError: somebody else asked.
            NotFoundError, ConflictError: no such break-glass waits.
        """
        async with self._database.transaction() as conn:
            one, about = await self._locked(conn, actor.tenant, break_glass)
            require(actor, Action.END_BREAK_GLASS, Circumstances(tenant=actor.tenant))
            if actor.staff != one.requested_by:
                raise InputError([Problem("break_glass", "somebody_else_asked")])
            await self._move(conn, about, one, "drop", by(actor), _EMPTIED)

    async def end(self, actor: Counsellor | PrivacyCoordinator, break_glass: RecordId) -> None:
        """Stop it before the day is over; of who agreed to it this is withdrawing that.

        Raises:
            NotFoundError, ConflictError: no such break-glass runs.
        """
        async with self._database.transaction() as conn:
            one, about = await self._locked(conn, actor.tenant, break_glass)
            require(actor, Action.END_BREAK_GLASS, Circumstances(tenant=actor.tenant))
            withdrawn = one.state == "running" and actor.staff == one.approver
            act: BreakGlassAct = "withdraw" if withdrawn else "end"
            await self._move(conn, about, one, act, by(actor), self._over(one))

    async def tell_parent(self, actor: Counsellor, break_glass: RecordId) -> None:
        """The parent was told, also where at first that was not safe.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such break-glass, or nobody agreed to it, or it was told.
        """
        async with self._database.transaction() as conn:
            one, about = await self._locked(conn, actor.tenant, break_glass)
            await self._require_with(conn, actor, Action.ASK_BREAK_GLASS, about.family)
            if one.starts_at is None or one.told_at is not None:
                raise NotFoundError("break-glass")
            await self._update(conn, about, one, {"told_at": self._clock.now(), "untold": False})
            event = events.BreakGlassMoved(break_glass, about.relationship, "tell")
            await self._tell(conn, about, event, by(actor), hidden=False)

    async def review(self, actor: PrivacyCoordinator, break_glass: RecordId, outcome: ReviewOutcome) -> None:
        """A privacy coordinator says afterwards whether it was necessary.

        Raises:
            InputError: no such outcome.
            NotFoundError, ConflictError: it is not over, or was reviewed already.
        """
        if outcome not in OUTCOMES:
            raise InputError([Problem("outcome", "choose_outcome")])
        async with self._database.transaction() as conn:
            require(actor, Action.REVIEW_BREAK_GLASS, Circumstances(tenant=actor.tenant))
            one, about = await self._locked(conn, actor.tenant, break_glass)
            one = await self._closed(conn, about, one)
            await self._move(conn, about, one, "review", by(actor), {}, code=outcome)

    async def run_out(self, tenant: TenantId) -> int:
        """Say of everything whose day is over that it is; how much that was. Reading ended at that moment."""
        done, now, b = 0, self._clock.now(), break_glasses.c
        async with self._database.reading() as conn:
            late = await read_break_glasses(conn, tenant, b.state.in_(RUNNING), b.ends_at <= now)
        for found in late:
            async with self._database.transaction() as conn:
                one, about = await self._locked(conn, tenant, found.break_glass)
                after = await self._closed(conn, about, one)
                done += after.state != one.state
        return done

    # --- looking -----------------------------------------------------------------------------

    async def of_family(self, actor: Counsellor, family: FamilyId) -> tuple[BreakGlass, ...]:
        """What was asked about the children of one family, newest first.

        Raises:
            NotAllowedError: not with this family.
        """
        s, b = relationship_state.c, break_glasses.c
        mine = select(s.relationship).where(s.tenant == actor.tenant, s.family == family)
        async with self._database.reading() as conn:
            await self._require_with(conn, actor, Action.ASK_BREAK_GLASS, family)
            return await read_break_glasses(conn, actor.tenant, b.relationship.in_(mine))

    async def waiting(self, actor: Counsellor) -> tuple[BreakGlass, ...]:
        """What colleagues asked that somebody must agree to, and what one agreed to oneself and can stop."""
        require(actor, Action.APPROVE_BREAK_GLASS, Circumstances(tenant=actor.tenant))
        b = break_glasses.c
        to_approve = (b.state == "asked") & (b.requested_by != actor.staff)
        own = b.state.in_((*RUNNING, "unconfirmed")) & (b.approver == actor.staff)
        async with self._database.reading() as conn:
            return await read_break_glasses(conn, actor.tenant, or_(to_approve, own))

    async def overview(self, actor: Supervisor) -> tuple[BreakGlass, ...]:
        """Every break-glass of the shelter, newest first: metadata only."""
        require(actor, Action.VIEW_EMERGENCIES, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return await read_break_glasses(conn, actor.tenant)

    async def afterwards(self, actor: Supervisor, found: Iterable[BreakGlass]) -> dict[RecordId, Afterwards]:
        """Where each was, whether it was read, and what was said about it."""
        require(actor, Action.VIEW_EMERGENCIES, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return {
                one.break_glass: await read_afterwards(conn, self._log, actor.tenant, one) for one in found
            }

    # --- parts -------------------------------------------------------------------------------

    async def _as_second(self, actor: Counsellor, break_glass: RecordId, act: BreakGlassAct) -> None:
        async with self._database.transaction() as conn:
            one, about = await self._locked(conn, actor.tenant, break_glass)
            require(actor, Action.APPROVE_BREAK_GLASS, Circumstances(tenant=actor.tenant))
            if actor.staff == one.requested_by:
                raise InputError([Problem("break_glass", "second_person_yourself")])
            if act == "refuse":
                await self._move(conn, about, one, act, by(actor), _EMPTIED)
                return
            now = self._clock.now()
            begun = {"approver": actor.staff, "starts_at": now, "ends_at": lasts_until(now)}
            code = "untold" if one.untold else ""
            await self._move(conn, about, one, act, by(actor), begun, code=code)

    async def _write(
        self,
        conn: AsyncConnection,
        actor: Counsellor,
        about: Relationship,
        new: NewBreakGlass,
        asking: Asking,
    ) -> RecordId:
        """With a colleague who agreed by phone it begins now; else it waits for a second person."""
        now, break_glass, untold = self._clock.now(), RecordId(new_id()), bool(new.untold.strip())
        until = None if new.approver is None else lasts_until(now)
        decided = Decided(actor.staff, now, new.approver, None if until is None else now, until)
        await conn.execute(
            insert(break_glasses).values(
                tenant=about.tenant,
                break_glass=break_glass,
                relationship=about.relationship,
                state=BREAK_GLASS.after(START, "ask" if until is None else "ask_by_phone"),
                information_type=asking.kind.key,
                reason=new.reason,
                by_phone=until is not None,
                untold=untold,
                confirm_by=None if until is None else next_working_day(local_date(now)),
                **msgspec.structs.asdict(decided),
                **await self._sealed(conn, about, new, break_glass, decided),
            )
        )
        await raise_relationship(conn, about.tenant, about.relationship, now)
        asked = events.BreakGlassAsked(
            break_glass, about.relationship, asking.kind.key, new.reason, untold, new.approver, until
        )
        await self._tell(conn, about, asked, by(actor), hidden=untold)
        for colleague in await self._to_call(conn, actor, new):
            await self._call(conn, about.tenant, colleague, break_glass)
        return break_glass

    async def _to_call(
        self, conn: AsyncConnection, actor: Counsellor, new: NewBreakGlass
    ) -> tuple[StaffId, ...]:
        """Who agreed by phone confirms it; else every colleague may decide along."""
        if new.approver is not None:
            return (new.approver,)
        return tuple(sorted(await self._fitting.colleagues(conn, actor.tenant) - {actor.staff}))

    async def _sealed(
        self,
        conn: AsyncConnection,
        about: Relationship,
        new: NewBreakGlass,
        break_glass: RecordId,
        decided: Decided,
    ) -> dict[str, bytes]:
        """The item under the relationship's key, and why under the child's; with the digest over the item."""
        key = await self._ring.sealing_key(conn, about.tenant, about.relationship)
        kind = new.information_type
        envelope = seal_content(
            self._ring, key, information_type=kind, record=break_glass, version=1, fields=new.fields
        )
        item = urgent_item(break_glass, about.relationship, kind, decided, envelope)
        child = await self._ring.sealing_person_key(conn, about.tenant, about.child)
        text = {"why": new.why, "untold": new.untold, **named(new.fields)}
        return {
            "sealed_reason": seal_text(self._ring, child, break_glass, text),
            "envelope": envelope,
            "digest": urgent_digest(self._ring, key, item),
        }

    async def _close_old(self, conn: AsyncConnection, about: Relationship) -> None:
        """What ran out and nobody has said so of yet does not stand in the way of another."""
        b = break_glasses.c
        here = (b.relationship == about.relationship, b.state.in_(RUNNING))
        for one in await read_break_glasses(conn, about.tenant, *here):
            await self._closed(conn, about, one)

    async def _closed(self, conn: AsyncConnection, about: Relationship, one: BreakGlass) -> BreakGlass:
        """The same, ended if its day is over."""
        if one.state not in RUNNING or one.ends_at is None or self._clock.now() < one.ends_at:
            return one
        await self._move(conn, about, one, "run_out", by(System()), _EMPTIED)
        found = await lock_break_glass(conn, about.tenant, one.break_glass)
        return found or one

    def _over(self, one: BreakGlass) -> dict[str, Any]:
        """Ended now, or when its day was over; nothing of the item stays."""
        now = self._clock.now()
        return {"ends_at": now if one.ends_at is None else min(now, one.ends_at), **_EMPTIED}

    async def _move(
        self,
        conn: AsyncConnection,
        about: Relationship,
        one: BreakGlass,
        act: BreakGlassAct,
        who: By,
        changed: Mapping[str, Any],
        *,
        code: str = "",
    ) -> None:
        """One act of the state table with its entry; what does not fit the table changes nothing."""
        state = BREAK_GLASS.after(one.state, act)
        await self._update(conn, about, one, {"state": state, **changed})
        if act in _DECIDED:
            await self._stop_calling(conn, about.tenant, one.break_glass)
        until = changed.get("ends_at") if state in RUNNING else None
        event = events.BreakGlassMoved(one.break_glass, about.relationship, act, until, code)
        await self._tell(conn, about, event, who, hidden=one.untold)

    async def _update(
        self, conn: AsyncConnection, about: Relationship, one: BreakGlass, changed: Mapping[str, Any]
    ) -> None:
        """The version row is raised with it, so that a release in flight decides again."""
        b = break_glasses.c
        where = (b.tenant == about.tenant, b.break_glass == one.break_glass)
        await raise_relationship(conn, about.tenant, about.relationship, self._clock.now())
        await conn.execute(update(break_glasses).where(*where).values(**changed))
        if "starts_at" in changed:
            key = await self._ring.sealing_key(conn, about.tenant, about.relationship)
            items = await open_items(conn, about.tenant, about.relationship)
            (item,) = (item for item, _ in items if item.record == one.break_glass)
            await conn.execute(
                update(break_glasses).where(*where).values(digest=urgent_digest(self._ring, key, item))
            )

    async def _locked(
        self, conn: AsyncConnection, tenant: TenantId, break_glass: RecordId
    ) -> tuple[BreakGlass, Relationship]:
        one = await lock_break_glass(conn, tenant, break_glass)
        if one is None:
            raise NotFoundError("break-glass")
        return one, await self._about(conn, tenant, one.relationship)

    async def _about(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> Relationship:
        found = await read_relationship(conn, tenant, relationship)
        if found is None:
            raise NotFoundError("relationship")
        return found

    async def _require_with(
        self, conn: AsyncConnection, actor: Counsellor, action: Action, family: FamilyId
    ) -> None:
        assigned = await self._organisations.is_assigned(conn, actor, family)
        require(actor, action, Circumstances(tenant=actor.tenant, family=family, assigned=assigned))

    async def _tell(
        self, conn: AsyncConnection, about: Relationship, event: events.Event, who: By, *, hidden: bool
    ) -> EntryId:
        """Always with the child; for the officer only where the parents are not told (decision 0045)."""
        entry = await self._log.append(
            conn,
            tenant=about.tenant,
            event=event,
            by=who,
            subject=await self._log.living(conn, about.tenant, about.child),
            tagged_for=OFFICER if hidden else None,
            relationship=about.relationship,
        )
        if entry is None:
            raise LogUnavailableError("the log took no entry")
        return entry
