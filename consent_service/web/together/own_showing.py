"""What a guardian or young person may still do, as lines of the own page."""

from __future__ import annotations

from consent_service.foundation.clock import local_date
from consent_service.foundation.i18n import translator
from consent_service.rights.to_do import OwnToDo
from consent_service.web.page import door
from consent_service.web.page.forms import value_of
from consent_service.web.page.showing import Own
from consent_service.web.rendering import moment_in_words
from consent_service.web.together.views import OwnToDoLine
from consent_service.web.together.words import AT_HOME, TO_YOUNG


async def to_do_lines(own: Own) -> tuple[OwnToDoLine, ...]:
    """Only about children and places that stand on this page."""
    found = await own.visit.services.to_do.own(own.actor)
    return tuple(_line(own, one) for one in found if _is_here(own, one))


def _is_here(own: Own, one: OwnToDo) -> bool:
    places = own.view.places
    if one.about is not None:
        return one.about in own.open and any(place.relationship == one.about[0] for place in places)
    return any(place.child == one.child for place in places)


def _line(own: Own, one: OwnToDo) -> OwnToDoLine:
    said, language = translator(own.visit.language), own.visit.language
    if one.about is not None:
        place = own.place(one.about[0])
        label = own.visit.services.texts.of_type(language, one.about[1])
        words = label.for_child.label if own.young and label.child is not None else label.label
        return OwnToDoLine(
            said.text(TO_YOUNG if own.young else AT_HOME["question"]),
            about=words if own.young else f"{words}, {place.child_name}",
            action=door.QUESTION,
            value=value_of(one.about),
        )
    names = {place.child: place.child_name for place in own.view.places}
    day = ""
    if one.starts_at is not None:
        day = moment_in_words(one.starts_at, language=language)
    elif one.due_on is not None:
        day = said.date(one.due_on)
    return OwnToDoLine(
        said.text(AT_HOME[one.kind], words=one.words),
        about=names[one.child] if one.child is not None else "",
        day=day,
        late=one.due_on is not None and one.due_on < local_date(own.visit.now()),
        href=door.MEETINGS,
    )
