"""Finds what an operator means by a name, a code or an id; a wrong one is told beside its option."""

from __future__ import annotations

from consent_service.app import Services
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import StaffId, TenantId
from consent_service.organisations.model import School, StaffMember, Tenant


async def find_tenant(services: Services, named: str | None) -> Tenant:
    """The shelter with this id or name; the only one when none is named.

    Raises:
        InputError: none is, or it is not clear which.
    """
    everyone = await services.organisations.tenants()
    found = [one for one in everyone if named is None or named in (one.tenant, one.name)]
    if len(found) == 1:
        return found[0]
    code = "cli.tenant_unknown" if named is not None else "cli.tenant_needed"
    raise InputError([Problem("tenant", code if everyone else "cli.tenant_none")])


async def find_school(services: Services, tenant: TenantId, code: str) -> School:
    """The school of the shelter with this establishment code.

    Raises:
        InputError: there is none.
    """
    school = await services.organisations.school_by_code(tenant, code)
    if school is None:
        raise InputError([Problem("school", "school_unknown")])
    return school


async def find_staff(services: Services, tenant: TenantId, member: str) -> StaffMember:
    """The member of staff with this id.

    Raises:
        InputError: nobody with this id works here now.
    """
    async with services.installation.database.reading() as conn:
        found = await services.organisations.staff_members(conn, tenant, [StaffId(member)])
    if not found or found[0].ended_at is not None:
        raise InputError([Problem("staff", "cli.staff_unknown")])
    return found[0]


async def school_code(services: Services, member: StaffMember) -> str:
    """The establishment code of the school somebody works at; empty for who works at the shelter."""
    if member.school is None:
        return ""
    return (await services.organisations.school(member.tenant, member.school)).establishment_code
