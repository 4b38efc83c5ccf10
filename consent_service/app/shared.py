"""What most services are made of, made once."""

from __future__ import annotations

import msgspec

from consent_service.audit.log import AuditLog
from consent_service.families.attesting import SchoolTerms
from consent_service.families.model import Ages
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.stop_journal import StopJournal
from consent_service.information.model import Catalogue
from consent_service.information.texts import Texts
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService
from consent_service.policy.service import PolicyService


class Shared(msgspec.Struct, frozen=True):
    """What most services are made of."""

    database: Database
    ring: KeyRing
    log: AuditLog
    clock: Clock
    journal: StopJournal
    organisations: OrganisationService
    policies: PolicyService
    catalogue: Catalogue
    texts: Texts
    ages: Ages
    school_terms: SchoolTerms
    drafts_allowed: bool
