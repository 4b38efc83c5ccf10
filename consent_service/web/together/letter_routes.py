"""Letters for a parent to give to the school: chosen by the counsellor, shown to be printed, kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.families.model import Relationship
from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import SUPPORTED, language_name, translator
from consent_service.foundation.ids import PersonId
from consent_service.rights.letters import LETTERS, Letter, LetterKind
from consent_service.web.components import Option
from consent_service.web.forms import FormReader, FormState
from consent_service.web.shelter.room import Room, enter
from consent_service.web.together.letter_words import DATE, LETTER_TABLES, PARAGRAPHS, SIGNED
from consent_service.web.together.views import LetterPage, LettersPage, LetterText
from consent_service.web.visit import Visit

_PAGE: Final = "/opvang/{tenant:str}/gezinnen/{family:str}/scholen/{relationship:str}/brieven"
_DUTCH: Final = "nl"


@get(_PAGE, include_in_schema=False)
async def choose_letter(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await _choose(room, room.relationship(relationship))


@post(_PAGE, include_in_schema=False, status_code=200)
async def print_letter(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """Answered on the POST itself: the letter is shown once and no address leads to it."""
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    form = FormReader(visit.posted)
    kind = form.choice("letter", LETTERS)
    guardian = form.choice("guardian", [one.guardian for one in room.family.guardians])
    language = form.choice("letter_language", SUPPORTED)
    if form.problems:
        return await _choose(room, at, form.problems)
    letter = await visit.services.letters.make(
        room.actor, room.family.family, at.relationship, PersonId(guardian), cast(LetterKind, kind)
    )
    if letter is None:
        return await _choose(room, at, refused=True)
    languages = dict.fromkeys((_DUTCH, language))
    view = LetterPage(_address(room, at), tuple(_text(letter, one) for one in languages))
    return await room.show(view)


ROUTES: list[HTTPRouteHandler] = [choose_letter, print_letter]


async def _choose(
    room: Room, at: Relationship, problems: Sequence[Problem] = (), *, refused: bool = False
) -> Response[Any]:
    view = LettersPage(
        action=_address(room, at),
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        guardians=tuple(Option(one.guardian, one.identity.full_name) for one in room.family.guardians),
        languages=tuple(Option(code, language_name(code)) for code in SUPPORTED),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
        refused=refused,
    )
    return await room.show(view, status=400 if problems or refused else 200)


def _text(letter: Letter, language: str) -> LetterText:
    said = translator(language)
    names = {"child": letter.child, "school": letter.school, "guardian": letter.guardian}
    sentences = (*PARAGRAPHS[letter.kind], SIGNED, DATE)
    return LetterText(
        language,
        said.text(LETTER_TABLES["letter"][letter.kind]),
        tuple(said.text(one, **names) for one in sentences),
    )


def _address(room: Room, at: Relationship) -> str:
    return room.at("scholen", at.relationship, "brieven")
