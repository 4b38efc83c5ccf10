"""Being forgotten: two coordinators decide, then everything goes, in small batches and whatever happens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError

from consent_service.app.starting import start_up
from consent_service.audit.erasing import forget_batch
from consent_service.audit.events import ErasureApproved, ErasureAsked, ErasureDropped
from consent_service.consent.tables import consent_ledger
from consent_service.custody.restoring import destroyed_owners
from consent_service.families.tables import families
from consent_service.foundation.errors import (
    DatabaseUnavailableError,
    InputError,
    IntegrityError,
    NotAllowedError,
    NotFoundError,
    StopsPendingError,
)
from consent_service.foundation.ids import StaffId, TenantId, TypeKey, new_id
from consent_service.identity.model import Actor, Fg, Operator, PrivacyCoordinator
from consent_service.keyring.tables import key_destructions, person_keys, relationship_keys
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.records.tables import records
from consent_service.release.model import Refused, Released
from consent_service.rights import erasure as erasing
from consent_service.rights.erasure_model import Wanted
from consent_service.rights.tables import erasure_targets, erasures
from tests.ledger import count, entries, rows
from tests.rights.forgetting import (
    LEFT,
    decided,
    ids_of,
    left_of,
    second_coordinator,
    traced_family,
    traces,
    whole,
)
from tests.scenarios.stories import Told, ask, told_family
from tests.shelter import World


def of_family(told: Told) -> Wanted:
    return Wanted("family", told.view.family, "requested")


def of_child(told: Told) -> Wanted:
    return Wanted("child", told.view.children[0].child, "consent_withdrawn")


def of_guardian(told: Told, number: int = 0) -> Wanted:
    return Wanted("person", told.view.guardians[number].guardian, "no_longer_needed")


async def refusal(act: object) -> set[str]:
    with pytest.raises(InputError) as refused:
        await act  # type: ignore[misc]
    return {one.code for one in refused.value.problems}


async def test_one_coordinator_asks_another_approves_and_each_step_is_an_entry(world: World) -> None:
    door, told = world.services.erasures, await told_family(world)
    other = await second_coordinator(world)
    erasure = await door.ask(world.officer, of_family(told))
    assert await refusal(door.ask(other, of_family(told))) == {"erasures.asked_already"}
    assert await refusal(door.approve(world.officer, erasure)) == {"erasures.own"}
    assert await refusal(door.execute(world.officer, erasure)) == {"erasures.not_approved"}
    await door.approve(other, erasure)
    assert await refusal(door.approve(other, erasure)) == {"erasures.closed"}
    done = await door.execute(Operator("cli"), erasure, tenant=world.tenant)
    assert (done.state, done.subject, done.late_since) == ("executed", None, None)
    for again in (door.execute, door.drop, door.approve):
        assert await refusal(again(other, erasure)) == {"erasures.closed"}
    assert await door.overview(Fg(world.tenant, StaffId(new_id()))) == (done,)
    told_of = await entries(
        world, "erasure.asked.v1", "erasure.approved.v1", "erasure.executed.v1", "erasure.dropped.v1"
    )
    assert [(one.type, one.detail.by.kind) for one in told_of if one.detail] == [
        ("erasure.executed.v1", "operator"),
        ("erasure.approved.v1", "privacy_coordinator"),
        ("erasure.asked.v1", "privacy_coordinator"),
    ]
    event = told_of[0].detail and told_of[0].detail.event
    assert event is not None
    assert (getattr(event, "approvers", None)) == (world.officer.staff, other.staff)
    counted = (getattr(event, name) for name in ("persons", "keys", "details", "index", "rows"))
    assert tuple(counted) == (
        done.gone.persons,
        done.gone.keys,
        done.gone.details,
        done.gone.index,
        done.gone.rows,
    )
    assert (done.gone.persons, done.gone.keys) == (2, 3)
    assert min(done.gone.details, done.gone.index, done.gone.rows) > 0


async def test_what_an_operator_types_stands_in_the_log_as_that_with_the_coordinator_who_decided(
    world: World,
) -> None:
    door, told, operator = world.services.erasures, await told_family(world), Operator("cli")
    one, two = world.officer, await second_coordinator(world)
    of_one: Any = {"tenant": world.tenant, "coordinator": one.staff}
    of_two: Any = {"tenant": world.tenant, "coordinator": two.staff}
    dropped = await door.ask(operator, of_family(told), **of_one)
    assert await refusal(door.approve(operator, dropped, **of_one)) == {"erasures.own"}
    assert await refusal(door.approve(one, dropped)) == {"erasures.own"}
    await door.drop(operator, dropped, **of_two)
    half = await door.ask(one, of_child(told))
    await door.approve(operator, half, **of_two)
    both = await door.ask(operator, of_family(told), **of_one)
    await door.approve(operator, both, **of_two)
    done = await door.execute(operator, both, tenant=world.tenant)
    assert (done.asked_by, done.approved_by, done.typed) == (one.staff, two.staff, "both")
    typed = {row.erasure: row.typed for row in await door.overview(one)}
    assert typed == {dropped: "asked", half: "approved", both: "both"}
    (stop,) = world.services.installation.journal.all()
    assert stop.subject["typed"] == "both"
    found = await entries(
        world, "erasure.asked.v1", "erasure.approved.v1", "erasure.dropped.v1", "erasure.executed.v1"
    )
    said = [(entry.detail.by.kind, entry.detail.event) for entry in reversed(found) if entry.detail]
    assert said[:6] == [
        ("operator", ErasureAsked(dropped, "family", "requested", one.staff)),
        ("operator", ErasureDropped(dropped, "refused", two.staff)),
        ("privacy_coordinator", ErasureAsked(half, "child", "consent_withdrawn")),
        ("operator", ErasureApproved(half, two.staff)),
        ("operator", ErasureAsked(both, "family", "requested", one.staff)),
        ("operator", ErasureApproved(both, two.staff)),
    ]
    assert getattr(said[-1][1], "approvers", None) == (one.staff, two.staff)
    await whole(world)


async def test_an_operator_types_only_what_a_coordinator_of_that_shelter_decided(world: World) -> None:
    door, told = world.services.erasures, await told_family(world)
    erasure = await door.ask(world.officer, of_child(told))
    for tenant, coordinator in (
        (world.tenant, None),
        (None, world.officer.staff),
        (world.tenant, world.counsellor.staff),
        (TenantId("_"), world.officer.staff),
    ):
        named: Any = {"tenant": tenant, "coordinator": coordinator}
        for act in (
            door.ask(Operator("cli"), of_family(told), **named),
            door.approve(Operator("cli"), erasure, **named),
            door.drop(Operator("cli"), erasure, **named),
        ):
            with pytest.raises(NotAllowedError):
                await act


async def test_nobody_else_asks_approves_drops_carries_out_or_looks(world: World) -> None:
    door, told = world.services.erasures, await told_family(world)
    erasure = await door.ask(world.officer, of_child(told))
    outsider = PrivacyCoordinator(world.tenant, StaffId(new_id()))
    strangers: list[Actor] = [world.counsellor, world.contact, told.mother, Operator("cli")]
    for actor in (*strangers, Fg(world.tenant, world.officer.staff)):
        for act in (
            door.ask(actor, of_child(told)),  # type: ignore[arg-type]
            door.approve(actor, erasure),  # type: ignore[arg-type]
            door.drop(actor, erasure),  # type: ignore[arg-type]
        ):
            with pytest.raises(NotAllowedError):
                await act
    for actor in (world.counsellor, told.mother, Fg(world.tenant, world.officer.staff)):
        with pytest.raises(NotAllowedError):
            await door.execute(actor, erasure)  # type: ignore[arg-type]
    with pytest.raises(NotAllowedError):
        await door.overview(world.counsellor)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        await door.execute(Operator("cli"), erasure)
    elsewhere = PrivacyCoordinator(type(world.tenant)(new_id()), outsider.staff)
    with pytest.raises(NotFoundError):
        await door.approve(elsewhere, erasure)
    with pytest.raises(NotFoundError):
        await door.ask(elsewhere, of_child(told))
    await door.approve(outsider, erasure)  # no coordinator of this shelter (any more)
    assert await refusal(door.execute(world.officer, erasure)) == {"erasures.no_coordinator"}
    assert await count(world, person_keys) > 0
    assert world.services.installation.journal.all() == ()


async def test_nothing_is_begun_about_whom_is_not_there_any_more(world: World) -> None:
    told = await told_family(world)
    erasure = await decided(world, of_child(told))
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(erasures).values(subject=new_id()))
    with pytest.raises(NotFoundError):
        await world.services.erasures.execute(world.officer, erasure)
    assert world.services.installation.journal.all() == ()


async def test_what_is_dropped_is_forgotten_about_and_may_be_asked_again(world: World) -> None:
    door, told = world.services.erasures, await told_family(world)
    other = await second_coordinator(world)
    for dropper, approved, reason in ((world.officer, False, "taken_back"), (other, True, "refused")):
        erasure = await door.ask(world.officer, of_child(told))
        if approved:
            await door.approve(other, erasure)
        await door.drop(dropper, erasure)
        (entry, *_) = await entries(world, "erasure.dropped.v1")
        assert entry.detail is not None
        assert getattr(entry.detail.event, "reason", None) == reason
    assert [one.subject for one in await door.overview(world.officer)] == [None, None]
    assert isinstance(await ask(world, told.relationship), Released)


@pytest.mark.parametrize("scope", ["person", "child", "family"])
async def test_nobody_is_asked_to_forget_who_is_not_there(world: World, scope: str) -> None:
    told = await told_family(world)
    wrong = told.view.family if scope != "family" else told.view.children[0].child
    with pytest.raises(NotFoundError):
        await world.services.erasures.ask(world.officer, Wanted(scope, wrong, "requested"))  # type: ignore[arg-type]


async def test_a_guardian_goes_only_when_nothing_is_shared_any_more(world: World) -> None:
    door, told = world.services.erasures, await told_family(world)
    assert await refusal(door.ask(world.officer, of_guardian(told))) == {"erasures.still_sharing"}
    end = world.services.families.end_relationship
    await end(world.counsellor, told.relationship, "changed_school")
    erasure = await decided(world, of_guardian(told))
    await world.at_school(told.view.children[0].child, world.eik)
    assert await refusal(door.execute(world.officer, erasure)) == {"erasures.still_sharing"}
    assert [one.kind for one in world.services.installation.journal.all()] == ["relationship_end"]


@pytest.mark.parametrize("destroyed", [False, True])
async def test_what_was_told_about_a_guardian_goes_and_what_stays_fits_its_digest(
    world: World, destroyed: bool
) -> None:
    told = await told_family(world)
    mother = told.mother.guardian
    own = TypeKey("parent_circumstances")
    await world.intake(told.mother, {"shelter_involvement": "yes", own: "yes"})
    fields = {"words": "Ik slaap slecht.", "parent_saw_text": "yes"}
    share = world.services.records.share
    shared = await share(world.counsellor, told.relationship, Note(own, fields, about=mother))
    assert isinstance(shared, Shared)
    end = world.services.families.end_relationship
    await end(world.counsellor, told.relationship, "changed_school")
    if destroyed:
        await world.services.custody.destroy(world.officer, told.relationship)
    erasure = await decided(world, of_guardian(told))
    await world.services.erasures.execute(world.officer, erasure)
    assert [one.about for one in await rows(world, records)] == [None]
    (entry,) = await entries(world, "record.retracted.v1")
    assert entry.detail is not None
    assert entry.detail.shown_to == "officer"
    assert bool(getattr(entry.detail.event, "digest", "")) is not destroyed
    await whole(world)


async def test_a_running_erasure_releases_nothing_and_is_finished_by_whoever_comes_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after its first transaction and after some batches; carried on at the next start."""
    told = await traced_family(world)
    gone = await traces(world, ids_of(told))
    erasure = await decided(world, of_family(told))
    door = world.services.erasures
    monkeypatch.setattr(erasing, "BATCH", 3)
    real, batches = forget_batch, 0

    async def killed(*args: object, **options: object) -> object:
        nonlocal batches
        batches += 1
        if batches in (1, 4):
            raise KeyboardInterrupt
        return await real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(erasing, "forget_batch", killed)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            await door.execute(world.officer, erasure)
        assert isinstance(await ask_anyway(world, told), (Refused, NotFoundError))
        await whole(world)
        (one,) = await door.overview(world.officer)
        assert (one.state, one.subject) == ("running", told.view.family)
        assert await refusal(door.drop(world.officer, erasure)) == {"erasures.closed"}
    assert world.services.installation.journal.pending() == ()
    assert await count(world, erasure_targets) == len(gone.ids)
    assert await world.services.replay_stops() == 1  # as at the next start
    assert await left_of(world, gone) == LEFT
    assert await count(world, erasure_targets) == 0
    (entry,) = await entries(world, "erasure.executed.v1")
    assert entry.detail is not None
    assert entry.detail.by.kind == "system"
    assert await world.services.replay_stops() == 0
    await whole(world)


async def ask_anyway(world: World, told: Told) -> object:
    try:
        return await ask(world, told.relationship)
    except NotFoundError as gone:
        return gone


async def test_with_the_database_lost_at_the_commit_it_is_journalled_and_carried_out_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await traced_family(world)
    gone = await traces(world, ids_of(told))
    erasure = await decided(world, of_child(told))

    async def lost(*_args: object, **_options: object) -> int:
        raise DatabaseUnavailableError("the database did not answer")

    with monkeypatch.context() as patch:
        patch.setattr(world.services.custody, "destroy_all", lost)
        with pytest.raises(DatabaseUnavailableError):
            await world.services.erasures.execute(world.officer, erasure)
    (stop,) = world.services.installation.journal.pending()
    assert stop.kind == "erasure"
    assert not await world.services.custody.replay(stop)
    with pytest.raises(StopsPendingError):
        await ask(world, told.relationship)
    world.clock.advance(timedelta(minutes=5))
    assert await world.services.replay_stops() == 1
    (entry,) = await entries(world, "erasure.executed.v1")
    assert entry.detail is not None
    assert (entry.detail.by.kind, entry.detail.late_since) == ("system", stop.at)
    assert ("children", "child") not in await left_of(world, gone)
    await whole(world)


async def test_a_stop_that_is_no_erasure_is_left_alone_and_a_damaged_one_is_named(world: World) -> None:
    journal, door = world.services.installation.journal, world.services.erasures
    now = world.clock.now()
    for kind, subject in (("withdrawal", {"code": "x"}), ("erasure", {"child": new_id()})):
        other = journal.accept(kind, tenant=world.tenant, at=now, subject=subject)  # type: ignore[arg-type]
        assert not await door.replay(other)
    damaged = journal.accept("erasure", tenant=world.tenant, at=now, subject={"erasure": new_id()})
    with pytest.raises(IntegrityError, match=damaged.id):
        await door.replay(damaged)
    order = {"erasure": new_id(), "scope": "family", "who": new_id(), "ground": "requested"}
    unknown = journal.accept(
        "erasure", tenant=world.tenant, at=now, subject={**order, "asked_by": "a", "approved_by": "b"}
    )
    assert await door.replay(unknown)
    assert await count(world, erasures) == 0


async def test_planted_a_line_of_the_journal_that_no_two_people_stand_behind_erases_nobody(
    world: World,
) -> None:
    """It keeps nobody from working and nothing is released, marked done or not, until it was taken out."""
    told = await told_family(world)
    other, services = await second_coordinator(world), world.services
    await start_up(services)
    asked = await services.erasures.ask(world.officer, of_family(told))
    dropped = await services.erasures.ask(world.officer, of_child(told))
    await services.erasures.drop(other, dropped)
    one, two = world.officer.staff, other.staff
    journal, keys = services.installation.journal, await rows(world, person_keys)
    begun = journal.path.read_bytes()
    for who, erasure, asked_by, approved_by in (
        (told.view.family, new_id(), one, one),
        (told.view.family, new_id(), one, ""),
        (told.view.family, asked, two, one),
        (told.view.children[0].child, asked, one, two),
        (told.view.children[0].child, dropped, one, two),
    ):
        scope = "family" if who == told.view.family else "child"
        order = {"erasure": erasure, "scope": scope, "who": who, "ground": "requested"}
        order |= {"asked_by": asked_by, "approved_by": approved_by}
        planted = journal.accept("erasure", tenant=world.tenant, at=world.clock.now(), subject=order)
        journal.mark_done(planted.id)
        with pytest.raises(IntegrityError, match="stop journal"):
            await services.erasures.replay(planted)
        await start_up(services)
        with pytest.raises(StopsPendingError):
            await ask(world, told.relationship)
        journal.path.write_bytes(begun)
        await start_up(services)
        assert isinstance(await ask(world, told.relationship), Released)
    assert await rows(world, person_keys) == keys
    assert {row.state for row in await rows(world, erasures)} == {"asked", "dropped"}


async def test_what_the_trigger_refuses_is_told_by_a_name(world: World) -> None:
    told = await told_family(world)
    erasure, journal = await decided(world, of_family(told)), world.services.installation.journal
    order = {"erasure": erasure, "scope": "family", "who": told.view.family, "ground": "requested"}
    order |= {"asked_by": world.officer.staff, "approved_by": "b"}
    stop = journal.accept("erasure", tenant=world.tenant, at=world.clock.now(), subject=order)
    async with world.services.installation.database.transaction() as conn:  # by whoever owns the database
        await conn.execute(update(erasures).values(state="running", approved_by=world.officer.staff))
        target = {"tenant": world.tenant, "erasure": erasure, "kind": "relationship"}
        await conn.execute(insert(erasure_targets).values(**target, id=told.relationship))
    with pytest.raises(IntegrityError, match=stop.id):
        await world.services.erasures.replay(stop)


async def test_keys_of_whoever_is_erased_never_come_back_from_a_backup(world: World) -> None:
    """Also while the database knows the family still: the journal alone says so."""
    told = await told_family(world)
    order = {"scope": "family", "who": told.view.family, "ground": "requested", "erasure": new_id()}
    stop = world.services.installation.journal.accept(
        "erasure",
        tenant=world.tenant,
        at=world.clock.now(),
        subject={**order, "asked_by": "a", "approved_by": "b"},
    )

    class Backup:
        class rows:  # noqa: N801
            destroyed = frozenset[tuple[str, str, str]]()

    async with world.services.installation.database.reading() as conn:
        never = await destroyed_owners(conn, Backup(), [stop])  # type: ignore[arg-type]
    people = (told.mother.guardian, told.view.children[0].child)
    assert never >= {(world.tenant, "person", one) for one in people}
    assert (world.tenant, "relationship", told.relationship) in never


async def test_planted_a_decision_goes_only_while_two_stand_behind_a_running_erasure(world: World) -> None:
    told = await told_family(world)
    database = world.services.installation.database
    mine = delete(consent_ledger).where(consent_ledger.c.relationship == told.relationship)
    target = {"tenant": world.tenant, "erasure": "e", "id": told.relationship, "kind": "relationship"}
    row = {"tenant": world.tenant, "erasure": "e", "scope": "child", "ground": "requested"}
    at = {"asked_at": world.clock.now(), "asked_by": "a"}
    async with database.transaction() as conn:
        await conn.execute(insert(erasure_targets).values(target))
        await conn.execute(insert(erasures).values(**row, **at, state="approved", approved_by="b"))
    for state, approved_by in (("approved", "b"), ("running", "a"), ("running", None), ("executed", "b")):
        async with database.transaction() as conn:
            await conn.execute(update(erasures).values(state=state, approved_by=approved_by))
        with pytest.raises(DBAPIError, match="insert-only"):
            async with database.transaction() as conn:
                await conn.execute(mine)
    async with database.transaction() as conn:
        await conn.execute(update(erasures).values(state="running", approved_by="b"))
    with pytest.raises(DBAPIError, match="insert-only"):
        async with database.transaction() as conn:
            await conn.execute(text("UPDATE consent_ledger SET kind = kind"))
    async with database.transaction() as conn:
        await conn.execute(mine)
    assert await count(world, consent_ledger) == 0


async def test_a_larger_erasure_takes_a_smaller_one_with_it(world: World) -> None:
    told = await told_family(world)
    smaller = await decided(world, of_child(told))
    other = await second_coordinator(world, "Dora Derde")
    larger = await decided(world, of_family(told), other)
    await world.services.erasures.execute(world.officer, larger)
    found = {one.erasure: one for one in await world.services.erasures.overview(world.officer)}
    assert (found[smaller].state, found[smaller].subject) == ("dropped", None)
    (entry,) = await entries(world, "erasure.dropped.v1")
    assert entry.detail is not None
    assert getattr(entry.detail.event, "reason", None) == "superseded"
    with pytest.raises(NotFoundError):
        await world.services.erasures.ask(world.officer, of_child(told))


async def test_every_key_is_noted_once_and_nothing_is_left_to_carry_out(world: World) -> None:
    told = await told_family(world)
    erasure = await decided(world, of_family(told))
    await world.services.erasures.execute(world.officer, erasure)
    assert len(await entries(world, "erasure.executed.v1")) == 1
    noted = await rows(world, key_destructions)
    assert {row.kind for row in noted} == {"relationship", "person"}
    assert len({row.owner for row in noted}) == len(noted) == 3
    assert await count(world, relationship_keys) == 0
    assert await rows(world, families) == []
