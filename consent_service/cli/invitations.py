"""`staff invite`, `staff invitations`, `staff revoke-invitation`: codes to link a login."""

from __future__ import annotations

from typing import Final

from consent_service.app import Services
from consent_service.cli.admission import operator
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.naming import find_staff, find_tenant
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.i18n import N_
from consent_service.identity.invitations import Invited

_STAFF: Final = entry("--staff", type=WORDS, required=True, words=N_("Het kenmerk uit `staff list`."))
_INVITATION: Final = entry(
    "--invitation", type=WORDS, required=True, words=N_("Het kenmerk uit `staff invitations`.")
)


def add_to(group: Orders) -> None:
    """Add the commands of this module to the group `staff`."""
    _invite(group)
    _revoke(group)

    @group.order("invitations", N_("Toon de uitnodigingen die nog gebruikt kunnen worden."))
    @TENANT
    def show(terminal: Terminal, tenant: str | None) -> None:
        headings = (N_("Kenmerk"), N_("Naam"), N_("Gemaakt op"), N_("Geldig tot"))
        terminal.table(headings, run_with(terminal, lambda services: _rows(services, tenant)))


def _invite(group: Orders) -> None:
    @group.order("invite", N_("Maak een code waarmee een medewerker zelf een login koppelt."))
    @TENANT
    @_STAFF
    def invite(terminal: Terminal, tenant: str | None, staff: str) -> None:
        async def work(services: Services) -> Invited:
            shelter = (await find_tenant(services, tenant)).tenant
            member = await find_staff(services, shelter, staff)
            return await services.organisations.invite_staff(operator(), shelter, member.staff)

        made = run_with(terminal, work)
        terminal.say(made.code)
        terminal.complain(
            terminal.text(
                N_(
                    "Geef deze code alleen aan die persoon: hij werkt één keer, tot {day}, op de pagina "
                    "/uitnodiging. Een eerdere code werkt niet meer."
                ),
                day=local_date(made.expires_at).isoformat(),
            )
        )


def _revoke(group: Orders) -> None:
    @group.order("revoke-invitation", N_("Trek een uitnodiging in: de code werkt dan niet meer."))
    @TENANT
    @_INVITATION
    def revoke(terminal: Terminal, tenant: str | None, invitation: str) -> None:
        async def work(services: Services) -> None:
            shelter = (await find_tenant(services, tenant)).tenant
            try:
                await services.identity.invitations.revoke(operator(), shelter, invitation)
            except NotFoundError as missing:
                raise InputError([Problem("invitation", "cli.invitation_unknown")]) from missing

        run_with(terminal, work)
        terminal.say(N_("De uitnodiging is ingetrokken. De code werkt niet meer."))


async def _rows(services: Services, tenant: str | None) -> list[tuple[str, ...]]:
    shelter = (await find_tenant(services, tenant)).tenant
    waiting = await services.identity.invitations.open_of(operator(), shelter)
    async with services.installation.database.reading() as conn:
        members = await services.organisations.staff_members(conn, shelter, [one.staff for one in waiting])
    names = {member.staff: member.name for member in members}
    return [
        (
            one.invitation,
            names.get(one.staff, ""),
            local_date(one.created_at).isoformat(),
            local_date(one.expires_at).isoformat(),
        )
        for one in waiting
    ]
