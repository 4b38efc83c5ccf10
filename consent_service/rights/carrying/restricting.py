"""Restriction (AVG 18): what is set is a stop; it ends only after who asked was told (AVG 18(3)).

What it means for sharing is `policy`: nothing it covers is given to a school or written for the other side.
An objection is weighed under one (AVG 18(1)(d), 21).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast, get_args

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.model import Relationship
from consent_service.families.reading import lock_family, read_relationship, read_relationships
from consent_service.families.restrictions import Restriction, RestrictionGround, read_restrictions
from consent_service.families.tables import children
from consent_service.families.tables_restrictions import restrictions
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import (
    FamilyId,
    PersonId,
    RelationshipId,
    SchoolId,
    TenantId,
    TypeKey,
    new_id,
)
from consent_service.foundation.stop_journal import Stop, StopJournal
from consent_service.identity.model import Fg, PrivacyCoordinator, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.organisations.relationship_state import raise_family
from consent_service.organisations.service import require
from consent_service.rights.carrying.whom import WhomReader
from consent_service.rights.cases.model import Case, Channel, Standing
from consent_service.rights.cases.rows import case_of, read_case_row

_HAS_NO_SAY: Final[frozenset[Standing]] = frozenset({"without_authority", "child_decides", "unknown"})
"""Who stops nothing about a child by asking (S4)."""
_WEIGHED_UNDER: Final = frozenset({"objection", "rectification"})
"""Requests that wait for a decision under a restriction (AVG 18(1)(a), (d))."""


class ToRestrict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be kept only: of one child, at one school or everywhere, one type or all."""

    child: PersonId
    ground: RestrictionGround
    relationship: RelationshipId | None = None
    information_type: TypeKey | None = None


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A child of a request with the schools where it is or was."""

    child: PersonId
    name: str
    relationships: tuple[Relationship, ...]


class RestrictionService:
    """Set, tell, lift, look."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        journal: StopJournal,
        catalogue: Catalogue,
        whom: WhomReader,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._journal = journal
        self._catalogue = catalogue
        self._whom = whom

    async def overview(self, actor: PrivacyCoordinator | Fg) -> tuple[Restriction, ...]:
        """Every restriction of the shelter, in force first.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_CASES, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return await read_restrictions(conn, actor.tenant)

    async def schools_of(
        self, actor: PrivacyCoordinator | Fg, found: Sequence[Restriction]
    ) -> dict[str, SchoolId]:
        """The school of each restriction that is about one.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_CASES, Circumstances(tenant=actor.tenant))
        at: dict[str, SchoolId] = {}
        async with self._database.reading() as conn:
            for one in found:
                place = one.relationship and await read_relationship(conn, actor.tenant, one.relationship)
                if place:
                    at[one.restriction] = place.school
        return at

    async def places(self, actor: PrivacyCoordinator, case: str) -> tuple[Place, ...]:
        """The children and schools a request is about; logged before it is shown.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such request that is carried out or weighed now.
        """
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            one = await self._case(conn, actor.tenant, case)
            return await self._places(conn, actor, one)

    async def restrict(self, actor: PrivacyCoordinator, case: str, wanted: ToRestrict) -> str:
        """Stop every release and every share of it, at once; the id of the restriction.

        1. may it  2. the stop journal, flushed to disk  3. row, version and entry  4. mark done.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such request that is carried out or weighed now.
            InputError: nobody or nothing of this request was chosen; it is restricted already; who asked
                has no say about the child.
            UnavailableError: not even the journal could be written: it was NOT accepted.
        """
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            one = await self._case(conn, actor.tenant, case)
            places = await self._places(conn, actor, one)
            family = one.family
            if family is None:
                raise NotFoundError("case")
            await lock_family(conn, actor.tenant, family)
            if problems := await self._problems(conn, actor.tenant, one, wanted, places):  # 1
                raise InputError(problems)
            made = Restriction(
                restriction=new_id(),
                family=family,
                child=wanted.child,
                ground=wanted.ground,
                since=self._clock.now(),
                set_by=actor.staff,
                relationship=wanted.relationship,
                information_type=wanted.information_type,
                case=case,
            )
            stop = self._journal.accept(  # 2
                "restriction", tenant=actor.tenant, at=made.since, subject=_order(made)
            )
            await self._set(conn, actor.tenant, made, by(actor))  # 3
        self._journal.mark_done(stop.id)  # 4
        return made.restriction

    async def tell(self, actor: PrivacyCoordinator, restriction: str, how: Channel) -> None:
        """Who asked for it was told that it will be lifted, before it is (AVG 18(3)).

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such restriction here.
            ConflictError: it was told already, or it is lifted.
            InputError: no way was chosen.
        """
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        if how not in get_args(Channel):
            raise InputError([Problem("channel", "choose_channel")])
        async with self._database.transaction() as conn:
            one = await self._one(conn, actor.tenant, restriction)
            if not one.in_force or one.told_at is not None:
                raise ConflictError("restriction")
            told = {"told_at": self._clock.now(), "told_by": actor.staff, "told_how": how}
            await self._change(conn, actor, one, "tell", how, told)

    async def lift(self, actor: PrivacyCoordinator, restriction: str) -> None:
        """It ends; what the policies say is allowed again, and no more than that.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such restriction here.
            ConflictError: it is lifted already.
            InputError: who asked was not told beforehand, or an objection is not weighed yet.
        """
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            one = await self._one(conn, actor.tenant, restriction)
            if not one.in_force:
                raise ConflictError("restriction")
            problems = [] if one.told_at is not None else [Problem("restriction", "restrictions.tell_first")]
            if await self._is_being_weighed(conn, actor.tenant, one):
                problems.append(Problem("restriction", "restrictions.weigh_first"))
            if problems:
                raise InputError(problems)
            lifted = {"lifted_at": self._clock.now(), "lifted_by": actor.staff}
            await raise_family(conn, actor.tenant, one.family, self._clock.now())
            await self._change(conn, actor, one, "lift", "", lifted)

    async def while_weighed(self, conn: AsyncConnection, tenant: TenantId, case: Case) -> None:
        """An objection of somebody with a say stops what it is about until it is weighed (AVG 18(1)(d)).

        From when it is known who asks. Part of the transaction that takes the request in; doing it again
        changes nothing. It stands in the stop journal: a database that is put back has it again (S40).
        """
        if case.kind != "objection" or case.identity is None:
            return
        if case.family is None or case.standing in _HAS_NO_SAY:
            return
        known = {
            one.child for one in await self._in_force(conn, tenant, case.family) if one.case == case.case
        }
        for child in await self._whom.children(conn, tenant, case, hidden=True):
            if child.child not in known:
                made = Restriction(
                    restriction=new_id(),
                    family=case.family,
                    child=child.child,
                    ground="objection",
                    since=self._clock.now(),
                    set_by=by(System()).id,
                    case=case.case,
                )
                stop = self._journal.accept("restriction", tenant=tenant, at=made.since, subject=_order(made))
                await self._set(conn, tenant, made, by(System()))
                self._journal.mark_done(stop.id)

    async def replay(self, stop: Stop) -> bool:
        """Carry out a journalled restriction that is not here; True when it is one of ours."""
        if stop.kind != "restriction":
            return False
        tenant, told = TenantId(stop.tenant), stop.subject
        async with self._database.transaction() as conn:
            here = restrictions.c
            row = select(here.restriction).where(
                here.tenant == tenant, here.restriction == told["restriction"]
            )
            child = select(children.c.child).where(
                children.c.tenant == tenant, children.c.child == told["child"]
            )
            known = (await conn.execute(row)).first() is not None
            if not known and (await conn.execute(child)).first() is not None:
                await self._set(conn, tenant, _ordered(stop), by(System()), late_since=stop.at)
        return True

    # --- parts -------------------------------------------------------------------------------

    async def _case(self, conn: AsyncConnection, tenant: TenantId, case: str) -> Case:
        """A granted request to restrict; or one that is weighed or granted, and stops meanwhile."""
        one = case_of(await read_case_row(conn, tenant, case, lock=True))
        weighed = one.kind in _WEIGHED_UNDER and one.state in ("identified", "granted")
        if not weighed and (one.kind, one.state) != ("restriction", "granted"):
            raise NotFoundError("case")
        return one

    async def _places(self, conn: AsyncConnection, actor: PrivacyCoordinator, one: Case) -> tuple[Place, ...]:
        if one.family is None or one.requester is None:
            return ()
        subject = await self._log.living(conn, actor.tenant, one.requester)
        event = events.CaseMoved(one.case, "read")
        await self._log.append(
            conn, tenant=actor.tenant, event=event, by=by(actor), subject=subject, tagged_for=OFFICER
        )
        everywhere = await read_relationships(conn, actor.tenant, family=one.family)
        return tuple(
            Place(
                child.child,
                child.identity.given_names,
                tuple(place for place in everywhere if place.child == child.child),
            )
            for child in await self._whom.children(conn, actor.tenant, one)
        )

    async def _problems(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        case: Case,
        wanted: ToRestrict,
        places: Sequence[Place],
    ) -> list[Problem]:
        if case.standing in _HAS_NO_SAY:
            return [Problem("child", "restrictions.no_say")]
        of = next((one for one in places if one.child == wanted.child), None)
        at = () if of is None else tuple(one.relationship for one in of.relationships)
        problems = [
            Problem(field, "form.choose")
            for field, ok in (
                ("child", of is not None),
                ("relationship", wanted.relationship is None or wanted.relationship in at),
                ("type", wanted.information_type is None or wanted.information_type in self._catalogue.types),
                ("ground", wanted.ground in get_args(RestrictionGround)),
            )
            if not ok
        ]
        same = (wanted.child, wanted.relationship, wanted.information_type)
        there = await self._in_force(conn, tenant, case.family or FamilyId(""))
        if not problems and same in {(one.child, one.relationship, one.information_type) for one in there}:
            problems.append(Problem("child", "restrictions.already"))
        return problems

    async def _in_force(
        self, conn: AsyncConnection, tenant: TenantId, family: FamilyId
    ) -> tuple[Restriction, ...]:
        own = (restrictions.c.family == family, restrictions.c.lifted_at.is_(None))
        return await read_restrictions(conn, tenant, *own)

    async def _is_being_weighed(self, conn: AsyncConnection, tenant: TenantId, one: Restriction) -> bool:
        if one.case is None or one.ground != "objection":
            return False
        return (await read_case_row(conn, tenant, one.case)).state in ("received", "identified")

    async def _one(self, conn: AsyncConnection, tenant: TenantId, restriction: str) -> Restriction:
        found = await read_restrictions(conn, tenant, restrictions.c.restriction == restriction)
        if not found:
            raise NotFoundError("restriction")
        await lock_family(conn, tenant, found[0].family)
        (one,) = await read_restrictions(conn, tenant, restrictions.c.restriction == restriction)
        return one

    async def _set(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        made: Restriction,
        who: By,
        late_since: datetime | None = None,
    ) -> None:
        await conn.execute(insert(restrictions).values(tenant=tenant, **msgspec.structs.asdict(made)))
        await raise_family(conn, tenant, made.family, self._clock.now())
        await self._tell(conn, tenant, made, ("set", made.ground), who, late_since)

    async def _change(
        self,
        conn: AsyncConnection,
        actor: PrivacyCoordinator,
        one: Restriction,
        act: str,
        code: str,
        values: dict[str, object],
    ) -> None:
        here = (restrictions.c.tenant == actor.tenant, restrictions.c.restriction == one.restriction)
        await conn.execute(update(restrictions).where(*here).values(values))
        await self._tell(conn, actor.tenant, one, (act, code), by(actor))

    async def _tell(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        one: Restriction,
        done: tuple[str, str],
        who: By,
        late_since: datetime | None = None,
    ) -> None:
        """The officer's: another guardian does not learn from it what somebody asked."""
        act, code = done
        event = events.RestrictionMoved(
            one.restriction, act, code, one.relationship, one.information_type, one.case or ""
        )
        await self._log.append(
            conn,
            tenant=tenant,
            event=event,
            by=who,
            subject=await self._log.living(conn, tenant, one.child),
            tagged_for=OFFICER,
            relationship=one.relationship,
            late_since=late_since,
        )


def _order(made: Restriction) -> dict[str, str]:
    """What the stop journal holds of one: ids and codes."""
    told = {
        "restriction": made.restriction,
        "family": made.family,
        "child": made.child,
        "ground": made.ground,
        "by": made.set_by,
        "relationship": made.relationship,
        "type": made.information_type,
    }
    return {name: str(value) for name, value in told.items() if value is not None}


def _ordered(stop: Stop) -> Restriction:
    """One as the stop journal holds it; of the request nothing stands there."""
    told = stop.subject
    relationship, kind = told.get("relationship"), told.get("type")
    return Restriction(
        restriction=told["restriction"],
        family=FamilyId(told["family"]),
        child=PersonId(told["child"]),
        ground=cast(RestrictionGround, told["ground"]),
        since=stop.at,
        set_by=told["by"],
        relationship=None if relationship is None else RelationshipId(relationship),
        information_type=None if kind is None else TypeKey(kind),
    )
