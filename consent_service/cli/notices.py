"""`notices`: messages that wait, mails that came back, addresses of staff. See docs/NOTICES.md."""

from __future__ import annotations

import sys

from consent_service.app import Services
from consent_service.cli.admission import operator
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.naming import find_staff, find_tenant
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.i18n import N_
from consent_service.process.notices.bounces import LARGEST, read_bounce
from consent_service.process.notices.overview import Waiting, waiting_in


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("notices", N_("Berichten dat er iets klaarstaat."))
    _add_status(group)
    _add_bounce(group)
    _add_address(group)


def _add_status(group: Orders) -> None:
    @group.order("status", N_("Toon hoeveel berichten wachten en hoe het versturen afliep; zonder personen."))
    @TENANT
    def status(terminal: Terminal, tenant: str | None) -> None:
        async def work(services: Services) -> Waiting:
            shelter = await find_tenant(services, tenant)
            async with services.installation.database.reading() as conn:
                return await waiting_in(conn, shelter.tenant, services.installation.clock.now())

        found = run_with(terminal, work)
        terminal.table((N_("Stand"), N_("Aantal")), [(one, str(number)) for one, number in found.states])
        if found.oldest_minutes:
            sentence = N_("Het oudste bericht dat nu weg mag, wacht {count} minuten.")
            terminal.say(sentence, count=found.oldest_minutes)


def _add_bounce(group: Orders) -> None:
    @group.order(
        "bounce",
        N_("Lees van de invoer een mail die terugkwam, en probeer dat adres niet meer."),
        admission="anybody",
    )
    def bounce(terminal: Terminal) -> None:
        """Piped by the mail server, where nobody logs in; it can only stop messages to one address."""

        async def work(services: Services) -> int | None:
            found = read_bounce(_typed_in())
            if found is None:
                return None
            tenants = await services.organisations.tenants()
            return sum([await services.notice_bounces.take(one.tenant, found) for one in tenants])

        count = run_with(terminal, work)
        if count is None:
            terminal.say(N_("Dit is geen melding dat een bericht van ons niet aankwam."))
            return
        terminal.say(N_("Van {count} berichten is vastgelegd dat het adres niet werkt."), count=count)


def _typed_in() -> bytes:
    try:
        return sys.stdin.buffer.read(LARGEST + 1)
    except OSError:  # there is no input
        return b""


def _add_address(group: Orders) -> None:
    @group.order(
        "address", N_("Geef aan waar berichten voor een medewerker heen gaan: een adres van het werk.")
    )
    @TENANT
    @entry("--staff", type=WORDS, required=True, words=N_("Het kenmerk uit `staff list`."))
    @entry("--mail", type=WORDS, words=N_("Het adres; zonder adres gaan er geen berichten meer."))
    def address(terminal: Terminal, tenant: str | None, staff: str, mail: str | None) -> None:
        async def work(services: Services) -> None:
            shelter = await find_tenant(services, tenant)
            member = await find_staff(services, shelter.tenant, staff)
            try:
                await services.notice_inbox.enter_address(
                    operator(), shelter.tenant, member.staff, mail or ""
                )
            except InputError as refused:
                raise InputError([Problem("mail", one.code) for one in refused.problems]) from refused

        run_with(terminal, work)
        terminal.say(N_("Dit is bewaard."))
