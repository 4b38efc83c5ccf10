"""The part about what was shared and done: records both ways, meetings, the meldcode, signals, who looked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import select

from consent_service.foundation.ids import PersonId, RelationshipId, SchoolId, TypeKey
from consent_service.information.model import WRITTEN_KINDS
from consent_service.organisations.looking import school_in, tenant_in
from consent_service.process.emergencies.model import LEGAL_STEPS
from consent_service.process.emergencies.reading import read_meldcodes
from consent_service.process.emergencies.sealed_text import open_text
from consent_service.process.meetings.model import AFTER, Agreement, Meeting, is_told
from consent_service.process.meetings.rows import (
    meetings_of,
    read_agreements,
    read_meetings,
    read_remarks,
)
from consent_service.process.meetings.sealing import open_meeting
from consent_service.process.meetings.tables import meetings
from consent_service.process.signals.rows import unpacked
from consent_service.process.signals.tables import care_signals, phone_calls
from consent_service.process.tables import recalls
from consent_service.process.tables_emergencies import meldcode_steps, meldcodes
from consent_service.records.model import OpenedRecord
from consent_service.records.tables_emergencies import break_glasses
from consent_service.rights.access.document import (
    AgreementLine,
    EventLine,
    FieldLine,
    LookLine,
    MeetingLine,
    MeldcodeLine,
    RecordLine,
    RemarkLine,
    Said,
    StepLine,
)
from consent_service.rights.access.making import Making
from consent_service.rights.access.redacting import redacted
from consent_service.rights.model import Disclosure

_STAFF: Final = redacted("staff_name", "staff_name")


def record_lines(
    making: Making, relationship: RelationshipId, opened: Iterable[OpenedRecord]
) -> tuple[RecordLine, ...]:
    """What was shared about one child at one school; free text goes on the shelf.

    Who is answered by a person gets nothing that tells of violence or of where somebody is (S21), and of the
    rest nothing that the coordinator did not choose, line by line.
    """
    return tuple(
        RecordLine(
            place=making.place(relationship),
            type=one.information_type,
            label=making.label(one.information_type),
            direction="shelter_to_school" if one.direction == "s2c" else "school_to_shelter",
            written_at=one.written_at,
            written_by=_STAFF,
            expires_at=one.expires_at,
            fields=tuple(
                _field(making, relationship, one.information_type, name, value)
                for name, value in sorted(one.fields.items())
            ),
        )
        for one in opened
        if not (making.scope.by_hand and _is_dangerous(making, one.information_type))
    )


def _is_dangerous(making: Making, key: TypeKey) -> bool:
    """A type of which not even the name is told to who is answered by a person; one nobody knows is too."""
    kind = making.catalogue.types.get(key)
    return kind is None or kind.level == "A10" or kind.locating


def _field(making: Making, relationship: RelationshipId, key: TypeKey, name: str, value: str) -> FieldLine:
    kind, text = making.catalogue.types.get(key), making.words.types.get(key)
    spec = None if kind is None else kind.field(name)
    label = name if text is None or name not in text.fields else text.fields[name].label
    said: Said = value
    locating = spec is None or spec.locating or (kind is not None and kind.locating)
    by_hand, alone = making.scope.by_hand, len(making.scope.whole.guardians) == 1
    if by_hand and locating:
        said = redacted("where_somebody_is", "safety")
    elif by_hand or spec is None or spec.kind in WRITTEN_KINDS:
        asks = by_hand or (locating and not alone)  # whose address it is, no record says (S44)
        place = f"{making.place(relationship)} {making.label(key)}"
        said = making.shelf.put(place, label, value, asks=asks)
    return FieldLine(field=name, label=label, value=said)


async def meeting_lines(making: Making) -> tuple[MeetingLine, ...]:
    """Meetings the requester takes part in or, for a child that decides alone, about it; the own remarks."""
    if not making.scope.talks:
        return ()
    wanted = [meetings.c.relationship.in_(making.places)]
    if not making.scope.is_child:
        wanted.append(meetings.c.meeting.in_(await meetings_of(making.conn, making.tenant, making.own)))
    found = await read_meetings(making.conn, making.tenant, *wanted)
    return tuple([await _meeting(making, one) for one in found if is_told(one)])


async def _meeting(making: Making, one: Meeting) -> MeetingLine:
    key = await making.ring.person_key(making.conn, making.tenant, one.child)
    agenda = open_meeting(making.ring, key, one.meeting, one.sealed).agenda
    agreed: tuple[Agreement, ...] = ()
    if one.state in AFTER:
        agreed = await read_agreements(making.conn, making.ring, making.tenant, one)
    remarks = await read_remarks(making.conn, making.ring, making.tenant, one.meeting, of=making.own)
    place = making.place(one.relationship)
    return MeetingLine(
        place=place,
        state=one.state,
        starts_at=one.starts_at,
        agenda=making.shelf.put(f"{place} meetings", "agenda", agenda),
        agreements=tuple(
            AgreementLine(
                words=making.shelf.put(f"{place} meetings", "agreement", each.words),
                owner=each.owner,
                due_on=each.due_on,
                state=each.state,
            )
            for each in agreed
        ),
        remarks=tuple(RemarkLine(words=own.words, for_school=own.for_school, at=own.at) for own in remarks),
    )


async def meldcode_lines(making: Making) -> tuple[MeldcodeLine, ...]:
    """What is open to the parents: nothing that is postponed for safety, and no trace of it."""
    if not making.scope.talks:
        return ()
    m, s = meldcodes.c, meldcode_steps.c
    about = (m.child.in_(making.scope.children), m.postponed_until.is_(None))
    found = []
    for one in await read_meldcodes(making.conn, making.tenant, *about):
        key = await making.ring.person_key(making.conn, making.tenant, one.child)
        place = f"{making.person(one.child)} meldcode"
        query = select(meldcode_steps).where(s.tenant == making.tenant, s.meldcode == one.meldcode)
        steps = []
        for row in await making.conn.execute(query.order_by(s.at, s.step)):
            if row.act not in LEGAL_STEPS:
                continue
            said, place = (
                open_text(making.ring, key, row.step, row.sealed),
                f"{making.person(one.child)} meldcode",
            )
            steps.append(
                StepLine(
                    step=row.act,
                    at=row.at,
                    what=making.shelf.put(place, row.act, said.get("what", "")),
                    why=making.shelf.put(place, row.act, said.get("why", "")),
                )
            )
        found.append(
            MeldcodeLine(child=making.person(one.child), opened_at=one.opened_at, steps=tuple(steps))
        )
    return tuple(found)


async def event_lines(making: Making) -> tuple[EventLine, ...]:
    """Care signals, calls, what was called back, and emergencies that were told; in order of time.

    None for who is answered by a person: on which day somebody was worried, tells of the danger (S21).
    """
    if making.scope.by_hand:
        return ()
    found = [*await _signals(making), *await _calls(making), *await _recalls(making)]
    found += await _emergencies(making)
    return tuple(sorted(found, key=lambda one: (one.at, one.place, one.what)))


async def _signals(making: Making) -> list[EventLine]:
    c = care_signals.c
    query = select(care_signals).where(c.tenant == making.tenant, c.relationship.in_(making.places))
    return [
        EventLine(
            place=making.place(RelationshipId(row.relationship)),
            what="care_signal",
            at=row.sent_at,
            types=("care_signal",),
            state=row.state,
            words="",
        )
        for row in await making.conn.execute(query)
    ]


async def _calls(making: Making) -> list[EventLine]:
    c = phone_calls.c
    query = select(phone_calls).where(
        c.tenant == making.tenant, c.relationship.in_(making.places), c.called_at.is_not(None)
    )
    return [
        EventLine(
            place=making.place(RelationshipId(row.relationship)),
            what="phone_call",
            at=row.called_at,
            types=unpacked(row.told or ""),
            state=row.spoken_to or "",
            words="",
        )
        for row in await making.conn.execute(query)
    ]


async def _recalls(making: Making) -> list[EventLine]:
    c = recalls.c
    query = select(recalls).where(c.tenant == making.tenant, c.relationship.in_(making.places))
    return [
        EventLine(
            place=making.place(RelationshipId(row.relationship)),
            what="recall",
            at=row.issued_at,
            types=(row.information_type,),
            state=row.answer or "open",
            words="",
        )
        for row in await making.conn.execute(query)
    ]


async def _emergencies(making: Making) -> list[EventLine]:
    """Only what the parents were told of."""
    b = break_glasses.c
    query = select(break_glasses).where(
        b.tenant == making.tenant,
        b.relationship.in_(making.places),
        b.untold.is_(False),
        b.told_at.is_not(None),
    )
    child_of = {one.relationship: one.child for one in making.scope.places}
    found = []
    for row in await making.conn.execute(query):
        relationship = RelationshipId(row.relationship)
        key = await making.ring.person_key(making.conn, making.tenant, child_of[relationship])
        why = " ".join(open_text(making.ring, key, row.break_glass, row.sealed_reason).values())
        place = making.place(relationship)
        found.append(
            EventLine(
                place=place,
                what="emergency",
                at=row.starts_at or row.requested_at,
                types=(row.information_type,),
                state=row.reason,
                words=making.shelf.put(f"{place} events", "reason", why),
            )
        )
    return found


async def look_lines(making: Making, found: Iterable[Disclosure]) -> tuple[LookLine, ...]:
    """Who was given something, oldest first: organisation, role, time and reason; no name of anybody."""
    schools = {one.relationship: await _school(making, one.school) for one in making.scope.places}
    shelter = (await tenant_in(making.conn, making.tenant)).name
    kept = [one for one in found if one.child == making.own or one.child in making.scope.children]
    return tuple(
        LookLine(
            at=one.at,
            person=_about(making, one.child),
            organisation=_organisation(one, schools, shelter),
            role=one.role,
            purpose=one.purpose,
            types=tuple(one.types),
            emergency=one.emergency,
        )
        for one in sorted(kept, key=lambda one: (one.at, one.entry))
        if one.child == making.own or one.relationship in schools
    )


def _organisation(one: Disclosure, schools: Mapping[RelationshipId, str], shelter: str) -> str:
    if one.reader_kind == "school":
        return schools.get(one.relationship, "")
    return shelter if one.reader_kind == "shelter" else ""


def _about(making: Making, person: PersonId) -> str:
    return making.person(person) if person != making.own or making.scope.with_requester else ""


async def _school(making: Making, school: SchoolId) -> str:
    found = await school_in(making.conn, making.tenant, school)
    return "" if found is None else found.name
