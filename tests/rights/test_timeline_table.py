"""Each kind of happening was decided about: on whose timeline it stands, or on nobody's."""

from __future__ import annotations

from typing import get_args

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.events import By, Event
from consent_service.foundation.ids import (
    EntryId,
    PersonId,
    RelationshipId,
    StaffId,
    TenantId,
    TypeKey,
    new_id,
)
from consent_service.rights.timeline_table import (
    ACTS_TOLD,
    NEVER,
    SHOWN,
    AtHome,
    AtSchool,
    shown_at_home,
    shown_to_counsellor,
    shown_to_school,
)

CHILD, MOTHER, FATHER = PersonId(new_id()), PersonId(new_id()), PersonId(new_id())
PLACE, OTHER_PLACE = RelationshipId(new_id()), RelationshipId(new_id())
STAFF = StaffId(new_id())
SUPPORT, AGREED = TypeKey("support_advice"), TypeKey("three_way_meeting")
MEETING = new_id()
SCHOOL = AtSchool(PLACE, STAFF, frozenset({SUPPORT, AGREED}), frozenset({MEETING}))
HOME = AtHome(MOTHER, frozenset({CHILD}), frozenset({PLACE}), frozenset({MEETING}))


def told(
    event: Event,
    by: By = By("counsellor", "x"),  # noqa: B008 - frozen
    *,
    shown_to: str = CHILD,
    subject: PersonId | None = CHILD,
    relationship: RelationshipId | None = PLACE,
) -> Detail:
    return Detail(
        v=1,
        tenant=TenantId(new_id()),
        entry=EntryId(new_id()),
        event=event,
        by=by,
        shown_to="officer" if shown_to == "officer" else PersonId(shown_to),
        subject=subject,
        relationship=relationship,
    )


def shared(kind: TypeKey = SUPPORT, way: events.Direction = "s2c") -> Event:
    return events.RecordShared(PLACE, new_id(), 1, kind, way, "digest")  # type: ignore[arg-type]


def released(reader: str, kind: str, *types: TypeKey, role: str = "contact") -> Event:
    return events.InformationReleased(
        PLACE,
        "support",
        reader,
        kind,  # type: ignore[arg-type]
        role,
        types or (SUPPORT,),
        (),
        None,
    )


def stepped(act: str, meeting: str = MEETING) -> Event:
    return events.MeetingStepped(PLACE, meeting, act, "planned")


def test_every_kind_of_happening_was_decided_about_once() -> None:
    every = set(get_args(Event))

    assert SHOWN.keys() | NEVER == every
    assert not SHOWN.keys() & NEVER


def test_what_has_no_row_is_shown_to_nobody() -> None:
    detail = told(events.LogViewed(("timeline",), 1))

    assert shown_to_counsellor(detail) is None
    assert shown_to_school(detail, SCHOOL) is None
    assert shown_at_home(detail, HOME) is None


def test_a_school_sees_only_types_it_may_read_now_of_its_own_place() -> None:
    advice = shared()
    assert shown_to_school(told(advice), SCHOOL) is advice
    assert shown_to_counsellor(told(advice)) is advice
    assert shown_to_school(told(shared(TypeKey("child_health"))), SCHOOL) is None
    assert shown_to_school(told(shared(), relationship=OTHER_PLACE), SCHOOL) is None
    assert shown_to_school(told(shared(), relationship=None), SCHOOL) is None
    assert shown_to_school(told(shared(), shown_to="officer"), SCHOOL) is None


def test_a_school_sees_of_a_reading_and_a_call_only_what_may_be_read_now() -> None:
    health = TypeKey("child_health")
    own = shown_to_school(told(released(STAFF, "school", SUPPORT, health), By("school_staff", STAFF)), SCHOOL)
    assert isinstance(own, events.InformationReleased)
    assert own.types == (SUPPORT,)
    assert shown_to_school(told(released(STAFF, "school", health)), SCHOOL) is None
    assert shown_to_school(told(released("somebody", "school")), SCHOOL) is None
    assert shown_to_school(told(released(STAFF, "school", role="phone")), SCHOOL) is None
    assert shown_to_school(told(released(STAFF, "shelter")), SCHOOL) is None

    call = shown_to_school(told(events.CallMade(PLACE, new_id(), "contact", (SUPPORT, health))), SCHOOL)
    assert isinstance(call, events.CallMade)
    assert call.types == (SUPPORT,)
    assert shown_to_school(told(events.CallMade(PLACE, new_id(), "contact", (health,))), SCHOOL) is None


def test_a_contact_sees_what_it_wrote_itself_and_not_what_a_colleague_wrote() -> None:
    written = shared(TypeKey("school_absence"), "c2s")

    assert shown_to_school(told(written, By("school_staff", STAFF)), SCHOOL) is written
    assert shown_to_school(told(written, By("school_staff", "another")), SCHOOL) is None


def test_a_school_sees_its_own_listing_and_steps_of_meetings_it_knows() -> None:
    listed = events.ContactListed(PLACE, STAFF, "contact", deputy=False)
    other = events.ContactListed(PLACE, StaffId(new_id()), "contact", deputy=False)
    assert shown_to_school(told(listed), SCHOOL) is listed
    assert shown_to_school(told(other), SCHOOL) is None
    assert shown_to_school(told(stepped("plan")), SCHOOL) is not None
    assert shown_to_school(told(stepped("plan", new_id())), SCHOOL) is None
    for act in ("propose_urgent", "approve", "lapse", "remark", "prepare"):
        assert act not in ACTS_TOLD
        assert shown_to_school(told(stepped(act)), SCHOOL) is None
        assert shown_at_home(told(stepped(act)), HOME) is None
    agreed = events.MeetingAgreementStepped(PLACE, MEETING, new_id(), "agree")
    assert shown_to_school(told(agreed), SCHOOL) is agreed
    unread = AtSchool(PLACE, STAFF, frozenset({SUPPORT}), frozenset({MEETING}))
    assert shown_to_school(told(agreed), unread) is None
    first = events.FirstContactConfirmed(PLACE)
    assert shown_to_school(told(first), SCHOOL) is first
    assert shown_to_school(told(events.RecordApproved(PLACE, new_id(), 1, SUPPORT, "d")), SCHOOL) is None  # type: ignore[arg-type]


def test_s44_nobody_at_school_or_at_home_sees_what_another_did() -> None:
    for who in (By("guardian", FATHER), By("child", CHILD)):
        assert shown_to_school(told(events.FirstContactConfirmed(PLACE), who), SCHOOL) is None
        assert shown_at_home(told(shared(), who), HOME) is None


def test_s3_and_s21_at_home_only_what_is_shown_to_this_person_about_places_on_the_page() -> None:
    assert shown_at_home(told(shared()), HOME) is not None
    assert shown_at_home(told(shared(), shown_to="officer"), HOME) is None
    assert shown_at_home(told(shared(), shown_to=FATHER), HOME) is None
    assert shown_at_home(told(shared(), relationship=OTHER_PLACE), HOME) is None
    assert shown_at_home(told(shared(), relationship=None), HOME) is None
    started = events.IntakeStarted(new_id(), MOTHER)  # type: ignore[arg-type]
    mine = told(started, shown_to=MOTHER, subject=MOTHER, relationship=None)
    assert shown_at_home(mine, HOME) is started
    assert shown_at_home(told(started), HOME) is None
    assert shown_at_home(told(events.EndMoved(PLACE, "plan", "act", "state")), HOME) is None
    assert shown_at_home(told(stepped("plan")), HOME) is not None
    assert shown_at_home(told(stepped("plan", new_id())), HOME) is None


def test_at_home_another_guardians_look_is_not_shown() -> None:
    assert shown_at_home(told(released(FATHER, "guardian")), HOME) is None
    assert shown_at_home(told(released(MOTHER, "guardian")), HOME) is not None
    assert shown_at_home(told(released(STAFF, "school")), HOME) is not None
