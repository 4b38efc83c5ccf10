"""Break-glass for the counsellor who asks: one item, a reason, a second person; follow it, stop it (S29)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.families.model import Relationship
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import RecordId, StaffId, TypeKey
from consent_service.information.model import InformationType
from consent_service.process.emergencies.model import (
    BREAK_GLASS,
    REASONS,
    AskRefused,
    BreakGlass,
    NewBreakGlass,
    VitalReason,
)
from consent_service.records.emergencies import RUNNING
from consent_service.web.components import Option
from consent_service.web.emergencies.showing import label_of, names_of, why_refused
from consent_service.web.emergencies.views import AskedLine, AskPage, EmergencyPage
from consent_service.web.forms import FormReader
from consent_service.web.sharing import attestations, read_share, share_fields, share_form
from consent_service.web.shelter.room import Room, enter, is_first_time, once
from consent_service.web.visit import Visit

_FAMILY: Final = "/opvang/{tenant:str}/gezinnen/{family:str}"
_AT_SCHOOL: Final = _FAMILY + "/scholen/{relationship:str}/noodgeval"
_ASKING: Final = "break-glass"
_LONGEST: Final = 800


@get(_AT_SCHOOL, include_in_schema=False)
async def emergencies(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    services = visit.services
    mine = await services.break_glass.of_family(room.actor, room.family.family)
    here = [one for one in mine if one.relationship == at.relationship]
    names = await names_of(visit, room.actor, here)
    school = await services.organisations.school(room.actor.tenant, at.school)
    kinds = services.policies.proposal.catalogue.types.values() if at.is_active(visit.now()) else ()
    view = EmergencyPage(
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        school=school.name,
        lines=tuple(_line(room, one, names) for one in here),
        kinds=tuple(
            Option(_address(room, at, kind.key), label_of(visit, kind.key))
            for kind in kinds
            if _can_be_asked(kind)
        ),
    )
    return await room.show(view)


@get(_AT_SCHOOL + "/{kind:str}", include_in_schema=False)
async def ask_page(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    kind: FromPath[str],
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await _ask_page(room, room.relationship(relationship), _kind(room, kind))


@post(_AT_SCHOOL + "/{kind:str}", include_in_schema=False)
async def ask(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    kind: FromPath[str],
) -> Response[Any]:
    """Asked once, however often the form is sent; all problems of both parts of the form at once."""
    room = await enter(visit, tenant, family)
    at, chosen = room.relationship(relationship), _kind(room, kind)
    form = FormReader(visit.posted)
    new = _read(form, visit, chosen)
    if form.problems:
        return await _ask_page(room, at, chosen, form.problems)
    if not await is_first_time(visit, _ASKING):
        return visit.redirect(_address(room, at))
    try:
        outcome = await visit.services.break_glass.ask(room.actor, at.relationship, new)
    except InputError as wrong:
        return await _ask_page(room, at, chosen, wrong.problems)
    if isinstance(outcome, AskRefused):
        refused = await why_refused(visit, room.actor.tenant, outcome)
        return await _ask_page(room, at, chosen, refused=refused)
    return visit.redirect(_address(room, at), done="noodgeval" if new.approver else "noodgeval-gevraagd")


@post(_FAMILY + "/noodgeval/{emergency:str}/{deed:str}", include_in_schema=False)
async def follow(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    emergency: FromPath[str],
    deed: FromPath[str],
) -> Response[Any]:
    """Take the question back, stop it, or say that the parent was told; sent twice it is done once."""
    room = await enter(visit, tenant, family)
    about, glass = RecordId(emergency), visit.services.break_glass
    mine = await glass.of_family(room.actor, room.family.family)
    one = next((one for one in mine if one.break_glass == about), None)
    acts = {"intrekken": glass.drop, "stoppen": glass.end, "verteld": glass.tell_parent}
    if one is None or deed not in acts:
        raise NotFoundError("break-glass")
    there = _address(room, room.relationship(one.relationship))
    try:
        await acts[deed](room.actor, about)
    except (ConflictError, InputError):
        return visit.redirect(there)
    return visit.redirect(there, done="noodgeval-bijgewerkt")


ROUTES: list[HTTPRouteHandler] = [emergencies, ask_page, ask, follow]


async def _ask_page(
    room: Room,
    at: Relationship,
    kind: InformationType,
    problems: Sequence[Problem] = (),
    *,
    refused: str = "",
) -> Response[str]:
    visit, services = room.visit, room.visit.services
    text = services.texts.of_type(visit.language, kind.key)
    fields = share_fields(kind, text)
    entered = read_share(visit.posted, fields)
    school = await services.organisations.school(room.actor.tenant, at.school)
    view = AskPage(
        action=_address(room, at, kind.key),
        back_href=_address(room, at),
        child=room.child(at.child).identity.full_name,
        school=school.name,
        type_key=kind.key,
        label=text.label,
        step_token=await once(visit, _ASKING),
        fields=fields,
        colleagues=await _colleagues(room),
        attestations=attestations(problems, attested=entered.attested, language=visit.language),
        refused=refused,
        form=share_form(visit.posted, problems, fields, language=visit.language),
    )
    return await room.show(view, status=403 if refused else 400 if problems else 200)


async def _colleagues(room: Room) -> tuple[Option, ...]:
    """Who can agree by phone; whoever asks cannot."""
    services = room.visit.services
    async with services.installation.database.reading() as conn:
        members = await services.organisations.staff_members(conn, room.actor.tenant)
    return tuple(
        Option(one.staff, one.name)
        for one in sorted(members, key=lambda one: one.name)
        if one.kind == "counsellor" and one.ended_at is None and one.staff != room.actor.staff
    )


def _read(form: FormReader, visit: Visit, kind: InformationType) -> NewBreakGlass:
    """Everything typed; what is missing of the item itself is told by the service."""
    entered = read_share(
        form.posted, share_fields(kind, visit.services.texts.of_type(visit.language, kind.key))
    )
    reason = form.choice("vital_reason", REASONS)
    why = form.text("why", max_length=_LONGEST)
    by_phone = form.choice("second", ("wait", "phone")) == "phone"
    approver = form.text("approver", required=by_phone) if by_phone else ""
    unsafe = form.choice("told", ("told", "untold")) == "untold"
    untold = form.text("untold", required=unsafe, max_length=_LONGEST) if unsafe else ""
    return NewBreakGlass(
        information_type=kind.key,
        fields=entered.fields,
        reason=cast("VitalReason", reason),
        why=why,
        untold=untold,
        approver=StaffId(approver) if approver else None,
        attested=entered.attested,
    )


def _kind(room: Room, key: str) -> InformationType:
    """A type of which a school may be told something in an emergency.

    Raises:
        NotFoundError: no such type, or never.
    """
    kind = room.visit.services.policies.proposal.catalogue.types.get(TypeKey(key))
    if kind is None or not _can_be_asked(kind):
        raise NotFoundError("information type")
    return kind


def _can_be_asked(kind: InformationType) -> bool:
    """Only what the contact may ever read: anything else would be refused after all was typed."""
    readable = "s2c" in kind.directions and "contact" in kind.readers
    return readable and kind.decided_by != "own_guardian" and bool(kind.fields)


def _address(room: Room, at: Relationship, *parts: str) -> str:
    return room.at("scholen", at.relationship, "noodgeval", *parts)


def _line(room: Room, one: BreakGlass, names: dict[str, str]) -> AskedLine:
    acts, mine = BREAK_GLASS.acts_in(one.state), one.requested_by == room.actor.staff
    return AskedLine(
        label=label_of(room.visit, one.information_type),
        state=one.state,
        reason=one.reason,
        requested_at=one.requested_at,
        requested_by=names.get(one.requested_by, ""),
        approver=names.get(one.approver or "", ""),
        ends_at=one.ends_at,
        untold=one.untold,
        told_at=one.told_at,
        drop_action=_act(room, one, "intrekken") if "drop" in acts and mine else "",
        end_action=_act(room, one, "stoppen") if one.state in RUNNING else "",
        tell_action=_act(room, one, "verteld") if one.starts_at and one.told_at is None else "",
    )


def _act(room: Room, one: BreakGlass, act: str) -> str:
    return room.at("noodgeval", one.break_glass, act)
