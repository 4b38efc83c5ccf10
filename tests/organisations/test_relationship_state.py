"""Every act that may change a release raises the version that a release is guarded by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import msgspec

from consent_service.consent.changes import Change
from consent_service.consent.opinions import Opinion
from consent_service.consent.service import Target
from consent_service.consent.statement import Answered, Statement
from consent_service.consent.tables import consent_ledger
from consent_service.families.model import NewAuthority, NewGuardian, PersonIdentity
from consent_service.foundation.ids import AgreementId, DecisionId, RecordId, RelationshipId, TypeKey
from consent_service.identity.model import ChildActor
from consent_service.organisations.model import NewSuccession
from consent_service.organisations.relationship_state import set_next_change
from consent_service.organisations.tables import agreements, relationship_state
from consent_service.records.model import Shared
from consent_service.records.service import Note
from tests.ledger import rows, version
from tests.policy.changing import switched_to_tighter
from tests.shelter import OPERATOR, SAFE, SECRET, World

Act = Callable[[], Awaitable[object]]
SUPPORT = TypeKey("support_advice")
KARIM = NewGuardian(PersonIdentity("Karim", "Voorbeeld"), None)
BORN = date(2018, 5, 4)


async def acts_of(world: World) -> tuple[RelationshipId, dict[str, Act]]:
    """Everything that can be done to one relationship, in an order in which each still can be."""
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    child, mother = view.children[0].child, world.guardian(view)
    await world.intake(mother, {"shelter_involvement": "yes", "support_advice": "yes"})
    s, who = world.services, world.counsellor
    hers = Target(world.tenant, view.family, mother.guardian)
    fact = NewAuthority("holder", "judgment", date(2026, 1, 1))

    told = Statement(
        family=view.family,
        person=mother.guardian,
        method="paper",
        said_on=date(2026, 9, 1),
        language="nl",
        interpreter="none",
        answers=(Answered(relationship, SUPPORT, "no", "x@1"),),
        form="x",
        kept="family_file",
    )
    written: list[RecordId] = []

    async def invalidate() -> None:
        row = (await rows(world, consent_ledger, kind="given"))[0]
        await s.consent.invalidate(who, hers, DecisionId(row.decision))

    async def end_agreement() -> None:
        row = (await rows(world, agreements, school=world.linde))[0]
        await s.organisations.end_agreement(OPERATOR, world.tenant, AgreementId(row.agreement))

    async def share() -> None:
        note = Note(SUPPORT, {"helps": "Rust."})
        shared = await s.records.share(who, relationship, note)
        assert isinstance(shared, Shared)
        written.append(shared.record)

    async def retract() -> None:
        await s.records.retract(who, relationship, written.pop())

    async def end_stand_in() -> None:
        await s.organisations.end_staff(OPERATOR, world.tenant, world.colleague.staff)

    async def sign() -> None:
        await world.intake(mother, {"shelter_involvement": "yes"})

    said = Opinion(
        relationship=relationship,
        counsellor=who.staff,
        faces={SUPPORT: "yes"},
        shown={SUPPORT: world.shown(SUPPORT)},
    )
    markers: list[str] = []

    async def request_marker() -> None:
        markers.append(await s.families.request_marker(who, view.family, mother.guardian, date(2026, 10, 1)))

    async def decide_marker() -> None:
        await s.families.decide_marker(world.colleague, markers[-1], approve=True)

    async def move_to_successor() -> None:
        merger = NewSuccession(world.linde, world.eik, "merger_deed", date(2026, 1, 1))
        succession = await s.organisations.record_succession(OPERATOR, world.tenant, merger)
        await s.families.move_to_successor(who, relationship, succession)

    noor = PersonIdentity("Nora", "Voorbeeld", BORN)
    return relationship, {
        "share": share,
        "retract": retract,
        "sign": sign,
        "suspend a text": lambda: s.wording.suspend(
            world.officer, world.shown("shelter_involvement").text_hash
        ),
        "resume a text": lambda: s.wording.resume(
            world.officer, world.shown("shelter_involvement").text_hash
        ),
        "withdraw": lambda: s.consent.withdraw(mother, hers, method="page"),
        "answer on the own page": lambda: s.changes.answer(
            mother, Change(relationship, SUPPORT, "yes", world.shown(SUPPORT))
        ),
        "object": lambda: s.consent.object(mother, hers, method="page"),
        "lift_objection": lambda: s.consent.lift_objection(mother, hers),
        "invalidate": invalidate,
        "pass_on": lambda: s.passed_on.record(who, told),
        "hear the child": lambda: s.opinions.record(ChildActor(world.tenant, child, view.family), said),
        "judge_competence": lambda: s.families.judge_competence(
            who, view.family, child, competent=False, reason="too_upset"
        ),
        "add_child": lambda: s.families.add_child(who, view.family, noor),
        "add_guardian": lambda: s.families.add_guardian(who, view.family, KARIM),
        "change_identity": lambda: s.families.change_identity(who, view.family, child, noor),
        "record_authority": lambda: s.families.record_authority(
            who, view.family, child=child, guardian=mother.guardian, fact=fact
        ),
        "assess_safety": lambda: s.families.assess_safety(who, view.family, SAFE),
        "assess_guardian": lambda: s.families.assess_guardian(
            who, view.family, mother.guardian, msgspec.structs.replace(SECRET, secret_address=False)
        ),
        "request_marker": request_marker,
        "decide_marker": decide_marker,
        "end_marker": lambda: s.families.end_marker(who, view.family, markers[-1]),
        "list_contact": lambda: s.families.list_contact(who, relationship, world.teacher.staff),
        "remove_contact": lambda: s.families.remove_contact(who, relationship, world.teacher.staff),
        "declare_conflict": lambda: s.families.declare_conflict(who, relationship, world.contact.staff),
        "stand_in": lambda: s.families.stand_in(world.colleague, view.family, "night_duty"),
        "end_staff of the shelter": end_stand_in,
        "end_staff of the school": lambda: s.organisations.end_staff(
            OPERATOR, world.tenant, world.teacher.staff
        ),
        "end_agreement": end_agreement,
        "sign_agreement": lambda: s.organisations.sign_agreement(
            OPERATOR, world.tenant, world.linde, valid_from=date(2026, 1, 1), valid_until=None
        ),
        "activate other policies": lambda: switched_to_tighter(world),
        "move_to_successor": move_to_successor,
        "destroy": lambda: s.custody.destroy(world.officer, relationship),
        "end_family": lambda: s.families.end_family(who, view.family, "night_departure"),
    }


async def test_every_act_raises_the_version_and_asks_for_a_fresh_look(world: World) -> None:
    relationship, acts = await acts_of(world)
    silent = []
    for name, act in acts.items():
        world.clock.advance(timedelta(seconds=1))
        before = await version(world, relationship)
        await act()
        (row,) = await rows(world, relationship_state, relationship=relationship)
        if row.version <= before or row.next_change_at != world.clock.now():
            silent.append(name)
    assert silent == []


async def test_an_act_elsewhere_leaves_the_version_alone(world: World) -> None:
    view, other = await world.family(), await world.family(family_name="Anders")
    here = await world.at_school(view.children[0].child)
    there = await world.at_school(other.children[0].child, world.eik)
    before = await version(world, here)
    await world.services.families.assess_safety(world.counsellor, other.family, SAFE)
    await world.services.families.end_relationship(world.counsellor, there, "moved_out")
    await world.services.organisations.end_staff(OPERATOR, world.tenant, world.eik_contact.staff)
    assert await version(world, here) == before


async def test_until_when_a_decision_holds_is_noted_only_for_the_version_it_was_taken_on(
    world: World,
) -> None:
    view = await world.family()
    here = await world.at_school(view.children[0].child)
    current, until = await version(world, here), world.clock.now() + timedelta(hours=1)
    for seen, expected in ((current - 1, world.clock.now()), (current, until)):
        async with world.services.installation.database.transaction() as conn:
            await set_next_change(conn, world.tenant, here, version=seen, next_change_at=until)
        (row,) = await rows(world, relationship_state, relationship=here)
        assert (row.version, row.next_change_at) == (current, expected)
