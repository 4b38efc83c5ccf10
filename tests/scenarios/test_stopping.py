"""Stopping: withdrawn while waiting (2), another holder objects (3), somebody without a say objects (4)."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from consent_service.audit.events import InformationReleased, ReleaseRefused
from consent_service.consent.service import Target
from consent_service.families.model import NewGuardian, PersonIdentity
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import FamilyId, PersonId, new_id
from consent_service.records.model import ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from tests.scenarios.stories import (
    ADVICE,
    NOT_AVAILABLE,
    SUPPORT,
    ask,
    everything_said,
    sentence_of,
    share,
    told_family,
    trail,
)
from tests.shelter import SECRET, World


async def test_s02_what_waits_to_be_read_is_never_released_after_a_withdrawal(world: World) -> None:
    told = await told_family(world)
    await share(world, told.relationship, "Rust helpt ook.")
    stop = await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    assert stop.written
    for later in (timedelta(), timedelta(seconds=1), timedelta(days=1), timedelta(days=60)):
        world.clock.advance(later)
        await world.settle()
        answer = await ask(world, told.relationship)
        assert isinstance(answer, Refused)
        assert sentence_of(answer) == NOT_AVAILABLE
        assert ADVICE not in everything_said(answer)
    assert await trail(world, "information.released.v1") == ()
    refusals = await trail(world, "release.refused.v1", person=told.view.children[0].child)
    assert len(refusals) == 4
    for entry in refusals:
        assert entry.detail is not None
        assert isinstance(entry.detail.event, ReleaseRefused)
        codes = {one.information_type: one.code for one in entry.detail.event.refused}
        assert codes[SUPPORT] in ("gate_closed", "no_consent")
    assert await world.services.release.children_of_contact(world.contact, [told.relationship]) == ()


async def test_s02_nor_can_anything_new_be_put_in_the_queue(world: World) -> None:
    told = await told_family(world)
    target = Target(world.tenant, told.view.family, told.mother.guardian, ((told.relationship, SUPPORT),))
    await world.services.consent.withdraw(told.mother, target, method="page")
    refused = await world.services.records.share(
        world.counsellor, told.relationship, Note(SUPPORT, {"helps": "Nog iets."})
    )
    assert isinstance(refused, ShareRefused)
    assert refused.code == "no_consent"
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Refused)


async def test_s03_when_another_holder_objects_nothing_is_shared_and_the_officer_gets_a_task(
    world: World,
) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")), safety=SECRET)
    assert isinstance(await ask(world, told.relationship), Released)
    father = world.guardian(told.view, 1)
    await world.services.consent.object(
        father, Target(world.tenant, told.view.family, father.guardian), method="page"
    )

    answer = await ask(world, told.relationship)
    assert isinstance(answer, Refused)
    assert sentence_of(answer) == NOT_AVAILABLE
    refused = await world.services.records.share(
        world.counsellor, told.relationship, Note(SUPPORT, {"helps": "Rust."})
    )
    assert isinstance(refused, ShareRefused)
    assert refused.code == "objection"
    assert await world.services.release.children_of_contact(world.contact, [told.relationship]) == ()

    await world.settle()
    tasks = await world.services.tasks.open_tasks(world.officer)
    assert [(task.kind, task.relationship) for task in tasks] == [("objection_to_judge", told.relationship)]
    (entry, *_) = await trail(world, "release.refused.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, ReleaseRefused)
    assert {one.information_type: one.code for one in entry.detail.event.refused}[SUPPORT] == "objection"


async def test_s03_no_answer_to_the_objector_says_where_the_mother_is(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")), safety=SECRET)
    mother = PersonIdentity("Samira", "Voorbeeld", phone="06-12345678", email="samira@post.example")
    await world.services.families.change_identity(
        world.counsellor, told.view.family, told.mother.guardian, mother
    )
    father = world.guardian(told.view, 1)
    target = Target(world.tenant, told.view.family, father.guardian)
    services = world.services
    said = everything_said(
        await services.consent.object(father, target, method="page"),
        await services.families.own_family(father),
        list((await services.consent.own_answers(father)).values()),
        await services.rights.who_looked(father),
        await ask(world, told.relationship),
    )
    for secret in ("06-12345678", "samira@post.example", "Samira", told.mother.guardian, ADVICE):
        assert secret not in said
    with pytest.raises(NotFoundError):
        await services.release.preview(father, told.relationship, language="nl")


async def test_s04_who_has_no_authority_has_no_veto_and_hears_the_same_as_anybody(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "none")))
    father = world.guardian(told.view, 1)
    neutral = await world.services.consent.object(
        father, Target(world.tenant, told.view.family, father.guardian), method="page"
    )
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [{"helps": ADVICE}]
    (released,) = await trail(world, "information.released.v1")
    assert released.detail is not None
    assert isinstance(released.detail.event, InformationReleased)
    assert released.detail.event.types == (SUPPORT,)

    other = await told_family(
        world, guardians=(("Fleur", "holder"), ("Bram", "holder")), family_name="Anders"
    )
    holder = world.guardian(other.view, 1)
    real = await world.services.consent.object(
        holder, Target(world.tenant, other.view.family, holder.guardian), method="page"
    )
    assert msgspec.to_builtins(neutral) == msgspec.to_builtins(real)
    assert neutral.__struct_fields__ == ("at", "written")


async def test_s04_an_objection_is_answered_alike_whether_or_not_the_child_is_known(world: World) -> None:
    told = await told_family(world)
    stranger = PersonId(new_id())
    with pytest.raises(NotFoundError) as known:
        await world.services.consent.object(
            world.counsellor, Target(world.tenant, told.view.family, stranger), method="oral"
        )
    with pytest.raises(NotFoundError) as unknown:
        await world.services.consent.object(
            world.counsellor, Target(world.tenant, FamilyId(new_id()), stranger), method="oral"
        )
    assert str(known.value) == str(unknown.value)
    assert isinstance(await ask(world, told.relationship), Released)


async def test_s04_a_parent_without_authority_who_comes_later_has_no_veto_either(world: World) -> None:
    told = await told_family(world)
    late = await world.services.families.add_guardian(
        world.counsellor,
        told.view.family,
        NewGuardian(PersonIdentity("Karim", "Voorbeeld"), "none", "judgment"),
    )
    await world.services.consent.object(
        world.counsellor, Target(world.tenant, told.view.family, late), method="oral"
    )
    assert isinstance(await ask(world, told.relationship), Released)
