"""The tablet in somebody's hands: whose sitting, about which children, in which words, and where to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from litestar import Response

from consent_service.consent.model import Question, Sitting
from consent_service.families.model import Ages, Child, ChildVoice, FamilyView, is_competent, voice_on
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import ChildActor, PersonActor
from consent_service.information.child_text import ChildText, ChildWords
from consent_service.information.texts import GeneralText, TypeText
from consent_service.web.pages import View
from consent_service.web.rendering import render
from consent_service.web.security import AWAKE, FETCHES
from consent_service.web.visit import Visit

STEADY: Final[Mapping[str, object]] = {FETCHES: True, AWAKE: True}
"""`opt` of pages whose forms are sent again when the connection is lost, and whose screen stays on."""


@dataclass(frozen=True)
class Desk:
    """One sitting of one guardian or child, with what its pages name."""

    visit: Visit
    actor: PersonActor
    sitting: Sitting
    family: FamilyView
    organisation: str
    schools: Mapping[RelationshipId, str]

    @property
    def is_child(self) -> bool:
        """A child has pages of its own, in the je-form."""
        return isinstance(self.actor, ChildActor)

    @property
    def general(self) -> GeneralText | ChildText:
        """What stands on every page, in the language of the sitting, for who reads it."""
        texts = self.visit.services.texts.of(self.sitting.language)
        return texts.child if self.is_child else texts.general

    @property
    def parents_see(self) -> str:
        """What a child is told that its parents see of its answers; nothing for a parent."""
        if not self.is_child:
            return ""
        return said_of_parents(self.visit, self.family.children[0], self.family, self.sitting.language)

    @property
    def person(self) -> str:
        """The own name of who sits here; nobody else's is known here."""
        if self.is_child:
            return self.family.children[0].identity.full_name
        return self.family.guardians[0].identity.full_name

    def words(self, key: TypeKey) -> TypeText | ChildWords:
        """One type in the words of who reads it."""
        text = self.visit.services.texts.of_type(self.sitting.language, key)
        return text.for_child if self.is_child else text

    def at(self, *parts: str) -> str:
        """An address of this sitting."""
        return intake_address(self.sitting.sitting, *parts)

    def child(self, question: Question) -> str:
        """The full name of the child a question is about.

        Raises:
            NotFoundError: one no longer decides about this child.
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


_LAST = {"signed": "bewijs", "tell_myself": "zelf-vertellen"}


def intake_address(sitting: str, *parts: str) -> str:
    """`/intake/{sitting}` and what stands below it."""
    return "/".join((f"/intake/{sitting}", *parts))


def where_to_go_on(sitting: Sitting) -> str:
    """The first question without an answer, the check when all have one, the end when it is over.

    Also when nothing is left to ask: of a child that decides alone since midnight (S9).
    """
    if sitting.finished_at is not None:
        return intake_address(sitting.sitting, _LAST.get(sitting.outcome, "klaar"))
    if not sitting.questions:
        return intake_address(sitting.sitting, "klaar")
    question = sitting.next_question()
    if question is None:
        return intake_address(sitting.sitting, "controle")
    number = sitting.questions.index(question) + 1
    return intake_address(sitting.sitting, "vraag", str(number))


def holder_of_tablet(visit: Visit) -> PersonActor:
    """The guardian or child who was given the tablet.

    Raises:
        LockedError: the tablet locked itself.
        LoginNeededError: it is not handed over, or the session ended.
    """
    return visit.at_tablet()


def voice_of(visit: Visit, child: Child, family: FamilyView) -> ChildVoice:
    """What the answer of this child is today."""
    terms = visit.services.policies.proposal.catalogue.terms
    competent = is_competent(one for one in family.competence if one.child == child.child)
    born = child.identity.birth_date
    if born is None:
        return "heard"
    ages = Ages(terms.together_from, terms.alone_from)
    return voice_on(born, local_date(visit.now()), ages, competent=competent)


def said_of_parents(visit: Visit, child: Child, family: FamilyView, language: str) -> str:
    """What a child of this age is told about who sees its answers."""
    words = visit.services.texts.of(language).child
    said = {"heard": words.heard, "together": words.together, "alone": words.alone}
    return said[voice_of(visit, child, family)]


async def sit_down(visit: Visit, sitting: str) -> Desk:
    """The sitting of the guardian or child who holds the tablet.

    Raises:
        LoginNeededError: nobody holds the tablet.
        NotFoundError: somebody else's sitting, or none.
    """
    actor, services = holder_of_tablet(visit), visit.services
    found = await services.sittings.read(actor, sitting)
    family = await services.families.own_family(actor, at_tablet=True)
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
