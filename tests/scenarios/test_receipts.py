"""Receipts: neutral for a finder (50), never another guardian's data (44), and only for whom they are."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from consent_service.audit.events import ReceiptPrinted
from consent_service.consent.model import Signature
from consent_service.consent.receipt.record import missing_fields
from consent_service.consent.receipts import ReceiptService
from consent_service.consent.service import Target
from consent_service.consent.sittings import Setting
from consent_service.families.model import AuthorityKind, NewAuthority
from consent_service.foundation.errors import (
    InputError,
    LogUnavailableError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import new_id
from consent_service.identity.model import ChildActor
from tests.consent.receipt.reading import everything_in, opened, squeezed, text_of
from tests.ledger import entries
from tests.scenarios.stories import SUPPORT, YES, told_family
from tests.shelter import World

BOTH: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"), ("Karim", "holder"))


async def printed(world: World) -> list[ReceiptPrinted]:
    found = []
    for entry in await entries(world, "receipt.printed.v1"):
        assert entry.detail is not None
        assert isinstance(entry.detail.event, ReceiptPrinted)
        found.append(entry.detail.event)
    return found


# --- 50: whoever finds the neutral one ------------------------------------------------------------------


async def test_s50_the_other_parent_learns_nothing_from_the_neutral_receipt(world: World) -> None:
    told = await told_family(world, guardians=BOTH)
    code = told.receipt.withdrawal_code
    paper = await world.services.receipts.neutral(told.mother, told.receipt.sitting, code=code)
    assert paper.file_name == "code.pdf"
    assert "".join(opened(paper.content).pages[0].extract_text().split()) == f"1-9-2026{code}"
    found = everything_in(paper.content)
    for telling in ("Samira", "Karim", "Noor", "Voorbeeld", "Linde", "Opvang", "Hulp", "Ruggensteun",
                    "127.0.0.1", "intrekken", told.view.family, told.mother.guardian,
                    told.receipt.sitting, told.relationship):  # fmt: skip
        assert telling not in found
    assert [(event.kind, event.language) for event in await printed(world)] == [("neutral", "")]


async def test_s50_a_code_that_is_not_hers_is_never_printed(world: World) -> None:
    told = await told_family(world, guardians=BOTH)
    other = await told_family(world, family_name="Anders")
    receipts, sitting = world.services.receipts, told.receipt.sitting
    for wrong in ("", "AAAA", "7K3M-9QXA-2B4C-8DEF", other.receipt.withdrawal_code):
        with pytest.raises(InputError):
            await receipts.neutral(told.mother, sitting, code=wrong)
        with pytest.raises(InputError):
            await receipts.full(told.mother, sitting, code=wrong)
    assert await printed(world) == []


# --- 44: one guardian's data never on another's receipt ---------------------------------------------------


async def test_s44_a_receipt_never_holds_what_is_the_other_guardians(world: World) -> None:
    told = await told_family(world, guardians=BOTH)
    father = world.guardian(told.view, 1)
    his = await world.intake(father, {"shelter_involvement": "no"}, otherwise="later")
    target = Target(world.tenant, told.view.family, father.guardian)
    await world.services.consent.object(father, target, method="page")
    receipts = world.services.receipts
    paper = (await receipts.full(told.mother, told.receipt.sitting)).content
    record = (await receipts.record(told.mother, told.receipt.sitting)).content.decode()
    for never in ("Karim", father.guardian, his.sitting, his.withdrawal_code):
        assert never not in everything_in(paper)
        assert never not in record
    said = text_of(paper)
    assert squeezed("Samira Voorbeeld") in said
    assert squeezed("Bezwaar") not in said
    assert "objected" not in record
    assert squeezed("Later") not in said


async def test_s44_nobody_gets_the_receipt_of_the_other_guardian(world: World) -> None:
    told = await told_family(world, guardians=BOTH)
    father = world.guardian(told.view, 1)
    noor = ChildActor(world.tenant, told.view.children[0].child, told.view.family)
    receipts, sitting = world.services.receipts, told.receipt.sitting
    for actor in (father, noor):
        with pytest.raises(NotFoundError) as hers:
            await receipts.full(actor, sitting)
        with pytest.raises(NotFoundError) as nobodys:
            await receipts.full(actor, new_id())
        assert str(hers.value) == str(nobodys.value)
        with pytest.raises(NotFoundError):
            await receipts.record(actor, sitting)
        with pytest.raises(NotFoundError):
            await receipts.neutral(actor, sitting, code=told.receipt.withdrawal_code)
    with pytest.raises(NotAllowedError):
        await receipts.full(world.colleague, sitting)
    with pytest.raises(NotAllowedError):
        await receipts.signed(world.colleague, told.view.family)
    assert await printed(world) == []


# --- what it says -------------------------------------------------------------------------------------


async def test_the_full_receipt_says_what_was_signed_and_with_the_code_while_it_is_known(
    world: World,
) -> None:
    told = await told_family(world)
    await world.settle()
    receipts, sitting = world.services.receipts, told.receipt.sitting
    now = await receipts.full(
        told.mother, sitting, language="en", code=told.receipt.withdrawal_code.lower().replace("-", " ")
    )
    said = text_of(now.content)
    for fact in ("Samira Voorbeeld", "Noor Voorbeeld – De Linde", "Opvang Zuid", "Help for your family",
                 "Hulp voor uw gezin", told.receipt.withdrawal_code, "127.0.0.1:8000/intrekken",
                 "1 September 2026 10:00", "1 september 2026 10:00"):  # fmt: skip
        assert squeezed(fact) in said
    later = await receipts.full(world.counsellor, sitting)
    assert told.receipt.withdrawal_code not in text_of(later.content)
    assert squeezed("De code staat niet op dit papier.") in text_of(later.content)
    assert {event.kind for event in await printed(world)} == {"full"}
    assert sorted(event.language for event in await printed(world)) == ["en", "nl"]


async def test_the_receipt_names_the_newest_signed_head_of_the_log(world: World) -> None:
    told = await told_family(world)
    receipts, sitting = world.services.receipts, told.receipt.sitting
    assert squeezed("nog niet ondertekend") in text_of((await receipts.full(told.mother, sitting)).content)
    await world.settle()
    record = msgspec.json.decode((await receipts.record(told.mother, sitting)).content)
    head = record["log_checkpoint"]
    assert head["size"] > 0
    said = text_of((await receipts.full(told.mother, sitting)).content)
    assert head["root"] in said


async def test_a_receipt_made_later_tells_what_was_stopped_since(world: World) -> None:
    told = await told_family(world)
    target = Target(world.tenant, told.view.family, told.mother.guardian, ((told.relationship, SUPPORT),))
    await world.services.consent.withdraw(told.mother, target, method="page")
    world.clock.advance(timedelta(days=1))
    receipts, sitting = world.services.receipts, told.receipt.sitting
    assert squeezed("Nu: Gestopt") in text_of((await receipts.full(told.mother, sitting)).content)
    record = msgspec.json.decode((await receipts.record(told.mother, sitting)).content)
    states = {
        one["pii_processing"]["purposes"][0]["purpose"]: [e["event_state"] for e in one["consent_events"]]
        for one in record["records"]
    }
    assert states["support_advice"] == ["given", "withdrawn"]
    assert states["shelter_involvement"] == ["given"]
    assert missing_fields(record) == ()


async def test_a_receipt_is_printed_in_arabic_though_no_sitting_is_held_in_it(world: World) -> None:
    told = await told_family(world)
    paper = await world.services.receipts.full(told.mother, told.receipt.sitting, language="ar")
    said = text_of(paper.content)
    assert "نعم" in said
    assert squeezed("Hulp voor uw gezin") in said
    with pytest.raises(InputError):
        await world.intake(told.mother, YES, language="ar")


@pytest.mark.parametrize("language", ["xx", "../nl", "NL", "fr"])
async def test_a_language_without_texts_is_refused_and_nothing_is_logged(world: World, language: str) -> None:
    told = await told_family(world)
    with pytest.raises(InputError) as raised:
        await world.services.receipts.full(told.mother, told.receipt.sitting, language=language)
    assert [problem.code for problem in raised.value.problems] == ["language_unknown"]
    assert await printed(world) == []


async def test_drafts_are_never_printed_in_production(world: World) -> None:
    told = await told_family(world)
    services = world.services
    strict = ReceiptService(
        database=services.installation.database,
        ring=services.installation.ring,
        log=services.log,
        clock=world.clock,
        organisations=services.organisations,
        catalogue=services.policies.proposal.catalogue,
        texts=services.texts,
        public_origin="https://toestemming.example",
        drafts_allowed=False,
    )
    with pytest.raises(InputError) as raised:
        await strict.full(told.mother, told.receipt.sitting)
    assert [problem.code for problem in raised.value.problems] == ["texts_not_reviewed"]


# --- who decides no more --------------------------------------------------------------------------------


async def test_s06_who_lost_authority_gets_no_receipt_about_that_child_any_more(world: World) -> None:
    told = await told_family(world, guardians=BOTH)
    world.clock.advance(timedelta(days=1))
    await world.services.families.record_authority(
        world.counsellor,
        told.view.family,
        child=told.view.children[0].child,
        guardian=told.mother.guardian,
        fact=NewAuthority("none", "judgment", date(2026, 9, 1)),
    )
    with pytest.raises(NotFoundError):
        await world.services.receipts.full(told.mother, told.receipt.sitting)


async def test_s09_from_sixteen_a_parents_receipt_says_nothing_about_the_young_person(world: World) -> None:
    view = await world.family(children=(("Noor", date(2010, 9, 3)), ("Adam", date(2018, 5, 4))))
    for child in view.children:
        await world.at_school(child.child)
    mother = world.guardian(view)
    receipt = await world.intake(mother, YES)
    before = text_of((await world.services.receipts.full(mother, receipt.sitting)).content)
    world.clock.advance(timedelta(days=3))
    after = text_of((await world.services.receipts.full(mother, receipt.sitting)).content)
    assert squeezed("Noor Voorbeeld") in before
    assert squeezed("Noor Voorbeeld") not in after
    assert squeezed("Adam Voorbeeld") in after


async def test_a_child_that_decides_along_gets_a_receipt_of_its_own_that_no_parent_gets(world: World) -> None:
    view = await world.family(children=(("Noor", date(2013, 5, 4)), ("Adam", date(2018, 5, 4))))
    for child in view.children:
        await world.at_school(child.child)
    noor = ChildActor(world.tenant, view.children[0].child, view.family)
    services = world.services
    sitting = await services.sittings.prepare(world.counsellor, noor, Setting("nl", "none"), types=[SUPPORT])
    for question in sitting.questions:
        shown = world.shown(question.information_type)
        await services.sittings.answer(noor, sitting.sitting, question, answer="yes", shown=shown)
    signed = await services.sittings.sign(noor, sitting.sitting, Signature("typed", "Noor Voorbeeld"))
    paper = await services.receipts.full(noor, sitting.sitting, code=signed.withdrawal_code)
    said = text_of(paper.content)
    for words in ("Jouw keuzes", "Noor Voorbeeld", "Het kind of de jongere zelf", signed.withdrawal_code):
        assert squeezed(words) in said
    assert squeezed("Uw") not in said
    assert squeezed("Adam") not in said
    assert squeezed("Samira") not in said
    record = msgspec.json.decode((await services.receipts.record(noor, sitting.sitting)).content)
    assert missing_fields(record) == ()
    assert [e["capacity"] for one in record["records"] for e in one["consent_events"]] == ["child"]
    with pytest.raises(NotFoundError):
        await services.receipts.full(world.guardian(view), sitting.sitting)


async def test_a_sitting_that_was_not_signed_has_no_receipt(world: World) -> None:
    view = await world.family()
    await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    sitting = await world.services.sittings.start(
        world.counsellor,
        family=view.family,
        guardian=mother.guardian,
        language="nl",
        interpreter="none",
    )
    with pytest.raises(NotFoundError):
        await world.services.receipts.full(mother, sitting.sitting)
    await world.services.sittings.not_now(mother, sitting.sitting)
    with pytest.raises(NotFoundError):
        await world.services.receipts.full(mother, sitting.sitting)
    assert await world.services.receipts.signed(world.counsellor, view.family) == ()


# --- the log ----------------------------------------------------------------------------------------


async def test_no_receipt_leaves_before_its_entry_stands(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(world)

    async def away(*_args: object, **_kwargs: object) -> None:
        raise LogUnavailableError("the log is away")

    monkeypatch.setattr(world.services.log, "append", away)
    with pytest.raises(LogUnavailableError):
        await world.services.receipts.full(told.mother, told.receipt.sitting)
    with pytest.raises(LogUnavailableError):
        await world.services.receipts.neutral(
            told.mother, told.receipt.sitting, code=told.receipt.withdrawal_code
        )


async def test_the_counsellor_sees_every_signed_conversation_newest_first(world: World) -> None:
    told = await told_family(world, guardians=BOTH)
    world.clock.advance(timedelta(hours=1))
    his = await world.intake(world.guardian(told.view, 1), YES)
    listed = await world.services.receipts.signed(world.counsellor, told.view.family)
    assert [(one.sitting, one.name) for one in listed] == [
        (his.sitting, "Karim Voorbeeld"),
        (told.receipt.sitting, "Samira Voorbeeld"),
    ]
