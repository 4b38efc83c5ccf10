"""Who may do what: one table, read top to bottom.

A row says which kind of actor may do an action, and under which named condition. What is not in the
table is refused. Services gather the facts of the matter at hand (`Circumstances`) and ask `may`;
whether *information* may pass is a different question, answered by `policy` on every read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from consent_service.foundation.ids import FamilyId, PersonId, SchoolId, TenantId
from consent_service.identity.actions import Action as Action
from consent_service.identity.client_scopes import Scope
from consent_service.identity.model import (
    Actor,
    ChildActor,
    Counsellor,
    Fg,
    GuardianActor,
    MachineClient,
    Operator,
    PrivacyCoordinator,
    SchoolStaff,
    StaffKind,
    System,
    tenant_of,
)


class Circumstances(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The facts of the matter at hand, as the asking service knows them. What is left out counts as no.

    `tenant`, `family`, `school` and `person` say where the thing acted upon belongs; `person` is the
    guardian or child whose choice or page it is. `way` is the direction of the information type.
    """

    tenant: TenantId | None = None
    family: FamilyId | None = None
    school: SchoolId | None = None
    person: PersonId | None = None
    way: Literal["s2c", "c2s"] | None = None
    assigned: bool = False
    """The acting counsellor is assigned to the family."""
    standing_in: bool = False
    """The acting counsellor stands in for a colleague, with a reason that has been logged."""
    active_contact: bool = False
    """The acting member of school staff is on the active contact list of the relationship."""
    decided: bool = False
    """A privacy coordinator of the shelter, named by the operator who carries it out, decided this."""
    invited: StaffKind | None = None
    """What somebody is who is invited to link a login."""


DeniedCode = Literal[
    "not_your_role",
    "not_in_your_organisation",
    "not_assigned",
    "not_your_own",
    "not_your_school",
    "not_active_contact",
    "wrong_direction",
    "not_decided",
    "scope_missing",
]


class Allowed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The actor may ask for this."""


class Denied(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The actor may not; `code` names the first condition that is not met."""

    code: DeniedCode


Condition = Callable[[Actor, Circumstances], DeniedCode | None]
"""The first thing that stands in the way, or None."""


def anywhere(_actor: Actor, _facts: Circumstances) -> DeniedCode | None:
    """No condition: the kind of actor is enough."""
    return None


def in_own_organisation(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """The matter belongs to the actor's own shelter."""
    own = tenant_of(actor)
    return None if own is not None and own == facts.tenant else "not_in_your_organisation"


def of_a_school(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """The matter is about a school of the actor's own shelter, not about the shelter itself."""
    elsewhere = in_own_organisation(actor, facts)
    if elsewhere is not None:
        return elsewhere
    return None if facts.school is not None else "not_your_role"


def with_the_family(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """Assigned to the family, or standing in with a logged reason."""
    elsewhere = in_own_organisation(actor, facts)
    if elsewhere is not None:
        return elsewhere
    return None if facts.assigned or facts.standing_in else "not_assigned"


def with_the_family_to_school(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """With the family, and the information goes from shelter to school."""
    return with_the_family(actor, facts) or (None if facts.way == "s2c" else "wrong_direction")


def with_the_family_from_school(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """With the family, and the information comes from school to shelter."""
    return with_the_family(actor, facts) or (None if facts.way == "c2s" else "wrong_direction")


def for_oneself(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """One's own choice or page, in one's own family: never the other guardian's, never a sibling's."""
    elsewhere = in_own_organisation(actor, facts)
    if elsewhere is not None:
        return elsewhere
    match actor:
        case GuardianActor():
            own = (actor.guardian, actor.family)
        case ChildActor():
            own = (actor.child, actor.family)
        case _:
            return "not_your_own"
    return None if own == (facts.person, facts.family) else "not_your_own"


def at_own_school(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """The matter is between the actor's own school and that shelter."""
    elsewhere = in_own_organisation(actor, facts)
    if elsewhere is not None:
        return elsewhere
    own = isinstance(actor, SchoolStaff) and actor.school == facts.school
    return None if own else "not_your_school"


def at_own_school_to_school(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """At the actor's own school, and the information goes from shelter to school.

    Whether the actor ever was on the contact list of the child is asked by `release`, whether now by
    `policy`; both refusals are logged.
    """
    return at_own_school(actor, facts) or (None if facts.way == "s2c" else "wrong_direction")


def active_contact_from_school(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """On the active contact list at the actor's own school, and the information goes to the shelter."""
    elsewhere = at_own_school(actor, facts)
    if elsewhere is not None:
        return elsewhere
    if not facts.active_contact:
        return "not_active_contact"
    return None if facts.way == "c2s" else "wrong_direction"


def active_contact(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """On the active contact list of a relationship with the actor's own school."""
    elsewhere = at_own_school(actor, facts)
    if elsewhere is not None:
        return elsewhere
    return None if facts.active_contact else "not_active_contact"


def inviting_school_staff(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """Somebody of a school is invited, for the actor's own shelter."""
    elsewhere = in_own_organisation(actor, facts)
    return elsewhere or (None if facts.invited == "school_staff" else "not_your_role")


def inviting_colleagues(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """Somebody of a school or a counsellor is invited: who supervises is invited by the operator only."""
    elsewhere = in_own_organisation(actor, facts)
    return elsewhere or (None if facts.invited in ("school_staff", "counsellor") else "not_your_role")


def to_read_the_log(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """A system of that shelter, with a token for `log:read`."""
    return _with_scope(actor, facts, Scope.LOG)


def to_list_schools(actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """A system of that shelter, with a token for `schools:read`."""
    return _with_scope(actor, facts, Scope.SCHOOLS)


def _with_scope(actor: Actor, facts: Circumstances, scope: Scope) -> DeniedCode | None:
    elsewhere = in_own_organisation(actor, facts)
    if elsewhere is not None:
        return elsewhere
    return None if isinstance(actor, MachineClient) and scope in actor.scopes else "scope_missing"


def on_a_decision(_actor: Actor, facts: Circumstances) -> DeniedCode | None:
    """Somebody who may decide this at the shelter is named as having decided it."""
    return None if facts.decided else "not_decided"


PERMISSIONS: Mapping[Action, Mapping[type[Actor], Condition]] = {
    # The installation and its organisations
    Action.REGISTER_TENANT: {Operator: anywhere},
    Action.REGISTER_SCHOOL: {Operator: anywhere},
    Action.REGISTER_AGREEMENT: {Operator: anywhere},
    Action.END_AGREEMENT: {Operator: anywhere},
    Action.RECORD_SUCCESSION: {Operator: anywhere},
    Action.REGISTER_STAFF: {Operator: anywhere},
    Action.END_STAFF: {Operator: anywhere, PrivacyCoordinator: of_a_school},
    Action.REGISTER_PROVIDER: {Operator: anywhere},
    Action.LINK_STAFF: {Operator: anywhere},
    Action.INVITE_STAFF: {
        Operator: anywhere,
        Counsellor: inviting_school_staff,
        PrivacyCoordinator: inviting_colleagues,
    },
    Action.ENTER_ADDRESS: {
        Operator: anywhere,
        PrivacyCoordinator: in_own_organisation,
        Counsellor: of_a_school,
    },
    Action.ENROL_FACTOR: {Operator: anywhere, PrivacyCoordinator: in_own_organisation},
    Action.MANAGE_OPERATORS: {Operator: anywhere},
    Action.MANAGE_CLIENTS: {Operator: anywhere},
    Action.LIST_SCHOOLS: {MachineClient: to_list_schools},
    Action.SEE_OWN_CLIENT: {MachineClient: in_own_organisation},
    Action.ASSIGN_COUNSELLOR: {Operator: anywhere, Counsellor: with_the_family},
    # Families
    Action.REGISTER_FAMILY: {Counsellor: in_own_organisation},
    Action.CHANGE_FAMILY: {Counsellor: with_the_family},
    Action.REGISTER_CHILD: {Counsellor: with_the_family},
    Action.REGISTER_GUARDIAN: {Counsellor: with_the_family},
    Action.RECORD_AUTHORITY: {Counsellor: with_the_family},
    Action.RECORD_SAFETY: {Counsellor: with_the_family},
    Action.REQUEST_MARKER: {Counsellor: with_the_family},
    Action.APPROVE_MARKER: {Counsellor: in_own_organisation},
    Action.MOVE_TO_SUCCESSOR: {Counsellor: with_the_family},
    Action.DISOWN_PUPIL: {SchoolStaff: active_contact},
    Action.DECLARE_CONFLICT: {SchoolStaff: active_contact, Counsellor: with_the_family},
    Action.ANSWER_RECALL: {SchoolStaff: at_own_school},
    Action.RECALL_SHARED: {Counsellor: with_the_family, PrivacyCoordinator: in_own_organisation},
    Action.PLAN_END: {Counsellor: with_the_family},
    Action.START_RELATIONSHIP: {Counsellor: with_the_family},
    Action.END_RELATIONSHIP: {Counsellor: with_the_family},
    Action.LIST_CONTACT: {Counsellor: with_the_family},
    Action.REMOVE_CONTACT: {Counsellor: with_the_family},
    Action.ATTEST_CONTACT: {Counsellor: with_the_family, SchoolStaff: active_contact},
    Action.SEARCH_FAMILY: {Counsellor: in_own_organisation},
    Action.VIEW_FAMILY: {Counsellor: with_the_family},
    Action.STAND_IN: {Counsellor: in_own_organisation},
    # Consent: the family decides; a counsellor only passes on what stops the sharing
    Action.START_INTAKE: {Counsellor: with_the_family},
    Action.HAND_OVER: {Counsellor: with_the_family},
    Action.GIVE_CONSENT: {GuardianActor: for_oneself, ChildActor: for_oneself},
    Action.REFUSE_CONSENT: {GuardianActor: for_oneself, ChildActor: for_oneself},
    Action.POSTPONE_CONSENT: {GuardianActor: for_oneself, ChildActor: for_oneself},
    Action.WITHDRAW_CONSENT: {
        GuardianActor: for_oneself,
        ChildActor: for_oneself,
        Counsellor: with_the_family,
    },
    Action.OBJECT: {GuardianActor: for_oneself, Counsellor: with_the_family},
    Action.LIFT_OBJECTION: {GuardianActor: for_oneself},
    Action.PASS_ON_ANSWER: {Counsellor: with_the_family},
    Action.RECORD_OPINION: {ChildActor: for_oneself, Counsellor: with_the_family},
    Action.JUDGE_COMPETENCE: {Counsellor: with_the_family},
    Action.SEE_OWN_PAGE: {GuardianActor: for_oneself, ChildActor: for_oneself},
    Action.SECURE_OWN_PAGE: {GuardianActor: for_oneself, ChildActor: for_oneself},
    Action.REPORT_WRONG: {GuardianActor: for_oneself, ChildActor: for_oneself},
    Action.MANAGE_PAGE_ACCESS: {Counsellor: with_the_family},
    Action.PRINT_RECEIPT: {
        GuardianActor: for_oneself,
        ChildActor: for_oneself,
        Counsellor: with_the_family,
    },
    # Sharing, both directions
    Action.SHARE_RECORD: {
        Counsellor: with_the_family_to_school,
        SchoolStaff: active_contact_from_school,
    },
    Action.APPROVE_RECORD: {Counsellor: in_own_organisation},
    Action.ASK_RELEASE: {
        SchoolStaff: at_own_school_to_school,
        Counsellor: with_the_family_from_school,
    },
    Action.LIST_OWN_CHILDREN: {SchoolStaff: at_own_school},
    # The three-way meeting
    Action.PROPOSE_MEETING: {Counsellor: with_the_family, SchoolStaff: active_contact},
    Action.APPROVE_MEETING: {Counsellor: in_own_organisation},
    Action.RUN_MEETING: {Counsellor: with_the_family},
    Action.REMARK_ON_MEETING: {GuardianActor: for_oneself, ChildActor: for_oneself},
    # What goes before consent: two persons stand behind a break-glass; anybody who works here can stop it
    Action.ASK_BREAK_GLASS: {Counsellor: with_the_family},
    Action.APPROVE_BREAK_GLASS: {Counsellor: in_own_organisation},
    Action.END_BREAK_GLASS: {Counsellor: in_own_organisation, PrivacyCoordinator: in_own_organisation},
    Action.REVIEW_BREAK_GLASS: {PrivacyCoordinator: in_own_organisation},
    Action.VIEW_EMERGENCIES: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.WALK_MELDCODE: {Counsellor: with_the_family},
    Action.ANSWER_STATUTORY_REQUEST: {Counsellor: with_the_family},
    # The start with a school, and signals
    Action.SEND_FIRST_CONTACT: {Counsellor: with_the_family},
    Action.CONFIRM_PUPIL: {SchoolStaff: active_contact},
    Action.CALL_SCHOOL: {Counsellor: with_the_family},
    Action.SEND_SIGNAL: {Counsellor: with_the_family},
    Action.ROUTE_SIGNALS: {PrivacyCoordinator: in_own_organisation},
    # Supervision
    Action.VIEW_TRAIL: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.VERIFY_LOG: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.PIN_LOG: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.READ_ENTRIES: {
        PrivacyCoordinator: in_own_organisation,
        Fg: in_own_organisation,
        MachineClient: to_read_the_log,
    },
    Action.EXPORT_LOG: {
        PrivacyCoordinator: in_own_organisation,
        Fg: in_own_organisation,
        Operator: on_a_decision,
    },
    Action.EXPORT_OWN_LOG: {GuardianActor: for_oneself, ChildActor: for_oneself},
    Action.RELEASE_ENTRIES: {PrivacyCoordinator: in_own_organisation},
    Action.ROTATE_LOG_KEY: {Operator: anywhere},
    Action.REOPEN_LOG: {Operator: anywhere},
    Action.PRUNE_LOG: {Operator: on_a_decision},
    # Showing that the law is kept (AVG 5(2), 30, 35); the FG looks and fixes nothing (AVG 38(6))
    Action.VIEW_ACCOUNTABILITY: {
        PrivacyCoordinator: in_own_organisation,
        Fg: in_own_organisation,
        Operator: on_a_decision,
    },
    Action.FIX_REPORT: {PrivacyCoordinator: in_own_organisation},
    # Requests about one's own data: the coordinator decides, the FG advises (AVG 12-22, 38, 39)
    Action.ASK_CASE: {GuardianActor: for_oneself, ChildActor: for_oneself},
    Action.CARRY_CASE: {Counsellor: with_the_family},
    Action.VIEW_CASES: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.DECIDE_CASE: {PrivacyCoordinator: in_own_organisation},
    Action.ADVISE_ON_CASE: {Fg: in_own_organisation},
    # Breaches: the coordinator examines, decides and tells; the FG looks along (AVG 33, 34, 38, 39)
    Action.VIEW_BREACHES: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.HANDLE_BREACH: {PrivacyCoordinator: in_own_organisation},
    # Being forgotten: two coordinators stand behind it; an operator types it for them, or carries it out
    Action.ASK_ERASURE: {PrivacyCoordinator: in_own_organisation, Operator: on_a_decision},
    Action.APPROVE_ERASURE: {PrivacyCoordinator: in_own_organisation, Operator: on_a_decision},
    Action.EXECUTE_ERASURE: {PrivacyCoordinator: in_own_organisation, Operator: anywhere},
    Action.VIEW_ERASURE: {
        PrivacyCoordinator: in_own_organisation,
        Fg: in_own_organisation,
        Operator: anywhere,
    },
    # How long things are kept: periods, holds and runs
    Action.VIEW_RETENTION: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.DECIDE_RETENTION: {PrivacyCoordinator: in_own_organisation},
    Action.VIEW_RECALLS: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.VIEW_EVALUATION: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.PUBLISH_EVALUATION: {PrivacyCoordinator: in_own_organisation},
    Action.VIEW_PATTERNS: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.DESTROY_KEY: {PrivacyCoordinator: in_own_organisation, Operator: on_a_decision},
    # Reviewing the log: supervising is not deciding, so both do it (AVG 39)
    Action.FIND_FOR_CASE: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.REVIEW_SAMPLE: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.VIEW_DESTRUCTION: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.REPLACE_KEYS: {Operator: anywhere},
    Action.BACK_UP_KEYS: {Operator: anywhere},
    Action.RECOVER_KEYS: {Operator: anywhere},
    Action.REENCRYPT_RECORDS: {Operator: anywhere},
    Action.REINDEX_NAMES: {Operator: anywhere},
    # The rules: two privacy coordinators stand behind a change; the FG decides nothing (AVG 38(6), 39)
    Action.VIEW_POLICIES: {
        PrivacyCoordinator: in_own_organisation,
        Fg: in_own_organisation,
        Operator: anywhere,
    },
    Action.REPLAY_POLICIES: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.PROPOSE_POLICIES: {PrivacyCoordinator: in_own_organisation, Operator: anywhere},
    Action.APPROVE_POLICIES: {PrivacyCoordinator: in_own_organisation},
    Action.ACTIVATE_POLICIES: {PrivacyCoordinator: in_own_organisation, Operator: anywhere},
    Action.VIEW_TEXTS: {PrivacyCoordinator: in_own_organisation, Fg: in_own_organisation},
    Action.SUSPEND_TEXT: {PrivacyCoordinator: in_own_organisation},
}
"""The table. `System` has no row: what the service does by itself asks nobody, and is logged."""


def may(actor: Actor, action: Action, facts: Circumstances) -> Allowed | Denied:
    """Whether `actor` may do `action` here; what the table does not name is refused."""
    condition = PERMISSIONS.get(action, {}).get(type(actor))
    if condition is None:
        return Denied("not_your_role")
    obstacle = condition(actor, facts)
    return Allowed() if obstacle is None else Denied(obstacle)


KINDS: tuple[type[Actor], ...] = (
    GuardianActor,
    ChildActor,
    Counsellor,
    SchoolStaff,
    PrivacyCoordinator,
    Fg,
    Operator,
    MachineClient,
    System,
)
"""Every kind of actor, for tests and for the printed table."""
