"""What every page is made of: the view (its own content) and the page context (the frame around it).

A view holds plain display values, so that a template needs no more than loops and conditions. Codes
(`safety="danger"`) are put into words by `vocabulary` in the template; free sentences arrive translated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec


class View(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of one kind of page; `template` is the only template that may render it."""

    template: ClassVar[str]


class LanguageOption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A language by its own name, e.g. `en` / `English`."""

    code: str
    name: str


class NavigationLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the staff navigation; `count` is the number of open things behind it.

    `pages`: what a group leads to, shown in a row of its own while one of them is the current page.
    """

    href: str
    label: str
    current: bool = False
    count: int = 0
    pages: tuple[NavigationLink, ...] = ()


class SignedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is working here, shown in the frame. `role` is a code of `vocabulary.ROLES`."""

    name: str
    role: str
    organisation: str
    sign_out_action: str
    sessions_href: str = "/mijn-sessies"
    inbox_href: str = ""
    """Empty: whoever is linked waits for a second factor."""
    unread: int = 0


class PageContext(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The frame of one answer.

    `quick_exit_href` ends the session and leaves; every parent page shows it. `language_action`
    takes a POST with `language` and `back`. `server_time` (ISO 8601) is what `app.js` counts on from, so
    that the clock of a tablet does not matter.
    """

    language: str = "nl"
    csrf_token: str = ""
    path: str = "/"
    languages: tuple[LanguageOption, ...] = ()
    draft_words: bool = False
    """Whether a family reads here what no human has checked yet."""
    language_action: str = "/taal"
    theme: str = ""
    """`light`, `dark` or `contrast`; empty: as the device is set."""
    theme_action: str = "/weergave"
    house_style_href: str = ""
    """A sheet with the tokens of a municipality or shelter (`web.style.house`)."""
    quick_exit_href: str = "/snel-weg"
    server_time: str = ""
    lock_after: int = 0
    """Seconds without use after which this screen locks; 0: it does not."""
    lock_action: str = "/vergrendel"
    signed_in: SignedIn | None = None
    navigation: tuple[NavigationLink, ...] = ()
    training: Mapping[str, str] = {}
    """Links to training by step of the way of working, as this installation has them; staff only."""
    notice: str = ""
    """A translated sentence about what was just done, shown once at the top."""
