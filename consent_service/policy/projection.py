"""What is known of one child at one school, projected into the facts of a question. Pure and dumb.

Counts answers, resolves dates to yes or no at `now`, and leaves all judging to Cedar. Reading the rows
is `release` (one joined read) and `records` (inside its own transaction).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

import msgspec

from consent_service.consent.model import Decision, Standing, fold
from consent_service.families.model import (
    AgeBand,
    Authority,
    AuthorityFact,
    Contact,
    Relationship,
    SafetyAssessment,
    age_band_on,
    authority_on,
)
from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.ids import PersonId, RelationshipId, StaffId, TypeKey
from consent_service.information.model import Catalogue, Direction, InformationType, Purpose
from consent_service.organisations.model import Agreement, is_valid_on
from consent_service.policy.facts import (
    Action,
    Question,
    Reader,
    RelationshipFacts,
    TypeFacts,
)

Asked = tuple[TypeKey, Direction]


class Assigned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A counsellor with the family, until when."""

    staff: StaffId
    starts_at: datetime
    ends_at: datetime | None


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that bears on sharing about one child at one school, as read at one moment.

    `objections` are those of the child's relationships at any school: moving school does not lift an
    objection. `contacts` leaves out staff that left. `approved` types have only approved records;
    `owners` says which guardian each `own_guardian` type's records are about.
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


def question_for(
    known: Known,
    catalogue: Catalogue,
    *,
    action: Action,
    reader: Reader,
    purpose: Purpose,
    asked: Iterable[Asked],
    now: datetime,
) -> Question:
    """The question whether this reader may do this with the asked types, now."""
    return Question(
        action=action,
        reader=reader,
        purpose=purpose,
        basis="consent",
        relationship=_relationship_facts(known, reader, now),
        types=tuple(_type_facts(known, catalogue, asking, now) for asking in asked),
    )


def owners_with_yes(known: Known, key: TypeKey, now: datetime) -> frozenset[PersonId]:
    """The guardians a record of this type is about who say yes themselves and do not object."""
    standings = _standings(known, key, now)
    objecting = _objecting(known, key, now)
    owners = known.owners.get(key, frozenset())
    return frozenset(p for p in owners if _is_yes(standings.get(p)) and p not in objecting)


def next_change(known: Known, now: datetime) -> datetime:
    """The first moment after `now` at which time alone could change a decision.

    Whatever is a date changes at local midnight, so the next midnight bounds them all; listings,
    assignments and answers may end at an instant before it.
    """
    midnight = local_midnight(local_date(now) + timedelta(days=1))
    instants: list[datetime | None] = [midnight, known.relationship.ended_at]
    instants += [end for contact in known.contacts for end in (contact.starts_at, contact.ends_at)]
    instants += [end for one in known.assigned for end in (one.starts_at, one.ends_at)]
    instants += [decision.valid_until for decision in known.decisions]
    return min(moment for moment in instants if moment is not None and moment > now)


def active_contacts(known: Known, now: datetime) -> frozenset[StaffId]:
    """Who stands on the contact list now."""
    return frozenset(
        contact.staff
        for contact in known.contacts
        if contact.starts_at <= now and (contact.ends_at is None or now < contact.ends_at)
    )


def is_agreement_valid(known: Known, now: datetime) -> bool:
    """Whether any agreement with the school is valid now."""
    return any(is_valid_on(agreement, local_date(now), now) for agreement in known.agreements)


def _relationship_facts(known: Known, reader: Reader, now: datetime) -> RelationshipFacts:
    about = known.relationship
    return RelationshipFacts(
        tenant=about.tenant,
        relationship=about.relationship,
        active=about.is_active(now),
        agreement_valid=is_agreement_valid(known, now),
        active_contact=reader.kind == "school" and reader.id in active_contacts(known, now),
        assigned=reader.kind == "shelter"
        and any(
            one.staff == reader.id and one.starts_at <= now and (one.ends_at is None or now < one.ends_at)
            for one in known.assigned
        ),
        safety=known.safety.level,
        secret_address=known.safety.secret_address,
    )


def _type_facts(known: Known, catalogue: Catalogue, asked: Asked, now: datetime) -> TypeFacts:
    key, direction = asked
    kind: InformationType = catalogue.types[key]
    day = local_date(now)
    authority = authority_on(day, known.guardians, known.authority)
    age = age_band_on(known.birth_date, day)
    standings = _standings(known, key, now)
    answers = _answers(standings, _voices(known, authority, age))
    child = standings.get(known.relationship.child)
    return TypeFacts(
        key=key,
        level=kind.level,
        direction=direction,
        holders=len(authority.deciders),
        authority_known=authority.known,
        yes=sum(_is_yes(standings.get(person)) for person in authority.deciders),
        objecting=len(_objecting(known, key, now) & set(authority.deciders)),
        own_yes=bool(owners_with_yes(known, key, now)),
        child_answer="none"
        if child is None or child.answer in ("none", "later") or child.expired
        else "yes"
        if child.answer == "yes"
        else "no",
        age=age,
        in_force=not answers or any(not standing.expired for standing in answers),
        gate_yes=_gate_open(known, catalogue, authority, age, now),
        second_approved=key in known.approved,
        suspended=False,
    )


def _standings(known: Known, key: TypeKey, now: datetime) -> dict[PersonId, Standing]:
    rows = [row for row in known.decisions if row.information_type == key]
    return fold(rows, now=now)


def _voices(known: Known, authority: Authority, age: AgeBand) -> tuple[PersonId, ...]:
    """Whose yes counts at this age."""
    return (known.relationship.child,) if age == "16_plus" else authority.deciders


def _answers(standings: Mapping[PersonId, Standing], voices: Iterable[PersonId]) -> list[Standing]:
    return [standings[p] for p in voices if p in standings and standings[p].answer == "yes"]


def _is_yes(standing: Standing | None) -> bool:
    return standing is not None and standing.answer == "yes" and not standing.expired


def _objecting(known: Known, key: TypeKey, now: datetime) -> set[PersonId]:
    """Persons with an objection to this type that stands at any school of the child."""
    by_school: dict[RelationshipId, list[Decision]] = {}
    for row in (*known.decisions, *known.objections):
        if row.information_type == key:
            by_school.setdefault(row.relationship, []).append(row)
    return {
        person
        for rows in by_school.values()
        for person, standing in fold(rows, now=now).items()
        if standing.objecting
    }


def _gate_open(known: Known, catalogue: Catalogue, authority: Authority, age: AgeBand, now: datetime) -> bool:
    """Whether the gate type itself has a yes in force, no objection and no refusal of the child."""
    gate = catalogue.gate.key
    standings = _standings(known, gate, now)
    child = standings.get(known.relationship.child)
    refused = child is not None and child.answer == "no"
    objected = age != "16_plus" and bool(_objecting(known, gate, now) & set(authority.deciders))
    yes = any(_is_yes(standings.get(person)) for person in _voices(known, authority, age))
    agreed = age != "12_to_15" or _is_yes(child)
    return yes and agreed and not refused and not objected
