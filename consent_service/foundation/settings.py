"""The settings of one installation: a typed struct, read once, every problem named at once.

A setting comes from the environment (`RUGGENSTEUN_PORT=8080`), else from an optional TOML file
(`port = 8080`), else from its default. Nothing is read when this module is imported. What a setting
*does* is handled by whoever receives it; opening the database, the keystore or the policies is too.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, TypedDict
from urllib.parse import urlsplit

import msgspec

from consent_service.foundation.errors import ConfigurationError, Problem
from consent_service.foundation.i18n import SUPPORTED, problem_sentence
from consent_service.foundation.notifier import MailServer
from consent_service.foundation.settings_reading import CONFIG_VARIABLE as CONFIG_VARIABLE
from consent_service.foundation.settings_reading import PREFIX as PREFIX
from consent_service.foundation.settings_reading import Reader

Environment = Literal["development", "production"]
LogLevel = Literal["debug", "info", "warning", "error"]
KeyProviderKind = Literal["file", "pkcs11", "transit"]
SequencerLock = Literal["auto", "lease"]
Requirement = Literal["required", "off"]

TRAINED: Final = ("intake", "first_contact", "signals", "meeting", "agreements", "end")
"""The steps of the way of working, each of which can have a link to training."""

EXAMPLES: Final[Mapping[str, str]] = {
    "environment": "production",
    "state_dir": "/var/lib/ruggensteun",
    "database_url": "postgresql+asyncpg://ruggensteun@localhost/ruggensteun",
    "keystore": "/etc/ruggensteun/keystore",
    "passphrase_file": "/run/credentials/ruggensteun/passphrase",
    "key_provider": "file",
    "key_name": "ruggensteun-root",
    "pkcs11_module": "/usr/lib/softhsm/libsofthsm2.so",
    "pkcs11_token": "ruggensteun",
    "transit_url": "https://vault.ruggensteun.example:8200",
    "transit_mount": "transit",
    "transit_ca_file": "/etc/ruggensteun/vault-ca.pem",
    "recovery_key": "/etc/ruggensteun/recovery.pub",
    "key_backup_dir": "/var/backups/ruggensteun-keys",
    "key_backup_days": "7",
    "host": "127.0.0.1",
    "port": "8080",
    "public_origin": "https://ruggensteun.example",
    "trusted_proxies": "10.0.0.5,10.1.0.0/24",
    "policies_dir": "/etc/ruggensteun/policies",
    "default_language": "nl",
    "session_idle_minutes": "15",
    "session_absolute_minutes": "480",
    "lock_minutes": "2",
    "sitting_lock_minutes": "10",
    "sitting_idle_minutes": "60",
    "invitation_days": "14",
    "step_up_minutes": "15",
    "second_factor": "required",
    "operator_approval": "required",
    "neutral_site": "https://www.knmi.nl/",
    "database_pool_size": "8",
    "log_level": "info",
    "smtp_host": "mail.ruggensteun.example",
    "smtp_port": "587",
    "smtp_from": "noreply@ruggensteun.example",
    "sms_gateway": "sms.gateway.example",
    "notice_quiet_from": "20",
    "notice_quiet_until": "7",
    "notice_digest_at": "8",
    "theme_file": "/etc/ruggensteun/huisstijl.css",
    "witnesses_file": "/etc/ruggensteun/witnesses.toml",
    "timestamp_url": "https://tsa.example/tsr",
    "timestamp_ca_file": "/etc/ruggensteun/tsa-ca.pem",
    "sequencer_lock": "lease",
    "processor": "Stichting Beheer, 013-5550100",
    "hosting": "Datacentrum Zuid",
    **{f"training_{step}": f"https://leren.ruggensteun.example/{step}" for step in TRAINED},
}
"""Every setting with a value that works; the example in each message."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything an installation can choose. Its `repr` hides the password in `database_url`."""

    environment: Environment
    state_dir: Path
    """Where the SQLite file, the stop journal and the demo live; never inside the checkout."""
    database_url: str
    keystore: Path
    passphrase_file: Path | None
    """Holds the passphrase of the keystore, the PIN of the token or the token of the transit server.

    None means: a systemd credential, or ask at the terminal."""
    key_provider: KeyProviderKind
    """Where the root generations live; see docs/KEYS.md, "Key providers"."""
    key_name: str
    """What the keys are called at a token or transit server: `<key_name>-<generation>`."""
    pkcs11_module: Path | None
    """The library of the token's maker."""
    pkcs11_token: str
    """The label of the token."""
    transit_url: str
    transit_mount: str
    transit_ca_file: Path | None
    """Who may have signed the transit server's certificate; None means: a public authority."""
    recovery_key: Path
    """The public half of the recovery key; no key epoch begins without it."""
    key_backup_dir: Path
    key_backup_days: int
    """Whole days a key backup is kept."""
    host: str
    port: int
    public_origin: str
    """Scheme, host and port under which people reach the service, without a closing slash."""
    trusted_proxies: str
    """Addresses and networks of our own proxies, with commas: what they say of who asks is believed."""
    policies_dir: Path
    default_language: str
    session_idle_minutes: int
    session_absolute_minutes: int
    lock_minutes: int
    """After how long without use a counsellor's screen locks."""
    sitting_lock_minutes: int
    """The same for a tablet in the hands of a parent or child: talks through an interpreter are long."""
    sitting_idle_minutes: int
    """How long such a tablet may lie there before the hand-over ends."""
    invitation_days: int
    """How long an invitation of a member of staff may be used."""
    step_up_minutes: int
    """For acts that weigh much: how recently somebody must have proved who it is."""
    second_factor: Requirement
    """Whether officers need a second factor; in production always."""
    operator_approval: Requirement
    """Whether commands that change something need an operator who proved who it is.

    In production unless "off" is set; either way only once an operator was added.
    """
    neutral_site: str
    """Where the quick exit on a parent's page leads."""
    database_pool_size: int
    log_level: LogLevel
    smtp_host: str
    """Takes one-time codes for the own page; empty: a PIN is the only second factor."""
    smtp_port: int
    smtp_from: str
    sms_gateway: str
    """The domain at which `number@domain` becomes a text message; empty: no text messages."""
    notice_quiet_from: int
    """From this hour on the clock (0 to 23) no message leaves, except what is urgent."""
    notice_quiet_until: int
    """From this hour on messages leave again; the same as `notice_quiet_from`: there are no quiet hours."""
    notice_digest_at: int
    """The hour at which what can wait is told in one message a day."""
    theme_file: Path | None
    """CSS with values for NL Design System tokens: the house style of a municipality or shelter."""
    witnesses_file: Path | None
    """TOML: who cosigns the heads of the log; see docs/AUDIT.md, "Heads outside the database"."""
    timestamp_url: str
    """An RFC 3161 time-stamping authority; empty: heads get no time stamp."""
    timestamp_ca_file: Path | None
    """The certificates of that authority, to check its answers with."""
    sequencer_lock: SequencerLock
    """How processes agree on who puts entries in order: advisory locks where they exist, else a lease."""

    processor: str
    """Who runs this service for the shelters, with how to reach them; for the register (AVG 30(2))."""
    hosting: str
    """Whose machines it runs on, by name; for the processor agreement (AVG 28)."""

    training_intake: str
    """Where staff learn this step of the way of working, over HTTPS; empty: the pages show no link."""
    training_first_contact: str
    training_signals: str
    training_meeting: str
    training_agreements: str
    training_end: str

    @property
    def training(self) -> dict[str, str]:
        """The link to training of each step that has one."""
        links = {step: str(getattr(self, f"training_{step}")) for step in TRAINED}
        return {step: link for step, link in links.items() if link}

    @property
    def proxy_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """`trusted_proxies` as networks."""
        return tuple(ipaddress.ip_network(one.strip()) for one in self.trusted_proxies.split(",") if one)

    @property
    def known_heads(self) -> Path:
        """The newest signed head of every log, kept outside the database: it may not go back behind it."""
        return self.state_dir / "heads.jsonl"

    @property
    def mail_server(self) -> MailServer | None:
        """Where messages are handed over, if anywhere."""
        if not self.smtp_host:
            return None
        return MailServer(self.smtp_host, self.smtp_port, self.smtp_from, self.sms_gateway)

    @property
    def is_production(self) -> bool:
        """Whether real people's data may be in here: no demo keys, no draft texts, https only."""
        return self.environment == "production"

    @property
    def stop_journal(self) -> Path:
        """The file of stops, outside the database so that a stop holds while it is away."""
        return self.state_dir / "stops.jsonl"

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        shown["database_url"] = re.sub(r"//[^@/]*@", "//***@", self.database_url)
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


class InvalidSettingsError(ConfigurationError):
    """One or more settings cannot be used; `problems` holds all of them, the message in English."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problem_sentence(problem, "en") for problem in problems))


def load_settings(environ: Mapping[str, str], config: Path | None = None) -> Settings:
    """Read every setting; the environment wins over the file, the file over the default.

    Args:
        environ: usually `os.environ`; only names starting with `RUGGENSTEUN_`, `HOME` and
            `XDG_STATE_HOME` are looked at.
        config: a TOML file; wins over the file named by `RUGGENSTEUN_CONFIG`.

    Raises:
        ConfigurationError: with every problem at once. Values are never repeated: one may be a secret.
    """
    reader = Reader(environ, config, examples=EXAMPLES)
    settings = _read(reader)
    _check_together(reader, settings)
    if reader.problems:
        raise InvalidSettingsError(tuple(reader.problems))
    return settings


def _read(reader: Reader) -> Settings:
    state_dir = reader.path("state_dir") or reader.default_state_dir()
    host = reader.host("host", "127.0.0.1")
    port = reader.number("port", 8080, lowest=1, highest=65535)
    return Settings(
        state_dir=state_dir,
        database_url=reader.database_url(state_dir),
        keystore=reader.path("keystore") or state_dir / "keystore",
        passphrase_file=reader.existing_path("passphrase_file"),
        key_provider=_KEY_PROVIDERS[reader.choice("key_provider", tuple(_KEY_PROVIDERS))],
        key_name=reader.word("key_name", EXAMPLES["key_name"]),
        pkcs11_module=reader.existing_path("pkcs11_module"),
        pkcs11_token=reader.token_label("pkcs11_token"),
        transit_url=reader.origin("transit_url", ""),
        transit_mount=reader.word("transit_mount", EXAMPLES["transit_mount"]),
        transit_ca_file=reader.existing_path("transit_ca_file"),
        recovery_key=reader.path("recovery_key") or state_dir / "recovery.pub",
        key_backup_dir=reader.path("key_backup_dir") or state_dir / "key-backups",
        key_backup_days=reader.number("key_backup_days", 7, lowest=1, highest=365),
        host=host,
        port=port,
        public_origin=reader.origin("public_origin", f"http://{_in_url(host)}:{port}"),
        trusted_proxies=reader.networks("trusted_proxies"),
        policies_dir=reader.existing_path("policies_dir") or shipped_policies(),
        default_language=reader.choice("default_language", SUPPORTED),
        **_minutes(reader),
        **_notice_hours(reader),
        **_proving(reader),
        **_training(reader),
        neutral_site=reader.web_address("neutral_site", EXAMPLES["neutral_site"]),
        database_pool_size=reader.number("database_pool_size", 8, lowest=1, highest=100),
        log_level=_LOG_LEVELS[reader.choice("log_level", tuple(_LOG_LEVELS))],
        **_mail(reader),
        **_brought(reader),
        sequencer_lock=_SEQUENCER_LOCKS[reader.choice("sequencer_lock", tuple(_SEQUENCER_LOCKS))],
        processor=reader.line("processor"),
        hosting=reader.line("hosting"),
    )


class _Brought(TypedDict):
    theme_file: Path | None
    witnesses_file: Path | None
    timestamp_url: str
    timestamp_ca_file: Path | None


def _brought(reader: Reader) -> _Brought:
    """What an organisation brings along."""
    return _Brought(
        theme_file=reader.existing_path("theme_file"),
        witnesses_file=reader.existing_path("witnesses_file"),
        timestamp_url=reader.web_address("timestamp_url", ""),
        timestamp_ca_file=reader.existing_path("timestamp_ca_file"),
    )


class _Mail(TypedDict):
    smtp_host: str
    smtp_port: int
    smtp_from: str
    sms_gateway: str


def _mail(reader: Reader) -> _Mail:
    return _Mail(
        smtp_host=reader.host("smtp_host", ""),
        smtp_port=reader.number("smtp_port", 587, lowest=1, highest=65535),
        smtp_from=reader.sender("smtp_from"),
        sms_gateway=reader.host("sms_gateway", ""),
    )


class _Training(TypedDict):
    training_intake: str
    training_first_contact: str
    training_signals: str
    training_meeting: str
    training_agreements: str
    training_end: str


def _training(reader: Reader) -> _Training:
    return _Training(
        training_intake=reader.web_address("training_intake", ""),
        training_first_contact=reader.web_address("training_first_contact", ""),
        training_signals=reader.web_address("training_signals", ""),
        training_meeting=reader.web_address("training_meeting", ""),
        training_agreements=reader.web_address("training_agreements", ""),
        training_end=reader.web_address("training_end", ""),
    )


class _NoticeHours(TypedDict):
    notice_quiet_from: int
    notice_quiet_until: int
    notice_digest_at: int


def _notice_hours(reader: Reader) -> _NoticeHours:
    return _NoticeHours(
        notice_quiet_from=reader.number("notice_quiet_from", 20, lowest=0, highest=23),
        notice_quiet_until=reader.number("notice_quiet_until", 7, lowest=0, highest=23),
        notice_digest_at=reader.number("notice_digest_at", 8, lowest=0, highest=23),
    )


class _Minutes(TypedDict):
    session_idle_minutes: int
    session_absolute_minutes: int
    lock_minutes: int
    sitting_lock_minutes: int
    sitting_idle_minutes: int
    step_up_minutes: int


def _minutes(reader: Reader) -> _Minutes:
    return _Minutes(
        session_idle_minutes=reader.number("session_idle_minutes", 15, lowest=1, highest=120),
        session_absolute_minutes=reader.number("session_absolute_minutes", 480, lowest=1, highest=1440),
        lock_minutes=reader.number("lock_minutes", 2, lowest=1, highest=30),
        sitting_lock_minutes=reader.number("sitting_lock_minutes", 10, lowest=1, highest=60),
        sitting_idle_minutes=reader.number("sitting_idle_minutes", 60, lowest=1, highest=240),
        step_up_minutes=reader.number("step_up_minutes", 15, lowest=1, highest=60),
    )


class _Proving(TypedDict):
    environment: Environment
    invitation_days: int
    second_factor: Requirement
    operator_approval: Requirement


def _proving(reader: Reader) -> _Proving:
    environment = _ENVIRONMENTS[reader.choice("environment", tuple(_ENVIRONMENTS))]
    approval = ("required", "off") if environment == "production" else ("off", "required")
    return _Proving(
        environment=environment,
        invitation_days=reader.number("invitation_days", 14, lowest=1, highest=60),
        second_factor=_REQUIREMENTS[reader.choice("second_factor", tuple(_REQUIREMENTS))],
        operator_approval=_REQUIREMENTS[reader.choice("operator_approval", approval)],
    )


_ENVIRONMENTS: Final[Mapping[str, Environment]] = {"development": "development", "production": "production"}
_KEY_PROVIDERS: Final[Mapping[str, KeyProviderKind]] = {
    "file": "file",
    "pkcs11": "pkcs11",
    "transit": "transit",
}
_SEQUENCER_LOCKS: Final[Mapping[str, SequencerLock]] = {"auto": "auto", "lease": "lease"}
_REQUIREMENTS: Final[Mapping[str, Requirement]] = {"required": "required", "off": "off"}
_NEEDED_BY: Final[Mapping[KeyProviderKind, tuple[str, ...]]] = {
    "file": (),
    "pkcs11": ("pkcs11_module", "pkcs11_token"),
    "transit": ("transit_url",),
}
_LOG_LEVELS: Final[Mapping[str, LogLevel]] = {
    "info": "info",
    "debug": "debug",
    "warning": "warning",
    "error": "error",
}


def shipped_policies() -> Path:
    """The policies of this release: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "policies"
    return inside if inside.is_dir() else package.parent / "policies"


def _check_together(reader: Reader, settings: Settings) -> None:
    """Rules over more than one setting."""
    if settings.session_idle_minutes > settings.session_absolute_minutes:
        reader.refuse("session_idle_minutes", "settings.idle_longer_than_absolute")
    if settings.sitting_idle_minutes < settings.sitting_lock_minutes:
        reader.refuse("sitting_idle_minutes", "settings.sitting_ends_before_it_locks")
    if settings.is_production and not settings.public_origin.startswith("https://"):
        reader.refuse("public_origin", "settings.https_in_production")
    if settings.is_production and settings.second_factor == "off":
        reader.refuse("second_factor", "settings.second_factor_in_production")
    for name in _NEEDED_BY[settings.key_provider]:
        if not getattr(settings, name) and not reader.refused(name):
            reader.refuse(name, "settings.key_provider_incomplete", provider=settings.key_provider)
    if settings.transit_url and not _may_carry_keys(settings):
        reader.refuse("transit_url", "settings.transit_https")
    stamped_by_anybody = bool(settings.timestamp_url) and settings.timestamp_ca_file is None
    if stamped_by_anybody and not reader.refused("timestamp_ca_file"):
        reader.refuse("timestamp_ca_file", "settings.timestamp_incomplete")
    for step, link in settings.training.items():
        if not link.startswith("https://"):
            reader.refuse(f"training_{step}", "settings.training_https")
    messages = (settings.smtp_host, settings.smtp_from, settings.sms_gateway)
    for name in ("smtp_host", "smtp_from"):
        if any(messages) and not getattr(settings, name):
            reader.refuse(name, "settings.mail_incomplete")


def _may_carry_keys(settings: Settings) -> bool:
    """Whether keys may travel to the transit server: over TLS, or inside a developer's own machine."""
    parts = urlsplit(settings.transit_url)
    return parts.scheme == "https" or (not settings.is_production and _is_loopback(parts.hostname or ""))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
