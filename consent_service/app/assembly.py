"""The wiring: each service with what it is made of; of keys in `key_services`. Opens and starts nothing."""

from __future__ import annotations

from typing import TypedDict

from consent_service.app.accountability_services import of_accountability
from consent_service.app.afterwards_services import of_afterwards
from consent_service.app.breach_services import of_breaches
from consent_service.app.carrying_services import CarryingServices, of_carrying
from consent_service.app.installation import Installation, Services
from consent_service.app.key_services import of_keys
from consent_service.app.log_parts import log_heads, publisher
from consent_service.app.process_services import of_process
from consent_service.app.retention_services import of_retention
from consent_service.app.review_services import of_reviews
from consent_service.app.rights_services import of_desk
from consent_service.app.shared import Shared
from consent_service.app.together_services import of_together
from consent_service.audit.cosignature import cosigner_key
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
from consent_service.custody.service import CustodyService
from consent_service.families.model import Ages
from consent_service.families.service import FamilyService
from consent_service.foundation.notifier import Notifier
from consent_service.identity.service import IdentityService
from consent_service.information.texts import load_texts
from consent_service.organisations.service import OrganisationService
from consent_service.policy.assessing import Assessor
from consent_service.policy.changes import PolicyChanges
from consent_service.policy.projection import school_terms
from consent_service.policy.proofs.apart import widenings_apart
from consent_service.policy.replaying import Replaying
from consent_service.policy.rules import load_rules
from consent_service.policy.service import PolicyService
from consent_service.policy.vetting import check_proposed
from consent_service.records.service import RecordService
from consent_service.release.service import ReleaseService
from consent_service.rights.cases.service import CaseService
from consent_service.rights.client_answers import ClientAnswers
from consent_service.rights.erasure import ErasureService
from consent_service.rights.exporting import BundleService
from consent_service.rights.exports.service import ExportService
from consent_service.rights.pruning import PruningService
from consent_service.rights.releasing_entries import EntryReleaseService
from consent_service.rights.service import RightsService
from consent_service.rights.supervision import SupervisionService
from consent_service.rights.watching import WatchingService


def build_services(parts: Installation) -> Services:
    """Put the services together; opens nothing and starts nothing."""
    log = AuditLog(parts.ring, parts.clock)
    identity = IdentityService(parts.database, parts.ring, log, parts.clock, rules=parts.login)
    shared = _shared(parts, log, identity)
    families, consent = _families(shared), _consent(shared)
    keys, release, records = of_keys(parts, shared), _release(shared), _records(shared)
    sequencer = Sequencer(parts.database, parts.ring, parts.clock, parts.heads, parts.sequencer_lock)
    process = of_process(parts, shared, release, records, families)
    desk = of_desk(shared, families, release, _rights(shared, families))
    people = _of_rights(parts, shared, families, (keys["custody"], desk["cases"]))
    return Services(
        installation=parts,
        log=log,
        sequencer=sequencer,
        organisations=shared.organisations,
        identity=identity,
        families=families,
        policies=shared.policies,
        policy_changes=_policy_changes(shared),
        texts=shared.texts,
        consent=consent,
        records=records,
        release=release,
        publisher=publisher(parts, sequencer),
        log_heads=log_heads(parts, log, sequencer),
        **_of_asking(parts, shared, identity, consent),
        **process,
        **of_together(shared, process, release, (families, people["rights"], _changes(shared))),
        **of_afterwards(shared),
        **of_breaches(shared, release),
        **of_reviews(shared),
        **of_accountability(shared, parts.configured, parts.log_host),
        **of_retention(shared, keys["custody"]),
        **desk,
        **keys,
        **people,
    )


class _OfAsking(TypedDict):
    """The services of `Services` for asking, answering and the own page."""

    sittings: SittingService
    opinions: OpinionService
    wording: TextService
    passed_on: PassedOnService
    receipts: ReceiptService
    page_access: PageAccessService
    page_login: PageLoginService
    changes: ChangeService


def _of_asking(
    parts: Installation, shared: Shared, identity: IdentityService, consent: ConsentService
) -> _OfAsking:
    return _OfAsking(
        sittings=_sittings(shared),
        opinions=_opinions(shared),
        wording=_wording(shared),
        passed_on=_passed_on(shared),
        receipts=_receipts(shared, parts.login.public_origin),
        page_access=_page_access(shared, identity, parts.notifier),
        page_login=_page_login(shared, identity, consent, parts.notifier),
        changes=_changes(shared),
    )


class _OfRights(CarryingServices):
    """The services of `Services` for the rights of people, and for those who supervise."""

    rights: RightsService
    supervision: SupervisionService
    entry_releases: EntryReleaseService
    watching: WatchingService
    erasures: ErasureService
    pruning: PruningService
    exports: ExportService
    bundles: BundleService
    client_answers: ClientAnswers


def _of_rights(
    parts: Installation, shared: Shared, families: FamilyService, by: tuple[CustodyService, CaseService]
) -> _OfRights:
    erasures = _erasures(shared, by[0])
    return _OfRights(
        rights=_rights(shared, families),
        supervision=_supervision(parts, shared),
        entry_releases=_entry_releases(shared),
        watching=_watching(shared),
        erasures=erasures,
        pruning=PruningService(database=parts.database, log=shared.log, clock=parts.clock),
        exports=_exports(shared, parts.log_host),
        bundles=_bundles(shared, parts, families),
        client_answers=_client_answers(shared),
        **of_carrying(shared, families, by[1], erasures),
    )


def _shared(parts: Installation, log: AuditLog, identity: IdentityService) -> Shared:
    rules = load_rules(parts.policies)
    terms = rules.catalogue.terms
    return Shared(
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
        school_terms=school_terms(terms),
        drafts_allowed=parts.drafts_allowed,
    )


def _policy_changes(shared: Shared) -> PolicyChanges:
    replaying = Replaying(
        database=shared.database, ring=shared.ring, clock=shared.clock, policies=shared.policies
    )
    assessor = Assessor(
        database=shared.database,
        organisations=shared.organisations,
        policies=shared.policies,
        replaying=replaying,
        find_widenings=widenings_apart,
    )
    return PolicyChanges(
        database=shared.database,
        log=shared.log,
        clock=shared.clock,
        policies=shared.policies,
        assessor=assessor,
        replaying=replaying,
        check=check_proposed,
    )


def _families(shared: Shared) -> FamilyService:
    return FamilyService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        organisations=shared.organisations,
        ages=shared.ages,
        school_terms=shared.school_terms,
    )


def _consent(shared: Shared) -> ConsentService:
    return ConsentService(
        database=shared.database,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        organisations=shared.organisations,
        catalogue=shared.catalogue,
    )


def _sittings(shared: Shared) -> SittingService:
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


def _opinions(shared: Shared) -> OpinionService:
    return OpinionService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        catalogue=shared.catalogue,
        texts=shared.texts,
    )


def _wording(shared: Shared) -> TextService:
    return TextService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        catalogue=shared.catalogue,
        texts=shared.texts,
    )


def _passed_on(shared: Shared) -> PassedOnService:
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


def _records(shared: Shared) -> RecordService:
    return RecordService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        organisations=shared.organisations,
        policies=shared.policies,
    )


def _release(shared: Shared) -> ReleaseService:
    return ReleaseService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        organisations=shared.organisations,
        policies=shared.policies,
    )


def _erasures(shared: Shared, custody: CustodyService) -> ErasureService:
    return ErasureService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        custody=custody,
        catalogue=shared.catalogue,
    )


def _changes(shared: Shared) -> ChangeService:
    return ChangeService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        catalogue=shared.catalogue,
        texts=shared.texts,
        drafts_allowed=shared.drafts_allowed,
    )


def _watching(shared: Shared) -> WatchingService:
    return WatchingService(
        database=shared.database,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        catalogue=shared.catalogue,
        texts=shared.texts,
    )


def _exports(shared: Shared, log_host: str) -> ExportService:
    return ExportService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        log_host=log_host,
    )


def _bundles(shared: Shared, parts: Installation, families: FamilyService) -> BundleService:
    asked = [witness.cosigner for witness in parts.vouching.witnesses]
    return BundleService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        rights=_rights(shared, families),
        witnesses=tuple(cosigner_key(one.name, one.public) for one in asked),
        authority=parts.timestamp_authority,
    )


def _client_answers(shared: Shared) -> ClientAnswers:
    return ClientAnswers(
        database=shared.database, log=shared.log, clock=shared.clock, organisations=shared.organisations
    )


def _receipts(shared: Shared, public_origin: str) -> ReceiptService:
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


def _page_access(shared: Shared, identity: IdentityService, notifier: Notifier) -> PageAccessService:
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
    shared: Shared, identity: IdentityService, consent: ConsentService, notifier: Notifier
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


def _rights(shared: Shared, families: FamilyService) -> RightsService:
    return RightsService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        catalogue=shared.catalogue,
        families=families,
    )


def _supervision(parts: Installation, shared: Shared) -> SupervisionService:
    return SupervisionService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        catalogue=shared.catalogue,
        vouchers=parts.vouching.vouchers,
    )


def _entry_releases(shared: Shared) -> EntryReleaseService:
    return EntryReleaseService(database=shared.database, ring=shared.ring, log=shared.log, clock=shared.clock)
