"""Giving the tablet to a guardian: the PIN to take it back with, and to whom it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.consent.sittings import Setting
from consent_service.foundation.errors import ConflictError, InputError, Problem
from consent_service.foundation.i18n import FAMILY, language_name
from consent_service.foundation.ids import PersonId
from consent_service.identity.handover import HandOver, HandOverRefused, problems_of_pin
from consent_service.identity.model import GuardianActor
from consent_service.identity.permissions import Circumstances
from consent_service.web.components import Option
from consent_service.web.forms import FormReader, FormState
from consent_service.web.shelter.forms import all_at_once, read_hand_over, read_new_pin
from consent_service.web.shelter.room import Room, enter
from consent_service.web.shelter.views import HandOverPage, SetPinPage
from consent_service.web.visit import Visit

_FAMILY = "/opvang/{tenant:str}/gezinnen/{family:str}"


@get(_FAMILY + "/tablet", include_in_schema=False)
async def hand_over_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    """Without a PIN the tablet could not be taken back, so that comes first."""
    room = await enter(visit, tenant, family)
    if not await visit.services.identity.has_pin(visit.known_session()):
        return visit.redirect(room.at("pincode"))
    return await _hand_over_page(room)


@post(_FAMILY + "/tablet", include_in_schema=False)
async def hand_over(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    """Prepare the questions, then limit this session to the guardian under a new token."""
    room = await enter(visit, tenant, family)
    if not await visit.services.identity.has_pin(visit.known_session()):
        return visit.redirect(room.at("pincode"))
    form = FormReader(visit.posted)
    entered = read_hand_over(
        form,
        guardians=[one.guardian for one in room.family.guardians],
        languages=FAMILY,
    )
    if form.problems:
        return await _hand_over_page(room, form.problems)
    try:
        asked = GuardianActor(room.actor.tenant, PersonId(entered.guardian), room.family.family)
        setting = Setting(
            entered.setting.language,
            entered.setting.interpreter,
            entered.setting.read_aloud,
            visit.device(room.actor.tenant),
        )
        sitting = await visit.services.sittings.prepare(room.actor, asked, setting)
    except InputError as refused:
        return await _hand_over_page(room, refused.problems)
    facts = Circumstances(tenant=room.actor.tenant, family=room.family.family, assigned=True)
    opened = await visit.services.identity.hand_over(visit.token, HandOver(PersonId(entered.guardian), facts))
    if isinstance(opened, HandOverRefused):
        raise ConflictError(opened.code)
    return visit.lend(f"/intake/{sitting.sitting}", opened.token, entered.setting.language)


@get(_FAMILY + "/pincode", include_in_schema=False)
async def pin_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    await visit.require_fresh()
    return await _pin_page(room)


@post(_FAMILY + "/pincode", include_in_schema=False)
async def set_pin(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    await visit.require_fresh()
    form = FormReader(visit.posted)
    pin = read_new_pin(form)
    if problems := all_at_once(form.problems, problems_of_pin(pin)):
        return await _pin_page(room, problems)
    try:
        await visit.services.identity.set_pin(visit.known_session(), pin)
    except InputError as refused:
        return await _pin_page(room, refused.problems)
    return visit.redirect(room.at("tablet"), done="pin")


ROUTES = [hand_over_page, hand_over, pin_page, set_pin]


async def _hand_over_page(room: Room, problems: Sequence[Problem] = ()) -> Response[str]:
    view = HandOverPage(
        action=room.at("tablet"),
        back_href=room.at(),
        guardians=tuple(Option(g.guardian, g.identity.full_name) for g in room.family.guardians),
        languages=tuple(Option(code, language_name(code)) for code in FAMILY),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )
    return await room.show(view, status=400 if problems else 200)


async def _pin_page(room: Room, problems: Sequence[Problem] = ()) -> Response[str]:
    form = FormState.of(room.visit.posted, problems, language=room.visit.language)
    view = SetPinPage(room.at("pincode"), room.at(), form)
    return await room.show(view, status=400 if problems else 200)
