"""Whom a request can be carried out about: the asker, and the children whom the asker asks about."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.model import Child
from consent_service.families.reading import child_ids, guardian_ids, read_children, read_guardians
from consent_service.families.service import FamilyService
from consent_service.foundation.ids import FamilyId, PersonId, TenantId
from consent_service.identity.model import GuardianActor
from consent_service.keyring.service import KeyRing
from consent_service.rights.cases.model import Case, Standing

Scope = Literal["person", "child", "family"]
_WEIGHED: Final[frozenset[Standing]] = frozenset({"by_hand", "without_authority", "child_decides"})
"""Whose request was granted only after a person weighed it."""


class Whom(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One who can be chosen; `name` is a given name, empty for a family as a whole."""

    scope: Scope
    subject: str
    name: str


class WhomReader:
    """Reads them with their given names, so that nobody takes the wrong child; who asks logs that first."""

    def __init__(self, *, ring: KeyRing, families: FamilyService) -> None:
        self._ring = ring
        self._families = families

    async def of(self, conn: AsyncConnection, tenant: TenantId, case: Case) -> tuple[Whom, ...]:
        """Everybody who can be forgotten for it; nobody where nothing shows who asked.

        A child over whom the asker does not decide (any more) only where a person weighed it (S4, S6); the
        family only where the asker decides over every child in it.
        """
        if case.family is None or case.requester is None:
            return ()
        is_guardian = case.requester in await guardian_ids(conn, tenant, case.family)
        children, family = await self.children(conn, tenant, case), False
        if is_guardian:
            asker = GuardianActor(tenant, case.requester, case.family)
            own = await self._families.own_children(conn, asker)
            everybody = set(await child_ids(conn, tenant, case.family))
            family = case.about == "everybody" and bool(own) and own >= everybody
            children = tuple(one for one in children if one.child in own or case.standing in _WEIGHED)
        found = [Whom("child", one.child, one.identity.given_names) for one in children]
        if is_guardian and case.about != "child":
            found.append(await self._guardian(conn, tenant, case.family, case.requester))
        if family:
            found.append(Whom("family", case.family, ""))
        return tuple(found)

    async def children(
        self, conn: AsyncConnection, tenant: TenantId, case: Case, *, hidden: bool = False
    ) -> tuple[Child, ...]:
        """The children a request is about: one, oneself, or all over whom the asker decides.

        `hidden`: also those who are not shown to the asker for safety, whom an objection stops all the same.
        """
        if case.family is None or case.requester is None:
            return ()
        wanted = {case.child} if case.child is not None else {case.requester}
        if case.about == "everybody" and case.requester in await guardian_ids(conn, tenant, case.family):
            asker = GuardianActor(tenant, case.requester, case.family)
            wanted |= await self._families.own_children(conn, asker)
            if hidden:
                whole = await self._families.whole_family(conn, tenant, case.family)
                wanted |= self._families.decided_by(whole, case.requester)
        known = await read_children(conn, self._ring, tenant, family=case.family)
        return tuple(one for one in known if one.child in wanted)

    async def _guardian(
        self, conn: AsyncConnection, tenant: TenantId, family: FamilyId, person: PersonId
    ) -> Whom:
        known = await read_guardians(conn, self._ring, tenant, family=family)
        name = next((one.identity.given_names for one in known if one.guardian == person), "")
        return Whom("person", person, name)
