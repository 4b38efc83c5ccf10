"""The only wiring: each service with what it is made of. Opens nothing and starts nothing."""

from __future__ import annotations

import msgspec

from consent_service.app.installation import Installation, Services
from consent_service.audit.log import AuditLog
from consent_service.audit.sequencer import Sequencer
from consent_service.consent.changes import ChangeService
from consent_service.consent.opinions import OpinionService
from consent_service.consent.page_access import PageAccessService
from consent_service.consent.page_login import PageLoginService
from consent_service.consent.passed_on import PassedOnService
from consent_service.consent.receipts import ReceiptService
from consent_service.consent.service import ConsentService
from consent_service.consent.sittings import SittingService
from consent_service.consent.texts import TextService
from consent_service.custody.backups import KeyBackups
from consent_service.custody.drill import KeyDrill
from consent_service.custody.epochs import Epochs
from consent_service.custody.recovery import RecoveryKeys
from consent_service.custody.reencrypt import Reencryption
from consent_service.custody.reindex import Reindexing
from consent_service.custody.restoring import KeyRestoring
from consent_service.custody.service import CustodyService
from consent_service.families.model import Ages
from consent_service.families.service import FamilyService
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.notifier import Notifier
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.service import IdentityService
from consent_service.information.model import Catalogue
from consent_service.information.texts import Texts, load_texts
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService
from consent_service.policy.service import PolicyService, load_rules
from consent_service.process.calendar import Calendar
from consent_service.process.follower import Follower
from consent_service.process.recalls import RecallService
from consent_service.process.reevaluation import Reevaluator
from consent_service.process.service import TaskService
from consent_service.records.service import RecordService
from consent_service.release.service import ReleaseService
from consent_service.rights.service import RightsService
from consent_service.rights.supervision import SupervisionService
from consent_service.rights.watching import WatchingService


class _Shared(msgspec.Struct, frozen=True):
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
    drafts_allowed: bool


def build_services(parts: Installation) -> Services:
    """Put the services together; opens nothing and starts nothing."""
    log = AuditLog(parts.ring, parts.clock)
    identity = IdentityService(parts.database, parts.ring, log, parts.clock, rules=parts.login)
    shared = _shared(parts, log, identity)
    families, consent, recalls = _families(shared), _consent(shared), _recalls(shared)
    key_backups = _key_backups(parts, log)
    epochs = Epochs(database=parts.database, ring=parts.ring, log=log, clock=parts.clock, backups=key_backups)
    return Services(
        installation=parts,
        log=log,
        sequencer=Sequencer(parts.database, parts.ring, parts.clock),
        organisations=shared.organisations,
        identity=identity,
        families=families,
        policies=shared.policies,
        texts=shared.texts,
        sittings=_sittings(shared),
        opinions=_opinions(shared),
        wording=_wording(shared),
        consent=consent,
        passed_on=_passed_on(shared),
        receipts=_receipts(shared, parts.login.public_origin),
        records=_records(shared),
        release=_release(shared),
        custody=_custody(shared, epochs),
        reencryption=Reencryption(database=parts.database, ring=parts.ring, log=log, clock=parts.clock),
        reindexing=Reindexing(database=parts.database, ring=parts.ring, log=log, clock=parts.clock),
        key_backups=key_backups,
        recovery_keys=RecoveryKeys(
            database=parts.database, log=log, clock=parts.clock, path=parts.key_backups.recovery_key
        ),
        key_restoring=_key_restoring(shared),
        key_drill=KeyDrill(database=parts.database, log=log, clock=parts.clock, journal=parts.journal),
        epochs=epochs,
        follower=_follower(shared),
        calendar=_calendar(shared, recalls),
        reevaluator=_reevaluator(shared),
        recalls=recalls,
        tasks=TaskService(database=parts.database, clock=parts.clock, organisations=shared.organisations),
        page_access=_page_access(shared, identity, parts.notifier),
        page_login=_page_login(shared, identity, consent, parts.notifier),
        changes=_changes(shared),
        rights=_rights(shared, families),
        supervision=SupervisionService(database=parts.database, ring=parts.ring, log=log),
        watching=_watching(shared),
    )


def _shared(parts: Installation, log: AuditLog, identity: IdentityService) -> _Shared:
    rules = load_rules(parts.policies)
    terms = rules.catalogue.terms
    return _Shared(
        database=parts.database,
        ring=parts.ring,
        log=log,
        clock=parts.clock,
        journal=parts.journal,
        organisations=OrganisationService(
            database=parts.database,
            ring=parts.ring,
            log=log,
            clock=parts.clock,
            identity=identity,
            log_host=parts.log_host,
        ),
        policies=PolicyService(
            database=parts.database, log=log, clock=parts.clock, folder=parts.policies, proposal=rules
        ),
        catalogue=rules.catalogue,
        texts=load_texts(parts.policies),
        ages=Ages(terms.together_from, terms.alone_from),
        drafts_allowed=parts.drafts_allowed,
    )


def _families(shared: _Shared) -> FamilyService:
    return FamilyService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        organisations=shared.organisations,
        ages=shared.ages,
    )


def _consent(shared: _Shared) -> ConsentService:
    return ConsentService(
        database=shared.database,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        organisations=shared.organisations,
        catalogue=shared.catalogue,
    )


def _recalls(shared: _Shared) -> RecallService:
    return RecallService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        policies=shared.policies,
    )


def _sittings(shared: _Shared) -> SittingService:
    return SittingService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        catalogue=shared.catalogue,
        texts=shared.texts,
        drafts_allowed=shared.drafts_allowed,
    )


def _opinions(shared: _Shared) -> OpinionService:
    return OpinionService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        catalogue=shared.catalogue,
        texts=shared.texts,
    )


def _wording(shared: _Shared) -> TextService:
    return TextService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        catalogue=shared.catalogue,
        texts=shared.texts,
    )


def _passed_on(shared: _Shared) -> PassedOnService:
    return PassedOnService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        catalogue=shared.catalogue,
        texts=shared.texts,
        drafts_allowed=shared.drafts_allowed,
    )


def _records(shared: _Shared) -> RecordService:
    return RecordService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        organisations=shared.organisations,
        policies=shared.policies,
    )


def _release(shared: _Shared) -> ReleaseService:
    return ReleaseService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        organisations=shared.organisations,
        policies=shared.policies,
    )


def _custody(shared: _Shared, epochs: Epochs) -> CustodyService:
    return CustodyService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        epochs=epochs,
    )


def _key_backups(parts: Installation, log: AuditLog) -> KeyBackups:
    return KeyBackups(
        database=parts.database,
        ring=parts.ring,
        log=log,
        clock=parts.clock,
        recovery_key=parts.key_backups.recovery_key,
        folder=parts.key_backups.folder,
        days=parts.key_backups.days,
    )


def _key_restoring(shared: _Shared) -> KeyRestoring:
    return KeyRestoring(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
    )


def _reevaluator(shared: _Shared) -> Reevaluator:
    return Reevaluator(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        policies=shared.policies,
    )


def _changes(shared: _Shared) -> ChangeService:
    return ChangeService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        catalogue=shared.catalogue,
        texts=shared.texts,
        drafts_allowed=shared.drafts_allowed,
    )


def _watching(shared: _Shared) -> WatchingService:
    return WatchingService(
        database=shared.database,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        catalogue=shared.catalogue,
        texts=shared.texts,
    )


def _receipts(shared: _Shared, public_origin: str) -> ReceiptService:
    return ReceiptService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        catalogue=shared.catalogue,
        texts=shared.texts,
        drafts_allowed=shared.drafts_allowed,
        public_origin=public_origin,
    )


def _page_access(shared: _Shared, identity: IdentityService, notifier: Notifier) -> PageAccessService:
    return PageAccessService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        ages=shared.ages,
        sessions=identity.own_pages,
        notifier=notifier,
    )


def _page_login(
    shared: _Shared, identity: IdentityService, consent: ConsentService, notifier: Notifier
) -> PageLoginService:
    return PageLoginService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        consent=consent,
        sessions=identity.own_pages,
        notifier=notifier,
    )


def _rights(shared: _Shared, families: FamilyService) -> RightsService:
    return RightsService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        catalogue=shared.catalogue,
        families=families,
    )


def _calendar(shared: _Shared, recalls: RecallService) -> Calendar:
    return Calendar(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        catalogue=shared.catalogue,
        recalls=recalls,
    )


def _follower(shared: _Shared) -> Follower:
    approved = frozenset(kind.key for kind in shared.catalogue.types.values() if kind.second_approver)
    return Follower(database=shared.database, log=shared.log, second_approver=approved)
