"""What kind of device and browser somebody uses, in words as coarse as a person would say them."""

from __future__ import annotations

from typing import Final

from litestar.response import Redirect

from consent_service.foundation.i18n import translator
from consent_service.identity.devices import is_device_mark, new_device_mark
from consent_service.identity.sessions import Session
from consent_service.web.visit import Visit
from consent_service.web.vocabulary import DEVICES

_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""The first that is in the header; most browsers also name others."""


def browser_of(user_agent: str) -> str:
    """A device of `vocabulary.DEVICES` and the name of a browser, e.g. `tablet/Firefox`; no version."""
    name = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    return f"{_device_of(user_agent)}/{name}"


def words_of(browser: str, language: str) -> str:
    """What `browser_of` found, for a reader: "Tablet, Firefox"."""
    device, _, name = browser.partition("/")
    said = translator(language).text(DEVICES.get(device, DEVICES["computer"]))
    return f"{said}, {name}" if name else said


async def note_device(visit: Visit, session: Session, response: Redirect) -> None:
    """Somebody logged in here; a browser without a mark gets one, so that it is known by name next time."""
    mark = visit.request.cookies.get(visit.doors.device_cookie_name, "")
    if not is_device_mark(mark):
        mark = new_device_mark()
        response.set_cookie(visit.doors.device_cookie(mark))
    browser = browser_of(visit.request.headers.get("user-agent", ""))
    await visit.services.identity.own_sessions.note_device(session, mark, browser)


def _device_of(user_agent: str) -> str:
    if "iPad" in user_agent or "Tablet" in user_agent or _is_android_tablet(user_agent):
        return "tablet"
    return "phone" if "Mobi" in user_agent or "iPhone" in user_agent else "computer"


def _is_android_tablet(user_agent: str) -> bool:
    return "Android" in user_agent and "Mobi" not in user_agent
