"""The family page, put together from what the services know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from consent_service.consent.model import Standing
from consent_service.consent.service import Key
from consent_service.families.listing import is_listed
from consent_service.families.model import (
    Authority,
    Child,
    Contact,
    Guardian,
    Relationship,
    authority_on,
)
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import PersonId, StaffId, TypeKey
from consent_service.information.model import InformationType
from consent_service.organisations.model import School, StaffMember, is_valid_on
from consent_service.release.model import TypePreview
from consent_service.web.components import Option
from consent_service.web.shelter.answers import answer_of, combined_answer
from consent_service.web.shelter.answers_showing import to_confirm_lines
from consent_service.web.shelter.home_showing import task_lines
from consent_service.web.shelter.room import Room, shelter_address
from consent_service.web.shelter.views import (
    AnswerState,
    FamilyPage,
    GivenAnswers,
    GuardianSaid,
    PersonLine,
    RelationshipCard,
)
from consent_service.web.vocabulary import Safety

Standings = Mapping[Key, Mapping[PersonId, Standing]]
_SAFETY_FIRST = N_("Bespreek eerst de veiligheid.")
_SCHOOL_FIRST = N_("Kies eerst een school.")


async def family_page(room: Room) -> FamilyPage:
    """Everything of one family that its counsellor needs."""
    family, services = room.family, room.visit.services
    tasks = [one for one in await services.tasks.open_tasks(room.actor) if one.family == family.family]
    async with services.installation.database.reading() as conn:
        standing_in = await services.organisations.stands_in_for(conn, room.actor)
    blocked = _hand_over_blocked(room)
    return FamilyPage(
        back_href=shelter_address(room.actor.tenant),
        safety=family.safety.level,
        safety_href=room.at("veiligheid"),
        secret_address=family.safety.level != "not_assessed" and family.safety.secret_address,
        review_on=family.safety.review_on,
        guardians=tuple(_person_line(room, one) for one in family.guardians),
        relationships=await _cards(room),
        tasks=task_lines(room.visit, tasks, room.actor),
        add_child_href=room.at("kind"),
        add_guardian_href=room.at("ouder"),
        stops_href=room.at("stoppen"),
        answers_href=room.at("antwoorden") if active_relationships(room) else "",
        to_confirm=await to_confirm_lines(room),
        receipts_href=room.at("bewijzen"),
        access_href=room.at("toegang"),
        meetings_href=room.at("gesprekken"),
        meldcode_href=room.at("meldcode"),
        requests_href=room.at("verzoeken"),
        own_data_href=room.at("eigen-gegevens"),
        hand_over_href="" if blocked else room.at("tablet"),
        hand_over_blocked=blocked,
        substitute=family.family in standing_in,
        authority_href=room.at("gezag"),
        leave_out_href="" if family.safety.level == "no_known_danger" else room.at("niet-benaderen"),
        end_href="" if family.ended_at else room.at("einde"),
    )


def born(child: Child) -> date:
    """A child's birth date, which registering asks for.

    Raises:
        NotFoundError: there is none: an erased child.
    """
    if child.identity.birth_date is None:
        raise NotFoundError("child")
    return child.identity.birth_date


def active_relationships(room: Room) -> tuple[Relationship, ...]:
    """Where the children go to school now; of one that was erased nothing can be shown or stopped."""
    now = room.visit.services.installation.clock.now()
    known = {one.child for one in room.family.children}
    return tuple(one for one in room.family.relationships if one.is_active(now) and one.child in known)


async def standing_answers(room: Room) -> Standings:
    """Where everybody stands, of the relationships of this family (which `enter` has let in)."""
    services = room.visit.services
    wanted = [one.relationship for one in active_relationships(room)]
    async with services.installation.database.reading() as conn:
        return await services.consent.standing_answers(conn, room.actor.tenant, wanted)


def listed_contacts(room: Room, relationship: Relationship) -> tuple[Contact, ...]:
    """The listings of a relationship that stand now, reading or not."""
    now = room.visit.services.installation.clock.now()
    found = room.family.contacts.get(relationship.relationship, ())
    return tuple(contact for contact in found if is_listed(contact, now))


async def contacts_of(room: Room, relationship: Relationship) -> tuple[StaffMember, ...]:
    """Who is on the contact list of a relationship now."""
    services = room.visit.services
    listed: Sequence[StaffId] = [contact.staff for contact in listed_contacts(room, relationship)]
    async with services.installation.database.reading() as conn:
        members = await services.organisations.staff_members(conn, room.actor.tenant, listed)
    return tuple(member for member in members if member.ended_at is None)


async def stoppable(room: Room) -> tuple[GivenAnswers, ...]:
    """What somebody said yes to, per child and school: that is what can be stopped one by one."""
    services = room.visit.services
    texts = services.texts.of(room.visit.language).types
    answers = await standing_answers(room)
    found = []
    for one in active_relationships(room):
        school = await services.organisations.school(room.actor.tenant, one.school)
        options = tuple(
            Option(f"{relationship}.{kind}", texts[kind].label)
            for (relationship, kind), people in answers.items()
            if relationship == one.relationship and any(s.answer == "yes" for s in people.values())
        )
        if options:
            child = room.child(one.child).identity.full_name
            found.append(GivenAnswers(child, school.name, options))
    return tuple(found)


async def _cards(room: Room) -> tuple[RelationshipCard, ...]:
    answers = await standing_answers(room)
    active = active_relationships(room)
    cards = []
    for child in room.family.children:
        own = [one for one in active if one.child == child.child]
        cards += [await _card(room, child, one, answers) for one in own]
        if not own:
            cards.append(_card_without_school(room, child))
    return tuple(cards)


def _card_without_school(room: Room, child: Child) -> RelationshipCard:
    return RelationshipCard(
        child=child.identity.full_name,
        birth_date=born(child),
        choose_school_href=room.at("kinderen", child.child, "school"),
        change_href=room.at("personen", child.child),
        voice_href=room.at("kinderen", child.child, "stem"),
        timeline_href=room.at("kinderen", child.child, "tijdlijn"),
    )


async def _card(room: Room, child: Child, at: Relationship, answers: Standings) -> RelationshipCard:
    services, tenant = room.visit.services, room.actor.tenant
    school = await services.organisations.school(tenant, at.school)
    members = await contacts_of(room, at)
    seen = await services.release.preview(room.actor, at.relationship, language=room.visit.language)
    preview = {line.information_type: line for line in seen}
    states = _answer_states(room, at, answers, preview)
    return RelationshipCard(
        child=child.identity.full_name,
        birth_date=born(child),
        choose_school_href=room.at("kinderen", child.child, "school"),
        school=school.name,
        contacts=tuple(member.name for member in members),
        agreement=await has_agreement(room, school),
        answers=states,
        share_links=_share_links(room, at, preview),
        shared_by_school_href=room.at("scholen", at.relationship, "gekregen"),
        written_href=room.at("scholen", at.relationship, "gedeeld"),
        contacts_href=room.at("scholen", at.relationship, "contacten"),
        end_href=room.at("scholen", at.relationship, "einde"),
        letters_href=room.at("scholen", at.relationship, "brieven"),
        plan_href=room.at("scholen", at.relationship, "afronden"),
        copied_href=room.at("scholen", at.relationship, "overgenomen"),
        first_contact_href=room.at("scholen", at.relationship, "eerste-contact"),
        call_card_href=room.at("scholen", at.relationship, "belkaart"),
        tell_itself_href=room.at("scholen", at.relationship, "zelf-vertellen"),
        signal_href=room.at("scholen", at.relationship, "signaal"),
        emergency_href=room.at("scholen", at.relationship, "noodgeval"),
        succession_href=room.at("scholen", at.relationship, "opvolger")
        if await successions_of(room, at)
        else "",
        next_questions=sum(state.answer in ("none", "later") for state in states),
        change_href=room.at("personen", child.child),
        voice_href=room.at("kinderen", child.child, "stem"),
        timeline_href=room.at("kinderen", child.child, "tijdlijn"),
    )


async def successions_of(room: Room, at: Relationship) -> tuple[Option, ...]:
    """As which schools the school of this relationship goes on, by a decision that was seen."""
    services, tenant = room.visit.services, room.actor.tenant
    async with services.installation.database.reading() as conn:
        known = await services.organisations.successions_of(conn, tenant, at.school)
    names = {one.school: f"{one.name}, {one.town}" for one in await services.organisations.schools(tenant)}
    return tuple(Option(one.succession, names[one.successor]) for one in known)


async def has_agreement(room: Room, school: School) -> bool:
    """Whether an agreement with the school is in force today."""
    services = room.visit.services
    now = services.installation.clock.now()
    async with services.installation.database.reading() as conn:
        known = await services.organisations.agreements_with(conn, room.actor.tenant, school.school)
    return any(is_valid_on(agreement, local_date(now), now) for agreement in known)


def _answer_states(
    room: Room, at: Relationship, answers: Standings, preview: Mapping[TypeKey, TypePreview]
) -> tuple[AnswerState, ...]:
    """The types of the first conversation, and every other type that somebody answered."""
    catalogue = room.visit.services.policies.proposal.catalogue
    asked = {kind.key for kind in catalogue.asked_first()}
    asked |= {kind for relationship, kind in answers if relationship == at.relationship}
    return tuple(
        _answer_state(room, at, kind, answers.get((at.relationship, kind.key), {}), preview.get(kind.key))
        for kind in catalogue.types.values()
        if kind.key in asked
    )


def _answer_state(
    room: Room,
    at: Relationship,
    kind: InformationType,
    people: Mapping[PersonId, Standing],
    seen: TypePreview | None,
) -> AnswerState:
    today = local_date(room.visit.services.installation.clock.now())
    everyone = [one.guardian for one in room.family.guardians]
    authority = authority_on(today, everyone, [f for f in room.family.authority if f.child == at.child])
    answer, until = combined_answer(people, authority, all_must=kind.decided_by == "all_holders")
    said = _said(room.family.guardians, people, authority)
    hindered = seen is not None and not seen.shared and answer in ("yes", "partly")
    return AnswerState(
        type_key=kind.key,
        label=room.visit.services.texts.of_type(room.visit.language, kind.key).label,
        answer=answer,
        until=until,
        explanation=seen.sentence if seen is not None and hindered else "",
        said=said,
        why=seen.explanation if seen is not None else "",
    )


def _said(
    guardians: Sequence[Guardian], people: Mapping[PersonId, Standing], authority: Authority
) -> tuple[GuardianSaid, ...]:
    """Who said what, once one answer for all would hide that: no and later are never hidden."""
    if not any(answer_of(one) != "none" for one in people.values()):
        return ()
    if len(guardians) < 2 and not authority.without:
        return ()
    return tuple(
        GuardianSaid(
            name=one.identity.full_name,
            answer=answer_of(people.get(one.guardian)),
            counts=one.guardian in authority.deciders,
        )
        for one in guardians
    )


def _share_links(room: Room, at: Relationship, preview: Mapping[TypeKey, TypePreview]) -> tuple[Option, ...]:
    """Every type that can go to a school, what may be shared now first; the rest says why not (S17, S19)."""
    services = room.visit.services
    kinds = [k for k in services.policies.proposal.catalogue.types.values() if "s2c" in k.directions]
    open_now = {key for key, line in preview.items() if line.shared}
    return tuple(
        Option(
            value=room.at("scholen", at.relationship, "delen", kind.key),
            label=services.texts.of_type(room.visit.language, kind.key).label,
            hint="" if kind.key in open_now or kind.key not in preview else preview[kind.key].sentence,
        )
        for kind in sorted(kinds, key=lambda kind: kind.key not in open_now)
    )


def _person_line(room: Room, guardian: Guardian) -> PersonLine:
    """The newest fact about this guardian; nothing recorded is "not known yet"."""
    own = [fact for fact in room.family.authority if fact.guardian == guardian.guardian]
    newest = max(own, key=lambda fact: fact.recorded_at, default=None)
    return PersonLine(
        name=guardian.identity.full_name,
        capacity="unknown" if newest is None else newest.kind,
        source="" if newest is None else newest.source,
        contact_safe=bool(guardian.identity.phone or guardian.identity.email),
        seen_on=None if newest is None else local_date(newest.recorded_at),
        evidence_on=None if newest is None else newest.seen_on,
        change_href=room.at("personen", guardian.guardian),
        body=guardian.body,
        safety=_own_safety(room, guardian),
        safety_href="" if guardian.body else room.at("veiligheid", guardian.guardian),
        left_out=_left_out(room, guardian),
    )


def _own_safety(room: Room, guardian: Guardian) -> Safety | None:
    own = [one.level for one in room.family.assessments if one.guardian == guardian.guardian]
    return own[-1] if own else None


def _left_out(room: Room, guardian: Guardian) -> str:
    """Whether not contacting this person waits for a colleague or is in force."""
    today = local_date(room.visit.services.installation.clock.now())
    for one in room.family.markers:
        if one.guardian == guardian.guardian and one.is_open(today):
            return "in_force" if one.approved else "waiting"
    return ""


def _hand_over_blocked(room: Room) -> str:
    said = translator(room.visit.language)
    if room.family.safety.level == "not_assessed":
        return said.text(_SAFETY_FIRST)
    return "" if active_relationships(room) else said.text(_SCHOOL_FIRST)
