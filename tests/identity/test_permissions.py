"""The whole table, written a second time by hand: every action by every kind of actor."""

from __future__ import annotations

from typing import get_args

import pytest

from consent_service.foundation.ids import FamilyId, PersonId, SchoolId
from consent_service.identity.client_scopes import Scope
from consent_service.identity.model import (
    Actor,
    ChildActor,
    GuardianActor,
    MachineClient,
    Operator,
    SchoolStaff,
    StaffKind,
    System,
)
from consent_service.identity.permissions import (
    KINDS,
    PERMISSIONS,
    Action,
    Allowed,
    Circumstances,
    Denied,
    DeniedCode,
    for_oneself,
    may,
)
from tests.identity import factories as f

CHILD = ChildActor(f.TRAVERSE, PersonId("child"), f.FAMILY)
ACTORS: dict[str, Actor] = {
    "G": f.GUARDIAN,
    "C": CHILD,
    "B": f.COUNSELLOR,
    "S": f.CONTACT,
    "P": f.COORDINATOR,
    "F": f.FG,
    "O": Operator("cli"),
    "M": MachineClient(f.TRAVERSE, "roster", frozenset(Scope)),
    "Y": System(),
}
"""Guardian, Child, counsellor (Begeleider), School, Privacy coordinator, Fg, Operator, Machine, sYstem."""

# Who may, when every fact that could help is there: both directions are tried.
MAY = {
    Action.REGISTER_TENANT: "O",
    Action.REGISTER_SCHOOL: "O",
    Action.REGISTER_AGREEMENT: "O",
    Action.END_AGREEMENT: "O",
    Action.RECORD_SUCCESSION: "O",
    Action.REGISTER_STAFF: "O",
    Action.END_STAFF: "OP",
    Action.REGISTER_PROVIDER: "O",
    Action.LINK_STAFF: "O",
    Action.INVITE_STAFF: "OBP",
    Action.ENTER_ADDRESS: "OPB",
    Action.ENROL_FACTOR: "OP",
    Action.MANAGE_OPERATORS: "O",
    Action.MANAGE_CLIENTS: "O",
    Action.LIST_SCHOOLS: "M",
    Action.SEE_OWN_CLIENT: "M",
    Action.ASSIGN_COUNSELLOR: "OB",
    Action.REGISTER_FAMILY: "B",
    Action.CHANGE_FAMILY: "B",
    Action.REGISTER_CHILD: "B",
    Action.REGISTER_GUARDIAN: "B",
    Action.RECORD_AUTHORITY: "B",
    Action.RECORD_SAFETY: "B",
    Action.REQUEST_MARKER: "B",
    Action.APPROVE_MARKER: "B",
    Action.ASK_BREAK_GLASS: "B",
    Action.APPROVE_BREAK_GLASS: "B",
    Action.END_BREAK_GLASS: "BP",
    Action.REVIEW_BREAK_GLASS: "P",
    Action.VIEW_EMERGENCIES: "PF",
    Action.WALK_MELDCODE: "B",
    Action.ANSWER_STATUTORY_REQUEST: "B",
    Action.MOVE_TO_SUCCESSOR: "B",
    Action.DISOWN_PUPIL: "S",
    Action.DECLARE_CONFLICT: "BS",
    Action.ANSWER_RECALL: "S",
    Action.RECALL_SHARED: "BP",
    Action.PLAN_END: "B",
    Action.VIEW_RECALLS: "PF",
    Action.VIEW_EVALUATION: "PF",
    Action.PUBLISH_EVALUATION: "P",
    Action.START_RELATIONSHIP: "B",
    Action.END_RELATIONSHIP: "B",
    Action.LIST_CONTACT: "B",
    Action.REMOVE_CONTACT: "B",
    Action.ATTEST_CONTACT: "BS",
    Action.SEARCH_FAMILY: "B",
    Action.VIEW_FAMILY: "B",
    Action.STAND_IN: "B",
    Action.START_INTAKE: "B",
    Action.HAND_OVER: "B",
    Action.GIVE_CONSENT: "GC",
    Action.REFUSE_CONSENT: "GC",
    Action.POSTPONE_CONSENT: "GC",
    Action.WITHDRAW_CONSENT: "GCB",
    Action.OBJECT: "GB",
    Action.LIFT_OBJECTION: "G",
    Action.RECORD_OPINION: "CB",
    Action.JUDGE_COMPETENCE: "B",
    Action.PASS_ON_ANSWER: "B",
    Action.SEE_OWN_PAGE: "GC",
    Action.PRINT_RECEIPT: "GCB",
    Action.SECURE_OWN_PAGE: "GC",
    Action.REPORT_WRONG: "GC",
    Action.MANAGE_PAGE_ACCESS: "B",
    Action.SHARE_RECORD: "BS",
    Action.PROPOSE_MEETING: "BS",
    Action.APPROVE_MEETING: "B",
    Action.RUN_MEETING: "B",
    Action.REMARK_ON_MEETING: "GC",
    Action.APPROVE_RECORD: "B",
    Action.ASK_RELEASE: "BS",
    Action.LIST_OWN_CHILDREN: "S",
    Action.SEND_FIRST_CONTACT: "B",
    Action.CONFIRM_PUPIL: "S",
    Action.CALL_SCHOOL: "B",
    Action.SEND_SIGNAL: "B",
    Action.ROUTE_SIGNALS: "P",
    Action.VIEW_TRAIL: "PF",
    Action.VERIFY_LOG: "PF",
    Action.PIN_LOG: "PF",
    Action.READ_ENTRIES: "PFM",
    Action.EXPORT_LOG: "PFO",
    Action.EXPORT_OWN_LOG: "GC",
    Action.RELEASE_ENTRIES: "P",
    Action.ROTATE_LOG_KEY: "O",
    Action.REOPEN_LOG: "O",
    Action.PRUNE_LOG: "O",
    Action.VIEW_ACCOUNTABILITY: "PFO",
    Action.FIX_REPORT: "P",
    Action.ASK_CASE: "GC",
    Action.CARRY_CASE: "B",
    Action.VIEW_CASES: "PF",
    Action.DECIDE_CASE: "P",
    Action.ADVISE_ON_CASE: "F",
    Action.VIEW_BREACHES: "PF",
    Action.HANDLE_BREACH: "P",
    Action.ASK_ERASURE: "PO",
    Action.APPROVE_ERASURE: "PO",
    Action.EXECUTE_ERASURE: "PO",
    Action.VIEW_ERASURE: "PFO",
    Action.VIEW_RETENTION: "PF",
    Action.DECIDE_RETENTION: "P",
    Action.DESTROY_KEY: "PO",
    Action.VIEW_DESTRUCTION: "PF",
    Action.REPLACE_KEYS: "O",
    Action.BACK_UP_KEYS: "O",
    Action.RECOVER_KEYS: "O",
    Action.REENCRYPT_RECORDS: "O",
    Action.REINDEX_NAMES: "O",
    Action.VIEW_PATTERNS: "PF",
    Action.FIND_FOR_CASE: "PF",
    Action.REVIEW_SAMPLE: "PF",
    Action.VIEW_POLICIES: "PFO",
    Action.REPLAY_POLICIES: "PF",
    Action.PROPOSE_POLICIES: "PO",
    Action.APPROVE_POLICIES: "P",
    Action.ACTIVATE_POLICIES: "PO",
    Action.VIEW_TEXTS: "PF",
    Action.SUSPEND_TEXT: "P",
}
ANYWHERE = {action for action in MAY if "O" in MAY[action]}
ON_A_DECISION = {
    Action.DESTROY_KEY,
    Action.EXPORT_LOG,
    Action.VIEW_ACCOUNTABILITY,
    Action.PRUNE_LOG,
    Action.ASK_ERASURE,
    Action.APPROVE_ERASURE,
}
WITHOUT_THE_FAMILY = {
    Action.REGISTER_FAMILY,
    Action.ENTER_ADDRESS,
    Action.INVITE_STAFF,
    Action.SEARCH_FAMILY,
    Action.STAND_IN,
    Action.APPROVE_RECORD,
    Action.APPROVE_MEETING,
    Action.APPROVE_MARKER,
    Action.APPROVE_BREAK_GLASS,
    Action.END_BREAK_GLASS,
}


def helpful(actor: Actor, action: Action) -> Circumstances:
    """Every fact on the actor's side."""
    person = actor.guardian if isinstance(actor, GuardianActor) else PersonId("child")
    to_school = (action is Action.SHARE_RECORD) != isinstance(actor, SchoolStaff)
    return Circumstances(
        tenant=f.TRAVERSE,
        family=f.FAMILY,
        school=f.SCHOOL,
        person=person,
        way="s2c" if to_school else "c2s",
        assigned=True,
        standing_in=True,
        active_contact=True,
        decided=True,
        invited="school_staff",
    )


def test_the_table_and_this_test_name_every_action_and_every_kind_of_actor() -> None:
    assert set(MAY) == set(Action) == set(PERMISSIONS)
    assert [type(actor) for actor in ACTORS.values()] == list(KINDS)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("letter", ACTORS)
def test_who_may_do_what_when_everything_helps(letter: str, action: Action) -> None:
    actor = ACTORS[letter]
    expected = Allowed() if letter in MAY[action] else Denied("not_your_role")
    assert may(actor, action, helpful(actor, action)) == expected


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("letter", ACTORS)
def test_without_a_single_fact_only_the_operator_may_anything(letter: str, action: Action) -> None:
    allowed = may(ACTORS[letter], action, Circumstances()) == Allowed()
    assert allowed == (letter == "O" and letter in MAY[action] and action not in ON_A_DECISION)


@pytest.mark.parametrize("action", sorted(ON_A_DECISION))
def test_an_operator_carries_out_only_what_a_coordinator_of_that_shelter_decided(action: Action) -> None:
    facts = Circumstances(tenant=f.TRAVERSE)
    assert may(Operator("cli"), action, facts) == Denied("not_decided")


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("letter", sorted(set(ACTORS) - {"O", "Y"}))
def test_nobody_reaches_into_another_shelter(letter: str, action: Action) -> None:
    actor = ACTORS[letter]
    facts = helpful(actor, action)
    there = Circumstances(**{n: getattr(facts, n) for n in facts.__struct_fields__} | {"tenant": f.ELSEWHERE})
    code: DeniedCode = "not_in_your_organisation" if letter in MAY[action] else "not_your_role"
    assert may(actor, action, there) == Denied(code)


@pytest.mark.parametrize("action", sorted(a for a in MAY if "B" in MAY[a] and a not in WITHOUT_THE_FAMILY))
def test_a_counsellor_who_is_not_assigned_and_does_not_stand_in_is_refused(action: Action) -> None:
    way = helpful(f.COUNSELLOR, action).way
    facts = Circumstances(tenant=f.TRAVERSE, family=f.FAMILY, way=way)
    assert may(f.COUNSELLOR, action, facts) == Denied("not_assigned")
    assigned = Circumstances(tenant=f.TRAVERSE, family=f.FAMILY, way=way, assigned=True)
    standing_in = Circumstances(tenant=f.TRAVERSE, family=f.FAMILY, way=way, standing_in=True)
    assert may(f.COUNSELLOR, action, assigned) == may(f.COUNSELLOR, action, standing_in) == Allowed()


@pytest.mark.parametrize("action", sorted(a for a in MAY if "G" in MAY[a]))
def test_a_guardian_never_decides_for_the_other_guardian_or_in_another_family(action: Action) -> None:
    father = Circumstances(tenant=f.TRAVERSE, family=f.FAMILY, person=PersonId("father"), assigned=True)
    neighbours = Circumstances(tenant=f.TRAVERSE, family=FamilyId("neighbours"), person=f.MOTHER)
    assert may(f.GUARDIAN, action, father) == Denied("not_your_own")
    assert may(f.GUARDIAN, action, neighbours) == Denied("not_your_own")


def test_what_is_for_oneself_is_nobodys_who_has_no_self_here() -> None:
    facts = Circumstances(tenant=f.TRAVERSE, family=f.FAMILY, person=f.MOTHER, assigned=True)
    assert for_oneself(f.COUNSELLOR, facts) == "not_your_own"


@pytest.mark.parametrize("action", sorted(a for a in MAY if "S" in MAY[a]))
def test_school_staff_stay_within_their_own_school(action: Action) -> None:
    other = Circumstances(
        tenant=f.TRAVERSE, school=SchoolId("another"), way=helpful(f.CONTACT, action).way, active_contact=True
    )
    assert may(f.CONTACT, action, other) == Denied("not_your_school")


def test_s15_school_staff_who_left_the_contact_list_share_nothing() -> None:
    facts = Circumstances(tenant=f.TRAVERSE, school=f.SCHOOL, way="c2s")
    assert may(f.CONTACT, Action.SHARE_RECORD, facts) == Denied("not_active_contact")


def test_who_supervises_is_invited_by_the_operator_only() -> None:
    kinds: tuple[StaffKind, ...] = get_args(StaffKind)
    invites = {
        letter: {
            kind
            for kind in kinds
            if may(ACTORS[letter], Action.INVITE_STAFF, Circumstances(tenant=f.TRAVERSE, invited=kind))
            == Allowed()
        }
        for letter in MAY[Action.INVITE_STAFF]
    }
    assert invites == {"O": set(kinds), "B": {"school_staff"}, "P": {"school_staff", "counsellor"}}


@pytest.mark.parametrize("action", [Action.SHARE_RECORD, Action.ASK_RELEASE])
@pytest.mark.parametrize("actor", [f.COUNSELLOR, f.CONTACT])
def test_nobody_shares_or_asks_against_the_direction(actor: Actor, action: Action) -> None:
    good = helpful(actor, action)
    against = "c2s" if good.way == "s2c" else "s2c"
    facts = Circumstances(**{n: getattr(good, n) for n in good.__struct_fields__} | {"way": against})
    assert may(actor, action, facts) == Denied("wrong_direction")
