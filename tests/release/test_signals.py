"""Which signals wait for a contact, one type asked alone, and who may write without reading."""

from __future__ import annotations

from unittest.mock import AsyncMock

import pytest

from consent_service.audit.events import InformationReleased
from consent_service.consent.model import Answer
from consent_service.foundation.errors import ConflictError, NotAllowedError
from consent_service.foundation.ids import RelationshipId, StaffId, TypeKey, new_id
from consent_service.identity.model import SchoolStaff
from consent_service.organisations.model import NewStaff
from consent_service.process.signals.model import SignalSent
from consent_service.release.model import Ask, Refused, Released
from tests.scenarios.stories import SUPPORT, YES, share, trail
from tests.shelter import OPERATOR, World

SIGNAL = TypeKey("care_signal")
GIVEN: dict[str, Answer] = {**YES, "care_signal": "yes"}


async def with_signal(world: World, *, begun: bool = True) -> RelationshipId:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child, begun=begun)
    await world.intake(world.guardian(view), GIVEN)
    await world.services.signal_routing.place_school(world.officer, world.linde, "midden")
    assert isinstance(await world.services.signals.send(world.counsellor, relationship), SignalSent)
    return relationship


async def desk_of(world: World, relationship: RelationshipId, role: str = "administration") -> SchoolStaff:
    """Somebody of De Linde with this role, on the list of this child."""
    new = NewStaff("school_staff", "Ada Administratie", world.linde, role)  # type: ignore[arg-type]
    member = StaffId(await world.services.organisations.add_staff(OPERATOR, world.tenant, new))
    await world.services.families.list_contact(world.counsellor, relationship, member)
    return SchoolStaff(world.tenant, member, world.linde, role)  # type: ignore[arg-type]


@pytest.mark.parametrize("begun", [True, False], ids=["confirmed", "not confirmed"])
async def test_a_signal_that_waits_is_a_line_and_an_entry_and_no_reading(world: World, begun: bool) -> None:
    relationship = await with_signal(world, begun=begun)
    release = world.services.release
    (line,) = await release.signals_of_contact(world.contact, [relationship])
    assert (line.full_name, line.relationship) == ("Noor Voorbeeld", relationship)
    (entry,) = await trail(world, "information.released.v1")
    assert entry.detail is not None
    event = entry.detail.event
    assert isinstance(event, InformationReleased)
    assert (event.types, event.records) == ((SIGNAL,), ())


async def test_who_would_not_get_it_is_shown_no_line_and_leaves_no_entry(world: World) -> None:
    relationship = await with_signal(world)
    desk = await desk_of(world, relationship)
    release = world.services.release
    for reader in (world.teacher, desk):
        assert await release.signals_of_contact(reader, [relationship, RelationshipId(new_id())]) == ()
    with pytest.raises(NotAllowedError):
        await release.signals_of_contact(world.eik_contact, [relationship])
    assert await trail(world, "information.released.v1") == ()


async def test_without_a_signal_there_is_no_line(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), GIVEN)
    assert await world.services.release.signals_of_contact(world.contact, [relationship]) == ()


async def test_a_line_that_never_comes_to_rest_is_a_conflict(world: World) -> None:
    relationship = await with_signal(world)
    release = world.services.release
    release._name = AsyncMock(return_value=False)  # type: ignore[method-assign]
    with pytest.raises(ConflictError):
        await release.signals_of_contact(world.contact, [relationship])


async def test_one_type_asked_alone_opens_that_one_only(world: World) -> None:
    relationship = await with_signal(world)
    await share(world, relationship)
    alone = Ask(relationship, "support", only=SIGNAL)
    answer = await world.services.release.to_school(world.contact, alone)
    assert isinstance(answer, Released)
    assert [one.information_type for one in answer.records] == [SIGNAL]
    assert answer.refused == ()
    (one,) = answer.records
    (sent,) = await world.services.signals.sent(world.counsellor, relationship)
    assert one.expires_at == sent.gone_at
    both = await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    assert isinstance(both, Released)
    assert {one.information_type for one in both.records} == {SIGNAL, SUPPORT}


async def test_one_type_asked_for_another_purpose_is_refused(world: World) -> None:
    relationship = await with_signal(world)
    with_type = Ask(relationship, "support", only=TypeKey("child_voice"))
    assert isinstance(await world.services.release.to_school(world.contact, with_type), Refused)


@pytest.mark.parametrize(
    "answers, known",
    [
        ({"shelter_involvement": "yes", "school_absence": "yes"}, True),
        ({"shelter_involvement": "yes", "support_advice": "yes"}, False),
        ({"shelter_involvement": "no", "school_absence": "yes"}, False),
    ],
    ids=["gate and absence", "no absence", "no gate"],
)
async def test_the_administration_knows_of_a_child_it_may_write_about_while_the_school_may_know(
    world: World, answers: dict[str, Answer], known: bool
) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), answers)
    desk = await desk_of(world, relationship)
    lines = await world.services.release.children_of_contact(desk, [relationship])
    assert [line.full_name for line in lines] == (["Noor Voorbeeld"] if known else [])
    told = await trail(world, "information.released.v1")
    assert len(told) == len(lines)
    answer = await world.services.release.to_school(desk, Ask(relationship, "attendance"))
    assert isinstance(answer, Refused)


async def test_a_role_that_writes_nothing_learns_of_no_child_that_way(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "school_absence": "yes"})
    other = await desk_of(world, relationship, "meldcode_officer")
    assert await world.services.release.children_of_contact(other, [relationship]) == ()
