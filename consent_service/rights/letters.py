"""Letters that a parent gives to the school: to ask for leave, and that the help has ended.

A letter holds the child, the school and the parent who gives it, and blanks for what is written by hand:
nothing of another parent, of where anybody stays, or of who helps. It passes the exit door as a print.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import msgspec

from consent_service.families.service import FamilyService
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId
from consent_service.identity.model import Counsellor
from consent_service.organisations.service import OrganisationService
from consent_service.release.exits import ExitPermit
from consent_service.release.service import ReleaseService

LetterKind = Literal["leave", "end_of_help"]
LETTERS: Final[tuple[LetterKind, ...]] = get_args(LetterKind)


class Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in a letter, and the permit with which it may leave."""

    permit: ExitPermit
    kind: LetterKind
    child: str
    school: str
    guardian: str


class LetterService:
    """Making a letter for one parent."""

    def __init__(
        self, *, families: FamilyService, organisations: OrganisationService, release: ReleaseService
    ) -> None:
        self._families = families
        self._organisations = organisations
        self._release = release

    async def make(
        self,
        actor: Counsellor,
        family: FamilyId,
        relationship: RelationshipId,
        guardian: PersonId,
        kind: LetterKind,
    ) -> Letter | None:
        """The letter for this parent; None when the exit door gives no permit (S46). The permit is logged.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such guardian, or no such child at a school, in this family.
            UnavailableError: database, keys or log are away, or a stop is not replayed.
        """
        view = await self._families.view(actor, family)
        place = next((one for one in view.relationships if one.relationship == relationship), None)
        child = next((one for one in view.children if place is not None and one.child == place.child), None)
        parent = next((one for one in view.guardians if one.guardian == guardian), None)
        if place is None or child is None or parent is None:
            raise NotFoundError("letter")
        permit = await self._release.permit_for_guardian(
            None, actor.tenant, guardian, "print", relationship=relationship, actor=actor
        )
        if permit is None:
            return None
        school = await self._organisations.school(actor.tenant, place.school)
        return Letter(permit, kind, child.identity.full_name, school.name, parent.identity.full_name)
