"""The walk of a release over the real services, on both databases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text, update

from consent_service.audit.events import InformationReleased, ReleaseRefused
from consent_service.consent.model import Answer
from consent_service.consent.service import Target
from consent_service.foundation.errors import (
    ConflictError,
    IntegrityError,
    LogUnavailableError,
    NotAllowedError,
    NotFoundError,
    StopsPendingError,
)
from consent_service.foundation.ids import RelationshipId, TypeKey, new_id
from consent_service.identity.model import GuardianActor, SchoolStaff
from consent_service.keyring.tables import person_keys
from consent_service.organisations.model import NewStaff
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.scenarios.stories import (
    ADVICE,
    NOT_AVAILABLE,
    SUPPORT,
    YES,
    Told,
    ask,
    row_counts,
    sentence_of,
    share,
    told_family,
    trail,
)
from tests.shelter import OPERATOR, SAFE, SECRET, World, furnish

PICKUP = TypeKey("pickup")
PICKUP_FIELDS = {"name": "Oma Truus", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
MEETING = TypeKey("three_way_meeting")


# --- what is released ----------------------------------------------------------------------------


async def test_a_school_gets_exactly_what_was_allowed_and_the_log_says_exactly_that(world: World) -> None:
    told = await told_family(world)
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [{"helps": ADVICE}]
    (entry,) = await trail(world, "information.released.v1")
    assert entry.id == answer.entry
    assert entry.detail is not None
    event = entry.detail.event
    assert isinstance(event, InformationReleased)
    assert event.types == (SUPPORT,)
    assert [(one.record, one.version) for one in event.records] == [(told.record, 1)]
    assert (event.reader, event.reader_kind, event.role) == (world.contact.staff, "school", "contact")
    assert event.agreement is not None
    assert entry.detail.subject == told.view.children[0].child
    assert entry.bundle == world.services.policies.proposal.bundle.hash
    (refused,) = await trail(world, "release.refused.v1")
    assert refused.detail is not None
    assert isinstance(refused.detail.event, ReleaseRefused)
    shown = {line.information_type for line in answer.refused}
    assert {one.information_type for one in refused.detail.event.refused} == shown
    assert SUPPORT not in shown


async def test_a_list_shows_who_may_be_known_and_is_logged_child_by_child(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Anders")
    await world.services.consent.withdraw_by_code(other.receipt.withdrawal_code)
    asked = [other.relationship, told.relationship, RelationshipId(new_id())]
    (line,) = await world.services.release.children_of_contact(world.contact, asked)
    assert (line.relationship, line.full_name) == (told.relationship, "Noor Voorbeeld")
    assert (line.child, line.school, line.tenant) == (
        told.view.children[0].child,
        world.linde,
        world.tenant,
    )
    (entry,) = await trail(world, "information.released.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, InformationReleased)
    assert (entry.detail.event.types, entry.detail.event.records) == (("shelter_involvement",), ())


async def test_what_expires_at_midnight_is_refused_from_midnight(world: World) -> None:
    told = await told_family(world)
    for moment, kind in (("2027-07-31T21:59:59+00:00", Released), ("2027-07-31T22:00:00+00:00", Refused)):
        world.clock.set(datetime.fromisoformat(moment))
        await world.confirmed(told.relationship)
        await world.settle()
        assert isinstance(await ask(world, told.relationship), kind), moment


async def test_a_yes_answered_again_is_released_again(world: World) -> None:
    told = await told_family(world)
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    assert isinstance(await ask(world, told.relationship), Refused)
    world.clock.advance(timedelta(seconds=1))
    await world.intake(told.mother, YES)
    assert isinstance(await ask(world, told.relationship), Released)


# --- who may ask ---------------------------------------------------------------------------------


async def test_a_stranger_to_the_matter_may_not_even_ask(world: World) -> None:
    told = await told_family(world)
    release = world.services.release
    with pytest.raises(NotFoundError):
        await release.to_school(world.eik_contact, Ask(told.relationship, "support"))
    with pytest.raises(NotAllowedError):
        await release.to_shelter(world.colleague, Ask(told.relationship, "support"))
    with pytest.raises(NotAllowedError):
        await release.preview(world.colleague, told.relationship, language="nl")
    other = await told_family(world, family_name="Anders")
    with pytest.raises(NotAllowedError):
        await release.preview(other.mother, told.relationship, language="nl")


async def test_another_shelter_and_an_unknown_child_are_the_same(world: World) -> None:
    told = await told_family(world)
    other = await furnish(world.services, world.clock, "Opvang Noord")
    for contact, relationship in (
        (other.contact, told.relationship),
        (world.contact, RelationshipId(new_id())),
    ):
        with pytest.raises(NotFoundError):
            await world.services.release.to_school(contact, Ask(relationship, "support"))
        assert await world.services.release.children_of_contact(contact, [relationship]) == ()


async def test_who_never_was_on_the_list_is_answered_as_if_there_were_no_such_child(world: World) -> None:
    told = await told_family(world)
    for relationship in (told.relationship, RelationshipId(new_id())):
        with pytest.raises(NotFoundError):
            await world.services.release.to_school(world.teacher, Ask(relationship, "support"))
        (entry,) = await trail(world, "release.refused.v1", relationship=relationship)
        assert entry.detail is not None
        assert isinstance(entry.detail.event, ReleaseRefused)
        assert entry.detail.event.reader == world.teacher.staff
        assert [one.code for one in entry.detail.event.refused] == ["not_active_contact"]
        assert (entry.detail.subject, entry.detail.shown_to) == (None, "officer")


async def test_an_address_that_is_no_id_is_not_written_into_the_log(world: World) -> None:
    with pytest.raises(NotFoundError):
        await world.services.release.to_school(world.contact, Ask(RelationshipId("Noor"), "support"))
    assert await trail(world, "release.refused.v1") == ()


async def test_a_substitute_reads_what_the_school_shared_while_standing_in(world: World) -> None:
    told = await told_family(world)
    await world.services.records.share(world.contact, told.relationship, Note(SUPPORT, {"helps": "Vooraan."}))
    await world.services.families.stand_in(world.colleague, told.view.family, "colleague_ill")
    wanted = Ask(told.relationship, "support")
    assert isinstance(await world.services.release.to_shelter(world.colleague, wanted), Released)
    world.clock.advance(timedelta(hours=13))
    await world.settle()
    with pytest.raises(NotAllowedError):
        await world.services.release.to_shelter(world.colleague, wanted)


async def test_a_cause_in_the_school_itself_is_told(world: World) -> None:
    told = await told_family(world)
    families = world.services.families
    await families.list_contact(world.counsellor, told.relationship, world.teacher.staff)
    await families.remove_contact(world.counsellor, told.relationship, world.teacher.staff)
    answer = await world.services.release.to_school(world.teacher, Ask(told.relationship, "support"))
    assert isinstance(answer, Refused)
    assert sentence_of(answer) != NOT_AVAILABLE
    assert await world.services.release.children_of_contact(world.teacher, [told.relationship]) == ()
    english = await world.services.release.to_school(
        world.teacher, Ask(told.relationship, "support", language="en")
    )
    assert sentence_of(english) != sentence_of(answer)


async def test_a_counsellor_reads_the_true_cause_and_that_nothing_is_there_yet(world: World) -> None:
    told = await told_family(world)
    answer = await world.services.release.to_shelter(world.counsellor, Ask(told.relationship, "support"))
    assert isinstance(answer, Refused)
    assert sentence_of(answer) == "Hier is nog niets gedeeld."
    others = {line.sentence for line in answer.refused if line.information_type != SUPPORT}
    assert NOT_AVAILABLE not in others


# --- the reader's role ---------------------------------------------------------------------------


async def _met(world: World, **fields: str) -> tuple[Told, SchoolStaff]:
    """A family of which agreements of a meeting were shared, with a teacher on the list."""
    told = await told_family(world)
    world.clock.advance(timedelta(seconds=1))  # the first answer was no, and at one moment a no wins
    await world.intake(told.mother, {**YES, MEETING: "yes"})
    kind = world.services.policies.proposal.catalogue.types[MEETING]
    filled = {
        spec.name: {"choice": spec.choices[0] if spec.choices else "", "date": "2026-09-02"}.get(
            spec.kind, "yes" if spec.kind == "yes_no" else "Wij bellen elke week."
        )
        for spec in kind.fields
        if spec.required
    }
    shared = await world.services.records.share(
        world.counsellor, told.relationship, Note(MEETING, {**filled, **fields})
    )
    assert isinstance(shared, Shared)
    await world.services.families.list_contact(world.counsellor, told.relationship, world.teacher.staff)
    return told, world.teacher


async def test_a_teacher_sees_the_actions_of_a_meeting_and_nothing_else(world: World) -> None:
    told, teacher = await _met(world, actions="Juf schuift de toets op.")
    answer = await world.services.release.to_school(teacher, Ask(told.relationship, "meeting"))
    assert isinstance(answer, Released)
    (record,) = answer.records
    assert set(record.fields) == {"actions"}
    whole = await world.services.release.to_school(world.contact, Ask(told.relationship, "meeting"))
    assert isinstance(whole, Released)
    assert set(whole.records[0].fields) > {"actions", "agreements"}


async def test_a_record_without_a_field_for_the_role_does_not_show_that_it_exists(world: World) -> None:
    told, teacher = await _met(world)
    answer = await world.services.release.to_school(teacher, Ask(told.relationship, "meeting"))
    assert isinstance(answer, Refused)
    assert sentence_of(answer, MEETING) == NOT_AVAILABLE


# --- one wording for every cause in the family ---------------------------------------------------


async def _asked_for_pickup(world: World, *, answers: dict[str, Answer], shared: bool = True) -> Told:
    told = await told_family(
        world, guardians=(("Samira", "holder"), ("Karim", "holder")), family_name="Testman"
    )
    await world.intake(told.mother, answers)
    if shared:
        written = await world.services.records.share(
            world.counsellor, told.relationship, Note(PICKUP, PICKUP_FIELDS)
        )
        assert isinstance(written, Shared)
    return told


_ALL: dict[str, Answer] = {**YES, "pickup": "yes"}


async def _no_consent(world: World) -> Told:
    return await _asked_for_pickup(world, answers={**YES, "pickup": "no"}, shared=False)


async def _never_asked(world: World) -> Told:
    return await _asked_for_pickup(world, answers=YES, shared=False)


async def _nothing_shared(world: World) -> Told:
    return await _asked_for_pickup(world, answers=_ALL, shared=False)


async def _objection(world: World) -> Told:
    told = await _asked_for_pickup(world, answers=_ALL)
    father = world.guardian(told.view, 1)
    await world.services.consent.object(
        father, Target(world.tenant, told.view.family, father.guardian), method="page"
    )
    return told


async def _danger(world: World) -> Told:
    told = await _asked_for_pickup(world, answers=_ALL)
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    return told


async def _gate_closed(world: World) -> Told:
    told = await _asked_for_pickup(world, answers=_ALL)
    world.clock.advance(timedelta(seconds=1))
    await world.intake(told.mother, {**_ALL, "shelter_involvement": "no"})
    return told


async def _ended(world: World) -> Told:
    told = await _asked_for_pickup(world, answers=_ALL)
    await world.services.families.end_relationship(world.counsellor, told.relationship, "night_departure")
    return told


async def _key_gone(world: World) -> Told:
    told = await _asked_for_pickup(world, answers=_ALL)
    await world.services.custody.destroy(world.officer, told.relationship)
    return told


async def _withdrawn(world: World) -> Told:
    told = await _asked_for_pickup(world, answers=_ALL)
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    target = Target(world.tenant, told.view.family, told.mother.guardian)
    await world.services.consent.withdraw(told.mother, target, method="page")
    return told


FAMILY_CAUSES: dict[str, Callable[[World], Awaitable[Told]]] = {
    "no_consent": _no_consent,
    "never asked": _never_asked,
    "nothing_there": _nothing_shared,
    "objection": _objection,
    "location_protected": _danger,
    "gate_closed": _gate_closed,
    "relationship_ended": _ended,
    "key_destroyed": _key_gone,
    "withdrawn": _withdrawn,
}


async def test_every_cause_in_the_family_looks_the_same_to_a_school(world: World) -> None:
    seen, logged = {}, {}
    for cause, make in FAMILY_CAUSES.items():
        told = await make(world)
        await world.settle()
        answer = await world.services.release.to_school(world.contact, Ask(told.relationship, "safety"))
        assert isinstance(answer, Refused), cause
        seen[cause] = [(line.information_type, line.sentence) for line in answer.refused]
        (entry,) = await trail(world, "release.refused.v1", relationship=told.relationship)
        assert entry.detail is not None
        assert isinstance(entry.detail.event, ReleaseRefused)
        codes = {one.information_type: one.code for one in entry.detail.event.refused}
        logged[cause] = codes[PICKUP]
    assert all(lines == seen["no_consent"] for lines in seen.values()), seen
    assert dict(seen["no_consent"])[PICKUP] == NOT_AVAILABLE
    assert logged == {
        cause: {"never asked": "no_consent", "withdrawn": "gate_closed"}.get(cause, cause)
        for cause in FAMILY_CAUSES
    } | {"withdrawn": logged["withdrawn"]}
    assert logged["withdrawn"] in ("no_consent", "gate_closed")


async def test_an_erased_child_is_answered_like_one_that_never_was(world: World) -> None:
    told = await told_family(world)
    ring = world.services.installation.ring
    async with world.services.installation.database.transaction() as conn:
        await ring.destroy_person_key(conn, world.tenant, told.view.children[0].child)
    with pytest.raises(NotFoundError) as erased:
        await ask(world, told.relationship)
    with pytest.raises(NotFoundError) as unknown:
        await ask(world, RelationshipId(new_id()))
    assert str(erased.value) == str(unknown.value)
    assert await world.services.release.children_of_contact(world.contact, [told.relationship]) == ()


async def test_a_destroyed_key_is_a_refusal_and_the_child_stays_known(world: World) -> None:
    told = await told_family(world)
    await world.services.custody.destroy(world.officer, told.relationship)
    assert isinstance(await ask(world, told.relationship), Refused)
    assert await world.services.release.children_of_contact(world.contact, [told.relationship]) == ()


# --- damage, stops and a log that says nothing ---------------------------------------------------


async def test_damage_to_what_was_read_stops_the_release(world: World) -> None:
    told = await told_family(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(person_keys).values(parent_version=9))
    with pytest.raises(IntegrityError):
        await ask(world, told.relationship)


async def test_a_stop_about_the_relationship_or_of_unknown_reach_stops_it(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Anders")
    journal, now = world.services.installation.journal, world.clock.now()
    one = journal.accept(
        "key_destruction", tenant=world.tenant, at=now, subject={"relationship": other.relationship}
    )
    assert isinstance(await ask(world, told.relationship), Released)
    with pytest.raises(StopsPendingError):
        await ask(world, other.relationship)
    journal.mark_done(one.id)
    journal.accept("withdrawal", tenant="_", at=now, subject={"code": "0" * 64})
    for relationship in (told.relationship, other.relationship):
        with pytest.raises(StopsPendingError):
            await ask(world, relationship)
    await world.services.replay_stops()
    assert isinstance(await ask(world, told.relationship), Released)


async def _drop_entries_silently(world: World) -> None:
    """The worst log: it says yes and keeps nothing."""
    database = world.services.installation.database
    async with database.transaction() as conn:
        if database.is_sqlite:
            await conn.execute(
                text("CREATE TRIGGER fault BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(IGNORE); END")
            )
            return
        await conn.execute(
            text("CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
        )
        await conn.execute(
            text("CREATE TRIGGER fault BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION fault()")
        )


async def test_a_log_that_silently_keeps_nothing_lets_nothing_out_or_in(world: World) -> None:
    told = await told_family(world)
    before = await row_counts(world)
    await _drop_entries_silently(world)
    with pytest.raises(ConflictError):
        await ask(world, told.relationship)
    with pytest.raises(ConflictError):
        await world.services.release.children_of_contact(world.contact, [told.relationship])
    with pytest.raises(LogUnavailableError):
        await share(world, told.relationship)
    assert await row_counts(world) == before


# --- preview -------------------------------------------------------------------------------------


async def test_a_preview_says_what_a_contact_would_get_and_opens_nothing(world: World) -> None:
    told = await told_family(world)
    before = await row_counts(world)
    seen = await world.services.release.preview(told.mother, told.relationship, language="nl")
    shared = {line.information_type for line in seen if line.shared}
    assert shared == {"shelter_involvement", "support_advice"}
    assert {line.sentence for line in seen if line.shared} == {"Dit wordt gedeeld."}
    assert await row_counts(world) == before
    staff = await world.services.release.preview(world.counsellor, told.relationship, language="en")
    assert {line.information_type for line in staff if line.shared} == shared


async def test_a_preview_takes_the_best_of_all_contacts(world: World) -> None:
    told = await told_family(world)
    admin = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("school_staff", "Ada Administratie", world.linde, "administration")
    )
    for member in (admin, world.teacher.staff):
        await world.services.families.list_contact(world.counsellor, told.relationship, member)
    seen = await world.services.release.preview(told.mother, told.relationship, language="nl")
    assert {line.information_type for line in seen if line.shared} == {
        "shelter_involvement",
        "support_advice",
    }


async def test_without_a_contact_nothing_would_be_shared(world: World) -> None:
    told = await told_family(world)
    await world.services.families.remove_contact(world.counsellor, told.relationship, world.contact.staff)
    assert await world.services.release.preview(told.mother, told.relationship, language="nl") == ()


async def test_another_guardian_learns_nothing_of_a_choice_or_of_safety(world: World) -> None:
    told = await _asked_for_pickup(world, answers=_ALL)
    father: GuardianActor = world.guardian(told.view, 1)
    before = {
        line.information_type: line.sentence
        for line in await world.services.release.preview(father, told.relationship, language="nl")
        if not line.shared
    }
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    with pytest.raises(NotFoundError):
        await world.services.release.preview(father, told.relationship, language="nl")
    await world.services.families.assess_safety(world.counsellor, told.view.family, SAFE)
    after = {
        line.information_type: line.sentence
        for line in await world.services.release.preview(father, told.relationship, language="nl")
        if not line.shared
    }
    assert after == before


async def test_a_child_of_twelve_decides_along_from_the_birthday(world: World) -> None:
    view = await world.family(children=(("Noor", date(2014, 9, 2)),))
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), YES)
    await share(world, relationship)
    assert isinstance(await ask(world, relationship), Released)
    world.clock.advance(timedelta(hours=14))  # 2 September, local midnight
    await world.settle()
    answer = await ask(world, relationship)
    assert isinstance(answer, Refused)
    assert sentence_of(answer) == NOT_AVAILABLE
