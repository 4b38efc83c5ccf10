"""Who of a contact list may read now. Pure: the list, the school terms and the moment go in.

A contact reads as long as the listing stands and was confirmed for the term. Who stands in for another reads
only while that one cannot: not listed any more, not confirmed, said to be away, or on a day on which that
one does not work (AVG 5(1)(c); docs/decisions/0049).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from consent_service.families.attesting import SchoolTerms, is_asked, is_attested
from consent_service.families.model import Contact
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import StaffId


def is_listed(contact: Contact, now: datetime) -> bool:
    """Whether the listing has begun and was not ended, confirmed for this term or not."""
    return contact.starts_at <= now and (contact.ends_at is None or now < contact.ends_at)


def is_standing(contact: Contact, terms: SchoolTerms, now: datetime) -> bool:
    """Listed, and confirmed for this term."""
    confirmed = contact.confirmed_at is None or is_attested(terms, contact.confirmed_at, now)
    return confirmed and is_listed(contact, now)


def is_there(contact: Contact, now: datetime) -> bool:
    """Not said to be away, and today is a day on which this contact works, as far as that is known."""
    today = local_date(now)
    if contact.away_until is not None and today <= contact.away_until:
        return False
    return not contact.weekdays or today.weekday() in contact.weekdays


def reading_contacts(contacts: Sequence[Contact], terms: SchoolTerms, now: datetime) -> frozenset[StaffId]:
    """Who may read now. A ring of people who stand in for each other gives nobody anything."""
    standing = [contact for contact in contacts if is_standing(contact, terms, now)]
    return frozenset(one.staff for one in standing if not _is_kept_back(one, standing, now))


def stand_ins(
    contacts: Sequence[Contact], terms: SchoolTerms, whom: StaffId, now: datetime
) -> frozenset[StaffId]:
    """Who reads now in the place of somebody who is not there; nobody while that one is."""
    first = next((one for one in contacts if one.staff == whom and is_standing(one, terms, now)), None)
    if first is not None and is_there(first, now):
        return frozenset()
    reading = reading_contacts(contacts, terms, now)
    deputies = {one.staff: one.deputy_for for one in contacts if is_standing(one, terms, now)}
    return frozenset(one for one in reading if one != whom and whom in _stood_in_for(deputies, one))


def _stood_in_for(deputies: Mapping[StaffId, StaffId | None], who: StaffId) -> frozenset[StaffId]:
    """For whom somebody stands in, directly or further on."""
    seen: set[StaffId] = set()
    whom = deputies.get(who)
    while whom is not None and whom not in seen:
        seen.add(whom)
        whom = deputies.get(whom)
    return frozenset(seen)


def asked_contacts(contacts: Iterable[Contact], terms: SchoolTerms, now: datetime) -> tuple[Contact, ...]:
    """The listings that wait for a confirmation for this term, lapsed or not."""
    return tuple(
        contact
        for contact in contacts
        if is_listed(contact, now)
        and contact.confirmed_at is not None
        and is_asked(terms, contact.confirmed_at, now)
    )


def _is_kept_back(contact: Contact, standing: Sequence[Contact], now: datetime) -> bool:
    """Whether anybody for whom this one stands in, directly or further on, is there to read."""
    seen, whom = {contact.staff}, contact.deputy_for
    while whom is not None:
        if whom in seen:
            return True
        seen.add(whom)
        first = next((one for one in standing if one.staff == whom), None)
        if first is None:
            return False
        if is_there(first, now):
            return True
        whom = first.deputy_for
    return False
