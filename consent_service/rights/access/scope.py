"""Whom a granted request is about, as it stands now: that may have changed since it was granted.

A guardian's file is about the guardian and the children over whom that guardian decides today; a child's is
about that child. Who is answered by a person (S21, S46) gets children only where the coordinator says so, and
then nothing that tells where they are.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.model import FamilyView, Relationship
from consent_service.families.service import FamilyService
from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import FamilyId, PersonId, TenantId
from consent_service.identity.model import ChildActor, GuardianActor, PersonActor
from consent_service.process.emergencies.reading import read_meldcodes
from consent_service.process.tables_emergencies import meldcodes
from consent_service.rights.cases.model import Case, Standing
from consent_service.rights.cases.rows import StandingReader

WEIGHED: Final[frozenset[Standing]] = frozenset({"by_hand", "without_authority", "child_decides"})
"""Who is answered only after a person weighed it."""


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom a file is about. `whole` is the family as its counsellor sees it: to find who is not meant.

    `by_hand`: answered by a person. `talks`: whether meetings and the meldcode are this person's to read: a
    guardian, or a child that decides alone. `children` in the order of registration. `walks`: the meldcodes
    that are open to this person.
    """

    tenant: TenantId
    family: FamilyId
    requester: PersonId
    is_child: bool
    with_requester: bool
    by_hand: bool
    talks: bool
    children: tuple[PersonId, ...]
    places: tuple[Relationship, ...]
    walks: tuple[str, ...]
    whole: FamilyView

    @property
    def actor(self) -> PersonActor:
        """The requester, as the own page knows this person."""
        if self.is_child:
            return ChildActor(self.tenant, self.requester, self.family)
        return GuardianActor(self.tenant, self.requester, self.family)

    @property
    def protected(self) -> bool:
        """Whether assessments of safety may be this person's to know: the only guardian, or in danger."""
        if self.is_child:
            return False
        own = [one.level for one in self.whole.assessments if one.guardian == self.requester]
        return len(self.whole.guardians) == 1 or (bool(own) and own[-1] == "danger" and not self.by_hand)

    @property
    def ids(self) -> str:
        """Children, places and open meldcodes by their ids: to find the file when one of them is erased, and
        to keep it in when one is no longer open.
        """
        parts = (self.children, (one.relationship for one in self.places), self.walks)
        return "|".join(" ".join(part) for part in parts)


class ScopeReader:
    """Reads whom a request is about."""

    def __init__(self, *, families: FamilyService, clock: Clock) -> None:
        self._families = families
        self._standing = StandingReader(families=families, clock=clock)

    async def standing(self, conn: AsyncConnection, tenant: TenantId, case: Case) -> Standing:
        """What the requester is now; `unknown` for somebody who is not (any more) here."""
        if case.requester is None or case.family is None:
            return "unknown"
        return await self._standing.of(conn, tenant, case.family, case.requester, case.child)

    async def read(
        self, conn: AsyncConnection, tenant: TenantId, case: Case, *, with_children: bool = False
    ) -> Scope:
        """Whom it is about today. `with_children`: also for who is answered by a person.

        Raises:
            NotFoundError: the requester is not (any more) here.
            InputError: the request is about a child over whom the requester does not decide (any more).
        """
        standing = await self.standing(conn, tenant, case)
        if case.requester is None or case.family is None or standing == "unknown":
            raise NotFoundError("case")
        who, family = case.requester, case.family
        by_hand = standing == "by_hand"
        whole = await self._families.whole_family(conn, tenant, family)
        is_child = who in {one.child for one in whole.children}
        alone = is_child and bool(await self._families.own_children(conn, ChildActor(tenant, who, family)))
        children: frozenset[PersonId] = frozenset({who}) if is_child else frozenset()
        if not is_child and (with_children or not by_hand):
            children = self._families.decided_by(whole, who)
        if case.about == "child" and case.child is not None and case.child not in children and not by_hand:
            raise InputError([Problem("children", "access_no_longer_decides")])
        if case.about != "everybody":
            children &= {case.child} if case.about == "child" else {who}
        kept = tuple(one.child for one in whole.children if one.child in children)
        talks = alone or not (is_child or by_hand)
        return Scope(
            tenant=tenant,
            family=family,
            requester=who,
            is_child=is_child,
            with_requester=case.about != "child" or is_child or by_hand,
            by_hand=by_hand,
            talks=talks,
            children=kept,
            places=tuple(one for one in whole.relationships if one.child in kept),
            walks=await open_walks(conn, tenant, kept) if talks else (),
            whole=whole,
        )


async def open_walks(
    conn: AsyncConnection, tenant: TenantId, children: Collection[PersonId]
) -> tuple[str, ...]:
    """The meldcodes about these children that are open to their parents now: none that is postponed."""
    about = (meldcodes.c.child.in_(children), meldcodes.c.postponed_until.is_(None))
    return tuple(one.meldcode for one in await read_meldcodes(conn, tenant, *about))
