"""The counsellor begins with a school: sends, calls, or helps a parent to tell it in person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.families.model import Relationship
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.process.signals.model import FirstContactRefused
from consent_service.web.forms import FormReader
from consent_service.web.shelter.room import Room, enter
from consent_service.web.start.forms import (
    card_purposes,
    read_call,
    read_card_purpose,
    read_confirmation,
    read_types,
)
from consent_service.web.start.showing import (
    address,
    call_card_page,
    card_to_note,
    catalogue_of,
    first_contact_page,
    shown_card,
    tell_itself_page,
)
from consent_service.web.visit import Visit

_AT_SCHOOL: Final = "/opvang/{tenant:str}/gezinnen/{family:str}/scholen/{relationship:str}"


@get(_AT_SCHOOL + "/eerste-contact", include_in_schema=False)
async def first_contact(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room, at = await _enter(visit, tenant, family, relationship)
    return await _first_contact(room, at)


@post(_AT_SCHOOL + "/eerste-contact", include_in_schema=False)
async def send_first_contact(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """Sent once, however often the form is; refused with its reason when the parents said no to knowing."""
    room, at = await _enter(visit, tenant, family, relationship)
    form = FormReader(visit.posted)
    confirmed = read_confirmation(form)
    if form.problems:
        return await _first_contact(room, at, form.problems)
    try:
        outcome = await visit.services.starts.send_first_contact(room.actor, at.relationship, confirmed)
    except InputError as wrong:
        return await _first_contact(room, at, wrong.problems)
    except ConflictError:
        return visit.redirect(address(room, at, "eerste-contact"))
    if isinstance(outcome, FirstContactRefused):
        view = await first_contact_page(room, at, None, refused=outcome.sentence)
        return await room.show(view, status=403)
    return visit.redirect(address(room, at, "eerste-contact"), done="eerste-contact")


@get(_AT_SCHOOL + "/belkaart", include_in_schema=False)
async def call_card(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room, at = await _enter(visit, tenant, family, relationship)
    return await room.show(await call_card_page(room, at))


@post(_AT_SCHOOL + "/belkaart", include_in_schema=False, status_code=200)
async def open_card(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """Decided anew each time, and answered on the POST itself: what was opened is never shown again."""
    room, at = await _enter(visit, tenant, family, relationship)
    form = FormReader(visit.posted)
    purpose = read_card_purpose(form, card_purposes(catalogue_of(visit)))
    problems: Sequence[Problem] = form.problems
    if not problems:
        try:
            card = await visit.services.starts.call_card(
                room.actor, at.relationship, purpose, language=visit.language
            )
        except InputError as wrong:
            problems = wrong.problems
    if problems:
        return await room.show(await call_card_page(room, at, problems), status=400)
    return await room.show(await call_card_page(room, at, shown=await shown_card(room, card, purpose)))


@post(_AT_SCHOOL + "/belkaart/gebeld", include_in_schema=False)
async def note_call(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """Whom and about what; sent twice, or long after, it leads back to the list of calls."""
    room, at = await _enter(visit, tenant, family, relationship)
    form = FormReader(visit.posted)
    entered = read_call(form, catalogue_of(visit))
    problems: Sequence[Problem] = form.problems
    if not problems:
        try:
            await visit.services.starts.note_call(room.actor, entered.call, entered.spoken_to, entered.told)
        except InputError as wrong:
            problems = wrong.problems
        except NotFoundError:
            return visit.redirect(address(room, at, "belkaart"), done="gebeld-niet")
    if problems:
        card = card_to_note(room, entered.call, entered.shown)
        return await room.show(await call_card_page(room, at, problems, shown=card, noting=True), status=400)
    return visit.redirect(address(room, at, "belkaart"), done="gebeld")


@get(_AT_SCHOOL + "/zelf-vertellen", include_in_schema=False)
async def tell_itself(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room, at = await _enter(visit, tenant, family, relationship)
    return await room.show(tell_itself_page(room, at))


@post(_AT_SCHOOL + "/zelf-vertellen", include_in_schema=False, status_code=200)
async def talking_points(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """Points to print; nothing is sent and nothing is shared (S52)."""
    room, at = await _enter(visit, tenant, family, relationship)
    form = FormReader(visit.posted)
    kinds = read_types(form, catalogue_of(visit))
    if form.problems:
        return await room.show(tell_itself_page(room, at, form.problems), status=400)
    chosen = await visit.services.starts.tells_itself(room.actor, at.relationship, kinds)
    return await room.show(tell_itself_page(room, at, chosen=chosen))


ROUTES: list[HTTPRouteHandler] = [
    first_contact,
    send_first_contact,
    call_card,
    open_card,
    note_call,
    tell_itself,
    talking_points,
]


async def _enter(visit: Visit, tenant: str, family: str, relationship: str) -> tuple[Room, Relationship]:
    """A child of this family at a school it goes to.

    Raises:
        NotFoundError: of another family, or the work with this school has ended.
    """
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    if not at.is_active(visit.now()):
        raise NotFoundError("relationship")
    return room, at


async def _first_contact(room: Room, at: Relationship, problems: Sequence[Problem] = ()) -> Response[Any]:
    found = await room.visit.services.starts.first_contact(room.actor, at.relationship)
    view = await first_contact_page(room, at, found, problems)
    return await room.show(view, status=400 if problems else 200)
