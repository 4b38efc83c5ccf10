"""What the settings of an installation say about how data are kept, without any address or secret. Pure."""

from __future__ import annotations

import msgspec

from consent_service.foundation.settings import Settings


class Configured(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Kinds, numbers and yes or no; what is left out is not set. Names only of who processes and hosts."""

    production: bool = False
    https: bool = False
    key_provider: str = ""
    key_backup_days: int = 0
    recovery_key: bool = False
    second_factor: bool = False
    operator_approval: bool = False
    mail: bool = False
    text_messages: bool = False
    witnesses: int = 0
    time_stamps: bool = False
    server_database: bool = False
    lock_minutes: int = 0
    idle_minutes: int = 0
    processor: str = ""
    hosting: str = ""


def configured_by(settings: Settings, *, witnesses: int) -> Configured:
    """What these settings come to; `witnesses` are read from a file of their own."""
    return Configured(
        production=settings.is_production,
        https=settings.public_origin.startswith("https://"),
        key_provider=settings.key_provider,
        key_backup_days=settings.key_backup_days,
        recovery_key=settings.recovery_key.is_file(),
        second_factor=settings.second_factor == "required",
        operator_approval=settings.operator_approval == "required",
        mail=bool(settings.smtp_host),
        text_messages=bool(settings.sms_gateway),
        witnesses=witnesses,
        time_stamps=bool(settings.timestamp_url),
        server_database=not settings.database_url.startswith("sqlite"),
        lock_minutes=settings.lock_minutes,
        idle_minutes=settings.session_idle_minutes,
        processor=settings.processor,
        hosting=settings.hosting,
    )
