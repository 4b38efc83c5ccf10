"""The counsellor's pages of the start as views; what may be said comes from `release`, through a card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from consent_service.families.model import Relationship
from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import translator
from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue, Purpose
from consent_service.process.signals.model import TALKING, CallCard, FirstContact
from consent_service.web.components import Option
from consent_service.web.forms import FormState
from consent_service.web.opened import record_part, refused_parts
from consent_service.web.shelter.family_showing import contacts_of
from consent_service.web.shelter.room import Room
from consent_service.web.start.forms import card_purposes
from consent_service.web.start.views import (
    CallCardPage,
    CallLine,
    FirstContactPage,
    ShownCard,
    TalkingPoint,
    TellItselfPage,
)
from consent_service.web.start.words import START_LABELS
from consent_service.web.visit import Visit
from consent_service.web.vocabulary import ROLES


async def first_contact_page(
    room: Room,
    at: Relationship,
    found: FirstContact | None,
    problems: Sequence[Problem] = (),
    *,
    refused: str = "",
) -> FirstContactPage:
    """How far it is; the form only before it was sent."""
    services, tenant = room.visit.services, room.actor.tenant
    school = await services.organisations.school(tenant, at.school)
    members = await contacts_of(room, at)
    standing = await services.identity.invitations.standings(
        room.actor, tenant, tuple(member.staff for member in members)
    )
    return FirstContactPage(
        action=address(room, at, "eerste-contact"),
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        school=school.name,
        state="none" if found is None else found.state,
        contacts=tuple(member.name for member in members),
        contacts_href=address(room, at, "contacten"),
        card_href=address(room, at, "belkaart"),
        itself_href=address(room, at, "zelf-vertellen"),
        may_send=found is None and at.is_active(room.visit.now()),
        sent_at=None if found is None else found.sent_at,
        confirmed_at=None if found is None else found.confirmed_at,
        read_at=None if found is None else found.read_at,
        without_login=bool(members) and not any(one.is_linked for one in standing.values()),
        refused=refused,
        form=form_of(room.visit, problems),
    )


async def call_card_page(
    room: Room,
    at: Relationship,
    problems: Sequence[Problem] = (),
    *,
    shown: ShownCard | None = None,
    noting: bool = False,
) -> CallCardPage:
    """The card, if one was just opened, and the calls so far."""
    services = room.visit.services
    school = await services.organisations.school(room.actor.tenant, at.school)
    calls = await services.starts.calls(room.actor, at.relationship)
    here = address(room, at, "belkaart")
    return CallCardPage(
        action=here,
        noted_action=f"{here}/gebeld",
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        school=school.name,
        school_phone=school.phone,
        contacts=tuple(member.name for member in await contacts_of(room, at)),
        contacts_href=address(room, at, "contacten"),
        purposes=card_purposes(catalogue_of(room.visit)),
        calls=tuple(
            CallLine(one.spoken_to, tuple(label(room.visit, key) for key in one.types), one.called_at)
            for one in calls
        ),
        card=shown,
        noting=noting,
        form=form_of(room.visit, problems),
    )


async def shown_card(room: Room, card: CallCard, purpose: Purpose) -> ShownCard:
    """A card with the words of its types; nothing of it is kept but the keys of those types."""
    visit = room.visit
    shelter = await visit.services.organisations.tenant(room.actor.tenant)
    texts = visit.services.texts.of(visit.language)
    role = translator(visit.language).text(ROLES["counsellor"])
    return ShownCard(
        call=card.call,
        purpose=purpose,
        shown_at=card.shown_at,
        records=tuple(
            record_part(
                one,
                catalogue=catalogue_of(visit),
                texts=texts,
                written_by=role,
                shown_as={"neutral": shelter.neutral_name, "organisation_name": shelter.name},
            )
            for one in card.records
        ),
        refused=refused_parts(card.refused, texts),
        types=options(visit, dict.fromkeys(one.information_type for one in card.records)),
    )


def card_to_note(room: Room, call: str, shown: Sequence[TypeKey]) -> ShownCard:
    """A card of before without anything of what stood on it: what is said is decided anew."""
    return ShownCard(call, "", room.visit.now(), (), (), options(room.visit, shown))


def tell_itself_page(
    room: Room, at: Relationship, problems: Sequence[Problem] = (), *, chosen: Sequence[TypeKey] = ()
) -> TellItselfPage:
    """About what the parent talks with the school, or the points to take along."""
    said = translator(room.visit.language)
    return TellItselfPage(
        action=address(room, at, "zelf-vertellen"),
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        kinds=options(room.visit, catalogue_of(room.visit).types),
        points=tuple(TalkingPoint(key, label(room.visit, key), said.text(TALKING[key])) for key in chosen),
        form=form_of(room.visit, problems),
    )


def form_of(visit: Visit, problems: Sequence[Problem]) -> FormState:
    """The form as it was sent, its fields by the words of the start."""
    said = translator(visit.language)
    labels = {field: said.text(words) for field, words in START_LABELS.items()}

    return FormState.of(visit.posted, problems, language=visit.language, labels=labels)


def options(visit: Visit, kinds: Iterable[TypeKey]) -> tuple[Option, ...]:
    """Types by their labels."""
    return tuple(Option(key, label(visit, key)) for key in kinds)


def label(visit: Visit, key: TypeKey) -> str:
    """The name of a type in the reader's language."""
    return visit.services.texts.of_type(visit.language, key).label


def catalogue_of(visit: Visit) -> Catalogue:
    """The information types."""
    return visit.services.policies.proposal.catalogue


def address(room: Room, at: Relationship, page: str) -> str:
    """A page about this child at this school."""
    return room.at("scholen", at.relationship, page)
