"""Each kind of thing a file may hold, for whom it is, and that nothing of somebody else stands beside it."""

from __future__ import annotations

import msgspec
import pytest

from consent_service.consent.model import Signature
from consent_service.families.model import AuthorityKind, FamilyView
from consent_service.foundation.errors import InputError
from consent_service.foundation.ids import PersonId, TypeKey
from consent_service.identity.model import ChildActor
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.rights.access.document import AccessFile, to_json
from consent_service.rights.access.reading import write_pdf
from consent_service.rights.cases.model import NEUTRAL_AFTER, Asked
from tests.consent.receipt.reading import squeezed, tags, text_of
from tests.process.meetings.stories import AGENDA, agreed
from tests.rights.access.filing import file_of, granted, ready
from tests.scenarios.stories import YES, ask, told_family
from tests.scenarios.test_break_glass import NEED, WHY, running
from tests.scenarios.test_meldcode_reading import REASON, SAID, begun
from tests.shelter import SAFE, SECRET, World

TWO: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"), ("Karim", "holder"))
MINE, VIOLENCE = TypeKey("parent_circumstances"), "current_domestic_violence"


def read(world: World, made: AccessFile, language: str = "nl") -> str:
    """What stands in both forms of the file; spaces are a matter of layout."""
    pdf = write_pdf(made, world.services.texts.of(language))
    return squeezed(to_json(made).decode()) + text_of(pdf)


async def test_meetings_with_agreements_and_the_own_remarks(world: World) -> None:
    met = await agreed(world)
    await world.services.meetings.remark(met.mother, met.meeting, "Dat is fijn.", for_school=False)
    made = await file_of(world, met.mother)
    (meeting,) = made.meetings
    assert (meeting.agenda, meeting.agreements[0].words) == (AGENDA, "Elke dag even vragen hoe het gaat.")
    assert [one.words for one in meeting.remarks] == ["Dat is fijn."]
    said = read(world, made)
    for words in (AGENDA, "Dat is fijn.", "Afspraak voor"):
        assert squeezed(words) in said


async def test_a_signature_as_it_was_drawn(world: World) -> None:
    view = await world.family()
    await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    gate = TypeKey("shelter_involvement")
    sitting = await world.services.sittings.start(
        world.counsellor,
        family=view.family,
        guardian=mother.guardian,
        language="nl",
        interpreter="none",
        types=[gate],
    )
    shown = world.shown(gate, "nl")
    await world.services.sittings.answer(
        mother, sitting.sitting, sitting.questions[0], answer="yes", shown=shown
    )
    drawn = Signature("drawn", "[[0,0,400,300]]", "Samira")
    await world.services.sittings.sign(mother, sitting.sitting, drawn)

    made = await file_of(world, mother)
    (conversation,) = made.conversations
    assert (conversation.signed_drawing, conversation.signed_name) == (drawn.value, "Samira")
    figures = [
        tag.alt for tag in tags(write_pdf(made, world.services.texts.of("nl"))) if tag.kind == "/Figure"
    ]
    assert figures == ["Handtekening getekend"]


async def test_the_meldcode_as_far_as_it_is_open_and_no_trace_of_what_is_postponed(world: World) -> None:
    view = await world.family()
    await begun(world, view)
    await world.at_school(view.children[0].child)
    open_file = await file_of(world, world.guardian(view))
    assert [step.what for one in open_file.meldcode for step in one.steps] == [SAID]
    assert squeezed("Signalen op een rij") in read(world, open_file)

    other = await world.family(family_name="Anders")
    hidden = await begun(world, other, later=True)
    closed = await file_of(world, world.guardian(other))
    assert closed.meldcode == ()
    said = read(world, closed)
    for secret in (SAID, REASON, hidden, "postpone"):
        assert squeezed(secret) not in said


@pytest.mark.parametrize("untold", ["", "Vader leest mee."], ids=["told", "untold"])
async def test_an_emergency_once_it_was_told(world: World, untold: str) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    need = msgspec.structs.replace(NEED, untold=untold)
    break_glass = await running(world, relationship, need)
    if not untold:
        await world.services.break_glass.tell_parent(world.counsellor, break_glass)
    made = await file_of(world, world.guardian(view))
    said = read(world, made)
    assert (squeezed(WHY) in said) is (not untold)
    assert [one.what for one in made.events] == ([] if untold else ["emergency"])
    assert squeezed("Vader leest mee.") not in said
    assert break_glass not in said


async def test_what_one_guardian_told_about_herself_is_in_her_file_only(world: World) -> None:
    told = await told_family(world, guardians=TWO)
    father = world.guardian(told.view, 1)
    await world.intake(told.mother, {**YES, MINE: "yes"})
    note = Note(MINE, {"words": "Ik ben vaak moe.", "parent_saw_text": "yes"}, about=told.mother.guardian)
    assert isinstance(await world.services.records.share(world.counsellor, told.relationship, note), Shared)
    await ask(world, told.relationship)
    hers, his = await file_of(world, told.mother), await file_of(world, father)
    assert "Ikbenvaakmoe." in read(world, hers)
    assert "Ikbenvaakmoe." not in read(world, his)
    assert [one.type for one in his.records] == ["support_advice"]
    assert MINE not in {key for look in his.looks for key in look.types}
    assert {one.decision for one in his.decisions} == set()
    assert told.mother.guardian not in read(world, his)


async def test_what_was_assessed_is_for_who_is_in_danger_or_alone(world: World) -> None:
    told = await told_family(world, guardians=TWO)
    families, family = world.services.families, told.view.family
    await families.assess_safety(world.counsellor, family, SECRET)
    hers = msgspec.structs.replace(SECRET, secret_address=False)
    await families.assess_guardian(world.counsellor, family, told.mother.guardian, hers)
    made = await file_of(world, told.mother)
    assert [(one.person, one.level) for one in made.safety] == [
        ("", "no_known_danger"),
        ("", "danger"),
        ("p1", "danger"),
    ]
    case = await granted(world, world.guardian(told.view, 1), weighed=True)
    await ready(world, case, weighed=True, with_children=True)
    his = await world.services.access.print_out(world.officer, case, "conversation")
    assert his.safety == ()
    assert ("safety", "assessments") in {(one.place, one.redacted) for one in his.redactions}
    assert [one.given_names for one in his.people] == ["Karim", "Noor"]
    assert "gevaar" not in read(world, his)


async def test_a_young_child_gets_no_meeting_and_no_meldcode(world: World) -> None:
    view = await world.family()
    await begun(world, view)
    child = ChildActor(world.tenant, view.children[0].child, view.family)
    made = await file_of(world, child)
    assert (made.meetings, made.meldcode) == ((), ())


async def test_headings_are_in_the_language_of_the_reader(world: World) -> None:
    told = await told_family(world)
    await ask(world, told.relationship)
    made = await file_of(world, told.mother)
    english = text_of(write_pdf(made, world.services.texts.of("en")))
    for words in (
        "Whom this file is about",
        "Who looked, when and why",
        "[left out: name, name of a member of staff",
    ):
        assert squeezed(words) in english
    label = world.services.texts.of_type("en", TypeKey("support_advice")).label
    assert squeezed(label) in english


async def endangered(world: World, view: FamilyView, mother: PersonId) -> None:
    """The family is in danger, and it is the mother who is."""
    await world.services.families.assess_safety(world.counsellor, view.family, SECRET)
    hers = msgspec.structs.replace(SECRET, secret_address=False)
    await world.services.families.assess_guardian(world.counsellor, view.family, mother, hers)


async def test_s21_who_is_answered_by_a_person_reads_nothing_of_violence_nor_of_when_anybody_was_worried(
    world: World,
) -> None:
    told = await told_family(world, guardians=TWO)
    father = world.guardian(told.view, 1)
    await world.intake(told.mother, {**YES, VIOLENCE: "yes", "safe_contact": "yes", "absence_reason": "yes"})
    await world.intake(father, {**YES, "absence_reason": "yes"})
    for key, fields in (
        (VIOLENCE, {"status": "current", "meeting": "soon"}),
        ("safe_contact", {"way": "call", "phone": "06 98 76 54 32"}),
        ("absence_reason", {"date": "2026-09-01", "part_of_day": "morning", "reason": "moving"}),
    ):
        note = Note(TypeKey(key), fields)
        shared = await world.services.records.share(world.counsellor, told.relationship, note)
        assert isinstance(shared, Shared), key
    await endangered(world, told.view, told.mother.guardian)
    case, access = await granted(world, father, weighed=True), world.services.access
    await access.make(world.officer, case, weighed=True, with_children=True)
    view = await access.view(world.officer, case)
    assert {one.names for one in view.texts} == {True}, "each line is chosen by a person"
    await access.look_through(world.officer, case, view.file, dict.fromkeys(range(len(view.texts)), "safety"))
    his = await access.print_out(world.officer, case, "conversation")
    assert {one.type for one in his.records} == {"absence_reason", "support_advice"}
    assert his.events == ()
    said = read(world, his)
    for secret in (VIOLENCE, "Geweld thuis", "98 76 54", "moving", "Verhuizen"):
        assert squeezed(secret) not in said, secret


async def test_s44_where_one_guardian_is_does_not_stay_in_the_others_file_by_itself(world: World) -> None:
    told = await told_family(world, guardians=TWO)
    await world.intake(told.mother, {**YES, "safe_contact": "yes", "postal_address": "yes"})
    address = {
        "addressee": "S. V.",
        "address_line": "Dorpsstraat 1",
        "postcode": "5011 AA",
        "town": "Tilburg",
    }
    for key, fields in (
        ("safe_contact", {"way": "call", "phone": "06 98 76 54 32"}),
        ("postal_address", address),
    ):
        note = Note(TypeKey(key), fields)
        assert isinstance(
            await world.services.records.share(world.counsellor, told.relationship, note), Shared
        )
    case, access = await granted(world, world.guardian(told.view, 1)), world.services.access
    await access.make(world.officer, case)
    view = await access.view(world.officer, case)
    assert {one.text for one in view.texts if one.names} == {"06 98 76 54 32", *address.values()}
    with pytest.raises(InputError):
        await access.look_through(world.officer, case, view.file, {})


async def test_s46_a_neutral_answer_stays_neutral_in_a_later_file(world: World) -> None:
    told = await told_family(world, guardians=TWO)
    father, families = world.guardian(told.view, 1), world.services.families
    await endangered(world, told.view, told.mother.guardian)
    first = await world.services.cases.ask(father, Asked("erasure"))
    await world.services.cases.decide(world.officer, first, "refuse", ground="safety")
    await families.assess_guardian(world.counsellor, told.view.family, told.mother.guardian, SAFE)
    await families.assess_safety(world.counsellor, told.view.family, SAFE)
    early = (await file_of(world, father)).requests[0]
    assert (early.state, early.outcome, early.ground) == ("identified", "", "")
    await world.settle()
    world.clock.advance(NEUTRAL_AFTER)
    late = (await file_of(world, father)).requests[0]
    assert (late.state, late.outcome, late.ground) == ("refused", "refuse", "")
