"""Puts together the pages of the meldcode: names beside what the services tell."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from consent_service.foundation.errors import NotFoundError, Problem
from consent_service.foundation.ids import RecordId, StaffId
from consent_service.identity.model import ChildActor, PersonActor
from consent_service.process.emergencies.model import (
    CODES,
    LEGAL_STEPS,
    MELDCODE,
    RECIPIENT,
    REQUEST,
    Meldcode,
    OwnMeldcode,
    StatutoryRequest,
    WrittenStep,
)
from consent_service.web.components import Option
from consent_service.web.forms import FormState
from consent_service.web.meldcode.views import (
    AnswerLine,
    MeldcodeLine,
    MeldcodePage,
    MeldcodesPage,
    OwnMeldcodePage,
    OwnWalkLine,
    RequestLine,
    RequestPage,
    RequestsPage,
    StepLine,
)
from consent_service.web.page import door
from consent_service.web.shelter.room import Room, once
from consent_service.web.visit import Visit

STEP = "meldcode"
REQUEST_STEP = "verzoek"


async def walk_of(room: Room, meldcode: str) -> Meldcode:
    """A walk of this family, without what was written.

    Raises:
        NotFoundError: of another family, or nothing.
    """
    for one in await room.visit.services.meldcodes.of_family(room.actor, room.family.family):
        if one.meldcode == meldcode:
            return one
    raise NotFoundError("meldcode")


async def request_of(room: Room, request: str) -> StatutoryRequest:
    """A request about this family, without what it says.

    Raises:
        NotFoundError: about another family, or nothing.
    """
    for one in await room.visit.services.statutory_requests.of_family(room.actor, room.family.family):
        if one.request == request:
            return one
    raise NotFoundError("request")


def next_step(one: Meldcode) -> str:
    """The legal step that comes now; empty when all are taken."""
    return next((act for act in MELDCODE.acts_in(one.state) if act in LEGAL_STEPS), "")


async def list_page(room: Room, problems: Sequence[Problem] = ()) -> MeldcodesPage:
    """The walks of the family, and step 1 of a new one."""
    found = await room.visit.services.meldcodes.of_family(room.actor, room.family.family)
    return MeldcodesPage(
        action=room.at("meldcode"),
        back_href=room.at(),
        walks=tuple(
            MeldcodeLine(
                room.at("meldcode", one.meldcode),
                _child(room, one.child),
                one.state,
                one.opened_at,
                one.postponed_until,
            )
            for one in found
        ),
        children=children_of(room),
        step_token=await once(room.visit, STEP),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )


async def walk_page(room: Room, meldcode: RecordId, problems: Sequence[Problem] = ()) -> MeldcodePage:
    """One walk, opened and logged; after a mistake with what was typed."""
    one, written = await room.visit.services.meldcodes.read(room.actor, meldcode)
    names = await _names(room, {step.by for step in written})
    act = next_step(one)
    done = MELDCODE.acts_in(one.state)
    return MeldcodePage(
        base=room.at("meldcode", one.meldcode),
        back_href=room.at("meldcode"),
        child=_child(room, one.child),
        state=one.state,
        steps=tuple(_step(step, names.get(step.by, "")) for step in written),
        act=act,
        has_choice=act in CODES,
        to_come=LEGAL_STEPS[LEGAL_STEPS.index(act) + 1 :] if act else (),
        postponed_until=one.postponed_until,
        recipient=RECIPIENT,
        may_export="export" in done and one.report == "yes",
        may_close="close" in done,
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )


async def own_page(visit: Visit, actor: PersonActor, found: Sequence[OwnMeldcode]) -> OwnMeldcodePage:
    """What is open to this person, with the names of her children; no name of who wrote it."""
    family = await visit.services.families.own_family(actor)
    names = {one.child: one.identity.full_name for one in family.children}
    return OwnMeldcodePage(
        back_href=door.HOME,
        young=isinstance(actor, ChildActor),
        walks=tuple(
            OwnWalkLine(names[one.child], tuple(_step(step) for step in one.steps))
            for one in found
            if one.child in names
        ),
    )


async def requests_page(room: Room, problems: Sequence[Problem] = ()) -> RequestsPage:
    """The requests about the family, and the form for a new one."""
    found = await room.visit.services.statutory_requests.of_family(room.actor, room.family.family)
    return RequestsPage(
        action=room.at("verzoeken"),
        back_href=room.at(),
        requests=tuple(
            RequestLine(
                room.at("verzoeken", one.request),
                _child(room, one.child),
                one.asker,
                one.state,
                one.received_at,
            )
            for one in found
        ),
        children=children_of(room),
        step_token=await once(room.visit, REQUEST_STEP),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )


async def request_page(room: Room, request: RecordId, problems: Sequence[Problem] = ()) -> RequestPage:
    """One request, opened and logged; after a mistake with what was typed."""
    opened = await room.visit.services.statutory_requests.read(room.actor, request)
    one = opened.request
    names = await _names(room, {one.received_by})
    return RequestPage(
        action=room.at("verzoeken", one.request, "antwoord"),
        back_href=room.at("verzoeken"),
        child=_child(room, one.child),
        asker=one.asker,
        ground=one.ground,
        state=one.state,
        received_at=one.received_at,
        received_by=names.get(one.received_by, ""),
        asked_by=opened.name,
        asked=opened.asked,
        letter=opened.reference,
        answers=tuple(AnswerLine(said.act, said.what, said.why) for said in opened.answers),
        acts=acts_of(one),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )


def acts_of(one: StatutoryRequest) -> tuple[str, ...]:
    """What can be done now; nothing is given where no ground was named."""
    acts = REQUEST.acts_in(one.state)
    return tuple(act for act in acts if act != "give" or one.ground != "none_named")


def children_of(room: Room) -> tuple[Option, ...]:
    """The children of the family."""
    return tuple(Option(one.child, one.identity.full_name) for one in room.family.children)


def _child(room: Room, child: str) -> str:
    return room.child(child).identity.full_name


def _step(step: WrittenStep, by: str = "") -> StepLine:
    return StepLine(step.act, step.text.code, step.text.what, step.text.why, step.at, by)


async def _names(room: Room, staff: Collection[StaffId]) -> dict[StaffId, str]:
    services = room.visit.services
    async with services.installation.database.reading() as conn:
        members = await services.organisations.staff_members(conn, room.actor.tenant, sorted(staff))
    return {member.staff: member.name for member in members}
