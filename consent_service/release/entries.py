"""What a release writes into the log, and the guard under which it may.

Appending itself is `audit.log`; the transaction is `service`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, literal, select

from consent_service.audit import events
from consent_service.foundation.ids import EntryId, PersonId, TypeKey
from consent_service.information.model import Purpose
from consent_service.organisations.tables import relationship_state as state
from consent_service.policy.facts import Reader
from consent_service.policy.tables import active_bundles
from consent_service.records.model import SealedRecord
from consent_service.release.judging import Judged, refused_types
from consent_service.release.model import Ask

NOTHING_THERE = "nothing_there"
NEVER_LISTED = "not_active_contact"
"""The cause the rules give too."""


class Told(msgspec.Struct, frozen=True):
    """One entry to write: what happened, to whom it is about, and who may find it."""

    event: events.Event
    subject: PersonId
    hidden: bool = False
    """Carries the officer's tag: no guardian finds it with a view key."""


def released(answer: Judged, reader: Reader, purpose: Purpose) -> tuple[Told, ...]:
    """One entry per data subject, and what another guardian must not find apart from the rest.

    What is about one guardian only stands under that guardian's key. While danger is not ruled out, that
    something about violence was read carries the officer's tag.
    """
    child = answer.situation.known.relationship.child
    groups: dict[tuple[PersonId, bool], list[SealedRecord]] = {}
    for one in answer.to_open:
        about = (one.about or child, _is_hidden(answer, one))
        groups.setdefault(about, []).append(one)
    return tuple(
        Told(
            released_event(msgspec.structs.replace(answer, to_open=tuple(group)), reader, purpose),
            subject,
            hidden,
        )
        for (subject, hidden), group in groups.items()
    )


def refused(answer: Judged, reader: Reader, purpose: Purpose) -> Told | None:
    """What was not released and why. Causes may be another person's choice or safety: always hidden."""
    event = refused_event(answer, reader, purpose)
    if answer.to_open and not event.refused:
        return None
    return Told(event, answer.situation.known.relationship.child, hidden=True)


def duties(answer: Judged, told: Told, entry: EntryId) -> tuple[Told, ...]:
    """What has to be done because of what `entry` says was released, by the policies that allowed it.

    For the officer only: that a policy asked for it tells on which ground something was given.
    """
    event = told.event
    if answer.permit is None or not isinstance(event, events.InformationReleased):
        return ()
    return tuple(
        Told(events.DutyArose(event.relationship, one.duty, entry, one.type), told.subject, hidden=True)
        for one in answer.permit.duties
        if one.type in event.types
    )


def emergencies(answer: Judged, told: Told, entry: EntryId) -> tuple[Told, ...]:
    """That `entry` tells of an emergency; found by whoever finds that entry."""
    event, urgent = told.event, answer.situation.urgent
    if (
        answer.basis != "vital_interest"
        or urgent is None
        or not isinstance(event, events.InformationReleased)
    ):
        return ()
    read = events.BreakGlassRead(
        urgent.facts.break_glass, event.relationship, entry, listed=not event.records
    )
    return (Told(read, told.subject, told.hidden),)


def is_untold(answer: Judged) -> bool:
    """Whether this is a break-glass of which the parents are not told, for safety."""
    urgent = answer.situation.urgent
    return answer.basis == "vital_interest" and urgent is not None and urgent.facts.hidden


def _is_hidden(answer: Judged, one: SealedRecord) -> bool:
    if is_untold(answer):
        return True
    level = answer.rules.catalogue.types[one.information_type].level
    return level == "A10" and answer.situation.known.safety.level != "no_known_danger"


def released_event(
    answer: Judged, reader: Reader, purpose: Purpose, *, types: tuple[TypeKey, ...] | None = None
) -> events.InformationReleased:
    """Who read which versions of which records; `types` where no record is read, such as a list."""
    agreements = answer.situation.known.agreements
    opened = dict.fromkeys(one.information_type for one in answer.to_open)
    return events.InformationReleased(
        relationship=answer.situation.known.relationship.relationship,
        purpose=purpose,
        reader=reader.id,
        reader_kind=reader.kind,
        role=reader.role,
        types=tuple(opened) if types is None else types,
        records=tuple(
            events.RecordVersion(one.record, one.version, one.information_type) for one in answer.to_open
        ),
        agreement=agreements[-1].agreement if agreements else None,
    )


def refused_event(answer: Judged, reader: Reader, purpose: Purpose) -> events.ReleaseRefused:
    """Per type that is not opened the true cause, whatever the reader is told."""
    refused = tuple(
        events.RefusedType(key, NOTHING_THERE)
        if refusal is None
        else events.RefusedType(key, refusal.code, refusal.determining)
        for key, refusal in refused_types(answer).items()
    )
    return _refused(answer, reader, purpose, refused)


def failed_event(answer: Judged, reader: Reader, purpose: Purpose, code: str) -> events.ReleaseRefused:
    """Nothing could be opened unharmed, so nothing of it was released."""
    types = dict.fromkeys(one.information_type for one in answer.to_open)
    return _refused(answer, reader, purpose, tuple(events.RefusedType(key, code) for key in types))


def _refused(
    answer: Judged, reader: Reader, purpose: Purpose, refused: tuple[events.RefusedType, ...]
) -> events.ReleaseRefused:
    relationship = answer.situation.known.relationship.relationship
    return events.ReleaseRefused(relationship, purpose, reader.id, reader.kind, reader.role, refused)


def unlisted_event(reader: Reader, ask: Ask, gate: TypeKey, code: str) -> events.ReleaseRefused:
    """Somebody asked for a child on whose list he never stood, that is not there or not confirmed.

    Nothing was judged: of all types only the one that tells of a child at all is named.
    """
    refused = (events.RefusedType(gate, code),)
    return events.ReleaseRefused(ask.relationship, ask.purpose, reader.id, reader.kind, reader.role, refused)


def guard(answer: Judged, now: datetime) -> Select[Any]:
    """The version, the moment and the bundle that decided must still stand; their rows are locked.

    A withdrawal in flight holds the version row, so this waits for it and then finds no row.
    """
    about = answer.situation.known.relationship
    active = active_bundles.c
    return (
        select(literal(1))
        .select_from(state.join(active_bundles, active.tenant == state.c.tenant))
        .where(state.c.tenant == about.tenant, state.c.relationship == about.relationship)
        .where(state.c.version == answer.situation.version)
        .where(state.c.next_change_at > now)
        .where(active.hash == answer.rules.bundle.hash)
        .with_for_update(read=True)
    )
