"""Entries as access records of NEN 7513:2024: which event, which user, about whom, from which system. Pure.

The norm prescribes what a record must tell, not how it is written down. The names of the fields are those
under which Logius writes them (extension NEN 7513 of Logboek Dataverwerkingen, 0.0.1), their values the
codes of DICOM PS3.15 A.5 and RFC 3881. Unlike a record in `processing`, an access record names its users.
Where a user was (a network address) is not kept by this service, so no record tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from consent_service import __version__
from consent_service.audit.encoding import Detail, instant
from consent_service.audit.events import (
    BundleActivated,
    By,
    DecisionEvent,
    DocumentTaken,
    ErasureApproved,
    ErasureAsked,
    ErasureDropped,
    ErasureExecuted,
    InformationReleased,
    KeyDestroyedOnOrder,
    LogExported,
    LogPruned,
    RecordApproved,
    RecordAttested,
    RecordRetracted,
    RecordShared,
    ReleaseRefused,
)
from consent_service.audit.log import TrailEntry
from consent_service.rights.exports.actions import (
    Action,
    Code,
    Outcome,
    action_of,
    cycle_of,
    event_id_of,
    outcome_of,
)
from consent_service.rights.exports.model import Wording
from consent_service.rights.exports.processing import own_span, own_trace

_OWN_CODES: Final = "Ruggensteun"
_PERSON, _SYSTEM_OBJECT, _OTHER = "1", "2", "4"
_SUBJECT, _REPORT = "1", "3"
_SERVER: Final = "4"
"""AuditSourceTypeCode: application server process."""
_ON_A_DECISION = (
    KeyDestroyedOnOrder,
    LogExported,
    DocumentTaken,
    LogPruned,
    ErasureAsked,
    ErasureApproved,
    ErasureDropped,
)
"""Done by an operator on what a coordinator decided; without one, done by who decided it."""
_ONE_RECORD = (RecordShared, RecordApproved, RecordAttested, RecordRetracted)


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who did it, or on whose decision; `userName` is empty when nobody knows it any more."""

    userID: str  # noqa: N815 - the field's own name
    userIsRequestor: bool  # noqa: N815
    roleIDCode: str  # noqa: N815
    userName: str = ""  # noqa: N815
    alternateUserID: str = ""  # noqa: N815
    purposeOfUse: str = ""  # noqa: N815


class Participant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whom or what it is about."""

    participantObjectTypeCode: str  # noqa: N815
    participantObjectTypeCodeRole: str  # noqa: N815
    participantObjectDataLifeCycle: str  # noqa: N815
    participantObjectIDTypeCode: Code  # noqa: N815
    participantObjectID: str  # noqa: N815
    participantObjectName: str = ""  # noqa: N815


class AccessRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One event of the log with everything the norm asks for and this service knows."""

    eventID: Code  # noqa: N815
    eventActionCode: Action  # noqa: N815
    eventDateTime: str  # noqa: N815
    eventOutcomeIndicator: Outcome  # noqa: N815
    eventTypeCode: Code  # noqa: N815
    users: tuple[User, ...]
    participants: tuple[Participant, ...]
    auditEnterpriseSiteID: str  # noqa: N815
    auditSourceID: str  # noqa: N815
    auditSourceTypeCode: str  # noqa: N815
    traceparent: str
    logEntry: str  # noqa: N815
    logIndex: int  # noqa: N815
    acceptedDateTime: str = ""  # noqa: N815
    """When a stop was accepted that could only be carried out later."""
    autorisatieProtocol: str = ""  # noqa: N815
    behandelrelatieProtocol: str = ""  # noqa: N815
    toestemmingsProfiel: str = ""  # noqa: N815


class Names(msgspec.Struct, frozen=True):
    """Names of users by id, and at which school a member of school staff works, by id."""

    names: Mapping[str, str] = {}
    schools: Mapping[str, str] = {}


def users_in(detail: Detail) -> Iterator[By]:
    """Every user an entry names: who did it, and who decided it."""
    yield detail.by
    decided: tuple[str, ...] = ()
    if isinstance(detail.event, _ON_A_DECISION):
        decided = (detail.event.coordinator,) if detail.event.coordinator else ()
    elif isinstance(detail.event, BundleActivated | ErasureExecuted):
        decided = detail.event.approvers
    for coordinator in decided:
        yield By(kind="privacy_coordinator", id=coordinator)


def access_record(
    entry: TrailEntry, *, site: str, origins: Mapping[int, str], words: Wording, known: Names
) -> AccessRecord | None:
    """The record of an entry; None when its content is gone. `site` is the shelter's id.

    The relationship stands for the basis on which somebody may know of a child, the hash of the rules for
    the protocol that allowed or refused it, the version of the text for what was consented to.
    """
    detail = entry.detail
    if detail is None:
        return None
    event = detail.event
    name = words.name(entry.type) or entry.type
    return AccessRecord(
        eventID=event_id_of(event),
        eventActionCode=action_of(event),
        eventDateTime=instant(entry.at),
        eventOutcomeIndicator=outcome_of(event),
        eventTypeCode=Code(entry.type, _OWN_CODES, name),
        users=tuple(_users(detail, known)),
        participants=tuple(_participants(detail)),
        auditEnterpriseSiteID=site,
        auditSourceID=f"{origins[entry.log]} ruggensteun/{__version__}",
        auditSourceTypeCode=_SERVER,
        traceparent=_traceparent(entry, detail),
        logEntry=entry.id,
        logIndex=entry.seq or 0,
        acceptedDateTime=instant(detail.late_since) if detail.late_since else "",
        autorisatieProtocol=entry.bundle,
        behandelrelatieProtocol=detail.relationship or "",
        toestemmingsProfiel=event.text_version if isinstance(event, DecisionEvent) else "",
    )


def _users(detail: Detail, known: Names) -> Iterator[User]:
    purpose = getattr(detail.event, "purpose", "")
    for number, by in enumerate(users_in(detail)):
        yield User(
            userID=by.id or by.kind,
            userIsRequestor=number == 0,
            roleIDCode=_role(detail, by),
            userName=known.names.get(by.id, ""),
            alternateUserID=known.schools.get(by.id, ""),
            purposeOfUse=purpose if number == 0 else "",
        )


def _role(detail: Detail, by: By) -> str:
    """The role in which a reader of a school read, the capacity of anybody else."""
    event = detail.event
    if isinstance(event, InformationReleased | ReleaseRefused) and event.reader == by.id:
        return event.role or by.kind
    return by.kind


def _participants(detail: Detail) -> Iterator[Participant]:
    cycle = cycle_of(detail.event)
    if detail.subject is not None:
        kind = Code("2", "RFC-3881", "Patient Number")
        yield Participant(_PERSON, _SUBJECT, cycle, kind, detail.subject)
    if detail.relationship is not None:
        kind = Code("relationship", _OWN_CODES, "child at school")
        yield Participant(_OTHER, _REPORT, cycle, kind, detail.relationship)
    report = Code("9", "RFC-3881", "Report Number")
    if isinstance(detail.event, InformationReleased):
        for one in detail.event.records:
            yield Participant(_SYSTEM_OBJECT, _REPORT, cycle, report, one.record, one.information_type)
    elif isinstance(detail.event, _ONE_RECORD):
        kind_of = detail.event.information_type
        yield Participant(_SYSTEM_OBJECT, _REPORT, cycle, report, detail.event.record, kind_of)


def _traceparent(entry: TrailEntry, detail: Detail) -> str:
    trace = detail.trace.id if detail.trace else own_trace(entry.id)
    return f"00-{trace}-{own_span(entry.id)}-01"
