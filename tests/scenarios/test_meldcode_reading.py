"""S28: who reads what was written in a meldcode or about a request; an entry comes first."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from consent_service.audit.events import MeldcodeMoved, StatutoryTextRead
from consent_service.families.model import AuthorityKind, FamilyView, SafetyAssessment
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import (
    InputError,
    IntegrityError,
    LogUnavailableError,
    NotAllowedError,
    NotFoundError,
    StopsPendingError,
)
from consent_service.foundation.ids import FamilyId, PersonId, RecordId
from consent_service.identity.model import ChildActor, GuardianActor
from consent_service.keyring.sealing import seal_for_person
from consent_service.process.emergencies.model import NewRequest, Postponement, StepText
from consent_service.process.emergencies.sealed_text import open_text
from tests.scenarios.stories import everything_said, trail
from tests.shelter import SECRET, World

SAID = "Noor durft niet naar huis."
FIRST = StepText(what=SAID, why="Twee keer gezien.")
REASON = "Vader leest mee."
BOTH: tuple[tuple[str, AuthorityKind], ...] = (("Samira", "holder"), ("Daan", "holder"))
IN_DANGER = SafetyAssessment("danger", False, False, None, date(2027, 3, 1))
ASKED = NewRequest(
    asker="gi", ground="jw_7_3_11_4", name="Gezinsvoogd", asked="Hoe gaat het?", reference="A1"
)


async def begun(world: World, view: FamilyView, *, later: bool = False, child: int = 0) -> RecordId:
    postponed = Postponement(REASON, local_date(world.clock.now()) + timedelta(days=7)) if later else None
    return await world.services.meldcodes.begin(
        world.counsellor, view.family, view.children[child].child, FIRST, postponed=postponed
    )


async def reads(world: World) -> list[tuple[str, str, str]]:
    """Who read what, oldest first, with for whom the entry is."""
    found: list[tuple[str, str, str]] = []
    for entry in await trail(world, "statutory_text.read.v1"):
        assert entry.detail is not None
        assert isinstance(entry.detail.event, StatutoryTextRead)
        found.append((entry.detail.by.kind, entry.detail.event.what, str(entry.detail.shown_to)))
    return found[::-1]


async def test_a_counsellor_and_a_guardian_who_read_leave_an_entry_each(world: World) -> None:
    view = await world.family()
    meldcode = await begun(world, view)
    assert await reads(world) == []
    await world.services.meldcodes.of_family(world.counsellor, view.family)
    await world.services.meldcodes.overview(world.officer)
    assert await reads(world) == []
    await world.services.meldcodes.read(world.counsellor, meldcode)
    (own,) = await world.services.meldcodes.own(world.guardian(view))
    assert (own.child, own.steps[0].text) == (view.children[0].child, FIRST)
    assert await reads(world) == [
        ("counsellor", "meldcode", "officer"),
        ("guardian", "meldcode", "officer"),
    ]
    assert len(await trail(world, "exit.permitted.v1")) == 1


async def test_what_is_postponed_is_not_there_not_even_after_the_day_and_the_reason_never(
    world: World,
) -> None:
    view = await world.family()
    mother = world.guardian(view)
    meldcode = await begun(world, view, later=True)
    assert await world.services.meldcodes.own(mother) == ()
    await world.settle()
    world.clock.advance(timedelta(days=8))
    assert await world.services.meldcodes.own(mother) == ()
    await world.services.meldcodes.open_to_parents(world.counsellor, meldcode)
    shown = await world.services.meldcodes.own(mother)
    assert SAID in everything_said(*shown)
    assert REASON not in everything_said(*shown)
    _, steps = await world.services.meldcodes.read(world.counsellor, meldcode)
    assert REASON in everything_said(*steps)
    moved = [one.detail.event for one in await trail(world, "meldcode.moved.v1") if one.detail]
    assert [one.act for one in moved if isinstance(one, MeldcodeMoved)][::-1] == [
        "map_signals",
        "postpone",
        "open_to_parents",
    ]


async def test_all_problems_of_a_first_step_are_told_at_once(world: World) -> None:
    view = await world.family()
    with pytest.raises(InputError) as told:
        await world.services.meldcodes.begin(
            world.counsellor,
            view.family,
            view.children[0].child,
            StepText(what="", why=" "),
            postponed=Postponement("", date(2020, 1, 1)),
        )
    codes = [one.code for one in told.value.problems]
    assert codes == ["what_missing", "why_missing", "why_missing", "review_not_later"]
    assert await world.services.meldcodes.of_family(world.counsellor, view.family) == ()


@pytest.mark.parametrize("safety", [SECRET, None], ids=["danger", "not_assessed"])
async def test_until_danger_is_ruled_out_neither_of_two_holders_reads_it(
    world: World, safety: SafetyAssessment | None
) -> None:
    view = await world.family(guardians=BOTH, safety=safety)
    await begun(world, view)
    for number in (0, 1):
        assert await world.services.meldcodes.own(world.guardian(view, number)) == ()
    assert await reads(world) == []


async def test_under_danger_the_one_who_is_in_danger_reads_and_the_other_does_not(world: World) -> None:
    view = await world.family(guardians=BOTH)
    samira = view.guardians[0].guardian
    await world.services.families.assess_guardian(world.counsellor, view.family, samira, IN_DANGER)
    await begun(world, view)
    assert len(await world.services.meldcodes.own(world.guardian(view, 0))) == 1
    assert await world.services.meldcodes.own(world.guardian(view, 1)) == ()
    assert [kind for kind, _, _ in await reads(world)] == ["guardian"]


@pytest.mark.parametrize("kind", ["none", "gezinsvoogd"])
async def test_without_authority_nothing_is_read_s53(world: World, kind: AuthorityKind) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Gerda", kind)))
    await begun(world, view)
    assert len(await world.services.meldcodes.own(world.guardian(view, 0))) == 1
    assert await world.services.meldcodes.own(world.guardian(view, 1)) == ()


async def test_a_young_person_who_decides_alone_reads_it_and_nobody_else_does(world: World) -> None:
    born = {"Oud": date(2010, 1, 2), "Mee": date(2013, 1, 2), "Klein": date(2019, 1, 2)}
    view = await world.family(children=tuple(born.items()))
    for number in range(3):
        await begun(world, view, child=number)
    by_name = {one.identity.given_names: number for number, one in enumerate(view.children)}
    old, along, small = (world.child(view, by_name[name]) for name in ("Oud", "Mee", "Klein"))
    (own,) = await world.services.meldcodes.own(old)
    assert own.child == old.child
    assert await world.services.meldcodes.own(along) == ()
    assert await world.services.meldcodes.own(small) == ()
    assert {one.child for one in await world.services.meldcodes.own(world.guardian(view))} == {
        along.child,
        small.child,
    }
    await begun(world, view, later=True, child=by_name["Oud"])
    assert len(await world.services.meldcodes.own(old)) == 1


async def test_who_is_of_another_family_or_nobody_reads_nothing(world: World) -> None:
    view, other = await world.family(), await world.family(family_name="Anders")
    await begun(world, view)
    assert await world.services.meldcodes.own(world.guardian(other)) == ()
    mixed = GuardianActor(world.tenant, other.guardians[0].guardian, view.family)
    with pytest.raises(NotFoundError):
        await world.services.meldcodes.own(mixed)
    nobody = ChildActor(world.tenant, PersonId("nobody"), FamilyId(view.family))
    assert await world.services.meldcodes.own(nobody) == ()


async def test_nothing_is_read_while_a_stop_is_not_carried_out_or_the_log_stands_still(
    world: World,
) -> None:
    view = await world.family()
    await begun(world, view)
    mother, journal = world.guardian(view), world.services.installation.journal
    world.clock.advance(timedelta(minutes=2))
    with pytest.raises(LogUnavailableError):
        await world.services.meldcodes.own(mother)
    await world.settle()
    assert len(await world.services.meldcodes.own(mother)) == 1
    journal.accept("withdrawal", tenant="_", at=world.clock.now(), subject={"code": "0" * 64})
    with pytest.raises(StopsPendingError):
        await world.services.meldcodes.own(mother)


async def test_a_request_is_listed_without_its_words_and_read_with_an_entry(world: World) -> None:
    view, requests = await world.family(), world.services.statutory_requests
    request = await requests.receive(world.counsellor, view.family, view.children[0].child, ASKED)
    listed = await requests.of_family(world.counsellor, view.family)
    assert ASKED.asked not in everything_said(*listed)
    assert await reads(world) == []
    opened = await requests.read(world.counsellor, request)
    assert (opened.name, opened.asked, opened.reference, opened.answers) == (
        ASKED.name,
        ASKED.asked,
        "A1",
        (),
    )
    assert await reads(world) == [("counsellor", "request", "officer")]
    with pytest.raises(NotAllowedError):
        await requests.read(world.colleague, request)
    with pytest.raises(NotAllowedError):
        await requests.of_family(world.colleague, view.family)
    with pytest.raises(NotFoundError):
        await requests.read(world.counsellor, RecordId("nothing"))
    with pytest.raises(NotFoundError):
        await requests.receive(world.counsellor, view.family, PersonId("nobody"), ASKED)
    with pytest.raises(InputError) as told:
        await requests.answer(world.counsellor, request, "give", what=" ", why="")
    assert {one.code for one in told.value.problems} == {"what_missing", "why_missing"}
    strange = NewRequest(asker="school", ground="because", name="X", asked="Y")  # type: ignore[arg-type]
    with pytest.raises(InputError) as refused:
        await requests.receive(world.counsellor, view.family, view.children[0].child, strange)
    assert {one.code for one in refused.value.problems} == {"choose_asker", "choose_ground"}


async def test_a_sealed_text_of_another_shape_is_not_shown(world: World) -> None:
    view = await world.family()
    child, ring = view.children[0].child, world.services.installation.ring
    async with world.services.installation.database.transaction() as conn:
        key = await ring.sealing_person_key(conn, world.tenant, child)
        planted = seal_for_person(ring, key, purpose="emergency", record="r1", plaintext=b"\x01")
        with pytest.raises(IntegrityError):
            open_text(ring, key, "r1", planted)
