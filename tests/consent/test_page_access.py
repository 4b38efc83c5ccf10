"""Choosing, taking away and renewing: who may, for whom, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from consent_service.app import build_services
from consent_service.consent.codes import code_hash, normalised_code
from consent_service.consent.page_access import PageAccess
from consent_service.consent.tables import withdrawal_codes
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import INSTALLATION, FamilyId, PersonId, new_id
from consent_service.foundation.notifier import MailNotifier, MailServer
from consent_service.identity.model import GuardianActor
from consent_service.identity.tables import page_factors
from tests.ledger import rows
from tests.scenarios.stories import told_family
from tests.shelter import World

PIN = "580241"


@pytest.fixture
def mailing(world: World) -> World:
    """The world with mail and no text messages; nothing is sent here."""
    server = MailServer("127.0.0.1", 9, "noreply@ruggensteun.example")
    parts = msgspec.structs.replace(world.services.installation, notifier=MailNotifier(server))
    world.services = build_services(parts)
    return world


def codes_of(refused: pytest.ExceptionInfo[InputError]) -> set[tuple[str, str]]:
    return {(problem.field, problem.code) for problem in refused.value.problems}


async def test_a_birth_date_of_the_family_is_no_pin(world: World) -> None:
    view = await world.family(children=(("Noor", date(2018, 5, 4)), ("Sem", date(2016, 11, 30))))
    for pin in ("040518", "301116", "161130"):
        with pytest.raises(InputError) as refused:
            await world.services.page_access.choose_pin(world.guardian(view), pin, pin)
        assert codes_of(refused) == {("pin", "page.pin_birth_date")}
    assert await rows(world, page_factors) == []


async def test_a_parents_birth_date_is_no_pin_of_the_other_parent_or_of_a_child(world: World) -> None:
    view = await world.family(
        children=(("Noor", date(2012, 1, 1)),), guardians=(("Samira", "holder"), ("Karim", "holder"))
    )
    born, samira = date(1990, 7, 23), view.guardians[0]
    identity = msgspec.structs.replace(samira.identity, birth_date=born)
    await world.services.families.change_identity(world.counsellor, view.family, samira.guardian, identity)
    for actor in (world.guardian(view, 0), world.guardian(view, 1), world.child(view)):
        with pytest.raises(InputError) as refused:
            await world.services.page_access.choose_pin(actor, f"{born:%d%m%y}", f"{born:%d%m%y}")
        assert codes_of(refused) == {("pin", "page.pin_birth_date")}


async def test_a_channel_that_others_read_or_that_is_not_offered_is_refused_at_once(mailing: World) -> None:
    mother = mailing.guardian(await mailing.family())
    access = mailing.services.page_access
    assert access.offered_channels() == ("mail",)
    with pytest.raises(InputError) as refused:
        await access.choose_channel(mother, "sms", "no number", only_mine=False)
    assert codes_of(refused) == {
        ("only_mine", "page.not_only_you"),
        ("factor", "page.not_offered"),
        ("address", "page.sms_form"),
    }
    with pytest.raises(InputError) as refused:
        await access.choose_channel(mother, "mail", "samira", only_mine=True)
    assert codes_of(refused) == {("address", "page.mail_form")}
    with pytest.raises(InputError):
        await access.choose_channel(mother, "mail", "samira@example.org", only_mine=False)
    assert await access.chosen_factor(mother) is None
    await access.choose_channel(mother, "mail", "samira@example.org", only_mine=True)
    assert await access.chosen_factor(mother) == "mail"


async def test_somebody_who_is_not_of_the_family_secures_nothing(world: World) -> None:
    told = await told_family(world)
    for stranger in (
        GuardianActor(world.tenant, PersonId(new_id()), told.view.family),
        GuardianActor(world.tenant, told.mother.guardian, FamilyId(new_id())),
    ):
        with pytest.raises(NotFoundError):
            await world.services.page_access.choose_pin(stranger, PIN, PIN)


async def test_only_who_decides_has_access_and_the_counsellor_sees_no_code(world: World) -> None:
    view = await world.family(children=(("Noor", date(2018, 5, 4)), ("Lina", date(2013, 1, 1))))
    await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {})
    await world.services.page_access.choose_pin(world.guardian(view), PIN, PIN)
    found = await world.services.page_access.access_of(world.counsellor, view.family)
    lina = next(one.child for one in view.children if one.identity.given_names == "Lina")
    assert set(found) == {
        PageAccess(view.guardians[0].guardian, False, True, "pin"),
        PageAccess(lina, True, False, None),
    }


async def test_a_young_child_gets_no_code_and_a_stranger_neither(world: World) -> None:
    told = await told_family(world)
    access, family = world.services.page_access, told.view.family
    before = await rows(world, withdrawal_codes)
    with pytest.raises(InputError) as refused:
        await access.renew(world.counsellor, family, told.view.children[0].child, reason="lost")
    assert codes_of(refused) == {("person", "page.too_young")}
    with pytest.raises(NotFoundError):
        await access.renew(world.counsellor, family, PersonId(new_id()), reason="lost")
    with pytest.raises(NotAllowedError):
        await access.renew(world.colleague, family, told.mother.guardian, reason="lost")
    with pytest.raises(NotAllowedError):
        await access.access_of(world.colleague, family)
    assert await rows(world, withdrawal_codes) == before


async def test_revoking_names_the_reason_and_touches_nobody_else(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Anders")
    await world.services.page_access.revoke(
        world.counsellor, told.view.family, told.mother.guardian, reason="stolen"
    )
    (gone,) = await rows(world, withdrawal_codes, guardian=told.mother.guardian)
    (kept,) = await rows(world, withdrawal_codes, guardian=other.mother.guardian)
    assert (gone.revoked_because, gone.revoked_at) == ("stolen", world.clock.now())
    assert kept.revoked_at is None


async def test_a_stop_that_was_accepted_before_the_code_was_revoked_still_counts(world: World) -> None:
    told = await told_family(world)
    consent, journal = world.services.consent, world.services.installation.journal
    code = normalised_code(told.receipt.withdrawal_code)
    assert code is not None
    before = journal.accept(
        "withdrawal", tenant=INSTALLATION, at=world.clock.now(), subject={"code": code_hash(code), "keys": ""}
    )
    world.clock.advance(timedelta(seconds=1))
    await world.services.page_access.revoke(
        world.counsellor, told.view.family, told.mother.guardian, reason="stolen"
    )
    world.clock.advance(timedelta(seconds=1))
    assert await consent.replay(before)
    answers = await consent.own_answers(told.mother)
    assert not any(standing.is_yes for standing in answers.values())
