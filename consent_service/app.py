"""The only wiring: settings -> database -> keys -> services -> Litestar."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide

from consent_service.api.problems import problem_of_error
from consent_service.api.v1.routes import api_headers, api_routes, is_api, openapi_config
from consent_service.audit.log import AuditLog
from consent_service.audit.log_keys import current_log
from consent_service.audit.protection import check_protection, deny_changes, insert_only_tables
from consent_service.audit.sequencer import Sequencer
from consent_service.consent.changes import ChangeService
from consent_service.consent.opinions import OpinionService
from consent_service.consent.page_access import PageAccessService
from consent_service.consent.page_login import PageLoginService
from consent_service.consent.passed_on import PassedOnService
from consent_service.consent.reading import has_stops
from consent_service.consent.receipts import ReceiptService
from consent_service.consent.service import ConsentService
from consent_service.consent.sittings import SittingService
from consent_service.consent.texts import TextService
from consent_service.custody.service import CustodyService
from consent_service.custody.stops import replay_stops
from consent_service.families.model import Ages
from consent_service.families.service import FamilyService
from consent_service.foundation.clock import Clock, SystemClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConfigurationError, UnavailableError
from consent_service.foundation.ids import INSTALLATION, TenantId
from consent_service.foundation.migrating import require_current_schema
from consent_service.foundation.notifier import MailNotifier, Notifier
from consent_service.foundation.settings import Settings
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.service import IdentityService, LoginRules
from consent_service.identity.sessions import SessionLimits
from consent_service.information.texts import Texts, load_texts
from consent_service.keyring.providers.file import unlock_keystore
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
from consent_service.web.child import routes as child_routes
from consent_service.web.doors import Doors
from consent_service.web.intake import routes as intake_routes
from consent_service.web.officer import routes as officer_routes
from consent_service.web.page import access_routes as page_access_routes
from consent_service.web.page import factor_routes as page_factor_routes
from consent_service.web.page import login_routes as page_login_routes
from consent_service.web.page import routes as page_routes
from consent_service.web.parent import routes as parent_routes
from consent_service.web.problems import page_of_error
from consent_service.web.receipts import routes as receipts_routes
from consent_service.web.school import routes as school_routes
from consent_service.web.security import SecurityHeaders
from consent_service.web.shared import routes as shared_routes
from consent_service.web.shelter import routes as shelter_routes
from consent_service.web.static_files import static_files
from consent_service.web.visit import open_visit

_log = structlog.get_logger()
_CALENDAR_SECONDS = 30.0


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
    notifier: Notifier = MailNotifier(None)


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
    opinions: OpinionService
    wording: TextService
    consent: ConsentService
    passed_on: PassedOnService
    receipts: ReceiptService
    records: RecordService
    release: ReleaseService
    custody: CustodyService
    follower: Follower
    calendar: Calendar
    reevaluator: Reevaluator
    recalls: RecallService
    tasks: TaskService
    page_access: PageAccessService
    page_login: PageLoginService
    changes: ChangeService
    rights: RightsService
    supervision: SupervisionService
    watching: WatchingService

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
    ages = Ages(rules.catalogue.terms.together_from, rules.catalogue.terms.alone_from)
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
        ages=ages,
    )
    consent = ConsentService(
        database=database,
        log=log,
        clock=clock,
        journal=journal,
        organisations=organisations,
        catalogue=rules.catalogue,
    )
    policies = PolicyService(database=database, log=log, clock=clock, folder=parts.policies, proposal=rules)
    recalls = RecallService(database=database, ring=ring, log=log, clock=clock, policies=policies)
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
        opinions=OpinionService(
            database=database,
            ring=ring,
            log=log,
            clock=clock,
            organisations=organisations,
            catalogue=rules.catalogue,
            texts=texts,
        ),
        wording=TextService(
            database=database, ring=ring, log=log, clock=clock, catalogue=rules.catalogue, texts=texts
        ),
        consent=consent,
        page_access=PageAccessService(
            database=database,
            ring=ring,
            log=log,
            clock=clock,
            organisations=organisations,
            sessions=identity.own_pages,
            ages=ages,
            notifier=parts.notifier,
        ),
        page_login=PageLoginService(
            database=database,
            ring=ring,
            log=log,
            clock=clock,
            consent=consent,
            sessions=identity.own_pages,
            notifier=parts.notifier,
        ),
        changes=ChangeService(
            database=database,
            ring=ring,
            log=log,
            clock=clock,
            catalogue=rules.catalogue,
            texts=texts,
            drafts_allowed=parts.drafts_allowed,
        ),
        passed_on=PassedOnService(
            database=database,
            ring=ring,
            log=log,
            clock=clock,
            organisations=organisations,
            catalogue=rules.catalogue,
            texts=texts,
            drafts_allowed=parts.drafts_allowed,
        ),
        receipts=ReceiptService(
            database=database,
            ring=ring,
            log=log,
            clock=clock,
            organisations=organisations,
            catalogue=rules.catalogue,
            texts=texts,
            public_origin=parts.login.public_origin,
            drafts_allowed=parts.drafts_allowed,
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
            second_approver=frozenset(
                kind.key for kind in rules.catalogue.types.values() if kind.second_approver
            ),
        ),
        calendar=Calendar(database=database, ring=ring, log=log, catalogue=rules.catalogue, recalls=recalls),
        reevaluator=Reevaluator(
            database=database,
            ring=ring,
            log=log,
            clock=clock,
            organisations=organisations,
            policies=policies,
        ),
        recalls=recalls,
        tasks=TaskService(database=database, clock=clock, organisations=organisations),
        rights=RightsService(
            database=database, ring=ring, log=log, clock=clock, families=families, catalogue=rules.catalogue
        ),
        watching=WatchingService(
            database=database,
            log=log,
            clock=clock,
            organisations=organisations,
            catalogue=rules.catalogue,
            texts=texts,
        ),
        supervision=SupervisionService(database=database, ring=ring, log=log),
    )


def open_installation(settings: Settings, passphrase: bytes, *, clock: Clock | None = None) -> Installation:
    """Unlock the keys and point at the database; nothing is read or written there yet.

    Raises:
        ConfigurationError: the keystore is missing, unsafe, or the passphrase does not open it; a
            development keystore in production.
    """
    keystore = unlock_keystore(settings.keystore, passphrase)
    if keystore.development and settings.is_production:
        raise ConfigurationError(
            "keystore: this keystore was made for development; make one with 'consent-service keys init'"
        )
    database = Database(settings.database_url, pool_size=settings.database_pool_size)
    if database.is_sqlite:
        deny_changes(database.engine.sync_engine, insert_only_tables())
    timing = clock or SystemClock()
    return Installation(
        database=database,
        ring=KeyRing(keystore, timing),
        clock=timing,
        journal=StopJournal(settings.stop_journal),
        policies=settings.policies_dir,
        login=LoginRules(
            settings.public_origin,
            loopback_allowed=not settings.is_production,
            limits=SessionLimits(
                idle=timedelta(minutes=settings.session_idle_minutes),
                absolute=timedelta(minutes=settings.session_absolute_minutes),
            ),
        ),
        log_host=urlsplit(settings.public_origin).hostname or "localhost",
        drafts_allowed=not settings.is_production,
        notifier=MailNotifier(settings.mail_server),
    )


async def start_up(services: Services) -> None:
    """Everything that must hold before the first request: schema, protection, keys, stops.

    Raises:
        ConfigurationError: the database is older, newer, unprotected or made with another keystore.
        UnavailableError: something is away, so stops cannot be replayed.
    """
    database = services.installation.database
    await require_current_schema(database)
    async with database.reading() as conn:
        missing = await check_protection(conn)
    if missing:
        raise ConfigurationError("database: insert-only tables are not protected: " + "; ".join(missing))
    await services.install()
    await _begin_journal(services)
    await services.replay_stops()


async def _begin_journal(services: Services) -> None:
    """A journal that was there before must be there again: without it accepted stops are forgotten.

    Raises:
        ConfigurationError: the ledger knows of stops and the journal is gone.
    """
    journal = services.installation.journal
    if not journal.path.exists():
        async with services.installation.database.reading() as conn:
            if await has_stops(conn):
                raise ConfigurationError(
                    f"state_dir: the stop journal {journal.path} is gone, and with it stops that were "
                    "accepted; put it back from its backup. Only if it is lost for good: make an empty file"
                )
    journal.begin()


def create_app(services: Services, settings: Settings) -> Litestar:
    """The web application over the services; its lifespan starts up, works in the background and stops."""
    headers = SecurityHeaders(https=settings.public_origin.startswith("https://"))

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        await start_up(services)
        headers.allow_forms_to(await _provider_origins(services))
        stop = asyncio.Event()
        jobs = [
            asyncio.create_task(services.sequencer.run(stop)),
            asyncio.create_task(_run_follower(services, stop)),
            asyncio.create_task(_run_chores(services, stop)),
            asyncio.create_task(_run_calendar(services, stop)),
        ]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*jobs, return_exceptions=True)
            await services.installation.database.close()

    return Litestar(
        route_handlers=[
            *shared_routes.ROUTES,
            *shelter_routes.ROUTES,
            *intake_routes.ROUTES,
            *child_routes.ROUTES,
            *receipts_routes.ROUTES,
            *parent_routes.ROUTES,
            *page_routes.ROUTES,
            *page_login_routes.ROUTES,
            *page_factor_routes.ROUTES,
            *page_access_routes.ROUTES,
            *school_routes.ROUTES,
            *officer_routes.ROUTES,
            api_routes(),
            static_files(),
        ],
        dependencies={"visit": Provide(open_visit)},
        exception_handlers={Exception: _answer_of_error},
        before_send=[headers, api_headers],
        lifespan=[lifespan],
        state=State({"doors": Doors(services, settings)}),
        openapi_config=openapi_config(),
        logging_config=None,
        request_max_body_size=256 * 1024,
    )


def _answer_of_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A page for people, problem details for programs; the address tells which, also where nothing is."""
    answer = problem_of_error if is_api(request.url.path) else page_of_error
    return answer(request, error)


async def _provider_origins(services: Services) -> set[str]:
    """Where a login form may lead to; a provider added later is allowed after a restart."""
    origins = set()
    for provider in await services.identity.providers():
        parts = urlsplit(provider.issuer)
        origins.add(f"{parts.scheme}://{parts.netloc}")
    return origins


async def _run_follower(services: Services, stop: asyncio.Event) -> None:
    """Make tasks of what was logged, about every second; an outage is waited out."""
    while not await _stopped(stop, 1.0):
        with _told("follower"):
            for tenant in await services.organisations.tenants():
                await services.recalls.catch_up(tenant.tenant)
                await services.reevaluator.catch_up(tenant.tenant)
                await services.follower.catch_up(tenant.tenant)


async def _run_chores(services: Services, stop: asyncio.Event) -> None:
    """Replay stops that were only journalled, and forget sessions nobody came back to."""
    while not await _stopped(stop, 2.0 + secrets.randbelow(100) / 100):
        with _told("chores"):
            if services.installation.journal.pending():
                await services.replay_stops()
            await services.identity.forget_expired()


async def _run_calendar(services: Services, stop: asyncio.Event) -> None:
    """Look at every date once a day, and finish taking a text out of use; at start-up first of all."""
    seconds = 0.0
    while not await _stopped(stop, seconds):
        seconds = _CALENDAR_SECONDS
        with _told("calendar"):
            for tenant in await services.organisations.tenants():
                await _look_at_dates(services, tenant.tenant)


async def _look_at_dates(services: Services, tenant: TenantId) -> None:
    """One shelter that fails keeps no other waiting."""
    with _told("calendar"):
        await services.wording.finish(tenant)
        await services.calendar.run(tenant, services.installation.clock.now())
        await services.watching.notice_daily(tenant, services.installation.clock.now())


@contextmanager
def _told(job: str) -> Iterator[None]:
    """A background job goes on after a failure; what failed is told by its kind only."""
    try:
        yield
    except UnavailableError:
        pass
    except Exception as failure:  # noqa: BLE001 - the job must outlive anything; the kind is logged
        _log.error("background job failed", job=job, kind=type(failure).__name__)


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
