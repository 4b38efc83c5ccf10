"""The house style of a municipality or shelter: values for the NL Design System tokens that the pages use.

A token file is CSS with custom properties, as design systems publish it. Only values of tokens that
`app.css` knows are taken over, and only for the light theme: dark and high contrast stay ours, because
a brand's colours are not made for them. What would make text unreadable is refused (WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from consent_service.foundation.errors import ConfigurationError
from consent_service.web.rendering import STATIC

ADDRESS: Final = "/huisstijl.css"
_MOST: Final = 256 * 1024
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_TOKEN: Final = re.compile(r"(--[a-z0-9-]+)\s*:\s*([^;{}]+?)\s*(?:;|(?=\}))", re.IGNORECASE)
_HARMLESS: Final = re.compile(r"""[\w\s#%.,+*/()'"-]*""")
_CALLS: Final = re.compile(r"([a-z-]+)\(", re.IGNORECASE)
_FUNCTIONS: Final = frozenset({"rgb", "rgba", "hsl", "hsla", "calc", "min", "max", "clamp", "var"})
_READABLE: Final = 4.5
_PAIRS: Final = (
    ("--utrecht-document-color", "--utrecht-document-background-color"),
    ("--utrecht-heading-color", "--utrecht-document-background-color"),
    ("--utrecht-link-color", "--utrecht-document-background-color"),
    ("--utrecht-button-primary-action-color", "--utrecht-button-primary-action-background-color"),
    ("--utrecht-button-secondary-action-color", "--utrecht-button-secondary-action-background-color"),
)
"""What is read on what; both must be known as `#rrggbb`, or the pair is left out of the check."""


def read_house_style(path: Path) -> str:
    """The rules that a token file comes down to; empty when it sets none of our tokens.

    Raises:
        ConfigurationError: it cannot be read, fetches something, or makes text unreadable.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode()
    except (OSError, UnicodeDecodeError) as unread:
        raise ConfigurationError(f"theme_file: {path} cannot be read as CSS") from unread
    if len(raw) > _MOST:
        raise ConfigurationError(f"theme_file: {path} is larger than {_MOST // 1024} kB")
    ours = own_tokens()
    found = {name: value for name, value in _TOKEN.findall(_COMMENT.sub("", text)) if name in ours}
    if strange := sorted(name for name, value in found.items() if not _is_harmless(value)):
        raise ConfigurationError(f"theme_file: {path} has a value that is no plain one, at {strange[0]}")
    if hard := next(_hard_to_read({**ours, **found}), None):
        raise ConfigurationError(f"theme_file: {path} makes text hard to read, at {hard}")
    return _rules(found)


def version_of(rules: str) -> str:
    """A short digest, so that the rules may be kept by browsers for as long as they stay the same."""
    return hashlib.sha256(rules.encode()).hexdigest()[:12]


def own_tokens() -> Mapping[str, str]:
    """Every token of the light theme in `app.css`, with its value."""
    sheet = _COMMENT.sub("", (STATIC / "app.css").read_text(encoding="utf-8"))
    return dict(_TOKEN.findall(sheet[sheet.index(":root {") : sheet.index("@media")]))


def _is_harmless(value: str) -> bool:
    calls = {name.lower() for name in _CALLS.findall(value)}
    return _HARMLESS.fullmatch(value) is not None and calls <= _FUNCTIONS


def _rules(tokens: Mapping[str, str]) -> str:
    if not tokens:
        return ""
    lines = "\n".join(f"  {name}: {value};" for name, value in sorted(tokens.items()))
    light = f':root[data-theme="light"] {{\n{lines}\n}}\n'
    device = f":root:not([data-theme]) {{\n{lines}\n}}\n"
    return f"{light}@media not ((prefers-color-scheme: dark) or (prefers-contrast: more)) {{\n{device}}}\n"


def _hard_to_read(tokens: Mapping[str, str]) -> Iterator[str]:
    for name, behind in _PAIRS:
        one, other = _colour(tokens, name), _colour(tokens, behind)
        if one is not None and other is not None and contrast(one, other) < _READABLE:
            yield name


def _colour(tokens: Mapping[str, str], name: str) -> str | None:
    """`#rrggbb` of a token, references followed; None when it is written otherwise."""
    value = tokens.get(name, "")
    for _ in range(5):
        reference = re.fullmatch(r"var\((--[a-z0-9-]+)\)", value)
        if reference is None:
            break
        value = tokens.get(reference[1], "")
    if short := re.fullmatch(r"#([0-9a-f])([0-9a-f])([0-9a-f])", value, re.IGNORECASE):
        value = "#" + "".join(digit * 2 for digit in short.groups())
    return value if re.fullmatch(r"#[0-9a-f]{6}", value, re.IGNORECASE) else None


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours `#rrggbb`, from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
