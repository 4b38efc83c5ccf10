"""Requests over the real services: asked, passed on, typed over, weighed, decided, answered."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from consent_service.audit.events import CaseMoved, CaseOpened
from consent_service.families.model import FamilyView, NewAuthority
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import PersonId, StaffId
from consent_service.identity.model import ChildActor, Fg
from consent_service.organisations.model import NewStaff
from consent_service.rights.cases.model import NEUTRAL_AFTER, Asked, Received
from consent_service.rights.cases.tables import rights_cases
from consent_service.rights.erasure import BATCH
from consent_service.rights.erasure_places import remove_batch
from tests.ledger import rows
from tests.scenarios.stories import trail
from tests.shelter import OPERATOR, SAFE, SECRET, World, furnish

WORDS = "Het schoolnummer van Noor klopt niet."


async def codes(act: Awaitable[Any]) -> set[str]:
    with pytest.raises(InputError) as refused:
        await act
    return {one.code for one in refused.value.problems}


async def fg_of(world: World) -> Fg:
    member = await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fem"))
    return Fg(world.tenant, StaffId(member))


def letter_of(world: World, view: FamilyView, **changes: Any) -> Received:
    child, guardian = view.children[0], view.guardians[0]
    letter = Received(
        kind="access",
        channel="letter",
        received_on=local_date(world.clock.now()),
        capacity="guardian",
        asker=guardian.identity.full_name,
        child_names=child.identity.full_name,
        birth_date=child.identity.birth_date,
        words=WORDS,
    )
    return msgspec.structs.replace(letter, **changes)


async def two_parents(world: World) -> FamilyView:
    return await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")), safety=SAFE)


async def test_a_guardian_asks_and_the_coordinator_answers_within_the_month(world: World) -> None:
    view = await two_parents(world)
    mother, cases = world.guardian(view), world.services.cases
    case = await cases.ask(mother, Asked("rectification", "child", view.children[0].child, WORDS))
    found = await cases.view(world.officer, case)
    assert (found.words, found.standing_now, found.case.state) == (WORDS, "decides", "identified")
    assert found.case.identity == "page"
    await cases.decide(world.officer, case, "grant")
    await cases.finish(world.officer, case, "conversation")
    (own,) = await cases.own(mother)
    assert (own.state, own.delivered) == ("done", "conversation")
    assert [type(one.detail.event).__name__ for one in await trail(world, "case.opened.v1") if one.detail]
    acts = [one.detail.event.act for one in await trail(world, "case.moved.v1") if one.detail]  # type: ignore[union-attr]
    assert sorted(acts) == ["carry_out", "grant", "read"]
    (row,) = await rows(world, rights_cases)
    assert WORDS.encode() not in (row.sealed or b"")
    for again in (cases.decide(world.officer, case, "grant"), cases.finish(world.officer, case, "page")):
        with pytest.raises(ConflictError):
            await again


async def test_what_is_asked_twice_waits_once_and_may_be_taken_back(world: World) -> None:
    view = await two_parents(world)
    mother, cases = world.guardian(view), world.services.cases
    case = await cases.ask(mother, Asked("access"))
    assert await codes(cases.ask(mother, Asked("access"))) == {"asked_already"}
    await cases.ask(mother, Asked("access", "child", view.children[0].child))
    await cases.ask(world.guardian(view, 1), Asked("access"))
    with pytest.raises(NotFoundError):
        await cases.withdraw(world.guardian(view, 1), case)
    await cases.withdraw(mother, case)
    with pytest.raises(ConflictError):
        await cases.withdraw(world.officer, case)
    again = await cases.ask(mother, Asked("access"))
    await cases.withdraw(world.officer, again)
    assert {one.state for one in await cases.own(mother)} == {"withdrawn", "identified"}


async def test_everything_wrong_is_told_at_once(world: World) -> None:
    view = await two_parents(world)
    mother, cases = world.guardian(view), world.services.cases
    assert await codes(cases.ask(mother, Asked("objection", "child"))) == {"choose_about", "say_what"}
    with pytest.raises(NotFoundError):
        await cases.ask(mother, Asked("access", "child", PersonId("stranger")))
    passed = cases.pass_on(
        world.counsellor,
        view.family,
        view.guardians[0].guardian,
        Asked("objection"),
        "page",
    )
    assert await codes(passed) == {"say_what", "choose_channel"}
    with pytest.raises(NotFoundError):
        await cases.pass_on(world.counsellor, view.family, PersonId("x"), Asked("access"), "letter")
    with pytest.raises(NotAllowedError):
        await cases.pass_on(
            world.colleague, view.family, view.guardians[0].guardian, Asked("access"), "letter"
        )


async def test_a_letter_is_matched_exactly_and_otherwise_kept_without_a_name(world: World) -> None:
    view = await two_parents(world)
    cases = world.services.cases
    known = await cases.receive(world.officer, letter_of(world, view))
    strangers = [
        await cases.receive(world.officer, letter_of(world, view, asker="Iemand Anders")),
        await cases.receive(world.officer, letter_of(world, view, child_names="Niemand Bekend")),
        await cases.receive(world.officer, letter_of(world, view, birth_date=date(2001, 1, 1))),
        await cases.receive(world.officer, letter_of(world, view, capacity="child")),
    ]
    (found,) = [one for one in await cases.overview(world.officer) if one.case == known]
    assert (found.standing, found.state, found.child) == ("decides", "received", view.children[0].child)
    for case in strangers:
        view_of = await cases.view(world.officer, case)
        assert (view_of.case.requester, view_of.case.family, view_of.words) == (None, None, "")
        assert view_of.standing_now == "unknown"
        assert await codes(cases.identify(world.officer, case, "document")) == {"nobody_to_identify"}
        assert await codes(cases.decide(world.officer, case, "grant")) == {"nobody_to_identify"}
    young = letter_of(world, view, capacity="child", asker=view.children[0].identity.full_name, words="")
    itself = await cases.receive(world.officer, young)
    assert (await cases.view(world.officer, itself)).standing_now == "oneself"
    assert await codes(cases.identify(world.officer, itself, "page")) == {"choose_identity"}
    await cases.identify(world.officer, itself, "document")
    await cases.decide(world.officer, itself, "grant")


async def test_who_types_over_letters_all_day_is_stopped(world: World) -> None:
    view = await two_parents(world)
    stranger = letter_of(world, view, asker="Iemand Anders")
    for _ in range(30):
        await world.services.cases.receive(world.officer, stranger)
    assert await codes(world.services.cases.receive(world.officer, stranger)) == {"too_many_searches"}
    world.clock.advance(timedelta(hours=1, minutes=1))
    await world.services.cases.receive(world.officer, stranger)


async def test_the_neutral_answer_goes_on_its_day_whoever_asked(world: World) -> None:
    view = await two_parents(world)
    cases = world.services.cases
    stranger = await cases.receive(world.officer, letter_of(world, view, asker="Iemand Anders"))
    await world.services.families.assess_safety(world.counsellor, view.family, SECRET)
    other = await cases.ask(world.guardian(view, 1), Asked("access"))
    await cases.decide(world.officer, stranger, "refuse", ground="unknown")
    await cases.decide(world.officer, other, "refuse", ground="safety")
    for case in (stranger, other):
        assert await codes(cases.finish(world.officer, case, "letter")) == {"answer_not_yet"}
    world.clock.advance(NEUTRAL_AFTER)
    for case in (stranger, other):
        await cases.finish(world.officer, case, "letter")


async def test_what_is_weighed_by_hand_needs_a_word_that_it_was(world: World) -> None:
    view = await two_parents(world)
    await world.services.families.assess_safety(world.counsellor, view.family, SECRET)
    cases, father = world.services.cases, world.guardian(view, 1)
    case = await cases.ask(father, Asked("access"))
    assert (await cases.view(world.officer, case)).standing_now == "by_hand"
    assert await codes(cases.decide(world.officer, case, "grant")) == {"weigh_by_hand"}
    assert await codes(cases.decide(world.officer, case, "maybe")) == {"choose_case_outcome"}  # type: ignore[arg-type]
    assert await codes(cases.decide(world.officer, case, "refuse")) == {"choose_ground_of_refusal"}
    await cases.decide(world.officer, case, "grant", weighed=True)
    moved = [one.detail.event for one in await trail(world, "case.moved.v1") if one.detail]
    assert [one.code for one in moved if isinstance(one, CaseMoved) and one.act == "grant"] == ["weighed"]
    opened = [one for one in await trail(world, "case.opened.v1") if one.detail is not None]
    assert [one.detail.shown_to for one in opened if one.detail] == ["officer"]


async def test_without_authority_it_is_weighed_and_without_proof_it_is_told(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", None)), safety=SAFE)
    cases, noor = world.services.cases, view.children[0].child
    father = view.guardians[1].guardian
    passed = await cases.pass_on(
        world.counsellor, view.family, father, Asked("access", "child", noor), "letter"
    )
    assert (await cases.view(world.officer, passed)).standing_now == "authority_unknown"
    none = NewAuthority("none", "judgment", local_date(world.clock.now()))
    await world.services.families.record_authority(
        world.counsellor, view.family, child=noor, guardian=father, fact=none
    )
    assert (await cases.view(world.officer, passed)).standing_now == "without_authority"
    assert (await cases.of_family(world.counsellor, view.family))[0].identity == "known"
    with pytest.raises(NotAllowedError):
        await cases.of_family(world.colleague, view.family)


async def test_longer_takes_a_reason_within_the_first_month_once(world: World) -> None:
    view = await two_parents(world)
    cases = world.services.cases
    case = await cases.ask(world.guardian(view), Asked("access"))
    assert await codes(cases.extend(world.officer, case, "lazy")) == {"choose_extension"}  # type: ignore[arg-type]
    before = (await cases.view(world.officer, case)).case.due_on
    await cases.extend(world.officer, case, "complex")
    assert (await cases.view(world.officer, case)).case.due_on - before > timedelta(days=58)
    assert await codes(cases.extend(world.officer, case, "complex")) == {"extended_already"}
    late = await cases.ask(world.guardian(view, 1), Asked("access"))
    world.clock.advance(timedelta(days=40))
    assert await codes(cases.extend(world.officer, late, "many")) == {"extend_too_late"}


async def test_the_fg_advises_and_decides_nothing(world: World) -> None:
    view, fg = await two_parents(world), await fg_of(world)
    cases = world.services.cases
    case = await cases.ask(world.guardian(view), Asked("access"))
    assert await codes(cases.advise(fg, case, "shrug")) == {"choose_opinion"}  # type: ignore[arg-type]
    await cases.advise(fg, case, "agree")
    assert (await cases.view(fg, case)).case.opinion == "agree"
    for forbidden in (
        cases.decide(fg, case, "grant"),  # type: ignore[arg-type]
        cases.finish(fg, case, "page"),  # type: ignore[arg-type]
        cases.withdraw(fg, case),  # type: ignore[arg-type]
    ):
        with pytest.raises((NotAllowedError, AttributeError)):
            await forbidden
    with pytest.raises(NotAllowedError):
        await cases.advise(world.officer, case, "agree")  # type: ignore[arg-type]
    assert await codes(cases.finish(world.officer, case, "pigeon")) == {"choose_channel"}  # type: ignore[arg-type]


async def test_another_shelter_finds_nothing_and_only_what_was_granted_is_carried_out(world: World) -> None:
    view = await two_parents(world)
    cases = world.services.cases
    case = await cases.ask(world.guardian(view), Asked("access"))
    elsewhere = await furnish(world.services, world.clock, "Opvang Noord")
    assert await cases.overview(elsewhere.officer) == ()
    with pytest.raises(NotFoundError):
        await cases.view(elsewhere.officer, case)
    database = world.services.installation.database
    async with database.transaction() as conn:
        with pytest.raises(NotFoundError):
            await cases.granted(conn, world.tenant, case, "access")
    await cases.decide(world.officer, case, "grant")
    async with database.transaction() as conn:
        assert (await cases.granted(conn, world.tenant, case, "access")).case == case
        with pytest.raises(NotFoundError):
            await cases.granted(conn, world.tenant, case, "erasure")


async def test_a_young_person_asks_about_itself(world: World) -> None:
    view = await world.family(children=(("Yara", date(2010, 3, 4)),), safety=SAFE)
    young = ChildActor(world.tenant, view.children[0].child, view.family)
    case = await world.services.cases.ask(young, Asked("access", "oneself"))
    found = await world.services.cases.view(world.officer, case)
    assert (found.case.capacity, found.standing_now) == ("child", "oneself")
    about = Asked("access", "child", view.children[0].child)
    mother = await world.services.cases.ask(world.guardian(view), Asked("access", "oneself"))
    assert (await world.services.cases.view(world.officer, mother)).standing_now != "unknown"
    passed = await world.services.cases.pass_on(
        world.counsellor, view.family, view.guardians[0].guardian, about, "conversation"
    )
    assert (await world.services.cases.view(world.officer, passed)).standing_now == "child_decides"


async def test_after_an_erasure_the_row_says_what_was_asked_and_of_nobody(world: World) -> None:
    view = await two_parents(world)
    case = await world.services.cases.ask(world.guardian(view), Asked("objection", words=WORDS))
    gone = [view.family, view.guardians[0].guardian, view.children[0].child]
    async with world.services.installation.database.transaction() as conn:
        assert await remove_batch(conn, world.tenant, gone, limit=BATCH) > 0
        while await remove_batch(conn, world.tenant, gone, limit=BATCH):
            pass
    (row,) = await rows(world, rights_cases)
    assert (row.case, row.kind, row.state) == (case, "objection", "identified")
    assert (row.requester, row.family, row.child, row.opened_by, row.sealed) == (None,) * 5
    assert (await world.services.cases.view(world.officer, case)).standing_now == "unknown"


async def test_a_request_whose_words_were_taken_shows_the_rest(world: World) -> None:
    view = await two_parents(world)
    case = await world.services.cases.ask(world.guardian(view), Asked("access", words=WORDS))
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(rights_cases).values(sealed=None))
    assert (await world.services.cases.view(world.officer, case)).words == ""


async def test_the_log_names_who_asked_and_what_it_was_never(world: World) -> None:
    view = await two_parents(world)
    await world.services.cases.ask(world.guardian(view), Asked("access", words=WORDS))
    (entry,) = await trail(world, "case.opened.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, CaseOpened)
    assert (entry.detail.subject, entry.detail.shown_to) == (
        view.guardians[0].guardian,
        view.guardians[0].guardian,
    )
    assert WORDS not in str(entry)
    assert CaseMoved("c", "read").code == ""


async def test_before_the_day_of_a_neutral_answer_it_can_be_withdrawn_as_one_that_waits(world: World) -> None:
    """Else a button that does nothing would tell that the answer is no."""
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", None)), safety=SAFE)
    cases, father = world.services.cases, world.guardian(view, 1)
    for day in (0, NEUTRAL_AFTER.days):
        case = await cases.ask(father, Asked("access"))
        await cases.decide(world.officer, case, "refuse", ground="without_authority")
        with pytest.raises(ConflictError):
            await cases.withdraw(world.officer, case)
        world.clock.advance(timedelta(days=day))
        if day:
            with pytest.raises(ConflictError):
                await cases.withdraw(father, case)
        else:
            await cases.withdraw(father, case)
    assert [one.state for one in await cases.own(father)] == ["refused", "withdrawn"]


@pytest.mark.parametrize("kind", ["access", "portability", "erasure"])
async def test_a_yes_that_nobody_carried_out_does_not_end_the_request(world: World, kind: str) -> None:
    view = await two_parents(world)
    cases, mother = world.services.cases, world.guardian(view)
    case = await cases.ask(mother, Asked(kind))  # type: ignore[arg-type]
    await cases.decide(world.officer, case, "grant")
    assert await codes(cases.finish(world.officer, case, "letter")) == {"carry_out_first"}
    await cases.reopen(world.officer, case)
    await cases.decide(world.officer, case, "refuse", ground="excessive")
    await cases.finish(world.officer, case, "letter")
    assert [one.state for one in await cases.own(mother)] == ["done"]


async def test_nothing_is_granted_before_it_is_known_who_asks_and_that_is_said(world: World) -> None:
    cases = world.services.cases
    received = Received(
        kind="access",
        channel="letter",
        received_on=local_date(world.clock.now()),
        capacity="guardian",
        asker="Wie Dan",
        child_names="Niemand Hier",
        birth_date=date(2019, 1, 1),
    )
    case = await cases.receive(world.officer, received)
    assert await codes(cases.decide(world.officer, case, "grant")) == {"nobody_to_identify"}
    wrong = (date(2031, 1, 1), "date_future"), (date(1900, 1, 1), "date_too_long_ago")
    for born, code in wrong:
        assert await codes(
            cases.receive(world.officer, msgspec.structs.replace(received, birth_date=born))
        ) == {code}
    long = msgspec.structs.replace(received, words="a\r\n" * 1000)
    longer = msgspec.structs.replace(received, words="a\r\n" * 1001)
    assert await codes(cases.receive(world.officer, longer)) == {"too_long"}
    await cases.receive(world.officer, long)
