"""Safety: recalls (14, 51) and who is not contacted (3)."""

from __future__ import annotations

import ast
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import insert

import consent_service
from consent_service.audit.events import RecallAcknowledged, RecallIssued
from consent_service.consent.service import Target
from consent_service.families.model import SafetyAssessment, SchoolConfirmation
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import RecordId, RelationshipId, StaffId, TypeKey, new_id
from consent_service.identity.model import GuardianActor, SchoolStaff
from consent_service.identity.tables import staff_links
from consent_service.process.recalls_model import last_day_to_answer
from consent_service.process.tables import recalls
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.service import Note
from consent_service.records.tables import records
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.ledger import count, entries, rows
from tests.scenarios.stories import SUPPORT, YES, Told, ask, everything_said, told_family
from tests.shelter import SAFE, SECRET, World

PICKUP, HEALTH = TypeKey("pickup"), TypeKey("child_health")
GRANDMA = {"name": "Oma Voorbeeld", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
NOT_ASSESSED = SafetyAssessment("not_assessed", True, False, None, None)
DANGER_TO_HER = SafetyAssessment("danger", False, False, None, date(2027, 1, 10))


async def picked_up(world: World, told: Told) -> RecordId:
    """The mother also said yes to pick-up, and the counsellor shared who may."""
    await world.intake(told.mother, {**YES, "pickup": "yes"})
    shared = await world.services.records.share(world.counsellor, told.relationship, Note(PICKUP, GRANDMA))
    assert isinstance(shared, Shared)
    return shared.record


async def at_the_gate(world: World, relationship: RelationshipId) -> Released | Refused:
    """The school's contact asks who may pick the child up."""
    return await world.services.release.to_school(world.contact, Ask(relationship, "safety"))


async def events_of(world: World, kind: str) -> list[object]:
    return [one.detail.event for one in await entries(world, kind) if one.detail is not None]


# --- recalls ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["danger to the family", "danger to a guardian", "no longer assessed"])
async def test_s14_what_told_where_they_are_is_recalled_when_danger_is_seen_later(
    world: World, how: str
) -> None:
    told = await told_family(world)
    await picked_up(world, told)
    assert isinstance(await at_the_gate(world, told.relationship), Released)
    families, family = world.services.families, told.view.family
    if how == "danger to the family":
        await families.assess_safety(world.counsellor, family, SECRET)
    elif how == "danger to a guardian":
        await families.assess_guardian(world.counsellor, family, told.mother.guardian, DANGER_TO_HER)
    else:
        await families.assess_safety(world.counsellor, family, NOT_ASSESSED)
    assert isinstance(await at_the_gate(world, told.relationship), Refused)  # at once, before any follower

    await world.settle()
    assert {row.information_type for row in await rows(world, records)} == {SUPPORT}
    (notice,) = await world.services.recalls.notices(world.contact)
    assert (notice.information_type, notice.answer) == (PICKUP, None)
    assert await events_of(world, "recall.issued.v1") == [
        RecallIssued(told.relationship, notice.recall, PICKUP, 1)
    ]
    await families.assess_safety(world.counsellor, family, SAFE)
    await families.assess_guardian(world.counsellor, family, told.mother.guardian, SAFE)
    assert isinstance(await at_the_gate(world, told.relationship), Refused)  # S51: no older list comes back


async def test_s14_the_school_says_that_it_removed_it_or_why_not(world: World) -> None:
    told = await told_family(world)
    await picked_up(world, told)
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    await world.settle()
    service, contact = world.services.recalls, world.contact
    (notice,) = await service.notices(contact)
    with pytest.raises(InputError) as refused:
        await service.answer(contact, notice.recall, "kept")
    assert [problem.code for problem in refused.value.problems] == ["recall_reason_missing"]

    await service.answer(contact, notice.recall, "kept", "talk_first")
    await service.answer(contact, notice.recall, "done")
    await service.answer(contact, notice.recall, "done")  # sent twice, said once
    assert (await service.notices(contact))[0].answer == "done"
    assert await events_of(world, "recall.acknowledged.v1") == [
        RecallAcknowledged(told.relationship, notice.recall, "done"),
        RecallAcknowledged(told.relationship, notice.recall, "kept", "talk_first"),
    ]


async def test_s14_a_recall_is_shown_to_who_was_contact_there_and_to_nobody_else(world: World) -> None:
    told = await told_family(world)
    await picked_up(world, told)
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    await world.settle()
    service = world.services.recalls
    (notice,) = await service.notices(world.contact)
    strangers = (
        world.teacher,
        world.eik_contact,
        SchoolStaff(world.tenant, world.contact.staff, world.eik, "contact"),
    )
    for stranger in strangers:
        assert await service.notices(stranger) == ()
        with pytest.raises(NotFoundError):
            await service.answer(stranger, notice.recall, "done")
    said = everything_said(notice)
    for secret in ("Noor", "Oma", "danger", told.relationship, told.view.children[0].child):
        assert secret not in said


async def test_s14_the_same_words_whatever_the_cause(world: World) -> None:
    fled, moved = await told_family(world), await told_family(world, family_name="Anders")
    for told in (fled, moved):
        await picked_up(world, told)
    await world.services.families.assess_safety(world.counsellor, fled.view.family, SECRET)
    await world.services.families.end_relationship(world.counsellor, moved.relationship, "night_departure")
    await world.settle()
    one, other = await world.services.recalls.notices(world.contact)
    same = {"recall": "", "reference": ""}
    assert msgspec.to_builtins(one) | same == msgspec.to_builtins(other) | same


async def test_s14_no_guardian_finds_a_recall_in_the_log(world: World) -> None:
    told = await told_family(world)
    await picked_up(world, told)
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    await world.settle()
    for kind in ("recall.issued.v1", "record.retracted.v1", "safety.assessed.v1"):
        found = await entries(world, kind)
        assert found
        assert {one.detail.shown_to for one in found if one.detail is not None} == {"officer"}


async def test_s14_following_the_log_again_recalls_nothing_twice(world: World) -> None:
    told = await told_family(world)
    await picked_up(world, told)
    for _ in range(2):
        world.clock.advance(timedelta(seconds=5))
        await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
        await world.settle()
    assert await count(world, recalls) == 1


async def test_s14_what_the_school_read_and_was_taken_back_since_is_asked_back_too(world: World) -> None:
    told = await told_family(world)
    record = await picked_up(world, told)
    assert isinstance(await at_the_gate(world, told.relationship), Released)
    await world.services.records.retract(world.counsellor, told.relationship, record)
    world.clock.advance(timedelta(seconds=5))
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    await world.settle()
    (notice,) = await world.services.recalls.notices(world.contact)
    assert notice.information_type == PICKUP


async def test_s14_what_does_not_tell_where_they_are_stays(world: World) -> None:
    told = await told_family(world)
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    await world.settle()
    assert await world.services.recalls.notices(world.contact) == ()
    assert isinstance(await ask(world, told.relationship), Released)


async def test_s14_unanswered_after_three_working_days_it_is_overdue(world: World) -> None:
    told = await told_family(world)
    await picked_up(world, told)
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    await world.settle()

    async def overdue() -> list[RelationshipId]:
        async with world.services.installation.database.reading() as conn:
            found = await world.services.recalls.overdue(conn, world.tenant, world.clock.now())
        return [one.relationship for one in found]

    world.clock.advance(timedelta(days=3))  # Tuesday to Friday: the third working day
    assert await overdue() == []
    world.clock.advance(timedelta(days=1))
    assert await overdue() == [told.relationship]
    (notice,) = await world.services.recalls.notices(world.contact)
    await world.services.recalls.answer(world.contact, notice.recall, "kept", "pupil_file")
    assert await overdue() == []


def test_s14_a_weekend_gives_no_working_days() -> None:
    assert last_day_to_answer(date(2026, 9, 3)) == date(2026, 9, 8)
    assert last_day_to_answer(date(2026, 9, 5)) == date(2026, 9, 9)


async def test_s51_after_a_departure_at_night_no_pick_up_list_applies_and_no_name_is_told(
    world: World,
) -> None:
    told = await told_family(world)
    await picked_up(world, told)
    await world.services.families.end_family(world.counsellor, told.view.family, "night_departure")
    await world.settle()
    assert isinstance(await at_the_gate(world, told.relationship), Refused)
    assert await count(world, recalls) == 1
    assert {row.information_type for row in await rows(world, records)} == {SUPPORT}
    (notice,) = await world.services.recalls.notices(world.contact)
    assert "Noor" not in everything_said(notice)


@pytest.mark.parametrize("reason", ["moved_out", "changed_school"])
async def test_s51_an_ordinary_end_recalls_nothing(world: World, reason: str) -> None:
    told = await told_family(world)
    await picked_up(world, told)
    await world.services.families.end_relationship(world.counsellor, told.relationship, reason)  # type: ignore[arg-type]
    await world.settle()
    assert await world.services.recalls.notices(world.contact) == ()
    assert isinstance(await at_the_gate(world, told.relationship), Refused)


# --- who is not contacted --------------------------------------------------------------------


async def _hidden(world: World) -> tuple[Told, GuardianActor]:
    """In danger; the mother said yes to everything, the father was not asked."""
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")), safety=SECRET)
    await world.intake(told.mother, {**YES, "child_health": "yes"})
    return told, world.guardian(told.view, 1)


async def _may_share_health(world: World, told: Told) -> bool:
    note = Note(HEALTH, {"care_at_school": "Elke dag om elf uur naar buiten."})
    answer = await world.services.records.share(world.counsellor, told.relationship, note)
    assert isinstance(answer, Shared | ShareRefused)
    return isinstance(answer, Shared)


async def test_s03_leaving_a_holder_out_counts_only_after_another_person_approved_it(world: World) -> None:
    told, father = await _hidden(world)
    families = world.services.families
    assert not await _may_share_health(world, told)
    marker = await families.request_marker(
        world.counsellor, told.view.family, father.guardian, date(2026, 11, 1)
    )
    assert not await _may_share_health(world, told)
    with pytest.raises(InputError) as refused:
        await families.decide_marker(world.counsellor, marker, approve=True)
    assert [problem.code for problem in refused.value.problems] == ["approve_own_marker"]
    assert not await _may_share_health(world, told)

    (waiting,) = await families.waiting_markers(world.colleague)
    assert "Karim" not in everything_said(waiting)
    await families.decide_marker(world.colleague, marker, approve=True)
    assert await _may_share_health(world, told)
    with pytest.raises(NotFoundError):
        await families.decide_marker(world.colleague, marker, approve=False)  # decided is decided
    for kind in ("requested", "decided"):
        (entry,) = await entries(world, f"safety.marker_{kind}.v1")
        assert entry.detail is not None
        assert entry.detail.shown_to == "officer"


async def test_s03_who_works_here_twice_with_one_login_does_not_approve_for_himself(world: World) -> None:
    told, father = await _hidden(world)
    families = world.services.families
    marker = await families.request_marker(
        world.counsellor, told.view.family, father.guardian, date(2026, 11, 1)
    )

    async def link(staff: StaffId, subject: str) -> None:
        async with world.services.installation.database.transaction() as conn:
            await conn.execute(
                insert(staff_links).values(
                    tenant=world.tenant,
                    provider="opvang",
                    subject=subject * 64,
                    shelter=world.tenant,
                    staff=staff,
                    kind="counsellor",
                    linked_at=world.clock.now(),
                )
            )

    await link(world.counsellor.staff, "a")
    await link(world.colleague.staff, "a")
    with pytest.raises(InputError) as refused:
        await families.decide_marker(world.colleague, marker, approve=True)
    assert [problem.code for problem in refused.value.problems] == ["approve_own_marker"]
    third = world.counsellor.__class__(world.tenant, StaffId(new_id()))
    await link(third.staff, "b")
    await families.decide_marker(third, marker, approve=True)
    assert await _may_share_health(world, told)


async def test_s03_a_silent_holder_who_objects_after_all_denies(world: World) -> None:
    told, father = await _hidden(world)
    marker = await world.services.families.request_marker(
        world.counsellor, told.view.family, father.guardian, date(2026, 11, 1)
    )
    await world.services.families.decide_marker(world.colleague, marker, approve=True)
    assert await _may_share_health(world, told)
    await world.services.consent.object(
        father, Target(world.tenant, told.view.family, father.guardian), method="page"
    )
    assert not await _may_share_health(world, told)
    assert isinstance(await ask(world, told.relationship), Refused)
    own = await world.services.families.own_family(father)
    assert (own.children, own.relationships) == ((), ())


@pytest.mark.parametrize("how", ["refused", "ended", "forgotten"])
async def test_s03_without_a_marker_in_force_everybody_is_waited_for(world: World, how: str) -> None:
    told, father = await _hidden(world)
    families, family = world.services.families, told.view.family
    marker = await families.request_marker(world.counsellor, family, father.guardian, date(2026, 11, 1))
    await families.decide_marker(world.colleague, marker, approve=how != "refused")
    if how == "ended":
        assert await _may_share_health(world, told)
        await families.end_marker(world.counsellor, family, marker)
    if how == "forgotten":
        world.clock.advance(timedelta(days=62))
        await world.settle()
    assert not await _may_share_health(world, told)


@pytest.mark.parametrize("approved", [True, False])
async def test_s03_when_danger_is_ruled_out_nobody_is_left_out_and_every_marker_ends(
    world: World, approved: bool
) -> None:
    told, father = await _hidden(world)
    families, family = world.services.families, told.view.family
    marker = await families.request_marker(world.counsellor, family, father.guardian, date(2026, 11, 1))
    if approved:
        await families.decide_marker(world.colleague, marker, approve=True)
    assert (await families.own_family(father)).children == ()

    await families.assess_safety(world.counsellor, family, SAFE)
    assert not await _may_share_health(world, told)
    assert (await families.own_family(father)).children != ()
    (ended,) = (await families.view(world.counsellor, family)).markers
    assert ended.ended_at is not None
    assert await families.waiting_markers(world.colleague) == ()
    (entry,) = await entries(world, "safety.marker_ended.v1")
    assert entry.detail is not None
    assert entry.detail.shown_to == "officer"
    await world.settle()
    assert not [one for one in await world.services.tasks.open_tasks(world.colleague) if "marker" in one.kind]

    await families.assess_safety(world.counsellor, family, SECRET)
    assert not await _may_share_health(world, told)  # danger anew asks a colleague anew


async def test_s03_danger_of_one_guardian_keeps_the_marker_in_force(world: World) -> None:
    told, father = await _hidden(world)
    families, family = world.services.families, told.view.family
    await families.assess_guardian(world.counsellor, family, told.mother.guardian, DANGER_TO_HER)
    marker = await families.request_marker(world.counsellor, family, father.guardian, date(2026, 11, 1))
    await families.decide_marker(world.colleague, marker, approve=True)
    await families.assess_safety(world.counsellor, family, SAFE)
    assert await _may_share_health(world, told)
    await families.assess_guardian(world.counsellor, family, told.mother.guardian, SAFE)
    assert not await _may_share_health(world, told)


async def test_s03_a_marker_needs_danger_a_near_review_and_a_guardian_of_the_family(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    stranger = (await world.family(family_name="Anders")).guardians[0].guardian
    with pytest.raises(InputError) as refused:
        await world.services.families.request_marker(
            world.counsellor, told.view.family, stranger, date(2026, 12, 31)
        )
    assert [problem.code for problem in refused.value.problems] == [
        "marker_without_danger",
        "marker_too_long",
        "guardian_unknown",
    ]
    hidden, father = await _hidden(world)
    request = world.services.families.request_marker
    await request(world.counsellor, hidden.view.family, father.guardian, date(2026, 10, 1))
    with pytest.raises(ConflictError):
        await request(world.counsellor, hidden.view.family, father.guardian, date(2026, 10, 2))
    with pytest.raises(NotAllowedError):
        await request(world.colleague, hidden.view.family, father.guardian, date(2026, 10, 1))
    nobody = world.counsellor.__class__(world.tenant, StaffId(new_id()))
    with pytest.raises(NotFoundError):
        await world.services.families.decide_marker(nobody, "no-such-marker", approve=True)


async def test_s03_whom_the_other_parent_knows_at_the_school_is_talked_over_once_more(world: World) -> None:
    view = await world.family(safety=SECRET)
    details = world.details[world.linde]
    confirmed = SchoolConfirmation(details.establishment_code, details.street, details.phone)
    child = view.children[0].child
    with pytest.raises(InputError) as refused:
        await world.services.families.start_relationship(world.counsellor, child, confirmed)
    assert [problem.code for problem in refused.value.problems] == ["other_parent_at_school"]
    again = msgspec.structs.replace(confirmed, despite_other_parent=True)
    await world.services.families.start_relationship(world.counsellor, child, again)


_SENDERS = {"smtplib", "aiosmtplib", "email", "httpx", "socket", "urllib", "http", "ssl"}
_NOTIFIER = "consent_service.foundation.notifier"
_MAY_SEND = {"api", "app", "audit", "cli", "demo", "foundation", "identity", "web"}
"""Servers, logins and wiring; none of these knows of another holder."""
_OWN_CODES = [
    "consent/page_access.py",
    "consent/page_login.py",
    "keyring/providers/transit_line.py",
    "process/meetings/looking.py",
    "process/notices/bounces.py",
    "process/notices/mailing.py",
    "process/notices/sending.py",
]
"""The first two send a code to the one who opens the own page, at the address that one named; to nobody
else. The third speaks to the server that holds root keys, and knows of no person. `looking` makes
a calendar file for the one who asks, under a permit; `bounces` only reads; the others send nothing
without a permit of the release door, which there is for no other holder until danger is ruled out
(`tests/release/test_exits.py`).
"""


def test_s03_nothing_that_knows_of_holders_can_send_anything() -> None:
    root = Path(consent_service.__file__).parent
    found = [
        str(path.relative_to(root))
        for path in sorted(root.rglob("*.py"))
        if path.parent != root and path.relative_to(root).parts[0] not in _MAY_SEND
        if _imports(path.read_text()) & {*_SENDERS, _NOTIFIER}
    ]
    assert found == _OWN_CODES
    assert _imports("import smtplib\nfrom email.message import EmailMessage\n") <= _SENDERS
    assert _imports(f"from {_NOTIFIER} import Notifier\n") & {_NOTIFIER}


async def test_s03_approving_a_marker_and_seeing_danger_reach_nobody_outside(world: World) -> None:
    told, father = await _hidden(world)
    marker = await world.services.families.request_marker(
        world.counsellor, told.view.family, father.guardian, date(2026, 11, 1)
    )
    await world.services.families.decide_marker(world.colleague, marker, approve=True)
    await world.settle()
    assert await entries(world, shown_to=father.guardian) == await entries(
        world, "guardian.registered.v1", "authority.recorded.v1", shown_to=father.guardian
    )
    for task in await world.services.tasks.open_tasks(world.officer):
        assert task.kind != "objection_to_judge"


def _imports(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module != "urllib.parse":
            found |= {node.module} if node.module.startswith("consent_service") else set()
            found |= {node.module.partition(".")[0]} - {"consent_service"}
    return found
