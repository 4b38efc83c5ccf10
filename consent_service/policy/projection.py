"""What is known of one child at one school, projected into the facts of a question. Pure and dumb.

Counts answers, resolves dates to yes or no at `now`, and leaves all judging to Cedar. Reading the rows
is `release` (one joined read) and `records` (inside its own transaction).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from consent_service.consent.model import CLOCKS_DIFFER, Decision, Standing, fold
from consent_service.families.attesting import NO_TERMS, SchoolTerms
from consent_service.families.listing import reading_contacts
from consent_service.families.model import (
    Ages,
    Authority,
    AuthorityFact,
    ChildVoice,
    Competence,
    Contact,
    Relationship,
    SafetyAssessment,
    SafetyMarker,
    authority_on,
    birthday_on,
    is_competent,
    markers_in_force,
    voice_on,
)
from consent_service.families.restrictions import Restricted, is_restricted
from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.ids import PersonId, RelationshipId, StaffId, TypeKey
from consent_service.information.model import Catalogue, Direction, InformationType, Purpose, Terms
from consent_service.organisations.model import Agreement, is_valid_on
from consent_service.policy.emergencies import Emergency
from consent_service.policy.facts import (
    Action,
    Basis,
    ChildAnswer,
    Gate,
    Lapse,
    Question,
    Reader,
    RelationshipFacts,
    TypeFacts,
)

Asked = tuple[TypeKey, Direction]
EmergencyParts = Literal["also", "only", "never"]
"""Whether the emergency part of a type is asked beside the whole, instead of it, or not at all."""


class Assigned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A counsellor with the family, until when."""

    staff: StaffId
    starts_at: datetime
    ends_at: datetime | None


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that bears on sharing about one child at one school, as read at one moment.

    `objections` are those of the child's relationships at any school: moving school does not lift an
    objection. `contacts` leaves out staff that left. `approved` types have only approved records;
    `owners` says which guardian each `own_guardian` type's records are about. `emergency` is the one
    break-glass that a second person agreed to and nobody ended; with two at once there is none.
    `restricted`: what may be kept about this child at this school and used for nothing now (AVG 18).
    """

    relationship: Relationship
    birth_date: date
    guardians: tuple[PersonId, ...]
    authority: tuple[AuthorityFact, ...]
    safety: SafetyAssessment
    agreements: tuple[Agreement, ...]
    contacts: tuple[Contact, ...]
    assigned: tuple[Assigned, ...]
    decisions: tuple[Decision, ...]
    objections: tuple[Decision, ...] = ()
    approved: frozenset[TypeKey] = frozenset()
    owners: Mapping[TypeKey, frozenset[PersonId]] = {}
    markers: tuple[SafetyMarker, ...] = ()
    protected: frozenset[PersonId] = frozenset()
    competence: tuple[Competence, ...] = ()
    restricted: tuple[Restricted, ...] = ()
    emergency: Emergency | None = None

    def voice(self, terms: Terms, day: date) -> ChildVoice:
        """What the child's answer is on this day."""
        return voice_on(
            self.birth_date,
            day,
            Ages(terms.together_from, terms.alone_from),
            competent=is_competent(self.competence),
        )

    def voice_since(self, terms: Terms, day: date) -> datetime | None:
        """The birthday (local midnight) that gave the child its say; None while it is only heard."""
        voice = self.voice(terms, day)
        if voice == "heard":
            return None
        age = terms.together_from if voice == "together" else terms.alone_from
        return local_midnight(birthday_on(self.birth_date, age))


def question_for(
    known: Known,
    catalogue: Catalogue,
    *,
    action: Action,
    reader: Reader,
    purpose: Purpose,
    asked: Iterable[Asked],
    now: datetime,
    emergency: EmergencyParts = "also",
    basis: Basis = "consent",
) -> Question:
    """The question whether this reader may do this with the asked types, now."""
    return Question(
        action=action,
        reader=reader,
        purpose=purpose,
        basis=basis,
        relationship=_relationship_facts(known, reader, school_terms(catalogue.terms), now),
        types=tuple(
            facts
            for asking in asked
            for facts in _facts_of(known, catalogue, asking, emergency=emergency, now=now)
        ),
    )


def owners_with_yes(known: Known, kind: InformationType, now: datetime) -> frozenset[PersonId]:
    """The guardians a record of this type is about who say yes themselves and do not object."""
    standings = standings_on(known, kind, now)
    objecting = _objecting(known, kind, now)
    owners = known.owners.get(kind.key, frozenset())
    return frozenset(p for p in owners if _is_yes(standings.get(p)) and p not in objecting)


def next_change(known: Known, now: datetime) -> datetime:
    """The first moment after `now` at which time alone could change a decision.

    Whatever is a date changes at local midnight, so the next midnight bounds them all, also the day on which
    a contact lapses, comes back or works; listings, assignments, agreements and answers may begin or end at
    an instant before it.
    """
    about = known.relationship
    midnight = local_midnight(local_date(now) + timedelta(days=1))
    instants: list[datetime | None] = [midnight, about.started_at, about.ended_at]
    instants += [about.ends_at, about.aftercare_from]
    instants += [end for contact in known.contacts for end in (contact.starts_at, contact.ends_at)]
    instants += [end for one in known.assigned for end in (one.starts_at, one.ends_at)]
    instants += [agreement.ended_at for agreement in known.agreements]
    if known.emergency is not None:
        instants += [known.emergency.starts_at, known.emergency.until]
    for row in (*known.decisions, *known.objections):
        instants += [row.valid_until, max(row.decided_at, row.recorded_at) - CLOCKS_DIFFER]
    return min(moment for moment in instants if moment is not None and moment > now)


def school_terms(terms: Terms) -> SchoolTerms:
    """When a school term begins, by these rules; never, by rules of before that was asked."""
    if terms.term_starts is msgspec.UNSET or terms.attest_grace_days is msgspec.UNSET:
        return NO_TERMS
    return SchoolTerms(terms.term_starts, terms.attest_grace_days)


def active_contacts(known: Known, terms: Terms, now: datetime) -> frozenset[StaffId]:
    """Who of the contact list may read now (`families.listing`)."""
    return reading_contacts(known.contacts, school_terms(terms), now)


def assigned_counsellors(known: Known, now: datetime) -> frozenset[StaffId]:
    """Who is with the family now."""
    return frozenset(
        one.staff
        for one in known.assigned
        if one.starts_at <= now and (one.ends_at is None or now < one.ends_at)
    )


def is_agreement_valid(known: Known, now: datetime) -> bool:
    """Whether any agreement with the school is valid now."""
    return any(is_valid_on(agreement, local_date(now), now) for agreement in known.agreements)


def _relationship_facts(known: Known, reader: Reader, terms: SchoolTerms, now: datetime) -> RelationshipFacts:
    about = known.relationship
    return RelationshipFacts(
        tenant=about.tenant,
        relationship=about.relationship,
        active=about.is_active(now),
        agreement_valid=is_agreement_valid(known, now),
        active_contact=reader.kind == "school" and reader.id in reading_contacts(known.contacts, terms, now),
        assigned=reader.kind == "shelter"
        and any(
            one.staff == reader.id and one.starts_at <= now and (one.ends_at is None or now < one.ends_at)
            for one in known.assigned
        ),
        safety=known.safety.level,
        secret_address=known.safety.secret_address,
        break_glass_persons=len(known.emergency.persons) if known.emergency is not None else 0,
        break_glass_running=known.emergency is not None and known.emergency.is_running(now),
    )


def standings_on(known: Known, kind: InformationType, now: datetime) -> dict[PersonId, Standing]:
    """Where everybody stands on one type of this relationship."""
    rows = [row for row in known.decisions if row.information_type == kind.key]
    return fold(rows, now=now, text=kind.text_id)


def _facts_of(
    known: Known, catalogue: Catalogue, asked: Asked, *, emergency: EmergencyParts, now: datetime
) -> tuple[TypeFacts, ...]:
    """The facts of the whole type, of its emergency part, or of both."""
    kind = catalogue.types[asked[0]]
    whole = _closed(known, catalogue, _type_facts(known, catalogue, asked, now), now)
    if emergency == "never" or not kind.has_emergency_part:
        return (whole,)
    earlier = len(_earlier(known, catalogue.terms, _yeses(known, kind, now), now))
    part = msgspec.structs.replace(whole, emergency=True, earlier_yes=earlier)
    part = _closed(known, catalogue, part, now)
    return (part,) if emergency == "only" else (whole, part)


def _closed(known: Known, catalogue: Catalogue, facts: TypeFacts, now: datetime) -> TypeFacts:
    """Without any yes, where the end of guidance or a restriction leaves none."""
    lapse = _lapse_of_all(known, catalogue, facts, now)
    if lapse is None:
        return facts
    none: ChildAnswer = "none" if facts.child_answer == "yes" else facts.child_answer
    return msgspec.structs.replace(facts, yes=0, earlier_yes=0, own_yes=False, child_answer=none, lapse=lapse)


def _lapse_of_all(known: Known, catalogue: Catalogue, facts: TypeFacts, now: datetime) -> Lapse | None:
    """Why every yes to this counts for nothing now, whoever gave it; None when it does not.

    A restriction stops all of it, also what would have gone on in aftercare (AVG 18(2)). A yes was given for
    the time of that guidance: in aftercare only what the rules name goes on. Nothing about moving or a new
    school is told while another holder of authority was not heard about it (S39).
    """
    about, named = known.relationship, catalogue.terms.aftercare_types
    going_on = () if named is msgspec.UNSET else named
    if is_restricted(known.restricted, facts.key):
        return "restricted"
    if about.transition_held and "transition" in catalogue.types[facts.key].purposes:
        return "suspended"
    if about.aftercare_from and about.aftercare_from <= now and facts.key not in going_on:
        return "expired"
    return None


def _type_facts(known: Known, catalogue: Catalogue, asked: Asked, now: datetime) -> TypeFacts:
    key, direction = asked
    kind = catalogue.types[key]
    day = local_date(now)
    authority = authority_on(day, known.guardians, known.authority)
    voice = known.voice(catalogue.terms, day)
    since = known.voice_since(catalogue.terms, day)
    standings = standings_on(known, kind, now)
    saying_yes = _yeses(known, kind, now)
    objecting = _objecting(known, kind, now)
    return TypeFacts(
        key=key,
        level=kind.level,
        direction=direction,
        holders=len(authority.deciders),
        excused=len(_excused(known, authority, standings, objecting, day)),
        authority_known=authority.known,
        yes=len(saying_yes),
        earlier_yes=len(_going_on(known, catalogue.terms, kind, saying_yes, now=now)),
        objecting=len(objecting & set(authority.deciders)),
        own_yes=bool(owners_with_yes(known, kind, now)),
        child_answer=_child_answer(standings.get(known.relationship.child), since),
        voice=voice,
        lapse=_lapse(standings, _voices(known, kind, authority, voice), known.relationship.child, since),
        gate=_gate(known, catalogue, authority, now),
        second_approved=key in known.approved,
    )


def _voices(
    known: Known, kind: InformationType, authority: Authority, voice: ChildVoice
) -> tuple[PersonId, ...]:
    """Whose yes counts at this age."""
    if kind.decided_by == "own_guardian":
        return tuple(sorted(known.owners.get(kind.key, frozenset())))
    return (known.relationship.child,) if voice == "alone" else authority.deciders


def _yeses(known: Known, kind: InformationType, now: datetime) -> list[Standing]:
    """The yeses in force of who has authority."""
    standings = standings_on(known, kind, now)
    authority = authority_on(local_date(now), known.guardians, known.authority)
    return [standings[p] for p in authority.deciders if _is_yes(standings.get(p))]


def _earlier(known: Known, terms: Terms, yeses: Iterable[Standing], now: datetime) -> list[Standing]:
    """Those from before the birthday that gave the child the say it has now."""
    since = known.voice_since(terms, local_date(now))
    return [one for one in yeses if _was_before(one, since)]


def _going_on(
    known: Known, terms: Terms, kind: InformationType, yeses: Iterable[Standing], *, now: datetime
) -> list[Standing]:
    """Those on which sharing went on until that birthday; a birthday alone never starts anything.

    Before it decided alone the child decided along: either it agreed then, or nobody had asked it since
    the birthday before.
    """
    earlier = _earlier(known, terms, yeses, now)
    if known.voice(terms, local_date(now)) != "alone":
        return earlier
    along = local_midnight(birthday_on(known.birth_date, terms.together_from))
    agreed = standings_on(known, kind, now).get(known.relationship.child)
    if agreed is not None and agreed.is_yes and not _was_before(agreed, along):
        return earlier
    return [one for one in earlier if _was_before(one, along)]


def _lapse(
    standings: Mapping[PersonId, Standing],
    voices: Iterable[PersonId],
    child: PersonId,
    since: datetime | None,
) -> Lapse:
    """Why there was a yes and none counts; the gravest reason first.

    An opinion never counted, and what a child said before the birthday that gave it its say no longer does.
    """
    said = [
        standings[person]
        for person in voices
        if person in standings and not standings[person].opinion
        if not (person == child and _was_before(standings[person], since))
    ]
    if any(one.is_yes for one in said):
        return "none"
    if any(one.answer == "suspended" for one in said):
        return "suspended"
    if any(one.answer == "yes" and one.outdated for one in said):
        return "outdated"
    return "expired" if any(one.answer == "yes" and one.expired for one in said) else "none"


def _excused(
    known: Known,
    authority: Authority,
    standings: Mapping[PersonId, Standing],
    objecting: set[PersonId],
    day: date,
) -> set[PersonId]:
    """Deciders who are not contacted under a marker in force; who has answered is not left out."""
    marked = {one.guardian for one in markers_in_force(known.markers, known.safety.level, day)}
    silent = {p for p in marked if p not in standings or standings[p].answer == "none"}
    return (silent & set(authority.deciders)) - objecting


def _child_answer(said: Standing | None, since: datetime | None) -> ChildAnswer:
    """A no counts at any age; a yes only as a decision, and from the birthday that made it one (S8, S9)."""
    if said is None:
        return "none"
    if said.answer == "no":
        return "no"
    if not said.is_yes or since is None or said.decided_at is None:
        return "none"
    return "yes" if said.decided_at >= since else "none"


def _was_before(said: Standing, since: datetime | None) -> bool:
    return since is not None and said.decided_at is not None and said.decided_at < since


def _is_yes(standing: Standing | None) -> bool:
    return standing is not None and standing.is_yes


def _objecting(known: Known, kind: InformationType, now: datetime) -> set[PersonId]:
    """Persons with an objection to this type that stands at any school of the child."""
    by_school: dict[RelationshipId, list[Decision]] = {}
    for row in (*known.decisions, *known.objections):
        if row.information_type == kind.key:
            by_school.setdefault(row.relationship, []).append(row)
    return {
        person
        for rows in by_school.values()
        for person, standing in fold(rows, now=now, text=kind.text_id).items()
        if standing.objecting
    }


def _gate(known: Known, catalogue: Catalogue, authority: Authority, now: datetime) -> Gate:
    """Whether the gate type itself has a yes in force, no objection and no refusal of the child.

    `meanwhile`: it was open before the birthday that gave the child a say, and the child has not answered.
    """
    gate, day = catalogue.gate, local_date(now)
    if is_restricted(known.restricted, gate.key):
        return "closed"
    voice, since = known.voice(catalogue.terms, day), known.voice_since(catalogue.terms, day)
    standings = standings_on(known, gate, now)
    child = _child_answer(standings.get(known.relationship.child), since)
    saying_yes = _yeses(known, gate, now)
    objected = bool(_objecting(known, gate, now) & set(authority.deciders))
    if child == "no" or (objected and voice != "alone"):
        return "closed"
    if voice == "alone" and child == "yes":
        return "open"
    if voice != "alone" and saying_yes and (voice == "heard" or child == "yes"):
        return "open"
    going_on = _going_on(known, catalogue.terms, gate, saying_yes, now=now)
    return "meanwhile" if child == "none" and not objected and going_on else "closed"
