"""Timelines: one for the counsellor, one for a contact, one on the own page. What each shows is `rights`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.ids import RelationshipId
from consent_service.rights.timeline import Happened
from consent_service.web.officer.wording import LogWords
from consent_service.web.page import door
from consent_service.web.page.showing import come_in
from consent_service.web.school.finding import child_address, known_child, navigation
from consent_service.web.shelter.room import enter
from consent_service.web.together.views import OwnTimelinePage, TimelineLine, TimelinePage
from consent_service.web.visit import Visit

_ROLES: Final = {"school_staff": "school_contact"}


@get("/opvang/{tenant:str}/gezinnen/{family:str}/kinderen/{child:str}/tijdlijn", include_in_schema=False)
async def of_child(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], child: FromPath[str]
) -> Response[Any]:
    visit.refuse_prefetch()
    room = await enter(visit, tenant, family)
    about = room.child(child)
    found = await visit.services.timeline.of_child(room.actor, room.family.family, about.child)
    schools = {one.school: one.name for one in await visit.services.organisations.schools(room.actor.tenant)}
    places = {one.relationship: schools[one.school] for one in room.family.relationships}
    return await room.show(TimelinePage(room.at(), about.identity.full_name, _lines(visit, found, places)))


@get("/school/{tenant:str}/kinderen/{relationship:str}/tijdlijn", include_in_schema=False)
async def at_school(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    known = await known_child(visit, actor, relationship)
    found = await visit.services.timeline.at_school(actor, known.relationship)
    view = TimelinePage(
        child_address(actor, known.relationship), known.full_name, _lines(visit, found), at_school=True
    )
    return await visit.show(view, navigation=await navigation(visit, actor))


@get(door.TIMELINE, include_in_schema=False)
async def own(visit: NamedDependency[Visit]) -> Response[Any]:
    me = await come_in(visit, visit.own_person())
    found = await visit.services.timeline.own(me.actor)
    places = {
        one.relationship: f"{one.child_name}, {me.schools[one.relationship]}"
        for one in (*me.view.places, *me.view.earlier)
    }
    return await visit.show(OwnTimelinePage(door.HOME, _lines(visit, found, places), me.young))


ROUTES: list[HTTPRouteHandler] = [of_child, at_school, own]


def _lines(
    visit: Visit, found: Iterable[Happened], places: Mapping[RelationshipId, str] | None = None
) -> tuple[TimelineLine, ...]:
    words = LogWords(visit.services.texts.of(visit.language))
    about = places or {}
    return tuple(
        TimelineLine(
            one.at,
            words.event(one.event),
            _ROLES.get(one.kind, one.kind),
            "" if one.relationship is None else about.get(one.relationship, ""),
        )
        for one in found
    )
