"""What is looked for in the log: by kind, decision, basis, rules or text, and organisation."""

from __future__ import annotations

from typing import get_args

import pytest

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.events import By, Event, event_type
from consent_service.audit.filtering import DECISIONS, Party, TrailFilter, types_of
from consent_service.foundation.ids import (
    DecisionId,
    EntryId,
    PersonId,
    RecordId,
    RelationshipId,
    SchoolId,
    StaffId,
    TenantId,
    TypeKey,
    new_id,
)

HERE, THERE = RelationshipId(new_id()), RelationshipId(new_id())
SCHOOL, TEACHER, COUNSELLOR = SchoolId(new_id()), StaffId(new_id()), new_id()
HELPS, CALLS = TypeKey("support_advice"), TypeKey("contact_persons")
RULES, TEXT, SCREEN = "a" * 64, "b" * 64, "c" * 64
RELEASED = events.InformationReleased(HERE, "support", TEACHER, "school", types=(HELPS,))
REFUSED = events.ReleaseRefused(
    HERE, "support", TEACHER, "school", refused=(events.RefusedType(CALLS, "no_consent"),)
)
GIVEN = events.ConsentGiven(DecisionId(new_id()), HERE, HELPS, "s2c", "nl.1", TEXT, SCREEN, "nl", "tablet")
STARTED = events.RelationshipStarted(THERE, PersonId(new_id()), SCHOOL)


def _detail(event: Event, by: By, relationship: RelationshipId | None = None) -> Detail:
    return Detail(
        v=1,
        tenant=TenantId(new_id()),
        entry=EntryId(new_id()),
        event=event,
        by=by,
        shown_to="officer",
        relationship=relationship,
    )


TAUGHT = _detail(RELEASED, By("school_staff", TEACHER))
STRANGER = _detail(
    events.InformationReleased(THERE, "support", new_id(), "school", types=(CALLS,)),
    By("school_staff", new_id()),
)
DENIED = _detail(REFUSED, By("school_staff", TEACHER))
ANSWERED = _detail(GIVEN, By("guardian", new_id()), HERE)
PLACED = _detail(STARTED, By("counsellor", COUNSELLOR))
LOOKED = _detail(events.LogViewed(), By("fg", new_id()))
EVERYTHING = {
    "taught": TAUGHT,
    "stranger": STRANGER,
    "denied": DENIED,
    "answered": ANSWERED,
    "placed": PLACED,
    "looked": LOOKED,
}


@pytest.mark.parametrize(
    "wanted, found",
    [
        (TrailFilter(), EVERYTHING.keys()),
        (TrailFilter(types=frozenset({"log.viewed.v1"})), {"looked"}),
        (TrailFilter(decision="allowed"), {"taught", "stranger"}),
        (TrailFilter(decision="refused"), {"denied"}),
        (TrailFilter(decision="yes"), {"answered"}),
        (TrailFilter(decision="stopped"), set()),
        (TrailFilter(decision="yes", types=frozenset({"release.refused.v1"})), set()),
        (TrailFilter(basis=frozenset({HELPS})), {"taught", "answered"}),
        (TrailFilter(basis=frozenset({CALLS})), {"stranger", "denied"}),
        (TrailFilter(basis=frozenset()), set()),
        (TrailFilter(rests_on=RULES[:8]), EVERYTHING.keys() - {"looked"}),
        (TrailFilter(rests_on=TEXT[:8]), {"answered"}),
        (TrailFilter(rests_on=SCREEN), {"answered"}),
        (TrailFilter(rests_on="d"), set()),
        (TrailFilter(organisation=Party()), {"placed", "looked"}),
        (TrailFilter(organisation=Party(SCHOOL)), {"placed"}),
        (TrailFilter(organisation=Party(SCHOOL, frozenset({TEACHER}))), {"taught", "denied", "placed"}),
        (
            TrailFilter(organisation=Party(SCHOOL, relationships=frozenset({HERE}))),
            {"taught", "denied", "answered", "placed"},
        ),
        (TrailFilter(organisation=Party(SCHOOL, relationships=frozenset({THERE}))), {"stranger", "placed"}),
    ],
)
def test_an_opened_entry_fits_what_is_asked(wanted: TrailFilter, found: set[str]) -> None:
    fits = {
        name
        for name, detail in EVERYTHING.items()
        if wanted.fits(kind=event_type(detail.event), bundle="" if name == "looked" else RULES, detail=detail)
    }

    assert fits == set(found)


def test_an_entry_whose_content_is_gone_fits_by_what_the_leaf_still_shows() -> None:
    gone = {"kind": "log.viewed.v1", "bundle": RULES, "detail": None}

    for wanted, fits in (
        (TrailFilter(), True),
        (TrailFilter(types=frozenset({"log.viewed.v1"})), True),
        (TrailFilter(rests_on=RULES), True),
        (TrailFilter(rests_on=TEXT), False),
        (TrailFilter(decision="yes"), False),
        (TrailFilter(basis=frozenset({HELPS})), False),
        (TrailFilter(organisation=Party()), False),
        (TrailFilter(organisation=Party(SCHOOL)), False),
    ):
        assert wanted.fits(**gone) is fits, wanted  # type: ignore[arg-type]


def test_only_the_names_of_the_filters_in_use_are_told() -> None:
    wanted = TrailFilter(person=PersonId(new_id()), basis=frozenset(), rests_on="ab", decision="no")

    assert wanted.used() == ("person", "decision", "basis", "rests_on")
    assert TrailFilter().used() == ()


def test_every_decision_is_made_of_events_that_exist_and_no_event_is_two() -> None:
    tags = [kind for kinds in DECISIONS.values() for kind in kinds]

    assert len(tags) == len(set(tags))
    assert set(tags) <= {event.__struct_config__.tag for event in get_args(Event)}


def test_the_types_of_an_event_are_found_wherever_it_names_them() -> None:
    version = events.RecordVersion(RecordId(new_id()), 1, CALLS)
    both = events.InformationReleased(HERE, "support", TEACHER, "school", types=(HELPS,), records=(version,))
    changed = events.ConsentReevaluated(HERE, "birthday", before=(HELPS,), after=(CALLS,))

    assert types_of(both) == types_of(changed) == {HELPS, CALLS}
    assert types_of(REFUSED) == {CALLS}
    assert types_of(events.LogViewed()) == frozenset()
