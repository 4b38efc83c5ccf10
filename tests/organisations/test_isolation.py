"""Two shelters in one installation: the ids of one are worth nothing in the hands of the other.

A sweep over every method of every service. What is refused may say "not allowed", "not found" or
that the entry is wrong; what answers must answer with nothing; no row of the first shelter changes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from sqlalchemy import select

from consent_service.app import Services
from consent_service.audit.log import TrailFilter
from consent_service.consent.changes import Change
from consent_service.consent.model import Signature
from consent_service.consent.opinions import Opinion
from consent_service.consent.service import Target
from consent_service.consent.sittings import Setting
from consent_service.consent.statement import Answered, Statement
from consent_service.custody.model import Doomed, Order
from consent_service.families.looking import OwnListing
from consent_service.families.model import NewAuthority, NewGuardian, PersonIdentity, SchoolConfirmation
from consent_service.foundation.database import metadata
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import AgreementId, DecisionId, TypeKey
from consent_service.identity.model import ChildActor, GuardianActor, SchoolStaff
from consent_service.organisations.model import NewSuccession
from consent_service.organisations.tables import agreements
from consent_service.process.ending.states import NewEnd
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.release.service import Ask
from consent_service.rights.searching import Search
from tests.ledger import rows
from tests.organisations.access_attempts import access_attempts
from tests.organisations.breach_attempts import breach_attempts
from tests.organisations.carrying_attempts import carrying_attempts
from tests.organisations.case_attempts import case_attempts
from tests.organisations.emergency_attempts import emergency_attempts
from tests.organisations.log_attempts import Attempt, log_attempts
from tests.organisations.meeting_attempts import meeting_attempts
from tests.organisations.retention_attempts import retention_attempts
from tests.organisations.review_attempts import review_attempts
from tests.organisations.signal_attempts import signal_attempts
from tests.organisations.timeline_attempts import timeline_attempts
from tests.shelter import LINDE, OPERATOR, SAFE, SECRET, World, furnish

REFUSED = (NotAllowedError, NotFoundError, InputError)
NOTHING: tuple[object, ...] = ((), None, {}, frozenset(), OwnListing(None, has_deputy=False))
SUPPORT = TypeKey("support_advice")
NOOR = PersonIdentity("Noor", "Voorbeeld", date(2018, 5, 4))
ELSEWHERE = {
    "notices",
    "notice_bounces",
    "notice_deputies",
    "notice_inbox",
    "notice_sender",
    "identity",
    "reevaluator",
    "policies",
    "policy_changes",
    "texts",
    "log",
    "sequencer",
    "follower",
    "installation",
    "release",
    "calendar",
    "wording",
    "epochs",
    "key_backups",
    "key_drill",
    "key_restoring",
    "recovery_keys",
    "reindexing",
}
"""Doors swept in their own tests, or that take no id of a family."""
UNREACHABLE = {
    "when_leaving", "when_destroying", "when_carried_out", "stop_while_weighed",
    "register_tenant", "tenants", "register_family", "families_of", "replay", "own_answers",
    "withdraw_by_code", "holder_of_code", "holder_to_stop", "answers_by_code",
    "trail", "verify", "head", "may_take_log", "open_tasks",
    "assign_in", "is_assigned", "standing_answers", "who_looked", "stands_in_for", "tenant", "schools",
    "school_by_code", "awaiting_approval", "waiting_markers", "catch_up", "on_entry",
    "asked", "install", "replay_stops", "teams", "patterns", "notice", "notice_daily",
    "offered_channels", "begin", "deliver", "log_in", "run", "run_all",
    "call_first_at", "overview", "published", "figures", "publishable", "publish",
    "look", "routes", "set_route", "looked",
    "register", "document", "years", "waiting", "fix",
    "whole_family", "decided_by", "carried_out", "tell",
    "tell_handed_over", "permit_by_hand",
}  # fmt: skip
"""Methods that take nobody's id but a shelter's own: from the actor, a paper code, a journalled stop, or
none at all because they do for every shelter (`run`, `run_all`) what is tried for one; or they are for a
service that found the one it is about in this shelter (`carried_out`, `tell`, `permit_by_hand`).
"""


async def attempts_of(own: World, other: World) -> dict[str, Attempt]:
    """Each method, called by the second shelter's people with the first one's ids."""
    view = await own.family(guardians=(("Samira", "holder"), ("Karim", None)))
    child, mother = view.children[0].child, own.guardian(view)
    relationship = await own.at_school(child)
    receipt = await own.intake(mother, {"shelter_involvement": "yes", "support_advice": "yes"})
    shared = await own.services.records.share(own.counsellor, relationship, Note(SUPPORT, {"helps": "Rust."}))
    assert isinstance(shared, Shared)
    await own.services.sittings.not_now(mother, (await open_sitting(own, mother)))
    await own.settle()
    (task,) = await own.services.tasks.open_tasks(own.counsellor)
    pending = await open_sitting(own, mother)
    (agreed,) = await rows(own, agreements, school=own.linde, tenant=own.tenant)
    s, who, family, guardian = other.services, other.counsellor, view.family, mother.guardian
    thief = GuardianActor(other.tenant, guardian, family)
    school = SchoolStaff(other.tenant, own.contact.staff, own.linde, "contact")
    question = (await own.services.sittings.read(mother, pending)).questions[0]
    hers, as_theirs = Target(own.tenant, family, guardian), Target(other.tenant, family, guardian)
    confirmed = SchoolConfirmation(LINDE.establishment_code, LINDE.street, LINDE.phone)
    entry = (await s.supervision.trail(own.officer, TrailFilter(), limit=1)).entries[0].id
    fact = NewAuthority("holder", "register", date(2026, 1, 1))
    merger = NewSuccession(own.linde, own.eik, "merger_deed", date(2026, 1, 1))
    succession = await own.services.organisations.record_succession(OPERATOR, own.tenant, merger)
    marker = await a_waiting_marker(own)
    recall = await a_recall(own)
    ending = (
        await own.services.endings.plan(own.counsellor, relationship, NewEnd("moved_out", date(2026, 10, 1)))
    ).plan

    passed_on = Statement(
        family=family,
        person=guardian,
        method="paper",
        said_on=date(2026, 9, 1),
        language="nl",
        interpreter="none",
        answers=(Answered(relationship, SUPPORT, "no", "x@1"),),
        form="x",
        kept="family_file",
    )

    async def in_connection(ask: Callable[[Any], Awaitable[object]]) -> object:
        async with s.installation.database.reading() as conn:
            return await ask(conn)

    said = Opinion(
        relationship=relationship,
        counsellor=who.staff,
        faces={SUPPORT: "no"},
        shown={SUPPORT: own.shown(SUPPORT)},
    )

    return {
        "organisations.register_school": lambda: s.organisations.register_school(who, own.tenant, LINDE),
        "organisations.sign_agreement": lambda: s.organisations.sign_agreement(
            OPERATOR, other.tenant, own.linde, valid_from=date(2026, 1, 1), valid_until=None
        ),
        "organisations.end_agreement": lambda: s.organisations.end_agreement(
            OPERATOR, other.tenant, AgreementId(agreed.agreement)
        ),
        "organisations.add_staff": lambda: s.organisations.add_staff(who, own.tenant, None),  # type: ignore[arg-type]
        "organisations.end_staff": lambda: s.organisations.end_staff(
            OPERATOR, other.tenant, own.contact.staff
        ),
        "organisations.invite_staff": lambda: s.organisations.invite_staff(
            who, other.tenant, own.contact.staff
        ),
        "organisations.school": lambda: s.organisations.school(other.tenant, own.linde),
        "organisations.agreements_with": lambda: in_connection(
            lambda conn: s.organisations.agreements_with(conn, other.tenant, own.linde)
        ),
        "organisations.staff_members": lambda: in_connection(
            lambda conn: s.organisations.staff_members(conn, other.tenant, [own.contact.staff])
        ),
        "organisations.staff_of_school": lambda: in_connection(
            lambda conn: s.organisations.staff_of_school(conn, other.tenant, own.linde)
        ),
        "families.add_child": lambda: s.families.add_child(who, family, NOOR),
        "families.add_guardian": lambda: s.families.add_guardian(who, family, NewGuardian(NOOR, None)),
        "families.change_identity": lambda: s.families.change_identity(who, family, child, NOOR),
        "families.end_family": lambda: s.families.end_family(who, family, "moved_out"),
        "families.record_authority": lambda: s.families.record_authority(
            who, family, child=child, guardian=guardian, fact=fact
        ),
        "families.assess_safety": lambda: s.families.assess_safety(who, family, SAFE),
        "families.assess_guardian": lambda: s.families.assess_guardian(who, family, guardian, SAFE),
        "families.request_marker": lambda: s.families.request_marker(
            who, family, guardian, date(2026, 10, 1)
        ),
        "families.decide_marker": lambda: s.families.decide_marker(who, marker, approve=True),
        "families.end_marker": lambda: s.families.end_marker(who, family, marker),
        "families.declare_conflict": lambda: s.families.declare_conflict(
            who, relationship, own.contact.staff
        ),
        "families.declare_conflict by school": lambda: s.families.declare_conflict(
            school, relationship, school.staff
        ),
        "families.attest_contacts": lambda: s.families.attest_contacts(
            who, relationship, [own.contact.staff]
        ),
        "families.say_away": lambda: s.families.say_away(who, relationship, own.contact.staff, None),
        "families.step_off": lambda: s.families.step_off(school, relationship),
        "families.asked_of": lambda: s.families.asked_of(other.tenant, own.contact.staff, own.linde),
        "families.stands_in_at": lambda: s.families.stands_in_at(
            other.tenant, own.contact.staff, [relationship]
        ),
        "families.own_listing": lambda: s.families.own_listing(school, relationship),
        "families.lists_of": lambda: s.families.lists_of(other.officer, own.contact.staff),
        "families.disown": lambda: s.families.disown(school, relationship),
        "families.move_to_successor": lambda: s.families.move_to_successor(who, relationship, succession),
        "organisations.record_succession": lambda: s.organisations.record_succession(
            OPERATOR, other.tenant, merger
        ),
        "organisations.successions_of": lambda: in_connection(
            lambda conn: s.organisations.successions_of(conn, other.tenant, own.linde)
        ),
        "recall_desk.recall_record": lambda: s.recall_desk.recall_record(who, relationship, shared.record),
        "recall_desk.report_copied": lambda: s.recall_desk.report_copied(who, relationship, SUPPORT),
        "recall_desk.copyable": lambda: s.recall_desk.copyable(who, relationship),
        "endings.plan": lambda: s.endings.plan(who, relationship, NewEnd("moved_out", date(2026, 10, 1))),
        "endings.hear_holder": lambda: s.endings.hear_holder(who, ending),
        "endings.cancel": lambda: s.endings.cancel(who, ending),
        "endings.plans": lambda: s.endings.plans(who, family),
        "endings.stops": lambda: s.endings.stops(who, relationship),
        **signal_attempts(own, other, relationship),
        **timeline_attempts(own, other, view, relationship),
        **(await review_attempts(own, other, view)),
        **(await case_attempts(own, other, view)),
        **(await breach_attempts(own, other, relationship)),
        **await access_attempts(own, other, view, relationship),
        "recalls.answer": lambda: s.recalls.answer(school, recall, "done"),
        "recalls.notices": lambda: s.recalls.notices(school),
        "recalls.overdue": lambda: in_connection(
            lambda conn: s.recalls.overdue(conn, other.tenant, own.clock.now())
        ),
        "families.start_relationship": lambda: s.families.start_relationship(who, child, confirmed),
        "families.end_relationship": lambda: s.families.end_relationship(who, relationship, "moved_out"),
        "families.list_contact": lambda: s.families.list_contact(who, relationship, other.teacher.staff),
        "families.remove_contact": lambda: s.families.remove_contact(who, relationship, own.contact.staff),
        "families.stand_in": lambda: s.families.stand_in(who, family, "night_duty"),
        "families.search": lambda: s.families.search(
            who, names="Noor Voorbeeld", birth_date=date(2018, 5, 4)
        ),
        "families.view": lambda: s.families.view(who, family),
        "families.own_family": lambda: s.families.own_family(thief),
        "families.own_family_in": lambda: in_connection(lambda conn: s.families.own_family_in(conn, thief)),
        "families.own_children": lambda: in_connection(lambda conn: s.families.own_children(conn, thief)),
        "families.relationship": lambda: s.families.relationship(other.tenant, relationship),
        "families.school_children": lambda: s.families.school_children(
            other.tenant, own.contact.staff, own.linde
        ),
        "sittings.start": lambda: s.sittings.start(
            who, family=family, guardian=guardian, language="nl", interpreter="none"
        ),
        "sittings.read": lambda: s.sittings.read(thief, pending),
        "sittings.signed_as": lambda: s.sittings.signed_as(thief, pending),
        "sittings.current": lambda: s.sittings.current(thief),
        "sittings.answer": lambda: s.sittings.answer(
            thief, pending, question, answer="yes", shown=own.shown(question.information_type)
        ),
        "sittings.choose_language": lambda: s.sittings.choose_language(thief, pending, "en"),
        "sittings.sign": lambda: s.sittings.sign(thief, pending, Signature("typed", "X")),
        "sittings.not_now": lambda: s.sittings.not_now(thief, pending),
        "sittings.save": lambda: s.sittings.save(thief, pending),
        "sittings.tell_myself": lambda: s.sittings.tell_myself(thief, pending),
        "sittings.overruled": lambda: s.sittings.overruled(thief, pending),
        "sittings.prepare": lambda: s.sittings.prepare(
            who, ChildActor(other.tenant, child, family), Setting("nl")
        ),
        "sittings.prepare in own name": lambda: s.sittings.prepare(
            who, ChildActor(own.tenant, child, family), Setting("nl")
        ),
        "opinions.record": lambda: s.opinions.record(who, said),
        "opinions.record by child": lambda: s.opinions.record(ChildActor(other.tenant, child, family), said),
        "opinions.latest": lambda: s.opinions.latest(who, family, child),
        "families.judge_competence": lambda: s.families.judge_competence(
            who, family, child, competent=False, reason="too_upset"
        ),
        "consent.withdraw": lambda: s.consent.withdraw(who, hers, method="oral"),
        "consent.withdraw by guardian": lambda: s.consent.withdraw(thief, hers, method="page"),
        "consent.withdraw in own name": lambda: s.consent.withdraw(who, as_theirs, method="oral"),
        "consent.object": lambda: s.consent.object(who, hers, method="oral"),
        "consent.object in own name": lambda: s.consent.object(thief, as_theirs, method="page"),
        "consent.lift_objection": lambda: s.consent.lift_objection(thief, hers),
        "consent.invalidate": lambda: s.consent.invalidate(who, hers, DecisionId(entry)),
        "passed_on.questions": lambda: s.passed_on.questions(who, family, guardian, language="nl"),
        "passed_on.check": lambda: s.passed_on.check(who, passed_on),
        "passed_on.record": lambda: s.passed_on.record(who, passed_on),
        "passed_on.to_confirm": lambda: s.passed_on.to_confirm(who, family),
        "passed_on.earlier": lambda: s.passed_on.earlier(who, family),
        "organisations.place_staff": lambda: s.organisations.place_staff(
            OPERATOR, other.tenant, own.counsellor.staff, "noord"
        ),
        "page_access.chosen_factor": lambda: s.page_access.chosen_factor(thief),
        "page_access.choose_pin": lambda: s.page_access.choose_pin(thief, "580241", "580241"),
        "page_access.choose_channel": lambda: s.page_access.choose_channel(
            thief, "mail", "samira@example.org", only_mine=True
        ),
        "page_access.access_of": lambda: s.page_access.access_of(who, family),
        "page_access.revoke": lambda: s.page_access.revoke(who, family, guardian, reason="lost"),
        "page_access.renew": lambda: s.page_access.renew(who, family, guardian, reason="lost"),
        "changes.may_answer": lambda: s.changes.may_answer(thief),
        "changes.answer": lambda: s.changes.answer(
            thief, Change(relationship, SUPPORT, "yes", own.shown(SUPPORT))
        ),
        "rights.own_view": lambda: s.rights.own_view(thief),
        "rights.report_wrong": lambda: s.rights.report_wrong(thief, relationship, SUPPORT),
        "consent.own_answers": lambda: s.consent.own_answers(thief),
        "receipts.signed": lambda: s.receipts.signed(who, family),
        "receipts.full": lambda: s.receipts.full(who, receipt.sitting),
        "receipts.full by guardian": lambda: s.receipts.full(thief, receipt.sitting),
        "receipts.neutral": lambda: s.receipts.neutral(thief, receipt.sitting, code=receipt.withdrawal_code),
        "receipts.record": lambda: s.receipts.record(who, receipt.sitting),
        "receipts.record by guardian": lambda: s.receipts.record(thief, receipt.sitting),
        "records.share": lambda: s.records.share(who, relationship, Note(SUPPORT, {"helps": "Rust."})),
        "records.written": lambda: s.records.written(who, relationship),
        "records.written by school": lambda: s.records.written(school, relationship),
        "records.awaiting_approval": lambda: s.records.awaiting_approval(who),
        "records.approve": lambda: s.records.approve(who, relationship, shared.record),
        "records.retract": lambda: s.records.retract(who, relationship, shared.record),
        "records.retract by school": lambda: s.records.retract(school, relationship, shared.record),
        "release.to_school": lambda: s.release.to_school(school, Ask(relationship, "support")),
        "release.to_shelter": lambda: s.release.to_shelter(who, Ask(relationship, "support")),
        "release.children_of_contact": lambda: s.release.children_of_contact(school, [relationship]),
        "release.signals_of_contact": lambda: s.release.signals_of_contact(school, [relationship]),
        "release.waiting_of_contact": lambda: s.release.waiting_of_contact(school, [relationship]),
        "release.preview": lambda: s.release.preview(thief, relationship, language="nl"),
        "custody.destroy": lambda: s.custody.destroy(other.officer, relationship),
        "custody.destroy_child": lambda: s.custody.destroy_child(other.officer, child),
        "custody.report": lambda: s.custody.report(other.officer, Doomed("relationship", relationship)),
        "custody.carry_out": lambda: s.custody.carry_out(
            OPERATOR, Order(other.tenant, other.officer.staff, Doomed("relationship", relationship))
        ),
        "reencryption.reencrypt": lambda: s.reencryption.reencrypt(OPERATOR, other.tenant, relationship),
        "reencryption.relationships": lambda: s.reencryption.relationships(OPERATOR, other.tenant),
        "rights.destroyed": lambda: s.rights.destroyed(thief),
        "tasks.finish": lambda: s.tasks.finish(who, task.task),
        "tasks.open_tasks": lambda: s.tasks.open_tasks(who),
        "rights.who_looked": lambda: s.rights.who_looked(thief),
        "supervision.proof": lambda: s.supervision.proof(other.officer, entry),
        "supervision.entry": lambda: s.supervision.entry(other.officer, entry),
        "supervision.search": lambda: s.supervision.search(other.officer, Search(organisation=own.linde)),
        "supervision.pin": lambda: s.supervision.pin(other.officer, 10**6),
        "supervision.proof_text": lambda: s.supervision.proof_text(other.officer, entry),
        "entry_releases.recipients": lambda: s.entry_releases.recipients(other.officer, entry),
        "entry_releases.release": lambda: s.entry_releases.release(other.officer, entry, guardian),
        **await log_attempts(own, other, view),
        **await meeting_attempts(own, other, view),
        **await carrying_attempts(own, other, view),
        **await emergency_attempts(own, other, view, relationship),
        **await retention_attempts(own, other, view, relationship),
    }


async def open_sitting(world: World, actor: GuardianActor) -> str:
    sitting = await world.services.sittings.start(
        world.counsellor,
        family=actor.family,
        guardian=actor.guardian,
        language="nl",
        interpreter="none",
    )
    return sitting.sitting


async def rows_of(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Every row of this shelter in every table."""
    found = {}
    async with world.services.installation.database.reading() as conn:
        for name, table in metadata.tables.items():
            mine = select(table).where(table.c.tenant == world.tenant)
            found[name] = sorted((tuple(row) for row in await conn.execute(mine)), key=repr)
    return found


async def a_waiting_marker(own: World) -> str:
    """In a family of its own, where danger was not ruled out."""
    hidden = await own.family(guardians=(("Fleur", "holder"), ("Bram", "holder")), safety=SECRET)
    bram = hidden.guardians[1].guardian
    return await own.services.families.request_marker(own.counsellor, hidden.family, bram, date(2026, 10, 1))


async def a_recall(own: World) -> str:
    """Of a pick-up list that was shared before danger was seen."""
    view = await own.family(family_name="Terug")
    at = await own.at_school(view.children[0].child)
    await own.intake(own.guardian(view), {"shelter_involvement": "yes", "pickup": "yes"})
    fields = {"name": "Oma", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
    shared = await own.services.records.share(own.counsellor, at, Note(TypeKey("pickup"), fields))
    assert isinstance(shared, Shared)
    await own.services.families.assess_safety(own.counsellor, view.family, SECRET)
    await own.settle()
    return (await own.services.recalls.notices(own.contact))[0].recall


async def test_ids_of_one_shelter_are_worth_nothing_in_the_other(world: World) -> None:
    other = await furnish(world.services, world.clock, "Opvang Noord")
    attempts = await attempts_of(world, other)
    before = await rows_of(world)
    got_through = {}
    for name, attempt in attempts.items():
        try:
            answer = await attempt()
        except REFUSED:
            continue
        if answer not in NOTHING:
            got_through[name] = answer
    assert got_through == {}
    assert await rows_of(world) == before
    assert world.services.installation.journal.pending() == ()


SEEN_BY_ITS_OWN = (
    "families.view",
    "families.search",
    "erasures.overview elsewhere",
    "erasures.ask for a stranger",
    "erasures.drop by an operator",
    "pruning.prune for a stranger",
    "bundles.write for a stranger",
    "bundles.find for a stranger",
    "exports.processing for a stranger",
    "exports.access for a stranger",
    "exports.client_view for a stranger",
    "exports.processing of a person",
    "exports.client_view in one's own",
    "bundles.write of a person",
    "bundles.find in one's own",
    "log_heads.state",
    "log_heads.dismiss by an operator",
    "erasures.execute elsewhere",
)
"""What answers in the hands of the shelter itself, so that nothing but the shelter is why it is refused."""


async def test_the_sweep_sees_what_gets_through(world: World) -> None:
    attempts = await attempts_of(world, world)
    for name in SEEN_BY_ITS_OWN:
        assert await attempts[name]() not in NOTHING, name


async def test_the_sweep_covers_every_method_of_these_services(world: World) -> None:
    other = await furnish(world.services, world.clock, "Opvang Noord")
    swept = {name.partition(" ")[0] for name in await attempts_of(world, other)}
    missing = []
    for door in set(Services.__struct_fields__) - ELSEWHERE:
        service = getattr(world.services, door)
        for method in dir(service):
            public = not method.startswith("_") and callable(getattr(service, method))
            if public and method not in UNREACHABLE and f"{door}.{method}" not in swept:
                missing.append(f"{door}.{method}")
    assert missing == [], ",".join(missing)
