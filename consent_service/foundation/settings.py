"""The settings of one installation: a typed struct, read once, every problem named at once.

A setting comes from the environment (`RUGGENSTEUN_PORT=8080`), else from an optional TOML file
(`port = 8080`), else from its default. Nothing is read when this module is imported. What a setting
*does* is handled by whoever receives it; opening the database, the keystore or the policies is too.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from consent_service.foundation.errors import ConfigurationError, Problem
from consent_service.foundation.i18n import SUPPORTED, problem_sentence
from consent_service.foundation.notifier import MailServer

PREFIX: Final = "RUGGENSTEUN_"
CONFIG_VARIABLE: Final = f"{PREFIX}CONFIG"

Environment = Literal["development", "production"]
LogLevel = Literal["debug", "info", "warning", "error"]
KeyProviderKind = Literal["file", "pkcs11", "transit"]

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
    "policies_dir": "/etc/ruggensteun/policies",
    "default_language": "nl",
    "session_idle_minutes": "15",
    "session_absolute_minutes": "480",
    "neutral_site": "https://www.knmi.nl/",
    "database_pool_size": "8",
    "log_level": "info",
    "smtp_host": "mail.ruggensteun.example",
    "smtp_port": "587",
    "smtp_from": "noreply@ruggensteun.example",
    "sms_gateway": "sms.gateway.example",
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
    policies_dir: Path
    default_language: str
    session_idle_minutes: int
    session_absolute_minutes: int
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
    reader = _Reader(environ, config)
    settings = _read(reader)
    reader.check_together(settings)
    if reader.problems:
        raise InvalidSettingsError(tuple(reader.problems))
    return settings


def _read(reader: _Reader) -> Settings:
    state_dir = reader.path("state_dir") or reader.default_state_dir()
    host = reader.host("host", "127.0.0.1")
    port = reader.number("port", 8080, lowest=1, highest=65535)
    return Settings(
        environment=_ENVIRONMENTS[reader.choice("environment", tuple(_ENVIRONMENTS))],
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
        policies_dir=reader.existing_path("policies_dir") or shipped_policies(),
        default_language=reader.choice("default_language", SUPPORTED),
        session_idle_minutes=reader.number("session_idle_minutes", 15, lowest=1, highest=120),
        session_absolute_minutes=reader.number("session_absolute_minutes", 480, lowest=1, highest=1440),
        neutral_site=reader.web_address("neutral_site", EXAMPLES["neutral_site"]),
        database_pool_size=reader.number("database_pool_size", 8, lowest=1, highest=100),
        log_level=_LOG_LEVELS[reader.choice("log_level", tuple(_LOG_LEVELS))],
        smtp_host=reader.host("smtp_host", ""),
        smtp_port=reader.number("smtp_port", 587, lowest=1, highest=65535),
        smtp_from=reader.sender("smtp_from"),
        sms_gateway=reader.host("sms_gateway", ""),
    )


_ENVIRONMENTS: Final[Mapping[str, Environment]] = {
    "development": "development",
    "production": "production",
}
_KEY_PROVIDERS: Final[Mapping[str, KeyProviderKind]] = {
    "file": "file",
    "pkcs11": "pkcs11",
    "transit": "transit",
}
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


class _Reader:
    """Looks settings up and collects what is wrong with them instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str], config: Path | None) -> None:
        self._environ = environ
        self.problems: list[Problem] = []
        named = environ.get(CONFIG_VARIABLE)
        path = config if config is not None else self._expand(named) if named else None
        self._folder = path.parent if path is not None else Path()
        self._from_file = self._read_file(path) if path is not None else {}
        self._from_environment = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environ.items()
            if name.startswith(PREFIX) and name != CONFIG_VARIABLE
        }
        for name in sorted(self._from_environment.keys() - EXAMPLES.keys()):
            self._refuse_unknown(name, shown=f"{PREFIX}{name.upper()}")
        for name in sorted(self._from_file.keys() - EXAMPLES.keys()):
            self._refuse_unknown(name, shown=name)

    def text(self, name: str) -> str | None:
        """The value as text; numbers in the file count as text too. Empty means: not set."""
        value = self._from_environment.get(name, self._from_file.get(name))
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            self._refuse(name, "settings.text")
            return None
        return str(value)

    def number(self, name: str, default: int, *, lowest: int, highest: int) -> int:
        text = self.text(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
            self._refuse(name, "settings.number", lowest=str(lowest), highest=str(highest))
            return default
        return int(text)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of `choices`; the first is the default."""
        text = self.text(name)
        if text is None or text in choices:
            return text or choices[0]
        self._refuse(name, "settings.choice", choices=", ".join(choices))
        return choices[0]

    def path(self, name: str) -> Path | None:
        """A path, `~` expanded; a relative one in the file is relative to the file."""
        text = self.text(name)
        if text is None:
            return None
        if "\0" in text:
            self._refuse(name, "settings.path")
            return None
        path = self._expand(text)
        return path.absolute() if name in self._from_environment else (self._folder / path).absolute()

    def existing_path(self, name: str) -> Path | None:
        path = self.path(name)
        if path is not None and not path.exists():
            self._refuse(name, "settings.path_missing")
        return path

    def host(self, name: str, default: str) -> str:
        text = self.text(name)
        if text is None:
            return default
        if not _is_host(text):
            self._refuse(name, "settings.host")
            return default
        return text

    def word(self, name: str, default: str) -> str:
        """Letters, digits and dashes: means the same in a web address, a key's label and a file."""
        text = self.text(name)
        if text is None:
            return default
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?", text):
            self._refuse(name, "settings.word")
            return default
        return text

    def token_label(self, name: str) -> str:
        """PKCS#11 section 3.2 (CK_TOKEN_INFO): 32 bytes, padded with spaces."""
        text = self.text(name) or ""
        if not text.isprintable() or len(text.encode()) > 32:
            self._refuse(name, "settings.token_label")
            return ""
        return text

    def sender(self, name: str) -> str:
        text = self.text(name) or ""
        if text and not re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", text):
            self._refuse(name, "settings.mail_address")
        return text

    def web_address(self, name: str, default: str) -> str:
        text = self.text(name)
        if text is None:
            return default
        if not _is_web_address(text):
            self._refuse(name, "settings.web_address")
            return default
        return text

    def origin(self, name: str, default: str) -> str:
        """RFC 6454: scheme, host and port only."""
        address = self.web_address(name, default).removesuffix("/")
        parts = urlsplit(address)
        if parts.path or parts.query or parts.fragment or parts.username is not None:
            self._refuse(name, "settings.origin")
            return default
        return address

    def database_url(self, state_dir: Path) -> str:
        text = self.text("database_url")
        if text is None:
            return f"sqlite+aiosqlite:///{state_dir / 'ruggensteun.sqlite'}"
        if not re.match(r"sqlite\+aiosqlite:///.+|postgresql\+asyncpg://.+", text):
            self._refuse("database_url", "settings.database_url")
        return text

    def default_state_dir(self) -> Path:
        """`$XDG_STATE_HOME/ruggensteun`, by default `~/.local/state/ruggensteun` (XDG base directories)."""
        given = self._environ.get("XDG_STATE_HOME", "")
        base = Path(given) if given.startswith("/") else self._home() / ".local" / "state"
        return base / "ruggensteun"

    def check_together(self, settings: Settings) -> None:
        """Rules over more than one setting."""
        if settings.session_idle_minutes > settings.session_absolute_minutes:
            self._refuse("session_idle_minutes", "settings.idle_longer_than_absolute")
        if settings.is_production and not settings.public_origin.startswith("https://"):
            self._refuse("public_origin", "settings.https_in_production")
        for name in _NEEDED_BY[settings.key_provider]:
            if not getattr(settings, name) and not self._refused(name):
                self._refuse(name, "settings.key_provider_incomplete", provider=settings.key_provider)
        if settings.transit_url and not _may_carry_keys(settings):
            self._refuse("transit_url", "settings.transit_https")
        messages = (settings.smtp_host, settings.smtp_from, settings.sms_gateway)
        for name in ("smtp_host", "smtp_from"):
            if any(messages) and not getattr(settings, name):
                self._refuse(name, "settings.mail_incomplete")

    def _read_file(self, path: Path) -> dict[str, object]:
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._refuse_file("settings.file_missing", path)
        except (OSError, UnicodeDecodeError):
            self._refuse_file("settings.file_unreadable", path)
        except tomllib.TOMLDecodeError as failure:
            line = re.search(r"line (\d+)", str(failure))
            self._refuse_file("settings.file_not_toml", path, line=line[1] if line else "?")
        return {}

    def _expand(self, text: str) -> Path:
        return self._home() / text.removeprefix("~/") if text.startswith("~/") else Path(text)

    def _home(self) -> Path:
        return Path(self._environ.get("HOME") or os.sep)

    def _refused(self, name: str) -> bool:
        return any(problem.field == name for problem in self.problems)

    def _refuse(self, name: str, code: str, **params: str) -> None:
        example = EXAMPLES[name]
        shown = {
            "setting": name,
            "variable": PREFIX + name.upper(),
            "example": f"{PREFIX}{name.upper()}={example}",
        }
        self.problems.append(Problem(name, code, shown | params))

    def _refuse_unknown(self, name: str, *, shown: str) -> None:
        nearest = difflib.get_close_matches(name, EXAMPLES, n=1, cutoff=0.0)[0]
        example = f"{PREFIX}{nearest.upper()}={EXAMPLES[nearest]}"
        params = {"setting": shown, "nearest": nearest, "example": example}
        self.problems.append(Problem(name, "settings.unknown", params))

    def _refuse_file(self, code: str, path: Path, **params: str) -> None:
        example = f"{CONFIG_VARIABLE}=/etc/ruggensteun/ruggensteun.toml"
        self.problems.append(Problem("config", code, {"path": str(path), "example": example} | params))


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return bool(re.fullmatch(r"(?=.{1,253}$)[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?", text))
    return True


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


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
