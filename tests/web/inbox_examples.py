"""Example views of messages."""

from __future__ import annotations

from datetime import UTC, datetime

from consent_service.web.inbox import views as inbox
from consent_service.web.inbox.forms import languages
from consent_service.web.pages import View
from tests.web.family_examples import wrong

AT = datetime(2026, 9, 1, 9, 30, tzinfo=UTC)
LINES = (
    inbox.MessageLine("1", "Er is iets nieuws voor u.", AT, False, "/"),
    inbox.MessageLine("2", "U heeft een taak.", AT, True, "/"),
)
ACTIONS = ("/gelezen", "/instellen", languages())


def inbox_examples(language: str) -> dict[str, View]:
    """With messages, without, and with an address or hours that do not work."""
    hours = wrong(language, {"safe_until": "notices.safe_hours"})
    return {
        "shelter-inbox": inbox.InboxPage("/", LINES, *ACTIONS, "works"),
        "school-inbox-empty": inbox.InboxPage("/", (), *ACTIONS, "none"),
        "officer-inbox-bounced": inbox.InboxPage(
            "/", LINES, *ACTIONS, "bounced", wrong(language, {"work_address": "page.mail_form"})
        ),
        "parent-page-inbox": inbox.OwnInboxPage("/", LINES, *ACTIONS, has_channel=True),
        "parent-page-inbox-empty": inbox.OwnInboxPage("/", (), *ACTIONS, has_channel=False, form=hours),
        "parent-page-inbox-young": inbox.OwnInboxPage("/", (), *ACTIONS, has_channel=True, young=True),
    }
