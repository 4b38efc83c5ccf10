"""Withdrawing and objecting: at once, by whoever may, even with everything away, and never too far."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.codes import new_code
from consent_service.consent.model import Answer
from consent_service.consent.service import CodeHolder, Key, Target
from consent_service.consent.tables import consent_ledger
from consent_service.families.model import FamilyView
from consent_service.foundation.errors import (
    DatabaseUnavailableError,
    InputError,
    NotAllowedError,
    NotFoundError,
    UnavailableError,
)
from consent_service.foundation.ids import (
    INSTALLATION,
    DecisionId,
    PersonId,
    RelationshipId,
    TypeKey,
    new_id,
)
from consent_service.identity.model import GuardianActor
from tests.ledger import count, entries, rows
from tests.shelter import World, furnish

GATE, SUPPORT = TypeKey("shelter_involvement"), TypeKey("support_advice")
YES: dict[str, Answer] = {"shelter_involvement": "yes", "support_advice": "yes"}


def target(actor: GuardianActor, *keys: Key) -> Target:
    return Target(actor.tenant, actor.family, actor.guardian, keys)


async def consented(world: World, **family: object) -> tuple[FamilyView, RelationshipId, GuardianActor, str]:
    view = await world.family(**family)  # type: ignore[arg-type]
    relationship = await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    receipt = await world.intake(mother, YES)
    return view, relationship, mother, receipt.withdrawal_code


@asynccontextmanager
async def database_away(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    def refuse() -> AbstractAsyncContextManager[AsyncConnection]:
        raise DatabaseUnavailableError("the database cannot be reached")

    with monkeypatch.context() as patch:
        for way in ("transaction", "reading"):
            patch.setattr(world.services.installation.database, way, refuse)
        yield


async def answers(world: World, actor: GuardianActor) -> dict[str, str]:
    found = await world.services.consent.own_answers(actor)
    return {key[1]: standing.answer for key, standing in found.items()}


async def test_a_guardian_withdraws_one_type_and_the_others_stay(world: World) -> None:
    _, relationship, mother, _ = await consented(world)
    stop = await world.services.consent.withdraw(
        mother, target(mother, (relationship, SUPPORT)), method="page"
    )
    assert stop.written
    found = await answers(world, mother)
    assert (found["support_advice"], found["shelter_involvement"]) == ("no", "yes")
    (entry,) = await entries(world, "consent.withdrawn.v1", shown_to=mother.guardian)
    assert entry.detail is not None
    assert (entry.detail.by.kind, entry.detail.late_since) == ("guardian", None)


async def test_a_counsellor_passes_a_withdrawal_on_but_only_for_the_own_families(world: World) -> None:
    view, _, mother, _ = await consented(world)
    consent = world.services.consent
    with pytest.raises(NotAllowedError):
        await consent.withdraw(world.colleague, target(mother), method="oral")
    stranger = Target(world.tenant, view.family, PersonId(new_id()))
    with pytest.raises(NotFoundError):
        await consent.withdraw(world.counsellor, stranger, method="oral")
    child = Target(world.tenant, view.family, view.children[0].child)
    with pytest.raises(NotFoundError):  # a child is heard or decides; objecting is a guardian's
        await consent.object(world.counsellor, child, method="oral")
    assert (await answers(world, mother))["support_advice"] == "yes"

    await consent.withdraw(world.counsellor, target(mother), method="oral")
    assert set((await answers(world, mother)).values()) == {"no"}
    withdrawn = await rows(world, consent_ledger, kind="withdrawn", person=mother.guardian)
    assert {row.method for row in withdrawn} == {"oral"}


async def test_one_guardian_can_neither_withdraw_nor_object_for_another(world: World) -> None:
    view, _, mother, _ = await consented(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    father = world.guardian(view, 1)
    consent = world.services.consent
    for act in (
        consent.withdraw(father, target(mother), method="page"),
        consent.object(father, target(mother), method="page"),
        consent.lift_objection(father, target(mother)),
    ):
        with pytest.raises(NotAllowedError):
            await act
    assert (await answers(world, mother))["support_advice"] == "yes"
    assert world.services.installation.journal.pending() == ()


async def test_relationships_of_another_family_are_ignored_whatever_is_sent(world: World) -> None:
    _, relationship, mother, _ = await consented(world)
    other = await world.family(family_name="Anders")
    foreign = await world.at_school(other.children[0].child)
    aunt = world.guardian(other)
    await world.intake(aunt, YES)
    before = await count(world, consent_ledger)
    stop = await world.services.consent.withdraw(mother, target(mother, (foreign, SUPPORT)), method="page")

    assert stop.written
    assert await count(world, consent_ledger) == before
    assert (await answers(world, aunt))["support_advice"] == "yes"
    assert (await answers(world, mother))["support_advice"] == "yes"
    assert relationship != foreign


async def test_a_type_that_does_not_exist_is_refused_before_it_can_get_stuck(world: World) -> None:
    _, relationship, mother, code = await consented(world)
    wrong: Key = (relationship, TypeKey("x" * 60 + " niet, bestaand:"))
    consent = world.services.consent
    for act in (
        consent.withdraw(mother, target(mother, wrong), method="page"),
        consent.object(mother, target(mother, wrong), method="page"),
        consent.withdraw_by_code(code, [wrong]),
    ):
        with pytest.raises(NotFoundError):
            await act
    journal = world.services.installation.journal
    assert journal.pending() == ()
    subject = {"family": mother.family, "guardian": mother.guardian, "keys": f"{relationship}:gone"}
    journal.accept("withdrawal", tenant=world.tenant, at=world.clock.now(), subject=subject)
    assert await world.services.replay_stops() == 1
    assert (await answers(world, mother))["support_advice"] == "yes"


async def test_a_code_withdraws_everything_or_what_is_named_and_shows_the_answers(world: World) -> None:
    _, relationship, mother, code = await consented(world)
    consent = world.services.consent
    assert await consent.holder_of_code(code.lower()) == CodeHolder(
        world.tenant, mother.family, mother.guardian
    )
    assert (await consent.answers_by_code(code))[relationship, SUPPORT].answer == "yes"
    await consent.withdraw_by_code(code, [(relationship, SUPPORT)])
    assert (await answers(world, mother))["shelter_involvement"] == "yes"
    await consent.withdraw_by_code(code)
    assert set((await answers(world, mother)).values()) == {"no"}
    withdrawn = await rows(world, consent_ledger, kind="withdrawn")
    assert {row.method for row in withdrawn} == {"code"}


async def test_a_wrong_code_and_a_code_of_nobody_are_answered_alike(world: World) -> None:
    consent = world.services.consent
    said = set()
    for entered in (new_code(), "niet een code", ""):
        for act in (consent.holder_of_code, consent.withdraw_by_code, consent.answers_by_code):
            with pytest.raises(InputError) as raised:
                await act(entered)
            said.add(str(raised.value))
    assert len(said) == 1
    assert world.services.installation.journal.pending() == ()


async def test_s33_with_the_database_away_a_withdrawal_is_accepted_and_replayed_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, mother, code = await consented(world)
    world.clock.advance(timedelta(minutes=1))
    async with database_away(world, monkeypatch):
        by_page = await world.services.consent.withdraw(mother, target(mother), method="tablet")
        by_code = await world.services.consent.withdraw_by_code(code)
        of_nobody = await world.services.consent.withdraw_by_code(new_code())
    assert (by_page.written, by_code.written, of_nobody.written) == (False, False, False)
    stops = world.services.installation.journal.pending()
    assert [stop.tenant for stop in stops] == [world.tenant, INSTALLATION, INSTALLATION]
    world.clock.advance(timedelta(minutes=5))
    for stop in stops:
        assert await world.services.consent.replay(stop)
    before = await count(world, consent_ledger)
    assert await world.services.replay_stops() == 3

    assert await count(world, consent_ledger) == before
    assert set((await answers(world, mother)).values()) == {"no"}
    withdrawn = await rows(world, consent_ledger, kind="withdrawn")
    assert {row.method for row in withdrawn} == {"tablet", "code"}
    assert {row.decided_at for row in withdrawn} == {by_page.at}
    late = await entries(world, "consent.withdrawn.v1")
    assert {entry.detail.late_since for entry in late if entry.detail} == {by_page.at}


async def test_a_yes_given_after_a_stop_was_accepted_outlives_its_late_replay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, mother, _ = await consented(world)
    async with database_away(world, monkeypatch):
        await world.services.consent.withdraw(mother, target(mother), method="page")
    world.clock.advance(timedelta(minutes=5))
    await world.intake(mother, YES)
    await world.services.replay_stops()
    assert (await answers(world, mother))["support_advice"] == "yes"


async def test_a_live_stop_and_its_replay_at_once_write_it_once(world: World) -> None:
    _, _, mother, _ = await consented(world)
    subject = {"family": mother.family, "guardian": mother.guardian, "keys": "", "method": "page"}
    journal = world.services.installation.journal
    stop = journal.accept("withdrawal", tenant=world.tenant, at=world.clock.now(), subject=subject)
    await asyncio.gather(*(world.services.consent.replay(stop) for _ in range(4)))

    written = await rows(world, consent_ledger, stop=stop.id)
    assert len(written) == len({row.information_type for row in written}) > 0


async def test_when_not_even_the_journal_takes_it_the_person_is_not_told_it_was_accepted(
    world: World,
) -> None:
    _, _, mother, code = await consented(world)
    journal = world.services.installation.journal
    journal.path.unlink(missing_ok=True)
    journal.path.mkdir()
    for act in (
        world.services.consent.withdraw(mother, target(mother), method="page"),
        world.services.consent.withdraw_by_code(code),
    ):
        with pytest.raises(UnavailableError):
            await act
    journal.path.rmdir()
    assert (await answers(world, mother))["support_advice"] == "yes"


async def test_an_objection_reaches_every_type_stands_until_lifted_and_only_by_oneself(world: World) -> None:
    view, relationship, _, _ = await consented(
        world, guardians=(("Samira", "holder"), ("Karim", "holder"), ("Vera", "none"))
    )
    father, vera = world.guardian(view, 1), world.guardian(view, 2)
    consent = world.services.consent
    await consent.object(father, target(father), method="page")
    await consent.object(vera, target(vera, (relationship, SUPPORT)), method="page")
    found = await consent.own_answers(father)
    assert {key[1] for key in found} == set(world.services.policies.proposal.catalogue.types)
    assert all(standing.objecting for standing in found.values())
    (hers,) = await rows(world, consent_ledger, kind="objected", person=vera.guardian)
    assert hers.capacity == "without_authority"
    with pytest.raises(NotAllowedError):
        await consent.lift_objection(world.counsellor, target(father))  # type: ignore[arg-type]

    world.clock.advance(timedelta(minutes=1))
    await consent.lift_objection(father, target(father, (relationship, SUPPORT)))
    after = await consent.own_answers(father)
    assert [key[1] for key, standing in after.items() if not standing.objecting] == [SUPPORT]
    await consent.lift_objection(father, target(father))
    await consent.lift_objection(father, target(father))
    assert not any(s.objecting for s in (await consent.own_answers(father)).values())
    lifted = await rows(world, consent_ledger, kind="objection_lifted")
    assert len(lifted) == len(found)


async def test_objecting_before_there_is_a_school_is_said_not_to_be_possible(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await world.family()
    mother = world.guardian(view)
    with pytest.raises(InputError) as raised:
        await world.services.consent.object(mother, target(mother), method="page")
    assert [p.code for p in raised.value.problems] == ["nothing_to_object_to"]
    assert world.services.installation.journal.pending() == ()
    async with database_away(world, monkeypatch):
        assert not (await world.services.consent.object(mother, target(mother), method="page")).written
    relationship = await world.at_school(view.children[0].child)
    await world.services.replay_stops()
    found = await world.services.consent.own_answers(mother)
    assert found[relationship, SUPPORT].objecting


async def test_the_capacity_kept_is_what_the_guardian_was_that_day(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Vera", "voogd")))
    await world.at_school(view.children[0].child)
    vera, samira = world.guardian(view, 1), world.guardian(view)
    await world.intake(vera, YES)
    await world.services.consent.object(samira, target(samira), method="page")
    assert {row.capacity for row in await rows(world, consent_ledger, person=vera.guardian)} == {"voogd"}
    objected = await rows(world, consent_ledger, person=samira.guardian)
    assert {row.capacity for row in objected} == {"without_authority"}


async def test_a_counsellor_undoes_a_mistaken_yes_and_never_a_no(world: World) -> None:
    _, relationship, mother, _ = await consented(world)
    consent = world.services.consent
    (given,) = await rows(world, consent_ledger, information_type=SUPPORT)
    with pytest.raises(NotAllowedError):
        await consent.invalidate(world.colleague, target(mother), DecisionId(given.decision))
    with pytest.raises(NotFoundError):
        await consent.invalidate(world.counsellor, target(mother), DecisionId(new_id()))
    world.clock.advance(timedelta(minutes=1))
    await consent.withdraw(mother, target(mother, (relationship, GATE)), method="page")
    await consent.object(mother, target(mother, (relationship, GATE)), method="page")
    for kind in ("withdrawn", "objected", "refused"):
        no = (await rows(world, consent_ledger, kind=kind))[0]
        with pytest.raises(NotFoundError):
            await consent.invalidate(world.counsellor, target(mother), DecisionId(no.decision))

    await consent.invalidate(world.counsellor, target(mother), DecisionId(given.decision))
    found = await consent.own_answers(mother)
    assert (relationship, SUPPORT) not in found
    assert (found[relationship, GATE].answer, found[relationship, GATE].objecting) == ("no", True)
    (entry,) = await entries(world, "consent.invalidated.v1")
    assert entry.detail is not None
    assert entry.detail.by.id == world.counsellor.staff


async def test_nobody_reads_answers_of_another_guardian_or_shelter(world: World) -> None:
    view, _, mother, _ = await consented(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    father = world.guardian(view, 1)
    other = await furnish(world.services, world.clock, "Opvang Noord")
    assert await answers(world, father) == {}
    foreign = GuardianActor(other.tenant, mother.guardian, mother.family)
    assert await answers(world, foreign) == {}
    with pytest.raises(NotAllowedError):
        await world.services.consent.withdraw(foreign, target(mother), method="page")


async def test_a_withdrawal_before_there_is_a_school_is_accepted_and_changes_nothing(world: World) -> None:
    view = await world.family(children=(("Noor", date(2018, 5, 4)),))
    mother = world.guardian(view)
    assert (await world.services.consent.withdraw(mother, target(mother), method="page")).written
    assert await count(world, consent_ledger) == 0


async def test_a_stop_about_what_a_restored_database_does_not_know_is_passed_over(world: World) -> None:
    view = await world.family()
    await world.at_school(view.children[0].child)
    journal = world.services.installation.journal
    for family, guardian in ((new_id(), new_id()), (view.family, new_id())):
        subject = {"family": family, "guardian": guardian, "keys": "", "method": "page"}
        journal.accept("objection", tenant=world.tenant, at=world.clock.now(), subject=subject)
    assert await world.services.replay_stops() == 2
    assert await count(world, consent_ledger) == 0


async def test_everybodys_standing_answers_are_kept_apart(world: World) -> None:
    view, relationship, mother, _ = await consented(
        world, guardians=(("Samira", "holder"), ("Karim", "holder"))
    )
    father = world.guardian(view, 1)
    await world.intake(father, {}, otherwise="no")
    async with world.services.installation.database.reading() as conn:
        found = await world.services.consent.standing_answers(conn, world.tenant, [relationship])
        assert await world.services.consent.standing_answers(conn, world.tenant, []) == {}
    both = found[relationship, SUPPORT]
    assert {person: one.answer for person, one in both.items()} == {
        mother.guardian: "yes",
        father.guardian: "no",
    }


async def test_another_packages_stop_is_left_to_it(world: World) -> None:
    stop = world.services.installation.journal.accept(
        "key_destruction", tenant=world.tenant, at=world.clock.now(), subject={"relationship": new_id()}
    )
    assert not await world.services.consent.replay(stop)
