"""Views of what is shared with a school and what a school shared."""

from __future__ import annotations

from collections.abc import Sequence

from consent_service.families.model import Relationship
from consent_service.foundation.errors import NotFoundError, Problem
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import RecordId
from consent_service.information.model import InformationType
from consent_service.policy.decision import Refusal
from consent_service.policy.explain import sentence
from consent_service.records.model import ShareRefused, WrittenRecord
from consent_service.release.model import Refused, Released
from consent_service.web.components import Option, RefusedPart
from consent_service.web.opened import released_part
from consent_service.web.sharing import attestations, share_fields, share_form
from consent_service.web.shelter.room import Room, once
from consent_service.web.shelter.views import (
    RetractPage,
    SharedBySchoolPage,
    SharePage,
    WrittenLine,
    WrittenPage,
)

SHARING = "share"
"""What the token of the share form is for."""
_WAITS = N_("Wacht op goedkeuring van een tweede persoon")
_EXPIRED = N_("Verlopen: de school ziet dit niet meer")
_READY = N_("Staat klaar. Of de school dit ziet, hangt af van wat de ouder goed vindt op dat moment.")


async def share_page(
    room: Room,
    at: Relationship,
    kind: InformationType,
    problems: Sequence[Problem] = (),
    attested: frozenset[str] = frozenset(),
    *,
    refused: RefusedPart | None = None,
) -> SharePage:
    """The form of one type, with everything that was entered before."""
    services, language = room.visit.services, room.visit.language
    text = services.texts.of_type(language, kind.key)
    fields = share_fields(kind, text)
    school = await services.organisations.school(room.actor.tenant, at.school)
    return SharePage(
        action=room.at("scholen", at.relationship, "delen", kind.key),
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        other_party=school.name,
        type_key=kind.key,
        label=text.label,
        step_token=await once(room.visit, SHARING),
        fields=fields,
        explanation=text.never,
        attestations=attestations(problems, attested=attested, language=language),
        about=_about(room) if kind.decided_by == "own_guardian" else (),
        blocked=None if refused else await _blocked(room, at, kind),
        refused=refused,
        form=share_form(room.visit.posted, problems, fields, language=language),
    )


async def refused_part(room: Room, refused: ShareRefused) -> RefusedPart:
    """Which type, why, and in words what to do (S17)."""
    services, language = room.visit.services, room.visit.language
    async with services.installation.database.reading() as conn:
        rules = await services.policies.active_rules(conn, room.actor.tenant)
    refusal = Refusal(refused.information_type, refused.code)
    return RefusedPart(
        label=services.texts.of_type(language, refused.information_type).label,
        sentence=sentence(rules.bundle, refusal, audience="counsellor", language=language),
        code=refused.code,
    )


async def written_page(room: Room, at: Relationship) -> WrittenPage:
    """What this shelter wrote about one child, without the content."""
    services = room.visit.services
    found = await services.records.written(room.actor, at.relationship)
    async with services.installation.database.reading() as conn:
        members = await services.organisations.staff_members(
            conn, room.actor.tenant, [one.author for one in found]
        )
    names = {member.staff: member.name for member in members}
    texts = services.texts.of(room.visit.language).types
    return WrittenPage(
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        items=tuple(
            WrittenLine(
                label=texts[one.information_type].label,
                written_at=one.written_at,
                written_by=names.get(one.author, ""),
                state=_state(room, one),
                retract_href=retract_address(room, at, one.record),
            )
            for one in found
        ),
    )


def retract_address(room: Room, at: Relationship, record: RecordId) -> str:
    """Where one item that this shelter wrote is taken back."""
    return room.at("scholen", at.relationship, "gedeeld", record, "terughalen")


async def retract_page(room: Room, at: Relationship, record: str) -> RetractPage:
    """What is about to be taken back.

    Raises:
        NotFoundError: this shelter wrote no such item here, or took it back before.
    """
    services = room.visit.services
    written = await services.records.written(room.actor, at.relationship)
    found = next((one for one in written if one.record == record), None)
    if found is None:
        raise NotFoundError("record")
    school = await services.organisations.school(room.actor.tenant, at.school)
    return RetractPage(
        action=retract_address(room, at, found.record),
        back_href=room.at("scholen", at.relationship, "gedeeld"),
        child=room.child(at.child).identity.full_name,
        school=school.name,
        label=services.texts.of_type(room.visit.language, found.information_type).label,
        written_at=found.written_at,
        wrong_action=room.at("scholen", at.relationship, "gedeeld", found.record, "verkeerd"),
    )


async def shared_by_school_page(
    room: Room, at: Relationship, outcome: Released | Refused | None = None
) -> SharedBySchoolPage:
    """What the school shared, when it was asked for with a purpose."""
    services = room.visit.services
    school = await services.organisations.school(room.actor.tenant, at.school)
    released = None
    if outcome is not None:
        released = released_part(
            outcome,
            catalogue=services.policies.proposal.catalogue,
            texts=services.texts.of(room.visit.language),
            at=services.installation.clock.now(),
            written_by=school.name,
        )
    return SharedBySchoolPage(
        action=room.at("scholen", at.relationship, "gekregen"),
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        school=school.name,
        purposes=purposes_of_school(room),
        released=released,
    )


def purposes_of_school(room: Room) -> tuple[str, ...]:
    """For what a shelter can look at what a school shared."""
    kinds = room.visit.services.policies.proposal.catalogue.types.values()
    return tuple(dict.fromkeys(p for kind in kinds if "c2s" in kind.directions for p in kind.purposes))


async def _blocked(room: Room, at: Relationship, kind: InformationType) -> RefusedPart | None:
    """Why the school would not get this now; nothing when it would, or when nobody there could read it."""
    services, language = room.visit.services, room.visit.language
    for line in await services.release.preview(room.actor, at.relationship, language=language):
        if line.information_type == kind.key and not line.shared:
            label = services.texts.of_type(language, kind.key).label
            return RefusedPart(label, line.explanation)
    return None


def _about(room: Room) -> tuple[Option, ...]:
    return tuple(Option(one.guardian, one.identity.full_name) for one in room.family.guardians)


def _state(room: Room, written: WrittenRecord) -> str:
    said = translator(room.visit.language)
    services = room.visit.services
    kind = services.policies.proposal.catalogue.types[written.information_type]
    if written.expires_at is not None and written.expires_at <= services.installation.clock.now():
        return said.text(_EXPIRED)
    if kind.second_approver and written.approved_by is None:
        return said.text(_WAITS)
    return said.text(_READY)
