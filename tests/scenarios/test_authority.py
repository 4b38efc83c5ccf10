"""Who decides: unknown (5), lost by court (6), a voogd (7), and a gezinsvoogd who does not (53)."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from consent_service.audit.events import ConsentReevaluated
from consent_service.audit.log import TrailEntry
from consent_service.consent.service import Target
from consent_service.families.model import (
    AuthorityKind,
    NewAuthority,
    NewGuardian,
    PersonIdentity,
    authority_on,
)
from consent_service.foundation.errors import InputError
from consent_service.foundation.ids import PersonId, TypeKey
from consent_service.identity.model import GuardianActor
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from tests.ledger import entries
from tests.scenarios.stories import NOT_AVAILABLE, SUPPORT, YES, Told, ask, sentence_of, share, told_family
from tests.shelter import World

HEALTH = TypeKey("child_health")
CARE = {"care_at_school": "Elke dag om elf uur naar buiten."}
TODAY = date(2026, 9, 1)


async def record(
    world: World,
    told: Told,
    guardian: PersonId,
    kind: AuthorityKind,
    since: date = TODAY,
    until: date | None = None,
) -> None:
    """What a judgment says about one guardian and the child, some seconds later."""
    world.clock.advance(timedelta(seconds=10))
    fact = NewAuthority(kind, "judgment", since, until, seen_on=TODAY)
    child = told.view.children[0].child
    await world.services.families.record_authority(
        world.counsellor, told.view.family, child=child, guardian=guardian, fact=fact
    )


async def reevaluations(world: World) -> list[ConsentReevaluated]:
    found: list[ConsentReevaluated] = []
    for entry in await entries(world, "consent.reevaluated.v1"):
        assert entry.detail is not None
        assert isinstance(entry.detail.event, ConsentReevaluated)
        found.append(entry.detail.event)
    return found


async def test_s05_with_unknown_authority_ordinary_types_go_provisionally_and_special_ones_do_not(
    world: World,
) -> None:
    told = await told_family(world, guardians=(("Samira", None),))
    assert isinstance(await ask(world, told.relationship), Released)

    await world.intake(told.mother, {**YES, "child_health": "yes"})
    refused = await world.services.records.share(world.counsellor, told.relationship, Note(HEALTH, CARE))
    assert isinstance(refused, ShareRefused)
    assert refused.code == "authority_unknown"

    await record(world, told, told.mother.guardian, "holder")
    shared = await world.services.records.share(world.counsellor, told.relationship, Note(HEALTH, CARE))
    assert isinstance(shared, Shared)


async def test_s06_what_a_court_took_from_a_day_to_come_no_later_check_of_the_register_gives_back(
    world: World,
) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    families, family, child = world.services.families, told.view.family, told.view.children[0].child
    karim = world.guardian(told.view, 1).guardian
    judgment = date(2026, 10, 1)
    await record(world, told, karim, "none", judgment)
    world.clock.advance(timedelta(days=2))

    check = NewAuthority("holder", "register", date(2020, 1, 1))
    with pytest.raises(InputError) as refused:
        await families.record_authority(world.counsellor, family, child=child, guardian=karim, fact=check)
    (problem,) = refused.value.problems
    assert (problem.field, problem.code, problem.params) == (
        "keeps_later",
        "authority_overtakes_later",
        {"day": "01-10-2026"},
    )
    seen = msgspec.structs.replace(check, keeps_later=True)
    await families.record_authority(world.counsellor, family, child=child, guardian=karim, fact=seen)

    async def decides(day: date) -> bool:
        facts = (await families.view(world.counsellor, family)).authority
        return karim in authority_on(day, [told.mother.guardian, karim], facts).deciders

    assert await decides(date(2026, 9, 30))
    assert not await decides(judgment)
    await record(world, told, karim, "holder", judgment)  # the judgment was another family's
    assert await decides(judgment)
    await families.record_authority(world.counsellor, family, child=child, guardian=karim, fact=check)


async def test_s06_what_the_lost_holder_said_is_judged_anew_and_both_outcomes_stand_in_the_log(
    world: World,
) -> None:
    told = await told_family(world, guardians=(("Karim", "holder"), ("Samira", "holder")))
    karim, samira = told.mother, world.guardian(told.view, 1)
    await record(world, told, karim.guardian, "none")
    refused = await ask(world, told.relationship)
    assert isinstance(refused, Refused)
    assert sentence_of(refused) == NOT_AVAILABLE
    await world.settle()
    (seen,) = await reevaluations(world)  # none of when nobody had answered anything
    assert (seen.relationship, seen.cause) == (told.relationship, "authority_changed")
    assert SUPPORT in seen.before
    assert seen.after == ()

    await world.intake(samira, YES)
    assert isinstance(await ask(world, told.relationship), Released)


async def test_s06_no_guardian_can_list_what_the_change_did(world: World) -> None:
    told = await told_family(world, guardians=(("Karim", "holder"), ("Samira", "holder")))
    await record(world, told, told.mother.guardian, "none")
    await world.settle()
    (entry,) = await entries(world, "consent.reevaluated.v1")
    assert entry.detail is not None
    assert entry.detail.shown_to == "officer"
    people = [*(one.guardian for one in told.view.guardians), told.view.children[0].child]
    for person in people:
        assert not _found(await entries(world, shown_to=person), entry)


async def test_s06_a_change_that_counts_from_later_is_judged_for_that_day(world: World) -> None:
    told = await told_family(world, guardians=(("Karim", "holder"), ("Samira", "holder")))
    later = TODAY + timedelta(days=30)
    await record(world, told, told.mother.guardian, "none", since=later)
    await world.settle()
    (seen,) = await reevaluations(world)
    assert SUPPORT in seen.before
    assert seen.after == ()
    assert isinstance(await ask(world, told.relationship), Released)
    world.clock.advance(timedelta(days=30))
    await world.settle()
    assert isinstance(await ask(world, told.relationship), Refused)


async def test_s06_following_the_log_again_logs_nothing_twice(world: World) -> None:
    told = await told_family(world, guardians=(("Karim", "holder"), ("Samira", "holder")))
    await record(world, told, told.mother.guardian, "none")
    for _ in range(3):
        await world.settle()
    assert len(await reevaluations(world)) == 1


async def test_s07_a_voogd_decides_and_the_parents_yes_is_not_enough(world: World) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    voogd = await world.services.families.add_guardian(
        world.counsellor,
        told.view.family,
        NewGuardian(PersonIdentity("", "Jeugdbescherming Zuid"), "voogd", "judgment", TODAY, body=True),
    )
    assert isinstance(await ask(world, told.relationship), Refused)
    actor = GuardianActor(world.tenant, voogd, told.view.family)
    await world.intake(actor, YES)
    assert isinstance(await ask(world, told.relationship), Released)

    await world.services.consent.object(
        told.mother, Target(world.tenant, told.view.family, told.mother.guardian), method="page"
    )
    assert isinstance(await ask(world, told.relationship), Released)
    await world.services.consent.withdraw(actor, Target(world.tenant, told.view.family, voogd), method="page")
    assert isinstance(await ask(world, told.relationship), Refused)


async def test_s53_a_gezinsvoogd_answers_nothing_for_the_parents(world: World) -> None:
    told = await told_family(world)
    supervisor = await _gezinsvoogd(world, told)
    with pytest.raises(InputError) as refused:
        await world.intake(supervisor, YES)
    assert [problem.code for problem in refused.value.problems] == ["court_order_needed"]

    await world.services.consent.object(
        supervisor, Target(world.tenant, told.view.family, supervisor.guardian), method="page"
    )
    assert isinstance(await ask(world, told.relationship), Released)  # no veto either
    await world.services.consent.withdraw(
        told.mother, Target(world.tenant, told.view.family, told.mother.guardian), method="page"
    )
    assert isinstance(await ask(world, told.relationship), Refused)
    assert (await world.services.families.own_family(supervisor)).children == ()


async def test_s53_with_a_court_order_she_decides_as_long_as_the_court_said(world: World) -> None:
    told = await told_family(world)
    supervisor = await _gezinsvoogd(world, told)
    until = TODAY + timedelta(days=90)
    await record(world, told, supervisor.guardian, "court_order", until=until)
    assert isinstance(await ask(world, told.relationship), Refused)
    await world.intake(supervisor, YES)
    assert isinstance(await ask(world, told.relationship), Released)

    world.clock.advance(timedelta(days=90))
    await world.settle()
    assert isinstance(await ask(world, told.relationship), Released)  # the mother's own yes counts again
    with pytest.raises(InputError):
        await world.intake(supervisor, YES)


async def test_s53_a_court_order_needs_the_judgment_and_an_end(world: World) -> None:
    told = await told_family(world)
    supervisor = await _gezinsvoogd(world, told)
    fact = NewAuthority("court_order", "statement", TODAY)
    with pytest.raises(InputError) as refused:
        await world.services.families.record_authority(
            world.counsellor,
            told.view.family,
            child=told.view.children[0].child,
            guardian=supervisor.guardian,
            fact=fact,
        )
    assert {problem.code for problem in refused.value.problems} == {
        "court_order_needs_proof",
        "court_order_needs_end",
    }


async def test_s07_a_second_voogd_at_the_same_time_is_refused_unless_both_were_appointed_together(
    world: World,
) -> None:
    told = await told_family(world, guardians=(("Vera", "voogd"), ("Wim", "holder")))
    wim, child = told.view.guardians[1].guardian, told.view.children[0].child
    families = world.services.families
    alone = NewAuthority("voogd", "judgment", TODAY)
    with pytest.raises(InputError) as refused:
        await families.record_authority(
            world.counsellor, told.view.family, child=child, guardian=wim, fact=alone
        )
    assert [problem.code for problem in refused.value.problems] == ["voogd_overlaps"]
    assert isinstance(await ask(world, told.relationship), Released)  # nothing changed

    together = NewAuthority("voogd", "judgment", TODAY, jointly=True)
    await families.record_authority(
        world.counsellor, told.view.family, child=child, guardian=wim, fact=together
    )
    await world.services.consent.object(
        world.guardian(told.view, 1), Target(world.tenant, told.view.family, wim), method="page"
    )
    assert isinstance(await ask(world, told.relationship), Refused)


async def test_s05_a_body_never_decides_by_itself_over_a_child_that_comes_later(world: World) -> None:
    told = await told_family(world)
    body = await _gezinsvoogd(world, told)
    sem = await world.services.families.add_child(
        world.counsellor, told.view.family, PersonIdentity("Sem", "Voorbeeld", date(2019, 1, 2))
    )
    await world.at_school(sem)
    with pytest.raises(InputError):
        await world.intake(body, YES)
    await share(world, told.relationship)


async def _gezinsvoogd(world: World, told: Told) -> GuardianActor:
    """A certified institution that supervises."""
    new = NewGuardian(PersonIdentity("", "Jeugdbescherming Zuid"), "gezinsvoogd", "judgment", body=True)
    added = await world.services.families.add_guardian(world.counsellor, told.view.family, new)
    return GuardianActor(world.tenant, added, told.view.family)


def _found(entries: tuple[TrailEntry, ...], wanted: TrailEntry) -> bool:
    return any(entry.id == wanted.id for entry in entries)
