"""The register, weighing, reporting, telling and closing, as the coordinator does it and the FG sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from consent_service.audit.events import Logout
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.identity.model import Counsellor, Fg
from consent_service.organisations.model import NewStaff
from consent_service.rights.breaches.following import suspected_of
from consent_service.rights.breaches.model import Question
from consent_service.rights.breaches.reporting import to_json
from consent_service.rights.breaches.service import Description, Reported
from consent_service.rights.breaches.tables import breaches
from tests.ledger import count, entries, rows
from tests.rights.breaches.stories import SAID, new_breach, of_actor, opened, reported, today
from tests.scenarios.stories import ask, everything_stored, told_family
from tests.shelter import OPERATOR, SAFE, SECRET, World, furnish


async def an_fg(world: World) -> Fg:
    staff = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("fg", "Fenna Gegevens")
    )
    return Fg(world.tenant, staff)


async def codes(doing: Awaitable[object]) -> list[str]:
    """Which problems it brought."""
    with pytest.raises(InputError) as refused:
        await doing
    return [one.code for one in refused.value.problems]


# --- who -------------------------------------------------------------------------------------


async def test_nobody_but_the_officers_and_only_the_coordinator_decides(world: World) -> None:
    await told_family(world)
    service, breach = world.services.breaches, await opened(world)
    fg: Any = await an_fg(world)
    stranger: Any = Counsellor(world.tenant, world.counsellor.staff)
    assert len(await service.overview(fg)) == 1
    assert (await service.view(fg, breach)).breach.breach == breach
    acts: list[Callable[[Any], Awaitable[object]]] = [
        lambda who: service.open(who, new_breach(world)),
        lambda who: service.examine(who, breach, of_actor(world)),
        lambda who: service.weigh(who, breach, "high"),
        lambda who: service.describe(who, breach, SAID),
        lambda who: service.report(who, breach, Reported(world.clock.now(), "")),
        lambda who: service.leave_unreported(who, breach, "nothing_seen"),
        lambda who: service.tell(who, breach),
        lambda who: service.close(who, breach),
        lambda who: world.services.breach_letters.prepare(who, breach),
    ]
    for act in acts:
        for who in (fg, stranger, world.contact):
            with pytest.raises(NotAllowedError):
                await act(who)
    for look in (service.overview(stranger), service.view(stranger, breach)):
        with pytest.raises(NotAllowedError):
            await look


async def test_another_shelter_sees_nothing_of_it(world: World) -> None:
    await told_family(world)
    breach = await opened(world)
    elsewhere = await furnish(world.services, world.clock, "Opvang Noord")
    assert await world.services.breaches.overview(elsewhere.officer) == ()
    with pytest.raises(NotFoundError):
        await world.services.breaches.view(elsewhere.officer, breach)


# --- the register ----------------------------------------------------------------------------


async def test_what_is_wrong_is_said_at_once_and_nothing_is_kept(world: World) -> None:
    wrong = replace(
        new_breach(world),
        discovered_at=world.clock.now() + timedelta(hours=1),
        nature="Zij woont aan de Lindelaan 12, bel 06 12345678.",
    )
    found = await codes(world.services.breaches.open(world.officer, wrong))
    assert {"date_future", "breach.words_street", "breach.words_phone"} <= set(found)
    assert await count(world, breaches) == 0


async def test_a_form_sent_twice_is_one_breach(world: World) -> None:
    new = new_breach(world)
    first = await world.services.breaches.open(world.officer, new)
    assert await world.services.breaches.open(world.officer, new) == first
    assert len(await entries(world, "breach.opened.v1")) == 1


async def test_the_words_are_sealed_and_looking_is_an_entry(world: World) -> None:
    breach = await opened(world)
    seen = await world.services.breaches.view(world.officer, breach)
    assert seen.words == {"nature": "Een tablet is uit de auto gestolen."}
    assert b"uit de auto gestolen" not in await everything_stored(world)
    (entry,) = await entries(world, "breach.moved.v1")
    assert entry.detail is not None
    assert entry.detail.event.act == "read"  # type: ignore[union-attr]


# --- weighing and describing -----------------------------------------------------------------


async def test_lower_only_with_a_ground_and_never_a_secret_address(world: World) -> None:
    await told_family(world)
    service, breach = world.services.breaches, await opened(world)
    assert "breach.examine_first" in await codes(service.weigh(world.officer, breach, "high"))
    await service.examine(world.officer, breach, of_actor(world))
    assert await codes(service.weigh(world.officer, breach, "unlikely")) == ["breach.choose_lower_ground"]
    await service.weigh(world.officer, breach, "unlikely", "undone")
    assert (await service.view(world.officer, breach)).level == "unlikely"
    await told_family(world, family_name="Anders", safety=SECRET)
    await service.examine(world.officer, breach, of_actor(world, days=8))
    seen = await service.view(world.officer, breach)
    assert (seen.level, seen.breach.level) == ("high", None)
    assert await codes(service.weigh(world.officer, breach, "unlikely", "undone")) == ["breach.risk_is_fixed"]


async def test_a_flag_that_is_set_later_counts_at_once(world: World) -> None:
    told = await told_family(world)
    service, breach = world.services.breaches, await opened(world)
    await service.examine(world.officer, breach, of_actor(world))
    await service.weigh(world.officer, breach, "unlikely", "undone")
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    assert (await service.view(world.officer, breach)).level == "high"
    await world.services.families.assess_safety(world.counsellor, told.view.family, SAFE)
    assert (await service.view(world.officer, breach)).level == "unlikely"


async def test_no_name_of_whom_it_is_about_gets_into_the_words(world: World) -> None:
    await told_family(world)
    service, breach = world.services.breaches, await opened(world)
    await service.describe(world.officer, breach, replace(SAID, nature="De tablet van Samira is weg."))
    await service.examine(world.officer, breach, of_actor(world))
    named = Description("De tablet van Samira is weg.", "Noor's school is gebeld.", ("nope",), ())  # type: ignore[arg-type]
    assert await codes(service.describe(world.officer, breach, named)) == [
        "breach.words_name",
        "breach.words_name",
        "form.choose",
    ]
    assert await codes(world.services.breach_reporting.make(world.officer, breach)) == ["breach.words_name"]
    await service.describe(world.officer, breach, SAID)
    report = await world.services.breach_reporting.make(world.officer, breach)
    assert b"Samira" not in to_json(report)
    assert report.measures == ("device_blocked", "people_warned")


# --- reporting -------------------------------------------------------------------------------


async def test_reported_in_time_needs_no_reason(world: World) -> None:
    await told_family(world)
    service, breach = world.services.breaches, await opened(world)
    now = world.clock.now()
    assert await codes(service.report(world.officer, breach, Reported(now, ""))) == ["breach.examine_first"]
    await reported(world, breach)
    one = (await service.view(world.officer, breach)).breach
    assert (one.state, one.was_late, one.late_reason, one.children, one.guardians) == (
        "reported",
        False,
        None,
        1,
        1,
    )
    with pytest.raises(ConflictError):
        await service.report(world.officer, breach, Reported(world.clock.now(), ""))


async def test_after_seventy_two_hours_the_reason_is_required_and_kept(world: World) -> None:
    await told_family(world)
    service, breach = world.services.breaches, await opened(world)
    await service.examine(world.officer, breach, of_actor(world))
    world.clock.advance(timedelta(hours=73))
    now = world.clock.now()
    assert await codes(service.report(world.officer, breach, Reported(now, "<>"))) == [
        "breach.late_needs_reason",
        "breach.reference_form",
    ]
    late = Reported(now, "z1", "known_later", "Eerst leek de tablet er nog te zijn.")
    await service.report(world.officer, breach, late)
    seen = await service.view(world.officer, breach)
    assert (seen.breach.was_late, seen.breach.late_reason) == (True, "known_later")
    report = await world.services.breach_reporting.make(world.officer, breach)
    assert report.late_note == "Eerst leek de tablet er nog te zijn."


async def test_neither_to_come_nor_before_it_was_known(world: World) -> None:
    await told_family(world)
    service, breach = world.services.breaches, await opened(world)
    await service.examine(world.officer, breach, of_actor(world))
    now = world.clock.now()
    for at, code in (
        (now + timedelta(hours=1), "date_future"),
        (now - timedelta(hours=1), "breach.before_it_was_known"),
    ):
        assert await codes(service.report(world.officer, breach, Reported(at, ""))) == [code]


async def test_where_there_is_a_risk_it_is_not_left_unreported(world: World) -> None:
    await told_family(world)
    service, breach = world.services.breaches, await opened(world)
    wrong: Any = "no ground"
    assert await codes(service.leave_unreported(world.officer, breach, wrong)) == [
        "breach.choose_unreported",
        "breach.examine_first",
    ]
    await service.examine(world.officer, breach, of_actor(world))
    assert await codes(service.leave_unreported(world.officer, breach, "nothing_seen")) == [
        "breach.there_is_a_risk"
    ]
    await service.weigh(world.officer, breach, "unlikely", "trusted_recipient")
    await service.leave_unreported(world.officer, breach, "trusted_recipient")
    await service.look_again(world.officer, breach)
    assert (await service.view(world.officer, breach)).breach.state == "assessing"
    await service.leave_unreported(world.officer, breach, "trusted_recipient")
    await service.close(world.officer, breach)
    one = (await service.view(world.officer, breach)).breach
    assert (one.state, one.unreported_ground, one.is_open) == ("closed", "trusted_recipient", False)
    with pytest.raises(ConflictError):
        await service.examine(world.officer, breach, of_actor(world))


# --- telling and closing ---------------------------------------------------------------------


async def test_a_high_risk_is_not_closed_before_everybody_was_told(world: World) -> None:
    await told_family(world, safety=SECRET)
    service, breach = world.services.breaches, await opened(world)
    await reported(world, breach)
    assert await codes(service.close(world.officer, breach)) == ["breach.tell_first"]
    assert await codes(service.tell(world.officer, breach)) == ["breach.no_letters_yet"]
    await world.services.breach_letters.prepare(world.officer, breach)
    assert await codes(service.tell(world.officer, breach)) == ["breach.letters_wait"]
    for untold in ("risk_gone", "unreadable"):
        told = service.tell(world.officer, breach, untold=untold)
        assert await codes(told) == ["breach.must_be_told"]


async def test_an_unreadable_backup_is_told_to_nobody_on_that_ground(world: World) -> None:
    await told_family(world)
    service, breach = world.services.breaches, await opened(world, "leaked_backup")
    await reported(world, breach, Question(kind="backup", since=today(world), keys="none"))
    await service.tell(world.officer, breach, untold="unreadable")
    await service.close(world.officer, breach)
    one = (await service.view(world.officer, breach)).breach
    assert (one.state, one.untold) == ("closed", "unreadable")


async def test_most_entries_tell_of_no_breach(world: World) -> None:
    told = await told_family(world)
    await ask(world, told.relationship)
    await world.settle()
    assert await rows(world, breaches) == []
    assert suspected_of(Logout()) is None
