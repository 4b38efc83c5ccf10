"""Every column that may hold a pseudonym is either emptied, or somebody else's, or kept for a reason."""

from __future__ import annotations

from sqlalchemy import Column, MetaData, String, Table

from consent_service.foundation.database import holds
from consent_service.migrations.schema import complete_metadata
from consent_service.rights.erasure_places import BY_OTHERS, KEPT, PLACES

OF_STAFF = {
    "assignments": {"staff"},
    "authority_facts": {"seen_by"},
    "care_signals": {"sent_by"},
    "child_competence": {"judged_by"},
    "consent_ledger": {"witness", "entered_by", "device"},
    "contact_absences": {"staff"},
    "contact_attestations": {"staff", "attested_by"},
    "ending_plans": {"planned_by"},
    "erasure_notices": {"answered_by"},
    "evaluation_publications": {"published_by"},
    "enrolments": {"staff"},
    "first_contacts": {"sent_by", "confirmed_by", "read_by"},
    "first_day_ticks": {"ticked_by"},
    "phone_calls": {"staff"},
    "signal_hearers": {"staff"},
    "access_files": {"made_by"},
    "erasures": {"asked_by", "approved_by"},
    "retention_holds": {"placed_by", "lifted_by"},
    "retention_runs": {"asked_by"},
    "retention_schedules": {"proposed_by", "approved_by"},
    "logout_tokens_seen": {"sid", "sub"},
    "meetings": {"proposed_by", "led_by"},
    "notice_addresses": {"staff"},
    "notices": {"to_staff"},
    "operator_grants": {"operator"},
    "operator_logins": {"subject"},
    "operators": {"operator", "subject"},
    "login_attempts": {"session"},
    "invitation_logins": {"subject", "sub", "sid"},
    "page_devices": {"device"},
    "page_tries": {"source"},
    "passkey_challenges": {"session", "user_handle"},
    "passkeys": {
        "credential",
        "credential_id",
        "last_used_in",
        "named_by",
        "public_key",
        "subject",
        "user_handle",
    },
    "passed_on_statements": {"entered_by"},
    "policy_approvals": {"approved_by"},
    "policy_proposals": {"proposed_by"},
    "recalls": {"answered_by"},
    "rectifications": {"asked_by"},
    "rights_cases": {"decided_by"},
    "restrictions": {"set_by", "told_by", "lifted_by"},
    "records": {"author", "approved_by"},
    "relationship_contacts": {"staff", "deputy_for"},
    "return_pins": {"subject"},
    "review_samples": {"officer"},
    "saved_questions": {"officer", "staff"},
    "safety_assessments": {"assessor"},
    "safety_markers": {"requested_by", "decided_by"},
    "session_devices": {"device", "named_by", "subject"},
    "sessions": {"device", "id", "sid", "sub", "subject", "handed_by", "acts_as"},
    "breach_exams": {"actor", "asked_by", "device"},
    "breach_letters": {"decided_by"},
    "breaches": {"opened_by", "decided_by"},
    "break_glasses": {"requested_by", "approver"},
    "meldcode_steps": {"by"},
    "meldcodes": {"opened_by"},
    "sittings": {"counsellor", "device"},
    "statutory_requests": {"received_by", "answered_by"},
    "staff": {"staff"},
    "staff_invitations": {"staff", "invited_by"},
    "staff_devices": {"device", "staff"},
    "staff_links": {"subject", "staff"},
    "step_tokens": {"session"},
    "suspended_texts": {"decided_by"},
    "tasks": {"done_by"},
}
"""Of members of staff, of devices and of logins: none of them is an id of the family."""
DERIVED = {"children": {"search_tag"}}
"""Goes with its row."""


def uncovered(metadata: MetaData) -> set[tuple[str, str]]:
    """Columns with a pseudonym of which nobody says what an erasure does with them."""
    known: set[tuple[str, str]] = set()
    for place in PLACES:
        known |= {(place.table.name, column.name) for column in (*place.holding, *place.within)}
    known |= {(column.table.name, column.name) for column in (*BY_OTHERS, *KEPT)}
    for named in (OF_STAFF, DERIVED):
        known |= {(table, column) for table, columns in named.items() for column in columns}
    return {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if column.info["personal"] == "pseudonym"
    } ^ known


def test_every_column_that_can_hold_a_pseudonym_is_accounted_for() -> None:
    assert uncovered(complete_metadata()) == set()


def test_a_new_column_that_nobody_empties_is_found() -> None:
    metadata = MetaData()
    for table in complete_metadata().tables.values():
        table.to_metadata(metadata)
    Table(
        "planted",
        metadata,
        Column("tenant", String, info=holds("none")),
        Column("child", String, info=holds("pseudonym")),
    )
    assert uncovered(metadata) == {("planted", "child")}


def test_no_row_is_left_that_points_to_one_that_is_gone() -> None:
    order = [place.table.name for place in PLACES]
    assert len(order) == len(set(order))
    for place in PLACES:
        for key in place.table.foreign_key_constraints:
            if key.referred_table.name in order:
                assert order.index(place.table.name) < order.index(key.referred_table.name)
    pointed = {
        table.name
        for table in complete_metadata().tables.values()
        for key in table.foreign_key_constraints
        if key.referred_table.name in order
    }
    assert pointed <= set(order)
