"""Records of Logboek Dataverwerkingen: the standard's fields, one per data subject, and never a user."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_service import __version__
from consent_service.audit.encoding import milliseconds
from consent_service.audit.events import (
    AuthorityRecorded,
    By,
    Event,
    LoginSucceeded,
    Logout,
    ReleaseFailed,
    SafetyAssessed,
)
from consent_service.audit.log import TrailEntry
from consent_service.foundation.ids import EntryId, FamilyId, PersonId, new_id
from consent_service.foundation.tracing import Trace
from consent_service.rights.exports import processing
from consent_service.rights.exports.activities import Activity, activity_of, own_register
from consent_service.rights.exports.model import is_register
from consent_service.rights.exports.processing import (
    UNKNOWN_CALLER,
    Processing,
    ProcessingRecord,
    own_span,
    own_trace,
    people_in,
    subjects_of,
)
from tests.audit.test_describe import an_example
from tests.audit.test_events import ALL
from tests.rights.exports.factories import AT, CHILD, ORIGINS, RELATIONSHIP, STAFF, Words, an_entry, gone

REGISTER = "https://register.example.nl/v1"
CORE = {
    "dpl.core.processing_activity_id",
    "dpl.core.data_subject_id",
    "dpl.core.data_subject_id_type",
    "dpl.core.foreign_operation.processor",
    "exception.type",
}
FIELDS = {
    "trace_id",
    "span_id",
    "status",
    "name",
    "start_time",
    "end_time",
    "parent_span_id",
    "resource",
    "attributes",
}


def projection() -> Processing:
    return Processing(
        register=REGISTER,
        origins=ORIGINS,
        words=Words(),
        request_name="Verzoek",
        pseudonym=lambda person: f"pseudonym-{person[-2:]}",
    )


class Everybody:
    """Nobody was erased."""

    def __contains__(self, _person: object) -> bool:
        return True


def records_in(written: Processing, entry: TrailEntry) -> tuple[ProcessingRecord, ...]:
    return written.records(entry, Everybody())


def records_of(entry: TrailEntry) -> tuple[ProcessingRecord, ...]:
    return records_in(projection(), entry)


def test_a_record_has_the_fields_of_the_standard_and_its_types() -> None:
    entry = an_entry(SafetyAssessed(FamilyId("f"), "danger"))
    (record,) = records_of(entry)
    assert msgspec.json.decode(msgspec.json.encode(record)) == {
        "trace_id": own_trace(entry.id),
        "span_id": own_span(entry.id),
        "status": "Unset",
        "name": "name of safety.assessed.v1",
        "start_time": milliseconds(AT),
        "end_time": milliseconds(AT),
        "attributes": {
            "dpl.core.processing_activity_id": f"{REGISTER}/veiligheid",
            "dpl.core.data_subject_id": "pseudonym-c1",
            "dpl.core.data_subject_id_type": f"{REGISTER}/betrokkene",
        },
        "resource": {
            "attributes": {
                "service.name": "ruggensteun",
                "service.version": __version__,
                "ruggensteun.log.origin": ORIGINS[1],
                "ruggensteun.log.entry": entry.id,
                "ruggensteun.log.index": "7",
            }
        },
    }


@pytest.mark.parametrize("kind", ALL, ids=lambda struct: struct.__name__)
def test_no_event_brings_a_user_or_an_id_of_the_family_into_a_record(kind: type[Any]) -> None:
    """Planted: everybody who could be named in the entry has an id that can be found again."""
    event: Event = an_example(kind)
    trace = Trace("1" * 32, "2" * 16, "3" * 16)
    entry = an_entry(event, by=By("school_staff", STAFF), trace=trace, relationship=RELATIONSHIP)
    records = records_of(entry)
    assert len(records) == 1 + len(subjects_of(entry.detail)) if entry.detail else False
    for record in records:
        plain = msgspec.to_builtins(record)
        assert set(plain) <= FIELDS
        assert set(record.attributes) <= CORE
        text = msgspec.json.encode(record).decode().replace(entry.id, "").replace(own_span(entry.id), "")
        for planted in (STAFF, CHILD, RELATIONSHIP, "school_staff"):
            assert planted not in text
        told = {record.attributes.get("exception.type")}
        values = {
            getattr(event, name) for name in kind.__struct_fields__ if isinstance(getattr(event, name), str)
        }
        for value in values - told:
            assert len(value) < 4 or f'"{value}"' not in text
        assert record.attributes["dpl.core.processing_activity_id"].startswith(f"{REGISTER}/")


def test_every_kind_of_event_has_an_activity_and_every_activity_an_event_and_a_line_in_the_docs() -> None:
    activities = set(get_args(Activity))
    assert {activity_of(an_example(kind)) for kind in ALL} == activities
    docs = (Path(__file__).parents[3] / "docs" / "EXPORTS.md").read_text()
    table = docs.partition("what this service does under it")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z]+)` \|", table, re.MULTILINE)) == activities


def test_the_actions_of_one_request_stand_below_its_record_with_a_span_of_their_own() -> None:
    written, trace = projection(), Trace("1" * 32, "2" * 16, "3" * 16)
    first = records_in(written, an_entry(Logout(), trace=trace))
    second = records_in(written, an_entry(Logout(), trace=trace, subject=None))
    other = records_in(written, an_entry(Logout(), trace=Trace("4" * 32, "5" * 16)))
    assert [len(first), len(second), len(other)] == [2, 1, 2]
    request, *actions = *first, *second
    assert (request.trace_id, request.span_id, request.parent_span_id) == (trace.id, trace.span, trace.caller)
    assert request.attributes["dpl.core.foreign_operation.processor"] == UNKNOWN_CALLER
    assert request.name == "Verzoek"
    assert {one.parent_span_id for one in actions} == {trace.span}
    assert {one.trace_id for one in actions} == {trace.id}
    assert len({one.span_id for one in (request, *actions)}) == 3
    assert "dpl.core.data_subject_id" not in actions[1].attributes
    assert other[0].parent_span_id is None
    assert "dpl.core.foreign_operation.processor" not in other[0].attributes
    assert b"parent_span_id" not in msgspec.json.encode(other[0])


def test_each_further_data_subject_has_a_record_of_its_own_below_the_first() -> None:
    father = PersonId("01990000-0000-7000-8000-0000000000d2")
    event = AuthorityRecorded(child=CHILD, guardian=father, kind="holder", source="register")
    first, second = records_of(an_entry(event))
    assert first.attributes["dpl.core.data_subject_id"] == "pseudonym-c1"
    assert second.attributes["dpl.core.data_subject_id"] == "pseudonym-d2"
    assert (second.parent_span_id, second.trace_id) == (first.span_id, first.trace_id)
    assert first.resource == second.resource
    (nobody,) = records_of(an_entry(Logout(), subject=None))
    assert "dpl.core.data_subject_id" not in nobody.attributes
    assert father not in msgspec.json.encode(second).decode()
    entry = an_entry(event)
    assert people_in([entry, gone(entry)]) == [CHILD, father]
    (alone,) = projection().records(entry, {CHILD})
    assert alone.attributes["dpl.core.data_subject_id"] == "pseudonym-c1"


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(ALL), st.integers(0, 3), st.booleans()), max_size=30))
def test_whatever_happens_spans_are_unique_and_every_parent_is_there_or_is_the_callers(
    acts: list[tuple[type[Any], int, bool]],
) -> None:
    written = projection()
    records: list[ProcessingRecord] = []
    traces = [None, Trace("1" * 32, "2" * 16, "3" * 16), Trace("1" * 32, "4" * 16), Trace("5" * 32, "6" * 16)]
    for kind, trace, has_subject in acts:
        entry = an_entry(an_example(kind), trace=traces[trace], subject=CHILD if has_subject else None)
        records += records_in(written, entry)
    spans = [one.span_id for one in records]
    assert len(set(spans)) == len(spans)
    for one in records:
        assert one.parent_span_id is None or one.parent_span_id in {*spans, "3" * 16}
        assert ("dpl.core.data_subject_id" in one.attributes) == (
            "dpl.core.data_subject_id_type" in one.attributes
        )


def test_only_so_many_requests_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processing, "_REMEMBERED", 2)
    written = projection()
    counts = [
        len(records_in(written, an_entry(Logout(), trace=Trace(number * 32, "2" * 16))))
        for number in "112343"
    ]
    assert counts == [2, 1, 2, 2, 2, 1]
    assert len(written._written) == 2


def test_what_broke_is_an_error_and_a_stop_began_when_it_was_accepted() -> None:
    (failed,) = records_of(an_entry(ReleaseFailed(RELATIONSHIP, EntryId(new_id()), "reset")))
    assert (failed.status, failed.attributes["exception.type"]) == ("Error", "reset")
    (unnamed,) = records_of(an_entry(ReleaseFailed(RELATIONSHIP, EntryId(new_id()))))
    assert unnamed.attributes["exception.type"] == "unknown"
    (late,) = records_of(an_entry(Logout(), late_since=AT - timedelta(seconds=2)))
    assert late.end_time - late.start_time == 2000
    assert late.name == "logout.v1", "a name is never empty"


def test_of_an_erased_entry_nothing_is_told() -> None:
    assert records_of(gone(an_entry(LoginSucceeded("entree")))) == ()


def test_spans_and_traces_of_entries_are_well_formed_and_never_the_same() -> None:
    ids = [EntryId(new_id(milliseconds(AT))) for _ in range(500)]
    assert all(re.fullmatch(r"[89ab][0-9a-f]{15}", own_span(one)) for one in ids)
    assert all(re.fullmatch(r"[0-9a-f]{32}", own_trace(one)) for one in ids)
    assert len({own_span(one) for one in ids} | {own_trace(one) for one in ids}) == 1000
    Trace(own_trace(ids[0]), own_span(ids[0]))


@pytest.mark.parametrize(
    "address,good",
    [
        ("https://register.example.nl/v1", True),
        ("http://register.example.nl", True),
        (own_register("audit.example.org"), True),
        ("", False),
        ("register.example.nl", False),
        ("https://", False),
        ("https://register.example.nl/?x=1", False),
        ("https://register.example.nl/#x", False),
        ("https://register.example.nl/a b", False),
        ("https://register.example.nl/é", False),
        ("javascript:alert(1)", False),
        ("urn:uuid:1", False),
        ("tag:example.org:x", False),
    ],
)
def test_an_activity_is_named_by_an_address(address: str, good: bool) -> None:
    assert is_register(address) is good


def test_a_data_subject_that_is_a_user_stands_under_a_pseudonym_too() -> None:
    (record,) = records_of(an_entry(LoginSucceeded("entree"), subject=PersonId(STAFF)))
    assert record.attributes["dpl.core.data_subject_id"] == "pseudonym-f1"
    assert STAFF not in msgspec.json.encode(record).decode()
