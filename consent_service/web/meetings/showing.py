"""Puts together the pages of a meeting for its counsellor: names, and what can be done now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import PersonId, RelationshipId
from consent_service.process.meetings.model import TO_COME, Agreement, Meeting, MeetingView
from consent_service.process.meetings.states import MEETING
from consent_service.web.components import Option
from consent_service.web.forms import FormState
from consent_service.web.meetings.views import (
    AgreementLine,
    MeetingLine,
    MeetingPage,
    MeetingsPage,
    RemarkLine,
)
from consent_service.web.shelter.family_showing import active_relationships
from consent_service.web.shelter.room import Room


def places_of(room: Room) -> tuple[Option, ...]:
    """The children who are at a school now."""
    return tuple(
        Option(one.relationship, room.child(one.child).identity.full_name)
        for one in active_relationships(room)
    )


def invitable(room: Room, view: MeetingView) -> tuple[Option, ...]:
    """Who of the family may be invited: its guardians, or the child itself where it decides alone."""
    names = _names(room)
    return tuple(Option(one, names[one]) for one in view.invitable)


async def contacts_of(room: Room, relationship: RelationshipId) -> tuple[Option, ...]:
    """Who stands on the list of this child now."""
    services, now = room.visit.services, room.visit.now()
    listed = [
        one.staff
        for one in room.family.contacts.get(relationship, ())
        if one.starts_at <= now and (one.ends_at is None or now < one.ends_at)
    ]
    async with services.installation.database.reading() as conn:
        members = await services.organisations.staff_members(conn, room.actor.tenant, listed)
    return tuple(Option(one.staff, one.name) for one in members)


async def list_page(room: Room, problems: Sequence[Problem] = ()) -> MeetingsPage:
    """The meetings of the family; a new one may stand beside one to come of a brother or sister."""
    found = await room.visit.services.meetings.of_family(room.actor, room.family.family)
    lines = [
        MeetingLine(
            room.at("gesprekken", one.meeting),
            room.child(one.child).identity.full_name,
            one.state,
            one.starts_at,
        )
        for one in found
    ]
    return MeetingsPage(
        action=room.at("gesprekken"),
        back_href=room.at(),
        meetings=tuple(lines),
        places=places_of(room),
        beside=tuple(
            Option(one.meeting, room.child(one.child).identity.full_name)
            for one in found
            if one.state in TO_COME and len(room.family.children) > 1
        ),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )


async def meeting_page(
    room: Room,
    view: MeetingView,
    problems: Sequence[Problem] = (),
    *,
    warnings: tuple[str, ...] = (),
    refused: bool = False,
) -> MeetingPage:
    """One meeting; after a mistake with what was typed."""
    about, language = view.meeting, room.visit.language
    there = room.relationship(about.relationship)
    school = await room.visit.services.organisations.school(room.actor.tenant, there.school)
    base = room.at("gesprekken", about.meeting)
    names = _names(room)
    return MeetingPage(
        base=base,
        back_href=room.at("gesprekken"),
        child=room.child(about.child).identity.full_name,
        school=school.name,
        state=about.state,
        trigger=view.content.trigger,
        starts_at=about.starts_at,
        agenda=view.content.agenda,
        acts=_acts_now(about, room.visit.services.installation.clock.now()),
        guardians=invitable(room, view),
        contacts=await contacts_of(room, about.relationship),
        agreements=agreement_lines(view.agreements, action=f"{base}/opvolgen"),
        remarks=tuple(
            RemarkLine(names.get(one.guardian, ""), one.words, one.for_school, one.at) for one in view.remarks
        ),
        warnings=warnings,
        told=about.record is not None,
        refused=refused,
        child_decides=about.child in view.invitable,
        twice=any(one.code == "meeting_time_twice" for one in problems),
        form=_form(room, view, problems, language),
    )


def _names(room: Room) -> dict[PersonId, str]:
    """Everybody of the family by name."""
    people = {one.guardian: one.identity.full_name for one in room.family.guardians}
    return people | {one.child: one.identity.full_name for one in room.family.children}


def _acts_now(about: Meeting, now: datetime) -> tuple[str, ...]:
    """What can be done with it; that it was held only once its moment has come."""
    too_early = about.starts_at is None or about.starts_at > now
    return tuple(act for act in MEETING.acts_in(about.state) if act != "hold" or not too_early)


def agreement_lines(agreements: Sequence[Agreement], *, action: str = "") -> tuple[AgreementLine, ...]:
    """What was agreed; with `action` what is open can be followed up."""
    return tuple(
        AgreementLine(
            one.words,
            one.owner,
            one.due_on,
            one.state,
            one.reason or "",
            action if one.state == "open" else "",
            one.agreement,
        )
        for one in agreements
    )


def _form(room: Room, view: MeetingView, problems: Sequence[Problem], language: str) -> FormState:
    """What was typed; of what was not sent along, what was prepared before."""
    typed, content = FormState.of(room.visit.posted, problems, language=language), view.content
    if "agenda" in typed.values:
        return typed
    prepared = {
        "agenda": (content.agenda,),
        "interpreter_language": (content.interpreter,),
        "meeting_place": (content.place,) if content.agenda else (),
        "child_present": ("yes",) if content.child_present else (),
        "guardians": view.guardians,
        "school_contacts": view.contacts,
    }
    return FormState({**prepared, **typed.values}, typed.problems)
