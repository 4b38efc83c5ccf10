"""What somebody's word is about each child: it decides, it does not, or the child decides alone.

Authority and age are needed on the day something was said and on the day it is typed in: a form does not
outlive them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.capacity import capacity_of, voices_of
from consent_service.consent.model import NO_SAY
from consent_service.consent.service import Target
from consent_service.consent.statement import Say
from consent_service.families.model import Ages, ChildVoice, Relationship
from consent_service.families.reading import read_relationships
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import PersonId, RelationshipId
from consent_service.keyring.service import KeyRing


async def read_says(
    conn: AsyncConnection, ring: KeyRing, whose: Target, ages: Ages, *, moments: Sequence[datetime]
) -> dict[RelationshipId, Say]:
    """This person's word about each child who is at a school; the first moment is now.

    A child has a word about itself only; of somebody who is not at a school there is nothing to say.

    Raises:
        InputError: a child that does not decide along yet, or did not then.
    """
    voices = await voices_of(conn, ring, whose.tenant, whose.family, ages=ages, now=moments[0])
    for moment in moments:
        then = await voices_of(conn, ring, whose.tenant, whose.family, ages=ages, now=moment)
        if then.get(whose.person) == "heard":
            raise InputError([Problem("person", "passed_on.child_too_young")])
    says: dict[RelationshipId, Say] = {}
    for at in await read_relationships(conn, whose.tenant, family=whose.family):
        about_another = whose.person in voices and whose.person != at.child
        if at.is_active(moments[0]) and at.child in voices and not about_another:
            says[at.relationship] = await _say(conn, at, whose.person, voices[at.child], moments)
    return says


async def _say(
    conn: AsyncConnection,
    at: Relationship,
    person: PersonId,
    voice: ChildVoice,
    moments: Sequence[datetime],
) -> Say:
    if person == at.child:
        return "decides"
    if voice == "alone":
        return "child_alone"
    for moment in moments:
        capacity = await capacity_of(
            conn, at.tenant, family=at.family, guardian=person, child=at.child, now=moment
        )
        if capacity in NO_SAY:
            return "no_say"
    return "decides"
