"""For `test_isolation`: attempts at requests of another shelter's people, and at its desk."""

from __future__ import annotations

from consent_service.families.model import FamilyView
from consent_service.foundation.ids import StaffId
from consent_service.identity.model import Fg, GuardianActor
from consent_service.organisations.model import NewStaff
from consent_service.rights.cases.model import Asked, Received
from consent_service.rights.desk import KeyHealth
from tests.organisations.log_attempts import Attempt
from tests.shelter import OPERATOR, World


async def case_attempts(own: World, other: World, view: FamilyView) -> dict[str, Attempt]:
    """The second shelter's people, with a request of the first one's."""
    cases, who, child = other.services.cases, other.officer, view.children[0]
    mother = own.guardian(view)
    thief = GuardianActor(other.tenant, mother.guardian, view.family)
    case = await own.services.cases.ask(mother, Asked("portability"))
    member = NewStaff("fg", "Fem")
    fg = Fg(
        other.tenant, StaffId(await other.services.organisations.add_staff(OPERATOR, other.tenant, member))
    )
    letter = Received(
        kind="access",
        channel="letter",
        received_on=own.clock.now().date(),
        capacity="guardian",
        asker=view.guardians[0].identity.full_name,
        child_names=child.identity.full_name,
        birth_date=child.identity.birth_date,
    )

    async def matched() -> object:
        found = await cases.receive(who, letter)
        return (await cases.view(who, found)).case.requester

    async def granted() -> object:
        async with other.services.installation.database.transaction() as conn:
            return await cases.granted(conn, other.tenant, case, "portability")

    async def keys() -> object:
        found = await other.services.desk.key_health(who)
        return None if found == KeyHealth(backed_up_at=found.backed_up_at) else found

    async def log() -> object:
        mine = await own.services.desk.log_health(own.officer)
        return None if await other.services.desk.log_health(who) != mine else mine

    asked, guardian = Asked("portability"), mother.guardian
    return {
        "cases.ask": lambda: cases.ask(thief, asked),
        "cases.own": lambda: cases.own(thief),
        "cases.pass_on": lambda: cases.pass_on(other.counsellor, view.family, guardian, asked, "letter"),
        "cases.receive": matched,
        "cases.of_family": lambda: cases.of_family(other.counsellor, view.family),
        "cases.view": lambda: cases.view(who, case),
        "cases.identify": lambda: cases.identify(who, case, "document"),
        "cases.extend": lambda: cases.extend(who, case, "many"),
        "cases.advise": lambda: cases.advise(fg, case, "agree"),
        "cases.decide": lambda: cases.decide(who, case, "refuse", ground="unknown"),
        "cases.finish": lambda: cases.finish(who, case, "letter"),
        "cases.withdraw": lambda: cases.withdraw(who, case),
        "cases.granted": granted,
        "desk.key_health": keys,
        "desk.log_health": log,
        "signals.read_by": lambda: other.services.signals.read_by(own.contact),
    }
