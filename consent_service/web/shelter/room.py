"""Where a counsellor is: which shelter, which family, and the addresses from there. Ids only, never names."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from litestar import Response

from consent_service.families.model import Child, FamilyView, Relationship
from consent_service.foundation.errors import NotAllowedError, NotFoundError
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import FamilyId, TenantId
from consent_service.identity.model import Counsellor
from consent_service.web.pages import NavigationLink, View
from consent_service.web.visit import Visit

_NAVIGATION = (
    ("", N_("Mijn gezinnen")),
    ("/taken", N_("Te doen")),
    ("/goedkeuren", N_("Goedkeuren")),
    ("/werkwijze", N_("Zo werken wij")),
)


def shelter_address(tenant: TenantId, *parts: str) -> str:
    """`/opvang/{tenant}` and what stands below it."""
    return "/".join((f"/opvang/{tenant}", *parts))


def family_address(tenant: TenantId, family: FamilyId, *parts: str) -> str:
    """`/opvang/{tenant}/gezinnen/{family}` and what stands below it."""
    return shelter_address(tenant, "gezinnen", family, *parts)


@dataclass(frozen=True)
class Room:
    """A counsellor with one family."""

    visit: Visit
    actor: Counsellor
    family: FamilyView

    def at(self, *parts: str) -> str:
        """An address of this family."""
        return family_address(self.actor.tenant, self.family.family, *parts)

    def child(self, child: str) -> Child:
        """A child of this family.

        Raises:
            NotFoundError: of another family, or nobody.
        """
        for one in self.family.children:
            if one.child == child:
                return one
        raise NotFoundError("child")

    def relationship(self, relationship: str) -> Relationship:
        """A child of this family at a school, now or before.

        Raises:
            NotFoundError: of another family, or nothing.
        """
        for one in self.family.relationships:
            if one.relationship == relationship:
                return one
        raise NotFoundError("relationship")

    async def show(self, view: View, *, status: int = 200) -> Response[str]:
        """The page in the frame of the shelter."""
        return await show(self.visit, self.actor, view, status=status)


async def enter(visit: Visit, tenant: str, family: str) -> Room:
    """The family, for whoever is with it; for anybody else it is not there.

    Raises:
        NotFoundError: no such family, another shelter's, or a colleague's.
    """
    actor = visit.counsellor(tenant)
    try:
        view = await visit.services.families.view(actor, FamilyId(family))
    except NotAllowedError as denied:
        raise NotFoundError("family") from denied
    return Room(visit, actor, view)


async def once(visit: Visit, what: str) -> str:
    """A token for one form on one page, so that the same form is never taken twice.

    Each page gets its own: a second tab does not make the first one old.
    """
    page = secrets.token_hex(8)
    return f"{page}.{await visit.services.identity.issue_step(visit.known_session(), f'{what}:{page}')}"


async def is_first_time(visit: Visit, what: str) -> bool:
    """Whether the posted form is taken for the first time; uses its token up."""
    page, _, token = visit.posted.first("step").partition(".")
    shown = await visit.services.identity.use_step(visit.known_session(), f"{what}:{page}", token)
    return shown is not None


async def show(visit: Visit, actor: Counsellor, view: View, *, status: int = 200) -> Response[str]:
    """A page of the shelter with its navigation."""
    said = translator(visit.language)
    home, here = shelter_address(actor.tenant), visit.request.url.path
    navigation = tuple(
        NavigationLink(home + path, said.text(label), current=here == home + path)
        for path, label in _NAVIGATION
    )
    return await visit.show(view, status=status, navigation=navigation)
