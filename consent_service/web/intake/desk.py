"""The tablet in a guardian's hands: which sitting, whose children, and the addresses from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from litestar import Response

from consent_service.consent.model import Question, Sitting
from consent_service.families.model import FamilyView
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import RelationshipId
from consent_service.identity.model import GuardianActor
from consent_service.information.texts import GeneralText
from consent_service.web.pages import View
from consent_service.web.rendering import render
from consent_service.web.visit import Visit


@dataclass(frozen=True)
class Desk:
    """One sitting of one guardian, with what its pages name."""

    visit: Visit
    actor: GuardianActor
    sitting: Sitting
    family: FamilyView
    organisation: str
    schools: Mapping[RelationshipId, str]

    @property
    def general(self) -> GeneralText:
        """What stands on every page, in the language of the sitting."""
        return self.visit.services.texts.of(self.sitting.language).general

    @property
    def guardian(self) -> str:
        """The guardian's own name; nobody else's is known here."""
        return self.family.guardians[0].identity.full_name

    def at(self, *parts: str) -> str:
        """An address of this sitting."""
        return intake_address(self.sitting.sitting, *parts)

    def child(self, question: Question) -> str:
        """The full name of the child a question is about.

        Raises:
            NotFoundError: the guardian no longer decides for this child.
        """
        for one in self.family.children:
            if one.child == question.child:
                return one.identity.full_name
        raise NotFoundError("child")

    def onward(self) -> str:
        """Where this sitting goes on: the first question without an answer, the check, or the end."""
        return where_to_go_on(self.sitting)

    async def show(self, view: View, *, status: int = 200) -> Response[str]:
        """The page in the sitting's language, whatever the counsellor reads in."""
        page = self.visit.page(language=self.sitting.language)
        framed = msgspec.structs.replace(page, language_action=self.at("taal"))
        return render(view, framed, status=status)


def intake_address(sitting: str, *parts: str) -> str:
    """`/intake/{sitting}` and what stands below it."""
    return "/".join((f"/intake/{sitting}", *parts))


def where_to_go_on(sitting: Sitting) -> str:
    """The first question without an answer, the check when all have one, the end when it is over."""
    if sitting.finished_at is not None:
        last = "bewijs" if sitting.outcome == "signed" else "klaar"
        return intake_address(sitting.sitting, last)
    question = sitting.next_question()
    if question is None:
        return intake_address(sitting.sitting, "controle")
    number = sitting.questions.index(question) + 1
    return intake_address(sitting.sitting, "vraag", str(number))


async def sit_down(visit: Visit, sitting: str) -> Desk:
    """The sitting of the guardian who holds the tablet.

    Raises:
        LoginNeededError: nobody holds the tablet.
        NotFoundError: somebody else's sitting, or none.
    """
    actor, services = visit.guardian(), visit.services
    found = await services.sittings.read(actor, sitting)
    family = await services.families.own_family(actor)
    tenant = await services.organisations.tenant(actor.tenant)
    schools = {one.school: one.name for one in await services.organisations.schools(actor.tenant)}
    return Desk(
        visit=visit,
        actor=actor,
        sitting=found,
        family=family,
        organisation=tenant.name,
        schools={one.relationship: schools[one.school] for one in family.relationships},
    )
