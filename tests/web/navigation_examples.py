"""The rows of links above the example pages of staff."""

from __future__ import annotations

from consent_service.foundation.i18n import FAMILY, SUPPORTED, language_name
from consent_service.web.pages import LanguageOption, NavigationLink

_UNDER_FIRST = ("Vragen en steekproef", "Wat nog meer bij het logboek hoort")


def navigation_of(audience: str, links: tuple[str, ...]) -> tuple[NavigationLink, ...]:
    """The first is where one is; that of officers has pages of its own."""
    pages = tuple(
        NavigationLink(f"/0/{n}", label, current=n == 0, count=2 * (n == 1))
        for n, label in enumerate((links[0], *_UNDER_FIRST))
    )
    return tuple(
        NavigationLink(
            f"/{n}", label, n == 0, 2 * (n == 1), pages if audience == "officer" and n == 0 else ()
        )
        for n, label in enumerate(links)
    )


def menu(audience: str) -> tuple[LanguageOption, ...]:
    """The languages that this audience chooses from."""
    codes = FAMILY if audience in ("intake", "parent") else SUPPORTED
    return tuple(LanguageOption(code, language_name(code)) for code in codes)
