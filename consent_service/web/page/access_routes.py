"""The counsellor takes away and renews what opens somebody's own page; the second factor is never hers.

A new code shows up on the tablet in the person's own hands, or once on a page to print: alone it opens
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.consent.page_access import PageAccess
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import ConflictError, InputError, Problem
from consent_service.foundation.ids import PersonId
from consent_service.identity.handover import HandOver, HandOverRefused
from consent_service.identity.permissions import Circumstances
from consent_service.identity.sessions import new_token
from consent_service.web.forms import EMPTY, FormReader, FormState
from consent_service.web.page.door import CHOOSE
from consent_service.web.page.factor_routes import CODE_LASTS, code_cookie
from consent_service.web.page.forms import Access, read_access
from consent_service.web.page.views import AccessLine, NewCodePage, PageAccessPage
from consent_service.web.shelter.room import Room, enter, is_first_time, once
from consent_service.web.visit import Visit

_ACCESS = "/opvang/{tenant:str}/gezinnen/{family:str}/toegang"
_STEP = "toegang"


@get(_ACCESS, include_in_schema=False)
async def access_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    return await _access_page(await enter(visit, tenant, family))


@post(_ACCESS, include_in_schema=False)
async def change_access(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    """Sent twice, the second is not taken: a second code would make the first one worth nothing."""
    room = await enter(visit, tenant, family)
    people = await visit.services.page_access.access_of(room.actor, room.family.family)
    form = FormReader(visit.posted)
    wanted = read_access(form, [one.person for one in people])
    if form.problems:
        return await _access_page(room, form.problems)
    lending = wanted.wish in ("tablet", "factor")
    if lending and not await visit.services.identity.has_pin(visit.known_session()):
        return visit.redirect(room.at("pincode"))
    if not await is_first_time(visit, _STEP):
        return visit.redirect(room.at("toegang"))
    whose = next(one for one in people if one.person == wanted.person)
    try:
        return await _change(room, whose, wanted)
    except InputError as refused:
        return await _access_page(room, refused.problems)


ROUTES = [access_page, change_access]


async def _change(room: Room, whose: PageAccess, wanted: Access) -> Response[Any]:
    access, family, visit = room.visit.services.page_access, room.family.family, room.visit
    match wanted.wish:
        case "revoke":
            await access.revoke(room.actor, family, whose.person, reason=wanted.reason)
            return visit.redirect(room.at("toegang"), done="toegang-weg")
        case "print":
            code = await access.renew(room.actor, family, whose.person, reason=wanted.reason)
            today = local_date(visit.now())
            return visit.show_to_anyone(NewCodePage(today, code, room.at("toegang")))
        case "tablet":
            secret = new_token()
            await access.renew(room.actor, family, whose.person, reason=wanted.reason, secret=secret)
            return await _lend(room, whose, secret)
        case "factor":
            return await _lend(room, whose, "")


async def _lend(room: Room, whose: PageAccess, secret: str) -> Response[Any]:
    visit = room.visit
    facts = Circumstances(tenant=room.actor.tenant, family=room.family.family, assigned=True)
    to = HandOver(PersonId(whose.person), facts, is_child=whose.is_child)
    opened = await visit.services.identity.hand_over(visit.token, to)
    if isinstance(opened, HandOverRefused):
        raise ConflictError(opened.code)
    response = visit.lend(CHOOSE, opened.token, visit.language)
    if secret:
        response.set_cookie(code_cookie(secret, CODE_LASTS, https=visit.doors.https))
    return response


async def _access_page(room: Room, problems: Sequence[Problem] = ()) -> Response[str]:
    visit = room.visit
    found = await visit.services.page_access.access_of(room.actor, room.family.family)
    names = {one.guardian: one.identity.full_name for one in room.family.guardians}
    names |= {one.child: one.identity.full_name for one in room.family.children}
    view = PageAccessPage(
        action=room.at("toegang"),
        back_href=room.at(),
        step_token=await once(visit, _STEP),
        people=tuple(_line(one, names) for one in found),
        form=FormState.of(visit.posted, problems, language=visit.language) if problems else EMPTY,
    )
    return await room.show(view, status=400 if problems else 200)


def _line(one: PageAccess, names: Mapping[PersonId, str]) -> AccessLine:
    name = names.get(one.person, "")
    return AccessLine(one.person, name, one.is_child, one.has_code, one.factor or "none")
