"""Where the pseudonyms of children, guardians, families and relationships stand, and emptying those places.

Every column that can hold one is named here: what is erased, in an order in which no row is left that points
to another, and what is left to somebody else, with the reason. A test holds the tables of the service against
this list. The keys go by `custody`, the log's details and index by `audit.erasing`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Column, ColumnElement, Table, delete, false, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.tables import audit_details, audit_index
from consent_service.consent.tables import (
    consent_ledger,
    passed_on_statements,
    sitting_answers,
    sittings,
    withdrawal_codes,
)
from consent_service.families.tables import (
    authority_facts,
    child_competence,
    children,
    contact_absences,
    contact_attestations,
    families,
    guardians,
    relationship_contacts,
    relationships,
    safety_assessments,
    safety_markers,
)
from consent_service.families.tables_restrictions import restrictions
from consent_service.families.tables_starting import first_contacts
from consent_service.foundation.ids import INSTALLATION, TenantId
from consent_service.identity.tables import (
    login_attempts,
    page_challenges,
    page_devices,
    page_factors,
    sessions,
    step_tokens,
)
from consent_service.keyring.tables import key_destructions, person_keys, relationship_keys
from consent_service.organisations.tables import assignments, relationship_state
from consent_service.process.meetings.tables import (
    meeting_agreements,
    meeting_participants,
    meeting_remarks,
    meetings,
)
from consent_service.process.notices.tables import notice_wishes, notices
from consent_service.process.signals.tables import care_signals, first_day_ticks, phone_calls
from consent_service.process.tables import calendar_marks, recalls, tasks
from consent_service.process.tables_emergencies import meldcode_steps, meldcodes, statutory_requests
from consent_service.process.tables_ending import ending_plans
from consent_service.records.tables import record_digests, records
from consent_service.records.tables_emergencies import break_glasses
from consent_service.rights.access.tables import access_files
from consent_service.rights.breaches.tables import breach_letters, breach_people, breaches
from consent_service.rights.cases.tables import rights_cases
from consent_service.rights.retention.tables import retention_holds
from consent_service.rights.reviews.tables import review_notes, saved_questions
from consent_service.rights.tables import erasure_targets, erasures, rectifications


class Place(msgspec.Struct, frozen=True):
    """Rows that go: whose `holding` is one of the pseudonyms, or whose `within` (a text) contains one.

    `through`: rows that point with the first column to rows of another place, of which the second is the key.
    """

    table: Table
    holding: tuple[Column[Any], ...] = ()
    within: tuple[Column[Any], ...] = ()
    through: tuple[Column[Any], Column[Any]] | None = None
    emptied: tuple[Column[Any], ...] = ()
    """With these the row stays, without what they hold: that something was asked and answered is kept."""


_SESSIONS: Final = Place(
    sessions,
    (
        sessions.c.family,
        sessions.c.relationship,
        sessions.c.guardian,
        sessions.c.own_family,
        sessions.c.own_person,
    ),
    within=(sessions.c.resume_at, sessions.c.proves_for),
)
_SITTINGS: Final = Place(sittings, (sittings.c.family, sittings.c.guardian))
PLACES: Final[tuple[Place, ...]] = (
    Place(step_tokens, within=(step_tokens.c.step,), through=(step_tokens.c.session, sessions.c.id)),
    _SESSIONS,
    Place(login_attempts, within=(login_attempts.c.return_to,)),
    Place(page_challenges, (page_challenges.c.person,)),
    Place(page_devices, (page_devices.c.person,)),
    Place(page_factors, (page_factors.c.person,)),
    Place(withdrawal_codes, (withdrawal_codes.c.family, withdrawal_codes.c.guardian)),
    Place(tasks, (tasks.c.family, tasks.c.relationship, tasks.c.person)),
    Place(meeting_remarks, (meeting_remarks.c.relationship, meeting_remarks.c.guardian)),
    Place(meeting_agreements, (meeting_agreements.c.relationship,)),
    Place(meeting_participants, (meeting_participants.c.relationship, meeting_participants.c.who)),
    Place(meetings, (meetings.c.relationship, meetings.c.child, meetings.c.family)),
    Place(notices, (notices.c.to_person, notices.c.relationship, notices.c.family)),
    Place(notice_wishes, (notice_wishes.c.recipient,)),
    Place(calendar_marks, within=(calendar_marks.c.mark,)),
    Place(recalls, (recalls.c.relationship,)),
    Place(restrictions, (restrictions.c.family, restrictions.c.child, restrictions.c.relationship)),
    Place(rectifications, (rectifications.c.relationship,)),
    Place(ending_plans, (ending_plans.c.relationship, ending_plans.c.family)),
    Place(first_contacts, (first_contacts.c.relationship,)),
    Place(first_day_ticks, (first_day_ticks.c.relationship,)),
    Place(phone_calls, (phone_calls.c.relationship,)),
    Place(care_signals, (care_signals.c.relationship,)),
    Place(
        sitting_answers,
        (sitting_answers.c.relationship,),
        through=(sitting_answers.c.sitting, sittings.c.sitting),
    ),
    _SITTINGS,
    Place(passed_on_statements, (passed_on_statements.c.family, passed_on_statements.c.person)),
    Place(consent_ledger, (consent_ledger.c.relationship, consent_ledger.c.person)),
    Place(break_glasses, (break_glasses.c.relationship,)),
    Place(meldcode_steps, (meldcode_steps.c.child,)),
    Place(meldcodes, (meldcodes.c.child, meldcodes.c.family)),
    Place(statutory_requests, (statutory_requests.c.child, statutory_requests.c.family)),
    Place(
        access_files,
        (access_files.c.requester,),
        within=(access_files.c.about,),
    ),
    Place(
        rights_cases,
        (rights_cases.c.requester, rights_cases.c.child, rights_cases.c.family, rights_cases.c.opened_by),
        emptied=(
            rights_cases.c.requester,
            rights_cases.c.child,
            rights_cases.c.family,
            rights_cases.c.opened_by,
            rights_cases.c.sealed,
        ),
    ),
    Place(breach_people, (breach_people.c.person, breach_people.c.family)),
    Place(breach_letters, (breach_letters.c.person, breach_letters.c.family)),
    Place(breaches, (breaches.c.relationship,), emptied=(breaches.c.relationship,)),
    Place(record_digests, (record_digests.c.relationship,)),
    Place(records, (records.c.relationship, records.c.about)),
    Place(contact_attestations, (contact_attestations.c.relationship,)),
    Place(contact_absences, (contact_absences.c.relationship,)),
    Place(relationship_contacts, (relationship_contacts.c.relationship,)),
    Place(relationship_state, (relationship_state.c.relationship, relationship_state.c.family)),
    Place(assignments, (assignments.c.family,)),
    Place(safety_markers, (safety_markers.c.family, safety_markers.c.guardian)),
    Place(safety_assessments, (safety_assessments.c.family, safety_assessments.c.guardian)),
    Place(child_competence, (child_competence.c.child,)),
    Place(authority_facts, (authority_facts.c.child, authority_facts.c.guardian)),
    Place(relationships, (relationships.c.relationship, relationships.c.child, relationships.c.family)),
    Place(children, (children.c.child, children.c.family)),
    Place(guardians, (guardians.c.guardian, guardians.c.family)),
    Place(retention_holds, (retention_holds.c.family, retention_holds.c.child)),
    Place(saved_questions, (saved_questions.c.person,)),
    Place(review_notes, (review_notes.c.about,)),
    Place(families, (families.c.family,)),
)
"""In this order: rows that point to others before those they point to."""

BY_OTHERS: Final[Mapping[Column[Any], str]] = {
    audit_details.c.person: "emptied by audit.erasing",
    audit_details.c.attached_for: "emptied by audit.erasing",
    audit_index.c.key: "removed by audit.erasing",
    person_keys.c.person: "destroyed by custody",
    relationship_keys.c.relationship: "destroyed by custody",
    erasures.c.subject: "emptied when it ends",
    erasure_targets.c.id: "removed when it ends",
}
KEPT: Final[Mapping[Column[Any], str]] = {
    key_destructions.c.owner: "says which keys never come back from a backup; nothing else names it",
    key_destructions.c.child: "says which keys never come back from a backup; nothing else names it",
}
"""What stays: names of destroyed keys, which lead to nobody any more and without which they would return."""


async def remove_batch(
    conn: AsyncConnection, tenant: TenantId, erased: Collection[str], *, limit: int
) -> int:
    """Remove the next rows, at most `limit`; how many. Give it again until nothing is left."""
    wanted, left = sorted(erased), limit
    for place in PLACES:
        if left > 0:
            left -= await _remove(conn, tenant, place, wanted, left)
    return limit - left


async def _remove(
    conn: AsyncConnection, tenant: TenantId, place: Place, erased: Collection[str], limit: int
) -> int:
    """Sessions and codes belong to the installation, everything else to the shelter."""
    table = place.table
    own = table.c.tenant.in_((tenant, INSTALLATION)) & _names(place, erased)
    key = tuple(table.primary_key.columns)
    rows = [tuple(row) for row in await conn.execute(select(*key).where(own).limit(limit))]
    if not rows:
        return 0
    these = tuple_(*key).in_(rows)
    if place.emptied:
        nothing = dict.fromkeys((one.name for one in place.emptied), None)
        return (await conn.execute(update(table).where(these).values(nothing))).rowcount
    return (await conn.execute(delete(table).where(these))).rowcount


def _names(place: Place, erased: Collection[str]) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = [column.in_(erased) for column in place.holding]
    found += [column.contains(one, autoescape=True) for column in place.within for one in erased]
    if place.through is not None:
        pointing, key = place.through
        parent = next(one for one in (_SESSIONS, _SITTINGS) if one.table is key.table)
        found.append(pointing.in_(select(key).where(_names(parent, erased))))
    return or_(false(), *found)
