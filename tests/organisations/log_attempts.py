"""For `test_isolation`: attempts at exports of the log, erasures, pruning, and the keys and heads of logs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path

from consent_service.audit.finding import FoundEntries
from consent_service.audit.heads.kept import newest_signed
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.log_keys import current_log
from consent_service.custody.circle import Circle, circle_of
from consent_service.families.model import FamilyView
from consent_service.foundation.i18n import translator
from consent_service.foundation.ids import FamilyId, StaffId, TenantId
from consent_service.identity.client_scopes import Scope
from consent_service.identity.model import (
    ChildActor,
    GuardianActor,
    MachineClient,
    Operator,
    PrivacyCoordinator,
    by,
)
from consent_service.keyring.secret import Secret
from consent_service.keyring.view_keys import view_key
from consent_service.organisations.model import NewStaff
from consent_service.rights import exporting
from consent_service.rights.accountability.service import Wanted as Asked
from consent_service.rights.erasure_model import Wanted
from consent_service.rights.exports.model import Order, Written
from consent_service.rights.pruning import PruningOrder
from consent_service.web.officer.wording import LogWords
from tests.shelter import OPERATOR, World

Attempt = Callable[[], Awaitable[object]]
LONG_AGO = date(2021, 1, 1)
WITNESS = "witness.example.org"


@dataclass(frozen=True)
class Aim:
    """What the first shelter has that the second one is after."""

    own: World
    other: World
    view: FamilyView
    circle: Circle
    theirs: FamilyView
    asked: str
    approved: str
    key: Secret
    note: bytes
    origin: str

    async def seen(self, asked: Awaitable[object]) -> object:
        """The answer to an act the second shelter may do for itself; nothing where it tells of no other."""
        told = repr(await asked)
        mine = (self.own.tenant, self.origin, self.view.family, *self.circle.people)
        return told if any(one in told for one in mine) else None


async def log_attempts(own: World, other: World, view: FamilyView) -> dict[str, Attempt]:
    """Each method of these doors, called for the second shelter with what is of the first."""
    aim = await _aim(own, other, view)
    return {
        **_erasing(aim),
        **_typed(aim),
        **_exports(aim),
        **_documents(aim),
        **_bundles(aim),
        **_upkeep(aim),
    }


async def _aim(own: World, other: World, view: FamilyView) -> Aim:
    erasures, child, guardian = own.services.erasures, view.children[0].child, view.guardians[0].guardian
    second = await own.services.organisations.add_staff(
        OPERATOR, own.tenant, NewStaff("privacy_coordinator", "Pim Privacy")
    )
    asked = await erasures.ask(own.officer, Wanted("child", child, "requested"))
    approved = await erasures.ask(own.officer, Wanted("family", view.family, "requested"))
    await erasures.approve(PrivacyCoordinator(own.tenant, StaffId(second)), approved)
    await own.services.sequencer.run_once(own.tenant)
    async with own.services.installation.database.reading() as conn:
        keys = await own.services.installation.ring.person_keys(conn, own.tenant, [guardian])
        log, circle = (
            await current_log(conn, own.tenant),
            await circle_of(conn, own.tenant, "family", view.family),
        )
        assert log is not None
        head = await newest_signed(conn, log)
    assert circle is not None
    assert head is not None
    KnownHeads(own.services.installation.journal.path.with_name("heads.jsonl")).claim(log.origin, WITNESS)
    return Aim(
        own=own,
        other=other,
        view=view,
        circle=circle,
        theirs=await other.family(family_name="Elders"),
        asked=asked,
        approved=approved,
        key=view_key(own.services.installation.ring, keys[guardian]),
        note=head[1],
        origin=log.origin,
    )


def _erasing(aim: Aim) -> dict[str, Attempt]:
    s, own, other, circle = aim.other.services, aim.own, aim.other, aim.circle
    child, guardian = circle.children[0], circle.guardians[0]

    async def destroy_all(family: FamilyId, *, whole: bool) -> None:
        """Says only how many keys were meant; whose they were is in the rows."""
        aimed = Circle(other.tenant, family, whole, circle.children, circle.guardians, circle.relationships)
        async with s.installation.database.transaction() as conn:
            await s.custody.destroy_all(conn, aimed, who=by(other.officer))

    def ask(wanted: Wanted) -> Attempt:
        return lambda: s.erasures.ask(other.officer, wanted)

    return {
        "custody.destroy_all": lambda: destroy_all(circle.family, whole=True),
        "custody.destroy_all at one's own family": lambda: destroy_all(aim.theirs.family, whole=False),
        "erasures.ask": ask(Wanted("child", child, "requested")),
        "erasures.ask of a guardian": ask(Wanted("person", guardian, "requested")),
        "erasures.ask of a family": ask(Wanted("family", circle.family, "requested")),
        "erasures.overview": lambda: s.erasures.overview(other.officer),
        "erasures.overview elsewhere": lambda: s.erasures.overview(other.officer, tenant=own.tenant),
        "erasures.approve": lambda: s.erasures.approve(other.officer, aim.asked),
        "erasures.drop": lambda: s.erasures.drop(other.officer, aim.asked),
        "erasures.execute": lambda: s.erasures.execute(other.officer, aim.approved),
        "erasures.execute elsewhere": lambda: s.erasures.execute(
            other.officer, aim.approved, tenant=own.tenant
        ),
        "erasures.execute by an operator": lambda: s.erasures.execute(
            OPERATOR, aim.approved, tenant=other.tenant
        ),
        "pruning.prune": lambda: s.pruning.prune(
            OPERATOR, PruningOrder(own.tenant, other.officer.staff, LONG_AGO)
        ),
        "pruning.prune one's own": lambda: aim.seen(
            s.pruning.prune(OPERATOR, PruningOrder(other.tenant, other.officer.staff, LONG_AGO))
        ),
    }


def _typed(aim: Aim) -> dict[str, Attempt]:
    """An operator types what a coordinator decided: one of the other shelter decides nothing at this one.

    "for a stranger": what is the second shelter's own, decided by a coordinator of the first.
    """
    s, own, other = aim.other.services, aim.own, aim.other
    child, family = aim.circle.children[0], aim.circle.family
    here, elsewhere, stranger = other.tenant, own.tenant, own.officer.staff
    decided = other.officer.staff

    def ask(wanted: Wanted, tenant: TenantId, coordinator: StaffId) -> Attempt:
        return lambda: s.erasures.ask(OPERATOR, wanted, tenant=tenant, coordinator=coordinator)

    def approve(tenant: TenantId, coordinator: StaffId) -> Attempt:
        return lambda: done_with(
            s.erasures.approve(OPERATOR, aim.asked, tenant=tenant, coordinator=coordinator)
        )

    def drop(tenant: TenantId, coordinator: StaffId) -> Attempt:
        return lambda: done_with(s.erasures.drop(OPERATOR, aim.asked, tenant=tenant, coordinator=coordinator))

    theirs = Order(here, coordinator=stranger)
    words, folder = LogWords(s.texts.of("nl")), s.installation.journal.path.parent
    return {
        "erasures.ask by an operator": ask(Wanted("child", child, "requested"), elsewhere, decided),
        "erasures.ask by an operator here": ask(Wanted("family", family, "requested"), here, decided),
        "erasures.ask for a stranger": ask(Wanted("family", aim.theirs.family, "requested"), here, stranger),
        "erasures.approve by an operator": approve(elsewhere, decided),
        "erasures.approve by an operator here": approve(here, decided),
        "erasures.approve for a stranger": approve(here, stranger),
        "erasures.drop by an operator": drop(elsewhere, decided),
        "erasures.drop by an operator here": drop(here, decided),
        "erasures.drop for a stranger": drop(here, stranger),
        "pruning.prune for a stranger": lambda: done_with(
            s.pruning.prune(OPERATOR, PruningOrder(here, stranger, LONG_AGO))
        ),
        "bundles.write for a stranger": lambda: s.bundles.write(
            OPERATOR, exporting.Wanted(here, coordinator=stranger), BytesIO()
        ),
        "bundles.find for a stranger": lambda: done_with(
            s.bundles.find(OPERATOR, here, aim.key, coordinator=stranger)
        ),
        "exports.processing for a stranger": lambda: done_with(
            s.exports.processing(OPERATOR, theirs, folder / "s", words, request_name="Verzoek")
        ),
        "exports.access for a stranger": lambda: done_with(
            s.exports.access(OPERATOR, theirs, folder / "t", words)
        ),
        "exports.client_view for a stranger": lambda: done_with(
            s.exports.client_view(
                OPERATOR,
                Order(here, person=aim.theirs.guardians[0].guardian, coordinator=stranger),
                folder / "u",
                words,
                translator("nl"),
            )
        ),
    }


async def done_with(asked: Awaitable[object]) -> bool:
    """That it was done at all is what gets through, whatever came of it."""
    await asked
    return True


def _documents(aim: Aim) -> dict[str, Attempt]:
    s, own, other = aim.other.services, aim.own, aim.other
    wanted = Asked("register", "json")
    decided = Asked("register", "json", coordinator=other.officer.staff)
    return {
        "accountability.take": lambda: s.accountability.take(other.officer, own.tenant, wanted),
        "accountability.take by an operator": lambda: s.accountability.take(OPERATOR, own.tenant, decided),
    }


def _exports(aim: Aim) -> dict[str, Attempt]:
    """Who decided at one shelter is nobody at the other; a person of the first is not in the second's log."""
    s, officer = aim.other.services, aim.other.officer
    words, said = LogWords(s.texts.of("nl")), translator("nl")
    folder = s.installation.journal.path.parent
    theirs, decided = Order(aim.own.tenant), Order(aim.own.tenant, coordinator=officer.staff)
    person = Order(aim.other.tenant, person=aim.circle.guardians[0])

    async def found(target: Path, asked: Awaitable[Written]) -> bytes | None:
        await asked
        return await asyncio.to_thread(target.read_bytes) or None

    def processing(actor: PrivacyCoordinator | Operator, order: Order, name: str) -> Attempt:
        target = folder / name
        return lambda: found(
            target, s.exports.processing(actor, order, target, words, request_name="Verzoek")
        )

    return {
        "exports.processing": processing(officer, theirs, "a"),
        "exports.processing on a decision": processing(OPERATOR, decided, "b"),
        "exports.processing of a person": processing(officer, person, "c"),
        "exports.access": lambda: s.exports.access(officer, theirs, folder / "d", words),
        "exports.access on a decision": lambda: s.exports.access(OPERATOR, decided, folder / "e", words),
        "exports.access of a person": lambda: s.exports.access(officer, person, folder / "f", words),
        "exports.client_view": lambda: s.exports.client_view(
            officer, Order(aim.own.tenant, person=aim.circle.guardians[0]), folder / "g", words, said
        ),
        "exports.client_view in one's own": lambda: s.exports.client_view(
            officer, person, folder / "h", words, said
        ),
    }


def _bundles(aim: Aim) -> dict[str, Attempt]:
    s, own, other = aim.other.services, aim.own, aim.other
    officer, child, guardian = other.officer, aim.circle.children[0], aim.circle.guardians[0]
    bundles, family = s.bundles, aim.circle.family
    theirs = exporting.Wanted(own.tenant, guardian, hidden=True, with_view_key=True)
    decided = exporting.Wanted(own.tenant, coordinator=officer.staff)
    person = exporting.Wanted(other.tenant, guardian, with_view_key=True)
    system = MachineClient(other.tenant, "log-auditor", frozenset(Scope))

    async def found(asked: Awaitable[FoundEntries]) -> object:
        told = await asked
        return (*told.tagged, *told.released)

    return {
        "client_answers.heads": lambda: s.client_answers.heads(system, own.tenant),
        "client_answers.schools": lambda: s.client_answers.schools(system, own.tenant),
        "bundles.write": lambda: bundles.write(officer, theirs, BytesIO()),
        "bundles.write on a decision": lambda: bundles.write(OPERATOR, decided, BytesIO()),
        "bundles.write of a person": lambda: bundles.write(officer, person, BytesIO()),
        "bundles.write_own": lambda: bundles.write_own(
            GuardianActor(other.tenant, guardian, family), BytesIO()
        ),
        "rights.looks_at_children": lambda: s.rights.looks_at_children(
            GuardianActor(other.tenant, guardian, family)
        ),
        "bundles.write_own by a child": lambda: bundles.write_own(
            ChildActor(other.tenant, child, family), BytesIO()
        ),
        "bundles.find": lambda: bundles.find(officer, own.tenant, aim.key),
        "bundles.find on a decision": lambda: bundles.find(
            OPERATOR, own.tenant, aim.key, coordinator=officer.staff
        ),
        "bundles.find in one's own": lambda: found(bundles.find(officer, other.tenant, aim.key)),
    }


def _upkeep(aim: Aim) -> dict[str, Attempt]:
    """The operator's: an officer is refused, and what is done for one shelter leaves the other's log be."""
    s, own, other = aim.other.services, aim.own, aim.other
    heads, officer = s.log_heads, other.officer

    async def dismissed() -> object:
        return await heads.dismiss(OPERATOR, other.tenant, WITNESS) or None

    return {
        "log_heads.state": lambda: aim.seen(heads.state(other.tenant)),
        "log_heads.learn": lambda: heads.learn(officer, aim.note),  # type: ignore[arg-type]
        "log_heads.dismiss": lambda: heads.dismiss(officer, own.tenant, WITNESS),  # type: ignore[arg-type]
        "log_heads.dismiss by an operator": dismissed,
        "log_heads.rotate": lambda: heads.rotate(officer, own.tenant, urgency="planned"),  # type: ignore[arg-type]
        "log_heads.rotate by an operator": lambda: aim.seen(
            heads.rotate(OPERATOR, other.tenant, urgency="planned")
        ),
        "log_heads.reopen": lambda: heads.reopen(officer, own.tenant, why="restored"),  # type: ignore[arg-type]
        "log_heads.reopen by an operator": lambda: aim.seen(
            heads.reopen(OPERATOR, other.tenant, why="restored")
        ),
        "log_heads.accept": lambda: heads.accept(officer),  # type: ignore[arg-type]
        "publisher.publish": lambda: s.publisher.publish(other.tenant),
        "publisher.ask_again": lambda: s.publisher.ask_again(other.tenant),
    }
