"""Example views of one's own sessions and passkeys."""

from __future__ import annotations

from datetime import UTC, datetime

from consent_service.web.components import PasskeyAsked
from consent_service.web.me import views as me
from consent_service.web.pages import View
from tests.web.family_examples import wrong

AT = datetime(2026, 9, 1, 9, 30, tzinfo=UTC)
SESSIONS = (
    me.SessionShown("1", "Tablet van de spreekkamer", AT, AT, True, False, True),
    me.SessionShown("2", "Tablet, Firefox", AT, AT, False, True, True),
    me.SessionShown("3", "Computer, Edge", AT, AT, False, False, False),
)
PASSKEYS = (me.PasskeyShown("a", "Telefoon, Safari", AT, AT), me.PasskeyShown("b", "", AT, None))


def me_examples(language: str) -> dict[str, View]:
    """Of a counsellor, of an officer with one passkey, and at an address that has none."""
    actions = ("/weg", "/andere-weg", "/naam")
    asked = PasskeyAsked("{}")
    return {
        "shelter-me-sessions": me.OwnSessionsPage(
            "/", SESSIONS, *actions, PASSKEYS, "/sleutel", "/sleutel/weg", "/pincode", has_pin=True
        ),
        "officer-me-sessions": me.OwnSessionsPage(
            "/",
            SESSIONS[:1],
            *actions,
            (me.PasskeyShown("a", "Telefoon, Safari", AT, AT, True),),
            "/sleutel",
            "/sleutel/weg",
            form=wrong(language, {"understood": "identity.passkey_last"}),
        ),
        "shelter-me-sessions-at-a-number": me.OwnSessionsPage(
            "/",
            SESSIONS[:1],
            *actions,
            (),
            "",
            "/sleutel/weg",
            "/pincode",
            form=wrong(language, {"device_name": "form.required"}),
        ),
        "shelter-me-add-passkey": me.AddPasskeyPage("/sleutel", "/", "Tablet, Firefox", asked),
        "officer-me-add-passkey": me.AddPasskeyPage(
            "/sleutel",
            "/",
            "Computer, Edge",
            asked,
            needs_code=True,
            form=wrong(language, {"enrolment": "identity.passkey_enrolment"}),
        ),
        "officer-me-add-passkey-second": me.AddPasskeyPage("/sleutel", "/", "", None, "/eerst", asked),
        "shelter-me-add-passkey-login": me.AddPasskeyPage(
            "/sleutel",
            "/",
            "",
            None,
            needs_login=True,
            form=wrong(language, {"passkey": "identity.passkey_again"}),
        ),
    }
