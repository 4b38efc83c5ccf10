"""What is still to be done at school and at home, worked out of how things stand: nothing here is kept.

A contact is told of a child only what passes the release door at this moment; a guardian of nothing that the
own page would not show. Words of agreements stay where they are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Literal

import msgspec

from consent_service.consent.changes import ChangeService
from consent_service.families.service import FamilyService
from consent_service.foundation.ids import PersonId, RelationshipId, TypeKey
from consent_service.identity.model import GuardianActor, PersonActor, SchoolStaff
from consent_service.process.meetings.model import PLANNED, OwnMeeting
from consent_service.process.meetings.service import MeetingService
from consent_service.process.recalls import RecallService
from consent_service.process.recalls_model import last_day_to_answer, open_notices
from consent_service.process.signals.service import SignalService
from consent_service.process.signals.starting import StartService
from consent_service.release.model import ChildLine
from consent_service.release.service import ReleaseService

SchoolTask = Literal[
    "read_signal", "confirm_pupil", "read_who_helps", "answer_recall", "attest_contact", "agreement"
]
OwnTask = Literal["question", "meeting", "copy", "agreement"]
LAST: Final = date.max


class SchoolToDo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing for a contact to do; `child` is who it is about, as the release door names it."""

    kind: SchoolTask
    child: ChildLine | None = None
    due_on: date | None = None


class OwnToDo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a guardian or young person may still do. `about` is a question that was answered "later"."""

    kind: OwnTask
    child: PersonId | None = None
    about: tuple[RelationshipId, TypeKey] | None = None
    due_on: date | None = None
    starts_at: datetime | None = None
    words: str = ""


class ToDoService:
    """Who has what to do, outside the shelter."""

    def __init__(
        self,
        *,
        families: FamilyService,
        release: ReleaseService,
        recalls: RecallService,
        starts: StartService,
        signals: SignalService,
        meetings: MeetingService,
        changes: ChangeService,
    ) -> None:
        self._families = families
        self._release = release
        self._recalls = recalls
        self._starts = starts
        self._signals = signals
        self._meetings = meetings
        self._changes = changes

    async def at_school(self, actor: SchoolStaff) -> tuple[SchoolToDo, ...]:
        """What this contact has to do, the first to be done first; what has no day stands last.

        Raises:
            NotAllowedError: nobody of this school.
            UnavailableError: database, keys or log are away, or a stop is not replayed.
        """
        listed = await self._families.school_children(actor.tenant, actor.staff, actor.school)
        known = await self._release.children_of_contact(actor, [one.relationship for one in listed])
        places = {one.relationship for one in known}
        others = [one.relationship for one in listed if one.relationship not in places]
        waiting = await self._release.waiting_of_contact(actor, others)
        read = await self._signals.read_by(actor)
        signals = await self._release.signals_of_contact(actor, sorted(places - read))
        found = [SchoolToDo("read_signal", one) for one in signals]
        first = (one.child for one in waiting if one.signal and one.child.relationship not in read)
        found += [SchoolToDo("read_signal", one) for one in first]
        found += [SchoolToDo("confirm_pupil", one.child) for one in waiting if one.to_confirm]
        found += await self._recalled(actor)
        for one in known:
            found += await self._about(actor, one)
        found += await self._attested(actor, known)
        urgent = [one for one in found if one.kind == "read_signal"]
        rest = [one for one in found if one.kind != "read_signal"]
        return (*urgent, *sorted(rest, key=lambda one: one.due_on or LAST))

    async def own(self, actor: PersonActor) -> tuple[OwnToDo, ...]:
        """What this person may still do on the own page; nothing of it must be done.

        Raises:
            NotAllowedError: not one's own page.
        """
        questions = await self._changes.may_answer(actor)
        found = [
            OwnToDo("question", about=key)
            for key, standing in questions.items()
            if standing.answer == "later" and not standing.objecting
        ]
        if isinstance(actor, GuardianActor):
            for meeting in await self._meetings.own(actor):
                found += _of_meeting(meeting)
        return tuple(sorted(found, key=lambda one: one.due_on or LAST))

    # --- parts -------------------------------------------------------------------------------

    async def _recalled(self, actor: SchoolStaff) -> list[SchoolToDo]:
        """Never about whom: what was asked back is told without a name (S14)."""
        asked = open_notices(await self._recalls.notices(actor))
        return [SchoolToDo("answer_recall", due_on=last_day_to_answer(one.received_on)) for one in asked]

    async def _about(self, actor: SchoolStaff, child: ChildLine) -> list[SchoolToDo]:
        found = []
        start = await self._starts.seen_at_school(actor, child.relationship)
        if start is not None and start.state == "confirmed":
            found.append(SchoolToDo("read_who_helps", child))
        days = await self._meetings.agreed_at_school(actor, child.relationship)
        return found + [SchoolToDo("agreement", child, day) for day in days]

    async def _attested(self, actor: SchoolStaff, known: Sequence[ChildLine]) -> list[SchoolToDo]:
        asked = await self._families.asked_of(actor.tenant, actor.staff, actor.school)
        due = {one.relationship for one in asked}
        return [SchoolToDo("attest_contact", one) for one in known if one.relationship in due]


def _of_meeting(one: OwnMeeting) -> list[OwnToDo]:
    found = []
    if one.state in PLANNED and one.starts_at is not None:
        found.append(OwnToDo("meeting", one.child, starts_at=one.starts_at))
    if one.state == "copied" and not one.remarks:
        found.append(OwnToDo("copy", one.child))
    return found + [
        OwnToDo("agreement", one.child, due_on=agreed.due_on, words=agreed.words)
        for agreed in one.agreements
        if agreed.owner == "parents" and agreed.state == "open"
    ]
