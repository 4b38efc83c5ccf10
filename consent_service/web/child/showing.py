"""The exact words a child that is heard sees, and the counsellor's page on one child's voice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import msgspec
from litestar import Response

from consent_service.consent.model import Interpreter, Shown
from consent_service.consent.questions import text_version
from consent_service.consent.screen import Screen, screen_hash
from consent_service.families.model import Child, FamilyView, Relationship, age_on, birthday_on, is_competent
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import NotFoundError, Problem
from consent_service.foundation.i18n import FAMILY, language_name, translator
from consent_service.foundation.ids import StaffId, TypeKey
from consent_service.identity.model import ChildActor
from consent_service.web.child.forms import face_field
from consent_service.web.child.views import FaceQuestion, HeardLine, OpinionPage, VoicePage
from consent_service.web.components import Option
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.intake.desk import said_of_parents, voice_of
from consent_service.web.intake.showing import DRAFT_NOTICE
from consent_service.web.pages import View
from consent_service.web.rendering import render
from consent_service.web.shelter.room import Room
from consent_service.web.turned_away import LoginNeededError
from consent_service.web.visit import Visit
from consent_service.web.vocabulary import FACES, INTERPRETERS


@dataclass(frozen=True)
class Listening:
    """A child that is heard, with the tablet: itself, its schools, and the language it reads."""

    visit: Visit
    actor: ChildActor
    family: FamilyView
    language: str
    interpreter: Interpreter
    counsellor: StaffId
    types: tuple[TypeKey, ...]
    relationships: tuple[Relationship, ...]

    @property
    def child(self) -> Child:
        """Itself."""
        return self.family.children[0]

    def at(self, *parts: str) -> str:
        """An address of this page."""
        return "/".join((f"/kind/{self.language}/{self.interpreter}", *parts))

    async def show(self, view: View, *, status: int = 200) -> Response[str]:
        """The page in the language the counsellor chose; a young child is offered no menu."""
        page = msgspec.structs.replace(self.visit.page(language=self.language), languages=())
        return render(view, page, status=status)


async def listen(visit: Visit, language: str, interpreter: str) -> Listening:
    """The child who holds the tablet.

    Raises:
        LockedError: the tablet locked itself.
        LoginNeededError: nobody holds it, or a guardian does.
        NotFoundError: there are no words in this language, or the child is at no school.
    """
    actor, lent = visit.at_tablet(), visit.known_session().handed_over
    if lent is None or not isinstance(actor, ChildActor):
        raise LoginNeededError(parent=True)
    if language not in FAMILY or interpreter not in INTERPRETERS:
        raise NotFoundError("language")
    family = await visit.services.families.own_family(actor)
    active = tuple(one for one in family.relationships if one.is_active(visit.now()))
    if not active:
        raise NotFoundError("relationship")
    return Listening(
        visit=visit,
        actor=actor,
        family=family,
        language=language,
        interpreter=cast("Interpreter", interpreter),
        counsellor=lent.by.staff,
        types=visit.services.opinions.asked(),
        relationships=active,
    )


def opinion_page(desk: Listening, token: str, form: FormState = EMPTY) -> OpinionPage:
    """Every question with three faces, and the child's own words."""
    texts = desk.visit.services.texts.of(desk.language)
    words = {key: texts.types[key].for_child for key in desk.types}
    return OpinionPage(
        action=desk.at(),
        step_token=token,
        child=desk.child.identity.given_names,
        say_no=texts.child.say_no,
        parents_see=said_of_parents(desk.visit, desk.child, desk.family, desk.language),
        own_words=texts.child.own_words,
        own_words_help=texts.child.own_words_help,
        questions=tuple(
            FaceQuestion(face_field(key), key, said.label, said.question) for key, said in words.items()
        ),
        draft_text=any(texts.types[key].review == "draft" for key in desk.types),
        form=form,
    )


def shown_to_child(desk: Listening) -> Mapping[TypeKey, Shown]:
    """What stood on the screen beside each question, as it is kept with the face."""
    texts, said = desk.visit.services.texts.of(desk.language), translator(desk.language)
    parents_see = said_of_parents(desk.visit, desk.child, desk.family, desk.language)
    shown = {}
    for number, key in enumerate(desk.types, 1):
        text = texts.types[key]
        screen = Screen(
            language=desk.language,
            number=number,
            total=len(desk.types),
            draft_notice=said.text(DRAFT_NOTICE) if text.review == "draft" else "",
            child=desk.child.identity.given_names,
            school="",
            label="",
            question=text.for_child.question,
            who_sees="",
            until="",
            never="",
            say_no=texts.child.say_no,
            earlier="",
            choices=tuple(said.text(face) for face in FACES.values()),
            explanation="",
            organisation="",
            who_we_are="",
            parents_see=parents_see,
        )
        shown[key] = Shown(desk.language, text_version(text), text.hash, screen_hash(screen))
    return shown


async def voice_page(room: Room, child: Child, problems: Sequence[Problem] = ()) -> VoicePage:
    """What this child's answer is today, what it said last, and the ways to ask."""
    visit = room.visit
    voice = voice_of(visit, child, room.family)
    judged = [one for one in room.family.competence if one.child == child.child]
    heard = await visit.services.opinions.latest(room.actor, room.family.family, child.child)
    texts = visit.services.texts.of(visit.language)
    born, today = child.identity.birth_date, local_date(visit.now())
    terms = visit.services.policies.proposal.catalogue.terms
    faces = heard.faces if heard is not None else {}
    return VoicePage(
        child=child.identity.full_name,
        age=age_on(born, today) if born is not None else 0,
        voice=voice,
        competent=is_competent(judged),
        judged=bool(judged),
        at_school=any(
            one.child == child.child and one.is_active(visit.now()) for one in room.family.relationships
        ),
        tablet_action=voice_address(room, child, "tablet"),
        competence_action=voice_address(room, child, "oordeel"),
        back_href=room.at(),
        languages=tuple(Option(code, language_name(code)) for code in FAMILY),
        heard_at=heard.heard_at if heard is not None else None,
        heard=tuple(HeardLine(key, texts.types[key].label, face) for key, face in faces.items()),
        words=heard.words if heard is not None else "",
        decides_from=birthday_on(born, terms.together_from) if born is not None else None,
        form=FormState.of(visit.posted, problems, language=visit.language),
    )


def voice_address(room: Room, child: Child, *parts: str) -> str:
    """`.../kinderen/{child}/stem` and what stands below it."""
    return room.at("kinderen", child.child, "stem", *parts)
