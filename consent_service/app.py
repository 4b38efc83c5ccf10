"""The only wiring: settings -> database -> keys -> services -> Litestar."""

from __future__ import annotations

from pathlib import Path

import msgspec

from consent_service.audit.log import AuditLog
from consent_service.audit.log_keys import current_log
from consent_service.audit.sequencer import Sequencer
from consent_service.consent.service import ConsentService
from consent_service.consent.sittings import SittingService
from consent_service.custody.service import CustodyService
from consent_service.custody.stops import replay_stops
from consent_service.families.service import FamilyService
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import INSTALLATION
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.service import IdentityService, LoginRules
from consent_service.information.texts import Texts, load_texts
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService
from consent_service.policy.service import PolicyService, load_rules
from consent_service.process.follower import Follower
from consent_service.process.service import TaskService
from consent_service.records.service import RecordService
from consent_service.release.service import ReleaseService
from consent_service.rights.service import RightsService
from consent_service.rights.supervision import SupervisionService


class Installation(msgspec.Struct, frozen=True):
    """What an installation is made of before any service: where it keeps things, what time it is."""

    database: Database
    ring: KeyRing
    clock: Clock
    journal: StopJournal
    policies: Path
    login: LoginRules
    log_host: str
    drafts_allowed: bool


class Services(msgspec.Struct, frozen=True):
    """Every door of the installation."""

    installation: Installation
    log: AuditLog
    sequencer: Sequencer
    organisations: OrganisationService
    identity: IdentityService
    families: FamilyService
    policies: PolicyService
    texts: Texts
    sittings: SittingService
    consent: ConsentService
    records: RecordService
    release: ReleaseService
    custody: CustodyService
    follower: Follower
    tasks: TaskService
    rights: RightsService
    supervision: SupervisionService

    async def install(self) -> None:
        """Tie the database to its keystore, open the installation's own log and each tenant's rules.

        Raises:
            ConfigurationError: the keystore is not the one this database was made with.
        """
        async with self.installation.database.transaction() as conn:
            await self.installation.ring.install(conn)
            if await current_log(conn, INSTALLATION) is None:
                host = self.installation.log_host
                await self.log.open(conn, tenant=INSTALLATION, host=host)
        for tenant in await self.organisations.tenants():
            await self.policies.ensure_active(tenant.tenant)

    async def replay_stops(self) -> int:
        """Carry out every journalled stop; nothing is released before this has succeeded."""
        replayers = (self.consent.replay, self.families.replay, self.custody.replay)
        return await replay_stops(self.installation.journal, replayers)


def build_services(parts: Installation) -> Services:
    """Put the services together; opens nothing and starts nothing."""
    database, ring, clock, journal = parts.database, parts.ring, parts.clock, parts.journal
    log = AuditLog(ring, clock)
    rules = load_rules(parts.policies)
    texts = load_texts(parts.policies)
    identity = IdentityService(database, ring, log, clock, rules=parts.login)
    organisations = OrganisationService(
        database=database, ring=ring, log=log, clock=clock, identity=identity, log_host=parts.log_host
    )
    families = FamilyService(
        database=database,
        ring=ring,
        log=log,
        clock=clock,
        journal=journal,
        organisations=organisations,
    )
    policies = PolicyService(
        database=database, log=log, clock=clock, folder=parts.policies, proposal=rules
    )
    return Services(
        installation=parts,
        log=log,
        sequencer=Sequencer(database, ring, clock),
        organisations=organisations,
        identity=identity,
        families=families,
        policies=policies,
        texts=texts,
        sittings=SittingService(
            database=database,
            ring=ring,
            log=log,
            clock=clock,
            organisations=organisations,
            catalogue=rules.catalogue,
            texts=texts,
            drafts_allowed=parts.drafts_allowed,
        ),
        consent=ConsentService(
            database=database,
            log=log,
            clock=clock,
            journal=journal,
            organisations=organisations,
            catalogue=rules.catalogue,
        ),
        records=RecordService(
            database=database,
            ring=ring,
            log=log,
            clock=clock,
            journal=journal,
            organisations=organisations,
            policies=policies,
        ),
        release=ReleaseService(
            database=database,
            ring=ring,
            log=log,
            clock=clock,
            journal=journal,
            organisations=organisations,
            policies=policies,
        ),
        custody=CustodyService(database=database, ring=ring, log=log, clock=clock, journal=journal),
        follower=Follower(
            database=database,
            log=log,
            clock=clock,
            second_approver=frozenset(
                kind.key for kind in rules.catalogue.types.values() if kind.second_approver
            ),
        ),
        tasks=TaskService(database=database, clock=clock, organisations=organisations),
        rights=RightsService(database=database, log=log, families=families),
        supervision=SupervisionService(database=database, ring=ring, log=log),
    )
