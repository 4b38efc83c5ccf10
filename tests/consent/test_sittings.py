"""One conversation: nothing counts before it is signed, and only what this guardian may decide is asked."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import msgspec
import pytest

from consent_service.app import build_services
from consent_service.consent.evidence import open_evidence
from consent_service.consent.model import Answer, Question, Signature, Sitting
from consent_service.consent.sittings import Setting, SittingService
from consent_service.consent.tables import consent_ledger, sitting_answers, sittings, withdrawal_codes
from consent_service.families.model import FamilyView, NewAuthority
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, TenantId, TypeKey, new_id
from consent_service.identity.model import ChildActor, GuardianActor, PersonActor
from tests.ledger import count, entries, rows
from tests.shelter import World

SIGNED = Signature("typed", "Samira Voorbeeld")
GATE, SUPPORT = TypeKey("shelter_involvement"), TypeKey("support_advice")


async def sit(
    world: World, view: FamilyView, number: int = 0, types: tuple[str, ...] = (GATE, SUPPORT)
) -> tuple[GuardianActor, Sitting]:
    actor = world.guardian(view, number)
    sitting = await world.services.sittings.start(
        world.counsellor,
        family=actor.family,
        guardian=actor.guardian,
        language="nl",
        interpreter="telephone",
        types=[TypeKey(key) for key in types],
    )
    return actor, sitting


async def answer(
    world: World, actor: GuardianActor, sitting: Sitting, said: Answer, *questions: Question
) -> Sitting:
    for question in questions or sitting.questions:
        sitting = await world.services.sittings.answer(
            actor,
            sitting.sitting,
            question,
            answer=said,
            shown=world.shown(question.information_type, sitting.language),
        )
    return sitting


async def asked(world: World, **family: object) -> tuple[FamilyView, RelationshipId]:
    view = await world.family(**family)  # type: ignore[arg-type]
    return view, await world.at_school(view.children[0].child)


def codes(raised: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [problem.code for problem in raised.value.problems]


async def test_an_unanswered_question_is_never_signed_for(world: World) -> None:
    view, _ = await asked(world)
    actor, sitting = await sit(world, view)
    await answer(world, actor, sitting, "yes", sitting.questions[0])
    with pytest.raises(InputError) as raised:
        await world.services.sittings.sign(actor, sitting.sitting, SIGNED)
    assert codes(raised) == ["answers_missing"]
    assert await count(world, consent_ledger) == 0
    assert await count(world, withdrawal_codes) == 0


async def test_signing_makes_exactly_the_last_answers_count_and_forgets_the_drafts(world: World) -> None:
    view, relationship = await asked(world)
    actor, sitting = await sit(world, view)
    await answer(world, actor, sitting, "yes")
    done = await answer(world, actor, sitting, "later", sitting.questions[0])
    assert done.answers == {(relationship, GATE): "later", (relationship, SUPPORT): "yes"}
    receipt = await world.services.sittings.sign(actor, sitting.sitting, SIGNED)

    kept = await rows(world, consent_ledger)
    assert {row.information_type: row.kind for row in kept} == {GATE: "later", SUPPORT: "given"}
    assert {row.capacity for row in kept} == {"holder"}
    assert {row.sitting for row in kept} == {sitting.sitting}
    assert {(line.information_type, line.answer, line.valid_until) for line in receipt.lines} == {
        (GATE, "later", None),
        (SUPPORT, "yes", local_midnight(date(2027, 8, 1))),
    }
    assert await count(world, sitting_answers) == 0
    assert (await world.services.consent.holder_of_code(receipt.withdrawal_code)).person == actor.guardian
    (finished,) = await entries(world, "intake.finished.v1")
    assert finished.detail is not None
    event = finished.detail.event
    assert [getattr(event, name) for name in ("yes", "no", "later", "outcome")] == [1, 0, 1, "signed"]


async def test_signing_twice_and_twice_at_once_counts_once(world: World) -> None:
    view, _ = await asked(world)
    actor, sitting = await sit(world, view)
    await answer(world, actor, sitting, "yes")
    sign = world.services.sittings.sign
    outcomes = await asyncio.gather(
        *(sign(actor, sitting.sitting, SIGNED) for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["ConflictError", "ConflictError", "Receipt"]
    with pytest.raises(ConflictError):
        await sign(actor, sitting.sitting, SIGNED)
    assert await count(world, consent_ledger) == 2
    with pytest.raises(ConflictError):
        await answer(world, actor, sitting, "no")
    with pytest.raises(ConflictError):
        await world.services.sittings.choose_language(actor, sitting.sitting, "en")
    with pytest.raises(ConflictError):
        await world.services.sittings.not_now(actor, sitting.sitting)


async def test_the_evidence_is_sealed_under_the_guardians_own_key(world: World) -> None:
    view, relationship = await asked(world)
    actor, sitting = await sit(world, view)
    await answer(world, actor, sitting, "no")
    await world.services.sittings.sign(actor, sitting.sitting, SIGNED)
    (row,) = await rows(world, sittings)
    assert b"Samira" not in row.sealed_evidence
    ring = world.services.installation.ring
    async with world.services.installation.database.reading() as conn:
        key = await ring.person_key(conn, world.tenant, actor.guardian)
    evidence = open_evidence(ring, key, sitting.sitting, row.sealed_evidence)
    assert (evidence.signature, evidence.interpreter) == (SIGNED, "telephone")
    assert evidence.answers == {f"{relationship}:{GATE}": "no", f"{relationship}:{SUPPORT}": "no"}


async def test_the_sitting_of_another_guardian_is_not_there(world: World) -> None:
    view, _ = await asked(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    _, sitting = await sit(world, view)
    father = world.guardian(view, 1)
    door = world.services.sittings
    moved = GuardianActor(world.tenant, view.guardians[0].guardian, FamilyId(new_id()))
    for attempt in (
        door.read(father, sitting.sitting),
        answer(world, father, sitting, "yes"),
        door.choose_language(father, sitting.sitting, "en"),
        door.sign(father, sitting.sitting, SIGNED),
        door.not_now(father, sitting.sitting),
        door.read(moved, sitting.sitting),
    ):
        with pytest.raises(NotFoundError):
            await attempt
    assert await door.current(father) is None
    assert await door.current(world.guardian(view)) == sitting.sitting


async def test_a_text_that_changed_on_the_screen_or_is_in_another_language_is_not_taken(world: World) -> None:
    view, _ = await asked(world)
    actor, sitting = await sit(world, view)
    question = sitting.questions[0]
    right = world.shown(question.information_type)
    for shown in (
        msgspec.structs.replace(right, text_version="consent.shelter_involvement@0"),
        msgspec.structs.replace(right, text_hash="0" * 64),
        world.shown(question.information_type, "en"),
        msgspec.structs.replace(right, language="xx"),
    ):
        with pytest.raises(ConflictError):
            await world.services.sittings.answer(actor, sitting.sitting, question, answer="yes", shown=shown)
    stranger = Question(RelationshipId(new_id()), question.child, question.information_type)
    with pytest.raises(NotFoundError):
        await answer(world, actor, sitting, "yes", stranger)
    assert await count(world, sitting_answers) == 0


async def test_going_on_in_another_language_keeps_the_answers_and_what_was_read(world: World) -> None:
    view, _ = await asked(world)
    actor, sitting = await sit(world, view)
    await answer(world, actor, sitting, "yes", sitting.questions[0])
    door = world.services.sittings
    with pytest.raises(InputError) as raised:
        await door.choose_language(actor, sitting.sitting, "xx")
    assert codes(raised) == ["language_unknown"]
    await door.choose_language(actor, sitting.sitting, "en")
    english = await door.read(actor, sitting.sitting)
    assert (english.language, len(english.answers)) == ("en", 1)
    await answer(world, actor, english, "yes", sitting.questions[1])
    receipt = await door.sign(actor, sitting.sitting, SIGNED)
    assert receipt.language == "en"
    languages = {row.information_type: row.language for row in await rows(world, consent_ledger)}
    assert languages == {GATE: "nl", SUPPORT: "en"}


async def test_drafts_are_refused_in_production(world: World) -> None:
    view, _ = await asked(world)
    real = build_services(msgspec.structs.replace(world.services.installation, drafts_allowed=False))
    with pytest.raises(InputError) as raised:
        await real.sittings.start(
            world.counsellor,
            family=view.family,
            guardian=view.guardians[0].guardian,
            language="nl",
            interpreter="none",
        )
    assert codes(raised) == ["texts_not_reviewed"]
    actor, sitting = await sit(world, view)
    with pytest.raises(InputError) as raised:
        await real.sittings.choose_language(actor, sitting.sitting, "en")
    assert codes(raised) == ["texts_not_reviewed"]


async def test_a_sitting_needs_a_known_type_language_guardian_and_the_own_counsellor(world: World) -> None:
    view, _ = await asked(world)
    guardian = view.guardians[0].guardian

    async def start(**changes: object) -> Sitting:
        wanted: dict[str, object] = {"family": view.family, "guardian": guardian, "language": "nl"}
        actor = changes.pop("actor", world.counsellor)
        return await world.services.sittings.start(
            actor,  # type: ignore[arg-type]
            **{**wanted, **changes},  # type: ignore[arg-type]
            interpreter="none",
        )

    with pytest.raises(NotFoundError):
        await start(types=[TypeKey("residence_status")])
    with pytest.raises(InputError) as raised:
        await start(language="xx")
    assert codes(raised) == ["language_unknown"]
    for nobody in (PersonId(new_id()), view.children[0].child):
        with pytest.raises(InputError) as raised:
            await start(guardian=nobody)
        assert codes(raised) == ["guardian_unknown"]
    with pytest.raises(NotAllowedError):
        await start(actor=world.colleague)
    assert await count(world, sittings) == 0
    first = await start()
    catalogue = world.services.policies.proposal.catalogue
    assert [q.information_type for q in first.questions] == [kind.key for kind in catalogue.asked_first()]


async def test_who_decides_nothing_is_asked_nothing(world: World) -> None:
    view, _ = await asked(
        world,
        children=(("Lotte", date(2010, 9, 1)), ("Noor", date(2018, 5, 4))),
        guardians=(("Samira", "holder"), ("Karim", "none")),
    )
    for number in (0, 1):  # Lotte is sixteen and decides herself (S9); Karim has no authority
        with pytest.raises(InputError) as raised:
            await sit(world, view, number)
        assert codes(raised) == ["nothing_to_decide"]
    ended = await world.at_school(view.children[1].child)
    await world.services.families.end_relationship(world.counsellor, ended, "moved_out")
    with pytest.raises(InputError):
        await sit(world, view)
    noor = await world.at_school(view.children[1].child, world.eik)
    _, sitting = await sit(world, view)
    assert {question.relationship for question in sitting.questions} == {noor}


async def test_siblings_have_a_question_each(world: World) -> None:
    view, noor = await asked(world, children=(("Noor", date(2018, 5, 4)), ("Sem", date(2016, 1, 2))))
    sem = await world.at_school(view.children[1].child, world.eik)
    _, sitting = await sit(world, view)
    assert [(q.information_type, q.relationship) for q in sitting.questions] == [
        (GATE, noor),
        (GATE, sem),
        (SUPPORT, noor),
        (SUPPORT, sem),
    ]


async def test_authority_lost_during_the_conversation_is_noticed_at_signing(world: World) -> None:
    view, _ = await asked(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    actor, sitting = await sit(world, view)
    await answer(world, actor, sitting, "yes")
    world.clock.advance(timedelta(minutes=1))
    await world.services.families.record_authority(
        world.counsellor,
        view.family,
        child=view.children[0].child,
        guardian=actor.guardian,
        fact=NewAuthority("none", "judgment", date(2026, 9, 1)),
    )
    with pytest.raises(InputError) as raised:
        await world.services.sittings.sign(actor, sitting.sitting, SIGNED)
    assert codes(raised) == ["nothing_to_decide"]
    assert await count(world, consent_ledger) == 0


@pytest.mark.parametrize(
    "signature",
    [Signature("typed", "  "), Signature("typed", "M" * 20_001), Signature("witness", "Bo Begeleider")],
)
async def test_an_empty_an_endless_or_a_nameless_signature_is_none(
    world: World, signature: Signature
) -> None:
    view, _ = await asked(world)
    actor, sitting = await sit(world, view)
    await answer(world, actor, sitting, "yes")
    with pytest.raises(InputError) as raised:
        await world.services.sittings.sign(actor, sitting.sitting, signature)
    assert codes(raised) == ["signature_missing"]
    assert await count(world, consent_ledger) == 0


async def test_a_witness_signs_with_the_own_id_and_stands_in_the_ledger(world: World) -> None:
    view, _ = await asked(world)
    actor, sitting = await sit(world, view)
    await answer(world, actor, sitting, "yes")
    witness = Signature("witness", world.counsellor.staff)
    receipt = await world.services.sittings.sign(actor, sitting.sitting, witness, secret="s" * 43)
    assert {row.witness for row in await rows(world, consent_ledger)} == {world.counsellor.staff}
    holder = await world.services.consent.holder_of_code(receipt.withdrawal_code)
    assert holder.person == actor.guardian


async def test_s55_not_now_counts_for_nothing_and_plans_another_conversation(world: World) -> None:
    view, _ = await asked(world)
    actor, sitting = await sit(world, view)
    await answer(world, actor, sitting, "yes")
    await world.services.sittings.not_now(actor, sitting.sitting)
    assert (await world.services.sittings.read(actor, sitting.sitting)).outcome == "not_now"
    assert await count(world, consent_ledger) == 0
    assert await count(world, sitting_answers) == 0
    with pytest.raises(ConflictError):
        await world.services.sittings.sign(actor, sitting.sitting, SIGNED)
    await world.settle()
    (task,) = await world.services.tasks.open_tasks(world.counsellor)
    assert (task.kind, task.family) == ("intake_again", view.family)
    assert await world.services.tasks.open_tasks(world.colleague) == ()


# --- children ------------------------------------------------------------------------------------


async def prepare(world: World, asked: PersonActor, *types: TypeKey, language: str = "nl") -> Sitting:
    return await world.services.sittings.prepare(world.counsellor, asked, Setting(language), types=types)


async def test_a_child_under_twelve_is_heard_and_decides_nothing(world: World) -> None:
    view, _ = await asked(world)
    with pytest.raises(InputError) as raised:
        await prepare(world, world.child(view), GATE)
    assert codes(raised) == ["child_is_heard"]
    assert await count(world, sittings) == 0


async def test_a_child_is_asked_about_itself_only_and_never_about_a_parent(world: World) -> None:
    view, noor = await asked(world, children=(("Noor", date(2013, 5, 4)), ("Sem", date(2012, 1, 2))))
    await world.at_school(view.children[1].child, world.eik)
    own = TypeKey("parent_circumstances")
    sitting = await prepare(world, world.child(view), GATE, own)
    assert [(q.relationship, q.information_type) for q in sitting.questions] == [(noor, GATE)]
    with pytest.raises(InputError) as raised:
        await prepare(world, world.child(view), own)
    assert codes(raised) == ["nothing_to_decide"]


async def test_the_sitting_of_a_sibling_and_of_a_guardian_with_that_id_is_not_there(world: World) -> None:
    view, _ = await asked(world, children=(("Noor", date(2013, 5, 4)), ("Sem", date(2012, 1, 2))))
    noor, sem = world.child(view), world.child(view, 1)
    sitting = await prepare(world, noor, GATE)
    posing = GuardianActor(world.tenant, noor.child, view.family)
    for stranger in (sem, posing, world.guardian(view)):
        for attempt in (
            world.services.sittings.read(stranger, sitting.sitting),
            world.services.sittings.sign(stranger, sitting.sitting, SIGNED),
            world.services.sittings.tell_myself(stranger, sitting.sitting),
            world.services.sittings.overruled(stranger, sitting.sitting),
        ):
            with pytest.raises(NotFoundError):
                await attempt
        assert await world.services.sittings.current(stranger) is None


async def test_a_child_of_another_family_shelter_or_nobody_has_no_sitting(world: World) -> None:
    view, _ = await asked(world, children=(("Noor", date(2013, 5, 4)),))
    for child in (PersonId(new_id()), view.guardians[0].guardian):
        with pytest.raises(InputError) as raised:
            await prepare(world, ChildActor(world.tenant, child, view.family), GATE)
        assert codes(raised) == ["child_unknown"]
    with pytest.raises(NotFoundError):
        await prepare(world, ChildActor(TenantId(new_id()), view.children[0].child, view.family), GATE)


async def test_drafts_of_the_words_to_children_are_refused_in_production(world: World) -> None:
    view, _ = await asked(world, children=(("Noor", date(2013, 5, 4)),))
    texts = world.services.texts
    dutch = texts.of("nl")
    reviewed = {key: msgspec.structs.replace(text, review="reviewed") for key, text in dutch.types.items()}
    only_types = msgspec.structs.replace(
        texts, languages={**texts.languages, "nl": msgspec.structs.replace(dutch, types=reviewed)}
    )
    installation = world.services.installation
    door = SittingService(
        database=installation.database,
        ring=installation.ring,
        log=world.services.log,
        clock=installation.clock,
        organisations=world.services.organisations,
        catalogue=world.services.policies.proposal.catalogue,
        texts=only_types,
        drafts_allowed=False,
    )
    await door.prepare(world.counsellor, world.guardian(view), Setting("nl"), types=[GATE])
    with pytest.raises(InputError) as raised:
        await door.prepare(world.counsellor, world.child(view), Setting("nl"), types=[GATE])
    assert codes(raised) == ["texts_not_reviewed"]


async def test_that_it_was_read_aloud_and_at_which_device_is_kept(world: World) -> None:
    view, _ = await asked(world)
    setting = Setting("nl", "telephone", read_aloud=True, device="d" * 64)
    mother = world.guardian(view)
    sitting = await world.services.sittings.prepare(world.counsellor, mother, setting, types=[GATE])
    await answer(world, mother, sitting, "no")
    await world.services.sittings.sign(mother, sitting.sitting, SIGNED)
    (row,) = await rows(world, consent_ledger)
    assert (row.device, row.interpreter, row.evidence) == ("d" * 64, "telephone", "typed")
    (kept,) = await rows(world, sittings)
    assert (kept.read_aloud, kept.decider) == (True, "guardian")
