"""The child's voice: three faces on the tablet, and the counsellor's page from which the tablet goes there.

A child that decides (from twelve) gets a sitting instead, in `web.intake`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.consent.opinions import Opinion
from consent_service.consent.sittings import Setting
from consent_service.families.model import Child
from consent_service.foundation.errors import ConflictError, InputError, Problem
from consent_service.foundation.i18n import FAMILY
from consent_service.identity.handover import HandOver, HandOverRefused
from consent_service.identity.model import ChildActor
from consent_service.identity.permissions import Circumstances
from consent_service.web.child.forms import read_judgement, read_opinion
from consent_service.web.child.showing import (
    Listening,
    listen,
    opinion_page,
    shown_to_child,
    voice_address,
    voice_page,
)
from consent_service.web.child.views import ChildDonePage
from consent_service.web.forms import EMPTY, FormReader, FormState
from consent_service.web.intake.desk import intake_address, voice_of
from consent_service.web.intake.forms import SettingEntered, read_setting, read_step
from consent_service.web.intake.routes import TAKE_BACK
from consent_service.web.shelter.room import Room, enter
from consent_service.web.visit import Visit

_VOICE = "/opvang/{tenant:str}/gezinnen/{family:str}/kinderen/{child:str}/stem"
_OPINION = "opinion"


@get("/kind/{language:str}/{interpreter:str}", include_in_schema=False)
async def faces(
    visit: NamedDependency[Visit], language: FromPath[str], interpreter: FromPath[str]
) -> Response[Any]:
    desk = await listen(visit, language, interpreter)
    if voice_of(visit, desk.child, desk.family) != "heard":
        return visit.redirect(desk.at("klaar"))
    return await _show_faces(desk)


@post("/kind/{language:str}/{interpreter:str}", include_in_schema=False)
async def say(
    visit: NamedDependency[Visit], language: FromPath[str], interpreter: FromPath[str]
) -> Response[Any]:
    """Heard once, however often the form is sent, at every school the child goes to."""
    desk = await listen(visit, language, interpreter)
    form = FormReader(visit.posted)
    entered, step = read_opinion(form, types=desk.types), read_step(form)
    if form.problems:
        return await _show_faces(desk, form.problems)
    if await visit.services.identity.use_step(visit.known_session(), _OPINION, step) is None:
        return visit.redirect(desk.at("klaar"))
    for one in desk.relationships:
        opinion = Opinion(
            relationship=one.relationship,
            counsellor=desk.counsellor,
            faces=entered.faces,
            shown=shown_to_child(desk),
            words=entered.words,
            language=desk.language,
            interpreter=desk.interpreter,
            device=visit.device(desk.actor.tenant),
        )
        try:
            await visit.services.opinions.record(desk.actor, opinion)
        except InputError as refused:
            return await _show_faces(desk, refused.problems)
    return visit.redirect(desk.at("klaar"))


@get("/kind/{language:str}/{interpreter:str}/klaar", include_in_schema=False)
async def said(
    visit: NamedDependency[Visit], language: FromPath[str], interpreter: FromPath[str]
) -> Response[Any]:
    desk = await listen(visit, language, interpreter)
    return await desk.show(ChildDonePage(TAKE_BACK, own_page_href=""))


@get(_VOICE, include_in_schema=False)
async def voice(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], child: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await room.show(await voice_page(room, room.child(child)))


@post(_VOICE + "/tablet", include_in_schema=False)
async def hand_over(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], child: FromPath[str]
) -> Response[Any]:
    """The tablet goes to the child: to decide, or below twelve to be heard."""
    room = await enter(visit, tenant, family)
    if not await visit.services.identity.has_pin(visit.known_session()):
        return visit.redirect(room.at("pincode"))
    who = room.child(child)
    form = FormReader(visit.posted)
    entered = read_setting(form, languages=FAMILY)
    if form.problems:
        return await _refused(room, who, form.problems)
    try:
        address = await _address_for(room, who, entered)
    except InputError as refused:
        return await _refused(room, who, refused.problems)
    facts = Circumstances(tenant=room.actor.tenant, family=room.family.family, assigned=True)
    opened = await visit.services.identity.hand_over(visit.token, HandOver(who.child, facts, is_child=True))
    if isinstance(opened, HandOverRefused):
        raise ConflictError(opened.code)
    return visit.lend(address, opened.token, entered.language)


@post(_VOICE + "/oordeel", include_in_schema=False)
async def judge(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], child: FromPath[str]
) -> Response[Any]:
    """Whether the child can weigh this itself (S42)."""
    room = await enter(visit, tenant, family)
    who = room.child(child)
    form = FormReader(visit.posted)
    competent, reason = read_judgement(form)
    if form.problems:
        return await _refused(room, who, form.problems)
    await visit.services.families.judge_competence(
        room.actor, room.family.family, who.child, competent=competent, reason=reason
    )
    return visit.redirect(voice_address(room, who), done="oordeel")


ROUTES = [faces, say, said, voice, hand_over, judge]


async def _address_for(room: Room, child: Child, entered: SettingEntered) -> str:
    """A sitting for a child that decides, the faces for one that is heard.

    Raises:
        InputError: the child is at no school, or the texts may not be used.
    """
    visit = room.visit
    if voice_of(visit, child, room.family) == "heard":
        return f"/kind/{entered.language}/{entered.interpreter}"
    asked = ChildActor(room.actor.tenant, child.child, room.family.family)
    setting = Setting(
        entered.language, entered.interpreter, entered.read_aloud, visit.device(room.actor.tenant)
    )
    sitting = await visit.services.sittings.prepare(room.actor, asked, setting)
    return intake_address(sitting.sitting)


async def _refused(room: Room, child: Child, problems: Sequence[Problem]) -> Response[str]:
    return await room.show(await voice_page(room, child, problems), status=400)


async def _show_faces(desk: Listening, problems: Sequence[Problem] = ()) -> Response[str]:
    visit = desk.visit
    token = await visit.services.identity.issue_step(visit.known_session(), _OPINION)
    form = FormState.of(visit.posted, problems, language=desk.language) if problems else EMPTY
    return await desk.show(opinion_page(desk, token, form), status=400 if problems else 200)
