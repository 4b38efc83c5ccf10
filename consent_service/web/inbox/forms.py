"""What is typed about messages: the language, one message a day, and hours that are safe."""

from __future__ import annotations

from consent_service.foundation.i18n import SUPPORTED, language_name
from consent_service.process.notices.hours import Wishes
from consent_service.web.components import Option
from consent_service.web.forms import FormReader

_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"


def languages() -> tuple[Option, ...]:
    """The languages a message can be in, by their own names."""
    return tuple(Option(code, language_name(code)) for code in SUPPORTED)


def read_wishes(form: FormReader, *, hours: bool) -> Wishes:
    """What was typed; what is wrong with it stands in the form."""
    safe = (_minutes(form, "safe_from"), _minutes(form, "safe_until")) if hours else (None, None)
    return Wishes(form.choice("mail_language", SUPPORTED), form.ticked("digest"), *safe)


def prefilled(wishes: Wishes) -> dict[str, str]:
    """The fields as they stand."""
    return {
        "mail_language": wishes.language,
        "digest": "yes" if wishes.digest else "",
        "safe_from": _clock(wishes.safe_from),
        "safe_until": _clock(wishes.safe_until),
    }


def _minutes(form: FormReader, name: str) -> int | None:
    text = form.matching(name, _TIME, code="notices.safe_hours", required=False)
    return int(text[:2]) * 60 + int(text[3:]) if text else None


def _clock(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
