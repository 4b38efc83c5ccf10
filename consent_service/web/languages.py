"""In which language and look a request is answered: a family has more languages than staff.

Both languages are remembered apart: a tablet that comes back speaks the counsellor's again.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Request
from litestar.datastructures import Cookie

from consent_service.foundation.i18n import SUPPORTED, choose_language, family_languages, language_name
from consent_service.web.pages import LanguageOption

STAFF_COOKIE: Final = "taal"
FAMILY_COOKIE: Final = "leestaal"
THEME_COOKIE: Final = "weergave"
THEMES: Final = ("light", "dark", "contrast")
_FAMILY_ROOTS: Final = ("/intake", "/intrekken", "/kind", "/mijn-pagina")
_YEAR: Final = 365 * 24 * 3600


def is_of_family(path: str) -> bool:
    """Whether a parent or a child reads what is at this address."""
    return any(path == root or path.startswith((f"{root}/", f"{root}?")) for root in _FAMILY_ROOTS)


def languages_at(path: str, *, drafts: bool) -> tuple[str, ...]:
    """The languages of what is at this address; `drafts`: also those that no human has checked."""
    return family_languages(drafts=drafts) if is_of_family(path) else SUPPORTED


def language_of(request: Request[Any, Any, Any], default: str, *, drafts: bool) -> str:
    """The language chosen before, else the first of the browser's that there is here, else the default."""
    path = request.url.path
    offered = languages_at(path, drafts=drafts)
    chosen = request.cookies.get(FAMILY_COOKIE if is_of_family(path) else STAFF_COOKIE, "")
    if chosen in offered:
        return chosen
    return choose_language(request.headers.get("accept-language", ""), default=default, offered=offered)


def theme_of(request: Request[Any, Any, Any]) -> str:
    """The look that was chosen here; empty: as the device is set."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def theme_cookie(theme: str, *, secure: bool) -> Cookie:
    """Remember the look on this device; an empty one is forgotten."""
    return _cookie(THEME_COOKIE, theme, secure=secure)


def language_options(path: str, *, drafts: bool) -> tuple[LanguageOption, ...]:
    """The menu of languages, each by its own name."""
    return tuple(LanguageOption(code, language_name(code)) for code in languages_at(path, drafts=drafts))


def language_cookie(language: str, *, path: str, secure: bool) -> Cookie:
    """Remember the language for what is at `path` and its like; it says nothing about anybody.

    An empty language is forgotten.
    """
    return _cookie(FAMILY_COOKIE if is_of_family(path) else STAFF_COOKIE, language, secure=secure)


def _cookie(name: str, value: str, *, secure: bool) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        path="/",
        httponly=True,
        samesite="lax",
        secure=secure,
        max_age=_YEAR if value else 0,
    )
