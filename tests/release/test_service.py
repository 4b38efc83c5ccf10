"""The walk of a release over the real services, on both databases."""

from __future__ import annotations

from consent_service.foundation.ids import TypeKey
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.shelter import World


async def test_a_school_gets_exactly_what_was_allowed(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    guardian = world.guardian(view)
    await world.intake(guardian, {"shelter_involvement": "yes", "support_advice": "yes"})
    shared = await world.services.records.share(
        world.counsellor,
        relationship,
        Note(TypeKey("support_advice"), {"helps": "Even naar buiten lopen."}),
    )
    assert isinstance(shared, Shared)
    answer = await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [{"helps": "Even naar buiten lopen."}]
    refused = await world.services.records.share(
        world.counsellor, relationship, Note(TypeKey("care_signal"), {"code_word": "handle_with_care"})
    )
    assert isinstance(refused, ShareRefused | Shared)
    lines = await world.services.release.children_of_contact(world.contact, [relationship])
    assert [line.full_name for line in lines] == ["Noor Voorbeeld"]


async def test_after_a_withdrawal_nothing_is_released(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    receipt = await world.intake(
        world.guardian(view), {"shelter_involvement": "yes", "support_advice": "yes"}
    )
    await world.services.records.share(
        world.counsellor, relationship, Note(TypeKey("support_advice"), {"helps": "Rust."})
    )
    stop = await world.services.consent.withdraw_by_code(receipt.withdrawal_code)
    assert stop.written
    answer = await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    assert isinstance(answer, Refused)
    await world.settle()
    report = await world.services.supervision.verify(world.officer)
    assert report.ok, report
