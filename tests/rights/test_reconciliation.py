"""Acts and entries of a shelter that lived a little: nothing differs, until somebody changes a row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final, get_args

import msgspec
import pytest
from sqlalchemy import Table, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import reconciling
from consent_service.audit.encoding import Detail
from consent_service.audit.events import (
    By,
    ConsentOpinion,
    Event,
    Logout,
    PageAccessGiven,
    RecordRetracted,
    RecordShared,
)
from consent_service.audit.protection import insert_only_tables, removal_statements
from consent_service.audit.reconciling import reconcile_in
from consent_service.consent.acts import ConsentActs
from consent_service.families.model import NewAuthority
from consent_service.foundation.ids import INSTALLATION, EntryId, PersonId, TenantId, new_id
from consent_service.migrations.schema import complete_metadata
from consent_service.process.tables import recalls, tasks
from consent_service.records.acts import RecordActs
from consent_service.rights.erasure_model import Wanted
from consent_service.rights.reconciliation import SOURCES, reconcile_acts
from tests.audit.test_describe import an_example
from tests.rights.forgetting import decided
from tests.rights.reconciled import ENTRY_ONLY, NO_ACTS
from tests.scenarios.stories import Told, ask, share, told_family
from tests.shelter import SECRET, World


def test_every_table_is_compared_or_it_is_said_why_not() -> None:
    compared = [name for source in SOURCES for name in source.tables]
    assert len(compared) == len(set(compared))
    assert set(complete_metadata().tables) - set(compared) == NO_ACTS.keys()


def test_every_event_is_compared_or_is_an_act_by_itself() -> None:
    compared = [event for source in SOURCES for event in source.events]
    assert len(compared) == len(set(compared))
    assert {event.__name__ for event in set(get_args(Event)) - set(compared)} == ENTRY_ONLY


KINDS: Final = {
    "AgreementEnded": ["agreement_end"],
    "AgreementSigned": ["agreement"],
    "AssignmentStarted": ["assignment"],
    "AuthorityRecorded": ["authority"],
    "BreakGlassAsked": ["break_glass"],
    "CaseOpened": ["case"],
    "BreachOpened": ["breach"],
    "BundleActivated": ["bundle"],
    "ChildRegistered": ["child"],
    "ClientChanged": [],
    "ClientEnded": ["client_end"],
    "ClientRegistered": ["client", "client_key"],
    "CompetenceJudged": ["competence"],
    "ConflictDeclared": ["conflict"],
    "ContactAttested": ["attested"],
    "ContactAway": ["away"],
    "ContactListed": ["contact"],
    "ContactRemoved": ["contact_end"],
    "ErasureApproved": ["erasure_approval"],
    "ErasureAsked": ["erasure"],
    "ErasureDropped": ["erasure_dropped"],
    "ErasureExecuted": ["erasure_executed"],
    "FamilyRegistered": ["family"],
    "GuardianRegistered": ["guardian"],
    "GuardianSafetyAssessed": ["guardian_safety"],
    "IndexKeyRotated": ["key_end"],
    "IntakeFinished": ["intake_end"],
    "IntakeStarted": ["intake"],
    "InvitationEnded": ["invitation_end"],
    "KeyDestroyed": ["key_end"],
    "KeyDestroyedOnOrder": ["key_end"],
    "KeyEpochEnded": ["epoch"],
    "MarkerDecided": ["marker_decision"],
    "MarkerEnded": ["marker_end"],
    "MarkerRequested": ["marker"],
    "MeetingAgreementStepped": ["meeting_agreement"],
    "MeetingStepped": [],
    "MeldcodeOpened": ["meldcode"],
    "OperatorAdded": ["operator"],
    "OperatorEnded": ["operator_end"],
    "PageAccessGiven": [],
    "PolicyApproved": ["approval", "approval"],
    "PolicyProposed": ["proposal"],
    "PolicyWithdrawn": ["proposal_end"],
    "ProviderRegistered": ["provider"],
    "RectificationAsked": ["rectification"],
    "RestrictionMoved": ["restriction"],
    "RecallAcknowledged": ["recall_answer"],
    "RecallAsked": ["recall"],
    "RecallIssued": ["recall"],
    "RecordExpired": ["record"],
    "RecordRetracted": ["record"],
    "RecordShared": ["record", "record"],
    "RecordsReencrypted": ["key_end"],
    "RelationshipEnded": ["relationship_end"],
    "RelationshipStarted": ["relationship", "place"],
    "RelationshipSucceeded": ["place", "place"],
    "RetentionHeld": ["hold"],
    "RetentionScheduled": ["schedule"],
    "SafetyAssessed": ["safety"],
    "SampleDrawn": ["sample", "sample_entry"],
    "SampleJudged": ["sample_judgement"],
    "SchoolRegistered": ["school"],
    "SchoolSucceeded": ["succession"],
    "StaffAdded": ["staff"],
    "StaffEnded": ["staff_end"],
    "StaffInvited": ["invitation"],
    "StatutoryRequestReceived": ["statutory_request"],
    "SubstituteAccess": ["assignment"],
    "TenantRegistered": ["shelter"],
}
"""What each event tells of; decisions are all of one kind."""


def test_every_compared_event_tells_of_its_acts_and_of_no_other() -> None:
    told: dict[str, list[str]] = {}
    for source in SOURCES:
        for kind in source.events:
            event: Event = msgspec.convert(msgspec.to_builtins(an_example(kind)), kind)
            told[kind.__name__] = [one.act.kind for one in source.told(a_detail(event))]
        assert list(source.told(a_detail(Logout()))) == []
    decisions = {name for name in told if name.startswith("Consent")}
    assert all(told.pop(name) == ["decision"] for name in decisions)
    assert told == KINDS
    (factor,) = ConsentActs().told(a_detail(PageAccessGiven(PersonId("p"), "mail")))
    assert factor.act.facts == ("p", "mail")
    no = msgspec.structs.replace(an_example(ConsentOpinion), opinion="no")
    assert [one.act.facts[1] for one in ConsentActs().told(a_detail(no))] == ["opinion_no"]
    first = msgspec.structs.replace(an_example(RecordShared), version=1)
    assert [(one.act.facts[1], one.times) for one in RecordActs().told(a_detail(first))] == [("1", 1)]
    nameless = msgspec.structs.replace(an_example(RecordRetracted), version=0)
    assert list(RecordActs().told(a_detail(nameless))) == []


def a_detail(event: Event) -> Detail:
    who = By(kind="system", id="")
    return Detail(1, TenantId("t"), EntryId("e"), event, who, "officer")


async def lived_in(world: World) -> Told:
    """A family about which much was done, and an erasure that was asked about another one."""
    guardians: Any = (("Samira", "holder"), ("Karim", "holder"))
    told = await told_family(world, guardians=guardians)
    other = await told_family(world, family_name="Ander")
    child, services = told.view.children[0].child, world.services
    father = told.view.guardians[1].guardian
    await ask(world, told.relationship)
    await services.records.retract(world.counsellor, told.relationship, told.record)
    await share(world, told.relationship)
    today = world.clock.now().date()
    fact = NewAuthority("none", "judgment", today, seen_on=today)
    family = told.view.family
    await services.families.record_authority(
        world.counsellor, family, child=child, guardian=father, fact=fact
    )
    await services.families.judge_competence(
        world.counsellor, family, child, competent=False, reason="too_upset"
    )
    await services.families.assess_safety(world.counsellor, other.view.family, SECRET)
    mother = other.view.guardians[0].guardian
    review_on = date(2026, 11, 1)
    await services.families.request_marker(world.counsellor, other.view.family, mother, review_on=review_on)
    await services.families.stand_in(world.colleague, other.view.family, "colleague_ill")
    await services.custody.destroy(world.officer, other.relationship)
    await decided(world, Wanted("family", other.view.family, "requested"))
    await world.settle()
    return told


@asynccontextmanager
async def undone(conn: AsyncConnection) -> AsyncIterator[None]:
    """What somebody with all rights does, and takes back."""
    step = await conn.begin_nested()
    try:
        yield
    finally:
        await step.rollback()


@asynccontextmanager
async def unguarded(world: World) -> AsyncIterator[AsyncConnection]:
    """A transaction without triggers and foreign keys, of which nothing is kept."""
    database = world.services.installation.database
    async with database.engine.connect() as conn:
        for statement in removal_statements(conn.dialect.name, insert_only_tables()):
            await conn.execute(text(statement))
        if database.is_sqlite:
            await conn.execute(text("PRAGMA defer_foreign_keys = ON"))
        else:
            await conn.execute(text("SET LOCAL session_replication_role = replica"))
        yield conn
        await conn.rollback()


async def differing(world: World, conn: AsyncConnection) -> set[tuple[str, str]]:
    found = await reconcile_in(conn, world.services.installation.ring, world.tenant, SOURCES)
    assert found.ok == (not found.mismatches)
    return {(one.what, one.kind) for one in found.mismatches}


DELETED: Final = {
    "agreements": {"agreement"},
    "active_bundles": {"bundle"},
    "assignments": {"assignment"},
    "authority_facts": {"authority"},
    "child_competence": {"competence"},
    "children": {"child"},
    "consent_ledger": {"decision"},
    "erasures": {"erasure", "erasure_approval"},
    "families": {"family"},
    "guardians": {"guardian"},
    "key_destructions": {"key_end"},
    "records": {"record"},
    "relationship_contacts": {"contact"},
    "relationships": {"relationship", "place"},
    "safety_assessments": {"safety"},
    "safety_markers": {"marker"},
    "schools": {"school"},
    "sittings": {"intake", "intake_end"},
    "staff": {"staff"},
    "tenants": {"shelter"},
}
"""The kinds of acts that are missing when a row of each table is deleted."""
COPIED: Final = DELETED.keys() - {"active_bundles", "tenants"}
CHANGED: Final[dict[str, tuple[str, str]]] = {
    "a yes instead of a no": (
        "UPDATE consent_ledger SET kind = 'given' WHERE kind <> 'given'",
        "decision",
    ),
    "another person's answer": ("UPDATE consent_ledger SET person = 'somebody'", "decision"),
    "another text": ("UPDATE consent_ledger SET text_hash = 'a'", "decision"),
    "nothing unsafe": ("UPDATE safety_assessments SET level = 'no_known_danger'", "safety"),
    "a marker approved": (
        "UPDATE safety_markers SET approved = :yes, decided_by = 'x', decided_at = requested_at",
        "marker_decision",
    ),
    "another school": (
        "UPDATE relationships SET school = (SELECT school FROM schools WHERE establishment_code = '34CD01')",
        "place",
    ),
    "an ended relationship": (
        "UPDATE relationships SET ended_at = started_at, end_reason = 'moved'",
        "relationship_end",
    ),
    "a removed contact": (
        "UPDATE relationship_contacts SET ends_at = starts_at",
        "contact_end",
    ),
    "an older version": ("UPDATE records SET version = version + 1", "record"),
    "other rules": ("UPDATE active_bundles SET hash = 'b'", "bundle"),
    "an agreement that lasts": (
        "UPDATE agreements SET valid_until = NULL, valid_from = '2020-01-01'",
        "agreement",
    ),
    "another's approval": ("UPDATE erasures SET approved_by = asked_by", "erasure_approval"),
}


async def _one(conn: AsyncConnection, table: Table, tenant: str) -> Any:
    keys = list(table.primary_key.columns)
    query = select(table).where(table.c.tenant == tenant).order_by(*keys).limit(1)
    return (await conn.execute(query)).mappings().one()


async def test_of_a_lived_in_shelter_nothing_differs_until_a_row_does(world: World) -> None:
    await lived_in(world)
    installation = world.services.installation
    progress: list[tuple[int, int]] = []
    for tenant in (world.tenant, INSTALLATION):
        found = await reconcile_acts(
            installation.database, installation.ring, tenant, progress=lambda *done: progress.append(done)
        )
        assert found.ok, found.mismatches
        assert found.acts or tenant == INSTALLATION
    assert progress[0][0] == progress[0][1] > 50
    tables = complete_metadata().tables
    deleted, copied, changed = {}, {}, {}
    async with unguarded(world) as conn:
        for name in sorted(DELETED):
            table = tables[name]
            row = await _one(conn, table, world.tenant)
            own = [column == row[column.name] for column in table.primary_key.columns]
            async with undone(conn):
                await conn.execute(delete(table).where(*own))
                deleted[name] = await differing(world, conn)
            if name in COPIED:
                *_, key = table.primary_key.columns
                code = {"establishment_code": "99ZZ99"} if name == "schools" else {}
                async with undone(conn):
                    await conn.execute(insert(table).values({**row, **code, key.name: new_id()}))
                    copied[name] = await differing(world, conn)
        for what, (statement, _) in CHANGED.items():
            async with undone(conn):
                await conn.execute(text(statement), {"yes": True} if ":yes" in statement else {})
                changed[what] = {kind for _, kind in await differing(world, conn)}
    assert deleted == {name: {("entry_without_act", kind) for kind in DELETED[name]} for name in DELETED}
    assert copied == {name: {("act_without_entry", kind) for kind in DELETED[name]} for name in COPIED}
    assert {what: found & {CHANGED[what][1]} for what, found in changed.items()} == {
        what: {kind} for what, (_, kind) in CHANGED.items()
    }


def untold(world: World, told: Told) -> list[tuple[Table, dict[str, Any]]]:
    """Rows of acts of which no entry tells."""
    at, tables = world.clock.now(), complete_metadata().tables
    proposal = {"hash": "h", "replaces": "r", "origin": "folder", "proposed_by": "p", "proposed_at": at}
    bundle = {"proposal": new_id(), "item": "whole", "approved_by": "a", "approved_at": at}
    asked = {"scope": "child", "ground": "requested", "asked_by": "x", "asked_at": at, "ended_at": at}
    recalled = {"relationship": told.relationship, "school": world.linde, "received_on": at.date()}
    factor = {"person": told.mother.guardian, "kind": "mail", "set_at": at}
    epoch = {"epoch": 1, "state": "destroyed", "reason": "nightly", "from_generation": 1, "to_generation": 2}
    generation = {"probe": b"p", "begun_at": at, "ended_at": at}
    succession = {"school": world.linde, "successor": world.eik, "document": "x", "decided_on": at.date()}
    provider = dict.fromkeys(("id", "name", "issuer", "client_id", "rules", "public_key"), "x")
    how = {"auth_method": "x", "audience": "shelter", "secrets": b"x", "created_at": at}
    return [
        (
            recalls,
            {"recall": new_id(), "information_type": "x", "records": 1, "issued_at": at, **recalled}
            | {"answered_at": at},
        ),
        (tasks, {"task": new_id(), "kind": "x", "audience": "o", "entry": new_id(), "created_at": at}),
        (
            tables["policy_proposals"],
            {"proposal": bundle["proposal"], "state": "active", "ended_at": at} | proposal,
        ),
        (tables["policy_proposals"], {"proposal": new_id(), "state": "withdrawn", "ended_at": at} | proposal),
        (tables["policy_approvals"], bundle),
        (tables["erasures"], {"erasure": new_id(), "state": "dropped", **asked}),
        (tables["erasures"], {"erasure": new_id(), "state": "executed", **asked}),
        (tables["page_factors"], {"factor": new_id(), **factor}),
        (tables["key_epochs"], {"tenant": INSTALLATION, "everybody": False, **epoch, **generation}),
        (tables["school_successions"], {"succession": new_id(), "recorded_at": at, **succession}),
        (tables["oidc_providers"], {"tenant": INSTALLATION, **provider, **how}),
    ]


GUARDIAN_SAFE: Final = (
    "INSERT INTO safety_assessments (tenant, assessment, family, level, secret_address,"
    " other_parent_at_school, assessor, recorded_at, guardian) SELECT tenant, 'x', family, level,"
    " secret_address, other_parent_at_school, assessor, recorded_at, :g FROM safety_assessments LIMIT 1"
)
UNTOLD: Final = (
    "UPDATE agreements SET ended_at = created_at",
    "UPDATE staff SET ended_at = created_at",
    "UPDATE relationship_contacts SET ends_at = starts_at, end_reason = 'conflict'",
    GUARDIAN_SAFE,
    "UPDATE safety_markers SET ended_at = requested_at",
)
UNTOLD_KINDS: Final = {
    "agreement_end",
    "approval",
    "bundle",
    "conflict",
    "contact_end",
    "erasure",
    "erasure_dropped",
    "erasure_executed",
    "guardian_safety",
    "marker_end",
    "page_factor",
    "proposal",
    "proposal_end",
    "recall",
    "recall_answer",
    "staff_end",
    "succession",
    "task",
}


async def test_acts_that_nothing_tells_of_and_entries_that_say_nothing_any_more_are_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await lived_in(world)
    guardian = told.view.guardians[1].guardian
    async with unguarded(world) as conn:
        async with undone(conn):
            for table, values in untold(world, told):
                await conn.execute(insert(table).values({"tenant": world.tenant, **values}))
            for statement in UNTOLD:
                await conn.execute(text(statement), {"g": guardian} if ":g" in statement else {})
            found = await differing(world, conn)
            assert {what for what, _ in found} == {"act_without_entry"}
            assert {kind for _, kind in found} == UNTOLD_KINDS
            ring = world.services.installation.ring
            installed = await reconcile_in(conn, ring, INSTALLATION, SOURCES)
            assert sorted(one.kind for one in installed.mismatches) == ["epoch", "provider"]
        async with undone(conn):  # all details gone: every act is without its entry, and only some are named
            await conn.execute(text("DELETE FROM audit_details"))
            monkeypatch.setattr(reconciling, "_NAMED_SUMS", 5)
            lost = await reconcile_in(conn, world.services.installation.ring, world.tenant, SOURCES)
            assert (lost.ok, lost.more, lost.entries) == (False, True, 0)
            assert {one.what for one in lost.mismatches} == {"act_without_entry"}
            assert len(lost.mismatches) == lost.mismatch_count == 5
        assert await differing(world, conn) == set()
