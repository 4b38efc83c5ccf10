"""Which dates about one family are near or have come. Pure: days are days in the Netherlands.

Each rule yields what is due on `today`, however many days nobody looked; its mark says what has been
told, so that nothing is told twice. Reading and telling is `process.calendar`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from consent_service.audit.events import ContactLapsed, ReminderDue
from consent_service.consent.model import Decision, Standing, fold
from consent_service.families.attesting import SchoolTerms, lapses_at, next_term
from consent_service.families.listing import asked_contacts
from consent_service.families.model import (
    Ages,
    AuthorityFact,
    Child,
    ChildVoice,
    Competence,
    Contact,
    Relationship,
    SafetyAssessment,
    SafetyMarker,
    authority_on,
    birthday_on,
    is_competent,
    taking_over,
    voice_on,
)
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, StaffId
from consent_service.information.model import Catalogue, InformationType, Terms
from consent_service.policy.projection import school_terms
from consent_service.process.model import ReminderKind

if TYPE_CHECKING:
    from consent_service.process.recalls_model import Overdue

_LAST_CALL_DAYS: Final = 7
"""So many days before a contact lapses the counsellor hears of it once more."""


class Postponed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A meldcode about a child that is not open to the parents until somebody looks again, on that day."""

    meldcode: str
    child: PersonId
    until: date


class Dated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything about one family that has a date. `since` is the day on which each person was registered.

    Persons whose data was erased stand in none of it.
    """

    family: FamilyId
    relationships: tuple[Relationship, ...]
    children: tuple[Child, ...]
    guardians: tuple[PersonId, ...]
    since: dict[PersonId, date]
    decisions: tuple[Decision, ...]
    authority: tuple[AuthorityFact, ...]
    assessments: tuple[SafetyAssessment, ...]
    markers: tuple[SafetyMarker, ...]
    competence: tuple[Competence, ...] = ()
    contacts: Mapping[RelationshipId, tuple[Contact, ...]] = {}
    postponed: tuple[Postponed, ...] = ()


class Due(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to tell, once. `subject` is whom it is about; `hidden` is for officers only."""

    mark: str
    event: ReminderDue | ContactLapsed
    subject: PersonId | None
    hidden: bool = False


def due(dated: Dated, catalogue: Catalogue, now: datetime) -> tuple[Due, ...]:
    """Everything that may be told about this family at `now`, told before or not."""
    terms, today = catalogue.terms, local_date(now)
    return (
        *_consents(dated, catalogue, now),
        *_birthdays(dated, terms, today),
        *_unknown_authority(dated, terms, today),
        *_ending_authority(dated, terms, today),
        *_safety(dated, terms, today),
        *_contacts(dated, school_terms(terms), now),
        *_postponed(dated, today),
    )


def _postponed(dated: Dated, today: date) -> Iterator[Due]:
    """A walk that stays closed to the parents is looked at again on its day; for officers only (S28)."""
    for one in dated.postponed:
        if one.until <= today:
            event = ReminderDue("meldcode_postponed", one.until, dated.family)
            yield Due(f"meldcode_postponed:{one.meldcode}:{one.until}", event, one.child, hidden=True)


def of_recall(overdue: Overdue, child: PersonId, *, long: bool = False) -> Due:
    """A school that did not answer; for officers and counsellors only, as the recall itself.

    `long`: told once more, to the privacy coordinator, ten working days after it was asked.
    """
    kind: ReminderKind = "recall_long_unanswered" if long else "recall_unanswered"
    event = ReminderDue(
        kind,
        overdue.due_on,
        overdue.family,
        overdue.relationship,
        overdue.information_type,
    )
    return Due(f"{kind}:{overdue.recall}", event, child, hidden=True)


def last_notice(ends_on: date, today: date, days_before: Iterable[int]) -> int | None:
    """Of these many days before, the one whose turn it is: the nearest that has come. None before all."""
    come = [days for days in days_before if ends_on - timedelta(days=days) <= today]
    return min(come, default=None)


def _consents(dated: Dated, catalogue: Catalogue, now: datetime) -> Iterator[Due]:
    """A yes that ends or has ended, of everybody whose yes counts now (S26)."""
    for relationship in _active(dated, now):
        about = [row for row in dated.decisions if row.relationship == relationship.relationship]
        for kind in catalogue.types.values():
            rows = [row for row in about if row.information_type == kind.key]
            said = {row.decision: row for row in rows}
            counting = _counting(dated, relationship, kind, catalogue.terms, local_date(now))
            for standing in fold(rows, now=now, text=kind.text_id).values():
                if standing.decision in said and standing.person in counting:
                    yield from _of_yes(dated, standing, said[standing.decision], catalogue.terms, now)


def _of_yes(dated: Dated, standing: Standing, given: Decision, terms: Terms, now: datetime) -> Iterator[Due]:
    if standing.answer != "yes" or standing.opinion or standing.outdated or standing.valid_until is None:
        return
    ends_on, oral = local_date(standing.valid_until), given.method == "oral"
    near: ReminderKind = "oral_unconfirmed" if oral else "consent_ends"
    ended: ReminderKind = "oral_ended" if oral else "consent_ended"
    days = last_notice(ends_on, local_date(now), (min(terms.reminder_days),) if oral else terms.reminder_days)
    if standing.expired:
        yield _about_yes(dated, given, ended, ends_on, 0)
    elif days is not None and local_date(given.decided_at) < ends_on - timedelta(days=days):
        yield _about_yes(dated, given, near, ends_on, days)


def _about_yes(dated: Dated, given: Decision, kind: ReminderKind, on: date, days: int) -> Due:
    return Due(
        mark=f"{kind}:{given.decision}:{days}",
        event=ReminderDue(
            kind, on, dated.family, given.relationship, given.information_type, person=given.person
        ),
        subject=given.person,
    )


def _birthdays(dated: Dated, terms: Terms, today: date) -> Iterator[Due]:
    """The birthdays that give a child a say, some time before and on the day (S8, S9)."""
    at_school = {relationship.child for relationship in dated.relationships if not relationship.ended_at}
    ages: tuple[tuple[int, ReminderKind], ...] = (
        (terms.together_from, "birthday"),
        (terms.alone_from, "birthday_alone"),
    )
    for child in dated.children:
        if child.identity.birth_date is None or child.child not in at_school:
            continue
        for age, kind in ages:
            day = birthday_on(child.identity.birth_date, age)
            if day <= today and dated.since[child.child] < day:
                yield _about_person(dated, kind, day, child.child, str(day))
            elif day - timedelta(days=terms.birthday_notice_days) <= today < day:
                yield _about_person(dated, "birthday_notice", day, child.child, str(day))


def _unknown_authority(dated: Dated, terms: Terms, today: date) -> Iterator[Due]:
    """A guardian who may have authority and of whom nothing was seen; told again and again (S5)."""
    for guardian in dated.guardians:
        times = (today - dated.since[guardian]).days // terms.authority_reminder_days
        if times >= 1 and _is_unknown(dated, guardian, today):
            on = dated.since[guardian] + timedelta(days=times * terms.authority_reminder_days)
            yield _about_person(dated, "authority_unknown", on, guardian, str(times))


def _ending_authority(dated: Dated, terms: Terms, today: date) -> Iterator[Due]:
    """Authority as it counts today, with an end."""
    latest: dict[tuple[PersonId, PersonId], AuthorityFact] = {}
    for fact in sorted(dated.authority, key=taking_over):
        if fact.valid_from <= today and fact.guardian in dated.guardians:
            latest[fact.child, fact.guardian] = fact
    for fact in latest.values():
        ends_on = fact.valid_until
        if ends_on is None or ends_on <= today:
            continue
        days = last_notice(ends_on, today, terms.reminder_days)
        if days is not None:
            yield _about_person(dated, "authority_ends", ends_on, fact.guardian, f"{ends_on}:{days}")


def _safety(dated: Dated, terms: Terms, today: date) -> Iterator[Due]:
    """Assessments, court orders and markers that must be looked at again; under the officers' tag."""
    newest = {one.guardian: one for one in dated.assessments}
    for guardian, one in newest.items():
        if one.review_on is not None and one.review_on <= today:
            yield _about_safety(dated, "safety_review", one.review_on, guardian, 0)
    until = newest[None].court_order_until if None in newest else None
    if until is not None and today <= until:
        days = last_notice(until, today, terms.reminder_days)
        if days is not None:
            yield _about_safety(dated, "court_order_ends", until, None, days)
    for marker in dated.markers:
        days = last_notice(marker.review_on, today, (min(terms.reminder_days), 0))
        if marker.approved and marker.ended_at is None and days is not None:
            yield _about_safety(dated, "marker_review", marker.review_on, marker.guardian, days)


def _contacts(dated: Dated, terms: SchoolTerms, now: datetime) -> Iterator[Due]:
    """Contacts to confirm for the term that began, a week before that ends once more; and who lapsed."""
    present = {child.child for child in dated.children}
    for relationship in (one for one in _active(dated, now) if one.child in present):
        for contact in asked_contacts(dated.contacts.get(relationship.relationship, ()), terms, now):
            said = contact.confirmed_at
            ends_at = None if said is None else lapses_at(terms, said)
            begins = None if said is None else next_term(terms, said)
            if ends_at is None or begins is None:
                continue
            ends_on = local_date(ends_at)
            about = (relationship, contact.staff, ends_on)
            if ends_at <= now:
                yield _of_contact(*about, "lapsed", ContactLapsed(relationship.relationship, contact.staff))
                continue
            days = last_notice(ends_on, local_date(now), ((ends_on - begins).days, _LAST_CALL_DAYS))
            event = ReminderDue(
                "contact_attestation",
                ends_on,
                dated.family,
                relationship.relationship,
                person=PersonId(contact.staff),
            )
            yield _of_contact(*about, str(days), event)


def _of_contact(
    about: Relationship, member: StaffId, ends_on: date, turn: str, event: ReminderDue | ContactLapsed
) -> Due:
    return Due(f"contact:{about.relationship}:{member}:{ends_on}:{turn}", event, about.child)


def _about_person(dated: Dated, kind: ReminderKind, on: date, person: PersonId, turn: str) -> Due:
    event = ReminderDue(kind, on, dated.family, person=person)
    return Due(f"{kind}:{person}:{turn}", event, person)


def _about_safety(dated: Dated, kind: ReminderKind, on: date, person: PersonId | None, days: int) -> Due:
    """About the family, and so about its eldest child, as an assessment is."""
    eldest = dated.children[0].child if dated.children else None
    event = ReminderDue(kind, on, dated.family, person=person)
    return Due(f"{kind}:{dated.family}:{person or ''}:{on}:{days}", event, eldest, hidden=True)


def _active(dated: Dated, now: datetime) -> list[Relationship]:
    return [relationship for relationship in dated.relationships if relationship.is_active(now)]


def _counting(
    dated: Dated, relationship: Relationship, kind: InformationType, terms: Terms, today: date
) -> frozenset[PersonId]:
    """Whose yes counts today: who lost authority, or whose child decides alone, is reminded of nothing."""
    present = {child.child for child in dated.children}
    if kind.decided_by == "own_guardian":
        return frozenset(dated.guardians)
    child = {relationship.child} & present
    if _voice(dated, relationship.child, terms, today) == "alone":
        return frozenset(child)
    facts = [fact for fact in dated.authority if fact.child == relationship.child]
    return frozenset((*authority_on(today, dated.guardians, facts).deciders, *child))


def _voice(dated: Dated, child: PersonId, terms: Terms, today: date) -> ChildVoice:
    born = next((one.identity.birth_date for one in dated.children if one.child == child), None)
    if born is None:
        return "heard"
    ages = Ages(terms.together_from, terms.alone_from)
    competent = is_competent(one for one in dated.competence if one.child == child)
    return voice_on(born, today, ages, competent=competent)


def _is_unknown(dated: Dated, guardian: PersonId, today: date) -> bool:
    """Whether nothing says what authority this guardian has, over any child at a school."""
    for child in {one.child for one in dated.relationships if one.ended_at is None}:
        facts = [fact for fact in dated.authority if fact.child == child]
        mine = [fact for fact in facts if fact.guardian == guardian]
        deciding = guardian in authority_on(today, dated.guardians, facts).deciders
        if deciding and not authority_on(today, [guardian], mine).known:
            return True
    return False
