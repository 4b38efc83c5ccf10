"""Restriction (AVG 18): at every exit at once, at its width, lifted only after it was told, never lost."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from consent_service.app import start_up
from consent_service.audit.events import ReleaseRefused
from consent_service.families.restrictions import Restriction
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import PersonId, RelationshipId, StaffId, TypeKey
from consent_service.foundation.stop_journal import Stop
from consent_service.identity.model import Fg
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from consent_service.rights.carrying.restricting import ToRestrict
from consent_service.rights.cases.model import Asked, CaseKind
from tests.ledger import entries, version
from tests.rights.forgetting import whole
from tests.scenarios.stories import SUPPORT, Told, ask, told_family
from tests.shelter import SECRET, World
from tests.yesterday import close, copy_database

PICKUP = TypeKey("pickup")
HELPS = {"helps": "Rust."}


async def told(world: World, **more: object) -> Told:
    """Support advice both ways, read by the school."""
    home = await told_family(world, **more)  # type: ignore[arg-type]
    note = Note(SUPPORT, {"helps": "Lopen."})
    assert isinstance(await world.services.records.share(world.contact, home.relationship, note), Shared)
    assert isinstance(await ask(world, home.relationship), Released)
    return home


async def granted(world: World, home: Told, kind: CaseKind = "restriction") -> str:
    case = await world.services.cases.ask(home.mother, Asked(kind, words="Dit klopt niet."))
    if kind != "objection":
        await world.services.cases.decide(world.officer, case, "grant")
    return case


async def restricted(world: World, home: Told, **more: object) -> Restriction:
    case = await granted(world, home)
    wanted = ToRestrict(home.view.children[0].child, "contested", **more)  # type: ignore[arg-type]
    made = await world.services.restrictions.restrict(world.officer, case, wanted)
    (one,) = [
        one for one in await world.services.restrictions.overview(world.officer) if one.restriction == made
    ]
    return one


async def lifted(world: World, one: Restriction) -> None:
    await world.services.restrictions.tell(world.officer, one.restriction, "conversation")
    await world.services.restrictions.lift(world.officer, one.restriction)


async def test_it_stops_every_exit_and_every_share_at_once_and_lifting_opens_them_again(world: World) -> None:
    home, services = await told(world), world.services
    before = await version(world, home.relationship)
    one = await restricted(world, home)
    assert await version(world, home.relationship) > before
    refused = await ask(world, home.relationship)
    assert isinstance(refused, Refused)
    back = await services.release.to_shelter(world.counsellor, Ask(home.relationship, "support"))
    assert isinstance(back, Refused)
    (newest, *_) = await entries(world, "release.refused.v1")
    assert newest.detail is not None
    assert isinstance(newest.detail.event, ReleaseRefused)
    codes = {one.information_type: one.code for one in newest.detail.event.refused}
    assert codes[SUPPORT] == "restricted"
    for writer in (world.counsellor, world.contact):
        answer = await services.records.share(writer, home.relationship, Note(SUPPORT, HELPS))
        assert isinstance(answer, ShareRefused)
    for actor in (home.mother, world.counsellor):
        for way in ("s2c", "c2s"):
            seen = await services.release.preview(actor, home.relationship, language="nl", way=way)
            assert not any(line.shared for line in seen)
    assert await services.release.children_of_contact(world.contact, [home.relationship]) == ()
    assert isinstance(
        await services.release.to_phone(world.counsellor, Ask(home.relationship, "support")), Refused
    )
    await world.settle()
    await lifted(world, one)
    assert isinstance(await ask(world, home.relationship), Released)
    shared = await services.records.share(world.counsellor, home.relationship, Note(SUPPORT, HELPS))
    assert isinstance(shared, Shared)
    acts = [entry.detail.event for entry in await entries(world, "restriction.moved.v1") if entry.detail]
    assert [act.act for act in acts][::-1] == ["set", "tell", "lift"]  # type: ignore[union-attr]
    await whole(world)


async def test_the_school_is_told_no_more_than_that_it_is_not_available(world: World) -> None:
    home = await told(world)
    await restricted(world, home)
    refused = await ask(world, home.relationship)
    assert {line.sentence for line in refused.refused} == {"Niet beschikbaar."}


async def test_what_is_restricted_at_one_school_or_of_one_type_leaves_the_rest(world: World) -> None:
    home = await told(world)
    elsewhere = await world.at_school(home.view.children[0].child, world.eik)
    await restricted(world, home, relationship=elsewhere)
    assert isinstance(await ask(world, home.relationship), Released)
    other = await granted_again(world, home, information_type=PICKUP)
    assert isinstance(await ask(world, home.relationship), Released)
    assert other.information_type == PICKUP
    third = await granted_again(world, home, information_type=TypeKey("shelter_involvement"))
    assert isinstance(await ask(world, home.relationship), Refused), "the gate is shut with it"
    await lifted(world, third)
    assert isinstance(await ask(world, home.relationship), Released)


async def granted_again(world: World, home: Told, **more: object) -> Restriction:
    """By the same request, which is granted still."""
    (case,) = [one.case for one in await world.services.cases.overview(world.officer)]
    wanted = ToRestrict(home.view.children[0].child, "unlawful", **more)  # type: ignore[arg-type]
    made = await world.services.restrictions.restrict(world.officer, case, wanted)
    found = await world.services.restrictions.overview(world.officer)
    return next(one for one in found if one.restriction == made)


async def test_it_is_lifted_only_after_it_was_told_and_once(world: World) -> None:
    one, door = await restricted(world, await told(world)), world.services.restrictions
    with pytest.raises(InputError) as refused:
        await door.lift(world.officer, one.restriction)
    assert [problem.code for problem in refused.value.problems] == ["restrictions.tell_first"]
    with pytest.raises(InputError):
        await door.tell(world.officer, one.restriction, "smoke")  # type: ignore[arg-type]
    await lifted(world, one)
    with pytest.raises(ConflictError):
        await door.lift(world.officer, one.restriction)
    with pytest.raises(ConflictError):
        await door.tell(world.officer, one.restriction, "letter")
    with pytest.raises(NotFoundError):
        await door.tell(world.officer, "nobody", "letter")


async def test_an_objection_stops_everything_it_is_about_until_it_is_weighed(world: World) -> None:
    home, door = await told(world), world.services.restrictions
    case = await granted(world, home, "objection")
    assert isinstance(await ask(world, home.relationship), Refused)
    (one,) = await door.overview(world.officer)
    assert (one.ground, one.case, one.set_by) == ("objection", case, "")
    await door.tell(world.officer, one.restriction, "letter")
    with pytest.raises(InputError) as refused:
        await door.lift(world.officer, one.restriction)
    assert [problem.code for problem in refused.value.problems] == ["restrictions.weigh_first"]
    await world.services.cases.decide(world.officer, case, "refuse", ground="law")
    await door.lift(world.officer, one.restriction)
    assert isinstance(await ask(world, home.relationship), Released)
    await whole(world)


async def test_an_objection_of_somebody_without_a_say_stops_nothing(world: World) -> None:
    home = await told(world, guardians=(("Samira", "holder"), ("Karim", "none")))
    await world.services.cases.ask(world.guardian(home.view, 1), Asked("objection", words="Ik wil dit niet."))
    assert await world.services.restrictions.overview(world.officer) == ()
    assert isinstance(await ask(world, home.relationship), Released)


@pytest.mark.parametrize(
    "wanted, problems",
    [
        (ToRestrict(PersonId("stranger"), "contested"), {"child"}),
        (ToRestrict(PersonId(""), "whim"), {"child", "ground"}),  # type: ignore[arg-type]
        (
            ToRestrict(PersonId(""), "contested", RelationshipId("x"), TypeKey("y")),
            {"child", "relationship", "type"},
        ),
    ],
    ids=["of another child", "without a ground", "nowhere"],
)
async def test_everything_wrong_is_told_at_once(world: World, wanted: ToRestrict, problems: set[str]) -> None:
    case = await granted(world, await told(world))
    with pytest.raises(InputError) as refused:
        await world.services.restrictions.restrict(world.officer, case, wanted)
    assert {problem.field for problem in refused.value.problems} == problems


async def test_the_same_is_restricted_once_and_only_because_of_a_request_that_is_carried_out(
    world: World,
) -> None:
    home, door = await told(world), world.services.restrictions
    await restricted(world, home)
    (case,) = [one.case for one in await world.services.cases.overview(world.officer)]
    wanted = ToRestrict(home.view.children[0].child, "contested")
    with pytest.raises(InputError) as refused:
        await door.restrict(world.officer, case, wanted)
    assert [problem.code for problem in refused.value.problems] == ["restrictions.already"]
    await world.services.cases.finish(world.officer, case, "letter")
    for other in (case, await granted(world, home, "erasure")):
        with pytest.raises(NotFoundError):
            await door.places(world.officer, other)


async def test_the_fg_sees_them_and_sets_none(world: World) -> None:
    fg = Fg(world.tenant, StaffId("fg"))
    assert await world.services.restrictions.overview(fg) == ()
    with pytest.raises(NotAllowedError):
        await world.services.restrictions.restrict(fg, "x", ToRestrict(PersonId("x"), "contested"))  # type: ignore[arg-type]


async def test_a_database_of_yesterday_has_it_again_before_anything_is_released(
    world: World, tmp_path: Path
) -> None:
    """It is a stop: the journal outside the database holds it (S40)."""
    home = await told(world)
    case = await granted(world, home)
    copy = await copy_database(world, tmp_path)
    await world.services.restrictions.restrict(
        world.officer, case, ToRestrict(home.view.children[0].child, "contested")
    )
    restored = await copy.put_back()
    await restored.settle()
    await start_up(restored.services)
    (one,) = await restored.services.restrictions.overview(restored.officer)
    assert (one.in_force, one.ground) == (True, "contested")
    assert isinstance(await ask(restored, home.relationship), Refused)
    await restored.settle()
    (entry,) = await entries(restored, "restriction.moved.v1")
    assert entry.detail is not None
    assert entry.detail.late_since is not None
    assert not await restored.services.restrictions.replay(
        Stop("s", "withdrawal", restored.clock.now(), restored.tenant, {})
    )
    await whole(restored)
    await close(restored)


async def test_a_restriction_while_a_wrong_thing_is_looked_into(world: World) -> None:
    home = await told(world)
    case = await world.services.cases.ask(home.mother, Asked("rectification", words="Dit klopt niet."))
    (place,) = await world.services.restrictions.places(world.officer, case)
    assert (place.name, [one.relationship for one in place.relationships]) == ("Noor", [home.relationship])
    await world.services.restrictions.restrict(world.officer, case, ToRestrict(place.child, "contested"))
    assert isinstance(await ask(world, home.relationship), Refused)


async def test_an_objection_is_a_stop_that_a_database_of_yesterday_has_again(
    world: World, tmp_path: Path
) -> None:
    home = await told(world)
    copy = await copy_database(world, tmp_path)
    await granted(world, home, "objection")
    assert world.services.installation.journal.pending() == ()
    restored = await copy.put_back()
    await restored.settle()
    await start_up(restored.services)
    (one,) = await restored.services.restrictions.overview(restored.officer)
    assert (one.in_force, one.ground) == (True, "objection")
    assert isinstance(await ask(restored, home.relationship), Refused)
    await restored.settle()
    await whole(restored)
    await close(restored)


async def test_s3_an_objection_of_who_is_answered_by_a_person_stops_it_too(world: World) -> None:
    home = await told(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    families, family = world.services.families, home.view.family
    await families.assess_safety(world.counsellor, family, SECRET)
    hers = msgspec.structs.replace(SECRET, secret_address=False)
    await families.assess_guardian(world.counsellor, family, home.mother.guardian, hers)
    father = world.guardian(home.view, 1)
    await world.services.cases.ask(father, Asked("objection", words="Ik wil dit niet."))
    (one,) = await world.services.restrictions.overview(world.officer)
    assert (one.child, one.ground) == (home.view.children[0].child, "objection")
    assert isinstance(await ask(world, home.relationship), Refused)
