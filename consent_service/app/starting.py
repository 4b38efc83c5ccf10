"""Opening an installation, and everything that must hold before the first request."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import structlog

from consent_service.app.installation import Installation, Services
from consent_service.audit.heads.beginning import begin_unless_gone
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.heads.numbering import require_numbers_go_on
from consent_service.audit.heads.publishing import Vouching
from consent_service.audit.heads.timestamps import open_stamper
from consent_service.audit.heads.witness import read_witnesses
from consent_service.audit.protection import check_protection, deny_changes, insert_only_tables
from consent_service.consent.reading import has_stops
from consent_service.custody.backups import BackupRules
from consent_service.custody.stops import listed_stops
from consent_service.foundation.clock import Clock, SystemClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConfigurationError, IntegrityError
from consent_service.foundation.migrating import require_current_schema
from consent_service.foundation.notifier import MailNotifier
from consent_service.foundation.settings import Settings
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.service import LoginRules
from consent_service.identity.sessions import SessionLimits
from consent_service.keyring.providers.choosing import open_provider
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from consent_service.process.notices.hours import NoticeRules
from consent_service.rights.accountability.configured import configured_by

_log = structlog.get_logger()


def open_installation(settings: Settings, secret: Secret, *, clock: Clock | None = None) -> Installation:
    """Unlock the keys and point at the database; nothing is read or written there yet.

    Args:
        secret: what unlocks the keys; see `keyring.providers.choosing.open_provider`.

    Raises:
        ConfigurationError: the keys are missing, unsafe, or `secret` does not open them; a development
            keystore in production; witnesses or the time-stamping authority cannot be used as they are set.
        KeyProviderUnavailableError: the token or transit server that holds them is away.
    """
    provider = open_provider(settings, secret)
    vouching = Vouching(
        read_witnesses(settings.witnesses_file),
        open_stamper(settings.timestamp_url, settings.timestamp_ca_file),
    )
    database = Database(settings.database_url, pool_size=settings.database_pool_size)
    if database.is_sqlite:
        deny_changes(database.engine.sync_engine, insert_only_tables())
    timing = clock or SystemClock()
    return Installation(
        database=database,
        ring=KeyRing(provider, timing),
        clock=timing,
        journal=StopJournal(settings.stop_journal),
        policies=settings.policies_dir,
        login=_login_rules(settings),
        log_host=urlsplit(settings.public_origin).hostname or "localhost",
        drafts_allowed=not settings.is_production,
        key_backups=BackupRules(settings.recovery_key, settings.key_backup_dir, settings.key_backup_days),
        notifier=MailNotifier(settings.mail_server),
        notice_rules=_notice_rules(settings),
        language=settings.default_language,
        heads=KnownHeads(settings.known_heads),
        sequencer_lock=settings.sequencer_lock,
        vouching=vouching,
        timestamp_authority=settings.timestamp_ca_file,
        configured=configured_by(settings, witnesses=len(vouching.witnesses)),
    )


def _notice_rules(settings: Settings) -> NoticeRules:
    return NoticeRules(settings.notice_quiet_from, settings.notice_quiet_until, settings.notice_digest_at)


def _login_rules(settings: Settings) -> LoginRules:
    limits = SessionLimits(
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(minutes=settings.session_absolute_minutes),
        lock=timedelta(minutes=settings.lock_minutes),
        lent_lock=timedelta(minutes=settings.sitting_lock_minutes),
        lent_idle=timedelta(minutes=settings.sitting_idle_minutes),
    )
    return LoginRules(
        settings.public_origin,
        loopback_allowed=not settings.is_production,
        limits=limits,
        second_factor=settings.second_factor == "required",
        fresh=timedelta(minutes=settings.step_up_minutes),
        invitation_lasts=timedelta(days=settings.invitation_days),
    )


async def start_up(services: Services) -> None:
    """Everything that must hold before the first request: schema, protection, keys, stops.

    A stop that nobody can read keeps nobody else waiting: it is told, and nothing of its shelter is released
    until it was carried out or somebody has taken its line out of the journal.

    Raises:
        ConfigurationError: the database is older, newer, unprotected, made with another keystore, or counts
            its transactions anew.
        UnavailableError: something is away, so stops cannot be replayed.
    """
    database = services.installation.database
    await require_current_schema(database)
    async with database.reading() as conn:
        missing = await check_protection(conn)
        await require_numbers_go_on(conn)
    if missing:
        raise ConfigurationError("database: insert-only tables are not protected: " + "; ".join(missing))
    await _begin_heads(services)
    await services.install()
    await _begin_journal(services)
    try:
        await services.replay_stops()
    except IntegrityError as failure:
        _log.error("a stop cannot be carried out", why=str(failure))


async def _begin_heads(services: Services) -> None:
    """Known heads begin with the first log. Where they are gone nothing is signed, but withdrawals go on."""
    heads = services.installation.heads
    if heads is not None:
        async with services.installation.database.reading() as conn:
            await begin_unless_gone(conn, heads)


async def _begin_journal(services: Services) -> None:
    """A journal that was there before must be there again: without it accepted stops are forgotten.

    Raises:
        ConfigurationError: the database knows of stops and the journal is gone.
    """
    journal = services.installation.journal
    if not journal.path.exists():
        async with services.installation.database.reading() as conn:
            if await has_stops(conn) or await listed_stops(conn):
                raise ConfigurationError(
                    f"state_dir: the stop journal {journal.path} is gone, and with it stops that were "
                    "accepted; put it back from its backup. Only if it is lost for good: make an empty file"
                )
    journal.begin()
