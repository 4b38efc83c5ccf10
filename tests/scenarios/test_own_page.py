"""The own page: what it shows to whom (9, 41, 44, 46, 50), and that a lost code is worth nothing (1)."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from consent_service.audit import events
from consent_service.consent.model import Receipt
from consent_service.consent.page_login import PageLogin, PageLoginRefused, Visitor
from consent_service.consent.service import Target
from consent_service.families.model import NOT_ASSESSED, SafetyAssessment
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import GuardianActor, PersonActor
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.scenarios.stories import SUPPORT, YES, ask, everything_said, share, told_family, trail
from tests.shelter import SECRET, World

PIN = "580241"
AT_HOME, ELSEWHERE = Visitor("198.51.100.7"), Visitor("203.0.113.9")
SIXTEEN = date(2010, 9, 2)


async def log_in(
    world: World, code: str, pin: str = PIN, visitor: Visitor = AT_HOME
) -> PageLogin | PageLoginRefused:
    """Both steps, as a browser takes them."""
    begun = await world.services.page_login.begin(code, visitor)
    return await world.services.page_login.log_in(code, pin, challenge=begun.challenge, visitor=visitor)


async def page_of(world: World, actor: PersonActor) -> str:
    """Everything the own page says, and who looked."""
    services = world.services
    view = await services.rights.own_view(actor)
    previews = [await services.release.preview(actor, one.relationship, language="nl") for one in view.places]
    return everything_said(
        view,
        previews,
        await services.rights.who_looked(actor),
        {f"{k}": v for k, v in (await services.consent.own_answers(actor)).items()},
    )


async def test_s1_after_stopping_on_the_own_page_the_next_fetch_is_denied(world: World) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    target = Target(world.tenant, told.view.family, told.mother.guardian, ((told.relationship, SUPPORT),))
    await world.services.consent.withdraw(told.mother, target, method="page")
    assert isinstance(await ask(world, told.relationship), Refused)
    (line,) = [
        line
        for line in await world.services.release.preview(told.mother, told.relationship, language="nl")
        if line.information_type == SUPPORT
    ]
    assert not line.shared


async def test_s9_at_16_the_parents_page_closes_and_the_young_person_has_an_own_one(world: World) -> None:
    view = await world.family(children=(("Noor", SIXTEEN),))
    relationship = await world.at_school(view.children[0].child)
    mother, noor = world.guardian(view), world.child(view)
    receipt = await world.intake(mother, YES)
    own = await world.intake(noor, YES)
    await share(world, relationship)
    services = world.services
    for actor, code in ((mother, receipt.withdrawal_code), (noor, own.withdrawal_code)):
        await services.page_access.choose_pin(actor, PIN, PIN)
        assert isinstance(await log_in(world, code), PageLogin)
    assert [one.child for one in (await services.rights.own_view(mother)).places] == [noor.child]

    world.clock.advance(local_midnight(date(2026, 9, 2)) - world.clock.now())
    assert (await services.rights.own_view(mother)).places == ()
    assert noor.child not in await page_of(world, mother)
    assert await services.changes.may_answer(mother) == {}
    hers = await services.rights.own_view(noor)
    assert (hers.voice, [one.relationship for one in hers.places]) == ("alone", [relationship])
    opened = await log_in(world, own.withdrawal_code)
    assert isinstance(opened, PageLogin)
    assert opened.opened.session.own == noor
    assert (relationship, SUPPORT) in await services.changes.may_answer(noor)


async def test_who_loses_authority_sees_nothing_of_the_child_and_is_told_no_reason(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "none")))
    father = world.guardian(told.view, 1)
    said = await page_of(world, father)
    child = told.view.children[0]
    for secret in (child.child, child.identity.given_names, told.relationship, world.linde):
        assert secret not in said


async def test_s41_two_parents_with_one_name_have_two_pages(world: World) -> None:
    view = await world.family(guardians=(("Kim", "holder"), ("Kim", "holder")))
    relationship = await world.at_school(view.children[0].child)
    one, other = world.guardian(view, 0), world.guardian(view, 1)
    first, second = await world.intake(one, YES), await world.intake(other, {})
    await world.services.page_access.choose_pin(one, PIN, PIN)
    await world.services.page_access.choose_pin(other, "135790", "135790")
    assert isinstance(await log_in(world, first.withdrawal_code, "135790"), PageLoginRefused)
    assert isinstance(await log_in(world, second.withdrawal_code), PageLoginRefused)
    for code, pin, actor in ((first, PIN, one), (second, "135790", other)):
        opened = await log_in(world, code.withdrawal_code, pin)
        assert isinstance(opened, PageLogin)
        assert opened.opened.session.own == actor
    answers = await world.services.consent.own_answers(other)
    assert answers[relationship, SUPPORT].answer == "no"


async def test_s44_the_own_page_names_no_other_guardian(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    father = world.guardian(told.view, 1)
    await world.intake(father, {}, otherwise="no")
    await ask(world, told.relationship)
    for mine, theirs in ((told.mother, father), (father, told.mother)):
        said = await page_of(world, mine)
        assert theirs.guardian not in said
        name = next(g for g in told.view.guardians if g.guardian == theirs.guardian).identity.given_names
        assert name not in said


async def test_s46_the_father_reads_nothing_of_safety_or_of_her_choices(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")), safety=SECRET)
    father = world.guardian(told.view, 1)
    receipt = await world.intake(father, {}, otherwise="later")
    await world.services.page_access.choose_pin(father, PIN, PIN)
    assert isinstance(await log_in(world, receipt.withdrawal_code), PageLogin)
    said = (await page_of(world, father)).lower()
    for word in ("veilig", "gevaar", "moeder", "samira", "andere ouder", "adres", "opvang zuid"):
        assert word not in said, word
    for word in ("noor", "linde", "013-5550101", world.linde, world.contact.staff):
        assert word not in said, word
    with pytest.raises(NotFoundError):
        await world.services.release.preview(father, told.relationship, language="nl")


async def fled(world: World) -> tuple[GuardianActor, GuardianActor, Receipt, RelationshipId]:
    """Both said yes; then she fled, and the child went to another school, which looked today.

    The mother, the father, his receipt and the child at the other school.
    """
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    father, family, services = world.guardian(told.view, 1), told.view.family, world.services
    receipt = await world.intake(father, YES)
    await services.families.assess_safety(world.counsellor, family, SECRET)
    await services.families.assess_guardian(
        world.counsellor, family, told.mother.guardian, msgspec.structs.replace(SECRET, secret_address=False)
    )
    await services.families.end_relationship(world.counsellor, told.relationship, "changed_school")
    await world.settle()
    world.clock.advance(timedelta(days=9))
    elsewhere = await world.at_school(told.view.children[0].child, world.eik)
    await world.intake(told.mother, YES)
    await share(world, elsewhere)
    assert isinstance(
        await services.release.to_school(world.eik_contact, Ask(elsewhere, "support")), Released
    )
    return told.mother, father, receipt, elsewhere


async def test_s46_after_she_fled_the_fathers_page_tells_nothing_of_the_child_or_the_new_school(
    world: World,
) -> None:
    mother, father, receipt, elsewhere = await fled(world)
    said = await page_of(world, father)
    own = await world.services.families.own_family(father)
    tablet = await world.services.families.own_family(father, at_tablet=True)
    said += everything_said(own.children, own.relationships, own.contacts, tablet.children, tablet.contacts)
    for secret in ("Noor", "Eik", "013-5550202", world.eik, elsewhere, world.eik_contact.staff, "2026-09-10"):
        assert secret not in said, secret
    assert await world.services.changes.may_answer(father) == {}
    with pytest.raises(NotFoundError):
        await world.services.release.preview(father, elsewhere, language="nl")
    for printed in (world.services.receipts.full, world.services.receipts.record):
        with pytest.raises(NotFoundError):
            await printed(father, receipt.sitting)
    assert (await world.services.consent.withdraw_by_code(receipt.withdrawal_code)).written

    hers = await world.services.rights.own_view(mother)
    assert [one.relationship for one in hers.places] == [elsewhere]
    assert [one.relationship for one in await world.services.rights.who_looked(mother)] == [elsewhere]
    assert (elsewhere, SUPPORT) in await world.services.changes.may_answer(mother)


async def test_s46_the_child_itself_sees_where_it_goes_to_school(world: World) -> None:
    view = await world.family(
        children=(("Noor", date(2012, 1, 1)),), guardians=(("Samira", "holder"), ("Karim", "holder"))
    )
    relationship = await world.at_school(view.children[0].child, world.eik)
    await world.services.families.assess_safety(world.counsellor, view.family, SECRET)
    places = (await world.services.rights.own_view(world.child(view))).places
    assert [(one.relationship, one.school) for one in places] == [(relationship, world.eik)]


@pytest.mark.parametrize("safety", [SECRET, NOT_ASSESSED])
async def test_s46_until_danger_is_ruled_out_the_only_guardian_sees_her_page_and_one_of_two_her_tablet(
    world: World, safety: SafetyAssessment
) -> None:
    alone = await told_family(world)
    pair = await told_family(
        world, family_name="Anders", guardians=(("Samira", "holder"), ("Karim", "holder"))
    )
    services = world.services
    for told in (alone, pair):
        await services.families.assess_safety(world.counsellor, told.view.family, safety)
    assert [one.relationship for one in (await services.rights.own_view(alone.mother)).places] == [
        alone.relationship
    ]
    assert (await services.rights.own_view(pair.mother)).places == ()
    assert await services.rights.who_looked(pair.mother) == ()
    at_tablet = await services.families.own_family(pair.mother, at_tablet=True)
    assert [one.relationship for one in at_tablet.relationships] == [pair.relationship]
    again = await world.intake(pair.mother, YES)
    assert (await services.receipts.record(pair.mother, again.sitting)).content


async def test_s50_the_father_with_her_receipt_learns_nothing_and_she_is_told(world: World) -> None:
    told = await told_family(world)
    code = told.receipt.withdrawal_code
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    nobodys = "0000-0000-0000-0000"
    hers = await world.services.page_login.begin(code, ELSEWHERE)
    theirs = await world.services.page_login.begin(nobodys, ELSEWHERE)
    assert (hers.message, theirs.message) == (None, None)
    for tried in (code, nobodys):
        assert await log_in(world, tried, "135790", ELSEWHERE) == PageLoginRefused()
    (entry,) = await trail(world, "page.refused.v1")
    assert entry.detail is not None
    assert entry.detail.event == events.PageRefused(told.mother.guardian, "pin")
    assert entry.detail.shown_to == told.mother.guardian


async def test_a_stolen_code_opens_nothing_and_stops_nothing_any_more(world: World) -> None:
    told = await told_family(world)
    code, family = told.receipt.withdrawal_code, told.view.family
    access = world.services.page_access
    await access.choose_pin(told.mother, PIN, PIN)
    opened = await log_in(world, code)
    assert isinstance(opened, PageLogin)
    fresh = await access.renew(world.counsellor, family, told.mother.guardian, reason="seen_by_other")
    identity = world.services.identity
    assert await identity.actor_for(opened.opened.token) is None
    assert await identity.actor_for_stop(opened.opened.token) is None
    assert await log_in(world, code) == PageLoginRefused()
    with pytest.raises(InputError):
        await world.services.consent.withdraw_by_code(code)
    assert isinstance(await ask(world, told.relationship), Released)

    assert await log_in(world, fresh) == PageLoginRefused()
    await access.choose_pin(told.mother, PIN, PIN)
    assert isinstance(await log_in(world, fresh), PageLogin)
    await world.services.consent.withdraw_by_code(fresh)
    assert isinstance(await ask(world, told.relationship), Refused)
    kinds = ["page.access_given.v1", "page.access_revoked.v1"]
    assert [type(e.detail.event).__name__ for e in await trail(world, *kinds) if e.detail] == [
        "PageAccessGiven",
        "PageAccessGiven",
        "PageAccessRevoked",
        "PageAccessGiven",
    ]


async def test_nobody_can_lock_her_out(world: World) -> None:
    told = await told_family(world)
    code = told.receipt.withdrawal_code
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    first = await log_in(world, code, visitor=Visitor(AT_HOME.address, remember=True))
    assert isinstance(first, PageLogin)
    known = Visitor("198.51.100.7", first.mark)
    refused = [await log_in(world, code, "135790", ELSEWHERE) for _ in range(8)]
    assert isinstance(refused[-1], PageLoginRefused)
    assert refused[-1].wait > timedelta()
    assert isinstance(await log_in(world, code, visitor=known), PageLogin)
    assert isinstance(await log_in(world, code, visitor=Visitor("192.0.2.44")), PageLogin)
    assert (await world.services.consent.withdraw_by_code(code)).written
    world.clock.advance(timedelta(hours=1))
    assert isinstance(await log_in(world, code, visitor=ELSEWHERE), PageLogin)


async def test_what_could_not_be_asked_before_cannot_be_answered_on_the_page(world: World) -> None:
    told = await told_family(world)
    asked = await world.services.changes.may_answer(told.mother)
    assert (told.relationship, TypeKey("child_health")) not in asked
