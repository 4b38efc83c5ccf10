"""Looks settings up by name and collects what is wrong with them, for `settings`."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from consent_service.foundation.errors import Problem

PREFIX: Final = "RUGGENSTEUN_"
CONFIG_VARIABLE: Final = f"{PREFIX}CONFIG"
LINE: Final = 160
"""Characters of a setting that people read."""


class Reader:
    """Looks settings up and collects what is wrong with them instead of stopping at the first."""

    def __init__(
        self, environ: Mapping[str, str], config: Path | None, *, examples: Mapping[str, str]
    ) -> None:
        self._environ = environ
        self._examples = examples
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
        for name in sorted(self._from_environment.keys() - self._examples.keys()):
            self._refuse_unknown(name, shown=f"{PREFIX}{name.upper()}")
        for name in sorted(self._from_file.keys() - self._examples.keys()):
            self._refuse_unknown(name, shown=name)

    def text(self, name: str) -> str | None:
        """The value as text; numbers in the file count as text too. Empty means: not set."""
        value = self._from_environment.get(name, self._from_file.get(name))
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            self.refuse(name, "settings.text")
            return None
        return str(value)

    def number(self, name: str, default: int, *, lowest: int, highest: int) -> int:
        text = self.text(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
            self.refuse(name, "settings.number", lowest=str(lowest), highest=str(highest))
            return default
        return int(text)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of `choices`; the first is the default."""
        text = self.text(name)
        if text is None or text in choices:
            return text or choices[0]
        self.refuse(name, "settings.choice", choices=", ".join(choices))
        return choices[0]

    def path(self, name: str) -> Path | None:
        """A path, `~` expanded; a relative one in the file is relative to the file."""
        text = self.text(name)
        if text is None:
            return None
        if "\0" in text:
            self.refuse(name, "settings.path")
            return None
        path = self._expand(text)
        return path.absolute() if name in self._from_environment else (self._folder / path).absolute()

    def existing_path(self, name: str) -> Path | None:
        path = self.path(name)
        if path is not None and not path.exists():
            self.refuse(name, "settings.path_missing")
        return path

    def host(self, name: str, default: str) -> str:
        text = self.text(name)
        if text is None:
            return default
        if not _is_host(text):
            self.refuse(name, "settings.host")
            return default
        return text

    def word(self, name: str, default: str) -> str:
        """Letters, digits and dashes: means the same in a web address, a key's label and a file."""
        text = self.text(name)
        if text is None:
            return default
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?", text):
            self.refuse(name, "settings.word")
            return default
        return text

    def token_label(self, name: str) -> str:
        """PKCS#11 section 3.2 (CK_TOKEN_INFO): 32 bytes, padded with spaces."""
        text = self.text(name) or ""
        if not text.isprintable() or len(text.encode()) > 32:
            self.refuse(name, "settings.token_label")
            return ""
        return text

    def line(self, name: str) -> str:
        """One line that people read; empty when not set."""
        text = self.text(name) or ""
        if not text.isprintable() or len(text) > LINE:
            self.refuse(name, "settings.line", length=str(LINE))
            return ""
        return text

    def sender(self, name: str) -> str:
        text = self.text(name) or ""
        if text and not re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", text):
            self.refuse(name, "settings.mail_address")
        return text

    def web_address(self, name: str, default: str) -> str:
        text = self.text(name)
        if text is None:
            return default
        if not _is_web_address(text):
            self.refuse(name, "settings.web_address")
            return default
        return text

    def origin(self, name: str, default: str) -> str:
        """RFC 6454: scheme, host and port only."""
        address = self.web_address(name, default).removesuffix("/")
        parts = urlsplit(address)
        if parts.path or parts.query or parts.fragment or parts.username is not None:
            self.refuse(name, "settings.origin")
            return default
        return address

    def networks(self, name: str) -> str:
        """Addresses or networks (RFC 4632) with commas between; a network has no bits of a host."""
        text = self.text(name) or ""
        try:
            for one in filter(None, text.split(",")):
                ipaddress.ip_network(one.strip())
        except ValueError:
            self.refuse(name, "settings.networks")
            return ""
        return text

    def database_url(self, state_dir: Path) -> str:
        text = self.text("database_url")
        if text is None:
            return f"sqlite+aiosqlite:///{state_dir / 'ruggensteun.sqlite'}"
        if not re.match(r"sqlite\+aiosqlite:///.+|postgresql\+asyncpg://.+", text):
            self.refuse("database_url", "settings.database_url")
        return text

    def default_state_dir(self) -> Path:
        """`$XDG_STATE_HOME/ruggensteun`, by default `~/.local/state/ruggensteun` (XDG base directories)."""
        given = self._environ.get("XDG_STATE_HOME", "")
        base = Path(given) if given.startswith("/") else self._home() / ".local" / "state"
        return base / "ruggensteun"

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

    def refused(self, name: str) -> bool:
        """Whether something is wrong with this setting already."""
        return any(problem.field == name for problem in self.problems)

    def refuse(self, name: str, code: str, **params: str) -> None:
        """Remember what is wrong with a setting; never its value, which may be a secret."""
        example = self._examples[name]
        shown = {
            "setting": name,
            "variable": PREFIX + name.upper(),
            "example": f"{PREFIX}{name.upper()}={example}",
        }
        self.problems.append(Problem(name, code, shown | params))

    def _refuse_unknown(self, name: str, *, shown: str) -> None:
        nearest = difflib.get_close_matches(name, self._examples, n=1, cutoff=0.0)[0]
        example = f"{PREFIX}{nearest.upper()}={self._examples[nearest]}"
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


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
