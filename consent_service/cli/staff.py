"""`staff`: add and end people who work with the service, and link their login. Contacts of a child are
listed by a counsellor, not here."""

from __future__ import annotations

from typing import Final, get_args

import click

from consent_service.app import Services
from consent_service.cli import invitations
from consent_service.cli.admission import operator
from consent_service.cli.entering import WORDS, WORKING_DAYS, Orders, entry
from consent_service.cli.naming import find_school, find_staff, find_tenant, school_code
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.i18n import N_
from consent_service.identity.model import SchoolRole, StaffKind
from consent_service.organisations.model import SCHOOL_WEEK, NewStaff, Weekday, acting_as, check_staff
from consent_service.web.vocabulary import ROLES, WEEKDAYS

_KINDS: Final[tuple[StaffKind, ...]] = get_args(StaffKind)
_ROLES: Final[tuple[SchoolRole, ...]] = get_args(SchoolRole)
_NAMES: Final = {**ROLES, "school_staff": N_("Medewerker van de school")}
STAFF = entry("--staff", type=WORDS, required=True, words=N_("Het kenmerk uit `staff list`."))

_NEXT: Final = N_(
    "Nu nog het inloggen. Met een code koppelt deze persoon zelf: consent-service staff invite --staff {id} "
    "Of koppel zelf: consent-service staff link --staff {id} --provider ... --subject ... "
    "De inlogdiensten staan in: consent-service provider list"
)


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("staff", N_("Medewerkers van opvang en school."))
    _add_member(group)
    _place_member(group)
    _end_member(group)
    _link_member(group)
    invitations.add_to(group)

    @group.order("list", N_("Toon de medewerkers."))
    @TENANT
    def show(terminal: Terminal, tenant: str | None) -> None:
        headings = (
            N_("Kenmerk"),
            N_("Naam"),
            N_("Soort"),
            N_("School"),
            N_("Rol"),
            N_("Werkdagen"),
            N_("Weg sinds"),
        )
        terminal.table(headings, run_with(terminal, lambda services: _rows(terminal, services, tenant)))


def _add_member(group: Orders) -> None:
    @group.order("add", N_("Neem een medewerker op; het inloggen wordt apart gekoppeld."))
    @TENANT
    @entry("--kind", type=click.Choice(_KINDS), required=True, words=N_("Wat voor medewerker het is."))
    @entry("--name", type=WORDS, required=True, words=N_("De naam; die wordt versleuteld bewaard."))
    @entry("--school", type=WORDS, words=N_("De vestigingscode; alleen voor medewerkers van een school."))
    @entry("--role", type=click.Choice(_ROLES), words=N_("De rol op de school."))
    @entry(
        "--working-days",
        type=WORKING_DAYS,
        default=SCHOOL_WEEK,
        words=N_("De werkdagen, met komma's ertussen."),
    )
    @entry("--team", type=WORDS, words=N_("Het team in de opvang, als korte code."))
    def add(
        terminal: Terminal,
        tenant: str | None,
        kind: StaffKind,
        name: str,
        school: str | None,
        role: SchoolRole | None,
        working_days: tuple[Weekday, ...],
        team: str | None,
    ) -> None:
        _refuse_misplaced(kind, school, role)

        async def work(services: Services) -> str:
            shelter = (await find_tenant(services, tenant)).tenant
            where = (await find_school(services, shelter, school)).school if school else None
            new = NewStaff(kind, name, where, role, working_days, team or "")
            return await services.organisations.add_staff(operator(), shelter, new)

        added = run_with(terminal, work)
        terminal.say(N_("{name} is opgenomen: {id}"), name=name, id=added)
        terminal.complain(terminal.text(_NEXT, id=added))


def _place_member(group: Orders) -> None:
    @group.order("team", N_("Zet een medewerker van de opvang in een team; zonder --team in geen."))
    @TENANT
    @STAFF
    @entry("--team", type=WORDS, words=N_("Het team in de opvang, als korte code."))
    def place(terminal: Terminal, tenant: str | None, staff: str, team: str | None) -> None:
        async def work(services: Services) -> None:
            shelter = (await find_tenant(services, tenant)).tenant
            member = await find_staff(services, shelter, staff)
            await services.organisations.place_staff(operator(), shelter, member.staff, team or "")

        run_with(terminal, work)
        terminal.say(N_("Het team is vastgelegd."))


def _end_member(group: Orders) -> None:
    @group.order("end", N_("Deze medewerker is weg: lijsten, toewijzingen en sessies eindigen nu."))
    @TENANT
    @STAFF
    def end(terminal: Terminal, tenant: str | None, staff: str) -> None:
        async def work(services: Services) -> None:
            shelter = (await find_tenant(services, tenant)).tenant
            member = await find_staff(services, shelter, staff)
            await services.organisations.end_staff(operator(), shelter, member.staff)

        run_with(terminal, work)
        terminal.say(N_("De medewerker kan vanaf nu nergens meer bij."))


def _link_member(group: Orders) -> None:
    @group.order("link", N_("Koppel een login aan een medewerker; zonder koppeling komt niemand binnen."))
    @TENANT
    @STAFF
    @entry("--provider", type=WORDS, required=True, words=N_("De inlogdienst uit `provider list`."))
    @entry(
        "--subject", type=WORDS, required=True, words=N_("Het kenmerk waarmee die dienst de persoon kent.")
    )
    def link(terminal: Terminal, tenant: str | None, staff: str, provider: str, subject: str) -> None:
        async def work(services: Services) -> None:
            shelter = (await find_tenant(services, tenant)).tenant
            member = await find_staff(services, shelter, staff)
            code = await school_code(services, member)
            actor = acting_as(member)
            try:
                await services.identity.link_staff(operator(), provider, subject, actor, establishment=code)
            except NotFoundError as missing:
                raise InputError([Problem("provider", "cli.provider_unknown")]) from missing
            except ConflictError as linked:
                raise InputError([Problem("subject", "cli.already_linked")]) from linked

        run_with(terminal, work)
        terminal.say(N_("De login is gekoppeld."))


def _refuse_misplaced(kind: StaffKind, school: str | None, role: SchoolRole | None) -> None:
    """School and role belong to school staff; told before anything is opened.

    Raises:
        InputError: with every problem at once.
    """
    problems = check_staff(NewStaff(kind, "-", None, role)) if school is None else ()
    if school is not None and (kind != "school_staff" or role is None):
        code = "staff_school_unwanted" if kind != "school_staff" else "staff_role_missing"
        problems = (Problem("school" if kind != "school_staff" else "role", code),)
    if problems:
        raise InputError(problems)


async def _rows(terminal: Terminal, services: Services, tenant: str | None) -> list[tuple[str, ...]]:
    shelter = (await find_tenant(services, tenant)).tenant
    schools = {one.school: one.establishment_code for one in await services.organisations.schools(shelter)}
    async with services.installation.database.reading() as conn:
        members = await services.organisations.staff_members(conn, shelter)
    return [
        (
            one.staff,
            one.name,
            _with_code(terminal, one.kind),
            schools.get(one.school, "") if one.school else "",
            "" if one.role is None else _with_code(terminal, one.role),
            ", ".join(terminal.text(WEEKDAYS[day]) for day in one.working_days),
            one.ended_at.date().isoformat() if one.ended_at else "",
        )
        for one in members
    ]


def _with_code(terminal: Terminal, code: str) -> str:
    """What a kind or role is called, and what is typed for it."""
    return f"{terminal.text(_NAMES[code])} ({code})"
