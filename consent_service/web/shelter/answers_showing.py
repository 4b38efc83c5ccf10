"""What was only said aloud, with the names a counsellor knows; for the family page and for passing on."""

from __future__ import annotations

from consent_service.foundation.ids import PersonId
from consent_service.web.shelter.answers_views import ToConfirmLine
from consent_service.web.shelter.room import Room


async def to_confirm_lines(room: Room) -> tuple[ToConfirmLine, ...]:
    """Every yes that still has to be confirmed; what ends first comes first."""
    services = room.visit.services
    texts = services.texts.of(room.visit.language).types
    waiting = await services.passed_on.to_confirm(room.actor, room.family.family)
    return tuple(
        ToConfirmLine(
            person=name_of(room, one.person),
            child=room.child(room.relationship(one.relationship).child).identity.full_name,
            label=texts[one.information_type].label,
            until=one.until,
        )
        for one in waiting
        if is_known(room, one.person)
    )


def is_known(room: Room, person: PersonId) -> bool:
    """Whether somebody of this family has a name here: who was erased has none."""
    people = (*(one.guardian for one in room.family.guardians), *(one.child for one in room.family.children))
    return person in people


def name_of(room: Room, person: PersonId) -> str:
    """The name of a guardian or child of this family.

    Raises:
        NotFoundError: nobody of this family.
    """
    for guardian in room.family.guardians:
        if guardian.guardian == person:
            return guardian.identity.full_name
    return room.child(person).identity.full_name
