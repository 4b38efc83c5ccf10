"""Stopping everything is a no to every type, also to a yes that comes in later, and it is never lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.model import Signature
from consent_service.consent.page_access import RevokeReason
from consent_service.consent.service import Target
from consent_service.consent.sittings import Setting
from consent_service.consent.tables import consent_ledger
from consent_service.families.model import FamilyView
from consent_service.foundation.errors import DatabaseUnavailableError, InputError, NotFoundError
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import ChildActor, GuardianActor, person_of
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from tests.consent.passed import AtTheDesk
from tests.consent.test_changes import changed
from tests.ledger import count, entries, rows
from tests.scenarios.stories import ADVICE, SUPPORT, ask, told_family
from tests.shelter import World

GATE, PICKUP = TypeKey("shelter_involvement"), TypeKey("pickup")
TWO = (("Samira", "holder"), ("Karim", "holder"))


def everything(world: World, actor: GuardianActor | ChildActor) -> Target:
    return Target(world.tenant, actor.family, person_of(actor))


@asynccontextmanager
async def database_away(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    def refuse() -> AbstractAsyncContextManager[AsyncConnection]:
        raise DatabaseUnavailableError("the database cannot be reached")

    with monkeypatch.context() as patch:
        for way in ("transaction", "reading"):
            patch.setattr(world.services.installation.database, way, refuse)
        yield


async def later_said(world: World) -> tuple[FamilyView, RelationshipId, GuardianActor, str]:
    """The father let the school know; the mother has not said yes to anything but that. Her code."""
    view = await world.family(guardians=TWO)  # type: ignore[arg-type]
    at = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view, 1), {GATE: "yes"}, otherwise="later")
    receipt = await world.intake(world.guardian(view), {GATE: "yes"}, otherwise="later")
    return view, at, world.guardian(view), receipt.withdrawal_code


async def after_all(world: World, at: RelationshipId) -> Released | Refused:
    """What the school is told once everything has been followed and the counsellor tried to share."""
    await world.settle()
    await world.services.records.share(world.counsellor, at, Note(SUPPORT, {"helps": ADVICE}))
    await world.settle()
    return await ask(world, at)


async def test_s37_a_paper_signed_before_everything_was_stopped_allows_nothing_any_more(world: World) -> None:
    view, at, mother, code = await later_said(world)
    world.clock.set(datetime(2026, 9, 3, 8, tzinfo=UTC))
    await world.services.consent.withdraw_by_code(code)
    world.clock.set(datetime(2026, 9, 4, 8, tzinfo=UTC))
    desk = AtTheDesk(world, view, at)
    paper = desk.statement(said_on=date(2026, 9, 2), person=mother.guardian)
    passed = await world.services.passed_on.record(world.counsellor, paper)
    assert passed.overtaken == ((at, SUPPORT),)
    assert isinstance(await after_all(world, at), Refused)


async def test_s37_a_yes_that_waits_for_its_signature_is_stopped_with_everything(world: World) -> None:
    _, at, mother, code = await later_said(world)
    sitting = await world.services.sittings.prepare(world.counsellor, mother, Setting("nl"), types=[SUPPORT])
    (question,) = sitting.questions
    await world.services.sittings.answer(
        mother, sitting.sitting, question, answer="yes", shown=world.shown(SUPPORT)
    )
    world.clock.advance(timedelta(minutes=10))
    await world.services.consent.withdraw_by_code(code)
    world.clock.advance(timedelta(minutes=10))
    receipt = await world.services.sittings.sign(mother, sitting.sitting, Signature("typed", "Samira"))
    assert [line.stands for line in receipt.lines] == [False]
    assert isinstance(await after_all(world, at), Refused)


@pytest.mark.parametrize("way", ["page", "code", "named"])
async def test_a_child_that_turned_twelve_stops_what_goes_on_without_ever_having_been_asked(
    world: World, way: str
) -> None:
    view = await world.family(children=(("Noor", date(2014, 9, 10)),))
    at = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {GATE: "yes", PICKUP: "yes"})
    world.clock.set(datetime(2026, 9, 11, 8, tzinfo=UTC))
    noor = world.child(view)
    code = await world.services.page_access.renew(world.counsellor, view.family, noor.child, reason="lost")
    assert await shared(world, noor, at)
    consent = world.services.consent
    if way == "code":
        await consent.withdraw_by_code(code)
    else:
        keys = ((at, PICKUP),) if way == "named" else ()
        await consent.withdraw(noor, Target(world.tenant, view.family, noor.child, keys), method="page")
    assert not await shared(world, noor, at)
    assert set(await consent.own_answers(noor)) == ({(at, PICKUP)} if way == "named" else set())


async def shared(world: World, actor: ChildActor, at: RelationshipId) -> bool:
    seen = await world.services.release.preview(actor, at, language="nl")
    return any(line.shared for line in seen if line.information_type == PICKUP)


async def test_stopping_everything_is_about_oneself_and_ones_own_family(world: World) -> None:
    view = await world.family(children=(("Noor", date(2013, 5, 4)), ("Sem", date(2013, 6, 4))))
    noor_at = await world.at_school(view.children[0].child)
    await world.at_school(view.children[1].child)
    other = await told_family(world, family_name="Anders")
    noor = world.child(view)
    await world.services.consent.withdraw(noor, everything(world, noor), method="page")
    written = await rows(world, consent_ledger, kind="withdrawn")
    assert {(row.person, row.relationship) for row in written} == {(noor.child, noor_at)}
    assert len(written) == len(world.services.policies.proposal.catalogue.types)
    assert len(await entries(world, "consent.withdrawn.v1")) == len(written)
    await world.services.consent.withdraw(
        world.guardian(view), everything(world, world.guardian(view)), method="page"
    )
    untouched = await rows(world, consent_ledger, relationship=other.relationship)
    assert {row.kind for row in untouched} <= {"given", "refused"}


async def test_stopping_everything_asks_nothing_new_and_lists_nothing_that_was_never_talked_about(
    world: World,
) -> None:
    told = await told_family(world)
    consent, changes = world.services.consent, world.services.changes
    before, open_before = await consent.own_answers(told.mother), await changes.may_answer(told.mother)
    await world.settle()
    await consent.withdraw(told.mother, everything(world, told.mother), method="page")
    await world.settle()
    after = await consent.own_answers(told.mother)
    assert set(after) == set(before)
    assert {standing.answer for standing in after.values()} == {"no"}
    assert set(await changes.may_answer(told.mother)) == set(open_before)
    async with world.services.installation.database.reading() as conn:
        assert set(await consent.standing_answers(conn, world.tenant, [told.relationship])) == set(before)
    never = changed(world, told.relationship, information_type=PICKUP, shown=world.shown(PICKUP))
    with pytest.raises(NotFoundError):
        await changes.answer(told.mother, never)
    assert await changes.answer(told.mother, changed(world, told.relationship))
    assert (await consent.own_answers(told.mother))[told.relationship, SUPPORT].is_yes


async def test_what_the_other_parent_said_yes_to_shows_the_counsellor_the_no_to_everything(
    world: World,
) -> None:
    told = await told_family(world, guardians=TWO)  # type: ignore[arg-type]
    father = world.guardian(told.view, 1)
    await world.services.consent.withdraw(father, everything(world, father), method="page")
    async with world.services.installation.database.reading() as conn:
        found = await world.services.consent.standing_answers(conn, world.tenant, [told.relationship])
    assert found[told.relationship, SUPPORT][father.guardian].answer == "no"
    assert await world.services.consent.own_answers(father) == {}


# --- a code that was revoked ---------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["lost", "factor_forgotten", "stolen", "seen_by_other"])
async def test_a_withdrawal_that_was_accepted_is_carried_out_whatever_became_of_the_code(
    world: World, monkeypatch: pytest.MonkeyPatch, reason: RevokeReason
) -> None:
    told = await told_family(world)
    await world.services.page_access.revoke(
        world.counsellor, told.view.family, told.mother.guardian, reason=reason
    )
    world.clock.advance(timedelta(seconds=5))
    async with database_away(world, monkeypatch):
        accepted = await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    assert not accepted.written
    assert await world.services.replay_stops() == 1
    await world.settle()
    assert isinstance(await ask(world, told.relationship), Refused)
    assert {row.decided_at for row in await rows(world, consent_ledger, kind="withdrawn")} == {accepted.at}


@pytest.mark.parametrize("reason", ["lost", "factor_forgotten"])
async def test_a_code_that_was_lost_opens_nothing_and_still_stops(world: World, reason: RevokeReason) -> None:
    told = await told_family(world)
    code, consent = told.receipt.withdrawal_code, world.services.consent
    await world.services.page_access.revoke(
        world.counsellor, told.view.family, told.mother.guardian, reason=reason
    )
    with pytest.raises(InputError):
        await consent.holder_of_code(code)
    with pytest.raises(InputError):
        await consent.answers_by_code(code)
    assert (await consent.holder_to_stop(code)).person == told.mother.guardian
    assert (await consent.withdraw_by_code(code)).written
    assert isinstance(await ask(world, told.relationship), Refused)


@pytest.mark.parametrize("reason", ["stolen", "seen_by_other"])
async def test_a_code_that_somebody_else_had_stops_nothing(world: World, reason: RevokeReason) -> None:
    told = await told_family(world)
    await world.services.page_access.revoke(
        world.counsellor, told.view.family, told.mother.guardian, reason=reason
    )
    written = await count(world, consent_ledger)
    for asked in (world.services.consent.holder_to_stop, world.services.consent.withdraw_by_code):
        with pytest.raises(InputError) as refused:
            await asked(told.receipt.withdrawal_code)
        assert [problem.code for problem in refused.value.problems] == ["code_unknown"]
    assert await count(world, consent_ledger) == written
