"""The ledger only grows: not even the service itself can change or remove a decision."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from consent_service.audit.events import By
from consent_service.consent.ledger import NOTHING_SHOWN, NewDecision, write_decisions
from consent_service.consent.model import Shown
from consent_service.consent.reading import read_decisions
from consent_service.consent.states import ABOUT_A_DECISION, DecisionKind
from consent_service.consent.tables import consent_ledger
from consent_service.foundation.ids import DecisionId, TypeKey, new_id
from tests.ledger import count, entries, version
from tests.shelter import World

KINDS: dict[DecisionKind, str] = {
    "given": "consent.given.v1",
    "refused": "consent.refused.v1",
    "later": "consent.later.v1",
    "withdrawn": "consent.withdrawn.v1",
    "objected": "consent.objected.v1",
    "objection_lifted": "consent.objection_lifted.v1",
    "opinion_yes": "consent.opinion.v1",
    "opinion_no": "consent.opinion.v1",
    "invalidated": "consent.invalidated.v1",
    "suspended": "consent.suspended.v1",
    "resumed": "consent.resumed.v1",
}
SHOWN = Shown(
    language="nl", text_version="consent.support_advice@1", text_hash="0" * 64, screen_hash="0" * 64
)


async def test_a_decision_is_neither_changed_nor_removed_nor_replaced(world: World) -> None:
    view = await world.family()
    await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes"})
    database = world.services.installation.database
    async with database.reading() as conn:
        before = (await conn.execute(select(consent_ledger))).all()
    replaced = {**dict(before[0]._mapping), "kind": "given"}
    attempts = [
        update(consent_ledger).values(kind="given"),
        update(consent_ledger).where(consent_ledger.c.kind == "refused").values(valid_until=None),
        delete(consent_ledger),
    ]
    if database.is_sqlite:
        attempts.append(insert(consent_ledger).prefix_with("OR REPLACE").values(replaced))
    for attempt in attempts:
        with pytest.raises(DBAPIError, match="insert-only"):
            async with database.transaction() as conn:
                await conn.execute(attempt)
    async with database.reading() as conn:
        assert (await conn.execute(select(consent_ledger))).all() == before


async def test_every_kind_of_decision_has_its_entry_tagged_for_who_decided(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    relationship = await world.at_school(view.children[0].child)
    samira, karim = (one.guardian for one in view.guardians)
    now = world.clock.now()
    decisions = [
        NewDecision(
            relationship=relationship,
            information_type=TypeKey("support_advice"),
            person=samira,
            capacity="holder",
            kind=kind,
            method="page",
            decided_at=now + timedelta(days=1),
            concerns=DecisionId(new_id()) if kind in ABOUT_A_DECISION else None,
            shown=SHOWN,
            valid_until=now + timedelta(days=30),
        )
        for kind in KINDS
    ]
    before = await version(world, relationship)
    async with world.services.installation.database.transaction() as conn:
        ids = await write_decisions(
            conn,
            world.services.log,
            tenant=world.tenant,
            by=By("guardian", samira),
            now=now,
            decisions=decisions,
        )
        kept = await read_decisions(conn, world.tenant, [relationship])

    assert {row.decision for row in kept} == set(ids)
    assert {row.decided_at for row in kept} == {now}  # a decision of tomorrow is one of now
    assert await version(world, relationship) == before + 1
    shown = await entries(world, *set(KINDS.values()), shown_to=samira)
    assert sorted(entry.type for entry in shown) == sorted(KINDS.values())
    assert await entries(world, *set(KINDS.values()), shown_to=karim) == ()


async def test_when_the_log_takes_no_entry_no_decision_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await world.family()
    await world.at_school(view.children[0].child)

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("consent_service.audit.log._insert", broken)
    with pytest.raises(RuntimeError, match="planted"):
        await world.intake(world.guardian(view), {"shelter_involvement": "yes"})
    assert await count(world, consent_ledger) == 0


@pytest.mark.parametrize("planted", [{"shown": NOTHING_SHOWN}, {"valid_until": None}])
async def test_a_yes_without_its_text_or_its_end_is_never_written(
    world: World, planted: dict[str, object]
) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    yes = NewDecision(
        relationship=relationship,
        information_type=TypeKey("support_advice"),
        person=view.guardians[0].guardian,
        capacity="holder",
        kind="given",
        method="page",
        decided_at=world.clock.now(),
        shown=SHOWN,
        valid_until=world.clock.now() + timedelta(days=30),
    )
    with pytest.raises(ValueError, match="names its text"):
        async with world.services.installation.database.transaction() as conn:
            await write_decisions(
                conn,
                world.services.log,
                tenant=world.tenant,
                by=By("guardian", yes.person),
                now=world.clock.now(),
                decisions=[msgspec.structs.replace(yes, **planted)],
            )
    assert await count(world, consent_ledger) == 0
