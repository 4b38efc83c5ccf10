"""What the own page shows: each type as it stands now, in the words of the one who reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import msgspec

from consent_service.consent.model import Standing
from consent_service.consent.screen import Screen
from consent_service.consent.service import Key
from consent_service.custody.wording import sentences
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import GuardianActor, PersonActor
from consent_service.information.model import Direction, InformationType
from consent_service.release.model import TypePreview
from consent_service.rights.model import LookedDay, OwnPlace, OwnView
from consent_service.web.intake.showing import CHOICES, DRAFT_NOTICE, EARLIER
from consent_service.web.page.door import young_of
from consent_service.web.page.forms import value_of
from consent_service.web.page.views import (
    DestroyedPart,
    LookedDayPart,
    LookedType,
    OwnLine,
    OwnPlacePart,
    Young,
)
from consent_service.web.visit import Visit
from consent_service.web.vocabulary import ANSWERS, Answer

_SAID_TO_YOUNG: Final[Mapping[Direction, tuple[str, str]]] = {
    "s2c": (N_("De school ziet dit nu."), N_("De school ziet dit nu niet.")),
    "c2s": (N_("Je begeleider ziet dit nu."), N_("Je begeleider ziet dit nu niet.")),
}
"""Shared, and not."""


@dataclass(frozen=True)
class Own:
    """One person on the own page, with what the pages name."""

    visit: Visit
    actor: PersonActor
    view: OwnView
    organisation: str
    schools: Mapping[RelationshipId, str]
    answers: Mapping[Key, Standing]
    open: frozenset[Key]
    """What may be answered here today."""

    @property
    def young(self) -> Young:
        """How the page speaks to this person."""
        return young_of(self.actor, self.view)

    def unplaced(self, kind: TypeKey | None = None) -> tuple[Key, ...]:
        """The own yeses in force, of one type or of all, about a child and school not on this page."""
        places = {one.relationship for one in (*self.view.places, *self.view.earlier)}
        return tuple(
            key
            for key, said in self.answers.items()
            if said.is_yes and key[0] not in places and kind in (None, key[1])
        )

    def place(self, relationship: str) -> OwnPlace:
        """One child at one school.

        Raises:
            NotFoundError: not on this page.
        """
        for one in self.view.places:
            if one.relationship == relationship:
                return one
        raise NotFoundError("relationship")


async def come_in(visit: Visit, actor: PersonActor) -> Own:
    """Everything the pages of this person name, read anew for each of them."""
    services = visit.services
    view = await services.rights.own_view(actor)
    schools = {one.school: one.name for one in await services.organisations.schools(actor.tenant)}
    return Own(
        visit=visit,
        actor=actor,
        view=view,
        organisation=(await services.organisations.tenant(actor.tenant)).name,
        schools={one.relationship: schools[one.school] for one in (*view.places, *view.earlier)},
        answers=await services.consent.own_answers(actor),
        open=frozenset(await services.changes.may_answer(actor)),
    )


async def place_part(own: Own, place: OwnPlace) -> OwnPlacePart:
    """One child at one school: per type and way the very decision that a reader there would get now."""
    to_school = await _lines(own, place, "s2c")
    above = {line.type_key: line for line in to_school}
    to_us = [_without(line, above.get(line.type_key)) for line in await _lines(own, place, "c2s")]
    return OwnPlacePart(
        child=place.child_name,
        school=own.schools[place.relationship],
        shared=tuple(line for line in to_school if line.shared),
        not_shared=tuple(line for line in to_school if not line.shared),
        told=tuple(line for line in to_us if line.shared),
        not_told=tuple(line for line in to_us if not line.shared),
    )


async def _lines(own: Own, place: OwnPlace, way: Direction) -> list[OwnLine]:
    """What is shared this way, and what this person answered; the rest was never talked about."""
    release = own.visit.services.release
    seen = await release.preview(own.actor, place.relationship, language=own.visit.language, way=way)
    previews = {line.information_type: line for line in seen}
    return [
        _line(own, place, kind, previews.get(kind.key), way)
        for kind in own.visit.services.policies.proposal.catalogue.types.values()
        if way in kind.directions and _is_shown(own, place, kind, previews.get(kind.key))
    ]


_BUTTONS: Final = ("stop", "object", "lift", "change", "wrong")


def _without(line: OwnLine, above: OwnLine | None) -> OwnLine:
    """A type that goes both ways is one answer: what can be done about it stands on the page once."""
    if above is None:
        return line
    return msgspec.structs.replace(line, **{name: "" for name in _BUTTONS if getattr(above, name)})


def own_lines(own: Own) -> tuple[OwnLine, ...]:
    """What one told about oneself where no place on this page shows it: it goes on, so it can be stopped.

    One line a type, with neither child nor school: who lost authority, or is answered by a person (S46),
    learns of none here.
    """
    kinds = own.visit.services.policies.proposal.catalogue.types.values()
    told = {kind.key: own.unplaced(kind.key) for kind in kinds if kind.decided_by == "own_guardian"}
    words = {key: _words(own, key) for key, keys in told.items() if keys}
    return tuple(
        OwnLine(
            type_key=key,
            label=said.label,
            who_sees=said.who_sees,
            shared=False,
            why="",
            until=None,
            answer="yes",
            stop=",".join(value_of(one) for one in told[key]),
        )
        for key, said in words.items()
    )


def _is_shown(own: Own, place: OwnPlace, kind: InformationType, seen: TypePreview | None) -> bool:
    """What is shared, and what this person answered; the rest was never talked about."""
    shared = seen is not None and seen.shared
    return shared or (place.relationship, kind.key) in own.answers


def _line(
    own: Own, place: OwnPlace, kind: InformationType, seen: TypePreview | None, way: Direction
) -> OwnLine:
    key = (place.relationship, kind.key)
    standing = own.answers.get(key)
    shared = seen is not None and seen.shared
    mine = standing is not None and standing.is_yes
    words = _words(own, kind.key)
    objecting = standing is not None and standing.objecting
    guardian = isinstance(own.actor, GuardianActor)
    value = value_of(key)
    return OwnLine(
        type_key=kind.key,
        label=words.label,
        who_sees=words.who_sees,
        shared=shared,
        why=_why(own, seen, way),
        until=_until(own, seen, standing),
        answer=answer_of(standing),
        stop=value if mine or (shared and not guardian) else "",
        object=value if shared and guardian and not mine else "",
        lift=value if objecting and guardian else "",
        change=value if _is_changed_here(own, key, standing) else "",
        wrong=value if shared or (mine and "s2c" not in kind.directions) else "",
    )


def _why(own: Own, seen: TypePreview | None, way: Direction) -> str:
    """The decision in words; to a young person what it comes to, since reasons are worded for parents."""
    if seen is None:
        return ""
    if not own.young:
        return seen.explanation or seen.sentence
    said = _SAID_TO_YOUNG[way]
    return translator(own.visit.language).text(said[0] if seen.shared else said[1])


def _until(own: Own, seen: TypePreview | None, standing: Standing | None) -> date | None:
    """The last day, where the reason does not name it."""
    if seen is None:
        ends = standing.valid_until if standing is not None and standing.is_yes else None
    else:
        ends = seen.valid_until if own.young and seen.shared else None
    return None if ends is None else local_date(ends)


def _is_changed_here(own: Own, key: Key, standing: Standing | None) -> bool:
    """Only what does not run leads to the question: what runs stops with one tap on this page."""
    if key not in own.open or standing is None or standing.objecting:
        return False
    return not standing.is_yes


def answer_of(standing: Standing | None) -> Answer:
    """The own answer in one word."""
    if standing is None:
        return "none"
    if standing.objecting:
        return "objected"
    return "expired" if standing.expired or standing.outdated else standing.answer


@dataclass(frozen=True)
class _Words:
    label: str
    question: str
    explanation: str
    who_sees: str
    until: str
    never: str
    say_no: str
    who_we_are: str


def _words(own: Own, key: TypeKey) -> _Words:
    """The parents' words, or the child's where it has its own."""
    texts = own.visit.services.texts.of(own.visit.language)
    text = texts.types[key]
    if own.young and text.child is not None:
        child = text.for_child
        said = (child.label, child.question, child.explanation, child.who_sees, child.until, child.never)
        return _Words(*said, texts.child.say_no, texts.child.who_we_are)
    said = (text.label, text.question, text.explanation, text.who_sees, text.until, text.never)
    return _Words(*said, texts.general.say_no, texts.general.who_we_are)


def screen_of(own: Own, place: OwnPlace, key: TypeKey) -> Screen:
    """Every text of the question as the page shows it; its hash is kept with the answer."""
    language = own.visit.language
    said = translator(language)
    words = _words(own, key)
    earlier = earlier_of(own.answers.get((place.relationship, key)))
    draft = own.visit.services.texts.of_type(language, key).review == "draft"
    return Screen(
        language=language,
        number=1,
        total=1,
        draft_notice=said.text(DRAFT_NOTICE) if draft else "",
        child=place.child_name,
        school=own.schools[place.relationship],
        label=words.label,
        question=words.question,
        who_sees=words.who_sees,
        until=words.until,
        never=words.never,
        say_no=words.say_no,
        earlier=said.text(EARLIER, answer=said.text(ANSWERS[earlier])) if earlier else "",
        choices=tuple(said.text(ANSWERS[choice]) for choice in CHOICES),
        explanation=words.explanation,
        organisation=own.organisation,
        who_we_are=words.who_we_are,
    )


def earlier_of(standing: Standing | None) -> Literal["", "yes", "no", "later"]:
    """What was answered before, as it stands on the question."""
    if standing is None or standing.answer not in ("yes", "no", "later"):
        return ""
    return standing.answer


async def destroyed_parts(own: Own) -> tuple[DestroyedPart, ...]:
    """How far what was destroyed is gone, in the words of this person's language."""
    said = translator(own.visit.language)
    return tuple(
        DestroyedPart(
            place.child_name,
            own.schools[place.relationship],
            tuple(said.text(one.msgid, **one.params) for one in sentences(report, said.date)),
        )
        for place, report in await own.visit.services.rights.destroyed(own.actor)
    )


def _organisation(own: Own, day: LookedDay) -> str:
    """Whose people looked; nobody's where it was the reader of this page."""
    if day.reader_kind == "school":
        return own.schools.get(day.relationship, "")
    return own.organisation if day.reader_kind == "shelter" else ""


def looked_part(own: Own, day: LookedDay) -> LookedDayPart:
    """One day's looking, in words."""
    places = {one.relationship: one for one in (*own.view.places, *own.view.earlier)}
    names = {one.child: one.child_name for one in places.values()}
    return LookedDayPart(
        day=day.day,
        child=names.get(day.child, own.view.name),
        organisation=_organisation(own, day),
        role=day.role,
        purpose=day.purpose,
        types=tuple(
            LookedType(
                _words(own, key).label,
                value_of((day.relationship, key)) if day.relationship in places else "",
            )
            for key in day.types
        ),
        times=day.times,
        proof=day.proof,
        emergency=day.emergency,
    )
