"""What a child thinks is heard, kept under its own key, and decides nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from consent_service.consent.evidence import open_child_words, seal_child_words
from consent_service.consent.model import ChildSaid, Face
from consent_service.consent.opinions import LONGEST_WORDS, Opinion
from consent_service.consent.tables import consent_ledger, sittings
from consent_service.families.model import FamilyView
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    IntegrityError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import RelationshipId, TypeKey, new_id
from tests.ledger import count, entries, rows, version
from tests.shelter import World

GATE, SUPPORT = TypeKey("shelter_involvement"), TypeKey("support_advice")
SEVEN, THIRTEEN = date(2019, 3, 7), date(2013, 5, 4)
WORDS = "Mijn konijn heet Stamppot."


async def at_school(world: World, born: date = SEVEN, **family: Any) -> tuple[FamilyView, RelationshipId]:
    view = await world.family(children=(("Sem", born),), **family)
    return view, await world.at_school(view.children[0].child)


def opinion(world: World, relationship: RelationshipId, words: str = "", **faces: Face) -> Opinion:
    chosen = {TypeKey(key): face for key, face in faces.items()}
    return Opinion(
        relationship=relationship,
        counsellor=world.counsellor.staff,
        faces=chosen,
        shown={key: world.shown(key) for key in chosen},
        words=words,
        interpreter="telephone",
        device="d" * 64,
    )


async def test_faces_become_opinions_of_the_child_and_so_so_becomes_nothing(world: World) -> None:
    view, relationship = await at_school(world)
    before = await version(world, relationship)
    said = opinion(
        world, relationship, shelter_involvement="yes", support_advice="no", contact_persons="so_so"
    )
    await world.services.opinions.record(world.child(view), said)

    kept = {row.information_type: row for row in await rows(world, consent_ledger)}
    assert {key: row.kind for key, row in kept.items()} == {GATE: "opinion_yes", SUPPORT: "opinion_no"}
    row = kept[SUPPORT]
    assert (row.person, row.capacity, row.method, row.interpreter) == (
        view.children[0].child,
        "child",
        "tablet",
        "telephone",
    )
    assert (row.entered_by, row.device, row.valid_until) == (None, "d" * 64, None)
    assert row.text_hash == world.services.texts.of_type("nl", SUPPORT).hash
    assert await version(world, relationship) > before


async def test_the_words_are_sealed_and_in_no_entry_and_the_own_counsellor_reads_them(world: World) -> None:
    view, relationship = await at_school(world)
    child = view.children[0].child
    await world.services.opinions.record(
        world.child(view), opinion(world, relationship, "  " + WORDS + "\n", support_advice="so_so")
    )
    (kept,) = await rows(world, sittings)
    assert WORDS.encode() not in kept.sealed_evidence
    assert (kept.outcome, kept.decider, kept.counsellor) == ("heard", "child", world.counsellor.staff)
    assert all("Stamppot" not in repr(entry) for entry in await entries(world))
    heard = await world.services.opinions.latest(world.counsellor, view.family, child)
    assert heard is not None
    assert (heard.words, dict(heard.faces)) == (WORDS, {SUPPORT: "so_so"})
    with pytest.raises(NotAllowedError):
        await world.services.opinions.latest(world.colleague, view.family, child)


async def test_the_latest_words_are_shown_and_none_where_none_were_said(world: World) -> None:
    view, relationship = await at_school(world)
    latest, child = world.services.opinions.latest, view.children[0].child
    assert await latest(world.counsellor, view.family, child) is None
    for words in ("Eerst dit.", "Toen dat."):
        await world.services.opinions.record(world.child(view), opinion(world, relationship, words))
    heard = await latest(world.counsellor, view.family, child)
    assert heard is not None
    assert heard.words == "Toen dat."


async def test_a_counsellor_may_note_it_and_stands_in_the_row_whoever_was_named(world: World) -> None:
    view, relationship = await at_school(world)
    said = msgspec.structs.replace(
        opinion(world, relationship, support_advice="no"), counsellor=world.colleague.staff
    )
    await world.services.opinions.record(world.counsellor, said)
    (row,) = await rows(world, consent_ledger)
    assert (row.person, row.method, row.evidence) == (view.children[0].child, "oral", "note")
    assert row.entered_by == world.counsellor.staff
    with pytest.raises(NotAllowedError):
        await world.services.opinions.record(world.colleague, said)


async def test_another_child_another_shelter_and_an_ended_school_are_not_there(world: World) -> None:
    view, relationship = await at_school(world)
    other, _ = await at_school(world, family_name="Elders")
    record = world.services.opinions.record
    said = opinion(world, relationship, support_advice="no")
    with pytest.raises(NotFoundError):
        await record(world.child(other), said)
    with pytest.raises(NotFoundError):
        await record(world.child(view), msgspec.structs.replace(said, relationship=RelationshipId(new_id())))
    await world.services.families.end_relationship(world.counsellor, relationship, "moved_out")
    with pytest.raises(NotFoundError):
        await record(world.child(view), said)
    assert await count(world, consent_ledger) == 0
    assert await count(world, sittings) == 0


async def test_a_child_that_decides_is_asked_for_a_decision(world: World) -> None:
    view, relationship = await at_school(world, THIRTEEN)
    said = opinion(world, relationship, support_advice="yes")
    with pytest.raises(InputError) as raised:
        await world.services.opinions.record(world.child(view), said)
    assert [problem.code for problem in raised.value.problems] == ["child_decides"]
    await world.services.families.judge_competence(
        world.counsellor, view.family, view.children[0].child, competent=False, reason="too_upset"
    )
    await world.services.opinions.record(world.child(view), said)
    assert await count(world, consent_ledger) == 1


@pytest.mark.parametrize(
    "words, code", [("", "faces_missing"), (" \n ", "faces_missing"), ("x" * (LONGEST_WORDS + 1), "too_long")]
)
async def test_nothing_at_all_and_too_much_are_refused(world: World, words: str, code: str) -> None:
    view, relationship = await at_school(world)
    with pytest.raises(InputError) as raised:
        await world.services.opinions.record(world.child(view), opinion(world, relationship, words))
    assert [problem.code for problem in raised.value.problems] == [code]


async def test_a_type_no_child_is_asked_about_and_words_that_changed_are_not_taken(world: World) -> None:
    view, relationship = await at_school(world)
    record, child = world.services.opinions.record, world.child(view)
    unshown = msgspec.structs.replace(opinion(world, relationship, support_advice="yes"), shown={})
    for strange in (opinion(world, relationship, parent_circumstances="yes"), unshown):
        with pytest.raises(NotFoundError):
            await record(child, strange)
    said = opinion(world, relationship, support_advice="yes")
    for change in ({"shown": {SUPPORT: world.shown(SUPPORT, "en")}}, {"language": "en"}):
        with pytest.raises(ConflictError):
            await record(child, msgspec.structs.replace(said, **change))
    assert await count(world, consent_ledger) == 0


async def test_a_child_is_asked_about_the_first_intake_and_never_about_a_parent(world: World) -> None:
    asked = world.services.opinions.asked()
    assert GATE in asked
    assert SUPPORT in asked
    assert TypeKey("parent_circumstances") not in asked


async def test_words_moved_to_another_child_or_moment_do_not_open(world: World) -> None:
    view, _ = await at_school(world)
    other, _ = await at_school(world, family_name="Elders")
    ring = world.services.installation.ring
    async with world.services.installation.database.reading() as conn:
        key = await ring.person_key(conn, world.tenant, view.children[0].child)
        wrong = await ring.person_key(conn, world.tenant, other.children[0].child)
    sealed = seal_child_words(ring, key, "moment", ChildSaid({"support_advice": "no"}, WORDS))
    assert open_child_words(ring, key, "moment", sealed).words == WORDS
    for keyed, moment in ((wrong, "moment"), (key, "another")):
        with pytest.raises(IntegrityError):
            open_child_words(ring, keyed, moment, sealed)
