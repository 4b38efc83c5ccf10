"""Only a yes needs a text that is in use: a no to words in doubt is a no, and holds at once."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from consent_service.consent.model import Answer, Face, Signature
from consent_service.consent.sittings import Setting
from consent_service.consent.tables import consent_ledger, sittings, text_versions
from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.ids import TypeKey
from consent_service.release.model import Refused
from tests.consent.passed import AtTheDesk
from tests.consent.test_changes import asked_family, changed
from tests.consent.test_opinions import at_school, opinion
from tests.ledger import count, rows
from tests.scenarios.stories import SUPPORT, YES, ask, share, told_family
from tests.shelter import World

SIGNED = Signature("typed", "Karim Voorbeeld")


async def suspend(world: World, key: TypeKey = SUPPORT) -> None:
    await world.services.wording.suspend(world.officer, world.shown(key).text_hash)


def codes(refused: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [problem.code for problem in refused.value.problems]


async def test_a_sad_face_at_words_in_doubt_stops_what_goes_on(world: World) -> None:
    view, at = await at_school(world)
    await world.intake(world.guardian(view), YES, language="en")
    await share(world, at)
    await suspend(world)
    await world.settle()
    await world.services.opinions.record(world.child(view), opinion(world, at, support_advice="no"))
    await world.settle()
    assert isinstance(await ask(world, at), Refused)
    (row,) = await rows(world, consent_ledger, kind="opinion_no")
    assert row.text_hash in {kept.text_hash for kept in await rows(world, text_versions)}
    with pytest.raises(InputError) as refused:
        await world.services.opinions.record(world.child(view), opinion(world, at, support_advice="yes"))
    assert codes(refused) == ["text_suspended"]


@pytest.mark.parametrize("born", [date(2019, 3, 7), date(2013, 5, 4), date(2009, 5, 4)])
@pytest.mark.parametrize("key", ["support_advice", "parent_circumstances"])
async def test_a_childs_no_is_taken_at_any_age_to_any_type_with_or_without_words(
    world: World, born: date, key: str
) -> None:
    view, at = await at_school(world, born)
    faces: dict[str, Face] = {key: "no"}
    said = opinion(world, at, **faces)
    for one in (said, msgspec.structs.replace(said, shown={}), msgspec.structs.replace(said, language="en")):
        await world.services.opinions.record(world.child(view), one)
    written = await rows(world, consent_ledger)
    assert [(row.kind, row.information_type) for row in written] == [("opinion_no", key)] * 3
    assert sorted(bool(row.text_hash) for row in written) == [False, False, True]
    unknown = msgspec.structs.replace(said, faces={TypeKey("no_such_type"): "no"})
    with pytest.raises(NotFoundError):
        await world.services.opinions.record(world.child(view), unknown)


async def test_of_a_child_that_decides_the_no_is_taken_and_the_smile_beside_it_decides_nothing(
    world: World,
) -> None:
    view, at = await at_school(world, date(2013, 5, 4))
    said = opinion(world, at, support_advice="no", shelter_involvement="yes")
    await world.services.opinions.record(world.child(view), said)
    assert [(row.kind, row.information_type) for row in await rows(world, consent_ledger)] == [
        ("opinion_no", SUPPORT)
    ]
    heard = await world.services.opinions.latest(world.counsellor, view.family, view.children[0].child)
    assert heard is not None
    assert dict(heard.faces) == {SUPPORT: "no", "shelter_involvement": "yes"}
    assert await count(world, sittings) == 1


@pytest.mark.parametrize("said", ["no", "later"])
async def test_a_no_is_answered_and_signed_while_the_text_is_out_of_use(world: World, said: Answer) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    father, service = world.guardian(told.view, 1), world.services.sittings
    sitting = await service.prepare(world.counsellor, father, Setting("nl"), types=[SUPPORT])
    (question,) = sitting.questions
    shown = world.shown(SUPPORT)
    await service.answer(father, sitting.sitting, question, answer="yes", shown=shown)
    await suspend(world)
    for act in (
        service.answer(father, sitting.sitting, question, answer="yes", shown=shown),
        service.sign(father, sitting.sitting, SIGNED),
    ):
        with pytest.raises(InputError) as refused:
            await act
        assert codes(refused) == ["text_suspended"]
    await service.answer(father, sitting.sitting, question, answer=said, shown=shown)
    receipt = await service.sign(father, sitting.sitting, SIGNED)
    assert [line.answer for line in receipt.lines] == [said]
    (row,) = await rows(world, consent_ledger, person=father.guardian)
    assert (row.kind, row.text_hash) == ("refused" if said == "no" else "later", shown.text_hash)


async def test_on_the_own_page_later_is_taken_while_the_text_is_out_of_use_and_yes_is_not(
    world: World,
) -> None:
    mother, at = await asked_family(world, {"support_advice": "no"})
    await suspend(world)
    assert await world.services.changes.answer(mother, changed(world, at, "later"))
    assert await world.services.changes.answer(mother, changed(world, at, "no"))
    with pytest.raises(InputError) as refused:
        await world.services.changes.answer(mother, changed(world, at))
    assert codes(refused) == ["text_suspended"]


async def test_a_no_on_paper_to_words_that_were_never_kept_keeps_them(world: World) -> None:
    view, at = await at_school(world)
    desk = AtTheDesk(world, view, at)
    await suspend(world)
    await desk.record(desk.statement({SUPPORT: "no"}))
    (row,) = await rows(world, consent_ledger)
    assert row.text_hash in {kept.text_hash for kept in await rows(world, text_versions)}
