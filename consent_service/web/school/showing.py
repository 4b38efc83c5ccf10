"""What was opened for somebody at a school, as part of a page."""

from __future__ import annotations

from consent_service.foundation.i18n import translator
from consent_service.identity.model import SchoolStaff
from consent_service.release.model import Refused, Released
from consent_service.web.components import ReleasedPart
from consent_service.web.opened import released_part
from consent_service.web.visit import Visit
from consent_service.web.vocabulary import ROLES


async def released_to_school(
    visit: Visit, actor: SchoolStaff, outcome: Released | Refused, *, named: bool = True
) -> ReleasedPart:
    """The outcome of one request; not `named`: before the pupil was confirmed nobody reads who asks (S49)."""
    shelter = await visit.services.organisations.tenant(actor.tenant)
    role = translator(visit.language).text(ROLES["counsellor"])
    return released_part(
        outcome,
        catalogue=visit.services.policies.proposal.catalogue,
        texts=visit.services.texts.of(visit.language),
        at=visit.services.installation.clock.now(),
        written_by=f"{role}, {shelter.neutral_name}" if named else role,
        shown_as={"neutral": shelter.neutral_name, "organisation_name": shelter.name},
    )
