"""`officer` and `factor`: the first privacy coordinator of a shelter, and codes for a first passkey."""

from __future__ import annotations

from typing import Final

from consent_service.app import Services
from consent_service.cli.admission import operator
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.naming import find_staff, find_tenant
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.staff import STAFF
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.i18n import N_
from consent_service.organisations.model import NewStaff

_NEXT: Final = N_(
    "Nu nog het inloggen: consent-service staff link --staff {id} --provider ... --subject ... "
    "Wie daar zonder tweede stap inlogt, voegt met deze code binnen 24 uur een toegangssleutel toe."
)
_KEPT: Final = N_("Geef de code alleen aan deze persoon zelf. Hij werkt één keer en is nergens bewaard.")


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    _first(commands.group_of("officer", N_("Privacyfunctionarissen van een opvang.")))
    _enrol_code(commands.group_of("factor", N_("De tweede stap bij het inloggen.")))


def _first(group: Orders) -> None:
    @group.order(
        "first",
        N_("Neem de eerste privacycoördinator van een opvang op, met een code voor een toegangssleutel."),
    )
    @TENANT
    @entry("--name", type=WORDS, required=True, words=N_("De naam; die wordt versleuteld bewaard."))
    def first(terminal: Terminal, tenant: str | None, name: str) -> None:
        async def work(services: Services) -> tuple[str, str]:
            shelter = (await find_tenant(services, tenant)).tenant
            async with services.installation.database.reading() as conn:
                members = await services.organisations.staff_members(conn, shelter)
            if any(one.kind == "privacy_coordinator" and one.ended_at is None for one in members):
                raise InputError([Problem("tenant", "cli.coordinator_there")])
            new = NewStaff("privacy_coordinator", name)
            staff = await services.organisations.add_staff(operator(), shelter, new)
            return staff, await services.identity.enrolments.give(operator(), shelter, staff)

        added, code = run_with(terminal, work)
        terminal.say(N_("{name} is opgenomen: {id}"), name=name, id=added)
        terminal.say(N_("Code voor een toegangssleutel: {code}"), code=code)
        terminal.complain(terminal.text(_KEPT))
        terminal.complain(terminal.text(_NEXT, id=added))


def _enrol_code(group: Orders) -> None:
    @group.order(
        "enrol-code", N_("Geef een medewerker een code om een eerste toegangssleutel toe te voegen.")
    )
    @TENANT
    @STAFF
    def give(terminal: Terminal, tenant: str | None, staff: str) -> None:
        async def work(services: Services) -> str:
            shelter = (await find_tenant(services, tenant)).tenant
            member = await find_staff(services, shelter, staff)
            if member.ended_at is not None:
                raise InputError([Problem("staff", "cli.staff_ended")])
            return await services.identity.enrolments.give(operator(), shelter, member.staff)

        code = run_with(terminal, work)
        terminal.say(N_("Code voor een toegangssleutel: {code}"), code=code)
        terminal.complain(terminal.text(_KEPT))
