"""In which language a request is answered: what a family reads has more languages than what staff read.

Both are remembered apart, so that a tablet that comes back speaks the counsellor's language again.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Request
from litestar.datastructures import Cookie

from consent_service.foundation.i18n import FAMILY, SUPPORTED, choose_language, language_name
from consent_service.web.pages import LanguageOption

STAFF_COOKIE: Final = "taal"
FAMILY_COOKIE: Final = "leestaal"
_FAMILY_ROOTS: Final = ("/intake", "/intrekken", "/kind", "/mijn-pagina")
_YEAR: Final = 365 * 24 * 3600


def is_of_family(path: str) -> bool:
    """Whether a parent or a child reads what is at this address."""
    return any(path == root or path.startswith((f"{root}/", f"{root}?")) for root in _FAMILY_ROOTS)


def languages_at(path: str) -> tuple[str, ...]:
    """The languages of what is at this address."""
    return FAMILY if is_of_family(path) else SUPPORTED


def language_of(request: Request[Any, Any, Any], default: str) -> str:
    """The language chosen before, else the first of the browser's that there is here, else the default."""
    path = request.url.path
    offered = languages_at(path)
    chosen = request.cookies.get(FAMILY_COOKIE if is_of_family(path) else STAFF_COOKIE, "")
    if chosen in offered:
        return chosen
    return choose_language(request.headers.get("accept-language", ""), default=default, offered=offered)


def language_options(path: str) -> tuple[LanguageOption, ...]:
    """The menu of languages, each by its own name."""
    return tuple(LanguageOption(code, language_name(code)) for code in languages_at(path))


def language_cookie(language: str, *, path: str, secure: bool) -> Cookie:
    """Remember the language for what is at `path` and its like; it says nothing about anybody.

    An empty language is forgotten.
    """
    return Cookie(
        key=FAMILY_COOKIE if is_of_family(path) else STAFF_COOKIE,
        value=language,
        path="/",
        httponly=True,
        samesite="lax",
        secure=secure,
        max_age=_YEAR if language else 0,
    )
