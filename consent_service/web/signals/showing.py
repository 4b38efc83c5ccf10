"""The counsellor's view of signals, put together from what the services know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from consent_service.families.model import Relationship
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import NotFoundError, Problem
from consent_service.foundation.i18n import problem_sentence, translator
from consent_service.foundation.ids import StaffId
from consent_service.organisations.model import School
from consent_service.process.signals.model import AT_SCHOOL, CareSignal, RouteSetting, SignalOutlook
from consent_service.process.signals.service import CARE_SIGNAL_TYPE
from consent_service.process.signals.states import CARE_SIGNAL
from consent_service.records.model import ShareRefused
from consent_service.web.components import Option, RefusedPart
from consent_service.web.forms import FormState
from consent_service.web.shelter.family_showing import born
from consent_service.web.shelter.room import Room, once
from consent_service.web.shelter.sharing_showing import refused_part
from consent_service.web.signals.views import CalledPage, Callee, SignalLine, SignalPage
from consent_service.web.signals.words import SIGNAL_TABLES

SENDING = "care_signal"
"""What the token of the form is for."""
_SHOWN_GONE = 5


async def signal_page(
    room: Room, at: Relationship, problems: Sequence[Problem] = (), refused: ShareRefused | None = None
) -> SignalPage:
    """What sending would do now, and what was sent."""
    services, visit = room.visit.services, room.visit
    ahead = await services.signals.outlook(room.actor, at.relationship)
    sent = await services.signals.sent(room.actor, at.relationship, also_gone=_SHOWN_GONE)
    school = await services.organisations.school(room.actor.tenant, at.school)
    names = await _names(room, ahead)
    blocked = None if refused else await _blocked(room, at)
    wrong = [*problems, *(one for one in ahead.problems if one not in problems)]
    return SignalPage(
        action=address(room, at),
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        birth_date=born(room.child(at.child)),
        school=school.name,
        step_token=await once(visit, SENDING),
        region="" if ahead.setting is None else ahead.setting.region,
        route="" if ahead.setting is None else ahead.setting.route,
        callee=_between(ahead.setting),
        hears_now=tuple(names[one] for one in ahead.hears_now),
        hears_then=tuple(names[one] for one in ahead.hears_then if one not in ahead.hears_now),
        due_at=ahead.due_at,
        last_day=None if ahead.gone_at is None else last_day(ahead.gone_at),
        blocked=blocked,
        refused=None if refused is None else await refused_part(room, refused),
        may_send=blocked is None and refused is None and not ahead.problems,
        signals=tuple(_line(room, at, one, school, ahead.setting) for one in sent),
        problems=tuple(problem_sentence(one, visit.language) for one in wrong),
    )


async def called_page(
    room: Room, at: Relationship, one: CareSignal, problems: Sequence[Problem] = ()
) -> CalledPage:
    """Whom to call about one signal, and the form that says it was done."""
    services, visit = room.visit.services, room.visit
    school = await services.organisations.school(room.actor.tenant, at.school)
    ahead = await services.signals.outlook(room.actor, at.relationship)
    said = translator(visit.language)
    return CalledPage(
        action=address(room, at, one.signal, "gebeld"),
        back_href=address(room, at),
        child=room.child(at.child).identity.full_name,
        callee=_callee(one, school, ahead.setting),
        spoken_to=tuple(
            Option(who, said.text(SIGNAL_TABLES["signal_spoken_to"][who])) for who in may_speak_to(one)
        ),
        form=FormState.of(visit.posted, problems, language=visit.language),
    )


async def one_to_call(room: Room, at: Relationship, signal: str) -> CareSignal:
    """A signal of this child about which a call may still be noted.

    Raises:
        NotFoundError: no such signal here, or it was heard already or is gone.
    """
    for one in await room.visit.services.signals.sent(room.actor, at.relationship):
        if one.signal == signal and "call" in CARE_SIGNAL.acts_in(one.state):
            return one
    raise NotFoundError("signal")


def may_speak_to(one: CareSignal) -> tuple[str, ...]:
    """Who can have been called: somebody at the school, or who is in between."""
    return AT_SCHOOL if one.route == "direct" else (one.route,)


def address(room: Room, at: Relationship, *parts: str) -> str:
    """The page of signals about one child at one school."""
    return room.at("scholen", at.relationship, "signaal", *parts)


def last_day(gone: datetime) -> date:
    """The last day on which it can be read; at `gone`, a local midnight, it is no more."""
    return local_date(gone) - timedelta(days=1)


def _line(
    room: Room, at: Relationship, one: CareSignal, school: School, setting: RouteSetting | None
) -> SignalLine:
    waits = "call" in CARE_SIGNAL.acts_in(one.state)
    return SignalLine(
        state=one.state,
        route=one.route,
        sent_at=one.sent_at,
        due_at=one.due_at,
        last_day=last_day(one.gone_at),
        read_at=one.read_at,
        called_at=one.called_at,
        callee=_callee(one, school, setting) if waits else None,
        called_href=address(room, at, one.signal, "gebeld") if waits else "",
        call_now=waits and (one.route != "direct" or one.state == "unread"),
    )


def _callee(one: CareSignal, school: School, setting: RouteSetting | None) -> Callee:
    """Who is in between, as the region is set now; where that changed since, the school itself."""
    between = _between(setting)
    if between is not None and setting is not None and setting.route == one.route:
        return between
    return Callee(school.name, school.phone)


def _between(setting: RouteSetting | None) -> Callee | None:
    if setting is None or setting.route == "direct":
        return None
    return Callee(setting.recipient, setting.phone)


async def _names(room: Room, ahead: SignalOutlook) -> dict[StaffId, str]:
    services = room.visit.services
    wanted = sorted({*ahead.hears_now, *ahead.hears_then})
    async with services.installation.database.reading() as conn:
        members = await services.organisations.staff_members(conn, room.actor.tenant, wanted)
    return {one.staff: one.name for one in members}


async def _blocked(room: Room, at: Relationship) -> RefusedPart | None:
    """Why the school would not get it now, told before anybody sends (S19)."""
    services, language = room.visit.services, room.visit.language
    for line in await services.release.preview(room.actor, at.relationship, language=language):
        if line.information_type == CARE_SIGNAL_TYPE and not line.shared:
            label = services.texts.of_type(language, CARE_SIGNAL_TYPE).label
            return RefusedPart(label, line.explanation)
    return None
