"""An invented shelter with two schools, their agreements and everybody who works there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import msgspec

from consent_service.app import Services
from consent_service.demo.provider import DEMO_LEVEL, Person
from consent_service.foundation.clock import local_date
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import SchoolId, StaffId, TenantId
from consent_service.identity.levels import DEMO_FACTOR_LEVEL
from consent_service.identity.model import (
    Counsellor,
    Fg,
    Operator,
    PrivacyCoordinator,
    SchoolRole,
    SchoolStaff,
    StaffActor,
    StaffKind,
)
from consent_service.organisations.model import SCHOOL_WEEK, NewStaff, SchoolDetails, Weekday

OPERATOR: Final = Operator("demo")
SHELTER: Final = "Opvang De Haven"
NEUTRAL_NAME: Final = "Hulporganisatie"
"""By which a school knows it until a parent chose otherwise."""
LINDE: Final = SchoolDetails("12AB00", "De Linde", "Lindelaan 1", "Tilburg", "013-5550101")
EIK: Final = SchoolDetails("34CD01", "De Eik", "Eikstraat 2", "Tilburg", "013-5550202")


class Member(msgspec.Struct, frozen=True):
    """Somebody invented who works for the shelter or a school; `subject` is the login."""

    subject: str
    name: str
    kind: StaffKind
    does: str
    school: SchoolDetails | None = None
    role: SchoolRole | None = None
    days: tuple[Weekday, ...] = SCHOOL_WEEK


CAST: Final = (
    Member("bo", "Bo Begeleider", "counsellor", N_("begeleider van de drie gezinnen")),
    Member("cas", "Cas Collega", "counsellor", N_("begeleider die invalt en als tweede goedkeurt")),
    Member("ida", "Ida Intern", "school_staff", N_("contactpersoon van De Linde"), LINDE, "contact"),
    Member(
        "dirk",
        "Dirk Dekker",
        "school_staff",
        N_("vervanger van Ida op De Linde"),
        LINDE,
        "contact",
        ("thu", "fri"),
    ),
    Member("jip", "Jip Juf", "school_staff", N_("leerkracht op De Linde"), LINDE, "teacher"),
    Member(
        "nel", "Nel Nieuw", "school_staff", N_("nieuw op De Linde, nog niet uitgenodigd"), LINDE, "contact"
    ),
    Member("eva", "Eva Eik", "school_staff", N_("contactpersoon van De Eik"), EIK, "contact"),
    Member("puk", "Puk Privacy", "privacy_coordinator", N_("privacycoördinator van de opvang")),
    Member(
        "ties",
        "Ties Tweede",
        "privacy_coordinator",
        N_("tweede privacycoördinator; andere regels keuren zij samen goed"),
    ),
    Member("frits", "Frits Gerritsen", "fg", N_("functionaris gegevensbescherming (FG)")),
)


_LEVELS: Final[Mapping[StaffKind, str]] = {
    "privacy_coordinator": DEMO_FACTOR_LEVEL,
    "fg": DEMO_FACTOR_LEVEL,
}
NOT_LINKED: Final = frozenset({"nel"})
"""Who logs in only after an invitation."""


class Shelter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The furnished shelter: its id, its schools by establishment code, its people by login."""

    tenant: TenantId
    schools: dict[str, SchoolId]
    people: dict[str, StaffActor]

    def counsellor(self, login: str = "bo") -> Counsellor:
        """The counsellor with this login."""
        actor = self.people[login]
        if not isinstance(actor, Counsellor):
            raise TypeError(login)
        return actor

    def officer(self) -> PrivacyCoordinator:
        """Who decides over privacy here."""
        return next(one for one in self.people.values() if isinstance(one, PrivacyCoordinator))

    def at_school(self, login: str) -> SchoolStaff:
        """The member of school staff with this login."""
        actor = self.people[login]
        if not isinstance(actor, SchoolStaff):
            raise TypeError(login)
        return actor


def people() -> tuple[Person, ...]:
    """Who one can be at the demo provider; officers would show a second factor there."""
    return tuple(
        Person(
            member.subject,
            member.name,
            member.does,
            _LEVELS.get(member.kind, DEMO_LEVEL),
            school=member.school.establishment_code if member.school else "",
        )
        for member in CAST
    )


async def furnish(services: Services) -> Shelter:
    """Register the shelter, its schools, agreements for this and the next year, and all staff."""
    organisations = services.organisations
    tenant = await organisations.register_tenant(
        OPERATOR, name=SHELTER, neutral_name=NEUTRAL_NAME, phone="0800-5550000"
    )
    await services.policies.ensure_active(tenant)
    today = local_date(services.installation.clock.now())
    schools = {}
    for details in (LINDE, EIK):
        school = await organisations.register_school(OPERATOR, tenant, details)
        schools[details.establishment_code] = school
        first, last = date(today.year, 1, 1), date(today.year + 1, 12, 31)
        await organisations.sign_agreement(OPERATOR, tenant, school, valid_from=first, valid_until=last)
    staff = {member.subject: await _add(services, tenant, schools, member) for member in CAST}
    return Shelter(tenant, schools, staff)


async def _add(
    services: Services, tenant: TenantId, schools: dict[str, SchoolId], member: Member
) -> StaffActor:
    school = schools[member.school.establishment_code] if member.school else None
    new = NewStaff(member.kind, member.name, school, member.role, member.days)
    staff = await services.organisations.add_staff(OPERATOR, tenant, new)
    return _actor(tenant, staff, school, member)


def _actor(tenant: TenantId, staff: StaffId, school: SchoolId | None, member: Member) -> StaffActor:
    match member.kind:
        case "counsellor":
            return Counsellor(tenant, staff)
        case "privacy_coordinator":
            return PrivacyCoordinator(tenant, staff)
        case "fg":
            return Fg(tenant, staff)
        case "school_staff":
            if school is None or member.role is None:
                raise TypeError(member.subject)
            return SchoolStaff(tenant, staff, school, member.role)


def last_school_day(today: date) -> date:
    """Today, or the Friday before a weekend: nobody is absent on a Sunday."""
    return today - timedelta(days=max(0, today.weekday() - 4))


def review_day(services: Services) -> date:
    """The day on which a safety assessment made now is looked at again."""
    return local_date(services.installation.clock.now()) + timedelta(days=90)
