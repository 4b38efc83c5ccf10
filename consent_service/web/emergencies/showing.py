"""What the pages of break-glass have in common: labels, names, and why it was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from consent_service.foundation.ids import TenantId, TypeKey
from consent_service.identity.model import StaffActor
from consent_service.policy.decision import Refusal
from consent_service.policy.explain import sentence
from consent_service.process.emergencies.model import AskRefused, BreakGlass
from consent_service.web.components import FieldLine
from consent_service.web.sharing import share_fields
from consent_service.web.visit import Visit

_OF_FIELD = "field_"


def label_of(visit: Visit, kind: TypeKey) -> str:
    """What the type is called."""
    return visit.services.texts.of_type(visit.language, kind).label


async def names_of(visit: Visit, actor: StaffActor, found: Iterable[BreakGlass]) -> dict[str, str]:
    """Who asked and who agreed, by name."""
    asked = {person for one in found for person in (one.requested_by, one.approver) if person is not None}
    services = visit.services
    async with services.installation.database.reading() as conn:
        members = await services.organisations.staff_members(conn, actor.tenant, sorted(asked))
    return {one.staff: one.name for one in members}


async def why_refused(visit: Visit, tenant: TenantId, refused: AskRefused) -> str:
    """In words why safety forbids it even now."""
    services = visit.services
    async with services.installation.database.reading() as conn:
        rules = await services.policies.active_rules(conn, tenant)
    refusal = Refusal(refused.information_type, refused.code)
    return sentence(rules.bundle, refusal, audience="counsellor", language=visit.language)


def item_lines(visit: Visit, kind: TypeKey, said: Mapping[str, str]) -> tuple[FieldLine, ...]:
    """What the school would read, field by field, in the words of the type."""
    services = visit.services
    known = services.policies.proposal.catalogue.types[kind]
    fields = share_fields(known, services.texts.of_type(visit.language, kind))
    return tuple(
        FieldLine(field.label, _words(dict(field.pairs), said[_OF_FIELD + field.name]))
        for field in fields
        if said.get(_OF_FIELD + field.name)
    )


def _words(choices: Mapping[str, str], value: str) -> str:
    return choices.get(value, value)
