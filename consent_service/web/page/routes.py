"""The own page: what is shared now, stopping it, answering again, who looked, and "this is not right".

Stopping works with the database away and asks nothing. Everything shown is read and decided anew for
each page; no page names another guardian or a reason that lies in one. What a page is about travels in
its form: addresses stay in the history of a browser and in the logs of whatever lies between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency, Provide

from consent_service.consent.changes import Change
from consent_service.consent.model import Shown
from consent_service.consent.questions import text_version
from consent_service.consent.screen import screen_hash
from consent_service.consent.service import Key, StopAccepted, Target
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import TypeKey
from consent_service.identity.model import PersonActor, person_of
from consent_service.rights.model import OwnPlace, merged
from consent_service.web.access import own_routes as file_routes
from consent_service.web.cases import own_routes as case_routes
from consent_service.web.device import read_device_time, seconds_on_screen
from consent_service.web.forms import EMPTY, FormReader, FormState
from consent_service.web.intake.forms import read_answer, read_step
from consent_service.web.page import door, log_routes
from consent_service.web.page.forms import read_keys, value_of
from consent_service.web.page.showing import (
    Own,
    come_in,
    destroyed_parts,
    earlier_of,
    looked_part,
    own_lines,
    place_part,
    screen_of,
)
from consent_service.web.page.views import (
    OwnChoicesNowPage,
    OwnQuestionPage,
    ReportedPage,
    WhoLookedDaysPage,
)
from consent_service.web.parent.views import WithdrawnPage
from consent_service.web.shelter.room import is_first_time, once
from consent_service.web.together.own_showing import to_do_lines
from consent_service.web.visit import Visit, open_stop_visit

_STOP = {"visit": Provide(open_stop_visit)}
_REPORT = "klopt-niet"
_LOOKS = 500


@get(door.HOME, include_in_schema=False)
async def home(visit: NamedDependency[Visit]) -> Response[Any]:
    own = await come_in(visit, visit.own_person())
    places = tuple([await place_part(own, place) for place in own.view.places])
    about_me = own_lines(own)
    lines = [line for place in places for line in place.lines]
    view = OwnChoicesNowPage(
        stop_action=door.STOP,
        object_action=door.OBJECT,
        lift_action=door.LIFT,
        change_action=door.QUESTION,
        wrong_action=door.WRONG,
        wrong_token=await once(visit, _REPORT),
        who_looked_href=door.WHO_LOOKED,
        secure_href=door.SECURE,
        leave_action=door.LEAVE,
        meetings_href=door.MEETINGS if own.young in ("", "alone") else "",
        timeline_href=door.TIMELINE,
        file_href=door.FILE,
        to_do=await to_do_lines(own),
        rights_href=door.RIGHTS,
        meldcode_href=door.MELDCODE if own.young in ("", "alone") else "",
        messages_href=door.MESSAGES,
        unread=await visit.unread(visit.own_person()),
        young=own.young,
        places=places,
        anything_to_stop=bool(own.unplaced()) or any(line.stop for line in lines),
        about_me=about_me,
    )
    return await visit.show(view)


@post(door.STOP, include_in_schema=False, dependencies=_STOP)
async def stop(visit: NamedDependency[Visit]) -> Response[Any]:
    """Sending this twice stops the same once more, which changes nothing."""
    actor = visit.own_person()
    keys = _keys(visit)
    accepted = await visit.services.consent.withdraw(actor, _target(actor, keys), method="page")
    return _stopped(visit, accepted)


@post(door.OBJECT, include_in_schema=False, dependencies=_STOP)
async def object_to(visit: NamedDependency[Visit]) -> Response[Any]:
    actor = visit.own_person()
    keys = _keys(visit)
    accepted = await visit.services.consent.object(actor, _target(actor, keys), method="page")
    return _stopped(visit, accepted)


@post(door.LIFT, include_in_schema=False)
async def lift(visit: NamedDependency[Visit]) -> Response[Any]:
    """Only the own objection, and only what is named."""
    actor = visit.own_person()
    keys = _keys(visit)
    if keys:
        await visit.services.consent.lift_objection(actor, _target(actor, keys))
    return visit.redirect(door.HOME, done="bezwaar-weg")


@get([door.QUESTION, door.ANSWER], include_in_schema=False)
async def no_question(visit: NamedDependency[Visit]) -> Response[Any]:
    """An address alone does not say which question."""
    visit.own_person()
    return visit.redirect(door.HOME)


@post(door.QUESTION, include_in_schema=False, status_code=200)
async def question(visit: NamedDependency[Visit]) -> Response[Any]:
    own = await come_in(visit, visit.own_person())
    relationship, key = _key(visit)
    place = own.place(relationship)
    if (place.relationship, key) not in own.open:
        return visit.redirect(door.HOME)
    return await _show_question(own, place, key)


@post(door.ANSWER, include_in_schema=False)
async def answer(visit: NamedDependency[Visit]) -> Response[Any]:
    """Take one answer, once, and only to exactly the words that are shown now."""
    own = await come_in(visit, visit.own_person())
    relationship, asked = _key(visit)
    place = own.place(relationship)
    if (place.relationship, asked) not in own.open:
        return visit.redirect(door.HOME)
    form = FormReader(visit.posted)
    chosen = read_answer(form)
    step = _step(own, place, asked)
    shown_at = await visit.services.identity.use_step(visit.known_session(), step, read_step(form))
    if shown_at is None:
        return visit.redirect(door.HOME)
    if chosen is None:
        return await _show_question(own, place, asked, form.problems)
    now = visit.now()
    change = Change(
        place.relationship,
        asked,
        chosen,
        _shown(own, place, asked),
        device=visit.device(own.actor.tenant),
        device_at=read_device_time(visit.posted, now=now),
        seconds_shown=seconds_on_screen(shown_at, now=now),
    )
    return await _take(own, place, change)


@get(door.WHO_LOOKED, include_in_schema=False)
async def who_looked(visit: NamedDependency[Visit]) -> Response[Any]:
    own = await come_in(visit, visit.own_person())
    found = merged(await visit.services.rights.who_looked(own.actor, limit=_LOOKS))
    view = WhoLookedDaysPage(
        back_href=door.HOME,
        wrong_action=door.WRONG,
        wrong_token=await once(visit, _REPORT),
        young=own.young,
        days=tuple(looked_part(own, day) for day in found),
        destroyed=await destroyed_parts(own),
        log_action=door.LOG if await visit.services.rights.may_take_log(own.actor) else "",
    )
    return await visit.show(view)


@post(door.WRONG, include_in_schema=False)
async def report_wrong(visit: NamedDependency[Visit]) -> Response[Any]:
    """Nothing is typed: what is wrong is told in a conversation. Twice is once."""
    actor = visit.own_person()
    key = _key(visit)
    if await is_first_time(visit, _REPORT):
        await visit.services.rights.report_wrong(actor, *key)
    return visit.redirect(door.WRONG)


@get(door.WRONG, include_in_schema=False)
async def reported(visit: NamedDependency[Visit]) -> Response[Any]:
    return await visit.show(ReportedPage(door.HOME, door.young_of(visit.own_person())))


ROUTES = [
    home,
    stop,
    object_to,
    lift,
    no_question,
    question,
    answer,
    who_looked,
    report_wrong,
    reported,
    *log_routes.ROUTES,
    *file_routes.ROUTES,
    *case_routes.ROUTES,
]


# --- stopping --------------------------------------------------------------------------------


def _keys(visit: Visit) -> tuple[Key, ...]:
    """Which answers a form names.

    Raises:
        NotFoundError: none, or something that is no answer: no page of ours sends that.
    """
    form = FormReader(visit.posted)
    keys = read_keys(form, visit.services.policies.proposal.catalogue.types)
    if form.problems:
        raise NotFoundError("answer")
    return keys


def _key(visit: Visit) -> Key:
    """The one answer a form names.

    Raises:
        NotFoundError: none, several, or something that is no answer.
    """
    keys = _keys(visit)
    if len(keys) != 1:
        raise NotFoundError("answer")
    return keys[0]


def _target(actor: PersonActor, keys: Sequence[Key]) -> Target:
    return Target(actor.tenant, actor.family, person_of(actor), tuple(keys))


def _stopped(visit: Visit, accepted: StopAccepted) -> Response[Any]:
    if accepted.written:
        return visit.redirect(door.HOME, done="gestopt")
    return visit.show_to_anyone(WithdrawnPage(accepted.at, (), "", late=True))


# --- answering again -------------------------------------------------------------------------


async def _take(own: Own, place: OwnPlace, change: Change) -> Response[Any]:
    """A no to what runs is a stop; anything else is an answer."""
    standing = own.answers.get((change.relationship, change.information_type))
    services, visit = own.visit.services, own.visit
    if change.answer == "no" and standing is not None and standing.answer == "yes":
        keys = [(change.relationship, change.information_type)]
        return _stopped(
            visit, await services.consent.withdraw(own.actor, _target(own.actor, keys), method="page")
        )
    try:
        await services.changes.answer(own.actor, change)
    except ConflictError:
        return visit.redirect(door.HOME)
    except InputError as refused:
        return await _show_question(own, place, change.information_type, refused.problems)
    return visit.redirect(door.HOME, done="keuze")


async def _show_question(
    own: Own, place: OwnPlace, key: TypeKey, problems: Sequence[Problem] = ()
) -> Response[str]:
    visit = own.visit
    token = await visit.services.identity.issue_step(visit.known_session(), _step(own, place, key))
    form = FormState.of(visit.posted, problems, language=visit.language) if problems else EMPTY
    screen = screen_of(own, place, key)
    view = OwnQuestionPage(
        action=door.ANSWER,
        about=value_of((place.relationship, key)),
        step_token=token,
        back_href=door.HOME,
        child=screen.child,
        school=screen.school,
        type_key=key,
        label=screen.label,
        question=screen.question,
        explanation=screen.explanation,
        who_sees=screen.who_sees,
        until=screen.until,
        never_address=screen.never,
        fixed_line=screen.say_no,
        earlier=earlier_of(own.answers.get((place.relationship, key))),
        organisation=screen.organisation,
        who_we_are=screen.who_we_are,
        young=own.young,
        draft_text=bool(screen.draft_notice),
        form=form,
    )
    return await visit.show(view, status=400 if problems else 200)


def _step(own: Own, place: OwnPlace, key: TypeKey) -> str:
    """One question in exactly these words: a text that changed meanwhile makes the form an old one."""
    return f"own:{place.relationship}:{key}:{screen_hash(screen_of(own, place, key))}"


def _shown(own: Own, place: OwnPlace, key: TypeKey) -> Shown:
    text = own.visit.services.texts.of_type(own.visit.language, key)
    screen = screen_of(own, place, key)
    return Shown(own.visit.language, text_version(text), text.hash, screen_hash(screen))
