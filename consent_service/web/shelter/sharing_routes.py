"""What goes to a school and what came from it, about one child."""

from __future__ import annotations

from typing import Any, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.ids import PersonId, RecordId, TypeKey
from consent_service.information.model import InformationType, Purpose
from consent_service.process.signals.service import CARE_SIGNAL_TYPE
from consent_service.records.model import ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Ask
from consent_service.web.forms import FormReader
from consent_service.web.sharing import read_share, share_fields
from consent_service.web.shelter.room import Room, enter, is_first_time
from consent_service.web.shelter.sharing_showing import (
    SHARING,
    purposes_of_school,
    refused_part,
    retract_page,
    share_page,
    shared_by_school_page,
    written_page,
)
from consent_service.web.signals.showing import address as signal_address
from consent_service.web.visit import Visit

_AT_SCHOOL = "/opvang/{tenant:str}/gezinnen/{family:str}/scholen/{relationship:str}"


@get(_AT_SCHOOL + "/delen/{kind:str}", include_in_schema=False)
async def share_form_page(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    kind: FromPath[str],
) -> Response[Any]:
    """Why it would be refused now is told before anybody types (S17, S19)."""
    room = await enter(visit, tenant, family)
    at, chosen = room.relationship(relationship), _kind(room, kind)
    if chosen.key == CARE_SIGNAL_TYPE:
        return visit.redirect(signal_address(room, at))
    return await room.show(await share_page(room, at, chosen))


@post(_AT_SCHOOL + "/delen/{kind:str}", include_in_schema=False)
async def share(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    kind: FromPath[str],
) -> Response[Any]:
    """Shared once, however often the form is sent; a refusal is told with type, reason and what to do."""
    room = await enter(visit, tenant, family)
    at, chosen = room.relationship(relationship), _kind(room, kind)
    fields = share_fields(chosen, visit.services.texts.of_type(visit.language, chosen.key))
    entered = read_share(visit.posted, fields)
    about = visit.posted.first("about")
    if not await is_first_time(visit, SHARING):
        return visit.redirect(room.at())
    note = Note(chosen.key, entered.fields, entered.attested, PersonId(about) if about else None)
    try:
        outcome = await visit.services.records.share(room.actor, at.relationship, note)
    except InputError as refused:
        view = await share_page(room, at, chosen, refused.problems, entered.attested)
        return await room.show(view, status=400)
    if isinstance(outcome, ShareRefused):
        view = await share_page(
            room, at, chosen, (), entered.attested, refused=await refused_part(room, outcome)
        )
        return await room.show(view, status=403)
    return visit.redirect(room.at(), done="goedkeuren" if outcome.needs_approval else "gedeeld")


@get(_AT_SCHOOL + "/gedeeld", include_in_schema=False)
async def written(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await room.show(await written_page(room, room.relationship(relationship)))


@get(_AT_SCHOOL + "/gedeeld/{record:str}/terughalen", include_in_schema=False)
async def retract_form_page(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    record: FromPath[str],
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await room.show(await retract_page(room, room.relationship(relationship), record))


@post(_AT_SCHOOL + "/gedeeld/{record:str}/terughalen", include_in_schema=False)
async def retract(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    record: FromPath[str],
) -> Response[Any]:
    """Taken back at once; sent twice, the second finds nothing."""
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    await visit.services.records.retract(room.actor, at.relationship, RecordId(record))
    return visit.redirect(room.at("scholen", at.relationship, "gedeeld"), done="teruggehaald")


@get(_AT_SCHOOL + "/gekregen", include_in_schema=False)
async def shared_by_school(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await room.show(await shared_by_school_page(room, room.relationship(relationship)))


@post(_AT_SCHOOL + "/gekregen", include_in_schema=False)
async def open_shared_by_school(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """Opens for one purpose and answers on the POST itself: each look is logged once, when it is taken."""
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    form = FormReader(visit.posted)
    purpose = form.choice("purpose", purposes_of_school(room))
    if form.problems:
        return await room.show(await shared_by_school_page(room, at), status=400)
    ask = Ask(at.relationship, cast("Purpose", purpose), visit.language)
    outcome = await visit.services.release.to_shelter(room.actor, ask)
    return await room.show(await shared_by_school_page(room, at, outcome))


ROUTES = [
    share_form_page,
    share,
    written,
    retract_form_page,
    retract,
    shared_by_school,
    open_shared_by_school,
]


def _kind(room: Room, key: str) -> InformationType:
    """A type that goes from shelter to school.

    Raises:
        NotFoundError: no such type, or it only goes the other way.
    """
    kind = room.visit.services.policies.proposal.catalogue.types.get(TypeKey(key))
    if kind is None or "s2c" not in kind.directions:
        raise NotFoundError("information type")
    return kind
