"""`tenant`, `school`, `agreement`: who takes part, and what was agreed with whom."""

from __future__ import annotations

from datetime import date
from typing import cast, get_args

import click

from consent_service.app import Services
from consent_service.cli.admission import operator
from consent_service.cli.entering import DAY, PHONE, WORDS, Orders, WrongValueError, entry
from consent_service.cli.naming import find_school, find_tenant
from consent_service.cli.opening import run_with
from consent_service.cli.terminal import Terminal
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import AgreementId
from consent_service.organisations.model import (
    Agreement,
    NewSuccession,
    SchoolDetails,
    SuccessionDocument,
    check_school,
    is_valid_on,
)

TENANT = entry("--tenant", type=WORDS, words=N_("De opvang: naam of kenmerk. Niet nodig als er maar één is."))


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    _add_tenants(commands.group_of("tenant", N_("Opvangorganisaties.")))
    _add_schools(commands.group_of("school", N_("Scholen waarmee een opvang werkt.")))
    _add_agreements(commands.group_of("agreement", N_("Convenanten tussen opvang en school.")))


def _add_tenants(group: Orders) -> None:
    @group.order("add", N_("Neem een opvangorganisatie op, met eigen sleutels en een eigen logboek."))
    @entry("--name", type=WORDS, required=True, words=N_("De naam van de organisatie."))
    @entry(
        "--neutral-name",
        type=WORDS,
        required=True,
        words=N_("De naam die niets verraadt, bijvoorbeeld Hulporganisatie."),
    )
    @entry("--phone", type=PHONE, required=True, words=N_("Het neutrale nummer dat dag en nacht opneemt."))
    def add(terminal: Terminal, name: str, neutral_name: str, phone: str) -> None:
        async def work(services: Services) -> str:
            if any(one.name == name for one in await services.organisations.tenants()):
                raise InputError([Problem("name", "cli.name_taken")])
            tenant = await services.organisations.register_tenant(
                operator(), name=name, neutral_name=neutral_name, phone=phone
            )
            await services.policies.ensure_active(tenant)
            return tenant

        terminal.say(N_("{name} is opgenomen: {id}"), name=name, id=run_with(terminal, work))

    @group.order("list", N_("Toon de opvangorganisaties."))
    def show(terminal: Terminal) -> None:
        async def work(services: Services) -> list[tuple[str, ...]]:
            found = await services.organisations.tenants()
            return [(one.tenant, one.name, one.neutral_name, one.phone) for one in found]

        headings = (N_("Kenmerk"), N_("Naam"), N_("Neutrale naam"), N_("Telefoon"))
        terminal.table(headings, run_with(terminal, work))


def _add_schools(group: Orders) -> None:
    _add_school(group)
    _add_succession(group)

    @group.order("list", N_("Toon de scholen van een opvang."))
    @TENANT
    def show(terminal: Terminal, tenant: str | None) -> None:
        headings = (N_("Code"), N_("Naam"), N_("Straat"), N_("Plaats"), N_("Telefoon"), N_("Convenant"))
        terminal.table(
            headings, run_with(terminal, lambda services: _school_rows(terminal, services, tenant))
        )


def _add_school(group: Orders) -> None:
    @group.order("add", N_("Neem een school op."))
    @TENANT
    @entry(
        "--establishment-code", type=WORDS, required=True, words=N_("BRIN en vestiging, bijvoorbeeld 12AB00.")
    )
    @entry("--name", type=WORDS, required=True, words=N_("De naam van de school."))
    @entry("--street", type=WORDS, required=True, words=N_("Straat en huisnummer."))
    @entry("--town", type=WORDS, required=True, words=N_("De plaats."))
    @entry("--phone", type=PHONE, required=True, words=N_("Het telefoonnummer van de school."))
    def add(terminal: Terminal, tenant: str | None, **fields: str) -> None:
        details = SchoolDetails(**fields)
        if problems := check_school(details):
            raise InputError(problems)

        async def work(services: Services) -> str:
            shelter = await find_tenant(services, tenant)
            return await services.organisations.register_school(operator(), shelter.tenant, details)

        terminal.say(N_("{name} is opgenomen: {id}"), name=details.name, id=run_with(terminal, work))


def _add_succession(group: Orders) -> None:
    @group.order("succession", N_("Leg vast dat een school verdergaat als een andere school."))
    @TENANT
    @entry("--school", type=WORDS, required=True, words=N_("De vestigingscode van de school."))
    @entry("--successor", type=WORDS, required=True, words=N_("De vestigingscode van de opvolger."))
    @entry(
        "--document",
        type=click.Choice(get_args(SuccessionDocument)),
        required=True,
        words=N_("Welk document u zag: merger_deed, board_decision of ministry_register."),
    )
    @entry("--decided-on", type=DAY, required=True, words=N_("De dag van het besluit."))
    def succession(
        terminal: Terminal, tenant: str | None, school: str, successor: str, document: str, decided_on: date
    ) -> None:
        async def work(services: Services) -> str:
            shelter = await find_tenant(services, tenant)
            new = NewSuccession(
                (await find_school(services, shelter.tenant, school)).school,
                (await find_school(services, shelter.tenant, successor)).school,
                cast("SuccessionDocument", document),
                decided_on,
            )
            return await services.organisations.record_succession(operator(), shelter.tenant, new)

        terminal.say(
            N_("De opvolging is vastgelegd: {id}. Per kind kiest de begeleider of het delen verdergaat."),
            id=run_with(terminal, work),
        )


def _add_agreements(group: Orders) -> None:
    @group.order("sign", N_("Leg een convenant vast; zonder geldig convenant wordt niets gedeeld."))
    @TENANT
    @entry("--school", type=WORDS, required=True, words=N_("De vestigingscode van de school."))
    @entry("--valid-from", type=DAY, required=True, words=N_("De eerste dag."))
    @entry(
        "--valid-until",
        type=DAY,
        callback=_not_before_start,
        words=N_("De laatste dag; leeg is zonder einde."),
    )
    def sign(
        terminal: Terminal, tenant: str | None, school: str, valid_from: date, valid_until: date | None
    ) -> None:
        async def work(services: Services) -> str:
            shelter = await find_tenant(services, tenant)
            found = await find_school(services, shelter.tenant, school)
            return await services.organisations.sign_agreement(
                operator(), shelter.tenant, found.school, valid_from=valid_from, valid_until=valid_until
            )

        terminal.say(N_("Het convenant is vastgelegd: {id}"), id=run_with(terminal, work))

    @group.order("end", N_("Beëindig een convenant; vanaf nu wordt niets meer gedeeld."))
    @TENANT
    @entry("--agreement", type=WORDS, required=True, words=N_("Het kenmerk uit `school list`."))
    def end(terminal: Terminal, tenant: str | None, agreement: str) -> None:
        async def work(services: Services) -> None:
            shelter = await find_tenant(services, tenant)
            await services.organisations.end_agreement(operator(), shelter.tenant, AgreementId(agreement))

        run_with(terminal, work)
        terminal.say(N_("Het convenant is beëindigd."))


def _not_before_start(ctx: object, _param: object, value: date | None) -> date | None:
    start = getattr(ctx, "params", {}).get("valid_from")
    if value is not None and start is not None and value < start:
        raise WrongValueError("ends_before_start")
    return value


async def _school_rows(terminal: Terminal, services: Services, tenant: str | None) -> list[tuple[str, ...]]:
    shelter = await find_tenant(services, tenant)
    rows: list[tuple[str, ...]] = []
    for school in await services.organisations.schools(shelter.tenant):
        async with services.installation.database.reading() as conn:
            found = await services.organisations.agreements_with(conn, shelter.tenant, school.school)
        now = services.installation.clock.now()
        valid = [one for one in found if is_valid_on(one, local_date(now), now)]
        agreed = ", ".join(_in_words(terminal, one) for one in valid) or terminal.text(N_("geen"))
        rows.append(
            (school.establishment_code, school.name, school.street, school.town, school.phone, agreed)
        )
    return rows


def _in_words(terminal: Terminal, agreement: Agreement) -> str:
    if agreement.valid_until is None:
        return agreement.agreement
    return terminal.text(N_("{id} tot en met {day}"), id=agreement.agreement, day=agreement.valid_until)
