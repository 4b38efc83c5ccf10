"""Access records of NEN 7513: every kind of event has its codes, and users stand in them by name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from consent_service import __version__
from consent_service.audit.events import (
    BundleActivated,
    By,
    ClientAdmitted,
    ClientRefused,
    ClientRegistered,
    ClientServed,
    ConsentGiven,
    ContactAttested,
    ErasureApproved,
    ErasureAsked,
    ErasureDropped,
    ErasureExecuted,
    FamilySearched,
    InformationReleased,
    KeyDestroyedOnOrder,
    LogExported,
    LoginRefused,
    LogPruned,
    PasskeyRemoved,
    PatternSeen,
    RecordApproved,
    RecordShared,
    RecordVersion,
    ReleaseFailed,
    ReleaseRefused,
    SafetyAssessed,
    StaffAdded,
    SteppedUp,
)
from consent_service.foundation.ids import RecordId, TypeKey
from consent_service.foundation.tracing import Trace
from consent_service.rights.exports import actions
from consent_service.rights.exports.access import AccessRecord, Names, access_record
from consent_service.rights.exports.actions import action_of, cycle_of, event_id_of, outcome_of
from consent_service.rights.exports.processing import own_span, own_trace
from tests.audit.test_describe import an_example
from tests.audit.test_events import ALL
from tests.rights.exports.factories import AT, CHILD, ORIGINS, RELATIONSHIP, STAFF, Words, an_entry, gone

KNOWN = Names(names={STAFF: "Ida Intern", "coordinator-1": "Puk Privacy"}, schools={STAFF: "school-1"})
RELEASED = InformationReleased(
    relationship=RELATIONSHIP,
    purpose="support",
    reader=STAFF,
    reader_kind="school",
    role="contact",
    types=(TypeKey("support_advice"),),
    records=(RecordVersion(RecordId("record-1"), 2, TypeKey("support_advice")),),
)


def record_of(*given: Any, **more: Any) -> AccessRecord:
    found = access_record(an_entry(*given, **more), site="t1", origins=ORIGINS, words=Words(), known=KNOWN)
    assert found is not None
    return found


def test_a_release_tells_who_what_when_about_whom_and_on_what_grounds() -> None:
    trace = Trace("1" * 32, "2" * 16)
    entry = an_entry(
        RELEASED, by=By("school_staff", STAFF), relationship=RELATIONSHIP, bundle="ab" * 32, trace=trace
    )
    record = access_record(entry, site="t1", origins=ORIGINS, words=Words(), known=KNOWN)
    assert record is not None
    plain = msgspec.json.decode(msgspec.json.encode(record))
    assert plain == {
        "eventID": {"code": "110110", "codeSystemName": "DCM", "originalText": "Patient Record"},
        "eventActionCode": "R",
        "eventDateTime": "2026-09-01T08:00:00.123Z",
        "eventOutcomeIndicator": "0",
        "eventTypeCode": {
            "code": "information.released.v1",
            "codeSystemName": "Ruggensteun",
            "originalText": "name of information.released.v1",
        },
        "users": [
            {
                "userID": STAFF,
                "userIsRequestor": True,
                "roleIDCode": "contact",
                "userName": "Ida Intern",
                "alternateUserID": "school-1",
                "purposeOfUse": "support",
            }
        ],
        "participants": [
            {
                "participantObjectTypeCode": "1",
                "participantObjectTypeCodeRole": "1",
                "participantObjectDataLifeCycle": "11",
                "participantObjectIDTypeCode": {
                    "code": "2",
                    "codeSystemName": "RFC-3881",
                    "originalText": "Patient Number",
                },
                "participantObjectID": CHILD,
            },
            {
                "participantObjectTypeCode": "4",
                "participantObjectTypeCodeRole": "3",
                "participantObjectDataLifeCycle": "11",
                "participantObjectIDTypeCode": {
                    "code": "relationship",
                    "codeSystemName": "Ruggensteun",
                    "originalText": "child at school",
                },
                "participantObjectID": RELATIONSHIP,
            },
            {
                "participantObjectTypeCode": "2",
                "participantObjectTypeCodeRole": "3",
                "participantObjectDataLifeCycle": "11",
                "participantObjectIDTypeCode": {
                    "code": "9",
                    "codeSystemName": "RFC-3881",
                    "originalText": "Report Number",
                },
                "participantObjectID": "record-1",
                "participantObjectName": "support_advice",
            },
        ],
        "auditEnterpriseSiteID": "t1",
        "auditSourceID": f"{ORIGINS[1]} ruggensteun/{__version__}",
        "auditSourceTypeCode": "4",
        "traceparent": f"00-{trace.id}-{own_span(entry.id)}-01",
        "logEntry": entry.id,
        "logIndex": 7,
        "autorisatieProtocol": "ab" * 32,
        "behandelrelatieProtocol": RELATIONSHIP,
    }


@pytest.mark.parametrize("kind", ALL, ids=lambda struct: struct.__name__)
def test_every_kind_of_event_has_one_action_and_makes_a_record(kind: type[Any]) -> None:
    sets = (actions.CREATES, actions.READS, actions.UPDATES, actions.DELETES, actions.EXECUTES)
    assert sum(kind in one for one in sets) == 1
    record = record_of(an_example(kind))
    assert record.eventTypeCode.original_text
    assert msgspec.json.decode(msgspec.json.encode(record), type=AccessRecord) == record


def test_the_sets_name_nothing_that_is_no_event() -> None:
    sets = (actions.CREATES, actions.READS, actions.UPDATES, actions.DELETES, actions.EXECUTES)
    assert frozenset().union(*sets) == frozenset(ALL)


@pytest.mark.parametrize(
    "kind,action,outcome,event,cycle",
    [
        (RecordShared, "C", "0", actions.PATIENT_RECORD, "1"),
        (RecordApproved, "U", "0", actions.PATIENT_RECORD, "4"),
        (ReleaseRefused, "R", "4", actions.PATIENT_RECORD, "6"),
        (ReleaseFailed, "R", "8", actions.PATIENT_RECORD, "6"),
        (SafetyAssessed, "C", "0", actions.PATIENT_RECORD, "1"),
        (LoginRefused, "E", "4", actions.AUTHENTICATION, "6"),
        (LogExported, "R", "0", actions.LOG_USED, "6"),
        (FamilySearched, "R", "0", actions.QUERY, "6"),
        (KeyDestroyedOnOrder, "D", "0", actions.SECURITY, "14"),
        (StaffAdded, "C", "0", actions.APPLICATION, "1"),
        (PatternSeen, "E", "0", actions.APPLICATION, "6"),
        (ClientRegistered, "C", "0", actions.SECURITY, "1"),
        (ClientAdmitted, "E", "0", actions.AUTHENTICATION, "6"),
        (ClientRefused, "E", "4", actions.AUTHENTICATION, "6"),
        (ClientServed, "R", "0", actions.APPLICATION, "6"),
        (SteppedUp, "E", "0", actions.AUTHENTICATION, "6"),
        (PasskeyRemoved, "D", "0", actions.SECURITY, "14"),
        (ContactAttested, "U", "0", actions.PATIENT_RECORD, "3"),
        (ErasureApproved, "U", "0", actions.PATIENT_RECORD, "3"),
        (ErasureDropped, "D", "0", actions.PATIENT_RECORD, "3"),
        (ErasureExecuted, "D", "0", actions.PATIENT_RECORD, "15"),
    ],
)
def test_codes_say_what_was_done_and_how_it_ended(
    kind: type[Any], action: str, outcome: str, event: actions.Code, cycle: str
) -> None:
    one = an_example(kind)
    assert (action_of(one), outcome_of(one), event_id_of(one), cycle_of(one)) == (
        action,
        outcome,
        event,
        cycle,
    )


def test_a_machine_is_a_user_by_its_code_name_and_capacity() -> None:
    (user,) = record_of(ClientServed("log-auditor", "log:read"), by=By("client", "log-auditor")).users
    assert (user.userID, user.roleIDCode, user.userIsRequestor) == ("log-auditor", "client", True)


def test_who_decided_stands_beside_who_did_it() -> None:
    event = KeyDestroyedOnOrder(kind="person", owner=CHILD, coordinator="coordinator-1")
    doing, deciding = record_of(event, by=By("operator", "command-line")).users
    assert (doing.userID, doing.userIsRequestor, doing.roleIDCode) == ("command-line", True, "operator")
    assert (deciding.userName, deciding.userIsRequestor) == ("Puk Privacy", False)
    for told in (
        LogExported(kind="find", entries=1, coordinator="coordinator-1"),
        LogPruned(log=1, minimum=256, coordinator="coordinator-1"),
        ErasureAsked("e", "family", "requested", "coordinator-1"),
        ErasureApproved("e", "coordinator-1"),
        ErasureDropped("e", "refused", "coordinator-1"),
    ):
        typing, deciding = record_of(told, by=By("operator", "command-line"), subject=None).users
        assert (typing.userIsRequestor, deciding.userName, deciding.roleIDCode) == (
            True,
            "Puk Privacy",
            "privacy_coordinator",
        )
    (alone,) = record_of(
        ErasureApproved("e"), by=By("privacy_coordinator", "coordinator-1"), subject=None
    ).users
    assert alone.userName == "Puk Privacy"
    switched = BundleActivated(bundle="ab" * 32, approvers=("coordinator-1", "coordinator-2"))
    _, first, second = record_of(switched, subject=None).users
    assert (first.userName, second.userID) == ("Puk Privacy", "coordinator-2")
    assert first.roleIDCode == second.roleIDCode == "privacy_coordinator"


def test_what_nobody_knows_any_more_is_left_out_and_the_service_itself_has_a_name() -> None:
    (unknown,) = record_of(an_example(SafetyAssessed), by=By("counsellor", "nobody")).users
    assert (unknown.userID, unknown.userName, unknown.alternateUserID) == ("nobody", "", "")
    (itself,) = record_of(an_example(PatternSeen), by=By("system", ""), subject=None).users
    assert itself.userID == "system"
    (plain,) = record_of(an_example(StaffAdded), by=By("school_staff", STAFF)).users
    assert plain.roleIDCode == "school_staff"


def test_a_consent_names_its_text_and_a_late_stop_when_it_was_accepted() -> None:
    entry = an_entry(an_example(ConsentGiven), late_since=AT - timedelta(minutes=1))
    record = access_record(entry, site="t1", origins=ORIGINS, words=Words(), known=Names())
    assert record is not None
    assert record.toestemmingsProfiel
    assert record.acceptedDateTime == "2026-09-01T07:59:00.123Z"
    assert record.traceparent == f"00-{own_trace(entry.id)}-{own_span(entry.id)}-01"


def test_of_an_erased_entry_there_is_no_record() -> None:
    entry = gone(an_entry(RELEASED))
    assert access_record(entry, site="t1", origins=ORIGINS, words=Words(), known=KNOWN) is None
